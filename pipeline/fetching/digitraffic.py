"""Digitraffic: the latest position of each ship heard since the last poll, the ships, the port calls.

Without `from` the service gives every ship ever heard at its last position, so `from` is always sent; what
was kept says from when on (docs/fetching.md). Answers are cached for a minute there.
"""

from datetime import timedelta
from importlib import metadata
from typing import Any

from pipeline.errors import TransshipError
from pipeline.fetching.base import Fetcher, Job
from pipeline.net import require
from pipeline.raw import poll_name
from pipeline.sources.digitraffic import SOURCE

HOST = "https://meri.digitraffic.fi"
# The first poll reaches back as far as ships are of use; a later one not further than the service remembers.
FIRST = timedelta(hours=24)
# Port calls are declared, and changed, long before and after: each poll asks for what changed in these days.
CALLS = timedelta(days=7)


def fetch(job: Job) -> None:
    """One poll of all three."""
    for prefix, path in (("locations-", "/api/ais/v1/locations"), ("vessels-", "/api/ais/v1/vessels")):
        since = _since(job, prefix)
        answer = job.client.get(f"{HOST}{path}", params={"from": since})
        is_locations = prefix == "locations-"
        entries = require(answer, SOURCE, "features", list) if is_locations else _list(answer.data, path)
        times = [_time_of(entry, is_locations) for entry in entries]
        # A ship's clock may be ahead: the next poll must not wait for it.
        now_ms = int(answer.fetched_at.timestamp() * 1000)
        cursor = max([time for time in times if time is not None and time <= now_ms], default=since)
        name = poll_name(prefix, answer.fetched_at)
        job.keep_if_new(prefix, name, answer, from_ms=since, cursor_ms=max(cursor, since))
    changed = job.clock.now() - CALLS
    answer = job.client.get(
        f"{HOST}/api/port-call/v1/port-calls", params={"from": f"{changed:%Y-%m-%dT%H:%M:%S}Z"}
    )
    require(answer, SOURCE, "portCalls", list)
    job.keep_if_new("port-calls-", poll_name("port-calls-", answer.fetched_at), answer)


def _since(job: Job, prefix: str) -> int:
    """The cursor: the newest report of the last poll, else a day ago; milliseconds since 1970."""
    newest = job.raw.newest(prefix)
    if newest is not None and isinstance(cursor := job.raw.facts(newest).get("cursor_ms"), int):
        return cursor
    return int((job.clock.now() - FIRST).timestamp() * 1000)


def _time_of(entry: Any, is_location: bool) -> int | None:
    """When a report was made; None of one that has no usable time, which the ingest step counts."""
    holder = entry.get("properties") if is_location and isinstance(entry, dict) else entry
    time = (
        holder.get("timestampExternal" if is_location else "timestamp") if isinstance(holder, dict) else None
    )
    return time if isinstance(time, int) else None


def _list(data: Any, path: str) -> list[Any]:
    if not isinstance(data, list):
        raise TransshipError(f"digitraffic: the answer of {path} is no list; its form changed")
    return data


FETCHER = Fetcher(
    SOURCE,
    fetch,
    takes="poll",
    rate_per_minute=60,
    polls="hourly",
    headers=(("Digitraffic-User", f"transship/{metadata.version('transship')}"),),
)
