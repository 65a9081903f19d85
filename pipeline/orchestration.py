"""What the Airflow DAGs call: which days a run is for, which files and days that means, and the steps.

`dags/` only declares (schedule, tries, pools, assets); all that can be tested without Airflow stands here,
and nothing here imports Airflow. Days travel between tasks as text, since Airflow hands them on as JSON.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipeline import manifests
from pipeline.errors import TransshipError, UsageError
from pipeline.fetching import FETCHERS, FetchResult
from pipeline.home import Home
from pipeline.net import Unreachable
from pipeline.secrets import secret
from pipeline.settings import Settings, load_settings
from pipeline.sources import SOURCES
from pipeline.steps.detect import detect
from pipeline.steps.fetch import fetch
from pipeline.steps.ingest import close_recordings, ingest, raw_files
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from pipeline.steps.screen import screen

LOG = logging.getLogger(__name__)

# How far a day's reports reach into the days beside it.
MARGIN = timedelta(days=1)

DATE_IN_NAME = re.compile(r"(?<!\d)(\d{4}-\d{2}(?:-\d{2})?)(?!\d)")


class PassingFault(Exception):
    """The work failed for a reason that may pass by itself, such as a full disk: worth another try."""


class NothingToFetch(Exception):
    """The source has no such day, or its key is not set: no fault, and said in one line."""


def run_days(
    run_type: str,
    *,
    logical_date: datetime | None = None,
    run_after: datetime | None = None,
    lag_days: int = 0,
    extras: Iterable[Mapping[str, Any]] = (),
    day: str | None = None,
) -> list[date]:
    """The UTC days that a DAG run is for.

    A scheduled or backfilled run: its logical date less the source's lag. An asset-triggered run: the days
    in the `extra` of the events that triggered it. Any other, a manual one: the parameter `day`, or without
    it what a scheduled run of that logical date (of that moment, where it has none) would take. The data
    interval is not asked: Airflow 3 gives a manual run the interval before its logical date.
    """
    if run_type == "asset_triggered":
        return sorted({_day(text) for extra in extras for text in extra.get("days", ())})
    if day and run_type not in {"scheduled", "backfill"}:
        return [_day(day)]
    moment = logical_date or run_after
    if moment is None:
        raise UsageError(f"a {run_type} run without a logical date needs the parameter day=YYYY-MM-DD")
    return [moment.date() - timedelta(days=lag_days)]


def part_of(path: Path) -> str:
    """The day (2026-01-31) or month (2018-01) in a raw file's name, else in its folder's (polls), else ''."""
    found = DATE_IN_NAME.search(path.name.replace("_", "-")) or DATE_IN_NAME.fullmatch(path.parent.name)
    return found.group(1) if found else ""


def plan_fetch(
    source: str,
    run_type: str,
    *,
    logical_date: datetime | None = None,
    run_after: datetime | None = None,
    day: str | None = None,
) -> list[dict[str, Any]]:
    """What a run fetches of a source that has days: [{"first", "last", "is_awaited"}, ...].

    The run's day, and in a run that is not for one day alone whatever was missed in the source's look-back
    since the first day of it that is here. A scheduled run waits for its own day. Raises NothingToFetch where
    the source's key is not set.
    """
    home, _ = _home()
    fetcher = FETCHERS[source]
    _require_key(source)
    (own,) = run_days(
        run_type,
        logical_date=logical_date,
        run_after=run_after,
        lag_days=fetcher.source.lag_days,
        day=day,
    )
    if run_type == "backfill" or (day and run_type != "scheduled"):
        return [_part(own, own)]
    earlier = [own - timedelta(days=number) for number in range(fetcher.look_back_days, 0, -1)]
    if fetcher.knows_its_days:
        return [_part(earlier[0], own)]
    parts = {part_of(path) for path in raw_files(home, source)}
    here = [past for past in earlier if parts & {f"{past}", f"{past:%Y-%m}"}]
    # Only where days have come in of late can one have been missed: a new home is not filled with a month.
    missed = [past for past in earlier if here and past > here[0] and past not in here]
    return [
        *(_part(past, past) for past in missed),
        _part(own, own, is_awaited=run_type == "scheduled"),
    ]


def _part(first: date, last: date, *, is_awaited: bool = False) -> dict[str, Any]:
    return {"first": f"{first}", "last": f"{last}", "is_awaited": is_awaited}


def fetch_part(source: str, first: str, last: str, *, is_awaited: bool = False) -> bool:
    """Fetch the days of a plan's part; returns whether it is done, False of an awaited day that is not there.

    Raises NothingToFetch for a key that is not set and for a day that the source does not have, PassingFault
    where the source cannot be reached now, TransshipError where it refuses or its form has changed.
    """
    result = _fetched(source, _day(first), _day(last))
    if FETCHERS[source].knows_its_days or not result.missing_days:
        return True
    if is_awaited:
        return False
    raise NothingToFetch(result.lines[-1])


def poll(source: str, run_type: str) -> None:
    """Ask a live service or for a list once; raises as `fetch_part`.

    What is current belongs to no past run. An opt-in source is left alone until it was fetched by name.
    """
    home, _ = _home()
    if run_type == "backfill":
        raise NothingToFetch(f"{source} has no past hours or days to fetch")
    if FETCHERS[source].is_opt_in and not (home.raw / source).is_dir():
        raise NothingToFetch(f"{source} is left out until `transship fetch {source}` was run once (opt-in)")
    _fetched(source, None, None)


def _require_key(source: str) -> None:
    keys = FETCHERS[source].source.key_variables
    if missing := [variable for variable in keys if secret(variable) is None]:
        raise NothingToFetch(
            f"{source} is left out: its key is not set ({', '.join(missing)} in the environment, or the "
            f"connection transship_{source})"
        )


def _fetched(source: str, first: date | None, last: date | None) -> FetchResult:
    home, settings = _home()
    _require_key(source)
    with _faults_told_apart():
        result = fetch(home, settings, source, first=first, last=last)
    for line in result.lines:
        LOG.info(line)
    return result


def plan_ingest(
    run_type: str,
    *,
    logical_date: datetime | None = None,
    run_after: datetime | None = None,
    day: str | None = None,
) -> list[dict[str, str]]:
    """What an ingest run reads, by source and date in the files' names: [{"source", "part"}, ...].

    The files of the run's day. A scheduled run, and a manual one without `day`, also takes whatever else
    lies below raw/ and was not read yet, so that a day that came late or was missed is caught up; a run that
    fetched files triggered takes that alone.
    """
    home, _ = _home()
    catches_up = run_type in {"scheduled", "asset_triggered"} or not (day or run_type == "backfill")
    read = manifests.Known.of(home).by_looks
    wanted = []
    for source in SOURCES:
        days = run_days(
            run_type,
            logical_date=logical_date,
            run_after=run_after,
            lag_days=SOURCES[source].lag_days,
            day=day,
        )
        if catches_up:
            close_recordings(home, source)
        own = {f"{found:{form}}" for found in days for form in ("%Y-%m-%d", "%Y-%m")}
        parts = {
            part_of(path)
            for path in raw_files(home, source)
            if part_of(path) in own or (catches_up and manifests.looks(path) not in read)
        }
        wanted += [{"source": source, "part": part} for part in sorted(parts)]
    return wanted


def ingest_part(source: str, part: str) -> list[str]:
    """Read the raw files of one date into the lake; returns the days they hold, read now or earlier.

    What was read earlier counts too: a run that was killed after reading must still announce its days.
    Raises TransshipError where a file is of no use (the good ones beside it are stored).
    """
    home, settings = _home()
    files = [path for path in raw_files(home, source) if part_of(path) == part]
    if not files:
        raise TransshipError(f"raw/{source}: the files of {part or 'no date'} are gone; put them back")
    with _faults_told_apart():
        result = ingest(home, settings, source, files)
    if result.failures:
        raise TransshipError("; ".join(result.failures))
    names = {path.name for path in files}
    return sorted(
        {
            day
            for manifest in manifests.load(home)
            if manifest["source"] == source and Path(manifest["path"]).name in names
            for day in (*manifest["positions"], *manifest["statics"])
        }
    )


def detect_days(
    run_type: str, *, extras: Iterable[Mapping[str, Any]] = (), day: str | None = None
) -> list[str]:
    """Detect the days that a run is for; returns them (none: a manual run for whatever changed).

    With `day` a manual run looks at that day and its neighbours, whose margins reach into it. Any other run
    leaves the choice to the step, which knows by fingerprints the days that changed. They are those that the
    events name, the neighbours, and days whose event was lost: Airflow 3.3 drops an event that comes while a
    run waits, until the next one comes (apache/airflow#56050).
    """
    home, settings = _home()
    first = last = None
    days: list[date] = []
    if day or run_type == "asset_triggered":
        days = run_days(run_type, extras=extras, day=day)
    if run_type != "asset_triggered" and days:
        first, last = days[0] - MARGIN, days[-1] + MARGIN
    with _faults_told_apart():
        detect(home, settings, first=first, last=last)
    return [f"{found}" for found in days]


def link_events() -> None:
    """Link the events of all days."""
    with _faults_told_apart():
        link(*_home())


def screen_ships() -> None:
    """Hold the ships against the sanctions lists that were fetched; nothing to do where there is none."""
    with _faults_told_apart():
        for line in screen(*_home()).lines:
            LOG.info(line)


def publish_tables(extras: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """Publish all tables; returns the days that the events behind this run name."""
    with _faults_told_apart():
        publish(*_home())
    return [f"{day}" for day in run_days("asset_triggered", extras=extras)]


def _home() -> tuple[Home, Settings]:
    """The home folder of TRANSSHIP_HOME, else ./data, and its settings."""
    home = Home(Path(os.environ.get("TRANSSHIP_HOME") or "data"))
    return home, load_settings(home.root)


@contextmanager
def _faults_told_apart() -> Iterator[None]:
    """Raise as PassingFault what may pass by itself (the network, the disk, a lock that another holds)."""
    try:
        yield
    except Unreachable as error:
        raise PassingFault(str(error)) from error
    except TransshipError as error:
        if isinstance(error.__cause__, OSError | duckdb.IOException):
            raise PassingFault(str(error)) from error
        raise


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise UsageError(f"day {text!r}: write it as YYYY-MM-DD") from None
