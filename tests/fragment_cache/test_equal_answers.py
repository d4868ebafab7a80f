"""What a reader gets from the cache is what the server would render anew, byte for byte, whatever was edited, and by
whom; and no side's words reach the other side through it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from klimawerk.accounts.models import Person
from klimawerk.comments import service as comments
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.extensions import db
from klimawerk.fragment_cache import FragmentCache, fragments
from klimawerk.overview import document_fragments, outline
from klimawerk.partnerships.access import member_of
from tests import factories, long_runs
from tests.client import ProofReader
from tests.factories import Team
from tests.fragment_cache.random_edits import RandomEdits, goal_of

STEPS = long_runs.steps(18, 150)
TOKENS = re.compile(
    r'(?<=name="csrf-token" content=")[^"]+|(?<=name="csrf_token" value=")[^"]+|(?<=name="request_key" value=")[^"]+'
    r'|(?<=class="printed">)[^<]+'  # the present minute
)


class Readers:
    """A member of each side and role with a page each, some of them in another language."""

    def __init__(self, app: Flask, team: Team, seed: int) -> None:
        self.team, self.programme = team, factories.programme(team)
        self.edits = RandomEdits(team, self.programme, seed)
        first, goal = factories.measure(self.programme), goal_of(self.programme)
        self.first, number = first, self.programme.id
        whole = (f"/programmes/{number}", f"/items/{number}/changes?since=0", f"/items/{first.id}/line?since=0")
        some = (f"/measures/{first.id}", f"/items/{first.id}/talks", f"/items/{goal.id}/outline")
        asked = [
            (team.de["editor"], f"/programmes/{number}?mode=edit"),
            (team.de["reviewer"], whole[0]),
            (team.partner["observer"], f"{whole[0]}?show=de"),
            (team.moderator, whole[0]),
            (team.partner["coordinator"], some[0]),
            (team.de["observer"], f"{some[0]}?lang=en"),
            (team.partner["reviewer"], some[0]),
            (team.partner["editor"], f"/goals/{goal.id}"),
            (team.de["coordinator"], some[1]),
            (team.partner["coordinator"], some[2]),
            (team.partner["editor"], whole[1]),
            (team.partner["observer"], whole[2]),
        ]
        self.pages: list[tuple[str, FlaskClient, str]] = []
        for person, address in asked:
            client = ProofReader(app)
            client.login(person)
            self.pages.append((person.name, client, address))

    def differences(self, steps: int) -> Iterator[str]:
        """After each edit: pages that differ from what is rendered without the cache."""
        self.look(self.pages)
        for step in range(steps):
            what = self.edits.edit()
            yield from (f"step {step}, {what}: {page}" for page in self.look(self.edits.random.sample(self.pages, 4)))

    def look(self, pages: list[tuple[str, FlaskClient, str]]) -> list[str]:
        found = []
        for name, client, address in pages:
            cached = _body(client, address)
            with without_cache(fragments()):
                if _body(client, address) != cached:
                    found.append(f"{name} at {address}")
        return found


def _body(client: FlaskClient, address: str) -> bytes:
    headers = {} if address.startswith(("/measures", "/goals", "/programmes")) else {"HX-Request": "true"}
    answer = FlaskClient.open(client, address, headers=headers)  # without proof-reading
    db.session.rollback()
    db.session.expire_all()
    assert answer.status_code == 200, f"{address}: {answer.status}"
    return TOKENS.sub("", answer.text).encode()


@contextmanager
def without_cache(cache: FragmentCache) -> Iterator[None]:
    """Everything is rendered anew, and the cache stays as it is."""
    size, cache.max_bytes = cache.max_bytes, 0
    try:
        yield
    finally:
        cache.max_bytes = size


@pytest.mark.parametrize("seed", range(1, 9) if long_runs.LONG else [1])
def test_after_random_edits_every_answer_is_what_would_be_rendered_anew(app: Flask, seed: int) -> None:
    readers = Readers(app, factories.partnership(), seed)
    assert list(readers.differences(STEPS)) == []
    counters = fragments().counters
    assert min(counters.hits, counters.misses) > 200, counters


BROKEN_KEYS = {
    "revisions of goals and measures": (document_fragments, "item_revisions", lambda frame: ()),
    "the frame": (document_fragments, "frame_key", lambda v: ()),
    "languages": (document_fragments, "reader_key", lambda v: ()),
    "order and titles": (outline, "ORDER", "another"),
    "comments": (outline, "revisions", lambda topics: dict.fromkeys(topics, 1)),
    "planning states": (outline, "_planning_states", lambda programme: {}),
}  # fmt: skip


@pytest.mark.parametrize("left_out", BROKEN_KEYS if long_runs.LONG else list(BROKEN_KEYS)[:1])
def test_a_key_that_lacks_one_thing_is_noticed(app: Flask, left_out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, without = BROKEN_KEYS[left_out]
    monkeypatch.setattr(module, name, without)
    assert next(Readers(app, factories.partnership(), 1).differences(400), None), f"nobody notices: {left_out}"


def open_thread(readers: Readers, person: Person, side: str) -> None:
    by = member_of(person, readers.team.partnership.id)
    assert by is not None
    written = CommentInput(f"Words of {side}", "en", f"key-{person.id}")
    comments.open_thread(readers.first, written, kind="question", side=side, subject=ThreadSubject(), by=by)


def threads_seen(app: Flask, person: Person, address: str) -> str:
    client = ProofReader(app)
    client.login(person)
    page = client.get(f"{address}?lang=en").text
    assert "Words of" not in page
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    return " ".join(sorted(set(re.findall(r"Comments , [1-9] open", words))))


@pytest.mark.parametrize("first", ["de", "partner"])
def test_what_one_side_discusses_never_reaches_the_other(app: Flask, first: str) -> None:
    team = factories.partnership()
    readers = Readers(app, team, 1)
    open_thread(readers, team.de["editor"], "de")
    open_thread(readers, team.de["reviewer"], "de")
    open_thread(readers, team.partner["editor"], "partner")
    people = {"de": team.de["observer"], "partner": team.partner["observer"], "neutral": team.moderator}
    address = f"/measures/{readers.first.id}"
    seen = {}
    for side in sorted(people, key=lambda side: side != first):
        seen[side] = threads_seen(app, people[side], address)
        assert threads_seen(app, people[side], address) == seen[side], "from the cache"
    assert seen["de"] == "Comments , 2 open"
    assert seen["partner"] == "Comments , 1 open"
    assert seen["neutral"] == ""


def test_the_same_is_noticed_when_the_key_lacks_the_side(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    team = factories.partnership()
    readers = Readers(app, team, 1)
    open_thread(readers, team.partner["editor"], "partner")
    monkeypatch.setattr(outline.Outline, "_key", lambda self: ("outline", self.programme.id, self.programme.revs))
    address = f"/measures/{readers.first.id}"
    assert "1 open" in threads_seen(app, team.partner["observer"], address)
    assert "1 open" in threads_seen(app, team.de["observer"], address), "this test would notice nothing"
