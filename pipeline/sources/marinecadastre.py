"""MarineCadastre (NOAA and US Coast Guard): a CSV a day, zipped to 2024, Zstandard after."""

from collections.abc import Mapping
from typing import Any

import duckdb

import sql
from pipeline.sources.base import Member, Source, Staged, csv_view, header, require_columns

SOURCE = Source(
    key="marinecadastre",
    title="MarineCadastre, NOAA and US Coast Guard",
    coverage="coasts of the United States, since 2009",
    delay="yearly batches",
    licence="public domain",
    attribution="NOAA Office for Coastal Management and US Coast Guard Navigation Center",
    key_variables=(),
    good_for="benchmarks and tests on a second form of data",
    blind_to="every hub and every Russian port",
)

# The names to 2024, and what they are called after.
NEW_NAMES = {
    "MMSI": "mmsi",
    "BaseDateTime": "base_date_time",
    "LAT": "latitude",
    "LON": "longitude",
    "SOG": "sog",
    "COG": "cog",
    "Heading": "heading",
    "VesselName": "vessel_name",
    "IMO": "imo",
    "CallSign": "call_sign",
    "VesselType": "vessel_type",
    "Status": "status",
    "Length": "length",
    "Width": "width",
    "Draft": "draft",
    "Cargo": "cargo",
    "TransceiverClass": "transceiver",
}
# All but the last two, which nothing here reads and some years lack.
COLUMNS = [name for name in NEW_NAMES.values() if name not in {"cargo", "transceiver"}]
TYPES = {
    "base_date_time": "TIMESTAMP",
    "mmsi": "BIGINT",
    "latitude": "DECIMAL(9,6)",
    "longitude": "DECIMAL(9,6)",
    "sog": "FLOAT",
    "cog": "FLOAT",
    "heading": "FLOAT",
    "length": "DOUBLE",
    "width": "DOUBLE",
    "draft": "DOUBLE",
}
SHARED_NAMES = {
    "base_date_time": "time",
    "mmsi": "mmsi",
    "latitude": "lat",
    "longitude": "lon",
    "sog": "sog",
    "cog": "cog",
    "heading": "heading",
    "length": "length",
    "width": "width",
    "draft": "draught",
}


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of a MarineCadastre CSV in either form, told apart by the header."""
    found = header(con, member)
    names = [NEW_NAMES.get(name, name) for name in found]
    require_columns(member, names, COLUMNS, "a MarineCadastre day")
    csv_view(con, member.path, names, TYPES, null_words=("",))
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {sql.read('staging/marinecadastre')}")
    return Staged(columns=SHARED_NAMES)
