"""gunicorn's configuration, read by `gunicorn` in this folder: one process, one gevent worker (README, "Deploying").

Several workers of one gunicorn cannot serve long-polling; `python -m klimawerk.server` starts several gunicorns.
"""

import gc
import os
from typing import Any

os.environ["KLIMAWERK_ASYNC_MODE"] = "gevent"
# Panics of pycrdt are caught (klimawerk/pycrdt_errors.py); printing a backtrace through the stacks of greenlets
# would end the process.
os.environ["RUST_BACKTRACE"] = "0"
# gevent records where each greenlet was spawned, in some twenty objects, and nothing reads it.
os.environ["GEVENT_TRACK_GREENLET_TREE"] = "0"

from gunicorn.workers.ggevent import GeventWorker


class Worker(GeventWorker):
    """gunicorn's gevent worker with the time limits and caps of klimawerk/web/connection_limits.py."""

    def run(self) -> None:
        from klimawerk.web import connection_limits  # only after gevent has monkey-patched

        files = connection_limits.raise_file_limit()
        self.worker_connections = min(self.worker_connections, files * 3 // 4)
        self.connections = connection_limits.ClientConnections(files)
        self.wsgi.extensions["connections"] = self.connections
        super().run()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        from klimawerk.web.connection_limits import ClientConnection

        connection = ClientConnection(client, self.connections)
        try:
            super().handle(listener, connection, addr)
        finally:
            connection.end()

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        sock.begin_body()
        super().handle_request(listener_name, req, sock, addr)
        sock.read_rest(req.body)
        sock.end_request()


wsgi_app = "wsgi:app"
worker_class = Worker
workers = 1
# At most half of these may wait for their client at the same time.
worker_connections = 4000
# Responses pass through the limits of connection_limits.py.
sendfile = False
limit_request_fields = 60
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
proc_name = "klimawerk"

# Seconds that a stop waits for running requests; open pages reconnect by themselves.
graceful_timeout = 3
# Seconds after which a worker that does not respond is replaced.
timeout = 120
# nginx reuses connections; if this side closed them first, nginx would answer 502 now and then.
keepalive = 75
loglevel = "warning"
umask = 0o077  # files of this process are readable by its owner alone
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Start the background threads, so that work left by a killed process is finished before the first request.

    Objects made at the start stay for good, so the garbage collector is told to skip them, and it runs less often: with
    the default thresholds it took a third of the time of typing.
    """
    from klimawerk.accounts import cleanup  # only after gevent has monkey-patched
    from klimawerk.digests import scheduler
    from klimawerk.operations import diagnostics, memory
    from klimawerk.web import cooperative_templates

    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    worker.wsgi.extensions["live"].wake()
    diagnostics.handle_signals(worker.wsgi)
    memory.trim_regularly()
    scheduler.start_scheduler(worker.wsgi)
    cleanup.start_cleanup(worker.wsgi)
    cooperative_templates.start_compiling(worker.wsgi)
