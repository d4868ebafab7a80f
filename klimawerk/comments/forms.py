"""What was typed into a form of comments becomes what is kept, or a sentence says why it cannot."""

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
    """A comment as it is sent. Raises Refused."""
    return CommentInput(comment_text(form), language(form, frame), _key(form))


def comment_text(form: SubmittedForm) -> str:
    """Plain text of 1 to `LONGEST` characters. Raises Refused."""
    text = form.get("words", "").strip()
    if is_blank(text):
        raise ActionRefused(_("Please write something first."), "words")
    if len(text) > LONGEST:
        most, found = number(LONGEST), number(len(text))
        raise ActionRefused(
            _("A comment has at most %(most)s characters; these are %(found)s.", most=most, found=found), "words"
        )
    return text


def languages(frame: Frame) -> list[str]:
    """The languages a comment can be in: those of the programme first."""
    return list(dict.fromkeys([*frame.languages, *LANGUAGE_NAMES]))


def language(form: SubmittedForm, frame: Frame) -> str:
    """Raises Refused for one that is not offered."""
    code = form.get("language", "")
    if code not in languages(frame):
        raise ActionRefused(_("Please choose one of the list."), "language")
    return code


def kind(form: SubmittedForm) -> str:
    """Raises Refused for one that does not exist."""
    code = form.get("kind", "")
    if code not in KINDS:
        raise ActionRefused(_("Please choose one of the list."), "kind")
    return code


def side(form: SubmittedForm, member: Member) -> str:
    """The only side that may see the thread, which is one's own; "" for all. Raises Refused."""
    code = form.get("side", "")
    if code and not (may_restrict_to_side(member) and code == member.side):
        raise ActionRefused(_("You can keep a thread to your own side only."), "side")
    return code


def passage(form: SubmittedForm) -> str:
    """The words of a text that a comment is about, on one line; "" for none. Raises Refused."""
    found = " ".join(form.get("passage", "").split())
    if len(found) > LONGEST_PASSAGE:
        raise ActionRefused(
            _("A passage has at most %(most)s characters. Take its beginning.", most=LONGEST_PASSAGE), "passage"
        )
    return found


def outcome(form: SubmittedForm) -> str:
    """One line, "" where nothing is to be said. Raises Refused."""
    line = " ".join(form.get("outcome", "").split())
    if len(line) > LONGEST_OUTCOME:
        raise ActionRefused(_("An outcome has at most %(most)s characters.", most=LONGEST_OUTCOME))
    return line


def assignee(form: SubmittedForm, possible: Mapping[int, str]) -> int | None:
    """One of those who can be given the task; None for nobody. Raises Refused."""
    code = form.get("assignee", "")
    if code and code not in map(str, possible):
        raise ActionRefused(_("Please choose one of the list."))
    return int(code) if code else None


def due(form: SubmittedForm) -> date | None:
    """A day. Raises Refused."""
    text = form.get("due", "").strip()
    try:
        return scalars.day(text) if text else None
    except ValueError:
        raise ActionRefused(_("Please write a date as 2027-09-15.")) from None


def _key(form: SubmittedForm) -> str:
    """The name that the page gave the comment, so that one that is sent twice arrives once."""
    try:
        return scalars.key(form.get("key", ""))
    except ValueError:
        return str(uuid.uuid4())
