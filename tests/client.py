"""A Flask test client that checks the HTML of every response, and signs people in as a browser does."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from klimawerk.accounts import sessions
from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from tests import factories, html_checks


class ProofReader(FlaskClient):
    """`client.get(...)` as in Flask; a page with faults raises an AssertionError that names them.

    `client.fragment(path)` sends htmx's headers. `client.post(path, data)` adds the CSRF token of the last page seen.
    """

    token: str = ""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if kwargs.get("method") in ("POST", "PUT", "PATCH", "DELETE") and self.token:
            headers = dict(kwargs.pop("headers", None) or {})
            kwargs["headers"] = {"X-CSRFToken": self.token, **headers}
        # Each request has its own context, as on the server; the test then reads what it has stored.
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        db.session.rollback()
        db.session.expire_all()
        check_html(response, self.application)
        token = (
            re.search(r'name="csrf[-_]token" (?:content|value)="([^"]+)"', response.get_data(as_text=True))
            if response.mimetype == "text/html"
            else None
        )
        self.token = token[1] if token else self.token
        return response

    def fragment(self, path: str, **kwargs: Any) -> TestResponse:
        """What htmx gets for `path`."""
        return self.get(
            path,
            headers={"HX-Request": "true", "HX-Request-Type": "partial", **kwargs.pop("headers", {})},
            **kwargs,
        )

    def login(self, person: Person) -> None:
        """Sign in without the pages of the form and without hashing a password."""
        app = self.application
        with app.app_context(), app.test_request_context("/login"):
            sessions.begin_session(person)
            self.token = generate_csrf()
            app.session_interface.save_session(app, session, app.make_response(""))
            kept = session.token  # type: ignore[attr-defined]
        self.set_cookie(app.config["SESSION_COOKIE_NAME"], kept)
        db.session.rollback()  # forget what the test has read before
        db.session.expire_all()

    def sign_in(self, person: Person, password: str = factories.PASSWORD) -> TestResponse:
        """Sign in through the form."""
        self.get("/login")
        response = self.post("/login", data={"email": person.email, "password": password, "csrf_token": self.token})
        assert response.status_code == 302, f"signing in as {person.email}: {response.status}"
        self.get(response.location)
        return response


def check_html(response: TestResponse, app: Flask) -> None:
    """Raise an AssertionError with all faults of an HTML response; other responses pass."""
    if response.mimetype != "text/html" or not response.data or 300 <= response.status_code < 400:
        return
    text = response.get_data(as_text=True)
    headers = response.request.headers
    as_fragment = headers.get("HX-Request") == "true" and "<html" not in text[:200].lower()
    faults = html_checks.fragment(text) if as_fragment else html_checks.page(text)
    faults += html_checks.policy(response.headers.get("Content-Security-Policy"))
    faults += dead_links(text, app)
    assert not faults, f"{response.request.path}: " + "; ".join(faults)


def dead_links(text: str, app: Flask) -> list[str]:
    """Paths of links and forms that no route of the app answers."""
    wanted = {("GET", path) for path in re.findall(r'<a\b[^>]*?\shref="(/[^"?#]*)', text)}
    for form in re.findall(r"<form\b[^>]*>", text):
        method = "POST" if 'method="post"' in form else "GET"
        wanted |= {(method, path) for path in re.findall(r'\saction="(/[^"?#]*)', form)}
    wanted |= {("POST", path) for path in re.findall(r'\sformaction="(/[^"?#]*)', text)}
    routes = app.url_map.bind("")
    return [f"{method} {path}: no such page" for method, path in sorted(wanted) if not routes.test(path, method)]
