"""`make thin`: measures how long a measure's page takes to load on a slow connection. See README.md, "How fast"."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests import browsers
from tests.servers import KlimawerkServer
from tests.thin.shaped_line import DELAY, RATE, ShapedLine, Weather, thin
from tests.thin.slow_line_experiment import Experiment, Seconds, served, trusting
from tests.thin.slow_phone import GOAL, measure_taps

STEPS = {
    "readable": ("readable: the text is painted, in its style", 3.0),
    "script": ("the page's script has run", None),
    "online": ("connected", None),
    "editing": ("the caret is in the editor", None),
    "typed": ("the first word stands there", 7.0),
    "saved": ("the first word is stored, and said to be", None),
    "neighbour": ("a neighbour's word: after they see it", 1.5),
}
"""What is measured, with its goal: seconds since the page was requested, but for the last."""


def main() -> int:
    """Measure, print a table, write the results as JSON."""
    arguments = _arguments()
    results: dict[str, list[Seconds]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="klimawerk-thin-") as place,
        served(Path(place), behind=arguments.nginx) as (server, people, path),
        browsers.chromium(*([trusting(str(server.verify))] if arguments.nginx else [])) as browser,
        _line(server, arguments) as line,
    ):
        experiment = Experiment(browser, server, line, people, path)
        for number in range(arguments.runs):
            print(f"run {number + 1} of {arguments.runs} ...", file=sys.stderr, flush=True)
            for which, seconds, fetched in experiment.run():
                results.setdefault(which, []).append(seconds)
                if arguments.waterfall and not number:
                    print(_waterfall(which, fetched))
        print(f"{line.stalls} stalls, {line.resets} resets", file=sys.stderr)
        phone = measure_taps(
            browser, server.url, path, people["editor", "de"], slower=arguments.phone, runs=arguments.runs
        )
    print(_table(results, arguments))
    print(
        f"\na phone {arguments.phone} times slower, seconds after the HTML, p50: "
        f"the script has run {phone['script']:.2f}, a tap has opened a field {phone['open']:.2f} (goal {GOAL})"
    )
    figures = {"load": os.getloadavg(), "visits": results, "phone": phone}
    Path(arguments.out).write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _line(server: KlimawerkServer, arguments: argparse.Namespace) -> AbstractContextManager[ShapedLine]:
    scheme, _, port = server.url.split(":")
    weather = Weather(arguments.seed) if arguments.seed else None
    return thin(int(port), scheme=scheme, rate=arguments.rate * 125, delay=arguments.trip / 2_000, weather=weather)


def _table(results: dict[str, list[Seconds]], arguments: argparse.Namespace) -> str:
    """One line per step: median and maximum of each visit."""
    way = "nginx, TLS" if arguments.nginx else "directly"
    load = os.getloadavg()[0]
    lines = [
        f"\n{arguments.rate} kbit/s, {arguments.trip} ms, {way}; {arguments.runs} runs, load {load:.1f}; "
        "seconds, p50 (max)"
    ]
    lines.append(f"{'':46}{'goal':>6}" + "".join(f"{which:>18}" for which in results))
    for step, (title, goal) in STEPS.items():
        cells = [_cell([seconds[step] for seconds in visits if step in seconds]) for visits in results.values()]
        lines.append(f"{title:46}{goal or '':>6}" + "".join(f"{cell:>18}" for cell in cells))
    return "\n".join(lines)


def _cell(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({max(seconds):.2f})" if seconds else "-"


def _waterfall(which: str, fetched: list[dict[str, Any]]) -> str:
    lines = [f"\n{which}: asked, first byte, last byte (s), bytes"]
    for one in sorted(fetched, key=lambda one: one["asked"]):
        lines.append(f"{one['asked']:7.2f}{one['began']:7.2f}{one['ended']:7.2f}{one['bytes']:8}  {one['name']}")
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make thin")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--nginx", action="store_true", help="over TLS, as the README sets nginx up")
    parser.add_argument("--rate", type=float, default=RATE / 125, help="kbit/s in each direction")
    parser.add_argument("--trip", type=float, default=DELAY * 2_000, help="ms there and back")
    parser.add_argument("--seed", type=int, default=0, help="of stalls and resets; 0 for none")
    parser.add_argument("--phone", type=int, default=6, help="how many times slower the phone's processor is")
    parser.add_argument("--waterfall", action="store_true", help="print what the first run fetched, and when")
    parser.add_argument("--out", default="thin.json", help="where the figures are written")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
