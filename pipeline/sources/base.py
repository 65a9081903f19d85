"""What a source is, and how its files are opened.

A source is a module here with `SOURCE`, the facts about it, and `stage`, which makes of one table (a plain
file, or a member of a zip) a DuckDB view or table `staged` in the names that all sources share:

    mmsi BIGINT, time TIMESTAMP (UTC), lat and lon DECIMAL(9,6), sog_kn, cog_deg, heading_deg, nav_status,
    imo, name, callsign, ship_type, length_m, width_m, draught_m, destination (as sent, null where absent),
    reject_reason VARCHAR (only what the source alone can know, such as `not_a_ship`; else null)

Cleaning, repeats, spans of static values and the lake are the ingest step's, alike for all.
"""

import csv
import os
import re
import shutil
import threading
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline.engine import literal
from pipeline.errors import TransshipError
from pipeline.files import explain_os_error, make_folder, remove

DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4})[-_](\d{2})[-_](\d{2})(?!\d)")
WILDCARDS = re.compile(r"[*?\[]")
# What a zip's members are told by; all else there (terms, metadata) is not data.
TABLE_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet")
# Unpacking leaves this much of the disk for what is made of the file.
SPARE_BYTES = 256 << 20
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """A public source, in the words of `transship sources`."""

    key: str
    title: str
    coverage: str
    delay: str
    licence: str
    attribution: str
    key_variables: tuple[str, ...]
    good_for: str
    blind_to: str
    # How many days after its end a day can be had; 0 where it is then, and of what is live.
    lag_days: int = 0


@dataclass(frozen=True)
class Staged:
    """What `stage` left in the connection beside `staged`."""

    # The file's column to the shared name, so that a value that cannot be read is counted as bad_<name>.
    columns: Mapping[str, str] = field(default_factory=dict)
    # Rows that the reader left out without a word.
    n_unreadable: int = 0
    # The country numbers are checked, unless the file numbers its ships in its own way.
    checks_country: bool = True


@dataclass(frozen=True)
class Member:
    """One table of a file: how messages call it, where it can be read, the UTC day in its name."""

    label: str
    path: Path
    day: date | None
    # Set where `path` is a pipe, which can be read once: what its first line will be.
    line: str | None = None


Stage = Callable[[duckdb.DuckDBPyConnection, Member, Mapping[str, Any]], Staged]


def pattern(path: Path) -> str:
    """A path as the engine wants it where it reads: `*`, `?` and `[` in a name are no wildcards."""
    return WILDCARDS.sub(r"[\g<0>]", str(path))


def day_in(name: str) -> date | None:
    """The day that a file's name holds as YYYY-MM-DD or YYYY_MM_DD; None without one."""
    for found in DAY_IN_NAME.finditer(name):
        try:
            return date(*map(int, found.groups()))
        except ValueError:
            continue
    return None


def members(path: Path, scratch: Path) -> Generator[Member, None, None]:
    """The tables of a file, one after the other; each is to be read before the next is asked for.

    A zip's member is unpacked to `scratch` where it fits, since Python's zipfile to a temporary file takes
    less time than any pipe, else comes through a pipe. DuckDB reads .gz and .zst itself.
    """
    if path.suffix.lower() != ".zip":
        yield Member(str(path), path, day_in(path.name))
        return
    try:
        with zipfile.ZipFile(path) as archive:
            tables = [
                info
                for info in archive.infolist()
                if not info.is_dir() and Path(info.filename).suffix.lower() in TABLE_SUFFIXES
            ]
            if not tables:
                raise TransshipError(f"{path}: the zip holds no table ({', '.join(TABLE_SUFFIXES)})")
            for info in tables:
                name = Path(info.filename).name
                target = make_folder(scratch) / f"member{Path(name).suffix.lower()}"
                day = day_in(name) or day_in(path.name)
                fits = shutil.disk_usage(scratch).free > info.file_size + SPARE_BYTES
                opened = _unpacked(archive, info, target) if fits else _piped(archive, info, target)
                with opened as line:
                    yield Member(f"{path} ({name})", target, day, line)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise TransshipError(f"{path}: the zip is damaged or cut short ({error}); fetch it again") from error


@contextmanager
def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> Iterator[None]:
    """The member as a temporary file."""
    try:
        with archive.open(info) as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, CHUNK_BYTES)
    except OSError as error:
        raise explain_os_error(error, target) from error
    yield None
    remove(target)


@contextmanager
def _piped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> Iterator[str]:
    """The member as a named pipe that a thread fills; yields its first line, since a pipe is read once."""
    with archive.open(info) as packed:
        line = packed.readline(1_000_000).decode("utf-8-sig", "replace").rstrip("\r\n")
    faults: list[BaseException] = []

    def fill() -> None:
        try:
            with archive.open(info) as packed, target.open("wb") as pipe:
                shutil.copyfileobj(packed, pipe, CHUNK_BYTES)
        except BrokenPipeError:
            pass  # the reader gave up, and says why itself
        except Exception as error:
            faults.append(error)

    os.mkfifo(target)
    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        # A reader that never came would leave the thread waiting for one.
        reader = os.open(target, os.O_RDONLY | os.O_NONBLOCK)
        thread.join(1)
        os.close(reader)
        thread.join()
        remove(target)
    if faults:
        raise faults[0]


def first_line(con: duckdb.DuckDBPyConnection, member: Member) -> str:
    """A text file's first line, whatever its compression; without a byte-order mark."""
    if member.line is not None:
        return member.line
    path = member.path
    if path.suffix.lower() == ".zst":
        require_whole_zstd(path)
    # Without its order kept, a parallel scan gives any line as the first.
    con.execute("SET preserve_insertion_order = true")
    try:
        row = con.execute(
            f"SELECT line FROM read_csv({literal(pattern(path))}, columns = {{'line': 'VARCHAR'}}, "
            "header = false, auto_detect = false, delim = '\x01', quote = '', escape = '', "
            "max_line_size = 1000000) LIMIT 1"
        ).fetchone()
    finally:
        con.execute("SET preserve_insertion_order = false")
    if row is None or row[0] is None:
        raise TransshipError(f"{member.label}: the file is empty")
    return str(row[0]).lstrip("\ufeff").rstrip("\r")


def split_header(line: str, delimiter: str = ",") -> list[str]:
    """The column names in a CSV's first line, without quotes and blanks around them."""
    if len(delimiter) > 1:
        return [name.strip().strip('"') for name in line.split(delimiter)]
    return [name.strip() for name in next(csv.reader([line], delimiter=delimiter))]


def header(con: duckdb.DuckDBPyConnection, member: Member) -> list[str]:
    """The column names of a CSV with commas."""
    return split_header(first_line(con, member))


def require_whole_zstd(path: Path) -> None:
    """Refuse a Zstandard file that was cut short, which the engine reads without complaint up to there.

    Walks the frames' block headers (RFC 8878, section 3.1) and decompresses nothing.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:

        def take(n_bytes: int) -> int:
            taken = stream.read(n_bytes)
            if len(taken) < n_bytes:
                raise TransshipError(f"{path}: the file is cut short; fetch it again")
            return int.from_bytes(taken, "little")

        while stream.tell() < size:
            magic = take(4)
            if magic & 0xFFFFFFF0 == 0x184D2A50:
                stream.seek(take(4), 1)
                continue
            if magic != 0xFD2FB528:
                raise TransshipError(f"{path}: not a Zstandard file, or damaged; fetch it again")
            descriptor = take(1)
            is_single = descriptor >> 5 & 1
            content_bytes = (is_single, 2, 4, 8)[descriptor >> 6]
            take((0 if is_single else 1) + (0, 1, 2, 4)[descriptor & 3] + content_bytes)
            is_last = 0
            while not is_last:
                block = take(3)
                is_last = block & 1
                # A run-length block (type 1) holds one byte however much it stands for.
                stream.seek(1 if block >> 1 & 3 == 1 else block >> 3, 1)
            take(4 if descriptor >> 2 & 1 else 0)
        if stream.tell() > size:
            raise TransshipError(f"{path}: the file is cut short; fetch it again")


def require_columns(member: Member, found: list[str], wanted: list[str], what: str) -> None:
    """Refuse a file that lacks columns, by name."""
    missing = [name for name in wanted if name not in found]
    if missing:
        raise TransshipError(
            f"{member.label}: not {what}: "
            + (f"column {', '.join(missing)} missing" if len(missing) <= 3 else "its columns are others")
            + f"; the first line begins {','.join(found)[:80]!r}"
        )


def csv_view(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    columns: list[str],
    types: Mapping[str, str],
    *,
    null_words: tuple[str, ...],
    time_format: str | None = None,
    delimiter: str = ",",
    keep_errors: bool = True,
) -> None:
    """Make the view `raw` over a CSV with these columns; `types` names those that are not text.

    Rows that do not fit are left out; with `keep_errors` they stand in `reject_errors`, where the ingest
    step counts them.
    """
    typed = ", ".join(f"{literal(name)}: {literal(types.get(name, 'VARCHAR'))}" for name in columns)
    nulls = ", ".join(literal(word) for word in null_words)
    format_of_times = f"timestampformat = {literal(time_format)}, " if time_format else ""
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW raw AS FROM read_csv({literal(pattern(path))}, columns = {{{typed}}}, "
        f"header = true, auto_detect = false, delim = {literal(delimiter)}, quote = '\"', escape = '\"', "
        f"{format_of_times}nullstr = [{nulls}], ignore_errors = true, store_rejects = {keep_errors})"
    )
