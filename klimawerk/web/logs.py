"""The log, without secrets: passwords, tokens and cookies never reach it, wherever a line comes from."""

from __future__ import annotations

import logging
import re
import sys

from flask import Flask

_NAMES = r"[\w-]*(?:passwor[dt]|passwd|secret|token|cookie|authorization|klimawerk_session)[\w-]*"
_PAIR = re.compile(rf"""(?i)(["']?{_NAMES}["']?\s*[:=]\s*)("[^"]*"|'[^']*'|(?:(?:Basic|Bearer)\s+)?[^\s,;&)}}\]]+)""")
_LINK = re.compile(r"(/link/\w+/)[\w-]+")
_CREDENTIALS = re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+@")
HIDDEN = "[hidden]"


class Discreet(logging.Formatter):
    """Writes a line, its traceback included, with every secret's value replaced."""

    def format(self, record: logging.LogRecord) -> str:
        return discreet(super().format(record))


def discreet(text: str) -> str:
    """`text` without the values of anything named like a secret, without link tokens and passwords in addresses."""
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
            handler.setFormatter(Discreet("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    access = logging.getLogger("gunicorn.access")
    if not any(isinstance(one, _DiscreetAddresses) for one in access.filters):
        access.addFilter(_DiscreetAddresses())


class _DiscreetAddresses(logging.Filter):
    """The server's access log holds addresses, and an expiring link's address is its secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = discreet(record.getMessage())
        record.args = ()
        return True
