"""Mail digests: what people missed, their preferences, and the outbox of mails."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.accounts.signals import person_changed
    from klimawerk.digests import preferences, routes, view
    from klimawerk.digests.restore_hooks import keep_digest_state
    from klimawerk.extensions import csrf
    from klimawerk.operations.service import on_restore

    app.register_blueprint(routes.blueprint)
    csrf.exempt(routes.stop_now)
    app.add_template_global(view.preference_card, "digest_choice")
    person_changed.connect(app, preferences.reschedule_for_zone)
    on_restore.add(app, keep_digest_state)
