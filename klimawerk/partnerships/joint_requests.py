"""Joint requests: actions that need approval by both sides. A coordinator of one side asks; one of the other confirms.

The action is executed with the confirmation. Other packages add the actions to `request_kinds`; this one knows no
programmes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts import audit
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.partnerships import service
from klimawerk.partnerships.access import Member, is_current
from klimawerk.partnerships.models import SIDES, JointRequest
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right
from klimawerk.registry import Registry

UNDO_DAYS = 30
CONFIRMED, DECLINED, WITHDRAWN, UNDONE = "confirmed", "declined", "withdrawn", "undone"
RequestAction = Callable[[JointRequest, Person], None]


@dataclass(frozen=True)
class RequestKind:
    """How a confirmed request is applied, and undone within `UNDO_DAYS`. Both run inside the transaction.

    `apply(request, by)` executes `request.payload`; ActionRefused aborts it.
    """

    apply: RequestAction
    undo: RequestAction | None = None


request_kinds: Registry[str, RequestKind] = Registry("joint requests")


def is_known_kind(kind: str) -> bool:
    """Whether an action is registered for the kind."""
    return kind in request_kinds


def ask_other_side(member: Member, kind: str, payload: dict[str, Any], *, programme_id: int | None) -> JointRequest:
    """Create a request to the other side. Raises ActionRefused without the right, and while the same one is open."""
    with writing() as database:
        changes.note(service.topic(member.partnership.id))
        _check_member(member)
        if any(
            each.kind == kind and each.programme_id == programme_id for each in open_requests(member.partnership.id)
        ):
            raise ActionRefused(_("This is being asked already. Wait for the answer, or withdraw the question."))
        request = JointRequest(
            partnership_id=member.partnership.id,
            programme_id=programme_id,
            kind=kind,
            payload=payload,
            side=member.side,
            asked_by=member.person.id,
        )
        database.add(request)
        database.flush()
        _record("joint_asked", request, member.person)
    return request


def answer_request(member: Member, request_id: int, *, yes: bool) -> JointRequest:
    """Confirm, which executes the action at once, or decline: by the other side's coordinator. Raises ActionRefused."""
    with writing():
        changes.note(service.topic(member.partnership.id))
        _check_member(member)
        request = _open_request(member, request_id)
        if request.side == member.side or request.asked_by == member.person.id:
            raise ActionRefused(_("A coordinator of the other side answers this."))
        _close(request, CONFIRMED if yes else DECLINED, member.person)
        if yes:
            request_kinds[request.kind].apply(request, member.person)
    return request


def withdraw(member: Member, request_id: int) -> JointRequest:
    """Withdraw the request: by the side that asked. Raises ActionRefused."""
    with writing():
        changes.note(service.topic(member.partnership.id))
        _check_member(member)
        request = _open_request(member, request_id)
        if request.side != member.side:
            raise ActionRefused(_("Only the side that asked can withdraw the question."))
        _close(request, WITHDRAWN, member.person)
    return request


def undo_request(member: Member, request_id: int) -> JointRequest:
    """Undo a confirmed request, by either side, within `UNDO_DAYS`. Raises ActionRefused."""
    with writing():
        changes.note(service.topic(member.partnership.id))
        _check_member(member)
        request = db.session.get(JointRequest, request_id)
        if request is None or request not in undoable(member.partnership.id):
            raise ActionRefused(_("This can no longer be undone."))
        reverse = request_kinds[request.kind].undo
        assert reverse is not None
        request.outcome = UNDONE
        reverse(request, member.person)
        _record("joint_undone", request, member.person)
    return request


def open_requests(partnership_id: int) -> list[JointRequest]:
    """Requests that wait for an answer, oldest first."""
    query = select(JointRequest).where(JointRequest.partnership_id == partnership_id, JointRequest.outcome == "")
    return list(db.session.scalars(query.order_by(JointRequest.id)))


def undoable(partnership_id: int) -> list[JointRequest]:
    """Confirmed requests that can still be undone, newest first."""
    query = select(JointRequest).where(
        JointRequest.partnership_id == partnership_id,
        JointRequest.outcome == CONFIRMED,
        JointRequest.answered_at > now() - timedelta(days=UNDO_DAYS),
        JointRequest.kind.in_([name for name, kind in request_kinds.items() if kind.undo]),
    )
    return list(db.session.scalars(query.order_by(JointRequest.id.desc())))


def _check_member(member: Member) -> None:
    db.session.refresh(member.membership)  # may have ended or changed since the request began
    if not member.may(Right.ADMINISTER) or member.side not in SIDES or not is_current(member.membership):
        raise ActionRefused(_("Only coordinators of the two sides decide on this."))


def _open_request(member: Member, request_id: int) -> JointRequest:
    query = select(JointRequest).where(
        JointRequest.id == request_id,
        JointRequest.partnership_id == member.partnership.id,
        JointRequest.outcome == "",
    )
    request: JointRequest | None = db.session.scalar(query)
    if request is None or not is_known_kind(request.kind):
        raise ActionRefused(_("This question has been answered or withdrawn."))
    return request


def _close(request: JointRequest, outcome: str, by: Person) -> None:
    request.outcome, request.answered_by, request.answered_at = outcome, by.id, now()
    _record(f"joint_{outcome}", request, by)


def _record(action: str, request: JointRequest, by: Person) -> None:
    audit.record(
        action,
        by=by,
        partnership_id=request.partnership_id,
        request=request.id,
        kind=request.kind,
        programme=request.programme_id,
    )
