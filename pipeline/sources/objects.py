"""JSON answers as a table: an array, an object that holds one, one object a line, or server-sent events.

`table` makes `raw` of the objects, one typed column a field. A field that is read and that no object has, or
that none has in its type, means that the source's form changed: an error that names it.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.engine import literal
from pipeline.errors import TransshipError
from pipeline.sources.base import Member, first_line, pattern

TIME = "TIMESTAMP"
# Go writes the zone apart, and twice: 2026-07-12 12:00:00.5 +0000 UTC.
ONE_ZONE = r"regexp_replace({x}, '^(\S+) (\S+) ([+-]\d\d):?(\d\d)\b.*$', '\1 \2\3:\4')"
# Text with an offset or Z becomes UTC; a number that is no number of its type is none.
CASTS = {TIME: f"CAST(TRY_CAST({ONE_ZONE} AS TIMESTAMPTZ) AS TIMESTAMP)", "VARCHAR": "{x}"}
# Wider than any angle, so that nonsense is told as a bad position and not as a missing one.
ANGLE = "DECIMAL(9,6)"


@dataclass(frozen=True)
class Field:
    """A field of the objects: where it stands (a JSON pointer), its type, and whether all forms have it."""

    pointer: str
    type: str = "VARCHAR"
    is_required: bool = False


def read(member: Member, unpack: Callable[[Any], list[Any]] | None = None) -> tuple[list[Any], int]:
    """The objects of a file (plain or gzip), and how many pieces of it were none.

    `unpack` takes the one JSON value of a file to its list; without it an array is the list.
    """
    try:
        body = member.path.read_bytes()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise TransshipError(f"{member.label}: damaged or cut short ({error}); fetch it again") from error
    text = body.decode("utf-8-sig", "replace")
    if text.startswith("HTTP/"):
        # A recorded answer, with its head.
        text = text.replace("\r\n", "\n").partition("\n\n")[2]
    try:
        found = _parsed(text)
    except ValueError:
        return _lines(member, text)
    entries = unpack(found) if unpack else found if isinstance(found, list) else [found]
    objects = [entry for entry in entries if isinstance(entry, dict)]
    return objects, len(entries) - len(objects)


def _lines(member: Member, text: str) -> tuple[list[Any], int]:
    """One object a line, or server-sent events; a cut last line is normal in a stream, and is counted."""
    objects, n_unreadable = [], 0
    for line in text.splitlines():
        piece = line.removeprefix("data:").strip()
        if not piece or piece.startswith(":"):
            continue
        try:
            entry = _parsed(piece)
        except ValueError:
            entry = None
        if isinstance(entry, dict):
            objects.append(entry)
        else:
            n_unreadable += 1
    if not objects:
        raise TransshipError(f"{member.label}: no JSON; it begins {text[:60]!r}")
    return objects, n_unreadable


def _parsed(text: str) -> Any:
    # NaN and Infinity are no JSON, though Python writes and reads them.
    return json.loads(text, parse_constant=lambda word: None)


def table(
    con: duckdb.DuckDBPyConnection, member: Member, objects: list[Any], fields: Mapping[str, Field]
) -> None:
    """Make the table `raw` with a column for each field. Raises TransshipError where the form changed."""
    # Half of a surrogate pair, which JSON can write, is no text.
    texts = [json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace").decode() for entry in objects]
    con.execute("CREATE OR REPLACE TEMP TABLE objects AS SELECT unnest($1::VARCHAR[]) AS json", [texts])
    typed(con, member, fields)


def lines(con: duckdb.DuckDBPyConnection, member: Member, json_of: str = "json") -> int:
    """Make the view `objects` of a recorded stream, one object a line (or an array), read as the engine goes.

    An hour of a stream is too large for Python's objects. `json_of` is an SQL expression over `json`.
    Returns the number of lines that are no JSON object.
    """
    kind = "array" if first_line(con, member).lstrip().startswith("[") else "newline_delimited"
    if kind == "array" and member.line is not None:
        raise TransshipError(f"{member.label}: too little disk to unpack it to; unpack the zip yourself")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE recorded AS SELECT json FROM read_json_objects("
        f"{literal(pattern(member.path))}, format = '{kind}', ignore_errors = {kind != 'array'})"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW objects AS SELECT {json_of} AS json FROM recorded "
        "WHERE json_type(json) = 'OBJECT'"
    )
    (n_unreadable,) = con.execute(
        "SELECT count(*) FROM recorded WHERE json IS NULL OR json_type(json) <> 'OBJECT'"
    ).fetchone() or (0,)
    return int(n_unreadable)


def typed(con: duckdb.DuckDBPyConnection, member: Member, fields: Mapping[str, Field]) -> None:
    """Make the table `raw` of the JSON in `objects`. Raises TransshipError where the form changed."""
    # All pointers at once, so that each object is parsed once.
    pointers = ", ".join(literal(field.pointer) for field in fields.values())
    con.execute(
        "CREATE OR REPLACE TEMP TABLE texts AS "
        f"SELECT json_extract_string(json, [{pointers}]) AS said FROM objects"
    )
    columns = {name: f"said[{place}]" for place, name in enumerate(fields, start=1)}
    casts = {
        name: CASTS.get(field.type, f"TRY_CAST({{x}} AS {field.type})").format(x=columns[name])
        for name, field in fields.items()
    }
    selected = ", ".join(f'{cast} AS "{name}"' for name, cast in casts.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {selected} FROM texts")
    counts = con.execute(
        "SELECT count(*), "
        + ", ".join(f"count({column}), count({casts[name]})" for name, column in columns.items())
        + " FROM texts"
    ).fetchone()
    con.execute("DROP TABLE texts")
    if counts is None or not counts[0]:
        return
    for place, field in enumerate(fields.values()):
        n_there, n_typed = counts[2 * place + 1 : 2 * place + 3]
        said = field.pointer.rsplit("/", 1)[-1]
        if field.is_required and not n_there:
            raise TransshipError(
                f"{member.label}: field {said!r} is missing in all {counts[0]} objects; the form changed"
            )
        if n_there and not n_typed:
            raise TransshipError(
                f"{member.label}: field {said!r} is no {_words(field.type)} in any object; the form changed"
            )


def _words(kind: str) -> str:
    return "time" if kind == TIME else "text" if kind == "VARCHAR" else "number"
