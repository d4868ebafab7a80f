"""Lists of threads that a member sees: filtered, in pages; and counts of open threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from klimawerk import scalars
from klimawerk.clock import now
from klimawerk.comments import read_marks
from klimawerk.comments.access import visible_to
from klimawerk.comments.models import Comment, CommentMention, Thread
from klimawerk.comments.thread_kinds import KINDS
from klimawerk.comments.topics import ALL_SIDES
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member
from klimawerk.sheets.item_kinds import hidden_kinds
from klimawerk.sheets.models import Frame, Item

PAGE_SIZE = 20  # threads
COMMENTS_SHOWN = 5  # newest comments of a thread, besides its first one
OPEN, RESOLVED, ALL = "open", "resolved", "all"
PROGRAMME, PART = "programme", "part"
_ITEM = "item:"


@dataclass(frozen=True)
class ThreadFilter:
    """A filter for threads. `side` and `person`: of an author in them; `before`: below that id.

    `loaded`: when the page was rendered (seconds, UTC). Threads resolved after that stay in their place. `scope`: ""
    for the threads of one item, `PROGRAMME` for those of all items of a programme, `PART` for those of one item inside
    such a list.
    """

    state: str = OPEN
    kind: str = ""
    side: str = ""
    person: int | None = None
    mine: bool = False
    unread: bool = False
    about: str = ""
    scope: str = ""
    before: int | None = None
    loaded: int = field(default_factory=lambda: int(now().timestamp()) + 1)

    @property
    def is_plain(self) -> bool:
        """Whether it is the default: open threads, from the newest one on."""
        return self.query() == "" and self.before is None

    @property
    def is_narrow(self) -> bool:
        """Whether it excludes threads by more than their state."""
        return bool(self.kind or self.side or self.person or self.mine or self.unread or self.about)

    def query(self, **other: object) -> str:
        """The filter as a query string, "" for the default; `other` replaces parts of it."""
        parts: dict[str, object] = {"kind": self.kind, "side": self.side, "person": self.person, "about": self.about}
        parts |= {"state": self.state if self.state != OPEN else "", "mine": "yes" if self.mine else ""}
        parts["unread"] = "yes" if self.unread else ""
        return urlencode({name: part for name, part in (parts | other).items() if part})

    def live(self) -> str:
        """The query string with which an open page asks for changes."""
        return self.query(before=self.before or "", loaded=self.loaded, scope=self.scope)


@dataclass(frozen=True)
class ThreadPage:
    """Threads, the newest first, with their comments. `left_out`: number of comments between the first and the newest.

    `whole`: a single thread with all its comments, as on its own page.
    """

    threads: Sequence[Thread]
    comments: Mapping[int, Sequence[Comment]]
    left_out: Mapping[int, int]
    older: int | None = None
    whole: bool = False


def thread_filter(args: Mapping[str, str]) -> ThreadFilter:
    """The filter in a query string; unknown values are ignored."""
    plain = ThreadFilter()
    return ThreadFilter(
        state=args.get("state", "") if args.get("state") in (RESOLVED, ALL) else OPEN,
        kind=args.get("kind", "") if args.get("kind") in KINDS else "",
        side=args.get("side", "") if args.get("side") in ALL_SIDES else "",
        person=_number(args.get("person")),
        mine=args.get("mine") == "yes",
        unread=args.get("unread") == "yes",
        about=args.get("about", "")[:120],
        scope=args.get("scope", "") if args.get("scope") in (PROGRAMME, PART) else "",
        before=_number(args.get("before")),
        loaded=_number(args.get("loaded")) or plain.loaded,
    )


def page_of_threads(item: Item, member: Member, criteria: ThreadFilter, also: int | None = None) -> ThreadPage:
    """The item's threads (with `PROGRAMME`: those of all items of the programme) that the member may see; `also` is
    the id of one that is included regardless of the filter."""
    scope = Thread.item_id.in_(_items_of(item.frame_id, member)) if criteria.scope == PROGRAMME else _of_item(item)
    query = select(Thread).where(scope, visible_to(member.side)).order_by(Thread.id.desc())
    for condition in _conditions(criteria, member):
        query = query.where(or_(condition, Thread.id == also))
    threads = db.session.scalars(query.limit(PAGE_SIZE + 1)).all()
    return _with_comments(threads[:PAGE_SIZE], older=threads[PAGE_SIZE - 1].id if len(threads) > PAGE_SIZE else None)


def one_thread(thread: Thread, before: int | None = None, most: int = 100) -> ThreadPage:
    """The thread with up to `most` comments: those with an id below `before`, else the newest."""
    query = select(Comment).where(Comment.thread_id == thread.id).order_by(Comment.id.desc())
    if before is not None:
        query = query.where(Comment.id < before)
    comments = db.session.scalars(query.limit(most + 1)).all()
    older = comments[most - 1].id if len(comments) > most else None
    return ThreadPage([thread], {thread.id: list(reversed(comments[:most]))}, {}, older, whole=True)


def comment_in(thread: Thread, comment_id: int) -> Comment | None:
    """The comment with that id, if it belongs to the thread and is not deleted."""
    comment = db.session.get(Comment, comment_id)
    return comment if comment and comment.thread_id == thread.id and comment.deleted_at is None else None


def without_history(threads: Sequence[Thread]) -> ThreadPage:
    """These threads as shown in a list."""
    return _with_comments(threads, None)


def newer_threads(item: Item, side: str, since: int) -> tuple[list[Thread], bool]:
    """Threads that `side` sees with a revision above `since`; and whether any was opened or deleted."""
    query = select(Thread).where(Thread.item_id == item.id, Thread.side.in_(("", side)))
    newer = [thread for thread in db.session.scalars(query) if thread.revs.get(side, 0) > since]
    list_changed = any(thread.deleted_at is not None or thread.began.get(side, 0) > since for thread in newer)
    return [thread for thread in newer if thread.deleted_at is None], list_changed


def subjects_in_use(item: Item, member: Member) -> list[Thread]:
    """One thread of the item for each field and cell with threads that the member sees."""
    query = select(Thread).where(Thread.item_id == item.id, Thread.field != "", visible_to(member.side))
    by_subject = {(thread.row_id, thread.field): thread for thread in db.session.scalars(query.order_by(Thread.id))}
    return list(by_subject.values())


def items_in_use(frame: Frame, member: Member) -> list[Item]:
    """The programme's items with threads that the member sees."""
    threads = exists().where(Thread.item_id == Item.id, visible_to(member.side))
    query = select(Item).where(Item.id.in_(_items_of(frame.id, member)), threads)
    return sorted(db.session.scalars(query), key=lambda item: (item.kind != "programme", item.code, item.id))


def code_of_item(item: Item) -> str:
    """The item's code in `ThreadFilter.about`."""
    return f"{_ITEM}{item.id}"


def open_counts(frame: Frame, member: Member) -> tuple[dict[int, int], set[int]]:
    """Number of open threads that the member sees, by item; and the items with threads about a passage.

    Items in the bin are left out.
    """
    with_passage = func.sum(case((Thread.passage != "", 1), else_=0))
    query = (
        select(Thread.item_id, func.count(), with_passage)
        .where(Thread.item_id.in_(_items_of(frame.id, member)))
        .where(Thread.resolved_at.is_(None), visible_to(member.side))
        .group_by(Thread.item_id)
    )
    rows = db.session.execute(query).all()
    return {id_: count for id_, count, _words in rows}, {id_ for id_, _count, passages in rows if passages}


def about_passages(item: Item, member: Member, most: int = 200) -> Sequence[Thread]:
    """Open threads about passages of the item's texts, the newest first."""
    query = select(Thread).where(Thread.item_id == item.id, Thread.resolved_at.is_(None), visible_to(member.side))
    return db.session.scalars(query.where(Thread.passage != "").order_by(Thread.id.desc()).limit(most)).all()


def _of_item(item: Item) -> ColumnElement[bool]:
    return Thread.item_id == item.id


def _items_of(frame_id: int, member: Member) -> Select[int]:
    """The ids of the programme's items that the member may read."""
    query = select(Item.id).where(Item.frame_id == frame_id, Item.deleted_at.is_(None))
    return query.where(Item.kind.not_in(hidden_kinds(member)))


def _conditions(criteria: ThreadFilter, member: Member) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    loaded = datetime.fromtimestamp(criteria.loaded, UTC)
    if criteria.state == OPEN:
        conditions.append(or_(Thread.resolved_at.is_(None), Thread.resolved_at >= loaded))
    if criteria.state == RESOLVED:
        conditions.append(Thread.resolved_at.is_not(None))
    if criteria.kind:
        conditions.append(Thread.kind == criteria.kind)
    if criteria.side:
        conditions.append(_has_comment(Comment.side == criteria.side))
    if criteria.person:
        conditions.append(or_(_has_comment(Comment.author == criteria.person), Thread.assignee == criteria.person))
    if criteria.mine:
        person_id = member.person.id
        is_mentioned = exists().where(CommentMention.comment_id == Comment.id, CommentMention.person_id == person_id)
        conditions.append(
            or_(_has_comment(Comment.author == person_id), _has_comment(is_mentioned), Thread.assignee == person_id)
        )
    if criteria.unread:
        since = read_marks.unread_since_in_query(member)
        conditions.append(
            _has_comment(and_(Comment.at > since, or_(Comment.author.is_(None), Comment.author != member.person.id)))
        )
    if criteria.about:
        conditions.append(_about(criteria.about))
    if criteria.before:
        conditions.append(Thread.id < criteria.before)
    return conditions


def _has_comment(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Comment.thread_id == Thread.id, Comment.deleted_at.is_(None), condition)


def _about(code: str) -> ColumnElement[bool]:
    """A field by its key, a cell by "row:<id>:<key>", an item of the programme by "item:<id>"."""
    if code.startswith(_ITEM):
        return Thread.item_id == (_number(code.removeprefix(_ITEM)) or 0)
    row, _, key = code.removeprefix("row:").partition(":")
    if code.startswith("row:"):
        return (Thread.row_id == row) & (Thread.field == key)
    return (Thread.row_id.is_(None)) & (Thread.field == code)


def _with_comments(threads: Sequence[Thread], older: int | None) -> ThreadPage:
    """The first comment of each thread and its newest ones, in one query."""
    newest = func.row_number().over(partition_by=Comment.thread_id, order_by=Comment.id.desc()).label("newest")
    place = func.row_number().over(partition_by=Comment.thread_id, order_by=Comment.id).label("place")
    ids = [thread.id for thread in threads]
    ranked = select(Comment.id, newest, place).where(Comment.thread_id.in_(ids)).subquery()
    query = (
        select(Comment, ranked.c.newest, ranked.c.place)
        .join(ranked, ranked.c.id == Comment.id)
        .where(or_(ranked.c.newest <= COMMENTS_SHOWN, ranked.c.place == 1))
        .order_by(Comment.id)
    )
    comments: dict[int, list[Comment]] = {id_: [] for id_ in ids}
    left_out: dict[int, int] = {}
    for comment, rank_from_end, rank in db.session.execute(query):
        comments[comment.thread_id].append(comment)
        if rank == 1:
            left_out[comment.thread_id] = max(0, rank_from_end - 1 - COMMENTS_SHOWN)
    return ThreadPage(threads, comments, left_out, older)


def _number(text: str | None) -> int | None:
    try:
        return scalars.item_id(text)
    except ValueError:
        return None
