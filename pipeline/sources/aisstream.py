"""aisstream.io: reports of volunteers' receivers on all coasts, as a websocket sent them."""

from collections.abc import Mapping
from typing import Any

import duckdb

import sql
from pipeline.sources import objects
from pipeline.sources.base import Member, Source, Staged
from pipeline.sources.objects import ANGLE, TIME, Field

SOURCE = Source(
    key="aisstream",
    title="aisstream.io",
    coverage="coasts of all the world, where volunteers have receivers; the regions that are asked for",
    delay="live; no archive, so a history is what was collected",
    licence="free; terms on the site",
    attribution="AIS data: aisstream.io",
    key_variables=("AISSTREAM_API_KEY",),
    good_for="the hubs: Morocco and Gibraltar, the Turkish straits; the Danish straits live",
    blind_to="the open sea; most reports even near the coast (one client counted 17 % of Danish ships)",
)

# The report itself stands under its own type's name.
FLAT = (
    "json_object('type', json ->> 'MessageType', "
    "'meta', coalesce(json_extract(json, '/MetaData'), json_extract(json, '/Metadata')), "
    "'body', json_extract(json, '/Message/' || coalesce(json ->> 'MessageType', '-')))"
)
FIELDS = {
    "kind": Field("/type", is_required=True),
    "time": Field("/meta/time_utc", TIME, is_required=True),
    "heard_mmsi": Field("/meta/MMSI", "BIGINT"),
    "heard_name": Field("/meta/ShipName"),
    "mmsi": Field("/body/UserID", "BIGINT"),
    "lat": Field("/body/Latitude", ANGLE),
    "lon": Field("/body/Longitude", ANGLE),
    "sog_kn": Field("/body/Sog", "REAL"),
    "cog_deg": Field("/body/Cog", "REAL"),
    "heading_deg": Field("/body/TrueHeading", "REAL"),
    "nav_status": Field("/body/NavigationalStatus", "INTEGER"),
    "imo": Field("/body/ImoNumber"),
    "name": Field("/body/Name"),
    "callsign": Field("/body/CallSign"),
    "ship_type": Field("/body/Type"),
    "draught_m": Field("/body/MaximumStaticDraught", "DOUBLE"),
    "destination": Field("/body/Destination"),
    "to_bow_m": Field("/body/Dimension/A", "DOUBLE"),
    "to_stern_m": Field("/body/Dimension/B", "DOUBLE"),
    "to_port_m": Field("/body/Dimension/C", "DOUBLE"),
    "to_starboard_m": Field("/body/Dimension/D", "DOUBLE"),
    # Class B sends its static report in two parts, each in an object of its own.
    "a_name": Field("/body/ReportA/Name"),
    "b_callsign": Field("/body/ReportB/CallSign"),
    "b_ship_type": Field("/body/ReportB/ShipType"),
    "b_to_bow_m": Field("/body/ReportB/Dimension/A", "DOUBLE"),
    "b_to_stern_m": Field("/body/ReportB/Dimension/B", "DOUBLE"),
    "b_to_port_m": Field("/body/ReportB/Dimension/C", "DOUBLE"),
    "b_to_starboard_m": Field("/body/ReportB/Dimension/D", "DOUBLE"),
}


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of recorded messages, one a line."""
    n_unreadable = objects.lines(con, member, FLAT)
    objects.typed(con, member, FIELDS)
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {sql.read('staging/aisstream')}")
    return Staged(n_unreadable=n_unreadable)
