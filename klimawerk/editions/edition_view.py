"""An edition in the form in which templates read a programme; its objects belong to no database session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from markupsafe import Markup

from klimawerk.collab import rich_text
from klimawerk.collab.models import LiveText
from klimawerk.editions.snapshots import SnapshotParts, load_decoded_parts
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.overview.finance import Finance, finance_from
from klimawerk.overview.programme_document import Chapter, DocumentEntry, arrange_chapters
from klimawerk.partnerships.models import Partnership
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import Opened
from klimawerk.sheets.models import Conflict, Frame, Item, Row
from klimawerk.sheets.options import ItemOptions
from klimawerk.sheets.page_languages import languages_for
from klimawerk.sheets.sheet_schema import Field, RowKind
from klimawerk.sheets.view import SheetView
from klimawerk.versions import item_keys
from klimawerk.versions.comparison import ItemState
from klimawerk.versions.item_state import VersionHead
from klimawerk.versions.version_states import state_from_manifest

Rows = dict[str, list[Row]]


class EditionOptions(ItemOptions):
    """The options of fields at the time of the edition."""

    def __init__(self, fields: tuple[tuple[str, str], ...], measures: tuple[tuple[int, str], ...]) -> None:
        super().__init__()
        self.fields, self.measures = fields, measures


@dataclass(frozen=True, kw_only=True)
class EditionItemView(SheetView):
    """A past state of an item; `state` holds its content."""

    state: ItemState

    @cached_property
    def texts(self) -> dict[str, LiveText]:
        nodes = {
            name.removeprefix("text:"): part for name, part in self.state.parts.items() if name.startswith("text:")
        }
        return {name: _text(name, part) for name, part in nodes.items()}

    @cached_property
    def rows(self) -> Rows:
        names = [name for name in self.state.parts if name.startswith("rows:")]
        return {kind: _rows(kind, self.state.rows(kind)) for kind in (name.removeprefix("rows:") for name in names)}

    @cached_property
    def conflicts(self) -> dict[tuple[str | None, str], Conflict]:
        return {}

    def words(self, field: Field) -> tuple[str, str]:
        """Value of a field as text, and its language ("" for none)."""
        return self.cell_text(field, Row(cells=self.item.values))

    def html(self, name: str) -> tuple[Markup, str]:
        """A long text as safe HTML, and its language: the shown one, else the original, else any."""
        language = next((code for code in self._order if self.text(name, code)), None)
        return (Markup(self.texts[f"{name}.{language}"].html), language) if language else (Markup(""), "")  # noqa: S704

    def parts(self) -> list[Field | RowKind]:
        """Its filled parts, without the title."""
        return [part for part in self.sheet.parts if part.name != "title" and self.filled(part)]


@dataclass(frozen=True)
class EditionView:
    """A past state of the whole programme: itself (`v`), and goals and measures by id."""

    v: EditionItemView
    items: dict[int, EditionItemView]
    versions: dict[int, int]

    def chapters(self) -> list[Chapter]:
        goals = [view.item for view in self.items.values() if isinstance(view.item, Goal)]
        measures = [view.item for view in self.items.values() if isinstance(view.item, Measure)]
        entries = {id_: DocumentEntry(view.item, view.texts, view.rows, 0, self.v) for id_, view in self.items.items()}
        return arrange_chapters(self.v, goals, measures, entries)

    def finance(self) -> Finance:
        measures = [view.item for view in self.items.values() if isinstance(view.item, Measure)]
        return finance_from(self.v, measures, {measure.id: self.items[measure.id].rows for measure in measures})


def edition_view(opened: Opened, parts: SnapshotParts, *, reader: str, requested_language: str | None) -> EditionView:
    """The edition for one reader; `requested_language`: of its texts. Raises PartDamaged."""
    ids_by_key, contents = item_keys.keys_of_frame(opened.item.frame_id), load_decoded_parts(parts.values())
    states = {id_: state_from_manifest(part.head, contents, ids_by_key) for id_, part in parts.items()}
    programme_state = states[opened.item.id]
    frame = _frame(programme_state.head, opened.item.frame.partnership)
    languages = languages_for(frame, requested_language, reader)
    options = _options(states, languages.show, frame.lead_language, opened.item.id)
    views = {
        id_: EditionItemView(
            opened=Opened(_item(id_, state, frame), opened.member, locked=True),
            reader=reader,
            languages=languages,
            rev=0,
            options=options,
            state=state,
        )
        for id_, state in states.items()
    }
    version_numbers = {id_: part.version.number for id_, part in parts.items() if part.version}
    v = views.pop(opened.item.id)
    return EditionView(v, views, version_numbers)


def title_in(state: ItemState, *order: str) -> tuple[str, str]:
    """The plain title in the first of these languages that has one, and that language."""
    for language in (*order, *state.head.get("languages", [])):
        text = state.text(f"title.{language}")
        if text:
            return rich_text.to_plain_text(text), language
    return "", ""


def _frame(head: VersionHead, partnership: Partnership) -> Frame:
    stored = head.get("frame", {})
    return Frame(
        partnership=partnership,
        partnership_id=partnership.id,
        languages=list(head["languages"]),
        lead_language=head["lead_language"],
        currency_main=stored.get("currency_main", "EUR"),
        currency_local=stored.get("currency_local", ""),
        rate=Decimal(stored["rate"]) if stored.get("rate") else None,
        rate_date=date.fromisoformat(stored["rate_date"]) if stored.get("rate_date") else None,
        rate_note=stored.get("rate_note", ""),
    )


def _item(id_: int, state: ItemState, frame: Frame) -> Item:
    common: dict[str, Any] = {"id": id_, "frame": frame, "values": state.values, "imported": [], "writing_language": ""}
    common |= {"code": state.head.get("code", ""), "revs": {}}
    if state.head["kind"] == "measure":
        return Measure(goal_id=state.head.get("goal"), **common)
    return Goal(**common) if state.head["kind"] == "goal" else Programme(carried={}, **common)


def _options(states: dict[int, ItemState], language: str, lead: str, programme: int) -> EditionOptions:
    fields = tuple((row["id"], _field_name(row["cells"], language, lead)) for row in states[programme].rows("fields"))
    measures = [(id_, state) for id_, state in states.items() if state.head["kind"] == "measure"]
    titled = ((id_, f"{state.head['code']} {title_in(state, language, lead)[0]}".strip()) for id_, state in measures)
    return EditionOptions(fields, tuple(titled))


def _field_name(cells: dict[str, Any], language: str, lead: str) -> str:
    title = cells.get(f"title.{language}") or cells.get(f"title.{lead}") or ""
    return f"{cells.get('code', '')} {title}".strip()


def _text(fragment: str, text: rich_text.Node) -> LiveText:
    return LiveText(fragment=fragment, plain=rich_text.to_plain_text(text), html=rich_text.to_html(text))


def _rows(kind: str, rows: list[dict[str, Any]]) -> list[Row]:
    return [Row(id=row["id"], kind=kind, cells=row["cells"], revs={}, rev=0) for row in rows]
