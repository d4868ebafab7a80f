"""Names of municipalities fit into the selects of rows that are open."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import ExampleSite
from tests.sheet_page import open_row

# (selected text, its width, available width) of each select, in pixels; 20 pixels are for the arrow.
_ROOM = """() => {
  const pen = document.createElement("canvas").getContext("2d")
  const shown = [...document.querySelectorAll(".cell-side select")].filter((one) => one.checkVisibility())
  return shown.map((one) => {
    const style = getComputedStyle(one)
    pen.font = style.font
    const words = one.selectedOptions[0].textContent.trim()
    const room = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 20
    return [words, pen.measureText(words).width, room]
  })
}"""


@pytest.mark.parametrize("width", [1280, 1024, 390])
def test_no_municipality_is_cut_in_a_line(house: ExampleSite, width: int) -> None:
    page = house.window("editor", "de")
    page.set_viewport_size({"width": width, "height": 900})
    house.go(page, "measure")
    selects = []
    for row in page.locator("tr[data-row]:has(.side.partner)").evaluate_all(
        "(all) => all.map((row) => row.dataset.row)"
    ):
        open_row(page, row)
        selects += page.evaluate(_ROOM)
    assert "Abenkrom Municipal Assembly" in [name for name, _wanted, _room in selects]
    cut = [f"{name}: {needed:.0f} in {available:.0f}" for name, needed, available in selects if needed > available]
    assert not cut, "\n".join(cut)
