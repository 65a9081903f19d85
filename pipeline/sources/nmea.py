r"""NMEA 0183 sentences of a receiver or a network: files of lines, and what `transship collect nmea` records.

A sentence says no date and no hour. Its time is, first to last: that of its tag block
(`\s:station,c:1635731889*6A\`, on its line or alone on the line before), that of a `$PGHP` line before it,
the clock of the collector, and the clock of the last base station heard (message 4), to which the sentence's
own second is then the next.
"""

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from io import BufferedReader
from operator import xor
from typing import Any

import duckdb
import pyais
from pyais.exceptions import AISBaseException

import sql
from pipeline.errors import TransshipError
from pipeline.sources.base import Member, Source, Staged

SOURCE = Source(
    key="nmea",
    title="NMEA 0183 of a receiver or a network (files, TCP, UDP)",
    coverage="what the receiver hears: some 40 km from a mast, less from a window",
    delay="live",
    licence="the owner's",
    attribution="the owner of the receiver",
    key_variables=(),
    good_for="a hub that no public source sees: a receiver of one's own at Tangier or Istanbul",
    blind_to="all that is beyond the receiver's horizon",
)

# The station that the collector's own tag blocks name.
CLOCK_STATION = "transship"
SENTENCE = re.compile(
    rb"!(?P<talker>[A-Z0-9]{2})(?P<kind>VD[MO]),(?P<n_parts>\d),(?P<part>\d),(?P<group>\d*),(?P<channel>[^,*]*),"
    rb"(?P<payload>[^,*]*),(?P<fill>\d)(?:\*(?P<checksum>[0-9A-Fa-f]{2}))?"
)
TAG_BLOCK = re.compile(rb"\\([^\\*]*)\*([0-9A-Fa-f]{2})\\")
# Beyond this, c: is in milliseconds.
MILLISECONDS = 10**11
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (the engine's timestamps have no zone)
# Parts of one message are sent one right after the other; in a network others come between.
PARTS_WITHIN_LINES = 2000
BATCH = 50_000
POSITION_TYPES = {1, 2, 3, 11, 18, 19, 27}
STATIC_TYPES = {5, 19, 24}
NOT_SHIPS = {4, 9, 17, 21}
COLUMNS = {
    "mmsi": "BIGINT",
    "time": "TIMESTAMP",
    "lat": "DOUBLE",
    "lon": "DOUBLE",
    "sog_kn": "DOUBLE",
    "cog_deg": "DOUBLE",
    "heading_deg": "DOUBLE",
    "nav_status": "INTEGER",
    "imo": "VARCHAR",
    "name": "VARCHAR",
    "callsign": "VARCHAR",
    "ship_type": "VARCHAR",
    "to_bow_m": "DOUBLE",
    "to_stern_m": "DOUBLE",
    "to_port_m": "DOUBLE",
    "to_starboard_m": "DOUBLE",
    "draught_m": "DOUBLE",
    "destination": "VARCHAR",
    "reject_reason": "VARCHAR",
}
Row = dict[str, Any]


@dataclass
class _Message:
    """A message of which not all parts have come."""

    n_parts: int
    line_no: int
    time: datetime | None
    # Whether the clock is a base station's, which runs some seconds behind the sentence.
    is_rough: bool
    is_own_ship: bool
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class _Clock:
    """The times that lines have told so far."""

    # Of the next sentence only.
    tag: datetime | None = None
    header: datetime | None = None
    # Until the next.
    collector: datetime | None = None
    station: datetime | None = None

    def take(self) -> tuple[datetime | None, bool]:
        """The time of the sentence that has just come, and whether it is rough."""
        own = self.tag or self.header or self.collector
        self.tag = self.header = None
        return (own, False) if own else (self.station, True)


def checksum(body: bytes) -> int:
    """NMEA's: all bytes between the start and `*`, exclusive or."""
    return reduce(xor, body, 0)


def messages(lines: Iterator[bytes]) -> Iterator[Row]:
    """A row a message, as columns of `COLUMNS`; what cannot be used has a reject_reason.

    Lines that are no AIS (other sentences, tag blocks, comments, blanks) give no row.
    """
    clock = _Clock()
    waiting: dict[tuple[bytes, ...], _Message] = {}
    for line_no, raw in enumerate(lines):
        line, linked = _without_tag_blocks(raw.strip(), clock)
        if not line or line[:1] in b"$#":
            if line.startswith(b"$PGHP,"):
                clock.header = _pghp(line)
            continue
        found = SENTENCE.match(line)
        if found is None:
            yield {"reject_reason": "unreadable"}
            continue
        time, is_rough = clock.take()
        if found["checksum"] and int(found["checksum"], 16) != checksum(line[1 : found.end() - 3]):
            yield {"reject_reason": "bad_checksum", "time": time}
            continue
        if not found["payload"]:
            yield {"reject_reason": "no_payload", "time": time}
            continue
        n_parts, part = int(found["n_parts"]), int(found["part"])
        message = _Message(n_parts, line_no, time, is_rough, found["kind"] == b"VDO")
        if n_parts > 1:
            key = (linked,) if linked else found.group("talker", "group", "channel", "n_parts")
            before = waiting.pop(key, None)
            if before and (part in before.parts or line_no - before.line_no > PARTS_WITHIN_LINES):
                yield {"reject_reason": "incomplete", "time": before.time}
                before = None
            message = before or message
            message.time = message.time or time
        message.parts[part] = found[0]
        if len(message.parts) < n_parts:
            waiting[key] = message
            if len(waiting) > PARTS_WITHIN_LINES:
                # The one that has waited longest.
                yield {"reject_reason": "incomplete", "time": waiting.pop(next(iter(waiting))).time}
            continue
        yield _decoded(message, clock)
    for message in waiting.values():
        yield {"reject_reason": "incomplete", "time": message.time}


def _without_tag_blocks(line: bytes, clock: _Clock) -> tuple[bytes, bytes]:
    """The sentence of a line, and the number that links it to the other parts of its message (`g:1-2-3454`).

    The time of its tag blocks goes to the clock.
    """
    linked = b""
    while block := TAG_BLOCK.match(line):
        line = line[block.end() :].lstrip()
        if checksum(block[1]) != int(block[2], 16):
            continue
        said = dict(pair.partition(b":")[::2] for pair in block[1].split(b","))
        if said.get(b"g", b"").count(b"-") == 2:
            linked = said[b"g"].split(b"-", 1)[1]
        time = _epoch(said[b"c"]) if b"c" in said else None
        if said.get(b"s") == CLOCK_STATION.encode():
            clock.collector = time or clock.collector
        elif time:
            clock.tag = time
    return line, linked


def _epoch(text: bytes) -> datetime | None:
    try:
        number = int(text)
        return EPOCH + timedelta(seconds=number / 1000 if number > MILLISECONDS else number)
    except (ValueError, OverflowError):
        return None


def _pghp(line: bytes) -> datetime | None:
    """The time of a `$PGHP` line: year, month, day, hour, minute, second, milliseconds."""
    try:
        *date, ms = (int(word) for word in line.split(b",")[2:9])
        return datetime(*date) + timedelta(milliseconds=ms)  # type: ignore[arg-type] # noqa: DTZ001
    except (ValueError, TypeError, OverflowError):
        return None


def _decoded(message: _Message, clock: _Clock) -> Row:
    try:
        report: Any = pyais.decode(*(message.parts[number] for number in sorted(message.parts)))
    except (AISBaseException, ValueError, IndexError, TypeError, OverflowError):
        return {"reject_reason": "undecodable", "time": message.time}
    kind = report.msg_type
    if kind == 4 and not message.is_own_ship:
        with suppress(ValueError, TypeError):
            clock.station = datetime(  # noqa: DTZ001
                report.year, report.month, report.day, report.hour, report.minute, report.second
            )
    row: Row = {"mmsi": _number(report.mmsi), "time": message.time}
    if message.is_rough and message.time and kind in POSITION_TYPES:
        row["time"] = _nearest(message.time, _number(getattr(report, "second", None)))
    if message.is_own_ship:
        return {**row, "reject_reason": "own_ship"}
    if kind in NOT_SHIPS:
        return {**row, "reject_reason": "not_a_ship"}
    if kind in POSITION_TYPES:
        row |= {
            "lat": report.lat,
            "lon": report.lon,
            "sog_kn": getattr(report, "speed", None),
            "cog_deg": getattr(report, "course", None),
            "heading_deg": getattr(report, "heading", None),
            "nav_status": _number(getattr(report, "status", None)),
        }
    if kind in STATIC_TYPES:
        row |= _static(report)
    elif kind not in POSITION_TYPES:
        row["reject_reason"] = "other_message"
    return row


def _static(report: Any) -> Row:
    """What a report of type 5, 19 or 24 says of the ship; 24 comes in two parts, each with some of it."""
    said = {
        "imo": getattr(report, "imo", None) or None,
        "name": getattr(report, "shipname", None) or None,
        "callsign": getattr(report, "callsign", None) or None,
        "ship_type": _number(getattr(report, "ship_type", None)) or None,
        "draught_m": getattr(report, "draught", None) or None,
        "destination": getattr(report, "destination", None) or None,
    }
    sides = {side: getattr(report, side, None) for side in ("to_bow", "to_stern", "to_port", "to_starboard")}
    if any(sides.values()):
        said |= {f"{side}_m": metres for side, metres in sides.items()}
    return {
        name: str(value) if COLUMNS[name] == "VARCHAR" and value else value for name, value in said.items()
    }


def _number(value: Any) -> int | None:
    """An integer of what pyais gives: a number, an enumeration, digits."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _nearest(clock: datetime, second: int | None) -> datetime:
    """The moment with this UTC second that lies next to a clock; above 59 a second says other things."""
    if second is None or second > 59:
        return clock
    moment = clock.replace(second=second, microsecond=0)
    offset_s = (moment - clock).total_seconds()
    return moment + timedelta(minutes=1 if offset_s < -30 else -1 if offset_s > 30 else 0)


def stage(con: duckdb.DuckDBPyConnection, member: Member, mapping: Mapping[str, Any]) -> Staged:
    """Make `staged` of a file of lines, plain or gzip."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE raw ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})"
    )
    batch: list[Row] = []
    n_rows = n_ais = 0
    with member.path.open("rb") as stream:
        for row in messages(_lines(member, stream)):
            batch.append(row)
            n_rows += 1
            n_ais += row.get("reject_reason") != "unreadable"
            if len(batch) == BATCH:
                _insert(con, batch)
                batch = []
    if batch:
        _insert(con, batch)
    if not n_ais:
        raise TransshipError(f"{member.label}: no AIS sentence (!AIVDM,…) in it")
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {sql.read('staging/nmea')}")
    return Staged()


def _lines(member: Member, stream: BufferedReader) -> Iterator[bytes]:
    # Told without a seek, which a pipe has not.
    is_packed = stream.peek(2)[:2] == b"\x1f\x8b"
    try:
        yield from gzip.GzipFile(fileobj=stream) if is_packed else stream
    except (OSError, EOFError, zlib.error) as error:
        raise TransshipError(f"{member.label}: damaged or cut short ({error})") from error


def _insert(con: duckdb.DuckDBPyConnection, batch: list[Row]) -> None:
    """Add rows to `raw`."""
    columns = ", ".join(f"unnest(${place}::{kind}[])" for place, kind in enumerate(COLUMNS.values(), start=1))
    con.execute(f"INSERT INTO raw SELECT {columns}", [[row.get(name) for row in batch] for name in COLUMNS])
