"""Table of the HTTP routes of partnerships and invitations: URL rule, view function, methods."""

from __future__ import annotations

from flask import Blueprint

from klimawerk.partnerships.pages import (
    founding_routes,
    invitation_routes,
    joint_request_routes,
    member_routes,
    municipality_routes,
    settings_routes,
)

GET, POST, BOTH = ["GET"], ["POST"], ["GET", "POST"]
HERE = "/<int:partnership_id>"

PARTNERSHIP = (
    ("/new", founding_routes.new, BOTH),
    (f"{HERE}/members", member_routes.people, GET),
    (f"{HERE}/members/<int:membership_id>", member_routes.change_member, POST),
    (f"{HERE}/members/<int:membership_id>/end", member_routes.end_member, POST),
    (f"{HERE}/members/<int:membership_id>/reset-link", member_routes.reset_link, POST),
    (f"{HERE}/leave", member_routes.leave, POST),
    (f"{HERE}/settings", settings_routes.settings, BOTH),
    (f"{HERE}/municipalities", municipality_routes.add_municipality, POST),
    (f"{HERE}/municipalities/<int:municipality_id>", municipality_routes.municipality, BOTH),
    (f"{HERE}/municipalities/<int:municipality_id>/remove", municipality_routes.remove_municipality, POST),
    (f"{HERE}/joint", joint_request_routes.joint, GET),
    (f"{HERE}/joint/<any(rate, languages, delete):kind>", joint_request_routes.ask, POST),
    (f"{HERE}/joint/<int:request_id>/<any(confirm, decline, withdraw, undo):what>", joint_request_routes.answer, POST),
)
INVITATIONS = (
    (f"/partnerships{HERE}/invitations", invitation_routes.invite, POST),
    (f"/partnerships{HERE}/invitations/<int:link_id>/resend", invitation_routes.resend, POST),
    (f"/partnerships{HERE}/invitations/<int:link_id>/withdraw", invitation_routes.withdraw, POST),
    ("/link/invitation/<token>", invitation_routes.open_invitation, BOTH),
)

blueprint = Blueprint("partnerships", __name__, url_prefix="/partnerships")
invitation_blueprint = Blueprint("invitations", __name__)
for _blueprint, _routes in ((blueprint, PARTNERSHIP), (invitation_blueprint, INVITATIONS)):
    for _rule, _view, _methods in _routes:
        _blueprint.add_url_rule(_rule, view_func=_view, methods=_methods)
