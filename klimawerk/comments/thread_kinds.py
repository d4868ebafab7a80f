"""Kinds of threads, with their labels."""

from __future__ import annotations

from flask_babel import lazy_gettext

TASK, PROPOSAL = "task", "proposal"
KINDS = {
    "question": lazy_gettext("Question"),
    PROPOSAL: lazy_gettext("Proposal"),
    "concern": lazy_gettext("Concern"),
    TASK: lazy_gettext("Task"),
}
