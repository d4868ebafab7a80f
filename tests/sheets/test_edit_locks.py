"""Edit locks: holders, scopes, several locks at once, and the message that every route gives about them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask

from klimawerk.accounts import service as accounts
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
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


class LockableProgramme:
    """A programme with goals Z1 (WA-01, WA-02) and Z2 (X-01), and two users who may lock."""

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
def setup(app: Flask) -> LockableProgramme:
    return LockableProgramme(factories.partnership("Wiesenbrück", "Abenkrom"))


ALL_ITEMS = {"programme", "Z1", "Z2", "WA-01", "WA-02", "X-01"}
SCOPES: dict[str, tuple[Callable[[LockableProgramme], Item], Callable[[LockableProgramme], int | None], set[str]]] = {
    "programme": (lambda t: t.programme, lambda t: None, ALL_ITEMS),
    "all but one": (lambda t: t.programme, lambda t: t.first.id, ALL_ITEMS - {"WA-01"}),
    "goal": (lambda t: t.goal, lambda t: None, {"Z1", "WA-01", "WA-02"}),
    "measure": (lambda t: t.second, lambda t: None, {"WA-02"}),
}


def test_each_scope_closes_what_it_says_and_opens_it_again(any_database: str, setup: LockableProgramme) -> None:
    for name, (item, excepted, expected) in SCOPES.items():
        lock_service.lock(item(setup), name, setup.holder, except_id=excepted(setup))
        assert setup.closed() == expected, name
        lock_service.end_locks_of(item(setup))
        assert setup.closed() == set(), name


@pytest.mark.parametrize(
    "first", ["all but one", *(pytest.param(name, marks=pytest.mark.slow) for name in SCOPES if name != "all but one")]
)
def test_two_locks_end_each_for_itself_in_any_order(setup: LockableProgramme, first: str) -> None:
    for second in SCOPES:
        for order in (0, 1):
            for holder, name in ((setup.holder, first), (person_holder(setup.coordinator.id), second)):
                lock_service.lock(SCOPES[name][0](setup), name, holder, except_id=SCOPES[name][1](setup))
            assert setup.closed() == SCOPES[first][2] | SCOPES[second][2]
            first_lock, second_lock = db.session.query(EditLock).order_by(EditLock.id).all()
            ending, remaining, expected = (
                (first_lock, second_lock, SCOPES[second][2])
                if order == 0
                else (second_lock, first_lock, SCOPES[first][2])
            )
            lock_service.end_lock(ending.item, ending.id)
            assert setup.closed() == expected
            lock_service.end_lock(remaining.item, remaining.id)
            assert setup.closed() == set()


def test_what_is_new_or_comes_back_is_closed_where_it_stands(setup: LockableProgramme) -> None:
    delete_item(setup.second, by=setup.coordinator.id)
    lock_service.lock(setup.programme, "", setup.holder, except_id=setup.first.id)
    with pytest.raises(ItemLocked):
        restore_item(setup.second, by=setup.coordinator.id)
    with pytest.raises(ItemLocked):
        create_measure(setup.goal, by=None)
    lock_service.end_locks_of(setup.programme)
    lock_service.lock(setup.goal, "", setup.holder)
    late = create_measure(setup.other, by=None)
    assert late.code not in setup.closed()
    db.session.query(Measure).filter_by(id=late.id).update({"goal_id": setup.goal.id})
    db.session.commit()
    db.session.refresh(late)
    assert [lock.item_id for lock in locks_covering(late)] == [setup.goal.id]


def test_the_same_lock_twice_is_one_with_the_last_reason(setup: LockableProgramme) -> None:
    for reason in ("We vote", "We vote again"):
        lock_service.lock(setup.first, reason, setup.holder)
    (lock,) = db.session.query(EditLock).all()
    assert lock.reason == "We vote again"
    lock_service.lock(setup.first, "Minutes", person_holder(setup.coordinator.id))
    assert (
        lock_sentence(setup.first)
        == "WA-01 is closed for editing. Moderator neutral: We vote again. Coordinator partner: Minutes."
    )


def test_only_what_a_lock_changes_is_told_of(setup: LockableProgramme) -> None:
    items = [setup.programme, setup.first, setup.second, setup.third]
    revisions = [revision(item.name) for item in items]
    lock_service.lock(setup.goal, "", setup.holder)
    changed = [revision(item.name) - rev for item, rev in zip(items, revisions, strict=True)]
    assert changed == [1, 1, 1, 0]
    db.session.rollback()
    assert db.session.get_one(Item, setup.first.id).lock_rev == revision(setup.first.name)
    assert db.session.get_one(Item, setup.third.id).lock_rev == 0


def test_the_one_measure_that_stays_open_says_that_all_else_is_closed_and_opens_it(
    setup: LockableProgramme, client: ProofReader
) -> None:
    client.login(setup.coordinator)
    path, message = f"/measures/{setup.first.id}", "Everything else is closed for editing."
    before = revision(setup.first.name)
    lock_service.lock(setup.programme, "We vote on WA-01", setup.holder, except_id=setup.first.id)
    assert revision(setup.first.name) == before + 1  # refreshes its open pages
    page = client.get(path).text
    assert message in page
    assert "Moderator neutral: We vote on WA-01" in page
    assert "text-edit" in page  # not locked itself
    for item in (setup.second, setup.goal, setup.programme):
        assert message not in client.get(f"/{item.kind}s/{item.id}").text
    (lock,) = db.session.query(EditLock).all()
    client.post(f"/items/{setup.third.id}/unlock", data={"lock": str(lock.id + 1)})
    assert setup.closed() == ALL_ITEMS - {"WA-01"}
    client.post(f"/items/{setup.first.id}/unlock", data={"lock": str(lock.id)})
    assert setup.closed() == set()
    assert message not in client.get(path).text


def test_a_lock_whose_holder_goes_stays_and_anybody_who_moderates_ends_it(
    setup: LockableProgramme, client: ProofReader
) -> None:
    holder = setup.team.de["coordinator"]
    factories.member(setup.team.partnership, "de", "coordinator")
    lock_service.lock(setup.goal, "Until the council has met", person_holder(holder.id))
    accounts.change_profile(holder, name="Jana Neu", language="de", timezone="Europe/Berlin")
    assert document_store.find_document(setup.first.name).locked_by == "Jana Neu"
    db.session.query(Membership).filter_by(person_id=holder.id).one().role = "observer"
    db.session.commit()
    client.login(setup.coordinator)
    page = client.get(f"/measures/{setup.first.id}").text
    assert "Jana Neu: Until the council has met" in page
    erasure.erase_person(holder, by=None)
    assert (
        document_store.find_document(setup.first.name).locked,
        document_store.find_document(setup.first.name).locked_by,
    ) == (True, "")
    page = client.get(f"/measures/{setup.first.id}").text
    assert "Former member: Until the council has met" in page
    (lock,) = db.session.query(EditLock).all()
    assert client.post(f"/items/{setup.first.id}/unlock", data={"lock": str(lock.id)}).status_code == 303
    assert setup.closed() == set()


def test_the_form_closes_with_scope_and_reason(setup: LockableProgramme, client: ProofReader) -> None:
    client.login(setup.coordinator)
    cases = [
        (setup.first, "", {"WA-01"}),
        (setup.first, "others", ALL_ITEMS - {"WA-01"}),
        (setup.first, "goal", {"Z1", "WA-01", "WA-02"}),
        (setup.goal, "programme", ALL_ITEMS),
        (setup.programme, f"others:{setup.third.id}", ALL_ITEMS - {"X-01"}),
        (setup.programme, "programme", ALL_ITEMS),
    ]
    for item, scope, expected in cases:
        page = f"/{item.kind}s/{item.id}"
        assert f'<option value="{scope if scope != item.kind else ""}">' in client.get(page).text
        client.post(f"/items/{item.id}/lock", data={"scope": scope, "reason": "As agreed\nby all"})
        assert setup.closed() == expected, scope
        (lock,) = db.session.query(EditLock).all()
        assert (lock.reason, lock.holder, lock.by) == (
            "As agreed by all",
            f"person:{setup.coordinator.id}",
            setup.coordinator.id,
        )
        assert client.get(f"/{lock.item.kind}s/{lock.item_id}").status_code == 200
        lock_service.end_lock(lock.item, lock.id)
    for wrong in ("others:x", "others:999999", f"others:{setup.goal.id}", "else"):
        assert client.post(f"/items/{setup.programme.id}/lock", data={"scope": wrong}).status_code == 400
    unrelated = LockableProgramme(factories.partnership())
    assert (
        client.post(f"/items/{setup.programme.id}/lock", data={"scope": f"others:{unrelated.first.id}"}).status_code
        == 400
    )
    lock_service.lock(unrelated.first, "Theirs", unrelated.holder)
    (unrelated_lock,) = db.session.query(EditLock).all()
    client.post(f"/items/{setup.first.id}/unlock", data={"lock": str(unrelated_lock.id)})
    assert unrelated.closed() == {"WA-01"}  # a lock of another programme cannot be ended here


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30])
def test_a_number_that_no_lock_has_ends_none(setup: LockableProgramme, client: ProofReader, number: str) -> None:
    lock_service.lock(setup.first, "We vote now", setup.holder)
    client.login(setup.coordinator)
    assert client.post(f"/items/{setup.first.id}/unlock", data={"lock": number}).status_code == 400
    assert setup.closed() == {"WA-01"}
    assert client.post(f"/items/{setup.first.id}/unlock", data={"lock": "99999"}).status_code == 303
    assert setup.closed() == {"WA-01"}
    assert client.post(f"/items/{setup.first.id}/unlock").status_code == 303
    assert setup.closed() == set()


@pytest.mark.parametrize("role", ["editor", "coordinator"])
def test_every_door_says_who_has_closed_it_and_why(setup: LockableProgramme, client: ProofReader, role: str) -> None:
    """Moderators, too, have to end the lock first, which all users see."""
    take_version(setup.first.id, "kept")
    row = rows_of(setup.first)["steps"][0].id
    first, goal, programme = setup.first.id, setup.goal.id, setup.programme.id
    requests = {
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
    lock_service.lock(setup.programme, "We vote now", setup.holder)
    client.login(setup.team.partner[role])
    for path, data in requests.items():
        for headers in ({}, {"HX-Request": "true"}):
            refused = client.post(path, data=data, headers=headers)
            assert refused.status_code == 423, path
            assert "closed for editing" in refused.text, path
            assert "Moderator neutral: We vote now" in refused.text, path


def test_readers_of_a_closed_sheet_see_the_same_with_the_notice(setup: LockableProgramme, client: ProofReader) -> None:
    lock_service.lock(setup.first, "We vote now", setup.holder)
    for role in ("reviewer", "observer", "editor"):
        client.login(setup.team.partner[role])
        page = client.get(f"/measures/{setup.first.id}").text
        assert "Moderator neutral: We vote now" in page
        assert "text-edit" not in page
        assert "/unlock" not in page


def test_without_a_script_what_was_typed_comes_back_in_the_form(setup: LockableProgramme, client: ProofReader) -> None:
    client.login(setup.team.partner["editor"])
    lock_service.lock(setup.goal, "We vote now", setup.holder)
    row = rows_of(setup.first)["steps"][0].id
    typed = {
        f"/items/{setup.first.id}/fields/period_start": ("2027-05", 'value="2027-05"'),
        f"/items/{setup.first.id}/fields/priority": ("low", '<option value="low" selected>'),
        f"/rows/{row}/cells/text.en": ("Weigh the waste", "Weigh the waste"),
    }
    for path, (value, expected) in typed.items():
        page = client.post(path, data={"value": value, "rev": "0"})
        assert page.status_code == 423
        assert "Moderator neutral: We vote now" in page.text
        assert f'action="{path}"' in page.text
        assert expected in page.text, path
    data = {
        "table": "Step\nWeigh it before burning",
        "step": "take",
        "column": ["text"],
        "language": "en",
        "heading": "yes",
    }
    path = f"/items/{setup.first.id}/paste/steps"
    page = client.post(path, data=data)
    form_values = _form_values(page.text, path)
    assert form_values | {"column": ["text"]} == data
    lock_service.end_locks_of(setup.goal)
    assert client.post(path, data=form_values).status_code in (200, 303)
    assert any(row.cells.get("text.en") == "Weigh it before burning" for row in rows_of(setup.first)["steps"])


def _form_values(page: str, action: str) -> dict[str, str]:
    """The values that the form with the action `action` on the page would submit."""
    form = next(form for form in FormParser(page).forms if form.tag.get("action") == action)
    controls = [control for control in form.controls if control.name != TOKEN]
    return {c.name: c.tag.get("value") or unescape(page[slice(*c.inner)]).strip("\n") for c in controls}


def test_what_is_closed_cannot_be_moved_in_the_list_and_what_is_open_can(
    setup: LockableProgramme, client: ProofReader
) -> None:
    client.login(setup.team.partner["editor"])
    page = f"/programmes/{setup.programme.id}/order"
    forms = [f'action="/measures/{measure.id}/move"' for measure in (setup.first, setup.second)]
    assert all(form in client.get(page).text for form in forms)
    rev = client.fragment(page).headers["X-Rev"]
    lock_service.lock(setup.programme, "We vote now", setup.holder, except_id=setup.second.id)
    fragment = client.fragment(f"{page}?since={rev}").text
    assert [form in fragment for form in forms] == [False, True]
    assert f'data-move="/measures/{setup.first.id}/move"' not in fragment
    lock_service.end_locks_of(setup.programme)
    assert all(form in client.get(page).text for form in forms)


def test_a_proposal_can_be_accepted_again_once_it_is_open(setup: LockableProgramme, client: ProofReader) -> None:
    """Threads that show the button are refreshed, others are not."""
    client.login(setup.team.partner["editor"])
    data = {
        "words": "It is urgent",
        "language": "en",
        "kind": "proposal",
        "about": "priority",
        "key": str(uuid.uuid4()),
    }
    client.post(f"/items/{setup.first.id}/comments", data=data)
    rev = int(client.fragment(f"/items/{setup.first.id}/comments/changes?since=0").headers["X-Rev"])
    lock_service.lock(setup.first, "", setup.holder)
    lock_service.end_locks_of(setup.first)
    assert client.fragment(f"/items/{setup.first.id}/comments/changes?since={rev}").text == ""
    assert client.post("/threads/1/proposal", data={"value": "medium", "rev": "0"}).status_code == 303
    for change_lock, expected in ((lock_service.lock, False), (lock_service.end_locks_of, True)):
        rev = int(client.fragment(f"/items/{setup.first.id}/comments/changes?since=0").headers["X-Rev"])
        change_lock(setup.first, *(("", setup.holder) if change_lock is lock_service.lock else ()))
        fragments = client.fragment(f"/items/{setup.first.id}/comments/changes?since={rev}").text
        assert ("/accept" in fragments, "thread-1" in fragments) == (expected, True)


def test_a_new_goal_is_told_to_pages_that_show_the_list(setup: LockableProgramme, client: ProofReader) -> None:
    client.login(setup.team.partner["editor"])
    page = f"/programmes/{setup.programme.id}/order"
    rev = client.fragment(page).headers["X-Rev"]
    goal = create_goal(setup.programme, by=None)
    assert f'id="item-{goal.id}"' in client.fragment(f"{page}?since={rev}").text
