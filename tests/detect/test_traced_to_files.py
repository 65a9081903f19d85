"""From an event to the files that it rests on, as docs/reading.md says; every position counts in one row."""

import hashlib
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.published import query
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from tests.conftest import PROJECT
from tests.detect.ships import START, Report, lying, other_source, rows, sailing, write_days
from tests.detect.test_same_whatever_the_order import A, B, C, world

(QUERY,) = re.findall(
    r"```sql\n(WITH event AS .*?)```", (PROJECT / "docs/reading.md").read_text(encoding="utf-8"), re.DOTALL
)
EVENT = re.compile(r"WITH event AS \(.*?\n\),", re.DOTALL)
# Events with a ship and a span, as that page's table has it (of port calls the page's own text is run).
SPANS = {
    "port_calls": ("port_call_id", "vessel_id", "coalesce(entered_at, arrived_at)", "exited_at"),
    "loitering": ("loitering_id", "vessel_id", "started_at", "ended_at"),
    "position_flags": ("vessel_id || kind || started_at", "vessel_id", "started_at", "ended_at"),
    "ais_gaps": ("gap_id", "vessel_id", "off_at", "coalesce(on_at, off_at)"),
    "encounters": ("encounter_id", "vessel_id_1", "started_at", "ended_at"),
    "encounters ": ("encounter_id", "vessel_id_2", "started_at", "ended_at"),
}  # fmt: skip


def files_of(home: Home, table: str, key: str) -> list[dict[str, object]]:
    """What the page's query answers for one event."""
    name, ship, begun, ended = SPANS[table]
    event = (
        f"WITH event AS (SELECT {ship} AS vessel_id, {begun} AS begun, "
        f"coalesce({ended}, TIMESTAMP '9999-12-31 00:00:00') AS ended FROM {table} WHERE {name} = 'ID'),"
    )
    text = QUERY if table == "port_calls" else EVENT.sub(lambda _: event, QUERY)
    return query(home, text.replace("'ID'", f"'{key}'")).records()


@pytest.fixture(scope="module")
def whole(built_gazetteer: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Four days of Danish files as a fetch leaves them, published."""
    home = Home(tmp_path_factory.mktemp("traced")).create()
    shutil.copytree(built_gazetteer, home.work / "gazetteer")
    for path in write_days(home.raw / "dma", [*world(), *lying(A, 4310, 5700, 12.0, -30.0)]):
        origin = {"url": f"https://example.org/{path.name}", "fetched_at": "2026-03-09 00:00:00"}
        path.with_name(f"{path.name}.json").write_text(json.dumps(origin))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        path.with_name(f"{path.name}.sha256").write_text(f"{sha256}  {path.name}\n")
    assert not ingest(home, Settings(), "dma").failures
    detect(home, Settings())
    link(home, Settings())
    publish(home, Settings())
    return home


def test_a_port_call_leads_to_hash_and_address(whole: Home) -> None:
    (call,) = query(whole, f"SELECT * FROM port_calls WHERE port_id = 'MAPTM' AND mmsi = {C.mmsi}").records()
    found = files_of(whole, "port_calls", call["port_call_id"])
    days = [f"aisdk-2026-03-0{day}.csv" for day in (1, 2)]
    assert [file["url"] for file in found] == [f"https://example.org/{name}" for name in days]
    assert [file["sha256"] for file in found] == [
        hashlib.sha256((whole.raw / "dma" / name).read_bytes()).hexdigest() for name in days
    ]


@pytest.mark.parametrize("table", SPANS)
def test_every_event_leads_to_files_that_hold_its_ship(table: str, whole: Home) -> None:
    name, ship, begun, _ = SPANS[table]
    events = query(
        whole, f"SELECT {name} AS key, {ship} AS vessel_id, {begun} AS begun FROM {table}"
    ).records()
    assert events
    for event in events:
        found = files_of(whole, table, event["key"])
        held = query(
            whole, f"SELECT DISTINCT file_id FROM vessel_files WHERE vessel_id = '{event['vessel_id']}'"
        ).records()
        assert found and {f["file_id"] for f in found} <= {f["file_id"] for f in held}
        # The file of the day on which it began is among them.
        days = {str(f["url"])[-14:-4] for f in found}
        assert f"{event['begun']:%Y-%m-%d}" in days


def test_references_hold(whole: Home) -> None:
    for column, table in (("file_id", "source_files"), ("vessel_id", "vessels")):
        lost = f"SELECT count(*) AS n FROM vessel_files WHERE {column} NOT IN (SELECT {column} FROM {table})"
        assert query(whole, lost).records() == [{"n": 0}]
    twice = """
        SELECT count(*) AS n FROM vessel_files GROUP BY vessel_id, mmsi, day, file_id HAVING count(*) > 1"""
    assert query(whole, twice).rows == []


def test_every_position_counts_in_one_row(whole: Home) -> None:
    """By hand, from the lake: each report's file, and the ship that it was given to."""
    expected = rows(
        whole,
        Settings(),
        f"""
        SELECT coalesce(t.vessel_id, f.vessel_id) AS vessel_id, p.mmsi AS mmsi, CAST(p.time AS DATE) AS day,
            p.file_id AS file_id, min(p.time) AS first_at, max(p.time) AS last_at, count(*) AS n_reports
        FROM read_parquet('{whole.lake}/positions/*/*/*.parquet') AS p
        JOIN read_parquet('{whole.lake}/tracks/*/*.parquet') AS t USING (mmsi, time, lat, lon)
        LEFT JOIN position_flags AS f ON t.vessel_id IS NULL AND f.kind = 'teleport' AND p.mmsi = f.mmsi
            AND p.time BETWEEN f.started_at AND f.ended_at
        GROUP BY ALL ORDER BY ALL""",
    )
    assert sum(row["n_reports"] for row in expected) > 900  # type: ignore[misc]
    assert rows(whole, Settings(), "SELECT * FROM vessel_files WHERE n_reports > 0 ORDER BY ALL") == expected
    assert rows(whole, Settings(), "SELECT kind FROM position_flags WHERE kind = 'teleport'")


def test_ships_that_share_a_number_have_their_own_files(home: Home, settings: Settings) -> None:
    west, east = lying(C, 0, 600, 36.0, -9.0), lying(C, 3, 603, 55.0, 19.0)
    ingest(home, settings, "dma", write_days(home.root / "in", west))
    other_source(home, east)
    detect(home, settings)
    found = rows(
        home, settings,
        """SELECT v.vessel_id, v.file_id, v.n_reports FROM vessel_files AS v JOIN vessels USING (vessel_id)
        ORDER BY v.first_at""",
    )  # fmt: skip
    assert [row["n_reports"] for row in found] == [len(west), len(east)]
    assert len({row["vessel_id"] for row in found}) == len({row["file_id"] for row in found}) == 2


def test_one_report_of_two_sources_leads_to_both(home: Home, settings: Settings) -> None:
    """Also of a number that two ships share, where reports are told apart one by one."""
    track = [Report(C, round(r.minute), r.lat, r.lon, r.sog_kn) for r in lying(C, 0, 600, 36.0, -9.0)]
    stranger = lying(C, 3, 603, 55.0, 19.0)
    ingest(home, settings, "dma", write_days(home.root / "in", track + stranger))
    other_source(home, track + stranger, late_s=4)
    detect(home, settings)
    found = rows(home, settings, "SELECT vessel_id, file_id, n_reports FROM vessel_files")
    assert len({(row["vessel_id"], row["file_id"]) for row in found}) == len(found) == 4
    assert {row["n_reports"] for row in found} == {len(track)}
    assert {row["n_positions"] for row in rows(home, settings, "SELECT n_positions FROM vessels")} == {
        len(track)
    }


def test_a_file_that_told_only_the_name(home: Home, settings: Settings) -> None:
    ingest(home, settings, "dma", write_days(home.root / "in", lying(A, 0, 600, 36.0, -9.0)))
    nameless = [Report(A, minute, 91, 181, 0, draught_m=11.5) for minute in (700, 710)]
    ingest(home, settings, "dma", write_days(home.root / "later", nameless))
    detect(home, settings)
    (_, told) = rows(home, settings, "FROM vessel_files ORDER BY first_at")
    assert (told["n_reports"], told["first_at"]) == (0, START + timedelta(minutes=700))


def test_a_call_of_hours_needs_the_files_of_these_hours(home: Home, settings: Settings) -> None:
    """Files by the hour: those of the call, the one before and the one after, and no other."""
    reports = [
        *sailing(B, 0, (36.3, -6.6), (35.889, -5.503)),
        *lying(B, 330, 700, 35.889, -5.503, nav=5),
        *sailing(B, 710, (35.889, -5.503), (36.3, -6.6)),
    ]
    hours = sorted({int(report.minute // 60) for report in reports})
    for hour in hours:
        other = write_days(home.root / f"{hour:02d}", [r for r in reports if r.minute // 60 == hour])
        assert not ingest(home, settings, "dma", other).failures
    detect(home, settings)
    link(home, settings)
    publish(home, settings)
    (call,) = query(home, "SELECT * FROM port_calls").records()
    found = files_of(home, "port_calls", call["port_call_id"])
    first, last = ((call[name] - START) // timedelta(hours=1) for name in ("entered_at", "exited_at"))
    at = [(file["first_at"] - START) // timedelta(hours=1) for file in found]  # type: ignore[operator]
    assert sorted(at) == list(range(first - 1, last + 2))
    assert len(at) < len(hours)
