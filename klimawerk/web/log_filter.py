"""Log redaction: passwords, tokens and cookies never reach the log, whichever logger writes the line."""

from __future__ import annotations

import logging
import re
import sys

from flask import Flask

# Linear in the length of the line: possessive quantifiers (*+, ++) do not backtrack, and a pattern that begins with a
# repetition starts only where no such character precedes, so that the search does not start at every character.
_NAME = r"(?<![\w-])(?=[\w-]*?(?:passwor[dt]|passwd|secret|token|cookie|authorization|klimawerk_session))[\w-]++"
_QUOTED = (
    r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|["'][^\n]*+"""  # an unclosed quotation extends to the end of the line
)
_VALUE = rf"(?:{_QUOTED}|(?:(?:Basic|Bearer)\s++)?+[^\s,;&)}}\]]++)"
_PAIR = re.compile(rf"""(?is)({_NAME}["']?\s*+[:=]\s*+){_VALUE}""")
_LINK = re.compile(r"(/link/\w+/)[\w-]+")
_CREDENTIALS = re.compile(r"(?<!\w)(\w++://[^\s:/@]*+:)[^\s@/]++@")
LONGEST = 100_000  # characters of a log record; the rest is not written
HIDDEN = "[hidden]"


class SecretFilter(logging.Formatter):
    """A formatter that replaces the value of every secret, also in tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def without_secrets(text: str) -> str:
    """`text` without the values of anything named like a secret, without link tokens and without passwords in URLs."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} [{len(text) - LONGEST} more characters]"
    text = _LINK.sub(rf"\1{HIDDEN}", text)
    text = _CREDENTIALS.sub(rf"\1{HIDDEN}@", text)
    return _PAIR.sub(rf"\1{HIDDEN}", text)


def init_app(app: Flask) -> None:
    """Log to standard error unless the operator has configured logging; the operator's own format is kept."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stderr))
        logging.getLogger("klimawerk").setLevel(logging.INFO)
    for handler in root.handlers:
        if handler.formatter is None:
            handler.setFormatter(SecretFilter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    access = logging.getLogger("gunicorn.access")
    if not any(isinstance(existing, _AccessLogFilter) for existing in access.filters):
        access.addFilter(_AccessLogFilter())


class _AccessLogFilter(logging.Filter):
    """Redacts the server's access log: it holds URLs, and the URL of an expiring link is its secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_secrets(record.getMessage())
        record.args = ()
        return True
