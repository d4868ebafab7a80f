"""Views of comments for templates: threads for one reader, with everything that a fragment needs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby

from flask_babel import lazy_gettext
from markupsafe import Markup
from sqlalchemy import select

from klimawerk.collab.storage.document_store import locked_of
from klimawerk.comments import access, anchors, proposals, read_marks, subjects, thread_list, translation
from klimawerk.comments.comment_html import comment_to_html
from klimawerk.comments.forms import languages
from klimawerk.comments.mentions import mentioned, unresolved_mentions
from klimawerk.comments.models import Comment, CommentEvent, Thread
from klimawerk.comments.participants import CommentAuthor, Participants
from klimawerk.comments.proposals import ProposalView
from klimawerk.comments.quotations import without_quotations
from klimawerk.comments.service import ACCEPTED, EDITED, OPENED, PROPOSED, REPLIED, RESOLVED
from klimawerk.comments.subjects import SubjectView
from klimawerk.comments.thread_kinds import KINDS, TASK
from klimawerk.comments.thread_list import PART, PROGRAMME, ThreadFilter, ThreadPage
from klimawerk.comments.topics import counts_topic, threads_topic
from klimawerk.extensions import db
from klimawerk.live.changes import revision, revisions
from klimawerk.partnerships.access import Member
from klimawerk.sheets.access import Opened
from klimawerk.sheets.field_view import FieldView
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.view import SheetView, views_of


@dataclass(frozen=True)
class ThreadsView:
    """The threads about an item, or about all items of a programme, for one reader. `rev` was read before everything
    else. `within`: the list of the whole programme in which these threads stand."""

    v: SheetView
    wish: ThreadFilter
    rev: int
    within: ThreadsView | None = None
    _parts: dict[int, ThreadsView] = field(default_factory=dict)

    @property
    def item(self) -> Item:
        return self.v.item

    @property
    def member(self) -> Member:
        return self.v.opened.member

    @property
    def topic(self) -> str:
        return _topic_of(self.item, self.member.side, self.wish)

    @property
    def may_comment(self) -> bool:
        return access.may_comment(self.member)

    @cached_property
    def people(self) -> Participants:
        return self.within.people if self.within else Participants(self.v.frame.partnership)

    @property
    def own_side(self) -> str:
        """Display name of the side to which the reader may restrict a thread; "" for none."""
        return self.people.place(self.member.side) if access.may_restrict_to_side(self.member) else ""

    @property
    def languages(self) -> list[str]:
        return languages(self.v.frame)

    @property
    def kinds(self) -> Mapping[str, object]:
        return KINDS

    @cached_property
    def subjects(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return list(subjects.subject_choices(self.v))

    @property
    def subjects_in_use(self) -> list[tuple[str, str]]:
        """Subjects with threads, of a whole programme its items: code and label."""
        if self.wish.scope == PROGRAMME:
            titles = titles_of(self._items_in_use, self.v.languages.show)
            items = self._items_in_use
            return [(thread_list.code_of_item(item), f"{item.code} {titles[item.id][0]}".strip()) for item in items]
        threads = thread_list.subjects_in_use(self.item, self.member)
        views = [(subjects.code_of(thread), subjects.subject_view(self.v, thread)) for thread in threads]
        return [(code, view.label) for code, view in views if view]

    @cached_property
    def unread_since(self) -> datetime:
        """Time after which comments are new to the reader."""
        return read_marks.unread_since(self.member, self.item.id)

    def new_key(self) -> str:
        """An idempotency key for a form."""
        return str(uuid.uuid4())

    def page(self, also: int | None = None) -> ThreadPage:
        if self.wish.scope == PROGRAMME:
            _ = self._part_revs
        return thread_list.page_of_threads(self.item, self.member, self.wish, also)

    def shown(self, page: ThreadPage) -> list[ThreadView]:
        """The page's threads as views."""
        comments = [comment for of_thread in page.comments.values() for comment in of_thread]
        earlier, mentioned_people = _earlier(comments), mentioned(comments)
        translated = translation.stored_translations([comment.id for comment in comments], self.v.reader)
        talks = self._talks_of(page.threads)
        return [
            ThreadView(talks[thread.item_id], thread, page, earlier, mentioned_people, translated)
            for thread in page.threads
        ]

    def by_item(self, shown: Sequence[ThreadView]) -> list[tuple[ThreadsView, list[ThreadView]]]:
        """The views with what they are part of: neighbours about the same item of a programme together."""
        groups = [list(group) for _item_id, group in groupby(shown, key=lambda view: view.thread.item_id)]
        return [(group[0].talk, group) for group in groups]

    def _talks_of(self, threads: Sequence[Thread]) -> dict[int, ThreadsView]:
        """What these threads are part of, by the id of their item."""
        if self.wish.scope != PROGRAMME:
            return {thread.item_id: self for thread in threads}
        known = {item.id: item for item in self._items_in_use}
        items = {thread.item_id: known.get(thread.item_id) or thread.item for thread in threads}
        self._add_parts([item for item_id, item in items.items() if item_id not in self._parts])
        return self._parts

    def _add_parts(self, items: Sequence[Item]) -> None:
        """Make the parts about these items. The number of statements does not depend on how many they are."""
        locked = locked_of([item.name for item in items])
        opened = [Opened(item, self.member, item.name in locked) for item in items]
        views = views_of(
            opened, self.item, reader=self.v.reader, requested=self.v.languages.show, options=self.v.options
        )
        since = read_marks.unread_since_of(self.member, [item.id for item in items])
        for v in views:
            rev = self._part_revs.get(threads_topic(v.item, self.member.side), 0)
            part = ThreadsView(v, ThreadFilter(scope=PART), rev, self)
            vars(part)["unread_since"] = since[v.item.id]
            self._parts[v.item.id] = part

    @cached_property
    def _items_in_use(self) -> list[Item]:
        return thread_list.items_in_use(self.v.frame, self.member)

    @cached_property
    def _part_revs(self) -> dict[str, int]:
        """The revisions of the threads of the programme's items, by topic. Read before the threads."""
        return revisions([threads_topic(item, self.member.side) for item in self._items_in_use])

    def passages(self) -> list[ThreadView]:
        """The open threads about a passage, without their comments."""
        threads = thread_list.about_passages(self.item, self.member)
        return [ThreadView(self, thread, ThreadPage([], {}, {}), {}, {}, {}) for thread in threads]

    def said(self, threads: Sequence[Thread]) -> str:
        """A message for screen readers on the latest event by another person in these threads; "" for none."""
        ids = [thread.id for thread in threads]
        query = select(CommentEvent).where(CommentEvent.thread_id.in_(ids), CommentEvent.kind.in_(_EVENT_SENTENCES))
        event = db.session.scalar(query.order_by(CommentEvent.id.desc()).limit(1))
        if event is None or event.by == self.member.person.id:
            return ""
        return str(_EVENT_SENTENCES[event.kind]) % {"name": self.people.name(event.by)}


_EVENT_SENTENCES = {
    OPENED: lazy_gettext("%(name)s wrote a comment."),
    REPLIED: lazy_gettext("%(name)s replied to a comment."),
    RESOLVED: lazy_gettext("%(name)s resolved a comment."),
    PROPOSED: lazy_gettext("%(name)s proposed a value."),
    ACCEPTED: lazy_gettext("%(name)s accepted a proposal."),
}


@dataclass(frozen=True)
class ThreadView:
    talk: ThreadsView
    thread: Thread
    page: ThreadPage
    earlier: Mapping[int, Sequence[tuple[datetime, str]]]
    mentioned: Mapping[int, set[int]]
    translated: Mapping[int, str]

    @property
    def rev(self) -> int:
        return self.thread.revs.get(self.talk.member.side, 0)

    @property
    def kind(self) -> str:
        return str(KINDS[self.thread.kind])

    @property
    def anchor(self) -> dict[str, str]:
        return anchors.anchor_for_page(self.thread.anchor)

    @property
    def is_task(self) -> bool:
        return self.thread.kind == TASK

    @property
    def only(self) -> str:
        """Display name of the only side that sees it; "" if all do."""
        return self.talk.people.place(self.thread.side) if self.thread.side else ""

    @cached_property
    def subject(self) -> SubjectView | None:
        return subjects.subject_view(self.talk.v, self.thread)

    @cached_property
    def comments(self) -> list[CommentView]:
        return [CommentView(self, comment) for comment in self.page.comments[self.thread.id]]

    @cached_property
    def proposal(self) -> ProposalView | None:
        return proposals.proposal_view(self.talk.v, self.thread, self.talk.people)

    @cached_property
    def proposable(self) -> FieldView | None:
        """The field for which the reader may propose a value."""
        f = proposals.proposable_field(self.talk.v, self.thread)
        return f if proposals.may_propose(self.talk.member, self.thread, f) else None

    @property
    def left_out(self) -> int:
        return self.page.left_out.get(self.thread.id, 0)

    @property
    def query(self) -> str:
        """Query string for its forms, so that the response is rendered as on this page."""
        return "?whole=yes" if self.page.whole else f"?scope={PART}" if self.in_list else ""

    @property
    def in_list(self) -> bool:
        """Whether it stands below the name of its item in the list of a whole programme."""
        return self.talk.wish.scope == PART

    @property
    def may_settle(self) -> bool:
        return access.may_settle(self.talk.member, self.thread)

    @property
    def resolver(self) -> str:
        return self.talk.people.name(self.thread.resolved_by)

    @property
    def assignee(self) -> str:
        """Name of the assignee; "" for nobody."""
        return self.talk.people.name(self.thread.assignee) if self.thread.assignee else ""

    @property
    def possible(self) -> Mapping[int, str]:
        return self.talk.people.who_can_answer(self.thread.side)


@dataclass(frozen=True)
class CommentView:
    of: ThreadView
    comment: Comment

    @cached_property
    def author(self) -> CommentAuthor:
        return self.of.talk.people.author_of(self.comment)

    @property
    def is_new(self) -> bool:
        """Whether another person wrote it after the reader's last session."""
        reader_id = self.of.talk.member.person.id
        return self.comment.author != reader_id and self.comment.at > self.of.talk.unread_since

    @property
    def html(self) -> Markup:
        people = self.of.talk.people
        mentioned_people = self.of.mentioned.get(self.comment.id, ())
        return comment_to_html(
            self.comment.words, [people.name(id_) for id_ in mentioned_people if id_ in people.members]
        )

    @property
    def not_called(self) -> list[str]:
        """For its author, while it can be edited: messages on each @ that mentions nobody, or several people."""
        if "@" not in self.comment.words or not self.may_edit:
            return []
        return unresolved_mentions(
            without_quotations(self.comment.words), self.of.talk.people.names(self.of.thread.side)
        )

    @property
    def translation(self) -> Markup | None:
        """The machine translation into the reader's language, if one was requested."""
        text = self.of.translated.get(self.comment.id)
        return comment_to_html(text) if text else None

    @property
    def may_translate(self) -> bool:
        """Whether it is in another language than the reader's, and a service is available."""
        return translation.is_available() and not self.translation and self.comment.language != self.of.talk.v.reader

    @property
    def may_edit(self) -> bool:
        return access.may_edit(self.of.talk.member, self.comment)

    @property
    def may_delete(self) -> bool:
        return access.may_delete(self.of.talk.member, self.comment)

    @property
    def earlier(self) -> list[tuple[datetime, Markup]]:
        """Its earlier texts, each with the time of its replacement, oldest first."""
        return [(until, comment_to_html(words)) for until, words in self.of.earlier.get(self.comment.id, ())]


def threads_view(v: SheetView, wish: ThreadFilter | None = None) -> ThreadsView:
    """The threads about the item of `v` for its reader."""
    wish = wish or ThreadFilter()
    return ThreadsView(v, wish, revision(_topic_of(v.item, v.opened.member.side, wish)))


def _topic_of(item: Item, side: str, wish: ThreadFilter) -> str:
    return counts_topic(item, side) if wish.scope == PROGRAMME else threads_topic(item, side)


def _earlier(comments: Sequence[Comment]) -> dict[int, list[tuple[datetime, str]]]:
    edited = [comment.id for comment in comments if comment.edited_at and not comment.deleted_at]
    by_comment: dict[int, list[tuple[datetime, str]]] = {}
    if edited:
        query = select(CommentEvent).where(CommentEvent.comment_id.in_(edited), CommentEvent.kind == EDITED)
        for event in db.session.scalars(query.order_by(CommentEvent.id)):
            by_comment.setdefault(event.comment_id or 0, []).append((event.at, event.detail.get("words", "")))
    return by_comment
