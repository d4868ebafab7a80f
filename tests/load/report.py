"""Prints figures as a table, with each peer's ratio to ours."""

from __future__ import annotations

from tests.load.process_cost import Figures
from tests.load.scenarios import Scenario

_ROWS = (
    ("p50", "key to the others, p50", "ms", 1.0),
    ("p95", "key to the others, p95", "ms", 1.0),
    ("p99", "key to the others, p99", "ms", 1.0),
    ("ack_p95", "acknowledged, p95", "ms", 1.0),
    ("cpu_per_1000", "server CPU per 1,000 edits", "s", 1.0),
    ("memory", "server memory", "MB", 1e-6),
    ("bytesPerEdit", "bytes per edit and receiver", "B", 1.0),
    ("reader_bytes", "who only reads gets", "B/s", 1.0),
    ("join_first", "first to join, who wakes it up", "ms", 1.0),
    ("join_p50", "joining after that, p50", "ms", 1.0),
    ("join_p95", "joining after that, p95", "ms", 1.0),
    ("join_bytes", "bytes of a join", "kB", 1e-3),
    ("state", "bytes of the state", "kB", 1e-3),
    ("idle_memory", "memory per idle connection", "kB", 1e-3),
    ("idle_cpu", "CPU while idle", "s/s", 1.0),
    ("beside_p95", "beside it: key to the others, p95", "ms", 1.0),
    ("take_p50", "taking a version, p50", "ms", 1.0),
    ("take_p95", "taking a version, p95", "ms", 1.0),
    ("version_bytes", "bytes per version", "kB", 1e-3),
    ("compare_few", "comparing two, among few", "ms", 1.0),
    ("compare_many", "the same among thousands", "ms", 1.0),
    ("history_few", "the history's page, of few", "ms", 1.0),
    ("history_many", "the same of thousands", "ms", 1.0),
    ("edition_first", "the first fixed copy", "ms", 1.0),
    ("edition_next", "the next one", "ms", 1.0),
    ("edition_compare", "comparing both, the slowest view", "ms", 1.0),
    ("edition_read", "reading one", "ms", 1.0),
    ("start_in_p50", "after a start: in, p50", "ms", 1.0),
    ("start_in", "the last one in", "ms", 1.0),
    ("start_ack_p95", "letters acknowledged, p95", "ms", 1.0),
    ("start_ack", "the slowest letter", "ms", 1.0),
    ("start_refused", "refused", "", 1.0),
    ("start_never", "never in, or not acknowledged", "", 1.0),
    ("kill_back", "after kill -9: it answers again after", "ms", 1.0),
    ("kill_slept", "then the last browser tries after", "ms", 1.0),
    ("kill_in_p50", "in, p50", "ms", 1.0),
    ("kill_in", "the last one in", "ms", 1.0),
    ("kill_ack_p95", "letters acknowledged, p95", "ms", 1.0),
    ("kill_ack", "the slowest letter", "ms", 1.0),
    ("kill_refused", "refused", "", 1.0),
    ("kill_never", "never in, or not acknowledged", "", 1.0),
    ("measure_unknown", "a measure, CPU, unknown", "ms", 1.0),
    ("measure_known", "known", "ms", 1.0),
    ("measure_of_many_unknown", "a measure of the large one, unknown", "ms", 1.0),
    ("measure_of_many_known", "known", "ms", 1.0),
    ("programme_unknown", "the large programme, unknown", "ms", 1.0),
    ("programme_known", "known", "ms", 1.0),
    ("overview_unknown", "its overview, unknown", "ms", 1.0),
    ("overview_known", "known", "ms", 1.0),
    *(
        (f"{state}_{key}", f"{state}: {title}", unit, factor)
        for state in ("cold", "warm")
        for key, title, unit, factor in (
            ("page_p50", "the page is there, p50", "ms", 1.0),
            ("page_p95", "the page is there, p95", "ms", 1.0),
            ("all", "all have it", "ms", 1.0),
            ("forms_p95", "the forms' answer, p95", "ms", 1.0),
            ("cpu", "server CPU, typing included", "s", 1.0),
            ("page_bytes", "bytes of the page", "kB", 1e-3),
            ("typed_p95", "key to the others, p95", "ms", 1.0),
        )
    ),
    *(
        (f"{during}_{key}", f"{during}: {title}", "ms", 1.0)
        for during in ("cold", "warm", "export", "compare", "import")
        for key, title in (("stall_p999", "stall, p99.9"), ("stall_max", "longest stall"))
    ),
    *((f"{during}_typed_p95", f"{during}: key, p95", "ms", 1.0) for during in ("export", "compare", "import")),
    ("lost", "lost", "", 1.0),
    ("doubled", "doubled", "", 1.0),
    ("lost_after_kill", "lost after kill -9", "", 1.0),
    ("generator_cpu", "CPU of the load generator", "s", 1.0),
    ("edits", "edits", "", 1.0),
)


def table(scenario: Scenario, results: dict[str, Figures]) -> str:
    """One line per figure; in brackets the ratio to the first server."""
    names = list(results)
    lines = [f"\n{scenario.name}: {scenario.says}", _line("", names)]
    for key, title, unit, factor in _ROWS:
        values = [results[name].get(key) for name in names]
        if any(value is not None for value in values):
            lines.append(_line(f"{title}{f' ({unit})' if unit else ''}", [_cell(v, values[0], factor) for v in values]))
    return "\n".join(lines)


def _line(title: str, cells: list[str]) -> str:
    return f"{title:36}" + "".join(f"{cell:>22}" for cell in cells)


def _cell(value: float | None, ours: float | None, factor: float) -> str:
    if value is None:
        return "-"
    shown = value * factor
    text = f"{shown:.0f}" if isinstance(value, int) or shown >= 100 else f"{shown:.2f}"
    return f"{text} ({ours / value:.2f})" if ours and value and value is not ours else text
