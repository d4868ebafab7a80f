"""A programme with a history, its file, and another installation."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.exchange.service import export_bytes, import_programme
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.models import Programme
from tests import factories
from tests.client import ProofReader
from tests.editions.conftest import EditionsScene
from tests.servers import PostgreSQL


@pytest.fixture
def scene(app: Flask) -> EditionsScene:
    team = factories.partnership("Wiesenbrück", "Abenkrom")
    programme = factories.programme(team)
    return EditionsScene(team, factories.measure(programme), programme)


@dataclass
class OtherInstallation:
    """Another installation, with a database of its own."""

    app: Flask

    def import_file(self, file: bytes) -> int:
        """Import a file there; the programme's id."""
        with self.app.app_context():
            return import_programme(file, by=None).id


@pytest.fixture(params=["sqlite", "postgresql"])
def other_installation(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgreSQL
) -> Iterator[OtherInstallation]:
    """Another installation that holds other data, so that ids differ there."""
    template = request.getfixturevalue("_postgresql_template") if request.param == "postgresql" else None
    address = postgresql.create(template) if template else f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    settings = configuration.load(instance=tmp_path / "elsewhere", database_url=address, secret_key="e", testing=True)
    app = create_app(settings)
    app.test_client_class = ProofReader
    with app.app_context():
        if not template:
            db.create_all()
        factories.programme(factories.partnership("Anderswo", "Otherwhere"))
    yield OtherInstallation(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    if template:
        postgresql.drop(address)


def file_with_history(scene: EditionsScene) -> bytes:
    """The file of a programme with two editions, a deleted measure and related measures."""
    goal = db.session.get_one(Goal, scene.measure.goal_id)
    third = create_measure(goal, texts={"title.en": from_plain_text("School gardens")}, by=None)
    scene.set("related", [third.id])
    scene.write("description.de", "Vierzig Tonnen.")
    scene.fix("After the first mission")
    scene.write("description.en", "Fifty bins are set up.", by=scene.editor("partner"))
    scene.set("amount", {"amount": "64000.50", "currency": "EUR"}, row="costs")
    scene.set("ghg_t_co2e_a", "12.5")
    delete_item(scene.second, by=scene.editor().id)
    scene.keep("Kept by hand")
    scene.fix("Council draft", "council")
    return export_bytes(scene.programme)


def imported_measure(programme_id: int) -> Measure:
    return factories.measure(db.session.get_one(Programme, programme_id))
