"""Reading without a network: the service worker, the page it shows in place of one that it does not have, and which
pages it may keep."""

from __future__ import annotations

import re

from flask import Flask, Response, current_app, render_template, request, send_from_directory

READER, KEEP = "X-Reader", "X-Keep"
_KEEPABLE = re.compile(r"/(?:|account|offline|(?:programmes|goals|measures)/\d+|items/\d+/comments)")


def init_app(app: Flask) -> None:
    app.add_url_rule("/sw.js", "service_worker", _service_worker)
    app.add_url_rule("/offline", "offline", _offline_page)


def mark_reader(response: Response, reader: str, *, keep: bool) -> None:
    """Say whose page this is, and whether the browser may show it again without a network."""
    if response.mimetype != "text/html" or response.status_code != 200 or "HX-Request" in request.headers:
        return
    response.headers[READER] = reader
    if keep and request.method == "GET" and _KEEPABLE.fullmatch(request.path):
        response.headers[KEEP] = "yes"


def _service_worker() -> Response:
    """At the root, for it looks after all pages; asked for anew each time, so that a newer one comes at once."""
    response = send_from_directory(str(current_app.static_folder), "sw.js", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _offline_page() -> str:
    return render_template("errors/offline.html")
