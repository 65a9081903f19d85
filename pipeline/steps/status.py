"""What has been read, detected and published, up to when; and what is missing or broken."""

import os
import shutil
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import duckdb

from pipeline import manifests, witnesses
from pipeline.engine import connect, create, literal
from pipeline.errors import TransshipError
from pipeline.fetching.gfw import asked_hubs
from pipeline.files import TEMPORARY_SUFFIX, sha256_of
from pipeline.gazetteer import hubs
from pipeline.home import Home
from pipeline.progress import Progress, Quiet
from pipeline.reference import FAR_KM, differences
from pipeline.secrets import secret
from pipeline.settings import Settings
from pipeline.sources import SOURCES

ENOUGH_DISK_GB = 5


@dataclass
class SourceStatus:
    """What the lake holds of one source; days are UTC, None where nothing was kept."""

    source: str
    n_files: int = 0
    n_rows: int = 0
    n_kept: int = 0
    n_rejected: int = 0
    first_day: str | None = None
    last_day: str | None = None
    days: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Status:
    """The lake by source, the days detected, and the facts of the published database."""

    home: Path
    sources: list[SourceStatus]
    detected_days: list[str]
    # Another process is writing the events just now, so nobody else can read which days it has.
    is_detecting: bool
    published: dict[str, str]
    tables: dict[str, int]


@dataclass(frozen=True)
class Check:
    """One thing the doctor looked at; a fault keeps the pipeline from working or makes its answers wrong."""

    name: str
    is_fault: bool
    found: str
    # Nothing is broken, but there is less to find than there could be.
    is_lack: bool = False


def status(home: Home) -> Status:
    """Read the state of a home folder; an empty one is no error."""
    by_source: dict[str, SourceStatus] = {}
    days: dict[str, set[str]] = defaultdict(set)
    for manifest in manifests.load(home):
        key = manifest["source"]
        seen = by_source.setdefault(key, SourceStatus(key))
        seen.n_files += 1
        seen.n_rows += manifest["n_rows"]
        seen.n_kept += manifest["n_kept"]
        seen.n_rejected += manifest["n_rejected"]
        days[key].update(manifest["positions"])
    for key, seen in by_source.items():
        seen.days = days[key]
        seen.first_day, seen.last_day = min(days[key], default=None), max(days[key], default=None)
    detected, is_busy = _detected(home)
    facts, tables = _published(home)
    return Status(home.root, [by_source[key] for key in sorted(by_source)], detected, is_busy, facts, tables)


def _detected(home: Home) -> tuple[list[str], bool]:
    if not home.events.is_file():
        return [], False
    try:
        with duckdb.connect(str(home.events), read_only=True) as con:
            days = con.execute(
                "SELECT CAST(DATE '1970-01-01' + CAST(day AS INTEGER) AS VARCHAR) FROM days.done ORDER BY 1"
            )
            return [day for (day,) in days.fetchall()], False
    except duckdb.CatalogException:
        return [], False
    except duckdb.IOException as error:
        if "lock" in str(error):
            return [], True
        raise TransshipError(
            f"{home.events} cannot be read ({str(error).splitlines()[0]}): delete it, then detect"
        ) from error


def _published(home: Home) -> tuple[dict[str, str], dict[str, int]]:
    if not home.database.is_file():
        return {}, {}
    try:
        with duckdb.connect(str(home.database), read_only=True) as con:
            names = [row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
            facts = con.execute("SELECT key, value FROM metadata ORDER BY key").fetchall()
            counts = {}
            for name in sorted(names):
                (n_rows,) = con.execute(f'SELECT count(*) FROM "{name}"').fetchone() or (0,)
                counts[name] = int(n_rows)
            return dict(facts), counts
    except duckdb.Error as error:
        raise TransshipError(f"{home.database} cannot be read ({str(error).splitlines()[0]})") from error


def doctor(home: Home, settings: Settings, progress: Progress | None = None) -> list[Check]:
    """Look for what is missing or broken; every lake file is read and compared with its checksum.

    Keys that are not set, and hubs with less history than a link looks back, are told and are no faults.
    """
    progress = progress or Quiet()
    checks = [
        Check("python", False, ".".join(map(str, sys.version_info[:3]))),
        Check("duckdb", False, duckdb.__version__),
        _writable(home),
        _disk(home),
    ]
    with progress.task("checking the lake"):
        checks.append(_lake(home, progress))
    checks += [_leftovers(home), _database(home), *_keys(), *_history(home, settings), _reference(home)]
    return checks


def _keys() -> list[Check]:
    """A line for each source whose key is not set: what it would add."""
    lacking = []
    n_keys = 0
    for source in SOURCES.values():
        n_keys += bool(source.key_variables)
        try:
            missing = [variable for variable in source.key_variables if secret(variable) is None]
        except TransshipError as error:
            lacking.append(Check(f"key {source.key}", True, str(error)))
            continue
        if missing:
            found = f"{' and '.join(missing)} not set; would add: {source.good_for} (docs/sources.md)"
            lacking.append(Check(f"key {source.key}", False, found, is_lack=True))
    return lacking or [Check("keys", False, f"all {n_keys} set")]


def _history(home: Home, settings: Settings) -> list[Check]:
    """How many days of the look-back of a link stand behind each hub."""
    look_back = ceil(settings.links.max_days_at_hub + settings.links.max_days_to_russia)
    if not home.database.is_file():
        return []
    with connect(settings, home.work / "spill") as con:
        try:
            con.execute(f"ATTACH {literal(str(home.database))} AS published (READ_ONLY)")
            con.execute("USE published")
            asked = asked_hubs(hubs(home.root / "hubs.csv"))
            con.execute("CREATE TEMP TABLE asked_hubs AS SELECT unnest($1::VARCHAR[]) AS hub_id", [asked])
            witnesses.asked(con, manifests.load(home))
            create(con, "checks/hub_history", settings.parameters("links"), temporary=True)
            rows = con.execute(
                "SELECT hub_id, name, n_days FROM hub_history ORDER BY n_days DESC, hub_id"
            ).fetchall()
            (n_hubs,) = con.execute("SELECT count(*) FROM hubs").fetchone() or (0,)
        except TransshipError as error:
            return [Check("history", True, str(error))]
        except duckdb.Error:
            found = "cannot be told from the published database: run `transship publish`"
            return [Check("history", False, found, is_lack=True)]
    advice = f"scores mean little before {look_back} days are full"
    checks = [
        Check(
            f"history {hub_id}",
            False,
            f"{name}: {n_days} of the last {look_back} days" + ("" if n_days >= look_back else f"; {advice}"),
            is_lack=n_days < look_back,
        )
        for hub_id, name, n_days in rows
    ]
    if len(rows) < n_hubs:
        nothing = f"{n_hubs - len(rows)} of {n_hubs} hubs were not heard in {look_back} days"
        checks.append(Check("history", False, nothing, is_lack=True))
    return checks


def _reference(home: Home) -> Check:
    """Where the gazetteer and the fetched lists of ports differ: told, and for a person to judge."""
    try:
        found = differences(home)
    except TransshipError as error:
        return Check("reference", True, str(error))
    if found is None:
        return Check("reference", False, "not fetched: `transship fetch reference` to check the gazetteer")
    told = []
    if found.unknown_codes:
        told.append(
            f"{len(found.unknown_codes)} of {found.n_codes} codes are not in UN/LOCODE "
            f"({_some(found.unknown_codes)})"
        )
    if found.moved:
        far = [f"{port_id} {away_km:.0f} km" for port_id, away_km in found.moved]
        told.append(
            f"{len(far)} of {found.n_places} ports lie over {FAR_KM} km from World Port Index ({_some(far)})"
        )
    agree = f"{found.n_codes} codes and {found.n_places} places of ports agree with the fetched lists"
    return Check("reference", False, "; ".join(told) or agree, is_lack=bool(told))


def _some(words: list[str], at_most: int = 10) -> str:
    more = f", and {len(words) - at_most} more" if len(words) > at_most else ""
    return ", ".join(words[:at_most]) + more


def _existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _writable(home: Home) -> Check:
    folder = _existing(home.root)
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("home", False, f"{home.root} can be written")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        return Check("home", True, f"{home.root} cannot be written: {reason}")


def _disk(home: Home) -> Check:
    free_gb = shutil.disk_usage(_existing(home.root)).free / 1e9
    return Check("disk", free_gb < 1, f"{free_gb:.0f} GB free; a Danish day needs up to {ENOUGH_DISK_GB} GB")


def _lake(home: Home, progress: Progress) -> Check:
    n_files, faults = 0, []
    try:
        for manifest in manifests.load(home):
            tables = [manifest[kind] for kind in ("positions", "statics")] + [manifest.get("tables", {})]
            for relative in [path for table in tables for path in table.values()]:
                n_files += 1
                if fault := _fault(home.lake / relative):
                    manifest_path = home.manifests / f"{manifest['file_id']}.json"
                    faults.append(
                        f"{relative} {fault}: delete {manifest_path} and ingest {manifest['path']} again"
                    )
                progress.advance()
    except TransshipError as error:
        faults.append(str(error))
    if faults:
        return Check("lake", True, f"{len(faults)} of {n_files} files broken; {faults[0]}")
    return Check("lake", False, f"{n_files} files, all as they were written")


def _fault(path: Path) -> str | None:
    beside = path.with_name(path.name + ".sha256")
    if not path.is_file():
        return "is missing"
    if not beside.is_file():
        return "has no checksum beside it"
    return None if sha256_of(path) == beside.read_text(encoding="ascii").split()[0] else "was changed"


def _leftovers(home: Home) -> Check:
    left = list(home.root.rglob(f".*{TEMPORARY_SUFFIX}")) if home.root.is_dir() else []
    found = f"{len(left)} left by a killed run; the next run removes them" if left else "none"
    return Check("temporary files", False, found)


def _database(home: Home) -> Check:
    if not home.database.is_file():
        return Check("published", False, "nothing yet: `transship publish` makes it")
    try:
        facts, tables = _published(home)
    except TransshipError as error:
        return Check("published", True, f"{error}: run `transship publish`")
    return Check("published", False, f"{len(tables)} tables, {sum(tables.values())} rows, {len(facts)} facts")
