"""Who is asking."""

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
_ASKING = "klimawerk.asking"


def current_person() -> Person | None:
    """The person who is signed in here, also at a socket's handshake; None for a stranger."""
    person_id = session.get(PERSON) if has_request_context() else None
    if not person_id:
        return None
    # Asked for with every fragment of an answer, and read once; the database session forgets what nobody holds.
    known: tuple[int, Person | None] = request.environ.get(_ASKING, (0, None))
    if known[0] != person_id:
        person = db.session.get(Person, person_id)
        known = request.environ[_ASKING] = person_id, person if person and person.ended_at is None else None
    return known[1]


def signed_in() -> Person:
    """The person who is signed in. Raises Unauthorized, which a page shows as the sign-in page."""
    person = current_person()
    if person is None:
        raise Unauthorized
    return person


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Only for people who are signed in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        signed_in()
        return view(*args, **kwargs)

    return guarded


def operator_or_404() -> Person:
    """The signed-in operator; for anybody else the page does not exist."""
    person = signed_in()
    if not person.operator:
        abort(404)
    return person
