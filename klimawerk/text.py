"""Text normalisation and validation: the one definition of text for forms, URLs, sockets, files and the shell.

Text is any Unicode in normal form C without control characters (C0 and C1, except tab and line feed), lone surrogates
and noncharacters. Neither of the two databases accepts all of them, UTF-8 cannot encode surrogates, and users can
neither see nor type any. Lines end in "\\n".

What happens to other characters depends on their source:

- typed or pasted (forms, URLs, cookies, the shell): line ends become "\\n", other separators of words a blank, and the
  rest is removed without a message (`clean`; on one line: `line`). They come with pasted text; users cannot find them.
- in a file or a message of a program (imports, anchors, sockets, updates of documents): refused (`is_text`).
- in stored data (old documents and anchors, backups): replaced by blanks (`storable_text`, `storable_json`,
  `storable`), and cleaned on export (`clean_json`).

Two texts that differ only in invisible characters (soft hyphens, how an accent is composed) look the same
(`visual_key`); comparison, merging and attribution use that. Texts are cut between whole characters (`truncate`), and
divided into words with everything that belongs to these (`word_tokens`).
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
_NOT_TEXT = re.compile(f"[{_CONTROL}{_SURROGATES}{_NO_CHARACTERS}]")
_NOT_STORABLE = re.compile(f"[\x00{_SURROGATES}]")
# Separators of paragraphs (Unicode's Bidi_Class B) and lines; the soft line break of Word and PowerPoint is \x0b.
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNIT_SEPARATOR = "\x1f"
_CONTROLS_THAT_SEPARATE = re.compile("[\x0b\x0c\x1c-\x1f\x85]")
_BREAKS_WITHIN_CELLS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")

# All but the common characters of Latin, Greek and Cyrillic texts; each of those is one letter with a look of its own.
# Texts without unusual characters take a short way.
UNUSUAL = re.compile(
    "[^\t\n\r\x20-\x7e\xa1-\xac\xae-\u02ff\u0388-\u0482\u048a-\u058f\u2012-\u2027\u2030-\u205e\u20a0-\u20bf]"
)
_COMMON_WORD = re.compile(r"\s+|\w+|[^\w\s]")

# Always invisible: soft hyphen, grapheme joiner, zero-width space, word joiner, byte order mark and the like.
INVISIBLE = "\u00ad\u034f\u17b4\u17b5\u200b\u2060-\u2064\u206a-\u206f\ufeff"
_INVISIBLE = regex.compile(f"[{INVISIBLE}]")
# Invisible unless next to certain characters. Joiners: beside an emoji, a virama, or a letter of a joining script
# (Arabic, Mongolian). Variation selectors: behind characters with variants, so not behind an alphabet's letter, nor
# where the variant is the usual form. Tags: in a flag of a region.
_SHAPING = r"\p{ccc=9}\p{Joining_Type=D}\p{Joining_Type=L}\p{Joining_Type=R}\p{Extended_Pictographic}\p{EMod}\ufe0f"
_SOMETIMES_INVISIBLE = regex.compile(
    rf"(?<![{_SHAPING}])[\u200c\u200d](?![{_SHAPING}])"
    r"|(?<![^\p{Latin}\p{Greek}\p{Cyrillic}\p{Armenian}\p{Georgian}\s])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    r"|(?<=\p{Emoji_Presentation})\ufe0f"
    r"|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0001\U000e0020-\U000e007f]++"
)
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_DIRECTIONS = regex.compile(f"[{_DIRECTION}]")
_RIGHT_TO_LEFT = regex.compile(r"[\u202b\u202e\u2067]|(?![\u061c\u200f])[\p{bc=R}\p{bc=AL}]")
# Characters that look the same: non-breaking blank and hyphen, and the ligatures in text from PDF files.
_LOOKALIKES = str.maketrans(
    {"\u00a0": " ", "\u2010": "-", "\u2011": "-", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬆ": "st"}
)

# JOINERS separate no words. SIGN: a symbol with its accents, variants, skin tone and joined symbols.
JOINERS = rf"{INVISIBLE}{_DIRECTION}\U000e0001\U000e0020-\U000e007f"
SIGN = rf"[^\w\p{{N}}\s{JOINERS}](?:[\p{{M}}\p{{EMod}}\u200c\u200d{JOINERS}]|(?<=\u200d)\S)*+"
_WORD = regex.compile(rf"[{JOINERS}]*+(?:\s[\s{JOINERS}]*+|[\w\p{{N}}][\w\p{{N}}{JOINERS}]*+|{SIGN})|[{JOINERS}]++")
_GRAPHEME = regex.compile(r"\X")


def clean(typed: str) -> str:
    """Typed or pasted text, normalised."""
    if typed.isascii() and typed.isprintable():
        return typed
    if not typed.isprintable():
        typed = _NOT_TEXT.sub("", _LINE_ENDS.sub("\n", typed).replace(_UNIT_SEPARATOR, " "))
    return normalize("NFC", typed)


def line(typed: str) -> str:
    """`clean` on one line, with single blanks and none around it: for names, titles, subjects of mails."""
    return " ".join(clean(typed).split())


def clean_table(pasted: str) -> str:
    """`clean` for a pasted table: a soft line break stands within a cell there and must not begin a row."""
    return clean(_BREAKS_WITHIN_CELLS.sub(" ", pasted))


def on_one_line(cleaned: str) -> str:
    """A clean text with blanks for line breaks; all other blanks in it stay as they are."""
    return " ".join(part.strip() for part in cleaned.split("\n")).strip() if "\n" in cleaned else cleaned


def without_control_characters(page: str) -> str:
    """A page or mail, which may contain stored text, without characters that are no text; all else stays as it is."""
    return page if is_text(page) else _NOT_TEXT.sub("", _CONTROLS_THAT_SEPARATE.sub(" ", page))


def clean_json(stored: Any) -> Any:
    """`clean` for every text in a JSON value."""
    if isinstance(stored, str):
        return clean(stored)
    if isinstance(stored, dict):
        return {key: clean_json(entry) for key, entry in stored.items()}
    return [clean_json(entry) for entry in stored] if isinstance(stored, list | tuple) else stored


def visual_key(text: str) -> str:
    """A key that is equal for texts that look the same; not to be shown or stored."""
    if UNUSUAL.search(text) is None:
        return text
    text = _INVISIBLE.sub("", text)
    if _DIRECTIONS.search(text) and not _RIGHT_TO_LEFT.search(text):
        text = _DIRECTIONS.sub("", text)
    return normalize("NFC", _SOMETIMES_INVISIBLE.sub("", text).translate(_LOOKALIKES))


def is_blank(text: str) -> bool:
    """Whether the text has no visible character."""
    return not text or text.isspace() or not visual_key(text).strip()


def visually_equal(one: Any, other: Any) -> bool:
    """Whether two JSON values look the same: equal but for the `visual_key` and the line ends of texts."""
    return bool(one == other) or _visual_keys(one) == _visual_keys(other)


def _visual_keys(value: Any) -> Any:
    if isinstance(value, str):
        return visual_key(clean(value))
    if isinstance(value, dict):
        return {key: _visual_keys(entry) for key, entry in value.items()}
    return [_visual_keys(entry) for entry in value] if isinstance(value, list | tuple) else value


def equal_once_cleaned(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal once both are clean. Stored values may be older than the rules of `clean`."""
    return bool(one == other) or bool(clean_json(one) == clean_json(other))


def word_tokens(text: str) -> list[str]:
    """Words with their accents, joiners and soft hyphens, the blanks between them, and signs; joined they are the text
    again."""
    tokens: list[str] = (_WORD if UNUSUAL.search(text) else _COMMON_WORD).findall(text)
    return tokens


def occurrences(text: str, passage: str) -> list[tuple[int, int]]:
    """Where the text has words that look like `passage`: (begin, end), in order, without overlaps."""
    visible, spans = visual_key(text), [(index, index + 1) for index in range(len(text))]
    if visible != text:
        graphemes = [(visual_key(grapheme[0]), grapheme.span()) for grapheme in _GRAPHEME.finditer(text)]
        visible, spans = "".join(key for key, _span in graphemes), [span for key, span in graphemes for _ in key]
    wanted, places, start = visual_key(passage), [], 0
    while wanted and (start := visible.find(wanted, start)) >= 0:
        places.append((spans[start][0], spans[start + len(wanted) - 1][1]))
        start += len(wanted)
    return places


def truncate(text: str, max_length: int, end: str = "") -> str:
    """At most `max_length` characters from the beginning, whole characters only; `end` (as "…") is added where text was
    cut."""
    if len(text) <= max_length:
        return text
    room = max_length - len(end)
    length = 0
    for grapheme in _GRAPHEME.finditer(text):
        if grapheme.end() > room:
            break
        length = grapheme.end()
    return text[: length or room].rstrip() + end if end else text[: length or room]


def truncate_with_ellipsis(text: str, max_length: int) -> str:
    """At most `max_length` characters with " …" where text was cut, between two words if there are several."""
    return text if len(text) <= max_length else f"{truncate(text, max_length - 1).rsplit(' ', 1)[0]} …"


def is_text(value: str) -> bool:
    """Whether a program may send this string: it has only characters that are text."""
    return value.isprintable() or _NOT_TEXT.search(value) is None


def is_all_text(value: Any) -> bool:
    """`is_text` for every text and key of a JSON value. The caller has bounded its depth."""
    if isinstance(value, str):
        return is_text(value)
    if isinstance(value, dict):
        return all(is_text(str(key)) and is_all_text(entry) for key, entry in value.items())
    return all(map(is_all_text, value)) if isinstance(value, list | tuple) else True


def storable_text(stored: str) -> str:
    """A stored string as text: other characters become blanks. Its length in UTF-8 and in UTF-16 stays, so positions
    hold."""
    return stored if is_text(stored) else _NOT_TEXT.sub(_blank, stored)


def storable_json(stored: Any) -> Any:
    """`storable_text` for every text in a JSON value."""
    if isinstance(stored, str):
        return storable_text(stored)
    if isinstance(stored, dict):
        return {key: storable_json(entry) for key, entry in stored.items()}
    return [storable_json(entry) for entry in stored] if isinstance(stored, list) else stored


def storable(stored: Any) -> Any:
    """A value of a backup as either database can store it: NULs and lone surrogates become blanks, everything else is
    unchanged, since hashes were made of it."""
    if isinstance(stored, str):
        return stored if stored.isprintable() else _NOT_STORABLE.sub(_blank, stored)
    if isinstance(stored, dict):
        return {storable(key): storable(entry) for key, entry in stored.items()}
    return [storable(entry) for entry in stored] if isinstance(stored, list) else stored


def _blank(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x80:
        return " "
    if code < 0x800:
        return "\u00a0"
    return "\ufffd" if code < 0x10000 else "\ufffd "
