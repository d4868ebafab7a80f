"""Request input: normalises all text of a request, converts ids and keys in URLs, and limits sizes."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar, cast

from flask import Flask, Request, current_app
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import Unauthorized
from werkzeug.routing import BaseConverter, Map, PathConverter, UnicodeConverter, ValidationError
from werkzeug.utils import cached_property

from klimawerk import scalars
from klimawerk.text import clean, clean_table, is_text
from klimawerk.web import localisation, uploads

ANONYMOUS_FORM_SIZE = 50_000  # bytes
PASSWORD_FIELDS = {"password", "present_password", "new_password"}  # names of fields
T = TypeVar("T")
UPLOAD_IN_MEMORY = 200_000  # bytes


def init_app(app: Flask) -> None:
    """Register the converters before any route: `<int:...>` is an id or a number, `<key:...>` a row's id, else text."""
    app.request_class = PageRequest
    app.teardown_request(uploads.end_upload)
    app.url_map.converters.update(
        {
            "int": IdConverter,
            "key": KeyConverter,
            "default": TextConverter,
            "string": TextConverter,
            "path": PathTextConverter,
        }
    )


class PageRequest(Request):
    """A request with limits on its size, and with normalised text in its form, query and cookies.

    Only an uploaded file may be as large as an import; other forms stay below `max_form_size`. A larger body than
    ANONYMOUS_FORM_SIZE is not read from anonymous visitors: 401. Concurrent large uploads are limited (`uploads.py`).

    Form fields, query arguments and cookies are normalised by `klimawerk.text`, so that no route has to check them.
    Passwords are left as typed: they have rules of their own (`accounts/passwords.py`). A field named "table" holds a
    pasted table.
    """

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _normalised(super().args)

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        return _normalised(super().cookies)

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = _normalised(self.form, skip=_is_password)

    @property
    def max_content_length(self) -> int | None:
        config = current_app.extensions["klimawerk"]
        upload = self.mimetype == "multipart/form-data"
        most = int(config.max_import_size if upload else config.max_form_size)
        unknown = self.content_length is None and "Transfer-Encoding" in self.headers
        if (unknown or ANONYMOUS_FORM_SIZE < (self.content_length or 0) <= most) and not localisation.current_reader():
            raise Unauthorized
        if unknown or uploads.LARGE_UPLOAD < (self.content_length or 0) <= most:
            uploads.begin_upload()
        return most

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        raise AttributeError("sizes are settings of the installation")

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """A temporary file in the instance folder for large uploads: the system's temporary folder may be in memory."""
        folder = current_app.instance_path
        return cast(IO[bytes], SpooledTemporaryFile(UPLOAD_IN_MEMORY, "rb+", dir=folder))


class IdConverter(BaseConverter):
    """A URL converter for ids and numbers; a value outside of the column's range is a 404."""

    regex = r"[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        return _or_404(scalars.item_id, value)

    def to_url(self, value: Any) -> str:
        return str(int(value))


class KeyConverter(BaseConverter):
    """A URL converter for the ids of rows (UUIDs)."""

    def to_python(self, value: str) -> str:
        return _or_404(scalars.row_id, value)


class TextConverter(UnicodeConverter):
    """A URL converter for text without a slash."""

    def __init__(self, map: Map, minlength: int = 1, maxlength: int = 500, length: int | None = None) -> None:
        super().__init__(map, minlength, maxlength, length)

    def to_python(self, value: str) -> str:
        return _text(value)


class PathTextConverter(PathConverter):
    """A URL converter for text with slashes."""

    def to_python(self, value: str) -> str:
        return _text(value)


def _or_404(convert: Callable[[str], T], value: str) -> T:
    try:
        return convert(value)
    except ValueError:
        raise ValidationError from None


def _text(value: str) -> str:
    if not is_text(value):
        raise ValidationError
    return value


def _normalised(
    fields: MultiDict[str, str], skip: Callable[[str], bool] = lambda _name: False
) -> ImmutableMultiDict[str, str]:
    """The fields with normalised names and values; values of fields for which `skip(name)` holds stay as they are."""
    return ImmutableMultiDict(
        [(clean(name), value if skip(name) else _clean_field(name, value)) for name, value in fields.items(multi=True)]
    )


def _clean_field(name: str, value: str) -> str:
    return clean_table(value) if name == "table" else clean(value)


def _is_password(name: str) -> bool:
    return name in PASSWORD_FIELDS
