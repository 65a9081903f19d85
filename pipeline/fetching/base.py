"""What a fetcher is: the facts of a source, whether it takes days, and a function that fills raw/ with it.

A fetcher gets a `Job` and asks `job.client`, keeps with `job.keep` (or `job.client.download`), and says
`job.is_missing(day)` of a day that the source does not have. docs/adding-a-source.md has an example.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pipeline.net import Answer, Client, Clock, NotThere, whole_zip
from pipeline.progress import Progress, Quiet
from pipeline.raw import RawStore
from pipeline.settings import Settings
from pipeline.sources.base import Source


@dataclass
class FetchResult:
    """What one fetch did: files new in raw/, files that were there, days that the source does not have."""

    n_new: int = 0
    n_known: int = 0
    missing_days: list[date] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


@dataclass
class Job:
    """One fetch: the client, the store, the UTC days asked for (none: one poll), what came of it."""

    source: Source
    settings: Settings
    client: Client
    raw: RawStore
    days: Sequence[date]
    # Values of the source's key_variables, by name.
    keys: dict[str, str]
    clock: Clock = field(default_factory=Clock)
    progress: Progress = field(default_factory=Quiet)
    result: FetchResult = field(default_factory=FetchResult)

    def keep(self, name: str, answer: Answer, **extra: Any) -> None:
        """Store an answer's body under this name, with its address, time and licence."""
        self.raw.keep(
            name,
            answer.body,
            url=answer.url,
            licence=self.source.licence,
            attribution=self.source.attribution,
            fetched_at=answer.fetched_at,
            extra={**answer.facts, **extra},
        )
        self.has_new(name)

    def download(
        self,
        url: str,
        name: str,
        *,
        size: int | None = None,
        expect: Callable[[Path], None] = whole_zip,
        **extra: Any,
    ) -> bool:
        """Bring a large file into raw/ under this name; False where the source has none at this address."""
        n_bytes = 0

        def tell(more: int) -> None:
            nonlocal n_bytes
            before, n_bytes = n_bytes, n_bytes + more
            self.progress.advance((n_bytes >> 20) - (before >> 20))

        with self.progress.task(f"{name} (MB)", size >> 20 if size else None):
            try:
                self.client.download(
                    url, self.raw, name, size=size, expect=expect, extra=extra, progress=tell
                )
            except NotThere:
                return False
        self.has_new(name)
        return True

    def keep_if_new(self, prefix: str, name: str, answer: Answer, **extra: Any) -> None:
        """Store an answer unless it is the same as the newest one whose name begins with `prefix`."""
        if answer.is_unchanged or self.raw.holds_same(prefix, answer.body):
            self.is_known(f"{prefix.rstrip('-')}: unchanged")
        else:
            self.keep(name, answer, **extra)

    def has_new(self, name: str) -> None:
        """Count a file that is new in raw/."""
        self.result.n_new += 1
        self.progress.note(f"{self.source.key}: {name}")

    def is_known(self, line: str = "") -> None:
        """Count a file that was there before."""
        self.result.n_known += 1
        if line:
            self.say(line)

    def is_missing(self, day: date) -> None:
        """Name a day that the source does not have (yet)."""
        self.result.missing_days.append(day)

    def say(self, line: str) -> None:
        """Say a line that stands in the output."""
        self.result.lines.append(line)


@dataclass(frozen=True)
class Fetcher:
    """How one source is fetched."""

    source: Source
    fetch: Callable[[Job], None]
    # `days`: --from and --to are needed; `poll`: refused (a live service, a list); `both`: a poll without.
    takes: Literal["days", "poll", "both"]
    rate_per_minute: float = 60
    headers: tuple[tuple[str, str], ...] = ()
    # How often a scheduler polls it.
    polls: Literal["hourly", "daily"] = "daily"
    # How far back a scheduler looks for days that were missed.
    look_back_days: int = 30
    # Whether the fetcher knows by itself which days are in raw/: a scheduler then asks for all at once.
    knows_its_days: bool = False
    # Whether a scheduler leaves it alone until someone has fetched it by name.
    is_opt_in: bool = False
