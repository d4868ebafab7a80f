"""Interface to programmes, registered at start by `overview`, since this package must not import programmes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from klimawerk.partnerships.models import Partnership
from klimawerk.registry import Hooks


@dataclass(frozen=True)
class ProgrammeCard:
    """A programme on the start page; `counts` are phrases such as "4 measures"."""

    id: int
    title: str
    url: str
    counts: tuple[str, ...] = ()


class ProgrammeHooks(Protocol):
    """Operations on programmes that partnerships need."""

    def create(
        self, partnership: Partnership, *, languages: list[str], lead_language: str, currency_local: str, by: int
    ) -> object:
        """Create a programme inside the present transaction."""

    def cards(self, partnership_id: int) -> list[ProgrammeCard]:
        """The partnership's programmes that are not deleted."""


hooks: Hooks[ProgrammeHooks] = Hooks()


def create_programme(
    partnership: Partnership, *, languages: list[str], lead_language: str, currency_local: str, by: int
) -> None:
    for programmes in hooks:
        programmes.create(
            partnership, languages=languages, lead_language=lead_language, currency_local=currency_local, by=by
        )


def programme_cards(partnership_id: int) -> list[ProgrammeCard]:
    return [card for programmes in hooks for card in programmes.cards(partnership_id)]
