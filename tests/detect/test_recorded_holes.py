"""What a collector wrote down as a hole of its feed: whose silence it excuses, and whose not."""

from datetime import timedelta

import pytest

from pipeline.collecting.holes import Hole, HoleLog
from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from tests.detect.ships import START, Report, Ship, lying, other_source, rows, sailing, write_days

A = Ship(311000501, "LIMA TEST", ship_type="Tanker", length_m=240)
B = Ship(311000502, "MIKE TEST", ship_type="Tanker", length_m=230)
C = Ship(311000503, "NOVEMBER TEST")
# Two hours of reports, then silence until the 17th hour, and two hours more.
HOLE = (2, 17)


def hole(
    home: Home,
    first_h: float,
    last_h: float,
    region: str | None = None,
    source: str = "dma",
    why: str = "lost",
) -> None:
    """Write a hole as the collector of a source does."""
    times = [START + timedelta(hours=hours) for hours in (first_h, last_h)]
    HoleLog(home, source).write(Hole(region, times[0], times[1], why))


def pausing(ship: Ship, lat: float = 36.0, lon: float = -9.0, last_h: float = 19) -> list[Report]:
    """A ship at anchor, not heard in HOLE."""
    return lying(ship, 0, 120, lat, lon, every=30) + lying(ship, 1020, last_h * 60, lat, lon, every=30)


def crowd(first: float = 0, last: float = 1140, n: int = 4) -> list[Report]:
    """A few ships beside: too few for a hole to be found in their reports alone."""
    return [
        report
        for k in range(n)
        for report in lying(Ship(311000600 + k), first, last, 36.0 + k * 0.01, -9.05, every=20)
    ]


def found(home: Home, settings: Settings, reports: list[Report]) -> list[tuple[object, object]]:
    """Ingest as Danish and detect; each gap's MMSI, and whether it is suspicious."""
    assert not ingest(home, settings, "dma", write_days(home.root / "in", reports)).failures
    return gaps(home, settings)


def gaps(home: Home, settings: Settings) -> list[tuple[object, object]]:
    detect(home, settings)
    return [
        (gap["mmsi"], gap["is_suspicious"])
        for gap in rows(home, settings, "FROM ais_gaps ORDER BY mmsi, off_at")
    ]


def everyone(flag: bool) -> list[tuple[object, object]]:
    return [(A.mmsi, flag), (B.mmsi, flag)]


def test_ships_that_fall_silent_with_the_feed_have_no_gap(home: Home, settings: Settings) -> None:
    hole(home, *HOLE)
    assert found(home, settings, pausing(A) + pausing(B)) == []
    (told,) = rows(home, settings, "FROM feed_holes")
    assert (told["source"], told["is_recorded"], told["region"], told["why"]) == ("dma", True, None, "lost")
    assert (told["started_at"], told["ended_at"]) == (
        START + timedelta(hours=2),
        START + timedelta(hours=17),
    )
    assert (told["south"], told["west"], told["north"], told["east"]) == (-90, -180, 90, 180)


def test_without_a_hole_they_have(home: Home, settings: Settings) -> None:
    assert found(home, settings, pausing(A) + pausing(B)) == everyone(False)


def test_a_hole_told_later_takes_the_gaps_back(home: Home, settings: Settings) -> None:
    assert found(home, settings, pausing(A) + pausing(B)) == everyone(False)
    hole(home, *HOLE)
    ingest(home, settings, "dma")
    assert gaps(home, settings) == []


def test_a_region_is_excused_and_the_sea_beside_it_is_not(home: Home, settings: Settings) -> None:
    hole(home, *HOLE, region="morocco-gibraltar")
    assert found(home, settings, pausing(A) + pausing(B, 42.0)) == [(B.mmsi, False)]


def test_a_region_that_nobody_knows_any_more_excuses_nobody(home: Home, settings: Settings) -> None:
    hole(home, *HOLE, region="atlantis")
    assert found(home, settings, pausing(A)) == [(A.mmsi, False)]
    (told,) = rows(home, settings, "SELECT region, south FROM feed_holes")
    assert told == {"region": "atlantis", "south": None}


def test_another_source_that_heard_others_there_makes_it_suspicious(home: Home, settings: Settings) -> None:
    hole(home, *HOLE)
    other_source(home, pausing(A) + crowd())
    assert found(home, settings, pausing(A) + pausing(B)) == everyone(True)


def test_another_source_that_heard_nobody_there_does_not(home: Home, settings: Settings) -> None:
    hole(home, *HOLE)
    far = [report for k in range(4) for report in lying(Ship(311000600 + k), 0, 1140, 38.0, -9.0, every=20)]
    other_source(home, pausing(A) + far)
    assert found(home, settings, pausing(A) + pausing(B)) == []


def test_a_hole_of_a_source_that_does_not_hear_the_ship(home: Home, settings: Settings) -> None:
    """The ship was heard by the Danes, whose feed stood, and fell silent where they hear nobody else."""
    hole(home, *HOLE, source="table")
    other_source(home, pausing(B))
    assert found(home, settings, pausing(A)) == [(A.mmsi, False)]


def test_two_sources_fail_one_after_the_other(home: Home, settings: Settings) -> None:
    """Each alone leaves more than 12 hours; together, what both cover counting once, they leave 10 of 20."""
    hole(home, 2, 8)
    hole(home, 6, 12, source="table")
    other_source(home, pausing(A, last_h=2))
    silent = lying(A, 0, 120, 36.0, -9.0, every=30) + lying(A, 22 * 60, 23 * 60, 36.0, -9.0, every=30)
    assert found(home, settings, silent) == []


@pytest.mark.parametrize(("second_to_h", "expected"), [(13, [(A.mmsi, False)]), (15, [])])
def test_time_in_two_holes_counts_once(
    second_to_h: float, expected: list[tuple[object, object]], home: Home, settings: Settings
) -> None:
    """Silent for 24 hours, of them 11 or 13 in holes that cover each other in part (16 or 18 if added up)."""
    hole(home, 2, 10)
    hole(home, 5, second_to_h, region="morocco-gibraltar")
    silent = lying(A, 0, 120, 36.0, -9.0, every=30) + lying(A, 26 * 60, 28 * 60, 36.0, -9.0, every=30)
    assert found(home, settings, silent) == expected


def test_who_stays_silent_after_the_hole_has_a_gap_that_is_not_suspicious(
    home: Home, settings: Settings
) -> None:
    """Where it went meanwhile nobody could see, so that it may have left."""
    hole(home, *HOLE)
    back = [report for report in crowd(last=40 * 60) if not 120 < report.minute < 1020]
    silent = lying(A, 0, 120, 36.0, -9.0, every=30) + lying(A, 38 * 60, 40 * 60, 36.0, -9.0, every=30)
    assert found(home, settings, silent + back) == [(A.mmsi, False)]


def test_a_short_break_of_the_connection_excuses_nothing(home: Home, settings: Settings) -> None:
    for k in range(200):
        hole(home, 2 + k * 0.07, 2 + k * 0.07 + 0.06)
    assert found(home, settings, pausing(A)) == [(A.mmsi, False)]


def test_what_the_source_brought_all_the_same_counts(home: Home, settings: Settings) -> None:
    """The stream was down, and polls of the same source went on hearing the others."""
    hole(home, *HOLE)
    assert found(home, settings, pausing(A) + crowd()) == [(A.mmsi, True)]


def test_a_ship_silent_with_the_feed_is_nobodys_dark_partner(home: Home, settings: Settings) -> None:
    coming = sailing(B, 0, (34.8, -9.0), (34.4, -9.0))
    leaving = sailing(B, 1300, (33.7, -9.0), (33.2, -9.0))
    other_source(home, lying(A, 300, 1200, 34.0, -9.0))
    found(home, settings, coming + leaving)
    (alone,) = rows(home, settings, f"FROM loitering WHERE mmsi = {A.mmsi}")
    assert alone["dark_partner_vessel_id"] is not None
    hole(home, 2, 22)
    ingest(home, settings, "dma")
    detect(home, settings)
    (alone,) = rows(home, settings, f"FROM loitering WHERE mmsi = {A.mmsi}")
    assert alone["dark_partner_vessel_id"] is None
