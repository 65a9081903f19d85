"""Digitraffic (Fintraffic, Finland): positions, ships and port calls as JSON."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import duckdb

import sql
from pipeline.errors import TransshipError
from pipeline.sources import digitraffic_mqtt, objects
from pipeline.sources.base import Member, Source, Staged
from pipeline.sources.objects import ANGLE, Field
from pipeline.sources.sightings import moment

SOURCE = Source(
    key="digitraffic",
    title="Digitraffic marine, Fintraffic",
    coverage="the Gulf of Finland, the Gulf of Bothnia, the northern Baltic; calls at Finnish ports",
    delay="live; no archive, so a history is what was polled or collected",
    licence="CC BY 4.0",
    attribution="Source: Fintraffic / digitraffic.fi, licence CC BY 4.0",
    key_variables=(),
    good_for="the way to St Petersburg, Ust-Luga, Primorsk and Vysotsk; declared previous and next ports",
    blind_to="the hubs, the Danish straits, the Arctic and the Black Sea; fishing vessels are left out",
)

# Both answers fill the same columns; what one has not stays null.
NOWHERE = "/-"
SHIP = {
    "imo": Field("/imo"),
    "name": Field("/name"),
    "callsign": Field("/callSign"),
    "ship_type": Field("/shipType"),
    "draught_dm": Field("/draught", "DOUBLE"),
    "destination": Field("/destination"),
    "to_bow_m": Field("/referencePointA", "DOUBLE"),
    "to_stern_m": Field("/referencePointB", "DOUBLE"),
    "to_port_m": Field("/referencePointC", "DOUBLE"),
    "to_starboard_m": Field("/referencePointD", "DOUBLE"),
}
POSITION = {
    "lat": Field("/geometry/coordinates/1", ANGLE, is_required=True),
    "lon": Field("/geometry/coordinates/0", ANGLE, is_required=True),
    "sog_kn": Field("/properties/sog", "REAL"),
    "cog_deg": Field("/properties/cog", "REAL"),
    "heading_deg": Field("/properties/heading", "REAL"),
    "nav_status": Field("/properties/navStat", "INTEGER"),
}
LOCATIONS = {
    "mmsi": Field("/mmsi", "BIGINT", is_required=True),
    "time_ms": Field("/properties/timestampExternal", "BIGINT", is_required=True),
    **POSITION,
    **{name: Field(NOWHERE, field.type) for name, field in SHIP.items()},
}
VESSELS = {
    "mmsi": Field("/mmsi", "BIGINT", is_required=True),
    "time_ms": Field("/timestamp", "BIGINT", is_required=True),
    **{name: Field(NOWHERE, field.type) for name, field in POSITION.items()},
    **SHIP,
}
# A collector's own join of both, which lost the reports' times and has the collection's. Where the ship was
# then is not known, nor where it was bound; who it is does not change so soon.
JOINED = {
    **VESSELS,
    "time_ms": Field("/collected_ms", "BIGINT", is_required=True),
    "imo": Field(NOWHERE),
    "callsign": Field(NOWHERE),
    "ship_type": Field("/ship_type"),
    "destination": Field(NOWHERE),
}


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of an answer of `locations` (GeoJSON) or `vessels` (an array), or a recorded stream.

    Of a join of both that tells only when it was collected, the identities are read, and no position.
    """
    if digitraffic_mqtt.is_recording(member):
        return digitraffic_mqtt.stage(con, member, mapping)

    collected_ms: int | None = None

    def unpack(data: Any) -> list[Any]:
        nonlocal collected_ms
        if isinstance(data, dict) and isinstance(data.get("vessels"), list) and "timestamp" in data:
            collected_at = moment(data.get("timestamp"))
            if collected_at is None:
                raise TransshipError(f"{member.label}: field 'timestamp' says no time of collection")
            collected_ms = int(collected_at.replace(tzinfo=UTC).timestamp()) * 1000
            return list(data["vessels"])
        features = data.get("features") if isinstance(data, dict) else data
        if not isinstance(features, list):
            raise TransshipError(f"{member.label}: field 'features' is missing; not an answer of Digitraffic")
        return features

    found, n_unreadable = objects.read(member, unpack)
    if collected_ms is not None:
        objects.table(con, member, [{**entry, "collected_ms": collected_ms} for entry in found], JOINED)
    else:
        is_locations = any("geometry" in entry for entry in found)
        objects.table(con, member, found, LOCATIONS if is_locations else VESSELS)
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {sql.read('staging/digitraffic')}")
    return Staged(n_unreadable=n_unreadable)
