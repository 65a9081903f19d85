"""By day, at once, twice, late, shuffled or repeated: the tables are a function of the reports alone."""

import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.collecting.holes import Hole, HoleLog
from pipeline.engine import connect
from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from tests.detect.ships import START, Report, Ship, detected, lying, rows, sailing, write_days

TABLES = (
    "vessels", "vessel_identities", "port_calls", "encounters", "ais_gaps", "loitering", "position_flags",
    "russia_arrivals", "coverage", "feed_holes", "vessel_files",
)  # fmt: skip
# What differs as it must: repeats count where what was received is counted, and make another file.
OF_THE_FILES = {"vessel_identities": "n_reports", "vessel_files": "file_id"}
A = Ship(311000301, "ECHO TEST", ship_type="Tanker", length_m=240)
B = Ship(311000302, "FOXTROT TEST", ship_type="Tanker", length_m=230)
C = Ship(311000303, "GOLF TEST")


def world() -> list[Report]:
    """Four days: a meeting and a call at Tanger Med over midnight, a shared MMSI, a stray, a silence."""
    sea, near = (56.0, 18.5), (56.0008, 18.5)  # the open Baltic, 350 nm from St Petersburg
    led = (59.886, 30.195)
    return [
        *lying(A, 1200, 1700, *sea),
        *lying(B, 1200, 1700, *near),
        *sailing(C, 0, (35.95, -5.90), (35.889, -5.503)),
        *lying(C, 150, 2500, 35.889, -5.503, every=9, nav=5),
        *sailing(C, 2510, (35.889, -5.503), (35.95, -5.90)),
        *lying(C, 300, 3300, *led, every=11, nav=5),  # another ship under C's number
        Report(A, 1441, 12.0, 12.0, 3.0),
        *lying(A, 3000, 4300, *sea),
        *lying(B, 4000, 5700, *led, nav=5),
    ]


def tables(home: Home, settings: Settings) -> dict[str, list[str]]:
    found = {}
    for table in TABLES:
        kept = f"SELECT * EXCLUDE ({OF_THE_FILES[table]})" if table in OF_THE_FILES else ""
        found[table] = sorted(map(str, rows(home, settings, f"{kept} FROM {table}")))
    return found


def with_a_hole(home: Home) -> Home:
    """The Danish feed was down for two hours of A's silence."""
    HoleLog(home, "dma").write(
        Hole(None, START + timedelta(hours=30), START + timedelta(hours=32), "the connection broke off")
    )
    return home


@pytest.fixture(scope="module")
def expected(built_gazetteer: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    root = tmp_path_factory.mktemp("all_at_once")
    home = with_a_hole(Home(root).create())
    shutil.copytree(built_gazetteer, home.work / "gazetteer")
    detected(home, Settings(), world())
    found = tables(home, Settings())
    assert found["encounters"] and found["port_calls"] and found["russia_arrivals"] and found["feed_holes"]
    assert len(found["vessels"]) == 4
    return found


@hypothesis_settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(order=st.permutations(range(4)), again=st.booleans(), shuffle=st.integers(0, 3))
def test_days_in_any_order(
    order: list[int], again: bool, shuffle: int, expected: dict[str, list[str]], built_gazetteer: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    home = with_a_hole(Home(tmp_path_factory.mktemp("days")).create())
    shutil.copytree(built_gazetteer, home.work / "gazetteer")
    reports = world()
    random.Random(shuffle).shuffle(reports)
    paths = write_days(home.root / "in", reports + reports[: 40 * shuffle])
    assert len(paths) == 4
    for number in order:
        ingest(home, Settings(), "dma", [paths[number]])
        detect(home, Settings())
        if again:
            detect(home, Settings())
    for table, found in tables(home, Settings()).items():
        assert found == expected[table], table


def test_one_thread_and_two_give_the_same(home: Home, expected: dict[str, list[str]]) -> None:
    detected(with_a_hole(home), Settings(engine={"threads": 1}), world())  # type: ignore[arg-type]
    assert tables(home, Settings()) == expected


def test_a_window_reads_only_its_days(home: Home, settings: Settings, expected: dict[str, list[str]]) -> None:
    ingest(with_a_hole(home), settings, "dma", write_days(home.root / "in", world()))
    first = date(2026, 3, 2)
    assert detect(home, settings, first=first, last=first).n_days == 1
    assert detect(home, settings, last=first + timedelta(days=9)).n_days == 3
    assert tables(home, settings) == expected


def test_a_new_day_costs_the_new_day_and_its_neighbour(home: Home, settings: Settings) -> None:
    paths = write_days(home.root / "in", world())
    ingest(home, settings, "dma", paths[:3])
    detect(home, settings)
    ingest(home, settings, "dma", paths[3:])
    assert detect(home, settings).n_days == 2
    assert detect(home, settings).n_days == 0


def test_tables_of_an_older_version_are_all_made_anew(
    home: Home, settings: Settings, expected: dict[str, list[str]]
) -> None:
    detected(with_a_hole(home), settings, world())
    with connect(settings, home.work, home.events) as con:
        con.execute("ALTER TABLE days.day_statics DROP COLUMN wrong_imo")
        con.execute("UPDATE days.version SET version = 1")
    day = date(2026, 3, 2)
    assert detect(home, settings, first=day, last=day).n_days == 4
    assert tables(home, settings) == expected


def test_other_settings_detect_anew(home: Home, settings: Settings) -> None:
    detected(home, settings, world())
    assert rows(home, settings, "SELECT count(*) AS n FROM encounters") == [{"n": 1}]
    strict = Settings(encounters={"max_distance_m": 50})  # type: ignore[arg-type]
    assert detect(home, strict).n_days == 4
    assert rows(home, settings, "SELECT count(*) AS n FROM encounters") == [{"n": 0}]


def test_what_an_earlier_version_stored_is_made_anew(
    home: Home, settings: Settings, expected: dict[str, list[str]]
) -> None:
    detected(with_a_hole(home), settings, world())
    with connect(settings, home.work, home.events) as con:
        con.execute("UPDATE days.version SET version = 6; ALTER TABLE days.day_feed DROP source")
    assert detect(home, settings, first=date(2026, 3, 2), last=date(2026, 3, 2)).n_days == 4
    assert tables(home, settings) == expected


def test_a_far_away_ship_changes_nothing(
    home: Home, settings: Settings, expected: dict[str, list[str]]
) -> None:
    stranger = Ship(518000999, "FAR TEST")
    detected(home, settings, world() + sailing(stranger, 0, (-20.0, 80.0), (-25.0, 90.0), every=30))
    for table in ("port_calls", "encounters", "russia_arrivals"):
        assert tables(home, settings)[table] == expected[table]
