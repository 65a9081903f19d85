"""How well planted events and links are found: invented worlds through the whole chain, scored together.

    python -m benchmarks.accuracy [--seeds 11 12] [--worlds default sparse] [--days 60] [--ships 250] [--json]

These worlds are of the same maker as the ones the scores were calibrated on; on real ships nothing is known.
"""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.scoring import SAID, Score, brier, calibration_error, score
from pipeline.console import print_json, print_line, print_table, progress_on
from pipeline.home import Home
from pipeline.scenario import WORLDS, write_scenario
from pipeline.settings import load_settings
from pipeline.steps.run import run

FIRST_DAY = date(2026, 1, 1)


def measure(world: str, seed: int, days: int, ships: int) -> Score:
    """Make one world, find its links, and hold them against its truth."""
    progress = progress_on(sys.stderr)
    with (
        tempfile.TemporaryDirectory(prefix="accuracy-") as folder,
        progress.task(f"world {world}, seed {seed}"),
    ):
        scenario = write_scenario(
            Path(folder) / "ais", seed=seed, days=days, ships=ships, first_day=FIRST_DAY, habits=WORLDS[world]
        )
        home = Home(Path(folder) / "home")
        run(home, load_settings(home.root), "dma", scenario.files)
        return score(home.database, scenario.truth)


def figures(total: Score) -> dict[str, object]:
    """The figures for a program."""
    return {
        "found": {
            name: {"recall": tally.recall, "precision": tally.precision, **vars(tally)}
            for name, tally in total.tallies.items()
        },
        "fooled": {kind: {"fooled": n, "of": of} for kind, (n, of) in total.fooled.items()},
        "scores": {
            pattern: {
                "links": len(pairs),
                "brier": brier(pairs),
                "calibration_error": calibration_error(pairs),
            }
            for pattern, pairs in total.said.items()
        },
    }


def show(total: Score) -> None:
    """The figures for a person."""
    print_table(
        ["", "recall", "found", "of", "precision", "right", "of "],
        [
            (name, round(t.recall, 3), t.found, t.asked, round(t.precision, 3), t.right, t.claimed)
            for name, t in total.tallies.items()
        ],
    )
    print_line()
    print_table(["decoys", "fooled", "of"], [(kind, n, of) for kind, (n, of) in total.fooled.items()])
    print_line()
    print_table(
        [f"links of {SAID:g} and more", "n", "true", "Brier", "calibration error"],
        [
            (name, len(p), sum(y for _, y in p), round(brier(p), 3), round(calibration_error(p), 3))
            for name, p in total.said.items()
        ],
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12])
    parser.add_argument("--worlds", nargs="+", choices=sorted(WORLDS), default=sorted(WORLDS))
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--ships", type=int, default=250)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    total = Score()
    for world in asked.worlds:
        for seed in asked.seeds:
            total.add(measure(world, seed, asked.days, asked.ships))
    if asked.json:
        print_json(figures(total))
    else:
        show(total)


if __name__ == "__main__":
    main()
