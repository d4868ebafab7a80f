"""Mentions: people named in a comment, as "@Akosua Mensah". Only those who can see the thread can be mentioned.

A mention needs the whole name, in any spelling (`klimawerk/folding.py`): "@akosua  mensah" works; of two names that
begin alike the longer one counts. A part of a name mentions nobody, so that nobody is mentioned by mistake; the author
of the comment is informed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, pairwise
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import delete, select

from klimawerk.accounts import existing_accounts
from klimawerk.comments.models import Comment, CommentMention, Thread
from klimawerk.comments.participants import Participants
from klimawerk.comments.quotations import without_quotations
from klimawerk.extensions import db
from klimawerk.folding import fold, folded_words

LONGEST = 300  # characters after an @ in which a name is searched, however widely it is spaced
SUGGESTED = 4  # names suggested to the author of a comment with a part of a name
_AT = re.compile(r"@(?=\S)")
_CHUNK = re.compile(r"\S*")
_ENDS = ".,;:!?…)]}\"'»“”’"  # punctuation after what was typed


class Mention(NamedTuple):
    """An @ and what follows it, from `start` to `end`, with all people of that name (possibly none)."""

    start: int
    end: int
    people: frozenset[int] = frozenset()


def store_mentions(thread: Thread, comment: Comment) -> None:
    """Store who is mentioned in the comment's present text. Inside `writing()`."""
    db.session.execute(delete(CommentMention).where(CommentMention.comment_id == comment.id))
    names = Participants(thread.item.frame.partnership).names(thread.side)
    for person in sorted(_existing_people(mentioned_ids(without_quotations(comment.words), names))):
        db.session.add(CommentMention(comment_id=comment.id, person_id=person))


def _existing_people(people: set[int]) -> set[int]:
    return existing_accounts.lock_existing(people) if people else people


def mentioned_ids(text: str, names: Mapping[int, str]) -> set[int]:
    """Ids of the people mentioned in the text."""
    return {person for mention in find_mentions(text, names) for person in mention.people}


def find_mentions(text: str, names: Mapping[int, str]) -> Iterator[Mention]:
    """Every @ that begins a word, with the people of `names` (by id) whose name follows it, in any spelling.

    Of two names that differ in spelling only, the one with the same spelling counts, otherwise both.
    """
    ids_by_key: dict[tuple[str, ...], list[int]] = {}
    for person, name in names.items():
        ids_by_key.setdefault(_key(name), []).append(person)
    longest = max(map(len, ids_by_key), default=0)
    for at in _AT.finditer(text):
        if _is_inside_word(text[max(0, at.start() - LONGEST) : at.start()]):
            continue
        start = at.end()
        line = text[start : start + LONGEST].splitlines()[0]
        ends = [word.end for word in islice(folded_words(line), longest)] or [_chunk_length(line)]
        candidates = ((end, _people_named(line[:end], ids_by_key, names)) for end in reversed(ends))
        end, people = next(
            ((end, people) for end, people in candidates if people), (_chunk_length(line), frozenset[int]())
        )
        yield Mention(at.start(), start + end, people)


def unresolved_mentions(text: str, names: Mapping[int, str]) -> list[str]:
    """Messages for the author: one on each @ that mentions nobody, or several people."""
    sentences = []
    for mention in find_mentions(text, names):
        typed = text[mention.start : mention.end].rstrip(_ENDS)
        if len(mention.people) > 1:
            sentence = _("Several people have the name “%(name)s”. All of them are called.", name=typed[1:])
            sentences.append(str(sentence))
        elif not mention.people and (first := next(folded_words(typed), None)) and first.folded[0].isalpha():
            sentences.append(_nobody_message(typed, first.folded, names.values()))
    return list(dict.fromkeys(sentences))


def _nobody_message(typed: str, first_word: str, names: Iterable[str]) -> str:
    alike = [
        name for name in dict.fromkeys(names) if any(word.folded.startswith(first_word) for word in folded_words(name))
    ]
    if not alike:
        return str(_("“%(typed)s” calls nobody: nobody who can see this has that name.", typed=typed))
    suggestions = ", ".join(f"@{name}" for name in alike[:SUGGESTED]) + (" …" if len(alike) > SUGGESTED else "")
    return str(_("“%(typed)s” calls nobody. Write the whole name: %(names)s", typed=typed, names=suggestions))


def _people_named(
    typed: str, ids_by_key: Mapping[tuple[str, ...], list[int]], names: Mapping[int, str]
) -> frozenset[int]:
    """People of that name: those with the same spelling, else all with an equivalent one."""
    gaps = _gaps(typed)
    alike = [
        person
        for person in ids_by_key.get(_key(typed), ())
        if all(
            _is_name_separator(gap) or fold(gap) == fold(name_gap)
            for gap, name_gap in zip(gaps, _gaps(names[person]), strict=True)
        )
    ]
    return frozenset([person for person in alike if _spelling(names[person]) == _spelling(typed)] or alike)


def _key(name: str) -> tuple[str, ...]:
    """A name in the form that is compared: the signs before its first word, and its words."""
    words = list(folded_words(name))
    return (fold(name[: words[0].start] if words else name), *(word.folded for word in words))


def _gaps(name: str) -> list[str]:
    """What is between the words of a name."""
    return [name[word.end : next_word.start] for word, next_word in pairwise(folded_words(name))]


def _is_name_separator(gap: str) -> bool:
    """Whether this may be between any two words of a name: spaces, one hyphen, one apostrophe."""
    return fold(gap) == "" or (fold(gap) in ("-", "'") and not any(map(str.isspace, gap)))


def _spelling(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name.casefold()).split())


def _is_inside_word(before: str) -> bool:
    """Whether an @ after this text is part of a word or of a link."""
    while before and unicodedata.category(before[-1]) == "Cf":
        before = before[:-1]
    last = before[-1:]
    if last.isspace() or not last:
        return False
    is_mark = unicodedata.category(last).startswith("M")
    return last.isalnum() or last == "_" or is_mark or "://" in before.split()[-1]


def _chunk_length(line: str) -> int:
    match = _CHUNK.match(line)
    return match.end() if match else 0


def mentioned(comments: Iterable[Comment]) -> dict[int, set[int]]:
    """Ids of the people mentioned in each of the comments, by the comment's id."""
    ids = [comment.id for comment in comments]
    by_comment: dict[int, set[int]] = {}
    for mention in db.session.scalars(select(CommentMention).where(CommentMention.comment_id.in_(ids))):
        by_comment.setdefault(mention.comment_id, set()).add(mention.person_id)
    return by_comment
