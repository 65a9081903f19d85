"""The collector on a receiver over TCP and UDP."""

import socket
import threading
import time
from datetime import datetime
from itertools import pairwise

import pytest

from pipeline.collecting.nmea import clock_line
from pipeline.errors import UsageError
from pipeline.settings import load_settings
from pipeline.steps.collect import collect
from pipeline.steps.ingest import ingest
from tests.collect.conftest import Collected
from tests.collect.server import tcp

SENTENCES = [
    b"!AIVDM,1,1,,A,13RlIW?04F1beOVEFLB9bRvH0L0L,0*6C",
    b"!AIVDM,1,1,,A,14S:lr02j>1Tv?LDi:;5:D8F0H6L,0*79",
    b"!AIVDM,1,1,,A,142LT;h03@1`ll@Dlq235RNB0<0G,0*40",
]


def received(collected: Collected) -> list[bytes]:
    """Recorded lines without those that only say the time."""
    return [line for line in collected.lines("nmea") if not line.startswith(b"\\s:transship,")]


def test_lines_over_tcp_with_the_clock(collected: Collected) -> None:
    whole = b"\r\n".join(SENTENCES) + b"\r\n"
    # Pieces that end anywhere, a second connection, and a line that is cut.
    pieces = [whole[:20], whole[20:70], whole[70:]]
    before = datetime.now().astimezone().timestamp()
    with tcp(tuple(pieces), (whole, SENTENCES[0][:30])) as url:
        collected.run(
            "nmea",
            url,
            lambda: any(SENTENCES[0][:30] + b"\n" in part.read_bytes() for part in collected.parts("nmea")),
        )
    assert received(collected) == [line + b"\r" for line in SENTENCES] * 2 + [SENTENCES[0][:30]]
    told = ingest(collected.home, load_settings(collected.home.root), "nmea")
    assert (told.n_rows, told.failures) == (7, [])
    assert told.n_kept == 3
    assert collected.lines("nmea")[0].startswith(b"\\s:transship,c:")
    assert abs(int(collected.lines("nmea")[0].split(b":")[2].split(b"*")[0]) - before) < 30


def test_datagrams(collected: Collected) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not done.is_set():
                # Two sentences in one, and one without its line end.
                sender.sendto(SENTENCES[0] + b"\r\n" + SENTENCES[1] + b"\r\n", ("127.0.0.1", port))
                sender.sendto(SENTENCES[2], ("127.0.0.1", port))
                time.sleep(0.1)

    threading.Thread(target=send, daemon=True).start()
    try:
        collected.run(
            "nmea", f"udp://127.0.0.1:{port}", lambda: _n_parts(collected) > 20 or bool(received(collected))
        )
    finally:
        done.set()
    assert {line.strip() for line in received(collected)} == set(SENTENCES)
    clocks = [line for line in collected.lines("nmea") if line.startswith(b"\\s:transship,")]
    assert all(one < other for one, other in pairwise(clocks))


def _n_parts(collected: Collected) -> int:
    return sum(part.read_bytes().count(b"\n") for part in collected.parts("nmea"))


def test_the_clock_line_is_a_tag_block() -> None:
    assert (
        clock_line(datetime.fromisoformat("2023-11-14T22:13:20+00:00")) == b"\\s:transship,c:1700000000*42\\"
    )


@pytest.mark.parametrize("url", ["", "127.0.0.1:10110", "http://127.0.0.1:1", "tcp://127.0.0.1", "udp://:x"])
def test_an_address_is_needed(collected: Collected, url: str) -> None:
    settings = load_settings(collected.home.root, [f"sources.nmea.url={url}"] if url else [])
    with pytest.raises(UsageError, match=r"sources\.nmea\.url.*tcp://host:port"):
        collect(collected.home, settings, "nmea", for_s=1)
