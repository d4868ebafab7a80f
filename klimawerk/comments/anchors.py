"""Where the words stand that a thread is about.

An anchor is made by the browser of whoever marked them: {"before", "after": some letters around them, "from", "to":
positions in the live document that move with the text (Yjs' relative positions, base64)}. Nothing here looks into
those: browsers make and resolve them. Each part may be missing, {} is no anchor at all; the words themselves are
always kept beside it, so that a thread never depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from klimawerk import safe_json
from klimawerk.text import is_text, line, storable_text, visual_key

CONTEXT_LENGTH = 40  # letters
POSITION = 200  # base64 characters; a relative position has some twenty bytes
_LONGEST = {"before": CONTEXT_LENGTH, "after": CONTEXT_LENGTH, "from": POSITION, "to": POSITION}


def anchor_in(form: Mapping[str, str], passage: str) -> dict[str, str]:
    """The anchor of `passage` as a page sends it; {} for none, for other words, and for nonsense."""
    try:
        sent = safe_json.loads(form.get("anchor", ""))
    except ValueError:
        return {}
    if not isinstance(sent, dict) or not passage or not isinstance(sent.get("words"), str):
        return {}
    if line(sent["words"]) != passage:
        return {}
    parts = {name: sent[name] for name in _LONGEST if isinstance(sent.get(name), str)}
    return parts if all(len(part) <= _LONGEST[name] and is_text(part) for name, part in parts.items()) else {}


def anchor_for_page(anchor: Mapping[str, str]) -> dict[str, str]:
    """A kept anchor, as pages may have it: one of before `anchor_in` asked may hold what is no text."""
    return {name: storable_text(part) for name, part in anchor.items()}


def count_occurrences(text: str, passage: str) -> int:
    """How often the words stand in the text, however its lines are broken and its letters composed."""
    return _joined(text).count(_joined(passage))


def _joined(text: str) -> str:
    return "".join(visual_key(text).split())
