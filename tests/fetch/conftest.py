"""What fetching tests share: a server, settings that point to it, and a clock that does not wait."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.net import Clock
from pipeline.settings import Settings, load_settings
from tests.fetch.server import Server, running

NOW = datetime(2026, 9, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@dataclass
class Watch:
    """A clock that jumps ahead where a wait is asked for; `waits` are those."""

    waits: list[float] = field(default_factory=list)
    start: datetime = NOW

    def sleep(self, seconds: float) -> None:
        """Wait in no time."""
        self.waits.append(seconds)

    def monotonic(self) -> float:
        """Seconds, those waited for included."""
        return time.monotonic() + sum(self.waits)

    def now(self) -> datetime:
        """The moment, with what was waited for."""
        return self.start + timedelta(seconds=sum(self.waits))

    @property
    def clock(self) -> Clock:
        """For the client."""
        return Clock(self.now, self.monotonic, self.sleep)


@pytest.fixture
def watch() -> Watch:
    """A clock to wind."""
    return Watch()


@pytest.fixture
def server() -> Iterator[Server]:
    """A local server."""
    with running() as server:
        yield server


@pytest.fixture
def pointed(server: Server, tmp_path: Path) -> Callable[..., Settings]:
    """Settings in which these sources are at the server; an answer may be silent for one second."""

    def make(*sources: str) -> Settings:
        return load_settings(
            tmp_path,
            [
                override
                for source in sources
                for override in (
                    f"sources.{source}.url={server.url}",
                    f"sources.{source}.max_silence_s=1",
                )
            ],
        )

    return make
