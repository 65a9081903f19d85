"""The scorer counts what a person would count, and agrees with the reference scorer where that is at hand."""

import importlib.util
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks.scoring import STRONG, Score, Tally, brier, calibration_error, score
from pipeline.home import Home
from pipeline.scenario import write_scenario
from pipeline.settings import Settings
from pipeline.steps.run import run


def db(folder: Path, calls: str, encounters: str = "", links: str = "") -> Path:
    """A database with the three tables that are scored; rows as SQL values."""
    path = folder / "scored.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "CREATE TABLE port_calls (mmsi BIGINT, port_id VARCHAR, arrived_at TIMESTAMP, kind VARCHAR)"
        )
        con.execute("""CREATE TABLE encounters
            (mmsi_1 BIGINT, mmsi_2 BIGINT, started_at TIMESTAMP, ended_at TIMESTAMP, kind VARCHAR)""")
        con.execute("""CREATE TABLE transshipment_links
            (pattern VARCHAR, from_mmsi BIGINT, to_mmsi BIGINT, arrived_at TIMESTAMP,
            score DOUBLE, status VARCHAR)""")
        for table, rows in (
            ("port_calls", calls),
            ("encounters", encounters),
            ("transshipment_links", links),
        ):
            if rows:
                con.execute(f"INSERT INTO {table} VALUES {rows}")
    return path


def truth(folder: Path, **lists: Any) -> Path:
    """A truth.json; what is not given is empty."""
    path = folder / "truth.json"
    empty: dict[str, list[Any]] = {"port_calls": [], "encounters": [], "links": [], "decoys": []}
    path.write_text(json.dumps(empty | lists), encoding="utf-8")
    return path


def call(mmsi: int, port: str, arrived: str, **more: Any) -> dict[str, Any]:
    return {"mmsi": mmsi, "port": port, "arrived": arrived, "departed": arrived[:11] + "23:00:00Z", **more}


def test_port_calls(tmp_path: Path) -> None:
    found = db(
        tmp_path,
        """(1, 'MATNG', '2026-01-01 05:00', 'berth'), (1, 'MATNG', '2026-01-01 09:00', 'anchorage'),
           (1, 'RULED-X', '2026-01-09 05:00', 'berth'), (2, 'MATNG', '2026-01-03 00:00', 'berth'),
           (3, 'ESALG', '2026-01-01 05:00', 'berth'), (9, 'MATNG', '2026-01-01 05:00', 'berth')""",
    )
    planted = truth(
        tmp_path,
        port_calls=[
            call(1, "MATNG", "2026-01-01T00:00:00Z"),  # five hours off: found
            call(1, "RULED", "2026-01-09T05:00:00Z"),  # told at its terminal: found
            call(22, "MATNG", "2026-01-02T00:00:00Z"),  # a day off: missed, and the call told is wrong
            call(3, "ESALG", "2026-01-01T05:00:00Z", observable=2),  # not asked for, and no fault
        ],
        identities=[{"mmsis": [2, 22]}],
    )
    assert score(found, planted).tallies["port calls"] == Tally(found=2, asked=3, right=2, claimed=3)


def test_encounters_and_decoys(tmp_path: Path) -> None:
    found = db(
        tmp_path,
        "",
        """(1, 2, '2026-01-01 00:00', '2026-01-01 05:00', 'transfer'),
           (3, 4, '2026-01-01 00:00', '2026-01-03 00:00', 'transfer'),
           (5, 6, '2026-01-01 00:00', '2026-01-01 03:00', 'service')""",
    )
    planted = truth(
        tmp_path,
        encounters=[
            {"a": 2, "b": 1, "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T08:00:00Z", "dark": False},
            {"a": 3, "b": 4, "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T08:00:00Z", "dark": False},
            {"a": 7, "b": 8, "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T08:00:00Z", "dark": True},
        ],
        decoys=[
            {"kind": "anchored_apart", "mmsis": [5, 6]},
            {"kind": "tug", "mmsis": [5, 6]},
            {"kind": "tug", "mmsis": [3, 4]},
        ],
    )
    told = score(found, planted)
    assert told.tallies["encounters"] == Tally(found=1, asked=2, right=1, claimed=3)
    assert told.fooled == {"anchored_apart": (1, 1), "tug": (1, 2)}


def test_links(tmp_path: Path) -> None:
    found = db(
        tmp_path,
        "",
        "",
        """('sts', 1, 2, '2026-01-10', 0.9, 'arrived'), ('sts', 1, 2, '2026-01-10', 0.7, 'arrived'),
           ('sts', 3, 2, '2026-01-10', 0.6, 'arrived'), ('sts', 5, 6, '2026-01-10', 0.4, 'arrived'),
           ('sts', 7, 8, '2026-01-10', 0.9, 'open'), ('sts', 9, 8, '2026-01-10', 0.9, 'arrived')""",
    )
    link = {"pattern": "sts", "arrived": "2026-01-11T00:00:00Z"}
    planted = truth(
        tmp_path,
        links=[{**link, "a": 1, "b": 2}, {**link, "a": 5, "b": 6}, {**link, "a": 7, "b": 8}],
        unseen_links=[{**link, "a": 9, "b": 8}],
        decoys=[{"kind": "reverse_flow", "mmsis": [2, 3]}],
    )
    told = score(found, planted)
    assert told.tallies["sts links at one half"] == Tally(found=1, asked=3, right=1, claimed=3)
    assert told.said["sts"] == [(0.9, True), (0.7, False), (0.6, False), (0.4, True)]
    assert told.fooled == {"reverse_flow": (1, 1)}


def test_calibration() -> None:
    assert calibration_error([(0.25, True), (0.25, False), (0.25, False), (0.25, False)]) == 0
    assert calibration_error([(0.9, False)]) == pytest.approx(0.9)
    assert brier([(0.5, True), (1.0, False)]) == pytest.approx(0.625)


def test_scenarios_add_up() -> None:
    total = Score()
    for _ in range(2):
        one = Score(fooled={"tug": (1, 2)})
        one.tallies["encounters"] = Tally(1, 2, 3, 4)
        one.said["sts"] = [(0.5, True)]
        total.add(one)
    assert total.tallies["encounters"] == Tally(2, 4, 6, 8)
    assert (total.fooled, total.said["sts"]) == ({"tug": (2, 4)}, [(0.5, True)] * 2)


@pytest.mark.slow
def test_agrees_with_the_reference_scorer(
    home: Home, settings: Settings, tmp_path: Path, shared_dir: Path
) -> None:
    spec = importlib.util.spec_from_file_location("reference_score", shared_dir / "score.py")
    assert spec
    assert spec.loader
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    scenario = write_scenario(tmp_path / "ais", seed=5, days=20, ships=40, first_day=date(2026, 1, 1))
    run(home, settings, "dma", scenario.files)

    ours = score(home.database, scenario.truth)
    counts, said, _ = reference.score(
        str(home.database), json.loads(scenario.truth.read_text(encoding="utf-8"))
    )
    for name, theirs in (("port calls", "port_calls"), ("encounters", "encounters")):
        tally = ours.tallies[name]
        assert (tally.found, tally.asked) == counts[f"{theirs}.recall"][:2]
        assert (tally.right, tally.claimed) == counts[f"{theirs}.precision"][:2]
        assert tally.asked
    for pattern, pairs in said.items():
        tally = ours.tallies[f"{pattern} links at one half"]
        assert (tally.found, tally.asked) == counts[f"links.{pattern}.recall_at_half"][:2]
        assert (tally.right, tally.claimed) == counts[f"links.{pattern}.precision_at_half"][:2]
        assert sorted(ours.said[pattern]) == sorted(pairs)
        assert tally.claimed == sum(p >= STRONG for p, _ in ours.said[pattern])
    assert {f"decoys.{kind}.fooled": n for kind, n in ours.fooled.items()} == {
        name: tally[:2] for name, tally in counts.items() if name.endswith(".fooled")
    }
