"""A log told person by person: few batches, and nobody's words before what they were put beside."""

from __future__ import annotations

import random
import time

from pycrdt import Doc, Text

from klimawerk.collab.attribution.author_batches import (
    BATCH_SECONDS,
    SOLE_AUTHOR_SECONDS,
    AuthorBatch,
    Authorship,
    author_batches,
)
from klimawerk.collab.validation import update_decoder

Row = tuple[Authorship, bytes]


def log_of(people: int, edits: int, dice: random.Random, alike: float) -> list[Row]:
    """What so many wrote in one text; each hears of the others' words with the chance `alike` after an edit."""
    desks = [Doc({"text": Text()}) for _ in range(people)]
    with desks[0].transaction():
        desks[0].get("text", type=Text).insert(0, "Anfang. " * 5)
    rows: list[Row] = [((None, 0), desks[0].get_update())]
    for desk in desks[1:]:
        desk.apply_update(rows[0][1])
    for second in range(edits):
        by = dice.randrange(people)
        text, before = desks[by].get("text", type=Text), desks[by].get_state()
        at = dice.randint(0, len(str(text)) - 1)
        if dice.random() < 0.2:
            del text[at : at + 1]
        else:
            text.insert(at, "x")
        rows.append(((by, second // 4), desks[by].get_update(before)))
        for desk in desks:
            if dice.random() < alike:
                for _, update in rows:
                    desk.apply_update(update)
    return rows


def test_no_update_comes_before_what_it_was_put_beside() -> None:
    seed = int(time.time())
    print("seed", seed)
    for alike in (0.0, 0.1, 0.5, 1.0):
        rows = log_of(4, 120, random.Random(seed), alike)
        document: Doc[Text] = Doc()
        told = list(author_batches(rows))
        for batch in told:
            for payload in batch.payloads:
                document.apply_update(payload)
                reached = update_decoder.decode_state_vector(document.get_state())
                ends = {s.client: s.clock + s.length for s in update_decoder.decode_update(payload).structs}
                assert all(reached[client] >= end for client, end in ends.items())
        assert sorted(payload for batch in told for payload in batch.payloads) == sorted(p for _, p in rows)


def test_who_writes_side_by_side_is_told_in_one_batch_each() -> None:
    rows = log_of(4, 40, random.Random(1), alike=0.0)  # nobody hears of the others
    assert len(list(author_batches(rows))) == 5


def test_an_answer_stays_behind_what_it_answers() -> None:
    rows = log_of(2, 40, random.Random(1), alike=1.0)
    hands = [batch.by for batch in author_batches(rows)]
    assert len(hands) > 5


def test_a_batch_ends_with_its_time() -> None:
    def told(seconds: int, people: int) -> list[AuthorBatch]:
        rows = log_of(people, 8, random.Random(1), alike=0.0)
        return list(
            author_batches([((by, number * seconds), payload) for number, ((by, _), payload) in enumerate(rows[1:])])
        )

    assert len(told(SOLE_AUTHOR_SECONDS // 8, people=1)) == 1
    assert len(told(SOLE_AUTHOR_SECONDS, people=1)) == 4
    assert len(told(1, people=2)) == 2
    assert len(told(BATCH_SECONDS, people=2)) > 4
