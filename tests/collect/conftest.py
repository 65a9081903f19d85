"""What the tests of collecting share: settings that point to a local service, and runs that end soon."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.home import Home
from pipeline.net import Clock
from pipeline.settings import load_settings
from pipeline.steps import collect as step
from pipeline.steps.collect import CollectResult, collect
from pipeline.steps.ingest import raw_files
from tests.collect.server import KEY
from tests.conftest import PROJECT


class Collected:
    """Runs of the collector in one home."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def run(
        self,
        source: str,
        url: str,
        until: Callable[[], bool],
        *,
        max_silence_s: float = 30,
        clock: Clock | None = None,
        within_s: float = 30,
    ) -> CollectResult:
        """Listen until the condition holds (asked ten times a second), and a glance longer."""
        settings = load_settings(
            self.home.root, [f"sources.{source}.url={url}", f"sources.{source}.max_silence_s={max_silence_s}"]
        )
        stop, has_held = threading.Event(), threading.Event()

        def look() -> None:
            end_s = time.monotonic() + within_s
            while time.monotonic() < end_s and not has_held.wait(0.1):
                if until():
                    has_held.set()
            stop.set()

        threading.Thread(target=look, daemon=True).start()
        result = collect(self.home, settings, source, clock=clock, stop=stop)
        assert has_held.is_set(), "the time is over"
        return result

    def start(self, source: str, url: str, *more: str) -> subprocess.Popen[str]:
        """The command, in a process of its own."""
        words = [
            "--home",
            str(self.home.root),
            "collect",
            source,
            "--set",
            f"sources.{source}.url={url}",
            *more,
        ]
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *words],
            cwd=PROJECT,
            env={**os.environ, "AISSTREAM_API_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def files(self, source: str) -> list[Path]:
        """What is whole in raw/, in order."""
        return raw_files(self.home, source)

    def lines(self, source: str) -> list[bytes]:
        """All recorded lines."""
        bodies = [path.read_bytes() for path in self.files(source)]
        assert all(body.endswith(b"\n") for body in bodies)
        return [line for body in bodies for line in body[:-1].split(b"\n")]

    def facts(self, path: Path) -> dict[str, Any]:
        """What stands beside a file."""
        found: dict[str, Any] = json.loads(path.with_name(path.name + ".json").read_text())
        return found

    def parts(self, source: str) -> list[Path]:
        """Files in work, or left by a run that was killed."""
        return sorted((self.home.raw / source).rglob(".*.part"))


@pytest.fixture
def collected(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collected]:
    """An empty home, a key, and waits that are short."""
    monkeypatch.setenv("AISSTREAM_API_KEY", KEY)
    monkeypatch.setattr(step, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(step, "GLANCE_S", 0.05)
    yield Collected(empty_home)


def wait_for(condition: Callable[[], bool], within_s: float = 20) -> None:
    """Until it holds; an error where it does not."""
    end_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_s, "the time is over"
        time.sleep(0.05)
