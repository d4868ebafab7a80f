"""Locks: who holds them, what they cover, several at once, and what is said of them at every door."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask

from klimawerk.accounts import service as accounts
from klimawerk.collab import document_store
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.overview.recycle_bin import delete_item, restore_item
from klimawerk.partnerships.models import Membership
from klimawerk.privacy import erasure
from klimawerk.sheets import lock_service
from klimawerk.sheets.edit_locks import lock_sentence, locks_covering
from klimawerk.sheets.lock_service import LockHolder, person_holder
from klimawerk.sheets.models import EditLock, Item
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.update_lock import ItemLocked
from klimawerk.versions.service import take_version
from klimawerk.web.form_refill import TOKEN, FormParser
from tests import factories
from tests.client import ProofReader
from tests.factories import Team


class Town:
    """A programme with goals Z1 (WA-01, WA-02) and Z2 (X-01)."""

    def __init__(self, team: Team) -> None:
        self.team, self.programme = team, factories.programme(team)
        self.first, self.second = (factories.measure(self.programme, code) for code in ("WA-01", "WA-02"))
        self.goal = db.session.get_one(Goal, self.first.goal_id)
        self.other = create_goal(self.programme, texts={"title.en": from_plain_text("Second")}, by=None)
        self.third = create_measure(self.other, code="X-01", by=None)
        self.chair, self.coordinator = team.moderator, team.partner["coordinator"]
        assert self.chair

    @property
    def holder(self) -> LockHolder:
        return person_holder(self.chair.id) if self.chair else LockHolder()

    def closed(self) -> set[str]:
        db.session.rollback()
        items = db.session.query(Item).filter_by(frame_id=self.programme.frame_id).all()
        return {item.code or "programme" for item in items if document_store.is_locked(item.name)}


@pytest.fixture
def town(app: Flask) -> Town:
    return Town(factories.partnership("Wiesenbrück", "Abenkrom"))


EVERYTHING = {"programme", "Z1", "Z2", "WA-01", "WA-02", "X-01"}
SCOPES: dict[str, tuple[Callable[[Town], Item], Callable[[Town], int | None], set[str]]] = {
    "programme": (lambda t: t.programme, lambda t: None, EVERYTHING),
    "all but one": (lambda t: t.programme, lambda t: t.first.id, EVERYTHING - {"WA-01"}),
    "goal": (lambda t: t.goal, lambda t: None, {"Z1", "WA-01", "WA-02"}),
    "measure": (lambda t: t.second, lambda t: None, {"WA-02"}),
}


def test_each_scope_closes_what_it_says_and_opens_it_again(any_database: str, town: Town) -> None:
    for name, (item, spared, expected) in SCOPES.items():
        lock_service.lock(item(town), name, town.holder, except_id=spared(town))
        assert town.closed() == expected, name
        lock_service.end_locks_of(item(town))
        assert town.closed() == set(), name


@pytest.mark.parametrize(
    "first", ["all but one", *(pytest.param(name, marks=pytest.mark.slow) for name in SCOPES if name != "all but one")]
)
def test_two_locks_end_each_for_itself_in_any_order(town: Town, first: str) -> None:
    for second in SCOPES:
        for order in (0, 1):
            for holder, name in ((town.holder, first), (person_holder(town.coordinator.id), second)):
                lock_service.lock(SCOPES[name][0](town), name, holder, except_id=SCOPES[name][1](town))
            assert town.closed() == SCOPES[first][2] | SCOPES[second][2]
            one, other = db.session.query(EditLock).order_by(EditLock.id).all()
            ending, left, expected = (one, other, SCOPES[second][2]) if order == 0 else (other, one, SCOPES[first][2])
            lock_service.end_lock(ending.item, ending.id)
            assert town.closed() == expected
            lock_service.end_lock(left.item, left.id)
            assert town.closed() == set()


def test_what_is_new_or_comes_back_is_closed_where_it_stands(town: Town) -> None:
    delete_item(town.second, by=town.coordinator.id)
    lock_service.lock(town.programme, "", town.holder, except_id=town.first.id)
    with pytest.raises(ItemLocked):
        restore_item(town.second, by=town.coordinator.id)
    with pytest.raises(ItemLocked):
        create_measure(town.goal, by=None)
    lock_service.end_locks_of(town.programme)
    lock_service.lock(town.goal, "", town.holder)
    late = create_measure(town.other, by=None)
    assert late.code not in town.closed()
    db.session.query(Measure).filter_by(id=late.id).update({"goal_id": town.goal.id})
    db.session.commit()
    db.session.refresh(late)
    assert [lock.item_id for lock in locks_covering(late)] == [town.goal.id]


def test_the_same_lock_twice_is_one_with_the_last_reason(town: Town) -> None:
    for reason in ("We vote", "We vote again"):
        lock_service.lock(town.first, reason, town.holder)
    (lock,) = db.session.query(EditLock).all()
    assert lock.reason == "We vote again"
    lock_service.lock(town.first, "Minutes", person_holder(town.coordinator.id))
    assert (
        lock_sentence(town.first)
        == "WA-01 is closed for editing. Moderator neutral: We vote again. Coordinator partner: Minutes."
    )


def test_only_what_a_lock_changes_is_told_of(town: Town) -> None:
    items = [town.programme, town.first, town.second, town.third]
    before = [revision(item.name) for item in items]
    lock_service.lock(town.goal, "", town.holder)
    changed = [revision(item.name) - rev for item, rev in zip(items, before, strict=True)]
    assert changed == [1, 1, 1, 0]
    db.session.rollback()
    assert db.session.get_one(Item, town.first.id).lock_rev == revision(town.first.name)
    assert db.session.get_one(Item, town.third.id).lock_rev == 0


def test_the_one_measure_that_stays_open_says_that_all_else_is_closed_and_opens_it(
    town: Town, client: ProofReader
) -> None:
    client.login(town.coordinator)
    path, told = f"/measures/{town.first.id}", "Everything else is closed for editing."
    before = revision(town.first.name)
    lock_service.lock(town.programme, "We vote on WA-01", town.holder, except_id=town.first.id)
    assert revision(town.first.name) == before + 1  # its open pages follow
    page = client.get(path).text
    assert told in page
    assert "Moderator neutral: We vote on WA-01" in page
    assert "text-edit" in page  # and it stays open itself
    for item in (town.second, town.goal, town.programme):
        assert told not in client.get(f"/{item.kind}s/{item.id}").text
    (lock,) = db.session.query(EditLock).all()
    client.post(f"/items/{town.third.id}/unlock", data={"lock": str(lock.id + 1)})
    assert town.closed() == EVERYTHING - {"WA-01"}
    client.post(f"/items/{town.first.id}/unlock", data={"lock": str(lock.id)})
    assert town.closed() == set()
    assert told not in client.get(path).text


def test_a_lock_whose_holder_goes_stays_and_anybody_who_moderates_ends_it(town: Town, client: ProofReader) -> None:
    holder = town.team.de["coordinator"]
    factories.member(town.team.partnership, "de", "coordinator")
    lock_service.lock(town.goal, "Until the council has met", person_holder(holder.id))
    accounts.change_profile(holder, name="Jana Neu", language="de", timezone="Europe/Berlin")
    assert document_store.find_document(town.first.name).locked_by == "Jana Neu"
    db.session.query(Membership).filter_by(person_id=holder.id).one().role = "observer"
    db.session.commit()
    client.login(town.coordinator)
    page = client.get(f"/measures/{town.first.id}").text
    assert "Jana Neu: Until the council has met" in page
    erasure.erase_person(holder, by=None)
    assert (
        document_store.find_document(town.first.name).locked,
        document_store.find_document(town.first.name).locked_by,
    ) == (True, "")
    page = client.get(f"/measures/{town.first.id}").text
    assert "Former member: Until the council has met" in page
    (lock,) = db.session.query(EditLock).all()
    assert client.post(f"/items/{town.first.id}/unlock", data={"lock": str(lock.id)}).status_code == 303
    assert town.closed() == set()


def test_the_form_closes_with_scope_and_reason(town: Town, client: ProofReader) -> None:
    client.login(town.coordinator)
    cases = [
        (town.first, "", {"WA-01"}),
        (town.first, "others", EVERYTHING - {"WA-01"}),
        (town.first, "goal", {"Z1", "WA-01", "WA-02"}),
        (town.goal, "programme", EVERYTHING),
        (town.programme, f"others:{town.third.id}", EVERYTHING - {"X-01"}),
        (town.programme, "programme", EVERYTHING),
    ]
    for item, scope, expected in cases:
        page = f"/{item.kind}s/{item.id}"
        assert f'<option value="{scope if scope != item.kind else ""}">' in client.get(page).text
        client.post(f"/items/{item.id}/lock", data={"scope": scope, "reason": "As agreed\nby all"})
        assert town.closed() == expected, scope
        (lock,) = db.session.query(EditLock).all()
        assert (lock.reason, lock.holder, lock.by) == (
            "As agreed by all",
            f"person:{town.coordinator.id}",
            town.coordinator.id,
        )
        assert client.get(f"/{lock.item.kind}s/{lock.item_id}").status_code == 200
        lock_service.end_lock(lock.item, lock.id)
    for wrong in ("others:x", "others:999999", f"others:{town.goal.id}", "else"):
        assert client.post(f"/items/{town.programme.id}/lock", data={"scope": wrong}).status_code == 400
    stranger = Town(factories.partnership())
    assert (
        client.post(f"/items/{town.programme.id}/lock", data={"scope": f"others:{stranger.first.id}"}).status_code
        == 400
    )
    lock_service.lock(stranger.first, "Theirs", stranger.holder)
    (theirs,) = db.session.query(EditLock).all()
    client.post(f"/items/{town.first.id}/unlock", data={"lock": str(theirs.id)})
    assert stranger.closed() == {"WA-01"}  # of another programme: it is not theirs to end


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30])
def test_a_number_that_no_lock_has_ends_none(town: Town, client: ProofReader, number: str) -> None:
    lock_service.lock(town.first, "We vote now", town.holder)
    client.login(town.coordinator)
    assert client.post(f"/items/{town.first.id}/unlock", data={"lock": number}).status_code == 400
    assert town.closed() == {"WA-01"}
    assert client.post(f"/items/{town.first.id}/unlock", data={"lock": "99999"}).status_code == 303
    assert town.closed() == {"WA-01"}
    assert client.post(f"/items/{town.first.id}/unlock").status_code == 303
    assert town.closed() == set()


@pytest.mark.parametrize("role", ["editor", "coordinator"])
def test_every_door_says_who_has_closed_it_and_why(town: Town, client: ProofReader, role: str) -> None:
    """People who moderate open it first, too: nobody writes past a lock without the others seeing it."""
    take_version(town.first.id, "kept")
    row = rows_of(town.first)["steps"][0].id
    first, goal, programme = town.first.id, town.goal.id, town.programme.id
    doors = {
        f"/items/{first}/fields/priority": {"value": "low", "rev": "0"},
        f"/rows/{row}/cells/due": {"value": "2028-01", "rev": "0"},
        f"/items/{first}/rows/steps": {"id": str(uuid.uuid4())},
        f"/rows/{row}/move": {"step": "up"},
        f"/rows/{row}/delete": {},
        f"/items/{first}/writing": {"language": "de"},
        f"/items/{first}/versions/1/restore": {"part": "all"},
        f"/items/{first}/delete": {},
        f"/items/{goal}/delete": {},
        f"/measures/{first}/move": {"step": "down"},
        f"/goals/{goal}/move": {"step": "down"},
        f"/goals/{goal}/measures": {},
        f"/programmes/{programme}/goals": {},
        f"/programmes/{programme}/paste": {
            "table": "Title\nNew",
            "step": "take",
            "column": ["title"],
            "heading": "yes",
        },
        f"/items/{first}/paste/steps": {"table": "Step\nNew", "step": "take", "column": ["text"], "heading": "yes"},
    }
    lock_service.lock(town.programme, "We vote now", town.holder)
    client.login(town.team.partner[role])
    for path, data in doors.items():
        for headers in ({}, {"HX-Request": "true"}):
            refused = client.post(path, data=data, headers=headers)
            assert refused.status_code == 423, path
            assert "closed for editing" in refused.text, path
            assert "Moderator neutral: We vote now" in refused.text, path


def test_readers_of_a_closed_sheet_see_the_same_with_the_notice(town: Town, client: ProofReader) -> None:
    lock_service.lock(town.first, "We vote now", town.holder)
    for role in ("reviewer", "observer", "editor"):
        client.login(town.team.partner[role])
        page = client.get(f"/measures/{town.first.id}").text
        assert "Moderator neutral: We vote now" in page
        assert "text-edit" not in page
        assert "/unlock" not in page


def test_without_a_script_what_was_typed_comes_back_in_the_form(town: Town, client: ProofReader) -> None:
    client.login(town.team.partner["editor"])
    lock_service.lock(town.goal, "We vote now", town.holder)
    row = rows_of(town.first)["steps"][0].id
    typed = {
        f"/items/{town.first.id}/fields/period_start": ("2027-05", 'value="2027-05"'),
        f"/items/{town.first.id}/fields/priority": ("low", '<option value="low" selected>'),
        f"/rows/{row}/cells/text.en": ("Weigh the waste", "Weigh the waste"),
    }
    for path, (value, shown) in typed.items():
        page = client.post(path, data={"value": value, "rev": "0"})
        assert page.status_code == 423
        assert "Moderator neutral: We vote now" in page.text
        assert f'action="{path}"' in page.text
        assert shown in page.text, path
    table = {
        "table": "Step\nWeigh it before burning",
        "step": "take",
        "column": ["text"],
        "language": "en",
        "heading": "yes",
    }
    path = f"/items/{town.first.id}/paste/steps"
    page = client.post(path, data=table)
    again = _as_sent(page.text, path)
    assert again | {"column": ["text"]} == table
    lock_service.end_locks_of(town.goal)
    assert client.post(path, data=again).status_code in (200, 303)
    assert any(row.cells.get("text.en") == "Weigh it before burning" for row in rows_of(town.first)["steps"])


def _as_sent(page: str, action: str) -> dict[str, str]:
    """What the form of the page that posts to `action` sends."""
    form = next(one for one in FormParser(page).forms if one.tag.get("action") == action)
    controls = [one for one in form.controls if one.name != TOKEN]
    return {one.name: one.tag.get("value") or unescape(page[slice(*one.inner)]).strip("\n") for one in controls}


def test_what_is_closed_cannot_be_moved_in_the_list_and_what_is_open_can(town: Town, client: ProofReader) -> None:
    client.login(town.team.partner["editor"])
    page = f"/programmes/{town.programme.id}/order"
    moving = [f'action="/measures/{one.id}/move"' for one in (town.first, town.second)]
    assert all(one in client.get(page).text for one in moving)
    rev = client.fragment(page).headers["X-Rev"]
    lock_service.lock(town.programme, "We vote now", town.holder, except_id=town.second.id)
    shown = client.fragment(f"{page}?since={rev}").text
    assert [one in shown for one in moving] == [False, True]
    assert f'data-move="/measures/{town.first.id}/move"' not in shown
    lock_service.end_locks_of(town.programme)
    assert all(one in client.get(page).text for one in moving)


def test_a_proposal_can_be_accepted_again_once_it_is_open(town: Town, client: ProofReader) -> None:
    """Threads that show the button are told of it; others are not."""
    client.login(town.team.partner["editor"])
    begin = {
        "words": "It is urgent",
        "language": "en",
        "kind": "proposal",
        "about": "priority",
        "key": str(uuid.uuid4()),
    }
    client.post(f"/items/{town.first.id}/comments", data=begin)
    rev = int(client.fragment(f"/items/{town.first.id}/comments/changes?since=0").headers["X-Rev"])
    lock_service.lock(town.first, "", town.holder)
    lock_service.end_locks_of(town.first)
    assert client.fragment(f"/items/{town.first.id}/comments/changes?since={rev}").text == ""
    assert client.post("/threads/1/proposal", data={"value": "medium", "rev": "0"}).status_code == 303
    for close, shown in ((lock_service.lock, False), (lock_service.end_locks_of, True)):
        rev = int(client.fragment(f"/items/{town.first.id}/comments/changes?since=0").headers["X-Rev"])
        close(town.first, *(("", town.holder) if close is lock_service.lock else ()))
        news = client.fragment(f"/items/{town.first.id}/comments/changes?since={rev}").text
        assert ("/accept" in news, "thread-1" in news) == (shown, True)


def test_a_new_goal_is_told_to_pages_that_show_the_list(town: Town, client: ProofReader) -> None:
    client.login(town.team.partner["editor"])
    page = f"/programmes/{town.programme.id}/order"
    rev = client.fragment(page).headers["X-Rev"]
    goal = create_goal(town.programme, by=None)
    assert f'id="item-{goal.id}"' in client.fragment(f"{page}?since={rev}").text
