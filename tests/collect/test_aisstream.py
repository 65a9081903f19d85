"""The collector against a service that speaks as aisstream does, and fails as services do."""

import errno
import json
import signal
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from websockets.sync.server import ServerConnection, serve

from pipeline import orchestration
from pipeline.collecting import holes
from pipeline.collecting.recording import Recorder
from pipeline.errors import TransshipError, UsageError
from pipeline.files import sha256_of
from pipeline.net import Clock, Refused, Unreachable
from pipeline.settings import load_settings
from pipeline.steps.collect import collect, parse_duration
from pipeline.steps.ingest import ingest
from tests.collect.conftest import Collected, wait_for
from tests.collect.server import (
    FIRST_MMSI,
    GIBRALTAR,
    KEY,
    KOTLIN,
    AisStream,
    aisstream,
    cut_mid_message,
    message_of,
    numbers_in,
)


def send(service: AisStream, connection: ServerConnection, n_messages: int) -> None:
    """The next numbers."""
    first = len(service.sent)
    for number in range(first, first + n_messages):
        service.send(connection, number)


def test_what_comes_is_kept_byte_for_byte_and_read(collected: Collected) -> None:
    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        send(service, connection, 50)
        # As text or as bytes, and with the line end that some encoders add.
        connection.send(message_of(50).encode() + b"\n")
        service.sent.append(50)
        service.stay(connection)

    with aisstream(script) as service:
        result = collected.run("aisstream", service.url, lambda: len(service.sent) == 51)
    asked = service.subscriptions[0]
    assert asked["APIKey"] == KEY
    assert [[20.5, -18.5], [37.5, 0.0]] in asked["BoundingBoxes"]
    assert {"PositionReport", "ShipStaticData", "StaticDataReport"} <= set(asked["FilterMessageTypes"])
    (path,) = collected.files("aisstream")
    assert result.files == [path]
    assert numbers_in(collected.lines("aisstream")) == service.sent
    facts = collected.facts(path)
    assert path.with_name(path.name + ".sha256").read_text().strip() == sha256_of(path) == facts["sha256"]
    assert (facts["url"], facts["n_lines"]) == (service.url, 51)
    assert KEY not in "".join(p.read_text() for p in collected.home.raw.rglob("*") if p.is_file())
    assert collected.parts("aisstream") == []
    told = ingest(collected.home, load_settings(collected.home.root), "aisstream")
    assert (told.n_rows, told.n_kept, told.failures) == (51, 51, [])


def test_twenty_reconnections_lose_nothing(collected: Collected) -> None:
    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        send(service, connection, 40)
        if number == 20:
            service.stay(connection)
        elif number % 2:
            cut_mid_message(connection, message_of(500_000_000))
        else:
            connection.close()

    with aisstream(script) as service:
        result = collected.run("aisstream", service.url, lambda: service.n_connections == 21)
    assert numbers_in(collected.lines("aisstream")) == service.sent == list(range(21 * 40))
    assert result.n_connections == 21
    assert result.n_holes == 20
    assert {hole.region for hole in holes.read(collected.home, "aisstream")} == {None}


def test_connected_and_silent_is_broken(collected: Collected) -> None:
    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        send(service, connection, 5)
        if number < 2:
            service.stay(connection)
        else:
            send(service, connection, 5)
            service.stay(connection)

    started = time.monotonic()
    with aisstream(script) as service:
        collected.run("aisstream", service.url, lambda: len(service.sent) == 20, max_silence_s=1)
    assert 2 <= time.monotonic() - started < 15
    assert numbers_in(collected.lines("aisstream")) == service.sent
    told = holes.read(collected.home, "aisstream")
    assert [hole.region for hole in told] == [None, None]
    assert all("silent" in hole.why and hole.to_at > hole.from_at for hole in told)


def test_a_silent_region_is_renewed_while_others_are_heard(collected: Collected) -> None:
    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        count = len(service.sent)
        started = time.monotonic()
        while not service.ends.wait(0.05):
            # The first connection forgets Gibraltar after a second.
            service.send(connection, count, KOTLIN)
            if number or time.monotonic() - started < 1:
                service.send(connection, count + 1, GIBRALTAR)
            count += 2

    def is_heard_again() -> bool:
        return any(hole.region for hole in holes.read(collected.home, "aisstream"))

    with aisstream(script) as service:
        collected.run("aisstream", service.url, is_heard_again, max_silence_s=1.5)
    assert service.n_connections == 2
    told = {hole.region: hole for hole in holes.read(collected.home, "aisstream")}
    assert set(told) == {None, "morocco-gibraltar"}
    assert told["morocco-gibraltar"].why == "silent"
    # Detection finds them in the lake, with the region's box.
    ingest(collected.home, load_settings(collected.home.root), "aisstream")
    rows = duckdb.sql(
        "SELECT region, south, east, why FROM "
        f"'{collected.home.lake}/holes/source=aisstream/holes.parquet' WHERE region IS NOT NULL"
    ).fetchall()
    assert rows == [("morocco-gibraltar", 20.5, 0.0, "silent")]


def test_an_hour_a_file(collected: Collected) -> None:
    start = datetime(2026, 9, 1, 12, 59, 59, 500_000, tzinfo=UTC)
    ahead = timedelta()

    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        nonlocal ahead
        send(service, connection, 10)
        time.sleep(0.5)
        ahead = timedelta(seconds=1)
        # Closed when its hour is over, though nothing comes.
        wait_for(lambda: len(collected.files("aisstream")) == 1)
        send(service, connection, 7)
        service.stay(connection)

    clock = Clock(lambda: start + ahead, time.monotonic, time.sleep)
    with aisstream(script) as service:
        collected.run("aisstream", service.url, lambda: len(service.sent) == 17, clock=clock)
    first, second = collected.files("aisstream")
    assert [len(path.read_bytes().splitlines()) for path in (first, second)] == [10, 7]
    assert (
        first.relative_to(collected.home.raw).as_posix()
        == "aisstream/2026-09-01/stream-20260901T125959500Z.jsonl"
    )
    assert collected.facts(first)["until_at"] == "2026-09-01 13:00:00"
    assert collected.facts(second)["from_at"] == "2026-09-01 13:00:00"


def test_killed_and_started_again(collected: Collected) -> None:
    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        send(service, connection, 100)
        service.stay(connection)

    with aisstream(script) as service:
        process = collected.start("aisstream", service.url)
        wait_for(lambda: any(part.read_bytes().count(b"\n") == 100 for part in collected.parts("aisstream")))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert collected.files("aisstream") == []
        (part,) = collected.parts("aisstream")
        # As a power cut leaves it.
        with part.open("ab") as body:
            body.write(message_of(100)[:80].encode())
        result = collected.run("aisstream", service.url, lambda: len(service.sent) == 200)
    assert result.n_recovered == 1
    assert collected.parts("aisstream") == []
    left, _ = collected.files("aisstream")
    facts = collected.facts(left)
    assert (facts["n_lines"], facts["n_cut_lines"], facts["is_recovered"]) == (100, 1, True)
    assert facts["sha256"] == sha256_of(left)
    assert numbers_in(collected.lines("aisstream")) == service.sent
    assert [hole.why for hole in holes.read(collected.home, "aisstream")] == ["not running"]
    assert not list(collected.home.raw.rglob(".*.part*"))


@pytest.mark.parametrize("is_planned", [False, True])
def test_killed_and_read_at_once(
    collected: Collected, monkeypatch: pytest.MonkeyPatch, is_planned: bool
) -> None:
    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        send(service, connection, 100)
        service.stay(connection)

    settings = load_settings(collected.home.root)
    with aisstream(script) as service:
        process = collected.start("aisstream", service.url)
        wait_for(lambda: any(part.read_bytes().count(b"\n") == 100 for part in collected.parts("aisstream")))
        # What a collector that runs has in work is its own.
        assert ingest(collected.home, settings, "aisstream").n_rows == 0
        assert len(collected.parts("aisstream")) == 1
        process.send_signal(signal.SIGKILL)
        process.communicate()
    if is_planned:
        monkeypatch.setenv("TRANSSHIP_HOME", str(collected.home.root))
        assert orchestration.plan_ingest("asset_triggered", run_after=datetime.now(UTC))
        assert collected.parts("aisstream") == []
    read = ingest(collected.home, settings, "aisstream")
    assert (read.n_rows, read.failures) == (100, [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(collected: Collected, number: int) -> None:
    def script(service: AisStream, connection: ServerConnection, _: int) -> None:
        send(service, connection, 30)
        service.stay(connection)

    with aisstream(script) as service:
        process = collected.start("aisstream", service.url, "--json")
        wait_for(lambda: any(part.read_bytes().count(b"\n") == 30 for part in collected.parts("aisstream")))
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert json.loads(out)["n_messages"] == 30
    assert numbers_in(collected.lines("aisstream")) == service.sent
    assert collected.parts("aisstream") == []


def test_for_a_time(collected: Collected) -> None:
    with aisstream(lambda service, connection, number: service.stay(connection)) as service:
        process = collected.start("aisstream", service.url, "--for", "1s")
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert collected.files("aisstream") == []
    assert [parse_duration(text) for text in ("60s", "15m", "1h", "2d")] == [60, 900, 3600, 172_800]
    for wrong in ("1", "0s", "h", "-1h", "1 week"):
        with pytest.raises(UsageError, match="--for"):
            parse_duration(wrong)


@dataclass
class Refusing:
    """A service that lets nobody in, in one of the ways that services have."""

    how: str
    seen: list[Any] = field(default_factory=list)

    def handle(self, connection: ServerConnection) -> None:
        self.seen.append(connection.recv())
        if self.how == "close":
            connection.close(1008, "policy violation")
        else:
            connection.send(json.dumps({"error": "Api Key Is Not Valid"}))

    def before(self, connection: ServerConnection, request: Any) -> Any:
        return connection.respond(401, "no\n") if self.how == "status" else None


@pytest.mark.parametrize("how", ["message", "close", "status"])
def test_a_refused_key_ends_it(collected: Collected, how: str) -> None:
    service = Refusing(how)
    with serve(service.handle, "127.0.0.1", 0, process_request=service.before) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        with pytest.raises(Refused, match="AISSTREAM_API_KEY") as told:
            collected.run("aisstream", url, lambda: False, within_s=10)
        server.shutdown()
    assert KEY not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_refused_key_on_the_command_line(collected: Collected, monkeypatch: pytest.MonkeyPatch) -> None:
    with aisstream(lambda service, connection, number: service.stay(connection)) as service:
        monkeypatch.setattr("tests.collect.conftest.KEY", "another-key")
        process = collected.start("aisstream", service.url)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    (line,) = [line for line in err.splitlines() if "AISSTREAM_API_KEY" in line]
    assert line.startswith("transship: aisstream")
    assert "another-key" not in err


def test_without_a_key_nothing_is_asked(collected: Collected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AISSTREAM_API_KEY")
    with aisstream(lambda service, connection, number: None) as service:
        with pytest.raises(TransshipError, match="AISSTREAM_API_KEY"):
            collected.run("aisstream", service.url, lambda: False)
        assert service.n_connections == 0


def test_nobody_there(collected: Collected) -> None:
    settings = load_settings(collected.home.root, ["sources.aisstream.url=ws://127.0.0.1:9"])
    with pytest.raises(Unreachable, match="aisstream: cannot be reached"):
        collect(collected.home, settings, "aisstream", for_s=0.5)
    settings = load_settings(collected.home.root, ["sources.aisstream.url=example"])
    with pytest.raises(UsageError, match=r"sources\.aisstream\.url"):
        collect(collected.home, settings, "aisstream", for_s=0.5)


def test_a_complaint_that_is_no_refusal_is_waited_out(collected: Collected) -> None:
    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        if number < 3:
            connection.send(json.dumps({"error": "concurrent connections per user exceeded"}))
        else:
            send(service, connection, 3)
            service.stay(connection)

    with aisstream(script) as service:
        collected.run("aisstream", service.url, lambda: len(service.sent) == 3)
    assert numbers_in(collected.lines("aisstream")) == [0, 1, 2]


def test_one_collector_a_home(collected: Collected) -> None:
    with aisstream(lambda service, connection, number: service.stay(connection)) as service:
        process = collected.start("aisstream", service.url)
        wait_for(lambda: service.n_connections == 1)
        with pytest.raises(TransshipError, match="another collector"):
            collected.run("aisstream", service.url, lambda: False)
        process.terminate()
        process.communicate()


def test_unknown_streams(collected: Collected) -> None:
    with pytest.raises(UsageError, match="'dma' is no stream; these are: aisstream, digitraffic, nmea"):
        collect(collected.home, load_settings(collected.home.root), "dma")


def test_a_full_disk_is_one_line_and_loses_no_whole_message(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes half of the eleventh message; the next start closes what was whole."""
    written = 0
    begin = Recorder._begin

    class Full:
        def __init__(self, body: Any) -> None:
            self.body = body

        def write(self, line: bytes) -> int:
            nonlocal written
            if written < 10:
                written += 1
                return int(self.body.write(line))
            if len(line) > 200:
                return int(self.body.write(line[:200]))
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name: str) -> Any:
            return getattr(self.body, name)

    def begin_on_full(recorder: Recorder, now: datetime) -> Any:
        work = begin(recorder, now)
        work.body = Full(work.body)  # type: ignore[assignment]
        return work

    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        send(service, connection, 20)
        service.stay(connection)

    with aisstream(script) as service:
        with monkeypatch.context() as patch:
            patch.setattr(Recorder, "_begin", begin_on_full)
            with pytest.raises(TransshipError, match="the disk is full"):
                collected.run("aisstream", service.url, lambda: False)
        assert collected.files("aisstream") == []
        collected.run(
            "aisstream", service.url, lambda: service.n_connections == 2 and len(service.sent) == 40
        )
    assert numbers_in(collected.lines("aisstream")) == [*range(10), *range(20, 40)]


def test_an_hour_that_tells_of_no_ship_is_no_fault(collected: Collected) -> None:
    def script(service: AisStream, connection: ServerConnection, number: int) -> None:
        service.send(connection, 2_444_059 - FIRST_MMSI)
        service.stay(connection)

    with aisstream(script) as service:
        collected.run("aisstream", service.url, lambda: len(service.sent) == 1)
    settings = load_settings(collected.home.root)
    told = ingest(collected.home, settings, "aisstream")
    assert (told.failures, told.n_rows, told.n_kept) == ([], 1, 0)
    assert ingest(collected.home, settings, "aisstream").files_skipped == 1
    # Outside raw/ it is a file that a person named, and of no use.
    copy = collected.home.root / "stream-copy.jsonl"
    copy.write_bytes(collected.files("aisstream")[0].read_bytes() + b"\n")
    assert len(ingest(collected.home, settings, "aisstream", [copy]).failures) == 1
