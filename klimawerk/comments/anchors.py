"""Anchors: the position of the passage that a thread is about.

The browser in which the passage was marked makes the anchor: {"before", "after": text around it, "from", "to":
positions in the live document that move with the text (relative positions of Yjs, base64)}. Only browsers interpret the
positions; the server stores them. Each key may be missing, and {} is no anchor. The passage itself is always stored
beside it, so that a thread never depends on its anchor.
"""

from __future__ import annotations

from collections.abc import Mapping

from klimawerk import safe_json
from klimawerk.text import is_text, line, storable_text, visual_key

CONTEXT_LENGTH = 40  # characters
POSITION = 200  # base64 characters; a relative position has some twenty bytes
_MAX_LENGTHS = {"before": CONTEXT_LENGTH, "after": CONTEXT_LENGTH, "from": POSITION, "to": POSITION}


def anchor_in(form: Mapping[str, str], passage: str) -> dict[str, str]:
    """The anchor of `passage` as a page sends it; {} if there is none, or it is malformed or for another passage."""
    try:
        sent = safe_json.loads(form.get("anchor", ""))
    except ValueError:
        return {}
    if not isinstance(sent, dict) or not passage or not isinstance(sent.get("words"), str):
        return {}
    if line(sent["words"]) != passage:
        return {}
    parts = {name: sent[name] for name in _MAX_LENGTHS if isinstance(sent.get(name), str)}
    return parts if all(len(part) <= _MAX_LENGTHS[name] and is_text(part) for name, part in parts.items()) else {}


def anchor_for_page(anchor: Mapping[str, str]) -> dict[str, str]:
    """A stored anchor as pages accept it: one from before the check in `anchor_in` may hold invalid text."""
    return {name: storable_text(part) for name, part in anchor.items()}


def count_occurrences(text: str, passage: str) -> int:
    """How often the passage is in the text, regardless of line breaks and of how characters are composed."""
    return _without_spaces(text).count(_without_spaces(passage))


def _without_spaces(text: str) -> str:
    return "".join(visual_key(text).split())
