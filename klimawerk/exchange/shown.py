"""What a file would bring, as its person sees it before they decide: plain values that can wait in a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import force_locale

from klimawerk.exchange.problems import Problem
from klimawerk.exchange.service import Preview

Words = dict[str, str]
"""One sentence in each language of the interface."""


@dataclass(frozen=True)
class Said:
    """A place in the file, "" for the whole, and a sentence about it."""

    place: str
    sentence: Words


@dataclass(frozen=True)
class Town:
    side: str
    name: str


@dataclass(frozen=True)
class Shown:
    """`counts`: rows of each kind; `comments`, `versions`, `editions`: how many, None where the file has none;
    `outline`: [goal's code, its title, [[measure's code, its title], ...]]; `codes`: of what comes with consent."""

    partnership: dict[str, str]
    towns: list[Town]
    languages: list[str]
    lead_language: str
    currency_main: str
    currency_local: str
    rate: Decimal | None
    rate_date: date | None
    goals: int
    measures: int
    counts: dict[str, int]
    comments: int | None
    versions: int | None
    editions: int | None
    costs: Decimal
    funding: Decimal
    outline: list[list[Any]]
    codes: list[str]
    warnings: list[Said]
    programme: str | None

    @classmethod
    def of(cls, preview: Preview, languages: Sequence[str]) -> Shown:
        """`languages`: of the interface. Inside an app with translations."""
        draft, history = preview.draft, preview.draft.history
        frame = draft.frame
        return cls(
            partnership=draft.partnership.name,
            towns=[Town(town.side, town.name) for town in draft.partnership.municipalities],
            languages=frame.languages,
            lead_language=frame.lead_language,
            currency_main=frame.currency_main,
            currency_local=frame.currency_local,
            rate=frame.rate,
            rate_date=frame.rate_date,
            goals=len(draft.goals),
            measures=len(draft.measures),
            counts=preview.counts,
            comments=sum(thread.count for thread in draft.talks) if draft.talks else None,
            versions=history.count if history else None,
            editions=len(history.editions) if history else None,
            costs=preview.sums.costs,
            funding=preview.sums.funding,
            outline=[
                [goal.code, title, [[measure.code, name] for measure, name in measures]]
                for goal, title, measures in preview.outline()
            ],
            codes=preview.imported,
            warnings=[said(warning, languages) for warning in preview.warnings],
            programme=history.programme if history else None,
        )

    def as_json(self) -> dict[str, Any]:
        exact = {name: None if (value := getattr(self, name)) is None else str(value) for name in _EXACT}
        return {**asdict(self), **exact}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Shown:
        exact = {name: read(raw[name]) if raw[name] is not None else None for name, read in _EXACT.items()}
        towns = [Town(**town) for town in raw["towns"]]
        return cls(**{**raw, **exact, "towns": towns, "warnings": [Said(**one) for one in raw["warnings"]]})


_EXACT: dict[str, Callable[[str], Any]] = {
    "rate": Decimal,
    "rate_date": date.fromisoformat,
    "costs": Decimal,
    "funding": Decimal,
}


def said(problem: Problem, languages: Sequence[str]) -> Said:
    """The problem in all of these languages."""
    words = {}
    for language in languages:
        with force_locale(language):
            words[language] = str(problem.sentence)
    return Said(str(problem.place), words)
