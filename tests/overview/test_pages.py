"""Every page of a programme reads as a page, in both languages, for every role."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.client import ProofReader


@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_a_member_reads_the_programme_its_goals_and_measures(client: ProofReader, role: str) -> None:
    team = factories.partnership()
    made = factories.programme(team)
    client.login(team.de[role])
    for path in (
        f"/programmes/{made.id}",
        f"/measures/{factories.measure(made).id}",
        f"/goals/{factories.measure(made).goal_id}",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "Green bins" in page.text or "Collect separately" in page.text


def test_an_editor_arranges_and_looks_into_the_bin(client: ProofReader) -> None:
    team = factories.partnership()
    made = factories.programme(team)
    client.login(team.partner["editor"])
    for path in ("order", "bin"):
        assert client.get(f"/programmes/{made.id}/{path}").status_code == 200


def test_a_stranger_learns_nothing(client: ProofReader) -> None:
    made = factories.programme(factories.partnership())
    client.login(factories.partnership().de["coordinator"])
    unknown = client.get("/measures/999999")
    for path in (f"/programmes/{made.id}", f"/measures/{factories.measure(made).id}"):
        page = client.get(path)
        assert page.status_code == 404
        assert _same_for_all(page.text, path) == _same_for_all(unknown.text, "/measures/999999")


def _same_for_all(page: str, path: str) -> str:
    """The page without what differs from one request to the next: its address, the error's number, tokens."""
    return re.sub(r'(?:number|Nummer): \w+|name="csrf[^>]*>', "", page.replace(path, ""))


def test_a_deleted_measure_comes_back_with_one_click(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    gone = client.get(client.post(f"/items/{measure.id}/delete").location)
    assert f'action="/items/{measure.id}/restore"' in gone.text
    assert client.get(f"/measures/{measure.id}").status_code == 404
    client.post(f"/items/{measure.id}/restore")
    assert client.get(f"/measures/{measure.id}").status_code == 200
