"""WSGI entry point; gunicorn's gevent worker has monkey-patched before it imports this module."""

import sys

from klimawerk import create_app
from klimawerk.config import BadConfiguration

try:
    app = create_app()
except BadConfiguration as problem:
    sys.exit(f"Klimawerk cannot start: {problem}")
