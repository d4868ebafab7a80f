"""The routes that browsers without a network rely on."""

from __future__ import annotations

from klimawerk import installation
from klimawerk.database import writing
from klimawerk.measures.models import Measure
from klimawerk.sheets.rows import append_row
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.client import ProofReader
from tests.factories import Team


def test_a_change_from_before_a_restore_is_refused_and_one_from_after_it_is_not(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    client.login(team.partner["editor"])
    change = {"value": "low", "rev": measure.revs["priority"]}
    before = installation.installation_id()[1]
    with writing():
        installation.start_new_generation()
    path = f"/items/{measure.id}/fields/priority"
    refused = client.post(path, data=change, headers={"X-Gen": before, "HX-Request": "true"})
    assert refused.status_code == 412
    assert "An earlier copy was brought back meanwhile." in refused.text
    assert client.get(f"/measures/{measure.id}", headers={"X-Gen": before}).status_code == 200
    taken = client.post(path, data=change, headers={"X-Gen": installation.installation_id()[1], "HX-Request": "true"})
    assert taken.status_code == 200


def test_who_comes_back_hears_what_others_changed_and_not_what_they_changed_themselves(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    client.login(team.partner["editor"])
    me, other = team.partner["editor"].id, team.de["editor"].id
    door = f"/items/{measure.id}/meanwhile"
    assert "Nobody has changed anything here" in client.fragment(f"{door}?since=0").text
    set_value(FieldRef(measure, "priority"), "low", based_on=measure.revs["priority"], by=me)
    assert "Nobody has changed anything here" in client.fragment(f"{door}?since=0").text
    set_value(FieldRef(measure, "priority"), "medium", based_on=measure.revs["priority"], by=other)
    append_row(measure, "steps", {}, by=other)
    assert "Changed meanwhile: Priority (Editor de)" in client.fragment(f"{door}?since=0").text
    assert "Steps" in client.fragment(f"{door}?since=0&rev=1").text
    assert "Nobody has changed anything here" in client.fragment(f"{door}?since=4102444800").text
    assert "Changed meanwhile" in client.fragment(f"{door}?since=nonsense").text
    client.login(factories.person())
    assert client.fragment(door).status_code == 404


def test_only_pages_fit_for_it_are_marked_to_be_kept_and_none_on_a_shared_computer(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    person = team.partner["editor"]
    client.login(person)
    kept = client.get(f"/measures/{measure.id}")
    assert (kept.headers["X-Reader"], kept.headers["X-Keep"]) == (str(person.id), "yes")
    forms = client.fragment(f"/items/{measure.id}/forms")
    assert (forms.headers["X-Reader"], forms.headers["X-Keep"]) == (str(person.id), "yes")
    for path in (f"/partnerships/{team.partnership.id}/members", f"/measures/{measure.id + 99}"):
        assert "X-Keep" not in client.get(path).headers, path
    for path in (f"/measures/{measure.id}", f"/items/{measure.id}/fields/priority"):
        assert "X-Reader" not in client.fragment(path).headers, path
    client.post("/account/device", data={"shared": "1"})
    shared = client.get(f"/measures/{measure.id}")
    assert "X-Keep" not in shared.headers
    assert "X-Keep" not in client.fragment(f"/items/{measure.id}/forms").headers
    assert shared.headers["X-Reader"] == str(person.id)
    assert "data-shared" in shared.text
    assert "X-Reader" not in client.get("/login").headers


def test_the_worker_comes_from_the_root_and_is_never_kept(client: ProofReader) -> None:
    answer = client.get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
