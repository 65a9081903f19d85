"""A year of port visits at Moroccan hubs and in Russia becomes calls, arrivals and links by one command."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.cli import main
from pipeline.home import Home
from tests.fetch import server as faults
from tests.fetch.server import Server
from tests.gfw.world import (
    CASABLANCA,
    NOVOROSSIYSK,
    ST_PETERSBURG,
    TANGER_MED,
    TOKEN,
    VALENCIA,
    Gfw,
    Ship,
    at,
    encounter,
    visit,
)

YEAR = date(2024, 1, 1)


def world() -> tuple[list[dict[str, Any]], list[Ship]]:
    """Liners that call in Morocco every 21 days, feeders that carry on to Russia, one with a new flag."""
    liners = [Ship(f"liner-{n}", 636020000 + n, f"LINER {n}", imo=imo) for n, imo in enumerate(IMOS[:6])]
    feeders = [Ship(f"feeder-{n}", 538020000 + n, f"FEEDER {n}", "MHL") for n in range(4)]
    fisher = Ship("fisher", 242020001, "FISHER", "MAR", "FISHING")
    before = Ship("was-liberian", 636029999, "OLD NAME", "LBR", "BUNKER", IMOS[6])
    after = Ship("is-gabonese", 626029999, "NEW NAME", "GAB", "BUNKER", IMOS[6])
    events = []
    for number, ship in enumerate(liners):
        for week in range(number, 52, 3):
            place = TANGER_MED if number % 2 else CASABLANCA
            events.append(visit(ship, place, at(YEAR, week * 168 + 5 * number), 20 + number))
    for number, ship in enumerate(feeders):
        hub, russia = (TANGER_MED, ST_PETERSBURG) if number % 2 else (CASABLANCA, NOVOROSSIYSK)
        for turn in range(10):
            start = at(YEAR, turn * 35 * 24 + number * 50)
            events.append(visit(ship, hub, start, 30, confidence="234"[turn % 3]))
            if turn % 2:
                events.append(visit(ship, VALENCIA, start + timedelta(days=4), 12))
            events.append(visit(ship, russia, start + timedelta(days=13), 40))
    events.append(visit(fisher, TANGER_MED, at(YEAR, 24 * 40), 5))
    events.append(visit(before, TANGER_MED, at(YEAR, 24 * 100), 30))
    events.append(visit(after, NOVOROSSIYSK, at(YEAR, 24 * 112), 30))
    # Still there at the end; never sent by confidence 1.
    events.append(visit(liners[0], CASABLANCA, at(YEAR, 24 * 365 - 3), None))
    events.append(visit(liners[1], CASABLANCA, at(YEAR, 24 * 200), 10, confidence="1"))
    events.append(encounter(liners[0], feeders[0], 35.95, -5.17, at(YEAR, 24 * 60), 6))
    return events, [*liners, *feeders, fisher, before, after]


IMOS = [9074729, 9251617, 9811000, 9321483, 9434761, 9302889, 9305568]
EVENTS, SHIPS = world()


@pytest.fixture
def published(
    home: Home,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> duckdb.DuckDBPyConnection:
    """What one command leaves, some faults on its way."""
    monkeypatch.setenv("GFW_API_TOKEN", TOKEN)
    server.serve = Gfw(EVENTS, SHIPS, page=40)
    right = [lambda reply: reply()] * 5
    server.faults = [*right, faults.status(429, Retry_After="0"), *right, faults.status(524), faults.cut]
    command = ["run", "--source", "gfw", "--from", "2024-01-01", "--to", "2024-12-31"]
    command += [
        "--home",
        str(home.root),
        "--set",
        f"sources.gfw.url={server.url}",
        "--set",
        "links.min_score=0",
    ]
    with pytest.raises(SystemExit) as ended:
        main(command)
    told = capfd.readouterr()
    assert ended.value.code == 0, told.err
    assert TOKEN not in told.err + told.out
    return duckdb.connect(str(home.database), read_only=True)


def seconds(moment: str) -> datetime:
    return datetime.fromisoformat(moment.removesuffix("Z"))


def test_a_year(published: duckdb.DuckDBPyConnection, home: Home, server: Server) -> None:
    con = published
    # Every visit told with 2 to 4 is one call, with its own times and confidence.
    bound = {event["vessel"]["id"] for event in EVENTS if event["vessel"]["id"].startswith("feeder")}
    told = {
        (
            int(event["vessel"]["ssvid"]),
            seconds(event["start"]),
            seconds(event["end"]) if event["end"] else None,
            int(event["port_visit"]["confidence"]),
        )
        for event in EVENTS
        if event["type"] == "port_visit"
        and event["port_visit"]["confidence"] != "1"
        and (event["position"]["lat"] != VALENCIA[0] or event["vessel"]["id"] in bound)
    }
    calls = con.execute("SELECT mmsi, arrived_at, departed_at, confidence FROM port_calls").fetchall()
    assert len(calls) == len(told)
    assert set(calls) == told
    ports = con.execute("SELECT DISTINCT port_id, country FROM port_calls ORDER BY 1").fetchall()
    assert ports == [("ESVLC", "ES"), ("MACAS", "MA"), ("MAPTM", "MA"), ("RULED", "RU"), ("RUNVS", "RU")]
    odd = con.execute("""
        SELECT * FROM port_calls WHERE witness <> 'gfw' OR NOT is_noncommercial OR terminal_id IS NOT NULL
            OR draught_in_m IS NOT NULL OR draught_out_m IS NOT NULL OR destination_text IS NOT NULL
            OR kind <> 'berth' OR is_open <> (departed_at IS NULL)
    """)
    assert odd.fetchall() == []

    arrivals = con.execute("SELECT count(*), count(DISTINCT port_call_id) FROM russia_arrivals").fetchone()
    assert arrivals == (41, 41)

    # Links, worked out from the calls by their definition.
    wanted = con.execute("""
        WITH hub AS (
            SELECT p.* FROM port_calls AS p JOIN vessels AS v USING (vessel_id)
            WHERE p.country = 'MA' AND p.departed_at IS NOT NULL AND v.ship_type IN ('cargo', 'tanker')
        ),
        going AS (
            SELECT h.port_call_id, min(r.arrived_at) AS arrived_at
            FROM hub AS h JOIN russia_arrivals AS r
                ON h.vessel_id = r.vessel_id AND r.arrived_at > h.departed_at
                AND r.arrived_at <= h.departed_at + INTERVAL 45 DAY
            GROUP BY ALL
        )
        SELECT a.port_call_id, b.port_call_id, g.arrived_at
        FROM hub AS b JOIN going AS g USING (port_call_id)
        JOIN hub AS a ON a.port_id = b.port_id AND a.vessel_id <> b.vessel_id AND a.arrived_at < b.departed_at
            AND b.arrived_at <= a.departed_at + INTERVAL 30 DAY
        ORDER BY ALL
    """).fetchall()
    links = con.execute("""
        SELECT from_port_call_id, to_port_call_id, arrived_at FROM transshipment_links
        WHERE pattern = 'port_relay' AND status = 'arrived' ORDER BY ALL
    """).fetchall()
    assert len(links) > 100
    assert links == wanted
    assert con.execute("SELECT count(*) FROM transshipment_links WHERE NOT is_noncommercial").fetchone() == (
        0,
    )
    # What has not arrived, names no arrival: its ship was in Russia before, or others of its class go there.
    assert con.execute("""
        SELECT count(*), count(arrived_at), count(arrival_id) FROM transshipment_links
        WHERE status IN ('open', 'expired')
    """).fetchone() == (
        con.execute("SELECT count(*) FROM transshipment_links WHERE status <> 'arrived'").fetchone() or (0,)
    ) + (0, 0)
    # A call between is known where the ship called elsewhere.
    between = con.execute("""
        SELECT DISTINCT calls_between FROM transshipment_links WHERE to_name LIKE 'FEEDER%' ORDER BY 1
    """).fetchall()
    assert between == [(0,), (1,)]

    # Who the ships are: names, flags, IMO numbers; one that changed its flag is one ship, and links.
    found = con.execute("SELECT imo, mmsi, name, flag, ship_type FROM vessels WHERE imo = 9305568").fetchall()
    assert found == [(9305568, 626029999, "NEW NAME", "GA", "tanker")]
    assert con.execute("""
        SELECT list(DISTINCT mmsi ORDER BY mmsi), list(DISTINCT name ORDER BY name), count(DISTINCT vessel_id)
        FROM vessel_identities WHERE imo = 9305568
    """).fetchall() == [([626029999, 636029999], ["NEW NAME", "OLD NAME"], 1)]
    assert con.execute("""
        SELECT count(*) > 0 FROM transshipment_links WHERE to_imo = 9305568 AND to_mmsi = 636029999
    """).fetchone() == (True,)

    # Files: one row each, all counted, with the licence; repeats of overlapping windows are no second call.
    files = con.execute("""
        SELECT count(*), min(licence), max(licence), bool_and(n_rows = n_kept + n_rejected)
        FROM source_files WHERE source = 'gfw'
    """).fetchone()
    bodies = [
        path for path in (home.raw / "gfw").rglob("*.json") if path.with_name(path.name + ".json").is_file()
    ]
    assert files is not None
    assert files[0] == len(bodies)
    assert "CC BY-NC 4.0" in files[1]
    assert files[1] == files[2]
    assert files[3]
    assert con.execute("SELECT kind, count(*) FROM gfw_events GROUP BY kind ORDER BY kind").fetchall() == [
        ("encounter", 1),
        ("port_visit", len(told)),
    ]
    con.close()

    # For commercial use nothing of it is left.
    with pytest.raises(SystemExit) as ended:
        main(["publish", "--commercial", "--home", str(home.root)])
    assert ended.value.code == 0
    with duckdb.connect(str(home.database), read_only=True) as after:
        for table in ("port_calls", "vessels", "transshipment_links", "gfw_events", "source_files"):
            assert after.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
