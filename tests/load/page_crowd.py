"""People of both sides and all roles in a partnership with the example programme, for the scenarios P and H."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klimawerk.collab.storage import projection
from klimawerk.exchange.service import import_programme
from klimawerk.goals.service import create_goal
from klimawerk.measures.service import all_measures, create_measure
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme
from tests import factories
from tests.load import bench_data

EXAMPLE = Path("klimawerk/exchange/example_programme.json")
ROLES = (
    ("de", "coordinator"),
    ("partner", "coordinator"),
    ("de", "editor"),
    ("partner", "editor"),
    ("de", "reviewer"),
    ("partner", "observer"),
    ("neutral", "moderator"),
)


@dataclass(frozen=True)
class Visitor:
    """A signed-in member: role and cookie."""

    side: str
    role: str
    cookie: str

    @property
    def name(self) -> str:
        return f"{self.role}_{self.side}"


@dataclass(frozen=True)
class Crowd:
    """`measure`: id of the example's WA-01; `programme`: of its programme; `other`: the name of another programme's
    document in the same partnership, in which one can type."""

    visitors: list[Visitor]
    programme: int
    measure: int
    other: str


def gather(people: int, measures: int | None = None) -> Crowd:
    """Import the example programme (with so many measures, else its own ones) and make its members."""
    programme = import_programme(example(measures), by=None)
    for item in all_measures(programme):
        projection.project_now(item.name)
    return Crowd(_visitors(programme, people), programme.id, all_measures(programme)[0].id, _other(programme))


def example(measures: int | None) -> bytes:
    """The example programme as a file, with that many measures."""
    content: dict[str, Any] = json.loads(EXAMPLE.read_bytes())
    if measures is not None:
        some = content["measures"]
        content["measures"] = [
            {**some[n % len(some)], "code": f"{some[n % len(some)]['code']}-{n}", "related": []}
            for n in range(measures)
        ]
        content.pop("comments_sample", None)
    return json.dumps(content).encode()


def _visitors(programme: Programme, people: int) -> list[Visitor]:
    partnership = programme.frame.partnership
    towns = {town.side: town for town in partnership.municipalities}
    visitors = []
    for number in range(people):
        side, role = ROLES[number % len(ROLES)]
        person = factories.member(partnership, side, role, town=towns.get(side))
        visitors.append(Visitor(side, role, bench_data.signed_in(person.id)))
    return visitors


def _other(programme: Programme) -> str:
    other = create_programme(programme.frame.partnership, languages=["en"], lead_language="en", by=None)
    return create_measure(create_goal(other, by=None), by=None).name
