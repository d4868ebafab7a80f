"""Personal data (GDPR): erasure of a person, retention periods of records.

`personal_data.py` declares for every column that can hold personal data what erasure does with it; `erasure.py` erases
one person; `erasure_log.py` records who was erased, for backups that still hold them; `retention.py` is the table of
retention periods.
"""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.operations.service import on_restore
    from klimawerk.privacy import erasure, retention
    from klimawerk.privacy.routes import blueprint

    app.register_blueprint(blueprint)
    on_restore.add(app, erasure.keep_erasures)
    app.extensions["live"].background.each_second(retention.RetentionJob().run_if_due)
