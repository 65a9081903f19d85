"""Events as tables that a reader sees at a glance, and what linking makes of them, run after run."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb

from pipeline import gazetteer
from pipeline.home import Home
from pipeline.linking import history
from pipeline.schema import COLUMNS, definition
from pipeline.settings import Settings
from pipeline.steps.link import weigh

T0 = datetime(2026, 1, 1)  # noqa: DTZ001 (the tables are in UTC without a zone)
EVENTS = ("vessels", "port_calls", "encounters", "russia_arrivals", "declared_ports")
PORTS = {"TRMER": ("Mersin", "TR"), "RUNVS": ("Novorossiysk", "RU"), "ESTAR": ("Tarragona", "ES")}


def day(n: float) -> datetime:
    return T0 + timedelta(days=n)


@dataclass
class Events:
    """Rows of the events' tables; every number is a day from T0."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in EVENTS})
    changes: list[tuple[str, int, float | None, str | None]] = field(default_factory=list)

    def until(self, end: float) -> "Events":
        """What was there on day `end`, had nothing happened later."""
        at = day(end)
        kept = Events(changes=list(self.changes))
        for name, begun in (
            ("port_calls", "arrived_at"),
            ("encounters", "ended_at"),
            ("russia_arrivals", "arrived_at"),
            ("declared_ports", "declared_at"),
        ):
            kept.rows[name] = [row for row in self.rows[name] if row[begun] <= at]
        kept.rows["port_calls"] = [
            row if row["departed_at"] <= at else {**row, "departed_at": None, "draught_out_m": None}
            for row in kept.rows["port_calls"]
        ]
        kept.rows["vessels"] = [{**row, "last_seen_at": at} for row in self.rows["vessels"]]
        return kept

    def without(self, table: str, key: str) -> "Events":
        """The same but for the rows of one id."""
        kept = Events(rows={**self.rows}, changes=list(self.changes))
        id_column = COLUMNS[table][0][0]
        kept.rows[table] = [row for row in self.rows[table] if row[id_column] != key]
        return kept

    def ship(self, name: str, mmsi: int, ship_type: str = "tanker") -> None:
        self.rows["vessels"].append(
            {"vessel_id": name, "mmsi": mmsi, "name": name.upper(), "ship_type": ship_type,
             "length_m": 183.0, "last_seen_at": day(0)}
        )  # fmt: skip

    def call(self, ship: str, port: str, first: float, last: float, draughts: tuple[float, float]) -> None:
        """A berth call; in Russia it is an arrival too."""
        name, country = PORTS[port]
        row_id = f"{ship} {port} {first:g}"
        self.rows["port_calls"].append(
            {"port_call_id": row_id, "vessel_id": ship, "mmsi": self.mmsi(ship), "port_id": port,
             "port_name": name, "country": country, "kind": "berth", "arrived_at": day(first),
             "departed_at": day(last), "lat": 36.8, "lon": 34.6, "draught_in_m": draughts[0],
             "draught_out_m": draughts[1], "witness": "ais", "is_noncommercial": False}
        )  # fmt: skip
        if country == "RU":
            self.arrival(ship, port, first, "stop", row_id)

    def arrival(self, ship: str, port: str, at: float, basis: str, call: str | None = None) -> None:
        self.rows["russia_arrivals"].append(
            {"arrival_id": f"{basis} {ship} {at:g}", "vessel_id": ship, "mmsi": self.mmsi(ship),
             "port_id": port, "arrived_at": day(at), "basis": basis, "port_call_id": call,
             "is_noncommercial": False, "arrived_from_at": day(at - 1), "arrived_to_at": day(at + 1)}
        )  # fmt: skip

    def meeting(self, one: str, two: str, first: float, last: float) -> None:
        self.rows["encounters"].append(
            {"encounter_id": f"{one}+{two} {first:g}", "vessel_id_1": one, "mmsi_1": self.mmsi(one),
             "vessel_id_2": two, "mmsi_2": self.mmsi(two), "started_at": day(first), "ended_at": day(last),
             "duration_h": (last - first) * 24, "median_distance_m": 45.0, "hub_id": "ceuta",
             "kind": "transfer", "is_open": False}
        )  # fmt: skip

    def declares(self, ship: str, port: str, first: float) -> None:
        self.rows["declared_ports"].append(
            {"declaration_id": f"{ship} says {port} {first:g}", "vessel_id": ship, "mmsi": self.mmsi(ship),
             "source": "ais", "relation": "destination", "declared_text": PORTS[port][0].upper(),
             "port_id": port, "declared_at": day(first), "last_declared_at": day(first + 30),
             "is_noncommercial": False}
        )  # fmt: skip

    def mmsi(self, ship: str) -> int:
        return next(row["mmsi"] for row in self.rows["vessels"] if row["vessel_id"] == ship)


class Linked:
    """What one run of linking says."""

    def __init__(self, events: Events, home: Home, settings: Settings) -> None:
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'; SET threads = 1")
        folder = gazetteer.prepare(home).folder
        for table in ("ports", "hubs"):
            self.con.execute(f"CREATE TEMP TABLE {table} AS FROM '{folder / table}.parquet'")
        for table, rows in events.rows.items():
            self.con.execute(f"CREATE TEMP TABLE {table} ({definition(table)})")
            names = [name for name, _ in COLUMNS[table]]
            if rows:
                self.con.executemany(
                    f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})",
                    [[row.get(name) for name in names] for row in rows],
                )
        self.con.execute(
            "CREATE TEMP TABLE static_changes"
            " (vessel_id VARCHAR, t_s BIGINT, draught_m DOUBLE, destination VARCHAR)"
        )
        weigh(self.con, settings)
        self.n_new = history.follow(self.con, home.history, settings)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        answer = self.con.execute(query, list(values))
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def links(self, a: str, b: str) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT * FROM transshipment_links WHERE from_vessel_id = ? AND to_vessel_id = ?"
            " ORDER BY transfer_ended_at",
            a,
            b,
        )

    def link(self, a: str, b: str) -> dict[str, Any]:
        (found,) = self.links(a, b)
        return found

    def history(self) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM link_history ORDER BY link_id, version")
