"""Several witnesses of one call, ships known to some of them only, answers in any order."""

import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from tests.detect import ships as ais
from tests.gfw.world import NOVOROSSIYSK, ST_PETERSBURG, TANGER_MED, Ship, at, body_of, encounter, visit

# A quay in Aarhus, and a way out of its ring.
AARHUS = (56.1466, 10.2302)
OUT = (56.05, 10.45)
QUAY = (*AARHUS, "AARHUS", "DNK")
SHIP = ais.Ship(219012345, "DANICA", imo=9074729)
SAME = Ship("danica", 219012345, "DANICA", "DNK")
SHIP_IDENTITY = Ship("danica", 219012345, "DANICA", "DNK", imo=9074729).identity()
START = ais.START
TABLES = (
    "vessels",
    "vessel_identities",
    "port_calls",
    "call_witnesses",
    "russia_arrivals",
    "transshipment_links",
    "link_evidence",
    "gfw_events",
    "gfw_comparison",
)

Keep = Callable[..., None]


def arrives_and_leaves(ship: ais.Ship = SHIP, first: float = 0) -> list[ais.Report]:
    """Into Aarhus, eight hours at the quay, and out again."""
    way_in = ais.sailing(ship, first, OUT, AARHUS)
    moored = ais.lying(ship, way_in[-1].minute + 6, way_in[-1].minute + 486, *AARHUS, nav=5)
    return [*way_in, *moored, *ais.sailing(ship, moored[-1].minute + 6, AARHUS, OUT)]


def told_at(hours: float) -> datetime:
    return at(START.date(), hours)


@pytest.fixture
def keep(home: Home, settings: Settings) -> Keep:
    """Ingest an answer (each under its own name), as if fetched."""
    names = itertools.count()

    def call(events: Sequence[dict[str, Any]], source: str = "gfw") -> None:
        path = home.root / "in" / f"{'port-calls-' if source == 'digitraffic' else ''}{next(names)}.json"
        path.parent.mkdir(exist_ok=True)
        body = json.dumps({"portCalls": list(events)}) if source == "digitraffic" else body_of(list(events))
        path.write_text(body)
        assert ingest(home, settings, source, [path]).failures == []

    return call


def finnish(port: str, mmsi: int, imo: int, arrived: datetime, left: datetime | None) -> dict[str, Any]:
    """A call as Digitraffic tells it."""
    written = [
        None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.000+00:00" for moment in (arrived, left)
    ]
    return {
        "portCallId": int(f"{arrived:%d%H%M}"),
        "portToVisit": port,
        "mmsi": mmsi,
        "imoLloyds": imo,
        "vesselName": "Danica",
        "radioCallSign": "OXYZ",
        "nationality": "DK",
        "portAreaDetails": [{"berthName": "Quay 1", "ata": written[0], "atd": written[1]}],
    }


def calls(home: Home, settings: Settings) -> list[dict[str, object]]:
    return ais.rows(
        home,
        settings,
        "SELECT port_id, witness, kind, arrived_at, departed_at, is_noncommercial, is_open, confidence, "
        "mmsi, vessel_id FROM port_calls ORDER BY arrived_at, witness",
    )


def test_one_call_seen_by_two_is_one_row_with_our_times(home: Home, settings: Settings, keep: Keep) -> None:
    ais.detected(home, settings, arrives_and_leaves())
    (alone,) = calls(home, settings)
    keep([visit(SAME, QUAY, told_at(0.5), 11)])
    detect(home, settings)
    (both,) = calls(home, settings)
    assert both == {**alone, "witness": "ais+gfw"}
    assert not both["is_noncommercial"]
    (held,) = ais.rows(home, settings, "SELECT * FROM gfw_comparison WHERE verdict = 'agree'")
    assert held["our_table"] == "port_calls"
    assert held["start_difference_h"] == pytest.approx(
        (alone["arrived_at"] - told_at(0.5).replace(tzinfo=None)) / timedelta(hours=1),  # type: ignore[operator]
        abs=0.01,
    )


@pytest.mark.parametrize(("hours", "n_calls"), [(15.0, 1), (20.5, 1), (21.5, 2)])
def test_how_far_apart_is_one_call(
    home: Home, settings: Settings, keep: Keep, hours: float, n_calls: int
) -> None:
    # Ours ends after some nine hours; the limit is port_calls.shift_hours, 12.
    ais.detected(home, settings, arrives_and_leaves())
    keep([visit(SAME, QUAY, told_at(hours), 5)])
    detect(home, settings)
    found = calls(home, settings)
    assert len(found) == n_calls
    assert [call["is_noncommercial"] for call in found] == [False, True][:n_calls]
    assert len({call["vessel_id"] for call in found}) == 1


def test_another_ship_in_the_same_port_is_another_call(home: Home, settings: Settings, keep: Keep) -> None:
    ais.detected(home, settings, arrives_and_leaves())
    keep([visit(Ship("other", 219054321, "ANDEN", "DNK"), QUAY, told_at(0.5), 11)])
    detect(home, settings)
    assert [call["witness"] for call in calls(home, settings)] == ["gfw", "ais"]


def test_an_end_that_we_did_not_see_is_taken_from_who_saw_it(
    home: Home, settings: Settings, keep: Keep
) -> None:
    reports = [report for report in arrives_and_leaves() if report.minute < 240]
    ais.detected(home, settings, reports)
    (alone,) = calls(home, settings)
    assert (alone["departed_at"], alone["is_open"]) == (None, True)
    keep([visit(SAME, QUAY, told_at(0.5), 30)])
    detect(home, settings)
    (both,) = calls(home, settings)
    assert both["arrived_at"] == alone["arrived_at"]
    assert both["departed_at"] == told_at(30.5).replace(tzinfo=None)
    assert not both["is_open"]


def test_a_visit_told_while_it_lasts_and_again_when_over_is_one_call(
    home: Home, settings: Settings, keep: Keep
) -> None:
    over = visit(SAME, QUAY, told_at(0), 30)
    lasting = visit(SAME, QUAY, told_at(0), None)
    for order in ([over, lasting], [lasting, over]):
        for event in order:
            keep([event, event])
    keep([{**lasting, "id": "another-id-of-it"}])
    detect(home, settings)
    (call,) = calls(home, settings)
    assert call["departed_at"] == told_at(30).replace(tzinfo=None)
    assert (call["witness"], call["is_noncommercial"], call["confidence"]) == ("gfw", True, 4)


def test_a_visit_that_lasts_is_open(home: Home, settings: Settings, keep: Keep) -> None:
    keep([visit(SAME, QUAY, told_at(0), None, at_dock=False, confidence="2")])
    detect(home, settings)
    (call,) = calls(home, settings)
    assert (call["is_open"], call["departed_at"], call["kind"], call["confidence"]) == (
        True, None, "anchorage", 2,
    )  # fmt: skip


def test_a_port_authority_and_gfw_are_one_call_with_the_ports_times(
    home: Home, settings: Settings, keep: Keep
) -> None:
    kotka = (60.440, 26.940, "KOTKA", "FIN")
    keep([visit(SAME, kotka, told_at(3), 20)])
    # The port knows the IMO number alone; the MMSI is GFW's.
    keep([SHIP_IDENTITY])
    keep([finnish("FIKTK", 0, 9074729, told_at(4), told_at(22))], "digitraffic")
    keep([finnish("FIKTK", 0, 9811000, told_at(4.5), told_at(22))], "digitraffic")
    detect(home, settings)
    (call,) = calls(home, settings)
    assert (call["port_id"], call["witness"], call["mmsi"]) == ("FIKTK", "gfw+port_authority", 219012345)
    assert (call["arrived_at"], call["departed_at"]) == tuple(
        told_at(hours).replace(tzinfo=None) for hours in (4, 22)
    )
    assert call["is_noncommercial"] is False


def test_each_witness_of_a_call_leads_to_the_answer_that_holds_it(
    home: Home, settings: Settings, keep: Keep
) -> None:
    """Ours with GFW's, theirs alone, and a port's with GFW's: the file of each, by its hash."""
    ais.detected(home, settings, arrives_and_leaves())
    seen, alone = visit(SAME, QUAY, told_at(0.5), 11), visit(SAME, TANGER_MED, told_at(24 * 9), 20)
    kotka = (60.440, 26.940, "KOTKA", "FIN")
    keep([seen, alone, visit(SAME, kotka, told_at(24 * 4), 20)])
    keep([SHIP_IDENTITY])
    keep([finnish("FIKTK", 0, 9074729, told_at(24 * 4 + 1), told_at(24 * 4 + 18))], "digitraffic")
    detect(home, settings)
    link(home, settings)
    publish(home, settings)
    with duckdb.connect(str(home.database), read_only=True) as con:
        told = con.execute("""
            SELECT c.port_id, w.witness, f.sha256, w.is_noncommercial, w.started_at
            FROM call_witnesses AS w JOIN port_calls AS c USING (port_call_id)
            JOIN source_files AS f USING (file_id) ORDER BY c.arrived_at, w.witness
        """).fetchall()
        assert con.execute("SELECT count(*) FROM call_witnesses").fetchone() == (4,)
    sums = [
        hashlib.sha256((home.root / "in" / name).read_bytes()).hexdigest()
        for name in ("0.json", "port-calls-2.json")
    ]
    assert told == [
        ("DKAAR", "gfw", sums[0], True, told_at(0.5).replace(tzinfo=None)),
        ("FIKTK", "gfw", sums[0], True, told_at(24 * 4).replace(tzinfo=None)),
        ("FIKTK", "port_authority", sums[1], False, told_at(24 * 4 + 1).replace(tzinfo=None)),
        ("MAPTM", "gfw", sums[0], True, told_at(24 * 9).replace(tzinfo=None)),
    ]


def test_a_stay_told_as_one_stands_with_each_call_of_ours(home: Home, settings: Settings, keep: Keep) -> None:
    second = arrives_and_leaves(first=1000)
    ais.detected(home, settings, arrives_and_leaves() + second)
    keep([visit(SAME, QUAY, told_at(0.5), 28)])
    detect(home, settings)
    assert [call["witness"] for call in calls(home, settings)] == ["ais+gfw", "ais+gfw"]
    told = ais.rows(home, settings, "SELECT port_call_id, file_id FROM call_witnesses")
    assert len({row["port_call_id"] for row in told}) == 2
    assert len({row["file_id"] for row in told}) == 1


def test_the_order_of_answers_changes_nothing(
    home: Home, settings: Settings, keep: Keep, tmp_path: Path, built_gazetteer: Path
) -> None:
    other = Ship("other", 538054321, "OTHER", "MHL")
    answers = [
        [visit(SAME, QUAY, told_at(0), None), visit(other, TANGER_MED, told_at(5), 40)],
        [visit(SAME, QUAY, told_at(0), 30), encounter(SAME, other, 56.2, 10.6, told_at(80), 5)],
        [visit(other, ST_PETERSBURG, told_at(24 * 13), 40), visit(SAME, TANGER_MED, told_at(24 * 9), 20)],
        [visit(other, TANGER_MED, told_at(24 * 9), 40), visit(other, NOVOROSSIYSK, told_at(24 * 20), 40)],
        [SHIP_IDENTITY],
    ]
    found = []
    for number, order in enumerate([answers, answers[::-1], answers[2:] + answers[:2]]):
        there = Home(tmp_path / f"home-{number}").create()
        shutil.copytree(built_gazetteer, there.work / "gazetteer")
        for place, answer in enumerate(order):
            path = there.root / f"{place}.json"
            path.write_text(body_of(answer))
            ingest(there, settings, "gfw", [path])
            if number == 2:
                detect(there, settings)
        detect(there, settings)
        link(there, settings)
        publish(there, settings)
        with duckdb.connect(str(there.database), read_only=True) as con:
            found.append({table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES})
    assert found[0] == found[1] == found[2]
    assert len(found[0]["transshipment_links"]) > 0


def test_what_is_known_of_ships_that_only_gfw_saw(home: Home, settings: Settings, keep: Keep) -> None:
    keep([visit(Ship("x", 273123450, "VOLGA\u202e@@", "RUS", "BUNKER"), NOVOROSSIYSK, told_at(0), 30)])
    keep([Ship("x", 273123450, "VOLGA", "RUS", "BUNKER", imo=9811000).identity()])
    detect(home, settings)
    (ship,) = ais.rows(home, settings, "SELECT * FROM vessels")
    assert (ship["name"], ship["flag"], ship["ship_type"], ship["imo"]) == ("VOLGA", "RU", "tanker", 9811000)
    assert (ship["mmsi"], ship["n_positions"], ship["is_noncommercial"]) == (273123450, 0, True)
    (arrival,) = ais.rows(home, settings, "SELECT * FROM russia_arrivals")
    assert (arrival["port_id"], arrival["is_noncommercial"]) == ("RUNVS", True)
    (call,) = ais.rows(home, settings, "SELECT imo, ship_name, flag FROM port_calls")
    assert call == {"imo": 9811000, "ship_name": "VOLGA", "flag": "RU"}


def test_the_port_is_that_of_the_place_not_of_the_name(home: Home, settings: Settings, keep: Keep) -> None:
    keep([visit(SAME, (*TANGER_MED[:2], "SAINT PETERSBURG", "RUS"), told_at(0), 30)])
    keep([visit(SAME, (20.0, -40.0, "TANGIER MED", "MAR"), told_at(90), 30)])
    detect(home, settings)
    assert [call["port_id"] for call in calls(home, settings)] == ["MAPTM"]
    assert ais.rows(home, settings, "SELECT count(*) AS n FROM gfw_events") == [{"n": 2}]


def test_calls_told_as_at_anchor_link_too(home: Home, settings: Settings, keep: Keep) -> None:
    giver, taker = Ship("g", 636012345, "GIVER", "LBR"), Ship("t", 538001234, "TAKER", "MHL")
    keep(
        [
            visit(giver, TANGER_MED, told_at(0), 30, at_dock=False),
            visit(taker, TANGER_MED, told_at(60), 30, at_dock=False),
            visit(taker, ST_PETERSBURG, told_at(24 * 14), 30, at_dock=False),
        ]
    )
    detect(home, settings)
    assert link(home, settings).n_links == {"port_relay": 1}


def test_both_see_the_ship_and_only_one_the_call(home: Home, settings: Settings, keep: Keep) -> None:
    ais.detected(home, settings, arrives_and_leaves())
    # At another port on the day we received it in Aarhus; and on a day on which we did not receive it.
    keep([visit(SAME, TANGER_MED, told_at(20), 30), visit(SAME, TANGER_MED, told_at(24 * 30), 30)])
    detect(home, settings)
    found = ais.rows(home, settings, "SELECT verdict, event_id FROM gfw_comparison")
    assert found == [{"verdict": "gfw_only", "event_id": "danica-2026030120"}]


def test_for_commercial_use_it_is_as_if_gfw_had_said_nothing(
    home: Home, settings: Settings, keep: Keep, tmp_path: Path, built_gazetteer: Path
) -> None:
    bare = Home(tmp_path / "bare").create()
    shutil.copytree(built_gazetteer, bare.work / "gazetteer")
    keep([visit(SAME, QUAY, told_at(0.5), 60), visit(SAME, TANGER_MED, told_at(24 * 9), 20)])
    keep([{**SHIP_IDENTITY, "registryInfo": [{**SHIP_IDENTITY["registryInfo"][0], "imo": "9811000"}]}])
    tables = (*TABLES, "source_files", "rejected_rows", "metadata")
    found = []
    days = ais.write_days(tmp_path / "days", arrives_and_leaves())
    for there in (home, bare):
        result = ingest(there, settings, "dma", days)
        assert not result.failures
        detect(there, settings)
        link(there, settings)
        publish(there, settings, commercial=True)
        with duckdb.connect(str(there.database), read_only=True) as con:
            found.append({table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in tables})
    assert found[0] == found[1]
    assert len(found[0]["port_calls"]) == 1
    # And with it, all is there again.
    publish(home, settings)
    with duckdb.connect(str(home.database), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM port_calls").fetchone() == (2,)
