"""Walks through the product as a signed-in person without a script: the pages that are linked, and their forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
from werkzeug.exceptions import HTTPException

from tests.client import ProofReader


@dataclass
class CrawledForm:
    """A form as it stands on a page: where it is sent, by the route's endpoint, and what is filled in."""

    page: str
    action: str
    endpoint: str
    data: dict[str, str] = field(default_factory=dict)


def crawl(client: ProofReader, starts: Iterable[str], *, follow: bool = True) -> list[CrawledForm]:
    """Every POST form on the pages `starts` and, with `follow`, on one page of each route that links lead to."""
    adapter = client.application.url_map.bind("localhost")

    def endpoint(address: str, method: str) -> str:
        try:
            return str(adapter.match(urlsplit(address).path, method)[0])
        except HTTPException:
            return ""

    first = list(starts)
    waiting, seen, found = list(first), set[str](), list[CrawledForm]()
    while waiting:
        address = waiting.pop(0)
        route = endpoint(address, "GET")
        if not route or address in seen or (route in seen and address not in first):
            continue
        seen |= {address, route}
        answer = client.get(address)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        tree = html5lib.parse(answer.get_data(as_text=True), namespaceHTMLElements=False)
        for form in _forms(tree, address):
            form.endpoint = endpoint(form.action, "POST")
            found.append(form)
        waiting += _links(tree) if follow else []
    return found


def filled(form: CrawledForm, typed: Mapping[str, str]) -> dict[str, str]:
    """What the form sends after a person has typed `typed` into its empty fields of that name."""
    return {name: value or typed.get(name, "") for name, value in form.data.items()}


def _links(tree: Element) -> Iterator[str]:
    for link in tree.iter("a"):
        address = link.get("href", "").split("#")[0]
        if address.startswith("/") and not address.startswith("/static"):
            yield address


def _forms(tree: Element, page: str) -> Iterator[CrawledForm]:
    for element in tree.iter("form"):
        if element.get("method", "get").lower() == "post":
            action = element.get("action") or element.get("formaction") or urlsplit(page).path
            yield CrawledForm(page, action, "", dict(_fields(element)))
            for button in element.iter("button"):
                if button.get("formaction"):
                    yield CrawledForm(page, button.get("formaction", ""), "", dict(_fields(element)))


def _fields(form: Element) -> Iterator[tuple[str, str]]:
    for one in form.iter():
        name, kind = one.get("name"), one.get("type", "text")
        unticked = kind in ("checkbox", "radio") and one.get("checked") is None
        if not name or kind == "file" or unticked:
            continue
        if one.tag == "select":
            yield name, _chosen(list(one.iter("option")))
        elif one.tag == "textarea":
            yield name, one.text or ""
        elif one.tag in ("input", "button"):
            yield name, one.get("value") or ("on" if kind == "checkbox" else "")


def _chosen(options: list[Element]) -> str:
    chosen = next((one for one in options if one.get("selected") is not None), options[0] if options else None)
    return "" if chosen is None else chosen.get("value", chosen.text or "")
