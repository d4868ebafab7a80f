"""Crawler: visits linked pages as a signed-in user without scripts, and collects their forms."""

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
    """A form on a page: the address and endpoint it posts to, and its values."""

    page: str
    action: str
    endpoint: str
    data: dict[str, str] = field(default_factory=dict)


def crawl(client: ProofReader, starts: Iterable[str], *, follow: bool = True) -> list[CrawledForm]:
    """Every POST form on the pages `starts` and, with `follow`, on one page of each linked route."""
    adapter = client.application.url_map.bind("localhost")

    def endpoint(address: str, method: str) -> str:
        try:
            return str(adapter.match(urlsplit(address).path, method)[0])
        except HTTPException:
            return ""

    start_pages = list(starts)
    waiting, seen, forms = list(start_pages), set[str](), list[CrawledForm]()
    while waiting:
        address = waiting.pop(0)
        route = endpoint(address, "GET")
        if not route or address in seen or (route in seen and address not in start_pages):
            continue
        seen |= {address, route}
        response = client.get(address)
        if response.status_code != 200 or response.mimetype != "text/html":
            continue
        tree = html5lib.parse(response.get_data(as_text=True), namespaceHTMLElements=False)
        for form in _forms(tree, address):
            form.endpoint = endpoint(form.action, "POST")
            forms.append(form)
        waiting += _links(tree) if follow else []
    return forms


def filled(form: CrawledForm, typed: Mapping[str, str]) -> dict[str, str]:
    """The values the form sends after `typed` was entered into its empty fields of that name."""
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
    for control in form.iter():
        name, kind = control.get("name"), control.get("type", "text")
        unchecked = kind in ("checkbox", "radio") and control.get("checked") is None
        if not name or kind == "file" or unchecked:
            continue
        if control.tag == "select":
            yield name, _chosen(list(control.iter("option")))
        elif control.tag == "textarea":
            yield name, control.text or ""
        elif control.tag in ("input", "button"):
            yield name, control.get("value") or ("on" if kind == "checkbox" else "")


def _chosen(options: list[Element]) -> str:
    chosen = next((option for option in options if option.get("selected") is not None), options[0] if options else None)
    return "" if chosen is None else chosen.get("value", chosen.text or "")
