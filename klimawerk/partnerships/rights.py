"""Permissions: the one table of rights by role."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    READ = "read"
    COMMENT = "comment"
    EDIT = "edit"
    MODERATE = "moderate"  # close and open parts for editing
    FIX = "fix"  # make fixed copies of the programme
    INVITE = "invite"  # people of the own side only
    ADMINISTER = "administer"  # the partnership's settings; some need both sides (joint_requests.py)
    EXPORT = "export"  # the whole programme, at any time


_R = Right

RIGHTS: dict[str, frozenset[Right]] = {
    "coordinator": frozenset({_R.READ, _R.COMMENT, _R.EDIT, _R.MODERATE, _R.FIX, _R.INVITE, _R.ADMINISTER, _R.EXPORT}),
    "moderator": frozenset({_R.READ, _R.COMMENT, _R.EDIT, _R.MODERATE, _R.FIX, _R.EXPORT}),
    "editor": frozenset({_R.READ, _R.COMMENT, _R.EDIT, _R.EXPORT}),
    "reviewer": frozenset({_R.READ, _R.COMMENT, _R.EXPORT}),
    "observer": frozenset({_R.READ, _R.EXPORT}),
}
"""A role to come (interpreter, minute-taker, signatory, deputy) is a row here, and a label in partnership_labels.py."""


def allows(role: str, right: Right) -> bool:
    """Whether the role has the right; an unknown role has none."""
    return right in RIGHTS.get(role, frozenset())
