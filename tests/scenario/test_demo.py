"""The demo: from nothing each time, and never over somebody's data."""

import json
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import TransshipError
from pipeline.home import Home
from pipeline.settings import load_settings
from pipeline.steps import demo


def test_the_whole_way_on_a_small_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "demo")
    demo.demo(home, load_settings(home.root), days=24, ships=60, seed=5)
    said = capsys.readouterr().out
    assert "invented" in said
    assert "never a verdict" in said
    assert str(home.database) in said
    assert "explain " in said
    truth = json.loads((home.root / "truth.json").read_text("utf-8"))
    assert truth["port_calls"]
    with duckdb.connect(str(home.database), read_only=True) as con:
        assert con.execute("SELECT count(*) > 100 FROM port_calls").fetchone() == (True,)
        sources = con.execute("SELECT DISTINCT attribution FROM source_files").fetchall()
    assert sources == [("invented by transship demo",)]


def test_an_earlier_demo_is_removed_but_not_the_settings(tmp_path: Path) -> None:
    home = Home(tmp_path / "demo")
    demo.clear(home)
    for path in (home.raw / "dma" / "old.csv", home.published / "old.duckdb"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    (home.root / "transship.toml").write_text("")
    (home.root / "my notes.txt").write_text("mine")
    demo.clear(home)
    assert not list(home.raw.iterdir())
    assert not list(home.published.iterdir())
    assert (home.root / "transship.toml").exists()
    assert (home.root / "my notes.txt").read_text() == "mine"


def test_a_folder_with_other_data_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "data").create()
    mine = home.lake / "positions.parquet"
    mine.write_text("years of work")
    with pytest.raises(TransshipError, match=r"no demo made.*--home DIR"):
        demo.clear(home)
    assert mine.read_text() == "years of work"


def test_a_link_to_another_folder_is_not_followed(tmp_path: Path) -> None:
    home = Home(tmp_path / "demo")
    demo.clear(home)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("kept")
    home.raw.rmdir()
    home.raw.symlink_to(elsewhere)
    demo.clear(home)
    assert (elsewhere / "kept.txt").exists()
    assert not home.raw.is_symlink()


def test_planted_pairs_under_every_number() -> None:
    told = demo.planted_pairs(
        {
            "identities": [{"mmsis": [1, 11]}],
            "decoys": [{"kind": "reverse_flow", "mmsis": [3, 4]}],
            "links": [{"pattern": "sts", "a": 1, "b": 2}],
            "unseen_links": [],
        }
    )
    assert told["sts", 1, 2] == told["sts", 11, 2] == "yes"
    assert told["sts", 4, 3] == "decoy: reverse flow"
    assert ("sts", 2, 1) not in told
