"""A digest in words: subject, plain text and HTML, in the reader's language and time."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from klimawerk.accounts.models import Person
from klimawerk.comments.quotations import QUOTE, is_quotation
from klimawerk.digests.digest_content import count_mentions, digest_programmes
from klimawerk.digests.missed_activity import DigestWindow, MissedActivity
from klimawerk.digests.unsubscribe_link import unsubscribe_url
from klimawerk.text import truncate, without_control_characters

_MANY_BREAKS = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class RenderedDigest:
    """A mail's words."""

    subject: str
    text: str
    html: str


def render_digest(person: Person, found: MissedActivity, windows: Mapping[int, DigestWindow]) -> RenderedDigest | None:
    """The mail about what was found; None when nothing of it is left to tell."""
    with force_locale(person.language):
        shown = digest_programmes(found, windows, person.language)
        if not shown:
            return None
        calls = count_mentions(found.values())
        public_url = current_app.extensions["klimawerk"].public_url
        words = {
            "account": person,
            "chapters": shown,
            "calls": calls,
            "zone": person.timezone,
            "language": person.language,
            "choices": f"{public_url}/account#digests",
            "site": public_url,
            "stop": unsubscribe_url(person),
            "wrapped": wrap_line,
        }
        # Without the context of a request: nobody's page is drawn here.
        html = current_app.jinja_env.get_template("digests/mail.html").render(words)
        lines = current_app.jinja_env.overlay(trim_blocks=True, lstrip_blocks=True)
        text = _MANY_BREAKS.sub("\n\n", lines.get_template("digests/mail.txt").render(words))
        subject = _subject(calls, [one.title for one in shown])
        return RenderedDigest(*map(without_control_characters, (subject, text, html)))


def wrap_line(line: str) -> list[str]:
    """A line of a comment as lines of at most 72 characters, broken at blanks alone, so that addresses stay whole;
    those of a quotation begin with its sign."""
    sign = QUOTE if is_quotation(line) else ""
    return textwrap.wrap(line, 72, subsequent_indent=sign, break_long_words=False, break_on_hyphens=False)


def _subject(calls: int, titles: list[str]) -> str:
    """One line, whatever stands in titles."""
    about = ", ".join(titles)
    if calls:
        line = ngettext(
            "You are asked for: %(about)s", "You are asked for %(num)d times: %(about)s", calls, about=about
        )
    else:
        line = _("What is new: %(about)s", about=about)
    line = " ".join(str(line).split())
    return truncate(line, 150, "…")
