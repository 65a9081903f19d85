"""Ships against the sanctions lists that were fetched: by IMO number, MMSI, and by name as a lead.

Reads `raw/` of the lists and `work/events.duckdb`, writes `work/screening.duckdb` whole. The rules stand in
docs/screening.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from pipeline import runs
from pipeline.engine import connect, create, explain_engine_error, literal
from pipeline.errors import TransshipError
from pipeline.files import make_folder, replacing
from pipeline.home import Home
from pipeline.progress import Progress, Quiet
from pipeline.screening import LISTS, Copy, Entry, copies
from pipeline.screening.names import alike, comparable
from pipeline.settings import Settings

# What screening reads of the events.
READ = ("vessels", "vessel_identities")
# Lists that hold a ship once for each list they were made from.
UNRESOLVED = {"opensanctions"}
ENTRIES = {
    "list": "VARCHAR", "entity_id": "VARCHAR", "entity_name": "VARCHAR", "listed_on": "DATE",
    "program": "VARCHAR", "reason": "VARCHAR", "legal_point": "VARCHAR", "is_sanction": "BOOLEAN",
    "topics": "VARCHAR", "datasets": "VARCHAR", "url": "VARCHAR", "file_id": "VARCHAR", "list_date": "DATE",
    "fetched_at": "TIMESTAMP", "is_resolved": "BOOLEAN", "is_noncommercial": "BOOLEAN",
}  # fmt: skip
NUMBERS = {"list": "VARCHAR", "entity_id": "VARCHAR", "kind": "VARCHAR", "number": "BIGINT"}
NAMES = {"list": "VARCHAR", "entity_id": "VARCHAR", "name": "VARCHAR", "comparable": "VARCHAR"}
# The copies that were read; all but the last two as in `source_files`.
COPIES = {
    "source": "VARCHAR", "file_id": "VARCHAR", "url": "VARCHAR", "fetched_at": "TIMESTAMP",
    "sha256": "VARCHAR", "bytes": "BIGINT", "licence": "VARCHAR", "attribution": "VARCHAR",
    "list_date": "DATE", "n_ships": "INTEGER",
}  # fmt: skip


@dataclass(frozen=True)
class ScreenResult:
    """What one run did: ships on each list, ships that match, and that only have a like name, by list."""

    n_ships_listed: Mapping[str, int]
    n_hits: Mapping[str, int]
    n_leads: Mapping[str, int]
    # What to say of each list.
    lines: tuple[str, ...]


def screen(home: Home, settings: Settings, *, progress: Progress | None = None) -> ScreenResult:
    """Hold every ship against the newest copy of each list.

    Raises TransshipError where nothing was detected yet, and Malformed where a list is not in its form: what
    was screened before then stays. With no list fetched there is nothing to do, and `lines` says so.
    """
    found = copies(home)
    if not found and not home.screening.is_file():
        return ScreenResult({}, {}, {}, (_nothing_fetched(),))
    if not home.events.is_file():
        raise TransshipError(f"{home.work} holds no events yet; run `transship detect` first")
    with runs.recorded(home, "screen") as run:
        result = write_hits(home, settings, found, home.screening, progress=progress)
        run.rows_out = sum(result.n_hits.values()) + sum(result.n_leads.values())
    return result


def write_hits(
    home: Home, settings: Settings, lists: Iterable[Copy], target: Path, *, progress: Progress | None = None
) -> ScreenResult:
    """Write to `target` what these copies of lists say of the ships in the home's events."""
    say = progress or Quiet()
    scratch = make_folder(home.work / "scratch")
    with say.task("lists"):
        entries, numbers, names, read = _read(lists)
    with say.task("screening"), replacing(target) as temporary, connect(settings, scratch, temporary) as con:
        _fill(con, "list_copies", COPIES, read)
        _fill(con, "list_entries", ENTRIES, entries)
        _fill(con, "list_numbers", NUMBERS, numbers)
        _fill(con, "list_names", NAMES, names)
        try:
            con.execute(f"ATTACH {literal(str(home.events))} AS events (READ_ONLY)")
            for table in READ:
                con.execute(f"CREATE TEMP TABLE {table} AS FROM events.{table}")
            con.execute("DETACH events")
        except (duckdb.IOException, duckdb.CatalogException) as error:
            raise TransshipError(f"{home.events}: {explain_engine_error(error)}") from error
        match(con, settings)
        result = _counts(con)
        con.execute("CHECKPOINT")
    return replace(result, lines=_told(result, read))


def match(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make `screening_hits` from the ships and the lists that `con` holds."""
    parameters = settings.parameters("screening")
    create(con, "screening/ship_numbers", parameters, temporary=True)
    create(con, "screening/ship_names", parameters, temporary=True)
    sent = {
        str(name): comparable(str(name))
        for (name,) in con.execute("SELECT DISTINCT name FROM ship_names ORDER BY name").fetchall()
    }
    listed = [str(name) for (name,) in con.execute("SELECT DISTINCT comparable FROM list_names").fetchall()]
    pairs = alike(
        listed,
        sent.values(),
        least=settings.screening.name_similarity,
        fuzzy_letters=settings.screening.name_letters,
        threads=settings.engine.threads,
    )
    text = {"name": "VARCHAR", "comparable": "VARCHAR"}
    _fill(con, "comparable_names", text, sent.items(), temporary=True)
    _fill(
        con,
        "alike_names",
        {"listed": "VARCHAR", "sent": "VARCHAR", "similarity": "DOUBLE"},
        pairs,
        temporary=True,
    )
    create(con, "screening/matches", parameters, temporary=True)
    create(con, "screening/screening_hits", parameters)
    # Several entries of one ship say the same thing each.
    for column in ("topics", "datasets"):
        con.execute(f"""
            UPDATE screening_hits SET {column} =
                array_to_string(list_sort(list_distinct(string_split({column}, ';'))), ';')
            WHERE contains({column}, ';')
        """)


def _read(
    lists: Iterable[Copy],
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of list_entries, list_numbers, list_names and list_copies."""
    found: dict[tuple[str, str], tuple[Entry, Copy, Any]] = {}
    read = []
    for copy in lists:
        content = copy.read()
        read.append(
            (
                copy.source,
                copy.file_id,
                *(copy.facts.get(fact) for fact in tuple(COPIES)[2:-2]),
                content.list_date,
                len(content.entries),
            )
        )
        for entry in content.entries:
            key = (copy.source, entry.entity_id)
            if key in found:
                # Two forms of one list: the first tells the ship, the second the day that only it knows.
                first, *rest = found[key]
                found[key] = (replace(first, listed_on=first.listed_on or entry.listed_on), *rest)
            else:
                found[key] = (entry, copy, content.list_date)
    entries, numbers, names = [], [], []
    for (source, entity_id), (entry, copy, list_date) in sorted(found.items(), key=lambda item: item[0]):
        entries.append(
            (
                source, entity_id, entry.name, entry.listed_on, entry.program, entry.reason,
                entry.legal_point, entry.is_sanction, entry.topics, entry.datasets, entry.url,
                copy.file_id, list_date, copy.facts.get("fetched_at"), source not in UNRESOLVED,
                copy.is_noncommercial,
            )
        )  # fmt: skip
        numbers += [(source, entity_id, "imo", number) for number in entry.imos]
        numbers += [(source, entity_id, "mmsi", number) for number in entry.mmsis]
        names += [(source, entity_id, name, comparable(name)) for name in (entry.name, *entry.names)]
    return entries, numbers, names, read


def _fill(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    rows: Iterable[tuple[Any, ...]],
    *,
    temporary: bool = False,
) -> None:
    """Make a table of these rows."""
    con.register("frame", pd.DataFrame(list(rows), columns=list(columns), dtype=object))
    casts = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns.items())
    con.execute(f"CREATE OR REPLACE {'TEMP ' if temporary else ''}TABLE {table} AS SELECT {casts} FROM frame")
    con.unregister("frame")


def _counts(con: duckdb.DuckDBPyConnection) -> ScreenResult:
    rows = con.execute("""
        SELECT list, count(DISTINCT vessel_id) FILTER (WHERE NOT is_lead),
            count(DISTINCT vessel_id) FILTER (WHERE is_lead)
        FROM screening_hits GROUP BY list ORDER BY list
    """).fetchall()
    listed = con.execute("SELECT list, count(*) FROM list_entries GROUP BY list ORDER BY list").fetchall()
    return ScreenResult(
        {str(name): int(n) for name, n in listed},
        {str(name): int(hits) for name, hits, _ in rows},
        {str(name): int(leads) for name, _, leads in rows},
        (),
    )


def _told(result: ScreenResult, read: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """One line a list: its copy, how many ships it names and how many of ours match."""
    if not read:
        return (_nothing_fetched(),)
    lines = []
    for source in dict.fromkeys(row[0] for row in read):
        fetched = max(str(row[3] or "") for row in read if row[0] == source)[:10]
        lines.append(
            f"{source}: {result.n_ships_listed.get(source, 0):,} ships on the copy of {fetched};"
            f" {result.n_hits.get(source, 0):,} of ours match,"
            f" {result.n_leads.get(source, 0):,} only have a name like one of theirs"
        )
    return tuple(lines)


def _nothing_fetched() -> str:
    return f"no list was fetched yet: `transship fetch SOURCE`, SOURCE one of {', '.join(LISTS)}"
