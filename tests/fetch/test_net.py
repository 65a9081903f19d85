"""The client against a server that fails in every way that servers do."""

import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pipeline.errors import TransshipError
from pipeline.home import Home
from pipeline.net import GIVE_UP_S, Client, NotThere, Refused, Unreachable, if_changed
from pipeline.raw import RawStore
from pipeline.settings import Settings, load_settings
from pipeline.sources.base import Source
from tests.fetch import server as faults
from tests.fetch.conftest import Watch
from tests.fetch.server import Reply, Request, Server, json_reply, ranged

# An invented service under the key of a list, since settings know no other.
SOURCE = Source(
    key="ofac",
    title="Trial",
    coverage="",
    delay="",
    licence="CC BY 4.0",
    attribution="Trial",
    key_variables=("TRIAL_TOKEN",),
    good_for="",
    blind_to="",
)
KEY = "s3cret/key+1"
URL = "https://trial.example.org/v1/things"


@pytest.fixture
def client(pointed: Callable[..., Settings], watch: Watch) -> Client:
    """A client that holds a key."""
    return Client(SOURCE, pointed("ofac"), rate_per_minute=6000, hidden={KEY}, clock=watch.clock)


def test_path_goes_to_the_place_of_the_setting(client: Client, server: Server) -> None:
    server.serve = lambda request: json_reply([1, 2])
    answer = client.get(URL, params={"from": 5})
    assert answer.data == [1, 2]
    assert server.requests[0].path == "/v1/things"
    assert server.requests[0].query == {"from": "5"}
    assert server.requests[0].headers["user-agent"].startswith("transship/")
    assert answer.url == f"{server.url}/v1/things?from=5"


PASSING = {
    "429 with Retry-After": faults.status(429, "slow down", Retry_After="2"),
    "429 without": faults.status(429),
    "500": faults.status(500),
    "502": faults.status(502),
    "503 with Retry-After 0": faults.status(503, Retry_After="0"),
    "524 with a page": faults.status(524, "<html><title>A timeout occurred</title></html>"),
    "reset in the body": faults.reset,
    "reset at once": faults.reset_at_once,
    "cut body": faults.cut,
    "cut between chunks": faults.cut_chunks,
    "torn gzip": faults.torn_gzip,
    "a page for data": faults.web_page,
    "silence": faults.silent,
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_passing_fault_is_overcome(client: Client, server: Server, watch: Watch, fault: faults.Fault) -> None:
    body = json.dumps([f"ship {number}" for number in range(500)]).encode()
    server.serve = lambda request: Reply(body, 200, {"Content-Type": "application/json"})
    server.faults = [fault, fault]
    assert client.get(URL).body == body
    assert len(server.requests) == 3
    assert sum(watch.waits) < 60


def test_seconds_and_dates_of_retry_after_are_obeyed(client: Client, server: Server, watch: Watch) -> None:
    server.serve = lambda request: json_reply({})

    def later(right: Callable[[], Reply]) -> Reply:
        # The server says its time, from which the wait counts: the client's own is years off here.
        return Reply(b"", 503, {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=40))})

    server.faults = [faults.status(429, Retry_After="7"), later]
    client.get(URL)
    assert 7 <= watch.waits[0] <= 7.6
    assert 38 <= watch.waits[1] <= 41


def test_a_date_of_retry_after_in_the_past_is_no_wait(client: Client, server: Server, watch: Watch) -> None:
    server.serve = lambda request: json_reply({})
    server.faults = [faults.status(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")]
    client.get(URL)
    assert sum(watch.waits) < 2


def test_as_long_as_the_server_asks_within_seven_minutes(
    client: Client, server: Server, watch: Watch
) -> None:
    server.serve = lambda request: json_reply({})
    server.faults = [faults.status(429, Retry_After="400")]
    client.get(URL)
    assert 400 <= sum(watch.waits) <= GIVE_UP_S


def test_waits_grow_and_end_within_seven_minutes(client: Client, server: Server, watch: Watch) -> None:
    server.faults = [faults.status(500)] * 100
    with pytest.raises(Unreachable, match="ofac: /v1/things answers 500") as caught:
        client.get(URL)
    assert "\n" not in str(caught.value)
    assert 240 < sum(watch.waits) <= GIVE_UP_S
    assert len(server.requests) > 8
    highest = list(itertools.accumulate(watch.waits, max))
    assert highest[-1] > 20 > highest[2]


def test_a_wait_that_is_too_long_is_told_and_not_sat_out(
    client: Client, server: Server, watch: Watch
) -> None:
    server.faults = [faults.status(429, Retry_After="86400")]
    with pytest.raises(Unreachable, match="asks to wait 86400 s"):
        client.get(URL)
    assert watch.waits == []


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422])
def test_refusals_are_not_repeated(client: Client, server: Server, code: int) -> None:
    server.serve = lambda request: json_reply({"messages": [{"title": f"bad key {KEY}"}]}, code)
    with pytest.raises(TransshipError) as caught:
        client.get(URL)
    assert len(server.requests) == 1
    assert str(caught.value).startswith("ofac: ")
    assert KEY not in str(caught.value)
    if code in {401, 403}:
        assert isinstance(caught.value, Refused)
        assert "TRIAL_TOKEN" in str(caught.value)
    if code == 404:
        assert isinstance(caught.value, NotThere)


def test_field_that_the_service_complains_of_is_named(client: Client, server: Server) -> None:
    told = {"statusCode": 422, "messages": [{"title": "startDate", "detail": "must be a date"}]}
    server.serve = lambda request: json_reply(told, 422)
    with pytest.raises(TransshipError, match=r"ofac: .*422.*startDate.*must be a date"):
        client.post(URL, json={"startDate": "x"})


def test_page_in_place_of_data_is_told(client: Client, server: Server) -> None:
    server.serve = lambda request: faults.web_page(Reply)
    with pytest.raises(
        TransshipError, match="ofac: /v1/things: the answer is a web page, content type text/html"
    ):
        client.get(URL)
    assert len(server.requests) == 3


def test_key_in_no_error_and_no_address(
    client: Client, server: Server, pointed: Callable[..., Settings], watch: Watch
) -> None:
    server.serve = lambda request: json_reply({})
    answer = client.get(URL, params={"username": KEY})
    assert server.requests[0].query == {"username": KEY}
    assert answer.url.endswith("/v1/things?username=***")
    server.close()
    client = Client(SOURCE, pointed("ofac"), hidden={KEY}, clock=watch.clock)
    with pytest.raises(Unreachable) as caught:
        client.get(URL, params={"username": KEY})
    text = str(caught.value)
    assert "cannot be reached" in text
    assert not any(form in text for form in (KEY, "s3cret"))
    assert caught.value.__cause__ is None


def test_netrc_of_the_machine_is_not_used(
    client: Client, server: Server, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as stream:  # noqa: PTH123
        stream.write("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", netrc)
    server.serve = lambda request: json_reply({})
    client.get(URL, headers={"Authorization": "Bearer own"})
    assert server.requests[0].headers["authorization"] == "Bearer own"


def test_unchanged_is_told(client: Client, server: Server) -> None:
    def serve(request: Request) -> Reply:
        if request.headers.get("if-none-match") == '"1"':
            return Reply(status=304)
        return json_reply({"a": 1}, ETag='"1"')

    server.serve = serve
    first = client.get(URL)
    assert not first.is_unchanged
    assert client.get(URL, headers=if_changed(first.facts)).is_unchanged


def test_rate_is_kept(server: Server, pointed: Callable[..., Settings], watch: Watch) -> None:
    server.serve = lambda request: json_reply({})
    client = Client(SOURCE, pointed("ofac"), rate_per_minute=30, clock=watch.clock)
    for _ in range(4):
        client.get(URL)
    assert sum(watch.waits) == pytest.approx(6, abs=0.5)


def packed(size: int = 300_000) -> bytes:
    """A zip that does not compress."""
    target = io.BytesIO()
    noise = b"".join(
        hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(size // 32)
    )
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("day.csv", noise)
    return target.getvalue()


ZIP = packed()


@pytest.mark.parametrize("fault", [faults.cut, faults.reset], ids=["cut", "reset"])
def test_download_goes_on_where_it_was_cut(
    client: Client, server: Server, empty_home: Home, fault: faults.Fault
) -> None:
    server.serve = lambda request: ranged(request, ZIP, '"v1"')
    server.faults = [fault, fault, fault]
    raw = RawStore(empty_home, "ofac")
    path = client.download(f"{URL}.zip", raw, "a.zip", size=len(ZIP))
    assert path.read_bytes() == ZIP
    asked = [request.headers.get("range") for request in server.requests]
    assert asked[0] is None
    assert any(asked[1:]), "a cut download starts over"
    if fault is faults.cut:
        assert asked[1] == f"bytes={len(ZIP) // 2}-"
    digest = hashlib.sha256(ZIP).hexdigest()
    assert path.with_name("a.zip.sha256").read_text().strip() == digest
    assert raw.facts("a.zip")["etag"] == '"v1"'
    assert sorted(path.name for path in raw.folder.iterdir()) == ["a.zip", "a.zip.json", "a.zip.sha256"]


def test_download_goes_on_in_the_next_run(
    client: Client, server: Server, empty_home: Home, pointed: Callable[..., Settings], watch: Watch
) -> None:
    server.serve = lambda request: ranged(request, ZIP, '"v1"')
    server.faults = [faults.cut, *[faults.status(500)] * 50]
    raw = RawStore(empty_home, "ofac")
    with pytest.raises(Unreachable):
        # The first round gains something and so another round is tried, in vain.
        client.download(f"{URL}.zip", raw, "a.zip")
    assert not raw.has("a.zip")
    assert all(path.name.startswith(".") for path in raw.folder.iterdir())
    server.faults.clear()
    server.requests.clear()
    again = Client(SOURCE, pointed("ofac"), rate_per_minute=6000, clock=watch.clock)
    path = again.download(f"{URL}.zip", raw, "a.zip")
    assert path.read_bytes() == ZIP
    assert [request.headers.get("range") for request in server.requests] == [f"bytes={len(ZIP) // 2}-"]


def test_download_goes_on_at_a_server_that_moved(
    client: Client, server: Server, empty_home: Home, watch: Watch
) -> None:
    server.serve = lambda request: ranged(request, ZIP, '"v1"')
    server.faults = [faults.cut, *[faults.status(500)] * 50]
    raw = RawStore(empty_home, "ofac")
    with pytest.raises(Unreachable):
        client.download(f"{URL}.zip", raw, "a.zip")
    with faults.running() as elsewhere:
        elsewhere.serve = server.serve
        settings = load_settings(empty_home.root, [f"sources.ofac.url={elsewhere.url}"])
        there = Client(SOURCE, settings, rate_per_minute=6000, clock=watch.clock)
        assert there.download(f"{URL}.zip", raw, "a.zip").read_bytes() == ZIP
    assert [request.headers.get("range") for request in elsewhere.requests] == [f"bytes={len(ZIP) // 2}-"]


def test_download_of_a_version_that_changed_starts_over(
    client: Client, server: Server, empty_home: Home
) -> None:
    newer = packed(200_000)

    def serve(request: Request) -> Reply:
        return ranged(request, newer, '"v2"') if len(server.requests) > 1 else ranged(request, ZIP, '"v1"')

    server.serve = serve
    server.faults = [faults.cut]
    path = client.download(f"{URL}.zip", RawStore(empty_home, "ofac"), "a.zip")
    assert path.read_bytes() == newer


def test_download_without_a_version_is_never_pieced_together(
    client: Client, server: Server, empty_home: Home
) -> None:
    server.serve = lambda request: Reply(ZIP)
    server.faults = [faults.cut, faults.reset]
    path = client.download(f"{URL}.zip", RawStore(empty_home, "ofac"), "a.zip")
    assert path.read_bytes() == ZIP
    assert all("range" not in request.headers for request in server.requests)


def test_page_is_never_kept_as_a_zip(client: Client, server: Server, empty_home: Home) -> None:
    server.serve = lambda request: Reply(b"not a zip at all", 200, {"ETag": '"x"'})
    raw = RawStore(empty_home, "ofac")
    with pytest.raises(TransshipError, match=r"ofac: /v1/things.zip: the file is no \(whole\) zip"):
        client.download(f"{URL}.zip", raw, "a.zip")
    assert raw.names() == []


def test_one_fetch_at_a_time(empty_home: Home) -> None:
    raw = RawStore(empty_home, "ofac")
    other = RawStore(empty_home, "ofac")
    with raw.alone(), pytest.raises(TransshipError, match="another fetch"), other.alone():
        pass
    with raw.alone():
        pass
