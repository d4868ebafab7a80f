"""The header of a file: languages, currencies, planning rate, partnership. JSON to drafts."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk import scalars
from klimawerk.exchange import value_json
from klimawerk.exchange.draft import FrameDraft, MunicipalityDraft, PartnershipDraft
from klimawerk.exchange.import_problems import FilePosition, ImportProblem, ImportRefused, quote_value
from klimawerk.partnerships.models import SIDES

MAX_LANGUAGES, MAX_MUNICIPALITIES = 5, 20
_META = FilePosition(("meta",))
_META_KEYS = (
    "purpose", "wording", "languages", "language_lead", "currency_main", "currency_local", "exchange_rate",
    "code_lists",
)  # fmt: skip
_MAX_WARNINGS = 100


def warn_unknown(
    raw: dict[str, Any], known: Collection[str], place: FilePosition, warnings: list[ImportProblem]
) -> None:
    """Warn of keys that are not `known`; they are ignored."""
    for key in raw:
        if key not in known and len(warnings) < _MAX_WARNINGS:
            warnings.append(ImportProblem(place.at(key), _("This part is unknown and will not be taken over.")))


def frame_in(raw: Any, warnings: list[ImportProblem]) -> FrameDraft:
    """Languages, currencies and rate from the part "meta". Raises ImportRefused."""
    meta = value_json.mapping(raw, _META)
    warn_unknown(meta, _META_KEYS, _META, warnings)
    languages = _languages(meta)
    lead = value_json.code(meta.get("language_lead"), _META.at("language_lead"), "language")
    if lead not in languages:
        raise ImportRefused(_("The original's language is not among the languages."), _META.at("language_lead"))
    main = value_json.code(meta.get("currency_main", "EUR"), _META.at("currency_main"), "currency")
    local = meta.get("currency_local") or ""
    if local:
        value_json.code(local, _META.at("currency_local"), "currency")
    if local == main:
        raise ImportRefused(_("The two currencies are the same."), _META.at("currency_local"))
    frame = FrameDraft(languages, str(lead), str(main), str(local), None, None, "")
    if meta.get("exchange_rate") is not None:
        _rate(meta["exchange_rate"], frame, _META.at("exchange_rate"))
    return frame


def partnership_in(raw: Any, frame: FrameDraft, warnings: list[ImportProblem]) -> PartnershipDraft:
    """The partnership with its municipalities. Raises ImportRefused."""
    place = FilePosition(("partnership",))
    parts = value_json.mapping(raw, place)
    warn_unknown(parts, ("name", "kind", "since", "agreement", "municipalities", "teams"), place, warnings)
    name = _texts(parts.get("name"), place.at("name"), frame, 200)
    if not name:
        raise ImportRefused(_("The partnership needs a name."), place.at("name"))
    return PartnershipDraft(
        name=name,
        kind=str(_optional_code(parts.get("kind"), place.at("kind"), "partnership_kind") or ""),
        since=_optional_whole(parts.get("since"), place.at("since"), value_json.FIRST_YEAR, value_json.LAST_YEAR),
        agreement=_agreement(parts.get("agreement"), place.at("agreement"), frame, warnings),
        municipalities=_municipalities(parts.get("municipalities"), place.at("municipalities"), frame, warnings),
    )


def _languages(meta: dict[str, Any]) -> list[str]:
    place = _META.at("languages")
    raw = value_json.entries(meta.get("languages"), place, MAX_LANGUAGES)
    languages = [str(value_json.code(entry, place.entry(n), "language")) for n, entry in enumerate(raw)]
    value_json.require_unique(languages, place)
    if not languages:
        raise ImportRefused(_("The programme needs at least one language."), place)
    return languages


def _rate(raw: Any, frame: FrameDraft, place: FilePosition) -> None:
    rate = value_json.mapping(raw, place)
    for key, currency in (("from", frame.currency_main), ("to", frame.currency_local)):
        if rate.get(key, currency) != currency:
            sentence = _("The planning rate is not one from %(main)s to %(local)s.", main=frame.currency_main,
                         local=frame.currency_local or "–")  # fmt: skip
            raise ImportRefused(sentence, place.at(key))
    frame.rate = value_json.decimal(rate.get("rate"), place.at("rate"))
    if not 0 < frame.rate < scalars.MOST_RATE:
        raise ImportRefused(_("The planning rate must be greater than zero."), place.at("rate"))
    frame.rate_date = value_json.day(rate["date"], place.at("date")) if rate.get("date") is not None else None
    frame.rate_note = value_json.text(rate.get("note") or "", place.at("note"), 300)


def _agreement(raw: Any, place: FilePosition, frame: FrameDraft, warnings: list[ImportProblem]) -> dict[str, Any]:
    if raw is None:
        return {}
    parts = value_json.mapping(raw, place)
    warn_unknown(parts, ("kind", "date", "text"), place, warnings)
    agreement = {
        "kind": _optional_code(parts.get("kind"), place.at("kind"), "agreement_kind"),
        "date": value_json.month(parts["date"], place.at("date")) if parts.get("date") is not None else None,
        "text": _texts(parts.get("text"), place.at("text"), frame, 2_000),
    }
    return {key: value for key, value in agreement.items() if value}


def _municipalities(
    raw: Any, place: FilePosition, frame: FrameDraft, warnings: list[ImportProblem]
) -> list[MunicipalityDraft]:
    municipalities = [
        _municipality(municipality, place.entry(n), frame, warnings)
        for n, municipality in enumerate(value_json.entries(raw, place, MAX_MUNICIPALITIES))
    ]
    if {municipality.side for municipality in municipalities} != set(SIDES):
        raise ImportRefused(_("Each of the two sides needs a municipality."), place)
    return municipalities


def _municipality(raw: Any, place: FilePosition, frame: FrameDraft, warnings: list[ImportProblem]) -> MunicipalityDraft:
    parts = value_json.mapping(raw, place)
    known = ("side", "name", "country", "region", "population", "timezone", "language", "profile")
    warn_unknown(parts, known, place, warnings)
    name = value_json.text(parts.get("name"), place.at("name"), 120).strip()
    if not name:
        raise ImportRefused(_("The municipality needs a name."), place.at("name"))
    return MunicipalityDraft(
        side=str(value_json.code(parts.get("side"), place.at("side"), "side")),
        name=name,
        country=str(_optional_code(parts.get("country"), place.at("country"), "country") or ""),
        region=value_json.text(parts.get("region") or "", place.at("region"), 120),
        population=_optional_whole(parts.get("population"), place.at("population"), 0, scalars.MOST_PEOPLE),
        timezone=_timezone(parts.get("timezone"), place.at("timezone")),
        language=str(value_json.code(parts.get("language", frame.lead_language), place.at("language"), "language")),
        profile=_texts(parts.get("profile"), place.at("profile"), frame, 5_000),
    )


def _timezone(raw: Any, place: FilePosition) -> str:
    if raw is None:
        return "Europe/Berlin"
    zone = value_json.text(raw, place, 64)
    if not re.fullmatch(r"[A-Za-z0-9_+\-/]+", zone) or zone not in zoneinfo.available_timezones():
        raise ImportRefused(_("“%(zone)s” is not a time zone such as Africa/Accra.", zone=quote_value(zone)), place)
    return zone


def _texts(raw: Any, place: FilePosition, frame: FrameDraft, max_length: int) -> dict[str, str]:
    """A short text per language; empty ones are left out."""
    if raw is None:
        return {}
    by_language = value_json.by_language(raw, place, frame.languages)
    texts = {
        language: value_json.text(text, place.at(language), max_length).strip()
        for language, text in by_language.items()
        if text is not None
    }
    return {language: text for language, text in texts.items() if text}


def _optional_code(raw: Any, place: FilePosition, list_name: str) -> str | int | None:
    return None if raw is None or raw == "" else value_json.code(raw, place, list_name)


def _optional_whole(raw: Any, place: FilePosition, minimum: int, maximum: int) -> int | None:
    return None if raw is None else value_json.whole(raw, place, minimum, maximum)
