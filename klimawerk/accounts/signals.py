"""What open pages must hear of at once: noted inside `writing()`, told after its commit."""

from __future__ import annotations

from blinker import Signal

from klimawerk.database import after_commit

logins_ended = Signal("logins ended: keys (list of str)")
person_changed = Signal("a person's name, rights or existence changed: person_id (int)")


def note_logins_ended(keys: list[str]) -> None:
    def tell() -> None:
        logins_ended.send(keys=keys)

    after_commit(tell)


def note_person_changed(person_id: int) -> None:
    def tell() -> None:
        person_changed.send(person_id=person_id)

    after_commit(tell)
