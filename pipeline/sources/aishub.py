"""AISHub: positions and ships of an exchange of receivers, for who feeds it."""

from collections.abc import Mapping
from typing import Any

import duckdb

import sql
from pipeline.errors import TransshipError
from pipeline.sources import objects
from pipeline.sources.base import Member, Source, Staged
from pipeline.sources.objects import ANGLE, TIME, Field

SOURCE = Source(
    key="aishub",
    title="AISHub",
    coverage="coasts of all the world, where members have receivers",
    delay="live; no archive, so a history is what was polled",
    licence="for members of AISHub only",
    attribution="Data provided by AISHub (www.aishub.net)",
    key_variables=("AISHUB_USERNAME",),
    good_for="the hubs: Morocco and Gibraltar, the Turkish straits; for who feeds it with a receiver",
    blind_to="the open sea and every coast without a member; a poll sees a ship's last position only",
)

FIELDS = {
    "mmsi": Field("/MMSI", "BIGINT", is_required=True),
    "time": Field("/TIME", TIME, is_required=True),
    "lat": Field("/LATITUDE", ANGLE, is_required=True),
    "lon": Field("/LONGITUDE", ANGLE, is_required=True),
    "sog_kn": Field("/SOG", "REAL"),
    "cog_deg": Field("/COG", "REAL"),
    "heading_deg": Field("/HEADING", "REAL"),
    "nav_status": Field("/NAVSTAT", "INTEGER"),
    "imo": Field("/IMO"),
    "name": Field("/NAME"),
    "callsign": Field("/CALLSIGN"),
    "ship_type": Field("/TYPE"),
    "to_bow_m": Field("/A", "DOUBLE"),
    "to_stern_m": Field("/B", "DOUBLE"),
    "to_port_m": Field("/C", "DOUBLE"),
    "to_starboard_m": Field("/D", "DOUBLE"),
    "draught_m": Field("/DRAUGHT", "DOUBLE"),
    "destination": Field("/DEST"),
}


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of an answer in the form that is asked for (format=1)."""

    def unpack(data: Any) -> list[Any]:
        head = data[0] if isinstance(data, list) and len(data) == 2 else None
        if not isinstance(head, dict) or "FORMAT" not in head or not isinstance(data[1], list):
            raise TransshipError(f"{member.label}: field 'FORMAT' is missing; not an answer of AISHub")
        if head["FORMAT"] != "HUMAN":
            raise TransshipError(f"{member.label}: field 'FORMAT' is {head['FORMAT']!r}; ask with format=1")
        return data[1]

    ships, n_unreadable = objects.read(member, unpack)
    objects.table(con, member, ships, FIELDS)
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {sql.read('staging/aishub')}")
    return Staged(n_unreadable=n_unreadable)
