"""Malformed form submissions that no browser sends: refused with a message, never an internal error."""

from __future__ import annotations

import gzip
import socket as network
import time
from urllib.parse import urlsplit

import pytest
import requests

from klimawerk.extensions import db
from klimawerk.live.rate_limits import TokenBucket
from klimawerk.measures.models import Measure
from klimawerk.sheets.rows import rows_of
from tests.client import ProofReader
from tests.factories import Team
from tests.faults.conftest import LimitedServer
from tests.faults.socket_client import LatencyProbe
from tests.live.engine_server import until

HTMX = {"HX-Request": "true"}
NONSENSE = ["\x00", "a\x00b", "\ud83d", "\u202egnp.exe", "x" * 1_900_000, "9" * 5_000, "1e999", "NaN", "-0", "२०२७-१०"]


@pytest.fixture
def editor(any_database: str, client: ProofReader, team: Team, measure: Measure) -> ProofReader:
    client.login(team.de["editor"])
    return client


def typed(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def test_nonsense_in_fields_and_cells_is_answered_at_the_field(editor: ProofReader, measure: Measure) -> None:
    step, cost = (rows_of(measure)[kind][0] for kind in ("steps", "costs"))
    fields = ("period_start", "priority", "planning_state", "ghg_t_co2e_a", "responsible_de", "code")
    doors = [f"/items/{measure.id}/fields/{field}" for field in fields]
    doors += [f"/rows/{step.id}/cells/text.en", f"/rows/{step.id}/cells/due", f"/rows/{cost.id}/cells/amount"]
    for door in doors:
        for value in NONSENSE:
            answer = editor.post(door, data={"value": typed(value), "rev": b"0"}, headers=HTMX)
            assert answer.status_code in (200, 404, 409, 413, 422), (door, value[:20], answer.status_code)
    assert editor.get(f"/measures/{measure.id}").status_code == 200


@pytest.mark.parametrize("rev", ["", "x", "-1", "9" * 400, "1\x00"])
def test_a_nonsense_revision_is_no_failure(editor: ProofReader, measure: Measure, rev: str) -> None:
    answer = editor.post(f"/items/{measure.id}/fields/priority", data={"value": "low", "rev": rev}, headers=HTMX)
    assert answer.status_code in (200, 400, 409, 422)
    assert editor.get(f"/items/{measure.id}/changes?since={rev}", headers=HTMX).status_code in (200, 400)


@pytest.mark.parametrize("path", ["/login?next=//evil.example/%00", "/?show=%00", "/link/reset/%00%ff", "/import/%00"])
def test_nonsense_in_addresses_is_no_failure(editor: ProofReader, path: str) -> None:
    assert editor.get(path).status_code < 500


def test_a_name_is_never_markup(editor: ProofReader, team: Team, measure: Measure) -> None:
    evil = '<img src=x onerror="alert(1)">'
    row = rows_of(measure)["steps"][0]
    team.de["editor"].name = evil
    db.session.commit()
    answer = editor.post(f"/rows/{row.id}/cells/text.en", data={"value": evil, "rev": str(row.revs["text.en"])})
    assert answer.status_code < 400
    for page in (f"/measures/{measure.id}", "/account", f"/items/{measure.id}/changes?since=0"):
        text = editor.get(page, headers=HTMX).text
        assert "<img src=x" not in text
    assert "&lt;img src=x" in editor.get(f"/measures/{measure.id}").text


def test_packed_and_endless_forms_are_not_taken(limited_server: LimitedServer) -> None:
    session = limited_server.server.session(limited_server.person())
    door = f"{limited_server.server.url}/items/1/fields/priority"
    bomb = gzip.compress(b"value=" + b"x" * 50_000_000)
    answer = session.post(door, data=bomb, headers={"Content-Encoding": "gzip", **_FORM}, timeout=20)
    assert answer.status_code in (400, 404, 415, 422)
    assert session.post(door, data=b"value=" + b"x" * 3_000_000, headers=_FORM, timeout=20).status_code == 413
    many = session.post(door, data=b"&".join([b"a=1"] * 200_000), headers=_FORM, timeout=20)
    assert many.status_code in (400, 404, 413)
    assert "Traceback" not in limited_server.server.log


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_after_a_form_that_is_too_large_the_same_connection_goes_on(limited_server: LimitedServer) -> None:
    """The rest of the form had been parsed as the next request's head: 431, now and then."""
    session = limited_server.server.session(limited_server.person())
    for _ in range(5):
        form = b"value=" + b"x" * 3_000_000
        assert (
            session.post(
                f"{limited_server.server.url}/items/1/fields/priority", data=form, headers=_FORM, timeout=20
            ).status_code
            == 413
        )
        assert session.get(f"{limited_server.server.url}/healthz", timeout=20).status_code == 200


def test_forms_that_never_end_hold_up_nobody(limited_server: LimitedServer) -> None:
    address = urlsplit(limited_server.server.url)
    kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 90000\r\n"
    head = f"POST /login HTTP/1.1\r\nHost: x\r\n{kind}"
    slow = [network.create_connection((address.hostname or "", address.port or 0)) for _ in range(100)]
    for line in slow[:50]:
        line.sendall(f"{head}\r\nvalue=".encode())
    for line in slow[50:]:
        line.sendall(head.encode())
    with LatencyProbe(limited_server.client()) as probe:
        until(lambda: len(probe.waits) > 20, 30)
        for line in slow:
            line.sendall(b"x")
        until(lambda: len(probe.waits) > 40, 30)
        assert limited_server.server.answers()
    probe.expect_responsive()
    for line in slow:
        line.close()


@pytest.mark.parametrize("name", ["token", "password", "a-", "//x:"])
def test_an_address_full_of_names_holds_up_nobody(limited_server: LimitedServer, name: str) -> None:
    """It reaches the log, where secrets are searched in it."""
    with LatencyProbe(limited_server.client()) as probe:
        until(lambda: len(probe.waits) > 3, 30)
        for _ in range(5):
            assert requests.get(f"{limited_server.server.url}/{(name * 2_000)[:3_900]}", timeout=30).status_code == 404
        seen = len(probe.waits)
        until(lambda: len(probe.waits) > seen + 3, 30)
    probe.expect_responsive()


def test_a_bucket_gives_what_is_in_it_and_refills() -> None:
    bucket = TokenBucket(rate=1_000.0, size=10.0)
    assert [bucket.take(5) for _ in range(3)] == [True, True, False]
    until(lambda: bucket.take(5), 5)
    bucket.at = time.monotonic()
    until(lambda: bucket.take(500), 5)  # more than fits is written once it is full, and empties it
    assert not bucket.take(9)
