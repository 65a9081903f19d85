"""NMEA sentences into the lake: the clock of each, parts, what is broken, real networks' files."""

import gzip
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyais.encode
import pytest

from pipeline.sources.nmea import checksum
from tests.ingest.conftest import Lake, rejected

NEVA = 273123450
POSITION = {
    "msg_type": 1,
    "mmsi": NEVA,
    "lat": 56.5,
    "lon": 11.25,
    "speed": 12.3,
    "course": 181.5,
    "heading": 180,
    "second": 7,
}
STATIC = {
    "msg_type": 5, "mmsi": NEVA, "imo": 9074729, "callsign": "UBCD1", "shipname": "NEVA", "ship_type": 80,
    "to_bow": 150, "to_stern": 33, "to_port": 20, "to_starboard": 12, "draught": 10.4,
    "destination": "RU LED",
}  # fmt: skip
# 2026-04-27 10:00:00
EPOCH = 1777284000


def sentences(fields: dict[str, Any], talker: str = "AIVDM", seq_id: int = 1) -> list[str]:
    """The sentences of a message, of any talker."""
    made = pyais.encode.encode_dict(fields, talker_id="AI", seq_id=seq_id, radio_channel="A")
    bodies = [talker + line[6:-3] for line in made]
    return [f"!{body}*{checksum(body.encode()):02X}" for body in bodies]


def tag(block: str) -> str:
    """A tag block."""
    return f"\\{block}*{checksum(block.encode()):02X}\\"


def read(lake: Lake, *lines: str, end: str = "\n") -> dict[str, Any]:
    result = lake.read(lake.write("receiver.nmea", end.join(lines) + end), source="nmea")
    assert result.failures == []
    return lake.manifest()


def times(lake: Lake) -> list[str]:
    return [row[1].partition(" ")[2] for row in lake.rows(columns="mmsi, time::VARCHAR")]


def at(second: int, mmsi: int = NEVA, **changed: Any) -> str:
    (line,) = sentences({**POSITION, "second": second, "mmsi": mmsi, **changed})
    return line


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_positions_in_units(lake: Lake, end: str) -> None:
    read(lake, tag(f"s:1,c:{EPOCH}") + at(0), end=end)
    (row,) = lake.rows(
        columns="mmsi, time::VARCHAR, lat::DOUBLE, lon::DOUBLE, sog_kn::DECIMAL(4,1), cog_deg, heading_deg"
    )
    assert (*row[:4], float(row[4]), *row[5:]) == (
        NEVA,
        "2026-04-27 10:00:00",
        56.5,
        11.25,
        12.3,
        181.5,
        180.0,
    )


def test_values_that_mean_none(lake: Lake) -> None:
    told = read(
        lake,
        tag(f"c:{EPOCH}") + at(0, speed=102.3, course=360, heading=511),
        tag(f"c:{EPOCH}") + at(0, lat=91, lon=181),
    )
    assert lake.rows(columns="sog_kn, cog_deg, heading_deg") == [(None, None, None)]
    assert rejected(told) == {"bad_position": 1}


def test_where_the_time_comes_from(lake: Lake) -> None:
    """First to last: the own tag block, one on the line before, $PGHP, the collector's, a base station's."""
    station = sentences(
        {
            "msg_type": 4,
            "mmsi": 2655153,
            "year": 2026,
            "month": 4,
            "day": 27,
            "hour": 9,
            "minute": 59,
            "second": 58,
        }
    )[0]
    told = read(
        lake,
        at(0, 211000001),
        station,
        # The second that is next to the station's clock: of the minute after.
        at(3, 211000002),
        at(50, 211000003),
        at(60, 211000004),
        "$PGHP,1,2026,4,27,10,2,30,19,219,,2190069,1,6E*66",
        at(0, 211000005),
        # It was of that sentence only.
        at(57, 211000006),
        tag("si:AISD"),
        "$PGHP,1,2026,4,27,10,3,0,19,219,,2190069,1,6E*66",
        at(0, 211000007),
        tag(f"s:2,c:{EPOCH + 240}"),
        at(0, 211000008),
        tag(f"s:2,c:{(EPOCH + 300) * 1000 + 999}") + at(0, 211000009),
        tag(f"s:transship,c:{EPOCH + 360}"),
        at(0, 211000010),
        at(0, 211000011),
        tag(f"c:{EPOCH + 420}") + at(0, 211000012),
        # A damaged tag block says nothing.
        tag(f"c:{EPOCH}").replace(":", ";", 1) + at(0, 211000013),
    )
    assert rejected(told) == {"bad_time": 1, "not_a_ship": 1}
    assert [row[0] for row in lake.rows(columns="mmsi")] == list(range(211000002, 211000014))
    assert times(lake) == [
        "10:00:03", "09:59:50", "09:59:58", "10:02:30", "09:59:57", "10:03:00", "10:04:00", "10:05:00",
        "10:06:00", "10:06:00", "10:07:00", "10:06:00",
    ]  # fmt: skip


def test_parts_of_a_message_across_lines(lake: Lake) -> None:
    one, two = sentences(STATIC, seq_id=3)
    other = sentences({**STATIC, "mmsi": 211000001, "shipname": "LUNA"}, seq_id=4)
    told = read(
        lake,
        tag(f"c:{EPOCH}") + at(0),
        # Another ship's parts between, in the wrong order, and a time on the first part only.
        tag(f"c:{EPOCH},s:1") + one,
        other[1],
        at(0, 211000002),
        tag(f"c:{EPOCH}") + other[0],
        two,
    )
    assert rejected(told) == {"no_position": 2, "bad_time": 1}
    said = lake.rows(
        "statics", "mmsi, imo, name, callsign, ship_type, length_m, width_m, draught_m, destination"
    )
    assert (NEVA, 9074729, "NEVA", "UBCD1", "tanker", 183.0, 32.0, 10.4, "RU LED") in said
    assert any(row[:3] == (211000001, 9074729, "LUNA") for row in said)


def test_parts_that_a_tag_block_links(lake: Lake) -> None:
    """As satellites' files have them: only the first part names station and time, and numbers repeat."""
    one, two = sentences(STATIC, seq_id=1)
    three, four = sentences({**STATIC, "mmsi": 211000001}, seq_id=1)
    told = read(
        lake,
        tag(f"c:{EPOCH}") + at(0),
        tag(f"g:1-2-34,s:1,c:{EPOCH}") + one,
        tag(f"g:1-2-35,s:1,c:{EPOCH}") + three,
        tag("g:2-2-34") + two,
        tag("g:2-2-35") + four,
    )
    assert rejected(told) == {"no_position": 2}
    assert {row[0] for row in lake.rows("statics", "mmsi")} == {NEVA, 211000001}


def test_class_b(lake: Lake) -> None:
    now = tag(f"c:{EPOCH}")
    lines = [
        {"msg_type": 18, "mmsi": 211000001, "lat": 56.5, "lon": 11.25, "speed": 5.0},
        {"msg_type": 24, "partno": 0, "mmsi": 211000001, "shipname": "SOL"},
        {
            "msg_type": 24, "partno": 1, "mmsi": 211000001, "ship_type": 30, "callsign": "DA1234",
            "to_bow": 9, "to_stern": 3, "to_port": 2, "to_starboard": 3,
        },
    ]  # fmt: skip
    extended = sentences(
        {
            "msg_type": 19, "mmsi": 211000002, "lat": 56.5, "lon": 11.25, "shipname": "LUNA", "ship_type": 37,
            "to_bow": 5, "to_stern": 6, "to_port": 2, "to_starboard": 2,
        }
    )  # fmt: skip
    told = read(lake, *(now + sentences(fields)[0] for fields in lines), *(now + line for line in extended))
    assert rejected(told) == {"no_position": 2}
    assert [row[0] for row in lake.rows(columns="mmsi")] == [211000001, 211000002]
    said = lake.rows("statics", "mmsi, name, callsign, ship_type, length_m, width_m")
    assert (211000002, "LUNA", None, "pleasure", 11.0, 4.0) in said
    assert any(row[1:] == ("SOL", "DA1234", "fishing", 12.0, 5.0) for row in said)


def test_both_parts_of_class_b_count_whatever_their_order_and_second(lake: Lake) -> None:
    """Three ships: the parts in one second, the second part first, and each part heard by two stations."""
    lines = []
    for mmsi, second_a, second_b in ((211000001, 0, 0), (211000002, 1, 0), (211000003, 0, 0)):
        part_a = sentences({"msg_type": 24, "partno": 0, "mmsi": mmsi, "shipname": "SOL"})
        part_b = sentences({"msg_type": 24, "partno": 1, "mmsi": mmsi, "callsign": "DA1234"})
        for station in range(1 + (mmsi == 211000003)):
            lines += [tag(f"s:{station},c:{EPOCH + second_b}") + part_b[0]]
            lines += [tag(f"s:{station},c:{EPOCH + second_a}") + part_a[0]]
    told = read(lake, *lines)
    assert rejected(told) == {"no_position": 8}
    said = lake.rows("statics", "mmsi, name, callsign, first_at::VARCHAR, last_at::VARCHAR, n_reports")
    first, later = (f"{datetime.fromtimestamp(EPOCH + s, UTC):%Y-%m-%d %H:%M:%S}" for s in (0, 1))
    assert sorted(said) == [
        (211000001, "SOL", "DA1234", first, first, 2),
        (211000002, "SOL", "DA1234", first, later, 2),
        (211000003, "SOL", "DA1234", first, first, 4),
    ]


def test_what_is_no_report_is_counted(lake: Lake) -> None:
    now = tag(f"c:{EPOCH}")
    own = sentences(POSITION, "AIVDO")[0]
    foreign = sentences({**POSITION, "mmsi": 211000001}, "BSVDM")[0]
    one, _ = sentences(STATIC, seq_id=3)
    told = read(
        lake,
        now + at(0),
        now + foreign,
        now + own,
        now + at(0)[:-2] + "00",
        now + sentences({"msg_type": 9, "mmsi": 111232511, "lat": 56.5, "lon": 11.25})[0],
        now + sentences({"msg_type": 14, "mmsi": NEVA, "text": "STAND BY"})[0],
        now + one,
        now + "!AIVDM,1,1,,B,,0*25",
        "!AIVDM,1,1,,A,13@",
        "GARBAGE \x00\xff",
        # These are no AIS, and count for nothing.
        "",
        "# a remark",
        "$GPGGA,092204.999,4250.5589,S,14718.5084,E,1,04,24.4,19.7,M,,,,0000*1F",
        now,
    )
    assert rejected(told) == {
        "own_ship": 1, "bad_checksum": 1, "not_a_ship": 1, "other_message": 1, "incomplete": 1,
        "no_payload": 1, "unreadable": 2,
    }  # fmt: skip
    assert told["n_kept"] == 2


def test_a_file_without_ais_is_refused(lake: Lake) -> None:
    (failure,) = lake.read(lake.write("a.txt", "a,b,c\n1,2,3\n"), source="nmea").failures
    assert "no AIS sentence" in failure


def test_a_packed_file_that_was_cut_is_refused(lake: Lake) -> None:
    packed = gzip.compress("\n".join(tag(f"c:{EPOCH + n}") + at(0) for n in range(500)).encode())
    (failure,) = lake.read(lake.write("a.nmea.gz", packed[:-300]), source="nmea").failures
    assert "cut short" in failure
    assert lake.manifests() == []


def independent_count(lines: Sequence[bytes]) -> tuple[int, int]:
    """AIS sentences, and those of them that are a second or later part, by looking at the text alone."""
    found = [re.search(rb"!..VD[MO],(\d),(\d),", line) for line in lines]
    return sum(map(bool, found)), sum(bool(one and one[2] != b"1") for one in found)


@pytest.mark.parametrize(
    ("name", "first", "last", "least_kept", "reasons"),
    [
        (
            *("dma/nmea-2013-11-12T1200.txt.gz", "2013-11-12 12:00:00", "2013-11-12 12:02:30", 0.94),
            {"own_ship", "not_a_ship", "no_position", "bad_mmsi", "repeat"},
        ),
        (
            *("orbcomm-nmea/aisdb_20211101.nm4.gz", "2021-11-01 01:58:00", "2021-11-01 01:59:10", 0.9),
            {"not_a_ship", "no_position", "bad_mmsi", "bad_position", "other_message"},
        ),
        (
            *("orbcomm-nmea/pyais_nmea_sample.txt", "2015-06-21 09:30:00", "2015-06-21 09:32:10", 0.6),
            {
                *(
                    "bad_time",
                    "no_payload",
                    "incomplete",
                    "not_a_ship",
                    "no_position",
                    "bad_mmsi",
                    "bad_position",
                ),
                *("other_message", "repeat"),
            },
        ),
    ],
)
def test_real_files(
    lake: Lake, shared_dir: Path, name: str, first: str, last: str, least_kept: float, reasons: set[str]
) -> None:
    path = shared_dir / "data/ais" / name
    content = path.read_bytes()
    lines = (gzip.decompress(content) if path.suffix == ".gz" else content).split(b"\n")
    n_sentences, n_later_parts = independent_count(lines)
    result = lake.read(path, source="nmea")
    assert result.failures == []
    told = lake.manifest()
    found = rejected(told)
    assert set(found) - {"unreadable", "incomplete", "bad_checksum", "undecodable"} == reasons - {
        "incomplete"
    }
    # Later parts stand in the rows of their messages, but for parts whose first one is missing.
    n_rows = n_sentences - n_later_parts
    assert n_rows <= told["n_rows"] <= n_rows + found.get("incomplete", 0) + found.get("unreadable", 0)
    assert told["n_kept"] >= least_kept * told["n_rows"]
    assert first <= told["first_at"] <= told["last_at"] <= last


def test_the_danish_network_of_2013(lake: Lake, shared_dir: Path) -> None:
    """Its ships lie in and around Danish waters, and the tag block alone on a line is no obstacle."""
    lake.read(shared_dir / "data/ais/dma/nmea-2013-11-12T1200.txt.gz", source="nmea")
    (row,) = lake.rows(
        columns="count(DISTINCT mmsi), count_if(lat BETWEEN 53 AND 60 AND lon BETWEEN 3 AND 18) / count(*)"
    )
    assert row[0] > 1000
    assert row[1] > 0.99
