"""HTML checks of a page or fragment: structure, accessible names, language, no inline scripts or styles."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
from babel.messages.pofile import read_po
from html5lib.constants import E as PARSE_ERRORS

# Directives that must be explicit, since default-src does not cover all of them.
POLICY = {"default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"}
LANGUAGES = {"de", "en"}
_ROOTS = {"tr": "tbody", "td": "tr", "th": "tr", "tbody": "table", "thead": "table", "option": "select"}
_UNLABELLED = {"hidden", "submit", "button", "reset", "image"}
_UNRENDERED = re.compile(r"\{\{|\{%|%\(\w+\)[sd]|&lt;Markup|<\w+ object at 0x|\bUndefined\b")
_TRANSLATIONS = Path(__file__).parent.parent / "translations"


def page(text: str) -> list[str]:
    """The faults of a whole page; empty if there are none."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(text)
    faults = _parse_errors(parser) + _element_faults(root)
    if not re.match(r"\s*<!doctype html>", text, re.IGNORECASE):
        faults.append("no doctype")
    if root.get("lang") not in LANGUAGES:
        faults.append(f"<html lang={root.get('lang')!r}>")
    if not _text_of(root.find("head/title")):
        faults.append("no title")
    for tag in ("h1", "main"):
        count = len(root.findall(f".//{tag}"))
        if count != 1:
            faults.append(f"{count} <{tag}> instead of one")
    return faults + _untranslated(root, root.get("lang") or "en")


def fragment(text: str, language: str = "en") -> list[str]:
    """The faults of a fragment; every root element must have an id."""
    first = re.match(r"\s*<([\w-]+)", text)
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parseFragment(text, container=_ROOTS.get(first[1].lower() if first else "", "div"))
    faults = _parse_errors(parser) + _element_faults(root)
    if not len(root):
        faults.append("a fragment without an element")
    if (root.text or "").strip() or any((child.tail or "").strip() for child in root):
        faults.append("a fragment with words outside of its elements")
    for child in root:
        if not child.get("id") and child.tag != "hx-partial":
            faults.append(f"a fragment's root <{child.tag}> has no id")
    return faults + _untranslated(root, language)


def policy(header: str | None) -> list[str]:
    """Directives that the Content-Security-Policy header lacks, and those that are too permissive."""
    directives = {part.strip() for part in (header or "").split(";") if part.strip()}
    loose = [
        directive
        for directive in directives
        if not re.fullmatch(r"[a-z-]+ '(self|none)'|img-src 'self' data:", directive)
    ]
    return [f"the policy lacks {directive}" for directive in sorted(POLICY - directives)] + [
        f"the policy allows {directive}" for directive in loose
    ]


def _parse_errors(parser: html5lib.HTMLParser) -> list[str]:
    return [
        f"line {position[0]}: {PARSE_ERRORS.get(code, code) % data}"
        for position, code, data in parser.errors
        if code != "expected-doctype-but-got-start-tag"
    ]


def _element_faults(root: Element) -> list[str]:
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    ids = {element.get("id") for element in elements}
    parents = {child: parent for parent in elements for child in parent}
    counted = Counter(element.get("id") for element in elements if element.get("id"))
    faults = [f"id {name!r} stands {count} times" for name, count in counted.items() if count > 1]
    labels = {element.get("for") for element in elements if element.tag == "label"}
    for element in elements:
        faults += _inline_code(element) + _other_hosts(element) + _without_name(element, ids, labels, parents)
    unrendered = _UNRENDERED.search("".join(root.itertext()))
    return faults + ([f"left over in the text: {unrendered[0]!r}"] if unrendered else [])


def _inline_code(element: Element) -> list[str]:
    """Inline code and styles, which a strict policy blocks, and expressions that htmx would evaluate."""
    faults = [
        f"<{element.tag} {name}>"
        for name, value in element.attrib.items()
        if name == "style"
        or name.startswith(("on", "hx-on"))
        or value.strip().lower().startswith(("javascript:", "js:"))
    ]
    if element.tag == "style":
        faults.append("<style> in a page")
    if element.tag == "script" and not element.get("src") and element.get("type") != "application/json":
        faults.append("<script> without src")
    if "[" in element.get("hx-trigger", ""):
        faults.append("a filter in hx-trigger")
    return faults


def _other_hosts(element: Element) -> list[str]:
    """Loading from and sending to other hosts; ordinary links may lead anywhere."""
    names = ("src", "action", "poster") + (("href",) if element.tag in ("link", "use", "image") else ())
    return [
        f"<{element.tag} {name}={element.get(name)!r}> leaves the host"
        for name in names
        if urlsplit(element.get(name) or "").netloc
    ]


def _without_name(
    element: Element, ids: set[str | None], labels: set[str | None], parents: dict[Element, Element]
) -> list[str]:
    field = element.tag in ("select", "textarea") or element.get("role") == "textbox"
    field = field or (element.tag == "input" and element.get("type", "text") not in _UNLABELLED)
    button = element.tag == "button" or (element.tag == "a" and element.get("href") is not None)
    if element.tag == "img" and element.get("alt") is None:
        return [f"<img src={element.get('src')!r}> without alt"]
    if not field and not button:
        return []
    if element.get("aria-label", "").strip() or (button and (_text_of(element) or _alternative_text(element))):
        return []
    named_by = element.get("aria-labelledby", "").split()
    if named_by and all(name in ids for name in named_by):
        return []
    if field and (element.get("id") in labels - {None} or _inside_label(element, parents)):
        return []
    return [f"<{element.tag} id={element.get('id')!r} name={element.get('name')!r}> has no label"]


def _inside_label(element: Element, parents: dict[Element, Element]) -> bool:
    while element in parents:
        element = parents[element]
        if element.tag == "label" and _text_of(element):
            return True
    return False


def _alternative_text(element: Element) -> str:
    return "".join(child.get("alt", "") or child.get("aria-label", "") for child in element.iter())


def _text_of(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _untranslated(root: Element, language: str) -> list[str]:
    """English messages on a page in another language for which the catalogue has a translation."""
    translated = _catalogue(language)
    return [f"not translated: {text!r}" for text in _texts_in(root, language) if text in translated]


def _texts_in(element: Element, language: str) -> list[str]:
    """Texts outside of elements marked with another language."""
    if not isinstance(element.tag, str) or (element.get("lang") or language) != language:
        return []
    texts = [(element.text or "").strip()]
    for child in element:
        texts += _texts_in(child, language)
        texts.append((child.tail or "").strip())
    return [text for text in texts if text]


@cache
def _catalogue(language: str) -> frozenset[str]:
    """The English messages whose translation differs, in every context in which they occur."""
    path = _TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return frozenset()
    with path.open("rb") as file:
        messages = [(one.id, one.string) for one in read_po(file) if isinstance(one.id, str) and one.string]
    return frozenset(text for text, _german in messages) - {text for text, german in messages if german == text}
