"""Screening from the command to the published tables, with and without what only non-commercial lists say."""

import shutil
from pathlib import Path

import duckdb
import pytest

from pipeline.home import Home
from pipeline.settings import Settings, load_settings
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from tests.detect.ships import detected, write_days
from tests.link.test_links import A, B, meeting, relay
from tests.screening.lists import annex, keep, maritime, sdn_xml
from tests.shell.conftest import Run, transship

__all__ = ["transship"]

HITS = "SELECT list, entity_id, matched_on, is_lead, is_noncommercial FROM screening_hits ORDER BY ALL"


def ask(home: Home, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.database), read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, built_gazetteer: Path) -> Home:
    """A and B met off Ceuta; B has no IMO number and went to Novorossiysk. Detected and linked."""
    home = Home(tmp_path_factory.mktemp("met") / "home").create()
    (home.work / "gazetteer").symlink_to(built_gazetteer)
    settings = load_settings(home.root)
    detected(home, settings, meeting(a_draughts=(14.0, 9.0), b_draughts=(8.0, 13.0)))
    link(home, settings)
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "OLD NAME", "imo": A.imo}))
    keep(home, "eu", "annex-{}.html", annex(("1.", B.name, "9187629", "", "1.2.2026")), version="20260724")
    keep(
        home,
        "opensanctions",
        "maritime-{}.csv",
        maritime({"id": "os-1", "caption": "SOMETHING", "mmsi": str(B.mmsi)}),
    )
    return home


@pytest.fixture
def met(made: Home, tmp_path: Path) -> Home:
    """A copy of it."""
    return Home(Path(shutil.copytree(made.root, tmp_path / "met", symlinks=True)))


def test_screen_then_publish(transship: Run, met: Home) -> None:
    ran = transship("screen", "--home", met.root)
    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "ofac: 1 ships on the copy of 2026-09-01; 1 of ours match, 0 only have a name like one of theirs",
    )
    assert transship("screen", "--home", met.root, "--json").json["n_hits"] == {
        "eu": 0, "ofac": 1, "opensanctions": 1
    }  # fmt: skip
    published = transship("publish", "--home", met.root)
    assert published.code == 0
    assert ask(met, HITS) == [
        ("eu", "eu-annex-xlii-1", "name", True, False),
        ("ofac", "ofac-1", "imo", False, False),
        ("opensanctions", "os-1", "mmsi", False, True),
    ]
    # Each hit leads to the copy of its list, with hash and licence.
    assert ask(
        met,
        "SELECT h.list, f.source, f.sha256[:16] = h.file_id, f.licence LIKE '%NC%' FROM screening_hits AS h"
        " JOIN source_files AS f USING (file_id) ORDER BY h.list",
    ) == [
        ("eu", "eu", True, False),
        ("ofac", "ofac", True, False),
        ("opensanctions", "opensanctions", True, True),
    ]
    shown = transship("ship", str(A.imo), "--home", met.root)
    assert "screening_hits" in shown.out
    assert "OLD NAME" in shown.out


def test_publish_commercial_leaves_the_closed_list_out(transship: Run, met: Home) -> None:
    transship("screen", "--home", met.root)
    assert transship("publish", "--commercial", "--home", met.root).code == 0
    assert [row[0] for row in ask(met, HITS)] == ["eu", "ofac"]
    assert ask(met, "SELECT source FROM source_files WHERE licence LIKE '%NC%'") == []
    assert ask(met, "SELECT count(*) FROM transshipment_links WHERE score > 0.5")[0][0] == 1
    assert transship("publish", "--home", met.root).code == 0
    assert [row[0] for row in ask(met, HITS)] == ["eu", "ofac", "opensanctions"]


def test_run_screens_where_a_list_was_fetched(transship: Run, home: Home, tmp_path: Path) -> None:
    files = write_days(tmp_path / "in", meeting())
    words = ["run", "--source", "dma", *files, "--home", home.root]
    assert transship(*words).code == 0
    assert not home.screening.exists()
    assert ask(home, HITS) == []
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "OLD NAME", "imo": A.imo}))
    assert transship(*words).code == 0
    assert ask(home, HITS) == [("ofac", "ofac-1", "imo", False, False)]
    # A list that cannot be read does not keep the rest from being published, and is told at the end.
    broken = keep(home, "uk", "l-{}.csv", b"Report Date\na,b\n")
    ran = transship(*words)
    assert ran.code == 1
    assert f"{broken}, line 1: the header has no column 'Unique ID'" in ran.err
    assert len(ran.err.strip().splitlines()[-1:]) == 1
    assert ask(home, HITS) == [("ofac", "ofac-1", "imo", False, False)]


def test_screen_with_nothing_to_do_and_with_nothing_detected(transship: Run, empty_home: Home) -> None:
    ran = transship("screen", "--home", empty_home.root)
    assert (ran.code, ran.out.startswith("no list was fetched yet")) == (0, True)
    keep(empty_home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "X"}))
    ran = transship("screen", "--home", empty_home.root)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "transship detect" in ran.err


def test_hits_of_ships_that_are_gone_are_not_published(met: Home, settings: Settings, transship: Run) -> None:
    transship("screen", "--home", met.root)
    with duckdb.connect(str(met.screening)) as con:
        con.execute("UPDATE screening_hits SET vessel_id = 'gone' WHERE list = 'ofac'")
    publish(met, settings)
    assert [row[0] for row in ask(met, HITS)] == ["eu", "opensanctions"]


def test_a_listed_ship_at_a_hub_is_told(home: Home, settings: Settings, transship: Run) -> None:
    detected(home, settings, relay())
    link(home, settings)
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "JULIET", "mmsi": 311000403}))
    transship("screen", "--home", home.root)
    transship("publish", "--home", home.root)
    told = ask(home, "SELECT hub_id, why, purpose, draught_change_m FROM russian_ships_at_hubs")
    assert told == [
        ("MAPTM", "list: ofac as JULIET (ofac-1, by MMSI, day of listing not told)", "cargo", -1.5)
    ]
