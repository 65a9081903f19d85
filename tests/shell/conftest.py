"""The command line as tests call it, and a small published database whose every row a person can check."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.cli import main
from pipeline.home import Home

HEADER = [
    "# Timestamp", "Type of mobile", "MMSI", "Latitude", "Longitude", "Navigational status", "ROT", "SOG",
    "COG", "Heading", "IMO", "Callsign", "Name", "Ship type", "Cargo type", "Width", "Length",
    "Type of position fixing device", "Draught", "Destination", "ETA", "Data source type",
]  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status, and both outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def transship(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `transship WORDS` within this process."""

    def run(*words: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return Ran(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def command() -> list[str]:
    """The command for a process of its own."""
    return [sys.executable, "-m", "pipeline.cli"]


@pytest.fixture
def published(empty_home: Home) -> Home:
    """A home with one link in its published database, and a ship whose name tries to do harm."""
    with duckdb.connect(str(empty_home.database)) as con:
        con.execute("CREATE TABLE metadata AS SELECT 'version' AS key, '0' AS value")
        con.execute(
            """CREATE TABLE vessels AS SELECT * FROM (VALUES
            ('v1', 9074729, 636000001, 'ALFA', TIMESTAMP '2026-01-01 00:00:00'),
            ('v2', NULL, 273000002, chr(27) || '[31mBRA' || chr(8238) || 'VO [red]' || chr(10), NULL)
            ) v(vessel_id, imo, mmsi, name, first_seen_at)"""
        )
        con.execute(
            """CREATE TABLE vessel_identities AS SELECT * FROM (VALUES
            ('v1', 9074729, 636000001, 'ALFA', TIMESTAMP '2026-01-01 00:00:00'),
            ('v1', 9074729, 255000009, 'ALPHA OLD', TIMESTAMP '2025-01-01 00:00:00')
            ) v(vessel_id, imo, mmsi, name, valid_from)"""
        )
        con.execute(
            """CREATE TABLE transshipment_links AS SELECT
            'L1' AS link_id, 'sts' AS pattern, 'MATNG' AS hub_id,
            'v1' AS from_vessel_id, 636000001 AS from_mmsi, 'ALFA' AS from_name,
            'v2' AS to_vessel_id, 273000002 AS to_mmsi, 'BRAVO' AS to_name,
            'RULED' AS russia_port_id, TIMESTAMP '2026-01-20 10:00:00' AS arrived_at,
            CAST(0.5 AS DOUBLE) AS score, '{"prior": -2.0, "meeting": 3.0, "route": -1.0}' AS score_parts"""
        )
        con.execute(
            """CREATE TABLE link_evidence AS SELECT * FROM (VALUES
            ('L1', 2, 'route', -1.0, 'a call between', 'port_calls', 'p1'),
            ('L1', 1, 'meeting', 3.0, 'alongside for 8 h', 'encounters', 'e1')
            ) v(link_id, seq, kind, weight, statement, ref_table, ref_id)"""
        )
    return empty_home


@pytest.fixture
def aarhus_day(tmp_path: Path) -> Path:
    """A Danish file of one ship that comes from the sea, lies in Aarhus for six hours and leaves."""
    rows = [HEADER]
    for minute in range(0, 12 * 60, 5):
        off = max(0, 180 - minute, minute - 540) / 180 * 0.3
        speed_kn, status = ("6.0", "Under way using engine") if off else ("0.0", "Moored")
        rows.append([
            f"26/04/2026 {minute // 60:02}:{minute % 60:02}:00", "Class A", "219000606",
            f"{56.150 - off * 0.3:.6f}", f"{10.226 + off:.6f}", status, "", speed_kn, "90.0",
            "90", "9074729", "OABC", "TEST SHIP", "Cargo", "", "20", "120",
            "GPS", "6.5", "AARHUS", "", "AIS",
        ])  # fmt: skip
    path = tmp_path / "aisdk-2026-04-26.csv"
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    return path
