"""Danish Maritime Authority: a CSV a day (22 columns, 26 in newer files), zipped by day or by month."""

from collections.abc import Mapping
from typing import Any

import duckdb

import sql
from pipeline.sources.base import Member, Source, Staged, csv_view, header, require_columns

SOURCE = Source(
    key="dma",
    title="Danish Maritime Authority, historical AIS",
    coverage="Danish waters and the straits between the Atlantic and the Baltic, since 2006",
    delay="about 3 days",
    lag_days=3,
    licence="free to use with attribution",
    attribution="Contains data from the Danish Maritime Authority",
    key_variables=(),
    good_for="every ship that passes the Danish straits on its way to or from Russia's Baltic ports",
    blind_to="the hubs: nothing off Morocco, Spain or Turkey; nothing east of about 17 E",
)

COLUMNS = [
    "Timestamp", "Type of mobile", "MMSI", "Latitude", "Longitude", "Navigational status", "ROT", "SOG",
    "COG", "Heading", "IMO", "Callsign", "Name", "Ship type", "Cargo type", "Width", "Length",
    "Type of position fixing device", "Draught", "Destination", "ETA", "Data source type",
]  # fmt: skip
TYPES = {
    "Timestamp": "TIMESTAMP",
    "MMSI": "BIGINT",
    "Latitude": "DECIMAL(9,6)",
    "Longitude": "DECIMAL(9,6)",
    "SOG": "FLOAT",
    "COG": "FLOAT",
    "Heading": "FLOAT",
    "Width": "DOUBLE",
    "Length": "DOUBLE",
    "Draught": "DOUBLE",
}
SHARED_NAMES = {
    "Timestamp": "time",
    "MMSI": "mmsi",
    "Latitude": "lat",
    "Longitude": "lon",
    "SOG": "sog",
    "COG": "cog",
    "Heading": "heading",
    "Width": "width",
    "Length": "length",
    "Draught": "draught",
}
# Blank, one blank (2018) or these words (2026) stand where a ship sent nothing.
NULL_WORDS = ("", " ", "Unknown", "Undefined")


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of a Danish CSV; the header, not the date, says which columns it has."""
    found = [name.removeprefix("#").strip() for name in header(con, member)]
    require_columns(member, found, COLUMNS, "a Danish AIS day")
    csv_view(con, member.path, found, TYPES, time_format="%d/%m/%Y %H:%M:%S", null_words=NULL_WORDS)
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {sql.read('staging/dma')}")
    return Staged(columns=SHARED_NAMES)
