"""Erasure of a person: the account and its records are deleted; what they wrote stays, by "Former member".

The row of `person` stays, emptied: versions, texts and changes refer to their authors by its id, and would have to be
rewritten without it. Nothing that a hash covers names a person (decision 35), so no hash changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import escape
from sqlalchemy import and_, delete, func, or_, select, update

from klimawerk.accounts import audit, sessions
from klimawerk.accounts.models import AuditEntry, FormerName, Link, Person
from klimawerk.accounts.signals import logins_ended, person_changed
from klimawerk.clock import now
from klimawerk.collab.models import Document
from klimawerk.collab.storage import document_store
from klimawerk.comments.mentions import find_mentions
from klimawerk.comments.models import Comment, CommentEvent, CommentMention, CommentTranslation, Thread
from klimawerk.comments.service import EDITED, REOPENED, RESOLVED
from klimawerk.comments.topics import announce_threads
from klimawerk.database import writing
from klimawerk.digests.models import DigestMail
from klimawerk.exchange.practice import release_practice
from klimawerk.extensions import db
from klimawerk.partnerships import members, partnership_labels, service
from klimawerk.partnerships.access import is_current, today_in_zone
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.privacy import erasure_log
from klimawerk.privacy.personal_data import ERASURE_RULES, ErasureRule
from klimawerk.search import index
from klimawerk.sheets import lock_service
from klimawerk.sheets.models import EditLock, Frame, Item
from klimawerk.text import truncate

SIGN_IN_ACTIONS = ("signed_in", "signed_out", "signed_out_everywhere", "sign_in_failed", "reset_asked")
EVENTS_WITH_TEXT = (EDITED, RESOLVED, REOPENED)
NO_SYNC = {"synchronize_session": False}  # bulk statements need not update objects in memory
TextChange = Callable[[str, str], str]
"""Function of a text and its language that returns the text without the person's names."""


@dataclass(frozen=True)
class PersonTraces:
    """The person's names and partnerships, read before their rows are deleted.

    `names`: present and former ones; `own_names`: those of them that nobody else in the partnerships has;
    `names_of_others`: of all other members; `partnerships`: ids of those in which names are searched for.
    """

    names: list[str]
    own_names: list[str]
    names_of_others: list[str]
    partnerships: set[int]


def erase_person(person: Person, *, by: Person | None, anyway: bool = False) -> None:
    """Erase the person irreversibly. Raises ActionRefused with what has to be done first, unless `anyway`."""
    with writing() as database:
        _lock_dependents(person.id)
        stored = database.get_one(Person, person.id)
        if stored.erased_at is not None:
            return
        if not anyway:
            check_erasable(stored)
        _erase(stored)
        audit.record("person_erased", by=by if by and by.id != stored.id else None, person=stored.id)
    erasure_log.write_marks()


def _lock_dependents(person_id: int) -> None:
    """Lock what `check_erasable` counts: memberships, coordinators, operators. Waits for transactions of the person."""
    own_partnerships = select(Membership.partnership_id).where(Membership.person_id == person_id).distinct()
    operators = select(Person.id).where(Person.operator)
    members.lock_partnerships(*db.session.scalars(own_partnerships), people={person_id, *db.session.scalars(operators)})
    db.session.expire_all()  # read before the locks were held


def check_erasable(person: Person) -> None:
    """Raise ActionRefused for the last coordinator of a side, and for the last operator."""
    for membership in _current_memberships(person):
        if not _is_only_member(membership):
            try:
                members.check_side_keeps_coordinator(membership)
            except ActionRefused as refused:
                raise ActionRefused(
                    f"{partnership_labels.text_for_reader(membership.partnership.name)[0]}: {refused}"
                ) from refused
    others = select(func.count()).where(Person.operator, Person.ended_at.is_(None), Person.id != person.id)
    if person.operator and not db.session.scalar(others):
        raise ActionRefused(
            _("You are the only operator. Make somebody else operator first (flask user operator ADDRESS).")
        )


def keep_erasures() -> Callable[[], str]:
    """Restore hook: read who is erased before a restore; the returned function erases them again after it."""
    erasure_log.write_marks()
    marks = erasure_log.erasure_marks()

    def erase_again() -> str:
        people = erasure_log.not_yet_erased(marks)
        for person in people:
            _erase(person)
            audit.record("person_erased", by=None, person=person.id)
        return f"{len(people)} persons who had been erased since were erased again." if people else ""

    return erase_again


def _erase(person: Person) -> None:
    """Inside `writing()`."""
    names, others = _names_of(person), _names_of_others(person)
    own_names = [name for name in names if name not in others]
    traces = PersonTraces(names, own_names, sorted(others), _partnerships_of(person))
    changed = _remove_mentions(traces)
    _end_memberships(person)
    _announce_changed_threads(person, changed)
    logins_ended.send(sessions.end_logins(person.id))
    _delete_records(person)
    _remove_names_elsewhere(traces)
    for table in db.metadata.sorted_tables:
        for name, rule in ERASURE_RULES.get(table.name, {}).items():
            if rule is ErasureRule.ROW_ERASED and any(
                key.column.table.name == "person" for key in table.c[name].foreign_keys
            ):
                db.session.execute(delete(table).where(table.c[name] == person.id))
    _empty_row(person)
    db.session.flush()
    db.session.expire_all()  # objects in memory may have lost their rows
    person_changed.send(person.id)


def _empty_row(person: Person) -> None:
    for name, rule in ERASURE_RULES["person"].items():
        if rule is ErasureRule.EMPTIED:
            setattr(person, name, "")
    person.timezone, person.language = "UTC", "en"
    person.operator = person.demo = False
    person.confirmed_at = None
    person.ended_at = person.ended_at or now()
    person.erased_at = now()


def _end_memberships(person: Person) -> None:
    for membership in _current_memberships(person):
        if _is_only_member(membership):
            membership.partnership.deleted_at = now()
            continue
        membership.to_date = today_in_zone(membership.timezone) - timedelta(days=1)
        membership.from_date = min(membership.from_date, membership.to_date)
        service.announce_rights(membership)
    release_practice(person)
    db.session.flush()
    practice = update(Partnership).where(Partnership.practice_of == person.id)
    db.session.execute(practice.values(practice_of=None), execution_options=NO_SYNC)


def _current_memberships(person: Person) -> list[Membership]:
    """The person's memberships of today, without practice partnerships."""
    query = select(Membership).join(Partnership).where(Membership.person_id == person.id)
    query = query.where(Partnership.deleted_at.is_(None), Partnership.practice_of.is_(None))
    return [each for each in db.session.scalars(query.order_by(Membership.partnership_id)) if is_current(each)]


def _is_only_member(membership: Membership) -> bool:
    """Whether the partnership has no other current member: then it is deleted with the person."""
    others = [other for other in membership.partnership.memberships if other.person_id != membership.person_id]
    return not any(is_current(other) and other.person.ended_at is None for other in others)


def _delete_records(person: Person) -> None:
    """Delete audit entries of sign-ins, failed ones too, and invitations to the address."""
    of_person = [AuditEntry.actor_id == person.id, AuditEntry.detail["person"].as_integer() == person.id]
    invited = Link.payload["email"].as_string() == person.email
    if person.confirmed_at:
        of_person.append(AuditEntry.detail["unknown"].as_string() == audit.masked_address(person.email))
    else:  # another account may have the address: keep invitations of other partnerships
        own_partnerships = select(Membership.partnership_id).where(Membership.person_id == person.id)
        invited = and_(invited, Link.partnership_id.in_(own_partnerships))
    sign_ins = delete(AuditEntry).where(AuditEntry.action.in_(SIGN_IN_ACTIONS), or_(*of_person))
    db.session.execute(sign_ins, execution_options=NO_SYNC)
    db.session.execute(delete(Link).where(invited), execution_options=NO_SYNC)


def _remove_names_elsewhere(traces: PersonTraces) -> None:
    """Remove the names from edit locks and from mail digests of others."""
    items = {str(item_id) for item_id in _items_of(traces)}
    named_locks = select(EditLock).where(
        EditLock.holder_name.in_(traces.names), EditLock.item_id.in_(_items_of(traces))
    )
    locks = db.session.scalars(named_locks).all()
    for lock in locks:
        lock.holder_name = ""
    lock_service.rederive(locks)
    locked = select(Document.name, Document.lock_reason).where(Document.locked, Document.locked_by.in_(traces.names))
    for name, reason in db.session.execute(locked).all():
        if name.partition(":")[2] in items:
            document_store.close_documents([name], reason, "")
    for mail in db.session.scalars(select(DigestMail)):  # also sent ones, of which the subject is stored
        if traces.partnerships & set(mail.partnerships):
            _remove_names(traces, mail)


def _remove_names(traces: PersonTraces, mail: DigestMail) -> None:
    """Remove names from a mail. Its lines are wrapped, also quoted ones; excerpts hold mentions in any spelling."""
    without_names, without_names_in_html = (
        _name_remover(traces.own_names),
        _name_remover([str(escape(name)) for name in traces.own_names]),
    )
    without_mentions, language = _mention_remover(traces), mail.language
    mail.subject, mail.text = (
        truncate(without_names(mail.subject, language), 300),
        without_names(without_mentions(mail.text, language), language),
    )
    mail.html = without_names_in_html(without_mentions(mail.html, language), language)


def _names_of(person: Person) -> list[str]:
    """The person's present and former names."""
    former = db.session.scalars(select(FormerName.name).where(FormerName.person_id == person.id))
    return [name for name in {person.name, *former} if name]


def _names_of_others(person: Person) -> set[str]:
    """Present names of all others in the same partnerships: these are not removed.

    Former names do not count, so that another member cannot keep the person's name in place by taking it for a while.
    """
    own_partnerships = select(Membership.partnership_id).where(Membership.person_id == person.id)
    others = select(Membership.person_id).where(
        Membership.partnership_id.in_(own_partnerships), Membership.person_id != person.id
    )
    return {name for name in db.session.scalars(select(Person.name).where(Person.id.in_(others))) if name}


def _partnerships_of(person: Person) -> set[int]:
    """Ids of all partnerships that the person has ever belonged to, and of their former practice partnerships."""
    practice = select(Partnership.id).where(Partnership.practice_of == person.id)
    member_of = select(Membership.partnership_id).where(Membership.person_id == person.id)
    return set(db.session.scalars(practice)) | set(db.session.scalars(member_of))


def _remove_mentions(traces: PersonTraces) -> set[int]:
    """Remove mentions ("@Name") from comments, their earlier versions and outcomes. Returns ids of changed threads."""
    change = _mention_remover(traces)
    items = _items_of(traces)
    threads = select(Thread.id).where(Thread.item_id.in_(items))
    changed_threads: set[int] = set()
    with_mentions = select(Comment).where(Comment.thread_id.in_(threads), Comment.words.contains("@"))
    for comment in db.session.scalars(with_mentions):
        text = change(comment.words, comment.language)
        if text == comment.words:
            continue
        comment.words = text
        db.session.execute(
            delete(CommentTranslation).where(CommentTranslation.comment_id == comment.id),
            execution_options=NO_SYNC,
        )
        changed_threads.add(comment.thread_id)
    with_text = select(CommentEvent).where(CommentEvent.thread_id.in_(threads), CommentEvent.kind.in_(EVENTS_WITH_TEXT))
    for event in db.session.scalars(with_text):
        detail = {key: change(value, "en") if isinstance(value, str) else value for key, value in event.detail.items()}
        if detail != event.detail:
            event.detail = detail
            changed_threads.add(event.thread_id)
    outcomes = select(Thread).where(Thread.item_id.in_(items), Thread.outcome.contains("@"))
    for thread in db.session.scalars(outcomes):
        outcome = change(thread.outcome, "en")
        if outcome != thread.outcome:
            thread.outcome = truncate(outcome, 300)
            changed_threads.add(thread.id)
    return changed_threads


def _announce_changed_threads(person: Person, changed: Iterable[int]) -> None:
    """Refresh the person's threads on open pages, and the search index of those whose texts changed."""
    acted_in = select(CommentEvent.thread_id).where(CommentEvent.by == person.id)
    mentioned_in = select(Comment.thread_id).join(CommentMention).where(CommentMention.person_id == person.id)
    about = or_(
        Thread.id.in_(acted_in), Thread.id.in_(mentioned_in), Thread.assignee == person.id, Thread.id.in_(list(changed))
    )
    query = select(Thread).where(about, Thread.deleted_at.is_(None)).order_by(Thread.item_id, Thread.id)
    for thread in db.session.scalars(query).all():
        thread.revs = {**thread.revs, **announce_threads(thread.item, thread.side)}
        if thread.id in set(changed):
            index.remove_item(thread.item_id, None)


def _items_of(traces: PersonTraces) -> list[int]:
    """Ids of all items of these partnerships."""
    query = select(Item.id).join(Frame, Frame.id == Item.frame_id).where(Frame.partnership_id.in_(traces.partnerships))
    return list(db.session.scalars(query))


def _name_remover(names: Iterable[str]) -> TextChange:
    """Function that replaces each of the names by "Former member" in the language of the text."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    patterns = (r"[\s>]++".join(map(re.escape, name.split())) for name in longest_first)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")

    def change(text: str, language: str) -> str:
        if not longest_first or not pattern.search(text):
            return text
        former = _former_member(language)
        return pattern.sub(lambda _match: former, text)

    return change


def _mention_remover(traces: PersonTraces) -> TextChange:
    """Function that replaces mentions (names after @) in any spelling that is one (`comments/mentions.py`)."""
    names = dict(enumerate([*traces.own_names, *traces.names_of_others]))

    def change(text: str, language: str) -> str:
        if not traces.own_names or "@" not in text:
            return text
        own_mentions = [
            each for each in find_mentions(text, names) if any(n < len(traces.own_names) for n in each.people)
        ]
        for mention in reversed(own_mentions):
            text = f"{text[: mention.start]}@{_former_member(language)}{text[mention.end :]}"
        return text

    return change


def _former_member(language: str) -> str:
    with force_locale(language if language in ("de", "en") else "en"):
        return str(_("Former member"))
