"""Any CSV, JSON lines or Parquet, by a mapping that says how each shared column follows from the file's."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipeline.engine import literal
from pipeline.errors import TransshipError, UsageError
from pipeline.sources.base import Member, Source, Staged, csv_view, first_line, pattern, split_header

SOURCE = Source(
    key="table",
    title="any CSV, JSON lines or Parquet of positions, with a mapping",
    coverage="what the file covers",
    delay="none",
    licence="the owner's",
    attribution="the owner of the file",
    key_variables=(),
    good_for="what an investigator was given or has bought",
    blind_to="what is not in the file",
)

REQUIRED = ("mmsi", "time", "lat", "lon")
# A canonical column of a mapping: its name in the lake, and how its expression `{x}` becomes that.
SHARED = {
    "mmsi": ("mmsi", "TRY_CAST({x} AS BIGINT)"),
    # Text with Z or an offset, a time with a zone or without: all become UTC.
    "time": ("time", "CAST(TRY_CAST({x} AS TIMESTAMPTZ) AS TIMESTAMP)"),
    "lat": ("lat", "{angle}"),
    "lon": ("lon", "{angle}"),
    "sog": ("sog_kn", "CAST({number} AS REAL)"),
    "cog": ("cog_deg", "CAST({number} AS REAL)"),
    "heading": ("heading_deg", "CAST({number} AS REAL)"),
    "nav_status": ("nav_status", "TRY_CAST(round({number}) AS INTEGER)"),
    "imo": ("imo", "CAST({x} AS VARCHAR)"),
    "name": ("name", "CAST({x} AS VARCHAR)"),
    "callsign": ("callsign", "CAST({x} AS VARCHAR)"),
    "ship_type": ("ship_type", "CAST({x} AS VARCHAR)"),
    "length": ("length_m", "{number}"),
    "width": ("width_m", "{number}"),
    "draught": ("draught_m", "{number}"),
    "destination": ("destination", "CAST({x} AS VARCHAR)"),
}
NUMBER = "(CASE WHEN isfinite(TRY_CAST({x} AS DOUBLE)) THEN TRY_CAST({x} AS DOUBLE) END)"
# What is no angle at all is kept within the type's range, and is told as bad_position.
ANGLE = (
    "CAST(CASE WHEN abs({number}) < 999 THEN {number} WHEN {number} IS NOT NULL THEN 999 END AS DECIMAL(9,6))"
)
TEXT = {"imo", "name", "callsign", "ship_type", "destination"}
OPTIONS = {"delimiter", "null_words", "source"}
NULL_WORDS = ("", "NULL", "None")
DELIMITERS = (",", ";", "\t", "|")
PARTITION = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
INTEGER = r"^\s*[+-]?[0-9]{1,18}\s*$"
DECIMAL = r"^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?\s*$"


def read_mapping(path: Path | None) -> dict[str, Any]:
    """A mapping file, checked: {'columns': {shared name: SQL expression}, 'options': {...}}."""
    if path is None:
        raise UsageError("ingest table needs --map MAP.toml, which says what the file's columns mean")
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TransshipError(f"{path}: the mapping cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TransshipError(f"{path}: not TOML: {error}") from error
    columns, options = mapping.get("columns", {}), mapping.get("options", {})
    _refuse_unknown(path, mapping, {"columns", "options"}, "table")
    for name, table in (("columns", columns), ("options", options)):
        if not isinstance(table, dict):
            raise TransshipError(f"{path}: [{name}] must be a table")
    _refuse_unknown(path, columns, set(SHARED), "column")
    _refuse_unknown(path, options, OPTIONS, "option")
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise TransshipError(f"{path}: [columns] lacks {', '.join(missing)}")
    for name, expression in columns.items():
        _check_expression(path, name, expression)
    _check_options(path, options)
    return {"columns": columns, "options": options}


def _refuse_unknown(path: Path, given: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise TransshipError(
            f"{path}: unknown {what} {', '.join(unknown)}; there are: {', '.join(sorted(known))}"
        )


def _check_options(path: Path, options: Mapping[str, Any]) -> None:
    delimiter, words, source = (options.get(name) for name in ("delimiter", "null_words", "source"))
    if delimiter is not None and (not isinstance(delimiter, str) or not 1 <= len(delimiter) <= 4):
        raise TransshipError(f"{path}: options.delimiter must be one character, not {delimiter!r}")
    if words is not None and not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
        raise TransshipError(f"{path}: options.null_words must be a list of texts, not {words!r}")
    if source is not None and not (isinstance(source, str) and PARTITION.fullmatch(source)):
        raise TransshipError(
            f"{path}: options.source must be a short name of a-z, 0-9, '-' and '_', not {source!r}"
        )


def _check_expression(path: Path, name: str, expression: object) -> None:
    """One SQL expression over the file's columns, and nothing that reads elsewhere."""
    if not isinstance(expression, str) or not expression.strip():
        raise TransshipError(
            f"{path}: columns.{name} must be an SQL expression in quotes, not {expression!r}"
        )
    with duckdb.connect() as con:
        (text,) = con.execute("SELECT json_serialize_sql($1)", [f"SELECT {expression}"]).fetchone() or ("{}",)
    parsed = json.loads(text)
    if parsed.get("error", True):
        raise TransshipError(
            f"{path}: columns.{name}: {' '.join(str(parsed.get('error_message')).split())[:200]}"
        )
    statements = [statement["node"] for statement in parsed["statements"]]
    if len(statements) != 1 or not _is_bare_expression(statements[0]) or '"SUBQUERY"' in text:
        raise TransshipError(f"{path}: columns.{name} must be one expression over the file's own columns")


def _is_bare_expression(node: Mapping[str, Any]) -> bool:
    return bool(
        node["type"] == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["modifiers"]
        and not node["cte_map"]["map"]
        and all(
            not node[part] for part in ("where_clause", "group_expressions", "having", "qualify", "sample")
        )
    )


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of a table, whatever its kind: the first bytes tell."""
    if member.line is not None:
        raise TransshipError(f"{member.label}: too little disk to unpack it to; unpack the zip yourself")
    path = member.path
    columns: Mapping[str, str] = mapping["columns"]
    n_unreadable = 0
    if _is_parquet(path):
        con.execute(f"CREATE OR REPLACE TEMP VIEW raw AS FROM read_parquet({literal(pattern(path))})")
    else:
        line = first_line(con, member)
        words = (*NULL_WORDS, *mapping["options"].get("null_words", ()))
        if line.lstrip().startswith("{"):
            n_unreadable = _json_view(con, path, columns, words)
        else:
            _csv_view(con, path, line, mapping["options"].get("delimiter"), columns, words)
    try:
        names = [*(shared for shared, _ in SHARED.values()), "reject_reason"]
        # Named from outside, so that no expression can take another's result for a column of the file.
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW staged AS FROM (SELECT {', '.join(_selected(columns))} FROM raw) "
            f"AS mapped({', '.join(names)})"
        )
        con.execute("EXPLAIN FROM staged")
    except duckdb.Error as error:
        raise TransshipError(f"{member.label}: the mapping does not fit it: {_first_line(error)}") from error
    return Staged(checks_country=False, n_unreadable=n_unreadable)


def _selected(columns: Mapping[str, str]) -> list[str]:
    """Each shared column from its expression; one that fails on a row gives null there."""
    selected = []
    for name, (_, conversion) in SHARED.items():
        if name in columns:
            # On a line of its own, since an expression may end in a comment.
            tried = f"TRY({columns[name]}\n)"
            number = NUMBER.format(x=tried)
            made = conversion.format(x=tried, number=number, angle=ANGLE.format(number=number))
        else:
            made = "CAST(NULL AS VARCHAR)" if name in TEXT else "CAST(NULL AS DOUBLE)"
        selected.append(made)
    return [*selected, "CAST(NULL AS VARCHAR)"]


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def _used(name: str, columns: Mapping[str, str]) -> bool:
    """Whether an expression may speak of this column of the file; the others need no type."""
    return any(name.lower() in expression.lower() for expression in columns.values())


def _csv_view(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    line: str,
    delimiter: str | None,
    columns: Mapping[str, str],
    null_words: tuple[str, ...],
) -> None:
    """`raw` over a CSV, each used column BIGINT, DOUBLE or text by what the whole file holds."""
    delimiter = delimiter or max(DELIMITERS, key=lambda mark: (line.count(mark), -DELIMITERS.index(mark)))
    names: list[str] = []
    for place, name in enumerate(split_header(line, delimiter)):
        # An index column often has no name; two columns may have one.
        plain = name or f"column{place}"
        names.append(plain if plain.lower() not in {other.lower() for other in names} else f"{plain}_{place}")
    used = [name for name in names if _used(name, columns)]
    csv_view(con, path, names, {}, null_words=null_words, delimiter=delimiter, keep_errors=False)
    types = _sniffed(con, used)
    csv_view(con, path, names, types, null_words=null_words, delimiter=delimiter)


def _json_view(
    con: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, str], null_words: tuple[str, ...]
) -> int:
    """`raw` over JSON lines, one column a key; returns the number of lines that are no JSON object."""
    con.execute(
        "CREATE OR REPLACE TEMP VIEW objects AS SELECT json FROM read_json_objects("
        f"{literal(pattern(path))}, format = 'newline_delimited', ignore_errors = true)"
    )
    (n_unreadable,) = con.execute(
        "SELECT count(*) FROM objects WHERE json IS NULL OR json_type(json) <> 'OBJECT'"
    ).fetchone() or (0,)
    keys = con.execute(
        "SELECT DISTINCT unnest(json_keys(json)) AS key FROM objects "
        "WHERE json_type(json) = 'OBJECT' ORDER BY key"
    ).fetchall()
    names = [str(row[0]) for row in keys]
    nulls = ", ".join(literal(word) for word in null_words)

    def view(types: Mapping[str, str]) -> None:
        selected = []
        for name in names:
            pointer = "/" + name.replace("~", "~0").replace("/", "~1")
            text = f"json_extract_string(json, {literal(pointer)})"
            value = f"(CASE WHEN {text} NOT IN ({nulls}) THEN {text} END)"
            selected.append(
                f'CAST({value} AS {types.get(name, "VARCHAR")}) AS "{name.replace(chr(34), chr(34) * 2)}"'
            )
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW raw AS SELECT {', '.join(selected)} FROM objects "
            "WHERE json_type(json) = 'OBJECT'"
        )

    view({})
    view(_sniffed(con, [name for name in names if _used(name, columns)]))
    return int(n_unreadable)


def _sniffed(con: duckdb.DuckDBPyConnection, names: list[str]) -> dict[str, str]:
    """Which of the text columns of `raw` hold integers or decimals only, by one pass over the whole file."""
    if not names:
        return {}
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    tests = ", ".join(
        f"bool_and(regexp_matches({name}, {literal(pattern)}))"
        for name in quoted
        for pattern in (INTEGER, DECIMAL)
    )
    row = con.execute(f"SELECT {tests} FROM raw").fetchone() or ()
    types = {}
    for place, name in enumerate(names):
        if row[2 * place]:
            types[name] = "BIGINT"
        elif row[2 * place + 1]:
            types[name] = "DOUBLE"
    return types


def _first_line(error: duckdb.Error) -> str:
    return " ".join(str(error).split("\n\n", maxsplit=1)[0].split())[:300]
