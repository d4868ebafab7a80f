"""What text is: the one normalisation of everything that comes in, from forms, addresses, sockets, files, the shell.

Text is any Unicode in normal form C without what stands for no letter: control characters (C0 and C1, except tab and
line feed), lone halves of surrogate pairs and noncharacters. Neither of the two databases takes all of them, UTF-8
cannot hold the halves, and nobody can see or type any. Lines end in "\\n".

What happens to the others depends on where they come from:

- typed or pasted (forms, addresses, cookies, the shell): what ends lines becomes "\\n", what else separates words
  a blank, all others are removed without a word (`clean`; on one line: `line`). They come along in pasted text, and
  nobody could find them to take them out.
- in a file or a message of a program (imports, anchors, sockets, updates of documents): refused (`is_text`).
- in what is here already (documents and anchors of before, backups): shown as blanks (`harmless`, `storable`), and
  normalised where it leaves the installation (`tidy`).

Two texts that differ in what nobody sees (soft hyphens, how an accent is composed) look the same (`look`): that is what
comparing, merging and authorship ask. Texts are cut between whole letters (`cut`), and parted into words with all that
belongs to them (`words`).
"""

from __future__ import annotations

import re
from typing import Any
from unicodedata import normalize

import regex

_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_SURROGATES = "\ud800-\udfff"
_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_NO_TEXT = re.compile(f"[{_CONTROL}{_SURROGATES}{_NO_CHARACTERS}]")
_NOT_STORABLE = re.compile(f"[\x00{_SURROGATES}]")
# What separates paragraphs (Unicode's Bidi_Class B) and lines; Word's and PowerPoint's soft line break is \x0b.
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNIT_SEPARATOR = "\x1f"
_CONTROLS_THAT_SEPARATE = re.compile("[\x0b\x0c\x1c-\x1f\x85]")
_WITHIN_CELLS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")

# Characters of most texts in Latin, Greek and Cyrillic script: each is one letter, and looks like no other. They are
# told apart first, since all words of a text are asked about.
UNUSUAL = re.compile(
    "[^\t\n\r\x20-\x7e\xa1-\xac\xae-\u02ff\u0388-\u0482\u048a-\u058f\u2012-\u2027\u2030-\u205e\u20a0-\u20bf]"
)
_USUAL_WORD = re.compile(r"\s+|\w+|[^\w\s]")

# What is never seen: soft hyphen, grapheme joiner, zero-width space, word joiner, byte order mark and the like.
INVISIBLE = "\u00ad\u034f\u17b4\u17b5\u200b\u2060-\u2064\u206a-\u206f\ufeff"
_INVISIBLE = regex.compile(f"[{INVISIBLE}]")
# What is seen next to some letters only. Joiners: beside an emoji, a virama, or a letter of a script that joins (as
# Arabic and Mongolian do). Variation selectors: behind what has variants, so not behind an alphabet's letter, nor where
# the variant is the usual one. Tags: in a flag of a region.
_SHAPING = r"\p{ccc=9}\p{Joining_Type=D}\p{Joining_Type=L}\p{Joining_Type=R}\p{Extended_Pictographic}\p{EMod}\ufe0f"
_SOMETIMES_UNSEEN = regex.compile(
    rf"(?<![{_SHAPING}])[\u200c\u200d](?![{_SHAPING}])"
    r"|(?<![^\p{Latin}\p{Greek}\p{Cyrillic}\p{Armenian}\p{Georgian}\s])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    r"|(?<=\p{Emoji_Presentation})\ufe0f"
    r"|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0001\U000e0020-\U000e007f]++"
)
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_DIRECTIONS = regex.compile(f"[{_DIRECTION}]")
_RIGHT_TO_LEFT = regex.compile(r"[\u202b\u202e\u2067]|(?![\u061c\u200f])[\p{bc=R}\p{bc=AL}]")
# The same to the eye: blank and hyphen that break no line, and the ligatures of letters that PDF files hold.
_TWINS = str.maketrans(
    {"\u00a0": " ", "\u2010": "-", "\u2011": "-", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬆ": "st"}
)

# GLUE parts no word. SIGN: a sign with its accents, variants and tone of skin, and what is joined to it.
JOINERS = rf"{INVISIBLE}{_DIRECTION}\U000e0001\U000e0020-\U000e007f"
SIGN = rf"[^\w\p{{N}}\s{JOINERS}](?:[\p{{M}}\p{{EMod}}\u200c\u200d{JOINERS}]|(?<=\u200d)\S)*+"
_WORD = regex.compile(rf"[{JOINERS}]*+(?:\s[\s{JOINERS}]*+|[\w\p{{N}}][\w\p{{N}}{JOINERS}]*+|{SIGN})|[{JOINERS}]++")
_GRAPHEME = regex.compile(r"\X")


def clean(typed: str) -> str:
    """What was typed or pasted, as text in its one form."""
    if typed.isascii() and typed.isprintable():
        return typed
    if not typed.isprintable():
        typed = _NO_TEXT.sub("", _LINE_ENDS.sub("\n", typed).replace(_UNIT_SEPARATOR, " "))
    return normalize("NFC", typed)


def line(typed: str) -> str:
    """The same on one line, with single blanks and none around it: for names, titles, subjects of mails."""
    return " ".join(clean(typed).split())


def clean_table(pasted: str) -> str:
    """`clean`, for a pasted table: there a soft line break and the like stand within a cell, and would begin a row."""
    return clean(_WITHIN_CELLS.sub(" ", pasted))


def on_one_line(cleaned: str) -> str:
    """A clean text with blanks for line breaks; all other blanks in it stay as they are."""
    return " ".join(part.strip() for part in cleaned.split("\n")).strip() if "\n" in cleaned else cleaned


def without_control_characters(page: str) -> str:
    """A page or mail in which words of before may stand, without what stands for no letter; all else stays as it is."""
    return page if is_text(page) else _NO_TEXT.sub("", _CONTROLS_THAT_SEPARATE.sub(" ", page))


def clean_json(kept: Any) -> Any:
    """`clean`, for JSON: of every text in it."""
    if isinstance(kept, str):
        return clean(kept)
    if isinstance(kept, dict):
        return {key: clean_json(one) for key, one in kept.items()}
    return [clean_json(one) for one in kept] if isinstance(kept, list | tuple) else kept


def visual_key(text: str) -> str:
    """A key that texts have in common that look the same; not to be shown or kept."""
    if UNUSUAL.search(text) is None:
        return text
    text = _INVISIBLE.sub("", text)
    if _DIRECTIONS.search(text) and not _RIGHT_TO_LEFT.search(text):
        text = _DIRECTIONS.sub("", text)
    return normalize("NFC", _SOMETIMES_UNSEEN.sub("", text).translate(_TWINS))


def is_blank(text: str) -> bool:
    """Whether nothing in it can be seen."""
    return not text or text.isspace() or not visual_key(text).strip()


def visually_equal(one: Any, other: Any) -> bool:
    """Whether two values of JSON are the same to the eye: equal but for the `look` and the line ends of texts."""
    return bool(one == other) or _visual_keys(one) == _visual_keys(other)


def _visual_keys(value: Any) -> Any:
    if isinstance(value, str):
        return visual_key(clean(value))
    if isinstance(value, dict):
        return {key: _visual_keys(one) for key, one in value.items()}
    return [_visual_keys(one) for one in value] if isinstance(value, list | tuple) else value


def equal_once_cleaned(one: Any, other: Any) -> bool:
    """Whether two values of JSON are the same text: equal once both are clean. What is kept may be of before."""
    return bool(one == other) or bool(clean_json(one) == clean_json(other))


def word_tokens(text: str) -> list[str]:
    """Words with their accents, joiners and soft hyphens, the blanks between, signs; joined they are the text again."""
    found: list[str] = (_WORD if UNUSUAL.search(text) else _USUAL_WORD).findall(text)
    return found


def occurrences(text: str, passage: str) -> list[tuple[int, int]]:
    """Where words that look like `passage` stand in the text: (begin, end), in order, none in another."""
    seen, at = visual_key(text), [(place, place + 1) for place in range(len(text))]
    if seen != text:
        found = [(visual_key(one[0]), one.span()) for one in _GRAPHEME.finditer(text)]
        seen, at = "".join(letters for letters, _place in found), [place for letters, place in found for _ in letters]
    wanted, places, start = visual_key(passage), [], 0
    while wanted and (start := seen.find(wanted, start)) >= 0:
        places.append((at[start][0], at[start + len(wanted) - 1][1]))
        start += len(wanted)
    return places


def truncate(text: str, most: int, end: str = "") -> str:
    """At most `most` characters from the beginning, whole letters only; `end` (as "…") stands where something went."""
    if len(text) <= most:
        return text
    room = most - len(end)
    kept = 0
    for letter in _GRAPHEME.finditer(text):
        if letter.end() > room:
            break
        kept = letter.end()
    return text[: kept or room].rstrip() + end if end else text[: kept or room]


def truncate_with_ellipsis(text: str, most: int) -> str:
    """At most `most` characters and a sign that something went, cut between two words where there are several."""
    return text if len(text) <= most else f"{truncate(text, most - 1).rsplit(' ', 1)[0]} …"


def is_text(value: str) -> bool:
    """Whether a program may send this as it is."""
    return value.isprintable() or _NO_TEXT.search(value) is None


def is_all_text(value: Any) -> bool:
    """The same for JSON: of every text and key in it. The caller has bounded its depth."""
    if isinstance(value, str):
        return is_text(value)
    if isinstance(value, dict):
        return all(is_text(str(key)) and is_all_text(one) for key, one in value.items())
    return all(map(is_all_text, value)) if isinstance(value, list | tuple) else True


def storable_text(stored: str) -> str:
    """What is here already, as text. As long as before, in UTF-8 and in UTF-16, so that positions in it still hold."""
    return stored if is_text(stored) else _NO_TEXT.sub(_blank, stored)


def storable_json(stored: Any) -> Any:
    """The same for JSON: of every text in it."""
    if isinstance(stored, str):
        return storable_text(stored)
    if isinstance(stored, dict):
        return {key: storable_json(one) for key, one in stored.items()}
    return [storable_json(one) for one in stored] if isinstance(stored, list) else stored


def storable(kept: Any) -> Any:
    """What a backup holds, as either database can keep it: NULs and halves of pairs become blanks, everything else
    stays to the letter, since hashes were made of it."""
    if isinstance(kept, str):
        return kept if kept.isprintable() else _NOT_STORABLE.sub(_blank, kept)
    if isinstance(kept, dict):
        return {storable(key): storable(one) for key, one in kept.items()}
    return [storable(one) for one in kept] if isinstance(kept, list) else kept


def _blank(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x80:
        return " "
    if code < 0x800:
        return "\u00a0"
    return "\ufffd" if code < 0x10000 else "\ufffd "
