"""Inventory of personal data: every column that can hold some, and what erasure does with it.

`ERASURE_RULES` names each foreign key to `person`, each id of a person without one, and each column of text or JSON. A
test derives the same list from the tables, so that a new column has to be declared. The rules ROW_ERASED and EMPTIED
are executed from this table (`erasure.py`); the others document what the code does, or why nothing is to be done.
"""

from __future__ import annotations

from enum import StrEnum


class ErasureRule(StrEnum):
    ROW_ERASED = "the row goes"  # a foreign key: all rows of the person are deleted
    EMPTIED = "emptied"  # a column of `person`: set to its empty value
    CHECKED = "looked through"  # searched; the person's name or address is removed
    NUMBER = "kept, as a number"  # pseudonymous: an id, shown as "Former member", of an empty row of `person`
    EXPIRES = "goes after a time"  # see retention.py
    TEXT = "kept"  # content of the programme: stays
    NOT_PERSONAL = "nothing of a person"


_F = ErasureRule

ERASURE_RULES: dict[str, dict[str, ErasureRule]] = {
    "person": {
        "email": _F.EMPTIED, "name": _F.EMPTIED, "password_hash": _F.EMPTIED,
        "language": _F.EMPTIED, "timezone": _F.EMPTIED,
    },
    "former_name": {"person_id": _F.ROW_ERASED, "name": _F.ROW_ERASED},
    "login": {"key": _F.ROW_ERASED, "person_id": _F.ROW_ERASED, "data": _F.ROW_ERASED},
    "known_browser": {"key": _F.ROW_ERASED, "person_id": _F.ROW_ERASED},
    "attempts": {"key": _F.EXPIRES},  # a keyed hash
    "completed_request": {"digest": _F.EXPIRES, "result": _F.NOT_PERSONAL},
    "job": {
        "key": _F.ROW_ERASED, "person_id": _F.ROW_ERASED, "kind": _F.ROW_ERASED, "state": _F.ROW_ERASED,
        "step": _F.ROW_ERASED, "asked": _F.ROW_ERASED, "problem": _F.ROW_ERASED, "result": _F.ROW_ERASED,
        "claimed_by": _F.ROW_ERASED,
    },
    "link": {
        "key": _F.EXPIRES, "purpose": _F.NOT_PERSONAL, "person_id": _F.ROW_ERASED,
        "payload": _F.CHECKED, "created_by": _F.NUMBER,
    },
    "audit_entry": {"actor_id": _F.NUMBER, "action": _F.NOT_PERSONAL, "detail": _F.CHECKED},
    "membership": {
        "person_id": _F.NUMBER, "side": _F.NOT_PERSONAL, "role": _F.NOT_PERSONAL,
        "language": _F.NOT_PERSONAL, "timezone": _F.NOT_PERSONAL,
    },
    "joint_request": {
        "kind": _F.NOT_PERSONAL, "payload": _F.TEXT, "side": _F.NOT_PERSONAL,
        "asked_by": _F.NUMBER, "answered_by": _F.NUMBER, "outcome": _F.NOT_PERSONAL,
    },
    "partnership": {
        "name": _F.TEXT, "kind": _F.NOT_PERSONAL, "agreement": _F.TEXT, "practice_of": _F.CHECKED,
    },
    "municipality": {
        "side": _F.NOT_PERSONAL, "name": _F.TEXT, "country": _F.NOT_PERSONAL, "region": _F.TEXT,
        "timezone": _F.NOT_PERSONAL, "language": _F.NOT_PERSONAL, "profile": _F.TEXT,
    },
    "digest_choice": {
        "person_id": _F.ROW_ERASED, "frequency": _F.ROW_ERASED, "before": _F.ROW_ERASED,
    },
    "digest_mark": {"person_id": _F.ROW_ERASED},
    "digest_mail": {
        "person_id": _F.ROW_ERASED, "message_id": _F.EXPIRES, "partnerships": _F.NOT_PERSONAL,
        "covers": _F.NOT_PERSONAL, "language": _F.NOT_PERSONAL, "subject": _F.CHECKED, "text": _F.CHECKED,
        "html": _F.CHECKED, "state": _F.NOT_PERSONAL, "claim": _F.NOT_PERSONAL, "error": _F.EXPIRES,
    },
    "comments_read": {"person_id": _F.ROW_ERASED},
    "seen": {"person_id": _F.ROW_ERASED},
    "visit": {"person_id": _F.ROW_ERASED},
    "comment_mention": {"person_id": _F.ROW_ERASED},
    "thread": {
        "kind": _F.NOT_PERSONAL, "side": _F.NOT_PERSONAL, "field": _F.NOT_PERSONAL, "row_id": _F.NOT_PERSONAL,
        "value": _F.TEXT, "passage": _F.TEXT, "anchor": _F.TEXT, "proposed": _F.NUMBER, "opened_by": _F.NUMBER,
        "assignee": _F.NUMBER, "resolved_by": _F.NUMBER, "outcome": _F.CHECKED, "began": _F.NOT_PERSONAL,
        "revs": _F.NOT_PERSONAL,
    },
    "comment": {
        "author": _F.NUMBER, "side": _F.NOT_PERSONAL, "language": _F.NOT_PERSONAL, "words": _F.CHECKED,
        "key": _F.NOT_PERSONAL, "foreign": _F.TEXT,
    },
    "comment_translation": {"language": _F.NOT_PERSONAL, "words": _F.CHECKED},
    "comment_event": {
        "side": _F.NOT_PERSONAL, "kind": _F.NOT_PERSONAL, "by": _F.NUMBER, "detail": _F.CHECKED,
    },
    "document": {
        "name": _F.NOT_PERSONAL, "gen": _F.NOT_PERSONAL, "state": _F.TEXT, "lock_reason": _F.TEXT,
        "locked_by": _F.CHECKED,
    },
    "update": {"payload": _F.TEXT, "by": _F.NUMBER},
    "writer": {"person": _F.NUMBER},
    "passages": {"fragment": _F.NOT_PERSONAL, "spans": _F.NUMBER},
    "live_text": {"fragment": _F.NOT_PERSONAL, "plain": _F.TEXT, "html": _F.TEXT},
    "item": {
        "kind": _F.NOT_PERSONAL, "code": _F.NOT_PERSONAL, "order_key": _F.NOT_PERSONAL, "values": _F.TEXT,
        "revs": _F.NOT_PERSONAL, "imported": _F.TEXT, "key": _F.NOT_PERSONAL,
        "writing_language": _F.NOT_PERSONAL, "deleted_by": _F.NUMBER,
    },
    "programme": {"carried": _F.TEXT},
    "frame": {
        "languages": _F.NOT_PERSONAL, "lead_language": _F.NOT_PERSONAL, "currency_main": _F.NOT_PERSONAL,
        "currency_local": _F.NOT_PERSONAL, "rate_note": _F.TEXT, "arriving": _F.NOT_PERSONAL,
    },
    "row": {
        "id": _F.NOT_PERSONAL, "kind": _F.NOT_PERSONAL, "order_key": _F.NOT_PERSONAL, "cells": _F.TEXT,
        "revs": _F.NOT_PERSONAL, "created_by": _F.NUMBER, "deleted_by": _F.NUMBER,
    },
    "field_change": {
        "row_id": _F.NOT_PERSONAL, "field": _F.NOT_PERSONAL, "old": _F.TEXT, "new": _F.TEXT, "by": _F.NUMBER,
    },
    "edit_lock": {"holder": _F.NUMBER, "holder_name": _F.CHECKED, "reason": _F.TEXT, "by": _F.NUMBER},
    "conflict": {
        "row_id": _F.NOT_PERSONAL, "field": _F.NOT_PERSONAL, "holds_by": _F.NUMBER, "value": _F.TEXT,
        "by": _F.NUMBER,
    },
    "version": {
        "manifest": _F.NOT_PERSONAL, "content_hash": _F.NOT_PERSONAL, "previous": _F.NOT_PERSONAL,
        "hash": _F.NOT_PERSONAL, "reason": _F.NOT_PERSONAL, "label": _F.TEXT, "note": _F.TEXT, "by": _F.NUMBER,
        "side": _F.NOT_PERSONAL, "contributors": _F.NUMBER,
    },
    "version_part": {"hash": _F.NOT_PERSONAL, "data": _F.TEXT, "blacked": _F.TEXT},
    "edition": {
        "name": _F.TEXT, "purpose": _F.NOT_PERSONAL, "note": _F.TEXT, "manifest": _F.NOT_PERSONAL,
        "content_hash": _F.NOT_PERSONAL, "previous": _F.NOT_PERSONAL, "hash": _F.NOT_PERSONAL, "by": _F.NUMBER,
        "side": _F.NOT_PERSONAL,
    },
    "search_entry": {
        "kind": _F.NOT_PERSONAL, "place": _F.NOT_PERSONAL, "language": _F.NOT_PERSONAL,
        "side": _F.NOT_PERSONAL, "words": _F.CHECKED, "folded": _F.CHECKED,
    },
    "search_state": {"stamp": _F.NOT_PERSONAL},
    "topic": {"name": _F.NUMBER},
    "installation": {"key": _F.NOT_PERSONAL, "gen": _F.NOT_PERSONAL},
}  # fmt: skip
