"""Author batches: few batches per log, and no update before one that it refers to."""

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


def log_of(people: int, edits: int, dice: random.Random, sync_chance: float) -> list[Row]:
    """The log of so many people who edit one text; after an edit each gets the others' updates with this chance."""
    replicas = [Doc({"text": Text()}) for _ in range(people)]
    with replicas[0].transaction():
        replicas[0].get("text", type=Text).insert(0, "Anfang. " * 5)
    rows: list[Row] = [((None, 0), replicas[0].get_update())]
    for replica in replicas[1:]:
        replica.apply_update(rows[0][1])
    for second in range(edits):
        by = dice.randrange(people)
        text, before = replicas[by].get("text", type=Text), replicas[by].get_state()
        at = dice.randint(0, len(str(text)) - 1)
        if dice.random() < 0.2:
            del text[at : at + 1]
        else:
            text.insert(at, "x")
        rows.append(((by, second // 4), replicas[by].get_update(before)))
        for replica in replicas:
            if dice.random() < sync_chance:
                for _, update in rows:
                    replica.apply_update(update)
    return rows


def test_no_update_comes_before_what_it_was_put_beside() -> None:
    seed = int(time.time())
    print("seed", seed)
    for sync_chance in (0.0, 0.1, 0.5, 1.0):
        rows = log_of(4, 120, random.Random(seed), sync_chance)
        document: Doc[Text] = Doc()
        batches = list(author_batches(rows))
        for batch in batches:
            for payload in batch.payloads:
                document.apply_update(payload)
                clocks = update_decoder.decode_state_vector(document.get_state())
                ends = {s.client: s.clock + s.length for s in update_decoder.decode_update(payload).structs}
                assert all(clocks[client] >= end for client, end in ends.items())
        assert sorted(payload for batch in batches for payload in batch.payloads) == sorted(p for _, p in rows)


def test_who_writes_side_by_side_is_told_in_one_batch_each() -> None:
    rows = log_of(4, 40, random.Random(1), sync_chance=0.0)  # no replica gets the others' updates
    assert len(list(author_batches(rows))) == 5


def test_an_answer_stays_behind_what_it_answers() -> None:
    rows = log_of(2, 40, random.Random(1), sync_chance=1.0)
    authors = [batch.by for batch in author_batches(rows)]
    assert len(authors) > 5


def test_a_batch_ends_with_its_time() -> None:
    def batches(seconds: int, people: int) -> list[AuthorBatch]:
        rows = log_of(people, 8, random.Random(1), sync_chance=0.0)
        return list(
            author_batches([((by, number * seconds), payload) for number, ((by, _), payload) in enumerate(rows[1:])])
        )

    assert len(batches(SOLE_AUTHOR_SECONDS // 8, people=1)) == 1
    assert len(batches(SOLE_AUTHOR_SECONDS, people=1)) == 4
    assert len(batches(1, people=2)) == 2
    assert len(batches(BATCH_SECONDS, people=2)) > 4
