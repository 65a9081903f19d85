"""Russian ships at hubs: who counts as one, and what the call was for, from rows that a reader can count."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.engine import connect, create
from pipeline.settings import Settings, load_settings

T0 = datetime(2026, 3, 1)  # noqa: DTZ001 - the tables are in UTC without a zone
RUSSIAN, PANAMA = 273000101, 351000101
Asked = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def con(settings: Settings, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty tables, Tanger Med with terminals, and two ports of which Russia controls one."""
    with connect(settings, tmp_path) as con:
        con.execute("""
            CREATE TABLE port_calls (port_call_id VARCHAR, vessel_id VARCHAR, mmsi BIGINT, flag VARCHAR,
                port_id VARCHAR, terminal_id VARCHAR, kind VARCHAR, arrived_at TIMESTAMP,
                departed_at TIMESTAMP, stopped_h DOUBLE, draught_in_m DOUBLE, draught_out_m DOUBLE,
                is_noncommercial BOOLEAN);
            CREATE TABLE vessel_identities (vessel_id VARCHAR, mmsi BIGINT, flag VARCHAR);
            CREATE TABLE encounters (vessel_id_1 VARCHAR, vessel_id_2 VARCHAR, started_at TIMESTAMP,
                ended_at TIMESTAMP, kind VARCHAR);
            CREATE TABLE screening_hits (hit_id VARCHAR, vessel_id VARCHAR, list VARCHAR, entity_id VARCHAR,
                entity_name VARCHAR, matched_on VARCHAR, is_lead BOOLEAN, is_sanction BOOLEAN, topics VARCHAR,
                listed_on DATE, is_noncommercial BOOLEAN);
            CREATE TABLE hubs AS SELECT 'MAPTM' AS hub_id, 'port' AS kind;
            CREATE TABLE terminals AS FROM (
                VALUES ('box', 'container'), ('yard', 'shipyard'), ('roads', 'anchorage')
            ) AS t(terminal_id, kind);
            CREATE TABLE ports AS FROM (
                VALUES ('MAPTM', 'MA'), ('RULED', 'RU'), ('UASVP', 'RU'), ('ESALG', 'ES')
            ) AS p(port_id, controlled_by)
        """)
        yield con


@pytest.fixture
def call(con: duckdb.DuckDBPyConnection) -> Callable[..., None]:
    """Add a call; by default ship `v` at a box berth of Tanger Med for 20 hours on day 100."""

    def add(
        name: str = "call", *, day: float = 100, port: str = "MAPTM", hours: float | None = 20,
        ship: str = "v", mmsi: int = PANAMA, flag: str = "PA", terminal: str | None = "box",
        kind: str = "berth", draughts: tuple[float | None, float | None] = (None, None),
        is_noncommercial: bool = False,
    ) -> None:  # fmt: skip
        at = T0 + timedelta(days=day)
        left = None if hours is None else at + timedelta(hours=hours)
        con.execute(
            "INSERT INTO port_calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [name, ship, mmsi, flag, port, terminal, kind, at, left, hours or 5, *draughts, is_noncommercial],
        )

    return add


@pytest.fixture
def asked(con: duckdb.DuckDBPyConnection, settings: Settings) -> Asked:
    """The rows of the table."""

    def ask(settings: Settings = settings) -> list[dict[str, Any]]:
        create(con, "marts/russian_ships_at_hubs", settings.parameters("hub_ships", "links"))
        answer = con.execute("FROM russian_ships_at_hubs ORDER BY port_call_id")
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    return ask


def hit(con: duckdb.DuckDBPyConnection, **other: object) -> None:
    row = {
        "hit_id": "h", "vessel_id": "v", "list": "eu", "entity_id": "eu-1", "entity_name": "VIEW",
        "matched_on": "imo", "is_lead": False, "is_sanction": True, "topics": None, "listed_on": None,
        "is_noncommercial": False, **other,
    }  # fmt: skip
    con.execute(f"INSERT INTO screening_hits VALUES ({', '.join('?' * len(row))})", list(row.values()))


def test_the_flag_is_that_of_the_call(
    con: duckdb.DuckDBPyConnection, call: Callable[..., None], asked: Asked
) -> None:
    for mmsi, flag in ((RUSSIAN, "RU"), (PANAMA, "PA")):
        con.execute("INSERT INTO vessel_identities VALUES ('v', ?, ?)", [mmsi, flag])
    # The newest flag is Panama's; the second call is under it, and a ship of nobody else's is no row.
    call("then", mmsi=RUSSIAN, flag="PA")
    call("now", day=110)
    call("other", ship="w")
    (row,) = asked()
    assert (row["port_call_id"], row["hub_id"], row["is_russian_flagged"]) == ("then", "MAPTM", True)
    assert row["why"] == f"flag: Russian by MMSI {RUSSIAN}"
    assert (row["arrived_at"], row["departed_at"]) == (
        T0 + timedelta(days=100),
        T0 + timedelta(days=100, hours=20),
    )


def test_service_counts_berths_before_and_none_after(call: Callable[..., None], asked: Asked) -> None:
    for n in range(3):
        call(f"ru{n}", day=10 * n, port="RULED" if n else "UASVP")
        call(f"es{n}", day=10 * n + 5, port="ESALG")
    call("first", day=15)
    call("second", day=100)
    call("roads", day=99, port="RULED", kind="anchorage")
    # On day 15 two Russian calls had been seen; on day 100 three of seven.
    assert [(r["port_call_id"], r["n_russian_before"], r["n_calls_before"]) for r in asked()] == [
        ("second", 3, 7)
    ]
    assert asked()[0]["why"] == "service: 3 of 7 berth calls before were in ports that Russia controls"


def test_service_needs_a_share_and_is_forgotten(
    call: Callable[..., None], asked: Asked, tmp_path: Path
) -> None:
    for n in range(3):
        call(f"ru{n}", day=n, port="RULED")
    for n in range(10):
        call(f"es{n}", day=10 + n, port="ESALG")
    call("call", day=100)
    assert asked() == []
    assert len(asked(load_settings(tmp_path, ["hub_ships.served_share=0.2"]))) == 1
    assert asked(load_settings(tmp_path, ["hub_ships.served_share=0.2", "hub_ships.served_days=99"])) == []


@pytest.mark.parametrize(
    ("listed_on", "told"),
    [
        (T0, "since 2026-03-01), listed before this call"),
        (T0 + timedelta(days=300), "since 2026-12-26), listed only after this call"),
        (None, "day of listing not told)"),
    ],
)
def test_a_listed_ship_and_when(
    con: duckdb.DuckDBPyConnection,
    call: Callable[..., None],
    asked: Asked,
    listed_on: datetime | None,
    told: str,
) -> None:
    call()
    hit(con, listed_on=listed_on)
    (row,) = asked()
    assert row["why"].startswith("list: eu as VIEW (eu-1, by IMO, ")
    assert row["why"].endswith(told)


def test_leads_and_detentions_are_no_listing(
    con: duckdb.DuckDBPyConnection, call: Callable[..., None], asked: Asked
) -> None:
    call()
    hit(con, is_lead=True, matched_on="name")
    hit(con, is_sanction=False, topics="mare.detained", list="opensanctions")
    assert asked() == []
    hit(con, is_sanction=False, topics="mare.shadow;poi", list="opensanctions", is_noncommercial=True)
    (row,) = asked()
    assert "no sanction)" in row["why"]
    assert row["is_noncommercial"]


@pytest.mark.parametrize(
    ("what", "purpose"),
    [
        ({}, "cargo"),
        ({"hours": 2}, "unknown"),
        ({"terminal": None}, "unknown"),
        ({"terminal": None, "draughts": (9.0, 7.5)}, "cargo"),
        ({"terminal": "yard"}, "repair"),
        ({"hours": 300, "draughts": (6.0, 6.1)}, "repair"),
        ({"hours": 300, "draughts": (6.0, 8.0)}, "cargo"),
        # So long, and nothing known of the draught: either may be.
        ({"hours": 300}, "unknown"),
        ({"hours": 30, "kind": "anchorage", "terminal": "roads"}, "unknown"),
        ({"hours": None}, "cargo"),
    ],
)
def test_what_for(call: Callable[..., None], asked: Asked, what: dict[str, Any], purpose: str) -> None:
    call(mmsi=RUSSIAN, flag="RU", **what)
    assert [row["purpose"] for row in asked()] == [purpose]


@pytest.mark.parametrize(("hours_after", "purpose"), [(3, "bunkering"), (40, "unknown")])
def test_bunkers_are_taken_during_the_call(
    con: duckdb.DuckDBPyConnection, call: Callable[..., None], asked: Asked, hours_after: float, purpose: str
) -> None:
    call(mmsi=RUSSIAN, flag="RU", kind="anchorage", terminal="roads", draughts=(6.0, 6.1))
    at = T0 + timedelta(days=100, hours=hours_after)
    con.execute(
        "INSERT INTO encounters VALUES ('barge', 'v', ?, ?, 'bunkering')", [at, at + timedelta(hours=2)]
    )
    assert [row["purpose"] for row in asked()] == [purpose]
