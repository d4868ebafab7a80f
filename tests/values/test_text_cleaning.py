"""Text cleaning: what is text, and what happens to other characters."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klimawerk import text
from tests.patterns.time_growth import superlinear

ANY = st.text(st.characters(exclude_categories=()), max_size=40)  # with lone surrogates
NO_TEXT = ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9f", "\ud800", "\udfff", "\ufdd0", "\ufffe", "\U0001ffff"]


@pytest.mark.parametrize("letter", NO_TEXT)
def test_what_stands_for_no_letter_is_no_text(letter: str) -> None:
    assert not text.is_text(f"a{letter}b")
    assert text.is_text(text.clean(f"a{letter}b"))
    assert text.is_text(text.storable_text(f"a{letter}b"))


@pytest.mark.parametrize(
    "words", ["Grüne Tonnen 😀", "a\tb\nc", "नमस्ते", "\u200fעברית", "q\u0301", "a\u00a0b", "\ufffd"]
)
def test_letters_of_all_languages_are_text(words: str) -> None:
    assert text.is_text(words)
    assert text.clean(words) == words == text.storable_text(words)


def test_line_breaks_of_all_kinds_are_line_breaks() -> None:
    assert text.clean("a\r\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h") == "\n".join("abcdefgh")
    assert text.line(" Ama\r\nBcc: x\x0b\u2028y\x00 ") == "Ama Bcc: x y"


@given(ANY)
@example("\x00\ud83d\x85\r\n\U0010ffff")
def test_what_was_cleaned_can_be_stored_and_is_clean(typed: str) -> None:
    for cleaned in (text.clean(typed), text.line(typed), text.storable_text(typed)):
        assert text.is_text(cleaned)
        assert cleaned.encode().decode() == cleaned
    assert text.clean(text.clean(typed)) == text.clean(typed)
    assert len(text.line(typed).splitlines()) <= 1
    assert "\r" not in text.clean(typed)


@given(ANY)
def test_positions_in_what_is_here_already_still_hold(stored: str) -> None:
    """pycrdt counts bytes of UTF-8, browsers units of UTF-16; lone surrogates cannot be in a document."""
    encodable = "".join(character for character in stored if not "\ud800" <= character <= "\udfff")
    assert len(text.storable_text(encodable).encode()) == len(encodable.encode())
    assert len(text.storable_text(encodable).encode("utf-16")) == len(encodable.encode("utf-16"))


def test_json_is_looked_through_to_its_keys() -> None:
    assert text.is_all_text({"a": ["b", {"c": "d"}, 7, None]})
    for bad in ({"a\x00": 1}, ["a", ["b\ud800"]], {"a": {"b": "\ufffe"}}):
        assert not text.is_all_text(bad)
    assert text.storable({"a\x00": ["b\ud800\x85", 7, None]}) == {"a ": ["b\ufffd\x85", 7, None]}


SEPARATORS = ["\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029", "\t", "\u00a0"]


@pytest.mark.parametrize("between", SEPARATORS)
def test_what_separates_words_goes_on_separating_them(between: str) -> None:
    assert text.clean(f"bins{between}sacks").split() == ["bins", "sacks"]
    assert text.line(f"bins{between}sacks") == "bins sacks"


def test_text_has_one_form_however_it_was_composed() -> None:
    assert text.clean("Mu\u0308ll, A\u030angstro\u0308m") == "Müll, Ångström"
    assert text.clean("o\x02\u0308") == "ö"
    assert text.equal_once_cleaned({"en": "Mu\u0308ll\r\nx"}, {"en": "Müll\nx"})
    assert not text.equal_once_cleaned("Ab\u00adfall", "Abfall")  # a soft hyphen was typed on purpose


LOOK_ALIKE = [
    ("Abfall", "Ab\u00adfall"), ("Müll", "Mu\u0308ll"), ("Tonne", "\ufeffTonne\u200b"), ("10 t", "10\u00a0t"),
    ("Auflage", "Auf\u200clage"), ("e", "e\ufe0f"), ("+49 69 1", "\u202a+49 69 1\u202c"), ("fix", "ﬁx"),
    ("😀", "😀\ufe0f"), ("q\u0323\u0307", "q\u0307\u0323"), ("ab", "a\U000e0067b"),
    ("word joiner", "word\u2060 joiner"),
]  # fmt: skip
LOOK_DIFFERENT = [
    ("می‌خواهم", "میخواهم"), ("क्ष", "क्\u200dष"), ("👩\u200d💻", "👩💻"), ("☎", "☎\ufe0f"), ("葛", "葛\U000e0100"),
    ("\u202eabc", "abc"), ("אב!", "אב!\u200e"), ("🏴\U000e0067\U000e0062\U000e007f", "🏴"), ("Müll", "Mull"),
    ("10 t", "10t"), ("\u0995\u09cd\u200c\u09b7", "\u0995\u09cd\u09b7"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKE)
def test_texts_that_look_the_same_are_told_to(one: str, other: str) -> None:
    assert one != other
    assert text.visual_key(one) == text.visual_key(other)
    assert text.visually_equal([{"en": one}], [{"en": other}])


@pytest.mark.parametrize(("one", "other"), LOOK_DIFFERENT)
def test_what_changes_what_is_seen_is_a_difference(one: str, other: str) -> None:
    assert not text.visually_equal(one, other)


@given(ANY)
def test_words_are_the_text_again_and_a_look_is_its_own(typed: str) -> None:
    assert "".join(text.word_tokens(typed)) == typed
    assert text.visual_key(text.visual_key(typed)) == text.visual_key(typed)


def test_usual_characters_are_what_they_are_taken_for() -> None:
    """Each is a letter of its own: separated from its neighbours as in other texts, and unchanged by normal forms."""
    for letter in map(chr, range(0x300)):
        for words in (f"a{letter}b", f"{letter}{letter}", f" {letter}."):
            assert text.UNUSUAL.search(words) or text.word_tokens(words) == text.word_tokens(f"{words}!\u0301")[:-1], (
                words
            )
    usual = [letter for letter in map(chr, range(0x3000)) if not text.UNUSUAL.search(letter)]
    assert {text.visual_key(f"\u200b{letter}a") for letter in usual} == {f"{letter}a" for letter in usual}


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKE)
def test_words_that_look_the_same_are_parted_in_the_same_way(one: str, other: str) -> None:
    assert [text.visual_key(word) for word in text.word_tokens(one)] == [
        text.visual_key(word) for word in text.word_tokens(other)
    ]


def test_a_word_keeps_what_belongs_to_it() -> None:
    assert text.word_tokens("Ab\u00adfall, Mu\u0308ll 👩\u200d💻👍🏽 नमस्ते") == [
        "Ab\u00adfall", ",", " ", "Mu\u0308ll", " ", "👩\u200d💻", "👍🏽", " ", "नमस्ते"
    ]  # fmt: skip


@pytest.mark.parametrize("letter", ["e\u0301", "👩\u200d💻", "🇩🇪", "नि", "☎\ufe0f"])
def test_no_letter_is_cut_in_two(letter: str) -> None:
    words = f"abc{letter}def"
    assert {text.truncate(words, most) for most in range(3, 4 + len(letter))} == {"abc", f"abc{letter}"}
    assert text.truncate(words, 3 + len(letter), "…") == "abc…"
    assert text.truncate("bins and sacks", 6, "…") == "bins…"
    assert text.truncate("bins", 4, "…") == "bins"
    assert len(text.truncate("e" + "\u0301" * 500, 100)) == 100


def _repeated(part: str, length: int) -> str:
    return part * (length // len(part))


def test_long_texts_take_no_longer_than_they_are_long() -> None:
    for part in ("\u00ad", "\u200d", "\u200b a", "\U000e0067", "e\u0301", "👍🏽\u200d", "\u202a", "\x0b", "🇩"):
        for run in (text.clean, text.visual_key, text.word_tokens, lambda words: text.truncate(words, 100_000)):
            assert superlinear(run, partial(_repeated, part)) is None
