"""The hard cases of the reference pipelines' tests as tracks of our own, read as a foreign table.

GlobalFishingWatch/pipe-encounters `tests/series_data.py` (at half an hour), pipe-gaps `tests/conftest.py` (a
gap over New Year), pipe-anchorages `test_create_in_out_events.py` (a silent call).
"""

import csv
import math
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.settings import Settings, load_settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from tests.detect.ships import rows

Row = tuple[int, float, float, float]  # ship, minute of the day, lat, lon
DAY = datetime(2025, 12, 31)  # noqa: DTZ001 - the tables are in UTC without a zone
M = 1 / 111_195  # degrees of latitude in a metre
MAP = """
[columns]
mmsi = "201000000 + ship"
time = "heard"
lat = "lat"
lon = "lon"
"""


def found(
    root: Path, gazetteer: Path, reports: Iterable[Row], overrides: list[str], kn: float | None
) -> Home:
    """A home in which a table of reports was read and events were detected."""
    home = Home(root).create()
    shutil.copytree(gazetteer, home.work / "gazetteer")
    table, mapping = root / "tracks.csv", root / "map.toml"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ship", "heard", "lat", "lon", *([] if kn is None else ["speed"])])
        for ship, minute, lat, lon in reports:
            at = (DAY + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
            east = (lon + 540) % 360 - 180
            writer.writerow([ship, at, f"{lat:.6f}", f"{east:.6f}", *([] if kn is None else [kn])])
    mapping.write_text(MAP + ("" if kn is None else 'sog = "speed"\n'))
    settings = load_settings(root, overrides)
    assert not ingest(home, settings, "table", [table], mapping=mapping).failures
    detect(home, settings)
    return home


def clock(minute: float) -> str:
    return (DAY + timedelta(minutes=minute)).strftime("%d %H:%M")


# Metres between two ships every ten minutes from 10:00 on; None: the other was not heard.
COMING_AND_GOING = [5000, 2600, 1100, 420, 310, None, 180, 150, 240, 460, 900, 2500, 5200]


def meeting(first: int, lat: float, lon: float, away_m: list[int | None], start: int = 600) -> Iterator[Row]:
    """One ship drifts north at a tenth of a knot, the other is so far east of it."""
    for slot, metres in enumerate(away_m):
        here = lat + slot * 31 * M
        yield first, start + 10 * slot, here, lon
        if metres is not None:
            east = metres * M / math.cos(math.radians(here))
            yield first + 1, start + 10 * slot, here, lon + east


def three() -> Iterator[Row]:
    """One lies still for two hours, two lie beside it for longer, and change places."""
    for slot in range(-2, 14):
        if 0 <= slot <= 12:
            yield 1, 600 + 10 * slot, 25.0, -35.0
        near = slot < 7
        yield 2, 600 + 10 * slot, 25.0, -35.0 if near else -34.999
        yield 3, 600 + 10 * slot, 25.0, -34.999 if near else -35.0


def uneven() -> Iterator[Row]:
    """Two ships drift side by side and are heard in bursts: silences of 113, 57, 59, 480 and 87 minutes."""
    bursts = [(340, 341), (454, 467), (524, 524), (552, 561), (620, 620), (1100, 1112), (1199, 1209)]
    for begin, end in bursts:
        for minute in range(begin, end + 1, 3):
            north, east = 14.0 + minute * 6 * M, -28.0 + minute * 4 * M
            # The second is heard all the while but for an hour, with the jitter of its receiver.
            yield 1, minute + 0.4, north, east
    for n, minute in enumerate(range(360, 1260, 9)):
        jitter = (n * 7 % 5 - 2) * 8 * M
        yield 2, minute + 0.7, 14.0 + minute * 6 * M + 40 * M + jitter, -28.0 + minute * 4 * M - jitter


def numbered(base: int, reports: Iterable[Row]) -> list[Row]:
    return [(base + ship, *rest) for ship, *rest in reports]  # type: ignore[misc]


def still(ship: int, lat: float, lon: float) -> list[Row]:
    return [(ship, 600 + 10 * slot, lat, lon) for slot in range(13)]


TO_AND_FRO = [600 + 10 * slot for slot in range(-2, 14) if slot != 6]
CASES: dict[str, tuple[list[Row], list[tuple[int, int, str, str]]]] = {
    "two meet and part": (
        numbered(100, meeting(1, 20.0, -30.0, COMING_AND_GOING)), [(1, 2, clock(630), clock(690))],
    ),
    "across the date line": (
        numbered(200, meeting(1, -20.0, 179.998, COMING_AND_GOING)), [(1, 2, clock(630), clock(690))],
    ),
    "in the far north": (
        numbered(300, meeting(1, 75.0, 20.0, COMING_AND_GOING)), [(1, 2, clock(630), clock(690))],
    ),
    "half an hour, and less": (
        numbered(400, [
            *meeting(1, 22.0, -30.0, [900, 400, 300, 300, 400, 900]),
            *meeting(3, 22.0, -32.0, [900, 400, 300, 400, 900]),
        ]), [(1, 2, clock(610), clock(640))],
    ),
    "they part fast and meet again": (
        numbered(500, [
            *still(1, 25.0, -40.0), *((2, m, 25.0, -40.0 + 10 * (n % 2)) for n, m in enumerate(TO_AND_FRO)),
            *still(3, 27.0, -40.0), *((4, m, 27.0, -40.0 + 0.03 * (n % 2)) for n, m in enumerate(TO_AND_FRO)),
        ]), [],
    ),
    "three at once": (
        numbered(600, three()),
        [(1, 2, clock(600), clock(720)), (1, 3, clock(600), clock(720)), (2, 3, clock(580), clock(730))],
    ),
    "heard in bursts": (numbered(700, uneven()), [(1, 2, clock(460), clock(620))]),
}  # fmt: skip


@pytest.fixture(scope="module", params=[0, None], ids=["speed 0 sent", "no speed sent"])
def meetings(
    request: pytest.FixtureRequest, built_gazetteer: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], list[tuple[object, ...]]]:
    """The meetings among a hundred of ships, by the hundred: all cases at once, far from each other."""
    overrides = ["encounters.min_duration_minutes=30", "encounters.merge_gap_hours=24"]
    reports = [report for case, _ in CASES.values() for report in case]
    home = found(tmp_path_factory.mktemp("cases"), built_gazetteer, reports, overrides, request.param)
    told = rows(home, Settings(), "FROM encounters ORDER BY mmsi_1, mmsi_2, started_at")

    def within(hundred: int) -> list[tuple[object, ...]]:
        return [
            (
                m["mmsi_1"] % 100, m["mmsi_2"] % 100,  # type: ignore[operator]
                m["started_at"].strftime("%d %H:%M"), m["ended_at"].strftime("%d %H:%M"),  # type: ignore[attr-defined]
            )
            for m in told
            if m["mmsi_1"] // 100 == 2_010_000 + hundred  # type: ignore[operator]
        ]  # fmt: skip

    return within


@pytest.mark.parametrize(("hundred", "name"), list(enumerate(CASES, 1)))
def test_the_intervals_are_those_of_the_definition(
    hundred: int, name: str, meetings: Callable[[int], list[tuple[object, ...]]]
) -> None:
    assert meetings(hundred) == CASES[name][1]


def test_a_gap_over_new_year_by_a_threshold_of_an_hour(
    tmp_path: Path, built_gazetteer: Path, settings: Settings
) -> None:
    one = [(1, 23 * 60 + k, 40.0, -40.0 + k * 0.01) for k in (0, 119)]
    two = [(2, 23 * 60.0, 45.0, -40.0), (3, 25 * 60.0, 45.0, -40.0)]
    within = [(4, 60.0 * hour, 50.0, -30.0 + hour * 0.05) for hour in (0, 1, 2, 4, 5, 25)]
    home = found(tmp_path / "gaps", built_gazetteer, [*one, *two, *within], ["gaps.min_hours=1.5"], None)
    gaps = rows(home, settings, "FROM ais_gaps WHERE on_at IS NOT NULL ORDER BY off_at")
    assert [(g["mmsi"], g["duration_h"]) for g in gaps] == [
        (201000004, 2), (201000004, 20), (201000001, pytest.approx(119 / 60)),
    ]  # fmt: skip


def test_a_silence_in_a_port_within_one_day_is_a_call_though_no_stop_was_seen(
    tmp_path: Path, built_gazetteer: Path, settings: Settings
) -> None:
    takoradi = (4.884, -1.7395)
    track = [
        (1, m, takoradi[0] - km / 111.195, takoradi[1]) for m, km in ((0, 10), (20, 1), (140, 1.2), (160, 10))
    ]
    home = found(tmp_path / "call", built_gazetteer, track, ["port_calls.gap_hours=1"], 5)
    (call,) = rows(home, settings, "FROM port_calls")
    assert (call["port_id"], call["kind"], call["confidence"], call["had_gap"]) == (
        "GHTKD",
        "anchorage",
        1,
        True,
    )
    again = found(tmp_path / "none", built_gazetteer, track, [], 5)
    assert rows(again, settings, "FROM port_calls") == []
