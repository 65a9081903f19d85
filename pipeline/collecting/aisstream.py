"""aisstream.io: a websocket that sends one JSON object a report, for the boxes that its first frame names."""

import json
import re
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from pipeline.collecting.base import CONNECT_S, Ask, Connection, Lost, Message, Stream, one_line
from pipeline.collecting.regions import Region
from pipeline.errors import UsageError
from pipeline.net import USER_AGENT, Refused
from pipeline.sources.aisstream import SOURCE
from pipeline.text import plain

VARIABLE = "AISSTREAM_API_KEY"
MESSAGE_TYPES = (
    "PositionReport",
    "StandardClassBPositionReport",
    "ExtendedClassBPositionReport",
    "ShipStaticData",
    "StaticDataReport",
)
LONGEST_BYTES = 4 << 20
# How a service says that a key will not do: RFC 6455's policy violation, IANA's unauthorized and forbidden,
# and the numbers that private protocols use for the same.
REFUSING_CODES = {1008, 3000, 3003, 4001, 4003, 4401, 4403}
REFUSING_STATUS = {401, 403}
REFUSING_WORDS = re.compile(r"\bkey\b|api.?key|auth|credential|forbidden|token", re.IGNORECASE)


class _Listening:
    """A connection that has subscribed."""

    def __init__(self, socket: ClientConnection, ending: ExitStack, regions: tuple[Region, ...]) -> None:
        self._socket, self._ending, self._regions = socket, ending, regions
        self._has_heard = False

    def receive(self, timeout_s: float) -> Message | None:
        """The next message, with the region in which its ship was."""
        try:
            body = self._socket.recv(timeout_s, decode=False)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            raise self._ended(closed) from None
        line = one_line(body)
        try:
            entry = json.loads(line)
        except ValueError:
            # Kept as it came: ingest counts it.
            return Message(line)
        if error := _error_in(entry):
            if not self._has_heard and REFUSING_WORDS.search(error):
                raise _refused(error)
            raise Lost(f"the service says: {plain(error)[:200]}")
        self._has_heard = True
        return Message(line, _region(entry, self._regions))

    def _ended(self, closed: ConnectionClosed) -> Exception:
        frame = closed.rcvd
        if frame is None:
            return Lost("the connection broke off")
        told = f"{frame.code} {plain(frame.reason)}".strip()
        if not self._has_heard and (
            frame.code in REFUSING_CODES or (frame.reason and REFUSING_WORDS.search(frame.reason))
        ):
            return _refused(told)
        return Lost(f"the service closed the connection ({told})")

    def close(self) -> None:
        """Say goodbye; waits two seconds for the other side to do the same."""
        self._ending.close()


def listen(ask: Ask) -> Connection:
    """Connect and subscribe at once: the service waits three seconds for that."""
    try:
        with ExitStack() as ending:
            # Pings keep the way open; that none is answered is no end, since silence is watched.
            socket = ending.enter_context(
                connect(
                    ask.url,
                    open_timeout=CONNECT_S,
                    close_timeout=2,
                    ping_timeout=None,
                    max_size=LONGEST_BYTES,
                    user_agent_header=USER_AGENT,
                )
            )
            socket.send(json.dumps(subscription(ask.keys[VARIABLE], ask.regions)))
            return _Listening(socket, ending.pop_all(), ask.regions)
    except InvalidURI:
        raise UsageError(
            f"setting sources.aisstream.url: a websocket address is needed (ws://…, wss://…), not {ask.url!r}"
        ) from None
    except InvalidStatus as answer:
        status = answer.response.status_code
        if status in REFUSING_STATUS:
            raise _refused(f"status {status}") from None
        raise Lost(f"the service answers with status {status}") from None
    except (OSError, TimeoutError, EOFError, WebSocketException) as error:
        raise Lost(f"cannot be reached: {plain(error)[:200]}") from None


def subscription(key: str, regions: tuple[Region, ...]) -> dict[str, Any]:
    """The first frame: the key, a box a region as two corners of [lat, lon], the types of message."""
    return {
        "APIKey": key,
        "BoundingBoxes": [[[box.south, box.west], [box.north, box.east]] for box in regions],
        "FilterMessageTypes": list(MESSAGE_TYPES),
    }


def _refused(what: str) -> Refused:
    return Refused(f"aisstream: the key is refused ({plain(what)[:200]}); check {VARIABLE}")


def _error_in(entry: Any) -> str:
    """What the service complains of, in place of a report; empty for a report."""
    if not isinstance(entry, dict) or "MessageType" in entry:
        return ""
    return next((str(value) for name, value in entry.items() if name.lower() == "error"), "")


def _region(entry: Any, regions: tuple[Region, ...]) -> str | None:
    meta = entry.get("MetaData", entry.get("Metadata")) if isinstance(entry, dict) else None
    if not isinstance(meta, dict):
        return None
    lat, lon = meta.get("latitude"), meta.get("longitude")
    if not (isinstance(lat, int | float) and isinstance(lon, int | float)):
        return None
    return next((region.name for region in regions if region.holds(lat, lon)), None)


STREAM = Stream(
    SOURCE,
    listen,
    url="wss://stream.aisstream.io/v0/stream",
    ending=".jsonl",
    form="a message a line, as received",
    has_regions=True,
)
