"""Proposed values: any commenter may propose a value for a field; an editor accepts it with one click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from klimawerk.clock import now
from klimawerk.comments.access import may_comment
from klimawerk.comments.models import Thread
from klimawerk.comments.participants import Participants
from klimawerk.comments.service import ACCEPTED, PROPOSED, change_thread, record_event
from klimawerk.comments.subjects import field_at, find_row
from klimawerk.comments.thread_kinds import PROPOSAL
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.sheets.field_view import FieldView
from klimawerk.sheets.service import FieldRef, SetOutcome, set_value
from klimawerk.sheets.sheet_schema import split_key
from klimawerk.sheets.update_lock import lock_for_update
from klimawerk.sheets.view import SheetView
from klimawerk.versions import service as versions

_NEEDS_MORE = ("live", "choices", "measures", "measurements")
"""Kinds of fields whose values have no simple form; nothing can be proposed for them."""


@dataclass(frozen=True)
class ProposalView:
    """A proposal in the reader's language. `f` is the present field, None if it was deleted."""

    was: str
    value: str
    by: str
    accepted: bool
    f: FieldView | None
    may_accept: bool


def proposable_field(v: SheetView, thread: Thread) -> FieldView | None:
    """The field or cell that a value can be proposed for. None if the thread is no proposal, or has no such field."""
    row = find_row(v, thread.row_id) if thread.row_id else None
    field = field_at(v, thread.field, row) if thread.field and (row or not thread.row_id) else None
    if thread.kind != PROPOSAL or field is None or field.kind in _NEEDS_MORE:
        return None
    return FieldView(v, field, thread.field, lang=split_key(thread.field)[1], row=row)


def proposal_view(v: SheetView, thread: Thread, people: Participants) -> ProposalView | None:
    """The latest proposal; None if there is none."""
    proposed, f = thread.proposed, proposable_field(v, thread)
    if not proposed:
        return None
    accepted = bool(proposed.get("accepted"))
    old_value = proposed["old"] if accepted or f is None else f.value
    texts = [v.in_words(f.field, value) if f else str(value or "") for value in (old_value, proposed["value"])]
    may_accept = f is not None and thread.is_open and not accepted and v.editable
    return ProposalView(texts[0], texts[1], people.name(proposed["by"]), accepted, f, may_accept)


def may_propose(member: Member, thread: Thread, f: FieldView | None) -> bool:
    return f is not None and thread.is_open and may_comment(member)


def propose(thread: Thread, f: FieldView, value: Any, *, by: Member) -> None:
    """Store the proposed value in the thread; it replaces an earlier proposal."""
    with change_thread(thread):
        proposed = {"value": value, "old": f.value, "by": by.person.id}
        if thread.proposed != proposed:  # the form may be sent twice
            thread.proposed = proposed
            record_event(thread, PROPOSED, by, value=value)


def accept(thread: Thread, place: FieldRef, *, rev: int, by: Member) -> None:
    """Set the proposed value in the proposer's name, keep a version and resolve the thread.

    `rev` is the field's revision that the editor saw. Raises ActionRefused if it has another one, or nothing is open.
    """
    with change_thread(thread, counts=True):
        proposed = thread.proposed
        if not proposed or not thread.is_open or proposed.get("accepted"):
            raise ActionRefused(_("There is nothing to accept here any more."))
        lock_for_update(place.item)
        if place.row:
            db.session.refresh(place.row)
        old = place.value
        outcome = set_value(place, proposed["value"], based_on=rev, by=proposed["by"])
        if outcome not in (SetOutcome.SAVED, SetOutcome.SAME):
            raise ActionRefused(_("The value has changed meanwhile. Please look again."))
        remark = _("A proposal was accepted.")
        versions.record_version(place.item.id, versions.KEPT, by=by.person.id, side=by.side, remark=remark)
        thread.proposed = {**proposed, "old": old, "accepted": True}
        thread.resolved_at, thread.resolved_by = now(), by.person.id
        record_event(thread, ACCEPTED, by, value=proposed["value"], old=old, proposer=proposed["by"])
