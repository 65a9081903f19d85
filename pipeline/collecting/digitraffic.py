"""Digitraffic's MQTT over websockets: all positions and static reports as Finland's network hears them."""

import json
import ssl
import uuid
from collections import deque
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from pipeline.collecting.base import CONNECT_S, Ask, Connection, Lost, Message, Stream, one_line
from pipeline.errors import UsageError
from pipeline.net import USER_AGENT, Clock
from pipeline.sources.digitraffic import SOURCE
from pipeline.text import plain

TOPICS = ("vessels-v2/+/location", "vessels-v2/+/metadata")
PATH = "/mqtt"
KEEPALIVE_S = 60
SECURE = {"ws": False, "http": False, "wss": True, "https": True}


class _Listening:
    """A client whose network is served by `receive` alone, in the caller's thread."""

    def __init__(self, client: mqtt.Client, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._inbox: deque[Message] = deque()
        self._why = ""
        self.is_subscribed = False
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def receive(self, timeout_s: float) -> Message | None:
        """The next message, with its topic: the MMSI stands there only."""
        if not self._inbox:
            if self._why:
                raise Lost(self._why)
            self.serve(timeout_s)
        return self._inbox.popleft() if self._inbox else None

    def serve(self, timeout_s: float) -> None:
        """Let the client read, write and answer, once."""
        try:
            code = self._client.loop(timeout_s)
        except (OSError, ValueError) as error:
            self._why = f"the connection broke off ({plain(error)[:200]})"
            return
        if code != mqtt.MQTT_ERR_SUCCESS and not self._why:
            self._why = f"the connection broke off ({mqtt.error_string(code)})"

    def subscribe(self) -> None:
        """Wait until the service has taken the subscription; raises Lost."""
        deadline_s = self._clock.monotonic() + CONNECT_S
        while not self.is_subscribed:
            if self._why:
                raise Lost(self._why)
            if self._clock.monotonic() > deadline_s:
                raise Lost(f"no answer to the subscription in {CONNECT_S} s")
            self.serve(0.5)

    def close(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        with suppress(OSError, ValueError):
            self._client.loop(0.1)
        self._why = self._why or "closed"

    def _on_connect(self, client: mqtt.Client, _: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            self._why = f"the service refuses the connection ({code})"
        else:
            client.subscribe([(topic, 0) for topic in TOPICS])

    def _on_subscribe(self, client: mqtt.Client, _: Any, mid: int, codes: list[Any], properties: Any) -> None:
        if any(code.is_failure for code in codes):
            self._why = f"the service refuses the subscription ({', '.join(map(str, codes))})"
        else:
            self.is_subscribed = True

    def _on_disconnect(self, client: mqtt.Client, _: Any, flags: Any, code: Any, properties: Any) -> None:
        self._why = self._why or f"the connection broke off ({code})"

    def _on_message(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        moment = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._inbox.append(Message(line_of(message.topic, message.payload, moment)))


def line_of(topic: str, payload: bytes | bytearray, received_at: str) -> bytes:
    """A message as a line of JSON; the payload stands in it byte for byte, or as text where it is no JSON."""
    try:
        json.loads(payload)
        body = one_line(bytes(payload))
    except ValueError:
        body = json.dumps(payload.decode("utf-8", "replace")).encode()
    return b'{"topic": %s, "received_at": "%s", "payload": %s}' % (
        json.dumps(topic).encode(),
        received_at.encode(),
        body,
    )


def listen(ask: Ask) -> Connection:
    """Connect and subscribe."""
    parts = urlsplit(ask.url)
    try:
        is_secure, port = SECURE[parts.scheme], parts.port
    except (KeyError, ValueError):
        is_secure, port = False, None
        parts = parts._replace(netloc="")
    if not parts.hostname:
        raise UsageError(
            f"setting sources.digitraffic.url: an address (https://… or wss://…) is needed, not {ask.url!r}"
        )
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=f"transship-{uuid.uuid4().hex}", transport="websockets"
    )
    path = parts.path.rstrip("/")
    client.ws_set_options(
        path=path if path.endswith(PATH) else path + PATH,
        headers={"Digitraffic-User": USER_AGENT.split(" ", maxsplit=1)[0], "User-Agent": USER_AGENT},
    )
    if is_secure:
        client.tls_set_context(ssl.create_default_context())
    client.connect_timeout = CONNECT_S
    listening = _Listening(client, ask.clock)
    try:
        client.connect(parts.hostname, port or (443 if is_secure else 80), keepalive=KEEPALIVE_S)
    except (OSError, ValueError, mqtt.WebsocketConnectionError) as error:
        raise Lost(f"cannot be reached: {plain(error)[:200]}") from None
    listening.subscribe()
    return listening


STREAM = Stream(
    SOURCE,
    listen,
    url="wss://meri.digitraffic.fi",
    ending=".jsonl",
    form="a message a line, as JSON: topic, received_at (UTC), payload as received",
)
