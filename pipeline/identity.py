"""Which physical ship a piece of track belongs to: ships that share an MMSI, ships that change theirs."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any

import duckdb
import pandas as pd

from pipeline.displaced import Area, PieceKey, Seen, Ship, Track, judge
from pipeline.doubts import OddHour
from pipeline.engine import create_from_rows
from pipeline.settings import Settings
from pipeline.tracks import Chain, Piece, chain_pieces, chains, n_reports

# Two MMSIs with one IMO number are one ship where they were heard one after the other; so much overlap
# (a receiver that still repeats the old static report) is let pass.
OVERLAP_S = 3600


def assign_ships(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write `piece_ships` (MMSIs that are not simply one ship) and `ship_keys` (ships over several MMSIs).

    Also `piece_doubts` (pieces whose reports are distrusted, by kind) and `interference_areas`. Reads
    `day_pieces`, `day_doubts`, `day_odd_hours`, `day_coverage`, `day_statics` and `witness_visits`.
    """
    _write_piece_ships(con, settings)
    _write_ship_keys(con)


def _write_piece_ships(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    tracks = settings.tracks
    limits: dict[str, Any] = {
        "max_speed_kn": tracks.max_speed_kn,
        "slack_m": tracks.slack_m,
        "min_reports": tracks.min_reports,
    }
    pieces = _odd_pieces(con, settings)
    doubts: dict[PieceKey, set[str]] = {
        (mmsi, day, piece): {kind}
        for mmsi, day, piece, kind in con.execute("SELECT mmsi, day, piece, kind FROM day_doubts").fetchall()
    }
    hours: dict[PieceKey, list[Seen]] = defaultdict(list)
    named = ", ".join(f"coalesce({f.name}, 'NaN')" if f.type is float else f.name for f in fields(OddHour))
    listed = con.execute(
        f"SELECT mmsi, day, {named} FROM day_odd_hours ORDER BY mmsi, hour, piece"
    ).fetchall()
    for mmsi, day, *rest in listed:
        odd = OddHour(*rest)
        hours[mmsi, day, odd.piece].append(Seen(day, odd))
    two = {mmsi for (mmsi,) in con.execute(CONTRADICTORY).fetchall()}
    judged = judge(
        [
            ship
            for mmsi, its in sorted(pieces.items())
            if (ship := _ship(mmsi, its, doubts, hours, limits, is_two=mmsi in two)) is not None
        ],
        settings.flags,
        lambda hour, lat, lon, km: _heard(con, hour, lat, lon, km),
    )
    bad = doubts.keys() | judged.discarded.keys()
    rows = []
    for mmsi, its in sorted(pieces.items()):
        good = [p for p in its if (mmsi, p.day, p.piece) not in bad]
        # A ship that nothing else is known of keeps its doubted reports.
        ships = chain_pieces(good or its, **limits)
        rows += [(mmsi, p.day, p.piece, ships.get((p.day, p.piece))) for p in its]
    create_from_rows(con, "piece_ships", rows, {"mmsi": int, "day": int, "piece": int, "ship": int})
    kinds = [
        (*key, kind)
        for found in (doubts, judged.discarded)
        for key, these in found.items()
        for kind in sorted(these)
    ]
    create_from_rows(
        con, "piece_doubts", sorted(set(kinds)), {"mmsi": int, "day": int, "piece": int, "kind": str}
    )
    areas = sorted(astuple(area) for area in judged.areas)
    create_from_rows(con, "interference_areas", areas, {f.name: f.type for f in fields(Area)})


# MMSIs that sent two valid IMO numbers within a day, each more than once: two ships, or one that lies.
CONTRADICTORY = """
    SELECT DISTINCT mmsi FROM (
        SELECT mmsi, day, imo FROM day_statics WHERE imo IS NOT NULL
        GROUP BY mmsi, day, imo HAVING sum(n_reports) > 1
    ) GROUP BY mmsi, day HAVING count(*) > 1
"""


def _odd_pieces(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[int, list[Piece]]:
    """The pieces of all MMSIs whose pieces are not plainly one ship's."""
    odd = con.execute(
        """
        WITH steps AS (
            SELECT mmsi, piece, first_t_s, lag(last_t_s) OVER w AS prev_t_s,
                111195 * (first_lat - lag(last_lat) OVER w) AS north_m,
                111195 * cos(radians(first_lat)) * ((first_lon - lag(last_lon) OVER w)
                    - 360 * round((first_lon - lag(last_lon) OVER w) / 360)) AS east_m
            FROM day_pieces WINDOW w AS (PARTITION BY mmsi ORDER BY first_t_s, piece)
        ),
        odd AS (
            SELECT DISTINCT mmsi FROM steps
            WHERE piece > 0 OR sqrt(north_m * north_m + east_m * east_m)
                > $slack_m + $max_speed_kn * 1852 / 3600 * (first_t_s - prev_t_s)
        )
        SELECT mmsi, day, piece, n_reports, first_t_s, first_lat, first_lon, last_t_s, last_lat, last_lon
        FROM day_pieces SEMI JOIN odd USING (mmsi) ORDER BY mmsi, first_t_s, piece
        """,
        {"slack_m": settings.tracks.slack_m, "max_speed_kn": settings.tracks.max_speed_kn},
    ).fetchall()
    pieces: dict[int, list[Piece]] = defaultdict(list)
    for mmsi, *rest in odd:
        pieces[mmsi].append(Piece(*rest))
    return pieces


def _ship(
    mmsi: int,
    pieces: Sequence[Piece],
    doubts: Mapping[PieceKey, set[str]],
    hours: Mapping[PieceKey, list[Seen]],
    limits: Mapping[str, Any],
    *,
    is_two: bool,
) -> Ship | None:
    """An odd MMSI's own track and the others, or None where there is but one."""
    good = [p for p in pieces if (mmsi, p.day, p.piece) not in doubts]
    found, strays = chains(good, **limits)
    if not found or len(found) + len(strays) + len(pieces) - len(good) == 1:
        return None

    def track(chain: Chain, kind: str | None = None) -> Track:
        seen = [one for p in chain for one in hours.get((mmsi, p.day, p.piece), ())]
        return Track(chain, sorted(seen, key=lambda one: (one.odd.hour, one.odd.piece)), kind)

    main = max(found, key=n_reports)
    others = [track(chain) for chain in found if chain is not main] + [track([p]) for p in strays]
    for p in pieces:
        for kind in doubts.get((mmsi, p.day, p.piece), ()):
            others.append(track([p], kind))
    return Ship(mmsi, track(main), others, is_two)


def _heard(con: duckdb.DuckDBPyConnection, hour: int, lat: float, lon: float, km: float) -> int:
    """Ships heard in an hour in the quarter-degree cells whose centres lie within `km` of a place."""
    ((n,),) = con.execute(
        """
        SELECT sum(n_ships) FROM (
            SELECT cell_id, max(n_ships) AS n_ships FROM day_coverage
            WHERE hour = $hour AND sqrt(
                power(111.195 * (lat - $lat), 2)
                + power(111.195 * cos(radians($lat)) * ((lon - $lon) - 360 * round((lon - $lon) / 360)), 2)
            ) <= $km GROUP BY cell_id
        )
        """,
        {"hour": hour, "lat": lat, "lon": lon, "km": km},
    ).fetchall()
    return int(n or 0)


def vessel_id(mmsi: int, ship: int) -> str:
    """The id of a ship by its earliest identity, as sql/events/ship_pieces.sql has it."""
    return hashlib.md5(f"vessel|{mmsi}|{ship}".encode(), usedforsecurity=False).hexdigest()[:16]


def _write_ship_keys(con: duckdb.DuckDBPyConnection) -> None:
    """Join MMSIs that sent one valid IMO number one after the other, or had it by a witness's word.

    The earliest gives the id.
    """
    claims = con.execute("""
        WITH counted AS (
            SELECT mmsi, imo, sum(n) AS n FROM (
                SELECT mmsi, imo, n_reports AS n FROM day_statics
                UNION ALL SELECT mmsi, imo, 1 AS n FROM witness_visits WHERE mmsi IS NOT NULL
            ) WHERE imo IS NOT NULL GROUP BY mmsi, imo
        ),
        claimed AS (
            SELECT mmsi, imo FROM counted
            QUALIFY row_number() OVER (PARTITION BY mmsi ORDER BY n DESC, imo) = 1
        ),
        heard AS (
            SELECT mmsi, min(first_t_s) AS first_t_s, max(last_t_s) AS last_t_s FROM (
                SELECT p.mmsi, first_t_s, last_t_s
                FROM day_pieces AS p
                LEFT JOIN piece_ships AS s ON p.mmsi = s.mmsi AND p.day = s.day AND p.piece = s.piece
                WHERE s.mmsi IS NULL OR s.ship = 0
                UNION ALL
                SELECT mmsi, start_t_s, coalesce(end_t_s, start_t_s)
                FROM witness_visits WHERE mmsi IS NOT NULL
            ) GROUP BY mmsi
        )
        SELECT imo, mmsi, first_t_s, last_t_s FROM claimed JOIN heard USING (mmsi)
        WHERE imo IN (SELECT imo FROM claimed GROUP BY imo HAVING count(*) > 1)
        ORDER BY imo, first_t_s, mmsi
    """).fetchall()
    rows = []
    for _, group in pd.DataFrame(claims, columns=["imo", "mmsi", "first", "last"]).groupby("imo"):
        chain: list[tuple[int, int]] = []
        for mmsi, first, last in group[["mmsi", "first", "last"]].itertuples(index=False):
            # Heard at the same time under two numbers: two ships claim one identity, and stay two.
            if chain and first < chain[-1][1] - OVERLAP_S:
                continue
            chain.append((int(mmsi), int(last)))
        rows += [(mmsi, 0, vessel_id(chain[0][0], 0)) for mmsi, _ in chain[1:]]
    create_from_rows(con, "ship_keys", rows, {"mmsi": int, "ship": int, "vessel_id": str})
