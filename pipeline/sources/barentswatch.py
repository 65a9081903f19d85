"""BarentsWatch (Norwegian Coastal Administration): positions and ships as JSON, live and 14 days back."""

from collections.abc import Mapping
from typing import Any

import duckdb

import sql
from pipeline.errors import TransshipError
from pipeline.sources import objects
from pipeline.sources.base import Member, Source, Staged
from pipeline.sources.objects import ANGLE, TIME, Field

SOURCE = Source(
    key="barentswatch",
    title="BarentsWatch AIS, Norwegian Coastal Administration",
    coverage="the Norwegian coast and economic zone, Svalbard, Jan Mayen",
    delay="live; the last 14 days for ships that crossed the watched area off Vardo",
    licence="NLOD 2.0",
    attribution="Contains data under NLOD from the Norwegian Coastal Administration, BarentsWatch",
    key_variables=("BARENTSWATCH_CLIENT_ID", "BARENTSWATCH_CLIENT_SECRET"),
    good_for="the way to and from Murmansk, Arkhangelsk and the Arctic terminals",
    blind_to="the hubs, the Baltic, the Black Sea; fishing vessels under 15 m and pleasure craft under 45 m",
)

FIELDS = {
    "mmsi": Field("/mmsi", "BIGINT", is_required=True),
    "time": Field("/msgtime", TIME, is_required=True),
    "kind": Field("/type"),
    "lat": Field("/latitude", ANGLE),
    "lon": Field("/longitude", ANGLE),
    "sog_kn": Field("/speedOverGround", "REAL"),
    "cog_deg": Field("/courseOverGround", "REAL"),
    "heading_deg": Field("/trueHeading", "REAL"),
    "nav_status": Field("/navigationalStatus", "INTEGER"),
    "imo": Field("/imoNumber"),
    "name": Field("/name"),
    "callsign": Field("/callSign"),
    "ship_type": Field("/shipType"),
    "length_m": Field("/shipLength", "DOUBLE"),
    "width_m": Field("/shipWidth", "DOUBLE"),
    "draught_dm": Field("/draught", "DOUBLE"),
    "destination": Field("/destination"),
}


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of an answer or a recorded stream, as JSON or GeoJSON."""
    found, n_unreadable = objects.read(member)
    flat = [_flat(entry) for entry in found]
    # A stream of static reports alone has no position, and an empty track no report; any other file without
    # a position is of another form.
    if flat and not any("latitude" in entry or entry.get("type") == "Staticdata" for entry in flat):
        raise TransshipError(f"{member.label}: field 'latitude' is missing; not an answer of BarentsWatch")
    objects.table(con, member, flat, FIELDS)
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {sql.read('staging/barentswatch')}")
    return Staged(n_unreadable=n_unreadable)


def _flat(entry: dict[str, Any]) -> dict[str, Any]:
    """A GeoJSON feature in the form of the plain model."""
    if entry.get("type") != "Feature":
        return entry
    geometry, properties = entry.get("geometry"), entry.get("properties")
    point = geometry.get("coordinates") if isinstance(geometry, dict) else None
    lon, lat = point[:2] if isinstance(point, list) and len(point) >= 2 else (None, None)
    return {"latitude": lat, "longitude": lon, **(properties if isinstance(properties, dict) else {})}
