"""Holes in a feed: when nothing could be heard, or nothing was though the connection stood.

`raw/<source>/.holes.jsonl` has one JSON object a line: region (null: the whole feed), from_at and to_at
(UTC), why. Ingest copies them to `lake/holes/source=<source>/holes.parquet`, with each region's box.
"""

import json
import os
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipeline.collecting.regions import Region, regions
from pipeline.engine import literal
from pipeline.files import explain_os_error, make_folder, replacing, write_checksum
from pipeline.home import Home
from pipeline.raw import TIME_FORMAT

NAME = ".holes.jsonl"
# A region is silent when it was quiet for this many times the usual pause between its messages, and for
# max_silence_s at least: a sea with a ship an hour is not broken after two minutes.
USUAL_PAUSES = 5
# The usual pause is a mean that forgets what lies more than about this many messages back.
REMEMBERED = 50
# A renewal that brought a region nothing is tried again after twice the time, up to this.
LONGEST_S = 3600
# Of the lake's table; `south` to `east` are degrees, null for the whole feed.
COLUMNS = (
    "source VARCHAR, region VARCHAR, south DOUBLE, west DOUBLE, north DOUBLE, east DOUBLE, "
    "from_at TIMESTAMP, to_at TIMESTAMP, why VARCHAR"
)


@dataclass(frozen=True)
class Hole:
    """A time without messages: of a region, or (None) of the whole feed."""

    region: str | None
    from_at: datetime
    to_at: datetime
    why: str


class HoleLog:
    """The file of holes of one source."""

    def __init__(self, home: Home, source: str) -> None:
        """The file is made with the first hole."""
        self.path = home.raw / source / NAME
        self.n_written = 0

    def write(self, hole: Hole) -> None:
        """Add a hole, durably."""
        record = {
            **asdict(hole),
            "from_at": hole.from_at.strftime(TIME_FORMAT),
            "to_at": hole.to_at.strftime(TIME_FORMAT),
        }
        make_folder(self.path.parent)
        try:
            with self.path.open("a+b") as stream:
                # A line that a power cut tore stays alone.
                torn = stream.tell() and os.pread(stream.fileno(), 1, stream.tell() - 1) != b"\n"
                stream.write((b"\n" if torn else b"") + json.dumps(record).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise explain_os_error(error, self.path) from error
        self.n_written += 1


@dataclass
class _Ear:
    """What is known of one region, or of the whole feed. Seconds are of the monotonic clock."""

    # When it was last heard, or a connection was made that could hear it.
    since_s: float = 0
    heard_at: datetime | None = None
    usual_pause_s: float = 0
    # Why the next message ends a hole; empty while all is well.
    why: str = ""
    n_renewals: int = 0


class Watch:
    """Tells when a connected stream has fallen silent, as a whole or in a region, and logs the holes."""

    def __init__(
        self, regions: Iterable[Region], max_silence_s: float, log: HoleLog, until: datetime | None
    ) -> None:
        """`until`: the end of what an earlier run recorded; from there to the first message is a hole."""
        self.max_silence_s, self.log = max_silence_s, log
        self._feed = _Ear(heard_at=until, why="not running" if until else "")
        self._regions = {region.name: _Ear() for region in regions}

    def connected(self, now_s: float) -> None:
        """A connection stands: silence counts from here."""
        for ear in (self._feed, *self._regions.values()):
            ear.since_s = now_s

    def lost(self, why: str) -> None:
        """The connection is gone: what comes next ends a hole of the whole feed."""
        if not self._feed.why:
            self._feed.why = why

    def heard(self, region: str | None, now: datetime, now_s: float) -> None:
        """A message came."""
        self._heard(self._feed, None, now, now_s)
        if region in self._regions:
            self._heard(self._regions[region], region, now, now_s)

    def _heard(self, ear: _Ear, region: str | None, now: datetime, now_s: float) -> None:
        if ear.why:
            if ear.heard_at is not None:
                self.log.write(Hole(region, ear.heard_at, now, ear.why))
        elif ear.heard_at is not None:
            pause_s = now_s - ear.since_s
            ear.usual_pause_s += (pause_s - ear.usual_pause_s) / REMEMBERED
        ear.since_s, ear.heard_at, ear.why, ear.n_renewals = now_s, now, "", 0

    def silence(self, now_s: float) -> str | None:
        """Why the connection should be renewed, if it should."""
        if now_s - self._feed.since_s > self.max_silence_s:
            return f"silent for {now_s - self._feed.since_s:.0f} s"
        for name, ear in self._regions.items():
            # A region that was never heard may have no receiver.
            if ear.heard_at is None:
                continue
            limit_s = max(self.max_silence_s, USUAL_PAUSES * ear.usual_pause_s) * 2**ear.n_renewals
            if now_s - ear.since_s > min(limit_s, max(LONGEST_S, self.max_silence_s)):
                ear.why = "silent"
                ear.n_renewals += 1
                return f"{name} silent for {now_s - ear.since_s:.0f} s"
        return None

    def end(self, now: datetime) -> None:
        """The run ends: holes that are still open end here, and the next run begins another."""
        for name, ear in ((None, self._feed), *self._regions.items()):
            if ear.why and ear.heard_at is not None and ear.heard_at < now:
                self.log.write(Hole(name, ear.heard_at, now, ear.why))


def read(home: Home, source: str) -> list[Hole]:
    """The holes of a source, in the order they ended; a torn line is left out."""
    try:
        lines = (home.raw / source / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
            times = [datetime.strptime(entry[name], TIME_FORMAT) for name in ("from_at", "to_at")]  # noqa: DTZ007
            found.append(Hole(entry["region"], times[0], times[1], str(entry["why"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def to_lake(home: Home, source: str) -> Path | None:
    """Write the holes of a source for detection; None where there are none.

    Columns: source, region (null: the whole feed), south, west, north, east (degrees), from_at, to_at, why.
    """
    holes = read(home, source)
    if not holes:
        return None
    boxes = {region.name: region for region in regions(home)}
    target = home.lake / "holes" / f"source={source}" / "holes.parquet"
    with closing(duckdb.connect()) as con, replacing(target) as temporary:
        con.execute(f"CREATE TABLE holes ({COLUMNS})")
        for hole in holes:
            box = boxes.get(hole.region or "")
            sides = (box.south, box.west, box.north, box.east) if box else (None,) * 4
            row = (source, hole.region, *sides, hole.from_at, hole.to_at, hole.why)
            con.execute("INSERT INTO holes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        con.execute(f"COPY (FROM holes ORDER BY ALL) TO {literal(str(temporary))} (FORMAT parquet)")
    write_checksum(target)
    return target


def read_lake(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Make the temporary table `said_holes` of what `to_lake` wrote for all sources."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE said_holes ({COLUMNS})")
    for path in sorted((home.lake / "holes").glob("source=*/holes.parquet")):
        con.execute(
            f"INSERT INTO said_holes FROM read_parquet({literal(str(path))}, hive_partitioning = false)"
        )
