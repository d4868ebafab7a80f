"""Routes for pasted tables: `/programmes/<id>/paste` creates measures, `/items/<id>/paste/<kind>` rows.

One page does both steps: it shows a preview of each cell until no question is open, then adds the rows. Nothing is
stored in between: the form contains the table. `/tables/read` parses what the browser found in the clipboard, so that
there is only one parser of tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.exchange import table_import
from klimawerk.exchange.pasted_tables import BadTable, Grid, read_table, to_tab_separated
from klimawerk.exchange.routes import bp
from klimawerk.exchange.table_columns import ColumnLayout, guess_columns, measure_fields, row_fields, unused_columns
from klimawerk.exchange.table_values import PasteContext, PastedTable, read_grid
from klimawerk.extensions import db
from klimawerk.folding import fold
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.goals.service import goals_of
from klimawerk.idempotency import earlier, form_key, once
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.access import Opened, of_kind, writable_item
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.plausibility import OPEN_RANGE, DateRange
from klimawerk.sheets.routes import view_here
from klimawerk.sheets.rows import TooManyRows, rows_of
from klimawerk.sheets.sheet_schema import Field
from klimawerk.sheets.view import SheetView
from klimawerk.text import is_blank

MAX_TITLE_LENGTH = GOAL.fields["title"].max_length


@dataclass
class PasteForm:
    """What the page shows. `error`: about the table as a whole; `notes`: what was left out of it.

    `left_out`: columns that become nothing. `titles`: of a new goal by language, "" for none; None for no new goal.
    """

    view: SheetView
    fields: dict[str, Field]
    title: str
    back: str
    goals: list[tuple[int, str]]
    table: str = ""
    language: str = ""
    currency: str = ""
    goal_id: int = 0
    pasted: PastedTable | None = None
    error: Any = ""
    notes: tuple[Any, ...] = ()
    left_out: list[tuple[int, str]] = field(default_factory=list)
    titles: dict[str, str] | None = None
    title_error: Any = ""

    @property
    def untitled(self) -> int:
        """How many measures would be created without a title."""
        records = self.pasted.records() if self.pasted and "title" in self.fields and "goal" in self.fields else []
        return sum(1 for record in records if "title" not in record)


@bp.route("/programmes/<int:item_id>/paste", methods=["GET", "POST"])
@login_required
def paste_measures(item_id: int) -> ResponseReturnValue:
    """Preview of measures from a pasted table, and their creation."""
    opened = writable_item(item_id)
    programme = of_kind(opened, Programme)
    form = _paste_form(opened, measure_fields(), _("Paste measures"), f"/programmes/{item_id}")
    goals = goals_of(programme)
    titles = titles_of(goals, form.view.languages.show)
    form.goals = [(goal.id, f"{goal.code} {titles[goal.id][0]}".strip()) for goal in goals]
    if earlier(form_key()):
        return redirect(form.back, 303)
    if not goals or any(_titles(form).values()):
        form.titles = _titles(form)
    if _read_table(form) and form.pasted and _check_titles(form):
        records, by = form.pasted.records(), opened.member.person.id

        def create() -> str:
            goal = table_import.goal_for(programme, records, chosen=form.goal_id, titles=form.titles or {}, by=by)
            count = len(table_import.add_measures(records, form.language, goal=goal, by=by))
            flash(ngettext("One measure was added.", "%(num)d measures were added.", count))
            return form.back

        return redirect(once(form_key(), create), 303)
    return _paste_page(form)


@bp.post("/tables/read")
@login_required
def read_pasted() -> ResponseReturnValue:
    """A table from the clipboard as tab-separated text; nothing is stored."""
    try:
        table = read_table(request.form.get("table", ""))
    except BadTable as bad:
        return {"error": str(bad.sentence)}, 422
    return {"table": to_tab_separated(table.grid), "notes": [str(note) for note in table.notes]}


@bp.route("/items/<int:item_id>/paste/<kind>", methods=["GET", "POST"])
@login_required
def paste_rows(item_id: int, kind: str) -> ResponseReturnValue:
    """Preview of rows from a pasted table, and their creation."""
    opened = writable_item(item_id)
    row_kind = sheet_of(opened.item.kind).rows.get(kind) or abort(404)
    back = page_of(opened.item)
    form = _paste_form(opened, row_fields(row_kind), _("Paste a table: %(what)s", what=row_kind.label), back)
    if earlier(form_key()):
        return redirect(back, 303)
    if _read_table(form) and form.pasted:
        records, by = form.pasted.records(), opened.member.person.id

        def create() -> str:
            count = len(table_import.add_rows(opened.item, row_kind, records, form.language, by=by))
            flash(ngettext("One row was added.", "%(num)d rows were added.", count))
            return back

        try:
            return redirect(once(form_key(), create), 303)
        except TooManyRows:
            form.error = _("There are too many rows for this sheet.")
    return _paste_page(form)


def _paste_form(opened: Opened, fields: dict[str, Field], title: str, back: str) -> PasteForm:
    """The form as it was sent, with defaults for what is missing."""
    view, submitted = view_here(opened), request.form
    frame = opened.item.frame
    language = submitted.get("language", "")
    currency = submitted.get("currency", "")
    return PasteForm(
        view, fields, title, back, [],
        table=submitted.get("table", ""),
        language=language if language in frame.languages else view.languages.show,
        currency=currency if currency in (frame.currency_main, frame.currency_local) else frame.currency_main,
        goal_id=submitted.get("under", 0, type=scalars.item_id),
    )  # fmt: skip


def _read_table(form: PasteForm) -> bool:
    """Parse the pasted table. True if it is to be added now: requested by the user, and no question is open."""
    if request.method != "POST":
        return False
    try:
        table = read_table(form.table)
    except BadTable as bad:
        form.error = bad.sentence
        return False
    grid, form.notes = table.grid, table.notes
    form.table = to_tab_separated(grid)
    form.pasted = read_grid(grid, _layout(grid, form.fields), form.fields, _paste_context(form))
    form.left_out = unused_columns(grid, form.pasted.layout)
    return request.form.get("step") == "take" and not form.pasted.open_questions and bool(form.pasted.records())


def _titles(form: PasteForm) -> dict[str, str]:
    submitted = {code: request.form.get(f"goal-{code}", "") for code in form.view.languages.all}
    return {code: "" if is_blank(title) else " ".join(title.split()) for code, title in submitted.items()}


def _check_titles(form: PasteForm) -> bool:
    """Whether the titles of a new goal, if any, are short enough; sets `title_error` otherwise. It may have none."""
    if form.titles is not None and any(len(title) > MAX_TITLE_LENGTH for title in form.titles.values()):
        form.title_error = _("Too long: at most %(most)s characters.", most=MAX_TITLE_LENGTH)
    return not form.title_error


def _layout(grid: Grid, fields: dict[str, Field]) -> ColumnLayout:
    """The user's choice for each column; guessed when the table is shown for the first time."""
    chosen = request.form.getlist("column")
    if len(chosen) != len(grid[0]):
        return guess_columns(grid, fields)
    unique = [name if name in fields and name not in chosen[:n] else "" for n, name in enumerate(chosen)]
    return ColumnLayout(tuple(unique), heading=request.form.get("heading") == "yes")


def _paste_context(form: PasteForm) -> PasteContext:
    """The context in which the cells are read: languages, currencies, goals, codes in use, answers."""
    item, frame = form.view.item, form.view.item.frame
    readings = {name: value for name, value in request.form.items() if name.startswith("reading-")}
    programme = programme_of(item)
    used_codes = select(Item.code).where(Item.frame_id == frame.id, Item.kind == "measure")
    return PasteContext(
        language=form.language,
        locale=str(get_locale() or "en")[:2],
        currencies=tuple(code for code in (frame.currency_main, frame.currency_local) if code),
        currency=form.currency,
        sides=form.view.sides,
        goals={fold(goal.code): goal.id for goal in goals_of(programme)},
        fields=_field_ids(programme),
        used_codes=frozenset(db.session.scalars(used_codes)),
        readings=readings,
        programme_period=DateRange.of(programme.values),
        measure_period=DateRange.of(item.values) if item.kind == "measure" else OPEN_RANGE,
    )


def _field_ids(programme: Programme) -> dict[str, str]:
    """Row ids of the fields of action by code and title."""
    return {
        fold(str(value)): row.id
        for row in rows_of(programme).get("fields", [])
        for key, value in row.cells.items()
        if key == "code" or key.startswith("title.")
    }


def _paste_page(form: PasteForm) -> ResponseReturnValue:
    refused = request.method == "POST" and (bool(form.error) or request.form.get("step") == "take")
    return render_template(
        "exchange/paste.html", paste=form, v=form.view, title_length=MAX_TITLE_LENGTH
    ), 422 if refused else 200
