"""Crawler of all plain HTML forms of the application; it fills them in as a user would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from klimawerk.web.form_refill import FormParser, ParsedControl, ParsedForm

TYPED = 'Typed "ä" & <b>\nsecond line'


@dataclass(frozen=True)
class FoundForm:
    """A form on `page` that posts to `action`, the URL of the view `endpoint`."""

    page: str
    action: str
    endpoint: str
    form: ParsedForm


def forms(app: Flask, client: FlaskClient, starts: list[str], known: set[str]) -> Iterator[FoundForm]:
    """Yield forms on pages linked from `starts` whose endpoint is not in `known`; adds their endpoints to `known`."""
    waiting, seen = list(starts), set(starts)
    while waiting:
        page = waiting.pop(0)
        with app.app_context():
            response = FlaskClient.open(client, page)  # without the checks of ProofReader
        if response.status_code != 200 or response.mimetype != "text/html":
            if 300 <= response.status_code < 400 and (to := _local(page, response.location)) not in seen:
                seen.add(to)
                waiting.append(to)
            continue
        html = response.get_data(as_text=True)
        for form in FormParser(html).forms:
            if form.tag.get("method").lower() != "post":
                continue
            for target in _targets(form, page):
                if (endpoint := _endpoint(app, target)) not in known:
                    known.add(endpoint)
                    yield FoundForm(page, target, endpoint, form)
        for href in re.findall(r'<a [^>]*href="([^"]+)"', html):
            to = _local(page, href.replace("&amp;", "&"))
            page_kind = re.sub(r"\d+", "0", to)
            if to and page_kind not in seen:
                seen.add(page_kind)
                waiting.append(to)


def filled(form: ParsedForm) -> list[tuple[str, str]]:
    """The name-value pairs that a browser sends when all controls are filled in."""
    pairs: list[tuple[str, str]] = []
    for control in form.controls:
        if control.kind in ("submit", "button", "image", "file", "reset") or not control.name:
            continue
        if control.kind == "hidden":
            pairs.append((control.name, control.tag.get("value")))
        else:
            pairs += [(control.name, value) for value in _example_values(control)]
    button = next((tag for tag in form.buttons if tag.get("name")), None)
    return [*pairs, *([(button.get("name"), button.get("value"))] if button else [])]


def _example_values(control: ParsedControl) -> list[str]:
    if control.kind in ("checkbox", "radio"):
        return [control.tag.get("value") or "on"] if control.kind == "checkbox" else []
    if control.kind == "select":
        values = [option.attributes.get("value", text) or "" for option, text in control.options]
        return values[-1:]
    return {
        "textarea": [TYPED],
        "email": ["typed@example.org"],
        "date": ["2031-05-01"],
        "number": ["7"],
        "password": ["secret passphrase"],
    }.get(control.kind, [TYPED.split("\n")[0]])


def _targets(form: ParsedForm, page: str) -> list[str]:
    targets = [form.tag.get("action")] + [tag.get("formaction") for tag in form.buttons if tag.get("formaction")]
    return [_local(page, target) if target else page for target in targets]


def _endpoint(app: Flask, target: str) -> str:
    try:
        return str(app.url_map.bind("localhost").match(urlsplit(target).path, method="POST")[0])
    except HTTPException:
        return f"nothing: {target}"


def _local(page: str, href: str) -> str:
    parts = urlsplit(urljoin(page, href))
    if parts.scheme not in ("", "http") or parts.netloc not in ("", "localhost"):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")
