"""A receiver of one's own, or a network's: NMEA sentences over TCP (we connect) or UDP (we are sent them)."""

import socket
from collections import deque
from datetime import datetime
from urllib.parse import urlsplit

from pipeline.collecting.base import CONNECT_S, Ask, Connection, Lost, Message, Stream
from pipeline.errors import UsageError
from pipeline.net import Clock
from pipeline.sources.nmea import CLOCK_STATION, SOURCE, checksum
from pipeline.text import plain

# No sentence is longer than 82 characters and a tag block; what has no line end for this long is none.
LONGEST_LINE = 1 << 12
DATAGRAM = 1 << 16
BUFFER = 4 << 20


def clock_line(moment: datetime) -> bytes:
    r"""A tag block alone on a line: when the lines after it came, such as `\s:transship,c:1700000000*5A\`."""
    block = f"s:{CLOCK_STATION},c:{int(moment.timestamp())}".encode()
    return b"\\%s*%02X\\" % (block, checksum(block))


class _Listening:
    """Lines from a socket, as received; whenever the second changes, a line with the time goes before."""

    def __init__(self, connection: socket.socket, clock: Clock, *, is_stream: bool) -> None:
        self._socket, self._clock, self._is_stream = connection, clock, is_stream
        self._inbox: deque[bytes] = deque()
        self._rest = b""
        self._second = 0
        self._why = ""

    def receive(self, timeout_s: float) -> Message | None:
        """The next line."""
        if not self._inbox:
            if self._why:
                raise Lost(self._why)
            self._read(timeout_s)
        if not self._inbox:
            return None
        line = self._inbox.popleft()
        now = self._clock.now()
        if int(now.timestamp()) != self._second:
            self._second = int(now.timestamp())
            line = clock_line(now) + b"\n" + line
        return Message(line)

    def _read(self, timeout_s: float) -> None:
        self._socket.settimeout(max(timeout_s, 0.001))
        try:
            got = self._socket.recv(DATAGRAM)
        except TimeoutError:
            return
        except OSError as error:
            self._end(f"the connection broke off ({plain(error)[:200]})")
            return
        if not self._is_stream:
            # A datagram is whole, with a line end or without.
            self._inbox.extend(line for line in got.split(b"\n") if line.strip())
            return
        if not got:
            self._end("the other side closed the connection")
            return
        *lines, self._rest = (self._rest + got).split(b"\n")
        self._inbox.extend(line for line in lines if line.strip())
        if len(self._rest) > LONGEST_LINE:
            self._inbox.append(self._rest)
            self._rest = b""

    def _end(self, why: str) -> None:
        self._why = why
        if self._rest.strip():
            # Cut, and kept as it came: ingest counts it.
            self._inbox.append(self._rest)
            self._rest = b""

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._end("closed")


def listen(ask: Ask) -> Connection:
    """Connect to tcp://host:port, or take what is sent to udp://host:port."""
    parts = urlsplit(ask.url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme not in {"tcp", "udp"} or not host or not port:
        raise UsageError(
            "setting sources.nmea.url: the receiver's address is needed, tcp://host:port or udp://host:port"
            + (f", not {ask.url!r}" if ask.url else "")
        )
    try:
        if parts.scheme == "tcp":
            return _Listening(socket.create_connection((host, port), CONNECT_S), ask.clock, is_stream=True)
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        receiver = socket.socket(family, kind, protocol)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        receiver.bind(address)
        return _Listening(receiver, ask.clock, is_stream=False)
    except OSError as error:
        raise Lost(f"cannot be reached: {plain(error)[:200]}") from None


STREAM = Stream(
    SOURCE,
    listen,
    url="",
    ending=".nmea",
    form=f"a line as received; tag blocks of s:{CLOCK_STATION} say when the lines after them came",
)
