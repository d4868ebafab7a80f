"""The sheet of a goal: its fields and rows in groups."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from klimawerk.sheets.item_kinds import ItemKind
from klimawerk.sheets.shared_cells import INDICATOR_CELLS, INDICATORS_BELOW
from klimawerk.sheets.sheet_schema import Field, Group, RowKind, Sheet

_WHAT = Group(
    "what",
    _("What and why"),
    (
        Field("title", "live", _("Title"), _("Short, and active."), first=True, line=True, max_length=120),
        Field(
            "statement",
            "live",
            _("Goal"),
            _("Specific, measurable, accepted, realistic, with a date."),
            first=True,
        ),
        Field("field", "field", _("Field of action"), first=True),
        Field("level", "choice", _("Level"), codes="goal_level", first=True),
        Field("target_year", "year", _("Target year"), first=True, within="programme"),
        Field("side", "choice", _("Place"), _("Where is it reached?"), codes="place", first=True),
        Field("climate_effect", "choice", _("Climate effect"), codes="climate_effect", first=True),
        Field("sdgs", "choices", _("Sustainable Development Goals"), codes="sdg"),
        Field("notes", "live", _("Notes")),
    ),
)
_KNOW = Group(
    "know",
    _("How do we know"),
    (
        RowKind(
            "indicators",
            _("Indicators"),
            _("Indicator"),
            INDICATOR_CELLS,
            first=True,
            heading="text",
            below=INDICATORS_BELOW,
        ),
    ),
)

SHEET = Sheet("goal", (_WHAT, _KNOW))
KIND = ItemKind(SHEET, in_files=True)
