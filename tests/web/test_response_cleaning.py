"""Pages contain no control characters, even if names, titles and labels were stored before input was cleaned."""

from __future__ import annotations

import pytest

from klimawerk.database import writing
from klimawerk.sheets.rows import rows_of
from klimawerk.text import without_control_characters
from tests import factories
from tests.client import ProofReader


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Al\x02t\x0bneu", "Alt neu"),
        ("Al\x9ft\x85neu\ufdd0", "Alt neu"),
        ("Alt\x1fn\x7feu\uffff", "Alt neu"),
        ("A\u0308lt\u00a0neu\r\n\u2028नमस्\u200dते 😀", "A\u0308lt\u00a0neu\r\n\u2028नमस्\u200dते 😀"),
    ],
)
def test_what_was_stored_before_leaves_as_text(client: ProofReader, stored: str, shown: str) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    measure = factories.measure(programme)
    with writing():
        field, step = rows_of(programme)["fields"][0], rows_of(measure)["steps"][0]
        field.cells = {**field.cells, "title.en": stored}
        step.cells = {**step.cells, "text.en": stored}
        measure.code = team.de["editor"].name = stored
    client.login(team.partner["editor"])
    assert without_control_characters(stored) == shown
    paths = [f"/programmes/{programme.id}", f"/measures/{measure.id}"]
    for path in [*paths, "/search?q=neu"]:
        page = client.get(path).text  # the client also checks the HTML
        assert without_control_characters(page) == page, path
    assert shown in client.get(paths[0]).text
    assert shown in client.fragment(f"/items/{measure.id}/changes").text
