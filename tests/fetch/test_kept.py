"""What stays in raw/ when a fetch is killed, and where keys come from."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import secrets
from pipeline.errors import TransshipError
from pipeline.home import Home
from pipeline.raw import RawStore
from pipeline.steps.ingest import raw_files
from tests.fetch.server import Reply, Request, Server, ranged
from tests.fetch.test_fetchers import Bucket
from tests.fetch.test_net import ZIP

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from pipeline.home import Home
from pipeline.settings import load_settings
from pipeline.steps.fetch import fetch
home = Path(sys.argv[1])
settings = load_settings(home, [f"sources.dma.url={sys.argv[2]}"])
print(fetch(Home(home), settings, "dma", first=date(2026, 4, 1), last=date(2026, 4, 4)).n_new)
"""


def start(home: Home, server: Server) -> subprocess.Popen[str]:
    """A fetch of four days in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(home.root), server.url],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )


def test_killed_fetch_keeps_nothing_half_and_goes_on(server: Server, empty_home: Home) -> None:
    bucket = Bucket({f"aisdk-2026-04-0{day}.zip": ZIP for day in range(1, 5)})
    asked: list[str] = []

    def slow(request: Request) -> Reply:
        reply = bucket(request)
        if request.path.endswith(".zip"):
            asked.append(request.headers.get("range", "whole"))
            if len(asked) == 2:
                # The second day comes to a stop halfway: its rest never arrives.
                reply.claims, reply.body = len(reply.body), reply.body[: len(reply.body) // 2]
                reply.stays_open = True
        return reply

    server.serve = slow
    process = start(empty_home, server)
    part = empty_home.raw / "dma" / ".aisdk-2026-04-02.zip.part"
    wait_until(lambda: part.exists() and part.stat().st_size >= len(ZIP) // 2 - (64 << 10))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.name for path in raw_files(empty_home, "dma")] == ["aisdk-2026-04-01.zip"]
    again = start(empty_home, server)
    assert again.communicate(timeout=60)[0].strip() == "3"
    for path in (files := raw_files(empty_home, "dma")):
        assert path.read_bytes() == ZIP
        assert path.with_name(path.name + ".sha256").read_text().strip() == hashlib.sha256(ZIP).hexdigest()
    assert len(files) == 4
    assert asked[0] == asked[1] == "whole"
    assert asked[2].startswith("bytes="), "what came before the kill is fetched again"
    assert len(asked) == 5


def wait_until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def test_body_appears_last_and_origin_names_no_other(empty_home: Home) -> None:
    raw = RawStore(empty_home, "trial")
    facts = {
        "url": "https://trial.example.org/a",
        "licence": "CC0",
        "attribution": "Trial",
        "fetched_at": datetime(2026, 9, 1, 1, 2, 3, tzinfo=UTC),
    }
    path = raw.keep("polls/a.json", b"[]", extra={"etag": '"1"'}, **facts)  # type: ignore[arg-type]
    assert raw.has("polls/a.json")
    assert raw.names() == ["polls/a.json"]
    assert raw_files(empty_home, "trial") == [path]
    assert json.loads(path.with_name("a.json.json").read_text())["fetched_at"] == "2026-09-01 01:02:03"
    # Killed in between: without its origin a file counts as not there, and is fetched again.
    path.with_name("a.json.json").unlink()
    assert not raw.has("polls/a.json")
    for name in ("", "/etc/x", "../x", ".hidden", "a//b"):
        with pytest.raises(ValueError, match="no name"):
            raw.path(name)


def test_a_full_disk_is_told_and_the_part_stays(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = RawStore(empty_home, "trial")

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.raw.fsync_path", full)
    with pytest.raises(TransshipError, match="the disk is full"):
        raw.keep(
            "a.json",
            b"[]",
            url="u",
            licence="l",
            attribution="a",
            fetched_at=datetime(2026, 9, 1, tzinfo=UTC),
        )
    assert list(raw.folder.iterdir()) == []


def test_keys_from_environment_then_airflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    pytest.importorskip("airflow.sdk", reason="Airflow is an extra")
    monkeypatch.delenv("GFW_API_TOKEN", raising=False)
    connection = json.dumps({"conn_type": "http", "password": "from-airflow"})
    monkeypatch.setenv("AIRFLOW_CONN_TRANSSHIP_GFW", connection)
    assert secrets.secret("GFW_API_TOKEN") == "from-airflow"
    monkeypatch.setenv("GFW_API_TOKEN", " own\n")
    assert secrets.secret("GFW_API_TOKEN") == "own"
    assert secrets.required("gfw", ("GFW_API_TOKEN",)) == {"GFW_API_TOKEN": "own"}


def test_key_that_is_missing_or_garbled_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BARENTSWATCH_CLIENT_ID", "BARENTSWATCH_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BARENTSWATCH_CLIENT_ID", "me")
    names = ("BARENTSWATCH_CLIENT_ID", "BARENTSWATCH_CLIENT_SECRET")
    with pytest.raises(TransshipError, match="barentswatch: needs a key: set BARENTSWATCH_CLIENT_SECRET in"):
        secrets.required("barentswatch", names)
    monkeypatch.setenv("BARENTSWATCH_CLIENT_SECRET", "geh\u00e9im")
    with pytest.raises(TransshipError, match="BARENTSWATCH_CLIENT_SECRET: holds") as caught:
        secrets.required("barentswatch", names)
    assert "geh" not in str(caught.value)


def test_range_helper_serves_what_it_says() -> None:
    request = Request("GET", "/", {}, {"range": "bytes=4-", "if-range": '"1"'}, b"")
    assert ranged(request, b"0123456789", '"1"').body == b"456789"
    assert ranged(request, b"0123456789", '"2"').status == 200
