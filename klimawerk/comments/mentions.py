"""People who are called by name in a comment: "@Akosua Mensah". Only who can see the thread can be called.

The whole name calls, in any spelling (`klimawerk/folding.py`): "@akosua  mensah" too, and of two names that begin alike
the longer one. A part of a name calls nobody, so that nobody is called by mistake; whoever wrote it is told.
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

LONGEST = 300  # characters behind an @ in which a name is looked for, however widely it is spaced
SUGGESTED = 4  # names that are offered to whoever wrote a part of one
_AT = re.compile(r"@(?=\S)")
_CHUNK = re.compile(r"\S*")
_ENDS = ".,;:!?…)]}\"'»“”’"  # of a sentence, behind what was typed


class Mention(NamedTuple):
    """An @ and what stands behind it, from `start` to `end`: all who have that name, or nobody."""

    start: int
    end: int
    people: frozenset[int] = frozenset()


def store_mentions(thread: Thread, comment: Comment) -> None:
    """Note who is called in the comment's present words. Inside `writing()`."""
    db.session.execute(delete(CommentMention).where(CommentMention.comment_id == comment.id))
    names = Participants(thread.item.frame.partnership).names(thread.side)
    for person in sorted(_existing_people(mentioned_ids(without_quotations(comment.words), names))):
        db.session.add(CommentMention(comment_id=comment.id, person_id=person))


def _existing_people(people: set[int]) -> set[int]:
    return existing_accounts.lock_existing(people) if people else people


def mentioned_ids(text: str, names: Mapping[int, str]) -> set[int]:
    """The numbers of those whose names stand behind an @."""
    return {person for call in find_mentions(text, names) for person in call.people}


def find_mentions(text: str, names: Mapping[int, str]) -> Iterator[Mention]:
    """Every @ that begins a word, with those of `names` (by number) that stand behind it, in any spelling.

    Of two names that differ in spelling alone it is the one that is spelt so, else both.
    """
    known: dict[tuple[str, ...], list[int]] = {}
    for person, name in names.items():
        known.setdefault(_key(name), []).append(person)
    longest = max(map(len, known), default=0)
    for at in _AT.finditer(text):
        if _goes_on(text[max(0, at.start() - LONGEST) : at.start()]):
            continue
        start = at.end()
        line = text[start : start + LONGEST].splitlines()[0]
        ends = [word.end for word in islice(folded_words(line), longest)] or [_mention_text(line)]
        found = ((end, _named(line[:end], known, names)) for end in reversed(ends))
        end, people = next(((end, people) for end, people in found if people), (_mention_text(line), frozenset[int]()))
        yield Mention(at.start(), start + end, people)


def unresolved_mentions(text: str, names: Mapping[int, str]) -> list[str]:
    """For whoever wrote the text: a sentence on each @ that calls nobody, or more people than one."""
    sentences = []
    for call in find_mentions(text, names):
        typed = text[call.start : call.end].rstrip(_ENDS)
        if len(call.people) > 1:
            sentence = _("Several people have the name “%(name)s”. All of them are called.", name=typed[1:])
            sentences.append(str(sentence))
        elif not call.people and (first := next(folded_words(typed), None)) and first.folded[0].isalpha():
            sentences.append(_nobody(typed, first.folded, names.values()))
    return list(dict.fromkeys(sentences))


def _nobody(typed: str, first: str, names: Iterable[str]) -> str:
    alike = [name for name in dict.fromkeys(names) if any(word.folded.startswith(first) for word in folded_words(name))]
    if not alike:
        return str(_("“%(typed)s” calls nobody: nobody who can see this has that name.", typed=typed))
    whole = ", ".join(f"@{name}" for name in alike[:SUGGESTED]) + (" …" if len(alike) > SUGGESTED else "")
    return str(_("“%(typed)s” calls nobody. Write the whole name: %(names)s", typed=typed, names=whole))


def _named(typed: str, known: Mapping[tuple[str, ...], list[int]], names: Mapping[int, str]) -> frozenset[int]:
    """Whoever has that name: whose is spelt so, else all that are alike."""
    gaps = _gaps(typed)
    alike = [
        person
        for person in known.get(_key(typed), ())
        if all(_joins(gap) or fold(gap) == fold(own) for gap, own in zip(gaps, _gaps(names[person]), strict=True))
    ]
    return frozenset([person for person in alike if _spelling(names[person]) == _spelling(typed)] or alike)


def _key(name: str) -> tuple[str, ...]:
    """A name as it is compared: the signs before its first word, and its words."""
    found = list(folded_words(name))
    return (fold(name[: found[0].start] if found else name), *(word.folded for word in found))


def _gaps(name: str) -> list[str]:
    """What stands between the words of a name."""
    return [name[one.end : other.start] for one, other in pairwise(folded_words(name))]


def _joins(gap: str) -> bool:
    """Whether this may stand between any two words of a name: blanks, one hyphen, one apostrophe."""
    return fold(gap) == "" or (fold(gap) in ("-", "'") and not any(map(str.isspace, gap)))


def _spelling(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name.casefold()).split())


def _goes_on(before: str) -> bool:
    """Whether an @ behind this text is part of a word, or of a link."""
    while before and unicodedata.category(before[-1]) == "Cf":
        before = before[:-1]
    last = before[-1:]
    if last.isspace() or not last:
        return False
    is_mark = unicodedata.category(last).startswith("M")
    return last.isalnum() or last == "_" or is_mark or "://" in before.split()[-1]


def _mention_text(line: str) -> int:
    found = _CHUNK.match(line)
    return found.end() if found else 0


def mentioned(comments: Iterable[Comment]) -> dict[int, set[int]]:
    """Who is called in each of the comments, by number."""
    ids = [comment.id for comment in comments]
    found: dict[int, set[int]] = {}
    for one in db.session.scalars(select(CommentMention).where(CommentMention.comment_id.in_(ids))):
        found.setdefault(one.comment_id, set()).add(one.person_id)
    return found
