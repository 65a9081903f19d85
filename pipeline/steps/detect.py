"""Positions to events: changed days are worked out one by one, then all that spans days is put together anew.

Reads the lake, writes `work/events.duckdb` and `lake/tracks`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipeline import days, gazetteer, manifests, runs, witnesses
from pipeline.collecting import holes
from pipeline.destinations import Destinations
from pipeline.engine import connect, create, explain_engine_error, literal
from pipeline.errors import TransshipError
from pipeline.files import explain_os_error, make_folder, replacing, sweep_temporaries, write_checksum
from pipeline.home import Home
from pipeline.identity import assign_ships
from pipeline.manifests import DayFiles
from pipeline.progress import Progress, Quiet
from pipeline.settings import Settings
from pipeline.sources.identity import flags

# The tables that readers and the link step get; in the order in which they are made.
EVENTS = (
    "events/vessels",
    "events/vessel_identities",
    "events/port_calls",
    "events/call_witnesses",
    "events/vessel_files",
    "events/declared_ports",
    "events/encounters",
    "events/ais_gaps",
    "events/loitering",
    "events/position_flags",
    "events/russia_arrivals",
    "events/gfw_events",
    "events/gfw_comparison",
)
MERGED = ("events/rests", "events/visits", "events/gate_stays")
# Made before these tables, from those before them.
BEFORE = {
    "events/encounters": ("events/small_craft", "events/hulls", "events/harboured"),
    "events/port_calls": ("events/own_calls", "events/told_pairs"),
    "events/ais_gaps": ("events/silences", "events/long_silences"),
    "events/loitering": ("events/lonely", "events/dark_partners"),
    "events/russia_arrivals": (
        "events/stop_arrivals",
        "events/gate_arrivals",
        "events/quiet_times",
        "events/declared_arrivals",
    ),
    "events/position_flags": (
        "events/identity_conflicts",
        "events/invalid_identities",
        "events/piece_flags",
    ),
}


@dataclass(frozen=True)
class DetectResult:
    """What one run did."""

    n_days: int
    n_reports: int
    n_days_stored: int
    rows: Mapping[str, int]


def detect(
    home: Home,
    settings: Settings,
    *,
    first: date | None = None,
    last: date | None = None,
    progress: Progress | None = None,
) -> DetectResult:
    """Bring the events up to date with the lake.

    `first` and `last` (UTC days, both included) limit the days read anew.

    Raises TransshipError where no file was read yet, the lake cannot be read, or the home cannot be written.
    """
    say = progress or Quiet()
    home.create()
    listed = manifests.load(home)
    lake = manifests.by_day(home, listed)
    if not listed:
        raise TransshipError(f"the lake in {home.lake} holds nothing yet; run `transship ingest` first")
    places = gazetteer.prepare(home)
    scratch = make_folder(home.work / "scratch")
    try:
        with (
            runs.recorded(home, "detect", first, last) as run,
            connect(settings, scratch, home.events) as con,
        ):
            places.attach(con)
            plan = days.plan(con, days.fingerprints(lake, settings, places.fingerprint), first, last)
            sweep_temporaries(home.lake / "tracks")
            days.forget(con, plan.gone)
            n_reports = days.process(con, lake, plan.stale, settings, say)
            days.views(con, settings)
            witnesses.read(con, home, listed)
            holes.read_lake(con, home)
            with say.task("events"):
                rows = assemble(con, settings)
            with say.task("tracks"):
                write_tracks(con, home, lake)
            run.rows_out = sum(rows.values())
            return DetectResult(len(plan.stale), n_reports, len(days.stored_days(con)), rows)
    except duckdb.IOException as error:
        raise TransshipError(f"{home.events}: {explain_engine_error(error)}") from error
    except OSError as error:
        raise explain_os_error(error, home.work) from error


def detect_without_noncommercial(home: Home, settings: Settings, target: Path) -> None:
    """Write to `target` the events as they would be without data licensed for non-commercial use.

    Reads the days that `detect` stored in the home's events, and the lake.
    """
    scratch = make_folder(home.work / "scratch")
    with replacing(target) as temporary, connect(settings, scratch, temporary) as con:
        gazetteer.prepare(home).attach(con)
        con.execute(f"ATTACH {literal(str(home.events))} AS held (READ_ONLY)")
        days.views(con, settings, "held.days")
        witnesses.read(con, home, manifests.load(home), is_commercial=True)
        holes.read_lake(con, home)
        assemble(con, settings)


def assemble(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, int]:
    """Put the day tables and what witnesses said together to events; returns the rows of each table."""
    parameters = settings.parameters()
    con.execute(
        "CREATE OR REPLACE TEMP TABLE mids AS"
        " SELECT CAST(unnest($1) AS BIGINT) AS mid, unnest($2) AS country",
        [list(flags()), list(flags().values())],
    )
    con.execute("CREATE OR REPLACE TEMP TABLE data_until AS SELECT max(last_t_s) AS t_s FROM day_pieces")
    resolver = Destinations(dict(con.execute("SELECT port_id, name FROM ports").fetchall()))
    _pairs(con, "port_codes", ("code", "port_id"), resolver.codes)
    create(con, witnesses.VISITS, parameters, temporary=True)
    assign_ships(con, settings)
    con.execute("BEGIN")
    for name in ("events/ship_pieces", "events/ship_statics", "events/static_values", *MERGED):
        create(con, name, parameters, temporary=True)
    for name in witnesses.SHIPS:
        create(con, name, parameters, temporary=True)
    _place_rests(con, settings)
    _resolve_destinations(con, resolver)
    create(con, "events/calls", parameters, temporary=True)
    create(con, "events/beside", parameters, temporary=True)
    create(con, "events/meetings", parameters, temporary=True)
    create(con, "events/feed_holes", parameters, temporary=True)
    rows = {}
    for name in EVENTS:
        for before in BEFORE.get(name, ()):
            create(con, before, parameters, temporary=True)
        rows[name.split("/")[1]] = create(con, name, parameters)
    con.execute("""
        CREATE OR REPLACE TABLE coverage AS
        SELECT source, TIMESTAMP '1970-01-01 00:00:00' + hour * INTERVAL '1' HOUR AS hour_at,
            cell_id, lat, lon, n_ships, n_reports
        FROM day_coverage
    """)
    con.execute("""
        CREATE OR REPLACE TABLE feed_holes AS
        SELECT source, region, TIMESTAMP '1970-01-01 00:00:00' + from_t_s * INTERVAL '1' SECOND AS started_at,
            CASE WHEN NOT is_open THEN
                TIMESTAMP '1970-01-01 00:00:00' + to_t_s * INTERVAL '1' SECOND END AS ended_at,
            south, west, north, east, is_recorded, why, ships_a_minute
        FROM temp.feed_holes
    """)
    con.execute("CREATE OR REPLACE TABLE static_changes AS FROM temp.static_values")
    con.execute("COMMIT")
    return rows


def _place_rests(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Say where each rest lies, by the same SQL as a day's stops (a rest's number stands for a segment)."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE numbered_rests AS
        SELECT row_number() OVER (ORDER BY vessel_id, rest_no) AS seg, * FROM rests
    """)
    con.execute("""
        CREATE OR REPLACE TEMP VIEW stops_to_place AS
        SELECT 0 AS day, 0 AS mmsi, 0 AS piece, seg, lat, lon, n_marks, n_moored, n_anchored
        FROM numbered_rests
    """)
    create(con, "days/day_stop_places", settings.parameters(), table="rests_placed", temporary=True)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE rest_places AS
        SELECT r.vessel_id, r.rest_no, p.port_id, p.terminal_id, p.kind
        FROM rests_placed AS p JOIN numbered_rests AS r USING (seg)
    """)


def _resolve_destinations(con: duckdb.DuckDBPyConnection, resolver: Destinations) -> None:
    """Make `destination_ports` (text, port_id): what was declared, where it names a port."""
    texts = con.execute("""
        SELECT destination FROM ship_statics WHERE destination IS NOT NULL
        UNION SELECT declared_text FROM said_declarations WHERE declared_text IS NOT NULL
    """).fetchall()
    found = resolver.resolve_all(sorted(str(text) for (text,) in texts))
    _pairs(con, "destination_ports", ("text", "port_id"), found)


def _pairs(
    con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, str], pairs: Mapping[str, str]
) -> None:
    """Make a temporary table of two texts a row."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS"
        f" SELECT unnest($1::VARCHAR[]) AS {columns[0]}, unnest($2::VARCHAR[]) AS {columns[1]}",
        [list(pairs), list(pairs.values())],
    )


def write_tracks(con: duckdb.DuckDBPyConnection, home: Home, lake: Mapping[date, DayFiles]) -> int:
    """Write `lake/tracks` for the days whose reports, or ships, are others than when last written."""
    con.execute("CREATE TABLE IF NOT EXISTS days.tracks_done (day BIGINT, fingerprint VARCHAR)")
    written = dict(con.execute("FROM days.tracks_done").fetchall())
    wanted = con.execute("""
        SELECT d.day, d.fingerprint, coalesce(string_agg(
            concat_ws('.', a.mmsi, a.piece, coalesce(p.vessel_id, ''), array_to_string(f.flags, '.')), ','
            ORDER BY a.mmsi, a.piece)
            FILTER (WHERE p.ship <> 0 OR a.piece <> 0 OR k.mmsi IS NOT NULL OR f.mmsi IS NOT NULL), '')
        FROM days.done AS d
        LEFT JOIN day_pieces AS a ON d.day = a.day
        LEFT JOIN ship_pieces AS p ON a.day = p.day AND a.mmsi = p.mmsi AND a.piece = p.piece
        LEFT JOIN piece_flags AS f ON a.day = f.day AND a.mmsi = f.mmsi AND a.piece = f.piece
        LEFT JOIN ship_keys AS k ON p.mmsi = k.mmsi AND p.ship = k.ship
        GROUP BY d.day, d.fingerprint ORDER BY d.day
    """).fetchall()
    n_written = 0
    by_number = {days.number(day): day for day in lake}
    for number, fingerprint, ships in wanted:
        key = hashlib.sha256(f"{fingerprint}|{ships}".encode()).hexdigest()[:24]
        day = by_number.get(number)
        target = None if day is None else home.tracks(day) / "tracks.parquet"
        if day is None or target is None or (written.get(number) == key and target.is_file()):
            continue
        paths = days.lake_paths(lake, day)
        if not paths:
            continue
        with replacing(target) as temporary:
            _copy_tracks(con, number, [str(path) for path in paths], str(temporary))
        write_checksum(target)
        con.execute("DELETE FROM days.tracks_done WHERE day = ?", [number])
        con.execute("INSERT INTO days.tracks_done VALUES (?, ?)", [number, key])
        n_written += 1
    return n_written


def _copy_tracks(con: duckdb.DuckDBPyConnection, number: int, paths: list[str], target: str) -> None:
    """One row a report of the day: its ship and piece, or why it was discarded; sorted by ship and time."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE piece_names AS
        SELECT d.mmsi, d.piece, p.vessel_id,
            CASE WHEN p.vessel_id IS NOT NULL THEN
                substr(md5(concat_ws('|', 'track', p.vessel_id, d.day, d.first_t_s)), 1, 16) END AS track_id,
            coalesce(f.flags, CAST([] AS VARCHAR[])) AS flags
        FROM day_pieces AS d
        LEFT JOIN ship_pieces AS p ON d.day = p.day AND d.mmsi = p.mmsi AND d.piece = p.piece
        LEFT JOIN piece_flags AS f ON d.day = f.day AND d.mmsi = f.mmsi AND d.piece = f.piece
        WHERE d.day = $day
        """,
        {"day": number},
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE labels AS
        SELECT mmsi, t_s, lat, lon, piece FROM day_labels WHERE day = $day
        """,
        {"day": number},
    )
    listed = "[" + ", ".join(literal(path) for path in paths) + "]"
    columns = "mmsi, time, lat, lon, sog_kn, cog_deg"
    received = f"SELECT {columns} FROM read_parquet({listed})"
    if len(paths) > 1:
        seconds = "date_diff('second', TIMESTAMP '1970-01-01 00:00:00', p.time)"
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE received AS
            SELECT mmsi, {seconds} AS t_s, CAST(lat AS DOUBLE) AS lat, CAST(lon AS DOUBLE) AS lon,
                CAST(sog_kn AS DOUBLE) AS sog_kn, nav_status, source
            FROM read_parquet({listed}, hive_partitioning = true, hive_types = {{'source': VARCHAR}}) AS p
        """)
        days.merge_received(con)
        received = f"""
            SELECT p.mmsi, min(p.time) AS time, p.lat, p.lon,
                min(p.sog_kn) AS sog_kn, min(p.cog_deg) AS cog_deg
            FROM read_parquet({listed}) AS p
            SEMI JOIN temp.received AS r ON p.mmsi = r.mmsi AND {seconds} = r.t_s
                AND CAST(p.lat AS DOUBLE) = r.lat AND CAST(p.lon AS DOUBLE) = r.lon
            GROUP BY p.mmsi, {seconds}, p.lat, p.lon
        """
    con.execute(f"""
        COPY (
            WITH received AS ({received}),
            plain AS (
                SELECT {columns}, 0 AS piece FROM received WHERE mmsi NOT IN (SELECT mmsi FROM labels)
            ),
            labelled AS (
                SELECT r.mmsi, r.time, r.lat, r.lon, r.sog_kn, r.cog_deg, coalesce(l.piece, 0) AS piece
                FROM received AS r
                SEMI JOIN labels AS m ON r.mmsi = m.mmsi
                LEFT JOIN labels AS l ON r.mmsi = l.mmsi
                    AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', r.time) = l.t_s
                    AND CAST(r.lat AS DOUBLE) = l.lat AND CAST(r.lon AS DOUBLE) = l.lon
            )
            SELECT a.mmsi, a.time, a.lat, a.lon, a.sog_kn, a.cog_deg, n.vessel_id, n.track_id, n.flags
            FROM (FROM plain UNION ALL FROM labelled) AS a
            JOIN piece_names AS n ON a.mmsi = n.mmsi AND a.piece = n.piece
            ORDER BY a.mmsi, a.time, a.lat, a.lon
        ) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)
    """)
