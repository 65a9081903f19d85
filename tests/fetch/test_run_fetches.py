"""`run` without files fetches first; what cannot be fetched keeps nothing from being published."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.net import Unreachable
from pipeline.published import query
from pipeline.settings import Settings
from pipeline.steps.run import run
from tests.fetch.server import Server
from tests.fetch.test_fetchers import Bucket, danish_days

__all__ = ["danish_days"]
DAY = date(2026, 4, 26)


def test_run_fetches_and_publishes(
    home: Home,
    server: Server,
    pointed: Callable[..., Settings],
    danish_days: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.serve = Bucket(danish_days)
    run(home, pointed("dma"), "dma", first=DAY, last=DAY)
    answer = query(home, "SELECT source, url, licence, n_rows FROM source_files")
    assert answer.rows == [("dma", f"{server.url}/aisdk-2026-04-26.zip", "free to use with attribution", 199)]

    def away(*given: object, **named: object) -> None:
        raise Unreachable("dma: cannot be reached")

    monkeypatch.setattr("pipeline.steps.fetch.fetch", away)
    home.database.unlink()
    with pytest.raises(Unreachable):
        run(home, pointed("dma"), "dma", first=DAY, last=DAY)
    assert home.database.is_file()


def test_run_of_files_asks_no_network(
    home: Home, tmp_path: Path, server: Server, pointed: Callable[..., Settings], aarhus: Path
) -> None:
    run(home, pointed("dma"), "dma", [aarhus], first=DAY, last=DAY)
    assert server.requests == []


@pytest.fixture
def aarhus(tmp_path: Path, danish_days: dict[str, bytes]) -> Path:
    """A Danish day as a file."""
    path = tmp_path / "aisdk-2026-04-26.zip"
    path.write_bytes(danish_days[path.name])
    return path


def test_run_of_a_source_that_is_away_says_so(
    home: Home, server: Server, pointed: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*given: object, **named: object) -> None:
        raise Unreachable("dma: cannot be reached")

    monkeypatch.setattr("pipeline.steps.fetch.fetch", away)
    with pytest.raises(Unreachable, match="dma: cannot be reached"):
        run(home, pointed("dma"), "dma", first=DAY, last=DAY)
    assert not home.database.exists()
