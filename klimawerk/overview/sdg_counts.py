"""How many measures contribute to each of the 17 Sustainable Development Goals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from klimawerk import codes
from klimawerk.overview.programme_data import ProgrammeData
from klimawerk.partnerships.partnership_labels import reader_language


@dataclass(frozen=True)
class SdgCount:
    """A goal with its official colour; `on_colour`: of text on it."""

    number: int
    label: str
    colour: str
    on_colour: str
    measures: int


def sdg_counts(data: ProgrammeData) -> list[SdgCount]:
    """The goals that any measure contributes to, by number."""
    counts = Counter(number for measure in data.measures for number in set(measure.values.get("sdgs") or ()))
    return [
        SdgCount(
            int(entry.code),
            entry.label(reader_language()),
            entry.extra["colour"],
            text_colour(entry.extra["colour"]),
            counts[entry.code],
        )
        for entry in codes.codes("sdg")
        if counts[entry.code]
    ]


def text_colour(colour: str) -> str:
    """Black or white, whichever has more contrast on `colour` ("#DDA63A")."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#fff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000"
