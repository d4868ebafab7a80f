"""The first page after signing in: my partnerships."""

from __future__ import annotations

from flask import Blueprint, render_template

from klimawerk.accounts.access import signed_in
from klimawerk.partnerships.access import my_memberships

blueprint = Blueprint("start", __name__)


@blueprint.get("/")
def index() -> str:
    return render_template("partnerships/start.html", members=my_memberships(signed_in()))
