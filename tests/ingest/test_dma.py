"""Danish days: every form read, every row kept or counted by reason."""

import zipfile
from datetime import datetime
from decimal import Decimal

import pytest

from tests.ingest.conftest import NOW, OLD_HEADER, SILENT, TANKER, Lake, danish, rejected

TEN = datetime.fromisoformat("2026-04-26 10:00:00")


def test_one_position(lake: Lake) -> None:
    manifest = lake.read_text(danish(TANKER))
    assert rejected(manifest) == {}
    assert lake.rows() == [
        (
            273123450,
            TEN,
            Decimal("56.500000"),
            Decimal("11.250000"),
            pytest.approx(12.3),
            pytest.approx(181.5),
            180.0,
            0,
        )
    ]
    assert lake.rows("statics") == [
        (273123450, TEN, TEN, 9074729, "NEVA", "UBCD1", "tanker", 183.0, 32.0, 10.4, "RU LED", 1)
    ]
    assert (manifest["source"], manifest["first_at"], manifest["last_at"]) == ("dma", str(TEN), str(TEN))
    assert manifest["file_id"] == manifest["sha256"][:16]


def test_types_of_the_lake(lake: Lake) -> None:
    lake.read_text(danish(TANKER))
    types = lake.rows(columns="typeof(COLUMNS(*))")[0]
    assert types == (
        "BIGINT",
        "TIMESTAMP",
        "DECIMAL(9,6)",
        "DECIMAL(9,6)",
        "FLOAT",
        "FLOAT",
        "FLOAT",
        "INTEGER",
        "VARCHAR",
    )
    assert lake.rows("statics", "typeof(COLUMNS(*))")[0] == (
        *("BIGINT", "TIMESTAMP", "TIMESTAMP", "BIGINT", "BIGINT", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR"),
        *("DOUBLE", "DOUBLE", "DOUBLE", "VARCHAR", "INTEGER", "VARCHAR"),
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Type of mobile": "Base Station", "MMSI": 2190048}, "not_a_ship"),
        ({"Type of mobile": "AtoN", "MMSI": 992651019}, "not_a_ship"),
        ({"Type of mobile": "SAR Airborne", "MMSI": 111219501}, "not_a_ship"),
        ({"MMSI": 970123456}, "not_a_ship"),
        ({"MMSI": 982191234}, "not_a_ship"),
        ({"MMSI": 2190048}, "not_a_ship"),
        ({"MMSI": 21912345}, "not_a_ship"),
        ({"MMSI": 812191234}, "not_a_ship"),
        ({"MMSI": 0}, "bad_mmsi"),
        ({"MMSI": 1193046}, "bad_mmsi"),
        ({"MMSI": 123456789}, "bad_mmsi"),
        ({"MMSI": 222222222}, "bad_mmsi"),
        ({"MMSI": 999999999}, "bad_mmsi"),
        ({"MMSI": 290123456}, "bad_mmsi"),
        ({"MMSI": 2191234567}, "bad_mmsi"),
        ({"MMSI": "x"}, "bad_mmsi"),
        ({"MMSI": ""}, "bad_mmsi"),
        ({"Latitude": "91.000000", "Longitude": "0.000000"}, "no_position"),
        ({"Latitude": "91.000000", "Longitude": "181.000000"}, "no_position"),
        ({"Latitude": "0.000000", "Longitude": "0.000000"}, "no_position"),
        ({"Latitude": "", "Longitude": ""}, "no_position"),
        ({"Latitude": ""}, "bad_lat"),
        ({"Longitude": "east"}, "bad_lon"),
        ({"Latitude": "-90.000001"}, "bad_position"),
        ({"Longitude": "180.000001"}, "bad_position"),
        ({"Timestamp": ""}, "bad_time"),
        ({"Timestamp": "2026-04-26 10:00:00"}, "bad_time"),
        ({"Timestamp": "31/02/2026 10:00:00"}, "bad_time"),
        ({"Timestamp": "24/04/2026 23:59:59"}, "outside_day"),
        ({"Timestamp": "28/04/2026 00:00:00"}, "outside_day"),
        ({"Timestamp": "29/04/2026 12:00:01"}, "future"),
        ({"SOG": "fast"}, "bad_sog"),
        ({"Name": '"'}, "unreadable"),
    ],
)
def test_reasons(lake: Lake, change: dict[str, object], reason: str) -> None:
    other = {**TANKER, "MMSI": 219000606}
    manifest = lake.read_text(danish(other, {**TANKER, **change}))
    assert rejected(manifest) == {reason: 1}
    assert manifest["n_rows"] == 2
    (entry,) = manifest["rejected"]
    assert entry["example"]
    assert [row[0] for row in lake.rows()] == [219000606]
    assert (273123450 in {row[0] for row in lake.rows("statics")}) == (reason == "no_position")


def test_what_a_tolerance_of_a_day_keeps(lake: Lake) -> None:
    times = ["25/04/2026 00:00:00", "27/04/2026 23:59:59"]
    manifest = lake.read_text(danish(*({**TANKER, "Timestamp": time} for time in times)))
    assert rejected(manifest) == {}
    assert sorted(manifest["positions"]) == ["2026-04-25", "2026-04-27"]
    assert sorted(manifest["statics"]) == ["2026-04-25", "2026-04-27"]


def test_the_future_begins_a_day_after_now(lake: Lake) -> None:
    kept, late = NOW.replace(day=29), NOW.replace(day=29, second=1)
    rows = [{**TANKER, "Timestamp": f"{at:%d/%m/%Y %H:%M:%S}"} for at in (kept, late)]
    manifest = lake.read_text(danish(*rows), "scenario.csv")
    assert rejected(manifest) == {"future": 1}
    assert manifest["last_at"] == str(kept)


def test_a_file_without_a_day_holds_the_days_it_holds(lake: Lake) -> None:
    rows = [{**TANKER, "Timestamp": f"{day:02}/03/2026 10:00:00"} for day in range(1, 31)]
    manifest = lake.read_text(danish(*rows), "aisdk-2026-03.csv")
    assert len(manifest["positions"]) == len(manifest["statics"]) == 30
    assert rejected(manifest) == {}


def test_no_position_and_nothing_said(lake: Lake) -> None:
    manifest = lake.read_text(danish(TANKER, {**SILENT, "Latitude": "91.000000", "Longitude": "0.000000"}))
    assert rejected(manifest) == {"bad_position": 1}


def test_repeats_are_equal_in_ship_time_and_place(lake: Lake) -> None:
    moved = {**TANKER, "Longitude": "11.250001"}
    later = {**TANKER, "Timestamp": "26/04/2026 10:00:01"}
    manifest = lake.read_text(danish(TANKER, moved, {**TANKER, "SOG": ""}, later, TANKER))
    assert rejected(manifest) == {"repeat": 2}
    assert len(lake.rows()) == 3
    assert lake.rows()[0][4] == pytest.approx(12.3)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"SOG": "102.3"}, "sog_kn"),
        ({"SOG": "-0.1"}, "sog_kn"),
        ({"COG": "360.0"}, "cog_deg"),
        ({"Heading": "511"}, "heading_deg"),
        ({"Heading": "360"}, "heading_deg"),
        ({"Navigational status": "Unknown value"}, "nav_status"),
    ],
)
def test_sentinels_of_positions(lake: Lake, change: dict[str, object], column: str) -> None:
    lake.read_text(danish({**TANKER, **change}))
    assert lake.rows(columns=column) == [(None,)]


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [
        ({"IMO": "9074728"}, "imo", None),
        ({"IMO": "0"}, "imo", None),
        ({"IMO": "10747299"}, "imo", None),
        ({"Name": "NEVA@@@@@@@ OLD"}, "name", "NEVA"),
        ({"Name": "  NEVA   STAR "}, "name", "NEVA STAR"),
        ({"Name": "NE\x07VA\u202eX"}, "name", "NE VA X"),
        ({"Name": "@@@@"}, "name", None),
        ({"Name": '"NEVA, STAR"'}, "name", "NEVA, STAR"),
        ({"Callsign": " "}, "callsign", None),
        ({"Destination": " "}, "destination", None),
        ({"Draught": "0.0"}, "draught_m", None),
        ({"Draught": " "}, "draught_m", None),
        ({"Length": "0"}, "length_m", None),
        ({"Ship type": "Reserved"}, "ship_type", None),
        ({"Ship type": "Law enforcement"}, "ship_type", "law enforcement"),
        ({"Ship type": "Towing long/wide"}, "ship_type", "towing"),
        ({"Ship type": "Cargo"}, "ship_type", "cargo"),
        ({"Ship type": "HSC"}, "ship_type", "hsc"),
        ({"Ship type": "SAR"}, "ship_type", "sar"),
        ({"Ship type": "Other"}, "ship_type", "other"),
    ],
)
def test_static_values(lake: Lake, change: dict[str, object], column: str, value: object) -> None:
    assert rejected(lake.read_text(danish({**TANKER, **change}))) == {}
    assert lake.rows("statics", column) == [(value,)]


def test_spans_of_static_values(lake: Lake) -> None:
    """Nothing at first, then a name without a size, then all, a new draught, and back to the old one."""
    says: list[dict[str, object]] = [
        SILENT,
        {**SILENT, "Name": "NEVA"},
        TANKER,
        SILENT,
        TANKER,
        {**TANKER, "Draught": "8.0"},
        {**TANKER, "Draught": "8.0"},
        TANKER,
    ]
    rows = [{**what, "Timestamp": f"26/04/2026 10:{minute:02}:00"} for minute, what in enumerate(says)]
    lake.read_text(danish(*rows))
    spans = [
        (first_at.minute, last_at.minute, name, draught_m, n_reports)
        for first_at, last_at, name, draught_m, n_reports in lake.rows(
            "statics", "first_at, last_at, name, draught_m, n_reports"
        )
    ]
    assert spans == [(1, 4, "NEVA", 10.4, 3), (5, 6, "NEVA", 8.0, 2), (7, 7, "NEVA", 10.4, 1)]


def test_spans_end_at_midnight_and_are_per_ship(lake: Lake) -> None:
    rows = [
        {**TANKER, "MMSI": mmsi, "Timestamp": time}
        for mmsi in (273123450, 219000606)
        for time in ("26/04/2026 23:59:59", "27/04/2026 00:00:00")
    ]
    lake.read_text(danish(*rows))
    assert len(lake.rows("statics")) == 4


def test_old_form_with_22_columns_and_crlf(lake: Lake) -> None:
    rows = [TANKER, {**SILENT, "Draught": " ", "Destination": " ", "Callsign": " ", "MMSI": 219000606}]
    manifest = lake.read_text(danish(*rows, header=OLD_HEADER, line_end="\r\n"))
    assert (manifest["n_rows"], manifest["n_kept"]) == (2, 2)
    assert lake.rows("statics", "destination") == [("RU LED",)]


def test_rows_of_the_wrong_length_are_counted(lake: Lake) -> None:
    text = danish(TANKER) + "26/04/2026 10:00:00,Class A,219000606\n" + "\n" + "x," * 30 + "\n"
    assert rejected(lake.read_text(text)) == {"unreadable": 2}


def test_monthly_zip_reads_each_member_by_its_own_day(lake: Lake) -> None:
    path = lake.folder / "aisdk-2026-03.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for day in (1, 2):
            rows = [{**TANKER, "Timestamp": f"{day:02}/03/2026 10:00:00"}, TANKER]
            # A row about midnight that stands in both days' members.
            rows.append({**TANKER, "Timestamp": "01/03/2026 23:59:59"})
            archive.writestr(f"aisdk-2026-03-{day:02}.csv", danish(*rows))
        archive.writestr("readme.txt", "nothing to see")
    assert lake.read(path).failures == []
    manifest = lake.manifest()
    assert rejected(manifest) == {"outside_day": 2, "repeat": 1}
    assert manifest["n_rows"] == 6
    assert sorted(manifest["positions"]) == ["2026-03-01", "2026-03-02"]
    assert len(lake.rows()) == manifest["n_kept"] == 3
    assert lake.stored() == sorted(
        [f"lake/files/{manifest['file_id']}.json"]
        + [f"lake/{part}{end}" for kind in ("positions", "statics") for part in manifest[kind].values()
           for end in ("", ".sha256")]
    )  # fmt: skip


def test_a_member_that_does_not_fit_comes_through_a_pipe(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lake.folder / "aisdk-2026-04-26.zip"
    rows = [{**TANKER, "MMSI": 219000000 + number} for number in range(500)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("aisdk-2026-04-26.csv", danish(*rows))
    monkeypatch.setattr("pipeline.sources.base.SPARE_BYTES", 1 << 60)
    assert lake.read(path).failures == []
    assert len(lake.rows()) == 500
    # And one that is no Danish day: the pipe's writer does not wait for a reader that never comes.
    other = lake.folder / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("other.csv", "a,b\n" + "1,2\n" * 100_000)
    assert "not a Danish AIS day" in lake.read(other).failures[0]
