"""Fixture: a measure with a history, and helpers that change it as a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from klimawerk.accounts.models import Person
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store, projection
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.partnerships.access import Member, member_of
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.versions import service
from klimawerk.versions.models import Version
from tests import factories
from tests.factories import Team


@dataclass
class VersionedMeasure:
    """One measure (WA-01), and operations on it by users."""

    team: Team
    measure: Measure

    def editor(self, side: str = "de") -> Person:
        people: dict[str, Person] = getattr(self.team, side)
        return people["editor"]

    def member(self, side: str = "de", role: str = "editor") -> Member:
        people: dict[str, Person] = getattr(self.team, side)
        member = member_of(people[role], self.team.partnership.id)
        assert member is not None
        return member

    def set(self, key: str, value: Any, *, row: str | None = None, by: Person | None = None) -> None:
        """Set a field, or a cell of the first row of kind `row`."""
        place = FieldRef(self.measure, key, rows_of(self.measure)[row][0] if row else None)
        set_value(place, value, based_on=place.rev, by=(by or self.editor()).id)

    def write(self, fragment: str, words: str, *, by: Person | None = None) -> None:
        """Replace the whole text."""
        with writing():
            document_store.replace_contents(
                self.measure.name, {fragment: from_plain_text(words)}, by=(by or self.editor()).id
            )
        projection.project_now(self.measure.name)

    def keep(self, label: str = "", side: str = "de") -> Version:
        return service.keep_version(self.measure.id, by=self.member(side), label=label)[0]

    @property
    def versions(self) -> list[Version]:
        db.session.rollback()
        return list(db.session.scalars(db.select(Version).order_by(Version.number)))


@pytest.fixture
def desk(app: Flask) -> VersionedMeasure:
    team = factories.partnership("Wiesenbrück", "Abenkrom")
    return VersionedMeasure(team, factories.measure(factories.programme(team)))
