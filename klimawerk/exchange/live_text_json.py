"""Live texts in a file: a plain string, or the editor's own JSON where a string would lose something."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk import link_rule
from klimawerk.collab import rich_text
from klimawerk.exchange.import_problems import FilePosition, ImportProblem, ImportRefused, quote_value
from klimawerk.sheets.sheet_schema import Field
from klimawerk.text import clean

RichText = dict[str, Any]
TOLERANCE = 10  # nobody is stopped while writing live: a programme whose texts grew too long can still move house


def text_in(field: Field, raw: str | RichText, place: FilePosition, warnings: list[ImportProblem]) -> RichText | None:
    """The text as the editor keeps it; None for an empty one. Raises Refused."""
    most = TOLERANCE * field.max_length
    if isinstance(raw, str):
        check_length(raw, most, place)
        rich = rich_text.from_plain_text(" ".join(raw.split()) if field.line else raw)
    else:
        rich = cleaned(_checked(_linked(raw, place, warnings), place))
        check_length(rich_text.to_plain_text(rich), most, place)
    if len(rich_text.to_plain_text(rich)) > field.max_length:
        warnings.append(ImportProblem(place, _("This text is longer than %(most)s characters.", most=field.max_length)))
    return None if rich_text.is_empty(rich) else rich


def text_out(rich: RichText) -> str | RichText:
    """The text as a file has it. `rich` is in the editor's own form, so it can equal what plain words make."""
    rich = cleaned(rich)
    plain = rich_text.to_plain_text(rich)
    return plain if rich_text.from_plain_text(plain) == rich else rich


def cleaned(node: RichText) -> RichText:
    """The same text with every run of it in the one form of texts; what ends a line inside of one is a hard break."""
    inner: list[RichText] = []
    for child in node.get("content", []):
        if child["type"] != "text":
            inner.append(cleaned(child))
            continue
        for number, line in enumerate(clean(child["text"]).split("\n")):
            inner += [{"type": "hard_break"}] if number else []
            inner += [{**child, "text": line}] if line else []
    return {**node, "content": inner} if inner else node


def check_length(text: str, most: int, place: FilePosition) -> None:
    """Raises Refused for a text of more than `most` characters."""
    if len(text) > most:
        sentence = _(
            "This text has %(count)s characters; at most %(most)s are possible.",
            count=f"{len(text):,}",
            most=f"{most:,}",
        )
        raise ImportRefused(sentence, place)


def check_rich(raw: RichText, place: FilePosition) -> None:
    """Raises Refused for what the editor could not have written, now or when other links were allowed."""
    try:
        rich_text.check_text(rich_text.drop_refused_links(raw)[0])
        _check_attributes(raw)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ImportRefused(_("The editor could not have written this formatted text."), place) from error


def _linked(raw: RichText, place: FilePosition, warnings: list[ImportProblem]) -> RichText:
    """The text without links that are not allowed, which is said."""
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
    """The same text in the editor's own form; what the editor could not have written is refused."""
    check_rich(raw, place)
    try:
        return rich_text.normalised(raw)
    except (ValueError, TypeError, AttributeError) as error:
        raise ImportRefused(_("The editor could not have written this formatted text."), place) from error


def _check_attributes(node: RichText) -> None:
    """The numbers that headings and lists carry are small whole ones; anything else is a ValueError."""
    for value in (node.get("attrs") or {}).values():
        if value is not None and (type(value) is not int or not 0 <= value <= rich_text.LAST_NUMBER):
            raise ValueError(f"no attribute: {value!r}")
    for child in node.get("content", []):
        _check_attributes(child)
