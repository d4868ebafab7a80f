"""The engine with the real domain packages, sign-in and server."""

from __future__ import annotations

import base64
from typing import Any

from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from klimawerk.accounts.models import Person
from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.partnerships import members
from klimawerk.partnerships.access import member_of
from tests import factories
from tests.live.engine_server import b64, until
from tests.servers import KlimawerkServer

FRAGMENT = "description.en"


class DocumentClient:
    """A signed-in person's socket with a replica of one document."""

    def __init__(self, server: KlimawerkServer, person: Person, name: str) -> None:
        self.name = name
        self.heard: list[tuple[str, Any]] = []
        self.socket = server.socket(person)
        self.socket.on("*", lambda event, payload=None: self.heard.append((event, payload)))
        self.doc: Doc[XmlFragment] = Doc()

    def join(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.socket.call("doc:join", {"doc": self.name}, timeout=10)
        if answer["ok"]:
            self.doc.apply_update(base64.b64decode(answer["u"]))
        return answer

    def write(self, words: str) -> dict[str, Any]:
        before = self.doc.get_state()
        fragment = self.doc.get(FRAGMENT, type=XmlFragment)
        fragment.children.append(XmlElement("paragraph", {}, [XmlText(words)]))
        update = b64(self.doc.get_update(before))
        answer: dict[str, Any] = self.socket.call("doc:update", {"doc": self.name, "u": update}, timeout=10)
        return answer

    def received(self, event: str) -> list[Any]:
        return [payload for name, payload in self.heard if name == event]


def test_two_sides_write_one_measure_and_a_stranger_does_not(live_server: KlimawerkServer) -> None:
    team, others = factories.partnership(), factories.partnership("Anderstadt", "Otherton")
    name = factories.measure(factories.programme(team)).name
    jan, akosua = (DocumentClient(live_server, side["editor"], name) for side in (team.de, team.partner))
    stranger = DocumentClient(live_server, others.de["editor"], name)
    reviewer = DocumentClient(live_server, team.de["reviewer"], name)
    assert [jan.join()["write"], akosua.join()["write"], reviewer.join()["write"]] == [True, True, False]
    assert stranger.join() == {"ok": False, "error": "not_found"}
    for document_client, refused in ((reviewer, []), (stranger, [name])):
        assert document_client.socket.call("watch", {"topics": [name]}, timeout=10)["refused"] == refused
    assert jan.write("Wärme")["ok"]
    assert reviewer.write("nein") == {"ok": False, "error": "forbidden"}
    until(lambda: akosua.received("doc:update"))
    assert stranger.heard == []
    db.session.rollback()
    assert "Wärme" in rich_text.to_plain_text(document_store.contents(name)[FRAGMENT])
    for document_client in (jan, akosua, reviewer, stranger):
        document_client.socket.disconnect()


def test_a_membership_that_ends_closes_the_open_document(live_server: KlimawerkServer) -> None:
    team = factories.partnership()
    name = factories.measure(factories.programme(team)).name
    jan, akosua = (DocumentClient(live_server, side["editor"], name) for side in (team.de, team.partner))
    assert jan.join()["ok"]
    assert akosua.join()["ok"]
    coordinator = member_of(team.de["coordinator"], team.partnership.id)
    membership = next(m for m in team.partnership.memberships if m.person_id == team.de["editor"].id)
    assert coordinator is not None
    members.end_membership(coordinator, membership.id)
    until(lambda: jan.received("doc:closed") == [{"doc": name, "reason": "revoked"}], 4)
    assert jan.write("noch schnell")["ok"] is False
    assert akosua.write("wir sind noch da")["ok"]
    for document_client in (jan, akosua):
        document_client.socket.disconnect()


def test_what_a_killed_server_left_behind_reaches_the_lists_before_anybody_comes_back(
    live_server: KlimawerkServer,
) -> None:
    team = factories.partnership()
    name = factories.measure(factories.programme(team)).name
    jan = DocumentClient(live_server, team.de["editor"], name)
    assert jan.join()["ok"]
    assert jan.write("Kurz vor dem Ende")["ok"]
    live_server.kill()
    jan.socket.disconnect()
    assert "Ende" not in _listed(name), "the lists lag two seconds behind: else this proves nothing"
    live_server.restart()
    until(lambda: "Kurz vor dem Ende" in _listed(name))


def _listed(name: str) -> str:
    db.session.rollback()
    return document_store.texts([name])[name][FRAGMENT].plain
