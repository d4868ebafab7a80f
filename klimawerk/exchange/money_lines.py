"""Amounts of cost and funding lines: a file has both currencies, the database the currency in which it was entered.

`eur` is the amount in the main currency, `local` in the local one, converted with the planning rate. `currency` (our
own key) names the currency in which the amount was entered, if it is not the main one; a line in a third currency, from
before the programme's currencies changed, has `currency` and `amount`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk.exchange import value_json
from klimawerk.exchange.draft import FrameDraft
from klimawerk.exchange.import_problems import FilePosition, ImportProblem
from klimawerk.money import Rates

AMOUNT_KEYS = ("eur", "local", "currency", "amount")
_MAX_WARNINGS = 12  # for wrong conversions; more would hide the rest of the preview


def amount_in(
    raw: dict[str, Any], frame: FrameDraft, place: FilePosition, warnings: list[ImportProblem]
) -> dict[str, str] | None:
    """The line's amount in the currency in which it was entered. Raises ImportRefused."""
    main, local, third = (value_json.money_amount(raw.get(key), place.at(key)) for key in ("eur", "local", "amount"))
    currency = _currency(raw, frame, main, local, place)
    amount = {frame.currency_main: main, frame.currency_local: local}.get(currency, third)
    if amount is None:
        return None
    _compare(main, local, currency, frame, place, warnings)
    return {"amount": str(amount), "currency": currency}


def amount_out(value: dict[str, str] | None, rates: Rates) -> dict[str, Any]:
    """A line's keys for its amount; both are null if the amount is open."""
    if not value:
        return {"eur": None, "local": None}
    amount, currency = Decimal(value["amount"]), value["currency"]
    main, local = rates.to_main(amount, currency), rates.to_local(amount, currency)
    line = {"eur": _number(main), "local": _number(local)}
    if currency not in (rates.main, rates.local):
        return {**line, "currency": currency, "amount": _number(amount)}
    return line if currency == rates.main else {**line, "currency": currency}


def _currency(
    raw: dict[str, Any], frame: FrameDraft, main: Decimal | None, local: Decimal | None, place: FilePosition
) -> str:
    if raw.get("currency") is not None:
        return str(value_json.code(raw["currency"], place.at("currency"), "currency"))
    return frame.currency_local if main is None and local is not None else frame.currency_main


def _compare(
    main: Decimal | None,
    local: Decimal | None,
    currency: str,
    frame: FrameDraft,
    place: FilePosition,
    warnings: list[ImportProblem],
) -> None:
    """Warn if the two amounts do not fit the planning rate; the entered one counts."""
    rates = Rates(frame.currency_main, frame.currency_local, frame.rate)
    if main is None or local is None or frame.rate is None:
        return
    if currency == frame.currency_local:
        fits = main == rates.to_main(local, currency)
    else:
        fits = local == rates.to_local(main, frame.currency_main)
    if not fits and sum(1 for warning in warnings if warning.place.steps[-1:] == ("local",)) < _MAX_WARNINGS:
        sentence = _("The two amounts do not fit the planning rate; the one in %(currency)s counts.", currency=currency)
        warnings.append(ImportProblem(place.at("local"), sentence))


def _number(amount: Decimal | None) -> int | float | None:
    return None if amount is None else value_json.number_out(amount)
