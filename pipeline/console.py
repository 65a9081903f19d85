"""What a person sees: progress bars on a terminal, plain lines elsewhere, tables, and JSON for programs.

Progress goes to standard error and results to standard output, so that results can be piped.
"""

import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO

from pipeline.progress import Progress
from pipeline.text import plain

Row = Sequence[Any]
TOLD_AFTER_S = 2.0


def is_live(stream: TextIO) -> bool:
    """Whether `stream` is a terminal on which colours and moving bars are welcome."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and stream.isatty()


def progress_on(stream: TextIO) -> Progress:
    """Bars where `stream` is a terminal, plain lines elsewhere."""
    return Bars(stream) if is_live(stream) else Lines(stream)


@dataclass(eq=False)
class _Task:
    what: str
    total: int | None
    started_s: float
    told_s: float
    done: int = 0
    is_told: bool = False


class Lines:
    """Progress as plain lines: what is going on once it lasts, now and then how far it is, and what it took.

    Work that ends within `after_s` is not mentioned, so that a quick failure is one line and no more.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        after_s: float = TOLD_AFTER_S,
        every_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._after_s = after_s
        self._every_s = every_s
        self._clock = clock
        self._tasks: list[_Task] = []
        self._lock = threading.RLock()

    @contextmanager
    def task(self, what: str, total: int | None = None) -> Iterator[None]:
        """Name the work once it lasts, and at its end say what it took."""
        now_s = self._clock()
        task = _Task(what, total, now_s, now_s)
        timer = threading.Timer(self._after_s, self._tell, [task])
        timer.daemon = True
        with self._lock:
            self._tasks.append(task)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._tasks.remove(task)
        if task.is_told:
            self.note(f"{what}: done in {self._clock() - task.started_s:.0f} s")

    def _tell(self, task: _Task) -> None:
        with self._lock:
            if task in self._tasks:
                task.is_told = True
                self.note(task.what)

    def advance(self, steps: int = 1) -> None:
        """Say how far the innermost task is, every ten seconds."""
        with self._lock:
            if not self._tasks:
                return
            task = self._tasks[-1]
            task.done += steps
            now_s = self._clock()
            if now_s - task.told_s >= self._every_s:
                task.told_s = now_s
                self.note(f"{task.what}: {task.done}" + (f" of {task.total}" if task.total else ""))

    def note(self, line: str) -> None:
        """Print one line."""
        with self._lock:
            print(plain(line), file=self._stream, flush=True)


class Bars:
    """Progress as bars on a terminal, gone when the work is done."""

    def __init__(self, stream: TextIO) -> None:
        # Imported here: `transship --help` and pipes need none of it.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        self._console = Console(file=stream, highlight=False)
        self._bars = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._open: list[Any] = []

    @contextmanager
    def task(self, what: str, total: int | None = None) -> Iterator[None]:
        """Show a bar while the work lasts."""
        if not self._open:
            self._bars.start()
        bar = self._bars.add_task(plain(what), total=total)
        self._open.append(bar)
        try:
            yield
        finally:
            self._open.remove(bar)
            self._bars.remove_task(bar)
            if not self._open:
                self._bars.stop()

    def advance(self, steps: int = 1) -> None:
        """Move the innermost bar."""
        if self._open:
            self._bars.advance(self._open[-1], steps)

    def note(self, line: str) -> None:
        """Print one line above the bars."""
        self._console.print(plain(line), markup=False, soft_wrap=True)


def print_line(line: str = "") -> None:
    """Print one line of a result."""
    print(plain(line))


def print_json(value: Any) -> None:
    """Print a result for a program: times as ISO 8601 in UTC without a zone, no NaN, no hidden characters."""
    print(json.dumps(jsonable(value), ensure_ascii=False, indent=1))


def print_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Print rows under their column names: ruled on a terminal, aligned elsewhere, nothing cut off."""
    numeric = [all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(columns))]
    texts = [[cell(value) for value in row] for row in rows]
    heads = [plain(name) for name in columns]
    if is_live(sys.stdout):
        _print_ruled(heads, texts, numeric)
        return
    widths = [max(len(text[i]) for text in [heads, *texts]) for i in range(len(heads))]
    for text in [heads, *texts]:
        parts = (
            value.rjust(width) if is_number else value.ljust(width)
            for value, width, is_number in zip(text, widths, numeric, strict=True)
        )
        print("  ".join(parts).rstrip())


def _print_ruled(heads: list[str], texts: list[list[str]], numeric: list[bool]) -> None:
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD)
    for head, is_number in zip(heads, numeric, strict=True):
        table.add_column(Text(head), justify="right" if is_number else "left", overflow="fold")
    for text in texts:
        # Text, not str: a ship called "[red]" is no markup.
        table.add_row(*(Text(value) for value in text))
    Console(highlight=False).print(table)


def cell(value: Any) -> str:
    """A value as a person reads it in a table; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1 else f"{value:.8g}"
    return plain(value)


def jsonable(value: Any) -> Any:  # noqa: PLR0911 (one return a type reads best)
    """A value as JSON can hold it."""
    match value:
        case None | bool() | int():
            return value
        case float() | Decimal():
            number = float(value)
            return number if math.isfinite(number) else None
        case str():
            return plain(value)
        case datetime() | date():
            return value.isoformat()
        case dict():
            return {plain(key): jsonable(inner) for key, inner in value.items()}
        case list() | tuple() | set():
            return [jsonable(inner) for inner in value]
        case bytes():
            return value.hex()
        case _:
            return plain(value)
