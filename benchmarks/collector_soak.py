"""A long run of the collector against a local websocket: memory, losses over forced reconnections, kill -9.

    python -m benchmarks.collector_soak [--minutes 21] [--rate 300] [--reconnections 20] [--folder DIR]

The service sends numbered reports in aisstream's form and ends the connection at even intervals, in turn with
a close frame and in the middle of a message. After two thirds of the time the collector is killed (SIGKILL)
and started again. Prints its memory, and which of the reports that went out whole were not recorded.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from websockets.sync.server import ServerConnection

from pipeline.files import sha256_of
from pipeline.home import Home
from pipeline.settings import load_settings
from pipeline.steps.ingest import ingest, raw_files
from tests.collect.server import (
    GIBRALTAR,
    KEY,
    KOTLIN,
    AisStream,
    aisstream,
    cut_mid_message,
    message_of,
    numbers_in,
)

MIB = 1 << 20
# A hole of the kill's making may not be longer than this, by the contract.
KILL_LOSES_S = 5


class Clockwork:
    """The service's script: reports at an even rate, each with the next number, to whoever is connected."""

    def __init__(self, rate: float, every_s: float, n_cuts: int) -> None:
        self.rate, self.every_s, self.left = rate, every_s, n_cuts
        self.start_s = time.monotonic()
        self.n_done = 0

    def __call__(self, service: AisStream, connection: ServerConnection, number: int) -> None:
        """Send on one connection until it is to be cut."""
        next_cut_s = self.start_s + (self.n_done + 1) * self.every_s
        # What was due while nobody listened is not sent later.
        count = int((time.monotonic() - self.start_s) * self.rate)
        while not service.ends.is_set():
            due = int((time.monotonic() - self.start_s) * self.rate)
            while count <= due:
                service.send(connection, count, GIBRALTAR if count % 3 else KOTLIN)
                count += 1
            if self.left and time.monotonic() > next_cut_s:
                self.left -= 1
                self.n_done += 1
                if self.n_done % 2:
                    cut_mid_message(connection, message_of(500_000_000))
                else:
                    connection.close()
                return
            time.sleep(0.02)


def resident_bytes(pid: int) -> int:
    """Memory of a process that lies in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def start(home: Path, url: str, seconds: float) -> subprocess.Popen[bytes]:
    """The collector, as a user starts it."""
    command = [
        sys.executable, "-m", "pipeline.cli", "--home", str(home), "--json", "collect", "aisstream",
        "--for", f"{max(1, round(seconds))}s", "--set", f"sources.aisstream.url={url}",
        "--set", "sources.aisstream.max_silence_s=30",
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        env={**os.environ, "AISSTREAM_API_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def watch(
    collector: subprocess.Popen[bytes], until_s: float, samples: list[tuple[float, int]], every_s: float
) -> None:
    """Sample its memory until it ends or the time has come."""
    start_s = time.monotonic()
    while collector.poll() is None and time.monotonic() < until_s:
        samples.append((time.monotonic() - start_s, resident_bytes(collector.pid)))
        time.sleep(every_s)


def main() -> None:
    """Run it and say what came of it; the exit is 1 where a report was lost or memory grew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=21)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--reconnections", type=int, default=20)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    home = Home(folder / "home")
    shutil.rmtree(home.root, ignore_errors=True)
    whole_s = given.minutes * 60
    script = Clockwork(given.rate, whole_s / (given.reconnections + 1), given.reconnections)
    memory: dict[str, list[tuple[float, int]]] = {"before the kill": [], "after the kill": []}
    with aisstream(script) as service:
        begin_s = time.monotonic()
        first = start(home.root, service.url, whole_s + 60)
        watch(first, begin_s + whole_s * 2 / 3, memory["before the kill"], whole_s / 240)
        killed_after = service.sent[-1]
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = start(home.root, service.url, begin_s + whole_s - time.monotonic())
        watch(second, begin_s + whole_s + 120, memory["after the kill"], whole_s / 240)
        out, _ = second.communicate()
        service.ends.set()
    sent = service.sent
    report(home, given.rate, sent, killed_after, memory, service.n_connections, json.loads(out))
    if not given.folder:
        shutil.rmtree(folder)


def report(
    home: Home,
    rate: float,
    sent: list[int],
    killed_after: int,
    memory: dict[str, list[tuple[float, int]]],
    n_connections: int,
    told: dict[str, object],
) -> None:
    """Compare and print."""
    files = raw_files(home, "aisstream")
    recorded: list[int] = []
    for path in files:
        assert path.with_name(path.name + ".sha256").read_text().strip() == sha256_of(path), path
        body = path.read_bytes()
        assert body.endswith(b"\n"), path
        recorded += numbers_in(body.splitlines())
    last = max(recorded)
    lost = sorted(set(sent) - set(recorded))
    # What went out when the collector was dead or had ended was received by nobody.
    by_kill = [n for n in lost if abs(n - killed_after) <= KILL_LOSES_S * rate]
    elsewhere = [n for n in lost if n not in set(by_kill) and n <= last]
    print(
        f"connections {n_connections}, files {len(files)}, "
        f"reports out {len(sent):,}, recorded {len(recorded):,}"
    )
    print(f"recorded twice: {len(recorded) - len(set(recorded))}")
    print(f"lost around the kill: {len(by_kill)} ({len(by_kill) / rate:.2f} s)")
    print(f"lost elsewhere: {len(elsewhere)} {elsewhere[:10]}")
    gaps = [(a, b) for a, b in pairwise(sorted(sent)) if b - a > 1]
    print(f"not sent, since nobody was connected: {sum(b - a - 1 for a, b in gaps):,} in {len(gaps)} times")
    grown = 0.0
    for name, samples in memory.items():
        sizes = [size / MIB for _, size in samples]
        # The first tenth is the start: imports, first file, first connection.
        settled = sizes[len(sizes) // 10 :]
        half = len(settled) // 2
        early, late = (sum(part) / len(part) for part in (settled[:half], settled[half:]))
        grown = max(grown, late - early)
        print(
            f"memory {name}, {samples[-1][0] / 60:.1f} min: {len(sizes)} samples, "
            f"least {min(settled):.1f} MiB, most {max(settled):.1f} MiB, "
            f"first half {early:.2f}, second half {late:.2f}"
        )
    result = ingest(home, load_settings(home.root), "aisstream")
    print(f"ingest: {result.n_rows:,} rows, {result.n_kept:,} kept, failures {result.failures}")
    print(f"the second run told: {told}")
    sys.exit(int(bool(elsewhere) or grown > 2 or result.n_rows != len(recorded) or bool(result.failures)))


if __name__ == "__main__":
    main()
