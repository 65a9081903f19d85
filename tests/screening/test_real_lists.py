"""The real lists of the reference folder, served in their publishers' forms, fetched and screened."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.home import Home
from pipeline.settings import Settings, load_settings
from pipeline.steps.detect import detect
from pipeline.steps.fetch import fetch
from pipeline.steps.ingest import ingest
from pipeline.steps.screen import screen
from tests.fetch.server import Reply, Request, Server, running
from tests.screening.lists import annex, sdn_xml

GROUNDS = "Article 3s(2), point ({}): as the regulation has it"


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def us_ships(shared_dir: Path) -> list[dict[str, Any]]:
    """The 1,450 ships of the US list of March 2026."""
    path = shared_dir / "data/sanctions/ofac_sdn_vessels.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        (ships,) = [value for value in json.load(stream).values() if isinstance(value, list)]
    return ships


@pytest.fixture
def eu_ships(shared_dir: Path) -> list[dict[str, str]]:
    """The 633 ships of the EU's Annex XLII of July 2026."""
    with (shared_dir / "reference/eu-annex-xlii-vessels.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def settings(server: Server, tmp_path: Path) -> Settings:
    return load_settings(tmp_path, [f"sources.{source}.url={server.url}" for source in ("ofac", "eu")])


def serve(server: Server, us_ships: list[dict[str, Any]], eu_ships: list[dict[str, str]]) -> None:
    sdn = sdn_xml(
        *(
            {"uid": n, "name": ship["name"], "imo": ship["imo"], "program": "|".join(ship["programs"])}
            for n, ship in enumerate(us_ships)
        )
    )
    page = annex(
        *(
            (
                f"{s['record_id']}.",
                s["name"],
                s["imo"],
                GROUNDS.format(s["legal_point"][-2]),
                dotted(s["listed_on"]),
            )
            for s in eu_ships
        )
    )

    def answer(request: Request) -> Reply:
        if request.path.endswith("/SDN.XML"):
            return Reply(sdn, 200, {"Content-Type": "application/xml"})
        if request.path == "/eli/reg/2014/833":
            return Reply(b"<html>02014R0833-20260724</html>", 200, {"Content-Type": "text/html"})
        if request.path.startswith("/fsd/"):
            return Reply(status=404)
        return Reply(page, 200, {"Content-Type": "text/html"})

    server.serve = answer


def dotted(day: str) -> str:
    year, month, date = day.split("-")
    return f"{int(date)}.{int(month)}.{year}"


def test_real_lists_are_read_whole_and_find_a_listed_tanker_in_danish_waters(
    home: Home,
    settings: Settings,
    server: Server,
    shared_dir: Path,
    us_ships: list[dict[str, Any]],
    eu_ships: list[dict[str, str]],
) -> None:
    serve(server, us_ships, eu_ships)
    for source in ("ofac", "eu"):
        assert fetch(home, settings, source).n_new == 1
    ingest(home, settings, "dma", [shared_dir / "data/ais/dma/aisdk-2026-04-26_part.csv.gz"])
    detect(home, settings)
    result = screen(home, settings)
    assert dict(result.n_ships_listed) == {"eu": 633, "ofac": 1450}

    with duckdb.connect(str(home.screening), read_only=True) as con:
        told = dict(
            con.execute("SELECT entity_id, legal_point FROM list_entries WHERE list = 'eu'").fetchall()
        )
        days = con.execute("SELECT min(listed_on), max(listed_on), count(DISTINCT number) FROM list_entries "
            "JOIN list_numbers USING (list, entity_id) WHERE list = 'eu'").fetchall()  # fmt: skip
        numbers = {
            n for (n,) in con.execute("SELECT number FROM list_numbers WHERE list = 'ofac'").fetchall()
        }
        nyra = con.execute(
            "SELECT h.list, h.entity_name, h.matched_on FROM screening_hits AS h "
            "JOIN list_numbers USING (list, entity_id) WHERE number = 9241487"
        ).fetchall()
    assert told == {f"eu-annex-xlii-{ship['record_id']}": ship["legal_point"] for ship in eu_ships}
    assert [str(value) for value in days[0]] == ["2024-06-25", "2026-04-24", "632"]
    assert numbers == {int(str(s["imo"]).removeprefix("IMO")) for s in us_ships if s["imo"]}
    listed_by_us = [ship["name"] for ship in us_ships if str(ship["imo"]).endswith("9241487")]
    listed_by_eu = [ship["name"] for ship in eu_ships if ship["imo"] == "9241487"]
    assert len(listed_by_us + listed_by_eu) > 0
    assert {(name, by) for _, name, by in nyra} == {(name, "imo") for name in listed_by_us + listed_by_eu}
