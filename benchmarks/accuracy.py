"""How well planted events and links are found, and how true scores are, on invented worlds not fitted on.

    python -m benchmarks.accuracy [--seeds 11 12] [--worlds default sparse] [--days 60] [--ships 250]
        [--told 10] [--json] [--write]

Some worlds go through the whole chain from positions; many more, made at the level of events in seconds
each, tell how true scores are. --write puts the figures into docs/accuracy.md and the drawing beside it.
These worlds are of the same maker as the ones fitted on; on real ships nothing is known.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from statistics import mean, pstdev
from string import Template

from benchmarks.reliability import Pairs, bins, drawing
from benchmarks.scoring import SAID, Score, brier, calibration_error, score
from benchmarks.worlds import told_world
from pipeline import gazetteer
from pipeline.console import print_json, print_line, print_table, progress_on
from pipeline.files import write_text
from pipeline.home import Home
from pipeline.scenario import WORLDS, write_scenario
from pipeline.settings import load_settings
from pipeline.steps.link import weigh
from pipeline.steps.run import run

FIRST_DAY = date(2026, 1, 1)
DOCS = Path(__file__).resolve().parent.parent / "docs"
HEAD = Template("""# Accuracy

Made by `make accuracy`, on invented worlds with seeds and habits that no weight was fitted on. **On real
ships nothing of this is verified**, until people have reviewed some hundred links.

## How true scores are

$n worlds of each kind of habits, made at the level of events: `any` draws habits as those fitted on were
drawn, `default` and `dishonest` are those of [scenarios](scenarios.md). Over links of 0.1 and more, of chains
0.01 and more. *Brier* is the mean squared distance of the score from the truth, *calibration error* by how
much the share of true links differs from what scores say, over fifths; beside it its mean and standard
deviation over single worlds.
""")
# Links under these are not counted. A chain's score is a product, and seldom reaches a tenth.
LEAST = {"sts": SAID, "port_relay": SAID, "chain": 0.01}
# Worlds at the level of events that nothing was fitted on: their habits, and their first seed.
TOLD = {"any": 9100, "default": 9200, "dishonest": 9300}


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


def tell(named: str, home: Path, seed: int) -> dict[str, list[tuple[float, bool]]]:
    """A world told at the level of events: by pattern, each score of LEAST and more, and whether true."""
    with told_world(named, seed, home) as (con, _, told):
        weigh(con, load_settings(home))
        rows = con.execute(
            """SELECT pattern, score, encounter_id, from_port_call_id, to_port_call_id, to_vessel_id,
                arrival_id
            FROM transshipment_links WHERE score >= $1 AND arrival_id IS NOT NULL ORDER BY link_id""",
            [min(LEAST.values())],
        ).fetchall()
    chains = {(a, c, arrival) for a, _, _, c, arrival in told.chains}
    true: dict[str, Callable[[str, str, str, str, str], bool]] = {
        "sts": lambda met, a, b, ship, arrival: (met, ship, arrival) in told.sts,
        "port_relay": lambda met, a, b, ship, arrival: (a, b, arrival) in told.port_relays,
        "chain": lambda met, a, b, ship, arrival: (a, b, arrival) in chains,
    }
    out: dict[str, list[tuple[float, bool]]] = {pattern: [] for pattern in true}
    for pattern, said, *ids in rows:
        if said >= LEAST[pattern]:
            out[pattern].append((said, true[pattern](*ids)))
    return out


def told_scores(n_worlds: int) -> dict[str, list[dict[str, list[tuple[float, bool]]]]]:
    """So many worlds of each of TOLD, two at a time."""
    progress = progress_on(sys.stderr)
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder, ProcessPoolExecutor(2) as pool:
        home = Home(Path(folder)).create()
        gazetteer.prepare(home)
        out = {}
        for named, first in TOLD.items():
            with progress.task(f"{n_worlds} worlds {named}, told as events"):
                out[named] = list(pool.map(partial(tell, named, home.root), range(first, first + n_worlds)))
    return out


def page(total: Score, told: Mapping[str, Sequence[Mapping[str, Pairs]]], asked: argparse.Namespace) -> str:
    """docs/accuracy.md: what was measured, on what, and the command."""
    rows = [
        HEAD.substitute(n=asked.told).rstrip(),
        "",
        "| pattern | habits | links | true | Brier | calibration error | of one world |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for pattern in ("sts", "port_relay", "chain"):
        for named, worlds in told.items():
            pairs = [pair for world in worlds for pair in world[pattern]]
            each = [calibration_error(world[pattern]) for world in worlds if world[pattern]]
            spread = f"{mean(each):.3f} ± {pstdev(each):.3f}" if each else ""
            rows.append(
                f"| {pattern} | {named} | {len(pairs)} | {sum(y for _, y in pairs)} | {_figure(brier(pairs))}"
                f" | {_figure(calibration_error(pairs))} | {spread} |"
            )
    rows += [
        "",
        "![What links said, and the share that was true](accuracy.svg)",
        "",
        "All habits together; bars are 95 % intervals.",
        "",
        "| pattern | score | links | said | true | 95 % interval |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for pattern, pairs in _pooled(told).items():
        rows += [
            f"| {pattern} | {int(fifth.said * 5) / 5:.1f} to {int(fifth.said * 5) / 5 + 0.2:.1f} | {fifth.n}"
            f" | {fifth.said:.2f} | {fifth.true:.2f} | {fifth.low:.2f} to {fifth.high:.2f} |"
            for fifth in bins(pairs)
        ]
    rows += [
        "",
        "## From positions to links",
        "",
        f"Worlds {', '.join(asked.worlds)}, seeds {', '.join(map(str, asked.seeds))}, {asked.days} days and"
        f" {asked.ships} ships each, through the whole chain, counts added up.",
        "",
        "| | recall | found | of | precision | right | of |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| {name} | {_figure(t.recall)} | {t.found} | {t.asked}"
        f" | {_figure(t.precision)} | {t.right} | {t.claimed} |"
        for name, t in total.tallies.items()
    ]
    rows += ["", "| decoys | fooled | of |", "| --- | --- | --- |"]
    rows += [f"| {kind} | {n} | {of} |" for kind, (n, of) in total.fooled.items()]
    return "\n".join(rows) + "\n"


def _figure(value: float) -> str:
    """Three digits; nothing where there was nothing to count."""
    return "" if math.isnan(value) else f"{value:.3f}"


def _pooled(told: Mapping[str, Sequence[Mapping[str, Pairs]]]) -> dict[str, Pairs]:
    return {
        pattern: [pair for worlds in told.values() for world in worlds for pair in world[pattern]]
        for pattern in ("sts", "port_relay", "chain")
    }


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
    parser.add_argument("--told", type=int, default=10, help="worlds of each kind told as events")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="into docs/accuracy.md and accuracy.svg")
    asked = parser.parse_args()
    total = Score()
    for world in asked.worlds:
        for seed in asked.seeds:
            total.add(measure(world, seed, asked.days, asked.ships))
    told = told_scores(asked.told) if asked.told else {}
    if asked.write:
        write_text(DOCS / "accuracy.md", page(total, told, asked))
        write_text(DOCS / "accuracy.svg", drawing(_pooled(told)))
    if asked.json:
        print_json(figures(total))
    else:
        show(total)
        for pattern, pairs in _pooled(told).items():
            print_line(
                f"{pattern}, told as events: {len(pairs)} links, Brier {brier(pairs):.3f},"
                f" calibration error {calibration_error(pairs):.3f}"
            )


if __name__ == "__main__":
    main()
