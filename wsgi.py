"""The server's entry: gunicorn's gevent worker has patched everything before this is imported."""

import sys

from klimawerk import create_app
from klimawerk.config import BadConfiguration

try:
    app = create_app()
except BadConfiguration as problem:
    sys.exit(f"Klimawerk cannot start: {problem}")
