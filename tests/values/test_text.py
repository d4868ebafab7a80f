"""What counts as text, and what becomes of the rest."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klimawerk import text

ANY = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates, too
NO_TEXT = ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9f", "\ud800", "\udfff", "\ufdd0", "\ufffe", "\U0001ffff"]


@pytest.mark.parametrize("letter", NO_TEXT)
def test_what_stands_for_no_letter_is_no_text(letter: str) -> None:
    assert not text.is_text(f"a{letter}b")
    assert text.is_text(text.clean(f"a{letter}b"))
    assert text.is_text(text.harmless(f"a{letter}b"))


@pytest.mark.parametrize(
    "words", ["Grüne Tonnen 😀", "a\tb\nc", "नमस्ते", "\u200fעברית", "e\u0301", "a\u00a0b", "\ufffd"]
)
def test_letters_of_all_languages_are_text(words: str) -> None:
    assert text.is_text(words)
    assert text.clean(words) == words == text.harmless(words)


def test_line_breaks_of_all_kinds_are_line_breaks() -> None:
    assert text.clean("a\r\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h") == "\n".join("abcdefgh")
    assert text.line(" Ama\r\nBcc: x\x0b\u2028y\x00 ") == "Ama Bcc: x y"


@given(ANY)
@example("\x00\ud83d\x85\r\n\U0010ffff")
def test_what_was_cleaned_can_be_stored_and_is_clean(typed: str) -> None:
    for cleaned in (text.clean(typed), text.line(typed), text.harmless(typed)):
        assert text.is_text(cleaned)
        assert cleaned.encode().decode() == cleaned
    assert text.clean(text.clean(typed)) == text.clean(typed)
    assert len(text.line(typed).splitlines()) <= 1
    assert "\r" not in text.clean(typed)


@given(ANY)
def test_positions_in_what_is_here_already_still_hold(stored: str) -> None:
    """A library counts bytes of UTF-8, browsers units of UTF-16; halves of pairs cannot be in a document."""
    whole = "".join(letter for letter in stored if not "\ud800" <= letter <= "\udfff")
    assert len(text.harmless(whole).encode()) == len(whole.encode())
    assert len(text.harmless(whole).encode("utf-16")) == len(whole.encode("utf-16"))


def test_json_is_looked_through_to_its_keys() -> None:
    assert text.is_all_text({"a": ["b", {"c": "d"}, 7, None]})
    for bad in ({"a\x00": 1}, ["a", ["b\ud800"]], {"a": {"b": "\ufffe"}}):
        assert not text.is_all_text(bad)
    assert text.storable({"a\x00": ["b\ud800\x85", 7, None]}) == {"a ": ["b\ufffd\x85", 7, None]}
