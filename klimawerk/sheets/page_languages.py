"""The working languages that a page shows: one, or two side by side."""

from __future__ import annotations

from dataclasses import dataclass

from klimawerk.sheets.models import Frame


@dataclass(frozen=True)
class PageLanguages:
    """`show`: the chosen language; `beside`: a second one where there is room; `all`: those of the programme."""

    show: str
    beside: str | None
    all: tuple[str, ...]

    @property
    def parts(self) -> list[str]:
        return [code for code in (self.show, self.beside) if code]


def languages_for(frame: Frame, requested: str | None, reader: str, writing: str = "") -> PageLanguages:
    """Shown: the language `requested`, else the interface language (`reader`), else the lead language. Beside
    it: the writing language, else the lead language, else the next one."""
    all_ = tuple(frame.languages)
    show = next((code for code in (requested, reader, frame.lead_language) if code in all_), all_[0])
    beside = next((code for code in (writing, frame.lead_language, *all_) if code in all_ and code != show), None)
    return PageLanguages(show, beside, all_)
