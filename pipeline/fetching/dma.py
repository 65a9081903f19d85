"""Danish Maritime Authority: the bucket's listing says which days and months there are.

`http://aisdata.ais.dk/?list-type=2&prefix=...` answers as S3 does (XML, 1000 keys a page, a continuation
token). Days of the last 17 months or so are `aisdk-YYYY-MM-DD.zip` at the root, older ones in monthly zips
`YYYY/aisdk-YYYY-MM.zip`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pipeline.errors import TransshipError
from pipeline.fetching.base import Fetcher, Job
from pipeline.net import as_xml
from pipeline.sources.dma import SOURCE

HOST = "http://aisdata.ais.dk"
FILE = re.compile(r"aisdk[-_](\d{4}-\d{2}(?:-\d{2})?)\.zip")


@dataclass(frozen=True)
class Listed:
    """An object of the bucket."""

    key: str
    size: int

    @property
    def part(self) -> str:
        """The day (2026-01-31) or month (2018-01) that the file holds; empty of any other file."""
        found = FILE.fullmatch(self.key.rsplit("/", 1)[-1])
        return found[1] if found else ""


def fetch(job: Job) -> None:
    """The file of each day, else of its month, unless it is here."""
    years = sorted({day.year for day in job.days if not _here(job, day)})
    listed = {file.part: file for year in years for file in _of_year(job, year) if file.part}
    told = set()
    for day in job.days:
        known = _here(job, day)
        found = listed.get(f"{day}") or listed.get(f"{day:%Y-%m}")
        if known:
            if known not in told:
                job.is_known()
            told.add(known)
        elif found and job.download(f"{HOST}/{found.key}", _name(found.part), size=found.size):
            told.add(found.part)
        else:
            job.is_missing(day)
        job.progress.advance()


def _here(job: Job, day: date) -> str | None:
    """The day, or the month it lies in, if its file is here."""
    return next((part for part in (f"{day}", f"{day:%Y-%m}") if job.raw.has(_name(part))), None)


def _name(part: str) -> str:
    return f"aisdk-{part}.zip"


def _of_year(job: Job, year: int) -> Iterator[Listed]:
    """What the bucket holds of a year: months first, so that a day of its own takes their place."""
    yield from _listing(job, f"{year}/")
    yield from _listing(job, f"aisdk-{year}-")


def _listing(job: Job, prefix: str) -> Iterator[Listed]:
    """All pages of the listing."""
    token = ""
    while True:
        query = {"list-type": "2", "prefix": prefix, **({"continuation-token": token} if token else {})}
        page = job.client.get(f"{HOST}/", params=query, expect=as_xml).data
        for item in page.iterfind("{*}Contents"):
            key, size = item.findtext("{*}Key"), item.findtext("{*}Size") or ""
            if key is None or not size.isdigit():
                raise TransshipError(f"dma: the listing of {HOST} has an entry without Key or Size")
            yield Listed(key, int(size))
        if page.findtext("{*}IsTruncated") != "true":
            return
        token = page.findtext("{*}NextContinuationToken") or ""
        if not token:
            raise TransshipError(f"dma: the listing of {HOST} goes on, but has no NextContinuationToken")


FETCHER = Fetcher(SOURCE, fetch, takes="days", rate_per_minute=120)
