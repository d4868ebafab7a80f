"""Comments: threads about programmes, goals and measures (questions, proposals, concerns, tasks)."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.comments import access, lock_listener, thread_redaction, topics
    from klimawerk.comments import proposal_routes as _proposal_routes  # noqa: F401
    from klimawerk.comments.routes import bp
    from klimawerk.sheets.signals import locks_changed
    from klimawerk.versions import redaction

    app.register_blueprint(bp)
    app.add_template_global(access.may_comment)
    topics.init_app(app)
    locks_changed.connect(app, lock_listener.follow_locks)
    redaction.redaction_begins.connect(app, thread_redaction.announce_passages)
    redaction.other_redactions.add(app, thread_redaction.redact_threads)
