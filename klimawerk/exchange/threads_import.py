"""Reads comment threads of a file.

A thread has the keys "measure" or "goal" (a code; without both it is about the programme) and "thread": its comments,
each with "author", "side", "lang", "at", "text". The thread's kind, due date and state may be given at its comments
("kind", "due", "state"), which is easier to write by hand; "kind", "due", "state" and "outcome" of the thread itself
take precedence. "about" names a field of the item: {"field", "value" at that time, "passage", "row": {"kind", "number"
from 1}}.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk import scalars
from klimawerk.comments.forms import LONGEST, LONGEST_OUTCOME, LONGEST_PASSAGE
from klimawerk.comments.thread_kinds import KINDS, TASK
from klimawerk.exchange import value_json
from klimawerk.exchange.draft import CommentDraft, FrameDraft, ThreadDraft
from klimawerk.exchange.history_validator import check_value
from klimawerk.exchange.import_problems import FilePosition, ImportRefused, LazySentence, quote_value
from klimawerk.sheets.item_kinds import kinds_in_files, sheet_of
from klimawerk.sheets.rows import MAX_ROWS
from klimawerk.sheets.sheet_schema import split_key

MAX_THREADS, MAX_COMMENTS, MAX_IN_ALL = 2_000, 1_000, 20_000
LONGEST_NAME, LONGEST_REST = 120, 1_000
OPEN, RESOLVED = "open", "resolved"


def read_threads(raw: Any, frame: FrameDraft, known: set[tuple[str, str]]) -> list[ThreadDraft]:
    """The threads, checked. `known`: kind and code of every item in the file. Raises ImportRefused."""
    place = FilePosition(("comments_sample",))
    entries = value_json.entries(raw, place, MAX_THREADS)
    threads = [_thread(entry, place.entry(number), frame, known) for number, entry in enumerate(entries)]
    if sum(len(thread.comments) for thread in threads) > MAX_IN_ALL:
        raise ImportRefused(_("The file has more than %(most)s comments in all.", most=f"{MAX_IN_ALL:,}"), place)
    return threads


def _thread(raw: Any, place: FilePosition, frame: FrameDraft, known: set[tuple[str, str]]) -> ThreadDraft:
    parts = value_json.mapping(raw, place)
    entries = value_json.entries(parts.get("thread"), place.at("thread"), MAX_COMMENTS)
    comments = [_comment(entry, place.at("thread").entry(number), frame) for number, entry in enumerate(entries)]
    if not comments:
        raise ImportRefused(_("There must be a comment here."), place.at("thread"))
    thread = ThreadDraft(_item(parts, place, known), *implied_thread(comments), "", comments)
    if parts.get("kind") is not None:
        thread.kind = _one_of(parts["kind"], tuple(KINDS), place.at("kind"))
    if parts.get("due") is not None:
        thread.due = value_json.day(parts["due"], place.at("due")) if parts["due"] else None
    if parts.get("state") is not None:
        thread.is_resolved = _one_of(parts["state"], (OPEN, RESOLVED), place.at("state")) == RESOLVED
    if parts.get("outcome") is not None:
        thread.outcome = value_json.text(parts["outcome"], place.at("outcome"), LONGEST_OUTCOME)
    if parts.get("about") is not None:
        _about(value_json.mapping(parts["about"], place.at("about")), thread, frame, place.at("about"))
    return thread


def implied_thread(comments: list[CommentDraft]) -> tuple[str, date | None, bool]:
    """The thread's attributes according to its comments: kind, due date, whether it is resolved."""
    attributes = [comment.foreign for comment in comments]
    kinds = [str(each.get("kind")) for each in attributes]
    kind = TASK if TASK in kinds else next((each for each in kinds[:1] if each in KINDS), "question")
    due = next((each["due"] for each in reversed(attributes) if each.get("due")), None)
    return kind, date.fromisoformat(due) if due else None, any(each.get("state") == RESOLVED for each in attributes)


def _item(parts: dict[str, Any], place: FilePosition, known: set[tuple[str, str]]) -> tuple[str, str]:
    for kind in reversed([kind for kind in kinds_in_files() if kind != "programme"]):
        if parts.get(kind) is not None:
            code = value_json.text(parts[kind], place.at(kind), 1_000)
            if (kind, code) not in known:
                sentence = _("“%(code)s” is referred to, but is not in the file.", code=quote_value(code))
                raise ImportRefused(sentence, place.at(kind))
            return kind, code
    return "programme", ""


def _comment(raw: Any, place: FilePosition, frame: FrameDraft) -> CommentDraft:
    comment = value_json.mapping(raw, place)
    text = value_json.text(comment.get("text"), place.at("text"), LONGEST)
    for key, list_name in (("side", "team_side"), ("lang", "language")):
        if comment.get(key) is not None:
            value_json.code(comment[key], place.at(key), list_name)
    for key, value in comment.items():
        value_json.text(value, place.at(key), {"text": LONGEST, "author": LONGEST_NAME}.get(key, LONGEST_REST))
    if comment.get("due"):
        value_json.day(comment["due"], place.at("due"))
    side, language = comment.get("side") or "neutral", comment.get("lang") or frame.lead_language
    return CommentDraft(text, side, language, _moment(comment.get("at"), place.at("at")), {**comment, "text": ""})


def _moment(raw: Any, place: FilePosition) -> datetime:
    """A moment with its time zone: "2026-11-17T10:42:00Z"."""
    sentence: LazySentence = _("There must be a moment here, such as 2026-11-17T10:42:00Z.")
    try:
        return scalars.moment(value_json.text(raw, place, 40))
    except ValueError as error:
        raise ImportRefused(sentence, place) from error


def _about(parts: dict[str, Any], thread: ThreadDraft, frame: FrameDraft, place: FilePosition) -> None:
    sheet = sheet_of(thread.item[0])
    fields = sheet.fields
    if parts.get("row") is not None:
        row = value_json.mapping(parts["row"], place.at("row"))
        thread.row_kind = _one_of(row.get("kind"), tuple(sheet.rows), place.at("row").at("kind"))
        thread.row = value_json.whole(row.get("number"), place.at("row").at("number"), 1, MAX_ROWS) - 1
        fields = sheet.rows[thread.row_kind].by_name
    thread.field = value_json.text(parts.get("field"), place.at("field"), 60)
    name, language = split_key(thread.field)
    field = fields.get(name)
    if field is None or bool(language) != field.translated or (language and language not in frame.languages):
        raise ImportRefused(_("There is no field of this name."), place.at("field"))
    thread.passage = value_json.text(parts.get("passage") or "", place.at("passage"), LONGEST_PASSAGE)
    thread.value = parts.get("value")
    if field.kind == "live":
        thread.value = value_json.text(thread.value or "", place.at("value"), field.max_length)
    else:
        check_value(field, thread.value, place.at("value"))


def _one_of(raw: Any, known: tuple[str, ...], place: FilePosition) -> str:
    if not isinstance(raw, str) or raw not in known:
        sentence = _("There must be one of these here: %(known)s.", known=", ".join(known))
        raise ImportRefused(sentence, place)
    return raw
