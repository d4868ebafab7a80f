"""What text is: the one check of everything that comes in, from forms, addresses, sockets, files, documents, the shell.

Text is any Unicode without what stands for no letter: control characters (C0 and C1, except tab and line feed), lone
halves of surrogate pairs and noncharacters. Neither of the two databases takes all of them, UTF-8 cannot hold the
halves, and nobody can see or type any. Lines end in "\\n".

What happens to the others depends on where they come from:

- typed or pasted (forms, addresses, cookies, the shell): removed without a word, line breaks of all kinds become "\\n"
  (`clean`, `line`). They come along in pasted text, and nobody could find them to take them out.
- in a file or a message of a program (imports, anchors, sockets, updates of documents): refused (`is_text`).
- in what is here already (documents and anchors of before, backups): shown as blanks (`harmless`, `storable`).
"""

from __future__ import annotations

import re
from typing import Any

_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_HALVES = "\ud800-\udfff"
_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_NO_TEXT = re.compile(f"[{_CONTROL}{_HALVES}{_NO_CHARACTERS}]")
_NOT_STORABLE = re.compile(f"[\x00{_HALVES}]")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")  # Word's soft one is \x0b


def clean(typed: str) -> str:
    """What was typed or pasted, as text. Every later change of form (such as Unicode's normal forms) belongs here."""
    if typed.isprintable():  # nothing of all this is
        return typed
    return _NO_TEXT.sub("", _LINE_ENDS.sub("\n", typed))


def line(typed: str) -> str:
    """The same on one line, with single blanks and none around it: for names, titles, subjects of mails."""
    return " ".join(clean(typed).split())


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


def harmless(stored: str) -> str:
    """What is here already, as text. As long as before, in UTF-8 and in UTF-16, so that positions in it still hold."""
    return stored if is_text(stored) else _NO_TEXT.sub(_blank, stored)


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
