"""The sheet of a measure: every field and every kind of row, in groups."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from klimawerk.sheets.item_kinds import ItemKind
from klimawerk.sheets.shared_cells import INDICATOR_CELLS, INDICATORS_BELOW, side_cell
from klimawerk.sheets.sheet_schema import Field, Group, RowKind, Sheet

_WHAT = Group(
    "what",
    _("What and why"),
    (
        Field(
            "title",
            "live",
            _("Title"),
            _("Say in a few words what is done and where."),
            first=True,
            line=True,
            max_length=120,
        ),
        Field(
            "initial_situation",
            "live",
            _("Initial situation"),
            _("How is it today, and why is that not enough?"),
            first=True,
        ),
        Field("description", "live", _("Description"), _("What is done, how, and with whom?"), first=True),
        Field(
            "expected_result",
            "live",
            _("Aim and expected result"),
            _("What will be different when it is finished?"),
            first=True,
        ),
        Field(
            "benefit_de",
            "live",
            _("Benefit for %(place)s", place="{de}"),
            _("What does this side gain or learn?"),
            side="de",
        ),
        Field(
            "benefit_partner",
            "live",
            _("Benefit for %(place)s", place="{partner}"),
            _("What does this side gain or learn?"),
            side="partner",
        ),
        Field("target_group", "live", _("Target group"), _("Who is it for? Who notices it in daily life?")),
        Field("field", "field", _("Field of action")),
        Field(
            "climate_effect",
            "choice",
            _("Climate effect"),
            _("Mitigation lowers emissions, adaptation lowers damage."),
            codes="climate_effect",
        ),
        Field(
            "measure_type",
            "choice",
            _("Type of measure"),
            _("What kind of undertaking is it mainly?"),
            codes="measure_type",
        ),
        Field("place", "choice", _("Place"), _("Where is it carried out?"), codes="place"),
        Field(
            "sdgs",
            "choices",
            _("Sustainable Development Goals"),
            _("At most the four or five that matter most."),
            codes="sdg",
        ),
    ),
)
_WHO = Group(
    "who",
    _("Who"),
    (
        Field("lead_side", "choice", _("Lead"), _("Which side keeps it going?"), codes="lead_side"),
        RowKind(
            "responsible",
            _("Responsible"),
            _("Responsible body"),
            (
                side_cell(),
                Field("contact", "line", _("Contact"), _("Full name"), max_length=120),
                Field("unit", "lines", _("Office"), _("Office, department or company"), max_length=200),
                Field("role", "lines", _("Task"), max_length=200),
            ),
            help=_("Both sides name somebody."),
            first=True,
        ),
        RowKind(
            "partners",
            _("Partners and stakeholders"),
            _("Partner"),
            (
                Field("name", "lines", _("Name"), max_length=200),
                Field("kind", "lines", _("Kind"), _("Association, school, company ..."), max_length=120),
            ),
        ),
        RowKind(
            "personnel",
            _("Personnel"),
            _("Personnel line"),
            (
                side_cell(),
                Field("amount", "number", _("How much")),
                Field("unit", "choice", _("Unit"), codes="personnel_unit"),
                Field("state", "choice", _("Where from"), codes="personnel_state"),
                Field("text", "lines", _("What for"), max_length=300),
            ),
        ),
        Field(
            "personnel_level",
            "choice",
            _("Personnel, in a word"),
            _("If nobody can give a number yet."),
            codes="effort_level",
        ),
    ),
)
_WHEN = Group(
    "when",
    _("When"),
    (
        Field("period_start", "month", _("Start"), _("Month and year are enough."), first=True, within="programme"),
        Field(
            "period_end",
            "month",
            _("End"),
            _("Month and year are enough."),
            first=True,
            not_before="period_start",
            within="programme",
        ),
        Field("horizon", "choice", _("Horizon"), codes="horizon"),
        RowKind(
            "steps",
            _("Steps and schedule"),
            _("Step"),
            (
                Field("text", "lines", _("What"), max_length=500),
                Field("due", "month", _("Due"), within="sheet"),
                side_cell("step_side"),
                Field("state", "choice", _("State"), codes="step_state"),
            ),
            help=_("In the order in which they are done."),
            table=True,
        ),
    ),
)
_WITH = Group(
    "with",
    _("With what"),
    (
        RowKind(
            "commitments",
            _("Contributions of each side"),
            _("Contribution"),
            (
                side_cell(),
                Field("kind", "choice", _("Kind"), codes="resource_kind"),
                Field("text", "lines", _("What"), max_length=500),
                Field("amount", "number", _("How much")),
                Field("unit", "choice", _("Unit"), codes="commitment_unit"),
            ),
            help=_("Subject to council decision and budget."),
            first=True,
        ),
        RowKind(
            "costs",
            _("Costs"),
            _("Cost line"),
            (
                Field("category", "choice", _("Category"), codes="cost_category"),
                Field("amount", "amount", _("Amount")),
                Field("text", "lines", _("What"), max_length=500),
            ),
            help=_("In the currency it is paid in; the other one is worked out with the planning rate."),
            first=True,
            table=True,
        ),
        Field("no_cost", "choice", _("No cost"), _("Say so if the measure costs nothing."), codes="yes"),
        Field(
            "cost_level",
            "choice",
            _("Costs, in a word"),
            _("If nobody can give a number yet."),
            codes="effort_level",
        ),
        RowKind(
            "funding",
            _("Funding lines"),
            _("Funding line"),
            (
                Field("source", "choice", _("Source"), codes="funding_source"),
                Field("amount", "amount", _("Amount")),
                Field("state", "choice", _("State"), codes="funding_state"),
                Field("text", "lines", _("What"), max_length=500),
                Field(
                    "application",
                    "line",
                    _("Application"),
                    _("The same id for all measures of one application"),
                    max_length=80,
                ),
            ),
            table=True,
            below=("application",),
        ),
        RowKind(
            "in_kind",
            _("In-kind contributions (for information)"),
            _("In-kind contribution"),
            (Field("text", "lines", _("What"), max_length=500),),
            help=_("Not part of the sum."),
        ),
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
            help=_("At least one with a target."),
            first=True,
            heading="text",
            below=INDICATORS_BELOW,
        ),
        Field(
            "ghg_t_co2e_a",
            "number",
            _("Greenhouse gas reduction (t CO₂e per year)"),
            _("A rough estimate is enough."),
        ),
        Field(
            "ghg_level",
            "choice",
            _("Reduction, in a word"),
            _("If nobody can give a number yet."),
            codes="effect_level",
        ),
        Field("ghg_energy_mwh_a", "number", _("Energy saved (MWh per year)")),
        Field("ghg_renewable_mwh_a", "number", _("Renewable generation (MWh per year)")),
        Field(
            "ghg_method",
            "live",
            _("How it was estimated"),
            _("Source, assumptions, what is counted elsewhere."),
        ),
        Field("ghg_confidence", "choice", _("Confidence of the estimate"), codes="confidence"),
        Field("adaptation_hazards", "choices", _("Climate hazards"), codes="hazard"),
        Field("adaptation_effect", "live", _("Benefit for adaptation")),
        Field("co_benefits", "live", _("Co-benefits"), _("Jobs, health, learning, local income ...")),
    ),
)
_WRONG = Group(
    "wrong",
    _("What could go wrong"),
    (
        RowKind(
            "risks",
            _("Risks and responses"),
            _("Risk"),
            (
                Field("text", "lines", _("Risk"), max_length=500),
                Field("likelihood", "choice", _("Likelihood"), codes="likelihood"),
                Field("response", "lines", _("Response"), max_length=500),
            ),
        ),
        Field("related", "measures", _("Related measures"), _("Measures that need each other.")),
    ),
)
_WHERE = Group(
    "state",
    _("State"),
    (
        Field("priority", "choice", _("Priority"), codes="priority"),
        Field(
            "planning_state",
            "choice",
            _("Agreement status"),
            _("Consent of the teams is given on the measure itself, not picked here."),
            codes="planning_state",
            unpickable=("agreed", "adopted"),
        ),
        Field("implementation_state", "choice", _("Implementation state"), codes="implementation_state"),
        Field("marker_mitigation", "choice", _("Rio marker mitigation"), codes="marker"),
        Field("marker_adaptation", "choice", _("Rio marker adaptation"), codes="marker"),
        Field("marker_gender", "choice", _("Gender marker"), codes="marker"),
        Field("notes", "live", _("Notes")),
    ),
)

SHEET = Sheet("measure", (_WHAT, _WHO, _WHEN, _WITH, _KNOW, _WRONG, _WHERE))
KIND = ItemKind(SHEET, in_files=True)
