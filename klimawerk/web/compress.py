"""Pages packed for thin lines. The cookie is SameSite=Lax: no other site can make a reader fetch pages to measure."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

WORTH_IT = 1_000  # bytes
LEVEL = 5
_TEXT = {"text/html", "application/json", "text/plain"}


def init_app(app: Flask) -> None:
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if response.mimetype not in _TEXT:
        return response
    response.vary.add("Accept-Encoding")
    wanted = request.accept_encodings.best_match(["gzip"]) and request.method != "HEAD"
    if not wanted or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    plain = response.get_data()
    if len(plain) >= WORTH_IT:
        response.set_data(gzip.compress(plain, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
