"""What both sides must confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from klimawerk import scalars
from klimawerk.idempotency import form_key, once
from klimawerk.partnerships import forms, hooks, labels, requests
from klimawerk.partnerships.access import Member, member_or_404, require
from klimawerk.partnerships.models import JointRequest
from klimawerk.partnerships.pages.frame import Page, shown, tried
from klimawerk.partnerships.rights import Right


def joint(partnership_id: int) -> Page:
    return _joint_page(member_or_404(partnership_id))


def ask(partnership_id: int, kind: str) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    programme_id = request.form.get("programme", type=scalars.item_id)
    if not requests.known(kind) or programme_id not in [one.id for one in hooks.programme_cards(partnership_id)]:
        abort(404)
    form = forms.JOINT[kind]()
    if not form.validate():
        return _joint_page(member, 422, **{kind: form})

    def create() -> str:
        return str(requests.ask(member, kind, form.payload(), programme_id=programme_id).id)

    return tried(
        lambda: once(form_key(), create),
        _("The other side is asked. It is done as soon as one of its coordinators confirms."),
        url_for("partnerships.joint", partnership_id=partnership_id),
    )


def answer(partnership_id: int, request_id: int, what: str) -> Response:
    member = require(partnership_id, Right.ADMINISTER)
    deeds: dict[str, Callable[[], JointRequest]] = {
        "confirm": lambda: requests.answer(member, request_id, yes=True),
        "decline": lambda: requests.answer(member, request_id, yes=False),
        "withdraw": lambda: requests.withdraw(member, request_id),
        "undo": lambda: requests.undo(member, request_id),
    }
    said = {
        "confirm": _("Confirmed and done."),
        "decline": _("Declined."),
        "withdraw": _("Withdrawn."),
        "undo": _("It is as it was before."),
    }
    return tried(deeds[what], said[what], url_for("partnerships.joint", partnership_id=partnership_id))


def _joint_page(member: Member, status: int = 200, **filled: Any) -> tuple[str, int]:
    return shown(
        "joint",
        member,
        status,
        open=requests.open_requests(member.partnership.id),
        undoable=requests.undoable(member.partnership.id),
        undo_days=requests.UNDO_DAYS,
        known=requests.known,
        request_words=labels.request_words,
        rate=filled.get("rate") or forms.RateForm(formdata=None),
        languages=filled.get("languages") or forms.LanguagesForm(formdata=None),
    )
