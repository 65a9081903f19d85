"""Fit the weights of sts on invented worlds of many habits, and say how well they do on others.

    python -m benchmarks.fit_sts [--worlds 40] [--held-out 10] [--write]

A logistic regression over the levels of docs/methods.md, each weight drawn back to judgement (a normal prior
of standard deviation STRAY) and held within SPAN of it: none changes the sign that its reason gives it, for
what speaks the other way in these worlds is their maker's quirk, and none leaves nought. What their meetings
cannot show (kinds of meeting, unfit types, stays on the way) stays as judged. Needs scipy:
requirements/fit.txt.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from benchmarks.fit import Floats, calibration, judgements, write
from benchmarks.worlds import told_world
from pipeline import gazetteer
from pipeline.console import print_line
from pipeline.home import Home
from pipeline.settings import load_settings
from pipeline.steps.link import sts_levels

Level = tuple[str, str]
STRAY = 0.5
# The least and the most that is left of a judged weight.
SPAN = (0.5, 1.5)
FIXED = ("meeting", "types", "way")
KEYS = ["encounter_id", "to_vessel_id", "arrival_id", "from_vessel_id"]


@dataclass(frozen=True)
class Meetings:
    """One world's meetings before an arrival, each way: levels by kind, what is true, what was planted."""

    levels: pd.DataFrame
    true: np.ndarray[tuple[int], np.dtype[np.bool_]]
    planted: list[str]
    n_asked: int


def make(named: str, home: Path, seed: int) -> Meetings:
    """A world's meetings with the levels that linking sees there."""
    with told_world(named, seed, home) as (con, made, told):
        frame = sts_levels(con, load_settings(home))
    kinds = {frozenset((f"v{m.a:04d}", f"v{m.b:04d}")): m.kind for m in made.meetings}
    pairs = zip(frame["from_vessel_id"], frame["to_vessel_id"], strict=True)
    ids = zip(frame["encounter_id"], frame["to_vessel_id"], frame["arrival_id"], strict=True)
    return Meetings(
        frame.drop(columns=KEYS),
        np.array([key in told.sts for key in ids], dtype=bool),
        [kinds.get(frozenset(pair), "") for pair in pairs],
        len(told.sts),
    )


def matrix(meetings: Meetings, names: Sequence[Level]) -> Floats:
    """(meetings, names): one where a meeting has the level; the prior is one everywhere."""
    columns = [
        np.ones(len(meetings.true)) if kind == "prior" else (meetings.levels[kind] == level).to_numpy(float)
        for kind, level in names
    ]
    return np.stack(columns, axis=1)


def fit(samples: Sequence[Meetings], judged: Mapping[Level, float]) -> dict[Level, float]:
    """Weights that make what is true likeliest, drawn back to judgement and within SPAN of it."""
    names = list(judged)
    x = np.concatenate([matrix(s, names) for s in samples])
    y = np.concatenate([s.true for s in samples]).astype(float)
    start = np.array([judged[name] for name in names])

    low, high = SPAN

    def bounds(name: Level, weight: float) -> tuple[float | None, float | None]:
        if name[0] == "prior":
            return None, None
        if name[0] in FIXED:
            return weight, weight
        return min(low * weight, high * weight), max(low * weight, high * weight)

    def loss(weights: Floats) -> tuple[float, Floats]:
        s = x @ weights
        away = (weights - start) / STRAY
        value = (np.logaddexp(0, s) - y * s).sum() + 0.5 * (away**2).sum()
        return float(value), x.T @ (1 / (1 + np.exp(-s)) - y) + away / STRAY

    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[bounds(*item) for item in judged.items()]
    )
    return dict(zip(names, map(float, found.x), strict=True))


def scores(meetings: Meetings, weights: Mapping[Level, float]) -> Floats:
    """The probability of each."""
    return np.asarray(1 / (1 + np.exp(-(matrix(meetings, list(weights)) @ np.array(list(weights.values()))))))


def tell(name: str, samples: Sequence[Meetings], weights: Mapping[Level, float]) -> None:
    """One line: recall and precision at one half (mean and spread over worlds), decoys, calibration."""
    ps = [scores(s, weights) for s in samples]
    recall = [s.true[p >= 0.5].sum() / max(s.n_asked, 1) for s, p in zip(samples, ps, strict=True)]
    precision = [s.true[p >= 0.5].sum() / max((p >= 0.5).sum(), 1) for s, p in zip(samples, ps, strict=True)]
    said, true = np.concatenate(ps), np.concatenate([s.true for s in samples])
    planted = np.array([kind for s in samples for kind in s.planted])
    fooled = {
        kind: f"{((planted == kind) & (said >= 0.5)).sum()} of {(planted == kind).sum()}"
        for kind in ("reverse_flow", "delivered_before_russia", "meeting_after_russia")
    }
    error, n = calibration(said, true)
    print_line(
        f"{name}: recall {np.mean(recall):.3f} (sd {np.std(recall):.3f}), precision {np.mean(precision):.3f}"
        f" (sd {np.std(precision):.3f}), fooled by "
        + ", ".join(f"{kind} {of}" for kind, of in fooled.items())
        + f", calibration error {error:.3f} and Brier {np.mean((said - true)[said >= 0.1] ** 2):.3f}"
        f" over {n} links"
    )


def worlds(named: str, seeds: Sequence[int], home: Path) -> Iterator[Meetings]:
    """Several, two at a time."""
    with ProcessPoolExecutor(2) as pool:
        yield from pool.map(partial(make, named, home), seeds)


def main() -> None:
    """Fit, tell, and write if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--held-out", type=int, default=10)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fit-sts-") as folder:
        home = Path(folder)
        Home(home).create()
        gazetteer.prepare(Home(home))
        samples = list(worlds("any", range(5000, 5000 + asked.worlds), home))
        held = {
            name: list(worlds(name, range(first, first + asked.held_out), home))
            for name, first in (("any", 6000), ("default", 7000), ("dishonest", 8000))
        }
    kinds = {"prior", *samples[0].levels.columns}
    judged = {name: weight for name, weight in judgements("sts").items() if name[0] in kinds}
    weights = fit(samples, judged)
    for name, several in {"fitted on": samples, **held}.items():
        tell(f"judgement, {name}", several, judged)
        tell(f"fitted, {name}", several, weights)
    for level, weight in weights.items():
        print_line(f"{level[0]},{level[1]},{judged[level]:+.2f},{weight:+.2f}")
    if asked.write:
        write(weights, "sts")


if __name__ == "__main__":
    main()
