"""Which working languages a page shows."""

from __future__ import annotations

from dataclasses import dataclass

from klimawerk.sheets.models import Frame


@dataclass(frozen=True)
class PageLanguages:
    """The chosen one, and beside it another where there is room."""

    show: str
    beside: str | None
    all: tuple[str, ...]

    @property
    def parts(self) -> list[str]:
        return [code for code in (self.show, self.beside) if code]


def languages_for(frame: Frame, wish: str | None, reader: str, writing: str = "") -> PageLanguages:
    """The wish, else the reader's language, else the original one; beside it the one that everybody writes in now,
    else the original or the next one."""
    all_ = tuple(frame.languages)
    show = next((code for code in (wish, reader, frame.lead_language) if code in all_), all_[0])
    beside = next((code for code in (writing, frame.lead_language, *all_) if code in all_ and code != show), None)
    return PageLanguages(show, beside, all_)
