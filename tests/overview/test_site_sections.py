"""The navigation in the frame of every page: which sections a person sees, the current one, counts, short names."""

from __future__ import annotations

import re

import pytest

from klimawerk.comments.topics import ALL_SIDES
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.overview.site_sections import initials
from klimawerk.partnerships.partnership_labels import short_name
from tests import factories
from tests.client import ProofReader
from tests.comments.conftest import Table, table

__all__ = ["table"]


def ways(client: ProofReader, path: str) -> dict[str, str]:
    """The navigation of a page: {label: address}; the current section's label ends with "*"."""
    page = client.get(path).text
    nav = page[page.index('class="ways"') : page.index("</nav>", page.index('class="ways"'))]
    links = re.findall(r'<a href="([^"]+)"( aria-current="page")?>(.*?)</a>', nav.split('class="more"')[0])
    return {said(label) + "*" * bool(current): address for address, current, label in links}


def said(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_a_member_finds_the_sections_of_their_partnership_on_every_page(client: ProofReader) -> None:
    team = factories.partnership("Stadt Wiesenbrück", "Abenkrom Municipal Assembly")
    programme = factories.programme(team)
    client.login(team.partner["observer"])
    members = f"/partnerships/{team.partnership.id}/members"
    expected = {
        "Start": "/",
        "Programme": f"/programmes/{programme.id}/overview",
        "Comments": f"/items/{programme.id}/comments",
        "History": f"/items/{programme.id}/history",
        "Members": members,
    }
    assert ways(client, "/account") == expected
    for path, current in (
        ("/", "Start"),
        (f"/measures/{factories.measure(programme).id}", "Programme"),
        (f"/items/{programme.id}/comments", "Comments"),
        (f"/items/{programme.id}/history", "History"),
        (members, "Members"),
    ):
        assert set(ways(client, path)) == set(expected) - {current} | {current + "*"}, path
    assert set(ways(client, "/partnerships/new")) == set(ways(client, "/import")) == set(expected)
    assert "<span>Abenkrom – Wiesenbrück</span>" in client.get(members).text, "one's own side comes first"


def test_who_has_several_partnerships_gets_the_sections_of_the_one_that_the_page_belongs_to(
    client: ProofReader,
) -> None:
    one, other = factories.partnership(), factories.partnership("Neustadt", "Newtown")
    first, second = factories.programme(one), factories.programme(other)
    factories.member(
        other.partnership, "de", "observer", town=other.partnership.municipalities[0], who=one.de["editor"]
    )
    client.login(one.de["editor"])
    for path in ("/", "/account", "/search", "/nothing-here"):
        assert list(ways(client, f"{path}?lang=en")) in (["Start"], ["Start*"]), path
    assert (
        ways(client, f"/goals/{first_goal(first.frame_id)}?lang=en")["Programme*"] == f"/programmes/{first.id}/overview"
    )
    assert (
        ways(client, f"/goals/{first_goal(second.frame_id)}?lang=en")["Programme*"]
        == f"/programmes/{second.id}/overview"
    )
    assert f"/search?programme={second.id}" in client.get(f"/programmes/{second.id}").text


def first_goal(frame_id: int) -> int:
    return int(db.session.scalars(db.select(Goal.id).where(Goal.frame_id == frame_id)).one())


def test_a_new_partnership_has_members_only_and_who_has_none_has_the_start(client: ProofReader) -> None:
    team = factories.partnership()
    client.login(team.partner["coordinator"])
    assert list(ways(client, "/")) == ["Start*", "Members"]
    client.login(factories.person())
    assert list(ways(client, "/")) == ["Start*"]
    client.post("/logout")
    page = client.get("/login").text
    assert 'class="ways"' not in page
    assert 'class="menu account"' not in page


@pytest.mark.parametrize("side", ALL_SIDES)
def test_the_count_is_that_of_the_open_threads_that_ones_side_sees(table: Table, side: str) -> None:
    table.thread("Who pays?")
    table.thread("Among ourselves.", side="de")
    voice = table.voice_of(table.team.moderator if side == "neutral" else table.person("observer", side))
    shown = {"de": "Comments , 2 open", "partner": "Comments , 1 open", "neutral": "Comments , 1 open"}
    assert shown[side] in ways(voice.client, "/?lang=en")


def test_threads_of_what_lies_in_the_bin_are_not_counted(table: Table) -> None:
    table.thread("Who pays?")
    voice = table.voice("observer", "partner")
    assert "Comments , 1 open" in ways(voice.client, "/")
    delete_item(table.measure, by=table.person().id)
    assert "Comments" in ways(voice.client, "/")


@pytest.mark.parametrize(
    ("town", "short"),
    [
        ("Abenkrom Municipal Assembly", "Abenkrom"),
        ("Stadt Wiesenbrück", "Wiesenbrück"),
        ("Ayuntamiento de San José", "San José"),
        ("Commune de Thiès", "Thiès"),
        ("Musterstadt", "Musterstadt"),
        ("Municipality", "Municipality"),
        ("Stadtallendorf", "Stadtallendorf"),
        ("Markt Schwaben", "Markt Schwaben"),
        ("Stadt Wehlen", "Stadt Wehlen"),
        ("Stadt Wehlenbach", "Wehlenbach"),
        ("Benin City Council", "Benin City"),
        ("बस्ती नगर", "बस्ती नगर"),
    ],
)
def test_a_municipality_is_called_by_its_own_name_where_there_is_little_room(town: str, short: str) -> None:
    assert short_name(town) == short


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Kofi Adu-Mensah", "KA"),
        ("ama  serwaa owusu", "AO"),
        ("Kofi", "K"),
        ("Нана Ама", "НА"),
        ("王小明", "王"),
        ("🌳 Ama", "A"),
        ("(Jo) Öz", "JÖ"),
        ("🌳", ""),
        ("", ""),
    ],
)
def test_a_person_is_marked_by_the_first_letters_of_their_name(name: str, letters: str) -> None:
    assert initials(name) == letters
