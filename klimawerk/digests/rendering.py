"""Renders a digest: subject, plain text and HTML, in the reader's language and time zone."""

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
    """Content of a mail."""

    subject: str
    text: str
    html: str


def render_digest(person: Person, missed: MissedActivity, windows: Mapping[int, DigestWindow]) -> RenderedDigest | None:
    """The mail about what was missed; None if nothing of it is left."""
    with force_locale(person.language):
        programmes = digest_programmes(missed, windows, person.language)
        if not programmes:
            return None
        mentions = count_mentions(missed.values())
        public_url = current_app.extensions["klimawerk"].public_url
        context = {
            "account": person,
            "chapters": programmes,
            "calls": mentions,
            "zone": person.timezone,
            "language": person.language,
            "choices": f"{public_url}/account#digests",
            "site": public_url,
            "stop": unsubscribe_url(person),
            "wrapped": wrap_line,
        }
        # Rendered without a request context.
        html = current_app.jinja_env.get_template("digests/mail.html").render(context)
        lines = current_app.jinja_env.overlay(trim_blocks=True, lstrip_blocks=True)
        text = _MANY_BREAKS.sub("\n\n", lines.get_template("digests/mail.txt").render(context))
        subject = _subject(mentions, [programme.title for programme in programmes])
        return RenderedDigest(*map(without_control_characters, (subject, text, html)))


def wrap_line(line: str) -> list[str]:
    """A line of a comment as lines of at most 72 characters, broken at spaces only, so that URLs stay whole.

    Lines of a quotation begin with its sign.
    """
    prefix = QUOTE if is_quotation(line) else ""
    return textwrap.wrap(line, 72, subsequent_indent=prefix, break_long_words=False, break_on_hyphens=False)


def _subject(mentions: int, titles: list[str]) -> str:
    """One line, whatever titles contain."""
    about = ", ".join(titles)
    if mentions:
        line = ngettext(
            "You are asked for: %(about)s", "You are asked for %(num)d times: %(about)s", mentions, about=about
        )
    else:
        line = _("What is new: %(about)s", about=about)
    line = " ".join(str(line).split())
    return truncate(line, 150, "…")
