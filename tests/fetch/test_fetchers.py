"""Each fetcher against a server that speaks the source's documented form, and fails now and then."""

import gzip
import hashlib
import io
import itertools
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import TransshipError, UsageError
from pipeline.fetching import FETCHERS, FetchResult
from pipeline.home import Home
from pipeline.net import NotThere, Refused
from pipeline.raw import RawStore
from pipeline.settings import Settings
from pipeline.steps.fetch import fetch
from pipeline.steps.ingest import ingest, raw_files
from tests.fetch import server as faults
from tests.fetch.conftest import NOW, Watch
from tests.fetch.server import Reply, Request, Server, json_reply, ranged

Run = Callable[..., FetchResult]


@pytest.fixture
def run(empty_home: Home, pointed: Callable[..., Settings], watch: Watch) -> Run:
    """Fetch a source from the server, on a clock that does not wait."""

    def call(source: str, first: date | None = None, last: date | None = None) -> FetchResult:
        return fetch(empty_home, pointed(source), source, first=first, last=last, clock=watch.clock)

    return call


def check_store(home: Home, source: str) -> list[str]:
    """What is kept is whole, with checksum and origin beside it; returns the names."""
    raw = RawStore(home, source)
    files = [raw.path(name) for name in raw.names()]
    for path in files:
        name = path.relative_to(raw.folder).as_posix()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.with_name(path.name + ".sha256").read_text().strip() == digest
        facts = raw.facts(name)
        assert facts["licence"] == FETCHERS[source].source.licence
        assert facts["url"].startswith("http://127.0.0.1")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", facts["fetched_at"])
        assert facts["bytes"] == path.stat().st_size
    left = {path for path in raw.folder.rglob("*") if path.is_file() and path.name != ".fetching"}
    assert left == {path.with_name(path.name + end) for path in files for end in ("", ".json", ".sha256")}
    return [path.relative_to(raw.folder).as_posix() for path in files]


# Danish days: a bucket that lists.


def danish_zip(name: str, lines: list[str]) -> bytes:
    """A zip with one CSV."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "\n".join(lines) + "\n")
    return target.getvalue()


class Bucket:
    """What S3 does: listings by prefix, `page` keys at a time with a continuation token, and objects."""

    def __init__(self, objects: dict[str, bytes], page: int = 2) -> None:
        self.objects = objects
        self.page = page

    def __call__(self, request: Request) -> Reply:
        if request.path != "/":
            body = self.objects.get(request.path[1:])
            if body is None:
                return Reply(b"<Error><Code>NoSuchKey</Code></Error>", 404)
            return ranged(request, body, f'"{hashlib.md5(body).hexdigest()}"')  # noqa: S324
        assert request.query["list-type"] == "2"
        keys = sorted(key for key in self.objects if key.startswith(request.query.get("prefix", "")))
        start = int(request.query.get("continuation-token", "t0=")[1:-1])
        chosen, rest = keys[start : start + self.page], keys[start + self.page :]
        items = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-08-30T04:00:00.000Z</LastModified>"
            f"<Size>{len(self.objects[key])}</Size></Contents>"
            for key in chosen
        )
        more = f"<NextContinuationToken>t{start + self.page}=</NextContinuationToken>" if rest else ""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>aisdata.ais.dk</Name>'
            f"<IsTruncated>{'true' if rest else 'false'}</IsTruncated>{items}{more}</ListBucketResult>"
        )
        return Reply(body.encode(), 200, {"Content-Type": "application/xml"})


@pytest.fixture
def danish_days(shared_dir: Path) -> dict[str, bytes]:
    """A real excerpt of a Danish day, as five days and a month."""
    with gzip.open(shared_dir / "data/ais/dma/aisdk-2026-04-26_part.csv.gz", "rt") as stream:
        lines = stream.read().splitlines()
    days = {
        f"aisdk-2026-04-{number}.zip": danish_zip(
            f"aisdk-2026-04-{number}.csv",
            [line.replace("26/04/2026", f"{number}/04/2026") for line in lines[:200]],
        )
        for number in range(24, 29)
    }
    return {
        **days,
        "2024/aisdk-2024-03.zip": danish_zip("aisdk-2024-03-01.csv", lines[:1]),
        "aisdk-2026-04-readme.txt": b"not a day",
    }


def test_dma_days_over_several_pages(
    run: Run, server: Server, empty_home: Home, danish_days: dict[str, bytes]
) -> None:
    server.serve = Bucket(danish_days)
    result = run("dma", date(2026, 4, 25), date(2026, 4, 30))
    names = [f"aisdk-2026-04-{number}.zip" for number in range(25, 29)]
    assert check_store(empty_home, "dma") == names
    assert (result.n_new, result.n_known) == (4, 0)
    assert result.missing_days == [date(2026, 4, 29), date(2026, 4, 30)]
    assert any("2026-04-29, 2026-04-30" in line for line in result.lines)
    for name in names:
        assert (empty_home.raw / "dma" / name).read_bytes() == danish_days[name]


def test_dma_nothing_twice_and_read_with_its_origin(
    run: Run, server: Server, empty_home: Home, settings: Settings, danish_days: dict[str, bytes]
) -> None:
    server.serve = Bucket(danish_days)
    run("dma", date(2026, 4, 25), date(2026, 4, 26))
    server.requests.clear()
    result = run("dma", date(2026, 4, 25), date(2026, 4, 27))
    assert (result.n_new, result.n_known) == (1, 2)
    assert [path for path in server.paths() if path != "/"] == ["/aisdk-2026-04-27.zip"]
    read = ingest(empty_home, settings, "dma")
    assert (read.files_read, read.failures) == (3, [])
    # What is all here asks for no listing.
    server.requests.clear()
    assert run("dma", date(2026, 4, 25), date(2026, 4, 27)).n_known == 3
    assert server.requests == []
    (manifest, *_) = [json.loads(path.read_text()) for path in empty_home.manifests.glob("*.json")]
    assert manifest["url"].startswith(f"{server.url}/aisdk-2026-04-")
    assert manifest["fetched_at"].startswith("2026-09-01 12:00:")


def test_dma_month_for_older_days(
    run: Run, server: Server, empty_home: Home, danish_days: dict[str, bytes]
) -> None:
    server.serve = Bucket(danish_days)
    result = run("dma", date(2024, 3, 1), date(2024, 4, 1))
    assert check_store(empty_home, "dma") == ["aisdk-2024-03.zip"]
    assert result.n_new == 1
    assert result.missing_days == [date(2024, 4, 1)]
    assert run("dma", date(2024, 3, 5), date(2024, 3, 6)).n_known == 1


def test_dma_goes_on_after_cuts_and_faults(
    run: Run, server: Server, empty_home: Home, danish_days: dict[str, bytes]
) -> None:
    server.serve = Bucket(danish_days)
    server.faults = [
        faults.status(500),
        faults.cut,
        *[lambda right: right()] * 4,
        faults.cut,
        faults.status(429, Retry_After="3"),
        faults.reset,
        faults.torn_gzip,
    ]
    run("dma", date(2026, 4, 24), date(2026, 4, 25))
    assert check_store(empty_home, "dma") == ["aisdk-2026-04-24.zip", "aisdk-2026-04-25.zip"]
    assert any("range" in request.headers for request in server.requests)


def test_dma_listing_without_a_field_is_told(run: Run, server: Server) -> None:
    body = b"<ListBucketResult><Contents><Size>5</Size></Contents></ListBucketResult>"
    server.serve = lambda request: Reply(body, 200, {"Content-Type": "application/xml"})
    with pytest.raises(TransshipError, match=r"dma: .*without Key"):
        run("dma", date(2026, 4, 24), date(2026, 4, 24))


# MarineCadastre: a zip to 2024, Zstandard after.


def test_marinecadastre_in_both_forms(
    run: Run, server: Server, empty_home: Home, shared_dir: Path, settings: Settings, tmp_path: Path
) -> None:
    text = (shared_dir / "data/ais/noaa/aisdb_noaa_20230111.csv").read_text()
    old = danish_zip("AIS_2023_01_11.csv", text.splitlines())
    head, *rows = text.splitlines()
    new_head = (
        "mmsi,base_date_time,latitude,longitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,"
        "status,length,width,draft,cargo,transceiver"
    )
    assert head.count(",") == new_head.count(",")
    import duckdb

    (tmp_path / "new.csv").write_text(
        "\n".join([new_head, *(row.replace("2023-01-11", "2025-01-11") for row in rows)]) + "\n"
    )
    duckdb.execute(
        f"COPY (FROM read_csv('{tmp_path}/new.csv', all_varchar = true)) "
        f"TO '{tmp_path}/new.csv.zst' (FORMAT csv, COMPRESSION zstd)"
    )
    new = (tmp_path / "new.csv.zst").read_bytes()
    there = {
        "/htdata/CMSP/AISDataHandler/2023/AIS_2023_01_11.zip": old,
        "/ais/csv2/csv2025/ais-2025-01-11.csv.zst": new,
    }
    server.serve = lambda request: (
        ranged(request, there[request.path], '"1"') if request.path in there else Reply(status=404)
    )
    server.faults = [faults.cut]
    assert run("marinecadastre", date(2023, 1, 11), date(2023, 1, 12)).missing_days == [date(2023, 1, 12)]
    server.faults = [faults.cut]
    assert run("marinecadastre", date(2025, 1, 11), date(2025, 1, 11)).n_new == 1
    assert check_store(empty_home, "marinecadastre") == ["AIS_2023_01_11.zip", "ais-2025-01-11.csv.zst"]
    read = ingest(empty_home, settings, "marinecadastre")
    assert (read.files_read, read.failures) == (2, [])


def test_torn_zstandard_is_not_kept(run: Run, server: Server, empty_home: Home) -> None:
    server.serve = lambda request: Reply(b"\x28\xb5\x2f\xfd\x00\x58\x01")
    with pytest.raises(TransshipError, match=r"marinecadastre: .*no .whole. Zstandard"):
        run("marinecadastre", date(2025, 1, 11), date(2025, 1, 11))
    assert raw_files(empty_home, "marinecadastre") == []


# Digitraffic: three answers a poll, a cursor.


def digitraffic(shared_dir: Path) -> Callable[[Request], Reply]:
    """The service: real locations, with times shifted to now; 406 without gzip."""
    folder = shared_dir / "data/ais/digitraffic"
    locations = json.loads((folder / "locations-2017-02-20_part.json").read_text())
    calls = json.loads((folder / "port-calls-2024-04-11_part.json").read_text())
    features = locations["features"] if isinstance(locations, dict) else locations
    latest = max(feature["properties"]["timestampExternal"] for feature in features)
    shift = int(NOW.timestamp() * 1000) - latest - 5000
    for feature in features:
        feature["properties"]["timestampExternal"] += shift

    def serve(request: Request) -> Reply:
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Reply(status=406)
        assert request.headers["digitraffic-user"].startswith("transship/")
        if request.path == "/api/ais/v1/locations":
            since = int(request.query["from"])
            chosen = [one for one in features if one["properties"]["timestampExternal"] > since]
            data: Any = {"type": "FeatureCollection", "dataUpdatedTime": "x", "features": chosen}
        elif request.path == "/api/ais/v1/vessels":
            data = [{"mmsi": 230000001, "name": "KIISLA", "timestamp": int(request.query["from"]) + 1}]
        elif request.path == "/api/port-call/v1/port-calls":
            data = calls
        else:
            return Reply(status=404)
        packed = gzip.compress(json.dumps(data).encode())
        return Reply(packed, 200, {"Content-Type": "application/json", "Content-Encoding": "gzip"})

    return serve


def test_digitraffic_poll_and_its_cursor(
    run: Run, server: Server, empty_home: Home, watch: Watch, shared_dir: Path
) -> None:
    server.serve = digitraffic(shared_dir)
    assert run("digitraffic").n_new == 3
    names = check_store(empty_home, "digitraffic")
    kinds = ["locations", "port-calls", "vessels"]
    assert [
        re.fullmatch(r"2026-09-01/([a-z-]+)-20260901T1200\d{5}Z.json", name)[1] for name in names
    ] == kinds  # type: ignore[index]
    # As sent, after content decoding.
    first = json.loads((empty_home.raw / "digitraffic" / names[0]).read_bytes())
    assert len(first["features"]) == 75
    asked = server.requests[0].query["from"]
    assert int(asked) == int((NOW - timedelta(hours=24)).timestamp() * 1000)
    server.requests.clear()
    watch.sleep(60)
    result = run("digitraffic")
    cursor = max(one["properties"]["timestampExternal"] for one in first["features"])
    assert int(server.requests[0].query["from"]) == cursor
    # No new position, one new ship's row, the same port calls.
    assert (result.n_new, result.n_known) == (2, 1)
    assert any("port-calls: unchanged" in line for line in result.lines)
    check_store(empty_home, "digitraffic")


def test_digitraffic_clock_ahead_does_not_move_the_cursor(run: Run, server: Server) -> None:
    ahead = int((NOW + timedelta(days=300)).timestamp() * 1000)
    feature = {"mmsi": 1, "properties": {"timestampExternal": ahead}}

    def serve(request: Request) -> Reply:
        if "locations" in request.path:
            return json_reply({"features": [feature]})
        return json_reply([]) if "vessels" in request.path else json_reply({"portCalls": []})

    server.serve = serve
    run("digitraffic")
    run("digitraffic")
    polls = [request for request in server.requests if "locations" in request.path]
    assert int(polls[1].query["from"]) <= NOW.timestamp() * 1000


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"type": "FeatureCollection"}, "field 'features' is missing"),
        ({"features": {}}, "field 'features' .* is dict, not list"),
    ],
)
def test_digitraffic_form_that_changed_is_told(
    run: Run, server: Server, empty_home: Home, answer: dict[str, Any], told: str
) -> None:
    server.serve = lambda request: json_reply(answer)
    with pytest.raises(TransshipError, match=f"digitraffic: {told}"):
        run("digitraffic")
    assert raw_files(empty_home, "digitraffic") == []


def test_digitraffic_overcomes_faults(run: Run, server: Server, empty_home: Home, shared_dir: Path) -> None:
    server.serve = digitraffic(shared_dir)
    server.faults = [
        faults.status(429),
        faults.status(524, "<html>524</html>"),
        faults.silent,
        lambda right: right(),
        faults.torn_gzip,
        faults.web_page,
        faults.reset_at_once,
    ]
    assert run("digitraffic").n_new == 3
    check_store(empty_home, "digitraffic")


# BarentsWatch: a token for an hour.

ID, SECRET = "reader@example.org:transship", "bw-s3cret"


class BarentsWatch:
    """The token service and both AIS services; a token is good for `lasts` requests."""

    def __init__(self, shared_dir: Path | None, lasts: int = 1000) -> None:
        self.lasts = lasts
        self.given: dict[str, int] = {}
        self.body = b"[]"
        if shared_dir:
            packed = shared_dir / "data/ais/barentswatch/combined_full_json.txt.gz"
            lines = gzip.decompress(packed.read_bytes()).splitlines()
            self.body = json.dumps([json.loads(line) for line in lines if line.strip()]).encode()

    def __call__(self, request: Request) -> Reply:  # noqa: PLR0911 (an answer each)
        if request.path == "/connect/token":
            form = request.form
            if (form["client_id"], form["client_secret"], form["scope"]) != (ID, SECRET, "ais"):
                return json_reply({"error": "invalid_client", "error_description": SECRET}, 400)
            token = f"token-{len(self.given)}"
            self.given[token] = self.lasts
            return json_reply({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.given.get(token):
            return Reply(status=401)
        self.given[token] -= 1
        if request.path == "/v1/latest/combined":
            return Reply(self.body, 200, {"Content-Type": "application/json"})
        if request.path == "/v1/historic/mmsiinarea":
            asked = request.json
            start, end = (datetime.fromisoformat(asked[name]) for name in ("msgtimefrom", "msgtimeto"))
            assert end - start <= timedelta(days=7)
            assert start >= NOW - timedelta(days=15)
            return json_reply([257000001, 273000002])
        if found := re.fullmatch(r"/v1/historic/tracks/(\d+)/([^/]+)/([^/]+)", request.path):
            return json_reply(
                [{"mmsi": int(found[1]), "msgtime": found[2], "latitude": 70.7, "longitude": 31.4}]
            )
        return Reply(status=404)


@pytest.fixture
def bw_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's credentials."""
    monkeypatch.setenv("BARENTSWATCH_CLIENT_ID", ID)
    monkeypatch.setenv("BARENTSWATCH_CLIENT_SECRET", SECRET)


@pytest.mark.usefixtures("bw_keys")
def test_barentswatch_poll(run: Run, server: Server, empty_home: Home, shared_dir: Path) -> None:
    service = BarentsWatch(shared_dir)
    server.serve = service
    server.faults = [faults.status(503), lambda right: right(), faults.cut]
    assert run("barentswatch").n_new == 1
    (name,) = check_store(empty_home, "barentswatch")
    assert (empty_home.raw / "barentswatch" / name).read_bytes() == service.body
    assert "token-" not in (empty_home.raw / "barentswatch" / f"{name}.json").read_text()


@pytest.mark.usefixtures("bw_keys")
def test_barentswatch_renews_a_token_that_is_refused_or_ends(
    run: Run, server: Server, empty_home: Home, watch: Watch
) -> None:
    service = BarentsWatch(None, lasts=2)
    server.serve = service
    days = [(NOW - timedelta(days=back)).date() for back in (16, 2, 1)]
    result = run("barentswatch", days[1], days[2])
    assert result.missing_days == []
    assert len(service.given) == 3
    assert len(check_store(empty_home, "barentswatch")) == 6
    # What is there is not asked for again; what lies too far back is named.
    server.requests.clear()
    result = run("barentswatch", days[0], days[2])
    assert date(2026, 8, 16) in result.missing_days
    assert "those before 2026-08-18 are gone" in "\n".join(result.lines)
    assert not any("2026-08-31" in path for path in server.paths())


@pytest.mark.usefixtures("bw_keys")
def test_polls_are_read(
    run: Run, server: Server, empty_home: Home, settings: Settings, shared_dir: Path
) -> None:
    server.serve = digitraffic(shared_dir)
    run("digitraffic")
    read = ingest(empty_home, settings, "digitraffic")
    assert (read.files_read, read.failures) == (3, [])
    server.serve = BarentsWatch(shared_dir)
    day = (NOW - timedelta(days=1)).date()
    run("barentswatch", day, day)
    run("barentswatch")
    read = ingest(empty_home, settings, "barentswatch")
    # The list of ships in the area, two tracks, one poll.
    assert (read.files_read, read.failures) == (4, [])


@pytest.mark.usefixtures("bw_keys")
def test_barentswatch_token_ends_by_the_clock(run: Run, server: Server, watch: Watch) -> None:
    service = BarentsWatch(None)

    def slow(request: Request) -> Reply:
        if "mmsiinarea" in request.path:
            watch.sleep(3700)
        return service(request)

    server.serve = slow
    day = (NOW - timedelta(days=1)).date()
    run("barentswatch", day, day)
    assert len(service.given) == 2


def test_barentswatch_wrong_credentials(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARENTSWATCH_CLIENT_ID", ID)
    monkeypatch.setenv("BARENTSWATCH_CLIENT_SECRET", "wrong-s3cret")
    server.serve = BarentsWatch(None)
    with pytest.raises(Refused, match=r"barentswatch: .*BARENTSWATCH_CLIENT_SECRET") as caught:
        run("barentswatch")
    assert len(server.requests) == 1
    assert "wrong-s3cret" not in str(caught.value)


# AISHub: once a minute.


class AisHub:
    """Answers with an empty body where the last answer is less than a minute old."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.last: datetime | None = None

    def __call__(self, request: Request) -> Reply:
        assert request.path == "/ws.php"
        assert (request.query["format"], request.query["output"], request.query["compress"]) == (
            "1",
            "json",
            "0",
        )
        if request.query["username"] != "AH_1234_KEY":
            return json_reply([{"ERROR": True, "ERROR_MESSAGE": "Username AH_wrong is unknown"}])
        now = self.watch.now()
        if self.last and now - self.last < timedelta(seconds=60):
            return Reply(b"", 200, {"Content-Type": "application/json"})
        self.last = now
        ship = {
            "MMSI": 242000001,
            "TIME": f"{now:%Y-%m-%d %H:%M:%S} GMT",
            "LONGITUDE": -5.5,
            "LATITUDE": 35.9,
        }
        head = {"ERROR": False, "USERNAME": "x", "FORMAT": "HUMAN", "RECORDS": 1}
        return Reply(json.dumps([head, [ship]]).encode(), 200, {"Content-Type": "text/html"})


def test_aishub_waits_a_minute(
    run: Run, server: Server, empty_home: Home, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AISHUB_USERNAME", "AH_1234_KEY")
    service = AisHub(watch)
    service.last = NOW  # another program asked just now
    server.serve = service
    assert run("aishub").n_new == 1
    assert 60 <= sum(watch.waits) < 75
    # The next poll knows by what was kept, and asks once only.
    server.requests.clear()
    assert run("aishub").n_new == 1
    assert len(server.requests) == 1
    names = check_store(empty_home, "aishub")
    assert len(names) == 2
    for path in (empty_home.raw / "aishub").rglob("ships-*"):
        assert b"AH_1234_KEY" not in path.read_bytes()


def test_aishub_names_the_refused_username(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISHUB_USERNAME", "AH_wrong")
    server.serve = AisHub(Watch())
    with pytest.raises(Refused, match=r"aishub: .*AISHUB_USERNAME") as refused:
        run("aishub")
    assert "AH_wrong" not in str(refused.value)
    assert len(server.requests) == 1


# The lists.

UK_CSV = (
    b"Report Date: 01-Sep-2026\nLast Updated,Unique ID,Name 6,IMO number\n01/08/2026,RUS1,ARDENT,9213650\n"
)
ANNEX = (
    b"<html><body><p>ANNEX XLII</p><table><tr><td>1.</td><td>ANDROMEDA STAR</td><td>9402471</td>"
    b"<td>Article 3s(2), point (b)</td><td>25.6.2024</td></tr></table></body></html>"
)
SDN = (
    b'<?xml version="1.0"?><sdnList xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/'
    b'exports/XML"><sdnEntry><uid>1</uid><sdnType>Vessel</sdnType></sdnEntry></sdnList>'
)
FREEZES = (
    b'<?xml version="1.0" encoding="UTF-8"?><export xmlns="http://eu.europa.ec/fpi/fsd/export">'
    b'<sanctionEntity logicalId="13" euReferenceNumber="EU.1.1"><subjectType code="enterprise"/>'
    b'<nameAlias wholeName="OCEAN MARITIME"/></sanctionEntity></export>'
)
MARITIME = b'"type","caption","imo","risk","countries","flag","mmsi","id","url","datasets","aliases"\n'


FREEZE_PATH = "/fsd/fsf/public/files/xmlFullSanctionsList_1_1/content"


def lists(request: Request) -> Reply:
    """The lists at their documented paths, with a version each."""
    pages = {
        "/api/PublicationPreview/exports/SDN.XML": (SDN, "application/xml"),
        "/government/publications/the-uk-sanctions-list": (
            b'<html><a href="https://sanctionslist.fcdo.gov.uk/docs/UK-Sanctions-List.csv">CSV</a></html>',
            "text/html",
        ),
        "/docs/UK-Sanctions-List.csv": (UK_CSV, "text/csv"),
        "/eli/reg/2014/833": (
            b'<html><a href="/legal-content/EN/AUTO/?uri=CELEX:02014R0833-20260717">17/07/2026</a>'
            b'<a href="/legal-content/EN/AUTO/?uri=CELEX:02014R0833-20260724">Access current version</a>'
            b'<a href="/legal-content/EN/AUTO/?uri=CELEX:02014R0833-20270101">not yet</a></html>',
            "text/html",
        ),
        "/legal-content/EN/TXT/HTML/": (ANNEX, "text/html"),
        FREEZE_PATH: (FREEZES, "application/xml"),
        "/datasets/latest/maritime/maritime.csv": (MARITIME, "text/csv"),
    }
    if request.path not in pages:
        return Reply(status=404)
    body, kind = pages[request.path]
    etag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
    if request.headers.get("if-none-match") == etag:
        return Reply(status=304)
    return Reply(body, 200, {"Content-Type": kind, "ETag": etag})


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("ofac", {"sdn-": SDN}),
        ("uk", {"uk-sanctions-list-": UK_CSV}),
        ("eu", {"annex-xlii-": ANNEX, "asset-freeze-": FREEZES}),
        ("opensanctions", {"maritime-": MARITIME}),
    ],
)
def test_lists(
    run: Run, server: Server, empty_home: Home, watch: Watch, source: str, kept: dict[str, bytes]
) -> None:
    server.serve = lists
    server.faults = [
        faults.status(500),
        faults.status(500),
        faults.web_page if source == "ofac" else faults.cut,
    ]
    assert run(source).n_new == len(kept)
    names = check_store(empty_home, source)
    assert [name.partition("2026")[0] for name in names] == list(kept)
    assert [(empty_home.raw / source / name).read_bytes() for name in names] == list(kept.values())
    watch.sleep(86400)
    again = run(source)
    assert (again.n_new, again.n_known) == (0, len(kept))
    assert check_store(empty_home, source) == names
    if source == "eu":
        assert [request.query for request in server.requests[-2:]] == [
            {"uri": "CELEX:02014R0833-20260724"},
            {"token": "dG9rZW4tMjAxNw"},
        ]
    with pytest.raises(UsageError, match=source):
        run(source, date(2026, 8, 1), date(2026, 8, 2))


@pytest.mark.parametrize(
    ("source", "body", "told"),
    [
        ("ofac", b"<html><body>Sorry</body></html>", "web page"),
        ("ofac", b"<sdnList/>", "'sdnEntry'"),
        ("ofac", SDN[:-20], "no .whole. XML"),
        ("uk", b"<html>nothing</html>", "UK-Sanctions-List.csv"),
        ("eu", b"<html>nothing</html>", "no consolidated version"),
        ("eu", b"02014R0833-20260724", "no page"),
        ("eu", b"<html>02014R0833-20260724</html>", "no Annex XLII"),
        ("opensanctions", b"type,name\n", "no column 'caption'"),
    ],
)
def test_list_in_another_form_is_told(
    run: Run, server: Server, empty_home: Home, source: str, body: bytes, told: str
) -> None:
    server.serve = lambda request: Reply(body, 200, {"Content-Type": "application/octet-stream"})
    with pytest.raises(TransshipError, match=f"{source}: .*{told}"):
        run(source)
    assert raw_files(empty_home, source) == []


def test_one_list_of_a_source_is_fetched_where_the_other_is_not_there(
    run: Run, server: Server, empty_home: Home
) -> None:
    gone = "/legal-content/EN/TXT/HTML/"
    server.serve = lambda request: (
        Reply(b"<html>moved</html>", 400) if request.path == gone else lists(request)
    )
    with pytest.raises(TransshipError, match=f"eu: .*{gone}"):
        run("eu")
    (name,) = check_store(empty_home, "eu")
    assert name.startswith("asset-freeze-")
    gone = FREEZE_PATH
    with pytest.raises(TransshipError, match=r"eu: .*xmlFullSanctionsList"):
        run("eu")
    assert [name.startswith("annex-xlii-") for name in check_store(empty_home, "eu")] == [True, False]


def test_a_list_that_is_gone_from_its_address_is_named(run: Run, server: Server, empty_home: Home) -> None:
    gone = [FREEZE_PATH]
    server.serve = lambda request: Reply(status=404) if request.path in gone else lists(request)
    assert run("eu").lines[1:] == [f"eu: nothing at {FREEZE_PATH} (404); left out"]
    gone[:] = ["/legal-content/EN/TXT/HTML/"]
    result = run("eu")
    assert (result.n_new, result.lines[1:]) == (1, ["eu: nothing at /webapi/rdf/sparql (404); left out"])
    gone.append(FREEZE_PATH)
    with pytest.raises(NotThere):
        run("eu")
    assert len(check_store(empty_home, "eu")) == 2


@pytest.mark.parametrize(
    ("body", "told"), [(b"<export/>", "'sanctionEntity'"), (FREEZES[:-12], "no .whole. XML"), (b"", "XML")]
)
def test_asset_freezes_in_another_form_are_told(
    run: Run, server: Server, empty_home: Home, body: bytes, told: str
) -> None:
    server.serve = lambda request: Reply(body) if request.path == FREEZE_PATH else lists(request)
    with pytest.raises(TransshipError, match=f"eu: .*{told}"):
        run("eu")
    assert len(check_store(empty_home, "eu")) == 1


def test_eu_list_from_cellar_where_eur_lex_gives_nothing(run: Run, server: Server, empty_home: Home) -> None:
    def serve(request: Request) -> Reply:
        if request.path == FREEZE_PATH:
            return lists(request)
        if request.path.startswith(("/eli", "/legal-content")):
            return Reply(b"", 202)
        if request.path == "/webapi/rdf/sparql":
            assert "02014R0833-" in request.query["query"]
            rows = [{"celex": {"value": f"02014R0833-{day}"}} for day in ("20260424", "20260724", "20270101")]
            return json_reply({"results": {"bindings": rows}})
        assert request.path == "/resource/celex/02014R0833-20260724"
        assert request.headers["accept"] == "application/xhtml+xml"
        return Reply(ANNEX, 200, {"Content-Type": "application/xhtml+xml"})

    server.serve = serve
    assert run("eu").n_new == 2
    name, _ = check_store(empty_home, "eu")
    assert RawStore(empty_home, "eu").facts(name)["version"] == "20260724"


# Alike for all.


@pytest.mark.parametrize("source", [key for key, one in FETCHERS.items() if one.source.key_variables])
def test_missing_key_asks_the_network_nothing(run: Run, server: Server, source: str) -> None:
    days = [date(2026, 8, 1)] * 2 if FETCHERS[source].takes == "days" else []
    with pytest.raises(TransshipError) as caught:
        run(source, *days)
    for variable in FETCHERS[source].source.key_variables:
        assert variable in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize("source", [key for key, one in FETCHERS.items() if one.takes == "days"])
def test_days_are_needed_where_there_are_days(run: Run, server: Server, source: str) -> None:
    with pytest.raises(UsageError, match="--from"):
        run(source)
    with pytest.raises(UsageError, match="later"):
        run(source, date(2026, 1, 2), date(2026, 1, 1))
    assert server.requests == []


def test_unknown_source(empty_home: Home, settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"these can: aishub, .*dma"):
        fetch(empty_home, settings, "marinetraffic")


def test_names_of_polls_bind_no_day(run: Run, server: Server, empty_home: Home, shared_dir: Path) -> None:
    from pipeline.sources.base import day_in

    server.serve = digitraffic(shared_dir)
    run("digitraffic")
    assert [day_in(path.name) for path in raw_files(empty_home, "digitraffic")] == [None] * 3


def test_every_key_of_a_source_is_scrubbed_from_the_log(
    run: Run,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("AISHUB_USERNAME", "AH_1234_KEY")
    server.serve = lambda request: Reply(status=404)
    with caplog.at_level("DEBUG"), pytest.raises(TransshipError) as caught:
        run("aishub")
    assert "AH_1234_KEY" not in caplog.text + str(caught.value)
    assert list(itertools.chain(caught.value.args)) == [str(caught.value)]
    assert NOW.tzinfo is UTC
