"""Folding of text for case- and accent-insensitive matching: search, mentions, look-ups by name, code, title or
heading.

A text is folded for comparing and never shown or stored in that form. Two spellings match when they fold to the same:
compatibility forms (NFKD); no case, "ß" as "ss"; accents of alphabets and vowel points of Arabic and Hebrew removed;
letters with a stroke or a hook as their base letter ("ł", "ø", "đ", of Twi and Ewe "ɛ", "ɔ", "ɖ": a German keyboard has
no keys for these); German "ae", "oe", "ue" as the bare vowel, so that "Wärme", "Waerme" and "Warme" are one. Invisible
characters (Default_Ignorable_Code_Point: soft hyphens, zero-width blanks, joiners) are removed. Marks that spell a word
in other scripts, such as the vowel signs of Devanagari, stay and are part of it.

`folded_words` cuts a text after folding and keeps the position of each word in the original, so that whole words of the
original are marked. Browsers fold names with the table `EQUIVALENTS` (static/js/mentions.js); tests/folding/cases.json
holds both to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

VERSION = f"1/{unicodedata.unidata_version}"
"""Version of these rules and of Python's Unicode tables: an index of folded words is rebuilt when it changes."""

LONGEST_WORD = 200  # characters of a folded word that are compared; an index of PostgreSQL takes 2,046 bytes
_ACCENTS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_TATWEEL = "\u0640"  # only stretches an Arabic word
_SKIPPED = re.compile(f"[{_ACCENTS}{_IGNORABLE}{_TATWEEL}]")
_BASE = str.maketrans(
    {
        "æ": "ae", "œ": "oe", "ø": "o", "ɔ": "o", "ɛ": "e", "ə": "e", "ǝ": "e", "ł": "l", "đ": "d", "ð": "d", "ɖ": "d",
        "ɗ": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i", "ɨ": "i", "ɩ": "i", "ŋ": "n", "ɲ": "n", "ɓ": "b", "ƀ": "b",
        "ƙ": "k", "ĸ": "k", "ƴ": "y", "ƒ": "f", "ɣ": "g", "ǥ": "g", "ʋ": "v", "ʉ": "u", "ʊ": "u", "ƶ": "z", "ɑ": "a",
        **dict.fromkeys("‘’‛′`ʹʻʼʽʾʿˈꞌ＇", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
    }
)  # fmt: skip
EQUIVALENTS = {
    **{chr(code): "" for code in (*range(0x700), *range(0x2000, 0x2070), 0xFEFF) if _SKIPPED.match(chr(code))},
    **{chr(character): " " if plain in "'-" else plain for character, plain in _BASE.items()},
    **{"ß": "ss", "ς": "σ", "'": " ", "-": " ", ".": " ", "·": " "},
}
"""Folding table for browsers, which offer names while a mention is typed (static/js/mentions.js)."""

_UMLAUT_AS_E = re.compile("([aou])e")
_NON_SPACE = re.compile(r"\S+")
_ASCII_WORD = re.compile("[a-z0-9]+")


class Word(NamedTuple):
    """A word: its position in the original (`end` is exclusive), and its folded form."""

    start: int
    end: int
    folded: str


def fold(text: str) -> str:
    """Folded text for matching names, codes, titles, headings: single blanks, none around it; punctuation stays."""
    return _UMLAUT_AS_E.sub(r"\1", unaccented(text))


def unaccented(text: str) -> str:
    """Folded text without the rule for German umlauts, for sorting and for file names: "Ägypten" is next to
    "Albanien"."""
    return " ".join(_folded_characters(text).split())


def folded_words(text: str) -> Iterator[Word]:
    """All words of a text. Every character that is no letter, digit or mark after folding separates words, also
    apostrophes and hyphens."""
    for chunk in _NON_SPACE.finditer(text):
        at = chunk.start()
        for word in _words_of(chunk[0]):
            yield Word(at + word.start, at + word.end, word.folded)


def _folded_characters(text: str) -> str:
    if text.isascii():
        return text.lower().replace("`", "'")
    bare = _SKIPPED.sub("", unicodedata.normalize("NFKD", text))
    # Again, since folding case can add accents and compatibility forms.
    return _SKIPPED.sub("", unicodedata.normalize("NFKD", bare.casefold())).translate(_BASE)


@lru_cache(maxsize=20_000)
def _words_of(chunk: str) -> tuple[Word, ...]:
    if chunk.isascii():
        return tuple(_word(*words.span(), words[0]) for words in _ASCII_WORD.finditer(chunk.lower()))
    folded, origin = "", list[tuple[int, int]]()
    for start, end in _clusters(chunk):
        characters = _folded_characters(chunk[start:end])
        folded += characters
        origin += [(start, end)] * len(characters)
    words, word_start = [], 0
    for at in range(len(folded) + 1):
        if at < len(folded) and _is_word_character(folded[at]):
            continue
        if word_start < at:
            words.append(_word(origin[word_start][0], origin[at - 1][1], folded[word_start:at]))
        word_start = at + 1
    return tuple(words)


def _word(start: int, end: int, characters: str) -> Word:
    return Word(start, end, _UMLAUT_AS_E.sub(r"\1", characters)[:LONGEST_WORD])


def _clusters(chunk: str) -> Iterator[tuple[int, int]]:
    """Each character with the marks and invisible characters behind it: (start, end)."""
    start = 0
    for at in range(1, len(chunk) + 1):
        if at == len(chunk) or not (_is_mark(chunk[at]) or _SKIPPED.match(chunk[at])):
            yield start, at
            start = at


def _is_word_character(character: str) -> bool:
    return character.isalnum() or _is_mark(character)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
