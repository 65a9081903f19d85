"""Arrivals in Russia without a stop that anyone saw: through a gate, or by what was declared."""

import itertools
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine import connect
from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from pipeline.steps.link import link
from tests.detect.ships import START, Report, Ship, detected, lying, moved, rows, sailing, write_days
from tests.geo.test_gates import ELSEWHERE, INBOUND, crossing

A = Ship(311000701, "NOVEMBER TEST")
# A second ship that is heard to the end, so that A's silence has an end to be measured against.
CLOCK = Ship(311000799, "CLOCK TEST")
DAY = 1440
GULF_OUT, GULF_IN = INBOUND["gulf_of_finland_east"]
ST_PETERSBURG = (59.886, 30.195)
BORNHOLM, EASTWARD = (55.45, 15.20), (56.60, 18.60)
KOTKA = (60.433, 26.950)


def at(minute: float) -> datetime:
    """A report's time as it is written: to the second."""
    return (START + timedelta(minutes=minute)).replace(microsecond=0)


def clock(until: float) -> list[Report]:
    return [Report(CLOCK, minute, -30.0, -20.0, 10.0) for minute in (0, until)]


def said(reports: list[Report], **say: Any) -> list[Report]:
    return [
        Report(r.ship, r.minute, r.lat, r.lon, r.sog_kn, r.nav, **{"draught_m": r.draught_m, **say})
        for r in reports
    ]


def through(
    ship: Ship, silent: float, outside: tuple[float, float] = GULF_OUT, inside: tuple[float, float] = GULF_IN,
    first: float = 0,
) -> tuple[list[Report], list[Report]]:  # fmt: skip
    """A way in, and after so many minutes the way out again."""
    way_in = sailing(ship, first, outside, inside)
    return way_in, sailing(ship, way_in[-1].minute + silent, inside, outside)


def arrivals(home: Home, settings: Settings, ship: Ship = A) -> list[dict[str, Any]]:
    return rows(home, settings, f"FROM russia_arrivals WHERE mmsi = {ship.mmsi} ORDER BY arrived_at")


def crossed_minutes(way: list[Report]) -> float:
    """The minute at which a way into the Gulf of Finland passes the gate, near 27.6 E."""
    return next(r.minute for r in way if r.lon > 27.55)


def crossed_at(home: Home, settings: Settings, gate: str, way: list[Report]) -> float:
    """The minute at which a way crosses the gate, found by trying each step of it."""
    segments = rows(home, settings, f"FROM read_parquet('{home.work}/gazetteer/*/gates.parquet')")
    for a, b in itertools.pairwise(way):
        for s in segments:
            line = ((s["lat1"], s["lon1"]), (s["lat2"], s["lon2"]))
            if s["gate_id"] == gate and crossing(line, ((a.lat, a.lon), (b.lat, b.lon))):  # type: ignore[arg-type]
                return (a.minute + b.minute) / 2
    raise AssertionError(gate)


def test_through_each_gate_and_out_again(home: Home, settings: Settings) -> None:
    """A day and a half unseen beyond each of the gates is an arrival in a port beyond that gate."""
    ships = {gate: Ship(311000710 + n) for n, gate in enumerate(sorted(INBOUND))}
    ways = {gate: through(ships[gate], 1.5 * DAY, *INBOUND[gate]) for gate in ships}
    detected(home, settings, [r for way_in, way_out in ways.values() for r in way_in + way_out])
    ports = rows(home, settings, f"FROM read_parquet('{home.work}/gazetteer/*/gate_ports.parquet')")
    behind = {(p["gate_id"], p["port_id"]) for p in ports}
    for gate, ship in ships.items():
        (found,) = arrivals(home, settings, ship)
        way_in, way_out = ways[gate]
        assert (found["basis"], found["gate_id"], found["confidence"]) == ("gate", gate, 2)
        assert (gate, found["port_id"]) in behind
        assert (found["port_call_id"] is None) == (found["port_basis"] != "ring")
        for column, way in (("gate_in_at", way_in), ("gate_out_at", way_out)):
            crossed = at(crossed_at(home, settings, gate, way))
            assert abs(found[column] - crossed) <= timedelta(minutes=6), (gate, column)
        assert found["arrived_from_at"] == at(way_in[-1].minute)
        assert (
            found["arrived_from_at"] <= found["arrived_at"] <= found["arrived_to_at"] <= at(way_out[0].minute)
        )


def test_ways_to_other_countries_pass_no_gate(home: Home, settings: Settings) -> None:
    """Kotka, Sillamae, Klaipeda, Batumi and the straits: however long a ship is silent there."""
    ways = [through(Ship(311000740 + n), 3 * DAY, *way) for n, way in enumerate(ELSEWHERE.values())]
    detected(home, settings, [r for way_in, way_out in ways for r in way_in + way_out])
    assert rows(home, settings, "FROM russia_arrivals") == []


def test_a_silence_across_the_gate_itself(home: Home, settings: Settings) -> None:
    """Last heard before the gate, next heard beyond it on the way out: nobody saw it go in."""
    way_in, way_out = through(A, 2 * DAY)
    before = [r for r in way_in if r.lon < 27.2]
    detected(home, settings, before + way_out)
    (found,) = arrivals(home, settings)
    assert (found["basis"], found["confidence"]) == ("gate", 1)
    assert found["arrived_from_at"] == at(before[-1].minute)


def test_a_stop_that_is_seen_is_the_arrival(home: Home, settings: Settings) -> None:
    way_in = sailing(A, 0, GULF_OUT, GULF_IN)
    berth = lying(A, way_in[-1].minute + 600, way_in[-1].minute + 1500, *ST_PETERSBURG, nav=5)
    way_out = sailing(A, berth[-1].minute + 900, GULF_IN, GULF_OUT)
    detected(home, settings, way_in + berth + way_out)
    (found,) = arrivals(home, settings)
    assert (found["basis"], found["port_id"], found["port_basis"]) == ("stop", "RULED", "seen")
    assert found["arrived_from_at"] == found["arrived_at"] == found["arrived_to_at"]


def test_seen_all_the_time_and_never_at_rest_is_no_arrival(home: Home, settings: Settings) -> None:
    way_in, way_out = through(A, 6)
    detected(home, settings, way_in + way_out)
    assert arrivals(home, settings) == []


@pytest.mark.parametrize(("hours", "found"), [(4, []), (8, []), (20, ["gate"])])
def test_a_silence_must_leave_time_for_a_port(
    home: Home, settings: Settings, hours: float, found: list[str]
) -> None:
    """The nearest port is an hour and a half off, St Petersburg five; six hours there, and the way back."""
    way_in, way_out = through(A, hours * 60)
    detected(home, settings, way_in + way_out)
    assert [row["basis"] for row in arrivals(home, settings)] == found


def test_in_and_never_heard_again(home: Home, settings: Settings) -> None:
    way_in, _ = through(A, 0)
    detected(home, settings, way_in + clock(way_in[-1].minute + 3 * DAY))
    (found,) = arrivals(home, settings)
    assert (found["basis"], found["confidence"], found["gate_out_at"]) == ("gate", 1, None)
    assert found["arrived_to_at"] == at(way_in[-1].minute + 3 * DAY)


def test_in_and_the_data_end_soon(home: Home, settings: Settings) -> None:
    way_in, _ = through(A, 0)
    detected(home, settings, way_in + clock(way_in[-1].minute + 240))
    assert arrivals(home, settings) == []


def test_a_ship_that_drifts_over_the_line_has_not_gone_in(home: Home, settings: Settings) -> None:
    """On the gate off Novorossiysk it swings over the line, slowly, and falls silent there."""
    outside, line = (44.35, 37.70), (44.425, 37.70)
    there = sailing(A, 0, (44.0, 37.5), outside)
    drift = sailing(A, there[-1].minute + 6, outside, (line[0] + 0.01, line[1]), kn=0.8)
    back = sailing(A, drift[-1].minute + 2 * DAY, (line[0] + 0.01, line[1]), outside, kn=0.8)
    detected(home, settings, there + drift + back)
    assert arrivals(home, settings) == []


def test_lying_beyond_the_gate_in_no_port(home: Home, settings: Settings) -> None:
    """Two days at anchor in the open gulf off Primorsk, all the time heard, then out again."""
    off = (60.10, 28.35)
    way_in = sailing(A, 0, GULF_OUT, off)
    lay = lying(A, way_in[-1].minute + 6, way_in[-1].minute + 2 * DAY, *off, nav=1)
    still = way_in + lay
    detected(home, settings, still)
    assert arrivals(home, settings) == []
    detected(home, settings, still + sailing(A, lay[-1].minute + 6, off, GULF_OUT))
    (found,) = arrivals(home, settings)
    assert (found["basis"], found["port_basis"], found["confidence"]) == ("gate", "near", 2)
    assert found["arrived_at"] <= at(lay[0].minute)


def test_a_changed_draught_and_a_declared_port_make_it_surer(home: Home, settings: Settings) -> None:
    way_in, way_out = through(A, 2 * DAY)
    way_in = said(way_in, draught_m=9.5, destination="RU ULU")
    way_out = said(way_out, draught_m=6.1, destination="MACAS")
    detected(home, settings, way_in + way_out)
    (found,) = arrivals(home, settings)
    assert (found["port_id"], found["port_basis"], found["confidence"]) == ("RUULU", "declared", 4)
    assert (found["draught_in_m"], found["draught_out_m"]) == (9.5, 6.1)
    (declared,) = rows(
        home, settings, f"FROM declared_ports WHERE declaration_id = '{found['declaration_id']}'"
    )
    assert (declared["relation"], declared["declared_text"], declared["source"]) == (
        "destination",
        "RU ULU",
        "ais",
    )


def test_the_same_draught_says_nothing(home: Home, settings: Settings) -> None:
    way_in, way_out = through(A, 2 * DAY)
    detected(home, settings, said(way_in, draught_m=9.5) + said(way_out, draught_m=9.4))
    assert [row["confidence"] for row in arrivals(home, settings)] == [2]


def test_a_ship_goes_where_it_went_before(home: Home, settings: Settings) -> None:
    primorsk = (60.345, 28.72)
    before = lying(A, 0, 900, *primorsk, nav=5)
    way_in, way_out = through(A, 2 * DAY, first=8 * DAY)
    detected(home, settings, before + way_in + way_out)
    stop, gate = arrivals(home, settings)
    assert (stop["basis"], stop["port_id"]) == ("stop", "RUPRI")
    assert (gate["basis"], gate["port_id"], gate["port_basis"]) == ("gate", "RUPRI", "habit")


def test_a_garbled_position_beyond_a_gate_is_no_way_in(home: Home, settings: Settings) -> None:
    off_kotka = (60.20, 26.60)
    track = lying(A, 0, 5 * DAY, *off_kotka, every=30, nav=1)
    stray = [Report(A, 1500.5, *GULF_IN, 0.0), Report(A, 4000.5, *GULF_IN, 11.0)]
    kept = [r for r in track if not 4000 < r.minute < 6000]
    detected(home, settings, kept + stray)
    assert arrivals(home, settings) == []


def test_moved_to_another_sea_it_is_no_arrival(home: Home, settings: Settings) -> None:
    way_in, way_out = through(A, 2 * DAY)
    detected(home, settings, moved(way_in + way_out, -40))
    assert arrivals(home, settings) == []


def baltic_voyage(destination: str, *, days: float = 6, back: bool = True) -> list[Report]:
    """East past Bornholm, unheard for days (the Danish stations end there), and west again."""
    there = said(sailing(A, 0, BORNHOLM, EASTWARD), destination=destination)
    after = there[-1].minute + days * DAY
    return there + (
        said(sailing(A, after, EASTWARD, BORNHOLM), destination="MACAS") if back else clock(after)
    )


def test_declared_heading_there_unheard_and_back(home: Home, settings: Settings) -> None:
    track = baltic_voyage("RU LED")
    detected(home, settings, track)
    (found,) = arrivals(home, settings)
    assert (found["basis"], found["port_id"], found["confidence"]) == ("declared", "RULED", 2)
    assert (found["port_call_id"], found["gate_id"]) == (None, None)
    assert found["arrived_from_at"] < found["arrived_at"] < found["arrived_to_at"]
    # 720 km straight, a fifth more by sea, at 12 knots
    assert timedelta(hours=30) < found["arrived_at"] - found["arrived_from_at"] < timedelta(hours=50)


def test_declared_and_still_unheard(home: Home, settings: Settings) -> None:
    detected(home, settings, baltic_voyage("ST PETERSBURG", back=False))
    assert [(a["basis"], a["confidence"]) for a in arrivals(home, settings)] == [("declared", 1)]


@pytest.mark.parametrize("destination", ["PL GDN", "FOR ORDERS", ""])
def test_no_russian_port_declared_is_no_arrival(home: Home, settings: Settings, destination: str) -> None:
    detected(home, settings, baltic_voyage(destination))
    assert arrivals(home, settings) == []


def test_declared_but_back_too_soon(home: Home, settings: Settings) -> None:
    detected(home, settings, baltic_voyage("RU LED", days=2))
    assert arrivals(home, settings) == []


def test_a_destination_left_in_from_the_last_voyage(home: Home, settings: Settings) -> None:
    """Westward with the old text, then unheard for long: it heads away from what it declares."""
    there = said(sailing(A, 0, EASTWARD, BORNHOLM), destination="RU LED")
    later = said(sailing(A, there[-1].minute + 9 * DAY, BORNHOLM, EASTWARD), destination="RU LED")
    detected(home, settings, there + later)
    assert arrivals(home, settings) == []


def test_declared_and_then_seen_there_is_one_arrival(home: Home, settings: Settings) -> None:
    there = said(sailing(A, 0, BORNHOLM, EASTWARD), destination="RU LED")
    berth = lying(A, there[-1].minute + 3 * DAY, there[-1].minute + 4 * DAY, *ST_PETERSBURG, nav=5)
    back = sailing(A, berth[-1].minute + 3 * DAY, EASTWARD, BORNHOLM)
    detected(home, settings, there + berth + back)
    assert [a["basis"] for a in arrivals(home, settings)] == ["stop"]


def test_spans_of_a_declared_destination(home: Home, settings: Settings) -> None:
    """Spellings of one port are one span; what names no port ends it."""
    texts = ["RU LED", "ST PETERSBURG", "FOR ORDERS", "RU LED", "MACAS"]
    sea = (56.0, 18.5)
    track = [
        report
        for n, text in enumerate(texts)
        for report in lying(A, n * 300, n * 300 + 290, *sea, every=10, destination=text)
    ]
    detected(home, settings, track)
    spans = rows(
        home, settings,
        "SELECT port_id, declared_text, declared_at, last_declared_at, replaced_at FROM declared_ports"
        " ORDER BY declared_at",
    )  # fmt: skip
    assert [tuple(span.values()) for span in spans] == [
        ("RULED", "RU LED", at(0), at(590), at(600)),
        ("RULED", "RU LED", at(900), at(1190), at(1200)),
        ("MACAS", "MACAS", at(1200), at(1490), None),
    ]


Tell = Callable[..., None]


@pytest.fixture
def tell(home: Home, settings: Settings) -> Tell:
    """Ingest a Finnish port call of ship A as the port authority tells it."""
    numbers = itertools.count(1)

    def call(
        port: str, arrived: float, left: float | None, previous: str, following: str, **more: Any
    ) -> None:
        def written(minute: float | None) -> str | None:
            return None if minute is None else f"{at(minute):%Y-%m-%dT%H:%M:%S}.000+00:00"

        n = next(numbers)
        entry = {
            "portCallId": more.pop("call", n), "portCallTimestamp": written(arrived + n), "portToVisit": port,
            "prevPort": previous, "nextPort": following, "mmsi": A.mmsi, "imoLloyds": 0,
            "vesselName": "November Test", "radioCallSign": "QTEST", "nationality": "BS",
            "portAreaDetails": [{"berthName": "Quay 1", "ata": written(arrived), "atd": written(left)}],
        }  # fmt: skip
        path = home.root / "in" / f"port-calls-{n}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"portCalls": [entry]}))
        assert ingest(home, settings, "digitraffic", [path]).failures == []

    return call


def test_the_port_before_a_finnish_call(home: Home, settings: Settings, tell: Tell) -> None:
    """Left Turku on day 2, came to Kotka on day 6, 'from St Petersburg': it was there in between."""
    tell("FITKU", DAY, 2 * DAY, "DEHAM", "RULED")
    tell("FIKTK", 6 * DAY, 7 * DAY, "RULED", "MACAS")
    detect(home, settings)
    (found,) = arrivals(home, settings)
    assert (found["basis"], found["port_id"], found["confidence"]) == ("declared", "RULED", 3)
    assert at(2 * DAY) < found["arrived_from_at"] < found["arrived_at"] < found["arrived_to_at"] < at(6 * DAY)
    declared = rows(
        home, settings,
        "SELECT source, relation, d.port_id, c.port_id AS called FROM declared_ports AS d"
        " JOIN port_calls AS c USING (port_call_id) ORDER BY c.arrived_at, relation",
    )  # fmt: skip
    assert [tuple(row.values()) for row in declared] == [
        ("port_authority", "next", "RULED", "FITKU"),
        ("port_authority", "previous", "DEHAM", "FITKU"),
        ("port_authority", "next", "MACAS", "FIKTK"),
        ("port_authority", "previous", "RULED", "FIKTK"),
    ]
    assert rows(home, settings, "SELECT count(*) AS n FROM declared_ports WHERE file_id IS NULL") == [
        {"n": 0}
    ]


def test_the_port_before_was_out_of_reach(home: Home, settings: Settings, tell: Tell) -> None:
    tell("FITKU", DAY, 2 * DAY, "DEHAM", "FIKTK")
    tell("FIKTK", 2.5 * DAY, 4 * DAY, "RUMMK", "MACAS")
    detect(home, settings)
    assert arrivals(home, settings) == []


def test_the_port_after_a_finnish_call(home: Home, settings: Settings, tell: Tell) -> None:
    tell("FIKTK", 0, DAY, "DEHAM", "RUULU")
    tell("FITKU", 5 * DAY, 6 * DAY, "", "MACAS")
    detect(home, settings)
    (found,) = arrivals(home, settings)
    assert (found["basis"], found["port_id"], found["confidence"]) == ("declared", "RUULU", 2)
    assert at(DAY) < found["arrived_at"] < found["arrived_to_at"] < at(5 * DAY)


def test_the_port_after_a_call_and_too_soon_elsewhere(home: Home, settings: Settings, tell: Tell) -> None:
    tell("FIKTK", 0, DAY, "DEHAM", "RUMMK")
    tell("FITKU", 2 * DAY, 3 * DAY, "", "MACAS")
    detect(home, settings)
    assert arrivals(home, settings) == []


def test_the_newest_word_of_a_call_counts(home: Home, settings: Settings, tell: Tell) -> None:
    tell("FIKTK", 0, None, "DEHAM", "RUULU", call=77)
    tell("FIKTK", 0, DAY, "DEHAM", "EETLL", call=77)
    detect(home, settings)
    said_next = rows(home, settings, "SELECT port_id FROM declared_ports WHERE relation = 'next'")
    assert said_next == [{"port_id": "EETLL"}]


def test_a_declared_port_and_a_stop_seen_there_are_one_arrival(
    home: Home, settings: Settings, tell: Tell
) -> None:
    tell("FIKTK", 6 * DAY, 7 * DAY, "RULED", "MACAS")
    detected(home, settings, lying(A, 3 * DAY, 4 * DAY, *ST_PETERSBURG, nav=5))
    assert [a["basis"] for a in arrivals(home, settings)] == ["stop"]


def test_links_arrive_by_stops_and_gates_alone(home: Home, settings: Settings) -> None:
    """A meeting off Ceuta; a taker that went through a gate arrived, one that only declared did not (yet)."""
    b = Ship(311000702, "TAKER TEST", ship_type="Tanker", length_m=230)
    ceuta, beside = (35.95, -5.17), (35.9508, -5.17)
    a = Ship(311000703, "GIVER TEST", ship_type="Tanker", length_m=240)
    met = lying(a, 0, 700, *ceuta) + lying(b, 0, 700, *beside)
    way_in, way_out = through(b, 2 * DAY, first=9 * DAY)
    detected(home, settings, met + way_in + way_out)
    assert link(home, settings).n_links["sts"] > 0
    declared = said(sailing(b, 9 * DAY, BORNHOLM, EASTWARD), destination="RU LED")
    back = sailing(b, declared[-1].minute + 6 * DAY, EASTWARD, BORNHOLM)
    other = Home(home.root / "other").create()
    detected(other, settings, met + declared + back)
    assert [row["basis"] for row in arrivals(other, settings, b)] == ["declared"]
    assert link(other, settings).n_links == {"sts": 1}
    with connect(settings, other.work, other.links) as con:
        (told,) = con.execute("SELECT status, arrival_id, arrived_at FROM transshipment_links").fetchall()
    assert told == ("declared", None, None)


def test_days_in_any_order_give_the_same_arrivals(
    home: Home, settings: Settings, tmp_path: Path, built_gazetteer: Path
) -> None:
    """In just before a midnight, out just after one; another by declaration: by day, backwards, at once."""
    way_in, _ = through(A, 0)
    ahead = DAY - crossed_minutes(way_in)
    b = Ship(311000702)
    there, back = through(A, 3 * DAY - way_in[-1].minute, first=ahead)
    voyage = [replace(r, ship=b) for r in baltic_voyage("RU LED")]
    paths = write_days(tmp_path / "days", there + back + voyage)
    found = []
    for order in (paths, paths[::-1], [paths]):
        other = Home(tmp_path / f"home{len(found)}").create()
        shutil.copytree(built_gazetteer, other.work / "gazetteer")
        for step in order:
            ingest(other, settings, "dma", step if isinstance(step, list) else [step])
            detect(other, settings)
        found.append(
            [rows(other, settings, f"FROM {t} ORDER BY ALL") for t in ("russia_arrivals", "declared_ports")]
        )
    assert found[0] == found[1] == found[2]
    assert sorted(row["basis"] for row in found[0][0]) == ["declared", "gate"]
    (gate,) = (row for row in found[0][0] if row["basis"] == "gate")
    assert gate["confidence"] == 2


def test_the_real_calls_of_one_day_in_finland(home: Home, settings: Settings, shared_dir: Path) -> None:
    """One call of the file had arrived: in Pori, from and to Jorf Lasfar."""
    path = shared_dir / "data/ais/digitraffic/port-calls-2024-04-11_part.json"
    ingest(home, settings, "digitraffic", [path])
    detect(home, settings)
    found = rows(
        home, settings, "SELECT mmsi, relation, port_id, port_call_id FROM declared_ports ORDER BY relation"
    )
    (call,) = rows(home, settings, "SELECT port_call_id, port_id FROM port_calls")
    assert call["port_id"] == "FIPOR"
    assert [tuple(row.values()) for row in found] == [
        (257970000, "next", "MAJFL", call["port_call_id"]),
        (257970000, "previous", "MAJFL", call["port_call_id"]),
    ]
    assert arrivals(home, settings) == []
