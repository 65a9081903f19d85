"""What others saw of ships (Global Fishing Watch, port authorities): read from the lake, given our ids.

Their visits become port calls beside our own (sql/events/port_calls.sql); docs/gfw.md tells how.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from pipeline.engine import literal
from pipeline.home import Home
from pipeline.sources.sightings import TABLES

EPOCH = date(1970, 1, 1)
# Made from what `read` leaves; the first before ships are told apart by IMO number, the others after.
VISITS = "events/witness_visits"
SHIPS = ("events/witness_ships", "events/ship_names", "events/told_calls")


def read(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    manifests: Sequence[Mapping[str, Any]],
    *,
    is_commercial: bool = False,
) -> None:
    """Make `said_visits`, `said_events`, `said_identities` and `asked_days` (kind, day) from the lake.

    With `is_commercial` nothing comes in whose licence forbids commercial use.
    """
    for name, columns in TABLES.items():
        paths = sorted(
            str(home.lake / manifest["tables"][name])
            for manifest in manifests
            if name in manifest.get("tables", {})
        )
        if paths:
            listed = ", ".join(literal(path) for path in paths)
            only = " WHERE NOT is_noncommercial" if is_commercial else ""
            query = f"SELECT {', '.join(columns)} FROM read_parquet([{listed}]){only}"
        else:
            nulls = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in columns.items())
            query = f"SELECT {nulls} LIMIT 0"
        con.execute(f"CREATE OR REPLACE TEMP TABLE said_{name} AS {query}")
    asked(con, [] if is_commercial else manifests)


def asked(con: duckdb.DuckDBPyConnection, manifests: Sequence[Mapping[str, Any]]) -> None:
    """Make `asked_days`: the days on which each kind of event was asked about near all hubs."""
    days: set[tuple[str, int]] = set()
    for manifest in manifests:
        question = manifest.get("asked") or {}
        if question.get("kind") and not question.get("ids"):
            first, last = (
                (date.fromisoformat(question[name]) - EPOCH).days for name in ("window_from", "window_to")
            )
            days.update((str(question["kind"]), day) for day in range(first, last + 1))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE asked_days AS SELECT unnest($1::VARCHAR[]) AS kind,"
        " unnest($2::BIGINT[]) AS day",
        [[kind for kind, _ in sorted(days)], [day for _, day in sorted(days)]],
    )
