"""What no re-ordering, repetition, thinning or move of the reports may change in the events found."""

import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.home import Home
from pipeline.settings import Settings
from tests.detect.ships import Report, Ship, detected, lying, moved, rows, sailing

SETTINGS = Settings()
GRID = timedelta(minutes=SETTINGS.encounters.grid_minutes)
A = Ship(311001201, "ROMEO TEST", ship_type="Tanker", length_m=240)
B = Ship(311001202, "SIERRA TEST", ship_type="Tanker", length_m=230)
C = Ship(311001203, "TANGO TEST")
D = Ship(311001204, "UNIFORM TEST", ship_type="Tanker")
FAR = Ship(311001205, "VICTOR TEST")
# Latitudes that hold open water all around the globe, but for islands.
OPEN = st.sampled_from([-58.0, -61.5, 84.5, 88.5])

quick = hypothesis_settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def find(built_gazetteer: Path, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    def found(reports: Iterable[Report]) -> Home:
        home = Home(tmp_path_factory.mktemp("property")).create()
        shutil.copytree(built_gazetteer, home.work / "gazetteer")
        detected(home, SETTINGS, reports)
        return home

    return found


def meet(a: Ship, b: Ship, lat: float, lon: float, start: float, hours: float) -> list[Report]:
    """B comes to A at 6 kn along the meridian, lies beside it, and goes on."""
    lie = start + 60 + hours * 60
    return [
        *lying(a, start, lie + 60, lat, lon, sog_kn=0.1, heading=80),
        *sailing(b, start, (lat - 0.1, lon), (lat - 0.0006, lon), kn=6),
        *lying(b, start + 60, lie, lat - 0.0006, lon, sog_kn=0.1, heading=82),
        *sailing(b, lie + 1, (lat - 0.0006, lon), (lat - 0.1, lon), kn=6),
    ]


def world() -> list[Report]:
    """A meeting over midnight, a call at Tanger Med, and a ship that lies alone."""
    return [
        *meet(A, B, 56.0, 18.5, 1200, 6),
        *sailing(C, 0, (35.95, -5.90), (35.889, -5.503)),
        *lying(C, 130, 700, 35.889, -5.503, nav=5),
        *sailing(C, 710, (35.889, -5.503), (35.95, -5.90)),
        *sailing(D, 100, (34.1, -9.0), (34.0, -9.0)),
        *lying(D, 140, 500, 34.0, -9.0, sog_kn=0.3),
        *sailing(D, 510, (34.0, -9.0), (34.1, -9.0)),
    ]


def thinned(reports: Iterable[Report], share: float, chance: random.Random) -> Iterator[Report]:
    """Without some of the reports, but never two of one ship in a row."""
    missed = None
    for report in sorted(reports, key=lambda report: (report.ship.mmsi, report.minute)):
        if missed != report.ship and chance.random() < share:
            missed = report.ship
        else:
            missed = None
            yield report


EVENTS = {
    "encounters": """SELECT encounter_id AS id, vessel_id_1 AS ship, started_at, ended_at, kind
        FROM encounters""",
    "port_calls": """SELECT port_call_id AS id, vessel_id AS ship, arrived_at AS started_at,
        departed_at AS ended_at, kind FROM port_calls""",
    "loitering": """SELECT loitering_id AS id, vessel_id AS ship, started_at, ended_at,
        'alone' AS kind FROM loitering""",
}


def everything(home: Home) -> dict[str, list[str]]:
    """All rows of the events' tables, whole."""
    return {name: sorted(str(row) for row in rows(home, SETTINGS, f"FROM {name}")) for name in EVENTS}


def events(home: Home) -> list[dict[str, object]]:
    return [row for query in EVENTS.values() for row in rows(home, SETTINGS, f"{query} ORDER BY ALL")]


@pytest.fixture(scope="module")
def plain(find) -> Home:  # type: ignore[no-untyped-def]
    home: Home = find(world())
    assert [row["kind"] for row in events(home)] == ["transfer", "berth", "alone"]
    return home


@quick
@given(seed=st.integers(0, 99), again=st.integers(0, 200))
def test_shuffled_and_repeated_reports_give_the_same_rows(find, plain: Home, seed: int, again: int) -> None:  # type: ignore[no-untyped-def]
    reports = world()
    random.Random(seed).shuffle(reports)
    assert everything(find(reports + reports[:again])) == everything(plain)


@quick
@given(seed=st.integers(0, 99), share=st.sampled_from([0.05, 0.3]))
def test_a_little_thinner_the_same_events_to_a_grid_step(find, plain: Home, seed: int, share: float) -> None:  # type: ignore[no-untyped-def]
    thin = events(find(thinned(world(), share, random.Random(seed))))
    whole = events(plain)
    assert [(e["ship"], e["kind"]) for e in thin] == [(e["ship"], e["kind"]) for e in whole]
    for one, other in zip(thin, whole, strict=True):
        for end in ("started_at", "ended_at"):
            assert abs(one[end] - other[end]) <= GRID  # type: ignore[operator]
        if one["started_at"] == other["started_at"]:
            assert one["id"] == other["id"]


@quick
@given(
    lat=OPEN, lon=st.integers(-1790, 1790).map(lambda tenths: tenths / 10), start=st.integers(0, 400),
    steps=st.lists(st.integers(1, 89), min_size=4, max_size=4, unique=True),
)  # fmt: skip
def test_a_track_moved_along_its_parallel_moves_its_meeting(  # type: ignore[no-untyped-def]
    find, lat: float, lon: float, start: int, steps: Sequence[int]
) -> None:
    # On the date line, and anywhere else, but never one beside another.
    shifts = [0.0, *(4.0 * step for step in steps)]
    if all(2 < (shift - 180 + lon) % 360 < 358 for shift in shifts):
        shifts.append(180 - lon)
    reports = []
    for number, shift in enumerate(shifts):
        a, b = (replace(ship, mmsi=ship.mmsi + 100 + 10 * number) for ship in (A, B))
        reports += list(moved(meet(a, b, lat, lon, start, 4), shift))
    met = rows(find(reports), SETTINGS, "FROM encounters ORDER BY mmsi_1")
    assert len(met) == len(shifts)
    for shift, one in zip(shifts, met, strict=True):
        for column in (
            "started_at",
            "ended_at",
            "kind",
            "hulls_touch",
            "heading_difference_deg",
            "confidence",
        ):
            assert one[column] == met[0][column]
        for column in ("lat", "median_distance_m", "median_speed_kn"):
            assert one[column] == pytest.approx(met[0][column], abs=0.2)
        assert (one["lon"] - met[0]["lon"] - shift + 540) % 360 - 180 == pytest.approx(0, abs=1e-5)  # type: ignore[operator]


@quick
@given(
    lat=st.floats(-60, -1),
    lon=st.floats(-179.9, 179.9),
    kn=st.sampled_from([0.0, 0.3, 12.0]),
    start=st.integers(0, 1500),
)
def test_a_far_away_ship_changes_nothing(
    find, plain: Home, lat: float, lon: float, kn: float, start: int
) -> None:  # type: ignore[no-untyped-def]
    track = (
        lying(FAR, start, start + 600, lat, lon, sog_kn=kn)
        if kn < 1
        else sailing(FAR, start, (lat, lon), (lat - 1.0, lon), kn=kn)
    )
    with_it = find(world() + track)
    for name, told in everything(plain).items():
        assert [row for row in everything(with_it)[name] if str(FAR.mmsi) not in row] == told
    at = [row["last_seen_at"] for row in rows(with_it, SETTINGS, f"FROM vessels WHERE mmsi = {FAR.mmsi}")]
    assert isinstance(at[0], datetime)
