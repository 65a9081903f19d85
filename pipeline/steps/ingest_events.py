"""Files of sources that give events into the lake: one Parquet a table of a file, then the manifest.

`lake/visits`, `lake/events` and `lake/identities`, each by source; columns in pipeline/sources/sightings.py.
An answer without entries is read like any other: that nothing happened is knowledge too.
"""

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline.engine import literal
from pipeline.errors import TransshipError
from pipeline.files import remove, replacing, write_checksum, write_text
from pipeline.home import Home
from pipeline.sources.base import Member, Source
from pipeline.sources.sightings import TABLES, Reader, Row, is_noncommercial

# What a fetch says of its question, for the comparison with our own events.
ASKED = ("kind", "window_from", "window_to", "ids")


def read_file(
    path: Path,
    facts: Mapping[str, Any],
    home: Home,
    source: Source,
    reader: Reader,
    now: datetime,
) -> dict[str, Any]:
    """Read one file with `reader` and return its manifest.

    `facts` are those of the file (path, sha256, bytes, url, licence, ...). Raises TransshipError with one
    line; then nothing was stored.
    """
    facts = {"url": None, "licence": source.licence, "attribution": source.attribution, **facts}
    reading = reader(Member(str(path), path, None), now)
    stamped = {"is_noncommercial": is_noncommercial(facts["licence"]), "file_id": facts["file_id"]}
    manifest = {
        **facts,
        "source": source.key,
        "mapping_sha256": "",
        "n_rows": reading.n_rows,
        "n_kept": reading.n_kept,
        "n_rejected": reading.n_rows - reading.n_kept,
        "first_at": _text(reading.first_at),
        "last_at": _text(reading.last_at),
        "rejected": [
            {"reason": reason, "n_rows": n_rows, "example": reading.examples[reason]}
            for reason, n_rows in sorted(reading.rejected.items())
        ],
        "positions": {},
        "statics": {},
        "asked": _asked(path),
    }
    _store(home, manifest, {name: rows for name, rows in reading.rows.items() if rows}, stamped)
    return manifest


def _asked(path: Path) -> dict[str, Any]:
    """What was asked for, from beside a raw file; empty for other files."""
    try:
        beside = json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: beside[name] for name in ASKED if isinstance(beside, dict) and name in beside}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else str(moment)


def _store(home: Home, manifest: dict[str, Any], tables: Mapping[str, list[Row]], stamped: Row) -> None:
    placed: list[Path] = []
    manifest["tables"] = {}
    try:
        with closing(duckdb.connect()) as con:
            for name, rows in tables.items():
                target = home.lake / name / f"source={manifest['source']}" / f"{manifest['file_id']}.parquet"
                with replacing(target) as temporary:
                    _write(con, name, [{**row, **stamped} for row in rows], temporary)
                placed.append(target)
                write_checksum(target)
                manifest["tables"][name] = target.relative_to(home.lake).as_posix()
        write_text(
            home.manifests / f"{manifest['file_id']}.json",
            json.dumps(manifest, indent=1, ensure_ascii=False) + "\n",
        )
    except (TransshipError, duckdb.Error) as error:
        for target in placed:
            remove(target)
            remove(target.with_name(target.name + ".sha256"))
        if isinstance(error, TransshipError):
            raise
        raise TransshipError(f"{manifest['path']}: cannot be stored: {str(error).splitlines()[0]}") from error


def _write(con: duckdb.DuckDBPyConnection, name: str, rows: list[Row], target: Path) -> None:
    """The rows as Parquet, sorted by all columns, so that the same rows are the same file."""
    columns = TABLES[name]
    lists = ", ".join(
        f"unnest(${n}::{_carried(kind)}[]) AS {c}" for n, (c, kind) in enumerate(columns.items(), 1)
    )
    casts = ", ".join(f"CAST({c} AS {kind}) AS {c}" for c, kind in columns.items())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE filled AS SELECT {casts} FROM (SELECT {lists})",
        [[row.get(column) for row in rows] for column in columns],
    )
    con.execute(
        f"COPY (SELECT * FROM filled ORDER BY ALL) TO {literal(str(target))}"
        " (FORMAT parquet, COMPRESSION zstd)"
    )


def _carried(kind: str) -> str:
    """Degrees come as doubles and are rounded to six places on the way in."""
    return "DOUBLE" if kind.startswith("DECIMAL") else kind
