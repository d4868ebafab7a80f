"""Fixture: a programme with editions, and helpers that change it as a user."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask

from klimawerk.editions import service
from klimawerk.editions.models import Edition
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import programme_of
from tests import factories
from tests.versions.conftest import VersionedMeasure


@dataclass
class EditionsScene(VersionedMeasure):
    """The versioned measure WA-01, with its programme."""

    programme: Programme

    @property
    def second(self) -> Measure:
        return factories.measure(self.programme, "WA-02")

    @property
    def address(self) -> str:
        return f"/programmes/{self.programme.id}/editions"

    def fix(self, name: str = "After the mission", purpose: str = "mission", role: str = "coordinator") -> Edition:
        return service.create_edition(self.programme, by=self.member(role=role), name=name, purpose=purpose)


@pytest.fixture
def house(app: Flask) -> EditionsScene:
    team = factories.partnership("Wiesenbrück", "Abenkrom")
    measure = factories.measure(factories.programme(team))
    return EditionsScene(team, measure, programme_of(measure))
