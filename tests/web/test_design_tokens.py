"""Design tokens and style sheets: contrast of all colours in both themes, no unknown token, no unused class."""

from __future__ import annotations

import re

import pytest

from klimawerk.config import ROOT

STYLES = ROOT / "static" / "css"
TEXT, CONTROL = 4.5, 3.0

# (foreground, background, contrast needed)
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "soft", "accent", "warn", "bad") for ground in ("sheet", "paper", "wash")),
    ("accent-ink", "accent", TEXT),
    *((ink, f"{ink}-wash", TEXT) for ink in ("accent", "warn", "bad")),
    *(("ink", f"{name}-wash", TEXT) for name in ("accent", "warn", "bad")),
    *(("on-side", f"side-{side}", TEXT) for side in ("de", "partner", "neutral")),
    *((f"side-{side}", "sheet", TEXT) for side in ("de", "partner", "neutral")),
    *((name, ground, CONTROL) for name in ("line-strong", "focus") for ground in ("sheet", "paper")),
]
DECORATION = {"line"}


def theme(name: str) -> dict[str, str]:
    """{name of a colour: "#rrggbb"}; what the dark theme does not set, it has from the light one."""
    css = (STYLES / "tokens.css").read_text()
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", light))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", dark)) if name == "dark" else found


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_pair_of_colours_has_the_contrast_it_needs(name: str) -> None:
    colours = theme(name)
    pale = [
        f"{ink} on {ground}: {contrast(colours[ink], colours[ground]):.1f}"
        for ink, ground, needed in PAIRS
        if contrast(colours[ink], colours[ground]) < needed
    ]
    assert not pale, "\n".join(pale)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_no_colour_is_left_out(name: str) -> None:
    assert set(theme(name)) - DECORATION == {name for ink, ground, _needed in PAIRS for name in (ink, ground)}


@pytest.mark.parametrize(
    ("ink", "ground", "light", "dark"),
    [
        ("ink", "sheet", 15.8, 13.6),
        ("accent-ink", "accent", 7.5, 9.1),
        ("bad", "bad-wash", 6.6, 7.3),
        ("side-partner", "sheet", 7.2, 8.8),
        ("line-strong", "sheet", 3.8, 4.9),
    ],
)
def test_the_ratios_are_those_of_the_design(ink: str, ground: str, light: float, dark: float) -> None:
    """Also a check of `contrast`, which computes the design's figures."""
    found = [contrast(theme(name)[ink], theme(name)[ground]) for name in ("light", "dark")]
    assert found == pytest.approx([light, dark], abs=0.06)


def test_the_contrast_of_black_and_white_is_the_greatest_and_of_a_colour_with_itself_none() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#7d4500", "#7d4500") == 1


def test_every_token_that_a_style_sheet_uses_exists() -> None:
    """A misspelt token leaves a border or colour out without a word; a fallback beside it makes it optional."""
    styles = {path.name: path.read_text() for path in sorted(STYLES.glob("*.css"))}
    defined = set(re.findall(r"(--[\w-]+)\s*:", "".join(styles.values())))
    unknown = [
        f"{name}: {token}"
        for name, css in styles.items()
        for token in re.findall(r"var\((--[\w-]+)\)", css)
        if token not in defined
    ]
    assert not unknown


# Classes whose names templates and modules put together ("cell-" and the name of a cell), and those of libraries.
_COMPOSED = re.compile(r"(caret-side|side|cell|cells|kind|depth|ProseMirror)-[\w-]+")


def test_every_class_that_a_style_sheet_names_is_used() -> None:
    styles = "".join(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL) for path in STYLES.glob("*.css"))
    selectors = " ".join(found for found in re.findall(r"([^{}]+)\{", styles) if not found.strip().startswith("@"))
    places = ("templates/**/*.html", "static/js/**/*.js", "static/*.js", "klimawerk/**/*.py")
    pages = " ".join(path.read_text() for place in places for path in ROOT.glob(place))
    used = set(re.findall(r"[\w-]+", pages))
    classes = set(re.findall(r"\.([a-zA-Z][\w-]*)", selectors))
    assert len(classes) > 100
    assert sorted(name for name in classes - used if not _COMPOSED.fullmatch(name)) == []


def test_no_selector_has_a_browser_restyle_the_whole_page_at_each_letter() -> None:
    """As `html:has(…)` does, whatever changes below it."""
    whole_page = re.compile(r"(?:^|[\s,>+~(])(?:html|body|:root)[\w.\[\]=\"-]*:has\(", re.M)
    assert whole_page.search("a, html.js:has(b) { }")
    assert [file.name for file in sorted(STYLES.glob("*.css")) if whole_page.search(file.read_text())] == []
