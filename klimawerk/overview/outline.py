"""The outline beside every page of a programme: goals and measures with their state and who is there."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from flask_babel import gettext as _

from klimawerk.goals.service import goals_of
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.catalogue import sheet_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.view import View


@dataclass(frozen=True)
class Line:
    """One line of the outline. `lang` is the language the title is in."""

    item: Item
    title: str
    lang: str
    state: str
    below: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Outline:
    programme: Programme
    title: str
    lang: str
    lines: tuple[Line, ...]


def init_app(app: Flask) -> None:
    app.add_template_global(outline_of)


def outline_of(v: View) -> Outline:
    """The outline of the programme that the item belongs to, in the shown language."""
    programme = programme_of(v.item)
    goals, measures = goals_of(programme), all_measures(programme)
    titles = titles_of([programme, *goals, *measures], v.languages.show)
    lines = tuple(
        Line(goal, *titles[goal.id], "", tuple(_line(m, titles, v) for m in measures if m.goal_id == goal.id))
        for goal in goals
    )
    return Outline(programme, *titles[programme.id], lines)


def _line(measure: Measure, titles: dict[int, tuple[str, str]], v: View) -> Line:
    state = v.in_words(sheet_of("measure").fields["planning_state"], measure.values.get("planning_state"))
    if "planning_state" in measure.imported:
        state = _("%(state)s (as imported, not confirmed here)", state=state)
    return Line(measure, *titles[measure.id], state)
