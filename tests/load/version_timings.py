"""Timings of versions: taking, comparing and listing them, in the server's own code, without a network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, inspect, select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Person
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store, projection
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.programmes.models import Programme
from klimawerk.sheets.rows import append_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.versions import service
from klimawerk.versions.history import PAGE
from klimawerk.versions.models import Version, VersionPart
from tests.load.competitors import Competitor, KlimawerkCompetitor
from tests.load.process_cost import Figures, percentile

LETTERS, ROWS = 12_000, 60
SENTENCE = "The market women of quarter {n} sort what is left of fruit and fish, and carry it to the compost. "


@dataclass(frozen=True)
class Versions:
    """One measure with long texts in two languages and many rows; then `many` versions in its programme."""

    name: str
    says: str
    many: int
    times: int = 20
    ours: bool = True

    def run(self, contender: Competitor, _seconds: float) -> Figures:
        """Milliseconds of server time, and bytes."""
        assert isinstance(contender, KlimawerkCompetitor)
        app = create_app(
            configuration.load(instance=contender.folder, database_url=contender.address, rate_limits=False)
        )
        with app.app_context():
            client = _MeasureClient(app, contender.ground.cookies[0])
            taken = [
                timed(lambda: service.take_version(client.measure.id, service.QUIET)) for _ in client.edits(self.times)
            ]
            figures: Figures = {"take_p50": percentile(taken, 0.5), "take_p95": percentile(taken, 0.95)}
            figures["version_bytes"] = _bytes() / (self.times + 1)
            client.multiply(2 * PAGE)  # one page of the history is full
            figures["compare_few"], figures["history_few"] = client.pages()
            client.multiply(self.many)
            figures["compare_many"], figures["history_many"] = client.pages()
            db.session.remove()
            db.engine.dispose()
        return figures


class _MeasureClient:
    """The measure, and a client that requests its pages."""

    def __init__(self, app: Flask, cookie: str) -> None:
        self._app, self._cookie = app, cookie
        programme = db.session.scalars(select(Programme).order_by(Programme.id).limit(1)).one()
        self.measure: Measure = all_measures(programme)[0]
        self.by = db.session.scalars(select(Person.id).order_by(Person.id.desc()).limit(1)).one()
        for kind in ("steps", "costs", "risks"):
            for number in range(len(rows_of(self.measure).get(kind, [])), ROWS // 3):
                append_row(self.measure, kind, {"text.en": f"Line {number}", "text.de": f"Zeile {number}"}, by=None)
        self._write(0)
        service.take_version(self.measure.id, service.QUIET)

    def edits(self, times: int) -> Any:
        """Yields after each edit, when there is something new to version."""
        for number in range(1, times + 1):
            self._write(number)
            place = FieldRef(self.measure, "text.en", rows_of(self.measure)["steps"][number % (ROWS // 3)])
            set_value(place, f"Changed {number}", based_on=place.rev, by=self.by)
            db.session.rollback()
            yield number

    def pages(self) -> tuple[float, float]:
        """Milliseconds of the comparison of the first and last version, and of the history."""
        newest = service.latest_version(self.measure.id)
        assert newest is not None
        addresses = (f"compare?from=1&to={newest.number}&view=sides", "history")
        return tuple(self._page(f"/items/{self.measure.id}/{address}") for address in addresses)  # type: ignore[return-value]

    def multiply(self, many: int) -> None:
        """That many versions in the programme: half of this measure, half of the others, all like the newest one."""
        newest = service.latest_version(self.measure.id)
        assert newest is not None
        columns = {c.key: getattr(newest, c.key) for c in inspect(Version).columns if c.key != "id"}
        items = service.items_of(self.measure.frame)
        others = [item for item in items if item != self.measure.id]
        reached = {item: last.number if (last := service.latest_version(item)) else 0 for item in items}
        rows = []
        for number in range(many // 2):
            for item in (self.measure.id, others[number % len(others)]):
                reached[item] += 1
                rows.append({**columns, "item_id": item, "number": reached[item]})
        with writing() as session:
            session.execute(insert(Version), rows)

    def _page(self, address: str) -> float:
        client = self._app.test_client()
        name, _, token = self._cookie.partition("=")
        client.set_cookie(name, token)
        return percentile([timed(lambda: get(client, address)) for _ in range(6)][1:], 0.5) or 0.0

    def _write(self, number: int) -> None:
        """One sentence in forty differs each time."""
        text = "".join(SENTENCE.format(n=n if n % 40 else n + number) for n in range(LETTERS // len(SENTENCE)))
        paragraphs = from_plain_text("\n\n".join(text[at : at + 600] for at in range(0, len(text), 600)))
        german = from_plain_text(
            "\n\n".join(text[at : at + 500].replace("the", "der") for at in range(0, len(text), 500))
        )
        with writing():
            document_store.merge_contents(
                self.measure.name, {"description.en": paragraphs, "description.de": german}, by=self.by
            )
        projection.project_now(self.measure.name)


def get(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status}"


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def _bytes() -> float:
    parts = db.session.scalar(select(func.sum(func.length(VersionPart.data)))) or 0
    return parts + (db.session.scalar(select(func.sum(func.length(Version.manifest)))) or 0)
