"""Every topic that the code announces, or a page watches, has an access rule: else no page would get its changes."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from klimawerk.comments.topics import ALL_SIDES
from klimawerk.config import ROOT
from klimawerk.editions import service as editions
from klimawerk.extensions import db
from klimawerk.live import events, topic_access
from klimawerk.live.database_health import PROBE_TOPIC
from klimawerk.live.models import Topic
from klimawerk.partnerships.access import member_of
from klimawerk.sheets.item_kinds import item_kinds
from tests import factories
from tests.client import ProofReader

UNWATCHED_KINDS = {events.person_topic(1).partition(":")[0], PROBE_TOPIC}
OTHER_PREFIXES = {"topic", "doc", "mailto", "undo", "comment", "event", "changed", "row"}  # other prefixes with a colon


def kinds_in_the_code() -> set[str]:
    """Every word before a colon in an f-string of the server, or in a topic that a template watches."""
    names = set()
    for file in sorted((ROOT / "klimawerk").rglob("*.py")):
        names |= set(re.findall(r'f"([a-z-]+(?:\{\w+\})?):\{', file.read_text()))
    for file in sorted((ROOT / "templates").rglob("*.html")):
        names |= set(re.findall(r'data-topic="([a-z-]+):', file.read_text()))
    sides = {name.replace("{side}", side) for name in names for side in ALL_SIDES if "{side}" in name}
    plain = {name for name in names if "{" not in name}
    return (sides | plain | set(item_kinds)) - OTHER_PREFIXES - UNWATCHED_KINDS


def test_every_kind_of_topic_in_the_code_is_answered_by_somebody(app: Flask) -> None:
    kinds = kinds_in_the_code()
    assert {"editions", "versions", "partnership", "talks-de", "comments-partner", "measure"} <= kinds
    assert kinds - topic_access.rules.keys() == set()


def test_every_topic_that_was_announced_is_answered_by_somebody(app: Flask) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    member = member_of(team.de["coordinator"], team.partnership.id)
    assert member
    editions.create_edition(programme, by=member, name="First", purpose="working")
    announced = {name.partition(":")[0] for name in db.session.scalars(db.select(Topic.name))}
    assert "editions" in announced
    assert announced - UNWATCHED_KINDS - topic_access.rules.keys() == set()


@pytest.mark.parametrize("kind", ["programme", "versions", "editions"])
def test_readers_watch_and_strangers_do_not(app: Flask, kind: str) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    assert topic_access.may_watch(team.partner["observer"].id, f"{kind}:{programme.id}")
    assert not topic_access.may_watch(factories.person().id, f"{kind}:{programme.id}")
    assert not topic_access.may_watch(team.de["editor"].id, f"{kind}:99999")


def test_an_open_list_of_fixed_copies_gets_the_new_one(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.partner["observer"])
    page = client.get(f"/programmes/{programme.id}/editions").text
    watched = re.search(rf'data-topic="(editions:{programme.id})" data-rev="(\d+)" data-changes="([^"]+)"', page)
    assert watched
    member = member_of(team.de["coordinator"], team.partnership.id)
    assert member
    editions.create_edition(programme, by=member, name="After the mission", purpose="mission")
    answer = client.get(watched[3], headers={"HX-Request": "true"})
    assert int(answer.headers["X-Rev"]) > int(watched[2])
    assert "After the mission" in answer.text
    client.login(factories.person())
    assert client.get(watched[3], headers={"HX-Request": "true"}).status_code == 404
