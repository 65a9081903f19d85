"""Local services in the documented forms of the streams: aisstream's websocket, MQTT over websockets, NMEA.

Each keeps what it has sent, so that a test can hold what was recorded against it.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

KEY = "a-key-of-the-test"
# A place in each of the regions that are asked for.
GIBRALTAR = (35.95, -5.5)
KOTLIN = (60.0, 29.6)
# German numbers: 211, 212 (Cyprus) and so on are all given.
FIRST_MMSI = 211_000_000


def position_report(
    mmsi: int, *, at: tuple[float, float] = GIBRALTAR, time_utc: str | None = None, **changed: Any
) -> dict[str, Any]:
    """A position report as aisstream sends it."""
    lat, lon = at
    moment = time_utc or datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f000 +0000 UTC")
    return {
        "Message": {
            "PositionReport": {
                "Cog": 181.5, "CommunicationState": 81982, "Latitude": lat, "Longitude": lon, "MessageID": 1,
                "NavigationalStatus": 0, "PositionAccuracy": True, "Raim": False, "RateOfTurn": 0,
                "RepeatIndicator": 0, "Sog": 12.3, "Spare": 0, "SpecialManoeuvreIndicator": 0, "Timestamp": 1,
                "TrueHeading": 180, "UserID": mmsi, "Valid": True, **changed,
            }
        },
        "MessageType": "PositionReport",
        "MetaData": {
            "MMSI": mmsi, "MMSI_String": mmsi, "ShipName": "NEVA                ", "latitude": lat,
            "longitude": lon, "time_utc": moment,
        },
    }  # fmt: skip


def message_of(number: int, at: tuple[float, float] = GIBRALTAR) -> str:
    """A position report that a number can be read from again."""
    return json.dumps(position_report(FIRST_MMSI + number, at=at))


def numbers_in(lines: list[bytes]) -> list[int]:
    """The numbers of recorded reports."""
    return [json.loads(line)["MetaData"]["MMSI"] - FIRST_MMSI for line in lines]


def cut_mid_message(connection: ServerConnection, text: str) -> None:
    """Send half of a message and end the connection without a word; what was sent before arrives."""
    body = text.encode()
    head = bytes([0x81, 126]) + len(body).to_bytes(2, "big")
    with connection.protocol_mutex:
        connection.socket.sendall(head + body[: len(body) // 2])
        connection.socket.shutdown(socket.SHUT_WR)
    # Closed at once, unread pings of the other side would make it a reset, which takes what is on its way.
    connection.recv_events_thread.join(5)


Script = Callable[["AisStream", ServerConnection, int], None]


@dataclass
class AisStream:
    """A service like aisstream's: takes one subscription a connection, then does what the script says."""

    # What is done on a connection that has subscribed; the number counts connections from 0.
    script: Script
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    # Numbers of the messages that went out whole.
    sent: list[int] = field(default_factory=list)
    n_connections: int = 0
    ends: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        """For `sources.aisstream.url`."""
        return f"ws://127.0.0.1:{self.port}/v0/stream"

    def handle(self, connection: ServerConnection) -> None:
        """One connection."""
        number, self.n_connections = self.n_connections, self.n_connections + 1
        with suppress(ConnectionClosed, TimeoutError, OSError):
            asked = json.loads(connection.recv(timeout=3))
            self.subscriptions.append(asked)
            if asked.get("APIKey") != KEY:
                connection.send(json.dumps({"error": "Api Key Is Not Valid"}))
                return
            self.script(self, connection, number)

    def send(self, connection: ServerConnection, number: int, at: tuple[float, float] = GIBRALTAR) -> None:
        """One report."""
        connection.send(message_of(number, at))
        self.sent.append(number)

    def stay(self, connection: ServerConnection) -> None:
        """Keep the connection and say nothing, until the other side goes."""
        while not self.ends.wait(0.05):
            with suppress(TimeoutError):
                connection.recv(timeout=0)


@contextmanager
def aisstream(script: Script) -> Iterator[AisStream]:
    """A running service."""
    service = AisStream(script)
    server: Server = serve(service.handle, "127.0.0.1", 0, ping_interval=None)
    service.port = server.socket.getsockname()[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        service.ends.set()
        server.shutdown()


@dataclass
class Broker:
    """An MQTT 3.1.1 broker over websockets that publishes what the script says to whoever subscribes."""

    script: Callable[["Broker", ServerConnection, int], None]
    subscriptions: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    # CONNACK's return code: 0 is welcome, 5 is not authorized.
    code: int = 0
    n_connections: int = 0
    ends: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        """For `sources.digitraffic.url`."""
        return f"http://127.0.0.1:{self.port}"

    def handle(self, connection: ServerConnection) -> None:
        """One connection: CONNECT, SUBSCRIBE, then the script."""
        number, self.n_connections = self.n_connections, self.n_connections + 1
        assert connection.request is not None
        self.paths.append(connection.request.path)
        self.headers.append(dict(connection.request.headers.raw_items()))
        with suppress(ConnectionClosed, TimeoutError, OSError):
            assert connection.recv(timeout=3)[0] >> 4 == 1
            connection.send(bytes([0x20, 2, 0, self.code]))
            if self.code:
                return
            asked = connection.recv(timeout=3)
            assert isinstance(asked, bytes) and asked[0] == 0x82
            place, codes = 4, b""
            while place < len(asked):
                length = int.from_bytes(asked[place : place + 2], "big")
                self.subscriptions.append(asked[place + 2 : place + 2 + length].decode())
                place += 3 + length
                codes += b"\0"
            connection.send(bytes([0x90, 2 + len(codes)]) + asked[2:4] + codes)
            self.script(self, connection, number)

    def publish(self, connection: ServerConnection, topic: str, payload: bytes) -> None:
        """One message of QoS 0."""
        body = len(topic).to_bytes(2, "big") + topic.encode() + payload
        length, left = b"", len(body)
        while True:
            left, digit = left >> 7, left & 127
            length += bytes([digit | (128 if left else 0)])
            if not left:
                break
        connection.send(b"\x30" + length + body)

    def stay(self, connection: ServerConnection, seconds: float = 60) -> None:
        """Answer pings and say nothing else."""
        end_s = time.monotonic() + seconds
        while not self.ends.is_set() and time.monotonic() < end_s:
            with suppress(TimeoutError):
                if connection.recv(timeout=0.05)[0] == 0xC0:  # PINGREQ
                    connection.send(b"\xd0\x00")


@contextmanager
def broker(script: Callable[[Broker, ServerConnection, int], None], code: int = 0) -> Iterator[Broker]:
    """A running broker."""
    service = Broker(script, code=code)
    server: Server = serve(
        service.handle,
        "127.0.0.1",
        0,
        subprotocols=["mqtt"],
        ping_interval=None,  # type: ignore[list-item]
    )
    service.port = server.socket.getsockname()[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        service.ends.set()
        server.shutdown()


@contextmanager
def tcp(*pieces: tuple[bytes, ...]) -> Iterator[str]:
    """A receiver over TCP: connection by connection, the pieces to send, then the end. Yields its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for sent in pieces:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    for piece in sent:
                        connection.sendall(piece)
                        time.sleep(0.02)

    threading.Thread(target=run, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
