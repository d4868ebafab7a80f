"""Whatever is cut to a length loses whole letters, never a part of one; and names and codes are told apart by eye."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.accounts.service import InvalidInput, clean_name
from klimawerk.digests.rendering import _subject
from klimawerk.exchange.import_problems import FilePosition
from klimawerk.news.view import excerpt
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.item_codes import is_free
from klimawerk.versions import service as versions
from klimawerk.web.linkify import shorten_text as shortened_words
from tests import factories
from tests.versions.conftest import VersionedMeasure, desk

__all__ = ["desk"]
LETTERS = pytest.mark.parametrize("letter", ["q\u0308", "👩\u200d💻", "🇩🇪", "क्षि"])


def whole(cut: str, letter: str) -> bool:
    """Whether nothing but whole letters is left before the sign that something went."""
    return cut.rstrip("… ").replace(letter, "") in ("", "a")


@LETTERS
@pytest.mark.parametrize("before", ["", "a"])
def test_no_text_that_is_shortened_for_a_page_or_a_mail_ends_in_half_a_letter(
    app: Flask, letter: str, before: str
) -> None:
    words = before + letter * 200
    with app.test_request_context():
        subject = _subject(0, [words]).rpartition(" ")[2]
    for cut in (excerpt(words), shortened_words(words, 99), str(FilePosition().at(words)), subject):
        assert len(cut) < len(words)
        assert whole(cut, letter), cut


@LETTERS
@pytest.mark.parametrize("before", ["", "a"])
def test_neither_does_one_that_is_kept(desk: VersionedMeasure, letter: str, before: str) -> None:
    words = before + letter * 200
    kept = versions.keep_version(desk.measure.id, by=desk.member(), label=words, remark=words + letter * 2_000)[0]
    assert 110 < len(kept.label) <= 120
    assert whole(kept.label, letter)
    assert whole(kept.note, letter)
    assert whole(clean_name(words), letter)


def test_a_name_keeps_the_joiners_that_are_seen_and_no_others() -> None:
    assert clean_name("علی\u200cرضا") == "علی\u200cرضا"
    assert clean_name("Zoe\u0308 \u200dAma\u200d\u00ad") == "Zoë Ama"
    with pytest.raises(InvalidInput):
        clean_name("\u200d \u00ad\u2060")


def test_two_codes_that_look_the_same_are_one(desk: VersionedMeasure) -> None:
    code = desk.measure.code
    assert is_free(desk.measure, code + "\u200b"), "its own code does not count"
    other = factories.measure(programme_of(desk.measure), "WA-02")
    assert not is_free(other, code + "\u200b")
    assert not is_free(other, code.replace("-", "\u2011"))
    assert is_free(other, code + "x")
