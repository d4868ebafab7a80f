"""The server's entry: gunicorn's gevent worker has patched everything before this is imported."""

from klimawerk import create_app

app = create_app()
