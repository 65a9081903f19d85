"""Alongside, or neighbours at anchor or at a quay: told by distance, size, heading; small craft in port."""

import math
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.settings import Settings, load_settings
from pipeline.steps.detect import detect
from tests.detect.ships import Report, Ship, detected, lying, rows

M = 1 / 111_195  # degrees of latitude in a metre
Headings = Callable[[int], tuple[int | None, int | None]]
RANDOM = random.Random(1)


def steady(first: int | None, second: int | None) -> Headings:
    return lambda slot: (first, second)


def swinging(apart: int) -> Headings:
    """Both turn with the tide, a quarter in four hours, so many degrees apart."""
    return lambda slot: (4 * slot % 360, (4 * slot + apart) % 360)


def leaping(slot: int) -> tuple[int, int]:
    """What sets without a compass send."""
    return RANDOM.randrange(360), RANDOM.randrange(360)


def pair(
    number: int, place: tuple[float, float], bearing: int, metres: float, headings: Headings, *,
    types: tuple[str, str] = ("Tanker", "Tanker"), lengths: tuple[int, int] = (240, 230), beam: float = 0.15,
    strays_m: float = 0.0,
) -> Iterator[Report]:  # fmt: skip
    """Four hours of two ships, the second `metres` off the first on this bearing."""
    ships = [
        Ship(
            311001000 + 2 * number + k,
            f"SHIP {number} {k}",
            0,
            types[k],
            lengths[k],
            round(lengths[k] * beam),
        )
        for k in (0, 1)
    ]
    for slot in range(25):
        far = metres + strays_m * math.sin(slot)
        north, east = far * math.cos(math.radians(bearing)), far * math.sin(math.radians(bearing))
        first, second = headings(slot)
        lat, lon = place
        yield Report(ships[0], 600 + 10 * slot, lat, lon, 0.1, 1, heading=first)
        east_deg = east * M / math.cos(math.radians(lat))
        yield Report(ships[1], 600 + 10 * slot, lat + north * M, lon + east_deg, 0.1, 1, heading=second)


NADOR_ROADS, CEUTA_ROADS = (35.30, -2.78), (35.91, -5.333)
MARINA, COAST = (36.4865, -4.953), (36.45, -4.95)  # Puerto Banus, in no list of ports, and 4 km off it


def sea(number: int) -> tuple[float, float]:
    return 20.0 + number, -40.0


SMALL = {"lengths": (90, 95)}
# What lies how, its kind, whether the hulls touch, the angle between them.
CASES: dict[str, tuple[Iterator[Report], tuple[str, bool | None, float | None] | None]] = {
    "alongside, parallel": (pair(0, sea(0), 90, 50, steady(0, 2)), ("transfer", True, 2)),
    "alongside, bow to stern": (pair(1, sea(1), 90, 50, swinging(178)), ("transfer", True, 2)),
    "alongside, aerials half a length apart": (pair(2, sea(2), 30, 90, steady(0, 0)), ("transfer", True, 0)),
    "alongside in Nador bay": (pair(3, NADOR_ROADS, 90, 60, steady(0, 1)), ("transfer", True, 1)),
    "alongside in the roads of Ceuta": (pair(4, CEUTA_ROADS, 90, 60, steady(0, 1)), ("transfer", True, 1)),
    "no headings, as near as hulls alongside": (
        pair(5, sea(5), 60, 89, steady(None, None)), ("transfer", True, None),
    ),
    "headings that leap about say nothing": (pair(6, sea(6), 60, 89, leaping), ("transfer", True, None)),
    "so near that there is no room to swing": (
        pair(7, sea(7), 90, 50, steady(0, 70)), ("transfer", True, 70),
    ),
    "sizes not known": (pair(8, sea(8), 60, 89, steady(0, 3), lengths=(0, 0)), ("transfer", None, 3)),
    "not parallel": (pair(9, sea(9), 60, 120, swinging(50)), ("unknown", False, 50)),
    "parallel, with water between them": (pair(10, sea(10), 90, 190, swinging(2)), ("unknown", False, 2)),
    "end to end as at a quay": (pair(11, sea(11), 0, 95, steady(0, 1), **SMALL), ("unknown", False, 1)),  # type: ignore[arg-type]
    "too short to touch": (pair(12, sea(12), 90, 150, steady(None, None), **SMALL), ("unknown", False, None)),  # type: ignore[arg-type]
    "the distance comes and goes": (
        pair(13, sea(13), 90, 120, steady(None, None), strays_m=60), ("unknown", False, None),
    ),
    "at anchor, a cable and a half apart": (
        pair(14, (CEUTA_ROADS[0], -5.30), 90, 280, swinging(3)), ("unknown", False, 3),
    ),
    "a launch at a tanker": (
        pair(15, sea(15), 90, 40, steady(None, None), types=("Pleasure", "Tanker"), lengths=(18, 230)),
        ("service", True, None),
    ),
    "trawlers far out": (
        pair(16, sea(16), 90, 20, steady(None, None), types=("Fishing", "Fishing"), lengths=(40, 45)),
        ("unknown", True, None),
    ),
    "yachts in a marina": (
        pair(17, MARINA, 90, 20, steady(None, None), types=("Pleasure", "Sailing"), lengths=(12, 14)), None,
    ),
    "tankers alongside off that marina": (pair(18, COAST, 90, 50, steady(0, 1)), ("transfer", True, 1)),
}  # fmt: skip


@pytest.fixture(scope="module")
def home_of_all(built_gazetteer: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("hulls")).create()
    shutil.copytree(built_gazetteer, home.work / "gazetteer")
    detected(home, Settings(), [report for reports, _ in CASES.values() for report in reports])
    return home


@pytest.mark.parametrize(("number", "name"), list(enumerate(CASES)))
def test_alongside_or_not(number: int, name: str, home_of_all: Home, settings: Settings) -> None:
    told = rows(home_of_all, settings, f"FROM encounters WHERE mmsi_1 = {311001000 + 2 * number}")
    wanted = CASES[name][1]
    if wanted is None:
        assert told == []
        return
    (met,) = told
    assert (met["kind"], met["hulls_touch"], met["heading_difference_deg"]) == wanted
    assert (met["confidence"] == 4) == (wanted[1] is True)  # type: ignore[comparison-overlap]


def test_small_craft_in_harbour_neither_meet_nor_loiter(home: Home, tmp_path: Path) -> None:
    yachts = [Ship(311001100 + k, "YACHT", ship_type="Pleasure", length_m=15, width_m=4) for k in range(3)]
    tanker = Ship(311001110, "TANKER", ship_type="Tanker")
    lat, lon = MARINA
    reports = [
        *lying(yachts[0], 600, 840, lat, lon), *lying(yachts[1], 600, 840, lat, lon + 0.0005),
        *lying(yachts[2], 600, 840, lat, lon + 0.02), *lying(tanker, 600, 840, *COAST),
    ]  # fmt: skip
    detected(home, Settings(), reports)
    assert rows(home, Settings(), "FROM encounters") == []
    assert rows(home, Settings(), "SELECT mmsi FROM loitering") == [{"mmsi": tanker.mmsi}]
    detect(home, load_settings(tmp_path, ["encounters.exclude_berths=false"]))
    assert rows(home, Settings(), "SELECT kind FROM encounters") == [{"kind": "unknown"}]
