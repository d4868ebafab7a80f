"""Refilling a form on a rendered page with submitted values, for responses to forms whose CSRF token was stale.

The page is edited as text, tag by tag; everything else in it stays as it was rendered. Passwords and files are never
refilled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

TOKEN = "csrf_token"  # noqa: S105
NOT_REFILLED = frozenset({TOKEN, "key", "request_key", "rev", "until", "next", "again"})
"""Hidden fields that differ from one rendering of the same form to the next."""
_NEVER_REFILLED = ("password", "file", "submit", "button", "image", "reset")
_WITH_CONTENT = ("select", "textarea")
_RETRY_SCRIPT = "/js/retry-load.js"

Pairs = list[tuple[str, str]]
Attributes = dict[str, str | None]


class ParsedTag(NamedTuple):
    """A start tag of the page: its offsets, name and attributes."""

    start: int
    end: int
    name: str
    attributes: Attributes

    def get(self, name: str) -> str:
        return self.attributes.get(name) or ""

    def written(self, **changes: str | bool | None) -> str:
        """The tag as HTML with changed attributes; True sets one without a value, None or False removes it."""
        attributes: dict[str, str | bool | None] = {k: True if v is None else v for k, v in self.attributes.items()}
        attributes |= changes
        parts = [
            f" {k}" if v is True else f' {k}="{escape(str(v))}"'
            for k, v in attributes.items()
            if v not in (None, False)
        ]
        return f"<{self.name}{''.join(parts)}>"


@dataclass
class ParsedControl:
    """An input, select or textarea. `inner`: offsets of a textarea's text; `options`: tags and labels of a select."""

    tag: ParsedTag
    inner: tuple[int, int] = (0, 0)
    options: list[tuple[ParsedTag, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.tag.get("name")

    @property
    def kind(self) -> str:
        return self.tag.name if self.tag.name in _WITH_CONTENT else self.tag.get("type").lower() or "text"

    @property
    def fillable(self) -> bool:
        return (
            bool(self.name) and self.kind not in (*_NEVER_REFILLED, "hidden") and "disabled" not in self.tag.attributes
        )


@dataclass
class ParsedForm:
    """A form of the page, with its controls and buttons; `folds`: the <details> elements around it."""

    tag: ParsedTag
    folds: list[ParsedTag]
    controls: list[ParsedControl] = field(default_factory=list)
    buttons: list[ParsedTag] = field(default_factory=list)

    def hidden(self) -> Pairs:
        return [(control.name, control.tag.get("value")) for control in self.controls if control.kind == "hidden"]


def refill_form(
    html: str, *, page: str, action: str, sent: Pairs, notice: str, asks_files: str, buttons_only: str
) -> str | None:
    """The page `html` of the local address `page`, with the form that posts to `action` filled in from `sent`; None
    when the page has no such form, or the form has no control for a submitted value.

    `notice` is shown at the form and at the top of the page, followed by `asks_files` when files have to be chosen
    again; `buttons_only` replaces it when the form has nothing but buttons.
    """
    parser = FormParser(html)
    form = _matching(parser.forms, page, action, sent)
    if form is None or not _has_all_controls(form, sent):
        return None
    edits = _address_edits(parser, page)
    for control in form.controls:
        edits += _control_edits(control, sent)
    fillable = [control for control in form.controls if control.fillable or control.kind in ("password", "file")]
    text = notice if fillable else buttons_only
    if any(control.kind == "file" for control in form.controls):
        text += f" {asks_files}"
    notice_html = f'<p class="error" role="alert" id="again">{escape(text)}</p>'
    open_folds = [(fold.start, fold.end, fold.written(open=True)) for fold in form.folds]
    form_tag = next(
        (edited for start, _, edited in edits if start == form.tag.start), html[form.tag.start : form.tag.end]
    )
    edits = [edit for edit in edits if edit[0] != form.tag.start]
    edits += [*open_folds, (form.tag.start, form.tag.end, form_tag + notice_html)]
    if parser.flashes:
        head = f'<p class="flash warning"><a href="#again">{escape(text)}</a></p>'
        edits.append((parser.flashes.end, parser.flashes.end, head))
    return _apply_edits(html, edits)


def _matching(forms: list[ParsedForm], page: str, action: str, sent: Pairs) -> ParsedForm | None:
    """The submitted form: it posts to `action`, and its hidden fields have the submitted values."""
    posted = [pair for pair in sent if pair[0] not in NOT_REFILLED]

    def unsent_count(form: ParsedForm) -> int:
        return sum(pair not in posted for pair in form.hidden() if pair[0] not in NOT_REFILLED)

    def sent_count(form: ParsedForm) -> int:
        button_values = [(tag.get("name"), tag.get("value")) for tag in form.buttons if tag.get("name")]
        return sum(pair in posted for pair in [*form.hidden(), *button_values])

    fitting = [form for form in forms if _posts_to(form, page, action) and not unsent_count(form)]
    return max(fitting, key=sent_count, default=None)


def _posts_to(form: ParsedForm, page: str, action: str) -> bool:
    if form.tag.get("method").lower() != "post":
        return False
    targets = [form.tag.get("action"), *(tag.get("formaction") for tag in form.buttons if tag.get("formaction"))]
    local = {_local_address(urljoin(page, target)) if target else page for target in targets}
    return action in local or urlsplit(action).path in {urlsplit(address).path for address in local}


def _has_all_controls(form: ParsedForm, sent: Pairs) -> bool:
    names = {control.name for control in form.controls} | {tag.get("name") for tag in form.buttons}
    return all(name in names or not value.strip() for name, value in sent if name != TOKEN)


def _control_edits(control: ParsedControl, sent: Pairs) -> list[tuple[int, int, str]]:
    """Edits that put the submitted value into the control; a value that is used is removed from `sent`."""
    tag, values = control.tag, [value for name, value in sent if name == control.name]
    if control.name == TOKEN or not (control.fillable or control.kind == "hidden"):
        return []
    if control.kind in ("checkbox", "radio"):
        return [(tag.start, tag.end, tag.written(checked=(tag.get("value") or "on") in values))]
    if control.kind == "select":
        return [
            (option.start, option.end, option.written(selected=option.attributes.get("value", text) in values))
            for option, text in control.options
        ]
    if not values:
        return []
    sent.remove((control.name, values[0]))
    if control.kind == "textarea":
        return [(*control.inner, "\n" + escape(values[0]))]
    return [(tag.start, tag.end, tag.written(value=values[0]))]


def _address_edits(parser: FormParser, page: str) -> list[tuple[int, int, str]]:
    """Edits for a page that is served at another address than its own: relative addresses are made absolute, and the
    script that reloads the page (retry-load.js) is removed."""
    edits = [(start, end, "") for start, end in parser.retry_scripts]
    edits += [
        (form.tag.start, form.tag.end, form.tag.written(action=page))
        for form in parser.forms
        if not form.tag.get("action")
    ]
    path = urlsplit(page).path
    edits += [(tag.start, tag.end, tag.written(href=path + tag.get("href"))) for tag in parser.relative]
    if parser.root:
        edits.append((parser.root.start, parser.root.end, parser.root.written(**{"data-at": page})))
    return edits


def _local_address(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _apply_edits(html: str, edits: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, text in sorted(edits):
        parts += [html[at:start], text]
        at = end
    return "".join([*parts, html[at:]])


class FormParser(HTMLParser):
    """Parser for the forms of a page, and for the tags that depend on the page's address."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[ParsedForm] = []
        self.retry_scripts: list[tuple[int, int]] = []
        self.relative: list[ParsedTag] = []
        self.flashes: ParsedTag | None = None
        self.root: ParsedTag | None = None
        self._line_offsets = [0]
        for line in html.split("\n"):
            self._line_offsets.append(self._line_offsets[-1] + len(line) + 1)
        self._form: ParsedForm | None = None
        self._folds: list[ParsedTag] = []
        self._control: ParsedControl | None = None
        self._retry_script: ParsedTag | None = None
        self._text = ""
        self.feed(html)
        self.close()

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._line_offsets[line - 1] + column

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._offset()
        tag = ParsedTag(start, start + len(self.get_starttag_text() or ""), name, dict(attrs))
        if name == "html":
            self.root = tag
        elif name == "details":
            self._folds.append(tag)
        elif name == "form":
            self._form = ParsedForm(tag, list(self._folds))
            self.forms.append(self._form)
        elif name in ("input", *_WITH_CONTENT):
            self._add_control(ParsedControl(tag, inner=(tag.end, tag.end)))
        elif name == "option" and self._control:
            self._text = ""
            self._control.options.append((tag, ""))
        elif name == "button" and (form := self._owner(tag)):
            form.buttons.append(tag)
        elif name == "script" and tag.get("src").endswith(_RETRY_SCRIPT):
            self._retry_script = tag
        if tag.get("href").startswith("?"):
            self.relative.append(tag)
        if tag.get("id") == "flashes":
            self.flashes = tag

    def handle_endtag(self, name: str) -> None:
        if name == "form":
            self._form = None
        elif name == "details" and self._folds:
            self._folds.pop()
        elif name == "option" and self._control and self._control.options:
            self._control.options[-1] = (self._control.options[-1][0], self._text.strip())
        elif name in _WITH_CONTENT and self._control:
            self._control.inner = (self._control.tag.end, self._offset())
            self._control = None
        elif name == "script" and self._retry_script:
            self.retry_scripts.append((self._retry_script.start, self._offset() + len("</script>")))
            self._retry_script = None

    def handle_data(self, data: str) -> None:
        self._text += data

    def _add_control(self, control: ParsedControl) -> None:
        if form := self._owner(control.tag):
            if control.kind in ("submit", "image"):
                form.buttons.append(control.tag)
            form.controls.append(control)
        self._control = control if control.tag.name in _WITH_CONTENT else None

    def _owner(self, tag: ParsedTag) -> ParsedForm | None:
        if owner := tag.get("form"):
            return next((form for form in self.forms if form.tag.get("id") == owner), None)
        return self._form
