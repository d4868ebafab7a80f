"""Link rule: which addresses may become links, in live texts, comments and imports.

The browser's copy is static/js/editor/link-rule.js; tests/editor/test_schema.py tries both.
"""

from __future__ import annotations

import re
from typing import Any

from klimawerk.text import is_text

LONGEST = 2_000  # characters of an address

_FORM = re.compile(
    r"https?://(?:[^/?#@\\]*@)?(?:[^/?#@\\:\[\]]+|\[[\da-f:.]+\])(?::\d*)?(?:[/?#].*)?|mailto:.+",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)
_REFUSED = re.compile(r"[\s<>\"\ufeff\u202a-\u202e\u2066-\u2069]")


def is_allowed_link(href: Any) -> bool:
    """Whether an address may become a link: http or https with a host, or mailto; at most LONGEST characters, without
    blanks, control and bidirectional formatting characters, angle brackets and quotation marks."""
    return (
        isinstance(href, str)
        and len(href) <= LONGEST
        and _FORM.fullmatch(href) is not None
        and _REFUSED.search(href) is None
        and is_text(href)
    )
