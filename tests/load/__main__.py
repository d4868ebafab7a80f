"""`make bench`: measures Klimawerk beside its peers. See README.md, "How fast"."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.load import ground, report
from tests.load.contenders import Contender, Hocuspocus, Klimawerk, YWebsocket
from tests.load.ground import Ground
from tests.load.measures import Figures
from tests.load.scenarios import SCENARIOS


def main() -> int:
    """Measure what was asked for, print a table after each scenario, write everything as JSON."""
    asked = _arguments()
    results: dict[str, dict[str, Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="klimawerk-bench-") as place:
        folder = Path(place)
        prepared = folder / "prepared.sqlite"
        made = ground.prepare(f"sqlite:///{prepared}", folder / "instance")
        for name in asked.only:
            results[name] = _run(name, folder / name, prepared, made, asked)
            print(report.table(SCENARIOS[name], results[name]), flush=True)
    Path(asked.out).write_text(json.dumps(results, indent=1) + "\n")
    print(f"Everything as JSON: {asked.out}")
    return 0


def _run(name: str, folder: Path, prepared: Path, made: Ground, asked: argparse.Namespace) -> dict[str, Figures]:
    contenders: list[Contender] = [Klimawerk(folder / "klimawerk", prepared, made)]
    if asked.peers and not SCENARIOS[name].ours:
        contenders += [Hocuspocus(folder / "hocuspocus"), YWebsocket(folder / "y-websocket")]
    figures = {}
    for contender in contenders:
        print(f"{name}: {contender.title} ...", file=sys.stderr, flush=True)
        try:
            figures[contender.title] = SCENARIOS[name].run(contender, asked.seconds)
        finally:
            contender.kill()
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(SCENARIOS), help="S1,S3")
    parser.add_argument("--seconds", type=float, default=20, help="how long is typed in each scenario")
    parser.add_argument("--peers", type=int, default=1, help="0 leaves the peers out")
    parser.add_argument("--out", default="bench.json", help="where the figures are written")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
