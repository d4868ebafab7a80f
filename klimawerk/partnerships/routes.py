"""The doors of a partnership, as a table of contents: address, who answers, and how it may be called."""

from __future__ import annotations

from flask import Blueprint

from klimawerk.partnerships.pages import founding, invitations, joint, people, settings, towns

GET, POST, BOTH = ["GET"], ["POST"], ["GET", "POST"]
HERE = "/<int:partnership_id>"

PARTNERSHIP = (
    ("/new", founding.new, BOTH),
    (f"{HERE}/members", people.people, GET),
    (f"{HERE}/members/<int:membership_id>", people.change_member, POST),
    (f"{HERE}/members/<int:membership_id>/end", people.end_member, POST),
    (f"{HERE}/members/<int:membership_id>/reset-link", people.reset_link, POST),
    (f"{HERE}/leave", people.leave, POST),
    (f"{HERE}/settings", settings.settings, BOTH),
    (f"{HERE}/municipalities", towns.add_municipality, POST),
    (f"{HERE}/municipalities/<int:municipality_id>", towns.municipality, BOTH),
    (f"{HERE}/municipalities/<int:municipality_id>/remove", towns.remove_municipality, POST),
    (f"{HERE}/joint", joint.joint, GET),
    (f"{HERE}/joint/<any(rate, languages, delete):kind>", joint.ask, POST),
    (f"{HERE}/joint/<int:request_id>/<any(confirm, decline, withdraw, undo):what>", joint.answer, POST),
)
INVITATIONS = (
    (f"/partnerships{HERE}/invitations", invitations.invite, POST),
    (f"/partnerships{HERE}/invitations/<int:link_id>/resend", invitations.resend, POST),
    (f"/partnerships{HERE}/invitations/<int:link_id>/withdraw", invitations.withdraw, POST),
    ("/link/invitation/<token>", invitations.open_invitation, BOTH),
)

blueprint = Blueprint("partnerships", __name__, url_prefix="/partnerships")
invitation_blueprint = Blueprint("invitations", __name__)
for _blueprint, _doors in ((blueprint, PARTNERSHIP), (invitation_blueprint, INVITATIONS)):
    for _address, _door, _methods in _doors:
        _blueprint.add_url_rule(_address, view_func=_door, methods=_methods)
