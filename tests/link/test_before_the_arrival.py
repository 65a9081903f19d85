"""One transfer's whole life: open, declared, arrived, expired, withdrawn, and what is kept of each."""

import shutil
from typing import Any

import pytest

from pipeline.errors import TransshipError
from pipeline.home import Home
from pipeline.published import lead_times, query
from pipeline.settings import Settings, load_settings
from pipeline.steps.detect import detect
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from tests.detect.ships import Ship, detected, lying
from tests.link.tables import Events, Linked, day

TRANSFER_ENDS, DECLARES, ARRIVES = 65.5, 68, 75


def story(*, served: bool = True, declares: bool = True, arrives: bool = True) -> Events:
    """Alfa comes from Tarragona and meets Bravo off Ceuta in March; it goes on to Novorossiysk.

    Where `served`, Bravo went from Mersin to Novorossiysk three times in January and February.
    """
    told = Events()
    told.ship("alfa", 311000001)
    told.ship("bravo", 311000002)
    for first in (2, 16, 30) if served else ():
        told.call("bravo", "TRMER", first, first + 1, (9.0, 9.0))
        told.call("bravo", "RUNVS", first + 5, first + 7, (9.0, 9.0))
    told.call("bravo", "ESTAR", 58, 59, (9.0, 9.0))
    told.call("alfa", "ESTAR", 60, 61, (12.0, 12.0))
    told.meeting("alfa", "bravo", 65, TRANSFER_ENDS)
    if declares:
        told.declares("bravo", "RUNVS", DECLARES)
    if arrives:
        told.call("bravo", "RUNVS", ARRIVES, ARRIVES + 2, (12.0, 9.0))
    return told


@pytest.fixture
def at(home: Home, settings: Settings) -> Any:
    """Link what was there on a day."""
    return lambda events, end: Linked(events.until(end), home, settings)


def test_a_link_is_open_then_declared_then_arrived_and_stays_the_same_link(at: Any) -> None:
    opened, declared, arrived = (at(story(), end).link("alfa", "bravo") for end in (66, 69, 76))
    assert [link["status"] for link in (opened, declared, arrived)] == ["open", "declared", "arrived"]
    assert opened["link_id"] == declared["link_id"] == arrived["link_id"]
    assert opened["score"] < declared["score"] < arrived["score"]
    for state in (opened, declared):
        told = [state[name] for name in ("arrival_id", "russia_port_id", "arrived_at", "days_to_russia")]
        assert told == [None] * 4
        assert state["expected_port_id"] == "RUNVS"
        assert day(66) <= state["expected_from_at"] < day(ARRIVES) < state["expected_to_at"] < day(90)
    assert (arrived["russia_port_id"], arrived["arrived_at"]) == ("RUNVS", day(ARRIVES))
    assert (arrived["days_to_russia"], arrived["expected_port_id"]) == (ARRIVES - TRANSFER_ENDS, None)


def test_the_score_of_an_open_link_is_the_sum_of_its_evidence(at: Any) -> None:
    linked = at(story(), 66)
    link = linked.link("alfa", "bravo")
    ((log_odds, parts, fact, ref),) = linked.con.execute(
        """SELECT sum(e.weight), len(json_keys(l.score_parts)) = count(*),
            max(e.statement) FILTER (e.kind = 'goes_to_russia'),
            max(e.ref_id) FILTER (e.kind = 'goes_to_russia')
        FROM link_evidence AS e JOIN transshipment_links AS l ON e.link_id = l.link_id
        WHERE l.link_id = ? GROUP BY l.score_parts""",
        [link["link_id"]],
    ).fetchall()
    assert link["score"] == pytest.approx(1 / (1 + 2.718281828459045**-log_odds))
    assert parts
    assert "3 of its own 3 stays at hubs led there" in fact
    assert ref == "bravo"


def test_a_ship_without_a_reason_has_no_open_link(at: Any) -> None:
    assert at(story(served=False, declares=False), 66).links("alfa", "bravo") == []
    # Alfa has none either, so nothing is told of the other direction.
    assert at(story(), 66).links("bravo", "alfa") == []


def test_a_word_alone_is_a_reason(at: Any) -> None:
    link = at(story(served=False), 69).link("alfa", "bravo")
    assert (link["status"], link["expected_port_id"]) == ("declared", "RUNVS")


def test_an_arrival_by_declaration_leaves_the_link_declared_for_good(at: Any) -> None:
    events = story(declares=False, arrives=False)
    events.arrival("bravo", "RUNVS", 76, "declared")
    for end in (77, 200):
        link = at(events, end).link("alfa", "bravo")
        assert (link["status"], link["arrival_id"]) == ("declared", None)
        assert (link["expected_from_at"], link["expected_to_at"]) == (day(75), day(77))


def test_who_has_not_come_within_the_limit_has_expired(at: Any) -> None:
    events = story(arrives=False)
    before, after = (at(events, TRANSFER_ENDS + n).link("alfa", "bravo") for n in (44, 46))
    assert (before["status"], after["status"]) == ("declared", "expired")
    assert after["score"] < before["score"]
    assert (after["link_id"], after["expected_port_id"]) == (before["link_id"], None)


@pytest.mark.parametrize(("draughts", "status"), [((12.0, 8.0), "expired"), ((12.0, 12.0), "declared")])
def test_who_landed_cargo_elsewhere_has_expired(at: Any, draughts: tuple[float, float], status: str) -> None:
    events = story(arrives=False)
    events.call("bravo", "ESTAR", 70, 71, draughts)
    assert at(events, 72).link("alfa", "bravo")["status"] == status


def test_who_arrives_after_all_has_arrived(at: Any) -> None:
    events = story()
    events.call("bravo", "ESTAR", 70, 71, (12.0, 8.0))
    assert [at(events, end).link("alfa", "bravo")["status"] for end in (72, 76)] == ["expired", "arrived"]


def test_a_relay_has_the_same_life(at: Any) -> None:
    events = story()
    events.call("alfa", "TRMER", 66, 67, (12.0, 9.0))
    events.call("bravo", "TRMER", 69, 70, (9.0, 12.0))
    relays = [
        link
        for end in (71, 76)
        for link in at(events, end).links("alfa", "bravo")
        if link["pattern"] == "port_relay"
    ]
    assert [link["status"] for link in relays] == ["declared", "arrived"]
    assert relays[0]["link_id"] == relays[1]["link_id"]
    # Its own three passages from Mersin took four days each.
    assert relays[0]["expected_from_at"] == day(73)
    assert relays[0]["expected_to_at"] == day(75)


def test_what_comes_later_changes_nothing_that_a_score_rests_on(at: Any) -> None:
    """Other ships' voyages in the transfer's own month and after it say nothing of it."""
    events = story()
    events.ship("carol", 311000003)
    for first in (60, 64):
        events.call("carol", "TRMER", first, first + 1, (9.0, 9.0))
        events.call("carol", "RUNVS", first + 2, first + 3, (9.0, 9.0))
    assert at(events, 69).link("alfa", "bravo")["score"] == at(story(), 69).link("alfa", "bravo")["score"]


def test_what_a_link_said_is_kept_with_when_and_why_it_changed(at: Any) -> None:
    for end in (66, 69, 76):
        linked = at(story(), end)
    told = linked.history()
    assert [(row["version"], row["status"]) for row in told] == [(1, "open"), (2, "declared")]
    assert [(row["told_from_at"], row["changed_at"]) for row in told] == [
        (day(66), day(69)),
        (day(69), day(76)),
    ]
    assert told[0]["score"] < told[1]["score"]
    assert told[0]["why"].startswith("It was open and is declared; its score went from 0.")
    assert "goes_to_russia" in told[0]["why"]
    assert told[1]["why"].startswith("It was declared and is arrived; ")


def test_the_same_data_again_add_nothing(at: Any) -> None:
    news = [at(story(), end).n_new for end in (66, 66, 69, 69, 76, 76)]
    assert news == [1, 0, 1, 0, 1, 0]


def test_all_at_once_tells_the_same_links_without_a_history(at: Any, home: Home, settings: Settings) -> None:
    by_day = [at(story(), end) for end in (66, 69, 76)][-1]
    home.history.unlink()
    at_once = at(story(), 76)
    everything = "SELECT * FROM transshipment_links ORDER BY link_id"
    assert by_day.rows(everything) == at_once.rows(everything)
    assert (len(by_day.history()), at_once.history()) == (2, [])


def test_a_link_whose_ground_late_data_take_is_withdrawn_and_comes_back(at: Any) -> None:
    events = story()
    before = at(events, 78)
    told = before.link("alfa", "bravo")
    facts = "SELECT * FROM link_evidence WHERE link_id = ? ORDER BY seq"

    never_met = events.without("encounters", "alfa+bravo 65")
    gone = at(never_met, 78)
    assert gone.link("alfa", "bravo") == {**told, "status": "withdrawn"}
    assert gone.rows(facts, told["link_id"]) == before.rows(facts, told["link_id"])
    (row,) = gone.history()
    assert (row["status"], row["score"], row["changed_at"]) == ("arrived", told["score"], day(78))
    assert row["why"].startswith("Withdrawn: the data do not hold the meeting alfa+bravo 65")
    assert at(never_met, 80).n_new == 0

    back = at(events, 80)
    assert back.link("alfa", "bravo") == told
    assert [row["status"] for row in back.history()] == ["arrived", "withdrawn"]
    assert back.history()[1]["why"].startswith("The data bring it back, as arrived")


def test_a_relay_without_one_of_its_calls_is_withdrawn(home: Home, tmp_path: Any) -> None:
    settings = load_settings(tmp_path, ["links.history_min_score=0.0001", "links.min_score=0.0001"])
    events = story()
    events.call("alfa", "TRMER", 66, 67, (12.0, 9.0))
    events.call("bravo", "TRMER", 69, 70, (9.0, 12.0))
    Linked(events.until(76), home, settings)
    gone = Linked(events.without("port_calls", "alfa TRMER 66").until(76), home, settings)
    states = {row["pattern"]: row["status"] for row in gone.links("alfa", "bravo")}
    assert states == {"sts": "arrived", "port_relay": "withdrawn"}


def test_a_link_that_falls_under_the_least_score_is_not_withdrawn(at: Any, home: Home, tmp_path: Any) -> None:
    at(story(), 76)
    strict = load_settings(tmp_path, ["links.min_score=0.9999"])
    fallen = Linked(story().until(76), home, strict)
    assert fallen.links("alfa", "bravo") == []
    (row,) = fallen.history()
    assert row["why"].startswith("Its score fell under links.min_score")


def test_a_link_never_strong_is_not_followed(home: Home, tmp_path: Any) -> None:
    settings = load_settings(tmp_path, ["links.history_min_score=0.99999"])
    for end in (66, 69, 76):
        linked = Linked(story().until(end), home, settings)
        assert (linked.n_new, linked.history()) == (0, [])


def test_a_broken_history_is_named(at: Any, home: Home) -> None:
    home.history.parent.mkdir()
    home.history.write_text("no database" * 200, encoding="utf-8")
    with pytest.raises(TransshipError, match=r"history\.sqlite"):
        at(story(), 66)


def test_it_is_published_day_by_day_and_its_history_outlives_the_work_folder(
    home: Home, settings: Settings
) -> None:
    """On tracks: a meeting off Ceuta, a destination sent two days later, Novorossiysk on the ninth day."""
    giver = Ship(311000401, "HOTEL TEST", ship_type="Tanker", length_m=240)
    taker = Ship(311000402, "INDIA TEST", ship_type="Tanker", length_m=230)
    met = [
        *lying(giver, 480, 1200, 35.95, -5.17, draught_m=14.0),
        *lying(taker, 600, 1200, 35.9508, -5.17, draught_m=8.0),
    ]
    bound = lying(taker, 3000, 3100, 37.0, 5.0, sog_kn=12.0, destination="NOVOROSSIYSK", draught_m=13.0)
    there = lying(taker, 12000, 13400, 44.72, 37.80, every=30, nav=5, draught_m=13.0)
    states = "SELECT link_id, status, expected_port_id FROM transshipment_links"
    told = []
    for reports in ([*met, *bound], there):
        detected(home, settings, reports)
        link(home, settings)
        publish(home, settings)
        told += query(home, states).rows
    ((link_id, *before), (same, *after)) = told
    assert (same, before, after) == (link_id, ["declared", "RUNVS"], ["arrived", None])
    kept = "SELECT link_id, version, score, status, changed_at, why, told_from_at FROM link_history"
    history = query(home, kept).rows
    assert [(row[0], row[1], row[3]) for row in history] == [(link_id, 1, "declared")]
    (lead,) = lead_times(home, 0.1).records()
    told_before = (lead["arrived_at"] - history[0][6]).total_seconds() / 86400
    assert (lead["link_id"], lead["lead_days"]) == (link_id, pytest.approx(told_before))
    assert 5 < told_before < 7
    assert lead_times(home, 0.999).rows == []

    shutil.rmtree(home.work)
    detect(home, settings)
    link(home, settings)
    publish(home, settings)
    assert query(home, kept).rows == history
    assert query(home, states).rows == [(link_id, "arrived", None)]
