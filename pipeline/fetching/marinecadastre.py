"""MarineCadastre: a zip a day to 2024, Zstandard CSV after, which NOAA keeps in a store of its own.

Both addresses are public and need no listing. Those of `csv2` were read in public code that fetches them.
"""

from datetime import date
from pathlib import Path

from pipeline.errors import TransshipError
from pipeline.fetching.base import Fetcher, Job
from pipeline.net import Unfit
from pipeline.sources.base import require_whole_zstd
from pipeline.sources.marinecadastre import SOURCE

TO_2024 = "https://coast.noaa.gov/htdata/CMSP/AISDataHandler"
FROM_2025 = "https://noaaocm.blob.core.windows.net/ais/csv2"


def fetch(job: Job) -> None:
    """Each day's file, unless it is here."""
    for day in job.days:
        name = file_name(day)
        if job.raw.has(name):
            job.is_known()
        elif day.year <= 2024:
            if not job.download(f"{TO_2024}/{day.year}/{name}", name):
                job.is_missing(day)
        elif not job.download(f"{FROM_2025}/csv{day.year}/{name}", name, expect=_whole_zstd):
            job.is_missing(day)
        job.progress.advance()


def file_name(day: date) -> str:
    """A day's file, in either form."""
    return f"AIS_{day:%Y_%m_%d}.zip" if day.year <= 2024 else f"ais-{day}.csv.zst"


def _whole_zstd(path: Path) -> None:
    try:
        require_whole_zstd(path)
    except TransshipError:
        raise Unfit("the file is no (whole) Zstandard file") from None


FETCHER = Fetcher(SOURCE, fetch, takes="days", rate_per_minute=60, is_opt_in=True)
