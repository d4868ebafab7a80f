"""A form on a page filled in anew with what was sent: for answers to forms whose token was no longer good.

The page is changed as text, tag by tag; everything else in it stays as it was rendered. Passwords and files are never
put back.
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
_NEVER = ("password", "file", "submit", "button", "image", "reset")
_INSIDE = ("select", "textarea")
_WATCH = "/js/retry-load.js"

Pairs = list[tuple[str, str]]
Attributes = dict[str, str | None]


class ParsedTag(NamedTuple):
    """A start tag of the page: where it stands, and what it says."""

    start: int
    end: int
    name: str
    attributes: Attributes

    def get(self, name: str) -> str:
        return self.attributes.get(name) or ""

    def written(self, **changes: str | bool | None) -> str:
        """The tag anew; True sets an attribute without a value, None or False takes it away."""
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
    """An input, select or textarea. `inner` is where a textarea's words stand; `options` are those of a select."""

    tag: ParsedTag
    inner: tuple[int, int] = (0, 0)
    options: list[tuple[ParsedTag, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.tag.get("name")

    @property
    def kind(self) -> str:
        return self.tag.name if self.tag.name in _INSIDE else self.tag.get("type").lower() or "text"

    @property
    def fillable(self) -> bool:
        return bool(self.name) and self.kind not in (*_NEVER, "hidden") and "disabled" not in self.tag.attributes


@dataclass
class ParsedForm:
    tag: ParsedTag
    folds: list[ParsedTag]
    controls: list[ParsedControl] = field(default_factory=list)
    buttons: list[ParsedTag] = field(default_factory=list)

    def hidden(self) -> Pairs:
        return [(one.name, one.tag.get("value")) for one in self.controls if one.kind == "hidden"]


def refill_form(
    html: str, *, page: str, action: str, sent: Pairs, notice: str, asks_files: str, buttons_only: str
) -> str | None:
    """The page `html`, which stands at the local address `page`, with the form that posts to `action` filled in from
    `sent`; None where no form of the page is that one, or has no place for something that was sent.

    `notice` is said at the form and at the page's head, `asks_files` beside it where files have to be chosen again, and
    `buttons_only` instead where the form holds nothing but buttons.
    """
    found = FormParser(html)
    form = _matching(found.forms, page, action, sent)
    if form is None or not _has_room(form, sent):
        return None
    edits = _frame(found, page)
    for control in form.controls:
        edits += _filled(control, sent)
    fillable = [control for control in form.controls if control.fillable or control.kind in ("password", "file")]
    words = notice if fillable else buttons_only
    if any(control.kind == "file" for control in form.controls):
        words += f" {asks_files}"
    said = f'<p class="error" role="alert" id="again">{escape(words)}</p>'
    opened = [(fold.start, fold.end, fold.written(open=True)) for fold in form.folds]
    present = next((text for start, _, text in edits if start == form.tag.start), html[form.tag.start : form.tag.end])
    edits = [edit for edit in edits if edit[0] != form.tag.start]
    edits += [*opened, (form.tag.start, form.tag.end, present + said)]
    if found.flashes:
        head = f'<p class="flash warning"><a href="#again">{escape(words)}</a></p>'
        edits.append((found.flashes.end, found.flashes.end, head))
    return _edited(html, edits)


def _matching(forms: list[ParsedForm], page: str, action: str, sent: Pairs) -> ParsedForm | None:
    """The form that was sent: it posts to `action`, and names the same thing in its hidden fields."""
    posted = [pair for pair in sent if pair[0] not in NOT_REFILLED]

    def strange(form: ParsedForm) -> int:
        return sum(pair not in posted for pair in form.hidden() if pair[0] not in NOT_REFILLED)

    def known(form: ParsedForm) -> int:
        said = [(tag.get("name"), tag.get("value")) for tag in form.buttons if tag.get("name")]
        return sum(pair in posted for pair in [*form.hidden(), *said])

    fitting = [form for form in forms if _posts_to(form, page, action) and not strange(form)]
    return max(fitting, key=known, default=None)


def _posts_to(form: ParsedForm, page: str, action: str) -> bool:
    if form.tag.get("method").lower() != "post":
        return False
    targets = [form.tag.get("action"), *(tag.get("formaction") for tag in form.buttons if tag.get("formaction"))]
    local = {_local(urljoin(page, target)) if target else page for target in targets}
    return action in local or urlsplit(action).path in {urlsplit(one).path for one in local}


def _has_room(form: ParsedForm, sent: Pairs) -> bool:
    places = {one.name for one in form.controls} | {tag.get("name") for tag in form.buttons}
    return all(name in places or not value.strip() for name, value in sent if name != TOKEN)


def _filled(control: ParsedControl, sent: Pairs) -> list[tuple[int, int, str]]:
    """What changes in the page so that the control holds what was sent; a value of `sent` is used up by it."""
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


def _frame(found: FormParser, page: str) -> list[tuple[int, int, str]]:
    """The page stands at another address than its own now: what is relative to that is written out, and no script asks
    for it anew."""
    edits = [(start, end, "") for start, end in found.watches]
    edits += [
        (form.tag.start, form.tag.end, form.tag.written(action=page))
        for form in found.forms
        if not form.tag.get("action")
    ]
    path = urlsplit(page).path
    edits += [(tag.start, tag.end, tag.written(href=path + tag.get("href"))) for tag in found.relative]
    if found.root:
        edits.append((found.root.start, found.root.end, found.root.written(**{"data-at": page})))
    return edits


def _local(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _edited(html: str, edits: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, text in sorted(edits):
        parts += [html[at:start], text]
        at = end
    return "".join([*parts, html[at:]])


class FormParser(HTMLParser):
    """The forms of a page, and what depends on the page's address."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[ParsedForm] = []
        self.watches: list[tuple[int, int]] = []
        self.relative: list[ParsedTag] = []
        self.flashes: ParsedTag | None = None
        self.root: ParsedTag | None = None
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._form: ParsedForm | None = None
        self._folds: list[ParsedTag] = []
        self._control: ParsedControl | None = None
        self._watch: ParsedTag | None = None
        self._text = ""
        self.feed(html)
        self.close()

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

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
        elif name in ("input", *_INSIDE):
            self._found(ParsedControl(tag, inner=(tag.end, tag.end)))
        elif name == "option" and self._control:
            self._text = ""
            self._control.options.append((tag, ""))
        elif name == "button" and (form := self._owner(tag)):
            form.buttons.append(tag)
        elif name == "script" and tag.get("src").endswith(_WATCH):
            self._watch = tag
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
        elif name in _INSIDE and self._control:
            self._control.inner = (self._control.tag.end, self._offset())
            self._control = None
        elif name == "script" and self._watch:
            self.watches.append((self._watch.start, self._offset() + len("</script>")))
            self._watch = None

    def handle_data(self, data: str) -> None:
        self._text += data

    def _found(self, control: ParsedControl) -> None:
        if form := self._owner(control.tag):
            if control.kind in ("submit", "image"):
                form.buttons.append(control.tag)
            form.controls.append(control)
        self._control = control if control.tag.name in _INSIDE else None

    def _owner(self, tag: ParsedTag) -> ParsedForm | None:
        if owner := tag.get("form"):
            return next((form for form in self.forms if form.tag.get("id") == owner), None)
        return self._form
