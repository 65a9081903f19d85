"""Everything in order: ingest, detect, link, publish."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pipeline.errors import TransshipError
from pipeline.home import Home
from pipeline.progress import Progress, Quiet
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from pipeline.steps.link import link
from pipeline.steps.publish import publish


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
    """Read the files (or what lies in raw/ of `source`) and take them all the way to the published database.

    Files that could not be read do not keep the good ones from being published; a TransshipError tells of
    them at the end.
    """
    progress = progress or Quiet()
    read = ingest(home, settings, source, files, mapping=mapping, progress=progress)
    if read.failures and not (read.files_read or read.files_skipped):
        raise TransshipError("; ".join(read.failures))
    detect(home, settings, first=first, last=last, progress=progress)
    link(home, settings, progress=progress)
    publish(home, settings, progress=progress)
    if read.failures:
        raise TransshipError("; ".join(read.failures))
