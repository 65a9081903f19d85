"""Answers into the lake: every entry kept or counted, another form told by the field."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.home import Home
from pipeline.manifests import load
from pipeline.settings import Settings
from pipeline.sources.sightings import is_noncommercial, ship_imo, ship_mmsi
from pipeline.steps.ingest import IngestResult, ingest
from tests.gfw.world import TANGER_MED, Ship, at, body_of, encounter, visit

A = Ship("a", 636012345, "ALPHA", imo=9074729)
B = Ship("b", 538001234, "BRAVO", "MHL")
GOOD = visit(A, TANGER_MED, at("2025-01-10"), 30)
Read = Callable[..., IngestResult]


@pytest.fixture
def read(empty_home: Home, settings: Settings) -> Read:
    """Ingest one answer."""

    def call(body: object, name: str = "answer.json", source: str = "gfw") -> IngestResult:
        path = empty_home.root / name
        path.write_text(body if isinstance(body, str) else json.dumps(body))
        return ingest(empty_home, settings, source, [path])

    return call


def reasons(home: Home) -> dict[str, int]:
    (manifest,) = load(home)
    return {entry["reason"]: entry["n_rows"] for entry in manifest["rejected"]}


def rows(home: Home, table: str) -> list[dict[str, Any]]:
    found = duckdb.sql(f"FROM read_parquet('{home.lake}/{table}/*/*.parquet') ORDER BY ALL")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def test_every_entry_is_kept_or_counted(read: Read, empty_home: Home) -> None:
    entries = [
        GOOD,
        GOOD,
        visit(A, TANGER_MED, at("2025-01-20"), None),
        {**GOOD, "id": "1", "vessel": {**A.vessel(), "ssvid": "111111111"}},
        {**GOOD, "id": "2", "vessel": {**A.vessel(), "ssvid": "000000000"}},
        {**GOOD, "id": "3", "vessel": None},
        {**GOOD, "id": "4", "start": "yesterday"},
        {**GOOD, "id": "5", "end": "2024-01-01T00:00:00Z"},
        {**GOOD, "id": "6", "start": "2999-01-01T00:00:00Z", "end": ""},
        {**GOOD, "id": "7", "type": "fishing"},
        {**GOOD, "id": "8", "position": None, "port_visit": {"startAnchorage": {"lat": 91, "lon": 0}}},
        {**GOOD, "id": "9", "end": {}},
        "no object",
        None,
    ]  # fmt: skip
    result = read({"entries": entries, "nextOffset": None})
    assert result.failures == []
    assert (result.n_rows, result.n_kept, result.n_rejected) == (14, 2, 12)
    assert reasons(empty_home) == {
        "bad_mmsi": 3, "bad_position": 1, "bad_time": 3, "future": 1, "repeat": 1, "unknown_type": 1,
        "unreadable": 2,
    }  # fmt: skip
    assert [row["visit_id"] for row in rows(empty_home, "visits")] == ["a-2025011000", "a-2025012000"]


def test_a_visit_in_the_lake(read: Read, empty_home: Home) -> None:
    read(body_of([GOOD]))
    (row,) = rows(empty_home, "visits")
    assert (row["witness"], row["mmsi"], row["name"], row["flag"], row["ship_type"]) == (
        "gfw", 636012345, "ALPHA", "LR", "cargo",
    )  # fmt: skip
    assert (float(row["lat"]), float(row["lon"]), row["kind"], row["confidence"]) == (
        *TANGER_MED[:2],
        "berth",
        4,
    )
    assert row["place"] == "TANGIER CONTAINER"
    assert row["is_noncommercial"]
    assert row["imo"] is None


def test_kinds_of_events(read: Read, empty_home: Home) -> None:
    gap = {
        **{key: GOOD[key] for key in ("start", "end", "vessel")},
        "id": "gap-1",
        "type": "gap",
        "gap": {
            "intentionalDisabling": "true", "durationHours": "30.5", "distanceKm": "120",
            "offPosition": {"lat": 36.0, "lon": -6.0}, "onPosition": {"lat": "37.0", "lon": "-9.5"},
        },
    }  # fmt: skip
    loitering = {
        **{key: GOOD[key] for key in ("start", "end", "vessel", "position")},
        "id": "loitering-1",
        "type": "loitering",
        "loitering": {"totalTimeHours": 7, "averageSpeedKnots": "0.8", "totalDistanceKm": 3},
    }
    result = read(body_of([gap, loitering, encounter(A, B, 36.1, -5.3, at("2025-01-12"), 4)]))
    assert (result.n_kept, result.n_rejected) == (3, 0)
    found = {row["kind"]: row for row in rows(empty_home, "events")}
    assert (found["gap"]["duration_h"], found["gap"]["distance_km"], found["gap"]["is_intentional"]) == (
        30.5, 120, True,
    )  # fmt: skip
    assert (float(found["gap"]["off_lat"]), float(found["gap"]["on_lon"])) == (36.0, -9.5)
    assert (found["loitering"]["duration_h"], found["loitering"]["median_speed_kn"]) == (7, 0.8)
    assert (found["encounter"]["other_mmsi"], found["encounter"]["median_distance_km"]) == (538001234, 0.08)


def test_identities(read: Read, empty_home: Home) -> None:
    result = read(body_of([A.identity(), B.identity(), {"selfReportedInfo": [], "registryInfo": []}]))
    assert (result.n_rows, result.n_kept) == (3, 0)
    assert reasons(empty_home) == {"bad_mmsi": 1, "no_position": 2}
    found = {(row["ship_ref"], row["mmsi"]): row["imo"] for row in rows(empty_home, "identities")}
    assert found == {("a", 636012345): 9074729, (None, 636012345): 9074729, ("b", 538001234): None}


def test_an_answer_without_entries_is_a_file_that_was_read(read: Read, empty_home: Home) -> None:
    assert read(body_of([])).failures == []
    (manifest,) = load(empty_home)
    assert (manifest["n_rows"], manifest["first_at"]) == (0, None)


def test_read_once(read: Read, empty_home: Home) -> None:
    assert read(body_of([GOOD])).files_read == 1
    assert read(body_of([GOOD])).files_skipped == 1


def test_two_raw_answers_with_one_body_are_two_files(empty_home: Home, settings: Settings) -> None:
    for name in ("one", "two"):
        path = empty_home.raw / "gfw" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(body_of([]))
    result = ingest(empty_home, settings, "gfw")
    assert (result.files_read, result.failures) == (2, [])
    assert ingest(empty_home, settings, "gfw").files_skipped == 2


def changed(**more: Any) -> list[dict[str, Any]]:
    return [{**GOOD, "id": f"{number}", **more} for number in range(3)]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"total": 1}, "entries"),
        ({"entries": 7}, "entries"),
        ({"entries": [{k: v for k, v in GOOD.items() if k != "start"}]}, "start"),
        ({"entries": changed(start=1736467200)}, "start"),
        ({"entries": changed(end=1736467200)}, "end"),
        ({"entries": changed(type=None)}, "type"),
        ({"entries": changed(vessel={"id": "a"})}, "vessel.ssvid"),
        ({"entries": changed(vessel={"ssvid": "unknown"})}, "vessel.ssvid"),
        ({"entries": [{k: v for k, v in GOOD.items() if k != "port_visit"}]}, "port_visit"),
        ({"entries": [{k: v for k, v in one.items() if k != "end"} for one in changed()]}, "end"),
        ({"entries": changed(position="36 N 9 W", port_visit={"confidence": "4"})}, "position"),
        ({"entries": changed(port_visit={"startAnchorage": {}})}, "port_visit.confidence"),
        ({"entries": changed(port_visit={"confidence": "high"})}, "port_visit.confidence"),
        ({"entries": changed(type="encounter", port_visit=None)}, "encounter"),
    ],
)
def test_another_form_is_told_by_its_field(read: Read, empty_home: Home, body: object, named: str) -> None:
    (failure,) = read(body).failures
    assert f"'{named}'" in failure
    assert "\n" not in failure
    assert load(empty_home) == []


def test_fields_added_change_nothing(read: Read, empty_home: Home) -> None:
    assert read(body_of(changed(more={"x": [1]}))).n_kept == 3


@pytest.mark.parametrize("body", ["", "<html>timeout</html>", '{"entries": [', "null"])
def test_no_answer(read: Read, body: str) -> None:
    assert len(read(body).failures) == 1


def test_port_calls_of_digitraffic(read: Read, empty_home: Home) -> None:
    def call(number: int, **more: Any) -> dict[str, Any]:
        area = {"berthName": "Quay 1", "ata": "2025-01-10T10:00:00.000+00:00", "atd": None}
        return {
            "portCallId": number, "portToVisit": "FIKTK", "mmsi": 230123000, "imoLloyds": 9074729,
            "vesselName": "Kiisla", "nationality": "FI", "portAreaDetails": [area], **more,
        }  # fmt: skip

    planned = {"eta": "2025-01-10T10:00:00.000+00:00", "ata": None, "atd": None}
    done = {"berthName": "Quay 2", "ata": "2025-01-10T10:00:00Z", "atd": "2025-01-11T10:00:00Z"}
    calls = [
        call(1),
        call(1),
        call(2, mmsi=0, portAreaDetails=[planned, done]),
        call(3, mmsi=0, imoLloyds=0),
        call(4, portAreaDetails=[planned]),
        call(5, portAreaDetails=[]),
        call(6, portToVisit=None),
    ]
    result = read({"portCalls": calls}, "port-calls-1.json", "digitraffic")
    assert result.failures == []
    assert (result.n_rows, result.n_kept) == (7, 2)
    assert reasons(empty_home) == {"bad_mmsi": 1, "bad_position": 1, "not_arrived": 2, "repeat": 1}
    found = rows(empty_home, "visits")
    assert {(row["mmsi"], row["imo"], row["port_id"], row["confidence"]) for row in found} == {
        (230123000, 9074729, "FIKTK", 3),
        (None, 9074729, "FIKTK", 4),
    }
    assert not any(row["is_noncommercial"] for row in found)


@pytest.mark.parametrize("name", ["portToVisit", "portAreaDetails", "mmsi", "ata", "atd"])
@pytest.mark.parametrize("is_removed", [True, False])
def test_another_form_of_port_calls_is_told_by_its_field(
    read: Read, empty_home: Home, name: str, is_removed: bool
) -> None:
    def berth() -> dict[str, Any]:
        return {"berthName": "1", "ata": "2025-01-10T10:00:00Z", "atd": "2025-01-11T10:00:00Z"}

    calls = [
        {"portCallId": n, "portToVisit": "FIKTK", "mmsi": 230123000, "portAreaDetails": [berth()]}
        for n in range(2)
    ]
    for call in calls:
        holder = call["portAreaDetails"][0] if name in {"ata", "atd"} else call
        if is_removed:
            del holder[name]
        else:
            holder[name] = {"value": 7}
    (failure,) = read({"portCalls": calls}, "port-calls-1.json", "digitraffic").failures
    assert f"field '{name}' is {'missing' if is_removed else 'of another type'} in all 2 calls" in failure
    assert load(empty_home) == []


def test_real_port_calls_are_counted(empty_home: Home, settings: Settings, shared_dir: Path) -> None:
    path = shared_dir / "data/ais/digitraffic/port-calls-2024-04-11_part.json"
    result = ingest(empty_home, settings, "digitraffic", [path])
    assert result.failures == []
    assert result.n_rows == len(json.loads(path.read_text())["portCalls"])
    assert result.n_rows == result.n_kept + result.n_rejected


def test_values() -> None:
    mmsis = {219012345: 219012345, "219012345": 219012345, "219012345.0": 219012345}
    mmsis |= {"0": None, None: None, "123456789": None, "222222222": None}
    assert {value: ship_mmsi(value) for value in mmsis} == mmsis
    imos = {"IMO9074729": 9074729, 9074729: 9074729, "9074720": None, 0: None, None: None, "": None}
    assert {value: ship_imo(value) for value in imos} == imos
    licences = {
        "CC BY-NC 4.0": True,
        "non-commercial": True,
        "CC BY 4.0": False,
        "NLOD 2.0": False,
        None: False,
    }
    assert {text: is_noncommercial(text) for text in licences} == licences


def test_the_doctor_looks_at_these_files_too(read: Read, empty_home: Home, settings: Settings) -> None:
    from pipeline.steps.status import doctor

    read(body_of([GOOD]))
    assert not [check for check in doctor(empty_home, settings) if check.is_fault]
    (path,) = (empty_home.lake / "visits").rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    assert len([check for check in doctor(empty_home, settings) if check.is_fault]) == 1
