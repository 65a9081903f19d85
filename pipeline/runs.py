"""What ran, when, and how it ended: one small file a step below `work/runs`, published as table `runs`."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pipeline import __version__
from pipeline.files import write_text
from pipeline.home import Home


@dataclass
class Run:
    """A step under way; set `rows_out` before it ends."""

    rows_out: int = 0


@contextmanager
def recorded(home: Home, step: str, first: date | None = None, last: date | None = None) -> Iterator[Run]:
    """Record a step: its time, window and outcome. A failure is recorded and goes on to the caller."""
    run = Run()
    started, clock = datetime.now(UTC), time.monotonic()
    status = "failed"
    try:
        yield run
        status = "done"
    finally:
        entry = {
            "run_id": f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}",
            "started_at": _text(started),
            "ended_at": _text(datetime.now(UTC)),
            "window_from": first.isoformat() if first else None,
            "window_to": last.isoformat() if last else None,
            "step": step,
            "status": status,
            "rows_out": run.rows_out,
            "seconds": round(time.monotonic() - clock, 3),
            "version": __version__,
        }
        write_text(home.work / "runs" / f"{entry['run_id']}.json", json.dumps(entry) + "\n")


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def load(home: Home) -> list[dict[str, Any]]:
    """All recorded steps, oldest first."""
    return [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted((home.work / "runs").glob("*.json"))
    ]
