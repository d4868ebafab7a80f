"""Views of joint requests, which need both sides: list, ask, confirm, decline, withdraw, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from klimawerk import scalars
from klimawerk.idempotency import form_key, once
from klimawerk.partnerships import forms, joint_requests, partnership_labels, programme_hooks
from klimawerk.partnerships.access import Member, member_or_404, require
from klimawerk.partnerships.models import JointRequest
from klimawerk.partnerships.pages.page_frame import Page, add_error, do_and_redirect, render_in_frame
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right


def joint(partnership_id: int) -> Page:
    return _joint_page(member_or_404(partnership_id))


def ask(partnership_id: int, kind: str) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    programme_id = request.form.get("programme", type=scalars.item_id)
    if not joint_requests.is_known_kind(kind) or programme_id not in [
        card.id for card in programme_hooks.programme_cards(partnership_id)
    ]:
        abort(404)
    form = forms.REQUEST_FORMS[kind]()
    if not form.validate():
        return _joint_page(member, 422, (kind, programme_id, form))

    def create() -> str:
        return str(joint_requests.ask_other_side(member, kind, form.payload(), programme_id=programme_id).id)

    try:
        once(form_key(), create)
    except ActionRefused as refused:
        add_error(form, refused)
        return _joint_page(member, 409, (kind, programme_id, form))
    flash(_("The other side is asked. It is done as soon as one of its coordinators confirms."))
    return redirect(url_for("partnerships.joint", partnership_id=partnership_id))


def answer(partnership_id: int, request_id: int, what: str) -> Response:
    member = require(partnership_id, Right.ADMINISTER)
    actions: dict[str, Callable[[], JointRequest]] = {
        "confirm": lambda: joint_requests.answer_request(member, request_id, yes=True),
        "decline": lambda: joint_requests.answer_request(member, request_id, yes=False),
        "withdraw": lambda: joint_requests.withdraw(member, request_id),
        "undo": lambda: joint_requests.undo_request(member, request_id),
    }
    messages = {
        "confirm": _("Confirmed and done."),
        "decline": _("Declined."),
        "withdraw": _("Withdrawn."),
        "undo": _("It is as it was before."),
    }
    return do_and_redirect(actions[what], messages[what], url_for("partnerships.joint", partnership_id=partnership_id))


def _joint_page(member: Member, status: int = 200, sent: tuple[str, int, Any] | None = None) -> tuple[str, int]:
    """The page of joint requests. `sent`: kind, programme id and form of a request that was not accepted."""

    def form_for(kind: str, programme_id: int) -> Any:
        is_sent = sent and sent[:2] == (kind, programme_id)
        return sent[2] if sent and is_sent else forms.REQUEST_FORMS[kind](formdata=None)

    return render_in_frame(
        "joint",
        member,
        status,
        open=joint_requests.open_requests(member.partnership.id),
        undoable=joint_requests.undoable(member.partnership.id),
        undo_days=joint_requests.UNDO_DAYS,
        known=joint_requests.is_known_kind,
        request_words=partnership_labels.request_phrase,
        form_for=form_for,
    )
