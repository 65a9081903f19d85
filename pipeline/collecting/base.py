"""What a stream is: the facts of its source, the form of its files, and a function that connects.

Adding one is a module with `STREAM`, named in this package: docs/collecting.md has an example.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.collecting.regions import Region
from pipeline.net import Clock
from pipeline.sources.base import Source

CONNECT_S = 15


class Lost(Exception):
    """A connection could not be made, or ended; says why. The collector waits and connects anew."""


@dataclass(frozen=True)
class Message:
    """What came in: the line to keep, without its line end, and the region it speaks of, where known."""

    line: bytes
    region: str | None = None


class Connection(Protocol):
    """A connection that is open and subscribed."""

    def receive(self, timeout_s: float) -> Message | None:
        """The next message; None where none came in time. Raises Lost; net.Refused for a refused key."""
        ...

    def close(self) -> None:
        """End it. What had come before that may still be received, until Lost."""
        ...


@dataclass(frozen=True)
class Ask:
    """What a stream is asked with."""

    # `sources.<name>.url`, or the stream's own address.
    url: str
    # Values of the source's key_variables, by name.
    keys: Mapping[str, str]
    regions: tuple[Region, ...]
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True)
class Stream:
    """How one source is listened to."""

    source: Source
    # Raises Lost where it cannot be reached now, Refused where a key is refused.
    connect: Callable[[Ask], Connection]
    # The address that is used where no setting names one; empty: one must be set.
    url: str
    # How the files' names end, and what a line is, as the files' facts say it.
    ending: str
    form: str
    # Whether the stream is asked for regions (and each is watched), or gives all it has.
    has_regions: bool = False


def one_line(body: bytes) -> bytes:
    """A message as one line: in JSON, a line end stands only between tokens, where a blank is the same."""
    stripped = body.strip(b"\r\n")
    return stripped.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in stripped else stripped
