"""The files: the Danish form, the faults of real ones, the same bytes for the same seed."""

import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.scenario import write_scenario

from .conftest import FIRST_DAY, SEED, Written

HEADER = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,"
    "Callsign,Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,"
    "Data source type,A,B,C,D"
)
MAKE = """
import sys, datetime, pathlib
from pipeline.scenario import write_scenario
write_scenario(pathlib.Path(sys.argv[1]), seed=int(sys.argv[2]), days=12, ships=24,
               first_day=datetime.date(2025, 10, 1))
"""


def digest(folder: Path) -> str:
    """One hash over all files of a folder."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def test_same_seed_same_bytes_whatever_the_order_of_sets(tmp_path: Path) -> None:
    for name, seed, hashing in (("a", 1, "1"), ("b", 1, "2"), ("c", 2, "1")):
        subprocess.run(
            [sys.executable, "-c", MAKE, str(tmp_path / name), str(seed)],
            check=True,
            env=os.environ | {"PYTHONHASHSEED": hashing},
        )
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_one_file_a_day_with_the_published_header(written: Written) -> None:
    assert [p.name for p in written.files][:2] == ["aisdk-2025-10-01.csv", "aisdk-2025-10-02.csv"]
    assert len(written.files) == 30
    for path in written.files:
        with path.open(encoding="utf-8") as stream:
            assert stream.readline() == HEADER + "\n"
    widths = {line.count(",") for line in written.files[3].read_text("utf-8").splitlines()}
    assert widths == {25}
    outside = written.con.execute(
        "SELECT count(*) FROM rows WHERE filename NOT LIKE '%' || strftime(time, '%Y-%m-%d') || '.csv'"
    ).fetchone()
    assert outside == (0,)


def test_statics_start_empty_every_day_and_fill(written: Written) -> None:
    known = written.con.execute(
        """SELECT avg(CAST("Name" IS NOT NULL AS INTEGER)) FILTER (hour(time) = 0 AND minute(time) < 2),
          avg(CAST("Name" IS NOT NULL AS INTEGER)) FILTER (hour(time) > 12)
        FROM rows WHERE "Type of mobile" = 'Class A' AND lat < 90"""
    ).fetchone()
    assert known is not None
    assert known[0] < 0.3
    assert known[1] > 0.95


def test_the_faults_of_real_files_are_there(written: Written) -> None:
    def one(query: str) -> float:
        found = written.con.execute(query).fetchone()
        assert found is not None
        return float(found[0])

    total = one("SELECT count(*) FROM rows")
    distinct = one("SELECT count(*) FROM (SELECT DISTINCT mmsi_n, time, lat, lon FROM rows)")
    assert 0.2 < 1 - distinct / total < 0.6, "repeats"
    assert one("""SELECT count(*) FROM rows WHERE lat = 91 AND "Name" IS NOT NULL""") > 100
    assert (
        one("SELECT count(*) FROM rows WHERE \"Type of mobile\" = 'Base Station' AND mmsi_n < 10000000") > 100
    )
    assert one("SELECT count(*) FROM rows WHERE \"Type of mobile\" = 'AtoN'") > 100
    assert (
        one("""SELECT count(*) FROM rows WHERE "SOG" IS NULL AND "Type of mobile" = 'Class A' AND lat < 90""")
        > 100
    )
    shared = one('SELECT count(*) FROM (SELECT mmsi_n FROM rows WHERE "IMO" <> \'Unknown\''
                 ' GROUP BY ALL HAVING count(DISTINCT "IMO") > 1)')  # fmt: skip
    assert shared >= 1
    changed = one("""SELECT count(*) FROM (SELECT "IMO" FROM rows WHERE "IMO" <> 'Unknown' GROUP BY ALL
                     HAVING count(DISTINCT mmsi_n) > 1)""")
    assert changed >= 1


def test_reports_are_minutes_apart_near_coasts_and_hours_apart_at_sea(written: Written) -> None:
    gaps = written.con.execute(
        """SELECT approx_quantile(gap, 0.5), approx_quantile(gap, 0.99) FROM (
             SELECT epoch(time - lag(time) OVER (PARTITION BY mmsi_n ORDER BY time)) / 60 AS gap
             FROM (SELECT DISTINCT mmsi_n, time FROM rows WHERE "Type of mobile" = 'Class A' AND lat < 90))"""
    ).fetchone()
    assert gaps is not None
    assert 4 < gaps[0] < 20
    assert gaps[1] > 60


def test_too_small_a_world_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 20 ships and 10 days"):
        write_scenario(tmp_path, seed=SEED, days=3, ships=80, first_day=FIRST_DAY)
    with pytest.raises(UsageError, match="at least 20 ships"):
        write_scenario(tmp_path, seed=SEED, days=30, ships=5, first_day=date(2025, 1, 1))
