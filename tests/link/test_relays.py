"""Relays and chains on an invented world, told at the level of events: what linking does at a busy hub."""

import json
import math
from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest

from pipeline import gazetteer
from pipeline.home import Home
from pipeline.scenario import DEFAULT, cargo, world
from pipeline.scenario.events import Told, tell_events
from pipeline.settings import load_settings
from pipeline.steps.link import weigh

SEED, DAYS, SHIPS = 31, 60, 130


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, Told]]:
    home = Home(tmp_path_factory.mktemp("world")).create()
    made = world.build(SEED, DAYS, SHIPS, DEFAULT)
    planted = cargo.settle(made, SEED)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        gazetteer.prepare(home).attach(con)
        told = tell_events(con, made, planted, SEED, datetime(2026, 1, 1))  # noqa: DTZ001
        weigh(con, load_settings(home.root))
        yield con, told


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return con.execute(query).fetchall()


def test_rivals_share_one_chance(linked: tuple[duckdb.DuckDBPyConnection, Told]) -> None:
    con, _ = linked
    sums = rows(
        con,
        "SELECT to_port_call_id, sum(score), count(*) FROM transshipment_links"
        " WHERE pattern = 'port_relay' GROUP BY to_port_call_id",
    )
    assert len(sums) > 20
    assert all(float(str(total)) <= 1 for _, total, _ in sums)


def test_every_score_is_the_sum_of_its_terms(linked: tuple[duckdb.DuckDBPyConnection, Told]) -> None:
    con, _ = linked
    links = rows(
        con,
        "SELECT l.pattern, l.score, l.score_parts, (SELECT sum(weight) FROM link_evidence AS e"
        " WHERE e.link_id = l.link_id) FROM transshipment_links AS l",
    )
    assert {pattern for pattern, *_ in links} == {"sts", "port_relay", "chain"}
    for _, score, parts, told in links:
        log_odds = sum(json.loads(str(parts)).values())
        assert told == pytest.approx(log_odds)
        assert score == pytest.approx(1 / (1 + math.exp(-log_odds)))


def test_the_right_donor_comes_first_far_more_often_than_by_chance(
    linked: tuple[duckdb.DuckDBPyConnection, Told],
) -> None:
    con, told = linked
    first: dict[object, tuple[object, object]] = {}
    for a, b, arrival in rows(
        con,
        "SELECT from_port_call_id, to_port_call_id, arrival_id FROM transshipment_links"
        " WHERE pattern = 'port_relay' ORDER BY score DESC, link_id",
    ):
        first.setdefault(arrival, (a, b))
    right = sum(first.get(arrival) == (a, b) for a, b, arrival in told.port_relays)
    n = dict(
        con.execute(
            "SELECT t.arrival_id, count(*) FROM relay_candidates AS c JOIN takers AS t"
            " ON c.to_port_call_id = t.port_call_id GROUP BY t.arrival_id"
        ).fetchall()
    )
    by_chance = sum(1 / n[arrival] for _, _, arrival in told.port_relays)
    assert len(told.port_relays) > 20
    assert right > 3 * by_chance


def test_a_chain_ends_in_a_link_of_its_own_and_holds_no_ship_twice(
    linked: tuple[duckdb.DuckDBPyConnection, Told],
) -> None:
    con, _ = linked
    chains = rows(
        con,
        "SELECT link_id, hops, score, from_vessel_id, to_vessel_id, arrival_id FROM transshipment_links"
        " WHERE pattern = 'chain'",
    )
    assert chains
    for link_id, hops, score, first, last, arrival in chains:
        assert hops in (2, 3)
        assert first != last
        ((rest, tail_arrival),) = con.execute(
            "SELECT l.score, l.arrival_id FROM link_evidence AS e JOIN transshipment_links AS l"
            " ON e.ref_id = l.link_id WHERE e.link_id = ? AND e.kind = 'other_hops'",
            [link_id],
        ).fetchall()
        assert float(str(score)) <= rest
        assert arrival == tail_arrival


def test_an_arrival_without_a_true_link_is_the_rest_of_its_rivals_chance(
    linked: tuple[duckdb.DuckDBPyConnection, Told],
) -> None:
    con, _ = linked
    alone = rows(
        con,
        "SELECT any_value(c.p_no_transfer), sum(l.score) FROM transshipment_links AS l"
        " JOIN arrival_chances AS c ON l.arrival_id = c.arrival_id WHERE l.pattern <> 'chain'"
        " GROUP BY l.arrival_id HAVING count(DISTINCT l.to_port_call_id) = 1 AND count(l.encounter_id) = 0",
    )
    assert len(alone) > 10
    # Links under links.min_score are not stored, so what is stored sums to a little less.
    assert all(-1e-4 <= 1 - float(str(p)) - float(str(total)) < 0.1 for p, total in alone)
