"""How much changed in an item, in a few phrases: "3 fields changed", "1 step moved"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from klimawerk.versions import comparison
from klimawerk.web.formats import recent_day

MAX_PHRASES = 3  # more do not fit into the heading of a narrow page


def change_phrases(fields: int, rows: Mapping[str, Sequence[str]]) -> list[str]:
    """`fields`: number of changed fields; `rows`: how each changed row of each kind changed (comparison.py)."""
    phrases = [str(ngettext("%(num)s field changed", "%(num)s fields changed", fields))] if fields else []
    if len(phrases) + len(rows) > MAX_PHRASES:
        rows = {"": [what for of_kind in rows.values() for what in of_kind]}
    return phrases + [_rows_phrase(kind, changes) for kind, changes in rows.items()]


def since_heading(since: datetime, phrases: Sequence[str]) -> str:
    """The first sentence of a comparison with now: "Since 3 November: 3 fields changed, 1 step moved"."""
    return str(_("Since %(day)s: %(changes)s", day=recent_day(since), changes=joined(phrases)))


def joined(phrases: Sequence[str]) -> str:
    return ", ".join(phrases) or str(_("nothing changed"))


def _rows_phrase(kind: str, changes: Sequence[str]) -> str:
    """How many rows of a kind changed, and how: "2 steps moved"; "" stands for several kinds."""
    what = changes[0] if len(set(changes)) == 1 else comparison.CHANGED
    rows = _counted(kind, len(changes))
    phrases = {
        comparison.ADDED: _("%(rows)s added", rows=rows),
        comparison.REMOVED: _("%(rows)s removed", rows=rows),
        comparison.MOVED: _("%(rows)s moved", rows=rows),
        comparison.CHANGED: _("%(rows)s changed", rows=rows),
    }
    return str(phrases[what])


def _counted(kind: str, num: int) -> str:
    words = {
        "steps": ngettext("%(num)s step", "%(num)s steps", num),
        "costs": ngettext("%(num)s cost line", "%(num)s cost lines", num),
        "funding": ngettext("%(num)s funding line", "%(num)s funding lines", num),
        "indicators": ngettext("%(num)s indicator", "%(num)s indicators", num),
        "risks": ngettext("%(num)s risk", "%(num)s risks", num),
        "partners": ngettext("%(num)s partner", "%(num)s partners", num),
        "commitments": ngettext("%(num)s contribution", "%(num)s contributions", num),
        "milestones": ngettext("%(num)s milestone", "%(num)s milestones", num),
        "fields": ngettext("%(num)s field of action", "%(num)s fields of action", num),
    }
    return str(words.get(kind) or ngettext("%(num)s line", "%(num)s lines", num))
