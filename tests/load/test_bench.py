"""The benchmark works: some seconds of typing, with plausible figures; speed is not judged here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.load import bench_data, report
from tests.load.competitors import KlimawerkCompetitor
from tests.load.edition_timings import Editions
from tests.load.herd import Herd
from tests.load.load_generator import Typists
from tests.load.page_crowd import ROLES
from tests.load.page_herd import PageHerd
from tests.load.page_timings import Pages
from tests.load.scenarios import SCENARIOS, Typing
from tests.load.version_timings import Versions


@pytest.mark.slow
def test_the_bench_counts_what_people_type_and_loses_nothing_of_it(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared.sqlite"
    made = bench_data.prepare(f"sqlite:///{prepared}", tmp_path / "instance", people=6, documents=2)
    server = KlimawerkCompetitor(tmp_path / "server", prepared, made)
    scenario = Typing("T", "two documents, two people who type and one who reads", 2, 3, 2, 5)
    try:
        figures = scenario.run(server, 2)
    finally:
        server.kill()
    assert figures["edits"] > 20
    assert (figures["lost"], figures["doubled"], figures["lost_after_kill"]) == (0, 0, 0)
    assert 0 < figures["p50"] <= figures["p95"] <= figures["p99"]
    assert figures["cpu_per_1000"] > 0
    table = report.table(scenario, {"Klimawerk": figures})
    assert "server CPU per 1,000 edits (s)" in table


@pytest.mark.slow
def test_the_bench_of_versions_says_how_long_and_how_large(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared.sqlite"
    made = bench_data.prepare(f"sqlite:///{prepared}", tmp_path / "instance", people=1, documents=1)
    scenario = Versions("T", "a few versions", 20, times=2)
    figures = scenario.run(KlimawerkCompetitor(tmp_path / "server", prepared, made), 1)
    assert all(value > 0 for value in figures.values()), figures
    assert figures["version_bytes"] < 20_000, "equal texts are kept once"
    assert "taking a version, p50 (ms)" in report.table(scenario, {"Klimawerk": figures})


@pytest.mark.slow
def test_the_bench_of_fixed_copies_says_how_long(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared.sqlite"
    made = bench_data.prepare(f"sqlite:///{prepared}", tmp_path / "instance", people=1, documents=1)
    figures = Editions("T", "a small programme", 6, 2, times=1).run(
        KlimawerkCompetitor(tmp_path / "server", prepared, made), 1
    )
    assert all(value > 0 for value in figures.values()), figures


@pytest.mark.slow
def test_the_bench_of_pages_says_what_each_role_costs(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared.sqlite"
    made = bench_data.prepare(f"sqlite:///{prepared}", tmp_path / "instance", people=1, documents=1)
    scenario = Pages("T", "a small programme", 12, times=1)
    figures = scenario.run(KlimawerkCompetitor(tmp_path / "server", prepared, made), 1)
    assert len(figures["programme_known_by_role"]) == len(ROLES)
    assert 0 < figures["programme_known"] < figures["programme_unknown"]
    assert "a measure, CPU, unknown (ms)" in report.table(scenario, {"Klimawerk": figures})


@pytest.mark.slow
def test_the_bench_of_readers_says_when_all_have_the_page_and_how_long_the_loop_stood(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared.sqlite"
    made = bench_data.prepare(f"sqlite:///{prepared}", tmp_path / "instance", people=1, documents=1)
    server = KlimawerkCompetitor(tmp_path / "server", prepared, made)
    scenario = PageHerd("T", "seven come, two type", 7, 2, 12, times=1)
    try:
        figures = scenario.run(server, 0)
    finally:
        server.kill()
    for state in ("cold", "warm"):
        assert 0 < figures[f"{state}_page_p50"] <= figures[f"{state}_page_p95"] <= figures[f"{state}_all"]
        assert figures[f"{state}_page_bytes"] > 5_000
    for during in ("cold", "warm", "export", "compare", "import"):
        assert 0 <= figures[f"{during}_stall_p999"] <= figures[f"{during}_stall_max"], during
    assert figures["import_typed_p95"] > 0
    assert "warm: all have it (ms)" in report.table(scenario, {"Klimawerk": figures})


def test_a_peer_is_shown_as_a_ratio_to_us() -> None:
    table = report.table(SCENARIOS["S1"], {"Klimawerk": {"p95": 30.0}, "another": {"p95": 15.0}})
    assert "15.00 (2.00)" in table


@pytest.mark.slow
def test_the_bench_of_a_herd_says_how_long_until_all_are_in_and_that_nobody_was_refused(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared.sqlite"
    made = bench_data.prepare(f"sqlite:///{prepared}", tmp_path / "instance", people=6, documents=1)
    server, scenario = KlimawerkCompetitor(tmp_path / "server", prepared, made), Herd("T", "six come, two type", 6, 2)
    try:
        figures = scenario.run(server, 0)
    finally:
        server.kill()
    for after in ("start", "kill"):
        assert 0 < figures[f"{after}_in_p50"] <= figures[f"{after}_in"]
        assert 0 < figures[f"{after}_ack_p95"] <= figures[f"{after}_ack"]
        assert (figures[f"{after}_refused"], figures[f"{after}_never"]) == (0, 0)
    assert "the last one in (ms)" in report.table(scenario, {"Klimawerk": figures})


def test_a_load_generator_that_ends_says_why() -> None:
    with (
        Typists("klimawerk") as typists,
        pytest.raises(RuntimeError, match=r"(?s)to regather:.*exit status 1.*TypeError"),
    ):
        typists.do("regather")  # nobody has gathered
    with Typists("nowhere") as typists, pytest.raises(RuntimeError, match=r"(?s)to look:.*lines/nowhere\.mjs"):
        typists.do("look")
    with Typists("klimawerk") as typists:
        for _ in range(2):  # it has ended before the second
            with pytest.raises(RuntimeError, match=r"(?s)to dance:.*is not a function"):
                typists.do("dance")
    with Typists("klimawerk") as typists:
        assert typists.do("history", edits=2, last=1)
