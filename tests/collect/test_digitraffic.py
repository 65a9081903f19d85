"""The collector against an MQTT broker over websockets, and what is read from its recordings."""

import json

import pytest
from websockets.sync.server import ServerConnection

from pipeline.collecting import holes
from pipeline.collecting.digitraffic import line_of
from pipeline.errors import UsageError
from pipeline.net import Unreachable
from pipeline.settings import load_settings
from pipeline.steps.collect import collect
from tests.collect.conftest import Collected
from tests.collect.server import Broker, broker

# As the service's own source has them: tmfg/digitraffic-marine.
LOCATION = (
    b'{"time":1777284000,"sog":102.3,"cog":360,"navStat":5,"rot":0,"posAcc":true,"raim":false,"heading":511,'
    b'"lon":29.1,"lat":60.05}'
)
METADATA = (
    b'{"timestamp":1777284001123,"destination":"SEGOT@@@@@RULED","name":"NEVA","draught":104,"eta":1596,'
    b'"posType":1,"refA":150,"refB":33,"refC":20,"refD":12,"callSign":"UBCD1","imo":9074729,"type":80}'
)


def publish(service: Broker, connection: ServerConnection) -> None:
    service.publish(connection, "vessels-v2/273123450/location", LOCATION)
    service.publish(connection, "vessels-v2/273123450/metadata", METADATA)


def test_topics_payloads_and_reconnections(collected: Collected) -> None:
    n_sent = 0

    def script(service: Broker, connection: ServerConnection, number: int) -> None:
        nonlocal n_sent
        publish(service, connection)
        n_sent += 2
        if number < 4:
            connection.close()
        else:
            service.stay(connection)

    with broker(script) as service:
        result = collected.run("digitraffic", service.url, lambda: n_sent == 10)
    assert set(service.paths) == {"/mqtt"}
    assert service.headers[0]["Digitraffic-User"].startswith("transship/")
    assert service.subscriptions[:2] == ["vessels-v2/+/location", "vessels-v2/+/metadata"]
    lines = collected.lines("digitraffic")
    assert len(lines) == result.n_messages == 10
    assert LOCATION in lines[0]
    assert METADATA in lines[1]
    assert [json.loads(line)["topic"].rsplit("/", 1)[1] for line in lines] == ["location", "metadata"] * 5
    assert result.n_connections == 5


def test_connected_and_silent_is_broken(collected: Collected) -> None:
    def script(service: Broker, connection: ServerConnection, number: int) -> None:
        publish(service, connection)
        service.stay(connection)

    with broker(script) as service:
        collected.run("digitraffic", service.url, lambda: service.n_connections == 3, max_silence_s=1)
    assert all("silent" in hole.why for hole in holes.read(collected.home, "digitraffic"))


def test_a_broker_that_refuses(collected: Collected) -> None:
    with (
        broker(lambda service, connection, number: None, code=5) as service,
        pytest.raises(Unreachable, match=r"digitraffic: .*refuses the connection \(Not authorized\)"),
    ):
        collect(
            collected.home,
            load_settings(collected.home.root, [f"sources.digitraffic.url={service.url}"]),
            "digitraffic",
            for_s=1,
        )


@pytest.mark.parametrize("url", ["example.org", "http://", "mqtt://127.0.0.1", "http://127.0.0.1:port"])
def test_senseless_addresses(collected: Collected, url: str) -> None:
    settings = load_settings(collected.home.root, [f"sources.digitraffic.url={url}"])
    with pytest.raises(UsageError, match=r"sources\.digitraffic\.url"):
        collect(collected.home, settings, "digitraffic", for_s=1)


def test_a_line_is_one_line_whatever_the_payload() -> None:
    spread = line_of("t/1/location", b'{\n "lat": 1,\r\n "lon": 2\n}\n', "2026-09-01T12:00:00.000000Z")
    assert b"\n" not in spread
    assert json.loads(spread)["payload"] == {"lat": 1, "lon": 2}
    odd = line_of('t/"x"/location', b"\xff\nno JSON", "2026-09-01T12:00:00.000000Z")
    assert b"\n" not in odd
    assert json.loads(odd)["payload"] == "\ufffd\nno JSON"
