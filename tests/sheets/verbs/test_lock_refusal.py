"""Tests of `sheets.lock_refusal.locked_form`: the response to a form that was refused because of a lock."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.sheets.lock_refusal import locked_form
from klimawerk.sheets.update_lock import ItemLocked
from klimawerk.web.form_refill import TOKEN

CLOSED = ItemLocked("WA-01 is closed for editing. The council: We vote.")
SENT = {"value": ["Two words", "low"], "rev": ["7"], "note": ["a\nb"], TOKEN: ["secret-token"]}


def answer(app: Flask, **options: object) -> tuple[int, str | None, str]:
    with app.test_request_context("/items/1/fields/x?show=fr", **{"method": "POST", "data": SENT, **options}):
        response = locked_form(CLOSED)
        return response.status_code, response.mimetype, response.get_data(as_text=True)


def test_without_a_script_the_form_comes_back_with_all_that_was_sent(app: Flask) -> None:
    status, kind, page = answer(app, headers={"Referer": "http://localhost/measures/3?show=fr"})
    assert (status, kind) == (423, "text/html")
    assert str(CLOSED) in page
    assert 'action="/items/1/fields/x?show=fr"' in page
    assert "This is what you had entered. Nothing of it is stored yet." in page
    for expected in ("\nTwo words</textarea>", "\na\nb</textarea>", 'name="value" value="low"', 'name="rev" value="7"'):
        assert expected in page, expected
    assert 'href="/measures/3"' in page, "back to where it was sent from"
    assert "secret-token" not in page, "the form has a token of its own"


def test_the_address_is_the_very_one_and_back_is_home_where_nobody_knows_better(app: Flask) -> None:
    with app.test_request_context("/items/1/lock", method="POST", data={"reason": "x"}):
        page = locked_form(CLOSED).get_data(as_text=True)
    assert 'action="/items/1/lock"' in page
    assert 'class="button plain" href="/"' in page
    assert "This is what you had entered" not in page, "no words were typed"


def test_what_was_typed_is_shown_and_never_run(app: Flask) -> None:
    page = answer(app, data={"value": "<script>alert(1)</script> x"})[2]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("asked", [{"headers": {"HX-Request": "true"}}, {"method": "GET", "data": None}])
def test_a_script_or_a_reader_gets_the_sentence_alone(app: Flask, asked: dict[str, object]) -> None:
    status, _kind, text = answer(app, **asked)
    assert status == 423
    assert str(CLOSED) in text
    assert "<textarea" not in text
    assert "Two words" not in text
