"""The outline (navigation) beside every page of a programme: goals and measures with titles, states, open threads."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property

from flask import Flask, render_template
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import bindparam, select

from klimawerk.collab.signals import texts_changed
from klimawerk.comments.thread_list import open_counts
from klimawerk.comments.topics import counts_topic
from klimawerk.extensions import db
from klimawerk.fragment_cache import Key, fragments
from klimawerk.goals.service import goals_of
from klimawerk.live.changes import revisions
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import announce_outline, programme_of
from klimawerk.sheets.fragment_keys import frame_key, reader_key
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.item_kinds import hidden_kinds, sheet_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.programme_topic import ORDER, OUTLINE
from klimawerk.sheets.view import SheetView

PlanningStates = dict[int, tuple[str | None, bool]]
"""{id of a measure: (its planning state, whether that came with a file and was not confirmed here)}"""


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
class OutlineContents:
    """What the outline shows to one side in one language; cached. `title`, `lang`: of the programme.
    `talks`: {item id: number of open threads visible to the reader}, `passages`: ids of items with threads about a
    passage. `measures`: (id, code) in order. `html`: the list of goals and measures, without a mark on the current
    page."""

    title: str
    lang: str
    talks: dict[int, int]
    passages: frozenset[int]
    measures: tuple[tuple[int, str], ...]
    html: str

    @property
    def size(self) -> int:
        """Bytes, by estimate."""
        return sys.getsizeof(self.html) + 100 * (len(self.talks) + len(self.passages))


@dataclass(frozen=True)
class Outline:
    """The outline beside the page of `v`. `rev`: the programme's revision at which it was read; `talks_rev`: that of
    `talks_topic`."""

    v: SheetView
    programme: Programme
    rev: int
    talks_topic: str
    talks_rev: int
    states: PlanningStates

    @property
    def title(self) -> str:
        return self.contents.title

    @property
    def lang(self) -> str:
        return self.contents.lang

    @property
    def talks(self) -> dict[int, int]:
        return self.contents.talks

    @property
    def passages(self) -> frozenset[int]:
        return self.contents.passages

    def neighbours(self, item_id: int) -> tuple[tuple[int, str] | None, tuple[int, str] | None]:
        """(id, code) of the measures before and after a measure; None at both ends."""
        measures = self.contents.measures
        at = next((index for index, (id_, _code) in enumerate(measures) if id_ == item_id), 0)
        return (measures[at - 1] if at else None), (measures[at + 1] if at + 1 < len(measures) else None)

    @property
    def html(self) -> Markup:
        """The list, with a mark on the link to the current page."""
        link = f'<a href="{page_of(self.v.item)}"'
        return Markup(self.contents.html.replace(f"{link}>", f'{link} aria-current="page">', 1))  # noqa: S704

    @cached_property
    def contents(self) -> OutlineContents:
        return fragments().get(self._key(), self._contents, lambda contents: contents.size)

    @cached_property
    def lines(self) -> tuple[OutlineLine, ...]:
        """The goals, with their measures."""
        return self._lines(self._titles(), open_counts(self.v.frame, self.v.opened.member)[0])

    def _key(self) -> Key:
        """Titles, codes and places have changed with ORDER or OUTLINE; planning states stand here as values."""
        revs = self.programme.revs
        order = (self.programme.id, revs.get(ORDER, 0), revs.get(OUTLINE, 0))
        member = self.v.opened.member
        seen_by = (member.side, *hidden_kinds(member), self.talks_rev)  # threads of hidden items are not counted
        return ("outline", *order, *seen_by, tuple(self.states.items()), reader_key(self.v), frame_key(self.v))

    def _contents(self) -> OutlineContents:
        titles = self._titles()
        talks, passages = open_counts(self.v.frame, self.v.opened.member)
        title, lang = titles[self.programme.id]
        lines = self._lines(titles, talks)
        html = render_template(
            "overview/_outline_list.html", programme=self.programme, title=title, lang=lang, lines=lines
        )
        measures = tuple((line.item.id, line.item.code) for goal in lines for line in goal.measures)
        return OutlineContents(title, lang, talks, frozenset(passages), measures, html)

    @cached_property
    def _goals(self) -> list[Item]:
        return list(goals_of(self.programme))

    @cached_property
    def _measures(self) -> list[Measure]:
        return all_measures(self.programme)

    def _titles(self) -> dict[int, tuple[str, str]]:
        return titles_of([self.programme, *self._goals, *self._measures], self.v.languages.show)

    def _lines(self, titles: dict[int, tuple[str, str]], talks: dict[int, int]) -> tuple[OutlineLine, ...]:
        by_goal: dict[int, list[OutlineLine]] = {goal.id: [] for goal in self._goals}
        for measure in self._measures:
            if measure.goal_id in by_goal:
                line = OutlineLine(measure, *titles[measure.id], self._state(measure), talks.get(measure.id, 0))
                by_goal[measure.goal_id].append(line)
        return tuple(
            OutlineLine(goal, *titles[goal.id], "", talks.get(goal.id, 0), tuple(by_goal[goal.id]))
            for goal in self._goals
        )

    def _state(self, measure: Measure) -> str:
        code, imported = self.states.get(measure.id, (None, False))
        state = self.v.in_words(sheet_of("measure").fields["planning_state"], code)
        return _("%(state)s (as imported, not confirmed here)", state=state) if imported else state


def init_app(app: Flask) -> None:
    app.add_template_global(outline_of)
    texts_changed.connect(app, _on_texts_changed)


_PLANNING_STATES = (
    select(Item.id, Item.values["planning_state"].as_string(), Item.imported)
    .where(Item.frame_id == bindparam("frame"), Item.kind == "measure", Item.deleted_at.is_(None))
    .order_by(Item.id)
)


def outline_of(v: SheetView) -> Outline:
    """The outline of the item's programme, in the language that the page shows."""
    programme = programme_of(v.item)
    topic = counts_topic(programme, v.opened.member.side)
    revs = revisions([programme.name, topic])
    return Outline(v, programme, revs[programme.name], topic, revs[topic], _planning_states(programme))


def outline_rev(programme: Programme) -> int:
    """The revision of the programme's topic at which the outline last changed."""
    return max(programme.revs.get(ORDER, 0), programme.revs.get(OUTLINE, 0))


def _planning_states(programme: Programme) -> PlanningStates:
    rows = db.session.execute(_PLANNING_STATES, {"frame": programme.frame_id})
    return {item_id: (code, "planning_state" in imported) for item_id, code, imported in rows}


def _on_texts_changed(name: str, fragments: list[str]) -> None:
    item = db.session.get(Item, int(name.partition(":")[2])) if any(f.startswith("title.") for f in fragments) else None
    if item:
        announce_outline(programme_of(item))
