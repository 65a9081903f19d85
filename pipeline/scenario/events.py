"""A world's events as detection would find them, without a single position: what links are fitted on.

Seconds instead of minutes a world. Calls and meetings are told at their true times; of a call that was not
heard, and of what a silent ship did, nothing is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from pipeline.destinations import Destinations
from pipeline.scenario.cargo import Link
from pipeline.scenario.fleet import CRAFT, KINDS
from pipeline.scenario.voyages import HOUR, Call, Track
from pipeline.scenario.world import World
from pipeline.sources.identity import flags

# Detection finds all but very few calls; one in so many is left out here.
MISSED = 0.003
# Ships that send no draught at all (as pipeline.scenario.danish writes them).
NO_DRAUGHT = 0.08
ANCHORED = ("anchor",)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (naive UTC throughout)


@dataclass(frozen=True)
class Told:
    """What `tell_events` made: the ids under which a link's two calls or meeting and its arrival stand."""

    port_relays: frozenset[tuple[str, str, str]]
    chains: frozenset[tuple[str, str, str, str, str]]
    sts: frozenset[tuple[str, str, str]]


def tell_events(
    con: duckdb.DuckDBPyConnection, world: World, links: Sequence[Link], seed: int, zero: datetime
) -> Told:
    """Make vessels, port_calls, encounters, static_changes, declared_ports and russia_arrivals.

    `con` holds the gazetteer.

    Gives the true links: (A's call, B's call, arrival), (A's call, B's, B's next, C's, arrival) and
    (encounter, taker, arrival).
    """
    rng = np.random.default_rng([seed, 14])
    teller = _Teller(con, world, zero, rng)
    for track in world.tracks:
        teller.ship(track)
    teller.meetings()
    teller.store()
    return teller.truth(links)


class _Teller:
    def __init__(
        self, con: duckdb.DuckDBPyConnection, world: World, zero: datetime, rng: np.random.Generator
    ) -> None:
        self.con, self.world, self.zero, self.rng = con, world, zero, rng
        self.ports = {
            str(port): (str(name), str(country), str(ruled))
            for port, name, country, ruled in con.execute(
                "SELECT port_id, name, country, controlled_by FROM ports"
            ).fetchall()
        }
        self.vessels: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        self.encounters: list[dict[str, Any]] = []
        self.call_ids: dict[tuple[int, int], str] = {}
        self.meeting_ids: dict[tuple[int, int], str] = {}
        self.place = {track.ship.index: i for i, track in enumerate(world.tracks)}

    def when(self, t: float) -> datetime:
        return self.zero + timedelta(seconds=round(t))

    def ship(self, track: Track) -> None:
        """One ship: its row, its calls, and what it sent on leaving each."""
        ship, rng = track.ship, self.rng
        sends_draught = rng.random() >= NO_DRAUGHT
        newest = ship.identities[-1]
        flag = flags().get(newest.mmsi // 1_000_000)
        self.vessels.append(
            {
                "vessel_id": _id(ship.index), "imo": None if ship.kind in CRAFT else ship.imo,
                "mmsi": newest.mmsi,
                "name": newest.name, "callsign": newest.callsign, "flag": flag,
                "ship_type": KINDS[ship.kind].ais_type.lower(), "length_m": float(ship.length_m),
                "width_m": float(ship.width_m), "first_seen_at": self.when(0.0),
                "last_seen_at": self.when(self.world.end),
                "n_positions": 1000,
            }
        )  # fmt: skip
        if ship.kind in CRAFT:
            return
        draught, text = None, None
        for n, call in enumerate(track.calls):
            draught_in, said = draught, text
            draught = (call.draught_m or None) if sends_draught else None
            text = call.destination or text
            if call.end > 0:
                at = max(call.end, 0.0)
                self.changes.append(
                    {
                        "vessel_id": _id(ship.index),
                        "at": self.when(at),
                        "draught_m": draught,
                        "destination": call.destination or None,
                    }
                )
            if call.stop.kind == "meeting" or call.end <= 0 or call.begin >= self.world.end:
                continue
            if rng.random() < MISSED or any(a <= call.begin and call.end <= b for a, b in track.silences):
                continue
            self.call(track, n, call, draught_in, draught if call.end < self.world.end else None, said)

    def call(
        self, track: Track, n: int, call: Call, draught_in: float | None, draught_out: float | None,
        said: str | None,
    ) -> None:  # fmt: skip
        name, country, _ = self.ports[call.stop.place]
        is_open = call.end > self.world.end
        seen = call.begin > 0
        begin = max(call.begin, 0.0)
        row_id = f"{_id(track.ship.index)}-{n:03d}"
        self.call_ids[self.place[track.ship.index], n] = row_id
        self.calls.append(
            {
                "port_call_id": row_id, "vessel_id": _id(track.ship.index), "mmsi": track.ship.mmsi(begin),
                "imo": track.ship.imo, "ship_name": track.ship.identities[-1].name, "flag": None,
                "port_id": call.stop.place, "port_name": name, "country": country, "terminal_id": None,
                "kind": "anchorage" if call.stop.kind in ANCHORED else "berth",
                "entered_at": self.when(begin) if seen else None, "arrived_at": self.when(begin),
                "departed_at": None if is_open else self.when(call.end),
                "exited_at": None if is_open else self.when(call.end),
                "stopped_h": (min(call.end, self.world.end) - begin) / HOUR,
                "lat": call.lying.spot.lat, "lon": call.lying.spot.lon,
                "draught_in_m": draught_in, "draught_out_m": draught_out,
                "destination_text": call.destination or said, "confidence": 4 if seen and not is_open else 3,
                "had_gap": False, "is_open": is_open, "n_positions": 50,
                "witness": "ais", "is_noncommercial": False,
            }
        )  # fmt: skip

    def meetings(self) -> None:
        """Transfers in which both were heard, and craft alongside."""
        tracks = {track.ship.index: track for track in self.world.tracks}
        for m in self.world.meetings:
            if m.begin > 0 and m.end < self.world.end and not m.dark:
                self.meet(tracks[m.a], tracks[m.b], m.begin, m.end, m.area, "transfer")
        for s in self.world.services:
            self.meet(tracks[s.craft], tracks[s.ship], s.begin, s.end, None, s.kind)

    def meet(self, a: Track, b: Track, begin: float, end: float, area: str | None, kind: str) -> None:
        """One encounter, the lower MMSI first."""
        one, two = sorted((a, b), key=lambda track: track.ship.mmsi(begin))
        row_id = f"e{len(self.encounters):05d}"
        self.meeting_ids[a.ship.index, b.ship.index] = row_id
        spot = next((c.lying.spot for c in a.calls if c.begin == begin), a.spot)
        self.encounters.append(
            {
                "encounter_id": row_id, "vessel_id_1": _id(one.ship.index), "mmsi_1": one.ship.mmsi(begin),
                "vessel_id_2": _id(two.ship.index), "mmsi_2": two.ship.mmsi(begin),
                "started_at": self.when(begin), "ended_at": self.when(end),
                "duration_h": (end - begin) / HOUR,
                "observed_h": (end - begin) / HOUR, "lat": spot.lat, "lon": spot.lon,
                "median_distance_m": 60.0,
                "median_speed_kn": 0.5, "distance_to_port_km": 20.0, "nearest_port_id": None,
                "sts_area": area,
                "hub_id": area, "kind": kind, "is_underway": False, "is_open": False, "confidence": 4,
            }
        )  # fmt: skip

    def store(self) -> None:
        """The tables, typed as detection's."""
        for name, rows in (
            ("vessels", self.vessels),
            ("port_calls", self.calls),
            ("encounters", self.encounters),
        ):
            frame = pd.DataFrame(rows)
            self.con.register("frame", frame)
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM frame")
            self.con.unregister("frame")
        self._place_at_terminals()
        frame = pd.DataFrame(self.changes)
        self.con.register("frame", frame)
        self.con.execute("""
            CREATE OR REPLACE TEMP TABLE static_changes AS
            SELECT vessel_id,
                date_diff('second', TIMESTAMP '1970-01-01 00:00:00', CAST("at" AS TIMESTAMP)) AS t_s,
                CAST(draught_m AS DOUBLE) AS draught_m, CAST(destination AS VARCHAR) AS destination
            FROM frame
        """)
        self.con.unregister("frame")
        self._declare()
        self.con.execute("""
            CREATE OR REPLACE TEMP TABLE russia_arrivals AS
            SELECT 'a-' || c.port_call_id AS arrival_id, c.vessel_id, c.mmsi, c.port_id, c.arrived_at,
                'stop' AS basis,
                c.port_call_id, c.confidence, CAST(NULL AS DOUBLE) AS p_no_transfer, c.is_noncommercial,
                c.arrived_at AS arrived_from_at, c.arrived_at AS arrived_to_at
            FROM port_calls AS c JOIN ports AS p ON c.port_id = p.port_id
            WHERE p.controlled_by = 'RU' AND c.kind = 'berth'
        """)

    def _declare(self) -> None:
        """`declared_ports`: each destination for as long as it was sent."""
        resolver = Destinations({port: name for port, (name, _, _) in self.ports.items()})
        texts = {c["destination"] for c in self.changes if c["destination"]}
        found = resolver.resolve_all(texts)
        self.con.execute(
            """
            CREATE OR REPLACE TEMP TABLE declared_ports AS
            WITH spans AS (
                SELECT vessel_id, t_s, destination,
                    lead(t_s) OVER (PARTITION BY vessel_id ORDER BY t_s) AS next_t_s
                FROM static_changes WHERE destination IS NOT NULL
            )
            SELECT 'd-' || s.vessel_id || '-' || s.t_s AS declaration_id, s.vessel_id, 'ais' AS source,
                'destination' AS relation, s.destination AS declared_text, r.port_id,
                TIMESTAMP '1970-01-01' + s.t_s * INTERVAL '1' SECOND AS declared_at,
                TIMESTAMP '1970-01-01' + coalesce(s.next_t_s, $3) * INTERVAL '1' SECOND AS last_declared_at,
                TIMESTAMP '1970-01-01' + s.next_t_s * INTERVAL '1' SECOND AS replaced_at,
                FALSE AS is_noncommercial
            FROM spans AS s
            JOIN (SELECT unnest($1::VARCHAR[]) AS text, unnest($2::VARCHAR[]) AS port_id) AS r
                ON s.destination = r.text AND r.port_id IS NOT NULL
            """,
            [list(found), list(found.values()), int((self.when(self.world.end) - EPOCH).total_seconds())],
        )

    def _place_at_terminals(self) -> None:
        self.con.execute("""
            CREATE OR REPLACE TEMP TABLE port_calls AS
            SELECT c.* REPLACE (b.terminal_id AS terminal_id)
            FROM port_calls AS c
            LEFT JOIN berth_cells AS b ON c.port_id = b.port_id AND c.kind = b.kind
                AND b.cell_id = CAST(floor((c.lat + 90) * 500) AS BIGINT) * 1000000
                    + CAST(floor((c.lon + 180) * 500) AS BIGINT)
        """)

    def truth(self, links: Sequence[Link]) -> Told:
        """Links whose calls all were told."""
        relays, chains, sts = set(), set(), set()
        for link in links:
            a = self.call_ids.get((link.relay.a, link.relay.a_call))
            b = self.call_ids.get((link.relay.b, link.relay.b_call))
            arrival = self.call_ids.get((link.relay.b, link.russian_call))
            if not (a and b and arrival):
                continue
            if link.first is None:
                relays.add((a, b, "a-" + arrival))
                continue
            first_a = self.call_ids.get((link.first.a, link.first.a_call))
            first_b = self.call_ids.get((link.first.b, link.first.b_call))
            if first_a and first_b:
                chains.add((first_a, first_b, a, b, "a-" + arrival))
        for m in self.world.meetings:
            row_id = self.meeting_ids.get((m.a, m.b))
            if m.kind != "link" or row_id is None:
                continue
            for call in self.calls:
                if (
                    call["vessel_id"] == _id(m.b)
                    and self.ports[call["port_id"]][2] == "RU"
                    and call["kind"] == "berth"
                    and call["arrived_at"] > self.when(m.end)
                ):
                    sts.add((row_id, _id(m.b), "a-" + call["port_call_id"]))
                    break
        return Told(frozenset(relays), frozenset(chains), frozenset(sts))


def _id(index: int) -> str:
    return f"v{index:04d}"
