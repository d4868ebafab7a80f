"""Import and export: the JSON exchange format, the demonstration, practice programmes, and pasted tables."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register routes, the template function `row_kinds`, and the import job."""
    from klimawerk.exchange import import_slices
    from klimawerk.exchange import paste_routes as _paste_routes  # noqa: F401
    from klimawerk.exchange.routes import KIND, bp, row_kinds
    from klimawerk.jobs.job_kinds import JobKind, job_kinds
    from klimawerk.jobs.models import READY, STORING

    app.register_blueprint(bp)
    app.add_template_global(row_kinds)
    state_after = {"look": READY, "prepare": STORING}
    for kind in (KIND, "shell"):
        job_kinds.add(
            app,
            kind,
            JobKind(
                state_after, import_slices.import_job_rows, import_slices.remove_arriving, import_slices.abandoned_keys
            ),
        )
