"""What follows from a measure's sheet: its sums, the funding gap, the hints, and what is missing for consent."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template

from klimawerk.measures.checklist import Missing, missing_for_consent
from klimawerk.programmes.hints import Hint, hints_for_measure
from klimawerk.programmes.money import Balance, balance_of
from klimawerk.sheets.view import View


@dataclass(frozen=True)
class Summary:
    balance: Balance
    hints: list[Hint]
    missing: list[Missing]


def summary_of(v: View) -> Summary:
    costs, funding = v.rows.get("costs", []), v.rows.get("funding", [])
    return Summary(
        balance_of(costs, funding, v.frame),
        hints_for_measure(v.item, v.rows, v.frame),
        missing_for_consent(v.item, v.rows, v.texts, list(v.languages.all)),
    )


def summary_fragments(v: View) -> list[str]:
    """The fragments that show it, as at first paint."""
    summary = summary_of(v)
    names = ("_head", "_missing", "_sums")
    return [render_template(f"measures/{name}.html", v=v, summary=summary) for name in names]
