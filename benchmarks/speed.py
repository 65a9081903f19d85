"""What a Danish day costs from CSV to published tables, against DuckDB alone.

    python -m benchmarks.speed [--rows 20000000] [--scratch DIR] [--json]

"DuckDB alone" reads the same columns of the same CSV, typed, and writes them sorted by ship and time to
Parquet: the least that any reader of the day does. Both are measured as processes of their own, in processor
seconds (user and system together) and peak memory. The day (4 GB for 20 million rows) and all that is made
of it lie below `--scratch` and are removed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from benchmarks.danish_day import write_day
from pipeline.console import print_json, print_line, print_table
from pipeline.engine import literal
from pipeline.sources.base import split_header
from pipeline.sources.dma import NULL_WORDS, TYPES

STEPS = ("ingest", "detect", "link", "publish")
# The project's goals for the whole chain: times DuckDB's processor seconds, and memory.
MAX_RATIO = 2.5
MAX_GB = 6.0
# The columns that ingest reads of a Danish day.
READ = (
    "Timestamp", "Type of mobile", "MMSI", "Latitude", "Longitude", "Navigational status", "SOG", "COG",
    "Heading", "IMO", "Callsign", "Name", "Ship type", "Width", "Length", "Draught", "Destination",
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    step: str
    cpu_s: float
    wall_s: float
    peak_gb: float


def cost(step: str, command: list[str]) -> Cost:
    """Run a command to its end; its own processor time and memory, by the kernel's account."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{step} ended with {process.returncode}: {' '.join(command)}")
    return Cost(step, used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss * 1024 / 1e9)


def alone(day: Path, target: Path) -> None:
    """DuckDB alone: read typed, sort by ship and time, write Parquet."""
    with day.open(encoding="utf-8") as lines:
        names = split_header(lines.readline().removeprefix("# ").rstrip("\n"))
    types = ", ".join(f"{literal(name)}: {literal(TYPES.get(name, 'VARCHAR'))}" for name in names)
    nulls = ", ".join(literal(word) for word in NULL_WORDS)
    columns = ", ".join(f'"{name}"' for name in READ)
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT {columns} FROM read_csv({literal(str(day))}, columns = {{{types}}}, "
            f"header = true, auto_detect = false, nullstr = [{nulls}], "
            "timestampformat = '%d/%m/%Y %H:%M:%S') "
            f'ORDER BY "MMSI", "Timestamp") TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)'
        )


def measure(n_rows: int, scratch: Path) -> tuple[Cost, list[Cost]]:
    """The cost of DuckDB alone, and of each step of the chain."""
    with tempfile.TemporaryDirectory(prefix="speed-", dir=scratch) as folder:
        day = Path(folder) / "aisdk-2026-04-26.csv"
        size = write_day(day, n_rows)
        print_line(f"a Danish day of about {n_rows:,} rows, {size / 1e9:.2f} GB")
        home = str(Path(folder) / "home")
        target = str(Path(folder) / "alone.parquet")
        bare = cost("DuckDB alone", [sys.executable, "-m", "benchmarks.speed", "--alone", str(day), target])
        chain = []
        for step in STEPS:
            words = ["--home", home, step, *(["dma", str(day)] if step == "ingest" else [])]
            chain.append(cost(step, [sys.executable, "-m", "pipeline.cli", *words]))
    return bare, chain


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=float, default=20e6, help="about how many rows the day has")
    parser.add_argument(
        "--scratch", type=Path, help="where there is room for the day (default: the temporary folder)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures for a program")
    parser.add_argument(
        "--alone", nargs=2, type=Path, metavar=("DAY", "TARGET"), help="only read DAY with DuckDB"
    )
    arguments = parser.parse_args()
    if arguments.alone:
        alone(*arguments.alone)
        return
    bare, chain = measure(int(arguments.rows), arguments.scratch)
    whole = Cost(
        "whole chain",
        sum(c.cpu_s for c in chain),
        sum(c.wall_s for c in chain),
        max(c.peak_gb for c in chain),
    )
    if arguments.json:
        print_json(
            {"alone": asdict(bare), "steps": [asdict(c) for c in chain], "ratio": whole.cpu_s / bare.cpu_s}
        )
        return
    print_table(
        ["step", "processor s", "wall s", "peak GB", "times DuckDB alone"],
        [
            (c.step, f"{c.cpu_s:.1f}", f"{c.wall_s:.1f}", f"{c.peak_gb:.2f}", f"{c.cpu_s / bare.cpu_s:.2f}")
            for c in (bare, *chain, whole)
        ],
    )
    print_line(
        f"ratio {whole.cpu_s / bare.cpu_s:.2f} (at most {MAX_RATIO}), "
        f"peak {whole.peak_gb:.2f} GB (at most {MAX_GB:g})"
    )


if __name__ == "__main__":
    main()
