"""Listen to a live stream, into raw/: connect, write, watch for silence, connect anew, until told to stop."""

import random
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from pipeline.collecting import STREAMS, Ask, Connection, Lost, Stream
from pipeline.collecting.holes import HoleLog, Watch
from pipeline.collecting.recording import Recorder
from pipeline.collecting.regions import regions
from pipeline.errors import UsageError
from pipeline.home import Home
from pipeline.net import Clock, Unreachable
from pipeline.progress import Progress, Quiet
from pipeline.raw import RawStore
from pipeline.secrets import required
from pipeline.settings import Settings, SourceSettings

DURATION = re.compile(r"(\d+)([smhd])")
UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# How long one wait for a message may take, so that a stop, the hour and the disk are seen to.
GLANCE_S = 0.5
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60
BAR_STEPS = 60


@dataclass
class CollectResult:
    """What one run did. `n_recovered` are files that a killed run had left and this one closed."""

    source: str
    n_messages: int = 0
    n_connections: int = 0
    n_holes: int = 0
    n_recovered: int = 0
    files: list[Path] = field(default_factory=list)


def parse_duration(text: str) -> int:
    """`60s`, `15m`, `1h` or `7d` in seconds; raises UsageError for anything else."""
    found = DURATION.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise UsageError(f"--for {text!r}: write a number and s, m, h or d, such as 60s, 15m or 1h")
    return int(found[1]) * UNIT_S[found[2]]


def collect(
    home: Home,
    settings: Settings,
    source: str,
    *,
    for_s: float | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
    stop: threading.Event | None = None,
) -> CollectResult:
    """Listen to a source's stream for `for_s` seconds, or until SIGTERM, SIGINT or `stop`.

    Raises UsageError for an unknown source or a senseless address, TransshipError for a missing or refused
    key, a full disk, another collector in this home, and where no connection was had in all the time.
    """
    if source not in STREAMS:
        raise UsageError(f"source {source!r} is no stream; these are: {', '.join(sorted(STREAMS))}")
    stream = STREAMS[source]
    keys = required(source, stream.source.key_variables)
    own = settings.sources.get(source, SourceSettings())
    clock, progress, stop = clock or Clock(), progress or Quiet(), stop or threading.Event()
    ask = Ask(own.url or stream.url, keys, regions(home) if stream.has_regions else (), clock)
    home.create()
    recorder = Recorder(RawStore(home, source), stream, _without_key(ask), clock)
    log = HoleLog(home, source)
    result = CollectResult(source)
    with recorder.alone(), _stopped_by_signals(stop):
        recovered = recorder.recover()
        for path in recovered:
            progress.note(f"{source}: closed {path.name}, which a killed run had left")
        result.n_recovered = len(recovered)
        watch = Watch(ask.regions, own.max_silence_s, log, recorder.until())
        run = _Run(stream, ask, recorder, watch, result, progress, stop, for_s)
        try:
            with progress.task(f"listening to {source}", round(for_s) if for_s else None):
                run.until_told()
        finally:
            recorder.close()
            watch.end(clock.now())
    result.files, result.n_holes = recorder.kept, log.n_written
    if not result.n_connections:
        raise Unreachable(f"{source}: {run.trouble or 'stopped before a connection was had'}")
    return result


class _Run:
    """One run, from the first connection to the stop."""

    def __init__(
        self,
        stream: Stream,
        ask: Ask,
        recorder: Recorder,
        watch: Watch,
        result: CollectResult,
        progress: Progress,
        stop: threading.Event,
        for_s: float | None,
    ) -> None:
        self.stream, self.ask, self.recorder, self.watch = stream, ask, recorder, watch
        self.result, self.progress, self.stop = result, progress, stop
        self.clock = ask.clock
        self.end_s = None if for_s is None else self.clock.monotonic() + for_s
        self.trouble = ""
        self.for_s = for_s
        self._told_s = self.clock.monotonic()
        self._n_kept = len(recorder.kept)

    def until_told(self) -> None:
        """Connect, listen, and connect anew."""
        n_vain = 0
        while not self._is_over():
            n_before = self.result.n_messages
            self.trouble = self._one_connection()
            if self._is_over():
                break
            self.watch.lost(self.trouble)
            n_vain = 0 if self.result.n_messages > n_before else n_vain + 1
            wait_s = min(FIRST_WAIT_S * 2 ** min(n_vain, 10), LONGEST_WAIT_S) * random.uniform(0.5, 1.5)
            self.progress.note(f"{self.stream.source.key}: {self.trouble}; connecting anew in {wait_s:.1f} s")
            self._pause(wait_s)

    def _one_connection(self) -> str:
        """Listen on one connection until it ends or is to end; returns why."""
        try:
            connection = self.stream.connect(self.ask)
        except Lost as lost:
            return str(lost)
        self.result.n_connections += 1
        self.watch.connected(self.clock.monotonic())
        self.progress.note(f"{self.stream.source.key}: connected to {self.recorder.url}")
        why = "stopped"
        try:
            while not self._is_over():
                self._receive(connection, GLANCE_S)
                self._look_around()
                if silence := self.watch.silence(self.clock.monotonic()):
                    why = silence
                    break
        except Lost as lost:
            return str(lost)
        finally:
            connection.close()
        # What had come before the goodbye is kept.
        try:
            while self._receive(connection, 0):
                pass
        except Lost:
            pass
        return why

    def _receive(self, connection: Connection, timeout_s: float) -> bool:
        message = connection.receive(timeout_s)
        if message is None:
            return False
        self.recorder.write(message.line)
        self.watch.heard(message.region, self.clock.now(), self.clock.monotonic())
        self.result.n_messages += 1
        return True

    def _pause(self, seconds: float) -> None:
        end_s = self.clock.monotonic() + seconds
        while not self._is_over() and (left_s := end_s - self.clock.monotonic()) > 0:
            self.stop.wait(min(left_s, GLANCE_S))
            self._look_around()

    def _look_around(self) -> None:
        """See to the disk, the hour and the bar."""
        self.recorder.tick()
        for path in self.recorder.kept[self._n_kept :]:
            self.progress.note(f"{self.stream.source.key}: closed {path.name}")
        self._n_kept = len(self.recorder.kept)
        seconds = int(self.clock.monotonic() - self._told_s)
        # A run without an end has no bar, and writes no line every few seconds for weeks.
        if self.for_s and seconds >= max(1, self.for_s / BAR_STEPS):
            self._told_s += seconds
            self.progress.advance(seconds)

    def _is_over(self) -> bool:
        return self.stop.is_set() or (self.end_s is not None and self.clock.monotonic() >= self.end_s)


def _without_key(ask: Ask) -> str:
    """The address as files and messages show it: no user, no query."""
    return re.sub(r"//[^/@]*@", "//", ask.url).split("?")[0]


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT end the run cleanly; a second one ends it at once.

    Elsewhere than in the main thread signals cannot be had, and `stop` is the way.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[number])

    before = {int(number): signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, ask_to_stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
