"""Fetching from a server that answers as Global Fishing Watch does, and fails as it does."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import TransshipError, UsageError
from pipeline.fetching import FetchResult
from pipeline.fetching.gfw import TRIES_TOO_LONG
from pipeline.home import Home
from pipeline.net import Refused
from pipeline.raw import RawStore
from pipeline.settings import Settings
from pipeline.steps.fetch import fetch
from pipeline.steps.ingest import raw_files
from tests.fetch import server as faults
from tests.fetch.conftest import Watch
from tests.fetch.server import Server, json_reply
from tests.gfw.world import (
    NOWHERE,
    ST_PETERSBURG,
    TANGER_MED,
    TOKEN,
    VALENCIA,
    Gfw,
    Ship,
    at,
    encounter,
    visit,
)

Run = Callable[..., FetchResult]
A = Ship("ship-a", 636012345, "ALPHA", imo=9074729)
B = Ship("ship-b", 538001234, "BRAVO", flag="MHL")
EVENTS = [
    visit(A, TANGER_MED, at("2025-01-10", 6), 30),
    visit(B, TANGER_MED, at("2025-01-12"), 24),
    visit(B, VALENCIA, at("2025-01-16"), 24),
    # Over the turn of the month: it stands in the answers of both.
    visit(B, ST_PETERSBURG, at("2025-01-31", 12), 60),
    visit(A, TANGER_MED, at("2025-02-20"), 20, confidence="1"),
    visit(A, NOWHERE, at("2025-02-01"), 20),
    encounter(A, B, 35.95, -5.17, at("2025-01-13"), 5),
]


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GFW_API_TOKEN", TOKEN)


@pytest.fixture
def run(empty_home: Home, pointed: Callable[..., Settings], watch: Watch, server: Server) -> Run:
    """Fetch from the server, on a clock that does not wait."""
    server.serve = Gfw(EVENTS, (A, B), page=2)

    def call(first: date = date(2025, 1, 1), last: date = date(2025, 2, 28)) -> FetchResult:
        return fetch(empty_home, pointed("gfw"), "gfw", first=first, last=last, clock=watch.clock)

    return call


def ids_in(home: Home, prefix: str) -> list[str]:
    raw = RawStore(home, "gfw")
    return [
        entry["id"]
        for name in raw.names(prefix)
        for entry in json.loads(raw.path(name).read_bytes())["entries"]
    ]


def test_all_pages_of_all_windows(run: Run, empty_home: Home, server: Server) -> None:
    run()
    assert sorted(ids_in(empty_home, "port_visit/")) == [
        "ship-a-2025011006", "ship-b-2025011200", "ship-b-2025013112", "ship-b-2025013112",
    ]  # fmt: skip
    assert ids_in(empty_home, "encounter/") == ["ship-a-ship-b-2025011300.1"]
    # Of the ship that went from hub to Russia, the calls elsewhere too.
    assert "ship-b-2025011600" in ids_in(empty_home, "port_visit-")
    asked = [request.json for request in server.requests if request.path == "/v3/events"]
    assert {tuple(body["confidences"]) for body in asked if "port-visits" in body["datasets"][0]} == {
        ("2", "3", "4")
    }
    assert all("confidences" not in body for body in asked if "port-visits" not in body["datasets"][0])
    windows = {(body["startDate"], body["endDate"]) for body in asked if "geometry" in body}
    assert windows == {("2025-01-01", "2025-02-01"), ("2025-02-01", "2025-03-01")}


def test_kept_as_sent_with_licence(run: Run, empty_home: Home) -> None:
    result = run()
    files = raw_files(empty_home, "gfw")
    assert result.n_new == len(files)
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.with_name(path.name + ".sha256").read_text().strip() == digest
        facts = json.loads(path.with_name(path.name + ".json").read_text())
        assert "CC BY-NC 4.0" in facts["licence"]
        assert TOKEN not in path.with_name(path.name + ".json").read_text()
        assert facts["sha256"] == digest


def test_identities_at_most_twenty_ids_a_request(run: Run, empty_home: Home, server: Server) -> None:
    ships = [Ship(f"v{n:02d}", 636010000 + n, f"SHIP {n}") for n in range(45)]
    server.serve = Gfw([visit(ship, TANGER_MED, at("2025-01-05"), 5) for ship in ships], ships, page=50)
    run()
    asked = [request for request in server.requests if request.path == "/v3/vessels"]
    assert [len([name for name in request.query if name.startswith("ids")]) for request in asked] == [
        20,
        20,
        5,
    ]
    names = RawStore(empty_home, "gfw").names("vessels/")
    assert len(names) == 3


def test_nothing_twice(run: Run, server: Server) -> None:
    run()
    n_asked = len(server.requests)
    assert run().n_new == 0
    assert len(server.requests) == n_asked
    # More days ask for those days alone.
    run(last=date(2025, 3, 10))
    more = [request.json for request in server.requests[n_asked:] if request.path == "/v3/events"]
    assert {(b["startDate"], b["endDate"]) for b in more} == {("2025-03-01", "2025-03-11")}


def test_goes_on_where_it_was_cut(run: Run, server: Server, empty_home: Home) -> None:
    right = Gfw(EVENTS, (A, B), page=1)
    server.serve = right
    # Two pages come, then the service refuses.
    server.faults = [lambda reply: reply(), lambda reply: reply(), faults.status(400)]
    with pytest.raises(TransshipError, match="400"):
        run()
    kept = RawStore(empty_home, "gfw").names()
    assert len(kept) == 2
    n_asked = len(server.requests)
    run()
    assert server.requests[n_asked].query["offset"] == "2"
    assert sorted(set(ids_in(empty_home, "port_visit/"))) == [
        "ship-a-2025011006", "ship-b-2025011200", "ship-b-2025013112",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(429, Retry_After="2"),
        faults.status(429),
        faults.status(500),
        faults.status(524, "<html>a timeout occurred</html>"),
        faults.reset,
        faults.cut,
        faults.torn_gzip,
        faults.web_page,
    ],
)
def test_passing_faults_are_overcome(run: Run, server: Server, empty_home: Home, fault: faults.Fault) -> None:
    server.faults = [fault, fault]
    run()
    assert "ship-a-2025011006" in ids_in(empty_home, "port_visit/")


@pytest.mark.parametrize(("status", "kind"), [(401, Refused), (422, TransshipError)])
def test_refusals_are_not_repeated(run: Run, server: Server, status: int, kind: type[Exception]) -> None:
    server.faults = [faults.status(status)] * 3
    with pytest.raises(kind, match="gfw") as raised:
        run()
    assert len(server.requests) == 1
    assert TOKEN not in str(raised.value)
    if status == 401:
        assert "GFW_API_TOKEN" in str(raised.value)


def test_a_missing_token_asks_for_nothing(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GFW_API_TOKEN")
    with pytest.raises(TransshipError, match="GFW_API_TOKEN"):
        run()
    assert server.requests == []


def test_days_are_needed(empty_home: Home, settings: Settings) -> None:
    with pytest.raises(UsageError, match="--from"):
        fetch(empty_home, settings, "gfw")


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ({"total": 0, "nextOffset": None}, "entries"),
        ({"entries": {}, "nextOffset": None}, "entries"),
        ({"entries": []}, "nextOffset"),
        ({"entries": [], "nextOffset": "soon"}, "nextOffset"),
        ({"entries": [], "nextOffset": 0}, "nextOffset"),
    ],
)
def test_another_form_is_told_by_its_field(run: Run, server: Server, answer: object, named: str) -> None:
    server.serve = lambda request: json_reply(answer)
    with pytest.raises(TransshipError, match=f"gfw.*{named}"):
        run()


def test_an_offset_as_text_is_followed(run: Run, server: Server, empty_home: Home) -> None:
    right = Gfw(EVENTS, (A, B), page=1)

    def texts(request: faults.Request) -> faults.Reply:
        reply = right(request)
        data = json.loads(reply.body)
        if data.get("nextOffset"):
            data["nextOffset"] = str(data["nextOffset"])
        return json_reply(data)

    server.serve = texts
    run()
    assert len(set(ids_in(empty_home, "port_visit/"))) == 3


def test_a_window_too_long_is_asked_in_halves(run: Run, server: Server, empty_home: Home) -> None:
    right = Gfw(EVENTS, (A, B))

    def slow(request: faults.Request) -> faults.Reply:
        if request.path == "/v3/events":
            body = request.json
            if (date.fromisoformat(body["endDate"]) - date.fromisoformat(body["startDate"])).days > 20:
                return faults.Reply(b"<html>timeout</html>", 524, {"Content-Type": "text/html"})
        return right(request)

    server.serve = slow
    assert any("halves" in line for line in run(last=date(2025, 1, 31)).lines)
    assert len(set(ids_in(empty_home, "port_visit/"))) == 3
    near = [r.json for r in server.requests if r.path == "/v3/events" and "geometry" in r.json]
    windows = [(b["datasets"][0], b["startDate"]) for b in near if b["endDate"] == "2025-02-01"]
    assert 1 < windows.count(("public-global-port-visits-events:latest", "2025-01-01")) <= TRIES_TOO_LONG
    n_asked = len(server.requests)
    run(last=date(2025, 1, 31))
    assert len(server.requests) == n_asked


def test_without_identities_the_events_stay(run: Run, server: Server, empty_home: Home) -> None:
    right = Gfw(EVENTS, (A, B))
    server.serve = lambda request: (
        json_reply({"error": "Not Found"}, 404) if request.path == "/v3/vessels" else right(request)
    )
    result = run()
    assert any("IMO numbers" in line for line in result.lines)
    assert ids_in(empty_home, "port_visit/")


def test_young_days_are_named_and_asked_again(
    run: Run, server: Server, watch: Watch, empty_home: Home
) -> None:
    watch.start = datetime(2025, 2, 3, 12, tzinfo=UTC)
    result = run(first=date(2025, 1, 10), last=date(2025, 2, 2))
    assert result.missing_days == [date(2025, 2, 1), date(2025, 2, 2)]
    asked = {(r.json["startDate"], r.json["endDate"]) for r in server.requests if r.method == "POST"}
    assert {("2025-01-10", "2025-01-28"), ("2025-01-28", "2025-02-01")} <= asked
    n_asked = len(server.requests)
    watch.start = datetime(2025, 2, 20, tzinfo=UTC)
    run(first=date(2025, 1, 10), last=date(2025, 2, 2))
    again = [r.json for r in server.requests[n_asked:] if r.method == "POST"]
    assert {(b["startDate"], b["endDate"]) for b in again if "geometry" in b} == {
        ("2025-01-28", "2025-02-01"),
        ("2025-02-01", "2025-02-03"),
    }


def test_daily_runs_ask_for_what_is_new_or_young(run: Run, server: Server, watch: Watch) -> None:
    """As a scheduler does it: 31 days that move on by one each day, and ships whose calls stay known."""
    watch.start = datetime(2025, 2, 10, 6, tzinfo=UTC)
    run(date(2025, 1, 8), date(2025, 2, 7))
    server.requests.clear()
    watch.start += timedelta(days=1)
    run(date(2025, 1, 9), date(2025, 2, 8))
    asked = [request.json for request in server.requests if request.path == "/v3/events"]
    # The day that has settled since, then those younger than a week; near hubs, and of the ship that counts.
    assert {(b["startDate"], b["endDate"], "vessels" in b) for b in asked} == {
        (first, end, is_of_ships)
        for first, end in (("2025-02-04", "2025-02-05"), ("2025-02-05", "2025-02-09"))
        for is_of_ships in (False, True)
    }


def test_the_geometry_holds_the_hubs_and_russia() -> None:
    from pipeline.fetching.gfw import Lookup, region
    from tests.gfw.world import CASABLANCA, NOVOROSSIYSK, inside

    where = region(Path("no-such-file.csv"))
    for lat, lon, *_ in (TANGER_MED, CASABLANCA, ST_PETERSBURG, NOVOROSSIYSK, (36.12, -5.33)):
        assert inside(where.geometry(), {"lat": lat, "lon": lon})
    for lat, lon, *_ in (NOWHERE, (48.85, 2.35)):
        assert not inside(where.geometry(), {"lat": lat, "lon": lon})
    assert TANGER_MED[:2] in Lookup(where.hubs)
    assert ST_PETERSBURG[:2] in Lookup(where.russia)
    assert TANGER_MED[:2] not in Lookup(where.russia)


def test_hubs_of_ones_own_that_cannot_be_read_are_told(run: Run, empty_home: Home, server: Server) -> None:
    (empty_home.root / "hubs.csv").write_text("hub_id,name\nX,Y\n", encoding="ascii")
    with pytest.raises(TransshipError, match=r"hubs.csv: the column\(s\) kind"):
        run()
    assert server.requests == []
