"""gunicorn reads this by itself when started here: `gunicorn`. One process, one gevent worker (see README, Deploying).

More workers in one gunicorn cannot serve long-polling; `python -m klimawerk.server` starts several gunicorns instead.
"""

import gc
import os
from typing import Any

os.environ["KLIMAWERK_ASYNC_MODE"] = "gevent"
# A panic of the library for texts is caught (klimawerk/pycrdt_errors.py); to print where it came from, through the
# stacks of greenlets, would end the process.
os.environ["RUST_BACKTRACE"] = "0"
# Nobody looks at where a greenlet was begun, which gevent notes for each in some twenty objects.
os.environ["GEVENT_TRACK_GREENLET_TREE"] = "0"

from gunicorn.workers.ggevent import GeventWorker


class Worker(GeventWorker):
    """gunicorn's gevent worker with the time limits and caps of klimawerk/web/connection_limits.py."""

    def run(self) -> None:
        from klimawerk.web import connection_limits  # not before the worker has patched everything

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
# Of these at most a half may wait for their client at the same time.
worker_connections = 4000
# Answers go through the limits of connection_limits.py.
sendfile = False
limit_request_fields = 60
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
proc_name = "klimawerk"

# A stop waits this long (seconds) for answers under way; open pages reconnect by themselves.
graceful_timeout = 3
# A worker that shows no sign of life for this long is replaced.
timeout = 120
# nginx keeps connections open; closing them first from this side would make it answer 502 now and then.
keepalive = 75
loglevel = "warning"
umask = 0o077  # whatever this process writes is its owner's alone
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """What a killed process left unfinished is finished now, and not when somebody comes.

    What was made at start stays for good, so the collector need not walk through it again and again; nor need it look
    for circles after every few hundred objects: that took a third of the time of typing.
    """
    from klimawerk.accounts import cleanup  # not before the worker has patched everything
    from klimawerk.digests import scheduler
    from klimawerk.operations import diagnostics, memory

    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    worker.wsgi.extensions["live"].wake()
    diagnostics.handle_signals(worker.wsgi)
    memory.trim_regularly()
    scheduler.start_scheduler(worker.wsgi)
    cleanup.start_cleanup(worker.wsgi)
