"""Accounts: authentication, server-side sessions, expiring links, rate limits of attempts, and the audit log."""

from __future__ import annotations

from flask import Flask, Response, session
from werkzeug.exceptions import NotFound, Unauthorized

from klimawerk.accounts import confirmation_facts, routes, sessions, socket_logins, stale_forms
from klimawerk.accounts.access import current_person
from klimawerk.accounts.existing_accounts import AccountDeleted
from klimawerk.accounts.restore_hooks import keep_link_state
from klimawerk.operations.service import on_restore
from klimawerk.web import offline
from klimawerk.web.errors import answer
from klimawerk.web.localisation import set_reader_lookup


def init_app(app: Flask) -> None:
    sessions.init_app(app)
    socket_logins.init_app(app)
    stale_forms.init_app(app)
    app.register_error_handler(AccountDeleted, _handle_deleted_account)
    app.register_blueprint(routes.blueprint)
    app.context_processor(lambda: {"person": current_person()})
    app.add_template_global(confirmation_facts.partnership_names, "partnerships_of")
    set_reader_lookup(app, current_person)
    app.after_request(_mark_reader)
    on_restore.add(app, keep_link_state)


def _handle_deleted_account(_error: AccountDeleted) -> Response:
    """401 (the sign-in page) if the signed-in account itself was deleted; 404 if another account was."""
    person = current_person()
    if person is not None and person.ended_at is None:
        return answer(NotFound())
    sessions.end_session()
    return answer(Unauthorized())


def _mark_reader(response: Response) -> Response:
    """Mark the page with its reader: the offline cache holds pages of one account, none on a shared computer."""
    if response.status_code == 200 and response.mimetype == "text/html" and (person := current_person()):
        offline.mark_reader(response, str(person.id), keep=not session.get("shared"))
    return response
