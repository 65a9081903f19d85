"""Worlds at the level of events, of named habits or of habits drawn from wide ranges: to fit, to measure."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np

from pipeline import gazetteer
from pipeline.home import Home
from pipeline.scenario import DEFAULT, WORLDS, Habits, cargo, world
from pipeline.scenario.events import Told, tell_events

FIRST_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 (naive UTC throughout)


def some_habits(seed: int) -> Habits:
    """Habits drawn from wide ranges: nobody has measured them, so weights must not rest on one set."""
    rng = np.random.default_rng([seed, 99])
    honest, scale = float(rng.uniform(0.2, 0.85)), float(rng.choice([1.0, 2.0, 3.0, 4.0]))
    return replace(
        DEFAULT,
        honest_destination=honest,
        false_destination=float(rng.uniform(0.05, (1 - honest) * 0.9)),
        vague_destination=float(rng.uniform(0.0, 0.3)),
        forget_destination=float(rng.uniform(0.05, 0.35)),
        draught_updated=float(rng.uniform(0.3, 0.9)),
        relay_draught_updated=float(rng.uniform(0.2, 1.0)),
        ordinary_load=float(rng.choice([0.15, 0.4, 1.0])),
        relay_load=(0.5 * scale, 1.2 * scale),
        relay_share=float(rng.uniform(0.05, 0.6)),
        relay_new=float(rng.choice([1, 1, 2, 4])),
        relay_loyal=float(rng.choice([0, 0.3, 0.6, 0.9])),
        relay_asia=float(rng.choice([0, 0.3, 0.6, 1.0])),
        relay_near=float(rng.choice([0, 0.3, 0.6, 0.9])),
        mean_wait_days=float(rng.uniform(1.5, 8)),
        chain_share=float(rng.uniform(0.05, 0.4)),
        sts_hours=(float(rng.uniform(4, 10)), float(rng.uniform(14, 40))),
        sts_between=float(rng.uniform(0.0, 0.5)),
        sts_between_hours=(float(rng.uniform(8, 14)), float(rng.uniform(14, 34))),
        reverse_russian=float(rng.uniform(0.3, 1)),
    )


@contextmanager
def told_world(
    named: str, seed: int, home: Path
) -> Iterator[tuple[duckdb.DuckDBPyConnection, world.World, Told]]:
    """A world at the level of events, in a database of its own."""
    rng = np.random.default_rng([seed, 98])
    days, ships = int(rng.choice([60, 75, 90])), int(rng.choice([80, 130, 190, 260]))
    habits = some_habits(seed) if named == "any" else WORLDS[named]
    made = world.build(seed, days, ships if named == "any" else 260, habits)
    links = cargo.settle(made, seed)
    with duckdb.connect() as con:
        con.execute("SET threads = 1; SET TimeZone = 'UTC'")
        gazetteer.prepare(Home(home)).attach(con)
        yield con, made, tell_events(con, made, links, seed, FIRST_DAY)
