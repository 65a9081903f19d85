"""Links on hand-made tracks: who met whom, who arrived in Russia, what speaks for and against."""

import json
import math
from pathlib import Path

import duckdb
import pytest

from pipeline import reviews
from pipeline.errors import TransshipError, UsageError
from pipeline.home import Home
from pipeline.published import explain
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from tests.detect.ships import Report, Ship, detected, lying, sailing

A = Ship(311000401, "HOTEL TEST", imo=9074729, ship_type="Tanker", length_m=240)
B = Ship(311000402, "INDIA TEST", ship_type="Tanker", length_m=230)
CEUTA, BESIDE = (35.95, -5.17), (35.9508, -5.17)  # in the area "Off Ceuta and the eastern strait"
NOVOROSSIYSK = (44.72, 37.80)
DAY = 1440


def published(home: Home, settings: Settings, reports: list[Report]) -> duckdb.DuckDBPyConnection:
    detected(home, settings, reports)
    link(home, settings)
    publish(home, settings)
    return duckdb.connect(str(home.database), read_only=True)


def meeting(
    after: float = 0, *, a_draughts: tuple[float, float] = (0, 0), b_draughts: tuple[float, float] = (0, 0)
) -> list[Report]:
    """A and B alongside off Ceuta for ten hours, then B at Novorossiysk eight days later."""
    first = after + 600
    return [
        *lying(A, first - 120, first + 300, *CEUTA, draught_m=a_draughts[0] or None),
        *lying(A, first + 306, first + 720, *CEUTA, draught_m=a_draughts[1] or None),
        *lying(B, first, first + 300, *BESIDE, draught_m=b_draughts[0] or None),
        *lying(B, first + 306, first + 606, *BESIDE, draught_m=b_draughts[1] or None),
        *lying(
            B,
            first + 8 * DAY,
            first + 9 * DAY,
            *NOVOROSSIYSK,
            every=30,
            nav=5,
            draught_m=b_draughts[1] or None,
        ),
    ]


def test_a_meeting_before_the_arrival_is_a_link_each_way(home: Home, settings: Settings) -> None:
    con = published(home, settings, meeting(a_draughts=(14.0, 9.0), b_draughts=(8.0, 13.0)))
    (forth,) = con.execute(
        "SELECT from_mmsi, to_mmsi, status, russia_port_id, score FROM transshipment_links"
    ).fetchall()
    assert forth[:4] == (A.mmsi, B.mmsi, "arrived", "RUNVS")
    assert forth[4] > 0.8


def test_an_arrival_says_how_probable_it_is_that_no_link_is_true(home: Home, settings: Settings) -> None:
    con = published(home, settings, meeting(a_draughts=(14.0, 9.0), b_draughts=(8.0, 13.0)))
    ((score,),) = con.execute("SELECT score FROM transshipment_links").fetchall()
    assert con.execute("SELECT p_no_transfer FROM russia_arrivals").fetchone() == (
        pytest.approx(1 - score, abs=1e-5),
    )


def test_a_meeting_after_the_arrival_is_no_link(home: Home, settings: Settings) -> None:
    early = lying(B, 0, 400, *NOVOROSSIYSK, nav=5)
    met = [r for r in meeting(8 * DAY) if r.minute < 12 * DAY]
    con = published(home, settings, early + met)
    assert con.execute("SELECT count(*) FROM encounters").fetchone() == (1,)
    assert con.execute("SELECT count(*) FROM transshipment_links").fetchone() == (0,)


def test_a_taker_that_lies_higher_afterwards_took_nothing(home: Home, settings: Settings) -> None:
    con = published(home, settings, meeting(a_draughts=(9.0, 14.0), b_draughts=(13.0, 8.0)))
    scores = con.execute("SELECT score FROM transshipment_links WHERE to_mmsi = ?", [B.mmsi]).fetchall()
    assert all(score < 0.1 for (score,) in scores)


def test_no_draught_is_no_evidence(home: Home, settings: Settings) -> None:
    con = published(home, settings, meeting())
    kinds = {kind for (kind,) in con.execute("SELECT kind FROM link_evidence").fetchall()}
    assert not kinds & {"draught_from", "draught_to", "arrival_draught", "destination"}


def test_the_score_is_the_sum_of_its_evidence(home: Home, settings: Settings) -> None:
    con = published(home, settings, meeting(a_draughts=(14.0, 9.0), b_draughts=(8.0, 13.0)))
    for link_id, score, parts in con.execute(
        "SELECT link_id, score, score_parts FROM transshipment_links"
    ).fetchall():
        (told,) = con.execute(
            "SELECT sum(weight) FROM link_evidence WHERE link_id = ?", [link_id]
        ).fetchone() or (0,)
        assert told == pytest.approx(sum(json.loads(parts).values()))
        assert score == pytest.approx(1 / (1 + math.exp(-told)))


def test_every_evidence_rests_on_a_row_that_is_there(home: Home, settings: Settings) -> None:
    con = published(home, settings, meeting(a_draughts=(14.0, 9.0), b_draughts=(8.0, 13.0)))
    keys = {"encounters": "encounter_id", "port_calls": "port_call_id", "vessels": "vessel_id"}
    refs = con.execute("SELECT ref_table, ref_id FROM link_evidence WHERE ref_table IS NOT NULL").fetchall()
    assert refs
    for table, ref in refs:
        assert con.execute(f"SELECT count(*) FROM {table} WHERE {keys[table]} = ?", [ref]).fetchone() == (1,)


def relay(a_type: str = "Cargo", moved_m: float = 1.5) -> list[Report]:
    """A calls at Tanger Med, B four days later; B at Novorossiysk nine days after that."""
    berth, sea = (35.8890, -5.5030), (35.95, -5.90)
    a = Ship(311000403, "JULIET TEST", ship_type=a_type)
    b = Ship(311000404, "KILO TEST")

    def call(ship: Ship, first: float, before_m: float, after_m: float) -> list[Report]:
        there = sailing(ship, first, sea, berth)
        stay = there[-1].minute
        return [
            *there,
            *lying(ship, stay + 6, stay + 300, *berth, nav=5, draught_m=before_m),
            *lying(ship, stay + 306, stay + 600, *berth, nav=5, draught_m=after_m),
            *sailing(ship, stay + 606, berth, sea),
        ]

    return [
        *call(a, 0, 11.0, 11.0 - moved_m),
        *call(b, 4 * DAY, 6.0, 6.0 + moved_m),
        *lying(b, 13 * DAY, 14 * DAY, *NOVOROSSIYSK, every=30, nav=5),
    ]


def test_two_calls_at_one_hub_are_a_relay(home: Home, settings: Settings) -> None:
    con = published(home, settings, relay())
    ((pattern, hub, a, b, score),) = con.execute(
        "SELECT pattern, hub_id, from_name, to_name, score FROM transshipment_links"
    ).fetchall()
    assert (pattern, hub, a, b) == ("port_relay", "MAPTM", "JULIET TEST", "KILO TEST")
    unmoved = published(Home(home.root / "unmoved").create(), settings, relay(moved_m=0.0))
    ((less,),) = unmoved.execute("SELECT score FROM transshipment_links").fetchall()
    assert 2 * less < score < 1


def test_a_ship_that_loads_no_cargo_of_that_kind_gave_none(home: Home, settings: Settings) -> None:
    fit = published(home, settings, relay()).execute("SELECT score FROM transshipment_links").fetchall()
    unfit_home = Home(home.root / "unfit").create()
    (unfit_home.work / "gazetteer").symlink_to(home.work / "gazetteer")
    unfit = (
        published(unfit_home, settings, relay("Tanker"))
        .execute("SELECT score FROM transshipment_links")
        .fetchall()
    )
    assert fit
    assert not any(score >= fit[0][0] / 4 for (score,) in unfit)


def test_hostile_names_stay_text(home: Home, settings: Settings) -> None:
    nasty = Ship(311000402, "<script>'; DROP --", ship_type="Tanker", length_m=230)
    track = [
        Report(
            nasty if r.ship is B else r.ship,
            *(getattr(r, f) for f in ("minute", "lat", "lon", "sog_kn", "nav")),
        )
        for r in meeting()
    ]
    con = published(home, settings, track)
    assert con.execute(
        "SELECT count(*) FROM transshipment_links WHERE to_name LIKE '<script>%'"
    ).fetchone() != (0,)


def test_linking_before_detecting_says_what_to_do(home: Home, settings: Settings) -> None:
    with pytest.raises(TransshipError, match="transship detect"):
        link(home, settings)
    with pytest.raises(TransshipError, match="transship detect"):
        publish(home, settings)


def test_the_published_database_has_its_contract(home: Home, settings: Settings, tmp_path: Path) -> None:
    con = published(home, settings, meeting())
    silent = con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal"
    ).fetchall()
    assert silent == []
    wrong = con.execute("""
        SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal AND (
            (column_name IN ('mmsi', 'imo') AND data_type <> 'BIGINT')
            OR (column_name LIKE '%\\_at' ESCAPE '\\' AND data_type <> 'TIMESTAMP')
            OR (regexp_matches(column_name, '_(m|km|nm|kn|h)$|^(lat|lon|score|weight)$')
                AND data_type <> 'DOUBLE')
            OR (regexp_matches(column_name, '^(is|had)_') AND data_type <> 'BOOLEAN'))
    """).fetchall()
    assert wrong == []
    # Readers on DuckDB 1.x open it: no newer storage, no GEOMETRY, no indexes.
    assert con.execute("SELECT count(*) FROM duckdb_indexes()").fetchone() == (0,)


def test_a_verdict_survives_what_is_made_anew(home: Home, settings: Settings) -> None:
    con = published(home, settings, meeting(a_draughts=(14.0, 9.0), b_draughts=(8.0, 13.0)))
    ((link_id, before),) = con.execute("SELECT link_id, review FROM transshipment_links").fetchall()
    con.close()
    reviews.add(home, link_id, "rejected", note="seen at the quay", reviewer="desk", score=0.9)
    reviews.add(home, link_id, "confirmed", note="it was another\x1b[31m ship", reviewer="desk", score=0.9)
    assert explain(home, link_id).link["review"] == "confirmed"
    for name in ("links.duckdb", "events.duckdb"):
        (home.work / name).unlink()
    detect(home, settings)
    link(home, settings)
    publish(home, settings)
    with duckdb.connect(str(home.database), read_only=True) as again:
        after = again.execute("SELECT link_id, review FROM transshipment_links").fetchall()
    assert (before, after) == ("none", [(link_id, "confirmed")])
    assert [(r.verdict, r.note) for r in reviews.every(home)] == [
        ("rejected", "seen at the quay"),
        ("confirmed", "it was another [31m ship"),
    ]


def test_a_verdict_is_one_of_three(home: Home) -> None:
    with pytest.raises(UsageError, match="confirmed, rejected, unclear"):
        reviews.add(home, "L1", "guilty", note="", reviewer="", score=None)
    assert reviews.every(home) == []


def test_a_broken_file_of_verdicts_is_named(home: Home) -> None:
    home.reviews.parent.mkdir()
    home.reviews.write_text("no database" * 200, encoding="utf-8")
    with pytest.raises(TransshipError, match=r"reviews\.sqlite"):
        reviews.newest(home)
