"""Worlds that several tests look at, made once."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.scenario import DEFAULT, cargo, danish, reports, truth, world, write_scenario
from pipeline.scenario.reports import Heard
from pipeline.scenario.world import World

FIRST_DAY = date(2025, 10, 1)
SEED = 7


@dataclass
class Written:
    """A scenario on disk, its reports as one table, and its truth."""

    files: list[Path]
    truth: dict[str, Any]
    con: duckdb.DuckDBPyConnection


@dataclass
class Told:
    """A scenario of the demo's size that was not written: the world, what was heard of it, its truth."""

    world: World
    heard: list[Heard]
    truth: dict[str, Any]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """80 ships over 30 days, as files."""
    folder = tmp_path_factory.mktemp("scenario")
    made = write_scenario(folder, seed=SEED, days=30, ships=80, first_day=FIRST_DAY)
    con = duckdb.connect()
    con.execute(
        """CREATE TABLE rows AS
        SELECT *, strptime("# Timestamp", '%d/%m/%Y %H:%M:%S') AS time, CAST("Latitude" AS DOUBLE) AS lat,
          CAST("Longitude" AS DOUBLE) AS lon, CAST("MMSI" AS BIGINT) AS mmsi_n
        FROM read_csv(?, all_varchar = true, filename = true)""",
        [[str(path) for path in made.files]],
    )
    return Written(made.files, json.loads(made.truth.read_text("utf-8")), con)


@pytest.fixture(scope="session")
def told() -> Told:
    """260 ships over 75 days, in memory."""
    made = world.build(SEED, 75, 260, DEFAULT)
    links = cargo.settle(made, SEED)
    zero = datetime(2025, 10, 1)  # noqa: DTZ001
    statics = danish.Statics(zero, SEED)
    areas = reports.blackouts(made, SEED)
    heard = [reports.hear(track, made, *statics.add(track), areas, SEED) for track in made.tracks]
    return Told(made, heard, truth.tell(made, heard, links, zero))
