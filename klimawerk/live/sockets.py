"""Socket.IO connections: sign-in, watching topics, and what happens to open pages when access rights or logins end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, current_app
from socketio.exceptions import ConnectionRefusedError as Refusal

from klimawerk import database
from klimawerk.database import after_commit, writing, yield_if_due
from klimawerk.live import changes, events, identity, topic_access, transport
from klimawerk.live.background import BackgroundRunner
from klimawerk.live.database_health import DatabaseHealth
from klimawerk.live.fast_path import FastPath
from klimawerk.live.handlers import EventRefused, Handler, LightHandler, Payload, add_handler, add_light_handler
from klimawerk.live.hint_bus import Hint, HintBus
from klimawerk.live.open_pages import OpenPage, OpenPages
from klimawerk.live.topic_broadcast import TopicBroadcast

log = logging.getLogger(__name__)
MAX_TOPICS, MAX_TOPICS_OF_PERSON = 2_000, 12_000
LOGINS_EVERY, RECHECK_ALL_EVERY = 2.0, 300.0  # seconds
ANONYMOUS_TIMEOUT = 10.0  # seconds within which a connection has to sign in
TOPICS_PER_MESSAGE = 10  # topics that count as one message
RECHECK, SIGN_OUT = "recheck", "sign-out"
PING_TIMEOUT = 4.5
"""Seconds after an unanswered ping until a page is silent: less than 10 s after a closed lid, with pings every 4 s."""


class Live:
    """All live state of one app in this process; `live()` returns that of the current app.

    `on_disconnect`, `on_recheck`, `on_alive_change`, `on_watch`: listeners of this app, called in order.
    """

    def __init__(self, app: Flask, server: Any) -> None:
        self.app, self.server = app, server
        self.pages = OpenPages(limited=app.extensions["klimawerk"].rate_limits)
        self.fast_path = FastPath(server)
        self.background = BackgroundRunner(app, server.start_background_task)
        self.bus = HintBus(app.extensions["klimawerk"].redis_url, server.start_background_task)
        self.broadcast = TopicBroadcast(self.pages, self.bus, self.emit)
        self.database_health = DatabaseHealth(app, server, self.background)
        self.background.on_write_failure = self.database_health.failed
        database.on_write_failure(app, self.database_health.failed)
        self.on_disconnect: list[Callable[[OpenPage], None]] = []
        self.on_recheck: list[Callable[[OpenPage], None]] = []
        self.on_alive_change: list[Callable[[OpenPage], None]] = []
        self.on_watch: list[Callable[[OpenPage, list[str]], None]] = []
        self._person_revs: dict[int, int] = {}
        self._logins_checked_at = self._round_began_at = 0.0
        self._round: set[int] = set()
        self._listeners: dict[str, Callable[[Hint], None]] = {}

    def on_hint(self, kind: str, listener: Callable[[Hint], None]) -> None:
        """`listener` gets, in a background thread, what any process publishes under this name."""
        self._listeners[kind] = listener
        self.bus.on(kind, lambda hint: self.background.soon(lambda: listener(hint)))

    def publish(self, kind: str, **hint: Any) -> None:
        """Call the listeners of all processes, this one included."""
        self.background.soon(lambda: self._listeners[kind](hint))
        self.bus.send(kind, **hint)

    def add_handler(
        self, event: str, handler: Handler, message_cost: Callable[[Payload], float] = lambda _payload: 1.0
    ) -> None:
        """See `handlers.add_handler`."""
        add_handler(self.app, self.server, self.pages, event, handler, message_cost)

    def add_light_handler(self, event: str, handler: LightHandler) -> None:
        """See `handlers.add_light_handler`; the event also gets the fast path."""
        self.fast_path.register(event, add_light_handler(self.server, self.pages, event, handler))

    def emit(self, event: str, payload: Payload, *, to: str, skip: list[str] | None = None) -> None:
        """Emit to a socket or a room of this process; each process emits to its own."""
        self.server.emit(event, payload, to=to, skip_sid=skip or [])

    def send_to_each(self, event: str, payload: Payload, sids: Iterable[str]) -> None:
        """Emit one event to some sockets of this process; it is encoded once for all of them."""
        self.fast_path.emit(event, payload, sids)

    def wake(self) -> None:
        """Start the background threads: a server does so at start, else the first socket does; shell commands never
        do."""
        self.background.start()
        self.bus.start()

    def close(self) -> None:
        self.background.stop()
        self.bus.stop()

    def recheck(self, person_id: int) -> None:
        """Check again what the open pages of a person may watch and join."""
        for page in self.pages.of_person(person_id):
            page.rechecks += 1
            for topic in [t for t in page.topics if not topic_access.may_watch(person_id, t)]:
                page.topics.discard(topic)
                self.server.leave_room(page.sid, events.topic_room(topic))
            for listener in self.on_recheck:
                listener(page)

    def sign_out(self, hint: Hint) -> None:
        """End the open pages of the hint's person or login."""
        for page in self.pages.all():
            if page.person_id == hint.get("person") or (page.login and page.login == hint.get("login")):
                self.emit(events.SIGNED_OUT, {}, to=page.sid)
                self.server.disconnect(page.sid)

    def poll(self) -> None:
        """Once a second: missed revisions, access rights, ended logins, silent pages, overloaded sockets."""
        self.broadcast.poll()
        self._poll_access()
        self._end_logins()
        self._recheck_by_time()
        transport.disconnect_anonymous(self.server, ANONYMOUS_TIMEOUT)
        transport.abort_dead_connections(self.server)
        for sid in transport.overloaded_sockets(self.server, {page.sid: page.person_id for page in self.pages.all()}):
            transport.disconnect_now(self.server, sid)
        for page in self.pages.all():
            ping = transport.silent_since(self.server, page.sid)
            alive = ping is None or time.monotonic() - ping < PING_TIMEOUT
            if alive != page.alive:
                page.alive = alive
                for listener in self.on_alive_change:
                    listener(page)

    def _end_logins(self) -> None:
        if time.monotonic() - self._logins_checked_at > LOGINS_EVERY:
            self._logins_checked_at = time.monotonic()
            for login in identity.ended({page.login for page in self.pages.all() if page.login}):
                self.sign_out({"login": login})

    def _recheck_by_time(self) -> None:
        """Access rights may also end at a date: all people are rechecked now and then, one a second."""
        if not self._round and time.monotonic() - self._round_began_at > RECHECK_ALL_EVERY:
            self._round_began_at = time.monotonic()
            self._round = {page.person_id for page in self.pages.all()}
        if self._round:
            self.recheck(self._round.pop())

    def _poll_access(self) -> None:
        people = {page.person_id for page in self.pages.all()}
        revs = changes.revisions([events.person_topic(person) for person in people]) if people else {}
        for person in people:
            rev = revs[events.person_topic(person)]
            if self._person_revs.get(person, rev) != rev:
                self.recheck(person)
        self._person_revs = {person: revs[events.person_topic(person)] for person in people}


def live() -> Live:
    """The live state of the current app."""
    current: Live = current_app.extensions["live"]
    return current


def recheck(person_id: int) -> None:
    """Recheck the open pages of a person, whose access rights may have changed, in all processes.

    To be called inside the `writing()` that changes them (or on its own); it takes effect after the commit.
    """
    with writing():
        changes.note(events.person_topic(person_id))
        after_commit(lambda: live().publish(RECHECK, person=person_id))


def sign_out(person_id: int | None = None, login: str | None = None) -> None:
    """End the open pages of a person, or of one login (`Identity.login`) alone, in all processes."""
    live().publish(SIGN_OUT, person=person_id, login=login)


def init_sockets(app: Flask, server: Any) -> Live:
    """Register the events for connecting and watching, and the background work of the process."""
    live_app = Live(app, server)
    app.extensions["live"] = live_app
    server.on("connect", lambda sid, environ, auth=None: _connect(live_app, sid, environ, auth))
    server.on("disconnect", lambda sid, *_reason: _disconnect(live_app, sid))
    live_app.add_handler(events.WATCH, lambda page, payload: _watch(live_app, page, payload), _message_cost)
    live_app.add_handler(events.UNWATCH, lambda page, payload: _unwatch(live_app, page, payload), _message_cost)
    live_app.add_handler(events.QUIET, lambda page, payload: page.set_preferences(payload))
    live_app.on_hint(RECHECK, lambda hint: live_app.recheck(hint["person"]))
    live_app.on_hint(SIGN_OUT, live_app.sign_out)
    live_app.background.each_second(live_app.poll)
    return live_app


def _connect(live_app: Live, sid: str, environ: dict[str, Any], auth: Any) -> None:
    auth = auth if isinstance(auth, dict) else {}
    if auth.get("v", events.PROTOCOL) != events.PROTOCOL:
        raise Refusal(events.OUTDATED)
    try:
        with live_app.app.request_context(environ):
            identified = identity.current()
    except database.WRITE_FAILURES:
        live_app.database_health.failed()
        raise Refusal(events.UNAVAILABLE) from None
    if identified is None:
        raise Refusal(events.LOGIN_REQUIRED)
    if not live_app.pages.may_connect(identified.person_id):
        raise Refusal(events.RATE)
    schema = auth.get("schema")
    page = OpenPage(sid, identified.person_id, identified.login, schema if isinstance(schema, int) else None)
    page.set_preferences(auth)
    live_app.pages.add(page)
    transport.mark_signed_in(live_app.server, sid)
    live_app.background.soon(lambda: live_app.database_health.notify_new_page(sid))
    live_app.wake()
    if page.schema is not None and page.schema < events.SCHEMA:
        live_app.background.soon(lambda: live_app.emit(events.RELOAD, {"schema": events.SCHEMA}, to=sid))


def _disconnect(live_app: Live, sid: str) -> None:
    page = live_app.pages.remove(sid)
    if page is None:
        return
    transport.mark_signed_in(live_app.server, sid, False)
    with live_app.app.app_context():
        for listener in live_app.on_disconnect:
            try:
                listener(page)
            except Exception:
                log.exception("a page could not be tidied away")


def _watch(live_app: Live, page: OpenPage, payload: Payload) -> Payload:
    requested = _topics(payload)
    allowed = _watchable(page, requested)
    if live_app.pages.get(page.sid) is not page:
        raise EventRefused(events.LOGIN_REQUIRED)  # the socket was closed meanwhile
    new_count = len(page.topics.union(allowed)) - len(page.topics)
    person_count = sum(len(other.topics) for other in live_app.pages.of_person(page.person_id))
    if len(page.topics) + new_count > MAX_TOPICS or (new_count and person_count + new_count > MAX_TOPICS_OF_PERSON):
        raise EventRefused(events.TOO_LARGE)
    for topic in allowed:
        page.topics.add(topic)
        live_app.server.enter_room(page.sid, events.topic_room(topic))
    revs = changes.revisions(allowed) if allowed else {}
    live_app.broadcast.note_sent(revs)
    for listener in live_app.on_watch:
        listener(page, allowed)
    return {"revs": revs, "refused": [topic for topic in requested if topic not in revs]}


def _watchable(page: OpenPage, requested: list[str]) -> list[str]:
    """Those of the topics that the page may watch. Checked again if access rights change during the check."""
    while True:
        rechecks = page.rechecks
        allowed = []
        for number, topic in enumerate(requested, 1):
            if topic in page.topics or topic_access.may_watch(page.person_id, topic):
                allowed.append(topic)
            if number % TOPICS_PER_MESSAGE == 0:
                yield_if_due()
        if page.rechecks == rechecks:
            return allowed


def _unwatch(live_app: Live, page: OpenPage, payload: Payload) -> Payload:
    unwatched = [topic for topic in _topics(payload) if topic in page.topics]
    for topic in unwatched:
        page.topics.discard(topic)
        live_app.server.leave_room(page.sid, events.topic_room(topic))
    return {"revs": changes.revisions(unwatched) if unwatched else {}, "refused": []}


def _message_cost(payload: Payload) -> float:
    requested = payload.get("topics")
    return 1 + len(requested) / TOPICS_PER_MESSAGE if isinstance(requested, list) else 1.0


def _topics(payload: Payload) -> list[str]:
    requested = payload.get("topics")
    if not isinstance(requested, list) or len(requested) > MAX_TOPICS:
        raise EventRefused(events.INVALID)
    if not all(isinstance(topic, str) and len(topic) <= 80 for topic in requested):
        raise EventRefused(events.INVALID)
    return list(dict.fromkeys(requested))
