"""Mutations of Yjs updates: of single bytes, or of their content while they stay well-formed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from klimawerk.collab.validation import update_decoder
from tests.faults.hostile_updates import number

Field = tuple[str, int | bytes]  # ("byte", 7), ("number", 300), ("text", b"paragraph"), ("raw", b"...")
HUGE = (2**31 - 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**63 - 1)
NAMES = (
    *(b"", b"paragraph", b"heading", b"list_item", b"bullet_list", b"hard_break", b"script", b"level", b"strong"),
    *(b"em", b"link", b"description.en", b"title.de", b"nowhere.en", b"null", b"{}", b'{"href":"javascript:x"}'),
    *(b"x" * 300, b"\xff\xfe", "😀".encode(), "😀".encode()[:2], b"\x00"),
)


@dataclass
class ClientRun:
    """Items of one client, one after the other from `clock`; each is a list of fields."""

    client: int
    clock: int
    items: list[list[Field]]


@dataclass
class ParsedUpdate:
    """The content of an update. `deletes`: [client, [[clock, length]]]."""

    runs: list[ClientRun]
    deletes: list[tuple[int, list[list[int]]]]

    def encode(self) -> bytes:
        out = number(len(self.runs))
        for run in self.runs:
            out += number(len(run.items)) + number(run.client) + number(run.clock)
            out += b"".join(_field(field) for item in run.items for field in item)
        out += number(len(self.deletes))
        for client, ranges in self.deletes:
            out += number(client) + number(len(ranges))
            out += b"".join(number(clock) + number(length) for clock, length in ranges)
        return out


class Mutations:
    """Random mutations of real updates, reproducible by seed; `other` updates lend their parts."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._others: list[bytes] = []

    def of(self, update: bytes) -> bytes:
        self._others = [*self._others[-30:], update]
        for _ in range(self._dice.choice((1, 1, 1, 2, 3, 8))):
            update = self._in_form(update) if self._dice.random() < 0.6 else self._bytes(update)
        return update

    # Of bytes

    def _bytes(self, update: bytes) -> bytes:
        dice, data = self._dice, bytearray(update)
        if not data:
            return dice.randbytes(dice.randrange(1, 40))
        at = dice.randrange(len(data))
        end = min(len(data), at + dice.randrange(1, 9))
        ways: list[Callable[[], bytes | bytearray]] = [
            lambda: data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :],
            lambda: data[:at] + bytes([dice.choice((0, 1, 0x7F, 0x80, 0xFF))]) + data[at + 1 :],
            lambda: data[:at] + dice.randbytes(end - at) + data[end:],
            lambda: data[:at] + dice.randbytes(dice.randrange(1, 9)) + data[at:],
            lambda: data[:at] + data[end:],
            lambda: data[:end] + data[at:],
            lambda: data[:at],
            lambda: data[:at] + number(dice.choice(HUGE)) + data[at + 1 :],
            lambda: data[:at] + dice.choice(self._others)[dice.randrange(4) :],
            lambda: data + dice.choice(self._others),
        ]
        return bytes(dice.choice(ways)())

    # Of content

    def _in_form(self, update: bytes) -> bytes:
        try:
            content, lent = read(update), read(self._dice.choice(self._others))
        except (update_decoder.MalformedUpdate, IndexError, UnicodeDecodeError):
            return self._bytes(update)
        dice = self._dice
        runs = [run for run in content.runs if run.items]
        if runs and dice.random() < 0.75:
            self._change_run(dice.choice(runs), lent)
        elif dice.random() < 0.7:
            self._change_deletes(content)
        else:
            self._change_order(content, lent)
        return content.encode()

    def _change_run(self, run: ClientRun, lent: ParsedUpdate) -> None:
        dice, at = self._dice, self._dice.randrange(len(run.items))
        others = [item for one in lent.runs for item in one.items] or run.items
        ways: list[Callable[[], object]] = [
            lambda: self._change_item(run.items[at]),
            lambda: self._change_item(run.items[at]),
            lambda: self._change_item(run.items[at]),
            lambda: run.items.pop(at),
            lambda: run.items.insert(at, list(run.items[at])),
            lambda: run.items.insert(at, list(dice.choice(others))),
            lambda: dice.shuffle(run.items),
            lambda: setattr(run, "clock", self._number(run.clock)),
            lambda: setattr(run, "client", self._number(run.client)),
        ]
        dice.choice(ways)()

    def _change_item(self, item: list[Field]) -> None:
        at = self._dice.randrange(len(item))
        kind, value = item[at]
        if kind == "byte":
            assert isinstance(value, int)
            item[at] = (kind, self._dice.choice((value ^ 1 << self._dice.randrange(8), self._dice.randrange(256))))
        elif kind == "number":
            assert isinstance(value, int)
            numbers = [n for k, n in item if k == "number" and isinstance(n, int)]
            item[at] = (kind, self._dice.choice((self._number(value), self._dice.choice(numbers))))
        else:
            item[at] = (kind, self._dice.choice(NAMES))

    def _change_deletes(self, content: ParsedUpdate) -> None:
        dice = self._dice
        known = [run.client for run in content.runs] + [client for client, _ in content.deletes] or [1]
        if not content.deletes or dice.random() < 0.3:
            content.deletes.append((dice.choice(known), [[dice.randrange(50), dice.randrange(20)]]))
            return
        _client, ranges = content.deletes[dice.randrange(len(content.deletes))]
        if not ranges or dice.random() < 0.3:
            ranges.append([dice.randrange(2_000), self._number(5)])
        else:
            one = dice.choice(ranges)
            one[dice.randrange(2)] = self._number(one[dice.randrange(2)])

    def _change_order(self, content: ParsedUpdate, lent: ParsedUpdate) -> None:
        content.runs += lent.runs if self._dice.random() < 0.5 else []
        self._dice.shuffle(content.runs)

    def _number(self, value: int) -> int:
        near = (0, 1, value + 1, max(0, value - 1), value * 2, value // 2, self._dice.randrange(500))
        return self._dice.choice((*near, self._dice.choice(HUGE)))


def read(update: bytes) -> ParsedUpdate:
    """Raises wire.Malformed, IndexError or UnicodeDecodeError for an invalid update."""
    reader = _Recorder(update)
    runs = []
    for _ in range(reader.number()):
        count, client, clock = reader.number(), reader.number(), reader.number()
        run, at, reader.fields = ClientRun(client, clock, []), clock, []
        for _ in range(count):
            at += update_decoder._struct(reader, client, at).length
            run.items.append(reader.fields)
            reader.fields = []
        runs.append(run)
    deletes = []
    for _ in range(reader.number()):
        client = reader.number()
        deletes.append((client, [[reader.number(), reader.number()] for _ in range(reader.number())]))
    return ParsedUpdate(runs, deletes)


class _Recorder(update_decoder._ByteReader):
    """Records what it reads."""

    fields: list[Field]

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.fields = []

    def byte(self) -> int:
        self.fields.append(("byte", value := super().byte()))
        return value

    def number(self) -> int:
        self.fields.append(("number", value := super().number()))
        return value

    def skip(self, length: int) -> bytes:
        self.fields.append(("raw", value := super().skip(length)))
        return value

    def text(self) -> str:
        before = len(self.fields)
        text = super().text()
        self.fields[before:] = [("text", text.encode())]
        return text


def _field(field: Field) -> bytes:
    kind, value = field
    if isinstance(value, int):
        return bytes([value & 0xFF]) if kind == "byte" else number(value)
    return value if kind == "raw" else number(len(value)) + value
