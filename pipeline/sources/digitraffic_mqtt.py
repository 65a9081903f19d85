"""Digitraffic's MQTT messages as `transship collect digitraffic` records them; the topic has the MMSI."""

from collections.abc import Mapping
from typing import Any

import duckdb

import sql
from pipeline.sources import objects
from pipeline.sources.base import Member, Staged
from pipeline.sources.objects import ANGLE, Field

ENDINGS = (".jsonl", ".ndjson")
# The names differ from those of the service's other answers. Location and metadata fill the same columns.
FIELDS = {
    "topic": Field("/topic", is_required=True),
    "time_s": Field("/payload/time", "BIGINT"),
    "time_ms": Field("/payload/timestamp", "BIGINT"),
    "lat": Field("/payload/lat", ANGLE),
    "lon": Field("/payload/lon", ANGLE),
    "sog_kn": Field("/payload/sog", "REAL"),
    "cog_deg": Field("/payload/cog", "REAL"),
    "heading_deg": Field("/payload/heading", "REAL"),
    "nav_status": Field("/payload/navStat", "INTEGER"),
    "imo": Field("/payload/imo"),
    "name": Field("/payload/name"),
    "callsign": Field("/payload/callSign"),
    "ship_type": Field("/payload/type"),
    "draught_dm": Field("/payload/draught", "DOUBLE"),
    "destination": Field("/payload/destination"),
    "to_bow_m": Field("/payload/refA", "DOUBLE"),
    "to_stern_m": Field("/payload/refB", "DOUBLE"),
    "to_port_m": Field("/payload/refC", "DOUBLE"),
    "to_starboard_m": Field("/payload/refD", "DOUBLE"),
}


def is_recording(member: Member) -> bool:
    """Whether a file is a recorded stream, and not an answer of the service."""
    return any(ending in ENDINGS for ending in member.path.suffixes)


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of recorded messages, one a line."""
    n_unreadable = objects.lines(con, member)
    objects.typed(con, member, FIELDS)
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {sql.read('staging/digitraffic_mqtt')}")
    return Staged(n_unreadable=n_unreadable)
