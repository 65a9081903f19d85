"""DuckDB as every step uses it: UTC, bounded memory, and the project's SQL files run by name."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

import sql
from pipeline.errors import TransshipError
from pipeline.settings import Settings

PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")
COMMENT = re.compile(r"--[^\n]*")


def connect(settings: Settings, scratch: Path, database: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection (in memory, or to `database`) that spills to `scratch` and never loads extensions."""
    try:
        con = duckdb.connect(str(database) if database else ":memory:")
    except duckdb.IOException as error:
        raise TransshipError(f"{database}: {explain_engine_error(error)}") from error
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET enable_progress_bar = false")
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET autoload_known_extensions = false")
    con.execute(f"SET memory_limit = '{settings.engine.memory_gb}GB'")
    con.execute(f"SET temp_directory = {literal(str(scratch))}")
    if settings.engine.threads:
        con.execute(f"SET threads = {settings.engine.threads}")
    return con


def explain_engine_error(error: Exception) -> str:
    """DuckDB's error as one line that says what to do, where that is known."""
    text = str(error)
    if "No space left on device" in text or "not enough space" in text.lower():
        return "the disk is full; free some space and run the same command again (what was stored is whole)"
    if "Could not set lock" in text or "Conflicting lock" in text:
        return "another transship is at work in this home folder; wait until it has ended"
    return text.splitlines()[0] if text else type(error).__name__


def literal(text: str) -> str:
    """A text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def parameters_in(query: str) -> set[str]:
    """The names of the `$parameters` a query uses, comments left out."""
    return set(PARAMETER.findall(COMMENT.sub("", query)))


def create(
    con: duckdb.DuckDBPyConnection,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    table: str | None = None,
    *,
    temporary: bool = False,
) -> int:
    """Run `sql/<name>.sql` into the table of the same last name (or `table`); returns its number of rows."""
    target = table or name.rsplit("/", 1)[-1]
    query = sql.read(name)
    wanted = parameters_in(query)
    given = {key: value for key, value in (parameters or {}).items() if key in wanted}
    missing = wanted - set(given)
    if missing:
        raise KeyError(f"sql/{name}.sql needs the parameters {sorted(missing)}")
    try:
        kind = "TEMP TABLE" if temporary else "TABLE"
        con.execute(f'CREATE OR REPLACE {kind} "{target}" AS {query}', given)
    except duckdb.OutOfMemoryException as error:
        raise TransshipError(
            f"not enough memory for {target}: raise engine.memory_gb or read fewer days at a time"
        ) from error
    (n_rows,) = con.execute(f'SELECT count(*) FROM "{target}"').fetchone() or (0,)
    return int(n_rows)


def create_from_rows(
    con: duckdb.DuckDBPyConnection,
    table: str,
    rows: Sequence[tuple[object, ...]] | pd.DataFrame,
    types: Mapping[str, Any],
) -> None:
    """A temporary table of Python values, columns by name and type (int, float, str); None, NaN are null."""
    frames = {int: "Int64", float: "float64", str: "object"}
    engines = {int: "BIGINT", float: "DOUBLE", str: "VARCHAR"}
    con.register(
        "rows_given",
        pd.DataFrame(rows, columns=list(types)).astype({name: frames[kind] for name, kind in types.items()}),
    )
    chosen = ", ".join(
        f"CAST({f'CASE WHEN NOT isnan({name}) THEN {name} END' if kind is float else name}"
        f" AS {engines[kind]}) AS {name}"
        for name, kind in types.items()
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {chosen} FROM rows_given")
    con.unregister("rows_given")
