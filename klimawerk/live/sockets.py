"""Connections: who may connect, what a page watches, and what happens to open pages when rights or logins end."""

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
MOST_TOPICS, MOST_TOPICS_OF_PERSON = 2_000, 12_000
LOGINS_EVERY, RECHECK_ALL_EVERY = 2.0, 300.0  # seconds
ANONYMOUS_TIMEOUT = 10.0  # seconds that a connection may take to say whose it is
TOPICS_PER_MESSAGE = 10  # so many topics count as one message
RECHECK, SIGN_OUT = "recheck", "sign-out"
PING_TIMEOUT = 4.5
"""Seconds after an unanswered ping until a page counts as gone: under 10 s after a closed lid, with pings every 4 s."""


class Live:
    """Everything live in this process for one app; `live()` finds the current app's."""

    def __init__(self, app: Flask, server: Any) -> None:
        self.app, self.server = app, server
        self.pages = OpenPages(limited=app.extensions["klimawerk"].rate_limits)
        self.fast_path = FastPath(server)
        self.background = BackgroundRunner(app, server.start_background_task)
        self.bus = HintBus(app.extensions["klimawerk"].redis_url, server.start_background_task)
        self.broadcast = TopicBroadcast(self.pages, self.bus, self.tell)
        self.database_health = DatabaseHealth(app, server, self.background)
        self.background.on_write_failure = self.database_health.failed
        database.on_write_failure(app, self.database_health.failed)
        self.on_gone: list[Callable[[OpenPage], None]] = []
        self.on_recheck: list[Callable[[OpenPage], None]] = []
        self.on_life: list[Callable[[OpenPage], None]] = []
        self.on_watch: list[Callable[[OpenPage, list[str]], None]] = []
        self._person_revs: dict[int, int] = {}
        self._logins_at = self._round_at = 0.0
        self._round: set[int] = set()
        self._listeners: dict[str, Callable[[Hint], None]] = {}

    def on_hint(self, kind: str, listener: Callable[[Hint], None]) -> None:
        """`listener` hears, in a background thread, what any process spreads under this name."""
        self._listeners[kind] = listener
        self.bus.on(kind, lambda hint: self.background.soon(lambda: listener(hint)))

    def publish(self, kind: str, **hint: Any) -> None:
        """Tell the listeners of all processes, this one included."""
        self.background.soon(lambda: self._listeners[kind](hint))
        self.bus.tell(kind, **hint)

    def add_handler(
        self, event: str, handler: Handler, weigh: Callable[[Payload], float] = lambda _payload: 1.0
    ) -> None:
        """See `open_door`."""
        add_handler(self.app, self.server, self.pages, event, handler, weigh)

    def add_light_handler(self, event: str, handler: LightHandler) -> None:
        """See `open_light_door`."""
        self.fast_path.lead(event, add_light_handler(self.server, self.pages, event, handler))

    def tell(self, event: str, payload: Payload, *, to: str, skip: list[str] | None = None) -> None:
        """Emit to a socket or a room of this process; each process tells its own."""
        self.server.emit(event, payload, to=to, skip_sid=skip or [])

    def send_to_each(self, event: str, payload: Payload, sids: Iterable[str]) -> None:
        """Tell the same to some sockets of this process; it is encoded once for all of them."""
        self.fast_path.tell(event, payload, sids)

    def wake(self) -> None:
        """Start what runs in the background: the server does so at once, the first socket where there is none; commands
        of the shell never do."""
        self.background.start()
        self.bus.start()

    def close(self) -> None:
        self.background.stop()
        self.bus.stop()

    def recheck(self, person_id: int) -> None:
        """Decide anew what the open pages of a person may see and do."""
        for page in self.pages.of_person(person_id):
            page.rechecks += 1
            for topic in [t for t in page.topics if not topic_access.may_watch(person_id, t)]:
                page.topics.discard(topic)
                self.server.leave_room(page.sid, events.topic_room(topic))
            for listener in self.on_recheck:
                listener(page)

    def sign_out(self, hint: Hint) -> None:
        for page in self.pages.all():
            if page.person_id == hint.get("person") or (page.login and page.login == hint.get("login")):
                self.tell(events.SIGNED_OUT, {}, to=page.sid)
                self.server.disconnect(page.sid)

    def look(self) -> None:
        """Once a second: lost hints, pages that fell silent, sockets that take nothing any more."""
        self.broadcast.look()
        self._look_at_rights()
        self._look_at_logins()
        self._look_at_calendar()
        transport.disconnect_anonymous(self.server, ANONYMOUS_TIMEOUT)
        transport.cut_dead_connections()
        for sid in transport.overloaded_sockets(self.server, {page.sid: page.person_id for page in self.pages.all()}):
            transport.disconnect_now(self.server, sid)
        for page in self.pages.all():
            ping = transport.silent_since(self.server, page.sid)
            alive = ping is None or time.monotonic() - ping < PING_TIMEOUT
            if alive != page.alive:
                page.alive = alive
                for listener in self.on_life:
                    listener(page)

    def _look_at_logins(self) -> None:
        if time.monotonic() - self._logins_at > LOGINS_EVERY:
            self._logins_at = time.monotonic()
            for login in identity.ended({page.login for page in self.pages.all() if page.login}):
                self.sign_out({"login": login})

    def _look_at_calendar(self) -> None:
        """Rights also end by a date: everybody is decided anew now and then, one person a second."""
        if not self._round and time.monotonic() - self._round_at > RECHECK_ALL_EVERY:
            self._round_at = time.monotonic()
            self._round = {page.person_id for page in self.pages.all()}
        if self._round:
            self.recheck(self._round.pop())

    def _look_at_rights(self) -> None:
        people = {page.person_id for page in self.pages.all()}
        revs = changes.revisions([events.person_topic(person) for person in people]) if people else {}
        for person in people:
            rev = revs[events.person_topic(person)]
            if self._person_revs.get(person, rev) != rev:
                self.recheck(person)
        self._person_revs = {person: revs[events.person_topic(person)] for person in people}


def live() -> Live:
    """The current app's."""
    found: Live = current_app.extensions["live"]
    return found


def recheck(person_id: int) -> None:
    """A person's rights may have changed: their open pages are decided anew, in all processes.

    To be called inside the `writing()` that changes them (or on its own); it takes effect after the commit.
    """
    with writing():
        changes.note(events.person_topic(person_id))
        after_commit(lambda: live().publish(RECHECK, person=person_id))


def sign_out(person_id: int | None = None, login: str | None = None) -> None:
    """End the open pages of a person, or of one login (`Identity.login`) alone, in all processes."""
    live().publish(SIGN_OUT, person=person_id, login=login)


def init_sockets(app: Flask, server: Any) -> Live:
    """Bind connecting, watching and the process's background work to the Socket.IO server."""
    here = Live(app, server)
    app.extensions["live"] = here
    server.on("connect", lambda sid, environ, auth=None: _connect(here, sid, environ, auth))
    server.on("disconnect", lambda sid, *_reason: _disconnect(here, sid))
    here.add_handler(events.WATCH, lambda page, payload: _watch(here, page, payload), _message_cost)
    here.add_handler(events.UNWATCH, lambda page, payload: _unwatch(here, page, payload), _message_cost)
    here.add_handler(events.QUIET, lambda page, payload: page.wish(payload))
    here.on_hint(RECHECK, lambda hint: here.recheck(hint["person"]))
    here.on_hint(SIGN_OUT, here.sign_out)
    here.background.each_second(here.look)
    return here


def _connect(here: Live, sid: str, environ: dict[str, Any], auth: Any) -> None:
    auth = auth if isinstance(auth, dict) else {}
    if auth.get("v", events.PROTOCOL) != events.PROTOCOL:
        raise Refusal(events.OUTDATED)
    try:
        with here.app.request_context(environ):
            who = identity.current()
    except database.WRITE_FAILURES:
        here.database_health.failed()
        raise Refusal(events.UNAVAILABLE) from None
    if who is None:
        raise Refusal(events.LOGIN_REQUIRED)
    if not here.pages.may_come(who.person_id):
        raise Refusal(events.RATE)
    schema = auth.get("schema")
    page = OpenPage(sid, who.person_id, who.login, schema if isinstance(schema, int) else None)
    page.wish(auth)
    here.pages.add(page)
    transport.mark_signed_in(here.server, sid)
    here.background.soon(lambda: here.database_health.greet(sid))
    here.wake()
    if page.schema is not None and page.schema < events.SCHEMA:
        here.background.soon(lambda: here.tell(events.RELOAD, {"schema": events.SCHEMA}, to=sid))


def _disconnect(here: Live, sid: str) -> None:
    page = here.pages.remove(sid)
    if page is None:
        return
    transport.mark_signed_in(here.server, sid, False)
    with here.app.app_context():
        for listener in here.on_gone:
            try:
                listener(page)
            except Exception:
                log.exception("a page could not be tidied away")


def _watch(here: Live, page: OpenPage, payload: Payload) -> Payload:
    asked = _topics(payload)
    allowed = _watchable(page, asked)
    if here.pages.get(page.sid) is not page:
        raise EventRefused(events.LOGIN_REQUIRED)  # it has left meanwhile
    fresh = len(page.topics.union(allowed)) - len(page.topics)
    theirs = sum(len(other.topics) for other in here.pages.of_person(page.person_id))
    if len(page.topics) + fresh > MOST_TOPICS or (fresh and theirs + fresh > MOST_TOPICS_OF_PERSON):
        raise EventRefused(events.TOO_LARGE)
    for topic in allowed:
        page.topics.add(topic)
        here.server.enter_room(page.sid, events.topic_room(topic))
    revs = changes.revisions(allowed) if allowed else {}
    here.broadcast.answered(revs)
    for listener in here.on_watch:
        listener(page, allowed)
    return {"revs": revs, "refused": [topic for topic in asked if topic not in revs]}


def _watchable(page: OpenPage, asked: list[str]) -> list[str]:
    """Those of the topics that the page may watch. Rights that end while it is asked are not overlooked."""
    while True:
        rechecks = page.rechecks
        allowed = []
        for number, topic in enumerate(asked, 1):
            if topic in page.topics or topic_access.may_watch(page.person_id, topic):
                allowed.append(topic)
            if number % TOPICS_PER_MESSAGE == 0:
                yield_if_due()  # others are not kept waiting by a long list
        if page.rechecks == rechecks:
            return allowed


def _unwatch(here: Live, page: OpenPage, payload: Payload) -> Payload:
    left = [topic for topic in _topics(payload) if topic in page.topics]
    for topic in left:
        page.topics.discard(topic)
        here.server.leave_room(page.sid, events.topic_room(topic))
    return {"revs": changes.revisions(left) if left else {}, "refused": []}


def _message_cost(payload: Payload) -> float:
    asked = payload.get("topics")
    return 1 + len(asked) / TOPICS_PER_MESSAGE if isinstance(asked, list) else 1.0


def _topics(payload: Payload) -> list[str]:
    asked = payload.get("topics")
    if not isinstance(asked, list) or len(asked) > MOST_TOPICS:
        raise EventRefused(events.INVALID)
    if not all(isinstance(topic, str) and len(topic) <= 80 for topic in asked):
        raise EventRefused(events.INVALID)
    return list(dict.fromkeys(asked))
