"""HTTP route for a document's content: the first sync of a large document over a slow connection."""

from __future__ import annotations

import base64
import binascii
import gzip

from flask import Blueprint, Response, abort, request

from klimawerk.collab import access
from klimawerk.collab.room.hub import hub
from klimawerk.collab.validation import update_decoder
from klimawerk.live import events, identity
from klimawerk.live.handlers import EventRefused

blueprint = Blueprint("collab", __name__)


@blueprint.get("/live/documents/<name>")
def document(name: str) -> Response:
    """The Yjs update (raw bytes, gzipped) of what a client with the state vector `sv` (base64) lacks."""
    identified = identity.current()
    if identified is None or access.access_of(identified.person_id, name) is None:
        abort(404)
    state = _state(request.args.get("sv", ""))
    rooms = hub().rooms
    try:
        row = rooms.find(name)
        with rooms.open(name).stored_document(row) as doc:
            update = doc.get_update(state)
    except EventRefused as refusal:
        abort(503 if refusal.code == events.UNAVAILABLE else 404)
    if not hub().live.pages.may_download(identified.person_id, len(update)):
        abort(429)
    response = Response(gzip.compress(update, 4), mimetype="application/octet-stream")
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = "no-store"
    return response


def _state(encoded: str) -> bytes | None:
    if not encoded:
        return None
    try:
        state = base64.b64decode(encoded, validate=True)
        update_decoder.decode_state_vector(state)
    except (binascii.Error, ValueError):
        abort(400)
    return state
