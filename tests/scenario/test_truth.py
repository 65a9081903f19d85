"""The truth: its form, what was planted, and that it says of the reports what is in the files."""

import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.scenario import QUIET, write_scenario
from pipeline.scenario.trades import RUSSIA
from pipeline.scenario.truth import together

from .conftest import Told, Written

DECOYS = {
    "tug", "pilot", "bunkering", "anchored_apart", "anchored_close", "berth_neighbours",
    "meeting_after_russia", "reverse_flow", "delivered_before_russia",
}  # fmt: skip


def when(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def test_form(told: Told) -> None:
    truth = told.truth
    assert set(truth) == {"port_calls", "encounters", "links", "unseen_links", "decoys", "identities"}
    for call in truth["port_calls"]:
        assert when(call["arrived"]) < when(call["departed"])
        if "seen_before" in call and not call.get("cut"):
            assert when(call["seen_before"]) <= when(call["arrived"]) <= when(call["seen_after"])
    for met in truth["encounters"]:
        assert when(met["start"]) < when(met["end"])
        assert met["kind"] in {"transfer", "bunkering", "service", "incidental"}
        if "seen_start" in met:
            assert when(met["start"]) <= when(met["seen_start"]) <= when(met["seen_end"]) <= when(met["end"])
    for link in truth["links"]:
        assert link["a"] != link["b"]
        assert when(link["transfer_start"]) < when(link["transfer_end"]) < when(link["arrived"])
        assert link["russia_port"] in RUSSIA
    json.dumps(truth)


def test_everything_is_planted(told: Told) -> None:
    patterns = Counter(link["pattern"] for link in told.truth["links"])
    assert patterns["sts"] >= 8
    assert patterns["port_relay"] >= 30
    assert patterns["chain"] >= 3
    assert any(link.get("dark") for link in told.truth["links"])
    assert {decoy["kind"] for decoy in told.truth["decoys"]} == DECOYS
    kinds = Counter(met["kind"] for met in told.truth["encounters"])
    assert kinds["transfer"] > 20
    assert kinds["bunkering"] > 20
    assert kinds["service"] > 5
    trades = {track.ship.trade for track in told.world.tracks}
    assert {"reefer", "ferry", "bunker_only", "line", "asia_hub", "bulk"} <= trades
    hubs = {link["hub"] for link in told.truth["links"] if link["pattern"] == "port_relay"}
    assert any(hub.startswith("MA") for hub in hubs)
    assert any(hub.startswith("TR") for hub in hubs)


def test_a_relay_is_left_before_it_is_taken(told: Told) -> None:
    same = {mmsi: ship["mmsis"][0] for ship in told.truth["identities"] for mmsi in ship["mmsis"]}
    calls: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for call in told.truth["port_calls"]:
        calls.setdefault((same.get(call["mmsi"], call["mmsi"]), call["port"]), []).append(call)
    for link in told.truth["links"]:
        if link["pattern"] == "port_relay":
            a, b = (same.get(link[x], link[x]) for x in ("a", "b"))
            left = [c for c in calls[a, link["hub"]] if c["arrived"] == link["transfer_start"]]
            taken = [c for c in calls[b, link["hub"]] if c["departed"] == link["transfer_end"]]
            assert len(left) == len(taken) == 1
            wait = when(taken[0]["arrived"]) - when(left[0]["departed"])
            assert wait.total_seconds() < 21 * 86400
            assert when(left[0]["arrived"]) < when(taken[0]["departed"])


def test_decoys_are_no_links(told: Told) -> None:
    linked = {frozenset((x["a"], x["b"])) for x in told.truth["links"] if x["pattern"] == "sts"}
    met = {frozenset((x["a"], x["b"])) for x in told.truth["encounters"]}
    for decoy in told.truth["decoys"]:
        pair = frozenset(decoy["mmsis"])
        assert len(pair) == 2
        assert pair not in linked
        if decoy["kind"] in {"anchored_apart", "berth_neighbours"}:
            assert pair not in met
        else:
            assert pair in met


def test_observable_counts_what_the_files_hold(written: Written) -> None:
    shared = {
        row[0]
        for row in written.con.execute(
            """SELECT mmsi_n FROM rows WHERE "IMO" <> 'Unknown' GROUP BY 1 HAVING count(DISTINCT "IMO") > 1"""
        ).fetchall()
    }
    shared |= {mmsi for ship in written.truth["identities"] for mmsi in ship["mmsis"]}
    checked = 0
    for call in written.truth["port_calls"]:
        if call.get("cut") or call["mmsi"] in shared:
            continue
        found = written.con.execute(
            """WITH good AS (
                 SELECT DISTINCT time, lat, lon FROM rows
                 WHERE mmsi_n = ? AND lat < 90 AND time >= ? AND time < ?
               ), middle AS (SELECT median(lat) AS lat, median(lon) AS lon FROM good)
               SELECT count(*) FROM good CROSS JOIN middle
               WHERE abs(good.lat - middle.lat) < 0.01 AND abs(good.lon - middle.lon) < 0.02""",
            [call["mmsi"], when(call["arrived"]), when(call["departed"])],
        ).fetchone()
        assert found is not None
        # The truth's times are rounded to the second: a report on the edge may fall on either side.
        assert abs(found[0] - call["observable"]) <= 1, call
        checked += 1
    assert checked > 200


def test_silent_partner_of_a_dark_meeting_is_not_in_the_files(told: Told) -> None:
    dark = [met for met in told.truth["encounters"] if met["dark"]]
    assert dark
    for met in dark:
        assert met["observable"] == 0
        assert met["longest_run_h"] == 0


@pytest.mark.parametrize(
    ("a", "b", "spans"),
    [
        ([0, 3600, 7200], [0, 3600, 7200], [(0, 7200)]),
        ([0, 3600, 7200], [1800, 3600], [(1800, 3600)]),  # b is heard for half an hour only
        # a is silent for an hour and a half
        ([0, 3600, 9000, 12600], [0, 3600, 7200, 10800, 12600], [(0, 3600), (9000, 12600)]),
        ([0, 7200], [0, 3600, 7200], []),
    ],
)  # fmt: skip
def test_together(a: list[float], b: list[float], spans: list[tuple[float, float]]) -> None:
    assert together(np.array(a, float), np.array(b, float), 0, 12600) == spans


def test_the_quiet_world_has_no_links(tmp_path: Path) -> None:
    made = write_scenario(tmp_path, seed=3, days=12, ships=60, first_day=date(2025, 10, 1), habits=QUIET)
    truth = json.loads(made.truth.read_text("utf-8"))
    assert truth["links"] == truth["unseen_links"] == []
    assert not any(met["kind"] == "transfer" for met in truth["encounters"])
    assert truth["port_calls"]
