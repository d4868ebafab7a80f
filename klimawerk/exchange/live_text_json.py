"""Live texts in a file: a plain string, or the editor's JSON if a string would lose formatting."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk import link_rule
from klimawerk.collab import rich_text
from klimawerk.exchange.import_problems import FilePosition, ImportProblem, ImportRefused, quote_value
from klimawerk.sheets.sheet_schema import Field
from klimawerk.text import clean

RichText = dict[str, Any]
TOLERANCE = 10  # live editing does not enforce max_length: such a programme can still be moved to another server


def text_in(field: Field, raw: str | RichText, place: FilePosition, warnings: list[ImportProblem]) -> RichText | None:
    """The text in the editor's format; None for an empty one. Raises ImportRefused."""
    max_length = TOLERANCE * field.max_length
    if isinstance(raw, str):
        check_length(raw, max_length, place)
        rich = rich_text.from_plain_text(" ".join(raw.split()) if field.line else raw)
    else:
        rich = cleaned(_checked(_without_refused_links(raw, place, warnings), place))
        check_length(rich_text.to_plain_text(rich), max_length, place)
    if len(rich_text.to_plain_text(rich)) > field.max_length:
        warnings.append(ImportProblem(place, _("This text is longer than %(most)s characters.", most=field.max_length)))
    return None if rich_text.is_empty(rich) else rich


def text_out(rich: RichText) -> str | RichText:
    """The text as a file has it. `rich` is normalised, so that it can equal what a plain string becomes."""
    rich = cleaned(rich)
    plain = rich_text.to_plain_text(rich)
    return plain if rich_text.from_plain_text(plain) == rich else rich


def cleaned(node: RichText) -> RichText:
    """The same text with all its strings in normal form; a line end inside a string becomes a hard break."""
    inner: list[RichText] = []
    for child in node.get("content", []):
        if child["type"] != "text":
            inner.append(cleaned(child))
            continue
        for number, line in enumerate(clean(child["text"]).split("\n")):
            inner += [{"type": "hard_break"}] if number else []
            inner += [{**child, "text": line}] if line else []
    return {**node, "content": inner} if inner else node


def check_length(text: str, max_length: int, place: FilePosition) -> None:
    """Raises ImportRefused for a text of more than `max_length` characters."""
    if len(text) > max_length:
        sentence = _(
            "This text has %(count)s characters; at most %(most)s are possible.",
            count=f"{len(text):,}",
            most=f"{max_length:,}",
        )
        raise ImportRefused(sentence, place)


def check_rich(raw: RichText, place: FilePosition) -> None:
    """Raises ImportRefused for what the editor could not have written, now or when other links were allowed."""
    try:
        rich_text.check_text(rich_text.drop_refused_links(raw)[0])
        _check_attributes(raw)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ImportRefused(_("The editor could not have written this formatted text."), place) from error


def _without_refused_links(raw: RichText, place: FilePosition, warnings: list[ImportProblem]) -> RichText:
    """The text without links that are not allowed, with a warning."""
    text, refused = rich_text.drop_refused_links(raw)
    if refused:
        sentence = _(
            "Links left out, their words stay (%(count)s, such as “%(address)s”): links begin with https://, http:// "
            "or mailto:, have no blanks and at most %(most)s characters.",
            count=len(refused),
            address=quote_value(refused[0]),
            most=f"{link_rule.LONGEST:,}",
        )
        warnings.append(ImportProblem(place, sentence))
    return text


def _checked(raw: RichText, place: FilePosition) -> RichText:
    """The same text, normalised; anything that the editor could not have written is refused."""
    check_rich(raw, place)
    try:
        return rich_text.normalised(raw)
    except (ValueError, TypeError, AttributeError) as error:
        raise ImportRefused(_("The editor could not have written this formatted text."), place) from error


def _check_attributes(node: RichText) -> None:
    """Raises ValueError if a number of a heading or list is not a small whole number."""
    for value in (node.get("attrs") or {}).values():
        if value is not None and (type(value) is not int or not 0 <= value <= rich_text.LAST_NUMBER):
            raise ValueError(f"no attribute: {value!r}")
    for child in node.get("content", []):
        _check_attributes(child)
