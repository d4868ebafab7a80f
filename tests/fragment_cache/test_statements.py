"""A page that is known reads revisions, and no content: its SQL statements, counted. Who changes a number here says why
in the commit."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.fragment_cache import fragments
from tests import factories
from tests.client import ProofReader
from tests.sql_trace import traced

CONTENT = {
    "SELECT goal.id, item.id",
    "SELECT measure.id, item.id",
    "SELECT document.name, live_text.fragment,",
    'SELECT "row".item_id, "row".kind,',
    'SELECT "row".id, "row".item_id,',
    "SELECT document.name, live_text.id,",
}
"""The statements that read goals, measures, titles, texts and rows."""


def statements(app: Flask, address: str) -> tuple[list[str], list[str]]:
    """Those of a page that is unknown, and of the same for another reader of the same side and role afterwards."""
    team = factories.partnership()
    programme = factories.programme(team)
    path = address.format(programme=programme.id, measure=factories.measure(programme).id)
    readers = [ProofReader(app) for _ in range(2)]
    for reader, person in zip(readers, (team.de["reviewer"], team.de["observer"]), strict=True):
        reader.login(person)
        reader.get(path, headers={"HX-Request": "true"} if "items" in path else {})
    fragments().clear()
    found = []
    for reader in readers:
        with traced() as trace:
            reader.get(path, headers={"HX-Request": "true"} if "items" in path else {})
        found.append(list(trace.statements))
    return found[0], found[1]


@pytest.mark.parametrize(
    ("address", "unknown", "known"), [("/items/{measure}/outline", 15, 11), ("/items/{measure}/line", 12, 9)]
)
def test_a_fragment_that_is_known_is_answered_by_fewer_statements(
    app: Flask, address: str, unknown: int, known: int
) -> None:
    first, second = statements(app, address)
    assert (len(first), len(second)) == (unknown, known)


@pytest.mark.parametrize("address", ["/programmes/{programme}", "/measures/{measure}"])
def test_a_known_page_reads_no_content(app: Flask, address: str) -> None:
    first, second = statements(app, address)
    assert set(first) >= CONTENT - ({'SELECT "row".item_id, "row".kind,'} if "measure" in address else set())
    assert not set(second) & CONTENT
