"""Labels of codes in the reader's language; a code for a side is shown as the name of its municipality."""

from __future__ import annotations

from klimawerk import codes
from klimawerk.partnerships.models import Partnership
from klimawerk.sheets.sheet_schema import Field

_SIDES = {"side", "step_side", "team_side", "place", "lead_side", "decision_side"}


def side_names(partnership: Partnership) -> dict[str, str]:
    """{side: names of its municipalities}, for example {"de": "Wiesenbrück", "partner": "Abenkrom, Tema"}."""
    names: dict[str, list[str]] = {"de": [], "partner": []}
    for municipality in partnership.municipalities:
        names.setdefault(municipality.side, []).append(municipality.name)
    return {side: ", ".join(of_side) or side for side, of_side in names.items()}


def label(field: Field, code: str | int, language: str, sides: dict[str, str]) -> str:
    """The label of one code of the field in `language`."""
    if field.codes in _SIDES and code in sides:
        return sides[str(code)]
    return codes.label(field.codes, code, language)


def choices(field: Field, language: str, sides: dict[str, str]) -> list[tuple[str | int, str]]:
    """(code, label) of all codes that a user can choose for the field."""
    return [
        (entry.code, label(field, entry.code, language, sides))
        for entry in codes.codes(field.codes)
        if entry.code not in field.unpickable
    ]


def fill_side_names(field_label: object, sides: dict[str, str]) -> str:
    """A label of the catalogue with its placeholders {de} and {partner} replaced ("Benefit for {de}")."""
    text = str(field_label)
    for side, name in sides.items():
        text = text.replace("{" + side + "}", name)
    return text
