"""Imprint, privacy notice and accessibility statement: the operator's texts, files in the instance folder.

`imprint.de.txt`, `privacy.en.txt`, `accessibility.txt` ...: plain text. An empty line separates paragraphs, `# ` begins
a heading, `- ` a list item; web and e-mail addresses become links.
"""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, Flask, current_app, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup

from klimawerk.web.linkify import linkify
from klimawerk.web.localisation import locale

blueprint = Blueprint("web", __name__)
TITLES = {
    "imprint": lazy_gettext("Imprint"),
    "privacy": lazy_gettext("Privacy"),
    "accessibility": lazy_gettext("Accessibility"),
}


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/<any(imprint, privacy, accessibility):page>")
def info(page: str) -> str:
    own = operator_text(current_app.extensions["klimawerk"].instance, page, locale())
    return render_template(
        "errors/info.html",
        page=page,
        title=TITLES[page],
        own=text_to_html(own) if own else None,
        operator=current_app.extensions["klimawerk"].operator_name or _("the operator of this installation"),
    )


def operator_text(folder: Path, page: str, language: str) -> str:
    """The text for the language, else the one without a language; "" when there is none."""
    for name in (f"{page}.{language}.txt", f"{page}.txt"):
        file = folder / name
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return ""


def text_to_html(text: str) -> Markup:
    """Plain text as safe HTML with headings, lists, paragraphs and links."""
    blocks = [_block(block) for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if block.strip()]
    return Markup("\n").join(blocks)


def _block(block: str) -> Markup:
    lines = [line.strip() for line in block.strip().splitlines()]
    if lines[0].startswith("# "):
        return Markup("<h2>{}</h2>").format(lines[0][2:]) + (_block("\n".join(lines[1:])) if lines[1:] else "")
    if all(line.startswith("- ") for line in lines):
        items = Markup("").join(Markup("<li>{}</li>").format(linkify(line[2:])) for line in lines)
        return Markup("<ul>{}</ul>").format(items)
    return Markup("<p>{}</p>").format(Markup("<br>").join(linkify(line) for line in lines))
