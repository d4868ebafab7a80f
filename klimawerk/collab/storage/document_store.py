"""Documents in the database: created, read, locked, compacted. Functions that write run inside the caller's
`writing()`.

The content is `Document.state` (up to and including `upto`) plus the updates after it. Every append raises
`Document.seq` first, which locks the row until the commit, so appends to one document happen one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from pycrdt import Doc, XmlFragment
from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from klimawerk.clock import now
from klimawerk.collab import rich_text, text_merge
from klimawerk.collab.attribution.author_spans import AuthorSpan, AuthorSpans, FragmentAttribution, LogReplay
from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.models import Document, LiveText, StoredAttribution, Update, Writer, new_gen
from klimawerk.collab.rich_text import Node
from klimawerk.collab.storage import document_hints
from klimawerk.database import release_connection, writing
from klimawerk.extensions import db
from klimawerk.live import changes

Contents = Mapping[str, Node | None]
_BY_NAME = select(Document).where(Document.name == bindparam("name")).execution_options(populate_existing=True)


class NoDocument(LookupError):
    """There is no document of that name."""


def create_document(name: str, contents: Contents) -> Document:
    """Create a document with its fragments; one without text gets one empty paragraph. Raises InvalidRichText."""
    document = Document(name=name, state=_state(contents))
    db.session.add(document)
    db.session.flush()
    _project(document.id, contents, changes.note(name))
    return document


def add_fragments(name: str, fragments: Contents | Iterable[str]) -> None:
    """Add the fragments that the document lacks (a language added later); existing ones stay. Raises NoDocument."""
    fragments = fragments if isinstance(fragments, Mapping) else dict.fromkeys(fragments)
    rev = changes.note(name)
    document = _locked_row(name)
    have = set(db.session.scalars(select(LiveText.fragment).where(LiveText.document_id == document.id)))
    missing = {fragment: text for fragment, text in fragments.items() if fragment not in have}
    if not missing:
        return
    document.seq += 1
    document.dirty_since = document.dirty_since or now()
    db.session.add(Update(document_id=document.id, seq=document.seq, payload=_state(missing)))
    db.session.flush()
    _project(document.id, missing, rev)
    document_hints.hint_documents([name])


def replace_contents(name: str, contents: Mapping[str, Node], by: int | None = None) -> None:
    """Replace the whole content of these fragments; open editors follow. Raises NoDocument, InvalidRichText."""
    _rewrite(name, contents, by, rich_text.write_fragment)


def merge_contents(name: str, contents: Mapping[str, Node], by: int | None = None) -> None:
    """Like `replace_contents`, but by differences: what is equal is not touched, and what others type there stays."""
    _rewrite(name, contents, by, text_merge.merge_text)


def lock_document_row(name: str) -> None:
    """Lock the document's row until the commit, so that nobody else writes. Inside `writing()`. Raises NoDocument."""
    _locked_row(name)


def texts(names: Iterable[str], fragments: Iterable[str] | None = None) -> dict[str, dict[str, LiveText]]:
    """{name: {fragment: LiveText}} of all `names`, in one query, of these `fragments` only if given; empty for a
    document that does not exist."""
    wanted = list(names)
    result: dict[str, dict[str, LiveText]] = {name: {} for name in wanted}
    query = select(Document.name, LiveText).join(LiveText, LiveText.document_id == Document.id)
    if fragments is not None:
        query = query.where(LiveText.fragment.in_(list(fragments)))
    query = query.where(Document.name.in_(wanted)).execution_options(populate_existing=True)
    for name, text in db.session.execute(query).all():
        result[name][text.fragment] = text
    return result


def plain_texts_by_language(names: Iterable[str], kind: str) -> dict[str, dict[str, str]]:
    """{name: {language: plain text}} of one kind of text ("title") of all `names`, in one query."""
    result: dict[str, dict[str, str]] = {name: {} for name in names}
    query = select(Document.name, LiveText.fragment, LiveText.plain).join(Document, LiveText.document_id == Document.id)
    query = query.where(Document.name.in_(list(result)), LiveText.fragment.startswith(f"{kind}.", autoescape=True))
    for name, fragment, plain in db.session.execute(query).all():
        result[name][fragment.partition(".")[2]] = plain
    return result


def contents(name: str, fragments: Iterable[str] | None = None) -> dict[str, Node]:
    """{fragment: JSON}, current up to the last acknowledged update. Raises NoDocument."""
    row = find_document(name)
    document = read_log(row.id).document()
    wanted = fragments if fragments is not None else fragment_names(row.id)
    return {fragment: rich_text.read_fragment(document.get(fragment, type=XmlFragment)) for fragment in wanted}


def find_document(name: str) -> Document:
    """The document's row. Raises NoDocument."""
    document: Document | None = db.session.scalar(_BY_NAME, {"name": name})
    if document is None:
        raise NoDocument(name)
    return document


def fragment_names(document_id: int) -> set[str]:
    return set(db.session.scalars(select(LiveText.fragment).where(LiveText.document_id == document_id)))


def read_log(document_id: int) -> DocumentLog:
    """Everything that is stored of a document, of one moment. Raises NoDocument."""
    columns = (Document.id, Document.gen, Document.seq, Document.upto, Document.state)
    row = db.session.execute(select(*columns).where(Document.id == document_id)).first()
    if row is None:
        raise NoDocument(str(document_id))
    rows = rows_after(document_id, row.upto)
    # On PostgreSQL each statement has its own snapshot: rows may be newer than the document's row, and reach further.
    # A compaction between the two leaves a gap, which shows by the first number.
    if (rows and rows[0][0] != row.upto + 1) or (not rows and row.seq > row.upto):
        return read_log(document_id)
    return DocumentLog(row.id, row.gen, rows[-1][0] if rows else row.seq, row.upto, row.state, rows)


def rows_after(document_id: int, seq: int) -> list[tuple[int, bytes]]:
    """The updates after `seq`, in order."""
    query = select(Update.seq, Update.payload).where(Update.document_id == document_id, Update.seq > seq)
    return list(db.session.execute(query.order_by(Update.seq)).all())


def close_documents(names: Iterable[str], reason: str, by: str) -> None:
    """Close documents for editing; `reason` and `by` (a name) are shown to those who have them open."""
    _update_documents(names, locked=True, lock_reason=reason, locked_by=by)


def open_documents(names: Iterable[str]) -> None:
    """Open documents for editing again."""
    _update_documents(names, locked=False, lock_reason="", locked_by="")


_IS_LOCKED = select(Document.locked).where(Document.name == bindparam("name"))


def is_locked(name: str) -> bool:
    """Whether the document is closed for editing."""
    return bool(db.session.scalar(_IS_LOCKED, {"name": name}))


def locked_of(names: Iterable[str]) -> set[str]:
    """Which of the documents are closed for editing, in one query."""
    return set(db.session.scalars(select(Document.name).where(Document.name.in_(list(names)), Document.locked)))


def mark_deleted(names: Iterable[str]) -> None:
    """Close the documents for everyone; members of open rooms are notified. The texts stay."""
    _update_documents(names, deleted=True)


def mark_restored(names: Iterable[str]) -> None:
    """Undo `mark_deleted`."""
    _update_documents(names, deleted=False)


def recheck_access(names: Iterable[str]) -> None:
    """Access rights on these documents may have changed: all members of their rooms are checked again."""
    _update_documents(names)


def new_generations() -> None:
    """Give every document a new generation after a restore from a backup, so that no browser merges its old content."""
    for document in db.session.scalars(select(Document)):
        document.gen = new_gen()
        document.access_rev += 1
    db.session.flush()
    document_hints.hint_documents([], everything=True)


def compact(document_id: int) -> None:
    """Merge the log into the state, in a short transaction of its own; acknowledged updates stay.

    The work is done before the transaction begins: rows of the log never change, so the result is valid as long as
    nobody else has compacted meanwhile. Only the division into updates is lost, and the attribution is stored before.
    Raises NoDocument.
    """
    log = read_log(document_id)
    fragments = fragment_names(document_id)
    release_connection()
    replay = LogReplay(log, fragments)
    state = replay.document.get_update()
    unchanged = (Document.id == log.id, Document.gen == log.gen, Document.upto == log.upto)
    with writing() as session:
        folded = session.execute(update(Document).where(*unchanged).values(state=state, upto=log.seq))
        if folded.rowcount:  # type: ignore[attr-defined]
            _store_writers(log.id, log.seq)
            _store_attribution(log.id, replay.known_spans())
            session.execute(delete(Update).where(Update.document_id == log.id, Update.seq <= log.seq))


def writers_since(name: str, seq: int) -> set[int]:
    """Numbers of the people who wrote in the document after its update `seq`. Raises NoDocument."""
    id_ = find_document(name).id
    logged = select(Update.by).where(Update.document_id == id_, Update.seq > seq, Update.by.is_not(None))
    folded = select(Writer.person).where(Writer.document_id == id_, Writer.seq > seq)
    return {*db.session.scalars(logged.distinct()), *db.session.scalars(folded)}


def _store_writers(document_id: int, seq: int) -> None:
    folded = (Update.document_id == document_id, Update.seq <= seq, Update.by.is_not(None))
    logged = select(Update.by, func.max(Update.seq), func.max(Update.at)).where(*folded).group_by(Update.by)
    for person, last, at in db.session.execute(logged).all():
        db.session.merge(Writer(document_id=document_id, person=person, seq=last, at=at))
    db.session.flush()


def _store_attribution(document_id: int, known: Mapping[str, AuthorSpans]) -> None:
    db.session.execute(delete(StoredAttribution).where(StoredAttribution.document_id == document_id))
    rows = [{"document_id": document_id, "fragment": fragment, "spans": spans} for fragment, spans in known.items()]
    if rows:
        db.session.execute(insert(StoredAttribution), rows)


def stored_attribution(name: str) -> dict[str, AuthorSpans]:
    """Attribution of each fragment without its text; what compaction stored, if nothing came since. Raises
    NoDocument."""
    document = find_document(name)
    if document.seq == document.upto:
        query = select(StoredAttribution).where(StoredAttribution.document_id == document.id)
        stored: dict[str, Any] = {row.fragment: row.spans for row in db.session.scalars(query)}
        return {fragment: [AuthorSpan(*span) for span in spans] for fragment, spans in stored.items()}
    return {fragment: attribution.spans for fragment, attribution in attribution_of(name).items()}


def attribution_of(name: str) -> dict[str, FragmentAttribution]:
    """Attribution of each fragment, current up to the last acknowledged update. Raises NoDocument."""
    log = read_log(find_document(name).id)
    return LogReplay(log, fragment_names(log.id)).texts


def waiting_for_compaction(rows: int, quiet: timedelta) -> list[int]:
    """Ids of the documents with more than `rows` updates after their state, or with some, none of which is newer than
    `quiet`."""
    young = select(Update.id).where(Update.document_id == Document.id, Update.at > now() - quiet).exists()
    behind = Document.seq - Document.upto
    return list(db.session.scalars(select(Document.id).where(or_(behind > rows, and_(behind > 0, ~young)))))


def _rewrite(
    name: str, contents: Mapping[str, Node], by: int | None, write: Callable[[XmlFragment, Node], None]
) -> None:
    for text in contents.values():
        rich_text.check_text(text)
    row = _locked_row(name)
    document = read_log(row.id).document()
    before = document.get_state()
    with document.transaction():
        for fragment, text in contents.items():
            write(document.get(fragment, type=XmlFragment), text)
    row.seq += 1
    row.dirty_since = row.dirty_since or now()
    db.session.add(Update(document_id=row.id, seq=row.seq, payload=document.get_update(before), by=by))
    db.session.flush()
    document_hints.hint_documents([name])


def _locked_row(name: str) -> Document:
    """The document's row, locked until the commit, so that nobody appends in between."""
    db.session.execute(update(Document).where(Document.name == name).values(seq=Document.seq))
    return find_document(name)


def _update_documents(names: Iterable[str], **values: object) -> None:
    wanted = sorted(set(names))
    # Locked in the order in which the committer locks them; else two could deadlock.
    db.session.execute(select(Document.id).where(Document.name.in_(wanted)).order_by(Document.id).with_for_update())
    changed = update(Document).where(Document.name.in_(wanted))
    db.session.execute(changed.values(access_rev=Document.access_rev + 1, **values))
    document_hints.hint_documents(wanted)


def _state(contents: Contents) -> bytes:
    document: Doc[XmlFragment] = Doc()
    for fragment, text in sorted(contents.items()):
        if text is not None:
            rich_text.check_text(text)
        rich_text.write_fragment(document.get(fragment, type=XmlFragment), text or rich_text.empty_text())
    return document.get_update()


def _project(document_id: int, contents: Contents, rev: int) -> None:
    for fragment, text in contents.items():
        shown = rich_text.normalised(text or rich_text.empty_text())
        plain, html = rich_text.to_plain_text(shown), rich_text.to_html(shown)
        db.session.add(LiveText(document_id=document_id, fragment=fragment, plain=plain, html=html, rev=rev))
    db.session.flush()
