"""Port calls whose right answer can be read off the track: Tanger Med's berths, its roads, its rings."""

from datetime import datetime, timedelta

import pytest

from pipeline.home import Home
from pipeline.settings import Settings
from tests.detect.ships import START, Report, Ship, detected, lying, rows, sailing

A = Ship(311000201, "DELTA TEST", imo=9074729)
SEA = (35.95, -5.90)  # 37 km west of Tanger Med
BERTH = (35.8890, -5.5030)  # Tanger Med, by the gazetteer's point
ROADS = (35.8850, -5.5900)  # west of the moles, in the roads by the gazetteer


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def calls(home: Home, settings: Settings) -> list[dict[str, object]]:
    return rows(home, settings, "FROM port_calls ORDER BY arrived_at")


def call_at_berth(ship: Ship, first: float, stay: float, **say: object) -> list[Report]:
    there = sailing(ship, first, SEA, BERTH)
    arrived = there[-1].minute
    back = sailing(ship, arrived + stay + 6, BERTH, SEA)
    return [*there[:-1], *lying(ship, arrived, arrived + stay, *BERTH, nav=5, **say), *back]


def test_a_call_at_berth(home: Home, settings: Settings) -> None:
    track = call_at_berth(A, 60, 600)
    arrived = next(r.minute for r in track if r.sog_kn == 0)
    detected(home, settings, track)
    (call,) = calls(home, settings)
    assert (call["port_id"], call["kind"], call["country"]) == ("MAPTM", "berth", "MA")
    assert abs(call["arrived_at"] - at(arrived)) <= timedelta(minutes=6)  # type: ignore[operator]
    assert abs(call["departed_at"] - at(arrived + 600)) <= timedelta(minutes=6)  # type: ignore[operator]
    assert at(60) < call["entered_at"] < call["arrived_at"]  # type: ignore[operator]
    assert call["exited_at"] > call["departed_at"]  # type: ignore[operator]
    assert (call["confidence"], call["had_gap"], call["is_open"]) == (4, False, False)
    assert call["imo"] == 9074729


def test_a_passage_is_no_call(home: Home, settings: Settings) -> None:
    detected(
        home, settings, sailing(A, 0, SEA, (35.93, -5.45)) + sailing(A, 200, (35.93, -5.45), (36.0, -5.0))
    )
    assert calls(home, settings) == []


def test_berth_and_anchorage_apart(home: Home, settings: Settings) -> None:
    track = sailing(A, 0, SEA, ROADS)
    anchored = track[-1].minute
    track += lying(A, anchored + 6, anchored + 600, *ROADS, nav=1)
    track += sailing(A, anchored + 606, ROADS, BERTH, kn=6)
    berthed = track[-1].minute
    track += lying(A, berthed + 6, berthed + 600, *BERTH, nav=5)
    track += sailing(A, berthed + 606, BERTH, SEA)
    detected(home, settings, track)
    assert [(c["kind"], c["port_id"]) for c in calls(home, settings)] == [
        ("anchorage", "MAPTM"),
        ("berth", "MAPTM"),
    ]


def test_shifting_along_the_quay_is_one_call(home: Home, settings: Settings) -> None:
    along = (BERTH[0], BERTH[1] + 0.005)
    track = call_at_berth(A, 0, 300)
    berthed = next(r.minute for r in track if r.sog_kn == 0)
    track = [r for r in track if r.minute <= berthed + 300]
    shift = sailing(A, berthed + 306, BERTH, along, kn=3, every=3)
    track += shift + lying(A, shift[-1].minute + 6, shift[-1].minute + 300, *along, nav=5)
    detected(home, settings, track)
    assert len(calls(home, settings)) == 1


def test_a_ship_that_leaves_and_comes_back_the_same_day_calls_twice(home: Home, settings: Settings) -> None:
    first = call_at_berth(A, 0, 120)
    detected(home, settings, first + call_at_berth(A, first[-1].minute + 10, 120))
    assert len(calls(home, settings)) == 2


def test_a_silence_within_a_call(home: Home, settings: Settings) -> None:
    track = [r for r in call_at_berth(A, 60, 900) if not 300 < r.minute < 700]
    detected(home, settings, track)
    (call,) = calls(home, settings)
    assert call["had_gap"] is True


def test_a_call_over_three_midnights_is_one(home: Home, settings: Settings) -> None:
    detected(home, settings, call_at_berth(A, 60, 4000))
    (call,) = calls(home, settings)
    assert call["stopped_h"] == pytest.approx(4000 / 60, abs=0.3)


def test_a_ship_still_there_at_the_end(home: Home, settings: Settings) -> None:
    track = call_at_berth(A, 60, 600)
    detected(home, settings, [r for r in track if r.minute <= 400])
    (call,) = calls(home, settings)
    assert (call["is_open"], call["departed_at"], call["exited_at"]) == (True, None, None)


def test_draughts_and_destination_around_a_call(home: Home, settings: Settings) -> None:
    track = call_at_berth(A, 60, 600, draught_m=9.5)
    leaving = [
        Report(A, r.minute, r.lat, r.lon, r.sog_kn, draught_m=7.1, destination="RU LED")
        if r.minute > 800
        else r
        for r in track
    ]
    detected(home, settings, leaving)
    (call,) = calls(home, settings)
    assert (call["draught_in_m"], call["draught_out_m"], call["destination_text"]) == (9.5, 7.1, "RU LED")


def test_a_garbled_position_does_not_break_a_call(home: Home, settings: Settings) -> None:
    detected(home, settings, [*call_at_berth(A, 60, 600), Report(A, 451, 10.0, 10.0, 0.0)])
    assert len(calls(home, settings)) == 1


def test_an_arrival_in_russia_needs_a_stop_there(home: Home, settings: Settings) -> None:
    led = (59.886, 30.195)  # St Petersburg, Sea Port
    (port,) = rows(home, settings, "SELECT 1 AS x")  # an empty database reads
    assert port["x"] == 1
    detected(home, settings, lying(A, 60, 900, *led, nav=5))
    (arrival,) = rows(home, settings, "FROM russia_arrivals")
    assert (arrival["port_id"], arrival["basis"]) == ("RULED", "stop")


def test_two_ships_on_one_mmsi_are_two_vessels(home: Home, settings: Settings) -> None:
    at_berth = call_at_berth(A, 60, 1200)
    other = sailing(A, 63, (57.0, 11.0), (58.5, 10.0))
    detected(home, settings, sorted([*at_berth, *other], key=lambda r: r.minute))
    vessels = rows(home, settings, "SELECT vessel_id, mmsi FROM vessels")
    assert len(vessels) == 2
    assert {v["mmsi"] for v in vessels} == {A.mmsi}
    (call,) = calls(home, settings)
    assert call["port_id"] == "MAPTM"
    tracks = f"FROM read_parquet('{home.lake}/tracks/*/*.parquet')"
    owners = rows(
        home, settings, f"SELECT track_id, count(DISTINCT vessel_id) AS n {tracks} GROUP BY track_id"
    )
    assert {owner["n"] for owner in owners} == {1}
    assert rows(home, settings, f"SELECT DISTINCT flags {tracks}") == [{"flags": ["shared_mmsi"]}]
    south = rows(home, settings, f"SELECT DISTINCT vessel_id {tracks} WHERE lat < 50")
    north = rows(home, settings, f"SELECT DISTINCT vessel_id {tracks} WHERE lat > 50")
    assert len(south) == len(north) == 1
    assert south != north


def test_one_ship_under_two_mmsis_is_one_vessel(home: Home, settings: Settings) -> None:
    new = Ship(518000201, "DELTA RENAMED", imo=9074729)
    track = call_at_berth(A, 60, 600)
    half = len(track) // 2
    renamed = [
        Report(new if i > half else A, r.minute, r.lat, r.lon, r.sog_kn, r.nav) for i, r in enumerate(track)
    ]
    detected(home, settings, renamed)
    (vessel,) = rows(home, settings, "FROM vessels")
    assert (vessel["mmsi"], vessel["name"], vessel["flag"]) == (new.mmsi, "DELTA RENAMED", "CK")
    assert len(calls(home, settings)) == 1
