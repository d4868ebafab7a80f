"""The CRDT library's panics: they are no Exceptions, and must not end a background thread all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class PycrdtPanic(Exception):
    """The library panicked; whatever was touched is to be read anew."""


@contextmanager
def panics_as_exceptions() -> Iterator[None]:
    """A panic inside the block comes out as a Panic; everything else as it is."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise PycrdtPanic(str(error)) from None
