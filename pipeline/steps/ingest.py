"""Files of a source into the lake: positions and static reports by UTC day, one manifest a file.

A file is read whole or not at all: its Parquet is made below `work/`, moved into the lake, and counts from
the moment its manifest stands. n_rows = n_kept + n_rejected for every file; docs/reading.md has the reasons.
"""

import errno
import hashlib
import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

import sql
from pipeline import manifests
from pipeline.collecting import STREAMS, holes
from pipeline.collecting.recording import close_left, is_recording
from pipeline.engine import connect, create, literal
from pipeline.errors import TransshipError, UsageError
from pipeline.files import (
    explain_os_error,
    make_folder,
    remove,
    replacing,
    sha256_of,
    sweep_temporaries,
    write_checksum,
    write_text,
)
from pipeline.home import Home
from pipeline.progress import Progress, Quiet
from pipeline.settings import Settings
from pipeline.sources import SOURCES, STAGES, event_reader, table
from pipeline.sources.base import Member, Source, Staged, members, pattern
from pipeline.sources.identity import create_mids
from pipeline.sources.sightings import TABLES
from pipeline.steps import ingest_events
from pipeline.text import plain

# How far a row may lie outside the day its file is named after, or ahead of the clock.
TOLERANCE = timedelta(hours=24)
# Wide enough for any file without a day in its name, narrow enough for arithmetic on timestamps.
EVER = (datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001 (the engine's timestamps have no zone)
MAX_EXAMPLE = 200
KINDS = {"positions": "mmsi, time, lat, lon", "statics": "mmsi, first_at, last_at"}


@dataclass
class IngestResult:
    """What one call of `ingest` did. Rows are those of the files read now, not of files known before."""

    files_read: int = 0
    files_skipped: int = 0
    n_rows: int = 0
    n_kept: int = 0
    n_rejected: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """What is alike for all files of one call: where they go, whose they are, how to read them, the clock."""

    home: Home
    settings: Settings
    source: str
    # The lake's partition: the source, unless a mapping names its own.
    partition: str
    mapping: Mapping[str, Any]
    now: datetime


@dataclass
class _Tally:
    """Counts over the members of one file."""

    n_rows: int = 0
    n_kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None

    def reject(self, reason: str, n_rows: int, example: str) -> None:
        if n_rows:
            self.rejected[reason] += n_rows
            self.n_rows += n_rows
            self.examples.setdefault(reason, plain(example)[:MAX_EXAMPLE])


def utc_now() -> datetime:
    """The clock, in UTC without a zone as the engine has it."""
    return datetime.now(UTC).replace(tzinfo=None)


def ingest(
    home: Home,
    settings: Settings,
    source: str,
    files: Sequence[Path] = (),
    *,
    mapping: Path | None = None,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> IngestResult:
    """Read files of `source` (without any: all in raw/<source>) into the lake; files read before are skipped.

    A file that cannot be read stands in `failures` with one line each, and the others are stored. Raises
    UsageError for an unknown source, TransshipError where the home folder cannot be written.
    """
    if source not in SOURCES:
        raise UsageError(f"unknown source {source!r}; there are: {', '.join(SOURCES)}")
    if mapping is not None and source != table.SOURCE.key:
        raise UsageError(f"--map is for ingest {table.SOURCE.key} only; the form of {source} is known")
    rules = table.read_mapping(mapping) if source == table.SOURCE.key else {}
    progress = progress or Quiet()
    home.create()
    result = IngestResult()
    partition = rules.get("options", {}).get("source", source)
    _sweep(home, partition)
    known = manifests.Known.of(home)
    if not files:
        close_recordings(home, source, progress)
    chosen = list(files) or raw_files(home, source)
    work = Work(home, settings, source, partition, rules, clock())
    with progress.task(f"reading {source}", len(chosen)):
        for path in chosen:
            try:
                manifest = read_file(path, work, known)
            except TransshipError as error:
                result.failures.append(str(error))
            else:
                _add(result, manifest)
                if manifest is not None:
                    known.add(manifest)
                    progress.note(
                        f"{path.name}: {manifest['n_kept']} of {manifest['n_rows']} rows kept, "
                        f"{len(manifest['positions'])} day(s)"
                    )
            progress.advance()
    holes.to_lake(home, source)
    return result


def _add(result: IngestResult, manifest: Mapping[str, Any] | None) -> None:
    if manifest is None:
        result.files_skipped += 1
        return
    result.files_read += 1
    result.n_rows += manifest["n_rows"]
    result.n_kept += manifest["n_kept"]
    result.n_rejected += manifest["n_rejected"]


def _sweep(home: Home, partition: str) -> None:
    """Remove what a killed run left, but nothing of a run that goes on beside this one."""
    for scratch in home.work.glob("ingest-*-*"):
        try:
            os.kill(int(scratch.name.split("-")[1]), 0)
        except (ProcessLookupError, ValueError):
            remove(scratch)
        except PermissionError:
            pass  # another user's, and alive
    for kind in (*KINDS, *TABLES):
        sweep_temporaries(home.lake / kind / f"source={partition}")


def close_recordings(home: Home, source: str, progress: Progress | None = None) -> None:
    """Put what a killed collector of this source left among its raw files."""
    for path in close_left(home, STREAMS[source]) if source in STREAMS else []:
        (progress or Quiet()).note(f"{source}: closed {path.name}, which a killed run had left")


def raw_files(home: Home, source: str) -> list[Path]:
    """The data in raw/<source>, in order, without what stands beside a file: its checksum and its origin."""
    folder = home.raw / source
    found = {path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")}
    return sorted(path for path in found if not _is_beside(path, found))


def _is_beside(path: Path, found: Collection[Path]) -> bool:
    """Whether this is a file's checksum or origin, which appear before the file itself (pipeline.raw)."""
    of = path.with_name(path.stem)
    checksum = of.with_name(f"{of.name}.sha256")
    return path.suffix == ".sha256" or (path.suffix == ".json" and (of in found or checksum in found))


def read_file(path: Path, work: Work, known: manifests.Known) -> dict[str, Any] | None:
    """Read one file into the lake and return its manifest, or None where it was read before.

    Raises TransshipError with one line; then nothing was stored.
    """
    facts = _file_facts(path, work.home, known)
    before = known.by_id.get(facts["file_id"])
    if reader := event_reader(work.source, path.name):
        if before is not None:
            return None
        return ingest_events.read_file(path, facts, work.home, SOURCES[work.source], reader, work.now)
    identity = {"source": work.partition, "mapping_sha256": mapping_digest(work.mapping)}
    if before is not None and all(before.get(name) == value for name, value in identity.items()):
        return None
    scratch = work.home.work / f"ingest-{os.getpid()}-{facts['file_id']}"
    try:
        make_folder(scratch)
        with closing(connect(work.settings, scratch / "spill")) as con, _plain_errors(path, work.home):
            _shut_in(con, path, scratch)
            tally, parts = _read_members(con, path, work, facts["file_id"], scratch)
            if not tally.n_kept and not parts["statics"] and not _may_be_empty(path, work.home):
                raise TransshipError(
                    f"{path}: nothing of its {tally.n_rows} rows can be used{_reasons(tally)}"
                )
            made = _one_file_a_day(con, scratch, parts, tally)
        manifest = _manifest(facts, identity, SOURCES[work.source], tally)
        if before is not None:
            # From here the file counts as not read, until its new manifest stands.
            remove(work.home.manifests / f"{facts['file_id']}.json")
        _store(work.home, manifest, made)
    finally:
        remove(scratch)
    if before is not None:
        _remove_old(work.home, before, manifest)
    return manifest


def _shut_in(con: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> None:
    """Nothing but the file and the scratch folder can be reached, whatever a mapping's expressions say."""
    con.execute(f"SET allowed_paths = [{literal(str(path))}, {literal(pattern(path))}]")
    con.execute(f"SET allowed_directories = [{literal(str(scratch))}, {literal(pattern(scratch))}]")
    con.execute("SET enable_external_access = false")


def mapping_digest(mapping: Mapping[str, Any]) -> str:
    """What a mapping says, as a short text: a file is read anew when it changes."""
    return hashlib.sha256(json.dumps(mapping, sort_keys=True).encode()).hexdigest() if mapping else ""


def _may_be_empty(path: Path, home: Home) -> bool:
    """Whether it is no fault that a file tells nothing of use: an hour of a stream, an answer of a service.

    Their readers refuse another form; an archive's day without one usable row is broken.
    """
    return is_recording(path, home) or _is_answer(path, home)


def _is_answer(path: Path, home: Home) -> bool:
    """Whether this is what a service answered, kept below raw/."""
    return path.suffix == ".json" and path.resolve().is_relative_to(home.raw.resolve())


def _file_id(path: Path, home: Home, sha256: str) -> str:
    """From a file's hash; of an answer also from its name, since two may be the same and are two files."""
    if not _is_answer(path, home):
        return sha256[:16]
    name = path.resolve().relative_to(home.raw.resolve()).as_posix()
    return hashlib.sha256(f"{sha256} {name}".encode()).hexdigest()[:16]


def _file_facts(path: Path, home: Home, known: manifests.Known) -> dict[str, Any]:
    """Size, time and SHA-256; a file known by path, size and time is not read again for its hash."""
    try:
        if path.is_dir():
            raise TransshipError(f"{path}: a folder, not a file; name the files in it")
        status = path.stat()
        if not status.st_size:
            raise TransshipError(f"{path}: the file is empty")
        looks = manifests.looks(path)
        before = known.by_looks.get(looks)
        sha256 = str(before["sha256"]) if before else sha256_of(path)
    except OSError as error:
        raise TransshipError(f"{path}: cannot be read ({error.strerror})") from error
    return {
        "file_id": before["file_id"] if before else _file_id(path, home, sha256),
        "sha256": sha256,
        **dict(zip(("path", "bytes", "mtime_ns"), looks, strict=True)),
        "fetched_at": datetime.fromtimestamp(int(status.st_mtime), UTC).strftime("%Y-%m-%d %H:%M:%S"),
        **_origin(path),
    }


def _origin(path: Path) -> dict[str, Any]:
    """What a fetch left beside a raw file: its address, time and licence. Nothing for other files."""
    beside = path.with_name(path.name + ".json")
    if not beside.is_file():
        return {}
    try:
        origin = json.loads(beside.read_text(encoding="utf-8"))
        return {
            name: origin[name] for name in ("url", "fetched_at", "licence", "attribution") if name in origin
        }
    except (ValueError, TypeError) as error:
        raise TransshipError(f"{beside}: not what a fetch left there; remove it or fetch again") from error


def _read_members(
    con: duckdb.DuckDBPyConnection, path: Path, work: Work, file_id: str, scratch: Path
) -> tuple[_Tally, dict[str, dict[str, list[Path]]]]:
    """Read the file's tables one after the other; returns counts and the Parquet parts by kind and day."""
    tally = _Tally()
    parts: dict[str, dict[str, list[Path]]] = {kind: defaultdict(list) for kind in KINDS}
    with closing(members(path, scratch)) as tables:
        for number, member in enumerate(tables):
            staged = STAGES[work.source](con, member, work.mapping)
            create_mids(con, only_listed=staged.checks_country)
            _view(con, "staging/checked", _bounds(member, work.now))
            _gather(con)
            _count(con, tally, staged)
            for name in ("static_sets", "static_runs", "static_values"):
                create(con, f"staging/{name}")
            create(con, "staging/statics", {"file_id": file_id})
            _view(con, "staging/positions", {"file_id": file_id})
            for kind, order in KINDS.items():
                for day in _days(con, kind):
                    part = scratch / f"{kind}-{day}-{number}.parquet"
                    _copy(con, _of_day(kind, day), order, part)
                    parts[kind][day.isoformat()].append(part)
    return tally, parts


def _gather(con: duckdb.DuckDBPyConnection) -> None:
    """Read the file's text into the table `gathered`, in one scan."""
    # The engine takes a CSV for tens of rows, and would hash all of it in place of the country numbers.
    con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        create(con, "staging/gathered")
    finally:
        con.execute("RESET disabled_optimizers")


def _bounds(member: Member, now: datetime) -> dict[str, datetime]:
    first_at, end_at = EVER
    if member.day is not None:
        start = datetime(member.day.year, member.day.month, member.day.day)  # noqa: DTZ001
        first_at, end_at = start - TOLERANCE, start + timedelta(days=1) + TOLERANCE
    return {"first_at": first_at, "end_at": end_at, "latest_at": now + TOLERANCE}


def _view(con: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, str | datetime]) -> None:
    """Run `sql/<name>.sql` as a view, so that the steps run as one scan; a view takes literals only."""
    query = sql.read(name)
    for key, value in parameters.items():
        given = f"TIMESTAMP {literal(str(value))}" if isinstance(value, datetime) else literal(value)
        query = query.replace(f"${key}", given)
    con.execute(f'CREATE OR REPLACE TEMP VIEW "{name.rsplit("/", 1)[-1]}" AS {query}')


def _count(con: duckdb.DuckDBPyConnection, tally: _Tally, staged: Staged) -> None:
    """Add what the member's rows and the reader's own list of errors say."""
    n_kept, first_at, last_at = con.execute(
        "SELECT count(*), min(time), max(time) FROM gathered WHERE kind = 'report' AND reject_reason IS NULL"
    ).fetchone() or (0, None, None)
    tally.n_rows += n_kept
    tally.n_kept += n_kept
    tally.first_at = min(filter(None, (tally.first_at, first_at)), default=None)
    tally.last_at = max(filter(None, (tally.last_at, last_at)), default=None)
    create(con, "staging/rejects")
    for reason, n_rows, example in con.execute("FROM rejects ORDER BY reason").fetchall():
        tally.reject(reason, n_rows, example)
    tally.reject("unreadable", staged.n_unreadable, "a line that is no JSON object")
    for reason, n_rows, example in _unreadable(con, staged):
        tally.reject(reason, n_rows, example)


def _unreadable(con: duckdb.DuckDBPyConnection, staged: Staged) -> list[tuple[str, int, str]]:
    """Rows that the CSV reader left out: by the first value that did not fit its type, else `unreadable`."""
    tables = con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchone()
    if tables == (0,):
        return []
    names = list(staged.columns)
    rows = con.execute(
        """
        WITH lines AS (
            SELECT
                line,
                min(if(error_type = 'CAST', coalesce(list_position($names, column_name), 0), 0)) AS place,
                min(csv_line) AS csv_line
            FROM reject_errors
            GROUP BY line
        )
        SELECT place, count(*), min(line), arg_min(csv_line, line) FROM lines GROUP BY place ORDER BY place
        """,
        {"names": names},
    ).fetchall()
    con.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    return [
        (f"bad_{staged.columns[names[place - 1]]}" if place else "unreadable", n_rows, f"line {line}: {text}")
        for place, n_rows, line, text in rows
    ]


def _days(con: duckdb.DuckDBPyConnection, kind: str) -> list[date]:
    column = KINDS[kind].split(", ")[1]
    rows = con.execute(f"SELECT DISTINCT CAST({column} AS DATE) FROM {kind} ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def _of_day(kind: str, day: date) -> str:
    column = KINDS[kind].split(", ")[1]
    end = day + timedelta(days=1)
    return (
        f"SELECT * FROM {kind} "
        f"WHERE {column} >= TIMESTAMP '{day} 00:00:00' AND {column} < TIMESTAMP '{end} 00:00:00'"
    )


def _copy(con: duckdb.DuckDBPyConnection, query: str, order: str, target: Path) -> None:
    con.execute(
        f"COPY ({query} ORDER BY {order}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _one_file_a_day(
    con: duckdb.DuckDBPyConnection, scratch: Path, parts: dict[str, dict[str, list[Path]]], tally: _Tally
) -> dict[str, dict[str, Path]]:
    """One Parquet a kind and day: members of one zip may hold the same day, and there the same row twice."""
    single: dict[str, dict[str, Path]] = {}
    for kind, days in parts.items():
        single[kind] = {}
        for day, found in sorted(days.items()):
            single[kind][day] = found[0]
            if len(found) > 1:
                target = scratch / f"{kind}-{day}.parquet"
                listed = f"read_parquet([{', '.join(literal(pattern(part)) for part in found)}])"
                distinct = "DISTINCT ON (mmsi, time, lat, lon)" if kind == "positions" else "DISTINCT"
                query = f"SELECT {distinct} * FROM {listed} ORDER BY ALL"
                _copy(con, f"SELECT * FROM ({query})", KINDS[kind], target)
                single[kind][day] = target
                if kind == "positions":
                    _count_repeats(con, tally, listed, target)
    return single


def _count_repeats(con: duckdb.DuckDBPyConnection, tally: _Tally, parts: str, target: Path) -> None:
    (n_before, n_after) = con.execute(
        f"SELECT (SELECT count(*) FROM {parts}), "
        f"(SELECT count(*) FROM read_parquet({literal(pattern(target))}))"
    ).fetchone() or (0, 0)
    if n_before > n_after:
        tally.n_kept -= n_before - n_after
        tally.n_rows -= n_before - n_after
        tally.reject("repeat", n_before - n_after, "a row that stands in two members of the zip")


def _reasons(tally: _Tally) -> str:
    told = ", ".join(f"{n_rows} {reason}" for reason, n_rows in tally.rejected.most_common(3))
    return f" ({told}; e.g. {tally.examples[tally.rejected.most_common(1)[0][0]][:80]})" if told else ""


def _manifest(
    facts: Mapping[str, Any], identity: Mapping[str, str], source: Source, tally: _Tally
) -> dict[str, Any]:
    return {
        "url": None,
        "licence": source.licence,
        "attribution": source.attribution,
        **facts,
        **identity,
        "n_rows": tally.n_rows,
        "n_kept": tally.n_kept,
        "n_rejected": tally.n_rows - tally.n_kept,
        "first_at": str(tally.first_at) if tally.first_at else None,
        "last_at": str(tally.last_at) if tally.last_at else None,
        "rejected": [
            {"reason": reason, "n_rows": n_rows, "example": tally.examples[reason]}
            for reason, n_rows in sorted(tally.rejected.items())
        ],
    }


def _store(home: Home, manifest: dict[str, Any], made: Mapping[str, Mapping[str, Path]]) -> None:
    """Move what was made into the lake; the manifest comes last, and without it nothing of this counts."""
    folders = {"positions": home.positions, "statics": home.statics}
    placed: list[Path] = []
    try:
        for kind, days in made.items():
            manifest[kind] = {}
            for day, part in days.items():
                target = (
                    folders[kind](manifest["source"], date.fromisoformat(day))
                    / f"{manifest['file_id']}.parquet"
                )
                with replacing(target) as temporary:
                    shutil.move(part, temporary)
                placed.append(target)
                write_checksum(target)
                manifest[kind][day] = target.relative_to(home.lake).as_posix()
        write_text(
            home.manifests / f"{manifest['file_id']}.json",
            json.dumps(manifest, indent=1, ensure_ascii=False) + "\n",
        )
    except TransshipError:
        for target in placed:
            _remove_part(target)
        raise


def _remove_old(home: Home, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Take away what an earlier reading of the same file left where the new one writes nothing."""
    for kind in KINDS:
        for relative in set(before[kind].values()) - set(after[kind].values()):
            _remove_part(home.lake / relative)


def _remove_part(target: Path) -> None:
    remove(target)
    remove(target.with_name(target.name + ".sha256"))


@contextmanager
def _plain_errors(path: Path, home: Home) -> Iterator[None]:
    """Give what the engine says as one line that names the file."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise TransshipError(f"{path}: not enough memory to read it: raise engine.memory_gb") from error
    except duckdb.Error as error:
        line = " ".join(str(error).split())
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            if os.strerror(number) in line:
                raise explain_os_error(OSError(number, os.strerror(number)), home.root) from error
        # What follows the first sentence is advice on the engine's own options.
        told = str(error).strip().splitlines()[0]
        raise TransshipError(f"{path}: cannot be read: {told[:200]}") from error
