"""Meetings at sea whose right answer can be read off the track: slots of 10 minutes, 500 m, 2 h, 2 kn."""

from datetime import datetime, timedelta

import pytest

from pipeline.home import Home
from pipeline.settings import Settings, load_settings
from tests.detect.ships import START, Report, Ship, detected, lying, moved, rows, sailing

A = Ship(311000101, "ALPHA TEST", ship_type="Tanker", length_m=240)
B = Ship(311000102, "BRAVO TEST", ship_type="Tanker", length_m=230)
C = Ship(311000103, "CHARLIE TEST", ship_type="Tanker", length_m=220)
SEA = (34.0, -9.0)  # the open Atlantic west of Morocco
NEAR = (34.0008, -9.0)  # 89 m north of SEA


def meetings(home: Home, settings: Settings) -> list[dict[str, object]]:
    return rows(home, settings, "FROM encounters ORDER BY mmsi_1, mmsi_2, started_at")


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def test_two_ships_alongside(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 600, 840, *SEA) + lying(B, 600, 840, *NEAR))
    (met,) = meetings(home, settings)
    assert (met["mmsi_1"], met["mmsi_2"]) == (A.mmsi, B.mmsi)
    assert (met["started_at"], met["ended_at"]) == (at(600), at(840))
    assert met["duration_h"] == 4
    assert met["median_distance_m"] == pytest.approx(89, abs=1)
    assert met["kind"] == "transfer"
    assert met["is_open"] is True


@pytest.mark.parametrize(("minutes", "n"), [(120, 1), (119, 0)])
def test_two_hours_are_enough_and_less_is_not(home: Home, settings: Settings, minutes: int, n: int) -> None:
    detected(home, settings, lying(A, 600, 840, *SEA, every=1) + lying(B, 600, 600 + minutes, *NEAR, every=1))
    assert len(meetings(home, settings)) == n


def test_a_ship_600_m_away_is_not_met(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 600, 840, *SEA) + lying(B, 600, 840, SEA[0] + 0.0054, SEA[1]))
    assert meetings(home, settings) == []


def test_single_close_points_never_add_up(home: Home, settings: Settings) -> None:
    # B comes near for one slot in every hour, for a whole day.
    far = SEA[0] + 0.03
    visits = [
        Report(B, 60 * h + m, NEAR[0] if m == 0 else far, SEA[1], 0.1)
        for h in range(24)
        for m in range(-8, 9, 4)
    ]
    detected(home, settings, lying(A, 0, 1439, *SEA) + [v for v in visits if v.minute >= 0])
    assert meetings(home, settings) == []


def test_ships_that_part_and_meet_again_within_four_hours_are_one_meeting(
    home: Home, settings: Settings
) -> None:
    away = (34.05, -9.0)
    track = lying(B, 0, 180, *NEAR) + lying(B, 200, 300, *away) + lying(B, 330, 510, *NEAR)
    detected(home, settings, lying(A, 0, 600, *SEA) + track)
    (met,) = meetings(home, settings)
    assert (met["started_at"], met["ended_at"]) == (at(0), at(510))
    assert met["observed_h"] < met["duration_h"]  # type: ignore[operator]


def test_nothing_is_merged_where_the_setting_is_0(home: Home, tmp_path) -> None:  # type: ignore[no-untyped-def]
    settings = load_settings(tmp_path, ["encounters.merge_gap_hours=0"])
    away = (34.05, -9.0)
    track = lying(B, 0, 180, *NEAR) + lying(B, 200, 300, *away) + lying(B, 330, 510, *NEAR)
    detected(home, settings, lying(A, 0, 600, *SEA) + track)
    assert len(meetings(home, settings)) == 2


def test_a_pair_bridged_over_eight_unseen_hours_is_two_meetings(home: Home, settings: Settings) -> None:
    track = [*lying(B, 0, 180, *NEAR), *lying(B, 660, 840, *NEAR)]
    detected(home, settings, lying(A, 0, 840, *SEA) + track)
    assert [m["ended_at"] for m in meetings(home, settings)] == [at(180), at(840)]


def test_three_at_once_are_three_pairs(home: Home, settings: Settings) -> None:
    detected(
        home,
        settings,
        lying(A, 600, 840, *SEA) + lying(B, 600, 840, *NEAR) + lying(C, 600, 840, SEA[0] - 0.0008, SEA[1]),
    )
    assert [(m["mmsi_1"], m["mmsi_2"]) for m in meetings(home, settings)] == [
        (A.mmsi, B.mmsi), (A.mmsi, C.mmsi), (B.mmsi, C.mmsi),
    ]  # fmt: skip


def test_a_meeting_over_midnight_is_one(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 1300, 1580, *SEA, every=7) + lying(B, 1300, 1580, *NEAR, every=9))
    (met,) = meetings(home, settings)
    assert met["started_at"] <= at(1310)  # type: ignore[operator]
    assert met["ended_at"] >= at(1570)  # type: ignore[operator]
    assert met["observed_h"] == pytest.approx(met["duration_h"] + 1 / 6)  # type: ignore[operator]


def test_a_meeting_on_the_date_line(home: Home, settings: Settings) -> None:
    both = lying(A, 600, 840, 55.0, 0.0004) + lying(B, 600, 840, 55.0, -0.0004)
    detected(home, settings, moved(both, 180))
    (met,) = meetings(home, settings)
    assert met["median_distance_m"] == pytest.approx(51, abs=1)
    assert abs(abs(met["lon"]) - 180) < 0.01  # type: ignore[arg-type]


def test_a_meeting_near_the_pole(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 600, 840, 89.999, 0.0) + lying(B, 600, 840, 89.999, 179.0))
    (met,) = meetings(home, settings)
    assert met["median_distance_m"] == pytest.approx(222, abs=1)


def test_steaming_slowly_side_by_side_is_a_meeting_under_way(home: Home, settings: Settings) -> None:
    detected(
        home,
        settings,
        sailing(A, 600, SEA, (34.2, -9.0), kn=4) + sailing(B, 600, (34.0, -8.9989), (34.2, -8.9989), kn=4),
    )
    (met,) = meetings(home, settings)
    assert met["is_underway"] is True


def test_sailing_in_company_at_10_knots_is_none(home: Home, settings: Settings) -> None:
    detected(
        home,
        settings,
        sailing(A, 600, SEA, (34.6, -9.0), kn=10) + sailing(B, 600, (34.0, -8.999), (34.6, -8.999), kn=10),
    )
    assert meetings(home, settings) == []


def test_a_garbled_position_makes_no_meeting_and_breaks_none(home: Home, settings: Settings) -> None:
    stray = [Report(B, 701, 36.5, -2.0, 0.0), Report(C, 702, *SEA, 11.0)]
    elsewhere = sailing(C, 600, (36.0, -9.0), (37.0, -9.0))
    detected(home, settings, lying(A, 600, 840, *SEA) + lying(B, 600, 840, *NEAR) + elsewhere + stray)
    (met,) = meetings(home, settings)
    assert (met["started_at"], met["ended_at"]) == (at(600), at(840))
    assert rows(home, settings, "SELECT kind, n_positions FROM position_flags ORDER BY mmsi") == [
        {"kind": "teleport", "n_positions": 1}, {"kind": "teleport", "n_positions": 1},
    ]  # fmt: skip


def test_a_tug_alongside_is_service(home: Home, settings: Settings) -> None:
    tug = Ship(311000104, "TUG TEST", ship_type="Tug", length_m=30)
    detected(home, settings, lying(A, 600, 840, *SEA) + lying(tug, 600, 840, *NEAR))
    assert [m["kind"] for m in meetings(home, settings)] == ["service"]


def test_neighbours_at_anchor_are_no_transfer(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 600, 840, *SEA) + lying(B, 600, 840, SEA[0] + 0.003, SEA[1]))
    assert [m["kind"] for m in meetings(home, settings)] == ["unknown"]
