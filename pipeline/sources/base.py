"""What a source is, and how its files are opened.

A source is a module here with `SOURCE`, the facts about it, and `stage`, which makes of one table (a plain
file, or a member of a zip) a DuckDB view or table `staged` in the names that all sources share:

    mmsi BIGINT, time TIMESTAMP (UTC), lat and lon DECIMAL(9,6), sog_kn, cog_deg, heading_deg, nav_status,
    imo, name, callsign, ship_type, length_m, width_m, draught_m, destination (as sent, null where absent),
    reject_reason VARCHAR (only what the source alone can know, such as `not_a_ship`; else null)

Cleaning, repeats, spans of static values and the lake are the ingest step's, alike for all.
"""

import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline.engine import literal
from pipeline.errors import TransshipError
from pipeline.files import explain_os_error, make_folder

DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4})[-_](\d{2})[-_](\d{2})(?!\d)")
TABLE_SUFFIXES = (".csv", ".txt")
# Unpacking leaves this much of the disk for what is made of the file.
SPARE_BYTES = 256 << 20


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


@dataclass(frozen=True)
class Staged:
    """What `stage` left in the connection beside `staged`."""

    # The file's column to the shared name, so that a value that cannot be read is counted as bad_<name>.
    columns: Mapping[str, str] = field(default_factory=dict)
    # The partition of the lake, where the file's mapping says so.
    partition: str = ""
    licence: str = ""
    attribution: str = ""
    # The country numbers are checked, unless the file numbers its ships in its own way.
    checks_country: bool = True


@dataclass(frozen=True)
class Member:
    """One table of a file: what it is called, where it can be read, the UTC day in its name."""

    name: str
    path: Path
    day: date | None


Stage = Callable[[duckdb.DuckDBPyConnection, Path, Mapping[str, Any]], Staged]


def day_in(name: str) -> date | None:
    """The day that a file's name holds as YYYY-MM-DD or YYYY_MM_DD; None without one."""
    for found in DAY_IN_NAME.finditer(name):
        try:
            return date(*map(int, found.groups()))
        except ValueError:
            continue
    return None


@contextmanager
def members(path: Path, scratch: Path) -> Iterator[Iterator[Member]]:
    """The tables of a file, one after the other; a zip's members are unpacked to `scratch` one at a time.

    Python's zipfile to a temporary file takes less time than any pipe; DuckDB reads .gz and .zst itself.
    """
    if path.suffix.lower() != ".zip":
        yield iter([Member(path.name, path, day_in(path.name))])
        return
    try:
        with zipfile.ZipFile(path) as archive:
            tables = [
                info
                for info in archive.infolist()
                if not info.is_dir() and info.filename.lower().endswith(TABLE_SUFFIXES)
            ]
            if not tables:
                raise TransshipError(f"{path}: the zip holds no CSV file")
            yield (_unpacked(archive, info, path, scratch) for info in tables)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise TransshipError(f"{path}: the zip is damaged or cut short ({error}); fetch it again") from error


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, scratch: Path) -> Member:
    target = make_folder(scratch) / "member.csv"
    try:
        free = shutil.disk_usage(scratch).free
        if free < info.file_size + SPARE_BYTES:
            raise TransshipError(
                f"{path}: unpacking {info.filename} takes {info.file_size / 1e9:.1f} GB below {scratch}, "
                f"where {free / 1e9:.1f} GB are free; free some space and run the same command again"
            )
        with archive.open(info) as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except OSError as error:
        raise explain_os_error(error, target) from error
    name = Path(info.filename).name
    return Member(name, target, day_in(name) or day_in(path.name))


def header(con: duckdb.DuckDBPyConnection, path: Path, delimiter: str = ",") -> list[str]:
    """The column names in a CSV's first line, whatever its compression; without a byte-order mark."""
    # Without its order kept, a parallel scan gives any line as the first.
    con.execute("SET preserve_insertion_order = true")
    try:
        row = con.execute(
            f"SELECT line FROM read_csv({literal(str(path))}, columns = {{'line': 'VARCHAR'}}, "
            "header = false, auto_detect = false, delim = '\x01', quote = '', escape = '', "
            "max_line_size = 1000000) LIMIT 1"
        ).fetchone()
    finally:
        con.execute("SET preserve_insertion_order = false")
    if row is None or row[0] is None:
        raise TransshipError(f"{path}: the file is empty")
    names = str(row[0]).lstrip("\ufeff").rstrip("\r").split(delimiter)
    return [name.strip().strip('"') for name in names]


def require_columns(path: Path, found: list[str], wanted: list[str], what: str) -> None:
    """Refuse a file that lacks columns, by name."""
    missing = [name for name in wanted if name not in found]
    if missing:
        raise TransshipError(
            f"{path}: not {what}: "
            + (f"column {', '.join(missing)} missing" if len(missing) <= 3 else "its columns are others")
            + f"; the first line begins {','.join(found)[:80]!r}"
        )


def csv_view(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    columns: list[str],
    types: Mapping[str, str],
    *,
    time_format: str,
    null_words: tuple[str, ...],
) -> None:
    """Make the view `raw` over a CSV with these columns; `types` names those that are not text.

    Rows that do not fit are left out and stand in `reject_errors`, where the ingest step counts them.
    """
    typed = ", ".join(f"{literal(name)}: {literal(types.get(name, 'VARCHAR'))}" for name in columns)
    nulls = ", ".join(literal(word) for word in null_words)
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW raw AS SELECT * FROM read_csv({literal(str(path))}, "
        f"columns = {{{typed}}}, header = true, auto_detect = false, "
        "delim = ',', quote = '\"', escape = '\"', "
        f"timestampformat = {literal(time_format)}, nullstr = [{nulls}], "
        "ignore_errors = true, store_rejects = true)"
    )
