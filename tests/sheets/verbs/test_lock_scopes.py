"""Tests of `sheets.lock_scopes`: the scopes that can be locked from an item's page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.sheets.lock_scopes import scope_of, scopes
from klimawerk.sheets.options import options_for
from tests import factories
from tests.sheets.verbs.conftest import People, view_for


def test_from_a_measure_it_its_goal_the_programme_or_all_but_it(
    programme: Programme, goal: Goal, measure: Measure, second: Measure
) -> None:
    expected = {
        "": (measure, None),
        "measure": (measure, None),
        "goal": (goal, None),
        "programme": (programme, None),
        "others": (programme, measure.id),
        f"others:{second.id}": (programme, second.id),
    }
    assert {wanted: scope_of(measure, wanted) for wanted in expected} == expected


def test_from_a_goal_it_or_the_programme(programme: Programme, goal: Goal, measure: Measure) -> None:
    expected = {
        "": (goal, None),
        "goal": (goal, None),
        "programme": (programme, None),
        f"others:{measure.id}": (programme, measure.id),
    }
    assert {wanted: scope_of(goal, wanted) for wanted in expected} == expected


def test_from_a_programme_all_of_it_or_all_but_a_measure(programme: Programme, measure: Measure) -> None:
    expected = {"": (programme, None), "programme": (programme, None), f"others:{measure.id}": (programme, measure.id)}
    assert {wanted: scope_of(programme, wanted) for wanted in expected} == expected


def test_what_an_item_does_not_have_is_no_scope(programme: Programme, goal: Goal, measure: Measure) -> None:
    strange = factories.measure(factories.programme(factories.partnership()))
    wrong = ["else", "others:x", "others:999999", f"others:{goal.id}", f"others:{programme.id}", f"others:{strange.id}"]
    for item, more in ((programme, ["goal", "measure", "others"]), (goal, ["measure", "others"]), (measure, [])):
        for wanted in [*wrong, *more]:
            with pytest.raises(ValueError, match=r".*"):
                scope_of(item, wanted)


def test_a_page_offers_its_own_first_and_each_offer_is_a_scope(
    people: People, programme: Programme, goal: Goal, measure: Measure, second: Measure
) -> None:
    views = {item.kind: view_for(people.chair, item) for item in (programme, goal, measure)}
    views["programme"] = replace(views["programme"], options=options_for(programme.frame, "en"))
    assert scopes(views["programme"]) == [
        ("", "The whole programme"),
        (f"others:{measure.id}", "Everything but WA-01 Green bins"),
        (f"others:{second.id}", "Everything but WA-02 Compost site"),
    ]
    assert scopes(views["goal"]) == [("", "Z1 with its measures"), ("programme", "The whole programme")]
    assert scopes(views["measure"]) == [
        ("", "This measure"),
        ("others", "Everything but this measure"),
        ("goal", "Z1 with its measures"),
        ("programme", "The whole programme"),
    ]
    for view in views.values():
        for name, _words in scopes(view):
            scope_of(view.item, name)
