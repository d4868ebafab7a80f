"""Compresses responses; `compression.py` says why that is safe for pages with a form token."""

from __future__ import annotations

from flask import Flask, Response, request

from klimawerk.web import compression

MIN_SIZE = 1_000  # bytes
_TEXT = {"text/html", "application/json", "text/plain"}


def init_app(app: Flask) -> None:
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in _TEXT:
        return response
    response.vary.add("Accept-Encoding")
    encoding = compression.encoding_for(request.accept_encodings) if request.method != "HEAD" else None
    if encoding is None or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    body = response.get_data()
    if len(body) >= MIN_SIZE:
        response.set_data(compression.compress_quickly(body, encoding))
        response.headers["Content-Encoding"] = encoding
    return response
