"""Erase one person: their account and everything that is theirs goes, what they wrote stays under "Former member".

The row of `person` stays, emptied: versions, texts and the record of changes name their writers by its number, and
would have to be written anew without it. Nothing that a hash covers names a person (decision 35), so none changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import escape
from sqlalchemy import and_, delete, func, or_, select, update

from klimawerk.accounts import audit, sessions
from klimawerk.accounts.models import AuditEntry, Link, Person
from klimawerk.accounts.signals import logins_ended, person_changed
from klimawerk.clock import now
from klimawerk.collab import store
from klimawerk.collab.models import Document
from klimawerk.comments.models import Comment, CommentEvent, CommentMention, CommentTranslation, Thread
from klimawerk.comments.service import EDITED, REOPENED, RESOLVED
from klimawerk.comments.topics import note_threads
from klimawerk.database import writing
from klimawerk.digests.models import DigestMail
from klimawerk.exchange.practice import put_away
from klimawerk.extensions import db
from klimawerk.partnerships import labels, members, service
from klimawerk.partnerships.access import holds, today
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.partnerships.refusals import Refused
from klimawerk.privacy import erased
from klimawerk.privacy.columns import WHAT_BECOMES_OF, Fate
from klimawerk.search import index
from klimawerk.sheets.models import Frame, Item

SIGN_IN_ACTIONS = ("signed_in", "signed_out", "signed_out_everywhere", "sign_in_failed", "reset_asked")
WITH_WORDS = (EDITED, RESOLVED, REOPENED)
QUIETLY = {"synchronize_session": False}  # a bulk statement does not look through what is in memory
Change = Callable[[str, str], str]
"""The text without the person, given its language."""


def erase(person: Person, *, by: Person | None, anyway: bool = False) -> None:
    """Erase the person, for good. Raises Refused with what has to be done first, unless `anyway`."""
    with writing() as database:
        own = database.get_one(Person, person.id)
        if own.erased_at is not None:
            return
        if not anyway:
            check(own)
        _erase(own)
        audit.record("person_erased", by=by if by and by.id != own.id else None, person=own.id)
    erased.write()


def check(person: Person) -> None:
    """Raises Refused while something depends on this person: a side's last coordinator, the last operator."""
    for one in _places(person):
        if not _alone(one):
            try:
                members.check_side_keeps_coordinator(one)
            except Refused as refused:
                raise Refused(f"{labels.in_words(one.partnership.name)[0]}: {refused}") from refused
    others = select(func.count()).where(Person.operator, Person.ended_at.is_(None), Person.id != person.id)
    if person.operator and not db.session.scalar(others):
        raise Refused(_("You are the only operator. Make somebody else operator first (flask user operator ADDRESS)."))


def remembered_over_a_restore() -> Callable[[], str]:
    """Before a restore: who was erased. What it returns erases them again in what was restored, and says so."""
    erased.write()
    wanted = erased.marks()

    def again() -> str:
        found = erased.still_there(wanted)
        for person in found:
            _erase(person)
            audit.record("person_erased", by=None, person=person.id)
        return f"{len(found)} persons who had been erased since were erased again." if found else ""

    return again


def _erase(person: Person) -> None:
    """Inside `writing()`."""
    changed = _words_changed(person)
    _end_memberships(person)
    _tell_of_threads(person, changed)
    logins_ended.send(keys=sessions.end_logins(person.id))
    _forget_records(person)
    for table in db.metadata.sorted_tables:
        for name, fate in WHAT_BECOMES_OF.get(table.name, {}).items():
            if fate is Fate.ROW_ERASED and any(key.column.table.name == "person" for key in table.c[name].foreign_keys):
                db.session.execute(delete(table).where(table.c[name] == person.id))
    _empty(person)
    db.session.flush()
    db.session.expire_all()  # rows went that are still in memory
    person_changed.send(person_id=person.id)


def _empty(person: Person) -> None:
    for name, fate in WHAT_BECOMES_OF["person"].items():
        if fate is Fate.EMPTIED:
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
        one.to_date = today(one.timezone) - timedelta(days=1)
        one.from_date = min(one.from_date, one.to_date)
        service.note_rights(one)
    put_away(person)
    db.session.flush()
    mine = update(Partnership).where(Partnership.practice_of == person.id)
    db.session.execute(mine.values(practice_of=None), execution_options=QUIETLY)


def _places(person: Person) -> list[Membership]:
    """The person's memberships of today, without their own practice."""
    query = select(Membership).join(Partnership).where(Membership.person_id == person.id)
    query = query.where(Partnership.deleted_at.is_(None), Partnership.practice_of.is_(None))
    return [one for one in db.session.scalars(query.order_by(Membership.partnership_id)) if holds(one)]


def _alone(membership: Membership) -> bool:
    """Whether nobody else belongs to the partnership: then it ends with them."""
    others = [one for one in membership.partnership.memberships if one.person_id != membership.person_id]
    return not any(holds(one) and one.person.ended_at is None for one in others)


def _forget_records(person: Person) -> None:
    """Sign-ins, whether they succeeded or not; invitations to the address; the name in locks and others' mails."""
    theirs = [AuditEntry.actor_id == person.id, AuditEntry.detail["person"].as_integer() == person.id]
    invited = Link.payload["email"].as_string() == person.email
    if person.confirmed_at:
        theirs.append(AuditEntry.detail["unknown"].as_string() == audit.disguised(person.email))
    else:  # somebody else may have the address: what others sent there is theirs
        mine = select(Membership.partnership_id).where(Membership.person_id == person.id)
        invited = and_(invited, Link.partnership_id.in_(mine))
    sign_ins = delete(AuditEntry).where(AuditEntry.action.in_(SIGN_IN_ACTIONS), or_(*theirs))
    db.session.execute(sign_ins, execution_options=QUIETLY)
    db.session.execute(delete(Link).where(invited), execution_options=QUIETLY)
    locked = select(Document.name, Document.lock_reason).where(Document.locked, Document.locked_by == person.name)
    names = set(_items_of(person))
    for name, reason in db.session.execute(locked).all():
        if name.partition(":")[2] in {str(number) for number in names}:
            store.lock([name], reason, "")
    if not _shares_name(person):
        partnerships = set(
            db.session.scalars(select(Membership.partnership_id).where(Membership.person_id == person.id))
        )
        for mail in db.session.scalars(select(DigestMail)):  # of one that was sent the subject is kept
            if partnerships & set(mail.partnerships):
                _take_name_out(person, mail)


def _take_name_out(person: Person, mail: DigestMail) -> None:
    change = _without(person.name, r"(?<!\w){}(?!\w)")
    marked = _without(str(escape(person.name)), r"(?<!\w){}(?!\w)")
    mail.subject, mail.text = change(mail.subject, mail.language)[:300], change(mail.text, mail.language)
    mail.html = marked(mail.html, mail.language)


def _shares_name(person: Person) -> bool:
    """Whether somebody else in the same partnerships has this name: then it is theirs, wherever it stands."""
    mine = select(Membership.partnership_id).where(Membership.person_id == person.id)
    others = select(Person.id).join(Membership, Membership.person_id == Person.id)
    same = others.where(Membership.partnership_id.in_(mine), Person.name == person.name, Person.id != person.id)
    return db.session.scalar(same.limit(1)) is not None


def _words_changed(person: Person) -> set[int]:
    """Take "@Name" out of comments, their earlier wordings and outcomes. Returns the numbers of the changed threads."""
    if _shares_name(person):
        return set()
    change = _without(f"@{person.name}", r"(?<!\w){}(?!\w)", "@")
    items = _items_of(person)
    threads = select(Thread.id).where(Thread.item_id.in_(items))
    likely = f"%@{person.name}%"
    found: set[int] = set()
    for comment in db.session.scalars(
        select(Comment).where(Comment.thread_id.in_(threads), Comment.words.like(likely))
    ):
        comment.words = change(comment.words, comment.language)
        db.session.execute(
            delete(CommentTranslation).where(CommentTranslation.comment_id == comment.id), execution_options=QUIETLY
        )
        found.add(comment.thread_id)
    with_words = select(CommentEvent).where(CommentEvent.thread_id.in_(threads), CommentEvent.kind.in_(WITH_WORDS))
    for event in db.session.scalars(with_words):
        said = {key: change(value, "en") if isinstance(value, str) else value for key, value in event.detail.items()}
        if said != event.detail:
            event.detail = said
            found.add(event.thread_id)
    for thread in db.session.scalars(select(Thread).where(Thread.item_id.in_(items), Thread.outcome.like(likely))):
        thread.outcome = change(thread.outcome, "en")[:300]
        found.add(thread.id)
    return found


def _tell_of_threads(person: Person, changed: Iterable[int]) -> None:
    """Open pages draw the threads in which the person had a part anew, and the search reads them anew."""
    mine = select(CommentEvent.thread_id).where(CommentEvent.by == person.id)
    called = select(Comment.thread_id).join(CommentMention).where(CommentMention.person_id == person.id)
    about = or_(Thread.id.in_(mine), Thread.id.in_(called), Thread.assignee == person.id, Thread.id.in_(list(changed)))
    query = select(Thread).where(about, Thread.deleted_at.is_(None)).order_by(Thread.item_id, Thread.id)
    for thread in db.session.scalars(query).all():
        thread.revs = {**thread.revs, **note_threads(thread.item, thread.side)}
        if thread.id in set(changed):
            index.forget(thread.item_id, None)


def _items_of(person: Person) -> list[int]:
    """Numbers of all items in the partnerships that the person has ever belonged to."""
    partnerships = select(Membership.partnership_id).where(Membership.person_id == person.id)
    query = select(Item.id).join(Frame, Frame.id == Item.frame_id).where(Frame.partnership_id.in_(partnerships))
    return list(db.session.scalars(query))


def _without(name: str, pattern: str, before: str = "") -> Change:
    """What puts "Former member" in the place of the name, in the language of the text."""
    found = re.compile(pattern.format(re.escape(name)))

    def change(text: str, language: str) -> str:
        if not name.strip("@") or name not in text:
            return text
        with force_locale(language if language in ("de", "en") else "en"):
            return found.sub(lambda _match: before + str(_("Former member")), text)

    return change
