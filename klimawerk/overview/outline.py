"""The outline (navigation) beside every page of a programme: goals and measures with titles, states, open threads."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from flask_babel import gettext as _

from klimawerk.collab.signals import texts_changed
from klimawerk.comments.thread_list import open_counts
from klimawerk.comments.topics import counts_topic
from klimawerk.extensions import db
from klimawerk.goals.service import goals_of
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import announce_outline, programme_of
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.programme_topic import ORDER, OUTLINE
from klimawerk.sheets.view import SheetView


@dataclass(frozen=True)
class OutlineLine:
    """One line of the outline. `lang`: the language of the title; `talks`: the number of open threads; `measures`: the
    lines of a goal's measures."""

    item: Item
    title: str
    lang: str
    state: str
    talks: int = 0
    measures: tuple[OutlineLine, ...] = ()


@dataclass(frozen=True)
class Outline:
    """The outline. `rev`: the programme's revision at which it was read. `talks`: {item id: number of open threads
    visible to the reader}, `passages`: ids of items with threads about a passage, at `talks_rev` of `talks_topic`."""

    programme: Programme
    rev: int
    title: str
    lang: str
    lines: tuple[OutlineLine, ...]
    talks: dict[int, int]
    passages: set[int]
    talks_topic: str
    talks_rev: int


def init_app(app: Flask) -> None:
    app.add_template_global(outline_of)
    texts_changed.connect(app, _on_texts_changed)


def outline_of(v: SheetView) -> Outline:
    """The outline of the item's programme, in the language that the page shows."""
    programme = programme_of(v.item)
    rev = revision(programme.name)
    goals, measures = goals_of(programme), all_measures(programme)
    titles = titles_of([programme, *goals, *measures], v.languages.show)
    topic = counts_topic(programme, v.opened.member.side)
    talks_rev, (talks, passages) = revision(topic), open_counts(v.frame, v.opened.member)
    by_goal = {goal.id: tuple(_line(m, titles, talks, v) for m in measures if m.goal_id == goal.id) for goal in goals}
    lines = tuple(OutlineLine(goal, *titles[goal.id], "", talks.get(goal.id, 0), by_goal[goal.id]) for goal in goals)
    return Outline(programme, rev, *titles[programme.id], lines, talks, passages, topic, talks_rev)


def outline_rev(programme: Programme) -> int:
    """The revision of the programme's topic at which the outline last changed."""
    return max(programme.revs.get(ORDER, 0), programme.revs.get(OUTLINE, 0))


def _on_texts_changed(name: str, fragments: list[str]) -> None:
    item = db.session.get(Item, int(name.partition(":")[2])) if any(f.startswith("title.") for f in fragments) else None
    if item:
        announce_outline(programme_of(item))


def _line(measure: Measure, titles: dict[int, tuple[str, str]], talks: dict[int, int], v: SheetView) -> OutlineLine:
    state = v.in_words(sheet_of("measure").fields["planning_state"], measure.values.get("planning_state"))
    if "planning_state" in measure.imported:
        state = _("%(state)s (as imported, not confirmed here)", state=state)
    return OutlineLine(measure, *titles[measure.id], state, talks.get(measure.id, 0))
