"""Panics of pycrdt as exceptions: a panic is no `Exception`, and would end a background thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class PycrdtPanic(Exception):
    """pycrdt panicked; the document that was used has to be read again."""


@contextmanager
def panics_as_exceptions() -> Iterator[None]:
    """A panic inside the block is raised as PycrdtPanic; everything else is raised as it is."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise PycrdtPanic(str(error)) from None
