"""`transship run` takes files all the way, and the good ones past the bad."""

from pathlib import Path

import pytest

from pipeline.home import Home
from tests.shell.conftest import Run


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    return path


def calls(transship: Run, home: Home) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = transship(
        "query", "SELECT mmsi, port_id, kind FROM port_calls", "--json", "--home", home.root
    ).json
    return rows


AARHUS = [{"mmsi": 219000606, "port_id": "DKAAR", "kind": "berth"}]


def test_run_from_file_to_database(transship: Run, home: Home, aarhus_day: Path) -> None:
    words = ["run", "--source", "dma", aarhus_day, "--home", home.root]
    ran = transship(*words, "--from", "2026-04-26", "--to", "2026-04-26")
    assert (ran.code, ran.out) == (0, f"published: {home.database}\n")
    assert calls(transship, home) == AARHUS
    first = home.database.read_bytes()
    assert transship(*words, "--json").json == {"database": str(home.database)}
    assert len(home.database.read_bytes()) == len(first)
    assert calls(transship, home) == AARHUS


def test_run_from_raw(transship: Run, home: Home, aarhus_day: Path) -> None:
    (home.raw / "dma").mkdir()
    aarhus_day.rename(home.raw / "dma" / aarhus_day.name)
    assert transship("run", "--source", "dma", "--home", home.root).code == 0
    assert calls(transship, home) == AARHUS


def test_a_bad_file_does_not_keep_the_good_one_back(
    transship: Run, home: Home, aarhus_day: Path, bad_file: Path
) -> None:
    ran = transship("run", "--source", "dma", bad_file, aarhus_day, "--home", home.root)
    assert (ran.code, ran.err.count(str(bad_file))) == (1, 1)
    assert calls(transship, home) == AARHUS


def test_a_bad_file_alone_is_what_is_told(transship: Run, home: Home, bad_file: Path) -> None:
    ran = transship("run", "--source", "dma", bad_file, "--home", home.root)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert str(bad_file) in ran.err


def test_the_steps_one_by_one_need_each_other(transship: Run, home: Home) -> None:
    for verb, hint in (("detect", "ingest"), ("link", "detect"), ("publish", "detect")):
        ran = transship(verb, "--home", home.root)
        assert (ran.code, ran.err.count("\n")) == (1, 1)
        assert f"transship {hint}" in ran.err
