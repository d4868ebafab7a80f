"""What a thread can be, in words."""

from __future__ import annotations

from flask_babel import lazy_gettext

TASK = "task"
KINDS = {
    "question": lazy_gettext("Question"),
    "proposal": lazy_gettext("Proposal"),
    "concern": lazy_gettext("Concern"),
    TASK: lazy_gettext("Task"),
}
