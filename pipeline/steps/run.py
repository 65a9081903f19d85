"""Everything in order: fetch, ingest, detect, screen, link, publish."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pipeline.errors import TransshipError, UsageError
from pipeline.home import Home
from pipeline.progress import Progress, Quiet
from pipeline.screening import copies
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest, raw_files
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from pipeline.steps.screen import screen


def run(
    home: Home,
    settings: Settings,
    source: str,
    files: Sequence[Path] = (),
    *,
    first: date | None = None,
    last: date | None = None,
    mapping: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Take the files, or without any what the source has, all the way to the published database.

    Without files the days `first` to `last` are fetched (of a live service what is current), and all that
    lies in raw/ of `source` is read. What could not be fetched or read does not keep the rest from being
    published; a TransshipError tells of it at the end.
    """
    progress = progress or Quiet()
    fault = None if files else _fetched(home, settings, source, first, last, progress)
    if fault and not raw_files(home, source):
        raise fault
    read = ingest(home, settings, source, files, mapping=mapping, progress=progress)
    if read.failures and not (read.files_read or read.files_skipped):
        raise TransshipError("; ".join(read.failures))
    detect(home, settings, first=first, last=last, progress=progress)
    faults = [*([str(fault)] if fault else []), *read.failures]
    try:
        if copies(home):
            screen(home, settings, progress=progress)
    except TransshipError as error:
        # What was screened before counts in links and is published.
        faults.append(str(error))
    link(home, settings, progress=progress)
    publish(home, settings, progress=progress)
    if fault and len(faults) == 1:
        raise fault
    if faults:
        raise TransshipError("; ".join(faults)) from fault


def _fetched(
    home: Home, settings: Settings, source: str, first: date | None, last: date | None, progress: Progress
) -> TransshipError | None:
    """Fetch where the source can be fetched and it is known what; returns what went wrong."""
    from pipeline.fetching import FETCHERS  # noqa: PLC0415 (a run on files needs no network code)
    from pipeline.steps.fetch import fetch  # noqa: PLC0415

    if source not in FETCHERS or (FETCHERS[source].takes == "days" and first is None):
        return None
    is_poll = FETCHERS[source].takes == "poll"
    try:
        result = fetch(
            home,
            settings,
            source,
            # The days of a poll are those to detect.
            first=None if is_poll else first,
            last=None if is_poll else last,
            progress=progress,
        )
    except UsageError:
        raise
    except TransshipError as error:
        return error
    for line in result.lines:
        progress.note(line)
    return None
