"""One UTC day at a time: what a day's reports say by themselves, as small tables in the events' database.

A day's tables are a pure function of the lake files of that day and of the margin around it (the largest gap
that is interpolated over), the settings, the gazetteer and this code. A fingerprint of all these says whether
a stored day still holds. So days may come in any order, twice or late, and the tables end the same.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import sql
from pipeline.doubts import OddHour, Reports, extent, label, odd_hours
from pipeline.engine import create, create_from_rows, literal
from pipeline.errors import TransshipError
from pipeline.manifests import DayFiles
from pipeline.progress import Progress
from pipeline.settings import Settings
from pipeline.tracks import alternating

# Raise when a day's tables change in meaning in a way that the SQL texts do not show, or get other columns:
# what another version stored is then dropped.
VERSION = 9
# Run in this order for every batch of days; each reads those before it.
STAGES = (
    "days/day_pieces",
    "days/day_stops",
    "days/day_port_runs",
    "days/day_gate_runs",
    "days/day_silences",
    "days/day_slow",
    "days/day_coverage",
)
STORED = (
    "day_pieces",
    "day_labels",
    "day_doubts",
    "day_odd_hours",
    "day_stops",
    "day_port_runs",
    "day_gate_runs",
    "day_silences",
    "day_slow",
    "day_coverage",
    "day_feed",
    "day_pair_slots",
    "day_statics",
    "day_files",
)
OF_DAYS = (
    "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'days'"
)
EPOCH = date(1970, 1, 1)
POSITIONS = (
    "mmsi BIGINT, time TIMESTAMP, lat DECIMAL(9, 6), lon DECIMAL(9, 6), sog_kn REAL, heading_deg REAL,"
    " nav_status INTEGER, file_id VARCHAR, source VARCHAR"
)
STATICS = (
    "mmsi BIGINT, first_at TIMESTAMP, last_at TIMESTAMP, imo BIGINT, name VARCHAR, callsign VARCHAR,"
    " ship_type VARCHAR, length_m DOUBLE, width_m DOUBLE, draught_m DOUBLE, destination VARCHAR,"
    " n_reports INTEGER, file_id VARCHAR, source VARCHAR, wrong_imo BIGINT, n_wrong_imo INTEGER"
)
DOUBTS = {
    "day": int, "mmsi": int, "piece": int, "kind": str, "lat": float, "lon": float, "radius_km": float,
}  # fmt: skip
# The columns of sql/days/odd_reports.sql; what was not sent is NaN.
REPORTS = {"t_s": np.int64, **dict.fromkeys(("lat", "lon", "sog_kn", "nav_status"), np.float64)}
ODD_REPORTS = {"day": np.int64, "mmsi": np.int64, **REPORTS, "is_own": np.int64, "is_on_land": np.int64}
ODD_HOURS: dict[str, Any] = {"day": int, "mmsi": int} | {f.name: f.type for f in fields(OddHour)}
# Which source's time is believed where several heard one report: transmitters' and authorities' own time
# stamps first, then services that stamp what they receive.
CLOCKS = ("nmea", "dma", "digitraffic", "barentswatch", "marinecadastre", "aishub", "aisstream", "table")
# The time within which sql/days/merged.sql looks for the same report.
MERGE_S = 60
# Reports worked on at once; a whole Danish day (12 million) is a batch of its own.
BATCH_REPORTS = 6_000_000


def number(day: date) -> int:
    """The day as days since 1970-01-01, as SQL has it."""
    return (day - EPOCH).days


@dataclass(frozen=True)
class DayPlan:
    """Which stored days no longer hold, and which are gone."""

    stale: dict[date, str]
    gone: list[date]


def fingerprints(days: Mapping[date, DayFiles], settings: Settings, gazetteer: str) -> dict[date, str]:
    """What each day's tables depend on, as one hash a day."""
    chosen = settings.parameters("encounters", "port_calls", "tracks", "flags", "loitering")
    # Of the settings on gaps a day depends on this one alone.
    chosen["gaps_min_hours"] = settings.gaps.min_hours
    texts = [sql.read(name) for name in (*STAGES, *_BETWEEN)]
    common = json.dumps([VERSION, chosen, gazetteer, texts], sort_keys=True)
    nothing = DayFiles()
    found = {}
    for day, files in days.items():
        before = days.get(day - timedelta(days=1), nothing).positions
        after = days.get(day + timedelta(days=1), nothing).positions
        parts = [common, files.identity(), [f for _, f, _ in before], [f for _, f, _ in after]]
        found[day] = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
    return found


def plan(
    con: duckdb.DuckDBPyConnection, wanted: Mapping[date, str], first: date | None, last: date | None
) -> DayPlan:
    """Compare the days that the lake has with those stored; `first` and `last` limit what is done now.

    What another version stored is dropped, and then all days are done.
    """
    made = [name for (name,) in con.execute(OF_DAYS).fetchall()]
    if made and ("version" not in made or con.execute("FROM days.version").fetchall() != [(VERSION,)]):
        con.execute("DROP SCHEMA days CASCADE")
        first = last = None
    con.execute("CREATE SCHEMA IF NOT EXISTS days")
    con.execute(f"CREATE TABLE IF NOT EXISTS days.version AS SELECT CAST({VERSION} AS BIGINT) AS version")
    con.execute("CREATE TABLE IF NOT EXISTS days.done (day BIGINT, fingerprint VARCHAR)")
    stored = {EPOCH + timedelta(days=d): f for d, f in con.execute("FROM days.done").fetchall()}

    def asked(day: date) -> bool:
        return (first is None or day >= first) and (last is None or day <= last)

    stale = {day: f for day, f in wanted.items() if stored.get(day) != f and asked(day)}
    return DayPlan(stale, [day for day in stored if day not in wanted])


def forget(con: duckdb.DuckDBPyConnection, gone: Iterable[date]) -> None:
    """Drop the tables' rows of days that the lake no longer has."""
    numbers = [number(day) for day in gone]
    if numbers:
        con.execute("BEGIN")
        for table in ("done", *STORED):
            con.execute(f"DELETE FROM days.{table} WHERE list_contains(?, day)", [numbers])
        con.execute("COMMIT")


def process(
    con: duckdb.DuckDBPyConnection,
    lake: Mapping[date, DayFiles],
    stale: Mapping[date, str],
    settings: Settings,
    progress: Progress,
) -> int:
    """Work out the stale days' tables and store each batch in one transaction; returns the reports read."""
    n_reports = 0
    with progress.task("days", total=len(stale)):
        for batch in _batches(con, lake, sorted(stale)):
            n_reports += _process_batch(con, lake, batch, settings)
            _store(con, batch, stale)
            progress.advance(len(batch))
    return n_reports


def _batches(
    con: duckdb.DuckDBPyConnection, lake: Mapping[date, DayFiles], days: Sequence[date]
) -> Iterator[list[date]]:
    sizes = {}
    for day in days:
        paths = [str(path) for _, _, path in lake[day].positions]
        rows = (
            con.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [paths]).fetchone()
            if paths
            else None
        )
        sizes[day] = int(rows[0] or 0) if rows else 0
    batch: list[date] = []
    size = 0
    for day in days:
        if batch and size + sizes[day] > BATCH_REPORTS:
            yield batch
            batch, size = [], 0
        batch.append(day)
        size += sizes[day]
    if batch:
        yield batch


_BETWEEN = (
    "days/day_feed",
    "days/merged",
    "days/odd_ships",
    "days/odd_reports",
    "days/speeds",
    "days/marks",
    "days/day_stop_places",
    "days/grid",
    "days/near_slots",
    "days/day_pair_slots",
    "days/day_files",
)


def _process_batch(
    con: duckdb.DuckDBPyConnection, lake: Mapping[date, DayFiles], batch: Sequence[date], settings: Settings
) -> int:
    parameters = settings.parameters()
    n_reports = _read_reports(con, lake, batch, settings)
    some_without = _fill_speeds(con)
    _split_odd_ships(con, settings)
    if some_without:
        _fill_speeds_of_pieces(con)
    create(con, "days/marks", parameters, temporary=True)
    for name in STAGES:
        create(con, name, parameters, temporary=True)
    con.execute("CREATE OR REPLACE TEMP VIEW stops_to_place AS FROM day_stops WHERE state = 1")
    create(con, "days/day_stop_places", parameters, temporary=True)
    create(con, "days/grid", parameters, temporary=True)
    create(con, "days/near_slots", parameters, temporary=True)
    _read_headings(con)
    create(con, "days/day_pair_slots", parameters, temporary=True)
    _read_statics(con, lake, batch)
    _count_files(con, lake, batch)
    for table in ("reports", "marks", "grid", "jumping", "near_slots", "headings"):
        con.execute(f"DROP TABLE temp.{table}")
    return n_reports


def _read_reports(
    con: duckdb.DuckDBPyConnection, lake: Mapping[date, DayFiles], batch: Sequence[date], settings: Settings
) -> int:
    """The days' own reports and those of the margin around, as `reports`; `heard` counts them by source."""
    margin_s = int(np.ceil(settings.encounters.max_gap_minutes * 60))
    # A little more than is used, so that a report at the margin's edge is merged like any other.
    wide_s = margin_s + MERGE_S
    around = sorted({day + timedelta(days=k) for day in batch for k in (-1, 0, 1)} & set(lake))
    files = [entry for day in around for entry in lake[day].positions]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE batch_days AS SELECT unnest(?::BIGINT[]) AS day",
        [[number(d) for d in batch]],
    )
    try:
        _read_lake(con, "arriving", POSITIONS, [path for _, _, path in files])
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE received AS
            WITH dated AS (
                SELECT date_diff('second', TIMESTAMP '1970-01-01 00:00:00', time) AS t_s, mmsi,
                    CAST(lat AS DOUBLE) AS lat, CAST(lon AS DOUBLE) AS lon,
                    CAST(sog_kn AS DOUBLE) AS sog_kn, nav_status, source
                FROM arriving
            )
            FROM dated
            WHERE t_s // 86400 IN (FROM batch_days)
               OR (t_s // 86400 + 1 IN (FROM batch_days) AND t_s % 86400 >= 86400 - {wide_s})
               OR (t_s // 86400 - 1 IN (FROM batch_days) AND t_s % 86400 < {wide_s})
        """)
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise TransshipError(f"the lake cannot be read: {str(error).splitlines()[0]}") from error
    con.execute("""
        CREATE OR REPLACE TEMP TABLE heard AS
        SELECT t_s // 86400 AS day, source, t_s // 3600 * 3600 AS t_s, mmsi,
            median(lat) AS lat, median(lon) AS lon, count(*) AS n_reports
        FROM received
        WHERE t_s // 86400 IN (FROM batch_days)
        GROUP BY ALL
    """)
    create(con, "days/day_feed", temporary=True)
    n_files = {day: len(lake[day].positions) for day in around}
    if max(n_files.values(), default=0) > 1:
        merge_received(con)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE reports AS
        SELECT t_s // 86400 + shift AS day, mmsi, CAST(0 AS BIGINT) AS piece, t_s, lat, lon, sog_kn,
            nav_status, CASE WHEN shift = 0 THEN 1 ELSE 0 END AS is_own
        FROM received CROSS JOIN (VALUES (-1), (0), (1)) AS shifts (shift)
        WHERE t_s // 86400 + shift IN (FROM batch_days)
          AND (shift <> 1 OR t_s % 86400 >= 86400 - {margin_s})
          AND (shift <> -1 OR t_s % 86400 < {margin_s})
    """)
    con.execute("DROP TABLE temp.received")
    (n_own,) = con.execute("SELECT count(*) FROM reports WHERE is_own = 1").fetchone() or (0,)
    return int(n_own)


def merge_received(con: duckdb.DuckDBPyConnection) -> None:
    """Let the same report in two files, or from two sources, stand once in `received`."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE clocks AS"
        " SELECT unnest($1) AS source, generate_subscripts($1, 1) AS rank",
        [list(CLOCKS)],
    )
    create(con, "days/merged", temporary=True)
    con.execute("CREATE OR REPLACE TEMP TABLE received AS FROM merged")
    con.execute("DROP TABLE temp.merged")


def _fill_speeds(con: duckdb.DuckDBPyConnection) -> bool:
    """Where a report came without a speed, the lower of those over the way to it and from it.

    Says whether any came without; `speeds` keeps what was filled in.
    """
    (n_without,) = con.execute("SELECT count(*) FROM reports WHERE sog_kn IS NULL").fetchone() or (0,)
    if not n_without:
        return False
    create(con, "days/speeds", temporary=True)
    con.execute(f"UPDATE reports SET sog_kn = speeds.sog_kn FROM speeds WHERE {_SAME_REPORT}")
    return True


def _fill_speeds_of_pieces(con: duckdb.DuckDBPyConnection) -> None:
    """Anew for MMSIs that were split: the way from one ship's report to another's was sailed by nobody."""
    con.execute(f"""
        UPDATE reports SET sog_kn = NULL FROM speeds
        WHERE {_SAME_REPORT} AND (reports.day, reports.mmsi) IN (SELECT (day, mmsi) FROM day_labels)
    """)
    _fill_speeds(con)
    con.execute("DROP TABLE temp.speeds")


_SAME_REPORT = " AND ".join(f"reports.{c} = speeds.{c}" for c in ("day", "mmsi", "t_s", "lat", "lon"))


def _split_odd_ships(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Go through the days of ships that one ship cannot have sailed so, report by report.

    `day_labels` keeps each report's piece, `day_doubts` the pieces whose reports are no positions, and
    `day_odd_hours` what each piece did by the hour, for pipeline/displaced.py; `jumping` names the pieces
    whose reports alternate with another's.
    """
    create(con, "days/odd_ships", settings.parameters("tracks", "flags"), temporary=True)
    create(con, "days/odd_reports", temporary=True)
    odd = con.execute("FROM odd_reports ORDER BY day, mmsi, t_s, lat, lon").fetchnumpy()
    columns = {name: np.ma.filled(odd[name].astype(kind), np.nan) for name, kind in ODD_REPORTS.items()}
    day, mmsi = columns.pop("day"), columns.pop("mmsi")
    # Where a ship's day ends and the next begins.
    edges = np.unique([0, *np.flatnonzero((np.diff(day) != 0) | (np.diff(mmsi) != 0)) + 1, len(day)])
    labels = np.zeros(len(day), dtype=np.int64)
    doubts: list[tuple[object, ...]] = []
    hours: list[pd.DataFrame] = []
    jumping: list[tuple[object, ...]] = []
    for first, end in pairwise(edges):
        own, on_land, *rest = (columns[name][first:end] for name in ("is_own", "is_on_land", *REPORTS))
        reports = Reports(*rest)
        found = label(reports, settings.flags, settings.tracks)
        labels[first:end] = found.piece
        ship = (int(day[first]), int(mmsi[first]))
        doubts += [
            (*ship, piece, kind, *extent(reports.take(found.piece == piece)))
            for piece, kind in found.kinds.items()
        ]
        if own.any():
            told = odd_hours(reports, found, own == 1, on_land == 1)
            hours.append(pd.DataFrame(told).assign(day=ship[0], mmsi=ship[1]))
        pieces = alternating(found.piece, settings.tracks.min_reports)
        jumping += [(*ship, piece) for piece in pieces]
    create_from_rows(con, "jumping", jumping, {"day": int, "mmsi": int, "piece": int})
    chosen = labels > 0
    labelled = {"day": day, "mmsi": mmsi, "piece": labels, **{n: columns[n] for n in ("t_s", "lat", "lon")}}
    _from_frame(con, "day_labels", pd.DataFrame({name: values[chosen] for name, values in labelled.items()}))
    create_from_rows(con, "day_doubts", doubts, DOUBTS)
    rows = pd.concat(hours, ignore_index=True) if hours else pd.DataFrame(columns=list(ODD_HOURS))
    create_from_rows(con, "day_odd_hours", rows, ODD_HOURS)
    con.execute("""
        UPDATE reports SET piece = day_labels.piece FROM day_labels
        WHERE reports.day = day_labels.day AND reports.mmsi = day_labels.mmsi
          AND reports.t_s = day_labels.t_s AND reports.lat = day_labels.lat AND reports.lon = day_labels.lon
    """)


def _read_headings(con: duckdb.DuckDBPyConnection) -> None:
    """The headings of ships that lie near another, whole degrees: asked of the lake for these few alone."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE headings AS
        WITH near AS (SELECT mmsi_1 AS mmsi FROM near_slots UNION SELECT mmsi_2 FROM near_slots)
        SELECT mmsi, date_diff('second', TIMESTAMP '1970-01-01 00:00:00', time) AS t_s,
            CAST(round(heading_deg) AS BIGINT) % 360 AS heading_deg
        FROM arriving
        WHERE mmsi IN (FROM near) AND heading_deg IS NOT NULL
    """)


def _from_frame(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> None:
    con.register("frame", frame)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM frame")
    con.unregister("frame")


def _read_statics(
    con: duckdb.DuckDBPyConnection, lake: Mapping[date, DayFiles], batch: Sequence[date]
) -> None:
    _read_lake(con, "said", STATICS, [path for day in batch for _, _, path in lake[day].statics])
    con.execute("""
        CREATE OR REPLACE TEMP TABLE day_statics AS
        SELECT date_diff('second', TIMESTAMP '1970-01-01 00:00:00', first_at) // 86400 AS day, mmsi,
            date_diff('second', TIMESTAMP '1970-01-01 00:00:00', first_at) AS first_t_s,
            date_diff('second', TIMESTAMP '1970-01-01 00:00:00', last_at) AS last_t_s,
            imo, name, callsign, ship_type, length_m, width_m, draught_m, destination, wrong_imo,
            CAST(sum(n_reports) AS BIGINT) AS n_reports,
            CAST(sum(coalesce(n_wrong_imo, 0)) AS BIGINT) AS n_wrong_imo
        FROM said GROUP BY ALL
    """)


def _count_files(
    con: duckdb.DuckDBPyConnection, lake: Mapping[date, DayFiles], batch: Sequence[date]
) -> None:
    """Which files each ship's reports of the day came from; after `_read_statics`, whose view it reads."""
    _read_lake(con, "lying", POSITIONS, [path for day in batch for _, _, path in lake[day].positions])
    con.execute("""
        CREATE OR REPLACE TEMP VIEW kept AS
        SELECT CAST(date_diff('day', DATE '1970-01-01', CAST(time AS DATE)) AS BIGINT) AS day,
            mmsi, source, file_id, time, lat, lon
        FROM lying
    """)
    create(con, "days/day_files", temporary=True)


def _read_lake(con: duckdb.DuckDBPyConnection, name: str, columns: str, paths: Sequence[Path]) -> None:
    """Make lake files readable under one name; no files are an empty table, a column they lack is null."""
    con.execute(f"DROP VIEW IF EXISTS temp.{name}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name}_nothing ({columns})")
    source = f"FROM {name}_nothing"
    if paths:
        listed = ", ".join(literal(str(path)) for path in paths)
        source += (
            f" UNION ALL BY NAME FROM read_parquet([{listed}], union_by_name = true,"
            " hive_partitioning = true, hive_types = {'source': VARCHAR})"
        )
    con.execute(f"CREATE TEMP VIEW {name} AS {source}")


def _store(con: duckdb.DuckDBPyConnection, batch: Sequence[date], stale: Mapping[date, str]) -> None:
    """Put a batch's tables in place of what was stored of its days, in one transaction."""
    numbers = [number(day) for day in batch]
    con.execute("BEGIN")
    try:
        for table in STORED:
            con.execute(f"CREATE TABLE IF NOT EXISTS days.{table} AS FROM temp.{table} LIMIT 0")
            con.execute(f"DELETE FROM days.{table} WHERE list_contains(?, day)", [numbers])
            con.execute(f"INSERT INTO days.{table} FROM temp.{table}")
        con.execute("DELETE FROM days.done WHERE list_contains(?, day)", [numbers])
        if batch:
            con.executemany(
                "INSERT INTO days.done VALUES (?, ?)", [[number(day), stale[day]] for day in batch]
            )
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    for table in STORED:
        con.execute(f"DROP TABLE temp.{table}")


def stored_days(con: duckdb.DuckDBPyConnection) -> dict[date, Any]:
    """The days whose tables are stored, with their fingerprints."""
    return {EPOCH + timedelta(days=d): f for d, f in con.execute("FROM days.done ORDER BY day").fetchall()}


def views(con: duckdb.DuckDBPyConnection, settings: Settings, schema: str = "days") -> None:
    """Let the global SQL read the stored day tables under their own names; with no day yet they are empty.

    `schema` is where they are stored, the connection's own or an attached database's.
    """
    if schema == "days" and ("day_pieces",) not in con.execute(OF_DAYS).fetchall():
        _process_batch(con, {}, [], settings)
        _store(con, [], {})
    for table in STORED:
        con.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS FROM {schema}.{table}")


def lake_paths(lake: Mapping[date, DayFiles], day: date) -> list[Path]:
    """The position files of one day."""
    return [path for _, _, path in lake[day].positions]
