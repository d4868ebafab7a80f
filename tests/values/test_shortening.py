"""Truncated texts end with a whole character; names and codes are compared by how they look."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.accounts.service import InvalidInput, clean_name
from klimawerk.digests.rendering import _subject
from klimawerk.exchange.import_problems import FilePosition
from klimawerk.news.excerpts import excerpt
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.item_codes import is_free
from klimawerk.versions import service as versions
from klimawerk.web.linkify import shorten_text as shortened_words
from tests import factories
from tests.versions.conftest import VersionedMeasure, desk

__all__ = ["desk"]
LETTERS = pytest.mark.parametrize("letter", ["q\u0308", "👩\u200d💻", "🇩🇪", "क्षि"])


def whole(shortened: str, letter: str) -> bool:
    """Whether only whole characters are left before the ellipsis."""
    return shortened.rstrip("… ").replace(letter, "") in ("", "a")


@LETTERS
@pytest.mark.parametrize("before", ["", "a"])
def test_no_text_that_is_shortened_for_a_page_or_a_mail_ends_in_half_a_letter(
    app: Flask, letter: str, before: str
) -> None:
    long_text = before + letter * 200
    with app.test_request_context():
        subject = _subject(0, [long_text]).rpartition(" ")[2]
    for shortened in (excerpt(long_text), shortened_words(long_text, 99), str(FilePosition().at(long_text)), subject):
        assert len(shortened) < len(long_text)
        assert whole(shortened, letter), shortened


@LETTERS
@pytest.mark.parametrize("before", ["", "a"])
def test_neither_does_one_that_is_kept(desk: VersionedMeasure, letter: str, before: str) -> None:
    long_text = before + letter * 200
    version = versions.keep_version(
        desk.measure.id, by=desk.member(), label=long_text, remark=long_text + letter * 2_000
    )[0]
    assert 110 < len(version.label) <= 120
    assert whole(version.label, letter)
    assert whole(version.note, letter)
    assert whole(clean_name(long_text), letter)


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
