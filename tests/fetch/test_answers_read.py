"""JSON answers into the lake: real ones, and ones whose form changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.ingest import IngestResult, ingest, raw_files

Read = Callable[..., IngestResult]


@pytest.fixture
def read(empty_home: Home, settings: Settings) -> Read:
    """Ingest one file of a source."""
    return lambda source, path: ingest(empty_home, settings, source, [path])


def rows(home: Home, kind: str, query: str) -> list[tuple[Any, ...]]:
    """SQL on the lake's positions or statics, as `lake`."""
    files = f"{home.lake}/{kind}/*/*/*.parquet"
    with duckdb.connect() as con:
        con.execute(f"CREATE VIEW lake AS FROM read_parquet('{files}')")
        return con.execute(query).fetchall()


def rejected(home: Home) -> dict[str, int]:
    """Counts by reason over all manifests."""
    manifests = [json.loads(path.read_text()) for path in home.manifests.glob("*.json")]
    return {row["reason"]: row["n_rows"] for manifest in manifests for row in manifest["rejected"]}


REAL = {
    "digitraffic/locations-2017-02-20_part.json": (75, 62, {"repeat": 13}),
    "barentswatch/combined_full_json.txt.gz": (500, 498, {"repeat": 2}),
    "barentswatch/combined_full_geojson.txt.gz": (514, 512, {"repeat": 2}),
    "barentswatch/get_latest_ais.txt.gz": (1472, 1359, {"no_position": 75, "not_a_ship": 38}),
    "barentswatch/get_sse_ais.txt.gz": (
        2506,
        1928,
        {"no_position": 425, "not_a_ship": 152, "bad_mmsi": 1},
    ),
    # 18 objects and a line that was cut.
    "barentswatch/combined_broken.txt": (19, 18, {"unreadable": 1}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_answers(read: Read, empty_home: Home, shared_dir: Path, name: str) -> None:
    n_rows, n_kept, reasons = REAL[name]
    result = read(name.split("/", maxsplit=1)[0], shared_dir / "data/ais" / name)
    assert result.failures == []
    assert (result.n_rows, result.n_kept) == (n_rows, n_kept)
    assert rejected(empty_home) == reasons


def test_locations_in_units(read: Read, empty_home: Home, tmp_path: Path) -> None:
    feature = {
        "mmsi": 230112970,
        "geometry": {"type": "Point", "coordinates": [21.034038333333335, 1e-05]},
        "properties": {
            "sog": 102.3, "cog": 360, "navStat": 15, "heading": 511, "timestamp": 59,
            "timestampExternal": 1487619357793, "added": {"later": [1]},
        },
    }  # fmt: skip
    path = tmp_path / "locations.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert read("digitraffic", path).n_kept == 1
    (row,) = rows(
        empty_home,
        "positions",
        "SELECT mmsi, time::VARCHAR, lat::DOUBLE, lon::DOUBLE, sog_kn, cog_deg FROM lake",
    )
    assert row == (230112970, "2017-02-20 19:35:57", 0.00001, 21.034038, None, None)


def test_barentswatch_in_units(read: Read, empty_home: Home, tmp_path: Path) -> None:
    report = {
        "mmsi": 257034450, "msgtime": "2023-02-17T12:38:39.1234567+01:00", "latitude": 66.525847,
        "longitude": 12.14817, "speedOverGround": 17, "courseOverGround": 149.3, "trueHeading": None,
        "navigationalStatus": 0, "imoNumber": 9213650, "callSign": "LFCA", "name": "HIMMELTIND",
        "destination": "TRAENA@@X", "draught": 20, "shipLength": 23, "shipWidth": 6, "shipType": 69,
    }  # fmt: skip
    path = tmp_path / "combined.json"
    path.write_text(json.dumps([report]))
    assert read("barentswatch", path).n_kept == 1
    (position,) = rows(empty_home, "positions", "SELECT time::VARCHAR, sog_kn, heading_deg FROM lake")
    assert position == ("2023-02-17 11:38:39", 17.0, None)
    (static,) = rows(
        empty_home, "statics", "SELECT imo, ship_type, draught_m, length_m, destination FROM lake"
    )
    assert static == (9213650, "passenger", 2.0, 23.0, "TRAENA")


def ship(**values: Any) -> dict[str, Any]:
    """A ship as AISHub has it."""
    return {
        "MMSI": 242000001, "TIME": "2026-03-28 16:50:52 GMT", "LONGITUDE": -5.5, "LATITUDE": 35.9,
        "COG": 360, "SOG": 0.1, "HEADING": 511, "NAVSTAT": 5, "IMO": 0, "NAME": "A\x00B \ud800",
        "CALLSIGN": "CNA1", "TYPE": 70, "A": 100, "B": 20, "C": 5, "D": 15, "DRAUGHT": 7.1,
        "DEST": "RULED", "ETA": "07-04 13:00", **values,
    }  # fmt: skip


def aishub_file(tmp_path: Path, *ships: dict[str, Any], **head: Any) -> Path:
    """An answer with these ships."""
    path = tmp_path / "ships.json"
    told = {"ERROR": False, "USERNAME": "x", "FORMAT": "HUMAN", "RECORDS": len(ships), **head}
    path.write_text(json.dumps([told, list(ships)]))
    return path


def test_aishub_in_units(read: Read, empty_home: Home, tmp_path: Path) -> None:
    assert read("aishub", aishub_file(tmp_path, ship())).n_kept == 1
    (position,) = rows(
        empty_home, "positions", "SELECT time::VARCHAR, lat::DOUBLE, cog_deg, nav_status FROM lake"
    )
    assert position == ("2026-03-28 16:50:52", 35.9, None, 5)
    (static,) = rows(
        empty_home,
        "statics",
        "SELECT imo, name, ship_type, length_m, width_m, draught_m, destination FROM lake",
    )
    assert static == (None, "A B ?", "cargo", 120.0, 20.0, 7.1, "RULED")


def without(name: str) -> dict[str, Any]:
    """A ship that lacks a field."""
    return {key: value for key, value in ship().items() if key != name}


CHANGED = {
    "removed": ((without("LATITUDE"), without("LATITUDE")), "field 'LATITUDE' is missing in all 2 objects"),
    "retyped": ((ship(TIME={"s": 1}), ship(TIME=[2])), "field 'TIME' is no time in any object"),
    "retyped, of less use": ((ship(SOG="fast"), ship(SOG={"kn": 3})), "field 'SOG' is no number in any"),
}


@pytest.mark.parametrize("change", CHANGED)
def test_form_that_changed_is_told_by_its_field(
    read: Read, empty_home: Home, tmp_path: Path, change: str
) -> None:
    ships, told = CHANGED[change]
    result = read("aishub", aishub_file(tmp_path, *ships))
    assert (result.files_read, len(result.failures)) == (0, 1)
    assert told in result.failures[0]
    assert "\n" not in result.failures[0]
    assert not list(empty_home.lake.rglob("*.parquet"))


def test_one_bad_value_costs_its_row_only(read: Read, empty_home: Home, tmp_path: Path) -> None:
    path = aishub_file(tmp_path, ship(), ship(TIME="soon"), ship(MMSI="mine"), ship(LATITUDE=None, NEW=[1]))
    assert read("aishub", path).n_kept == 1
    assert rejected(empty_home) == {"bad_time": 1, "bad_mmsi": 1, "bad_lat": 1}


NOT_THEIRS = {
    "digitraffic": [({"vessels": []}, "'features' is missing"), ("{", "no JSON")],
    "barentswatch": [
        ({"type": "about:blank", "title": "validation", "status": 400}, "'latitude' is missing"),
        ([], "nothing of its 0 rows"),
    ],
    "aishub": [([{"ERROR": True}], "'FORMAT' is missing"), ([{"FORMAT": "AIS"}, []], "is 'AIS'")],
}


@pytest.mark.parametrize(
    ("source", "body", "told"), [(key, *case) for key, cases in NOT_THEIRS.items() for case in cases]
)
def test_another_answer_is_refused(read: Read, tmp_path: Path, source: str, body: Any, told: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body))
    result = read(source, path)
    assert result.files_read == 0
    assert told in result.failures[0]


def test_cut_gzip_is_refused(read: Read, tmp_path: Path, shared_dir: Path) -> None:
    whole = (shared_dir / "data/ais/barentswatch/combined_full_json.txt.gz").read_bytes()
    path = tmp_path / "combined.txt.gz"
    path.write_bytes(whole[:-500])
    result = read("barentswatch", path)
    assert "damaged or cut short" in result.failures[0]


def test_static_reports_alone_are_of_use(read: Read, empty_home: Home, tmp_path: Path) -> None:
    vessel = {
        "mmsi": 230112970, "name": "KIISLA", "timestamp": 1788264000000, "imo": 9267558, "shipType": 80,
        "draught": 68, "callSign": "LAVH8", "destination": "SEGOT@@@@@RULED", "referencePointA": 100,
        "referencePointB": 39, "referencePointC": 10, "referencePointD": 12,
    }  # fmt: skip
    path = tmp_path / "vessels.json"
    path.write_text(json.dumps([vessel]))
    assert read("digitraffic", path).failures == []
    assert rejected(empty_home) == {"no_position": 1}
    (static,) = rows(
        empty_home, "statics", "SELECT imo, ship_type, draught_m, length_m, width_m, destination FROM lake"
    )
    assert static == (9267558, "tanker", 6.8, 139.0, 22.0, "SEGOT")


def test_origin_that_appears_before_its_file_is_not_read(empty_home: Home) -> None:
    folder = empty_home.raw / "digitraffic"
    folder.mkdir(parents=True)
    for name in ("a.json.sha256", "a.json.json", "b.json", "b.json.sha256", "b.json.json", "c.json"):
        (folder / name).write_text("[]")
    assert [path.name for path in raw_files(empty_home, "digitraffic")] == ["b.json", "c.json"]
