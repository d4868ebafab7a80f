"""`make bench`: measures Klimawerk beside other collaboration servers. See README.md, "How fast"."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.load import bench_data, report
from tests.load.bench_data import Ground
from tests.load.competitors import Competitor, Hocuspocus, KlimawerkCompetitor, KlimawerkProcesses, YWebsocket
from tests.load.process_cost import Figures
from tests.load.scenarios import SCENARIOS
from tests.servers import PostgreSQL, valkey


def main() -> int:
    """Measure what was selected, print a table after each scenario, write everything as JSON."""
    arguments = _arguments()
    results: dict[str, dict[str, Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="klimawerk-bench-") as place:
        folder = Path(place)
        if arguments.processes:
            return _written(_processes(arguments, folder), arguments.out)
        prepared = folder / "prepared.sqlite"
        made = bench_data.prepare(f"sqlite:///{prepared}", folder / "instance")
        for name in arguments.only:
            results[name] = _run(name, folder / name, prepared, made, arguments)
            print(report.table(SCENARIOS[name], results[name]), flush=True)
    return _written(results, arguments.out)


def _written(results: dict[str, dict[str, Figures]], out: str) -> int:
    Path(out).write_text(json.dumps(results, indent=1) + "\n")
    print(f"Everything as JSON: {out}")
    return 0


def _processes(arguments: argparse.Namespace, folder: Path) -> dict[str, dict[str, Figures]]:
    """The scenarios with one and with two processes on PostgreSQL; PostgreSQL's own cost is not counted."""
    results: dict[str, dict[str, Figures]] = {}
    database = PostgreSQL(durable=True)
    with valkey() as queue:
        template = database.create()
        made = bench_data.prepare(template, folder / "instance")
        for name in arguments.only:
            contenders = [
                KlimawerkProcesses(folder / f"{name}-{workers}", made, workers, database.create(template), queue)
                for workers in (1, 2)
            ]
            results[name] = _measured(name, contenders, arguments)
            print(report.table(SCENARIOS[name], results[name]), flush=True)
    database.stop()
    return results


def _run(name: str, folder: Path, prepared: Path, made: Ground, arguments: argparse.Namespace) -> dict[str, Figures]:
    contenders: list[Competitor] = [KlimawerkCompetitor(folder / "klimawerk", prepared, made)]
    if arguments.peers and not SCENARIOS[name].ours:
        contenders += [Hocuspocus(folder / "hocuspocus"), YWebsocket(folder / "y-websocket")]
    return _measured(name, contenders, arguments)


def _measured(name: str, contenders: Sequence[Competitor], arguments: argparse.Namespace) -> dict[str, Figures]:
    figures = {}
    for contender in contenders:
        print(f"{name}: {contender.title} ...", file=sys.stderr, flush=True)
        try:
            figures[contender.title] = SCENARIOS[name].run(contender, arguments.seconds)
        finally:
            contender.kill()
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(SCENARIOS), help="S1,S3")
    parser.add_argument("--seconds", type=float, default=20, help="how long is typed in each scenario")
    parser.add_argument("--peers", type=int, default=1, help="0 leaves the peers out")
    parser.add_argument("--processes", type=int, default=0, help="1: one process beside two, on PostgreSQL")
    parser.add_argument("--out", default="bench.json", help="where the figures are written")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
