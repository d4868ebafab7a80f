"""Erase one person: their account and everything that is theirs goes, what they wrote stays under "Former member".

The row of `person` stays, emptied: versions, texts and the record of changes name their writers by its number, and
would have to be written anew without it. Nothing that a hash covers names a person (decision 35), so none changes.
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
from klimawerk.collab import document_store
from klimawerk.collab.models import Document
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
TEXT_COLUMNS = (EDITED, RESOLVED, REOPENED)
SILENT_ACTIONS = {"synchronize_session": False}  # a bulk statement does not look through what is in memory
Change = Callable[[str, str], str]
"""The text without the person, given its language."""


@dataclass(frozen=True)
class PersonTraces:
    """What to look for, and where, before the person's rows are gone. `own_names`: those of `names` that are theirs
    alone; `names_of_others`: of all others in the same partnerships; `partnerships`: the only ones in which names
    stand for them."""

    names: list[str]
    own_names: list[str]
    names_of_others: list[str]
    partnerships: set[int]


def erase_person(person: Person, *, by: Person | None, anyway: bool = False) -> None:
    """Erase the person, for good. Raises Refused with what has to be done first, unless `anyway`."""
    with writing() as database:
        _lock_partnerships(person.id)
        own = database.get_one(Person, person.id)
        if own.erased_at is not None:
            return
        if not anyway:
            check_erasable(own)
        _erase(own)
        audit.record("person_erased", by=by if by and by.id != own.id else None, person=own.id)
    erasure_log.write_marks()


def _lock_partnerships(person_id: int) -> None:
    """Nobody else who counts in `check` goes meanwhile, operators too; what was begun for the person ends first."""
    mine = select(Membership.partnership_id).where(Membership.person_id == person_id).distinct()
    operators = select(Person.id).where(Person.operator)
    members.lock_partnerships(*db.session.scalars(mine), people={person_id, *db.session.scalars(operators)})
    db.session.expire_all()  # what was read while others were waited for


def check_erasable(person: Person) -> None:
    """Raises Refused while something depends on this person: a side's last coordinator, the last operator."""
    for one in _places(person):
        if not _alone(one):
            try:
                members.check_side_keeps_coordinator(one)
            except ActionRefused as refused:
                raise ActionRefused(
                    f"{partnership_labels.text_for_reader(one.partnership.name)[0]}: {refused}"
                ) from refused
    others = select(func.count()).where(Person.operator, Person.ended_at.is_(None), Person.id != person.id)
    if person.operator and not db.session.scalar(others):
        raise ActionRefused(
            _("You are the only operator. Make somebody else operator first (flask user operator ADDRESS).")
        )


def keep_erasures() -> Callable[[], str]:
    """Before a restore: who was erased. What it returns erases them again in what was restored, and says so."""
    erasure_log.write_marks()
    wanted = erasure_log.erasure_marks()

    def again() -> str:
        found = erasure_log.not_yet_erased(wanted)
        for person in found:
            _erase(person)
            audit.record("person_erased", by=None, person=person.id)
        return f"{len(found)} persons who had been erased since were erased again." if found else ""

    return again


def _erase(person: Person) -> None:
    """Inside `writing()`."""
    names, others = _names_of(person), _names_of_others(person)
    own = [name for name in names if name not in others]
    traces = PersonTraces(names, own, sorted(others), _partnerships_of(person))
    changed = _remove_mentions(traces)
    _end_memberships(person)
    _tell_of_threads(person, changed)
    logins_ended.send(keys=sessions.end_logins(person.id))
    _forget_records(person)
    _forget_names(traces)
    for table in db.metadata.sorted_tables:
        for name, fate in ERASURE_RULES.get(table.name, {}).items():
            if fate is ErasureRule.ROW_ERASED and any(
                key.column.table.name == "person" for key in table.c[name].foreign_keys
            ):
                db.session.execute(delete(table).where(table.c[name] == person.id))
    _empty(person)
    db.session.flush()
    db.session.expire_all()  # rows went that are still in memory
    person_changed.send(person_id=person.id)


def _empty(person: Person) -> None:
    for name, fate in ERASURE_RULES["person"].items():
        if fate is ErasureRule.EMPTIED:
            setattr(person, name, "")
    person.timezone, person.language = "UTC", "en"
    person.operator = person.demo = False
    person.confirmed_at = None
    person.ended_at = person.ended_at or now()
    person.erased_at = now()


def _end_memberships(person: Person) -> None:
    for one in _places(person):
        if _alone(one):
            one.partnership.deleted_at = now()
            continue
        one.to_date = today_in_zone(one.timezone) - timedelta(days=1)
        one.from_date = min(one.from_date, one.to_date)
        service.announce_rights(one)
    release_practice(person)
    db.session.flush()
    mine = update(Partnership).where(Partnership.practice_of == person.id)
    db.session.execute(mine.values(practice_of=None), execution_options=SILENT_ACTIONS)


def _places(person: Person) -> list[Membership]:
    """The person's memberships of today, without their own practice."""
    query = select(Membership).join(Partnership).where(Membership.person_id == person.id)
    query = query.where(Partnership.deleted_at.is_(None), Partnership.practice_of.is_(None))
    return [one for one in db.session.scalars(query.order_by(Membership.partnership_id)) if is_current(one)]


def _alone(membership: Membership) -> bool:
    """Whether nobody else belongs to the partnership: then it ends with them."""
    others = [one for one in membership.partnership.memberships if one.person_id != membership.person_id]
    return not any(is_current(one) and one.person.ended_at is None for one in others)


def _forget_records(person: Person) -> None:
    """Sign-ins, whether they succeeded or not; invitations to the address."""
    theirs = [AuditEntry.actor_id == person.id, AuditEntry.detail["person"].as_integer() == person.id]
    invited = Link.payload["email"].as_string() == person.email
    if person.confirmed_at:
        theirs.append(AuditEntry.detail["unknown"].as_string() == audit.masked_address(person.email))
    else:  # somebody else may have the address: what others sent there is theirs
        mine = select(Membership.partnership_id).where(Membership.person_id == person.id)
        invited = and_(invited, Link.partnership_id.in_(mine))
    sign_ins = delete(AuditEntry).where(AuditEntry.action.in_(SIGN_IN_ACTIONS), or_(*theirs))
    db.session.execute(sign_ins, execution_options=SILENT_ACTIONS)
    db.session.execute(delete(Link).where(invited), execution_options=SILENT_ACTIONS)


def _forget_names(traces: PersonTraces) -> None:
    """The names in locks and in others' mails."""
    items = {str(number) for number in _items_of(traces)}
    named = select(EditLock).where(EditLock.holder_name.in_(traces.names), EditLock.item_id.in_(_items_of(traces)))
    locks = db.session.scalars(named).all()
    for lock in locks:
        lock.holder_name = ""
    lock_service.rederive(locks)
    locked = select(Document.name, Document.lock_reason).where(Document.locked, Document.locked_by.in_(traces.names))
    for name, reason in db.session.execute(locked).all():
        if name.partition(":")[2] in items:
            document_store.close_documents([name], reason, "")
    for mail in db.session.scalars(select(DigestMail)):  # of one that was sent the subject is kept
        if traces.partnerships & set(mail.partnerships):
            _remove_names(traces, mail)


def _remove_names(traces: PersonTraces, mail: DigestMail) -> None:
    """Its lines are wrapped, also those of a quotation; in it are excerpts of comments, which call in any spelling."""
    change, marked = _name_remover(traces.own_names), _name_remover([str(escape(name)) for name in traces.own_names])
    without_calls, language = _mention_remover(traces), mail.language
    mail.subject, mail.text = (
        truncate(change(mail.subject, language), 300),
        change(without_calls(mail.text, language), language),
    )
    mail.html = marked(without_calls(mail.html, language), language)


def _names_of(person: Person) -> list[str]:
    """The person's name and those that they had before."""
    former = db.session.scalars(select(FormerName.name).where(FormerName.person_id == person.id))
    return [name for name in {person.name, *former} if name]


def _names_of_others(person: Person) -> set[str]:
    """What everybody else in the same partnerships is called now: a name of theirs is theirs, where it stands.

    One that somebody else had before does not count, so that nobody can keep another one's name by borrowing it."""
    mine = select(Membership.partnership_id).where(Membership.person_id == person.id)
    others = select(Membership.person_id).where(Membership.partnership_id.in_(mine), Membership.person_id != person.id)
    return {name for name in db.session.scalars(select(Person.name).where(Person.id.in_(others))) if name}


def _partnerships_of(person: Person) -> set[int]:
    """Numbers of all that the person has ever belonged to, and of their practice programmes of before a reset."""
    practice = select(Partnership.id).where(Partnership.practice_of == person.id)
    member_of = select(Membership.partnership_id).where(Membership.person_id == person.id)
    return set(db.session.scalars(practice)) | set(db.session.scalars(member_of))


def _remove_mentions(traces: PersonTraces) -> set[int]:
    """Take "@Name" out of comments, their earlier wordings and outcomes. Returns the numbers of the changed threads."""
    change = _mention_remover(traces)
    items = _items_of(traces)
    threads = select(Thread.id).where(Thread.item_id.in_(items))
    found: set[int] = set()
    calling = select(Comment).where(Comment.thread_id.in_(threads), Comment.words.contains("@"))
    for comment in db.session.scalars(calling):
        words = change(comment.words, comment.language)
        if words == comment.words:
            continue
        comment.words = words
        db.session.execute(
            delete(CommentTranslation).where(CommentTranslation.comment_id == comment.id),
            execution_options=SILENT_ACTIONS,
        )
        found.add(comment.thread_id)
    with_words = select(CommentEvent).where(CommentEvent.thread_id.in_(threads), CommentEvent.kind.in_(TEXT_COLUMNS))
    for event in db.session.scalars(with_words):
        said = {key: change(value, "en") if isinstance(value, str) else value for key, value in event.detail.items()}
        if said != event.detail:
            event.detail = said
            found.add(event.thread_id)
    outcomes = select(Thread).where(Thread.item_id.in_(items), Thread.outcome.contains("@"))
    for thread in db.session.scalars(outcomes):
        outcome = change(thread.outcome, "en")
        if outcome != thread.outcome:
            thread.outcome = truncate(outcome, 300)
            found.add(thread.id)
    return found


def _tell_of_threads(person: Person, changed: Iterable[int]) -> None:
    """Open pages draw the threads in which the person had a part anew, and the search reads them anew."""
    mine = select(CommentEvent.thread_id).where(CommentEvent.by == person.id)
    called = select(Comment.thread_id).join(CommentMention).where(CommentMention.person_id == person.id)
    about = or_(Thread.id.in_(mine), Thread.id.in_(called), Thread.assignee == person.id, Thread.id.in_(list(changed)))
    query = select(Thread).where(about, Thread.deleted_at.is_(None)).order_by(Thread.item_id, Thread.id)
    for thread in db.session.scalars(query).all():
        thread.revs = {**thread.revs, **announce_threads(thread.item, thread.side)}
        if thread.id in set(changed):
            index.remove_item(thread.item_id, None)


def _items_of(traces: PersonTraces) -> list[int]:
    """Numbers of all items in these partnerships."""
    query = select(Item.id).join(Frame, Frame.id == Item.frame_id).where(Frame.partnership_id.in_(traces.partnerships))
    return list(db.session.scalars(query))


def _name_remover(names: Iterable[str]) -> Change:
    """What puts "Former member" in the place of each of the names, in the language of the text."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    patterns = (r"[\s>]++".join(map(re.escape, name.split())) for name in longest_first)
    found = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")

    def change(text: str, language: str) -> str:
        if not longest_first or not found.search(text):
            return text
        former = _former_member(language)
        return found.sub(lambda _match: former, text)

    return change


def _mention_remover(traces: PersonTraces) -> Change:
    """The same for each name behind an @, in any spelling that calls the person (`comments/mentions.py`)."""
    names = dict(enumerate([*traces.own_names, *traces.names_of_others]))

    def change(text: str, language: str) -> str:
        if not traces.own_names or "@" not in text:
            return text
        found = [call for call in find_mentions(text, names) if any(one < len(traces.own_names) for one in call.people)]
        for call in reversed(found):
            text = f"{text[: call.start]}@{_former_member(language)}{text[call.end :]}"
        return text

    return change


def _former_member(language: str) -> str:
    with force_locale(language if language in ("de", "en") else "en"):
        return str(_("Former member"))
