"""Time and memory of linking: an invented world at the level of events, as large as a year of a busy hub.

    python -m benchmarks.linking [--ships 1200] [--days 90]

Prints hub calls, Russian arrivals, candidates, links, seconds and the process's peak memory.
"""

import argparse
import resource
import tempfile
import time
from datetime import datetime
from pathlib import Path

from pipeline import gazetteer
from pipeline.console import print_line
from pipeline.engine import connect
from pipeline.files import make_folder
from pipeline.home import Home
from pipeline.scenario import DEFAULT, cargo, world
from pipeline.scenario.events import tell_events
from pipeline.settings import load_settings
from pipeline.steps.link import weigh


def main() -> None:
    """Make the world, link it, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ships", type=int, default=1200)
    parser.add_argument("--days", type=int, default=90)
    asked = parser.parse_args()
    made = world.build(1, asked.days, asked.ships, DEFAULT)
    links = cargo.settle(made, 1)
    with tempfile.TemporaryDirectory(prefix="linking-") as folder:
        home = Home(Path(folder)).create()
        settings = load_settings(home.root)
        scratch = make_folder(home.work / "scratch")
        with connect(settings, scratch, home.work / "links.duckdb") as con:
            gazetteer.prepare(home).attach(con)
            tell_events(con, made, links, 1, datetime(2026, 1, 1))  # noqa: DTZ001 (naive UTC throughout)
            before = time.perf_counter()
            result = weigh(con, settings)
            seconds = time.perf_counter() - before
            calls, arrivals = con.execute(
                "SELECT (SELECT count(*) FROM hub_calls), (SELECT count(*) FROM russia_arrivals)"
            ).fetchone() or (0, 0)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print_line(
        f"{calls:,} hub calls, {arrivals:,} Russian arrivals: {result.n_candidates:,} candidates,"
        f" {sum(result.n_links.values()):,} links in {seconds:.1f} s, peak {peak_gb:.2f} GB"
    )


if __name__ == "__main__":
    main()
