"""status tells what the lake holds; doctor finds what was lost or changed there."""

import json
from pathlib import Path

import duckdb
import pytest

from pipeline.home import Home
from pipeline.sources import SOURCES
from tests.shell.conftest import Run


@pytest.fixture
def filled(transship: Run, home: Home, aarhus_day: Path) -> Home:
    """A home into which one file was read."""
    assert transship("ingest", "dma", aarhus_day, "--home", home.root).code == 0
    return home


def test_ingest_says_what_it_did(transship: Run, home: Home, aarhus_day: Path) -> None:
    first = transship("ingest", "dma", aarhus_day, "--home", home.root)
    assert first.out == "files read 1, files skipped 0, rows 144, kept 144, rejected 0\n"
    again = transship("--json", "ingest", "dma", aarhus_day, "--home", home.root)
    assert (again.json["files_read"], again.json["files_skipped"]) == (0, 1)


def test_status_of_nothing(transship: Run, tmp_path: Path) -> None:
    ran = transship("status", "--home", tmp_path / "not there")
    assert ran.code == 0
    assert "nothing has been read yet" in ran.out
    assert not (tmp_path / "not there").exists()


def test_status_counts_what_was_read(transship: Run, filled: Home) -> None:
    (source,) = transship("status", "--json", "--home", filled.root).json["sources"]
    assert (source["source"], source["n_files"], source["n_rows"], source["n_kept"]) == ("dma", 1, 144, 144)
    assert (source["first_day"], source["last_day"], source["days"]) == (
        "2026-04-26",
        "2026-04-26",
        ["2026-04-26"],
    )
    assert "2026-04-26" in transship("status", "--home", filled.root).out


def test_doctor_of_a_healthy_home(transship: Run, filled: Home) -> None:
    ran = transship("doctor", "--home", filled.root)
    assert (ran.code, ran.err) == (0, "")
    assert "2 files, all as they were written" in ran.out


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (flip_a_bit, "was changed"),
        (Path.unlink, "is missing"),
        (lambda path: path.with_name(path.name + ".sha256").unlink(), "has no checksum"),
    ],
)
def test_doctor_names_a_harmed_file(transship: Run, filled: Home, harm: object, said: str) -> None:
    (path,) = filled.lake.glob("positions/*/*/*.parquet")
    assert callable(harm)
    harm(path)
    ran = transship("doctor", "--home", filled.root)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert said in ran.err
    assert path.name in ran.err
    (lake,) = [c for c in transship("doctor", "--json", "--home", filled.root).json if c["name"] == "lake"]
    assert lake["is_fault"]


def test_doctor_names_a_damaged_manifest_and_database(transship: Run, filled: Home) -> None:
    (manifest,) = filled.manifests.glob("*.json")
    manifest.write_text("{", encoding="utf-8")
    filled.database.write_text("not a database" * 1000)
    ran = transship("doctor", "--home", filled.root)
    assert ran.code == 1
    assert manifest.name in ran.err
    assert str(filled.database) in ran.err


def test_a_home_below_a_file(transship: Run, tmp_path: Path, aarhus_day: Path) -> None:
    home = aarhus_day / "home"
    assert transship("doctor", "--home", home).code == 1
    ran = transship("ingest", "dma", aarhus_day, "--home", home)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "is a file, not a folder" in ran.err


def test_an_unknown_source_is_wrong_usage(transship: Run, home: Home) -> None:
    ran = transship("ingest", "nowhere", "x.csv", "--home", home.root)
    assert ran.code == 2
    assert "nowhere" in ran.err


def test_the_good_files_are_kept_beside_a_bad_one(
    transship: Run, home: Home, tmp_path: Path, aarhus_day: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    ran = transship("ingest", "dma", bad, aarhus_day, "--home", home.root)
    assert ran.code == 1
    assert "files read 1" in ran.out
    assert str(bad) in ran.err


def test_sources_say_what_they_need(transship: Run) -> None:
    told = {source["key"]: source for source in transship("sources", "--json").json}
    assert told["dma"]["needs_key"] is False
    for source in told.values():
        for name in ("title", "coverage", "delay", "licence", "attribution"):
            assert source[name]
    assert "Danish Maritime Authority" in transship("sources").out


def test_doctor_says_what_missing_keys_would_add(
    transship: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in SOURCES.values():
        for variable in source.key_variables:
            monkeypatch.delenv(variable, raising=False)
    ran = transship("doctor", "--home", tmp_path)
    assert ran.code == 0
    (line,) = [line for line in ran.out.splitlines() if "key gfw" in line]
    assert line.startswith("lacking")
    assert "GFW_API_TOKEN not set; would add: calls at hubs in Morocco" in line
    monkeypatch.setenv("GFW_API_TOKEN", "a-token")
    assert "key gfw" not in transship("doctor", "--home", tmp_path).out
    monkeypatch.setenv("GFW_API_TOKEN", "a\x07token")
    ran = transship("doctor", "--home", tmp_path)
    assert (ran.code, "a\x07token" in ran.out + ran.err) == (1, False)


def test_doctor_counts_the_days_behind_each_hub(transship: Run, published: Home) -> None:
    with duckdb.connect(str(published.database)) as con:
        con.execute(
            """CREATE TABLE hubs AS FROM (VALUES
            ('MATNG', 'Tangier', 35.788, -5.803, 2.0), ('MAPTM', 'Tanger Med', 35.889, -5.503, 6.5),
            ('TRAMR', 'Ambarli', 40.96, 28.68, 5.0)) AS hubs(hub_id, name, lat, lon, radius_km)"""
        )
        # A cell of a quarter degree that holds Tanger Med, heard on three days of which one is long past; the
        # edge of the next cell is 5 km from Tangier and more than its radius.
        con.execute(
            """CREATE TABLE coverage AS SELECT day + hour AS hour_at, 35.875e0 AS lat, -5.625e0 AS lon
            FROM (VALUES (DATE '2026-04-01'), (DATE '2026-03-31'), (DATE '2026-01-01')) AS d(day),
            (VALUES (INTERVAL 3 HOUR), (INTERVAL 4 HOUR)) AS h(hour)"""
        )
        con.execute(
            """CREATE TABLE port_calls AS SELECT 'MATNG' AS port_id,
            TIMESTAMP '2026-03-01 10:00:00' AS arrived_at, NULL::TIMESTAMP AS departed_at"""
        )
    ran = transship("doctor", "--json", "--home", published.root)
    assert ran.code == 0
    told = {c["name"]: c["found"] for c in ran.json if c["name"].startswith("history")}
    advice = "scores mean little before 75 days are full"
    assert told == {
        "history MAPTM": f"Tanger Med: 2 of the last 75 days; {advice}",
        "history MATNG": f"Tangier: 1 of the last 75 days; {advice}",
        "history": "1 of 3 hubs were not heard in 75 days",
    }
    settings = ["--set", "links.max_days_at_hub=1", "--set", "links.max_days_to_russia=1"]
    ran = transship("doctor", "--json", "--home", published.root, *settings)
    (full,) = [c for c in ran.json if c["name"] == "history MAPTM"]
    assert (full["found"], full["is_lack"]) == ("Tanger Med: 2 of the last 2 days", False)
    # GFW was asked for all calls at Tanger Med on these days; that it told of few is a quiet port.
    question = {"kind": "port_visit", "window_from": "2026-01-05", "window_to": "2026-03-31", "ids": []}
    manifest = {"positions": {}, "statics": {}, "tables": {}, "path": "x", "bytes": 1, "mtime_ns": 1}
    published.manifests.mkdir(parents=True)
    (published.manifests / "f.json").write_text(json.dumps({**manifest, "file_id": "f", "asked": question}))
    ran = transship("doctor", "--json", "--home", published.root)
    (full,) = [c for c in ran.json if c["name"] == "history MAPTM"]
    assert (full["found"], full["is_lack"]) == ("Tanger Med: 75 of the last 75 days", False)
    # Hubs of one's own that cannot be read are told in a line.
    (published.root / "hubs.csv").write_text("hub_id,name\nX,Y\n", encoding="ascii")
    ran = transship("doctor", "--home", published.root)
    assert ran.code == 1
    assert "hubs.csv: the column(s) kind, country" in ran.err
