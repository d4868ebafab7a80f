"""Offline work: the service worker, the fallback page it shows for one it has not cached, and the headers that say
which pages it may cache."""

from __future__ import annotations

import re

from flask import Flask, Response, current_app, render_template, request, send_from_directory

READER, KEEP = "X-Reader", "X-Keep"
_FORMS = re.compile(r"/items/\d+/forms")
_KEEPABLE = re.compile(
    r"/(?:|account|offline|programmes/\d+(?:/overview)?|(?:goals|measures)/\d+|items/\d+/(?:comments|forms))"
)


def init_app(app: Flask) -> None:
    app.add_url_rule("/sw.js", "service_worker", _service_worker)
    app.add_url_rule("/offline", "offline", _offline_page)


def mark_reader(response: Response, reader: str, *, keep: bool) -> None:
    """Set the headers that say which user a page belongs to, and whether the service worker may cache it (`keep`).

    Of fragments only the forms of a sheet have them, without which a cached page could not be edited.
    """
    if response.mimetype != "text/html" or response.status_code != 200:
        return
    if "HX-Request" in request.headers and not _FORMS.fullmatch(request.path):
        return
    response.headers[READER] = reader
    if keep and request.method == "GET" and _KEEPABLE.fullmatch(request.path):
        response.headers[KEEP] = "yes"


def _service_worker() -> Response:
    """sw.js, at the root since its scope is all pages; revalidated each time, so that a newer one is used at once."""
    response = send_from_directory(str(current_app.static_folder), "sw.js", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _offline_page() -> str:
    return render_template("errors/offline.html")
