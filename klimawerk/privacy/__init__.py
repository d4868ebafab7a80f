"""What is kept of persons: erasing one, how long each kind of record stays, who may read the files of the database.

`personal_data.py` declares for every column that can hold something of a person what becomes of it; `erasure.py` erases
one person; `erasure_log.py` remembers who was erased, for backups that still hold them; `retention.py` is the table of
times.
"""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.operations.service import on_restore
    from klimawerk.privacy import erasure, retention
    from klimawerk.privacy.routes import blueprint

    app.register_blueprint(blueprint)
    on_restore(erasure.keep_erasures)
    app.extensions["live"].background.each_second(retention.RetentionJob().look)
