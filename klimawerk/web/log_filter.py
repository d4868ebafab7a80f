"""The log, without secrets: passwords, tokens and cookies never reach it, wherever a line comes from."""

from __future__ import annotations

import logging
import re
import sys

from flask import Flask

# Linear in the length of the line: what is possessive (*+, ++) is tried once, and what begins with a repetition begins
# only where no such character stands before it, so that no letter is the beginning of a search of its own.
_NAME = r"(?<![\w-])(?=[\w-]*?(?:passwor[dt]|passwd|secret|token|cookie|authorization|klimawerk_session))[\w-]++"
_QUOTED = (
    r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|["'][^\n]*+"""  # a quotation without an end reaches to that of the line
)
_VALUE = rf"(?:{_QUOTED}|(?:(?:Basic|Bearer)\s++)?+[^\s,;&)}}\]]++)"
_PAIR = re.compile(rf"""(?is)({_NAME}["']?\s*+[:=]\s*+){_VALUE}""")
_LINK = re.compile(r"(/link/\w+/)[\w-]+")
_CREDENTIALS = re.compile(r"(?<!\w)(\w++://[^\s:/@]*+:)[^\s@/]++@")
LONGEST = 100_000  # characters of a line; the rest is not written
HIDDEN = "[hidden]"


class SecretFilter(logging.Formatter):
    """Writes a line, its traceback included, with every secret's value replaced."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def without_secrets(text: str) -> str:
    """`text` without the values of anything named like a secret, without link tokens and passwords in addresses."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} [{len(text) - LONGEST} more characters]"
    text = _LINK.sub(rf"\1{HIDDEN}", text)
    text = _CREDENTIALS.sub(rf"\1{HIDDEN}@", text)
    return _PAIR.sub(rf"\1{HIDDEN}", text)


def init_app(app: Flask) -> None:
    """Log to standard error unless the operator has set up logging; a format of the operator's own stays."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stderr))
        logging.getLogger("klimawerk").setLevel(logging.INFO)
    for handler in root.handlers:
        if handler.formatter is None:
            handler.setFormatter(SecretFilter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    access = logging.getLogger("gunicorn.access")
    if not any(isinstance(one, _AccessLogFilter) for one in access.filters):
        access.addFilter(_AccessLogFilter())


class _AccessLogFilter(logging.Filter):
    """The server's access log holds addresses, and an expiring link's address is its secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_secrets(record.getMessage())
        record.args = ()
        return True
