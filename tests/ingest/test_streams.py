"""Recorded streams into the lake: aisstream's messages, and Digitraffic's with their topics."""

import gzip
import json
from typing import Any

import pytest

from pipeline.collecting.digitraffic import line_of
from tests.collect.server import position_report
from tests.collect.test_digitraffic import LOCATION, METADATA
from tests.ingest.conftest import Lake, rejected

NEVA = 273123450
TIME = "2026-04-27 10:00:00.5 +0000 UTC"
STATIC = {
    "AisVersion": 0, "CallSign": "UBCD1  ", "Destination": "RU LED@@@@X",
    "Dimension": {"A": 150, "B": 33, "C": 20, "D": 12}, "Dte": False,
    "Eta": {"Day": 0, "Hour": 24, "Minute": 60, "Month": 0}, "FixType": 1, "ImoNumber": 9074729,
    "MaximumStaticDraught": 10.4, "MessageID": 5, "Name": "NEVA@@BHEP          ", "RepeatIndicator": 0,
    "Spare": False, "Type": 80, "UserID": NEVA, "Valid": True,
}  # fmt: skip


def message(
    kind: str, body: dict[str, Any], time_utc: str = TIME, name: str = "", **meta: Any
) -> dict[str, Any]:
    """A message of any kind, with the service's own words around it."""
    around = {
        "MMSI": body["UserID"],
        "MMSI_String": body["UserID"],
        "ShipName": name,
        "time_utc": time_utc,
        **meta,
    }
    return {"MessageType": kind, "MetaData": around, "Message": {kind: body}}


def report(mmsi: int = NEVA, time_utc: str = TIME, **changed: Any) -> dict[str, Any]:
    return position_report(mmsi, time_utc=time_utc, **changed)


def write(lake: Lake, *entries: object, name: str = "stream.jsonl") -> Any:
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    return lake.write(name, "\n".join(lines) + "\n")


def read(lake: Lake, *entries: object) -> dict[str, Any]:
    result = lake.read(write(lake, *entries), source="aisstream")
    assert result.failures == []
    return lake.manifest()


def test_positions_in_units(lake: Lake) -> None:
    read(
        lake,
        report(),
        # No speed, course, heading or status; the zone twice, trailing zeros gone, keys in another order.
        dict(
            reversed(
                report(
                    time_utc="2026-04-27 10:00:36.94034384 +0000 UTC",
                    Sog=102.3, Cog=360, TrueHeading=511, NavigationalStatus=15,
                ).items()
            )
        ),
        report(time_utc="2026-04-27 13:01:00 +0300 MSK"),
        report(time_utc="2026-04-27T10:02:00.123456789Z"),
    )  # fmt: skip
    rows = lake.rows(
        columns="time::VARCHAR, lat::DOUBLE, lon::DOUBLE, round(sog_kn, 1), cog_deg, heading_deg, nav_status"
    )
    assert [(row[0], row[3] and pytest.approx(row[3]), *row[4:]) for row in rows] == [
        ("2026-04-27 10:00:00", 12.3, 181.5, 180.0, 0),
        ("2026-04-27 10:00:36", None, None, None, 15),
        ("2026-04-27 10:01:00", 12.3, 181.5, 180.0, 0),
        ("2026-04-27 10:02:00", 12.3, 181.5, 180.0, 0),
    ]
    assert {row[1:3] for row in rows} == {(35.95, -5.5)}
    # The name that the service tells beside each report.
    assert {row[0] for row in lake.rows("statics", "name")} == {"NEVA"}


def test_a_static_report_has_an_identity_and_no_position(lake: Lake) -> None:
    told = read(
        lake, report(211000001), message("ShipStaticData", STATIC, name="NEVA", latitude=60.0, longitude=29.0)
    )
    assert rejected(told) == {"no_position": 1}
    (row,) = lake.rows(
        "statics", "* EXCLUDE (file_id, first_at, last_at, n_reports, wrong_imo, n_wrong_imo)"
    )[1:]
    assert row == (NEVA, 9074729, "NEVA", "UBCD1", "tanker", 183.0, 32.0, 10.4, "RU LED")


def test_class_b(lake: Lake) -> None:
    position = report(211000001)["Message"]["PositionReport"]
    b_position = {
        name: position[name] for name in ("Latitude", "Longitude", "Sog", "Cog", "TrueHeading", "UserID")
    }
    extended = {
        **b_position,
        "UserID": 211000002,
        "Name": "LUNA",
        "Type": 37,
        "Dimension": {"A": 5, "B": 6, "C": 2, "D": 2},
    }
    nothing = {"Valid": False, "ShipType": 0, "CallSign": "", "Dimension": {"A": 0, "B": 0, "C": 0, "D": 0}}
    part_a = {
        "UserID": 211000001,
        "PartNumber": False,
        "ReportA": {"Valid": True, "Name": "SOL"},
        "ReportB": nothing,
    }
    part_b = {
        "UserID": 211000001, "PartNumber": True, "ReportA": {"Valid": False, "Name": ""},
        "ReportB": {
            "Valid": True, "ShipType": 30, "CallSign": "DA1234",
            "Dimension": {"A": 9, "B": 3, "C": 2, "D": 3},
        },
    }  # fmt: skip
    told = read(
        lake,
        message("StandardClassBPositionReport", b_position),
        message("ExtendedClassBPositionReport", extended),
        message("StaticDataReport", part_a),
        message("StaticDataReport", part_b),
    )
    assert rejected(told) == {"no_position": 2}
    assert [row[0] for row in lake.rows(columns="mmsi")] == [211000001, 211000002]
    said = lake.rows("statics", "mmsi, name, callsign, ship_type, length_m, width_m")
    assert (211000002, "LUNA", None, "pleasure", 11.0, 4.0) in said
    assert (211000001, "SOL", "DA1234", "fishing", 12.0, 5.0) in said


def test_every_line_is_kept_or_counted(lake: Lake) -> None:
    told = read(
        lake,
        report(),
        report(),
        report(2444059),
        report(time_utc="yesterday"),
        report(Latitude=91, Longitude=181),
        message("BaseStationReport", {"UserID": 2655153, "Latitude": 57.0, "Longitude": 11.0}),
        message("SafetyBroadcastMessage", {"UserID": NEVA, "Text": "STAND BY"}),
        {"error": "concurrent connections per user exceeded"},
        "[1, 2]",
        "null",
        "",
        '{"MessageType": "Pos',
    )
    assert rejected(told) == {
        "repeat": 1, "not_a_ship": 2, "bad_time": 1, "no_position": 1, "other_message": 2, "unreadable": 3,
    }  # fmt: skip
    assert (told["n_rows"], told["n_kept"]) == (11, 1)


def test_an_array_and_gzip(lake: Lake) -> None:
    entries = [report(211000000 + number) for number in range(5)]
    array = write(lake, json.dumps(entries, indent=1), name="array.json")
    packed = lake.write("stream.jsonl.gz", gzip.compress("\n".join(map(json.dumps, entries[:4])).encode()))
    result = lake.read(array, packed, source="aisstream")
    assert (result.failures, result.n_rows, result.n_kept) == ([], 9, 9)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda entry: entry["MetaData"].pop("time_utc"), "time_utc"),
        (lambda entry: entry.pop("MessageType"), "type"),
        (lambda entry: entry["MetaData"].update(time_utc=None), "time_utc"),
        (lambda entry: entry["Message"]["PositionReport"].update(Latitude="N35"), "Latitude"),
        (lambda entry: entry["Message"]["PositionReport"].update(UserID="me"), "UserID"),
    ],
)
def test_another_form_is_told_by_its_field(lake: Lake, change: Any, field: str) -> None:
    entry = report()
    change(entry)
    (failure,) = lake.read(write(lake, entry, entry), source="aisstream").failures
    assert f"'{field}'" in failure
    assert "form changed" in failure
    assert lake.manifests() == []


def test_a_field_added_changes_nothing(lake: Lake) -> None:
    entry = report(Added={"deep": [1]})
    assert read(lake, {**entry, "Version": 2})["n_kept"] == 1


def test_digitraffic_recordings_in_units(lake: Lake) -> None:
    lines = [
        line_of("vessels-v2/273123450/location", LOCATION, "x"),
        line_of("vessels-v2/273123450/location", LOCATION, "x"),
        line_of("vessels-v2/273123450/metadata", METADATA, "x"),
        line_of("vessels-v2/2300001/location", LOCATION, "x"),
        line_of("vessels-v2/status", b'{"status":"up"}', "x"),
        line_of("vessels-v2/273123450/location", b"no JSON", "x"),
        b'{"topic": "vessels-v2/27312',
    ]
    path = lake.write("stream.jsonl", b"\n".join(lines))
    result = lake.read(path, source="digitraffic")
    assert result.failures == []
    assert (result.n_rows, result.n_kept) == (7, 1)
    assert rejected(lake.manifest()) == {
        "repeat": 1, "no_position": 1, "not_a_ship": 1, "other_message": 1, "bad_time": 1, "unreadable": 1,
    }  # fmt: skip
    (row,) = lake.rows(columns="mmsi, time::VARCHAR, lat::DOUBLE, lon::DOUBLE, sog_kn, cog_deg, nav_status")
    assert row == (273123450, "2026-04-27 10:00:00", 60.05, 29.1, None, None, 5)
    (static,) = lake.rows(
        "statics", "imo, name, callsign, ship_type, length_m, width_m, draught_m, destination"
    )
    assert static == (9074729, "NEVA", "UBCD1", "tanker", 183.0, 32.0, 10.4, "SEGOT")
