"""The sheet of a programme: its chapters with their fields and rows, in the order of the document."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from klimawerk.sheets.item_kinds import ItemKind
from klimawerk.sheets.shared_cells import side_cell
from klimawerk.sheets.sheet_schema import Field, Group, RowKind, Sheet

_HEAD = Group(
    "head",
    _("Programme"),
    (
        Field("title", "live", _("Title"), first=True, line=True, max_length=200),
        Field("period_start", "month", _("Start"), first=True),
        Field("period_end", "month", _("End"), first=True, not_before="period_start"),
        Field(
            "state",
            "choice",
            _("State of the programme"),
            codes="programme_state",
            unpickable=("agreed", "adopted"),
            first=True,
        ),
        Field("version", "line", _("Version"), max_length=40),
    ),
)
_FOREWORD = Group("foreword", _("Foreword"), (Field("foreword", "live", _("Foreword"), first=True),))
_PARTNERSHIP = Group(
    "partnership",
    _("Partnership and municipalities"),
    (
        Field("background", "live", _("Background"), first=True),
        RowKind(
            "teams",
            _("Teams"),
            _("Team member"),
            (
                side_cell("team_side"),
                Field("role", "choice", _("Role"), codes="role"),
                Field("name", "line", _("Name"), _("Full name"), max_length=120),
                Field("function", "lines", _("Function"), max_length=200),
            ),
        ),
    ),
)
_WORKING = Group(
    "working_structure",
    _("Working structure"),
    (Field("working_structure", "live", _("Working structure"), first=True),),
)
_BASELINE = Group(
    "baseline",
    _("Baseline review"),
    (
        Field("baseline", "live", _("Baseline review"), first=True),
        RowKind(
            "baseline_rows",
            _("Challenges"),
            _("Challenge"),
            (
                side_cell(),
                Field("challenge", "lines", _("Challenge"), max_length=500),
                Field("affected", "lines", _("Causes and people affected"), max_length=500),
                Field("plans", "lines", _("Plans and documents"), max_length=500),
                Field("projects", "lines", _("Current projects"), max_length=500),
            ),
            heading="challenge",
            below=("projects",),
            first=True,
        ),
    ),
)
_VISION = Group(
    "vision",
    _("Vision and guiding principles"),
    (
        Field("vision", "live", _("Vision"), first=True),
        RowKind(
            "guiding_principles",
            _("Guiding principles"),
            _("Guiding principle"),
            (Field("text", "lines", _("Principle"), max_length=500),),
            first=True,
        ),
    ),
)
_FIELDS = Group(
    "fields",
    _("Fields of action"),
    (
        RowKind(
            "fields",
            _("Fields of action"),
            _("Field of action"),
            (
                Field("code", "line", _("Code"), max_length=6),
                Field("title", "lines", _("Title"), max_length=200),
                Field("list_code", "choice", _("Topic"), codes="fields_of_action"),
                Field("climate_effect", "choice", _("Climate effect"), codes="climate_effect"),
                Field("overall_objective", "lines", _("Overall objective"), max_length=2000),
            ),
            heading="title",
            first=True,
        ),
    ),
)
_TIMETABLE = Group(
    "timetable",
    _("Timetable"),
    (
        RowKind(
            "milestones",
            _("Milestones"),
            _("Milestone"),
            (
                Field("date", "month", _("Date"), within="end"),
                Field("kind", "choice", _("Kind"), codes="milestone_kind"),
                Field("title", "lines", _("Title"), max_length=300),
                Field("state", "choice", _("State"), codes="milestone_state"),
            ),
            heading="title",
            first=True,
            table=True,
        ),
    ),
)
_MONITORING = Group(
    "monitoring",
    _("Monitoring and update"),
    (Field("monitoring", "live", _("Monitoring and update"), first=True),),
)
_COMMUNICATION = Group(
    "communication",
    _("Communication and participation"),
    (Field("communication", "live", _("Communication and participation"), first=True),),
)
_RESOLUTIONS = Group(
    "resolutions",
    _("Resolutions"),
    (
        RowKind(
            "decisions",
            _("Decisions"),
            _("Decision"),
            (
                Field("date", "month", _("Date"), within="end"),
                Field("kind", "choice", _("Kind"), codes="decision_kind"),
                Field("subject", "lines", _("Subject"), max_length=500),
                Field("side", "choice", _("Side"), codes="decision_side"),
                Field("body", "lines", _("Body"), max_length=200),
                Field("result", "choice", _("Result"), codes="decision_result"),
                Field("reference", "line", _("Reference"), max_length=80),
            ),
            heading="subject",
            below=("body", "reference"),
            first=True,
        ),
    ),
)
_ANNEX = Group("annex", _("Annex"), (Field("annex", "live", _("Annex"), first=True),))

SHEET = Sheet(
    "programme",
    (
        _HEAD,
        _FOREWORD,
        _PARTNERSHIP,
        _WORKING,
        _BASELINE,
        _VISION,
        _FIELDS,
        _TIMETABLE,
        _MONITORING,
        _COMMUNICATION,
        _RESOLUTIONS,
        _ANNEX,
    ),
    document=True,
)
KIND = ItemKind(SHEET, in_files=True)
