"""What a request brings: everything in it is text, and every number and key in an address is one that can exist."""

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
    """Before any route: `<int:...>` is the number or id of something, `<key:...>` that of a row, all else is text."""
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
    """Only an uploaded file may be as large as an import; everything typed stays below `max_form_size`. Of strangers
    nothing is read that is larger than their few forms: they are asked to sign in (401). Large files come one or two at
    a time (`uploads.py`).

    What is typed, stands in an address or in a cookie is text (`klimawerk.text`), however it came: no door need check.
    Passwords alone come as they were typed: they have rules of their own (`accounts/passwords.py`).
    A field named "table" holds a table as it was pasted.
    """

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _cleaned(super().args)

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        return _cleaned(super().cookies)

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = _cleaned(self.form, but=_is_password)

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
        """Large uploads go to the installation's own disk: the system's folder for temporary files may be memory."""
        folder = current_app.instance_path
        return cast(IO[bytes], SpooledTemporaryFile(UPLOAD_IN_MEMORY, "rb+", dir=folder))


class IdConverter(BaseConverter):
    """The id or number of something; one that no column holds is an unknown page."""

    regex = r"[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        return _or_404(scalars.item_id, value)

    def to_url(self, value: Any) -> str:
        return str(int(value))


class KeyConverter(BaseConverter):
    """The id of a row."""

    def to_python(self, value: str) -> str:
        return _or_404(scalars.row_id, value)


class TextConverter(UnicodeConverter):
    """Any text without a slash."""

    def __init__(self, map: Map, minlength: int = 1, maxlength: int = 500, length: int | None = None) -> None:
        super().__init__(map, minlength, maxlength, length)

    def to_python(self, value: str) -> str:
        return _text(value)


class PathTextConverter(PathConverter):
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


def _cleaned(
    typed: MultiDict[str, str], but: Callable[[str], bool] = lambda _name: False
) -> ImmutableMultiDict[str, str]:
    """As text, but for the values of the fields named so."""
    return ImmutableMultiDict(
        [(clean(name), value if but(name) else _clean_field(name, value)) for name, value in typed.items(multi=True)]
    )


def _clean_field(name: str, value: str) -> str:
    return clean_table(value) if name == "table" else clean(value)


def _is_password(name: str) -> bool:
    return name in PASSWORD_FIELDS
