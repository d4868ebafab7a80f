"""Doors for pasted tables: `/programmes/<id>/paste` makes measures, `/items/<id>/paste/<kind>` rows.

One page does both steps: it shows what each cell would become until there is nothing left to ask, then takes it over.
Nothing is kept in between: the form carries the table. `/tables/read` reads what the browser found in the clipboard, so
that there is one reader of tables.
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
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.plausibility import OPEN_RANGE, DateRange
from klimawerk.sheets.routes import view_here
from klimawerk.sheets.rows import TooManyRows, rows_of
from klimawerk.sheets.sheet_schema import Field, sheet_of
from klimawerk.sheets.view import SheetView
from klimawerk.text import is_blank

TITLE_LENGTH = GOAL.fields["title"].max_length


@dataclass
class PasteForm:
    """Everything the page shows. `error` is about the table as a whole, `notes` say what of it was not read.

    `left_out`: columns that become nothing. `titles`: of a new goal by language; None where there are goals."""

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
        """How many measures would come without a title."""
        records = self.pasted.records() if self.pasted and "title" in self.fields and "goal" in self.fields else []
        return sum(1 for record in records if "title" not in record)


@bp.route("/programmes/<int:item_id>/paste", methods=["GET", "POST"])
@login_required
def paste_measures(item_id: int) -> ResponseReturnValue:
    opened = writable_item(item_id)
    programme = of_kind(opened, Programme)
    desk = _paste_form(opened, measure_fields(), _("Paste measures"), f"/programmes/{item_id}")
    goals = goals_of(programme)
    titles = titles_of(goals, desk.view.languages.show)
    desk.goals = [(goal.id, f"{goal.code} {titles[goal.id][0]}".strip()) for goal in goals]
    if earlier(form_key()):
        return redirect(desk.back, 303)
    if not goals or _has_titles(desk):
        desk.titles = _titles(desk)
    if _read_table(desk) and desk.pasted and _named(desk):
        records, by = desk.pasted.records(), opened.member.person.id

        def create() -> str:
            if desk.titles is None:
                goal = next((goal for goal in goals if goal.id == desk.goal_id), goals[0])
            else:
                goal = table_import.add_goal(programme, desk.titles, by=by)
            count = len(table_import.add_measures(records, desk.language, goal=goal, by=by))
            flash(ngettext("One measure was added.", "%(num)d measures were added.", count))
            return desk.back

        return redirect(once(form_key(), create), 303)
    return _paste_page(desk)


@bp.post("/tables/read")
@login_required
def read_pasted() -> ResponseReturnValue:
    """A table as the browser got it from the clipboard, as tab-separated text; nothing is kept."""
    try:
        found = read_table(request.form.get("table", ""))
    except BadTable as bad:
        return {"error": str(bad.sentence)}, 422
    return {"table": to_tab_separated(found.grid), "notes": [str(note) for note in found.notes]}


@bp.route("/items/<int:item_id>/paste/<kind>", methods=["GET", "POST"])
@login_required
def paste_rows(item_id: int, kind: str) -> ResponseReturnValue:
    opened = writable_item(item_id)
    known = sheet_of(opened.item.kind).rows.get(kind) or abort(404)
    back = f"/{opened.item.kind}s/{item_id}"
    desk = _paste_form(opened, row_fields(known), _("Paste a table: %(what)s", what=known.label), back)
    if earlier(form_key()):
        return redirect(back, 303)
    if _read_table(desk) and desk.pasted:
        records, by = desk.pasted.records(), opened.member.person.id

        def create() -> str:
            count = len(table_import.add_rows(opened.item, known, records, desk.language, by=by))
            flash(ngettext("One row was added.", "%(num)d rows were added.", count))
            return back

        try:
            return redirect(once(form_key(), create), 303)
        except TooManyRows:
            desk.error = _("There are too many rows for this sheet.")
    return _paste_page(desk)


def _paste_form(opened: Opened, fields: dict[str, Field], title: str, back: str) -> PasteForm:
    """The page as it was left: what the form sent, else what is likely."""
    view, sent = view_here(opened), request.form
    frame = opened.item.frame
    language = sent.get("language", "")
    currency = sent.get("currency", "")
    return PasteForm(
        view, fields, title, back, [],
        table=sent.get("table", ""),
        language=language if language in frame.languages else view.languages.show,
        currency=currency if currency in (frame.currency_main, frame.currency_local) else frame.currency_main,
        goal_id=sent.get("under", 0, type=scalars.item_id),
    )  # fmt: skip


def _read_table(desk: PasteForm) -> bool:
    """Read what was pasted. True when it may be taken over now: asked for, and no question is open."""
    if request.method != "POST":
        return False
    try:
        found = read_table(desk.table)
    except BadTable as bad:
        desk.error = bad.sentence
        return False
    grid, desk.notes = found.grid, found.notes
    desk.table = to_tab_separated(grid)
    desk.pasted = read_grid(grid, _layout(grid, desk.fields), desk.fields, _paste_context(desk))
    desk.left_out = unused_columns(grid, desk.pasted.layout)
    return request.form.get("step") == "take" and not desk.pasted.open_questions and bool(desk.pasted.records())


def _has_titles(desk: PasteForm) -> bool:
    """Whether the page asked for a new goal's title: somebody else may have made a goal since."""
    return any(f"goal-{code}" in request.form for code in desk.view.languages.all)


def _titles(desk: PasteForm) -> dict[str, str]:
    typed = {code: request.form.get(f"goal-{code}", "") for code in desk.view.languages.all}
    return {code: "" if is_blank(title) else " ".join(title.split()) for code, title in typed.items()}


def _named(desk: PasteForm) -> bool:
    """Whether a new goal, if one is made, has a title that fits."""
    if desk.titles is not None and not any(desk.titles.values()):
        desk.title_error = _("Please give the new goal a title.")
    elif desk.titles is not None and any(len(title) > TITLE_LENGTH for title in desk.titles.values()):
        desk.title_error = _("Too long: at most %(most)s characters.", most=TITLE_LENGTH)
    return not desk.title_error


def _layout(grid: Grid, fields: dict[str, Field]) -> ColumnLayout:
    """What the person chose for the columns; a table that is seen for the first time is guessed."""
    chosen = request.form.getlist("column")
    if len(chosen) != len(grid[0]):
        return guess_columns(grid, fields)
    once = [name if name in fields and name not in chosen[:n] else "" for n, name in enumerate(chosen)]
    return ColumnLayout(tuple(once), heading=request.form.get("heading") == "yes")


def _paste_context(desk: PasteForm) -> PasteContext:
    item, frame = desk.view.item, desk.view.item.frame
    readings = {name: value for name, value in request.form.items() if name.startswith("reading-")}
    programme = programme_of(item)
    taken = select(Item.code).where(Item.frame_id == frame.id, Item.kind == "measure")
    return PasteContext(
        language=desk.language,
        locale=str(get_locale() or "en")[:2],
        currencies=tuple(code for code in (frame.currency_main, frame.currency_local) if code),
        currency=desk.currency,
        sides=desk.view.sides,
        goals={fold(goal.code): goal.id for goal in goals_of(programme)},
        fields=_words_of_fields(programme),
        taken=frozenset(db.session.scalars(taken)),
        readings=readings,
        programme=DateRange.of(programme.values),
        own=DateRange.of(item.values) if item.kind == "measure" else OPEN_RANGE,
    )


def _words_of_fields(programme: Programme) -> dict[str, str]:
    """Codes and titles of the fields of action."""
    return {
        fold(str(value)): row.id
        for row in rows_of(programme).get("fields", [])
        for key, value in row.cells.items()
        if key == "code" or key.startswith("title.")
    }


def _paste_page(desk: PasteForm) -> ResponseReturnValue:
    refused = request.method == "POST" and (bool(desk.error) or request.form.get("step") == "take")
    return render_template(
        "exchange/paste.html", desk=desk, v=desk.view, title_length=TITLE_LENGTH
    ), 422 if refused else 200
