"""Fit the weights of port_relay on invented worlds of many habits, and say how well they do on others.

    python -m benchmarks.fit [--worlds 60] [--held-out 12] [--write]

The model is the one of docs/methods.md: ship B's candidates and "none of them" compete, in odds that are
products of the levels' weights. Judgement is the starting point: each weight is drawn back to the one in the
column `judged`. Those of sts are fitted by benchmarks.fit_sts.
Needs scipy: requirements/fit.txt.
"""

import argparse
import csv
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.worlds import told_world
from pipeline import gazetteer
from pipeline.console import print_line
from pipeline.home import Home
from pipeline.settings import load_settings
from pipeline.steps.link import relay_levels

Floats = NDArray[np.float64]
# How far a weight may stray from judgement: the standard deviation of a normal prior, in log odds.
STRAY = 0.8


@dataclass(frozen=True)
class Sample:
    """One world's candidates: ship B's call of each, their levels by kind, and which are true."""

    taker: NDArray[np.int64]
    levels: dict[str, NDArray[np.object_]]
    true: NDArray[np.bool_]
    n_asked: int
    arrival: NDArray[np.object_]


def make(named: str, seed: int, home: Path) -> Sample:
    """The relays' candidates of a world, with the levels that linking sees there."""
    with told_world(named, seed, home) as (con, _, told):
        frame = relay_levels(con, load_settings(home))
    pairs = list(zip(frame["from_port_call_id"], frame["to_port_call_id"], frame["arrival_id"], strict=True))
    levels = {name: frame[name].to_numpy() for name in frame.columns if name not in KEYS}
    _, taker = np.unique(frame["to_port_call_id"].to_numpy().astype(str), return_inverse=True)
    true = np.array([pair in told.port_relays for pair in pairs])
    return Sample(taker, levels, true, len(told.port_relays), frame["arrival_id"].to_numpy())


KEYS = ("from_port_call_id", "to_port_call_id", "arrival_id", "to_vessel_id")


@dataclass(frozen=True)
class Columns:
    """Each (kind, level) that weighs something, as a column of ones and noughts kept as its rows' numbers."""

    names: list[tuple[str, str]]

    def rows(self, sample: Sample) -> NDArray[np.int64]:
        """(candidates, kinds): the column each candidate has in each kind, len(names) for none."""
        where = {name: n for n, name in enumerate(self.names)}
        return np.stack(
            [
                np.array([where.get((kind, level), len(self.names)) for level in sample.levels[kind]])
                for kind in sample.levels
            ],
            axis=1,
        )


def scores(weights: Floats, columns: NDArray[np.int64], taker: NDArray[np.int64]) -> Floats:
    """The probability of each candidate; weights[-1] is the prior."""
    s = np.append(weights[:-1], 0.0)[columns].sum(axis=1) + weights[-1]
    odds = np.exp(np.clip(s, -30, 20))
    return odds / (1 + np.bincount(taker, odds))[taker]


def fit(samples: Sequence[Sample], columns: Columns, judgement: Floats) -> Floats:
    """Weights that make what is true likeliest, drawn back to judgement."""
    rows = np.concatenate([columns.rows(s) for s in samples])
    steps = np.cumsum([0] + [int(s.taker.max()) + 1 for s in samples])
    taker = np.concatenate([s.taker + step for s, step in zip(samples, steps, strict=False)])
    true = np.concatenate([s.true for s in samples]).astype(float)
    n_true = np.bincount(taker, true)
    # A taker of several donors counts once for each of them.
    share = np.maximum(n_true, 1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        s = np.append(weights[:-1], 0.0)[rows].sum(axis=1) + weights[-1]
        odds = np.exp(np.clip(s, -30, 20))
        whole = 1 + np.bincount(taker, odds)
        value = (np.log(whole) * share).sum() - (s * true).sum()
        slope_s = (odds / whole[taker]) * share[taker] - true
        slope = np.array(
            [np.bincount(rows[:, k], slope_s, len(columns.names) + 1) for k in range(rows.shape[1])]
        )
        gradient = np.append(slope.sum(axis=0)[:-1], slope_s.sum())
        away = weights - judgement
        return value + 0.5 * (away**2).sum() / STRAY**2, gradient + away / STRAY**2

    found = minimize(loss, judgement, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x)


def average_precision(p: Floats, sample: Sample) -> float:
    """As average precision is defined for a ranked list, over what was asked for."""
    order = np.argsort(-p, kind="stable")
    y = sample.true[order]
    return float((np.cumsum(y) / np.arange(1, len(y) + 1) * y).sum() / max(sample.n_asked, 1))


def first_right(p: Floats, sample: Sample) -> tuple[int, int]:
    """Of the true donors, how many rank first among the candidates for their arrival."""
    best: dict[str, tuple[float, bool]] = {}
    for score, true, arrival in zip(p, sample.true, sample.arrival, strict=True):
        if arrival not in best or score > best[arrival][0]:
            best[arrival] = (score, bool(true))
    return sum(best[a][1] for a, t in zip(sample.arrival, sample.true, strict=True) if t), int(
        sample.true.sum()
    )


def calibration(p: Floats, true: NDArray[np.bool_], at_least: float = 0.1) -> tuple[float, int]:
    """Mean difference of five bins between what was said and what was true, over links of so much."""
    said = p >= at_least
    bins = np.minimum((p[said] * 5).astype(int), 4)
    off = np.abs(np.bincount(bins, p[said] - true[said], 5)).sum()
    return float(off / max(said.sum(), 1)), int(said.sum())


def tell(name: str, weights: Floats, columns: Columns, samples: Sequence[Sample]) -> None:
    """One line of figures."""
    ps = [scores(weights, columns.rows(s), s.taker) for s in samples]
    aps = np.array([average_precision(p, s) for p, s in zip(ps, samples, strict=True)])
    right = np.array([first_right(p, s) for p, s in zip(ps, samples, strict=True)])
    error, n = calibration(np.concatenate(ps), np.concatenate([s.true for s in samples]))
    tops = right[:, 0] / np.maximum(right[:, 1], 1)
    strong = np.concatenate(ps) >= 0.5
    top = right[:, 0].sum() / right[:, 1].sum()
    print_line(
        f"{name}: average precision {aps.mean():.3f} (sd {aps.std():.3f}), right donor first {top:.3f}"
        f" (sd {tops.std():.3f}), calibration error {error:.3f} over {n} links,"
        f" {strong.sum()} of one half and more"
    )


def worlds(named: str, seeds: Sequence[int], home: Path) -> Iterator[Sample]:
    """Several, two at a time."""
    with ProcessPoolExecutor(2) as pool:
        yield from pool.map(make, [named] * len(seeds), seeds, [home] * len(seeds))


def main() -> None:
    """Fit, tell, and write if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--held-out", type=int, default=12)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fit-") as folder:
        home = Path(folder)
        Home(home).create()
        gazetteer.prepare(Home(home))
        samples = list(worlds("any", range(1000, 1000 + asked.worlds), home))
        held = {
            name: list(worlds(name, range(first, first + n), home))
            for name, first, n in (
                ("any", 2000, asked.held_out),
                ("default", 3000, 4),
                ("dishonest", 4000, 4),
            )
        }
    found = sorted({(k, str(v)) for s in samples for k, vs in s.levels.items() for v in set(vs)})
    names = [(k, v) for k, v in found if v != "unknown"]
    table = judgements()
    start = np.array([table.get(name, 0.0) for name in names] + [table["relay_prior", "all"]])
    columns = Columns(names)
    tell("judgement, others", start, columns, held["any"])
    weights = fit(samples, columns, start)
    tell("fitted on", weights, columns, samples)
    for name, several in held.items():
        tell(f"held out, {name}", weights, columns, several)
    for name, weight in zip([*names, ("relay_prior", "all")], weights, strict=True):
        print_line(f"{name[0]},{name[1]},{weight:.2f}")
    if asked.write:
        write(dict(zip([*names, ("relay_prior", "all")], weights, strict=True)))


WEIGHTS = Path(__file__).resolve().parent.parent / "pipeline" / "linking" / "weights.csv"


def judgements(pattern: str = "port_relay") -> dict[tuple[str, str], float]:
    """Judged weights, in log odds."""
    with WEIGHTS.open(encoding="utf-8", newline="") as file:
        return {
            (row["kind"], row["level"]): float(row["judged"])
            for row in csv.DictReader(file)
            if row["pattern"] == pattern
        }


def write(weights: Mapping[tuple[str, str], float], pattern: str = "port_relay") -> None:
    """Put the fitted weights, rounded to thousandths, into the weights' file."""
    with WEIGHTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        weight = weights.get((row["kind"], row["level"]))
        if row["pattern"] == pattern and weight is not None and math.isfinite(weight):
            row["weight"] = f"{weight:.3f}"
    with WEIGHTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
