"""Folding: spellings that match, and words that do not (`cases.json`)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from klimawerk.folding import fold, folded_words

CASES = json.loads((Path(__file__).parent / "cases.json").read_text())


def words_of(text: str) -> list[tuple[str, str]]:
    return [(text[start:end], folded) for start, end, folded in folded_words(text)]


@pytest.mark.parametrize("spellings", CASES["alike"], ids=lambda spellings: ascii(spellings[0]))
def test_spellings_of_one_word_are_alike(spellings: list[str]) -> None:
    assert len({fold(spelling) for spelling in spellings}) == 1, [fold(spelling) for spelling in spellings]
    assert len({tuple(word.folded for word in folded_words(spelling)) for spelling in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), CASES["different"], ids=ascii)
def test_other_words_are_not(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_words_are_cut_after_folding_and_keep_their_place_in_the_text() -> None:
    assert words_of("Die Wa\u0308r\u00adme, L’été!") == [
        ("Die", "die"),
        ("Wa\u0308r\u00adme", "warme"),
        ("L", "l"),
        ("été", "ete"),
    ]
    assert words_of("12 ㎡ je CO₂-Äquivalent") == [
        ("12", "12"),
        ("㎡", "m2"),
        ("je", "je"),
        ("CO₂", "co2"),
        ("Äquivalent", "aquivalent"),
    ]
    assert [one for one, _ in words_of("हिन्दी में مُحَمَّد ไม่ Nuŋɔ")] == ["हिन्दी", "में", "مُحَمَّد", "ไม่", "Nuŋɔ"]
    assert words_of("\u00ad \u0301 – …") == []
