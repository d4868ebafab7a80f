"""Doors of a partnership: founding, settings, members, invitations, what both sides must confirm."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("partnerships", __name__)
