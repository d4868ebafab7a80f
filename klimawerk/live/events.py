"""Names of all Socket.IO events, their payloads and error codes, both directions.

Protocol version 1, a contract: names and keys are only added. `static/js/wire.js` is the browser's copy.
"""

from __future__ import annotations

PROTOCOL = 1
SCHEMA = 2
OLDEST_SCHEMA = 1  # oldest editor that may join; raise it with every new node or mark, which older editors would delete

# client to server
DOC_JOIN = "doc:join"  # {doc, sv?, gen?, http?}
DOC_UPDATE = "doc:update"  # {doc, u} or {doc, u, id, part, of}; back: {doc, from, seq, u: [...]}
DOC_AWARENESS = "doc:awareness"  # {doc, a}; back: {doc, sid, a}; `a` null: the caret is removed
DOC_LEAVE = "doc:leave"  # {doc}
WATCH = "watch"  # {topics: [...]}
UNWATCH = "unwatch"  # {topics: [...]}
QUIET = "quiet"  # {saver?, hidden?}: booleans, also in `auth`: send this page few messages; added by us
HERE = "here"  # {programme, item?, field?, lang?}: presence of the page's person; programme null: none; added by us

# server to client
DOC_PEOPLE = "doc:people"  # {doc, people: [{sid, id, name, side, place, role}]}
DOC_ACCESS = "doc:access"  # {doc, write, reason, by}
DOC_CLOSED = "doc:closed"  # {doc, reason}: one of the three below
CHANGED = "changed"  # {topics: {topic: rev}, by}
PEOPLE = "people"  # {programme, people: [{id, name, side, place, item, field, lang}]}; added by us
SIGNED_OUT = "signed-out"  # {}: the login of this page has ended; added by us
STORING = "storing"  # {able}: whether the database accepts writes; sent to all pages; added by us
RELOAD = "reload"  # {schema}: this page's editor is older than the server's schema; added by us

REVOKED = "revoked"
DELETED = "deleted"
RESTORED = "restored"

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
OUTDATED = "outdated"  # doc:join of an editor older than OLDEST_SCHEMA: reload the page; added by us


def topic_room(topic: str) -> str:
    """The Socket.IO room of the pages that watch `topic`."""
    return f"topic:{topic}"


def doc_room(doc: str) -> str:
    """The Socket.IO room of the members of the document."""
    return f"doc:{doc}"


def person_topic(person_id: int) -> str:
    """A topic that no page watches: its revision grows whenever the person's access rights may have changed."""
    return f"person:{person_id}"
