"""Cell definitions shared by several kinds of rows."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from klimawerk.sheets.sheet_schema import Field


def side_cell(codes: str = "side") -> Field:
    """A cell for the side that a row belongs to, shown as the municipality's name. `codes`: the list of choices."""
    return Field("side", "choice", _("Side"), codes=codes)


INDICATORS_BELOW = ("code", "kind", "source_of_verification", "frequency", "measurements")
"""Cells shown below the indicator's text in the table for reading."""

INDICATOR_CELLS = (
    Field("code", "line", _("Code"), max_length=20),
    Field("kind", "choice", _("Kind"), codes="indicator_kind"),
    Field("text", "lines", _("Indicator"), max_length=500),
    Field("unit", "line", _("Unit"), max_length=60),
    Field("baseline", "number", _("Baseline")),
    Field("baseline_year", "year", _("Baseline year"), within="end"),
    Field("target", "number", _("Target")),
    Field("target_year", "year", _("Target year"), not_before="baseline_year", within="programme"),
    Field("source_of_verification", "lines", _("Source of verification"), max_length=300),
    Field("frequency", "choice", _("Frequency"), codes="frequency"),
    Field("measurements", "measurements", _("Measurements"), max_length=200, not_before="baseline_year"),
)
