"""The preview of an import: what a file would add, as plain values that can be stored as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import force_locale

from klimawerk.exchange.import_problems import ImportProblem, LazySentence
from klimawerk.exchange.service import ImportSummary

TextByLanguage = dict[str, str]
"""A sentence in each language of the interface."""


@dataclass(frozen=True)
class Message:
    """A message about a position in the file ("" for the whole file)."""

    place: str
    sentence: TextByLanguage


@dataclass(frozen=True)
class PreviewMunicipality:
    """A municipality in the preview."""

    side: str
    name: str


@dataclass(frozen=True)
class PreviewAmount:
    """An amount of `money.Sums.shown()`, in the main currency."""

    label: TextByLanguage
    amount: Decimal | None


@dataclass(frozen=True)
class ImportPreview:
    """What a file would add. `counts`: number of rows by kind.

    `comments`, `versions`, `editions`: how many, None if the file has none. `outline`: [goal's code, its title,
    [[measure's code, its title], ...]]; `codes`: of items whose consent comes from the file.
    """

    partnership: dict[str, str]
    towns: list[PreviewMunicipality]
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
    outline: list[list[Any]]
    codes: list[str]
    warnings: list[Message]
    programme: str | None
    sums: list[PreviewAmount] = field(default_factory=list)
    unconverted: int = 0

    @classmethod
    def of(cls, preview: ImportSummary, languages: Sequence[str]) -> ImportPreview:
        """The preview of a summary in these languages of the interface. Inside an app context with translations."""
        draft, history = preview.draft, preview.draft.history
        frame = draft.frame
        return cls(
            partnership=draft.partnership.name,
            towns=[PreviewMunicipality(each.side, each.name) for each in draft.partnership.municipalities],
            languages=frame.languages,
            lead_language=frame.lead_language,
            currency_main=frame.currency_main,
            currency_local=frame.currency_local,
            rate=frame.rate,
            rate_date=frame.rate_date,
            goals=len(draft.goals),
            measures=len(draft.measures),
            counts=preview.counts,
            comments=sum(thread.count for thread in draft.threads) if draft.threads else None,
            versions=history.count if history else None,
            editions=len(history.editions) if history else None,
            outline=[
                [goal.code, title, [[measure.code, name] for measure, name in measures]]
                for goal, title, measures in preview.outline()
            ],
            codes=preview.imported,
            warnings=[localised_message(warning, languages) for warning in preview.warnings],
            programme=history.programme if history else None,
            sums=[PreviewAmount(in_all_languages(label, languages), amount) for label, amount in preview.sums.shown()],
            unconverted=preview.sums.unconverted,
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values for JSON; decimals and dates as text."""
        exact = {name: _exact(getattr(self, name)) for name in _EXACT}
        sums = [{"label": amount.label, "amount": _exact(amount.amount)} for amount in self.sums]
        return {**asdict(self), **exact, "sums": sums}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> ImportPreview:
        """Read a preview. One that was stored by an older version of Klimawerk may lack the sums."""
        known = {each.name: raw[each.name] for each in fields(cls) if each.name in raw}
        exact = {name: read(raw[name]) if raw[name] is not None else None for name, read in _EXACT.items()}
        towns, warnings = (
            [PreviewMunicipality(**town) for town in raw["towns"]],
            [Message(**warning) for warning in raw["warnings"]],
        )
        sums = [
            PreviewAmount(line["label"], None if line["amount"] is None else Decimal(line["amount"]))
            for line in raw.get("sums", [])
        ]
        return cls(**{**known, **exact, "towns": towns, "warnings": warnings, "sums": sums})


_EXACT: dict[str, Callable[[str], Any]] = {
    "rate": Decimal,
    "rate_date": date.fromisoformat,
}


def _exact(value: Decimal | date | None) -> str | None:
    return None if value is None else str(value)


def localised_message(problem: ImportProblem, languages: Sequence[str]) -> Message:
    """The problem's message in these languages."""
    return Message(str(problem.place), in_all_languages(problem.sentence, languages))


def in_all_languages(sentence: LazySentence, languages: Sequence[str]) -> TextByLanguage:
    """The sentence in these languages."""
    texts = {}
    for language in languages:
        with force_locale(language):
            texts[language] = str(sentence)
    return texts
