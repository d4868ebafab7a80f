"""Link detection: where an address begins and ends in plain text."""

from __future__ import annotations

import pytest

from klimawerk.web.linkify import find_links, linkify
from tests.patterns import time_growth

PAGE = "https://example.org/a"


def addresses(text: str) -> list[str]:
    return [link.href for link in find_links(text)]


@pytest.mark.parametrize(
    "address",
    [
        "https://de.wikipedia.org/wiki/Wa_(Ghana)",
        "https://example.org/list[1]/{id}",
        "https://bücher.example/ä?q=ü#z",
        "https://example.org:8443/a;b=1,2?c=(d)",
        "http://[2001:db8::1]:8000/a",
        "https://en.wikipedia.org/wiki/Michelson–Morley_experiment",
        "mailto:a@example.org?subject=x",
    ],
)
@pytest.mark.parametrize("around", ["{}", "({})", "[{}].", "„{}“", "« {} »", "{}…", "{{{}}},", "（{}）", "siehe:{}!"])
def test_an_address_is_whole_whatever_stands_around_it(address: str, around: str) -> None:
    text = around.format(address)
    assert [text[link.start : link.end] for link in find_links(text)] == [address]


@pytest.mark.parametrize(
    "text",
    [
        f"„{PAGE}“",
        f"»{PAGE}«, «{PAGE}», ‹{PAGE}›",
        f"“{PAGE}”, ‘{PAGE}’, ‚{PAGE}‘",
        f"«\u00a0{PAGE}\u202f», « {PAGE} »",
        f"{PAGE}… und {PAGE} … und ({PAGE} …)",
        f"{PAGE}—and {PAGE} – oder",
        f"¿{PAGE}? ¡{PAGE}! {PAGE} ; {PAGE} :",
        f"(„{PAGE}“), ({PAGE}.). {PAGE}).",
        f"[text]({PAGE})[more]({PAGE})",
        f"<{PAGE}> {PAGE}。次",
        f"{PAGE}\u200b {PAGE}\u00ad",
    ],
)
def test_the_marks_of_a_sentence_are_no_part_of_it(text: str) -> None:
    assert addresses(text) == [PAGE] * text.count(PAGE)


def test_what_nobody_sees_in_an_address_does_not_lead_elsewhere() -> None:
    assert addresses("https://exam\u00adple.org/a") == [PAGE]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "https://",
            "https://)",
            "https://…",
            "mailto:you",
            "javascript:alert(1)",
            "data:text/html,x",
            "xhttps://a.b",
        ),
        f"https://example.org/{'a' * 2_000}",
        "https:example.org",
        "https://example.org\\@elsewhere.example/",
        "https://example.org:port/",
    ],
)
def test_what_is_no_address_is_no_link(text: str) -> None:
    assert linkify(text) == text


def test_a_bare_e_mail_address_is_one() -> None:
    assert addresses("a.b@example.org, mailto:c@example.org.") == ["mailto:a.b@example.org", "mailto:c@example.org"]


def test_nothing_between_links_becomes_markup() -> None:
    assert linkify(f'<b>{PAGE}?a&"b', rel="nofollow") == (
        f'&lt;b&gt;<a href="{PAGE}?a&amp;" rel="nofollow">{PAGE}?a&amp;</a>&#34;b'
    )


@pytest.mark.parametrize("pump", ["https://", "https://a(", "https://a…", "mailto:a", "a@b.", "https://["])
def test_long_texts_take_linear_time(pump: str) -> None:
    assert time_growth.superlinear(linkify, lambda length: pump * (length // len(pump))) is None
