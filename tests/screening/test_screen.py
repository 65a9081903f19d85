"""Ships against lists: what is a hit, what is a lead, and what is neither; a reader can see each answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.errors import TransshipError
from pipeline.home import Home
from pipeline.screening.base import Malformed
from pipeline.screening.names import alike, comparable
from pipeline.settings import Settings, load_settings
from pipeline.steps.screen import screen
from tests.screening.lists import FETCHED, annex, keep, maritime, sdn_xml, uk_csv

# IMO numbers with a true check digit, and MMSIs of Panama.
A, B, C = 9187629, 9074729, 9179842
M, N = 351000101, 351000102
DAY = datetime(2026, 3, 1)  # noqa: DTZ001 - the tables are in UTC without a zone


@dataclass(frozen=True)
class Ship:
    """A ship as it is known now, and identities that it had before, as (imo, mmsi, name)."""

    vessel_id: str
    imo: int | None = None
    mmsi: int = M
    name: str | None = None
    before: tuple[tuple[int | None, int, str | None], ...] = ()
    length_m: float | None = None
    is_noncommercial: bool = False


@pytest.fixture
def knowing(empty_home: Home) -> Callable[..., Home]:
    """A home whose events know these ships."""

    def make(*ships: Ship) -> Home:
        empty_home.events.unlink(missing_ok=True)
        with duckdb.connect(str(empty_home.events)) as con:
            con.execute("""
                CREATE TABLE vessels (vessel_id VARCHAR, imo BIGINT, mmsi BIGINT, name VARCHAR,
                    length_m DOUBLE, is_noncommercial BOOLEAN);
                CREATE TABLE vessel_identities (vessel_id VARCHAR, imo BIGINT, mmsi BIGINT, name VARCHAR,
                    valid_from TIMESTAMP, valid_to TIMESTAMP, is_noncommercial BOOLEAN)
            """)
            for s in ships:
                con.execute(
                    "INSERT INTO vessels VALUES (?, ?, ?, ?, ?, ?)",
                    [s.vessel_id, s.imo, s.mmsi, s.name, s.length_m, s.is_noncommercial],
                )
                for n, identity in enumerate([*s.before, (s.imo, s.mmsi, s.name)]):
                    first = DAY + timedelta(days=10 * n)
                    con.execute(
                        "INSERT INTO vessel_identities VALUES (?, ?, ?, ?, ?, ?, ?)",
                        [
                            s.vessel_id, *identity, first, first + timedelta(days=9), s.is_noncommercial,
                        ],
                    )  # fmt: skip
        return empty_home

    return make


def hits(home: Home, columns: str = "vessel_id, entity_id, matched_on, is_lead") -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.screening), read_only=True) as con:
        return con.execute(f"SELECT {columns} FROM screening_hits ORDER BY ALL").fetchall()


def test_by_imo_whatever_name_and_mmsi_say(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(Ship("v1", A, M, "RENAMED"), Ship("v2", B, N, "OTHER"))
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "OLDNAME", "imo": A, "mmsi": N}))
    result = screen(home, settings)
    assert hits(home) == [("v1", "ofac-1", "imo", False)]
    assert hits(home, "match_score, matched_identity, is_present, listed_on, is_sanction") == [
        (1.0, f"IMO {A}", True, None, True)
    ]
    assert (dict(result.n_hits), dict(result.n_leads)) == ({"ofac": 1}, {"ofac": 0})
    assert result.lines == (
        "ofac: 1 ships on the copy of 2026-09-01; 1 of ours match, 0 only have a name like one of theirs",
    )


def test_two_different_imo_numbers_are_two_ships(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(Ship("v1", A, M, "SHADOW STAR"))
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "SHADOW STAR", "imo": B, "mmsi": M}))
    screen(home, settings)
    assert hits(home) == []


@pytest.mark.parametrize(("ship_imo", "list_imo"), [(None, None), (A, None), (None, A)])
def test_by_mmsi_where_not_both_have_an_imo(
    knowing: Callable[..., Home], settings: Settings, ship_imo: int | None, list_imo: int | None
) -> None:
    home = knowing(Ship("v1", ship_imo, M, "X"))
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "Y", "imo": list_imo, "mmsi": M}))
    screen(home, settings)
    assert hits(home, "matched_on, is_lead, match_score, matched_identity") == [
        ("mmsi", False, pytest.approx(0.7), f"MMSI {M}")
    ]


def test_a_mistyped_imo_number_counts_as_none(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(Ship("v1", A, M, "X"))
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "Y", "imo": A + 1, "mmsi": M}))
    screen(home, settings)
    assert hits(home, "matched_on") == [("mmsi",)]


def test_a_name_alone_is_a_lead(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(Ship("v1", A, M, "SHADOW STAR"), Ship("v2", None, N, "SHADOV STAR"))
    keep(home, "uk", "l-{}.csv", uk_csv({"Unique ID": "U1", "Name 6": "Shadow-Star"}))
    screen(home, settings)
    assert hits(home, "vessel_id, matched_on, is_lead, match_score, list_name") == [
        ("v1", "name", True, pytest.approx(0.5), "Shadow-Star"),
        ("v2", "name", True, pytest.approx(0.45), "Shadow-Star"),
    ]


def test_former_identities_on_both_sides(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(
        Ship("v1", A, N, "NEW NAME", before=((C, M, "OLD NAME"),)),
        Ship("v2", None, 351000103, "SECOND", before=((None, 351000104, "FIRST THING"),)),
    )
    lists = sdn_xml(
        {"uid": 1, "name": "ON THE LIST", "imo": C},
        {"uid": 2, "name": "ANOTHER", "aka": ["FIRST THING"]},
        {"uid": 3, "name": "THIRD", "mmsi": 351000104},
    )
    keep(home, "ofac", "sdn-{}.xml", lists)
    screen(home, settings)
    assert hits(home, "vessel_id, entity_id, match_score, matched_identity, is_present") == [
        ("v1", "ofac-1", pytest.approx(0.8), f"IMO {C} from 2026-03-01 to 2026-03-10", False),
        ("v2", "ofac-2", pytest.approx(0.4), "name FIRST THING from 2026-03-01 to 2026-03-10", False),
        ("v2", "ofac-3", pytest.approx(0.56), "MMSI 351000104 from 2026-03-01 to 2026-03-10", False),
    ]


def test_small_boats_get_no_leads_by_name(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(
        Ship("boat", None, M, "PEARL HARBOUR", length_m=12),
        Ship("ship", None, N, "PEARL HARBOUR", length_m=120),
        Ship("listed boat", B, 351000103, "SOMETHING", length_m=12),
    )
    keep(
        home,
        "ofac",
        "sdn-{}.xml",
        sdn_xml({"uid": 1, "name": "PEARL HARBOUR"}, {"uid": 2, "name": "X", "imo": B}),
    )
    screen(home, settings)
    assert [row[0] for row in hits(home)] == ["listed boat", "ship"]


def test_several_rows_of_one_ship_are_one_hit(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(Ship("v1", A, M, "ABADAN"), Ship("v2", B, N, "TIDE"))
    row = {"caption": "ABADAN", "imo": f"IMO{A}"}
    keep(
        home,
        "opensanctions",
        "maritime-{}.csv",
        maritime(
            {**row, "id": "ua-1", "risk": "mare.shadow;poi", "datasets": "ua_war_sanctions"},
            {**row, "id": "us-1", "datasets": "us_ofac_sdn;us_trade_csl"},
            {**row, "id": "zz-1", "datasets": "us_ofac_sdn"},
            {"caption": "TIDE", "imo": f"IMO{B}", "id": "mou-1", "risk": "mare.detained"},
            {"caption": "A COMPANY", "imo": f"IMO{A}", "id": "org-1", "type": "ORGANIZATION"},
        ),
    )
    screen(home, settings)
    columns = "vessel_id, entity_id, n_entries, is_sanction, topics, datasets, entity_ids, is_noncommercial"
    assert hits(home, columns) == [
        (
            "v1", "us-1", 3, True, "mare.shadow;poi;sanction", "ua_war_sanctions;us_ofac_sdn;us_trade_csl",
            "ua-1;us-1;zz-1", True,
        ),
        ("v2", "mou-1", 1, False, "mare.detained", None, "mou-1", True),
    ]  # fmt: skip


def test_each_list_has_its_own_hit_with_its_copy(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(Ship("v1", A, M, "X"))
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "X", "imo": A, "program": "IRAN"}))
    body = annex(("7.", "X", str(A), "Article 3s(2), point (b): oil", "21.5.2025"))
    path = keep(home, "eu", "annex-{}.html", body, version="20260724")
    screen(home, settings)
    (eu, ofac) = hits(
        home, "list, CAST(listed_on AS VARCHAR), legal_point, program, CAST(list_date AS VARCHAR), file_id"
    )
    assert eu[:5] == ("eu", "2025-05-21", "3s(2)(b)", "Regulation (EU) 833/2014, Annex XLII", "2026-07-24")
    assert ofac[:5] == ("ofac", None, None, "IRAN", "2026-08-07")
    assert eu[5] == path.with_name(path.name + ".sha256").read_text(encoding="ascii")[:16]
    assert hits(home, "CAST(fetched_at AS VARCHAR)")[0] == ("2026-09-01 12:00:00",)


def test_only_the_newest_copy_counts(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(Ship("v1", A), Ship("v2", B, N))
    keep(
        home,
        "ofac",
        "sdn-{}.xml",
        sdn_xml({"uid": 1, "name": "GONE", "imo": A}, {"uid": 2, "name": "X", "imo": B}),
    )
    screen(home, settings)
    assert [row[0] for row in hits(home)] == ["v1", "v2"]
    later = FETCHED + timedelta(days=1)
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 2, "name": "X", "imo": B}), at=later)
    screen(home, settings)
    assert [row[0] for row in hits(home)] == ["v2"]


def test_a_malformed_list_leaves_what_was(knowing: Callable[..., Home], settings: Settings) -> None:
    home = knowing(Ship("v1", A))
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "X", "imo": A}))
    screen(home, settings)
    before = home.screening.read_bytes()
    keep(home, "ofac", "sdn-{}.xml", b"<sdnList>\n<sdnEntry>", at=FETCHED + timedelta(days=1))
    with pytest.raises(Malformed, match=r"sdn-20260902T.*, line 2: no whole XML"):
        screen(home, settings)
    assert home.screening.read_bytes() == before


def test_nothing_to_do_and_nothing_to_go_by(empty_home: Home, settings: Settings) -> None:
    assert screen(empty_home, settings).lines == (
        "no list was fetched yet: `transship fetch SOURCE`, SOURCE one of ofac, uk, eu, opensanctions",
    )
    assert not empty_home.screening.exists()
    keep(empty_home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "X", "imo": A}))
    with pytest.raises(TransshipError, match="transship detect"):
        screen(empty_home, settings)


def test_the_settings_count(knowing: Callable[..., Home], tmp_path: Path) -> None:
    home = knowing(Ship("v1", None, M, "SHADOV STAR"), Ship("v2", None, N, "AURORA"))
    keep(home, "ofac", "sdn-{}.xml", sdn_xml({"uid": 1, "name": "SHADOW STAR"}, {"uid": 2, "name": "AURORA"}))
    strict = load_settings(tmp_path, ["screening.name_similarity=1", "screening.name_weight=0.3"])
    screen(home, strict)
    assert hits(home, "vessel_id, match_score") == [("v2", pytest.approx(0.3))]


def test_the_same_whatever_the_order_and_the_threads(knowing: Callable[..., Home], tmp_path: Path) -> None:
    ships = [Ship(f"v{n}", None, 351000200 + n, f"STELLA MARIS {chr(65 + n % 26)}{n % 7}") for n in range(60)]
    listed = [{"uid": n, "name": f"STELLA MARI {chr(65 + n % 26)}{n % 7}"} for n in range(60)]

    def found(ships: list[Ship], listed: list[dict[str, Any]], threads: int) -> list[tuple[Any, ...]]:
        home = knowing(*ships)
        keep(home, "ofac", "sdn-{}.xml", sdn_xml(*listed))
        screen(home, load_settings(tmp_path, [f"engine.threads={threads}"]))
        return hits(home, "* EXCLUDE (file_id)")

    first = found(ships, listed, 1)
    assert len(first) > 60
    assert found(ships[::-1], listed[::-1], 2) == first


def test_hostile_names_are_text(knowing: Callable[..., Home], settings: Settings) -> None:
    names = [
        "'; DROP TABLE screening_hits; --",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "\u202eSTAR\x07",
    ]
    home = knowing(*(Ship(f"v{n}", None, M + n, name) for n, name in enumerate(names)))
    keep(
        home,
        "ofac",
        "sdn-{}.xml",
        sdn_xml(*({"uid": n, "name": name} for n, name in enumerate(names) if n < 3)),
    )
    screen(home, settings)
    assert [row[:2] for row in hits(home)] == [(f"v{n}", f"ofac-{n}") for n in range(3)]


@pytest.mark.parametrize(
    ("one", "other", "are_alike"),
    [
        ("M/V Shadow Star", "SHADOWSTAR", True),
        ("Kapitán Šćerbakov", "KAPITAN SCERBAKOV", True),
        (
            "\u041a\u0410\u041f\u0418\u0422\u0410\u041d \u0429\u0415\u0422\u0418\u041d\u0418\u041d\u0410",
            "KAPITAN SHCHETININA",
            True,
        ),
        ("ARK ROYAL II", "ARK ROYAL 2", True),
        ("ARK ROYAL II", "ARK ROYAL III", False),
        ("OCEAN PEARL 7", "OCEAN PEARL 8", False),
        ("OCEAN PEARL", "OCEAN PEARLS", True),
        ("NORDIC BREEZE", "NORDIC BREAZE", True),
        ("NORDIC BREEZE", "BALTIC BREEZE", False),
        # Short names must be equal.
        ("MARIA", "MARIE", False),
        ("MARIA", "M.T. MARIA", True),
        # Too little to go by.
        ("A 7", "A 7", False),
        ("\u6d77\u6d0b", "\u6d77\u6d0b", False),
    ],
)
def test_likeness(one: str, other: str, are_alike: bool) -> None:
    found = alike([comparable(one)], [comparable(other)], least=0.9, fuzzy_letters=6)
    assert bool(found) == are_alike
