"""Authentication of the request: the signed-in person, and guards for views."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, has_request_context, request, session
from werkzeug.exceptions import Unauthorized

from klimawerk.accounts.models import Person
from klimawerk.accounts.sessions import PERSON
from klimawerk.extensions import db

P = ParamSpec("P")
R = TypeVar("R")
_CACHED_PERSON = "klimawerk.asking"


def current_person() -> Person | None:
    """The person who is signed in, also in a socket's handshake; None for an anonymous visitor."""
    person_id = session.get(PERSON) if has_request_context() else None
    if not person_id:
        return None
    # Cached per request: each fragment asks for it, and the identity map holds only weak references.
    cached: tuple[int, Person | None] = request.environ.get(_CACHED_PERSON, (0, None))
    if cached[0] != person_id:
        person = db.session.get(Person, person_id)
        cached = request.environ[_CACHED_PERSON] = person_id, person if person and person.ended_at is None else None
    return cached[1]


def signed_in() -> Person:
    """The person who is signed in. Raises Unauthorized, which a page shows as the sign-in page."""
    person = current_person()
    if person is None:
        raise Unauthorized
    return person


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Decorator of a view: only for signed-in users; raises Unauthorized for others."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        signed_in()
        return view(*args, **kwargs)

    return guarded


def operator_or_404() -> Person:
    """The signed-in operator; 404 for other users, and Unauthorized for anonymous visitors."""
    person = signed_in()
    if not person.operator:
        abort(404)
    return person
