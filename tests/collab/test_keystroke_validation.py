"""The short check of keystrokes gives the same result as the full validation."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from pycrdt import Doc, XmlFragment, XmlText

from klimawerk.collab.validation import update_decoder
from klimawerk.collab.validation.validator import UpdateValidator
from klimawerk.live.handlers import EventRefused
from tests.faults.hostile_updates import number
from tests.live.engine_server import FRAGMENT, append, element, paragraph, random_edit
from tests.long_runs import steps

Outcome = tuple[str, int]


@pytest.fixture
def seed() -> int:
    value = int(time.time())
    print("seed", value)
    return value


def keystroke_of(
    client: int, clock: int, left: update_decoder.Id, right: update_decoder.Id | None = None, text: str = "x"
) -> bytes:
    head = bytes([1, 1]) + number(client) + number(clock) + bytes([0xC4 if right else 0x84])
    beside = b"".join(number(one) for id_ in (left, right) if id_ for one in id_)
    return head + beside + number(len(text.encode())) + text.encode() + b"\0"


def outcome_of(validator: UpdateValidator, update: bytes) -> Outcome:
    """The result of judging an update, and its merge cost."""
    asked_steps: list[int] = []

    def afford(steps: int) -> bool:
        asked_steps.append(steps)
        return True

    try:
        parsed = validator.judge(update, afford)
    except EventRefused as refusal:
        return refusal.code, 0
    return f"{len(parsed.structs)} new", sum(asked_steps)


def state(validator: UpdateValidator) -> tuple[object, ...]:
    parents, merge_cost = validator.parents, validator.merge_cost
    parent_state = parents._starts, parents._runs, parents._clocks, parents._depths
    return (
        validator.clocks,
        validator.low_surrogates,
        parent_state,
        merge_cost.items,
        merge_cost.client_ends,
        merge_cost.split_insertions,
        merge_cost.deletion_starts,
    )


def changed(update: bytes, dice: random.Random) -> bytes:
    """The update with a random bit flipped in one of its first bytes."""
    at = dice.randrange(2, min(len(update), 20))
    return update[:at] + bytes([update[at] ^ 1 << dice.randrange(8)]) + update[at + 1 :]


class Typist:
    """A person who edits; `edit` returns an update with nothing but that edit."""

    def __init__(self, shared: Doc[XmlFragment], dice: random.Random) -> None:
        self.document: Doc[XmlFragment] = Doc()
        self._dice = dice
        self._sent: list[bytes] = []
        self.hear(shared)
        self.document.observe(lambda event: self._sent.append(event.update))

    def hear(self, shared: Doc[XmlFragment]) -> None:
        self.document.apply_update(shared.get_update(self.document.get_state()))

    def edit(self) -> bytes:
        fragment = self.document.get(FRAGMENT, type=XmlFragment)
        blocks = [element(fragment, place) for place in range(len(fragment.children))]
        texts = [child for block in blocks for child in block.children if isinstance(child, XmlText)]
        self._sent.clear()
        with self.document.transaction():
            if texts and self._dice.random() < 0.85:
                texts[0].insert(len(texts[0]), self._dice.choice(["a", "ä", "→", "of", "😀"]))
            else:
                random_edit(fragment, self._dice)
        return self._sent[0] if self._sent else b"\0\0"


def test_both_ways_say_the_same_of_what_people_type_and_of_what_is_changed_on_its_way(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, short_path = random.Random(seed), Counter[bool]()
    shared: Doc[XmlFragment] = Doc()
    for text in ("one", "two"):
        shared.get(FRAGMENT, type=XmlFragment).children.append(paragraph(text))
    people = [Typist(shared, dice) for _ in range(3)]
    short, long = UpdateValidator({FRAGMENT}), UpdateValidator({FRAGMENT})
    for validator in (short, long):
        validator.learn(shared.get_update())
    stroke, take_stroke = update_decoder.keystroke, UpdateValidator._validate_keystroke
    monkeypatch.setattr(
        UpdateValidator, "_validate_keystroke", lambda *args: short_path.update([True]) or take_stroke(*args)
    )
    for _ in range(steps(1_500, 6_000)):
        person = dice.choice(people)
        update = person.edit()
        for said in (changed(update, dice), update) if dice.random() < 0.2 and len(update) > 3 else (update,):
            monkeypatch.setattr(update_decoder, "keystroke", stroke)
            quick = outcome_of(short, said)
            monkeypatch.setattr(update_decoder, "keystroke", lambda _update: None)
            assert quick == outcome_of(long, said), said.hex()
            assert state(short) == state(long), said.hex()
            if quick[0].endswith("new"):
                shared.apply_update(said)
        if not quick[0].endswith("new"):  # a changed update took their clock: they start again, like a browser
            people.remove(person)
            people.append(Typist(shared, dice))
        elif dice.random() < 0.3:
            person.hear(shared)
    assert short_path[True] > 100, "hardly anything went the short way; this compares nothing"


def test_only_letters_behind_the_last_one_in_a_text_go_the_short_way() -> None:
    document: Doc[XmlFragment] = Doc(client_id=5)
    fragment = document.get(FRAGMENT, type=XmlFragment)
    fragment.children.append(paragraph("here"))
    append(fragment, "last")
    validator = UpdateValidator({FRAGMENT})
    validator.learn(document.get_update())
    end = validator.clocks[5]

    def is_short(update: bytes) -> bool:
        stroke = update_decoder.keystroke(update)
        return stroke is not None and validator._is_consecutive(stroke)

    assert is_short(keystroke_of(5, end, (5, end - 1)))
    assert is_short(keystroke_of(5, end, (5, end - 1), text="several, ä"))
    for other in (
        keystroke_of(5, end, (5, end - 2)),
        keystroke_of(5, end - 1, (5, end - 2)),
        keystroke_of(5, end + 1, (5, end)),
        keystroke_of(6, 0, (5, end - 1)),
        keystroke_of(5, end, (5, end - 1), (5, 0)),
        keystroke_of(5, end, (5, end - 1), text="😀"),
        keystroke_of(5, end, (5, end - 1))[:-1],
        keystroke_of(5, end, (5, end - 1)) + b"\0",
    ):
        assert not is_short(other), other.hex()


def test_nothing_is_typed_on_behind_an_element() -> None:
    document: Doc[XmlFragment] = Doc(client_id=5)
    document.get(FRAGMENT, type=XmlFragment).children.append(paragraph(""))
    validator = UpdateValidator({FRAGMENT})
    validator.learn(document.get_update())
    end = validator.clocks[5]
    with pytest.raises(EventRefused, match="invalid"):
        validator.judge(keystroke_of(5, end, (5, end - 1)))
