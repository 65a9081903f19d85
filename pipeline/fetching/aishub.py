"""AISHub: the last position of each ship, at most once a minute; asked sooner, it answers with nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.errors import TransshipError
from pipeline.fetching.base import Fetcher, Job
from pipeline.net import Answer, Refused, Unfit, as_json
from pipeline.raw import TIME_FORMAT, poll_name
from pipeline.sources.aishub import SOURCE

URL = "https://data.aishub.net/ws.php"
# A minute, and the second that a kept time is rounded by.
INTERVAL = timedelta(seconds=61)
WORLD = {"latmin": -90, "latmax": 90, "lonmin": -180, "lonmax": 180}


def fetch(job: Job) -> None:
    """One poll, a minute after the last one."""
    newest = job.raw.newest("ships-")
    if newest is not None:
        last = datetime.strptime(job.raw.facts(newest)["fetched_at"], TIME_FORMAT).replace(tzinfo=UTC)
        wait = last + INTERVAL - job.clock.now()
        if timedelta(0) < wait <= INTERVAL:
            job.progress.note(f"aishub: asked less than a minute ago; waiting {wait.total_seconds():.0f} s")
            job.clock.sleep(wait.total_seconds())
    query = {"username": job.keys["AISHUB_USERNAME"], "format": 1, "output": "json", "compress": 0, **WORLD}
    answer = job.client.get(URL, params=query, expect=_ships)
    job.keep_if_new("ships-", poll_name("ships-", answer.fetched_at), answer)


def _ships(answer: Answer) -> list[Any]:
    """Expect the head and the ships; an empty body, and a word about frequency, mean: wait."""
    if not answer.body.strip():
        raise Unfit("nothing in the answer, which means: not so often", INTERVAL.total_seconds())
    data = as_json(answer)
    head = data[0] if isinstance(data, list) and data else data
    if not isinstance(head, dict) or "ERROR" not in head:
        raise TransshipError("aishub: field 'ERROR' is missing in the answer of /ws.php; its form changed")
    if head["ERROR"]:
        said = str(head.get("ERROR_MESSAGE") or "no reason given")
        if "frequent" in said.lower():
            raise Unfit(f"the service says {said!r}", INTERVAL.total_seconds())
        raise Refused(f"aishub: the service refuses ({said}); check AISHUB_USERNAME")
    if len(data) < 2 or not isinstance(data[1], list):
        raise TransshipError(
            "aishub: the list of ships is missing in the answer of /ws.php; its form changed"
        )
    return data[1]


# The interval is kept by asking once a fetch; a repeat within one is a passing fault's.
FETCHER = Fetcher(SOURCE, fetch, takes="poll", rate_per_minute=60, polls="hourly")
