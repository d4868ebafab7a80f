"""Proposals: users without the right to edit propose a value; an editor accepts it with one click, in their name."""

from __future__ import annotations

import re

from klimawerk.extensions import db
from klimawerk.sheets.items import lock_item
from klimawerk.sheets.models import FieldChange
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.versions.service import latest_version
from tests.comments.conftest import Table, Voice, said


def rev_of(voice: Voice) -> str:
    """The field's revision in the form that accepts the proposal."""
    match = re.search(r'accept" method="post".*?name="rev" value="(\d+)"', voice.page(), re.DOTALL)
    assert match is not None
    return match[1]


def test_a_reviewer_proposes_an_amount_and_an_editor_accepts_it(any_database: str, table: Table) -> None:
    reviewer, editor = table.voice("reviewer", "partner"), table.voice()
    row = rows_of(table.measure)["costs"][0]
    reviewer.begin("Prices have gone up.", kind="proposal", about=f"row:{row.id}:amount")
    proposed = reviewer.do("/threads/1/proposal", value="75000.00", currency="EUR", rev="0")
    assert proposed.status_code == 303
    page = reviewer.page()
    assert "Reviewer partner proposes: EUR 62,000 → EUR 75,000" in said(page).replace("\xa0", " ")
    assert "/accept" not in page  # who cannot edit cannot accept
    assert reviewer.do("/threads/1/accept", rev="0").status_code == 403

    assert editor.do("/threads/1/accept", rev=rev_of(editor)).status_code == 303
    db.session.refresh(row)
    assert row.cells["amount"] == {"amount": "75000.00", "currency": "EUR"}
    change = db.session.scalars(db.select(FieldChange)).one()
    assert change.by == table.person("reviewer", "partner").id
    version = latest_version(table.measure.id)
    assert version is not None
    assert version.kept
    assert table.threads[0].resolved_by == table.person().id
    resolved = said(reviewer.page("?state=resolved")).replace("\xa0", " ")
    assert "EUR 62,000 → EUR 75,000" in resolved
    assert "Outcome: accepted" in resolved
    assert editor.do("/threads/1/accept", rev="0").status_code == 409  # a second click changes nothing
    assert db.session.scalar(db.select(db.func.count()).select_from(FieldChange)) == 1


def test_what_changed_meanwhile_is_not_overwritten(table: Table) -> None:
    editor = table.voice("editor", "partner")
    editor.begin("It is urgent", kind="proposal", about="priority")
    editor.do("/threads/1/proposal", value="medium", rev="0")
    seen = rev_of(editor)
    set_value(FieldRef(table.measure, "priority"), "low", based_on=table.measure.revs["priority"], by=table.person().id)
    assert editor.do("/threads/1/accept", rev=seen).status_code == 409
    db.session.refresh(table.measure)
    assert table.measure.values["priority"] == "low"
    assert latest_version(table.measure.id) is None
    assert table.threads[0].is_open
    assert editor.do("/threads/1/accept", rev=rev_of(editor)).status_code == 303
    db.session.refresh(table.measure)
    assert table.measure.values["priority"] == "medium"


def test_what_is_closed_for_editing_is_not_changed_by_a_proposal(table: Table) -> None:
    editor = table.voice("editor", "partner")
    editor.begin("It is urgent", kind="proposal", about="priority")
    editor.do("/threads/1/proposal", value="medium", rev="0")
    seen = rev_of(editor)
    lock_item(table.measure, "We vote.", by="Moderator")
    assert editor.do("/threads/1/accept", rev=seen).status_code == 423
    assert "/accept" not in editor.page()


def test_only_what_the_field_can_hold_is_proposed(table: Table) -> None:
    editor = table.voice("editor", "partner")
    editor.begin("Hm", kind="proposal", about="priority")
    refused = editor.do("/threads/1/proposal", value="very", rev="0")
    assert refused.status_code == 422
    assert "Please choose one of the list." in said(refused.get_data(as_text=True))
    editor.begin("Better words", kind="proposal", about="description.en")
    assert editor.do("/threads/2/proposal", value="x", rev="0").status_code == 404
    editor.begin("No proposal", kind="concern", about="priority")
    assert editor.do("/threads/3/proposal", value="low", rev="0").status_code == 404
    assert all(not thread.proposed for thread in table.threads)


def test_filters_find_what_is_asked_for(table: Table) -> None:
    ours, theirs = table.voice(), table.voice("editor", "partner")
    theirs.begin("One", kind="task")
    theirs.do("/threads/1/assign", assignee=table.person().id)
    theirs.begin("Two", kind="concern", about="priority")
    ours.begin("Three", kind="concern")
    ours.do("/threads/3/resolve")

    def found(query: str) -> set[str]:
        return set(re.findall(r"<p>(One|Two|Three)</p>", ours.page(query)))

    assert found("") == {"One", "Two"}
    assert found("?state=all") == {"One", "Two", "Three"}
    assert found("?state=resolved") == {"Three"}
    assert found("?state=all&kind=concern") == {"Two", "Three"}
    assert found("?state=all&side=de") == {"Three"}
    assert found(f"?state=all&person={table.person('editor', 'partner').id}") == {"One", "Two"}
    assert found("?state=all&mine=yes") == {"One", "Three"}
    assert found("?about=priority") == {"Two"}
    assert found("?kind=nonsense&person=x&before=-1&loaded=99999999999") == {"One", "Two"}
