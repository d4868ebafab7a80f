"""Proof-reads what a page or fragment gives to a person: structure, names, language, and nothing inline."""

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

# What a page must forbid in so many words, since the default does not cover all of it.
POLICY = {"default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"}
LANGUAGES = {"de", "en"}
_ROOTS = {"tr": "tbody", "td": "tr", "th": "tr", "tbody": "table", "thead": "table", "option": "select"}
_UNLABELLED = {"hidden", "submit", "button", "reset", "image"}
_LEFTOVERS = re.compile(r"\{\{|\{%|%\(\w+\)[sd]|&lt;Markup|<\w+ object at 0x|\bUndefined\b")
_TRANSLATIONS = Path(__file__).parent.parent / "translations"


def page(text: str) -> list[str]:
    """What is wrong with a whole page; nothing when it is fine."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(text)
    faults = _parse_errors(parser) + _everywhere(root)
    if not re.match(r"\s*<!doctype html>", text, re.IGNORECASE):
        faults.append("no doctype")
    if root.get("lang") not in LANGUAGES:
        faults.append(f"<html lang={root.get('lang')!r}>")
    if not _words(root.find("head/title")):
        faults.append("no title")
    for tag in ("h1", "main"):
        found = len(root.findall(f".//{tag}"))
        if found != 1:
            faults.append(f"{found} <{tag}> instead of one")
    return faults + _untranslated(root, root.get("lang") or "en")


def fragment(text: str, language: str = "en") -> list[str]:
    """What is wrong with a fragment: the same, and every root has an id of its own."""
    first = re.match(r"\s*<([\w-]+)", text)
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parseFragment(text, container=_ROOTS.get(first[1].lower() if first else "", "div"))
    faults = _parse_errors(parser) + _everywhere(root)
    if not len(root):
        faults.append("a fragment without an element")
    if (root.text or "").strip() or any((child.tail or "").strip() for child in root):
        faults.append("a fragment with words outside of its elements")
    for child in root:
        if not child.get("id") and child.tag != "hx-partial":
            faults.append(f"a fragment's root <{child.tag}> has no id")
    return faults + _untranslated(root, language)


def policy(header: str | None) -> list[str]:
    """What the Content-Security-Policy header lacks or allows too much."""
    given = {part.strip() for part in (header or "").split(";") if part.strip()}
    loose = [one for one in given if not re.fullmatch(r"[a-z-]+ '(self|none)'|img-src 'self' data:", one)]
    return [f"the policy lacks {one}" for one in sorted(POLICY - given)] + [f"the policy allows {one}" for one in loose]


def _parse_errors(parser: html5lib.HTMLParser) -> list[str]:
    return [
        f"line {at[0]}: {PARSE_ERRORS.get(code, code) % data}"
        for at, code, data in parser.errors
        if code != "expected-doctype-but-got-start-tag"
    ]


def _everywhere(root: Element) -> list[str]:
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    ids = {element.get("id") for element in elements}
    parents = {child: parent for parent in elements for child in parent}
    counted = Counter(element.get("id") for element in elements if element.get("id"))
    faults = [f"id {name!r} stands {count} times" for name, count in counted.items() if count > 1]
    labels = {element.get("for") for element in elements if element.tag == "label"}
    for element in elements:
        faults += _inline(element) + _foreign(element) + _unnamed(element, ids, labels, parents)
    found = _LEFTOVERS.search("".join(root.itertext()))
    return faults + ([f"left over in the text: {found[0]!r}"] if found else [])


def _inline(element: Element) -> list[str]:
    """Nothing that a strict policy would block, and nothing that htmx would have to evaluate."""
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


def _foreign(element: Element) -> list[str]:
    """Nothing is loaded from or sent to another host; a link that a person follows may lead anywhere."""
    names = ("src", "action", "poster") + (("href",) if element.tag in ("link", "use", "image") else ())
    return [
        f"<{element.tag} {name}={element.get(name)!r}> leaves the host"
        for name in names
        if urlsplit(element.get(name) or "").netloc
    ]


def _unnamed(
    element: Element, ids: set[str | None], labels: set[str | None], parents: dict[Element, Element]
) -> list[str]:
    field = element.tag in ("select", "textarea") or element.get("role") == "textbox"
    field = field or (element.tag == "input" and element.get("type", "text") not in _UNLABELLED)
    button = element.tag == "button" or (element.tag == "a" and element.get("href") is not None)
    if element.tag == "img" and element.get("alt") is None:
        return [f"<img src={element.get('src')!r}> without alt"]
    if not field and not button:
        return []
    if element.get("aria-label", "").strip() or (button and (_words(element) or _alt(element))):
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
        if element.tag == "label" and _words(element):
            return True
    return False


def _alt(element: Element) -> str:
    return "".join(child.get("alt", "") or child.get("aria-label", "") for child in element.iter())


def _words(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _untranslated(root: Element, language: str) -> list[str]:
    """English texts of ours on a page in another language, though the catalogue knows better."""
    known = _catalogue(language)
    return [f"not translated: {text!r}" for text in _own_texts(root, language) if text in known]


def _own_texts(element: Element, language: str) -> list[str]:
    """Texts outside of passages marked as another language."""
    if not isinstance(element.tag, str) or (element.get("lang") or language) != language:
        return []
    texts = [(element.text or "").strip()]
    for child in element:
        texts += _own_texts(child, language)
        texts.append((child.tail or "").strip())
    return [text for text in texts if text]


@cache
def _catalogue(language: str) -> frozenset[str]:
    """The English texts whose translation differs."""
    path = _TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return frozenset()
    with path.open("rb") as file:
        return frozenset(
            message.id
            for message in read_po(file)
            if isinstance(message.id, str) and message.string and message.string != message.id
        )
