"""The fleet's reports as the Danish authority publishes AIS: one CSV a day, 26 columns."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipeline.files import replacing
from pipeline.scenario.fleet import CRAFT, KINDS
from pipeline.scenario.lanes import Floats
from pipeline.scenario.places import ROADS
from pipeline.scenario.reports import Heard, dimensions
from pipeline.scenario.voyages import HOUR, Track
from pipeline.scenario.world import World

HEADER = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,"
    "IMO,Callsign,Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,"
    "ETA,Data source type,A,B,C,D"
)
STATUS_TEXT = {0: "Under way using engine", 1: "At anchor", 5: "Moored", 15: "Unknown value"}
STATION = -1

# Static columns stand on a row only when known: they start empty every day and fill as messages come.
ROWS = """
SELECT
  strftime(make_timestamp(r.t * 1000000), '%d/%m/%Y %H:%M:%S') AS at, s.mobile, s.mmsi,
  CASE WHEN r.placeless THEN '91.000000' ELSE CAST(CAST(r.lat AS DECIMAL(9, 6)) AS VARCHAR) END AS lat,
  CASE WHEN r.placeless THEN '0.000000' ELSE CAST(CAST(r.lon AS DECIMAL(9, 6)) AS VARCHAR) END AS lon,
  CASE WHEN r.placeless THEN 'Unknown value' ELSE n.status END AS status,
  CASE WHEN r.placeless OR s.mobile <> 'Class A' THEN '' ELSE '0.0' END AS rot,
  CASE WHEN r.placeless OR r.sog < 0 THEN '' ELSE CAST(CAST(r.sog AS DECIMAL(4, 1)) AS VARCHAR) END AS sog,
  CASE WHEN r.placeless OR r.cog < 0 THEN '' ELSE CAST(CAST(r.cog AS DECIMAL(4, 1)) AS VARCHAR) END AS cog,
  CASE WHEN r.placeless OR r.heading < 0 THEN '' ELSE CAST(r.heading AS VARCHAR) END AS heading,
  CASE WHEN r.known THEN s.imo ELSE 'Unknown' END AS imo,
  CASE WHEN r.known THEN s.callsign ELSE 'Unknown' END AS callsign,
  CASE WHEN r.known THEN s.name ELSE '' END AS name,
  CASE WHEN r.known THEN s.ship_type ELSE 'Undefined' END AS ship_type, '' AS cargo_type,
  CASE WHEN r.known THEN s.width ELSE '' END AS width, CASE WHEN r.known THEN s.length ELSE '' END AS length,
  CASE WHEN r.known THEN s.device ELSE 'Undefined' END AS device,
  CASE WHEN r.known THEN s.draught ELSE '' END AS draught,
  CASE WHEN r.known THEN s.destination ELSE 'Unknown' END AS destination,
  CASE WHEN r.known THEN s.eta ELSE '' END AS eta, 'AIS' AS source,
  CASE WHEN r.known THEN s.a ELSE '' END AS a, CASE WHEN r.known THEN s.b ELSE '' END AS b,
  CASE WHEN r.known THEN s.c ELSE '' END AS c, CASE WHEN r.known THEN s.d ELSE '' END AS d
FROM reports AS r
INNER JOIN statics AS s ON r.row = s.row
INNER JOIN statuses AS n ON r.status = n.code
WHERE r.t >= {begin} AND r.t < {end}
ORDER BY r.seq
"""


class Statics:
    """What ships say of themselves: one row a ship and voyage, in the file's own texts."""

    COLUMNS = (
        "mobile", "mmsi", "imo", "callsign", "name", "ship_type", "width", "length", "device", "draught",
        "destination", "eta", "a", "b", "c", "d",
    )  # fmt: skip

    def __init__(self, zero: datetime, seed: int) -> None:
        self.zero, self.seed = zero, seed
        self.rows: list[dict[str, str]] = []

    def add(self, track: Track) -> tuple[Floats, int]:
        """A ship's rows; gives the times (s) from which each holds, and the number of the first."""
        ship, first = track.ship, len(self.rows)
        rng = np.random.default_rng([self.seed, 12, ship.index])
        silent_imo, silent_draught = ship.kind in CRAFT or rng.random() < 0.02, rng.random() < 0.08
        changes = [(-np.inf, 0.0, "", -np.inf)] + [
            (c.end, c.draught_m, c.destination, 0.0) for c in track.calls
        ]
        changes[0] = (-np.inf, changes[min(1, len(changes) - 1)][1], "", 0.0)
        times = sorted({c[0] for c in changes} | {x.since for x in ship.identities})
        a, b, c, d = dimensions(ship)
        for t in times:
            _, draught, destination, _ = [x for x in changes if x[0] <= t][-1]
            who = [x for x in ship.identities if x.since <= t][-1]
            coming = next((x.begin for x in track.calls if x.begin > t and x.stop.tag != "wait"), None)
            self.rows.append(
                {
                    "mobile": "Class A", "mmsi": str(who.mmsi),
                    "imo": "Unknown" if silent_imo else str(ship.imo),
                    "callsign": who.callsign, "name": who.name, "ship_type": KINDS[ship.kind].ais_type,
                    "width": str(ship.width_m), "length": str(ship.length_m), "device": "GPS",
                    "draught": "" if silent_draught or not draught else f"{draught:.1f}",
                    "destination": destination or "Unknown", "eta": self._eta(coming) if destination else "",
                    "a": str(a), "b": str(b), "c": str(c), "d": str(d),
                }
            )  # fmt: skip
        return np.array(times), first

    def station(self, mobile: str, mmsi: int) -> int:
        """A base station or navigation mark: its row's number."""
        absent = {"imo": "Unknown", "callsign": "Unknown", "ship_type": "Undefined", "destination": "Unknown"}
        this = {"mobile": mobile, "mmsi": str(mmsi), "device": "Surveyed"}
        self.rows.append(dict.fromkeys(self.COLUMNS, "") | absent | this)
        return len(self.rows) - 1

    def _eta(self, t: float | None) -> str:
        return "" if t is None else (self.zero + timedelta(seconds=round(t))).strftime("%d/%m/%Y %H:%M:00")


def write(
    folder: Path, world: World, heard: list[Heard], statics: Statics, first_day: date, seed: int,
    advance: Callable[[], None],
) -> list[Path]:  # fmt: skip
    """Write `aisdk-YYYY-MM-DD.csv` for every day; gives their paths."""
    rng = np.random.default_rng([seed, 13])
    columns = _columns(world, heard, statics, rng)
    paths = []
    with duckdb.connect() as con:
        zero = int((statics.zero - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 (naive UTC throughout)
        columns["t"] = columns["t"] + zero
        statics_columns: dict[str, Any] = {
            name: np.array([row[name] for row in statics.rows], dtype=object) for name in Statics.COLUMNS
        }
        statics_columns["row"] = np.arange(len(statics.rows))
        con.execute("CREATE TABLE reports AS SELECT * FROM columns")
        con.execute("CREATE TABLE statics AS SELECT * FROM statics_columns")
        con.execute("CREATE TABLE statuses (code BIGINT, status VARCHAR)")
        con.executemany("INSERT INTO statuses VALUES (?, ?)", list(STATUS_TEXT.items()))
        for n in range(world.days):
            begin = zero + n * 86400
            path = folder / f"aisdk-{(first_day + timedelta(days=n)).isoformat()}.csv"
            rows = ROWS.format(begin=begin, end=begin + 86400)
            with replacing(path) as temporary:
                target = str(temporary).replace("'", "''")
                con.execute(f"COPY ({rows}) TO '{target}' (FORMAT csv, HEADER false, QUOTE '')")
                _put_header(temporary)
            paths.append(path)
            advance()
    return paths


def _put_header(path: Path) -> None:
    """The header as it is published: DuckDB would quote its first word."""
    body = path.read_bytes()
    path.write_bytes(HEADER.encode() + b"\n" + body)


def _columns(world: World, heard: list[Heard], statics: Statics, rng: np.random.Generator) -> dict[str, Any]:
    """All reports of all ships and stations in the order of the files, repeats included."""
    heard = [*heard, *_stations(world, statics, rng)]

    def pick(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(h, name) for h in heard])

    t = pick("t")
    who = np.concatenate([np.full(len(h.t), i) for i, h in enumerate(heard)])
    known = np.concatenate([_known(h, rng) for h in heard])
    order = np.lexsort((who, t))
    extra = (rng.random(len(t)) < world.habits.repeat_share) * rng.integers(1, 3, len(t))
    at = np.repeat(order, 1 + extra)
    gps_lost = rng.random(len(t)) < 0.002
    out: dict[str, Any] = {
        "seq": np.arange(len(at)), "t": t[at], "lat": pick("lat")[at].round(6),
        "lon": pick("lon")[at].round(6),
        "status": pick("status")[at], "sog": np.where(gps_lost, -1.0, pick("sog_kn").round(1))[at],
        "cog": (pick("cog_deg").round(1) % 360)[at],
        "heading": (pick("heading_deg").round().astype(np.int64) % 360)[at], "row": pick("row")[at],
        "known": known[at], "placeless": pick("placeless")[at],
    }  # fmt: skip
    return out


def _known(h: Heard, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether a static message came since midnight: within a quarter of an hour of a day's first report."""
    day = h.t // 86400
    first = np.concatenate([[True], np.diff(day) > 0]) if len(day) else np.zeros(0, dtype=bool)
    since = h.t[first] + rng.uniform(0, 900, int(first.sum()))
    return (h.t >= since[np.cumsum(first) - 1]) | h.placeless if len(day) else np.zeros(0, dtype=bool)


def _stations(world: World, statics: Statics, rng: np.random.Generator) -> list[Heard]:
    """Base stations (seven digits in this form) and navigation marks, heard every hour or two."""
    out = []
    for n, port in enumerate(sorted(ROADS)):
        lat, lon = ROADS[port]
        for mobile, mmsi, aside in (("Base Station", 2_190_100 + n, 0.03), ("AtoN", 992_191_000 + n, 0.012)):
            t = np.sort(rng.choice(int(world.end), int(world.end / HOUR / 1.5), replace=False)).astype(
                np.int64
            )
            k = np.ones(len(t))
            out.append(
                Heard(
                    t, k * (lat + aside), k * (lon + aside), -k, -k, -k, (k * 15).astype(np.int64),
                    np.full(len(t), statics.station(mobile, mmsi)), k > 0, k < 0,
                )
            )  # fmt: skip
    return out
