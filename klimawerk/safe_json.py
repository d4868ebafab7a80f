"""JSON parser with a limit on nesting depth, for all JSON from outside. The only place in the code that parses JSON.

The parser of the standard library recurses: some thousand brackets exhaust the stack (RecursionError, which is no
ValueError), and a value just below that limit exhausts it in recursive code that reads the value later.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_DEPTH = 100  # levels; a text nested as deep as `collab.rich_text.DEEPEST` allows has 84
dumps = json.dumps  # so that libraries can use this module in place of `json`

# Possessive (++, *+, ?+): no part is ever tried a second time, so it takes linear time on any text. The closing
# quote may be missing, since otherwise every quote in an endless string would be tried as the beginning of another one.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?+|[\[{]|[\]}]', re.DOTALL)


class TooDeep(ValueError):
    """The JSON has more than `max_depth` levels; `position` is the index of the first character that opens one too
    many."""

    def __init__(self, max_depth: int, position: int) -> None:
        super().__init__(f"more than {max_depth} levels of nesting (character {position})")
        self.position = position


def loads(text: str | bytes, *, max_depth: int = MAX_DEPTH, **hooks: Any) -> Any:
    """Parse JSON; `hooks` are those of `json.loads`. Bytes are UTF-8.

    Raises TooDeep, json.JSONDecodeError or UnicodeDecodeError; all of them are ValueError.
    """
    decoded = text if isinstance(text, str) else text.decode()
    check_depth(decoded, max_depth)
    return json.loads(decoded, **hooks)


def check_depth(text: str, max_depth: int = MAX_DEPTH) -> None:
    """Raise TooDeep where `text`, read as JSON, nests deeper. Linear in the text's length; `text` need not be JSON."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > max_depth:
                raise TooDeep(max_depth, token.start())
        elif first in "]}":
            depth -= 1
