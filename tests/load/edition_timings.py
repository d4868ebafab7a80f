"""Timings of editions of a large programme: creating, comparing, reading; in the server's own code, no network."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store, projection
from klimawerk.database import writing
from klimawerk.editions import service
from klimawerk.exchange.service import import_programme
from klimawerk.extensions import db
from klimawerk.measures.service import all_measures
from klimawerk.partnerships.access import member_of
from klimawerk.programmes.models import Programme
from klimawerk.sheets.rows import append_row
from tests import factories
from tests.load import bench_data
from tests.load.competitors import Competitor, KlimawerkCompetitor
from tests.load.page_crowd import example
from tests.load.process_cost import Figures, percentile
from tests.load.version_timings import get, timed


@dataclass(frozen=True)
class Editions:
    """A programme of `measures`, of which `changed` change between two editions."""

    name: str
    says: str
    measures: int
    changed: int
    times: int = 3
    ours: bool = True

    def run(self, contender: Competitor, _seconds: float) -> Figures:
        """Milliseconds of server time; for the comparison the slowest of the three views."""
        assert isinstance(contender, KlimawerkCompetitor)
        settings = configuration.load(instance=contender.folder, database_url=contender.address, rate_limits=False)
        app = create_app(settings)
        with app.app_context():
            figures = self._measured(app)
            db.session.remove()
            db.engine.dispose()
        return figures

    def _measured(self, app: Flask) -> Figures:
        programme = import_programme(example(self.measures), by=None)
        partnership = programme.frame.partnership
        person = factories.member(partnership, "de", "coordinator", town=partnership.municipalities[0])
        by = member_of(person, partnership.id)
        assert by is not None
        figures: Figures = {
            "edition_first": timed(lambda: service.create_edition(programme, by=by, name="First", purpose="working")),
        }
        change_measures(programme, self.changed, by.person.id)
        figures["edition_next"] = timed(
            lambda: service.create_edition(programme, by=by, name="Next", purpose="working")
        )
        client = app.test_client()
        client.set_cookie(*bench_data.signed_in(person.id).split("=", 1))
        place = f"/programmes/{programme.id}/editions"

        def page(address: str) -> float:
            return percentile([timed(lambda: get(client, address)) for _ in range(self.times)], 0.5) or 0.0

        views = [page(f"{place}/compare?from=1&to=2&view={view}") for view in ("fields", "redline", "sides")]
        return {**figures, "edition_compare": max(views), "edition_read": page(f"{place}/1")}


def change_measures(programme: Programme, many: int, by: int) -> None:
    """Both descriptions are rewritten, and a row is added."""
    for number, measure in enumerate(all_measures(programme)[:many]):
        text = {
            f"description.{code}": from_plain_text(f"Written anew, number {number}. " * 20) for code in ("de", "en")
        }
        with writing():
            document_store.merge_contents(measure.name, text, by=by)
        projection.project_now(measure.name)
        append_row(measure, "steps", {"text.en": f"One more step, {number}"}, by=by)
