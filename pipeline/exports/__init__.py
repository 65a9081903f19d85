"""The published tables in forms that other tools read: CSV, GeoParquet, GeoJSON, KML and FollowTheMoney.

CSV and GeoParquet hold all links, ships and events. GeoJSON, KML and FollowTheMoney, which people open on a
map or in an investigation, hold what `is_selected` says: events at hubs and in Russia, and ships of links and
lists with theirs. What a ship transmitted is plain text in each of them, whatever it is.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipeline.engine import create, literal
from pipeline.exports import ftm, kml
from pipeline.text import HIDDEN

KINDS = ("events", "links", "ships")
CSV, GEOJSON, GEOPARQUET, KML, FTM = ".csv", ".geojson", ".parquet", ".kml", "entities.ftm.json"
# Which of a link's, ship's or event's columns say where it is.
PLACES = ("lat", "lon", "to_lat", "to_lon")
ID = {"links": "link_id", "ships": "vessel_id", "events": "event_id"}
# The same characters as pipeline.text.plain removes; a text in the database has no lone surrogates.
HIDDEN_PATTERN = "[" + "".join(rf"\p{{{category}}}" for category in sorted(HIDDEN - {"Cs"})) + "]"
# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection), full-width forms and blanks
# before it included; an apostrophe before it makes it text.
FORMULA_PATTERN = r"^\s*[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
MANY = 10_000

README = """Links, ships and events of transship, as of this database's last publishing.

A link is a lead for a person to check, never a verdict; scores are documented judgement. What ships transmit
(names, numbers, flags) can be false. Times are UTC, coordinates WGS84.

  *.csv, *.parquet       all links, ships and events (the second is GeoParquet)
  *.geojson, *.kml       links; of ships and events those of links, of lists, at hubs and in Russia
  entities.ftm.json      the same as FollowTheMoney entities, one in a line
A line on the map joins the transfer's place and the Russian port, or both ends of a silence; no ship sailed
it so. A KML holds at most {kml_rows} places, the strongest or newest. In CSV a text that a spreadsheet would
take for a formula has an apostrophe before it. A row that says is_noncommercial may not be used commercially.

Sources, their licences, and whom to name:
{sources}
"""


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write all files to `folder`, from the published tables that `con` sees by name."""
    folder.mkdir(parents=True)
    for kind in ("links", "events", "ships"):
        create(con, f"exports/{kind}", table=f"{kind}_told", temporary=True)
        _plain(con, f"{kind}_told", f"{kind}_export")
        con.execute(f"DROP TABLE temp.{kind}_told")
    _plain(con, "vessel_identities", "identities_export")
    _plain(con, "screening_hits", "hits_export")
    for kind in KINDS:
        _write_csv(con, kind, folder / f"{kind}{CSV}")
        _write_parquet(con, kind, folder / f"{kind}{GEOPARQUET}")
        _write_lines(folder / f"{kind}{GEOJSON}", _geojson(con, kind))
        _write_lines(folder / f"{kind}{KML}", kml.document(con, kind))
    _write_lines(folder / FTM, ftm.entities(con))
    sources = "\n".join(
        f"  {source}: {licence or 'no licence told'}; {attribution or '-'}"
        for source, licence, attribution in con.execute(
            "SELECT DISTINCT source, licence, attribution FROM source_files ORDER BY ALL"
        ).fetchall()
    )
    (folder / "README.txt").write_text(README.format(kml_rows=kml.MOST, sources=sources), encoding="utf-8")


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    """Names and types of a table's columns, in order."""
    return [(row[0], row[1]) for row in con.execute(f"DESCRIBE {table}").fetchall()]


def _plain(con: duckdb.DuckDBPyConnection, table: str, target: str) -> None:
    """The table with nothing hidden in its texts."""
    columns = ", ".join(
        f"regexp_replace({name}, {literal(HIDDEN_PATTERN)}, ' ', 'g') AS {name}"
        if kind == "VARCHAR"
        else name
        for name, kind in _columns(con, table)
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT {columns} FROM {table}")


def _write_csv(con: duckdb.DuckDBPyConnection, kind: str, path: Path) -> None:
    formula = literal(FORMULA_PATTERN)
    columns = ", ".join(
        f"CASE WHEN regexp_matches({name}, {formula}) THEN concat('''', {name}) ELSE {name} END AS {name}"
        if column == "VARCHAR"
        else name
        for name, column in _columns(con, f"{kind}_export")
    )
    con.execute(f"""
        COPY (SELECT {columns} FROM {kind}_export ORDER BY {ID[kind]})
        TO {literal(str(path))} (FORMAT csv, HEADER)
    """)


def _geometry(con: duckdb.DuckDBPyConnection, kind: str) -> str:
    """SQL for a row's place as WKT: a point, a line to the second, or two points over the date line."""
    point = "concat('POINT(', lon, ' ', lat, ')')"
    if "to_lat" not in {name for name, _ in _columns(con, f"{kind}_export")}:
        return f"CASE WHEN lat IS NOT NULL THEN {point} END"
    both = "concat(lon, ' ', lat, ', ', to_lon, ' ', to_lat, ')')"
    return f"""
        CASE
            WHEN lat IS NULL THEN NULL
            WHEN to_lat IS NULL OR (lat = to_lat AND lon = to_lon) THEN {point}
            WHEN abs(lon - to_lon) > 180 THEN concat('MULTIPOINT(', {both})
            ELSE concat('LINESTRING(', {both})
        END"""


def _write_parquet(con: duckdb.DuckDBPyConnection, kind: str, path: Path) -> None:
    """GeoParquet 1.0 with WKB (https://geoparquet.org), as the engine writes its GEOMETRY type."""
    con.execute(f"""
        COPY (
            SELECT *, CAST({_geometry(con, kind)} AS GEOMETRY) AS geometry
            FROM {kind}_export ORDER BY {ID[kind]}
        ) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, GEOPARQUET_VERSION 'V1')
    """)


def _geojson(con: duckdb.DuckDBPyConnection, kind: str) -> Iterator[str]:
    """A FeatureCollection (RFC 7946), a feature a line; a place that is not known is a null geometry."""
    told = ", ".join(
        f"'{name}', {f'''strftime({name}, '%Y-%m-%dT%H:%M:%SZ')''' if column == 'TIMESTAMP' else name}"
        for name, column in _columns(con, f"{kind}_export")
        if name not in {*PLACES, "is_selected"}
    )
    rows = con.execute(f"""
        SELECT CAST(json_object('type', 'Feature', 'id', {ID[kind]},
            'geometry', CAST(st_asgeojson(CAST({_geometry(con, kind)} AS GEOMETRY)) AS JSON),
            'properties', json_object({told})) AS VARCHAR)
        FROM {kind}_export {_selection(kind)} ORDER BY {ID[kind]}
    """)
    yield '{"type": "FeatureCollection", "features": ['
    before = ""
    for (feature,) in _rows(rows):
        if before:
            yield before + ","
        before = feature
    yield f"{before}\n]}}"


def _selection(kind: str) -> str:
    return "" if kind == "links" else "WHERE is_selected"


def _rows(answer: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := answer.fetchmany(MANY):
        yield from rows


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a file of the folder that is swapped in as a whole."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{line}\n" for line in lines)
