"""The files of a stream: one message a line, an hour a file, whole or under a temporary name.

A file in work is `.NAME.part`. Each line reaches the operating system at once, so that a killed collector
loses none, and the disk within `SYNC_S`, so that a power cut loses no more than that. What a killed one left
becomes a file when the next one starts, or what was recorded is read, without the line that was cut.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.collecting.base import Stream
from pipeline.errors import TransshipError
from pipeline.files import explain_os_error, make_folder
from pipeline.home import Home
from pipeline.net import Clock
from pipeline.raw import TIME_FORMAT, Part, RawStore, poll_name

PREFIX = "stream-"
SYNC_S = 2
LAST_BLOCK = 1 << 16


def is_recording(path: Path, home: Home) -> bool:
    """Whether a file was written by the collector: an hour in which a stream told of no ship is no fault."""
    return path.name.startswith(PREFIX) and path.resolve().is_relative_to(home.raw.resolve())


class Running(TransshipError):
    """Another collector holds the folder."""


@dataclass
class _Open:
    """A file in work."""

    name: str
    part: Part
    body: BinaryIO
    from_at: datetime
    end_at: datetime
    n_lines: int = 0


class Recorder:
    """Writes messages to files below raw/<source>/."""

    def __init__(self, raw: RawStore, stream: Stream, url: str, clock: Clock) -> None:
        """`url` stands beside each file, and holds no key."""
        self.raw, self.stream, self.url, self.clock = raw, stream, url, clock
        self.kept: list[Path] = []
        self._open: _Open | None = None
        self._synced_s = clock.monotonic()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder for one collector at a time; Running where another one does."""
        lock = make_folder(self.raw.folder) / ".collecting"
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise explain_os_error(error, lock) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Running(
                    f"{self.raw.source}: another collector of it is running in this home folder"
                ) from None
            yield
        finally:
            os.close(descriptor)

    def recover(self) -> list[Path]:
        """Close the files that a killed collector left, before anything is written; returns them."""
        recovered = []
        for facts in sorted(self.raw.folder.rglob(f".{PREFIX}*.part.json")):
            path = facts.with_name(facts.name.removesuffix(".json"))
            part = Part(path)
            if part.size:
                recovered += self._recover(part)
            part.drop()
        return recovered

    def _recover(self, part: Part) -> list[Path]:
        name = part.path.relative_to(self.raw.folder).with_name(
            part.path.name.removeprefix(".").removesuffix(".part")
        )
        until_at = datetime.fromtimestamp(part.path.stat().st_mtime, UTC)
        n_lines, n_cut = _cut_to_lines(part.path)
        if not n_lines:
            return []
        facts = part.facts()
        extra = {
            "from_at": facts.get("from_at", until_at.strftime(TIME_FORMAT)),
            "n_lines": n_lines,
            "n_cut_lines": n_cut,
            "is_recovered": True,
        }
        return [self._keep(name.as_posix(), part, str(facts.get("url", self.url)), until_at, extra)]

    def until(self) -> datetime | None:
        """The end of what was recorded before; None where nothing was."""
        name = self.raw.newest(PREFIX)
        told = self.raw.facts(name).get("until_at") if name else None
        return datetime.strptime(told, TIME_FORMAT).replace(tzinfo=UTC) if told else None

    def write(self, line: bytes) -> None:
        """Add a message to the file of this hour."""
        now = self.clock.now()
        if self._open is None or now >= self._open.end_at:
            self.close()
            self._open = self._begin(now)
        try:
            body = line + b"\n"
            # Unbuffered; a full disk may take a part of it only, and then says why.
            while body:
                body = body[self._open.body.write(body) :]
        except OSError as error:
            raise self._given_up(self._open, error) from error
        self._open.n_lines += 1 + line.count(b"\n")

    def tick(self) -> None:
        """Bring what was written to the disk from time to time; close a file whose hour is over."""
        if self._open is None:
            return
        if self.clock.now() >= self._open.end_at:
            self.close()
        elif self.clock.monotonic() - self._synced_s >= SYNC_S:
            self._synced_s = self.clock.monotonic()
            try:
                os.fsync(self._open.body.fileno())
            except OSError as error:
                raise self._given_up(self._open, error) from error

    def close(self) -> None:
        """Put the file in work under its final name."""
        if self._open is None:
            return
        work, self._open = self._open, None
        work.body.close()
        until_at = min(self.clock.now(), work.end_at)
        extra = {"from_at": work.from_at.strftime(TIME_FORMAT), "n_lines": work.n_lines}
        self._keep(work.name, work.part, self.url, until_at, extra)
        work.part.drop()

    def _given_up(self, work: _Open, error: OSError) -> TransshipError:
        """Leave the file in work as it is, perhaps cut, for the next start to close."""
        self._open = None
        work.body.close()
        return explain_os_error(error, work.part.path)

    def _begin(self, now: datetime) -> _Open:
        # A collector that is started again within the millisecond finds the name taken.
        while self.raw.has(name := poll_name(PREFIX, now, self.stream.ending)):
            now += timedelta(milliseconds=1)
        part = self.raw.part(name)
        part.begin({"url": self.url, "from_at": now.strftime(TIME_FORMAT)})
        try:
            body = part.path.open("xb", buffering=0)
        except OSError as error:
            raise explain_os_error(error, part.path) from error
        hour = now.replace(minute=0, second=0, microsecond=0)
        return _Open(name, part, body, now, hour + timedelta(hours=1))

    def _keep(self, name: str, part: Part, url: str, until_at: datetime, extra: dict[str, Any]) -> Path:
        source = self.stream.source
        path = self.raw.keep(
            name,
            part.path,
            url=url,
            licence=source.licence,
            attribution=source.attribution,
            fetched_at=until_at,
            extra={"form": self.stream.form, **extra, "until_at": until_at.strftime(TIME_FORMAT)},
        )
        self.kept.append(path)
        return path


def close_left(home: Home, stream: Stream) -> list[Path]:
    """Close what a killed collector left, unless another one runs, which has done so; returns the files."""
    raw = RawStore(home, stream.source.key)
    if not any(raw.folder.rglob(f".{PREFIX}*.part.json")):
        return []
    recorder = Recorder(raw, stream, stream.url, Clock())
    try:
        with recorder.alone():
            return recorder.recover()
    except Running:
        return []


def _cut_to_lines(path: Path) -> tuple[int, int]:
    """Cut a file after its last line end; returns the number of whole lines, and of cut ones (0 or 1)."""
    n_lines = end = size = 0
    try:
        with path.open("r+b") as stream:
            while block := stream.read(LAST_BLOCK):
                n_lines += block.count(b"\n")
                if (last := block.rfind(b"\n")) >= 0:
                    end = size + last + 1
                size += len(block)
            stream.truncate(end)
    except OSError as error:
        raise explain_os_error(error, path) from error
    return n_lines, int(size > end)
