"""Every name on the wire, both directions (protocol version 1, a contract: only add)."""

from __future__ import annotations

PROTOCOL = 1
SCHEMA = 1

# client to server
DOC_JOIN = "doc:join"
DOC_UPDATE = "doc:update"
DOC_AWARENESS = "doc:awareness"
DOC_LEAVE = "doc:leave"
WATCH = "watch"
UNWATCH = "unwatch"
HERE = "here"  # {programme, item, field}: where this page's person is; added by us

# server to client
DOC_PEOPLE = "doc:people"
DOC_ACCESS = "doc:access"
DOC_CLOSED = "doc:closed"
CHANGED = "changed"
PEOPLE = "people"  # {programme, people: [{name, side, place, item, field}]}; added by us
SIGNED_OUT = "signed-out"  # the login of this page has ended; added by us

# error codes
LOGIN_REQUIRED = "login_required"
FORBIDDEN = "forbidden"
NOT_FOUND = "not_found"
NOT_JOINED = "not_joined"
LOCKED = "locked"
INVALID = "invalid"
TOO_LARGE = "too_large"
RESYNC = "resync"
RATE = "rate"
UNAVAILABLE = "unavailable"


def topic_room(topic: str) -> str:
    """The Socket.IO room of those who watch `topic`."""
    return f"topic:{topic}"


def doc_room(doc: str) -> str:
    """The Socket.IO room of those who joined the document."""
    return f"doc:{doc}"


def person_room(person_id: int) -> str:
    """The Socket.IO room of all pages of one person."""
    return f"person:{person_id}"
