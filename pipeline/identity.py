"""Which physical ship a piece of track belongs to: ships that share an MMSI, ships that change theirs."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import duckdb
import pandas as pd

from pipeline.settings import Settings
from pipeline.tracks import Piece, chain_pieces

# Two MMSIs with one IMO number are one ship where they were heard one after the other; so much overlap
# (a receiver that still repeats the old static report) is let pass.
OVERLAP_S = 3600


def assign_ships(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write `piece_ships` (MMSIs that are not simply one ship) and `ship_keys` (ships over several MMSIs).

    Reads `day_pieces`, `day_statics` and `witness_visits`.
    """
    _write_piece_ships(con, settings)
    _write_ship_keys(con)


def _write_piece_ships(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    tracks = settings.tracks
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
        {"slack_m": tracks.slack_m, "max_speed_kn": tracks.max_speed_kn},
    ).fetchall()
    pieces: dict[int, list[Piece]] = defaultdict(list)
    for mmsi, *rest in odd:
        pieces[mmsi].append(Piece(*rest))
    rows = []
    for mmsi, its in sorted(pieces.items()):
        ships = chain_pieces(
            its, max_speed_kn=tracks.max_speed_kn, slack_m=tracks.slack_m, min_reports=tracks.min_reports
        )
        rows += [(mmsi, day, piece, ship) for (day, piece), ship in ships.items()]
    _table(con, "piece_ships", rows, {"mmsi": "int64", "day": "int64", "piece": "int64", "ship": "Int64"})


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
    _table(con, "ship_keys", rows, {"mmsi": "int64", "ship": "int64", "vessel_id": "str"})


def _table(
    con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[object, ...]], types: dict[str, str]
) -> None:
    con.register("frame", pd.DataFrame(rows, columns=list(types)).astype(types))
    columns = ", ".join(
        f"CAST({column} AS {'VARCHAR' if kind == 'str' else 'BIGINT'}) AS {column}"
        for column, kind in types.items()
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} FROM frame")
    con.unregister("frame")
