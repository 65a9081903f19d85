"""Reports and identities to distrust, on tracks whose right answer can be read off them."""

import math
import random
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from tests.detect.ships import Report, Ship, detected, lying, moved, rows, sailing, write_days

KM = 1 / 111.195  # degrees of latitude
NOVOROSSIYSK = (44.50, 37.60)  # the open sea off it
AIRPORT = (44.582, 38.012)  # Gelendzhik's, on the shore
INLAND_AIRPORT = (45.052, 33.975)  # Simferopol's, fifty kilometres from the sea
SEA = (43.5, 34.0)  # the middle of the Black Sea
KINDS = "SELECT kind, mmsi FROM position_flags ORDER BY kind, mmsi"


def ship(number: int, **said: object) -> Ship:
    return Ship(311000700 + number, f"FLAG TEST {chr(65 + number)}", **said)  # type: ignore[arg-type]


A, B = ship(0), ship(1)


def off(place: tuple[float, float], north_km: float, east_km: float) -> tuple[float, float]:
    return place[0] + north_km * KM, place[1] + east_km * KM / math.cos(math.radians(place[0]))


def kinds(home: Home, settings: Settings) -> list[tuple[object, object]]:
    return [(row["kind"], row["mmsi"]) for row in rows(home, settings, KINDS)]


def flags(home: Home, settings: Settings, kind: str) -> list[dict[str, object]]:
    return rows(home, settings, f"FROM position_flags WHERE kind = '{kind}' ORDER BY mmsi, started_at")


def tracks(home: Home) -> list[tuple[int, str | None, list[str]]]:
    """MMSI, track and flags of each report in the lake, by ship and time."""
    files = str(home.lake / "tracks" / "*" / "*.parquet")
    return duckdb.sql(
        f"SELECT mmsi, track_id, flags FROM read_parquet('{files}') ORDER BY mmsi, time"
    ).fetchall()


def circling(
    of: Ship, first: float, last: float, centre: tuple[float, float], radius_km: float, kn: float,
    *, every: float = 2, drift_km_h: float = 0,
) -> list[Report]:  # fmt: skip
    n = int((last - first) / every) + 1
    turn = kn * 1.852 / 60 / radius_km  # radians a minute
    return [
        Report(
            of,
            first + i * every,
            *off(
                centre,
                radius_km * math.cos(turn * i * every) + drift_km_h * i * every / 60,
                radius_km * math.sin(turn * i * every),
            ),
            kn,
        )
        for i in range(n)
    ]


def shown_away(
    of: Ship, own: tuple[float, float], shown: tuple[float, float], first: float, last: float,
    *, until: float = 1200, every: float = 6,
) -> list[Report]:  # fmt: skip
    """A ship that lies at `own` from minute 0 and is shown at `shown` from `first` to `last`."""
    return [
        replace(report, lat=shown[0], lon=shown[1]) if first <= report.minute <= last else report
        for report in lying(of, 0, until, *own, every=every, nav=1)
    ]


def on_one_airport(
    n: int, sea: tuple[float, float] = NOVOROSSIYSK, airport: tuple[float, float] = AIRPORT,
    *, first: float = 600, last: float = 780, until: float = 1200,
) -> list[Report]:  # fmt: skip
    """Ships at anchor two kilometres from each other, shown for hours within a runway of each other."""
    return [
        report
        for k in range(n)
        for report in shown_away(
            ship(k), off(sea, 2 * k, -k), off(airport, 0.1 * k, 0.05 * k), first, last, until=until
        )
    ]


def test_twelve_ships_on_one_airport_are_the_areas_interference(home: Home, settings: Settings) -> None:
    detected(home, settings, on_one_airport(12))
    (area,) = rows(home, settings, "FROM position_flags")
    assert (area["kind"], area["vessel_id"], area["mmsi"]) == ("gnss_interference", None, None)
    assert area["n_positions"] == 12 * 31
    assert (str(area["started_at"]), str(area["ended_at"])) == ("2026-03-01 10:00:00", "2026-03-01 13:00:00")
    assert area["lat"] == pytest.approx(NOVOROSSIYSK[0] + 11 * KM, abs=0.02)
    assert 5 < area["radius_km"] < 20  # type: ignore[operator]
    assert "12 ships" in str(area["detail"])
    # Each ship is one ship, and its reports at the airport are in no track.
    assert len(rows(home, settings, "FROM vessels")) == 12
    for _, track, why in tracks(home):
        assert (track is None) == (why == ["gnss_interference"])
        assert track is None or why == []
    assert sum(track is None for _, track, _ in tracks(home)) == 12 * 31


def test_ten_ships_on_one_airport_meet_nobody_there(home: Home, settings: Settings) -> None:
    detected(home, settings, on_one_airport(10))
    assert rows(home, settings, "FROM encounters") == []
    assert {c["port_id"] for c in rows(home, settings, "FROM port_calls")} <= {"RUNVS", "RUCPC"}


def test_one_faulty_ship_is_no_interference(home: Home, settings: Settings) -> None:
    detected(home, settings, on_one_airport(1) + [r for k in range(1, 12) for r in lying(
        ship(k), 0, 1200, *off(NOVOROSSIYSK, 2 * k, -k))])  # fmt: skip
    (flag,) = rows(home, settings, "FROM position_flags")
    assert (flag["kind"], flag["mmsi"], flag["n_positions"]) == ("teleport", A.mmsi, 31)
    assert len(rows(home, settings, "FROM vessels")) == 12


def test_four_ships_are_not_many(home: Home, settings: Settings) -> None:
    detected(home, settings, on_one_airport(4))
    assert {kind for kind, _ in kinds(home, settings)} == {"teleport"}


def test_interference_over_midnight_is_one_row(home: Home, settings: Settings) -> None:
    detected(home, settings, on_one_airport(6, first=1300, last=1600, until=2400))
    (area,) = rows(home, settings, "FROM position_flags")
    assert (str(area["started_at"]), str(area["ended_at"])) == ("2026-03-01 21:42:00", "2026-03-02 02:36:00")
    assert len(rows(home, settings, "FROM vessels")) == 6


def test_interference_that_begins_before_the_data_and_outlasts_it(home: Home, settings: Settings) -> None:
    # Shown on an airport inland for most of the day: the few hours at sea are the ships' own all the same.
    reports = [
        r
        for k in range(6)
        for r in shown_away(ship(k), off(SEA, k, k), off(INLAND_AIRPORT, 0.1 * k, 0), -1, 900)
    ]
    detected(home, settings, reports)
    (area,) = rows(home, settings, "FROM position_flags")
    assert area["kind"] == "gnss_interference"
    assert area["lat"] == pytest.approx(SEA[0], abs=0.1)
    assert {tuple(why) for _, track, why in tracks(home) if track is None} == {
        ("gnss_interference", "on_land")
    }


def test_scattered_jumps_of_most_ships_in_an_area(home: Home, settings: Settings) -> None:
    # Eastern Gulf of Finland: eight of ten ships are thrown about for half an hour, each elsewhere.
    dice = random.Random(3)
    reports = []
    for k in range(10):
        own = off((60.0, 27.0), 3 * k, 2 * k)
        shown = off(own, dice.choice([-1, 1]) * dice.uniform(30, 80), dice.uniform(-60, 60))
        reports += (
            shown_away(ship(k), own, shown, 600 + k, 625 + k) if k < 8 else lying(ship(k), 0, 1200, *own)
        )
    detected(home, settings, reports)
    (area,) = flags(home, settings, "gnss_interference")
    assert "8 ships" in str(area["detail"])
    assert kinds(home, settings) == [("gnss_interference", None)]


def test_a_few_of_many_ships_thrown_about_are_chance(home: Home, settings: Settings) -> None:
    reports = []
    for k in range(40):
        own = off((60.0, 27.0), k, 0.5 * k)
        shown = off(own, -60 - 3 * k, 20)
        reports += (
            lying(ship(k), 540, 720, *own) if k % 7 else shown_away(ship(k), own, shown, 606 + k, 612 + k)
        )
    detected(home, settings, reports)
    assert kinds(home, settings) == [("teleport", ship(k).mmsi) for k in range(0, 40, 7)]


def test_a_feed_that_is_late_is_no_interference(home: Home, settings: Settings) -> None:
    # Twelve ships under way, whose reports of half an hour all arrive 25 minutes late: on their own way.
    reports = []
    for k in range(12):
        for r in sailing(ship(k), 0, off(SEA, 3 * k, 0), off(SEA, 3 * k, 300), kn=14, every=4):
            reports.append(replace(r, minute=r.minute + 25) if 300 <= r.minute < 330 else r)
    detected(home, settings, reports)
    assert flags(home, settings, "gnss_interference") == []
    assert len(rows(home, settings, "FROM vessels")) == 12


def test_five_shared_mmsis_with_ships_in_one_harbour_are_no_interference(
    home: Home, settings: Settings
) -> None:
    reports = []
    for k in range(6):
        reports += lying(ship(k), 0, 1200, *off(SEA, 3 * k, 0), every=7)
        reports += lying(ship(k), 3, 1200, *off((36.13, -5.43), 0.1 * k, 0), every=5)
    detected(home, settings, reports)
    assert {kind for kind, _ in kinds(home, settings)} == {"shared_mmsi"}
    assert len(rows(home, settings, "FROM vessels")) == 12


@pytest.mark.parametrize("sea", [(44.5, 37.6), (-17.0, 180.0), (70.0, 180.0), (88.5, 37.6)])
def test_interference_at_the_date_line_and_near_the_pole(
    home: Home, settings: Settings, sea: tuple[float, float]
) -> None:
    detected(home, settings, moved(on_one_airport(6, sea, off(sea, 40, 5)), 0))
    (area,) = rows(home, settings, "FROM position_flags")
    assert area["kind"] == "gnss_interference"
    assert area["n_positions"] == 6 * 31
    assert area["radius_km"] < 20  # type: ignore[operator]
    assert len(rows(home, settings, "FROM vessels")) == 6


def test_a_port_call_survives_a_jump_in_its_middle(home: Home, settings: Settings) -> None:
    quay = (35.889, -5.503)
    reports = []
    for of in (A, B):
        reports += [
            *sailing(of, 0, (35.95, -5.90), quay),
            *lying(of, 100, 1300, *quay, every=2, nav=5),
            *sailing(of, 1310, quay, (35.95, -5.90)),
        ]
    jumping = [
        replace(r, lat=33.37, lon=-7.59) if r.ship == A and 600 <= r.minute <= 900 else r for r in reports
    ]
    detected(home, settings, jumping)
    call, plain = rows(home, settings, "FROM port_calls ORDER BY mmsi")
    for column in ("port_id", "entered_at", "arrived_at", "departed_at", "exited_at", "stopped_h", "kind"):
        assert call[column] == plain[column]
    assert call["port_id"] == "MAPTM"
    assert {kind for kind, _ in kinds(home, settings)} <= {"teleport", "on_land"}


def test_a_meeting_survives_a_jump_of_minutes(home: Home, settings: Settings) -> None:
    beside = off(SEA, 0.08, 0)
    jumping = [
        replace(r, lat=AIRPORT[0], lon=AIRPORT[1]) if 660 <= r.minute <= 700 else r
        for r in lying(A, 500, 900, *SEA, every=0.5)
    ]
    detected(home, settings, jumping + lying(B, 500, 900, *beside))
    (met,) = rows(home, settings, "FROM encounters")
    assert met["duration_h"] == pytest.approx(6.67, abs=0.2)


# Frozen positions.


def test_frozen_while_the_ship_says_that_it_sails(home: Home, settings: Settings) -> None:
    way = sailing(A, 0, SEA, off(SEA, 0, 300), kn=14)
    stuck = next(r for r in way if r.minute >= 300)
    reports = [replace(r, lat=stuck.lat, lon=stuck.lon) if 300 <= r.minute <= 420 else r for r in way]
    detected(home, settings, reports)
    (flag,) = rows(home, settings, "FROM position_flags")
    assert (flag["kind"], flag["mmsi"]) == ("frozen", A.mmsi)
    # The first report there was true.
    assert flag["n_positions"] == sum(stuck.minute < r.minute <= 420 for r in reports)
    assert flag["radius_km"] == pytest.approx(0, abs=0.01)
    assert [(why, track is None) for _, track, why in tracks(home) if why] == [(["frozen"], True)] * flag[
        "n_positions"
    ]  # type: ignore[operator]
    assert len(rows(home, settings, "FROM vessels")) == 1


def test_frozen_with_its_speed_and_then_far_away(home: Home, settings: Settings) -> None:
    # Position and speed stand still for five hours; then the ship is heard 120 km on.
    reports = [
        *sailing(A, 0, SEA, off(SEA, 0, 60), kn=14),
        *lying(A, 150, 450, *off(SEA, 0, 61), every=6),
        *sailing(A, 452, off(SEA, 0, 181), off(SEA, 0, 260), kn=14),
    ]
    detected(home, settings, reports)
    assert kinds(home, settings) == [("frozen", A.mmsi)]
    assert len(rows(home, settings, "FROM vessels")) == 1


@pytest.mark.parametrize("sog_kn, nav", [(0.0, 5), (0.0, 0), (4.0, 5), (0.2, 1)])
def test_a_ship_in_port_whose_set_repeats_itself_is_not_frozen(
    home: Home, settings: Settings, sog_kn: float, nav: int
) -> None:
    quay = (35.889, -5.503)
    stay = [
        *sailing(A, 0, (35.95, -5.90), quay),
        *lying(A, 150, 1300, *quay, every=2, nav=nav, sog_kn=sog_kn),
        *sailing(A, 1310, quay, (35.95, -5.90)),
    ]
    detected(home, settings, stay)
    assert kinds(home, settings) == []


# Circles.


def test_a_circle_at_an_even_speed(home: Home, settings: Settings) -> None:
    detected(
        home,
        settings,
        [
            *sailing(A, 0, SEA, off(SEA, 0, 60), kn=14),
            *circling(A, 160, 400, off(SEA, 0, 61), 1.5, 20),
            *sailing(A, 404, off(SEA, 0, 62), off(SEA, 0, 120), kn=14),
        ],
    )
    (flag,) = rows(home, settings, "FROM position_flags")
    assert (flag["kind"], flag["mmsi"]) == ("circle", A.mmsi)
    assert flag["n_positions"] == pytest.approx(121, abs=3)
    assert flag["radius_km"] == pytest.approx(1.5, abs=0.2)
    assert (flag["lat"], flag["lon"]) == pytest.approx(off(SEA, 0, 61), abs=0.01)
    assert len(rows(home, settings, "FROM vessels")) == 1


def test_a_circle_far_from_the_ships_own_way(home: Home, settings: Settings) -> None:
    # As off Point Reyes: shown circling half a world away, for hours, and back.
    own = sailing(A, 0, SEA, off(SEA, 0, 300), kn=12, every=4)
    reports = [r for r in own if not 200 <= r.minute <= 800] + circling(A, 200, 800, (38.0, -123.3), 8, 20)
    detected(home, settings, reports)
    (flag,) = rows(home, settings, "FROM position_flags")
    assert (flag["kind"], flag["n_positions"]) == ("circle", 301)
    assert flag["radius_km"] == pytest.approx(8, abs=0.1)
    assert len(rows(home, settings, "FROM vessels")) == 1


def test_what_real_ships_do_is_no_circle(home: Home, settings: Settings) -> None:
    dice = random.Random(1)
    dredger = [
        replace(r, lat=r.lat + dice.uniform(-0.4, 0.4) * KM, lon=r.lon + dice.uniform(-0.4, 0.4) * KM)
        for r in circling(ship(0), 0, 600, SEA, 0.8, 6, every=6)
    ]
    waits_in_circles = circling(ship(1), 0, 180, off(SEA, 30, 0), 0.4, 6, drift_km_h=1)
    full_turns = circling(ship(2), 0, 20, off(SEA, 50, 0), 0.5, 12, every=0.5)
    at_anchor = [
        replace(r, lat=r.lat + dice.gauss(0, 0.02) * KM, sog_kn=abs(dice.gauss(0, 0.3)))
        for r in circling(ship(3), 0, 1400, off(SEA, 70, 0), 0.2, 0.2)
    ]
    ferry = [
        r
        for k in range(12)
        for r in sailing(
            ship(4), 50 * k,
            *((off(SEA, 90, 0), off(SEA, 90, 25)) if k % 2 else (off(SEA, 90, 25), off(SEA, 90, 0))),
            kn=32, every=1,
        )
    ]  # fmt: skip
    # An expanding square: legs of one mile more at every second turn.
    search, at, minute = [], off(SEA, 120, 0), 0.0
    for k in range(16):
        step = 1.852 * (1 + k // 2)
        to = off(at, *[(step, 0), (0, step), (-step, 0), (0, -step)][k % 4])
        leg = sailing(ship(5), minute, at, to, kn=10, every=2)
        search, at, minute = search + leg[:-1], to, leg[-1].minute
    box = []  # a patrol round a square, four times
    corners = [off(SEA, 160, 0), off(SEA, 166, 0), off(SEA, 166, 6), off(SEA, 160, 6)]
    for k in range(16):
        leg = sailing(ship(6), 20 * k, corners[k % 4], corners[(k + 1) % 4], kn=10.5, every=2)
        box += leg[:-1]
    detected(home, settings, dredger + waits_in_circles + full_turns + at_anchor + ferry + search + box)
    assert kinds(home, settings) == []
    assert len(rows(home, settings, "FROM vessels")) == 7


# On land.


def test_a_run_of_positions_inland(home: Home, settings: Settings) -> None:
    way = sailing(A, 0, SEA, off(SEA, 0, 300), kn=14)
    reports = [
        replace(r, lat=r.lat + 3.6, lon=r.lon + 0.4) if 300 <= r.minute <= 420 else r for r in way
    ]  # over the steppe east of Melitopol, and back
    detected(home, settings, reports)
    (flag,) = rows(home, settings, "FROM position_flags")
    assert (flag["kind"], flag["mmsi"]) == ("on_land", A.mmsi)
    assert flag["n_positions"] == sum(300 <= r.minute <= 420 for r in way)
    assert len(rows(home, settings, "FROM vessels")) == 1
    assert {tuple(why) for _, track, why in tracks(home) if track is None} == {("on_land",)}


def test_ships_on_rivers_and_in_their_ports_are_not_on_land(home: Home, settings: Settings) -> None:
    reports = [
        *sailing(ship(0), 0, (47.04, 39.10), (47.20, 39.69), kn=8),  # up the Don to Rostov, and alongside
        *lying(ship(0), 400, 1400, 47.20, 39.69, nav=5),
        *sailing(ship(1), 0, (50.35, 7.60), (51.45, 6.72), kn=9),  # down the Rhine
        *sailing(ship(2), 0, (45.75, 4.83), (43.95, 4.80), kn=9),  # down the Rhone
        *sailing(ship(3), 0, (33.3, -90.9), (32.3, -90.95), kn=6),  # down the Mississippi
        *lying(ship(4), 0, 1400, 55.76, 37.45, nav=5),  # in Moscow
        *lying(ship(5), 0, 1400, 47.10, 20.20, nav=5),  # laid up in a yard inland
    ]
    detected(home, settings, reports)
    assert kinds(home, settings) == []


def test_a_barge_with_a_stray_at_sea_stays_on_its_river(home: Home, settings: Settings) -> None:
    barge = sailing(A, 0, (45.75, 4.83), (43.95, 4.80), kn=9)
    detected(home, settings, [*barge, *(Report(A, 301 + k, 42.0, 5.0, 9.0) for k in range(4))])
    assert kinds(home, settings) == [("teleport", A.mmsi)]


def test_a_barge_and_a_ship_that_share_an_mmsi_are_two_ships(home: Home, settings: Settings) -> None:
    barge = sailing(A, 0, (45.75, 4.83), (44.75, 4.83), kn=9, every=5)
    detected(home, settings, [*barge, *lying(A, 3, 430, *SEA, every=7)])
    assert {kind for kind, _ in kinds(home, settings)} == {"shared_mmsi"}
    assert len(rows(home, settings, "FROM vessels")) == 2


# Identities.


def test_two_ships_on_one_mmsi_that_say_other_numbers(home: Home, settings: Settings) -> None:
    first = Ship(311000800, "ALPHA TEST", imo=9074729)
    second = Ship(311000800, "OMEGA TEST", imo=9321483)
    detected(
        home, settings, lying(first, 0, 1200, *SEA, every=7) + lying(second, 3, 1200, 35.0, -9.0, every=5)
    )
    stolen = flags(home, settings, "identity_theft")
    assert len({row["vessel_id"] for row in stolen}) == 2
    assert all("9074729" in str(row["detail"]) and "9321483" in str(row["detail"]) for row in stolen)
    assert {tuple(why) for _, _, why in tracks(home)} == {("identity_theft", "shared_mmsi")}
    assert all(track is not None for _, track, _ in tracks(home))


def test_two_ships_on_one_mmsi_without_contradiction_only_share_it(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 0, 1200, *SEA, every=7) + lying(A, 3, 1200, 35.0, -9.0, every=5))
    assert {kind for kind, _ in kinds(home, settings)} == {"shared_mmsi"}


def test_one_imo_number_in_two_places(home: Home, settings: Settings) -> None:
    first, second = Ship(311000801, "ALPHA TEST", imo=9074729), Ship(613000801, "ALPHA TEST", imo=9074729)
    detected(home, settings, lying(first, 0, 1200, *SEA) + lying(second, 0, 1200, 35.0, -9.0))
    assert kinds(home, settings) == [("identity_theft", first.mmsi), ("identity_theft", second.mmsi)]
    assert "613000801" in str(flags(home, settings, "identity_theft")[0]["detail"])


def test_a_new_flag_or_a_second_set_on_board_is_no_theft(home: Home, settings: Settings) -> None:
    before, after = Ship(311000802, "ALPHA TEST", imo=9074729), Ship(613000802, "BETA TEST", imo=9074729)
    main, spare = Ship(311000803, "GAMMA TEST", imo=9321483), Ship(311000804, "GAMMA TEST", imo=9321483)
    detected(
        home,
        settings,
        [
            *lying(before, 0, 600, *SEA),
            *lying(after, 620, 1300, *SEA),
            *sailing(main, 0, off(SEA, 30, 0), off(SEA, 30, 300)),
            *sailing(spare, 2, off(SEA, 30, 0), off(SEA, 30, 300)),
        ],
    )
    assert kinds(home, settings) == []


@pytest.mark.parametrize(
    ("made_up", "why"),
    [
        (Ship(311000805, "TEST", imo=9074728), "9074728"),
        (Ship(311000805, "TEST", imo=1234567), "1234567"),
        (Ship(416000000, "TEST"), "made up"),
        (Ship(567890123, "TEST"), "made up"),
    ],
)
def test_numbers_that_no_ship_can_have(home: Home, settings: Settings, made_up: Ship, why: str) -> None:
    detected(home, settings, lying(made_up, 0, 600, *SEA))
    (flag,) = rows(home, settings, "FROM position_flags")
    assert (flag["kind"], flag["mmsi"], flag["n_positions"]) == ("invalid_identity", made_up.mmsi, 101)
    assert why in str(flag["detail"])
    assert {tuple(why) for _, track, why in tracks(home) if track is not None} == {("invalid_identity",)}


def test_a_number_garbled_now_and_then_is_forgiven(home: Home, settings: Settings) -> None:
    good, bad = Ship(311000806, "TEST", imo=9074729), Ship(311000806, "TEST", imo=9074728)
    reports = [replace(r, ship=bad) if i % 20 == 0 else r for i, r in enumerate(lying(good, 0, 600, *SEA))]
    detected(home, settings, reports)
    assert kinds(home, settings) == []


# All together.


def test_flags_do_not_depend_on_the_order_of_reports_or_days(
    home: Home, settings: Settings, tmp_path: Path, built_gazetteer: Path
) -> None:
    reports = [
        *on_one_airport(6, first=1300, last=1600, until=2400),
        *(replace(r, ship=ship(20)) for r in circling(A, 100, 500, off(SEA, 0, 61), 1.5, 20)),
        *lying(ship(21), 0, 200, *SEA, sog_kn=9.0),
    ]
    detected(home, settings, reports)
    expected = [sorted(map(str, rows(home, settings, "FROM position_flags"))), tracks(home)]
    other = Home(tmp_path / "other").create()
    shutil.copytree(built_gazetteer, other.work / "gazetteer")
    random.Random(2).shuffle(reports)
    for path in reversed(write_days(other.root / "in", reports)):
        ingest(other, settings, "dma", [path])
        detect(other, settings)
    assert [sorted(map(str, rows(other, settings, "FROM position_flags"))), tracks(other)] == expected
    assert {kind for kind, _ in kinds(other, settings)} == {"gnss_interference", "circle", "frozen"}
