"""Silences: one ship's, suspicious only where others were heard; and the feed's, which is nobody's."""

from datetime import timedelta

from pipeline.home import Home
from pipeline.settings import Settings
from tests.detect.ships import START, Report, Ship, detected, lying, rows, sailing

A = Ship(311000501, "LIMA TEST")


def crowd(first: float, last: float, *, n: int = 12) -> list[Report]:
    """Ships at anchor around 36.0 N 9.0 W, each heard every two minutes."""
    return [
        report
        for k in range(n)
        for report in lying(Ship(311000600 + k), first, last, 36.0 + k * 0.01, -9.0, every=2)
    ]


def gaps(home: Home, settings: Settings) -> list[dict[str, object]]:
    return rows(home, settings, "FROM ais_gaps ORDER BY mmsi, off_at")


def test_a_ship_silent_among_others(home: Home, settings: Settings) -> None:
    track = lying(A, 0, 120, 36.05, -9.05) + lying(A, 1020, 1200, 36.05, -9.05)
    detected(home, settings, track + crowd(0, 1200))
    (gap,) = gaps(home, settings)
    assert (gap["mmsi"], gap["is_suspicious"], gap["duration_h"]) == (A.mmsi, True, 15)
    assert (gap["off_at"], gap["on_at"]) == (
        START + timedelta(minutes=120),
        START + timedelta(minutes=1020),
    )


def test_a_ship_silent_where_nobody_is_heard(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 0, 120, 36.05, -30.0) + lying(A, 1020, 1200, 36.05, -30.0))
    (gap,) = gaps(home, settings)
    assert gap["is_suspicious"] is False


def test_eleven_hours_are_no_gap(home: Home, settings: Settings) -> None:
    detected(
        home, settings, lying(A, 0, 120, 36.05, -9.05) + lying(A, 780, 900, 36.05, -9.05) + crowd(0, 900)
    )
    assert gaps(home, settings) == []


def test_a_silence_that_lasts_is_open(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 0, 120, 36.05, -9.05) + crowd(0, 1200))
    (gap,) = gaps(home, settings)
    assert (gap["mmsi"], gap["on_at"]) == (A.mmsi, None)


def test_a_hole_in_the_feed_opens_no_gaps(home: Home, settings: Settings) -> None:
    far = sailing(A, 0, (58.0, 10.0), (58.5, 10.5), every=30)
    far += lying(A, far[-1].minute + 10, 1600, 58.5, 10.5, every=30)
    detected(home, settings, crowd(0, 300) + crowd(1200, 1500) + far)
    assert gaps(home, settings) == []
    (hole,) = rows(home, settings, "FROM feed_holes WHERE ended_at IS NOT NULL")
    assert (hole["source"], hole["is_recorded"]) == ("dma", False)
    assert (hole["started_at"], hole["ended_at"]) == (
        START + timedelta(minutes=301),
        START + timedelta(minutes=1200),
    )
    assert (hole["south"], hole["west"], hole["north"], hole["east"]) == (35, -10, 40, -5)


def test_a_ship_that_stays_silent_after_the_hole_is_one(home: Home, settings: Settings) -> None:
    late = lying(A, 0, 300, 36.05, -9.05) + lying(A, 2200, 2300, 36.05, -9.05)
    detected(home, settings, crowd(0, 300) + crowd(1200, 2300) + late)
    assert [gap["mmsi"] for gap in gaps(home, settings)] == [A.mmsi]
