"""Validates submitted forms of comments: returns the value to store, or raises ActionRefused with a message."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.comments.access import may_restrict_to_side
from klimawerk.comments.service import CommentInput
from klimawerk.comments.thread_kinds import KINDS
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.sheets.models import Frame
from klimawerk.text import is_blank
from klimawerk.web.formats import number
from klimawerk.web.localisation import LANGUAGE_NAMES

LONGEST = 10_000  # characters of one comment
LONGEST_OUTCOME = 300
LONGEST_PASSAGE = 500

SubmittedForm = Mapping[str, str]


def comment_input(form: SubmittedForm, frame: Frame) -> CommentInput:
    """A submitted comment. Raises ActionRefused."""
    return CommentInput(comment_text(form), language(form, frame), _key(form))


def comment_text(form: SubmittedForm) -> str:
    """Plain text of 1 to `LONGEST` characters. Raises ActionRefused."""
    text = form.get("words", "").strip()
    if is_blank(text):
        raise ActionRefused(_("Please write something first."), "words")
    if len(text) > LONGEST:
        most, length = number(LONGEST), number(len(text))
        raise ActionRefused(
            _("A comment has at most %(most)s characters; these are %(found)s.", most=most, found=length), "words"
        )
    return text


def languages(frame: Frame) -> list[str]:
    """The languages that a comment can be in, those of the programme first."""
    return list(dict.fromkeys([*frame.languages, *LANGUAGE_NAMES]))


def language(form: SubmittedForm, frame: Frame) -> str:
    """Raises ActionRefused for a language that is not offered."""
    code = form.get("language", "")
    if code not in languages(frame):
        raise ActionRefused(_("Please choose one of the list."), "language")
    return code


def kind(form: SubmittedForm) -> str:
    """Raises ActionRefused for an unknown kind."""
    code = form.get("kind", "")
    if code not in KINDS:
        raise ActionRefused(_("Please choose one of the list."), "kind")
    return code


def side(form: SubmittedForm, member: Member) -> str:
    """The only side that may see the thread, which is the member's own; "" for all. Raises ActionRefused."""
    code = form.get("side", "")
    if code and not (may_restrict_to_side(member) and code == member.side):
        raise ActionRefused(_("You can keep a thread to your own side only."), "side")
    return code


def passage(form: SubmittedForm) -> str:
    """The passage that a comment is about, on one line; "" for none. Raises ActionRefused."""
    line = " ".join(form.get("passage", "").split())
    if len(line) > LONGEST_PASSAGE:
        raise ActionRefused(
            _("A passage has at most %(most)s characters. Take its beginning.", most=LONGEST_PASSAGE), "passage"
        )
    return line


def outcome(form: SubmittedForm) -> str:
    """One line, "" for none. Raises ActionRefused."""
    line = " ".join(form.get("outcome", "").split())
    if len(line) > LONGEST_OUTCOME:
        raise ActionRefused(_("An outcome has at most %(most)s characters.", most=LONGEST_OUTCOME))
    return line


def assignee(form: SubmittedForm, possible: Mapping[int, str]) -> int | None:
    """Id of one of those who can be assigned the task; None for nobody. Raises ActionRefused."""
    code = form.get("assignee", "")
    if code and code not in map(str, possible):
        raise ActionRefused(_("Please choose one of the list."), "assignee")
    return int(code) if code else None


def due(form: SubmittedForm) -> date | None:
    """A date. Raises ActionRefused."""
    text = form.get("due", "").strip()
    try:
        return scalars.day(text) if text else None
    except ValueError:
        raise ActionRefused(_("Please write a date as 2027-09-15."), "due") from None


def _key(form: SubmittedForm) -> str:
    """Idempotency key that the page gave the comment, so that a comment sent twice is stored once."""
    try:
        return scalars.key(form.get("key", ""))
    except ValueError:
        return str(uuid.uuid4())
