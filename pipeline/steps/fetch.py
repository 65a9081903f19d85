"""Pull from a source into raw/: what is there is not fetched again, what was cut is continued."""

from datetime import date, timedelta

from pipeline.errors import UsageError
from pipeline.fetching import FETCHERS, Fetcher, FetchResult, Job
from pipeline.home import Home
from pipeline.net import Client, Clock
from pipeline.progress import Progress, Quiet
from pipeline.raw import RawStore
from pipeline.secrets import required
from pipeline.settings import Settings


def fetch(
    home: Home,
    settings: Settings,
    source: str,
    *,
    first: date | None = None,
    last: date | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> FetchResult:
    """Fetch the UTC days `first` to `last` (both included) of a source, or poll a live service or list once.

    Without `last` the days reach to yesterday. Raises UsageError for an unknown source or days where none are
    taken, TransshipError for a missing or refused key, a form that changed, a service that stays away. What
    came until then is kept.
    """
    if source not in FETCHERS:
        raise UsageError(f"source {source!r} cannot be fetched; these can: {', '.join(sorted(FETCHERS))}")
    fetcher = FETCHERS[source]
    clock = clock or Clock()
    progress = progress or Quiet()
    days = _days(fetcher, first, last, clock.now().date())
    keys = required(source, fetcher.source.key_variables)
    home.create()
    raw = RawStore(home, source)
    client = Client(
        fetcher.source,
        settings,
        rate_per_minute=fetcher.rate_per_minute,
        headers=dict(fetcher.headers),
        hidden=set(keys.values()),
        clock=clock,
        note=progress.note,
    )
    job = Job(fetcher.source, settings, client, raw, days, keys, clock, progress)
    with raw.alone(), progress.task(f"fetching {source}", len(days) or None):
        fetcher.fetch(job)
    return _told(job)


def _days(fetcher: Fetcher, first: date | None, last: date | None, today: date) -> list[date]:
    key = fetcher.source.key
    if fetcher.takes == "poll" and (first or last):
        raise UsageError(f"{key} gives what is current and takes no days; leave --from and --to out")
    if first is None and (last is not None or fetcher.takes == "days"):
        raise UsageError(f"{key} is fetched by day; say which with --from and --to")
    if first is None:
        return []
    end = last or today - timedelta(days=1)
    if end < first:
        raise UsageError(f"--from {first} is later than --to {end}")
    return [first + timedelta(days=number) for number in range((end - first).days + 1)]


def _told(job: Job) -> FetchResult:
    """The result with a line of figures first and the missing days last."""
    result = job.result
    result.missing_days.sort()
    known = f", {result.n_known} there before" if result.n_known else ""
    result.lines.insert(0, f"{job.source.key}: {result.n_new} new file(s) in {job.raw.folder}{known}")
    if result.missing_days:
        days = ", ".join(f"{day}" for day in result.missing_days)
        result.lines.append(f"{job.source.key}: not there (yet): {days}")
    return result
