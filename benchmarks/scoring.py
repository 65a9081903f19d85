"""How much of a scenario's truth a published database tells, and how much it makes up.

Figures are counts, so that several scenarios can be added up: what was asked for and found (recall), what was
claimed and right (precision). Nobody is asked for what no one could see whole: events with fewer than three
reports, cut by the ends of the data, or without two hours in which both ships were heard; reporting such an
event is no fault either. Times are naive UTC.
"""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]

CALL_TOLERANCE = timedelta(hours=6)
ARRIVAL_TOLERANCE = timedelta(hours=48)
STRONG = 0.5
# Thousands of links near nought would make any model look calibrated.
SAID = 0.1
# Meetings and calls that brought nothing to Russia: no strong link between the two ships.
NO_CARGO = {"meeting_after_russia", "reverse_flow", "delivered_before_russia"}
# Never alongside each other: no encounter at all. Decoys of any other kind may meet, but transfer nothing.
NEVER_MET = {"anchored_apart", "berth_neighbours"}


@dataclass
class Tally:
    """Of what was asked for, how much was found; of what was claimed, how much was right."""

    found: int = 0
    asked: int = 0
    right: int = 0
    claimed: int = 0

    @property
    def recall(self) -> float:
        """Found of asked; NaN where nothing was asked."""
        return self.found / self.asked if self.asked else math.nan

    @property
    def precision(self) -> float:
        """Right of claimed; NaN where nothing was claimed."""
        return self.right / self.claimed if self.claimed else math.nan

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.found + other.found,
            self.asked + other.asked,
            self.right + other.right,
            self.claimed + other.claimed,
        )


@dataclass
class Score:
    """The figures of one scenario, or of several added up."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    # decoys by kind: how many fooled the monitor, of how many
    fooled: dict[str, tuple[int, int]] = field(default_factory=dict)
    # by pattern: each link's score, and whether it was true
    said: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, other: "Score") -> None:
        """Add another scenario's figures."""
        for name, tally in other.tallies.items():
            self.tallies[name] += tally
        for kind, (n, of) in other.fooled.items():
            before = self.fooled.get(kind, (0, 0))
            self.fooled[kind] = (before[0] + n, before[1] + of)
        for pattern, pairs in other.said.items():
            self.said[pattern] += pairs


class Names:
    """Ships that changed their MMSI are one ship."""

    def __init__(self, identities: Iterable[Row]) -> None:
        self._first: dict[int, int] = {mmsi: row["mmsis"][0] for row in identities for mmsi in row["mmsis"]}

    def ship(self, mmsi: int) -> int:
        """The ship's first MMSI."""
        return self._first.get(int(mmsi), int(mmsi))

    def pair(self, a: int, b: int) -> frozenset[int]:
        """Two ships in no order."""
        return frozenset((self.ship(a), self.ship(b)))


def score(database: Path, truth_file: Path) -> Score:
    """Hold a published database against its scenario's truth.json."""
    truth = json.loads(truth_file.read_text(encoding="utf-8"))
    names = Names(truth.get("identities", ()))
    result = Score()
    with duckdb.connect(str(database), read_only=True) as con:
        result.tallies["port calls"] = _port_calls(_rows(con, CALLS), truth["port_calls"], names)
        encounters = _rows(con, ENCOUNTERS)
        lit = [row for row in truth["encounters"] if not row.get("dark")]
        result.tallies["encounters"] = _encounters(encounters, lit, names)
        links = [row for row in _rows(con, LINKS) if row["status"] == "arrived"]
    for pattern in ("sts", "port_relay", "chain"):
        tally, said = _links(pattern, links, truth, names)
        result.tallies[f"{pattern} links at one half"] = tally
        result.said[pattern] = said
    result.fooled = _fooled(encounters, links, truth["decoys"], names)
    return result


CALLS = "SELECT mmsi, port_id, arrived_at FROM port_calls WHERE kind = 'berth' ORDER BY ALL"
ENCOUNTERS = """SELECT mmsi_1, mmsi_2, started_at, ended_at, kind FROM encounters
    ORDER BY started_at, ended_at, mmsi_1, mmsi_2"""
LINKS = """SELECT pattern, from_mmsi, to_mmsi, arrived_at, score, status FROM transshipment_links
    WHERE from_mmsi IS NOT NULL AND to_mmsi IS NOT NULL ORDER BY score DESC, arrived_at, from_mmsi, to_mmsi"""


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    result = con.execute(query)
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _port(port_id: str) -> str:
    """A terminal such as RUULU-VISTINO counts as its port; RU-PORTOVAYA is a port without a UN/LOCODE."""
    return port_id[:5] if port_id[5:6] == "-" else port_id


def _port_calls(calls: Sequence[Row], truths: Sequence[Row], names: Names) -> Tally:
    """Same ship and port, arrival within six hours (or of the silence around it, where there was one)."""
    by_place = defaultdict(list)
    for call in calls:
        by_place[names.ship(call["mmsi"]), _port(call["port_id"])].append(call)
    used: set[int] = set()
    excused: set[int] = set()
    tally = Tally()
    for truth in sorted(truths, key=lambda row: row["arrived"]):
        whole = truth.get("observable", 3) >= 3 and not truth.get("cut")
        arrived = _when(truth["arrived"])
        first = min(arrived, _when(truth.get("seen_before") or truth["arrived"])) - CALL_TOLERANCE
        last = max(arrived, _when(truth.get("seen_after") or truth["arrived"])) + CALL_TOLERANCE
        if not whole:
            first, last = first - CALL_TOLERANCE, max(last, _when(truth["departed"]))
        near = [
            call
            for call in by_place[names.ship(truth["mmsi"]), _port(truth["port"])]
            if first <= call["arrived_at"] <= last and id(call) not in used
        ]
        tally.asked += whole
        if near and whole:
            tally.found += 1
            used.add(id(min(near, key=lambda call: abs(call["arrived_at"] - arrived))))
        elif near:
            excused.update(map(id, near))
    # Craft lie at their base all the time, and the truth does not list that.
    known = {names.ship(truth["mmsi"]) for truth in truths}
    counted = [call for call in calls if names.ship(call["mmsi"]) in known and id(call) not in excused - used]
    tally.claimed, tally.right = len(counted), len(used)
    return tally


def _overlap(a: tuple[datetime, datetime], b: tuple[datetime, datetime]) -> timedelta:
    return max(timedelta(0), min(a[1], b[1]) - max(a[0], b[0]))


def _encounters(encounters: Sequence[Row], truths: Sequence[Row], names: Names) -> Tally:
    """Same pair, half of the time in which both were heard covered, at most twice the true time claimed."""
    by_pair = defaultdict(list)
    for row in encounters:
        by_pair[names.pair(row["mmsi_1"], row["mmsi_2"])].append(row)
    used: set[int] = set()
    excused: set[int] = set()
    tally = Tally()
    for truth in truths:
        whole = truth.get("kind") != "incidental" and truth.get("longest_run_h", 2) >= 2
        lasted = _when(truth["start"]), _when(truth["end"])
        seen = _when(truth.get("seen_start") or truth["start"]), _when(truth.get("seen_end") or truth["end"])
        told: list[Row] = []
        for row in by_pair[names.pair(truth["a"], truth["b"])]:
            # The same time told twice counts once.
            is_new = not told or row["started_at"] >= told[-1]["ended_at"]
            if is_new and _overlap(lasted, (row["started_at"], row["ended_at"])):
                told.append(row)
        if not whole:
            excused.update(map(id, told))
            continue
        tally.asked += 1
        covered = sum((_overlap(seen, (row["started_at"], row["ended_at"])) for row in told), timedelta(0))
        claimed = sum((row["ended_at"] - row["started_at"] for row in told), timedelta(0))
        is_not_too_long = claimed <= 2 * (lasted[1] - lasted[0]) + timedelta(hours=2)
        if told and covered * 2 >= seen[1] - seen[0] and is_not_too_long:
            tally.found += 1
            used.update(map(id, told))
    counted = [row for row in encounters if id(row) not in excused - used]
    tally.claimed, tally.right = len(counted), len(used)
    return tally


def _links(
    pattern: str, links: Sequence[Row], truth: Row, names: Names
) -> tuple[Tally, list[tuple[float, bool]]]:
    """Same pattern and ships, arrival within two days; a second row for one link is wrong."""
    of_pattern = [row for row in truth["links"] if row["pattern"] == pattern]
    wanted = [row for row in of_pattern if not row.get("dark")]
    unseen = [row for row in truth.get("unseen_links", ()) if row["pattern"] == pattern]
    free = [row for row in of_pattern if row.get("dark")] + unseen

    def first_match(link: Row, among: Sequence[Row]) -> int | None:
        for i, row in enumerate(among):
            same = (names.ship(row["a"]), names.ship(row["b"])) == _ships(link, names)
            if same and abs(link["arrived_at"] - _when(row["arrived"])) <= ARRIVAL_TOLERANCE:
                return i
        return None

    found: set[int] = set()
    tally = Tally(asked=len(wanted))
    said = []
    for link in (row for row in links if row["pattern"] == pattern):
        match = first_match(link, wanted)
        if match is None and first_match(link, free) is not None:
            continue
        is_true = match is not None and match not in found
        if match is not None:
            found.add(match)
        if link["score"] >= STRONG:
            tally.claimed += 1
            tally.right += is_true
        if link["score"] >= SAID:
            said.append((link["score"], is_true))
    tally.found = tally.right
    return tally, said


def _ships(link: Row, names: Names) -> tuple[int, int]:
    return names.ship(link["from_mmsi"]), names.ship(link["to_mmsi"])


def _fooled(
    encounters: Sequence[Row], links: Sequence[Row], decoys: Sequence[Row], names: Names
) -> dict[str, tuple[int, int]]:
    kinds = defaultdict(set)
    for row in encounters:
        kinds[names.pair(row["mmsi_1"], row["mmsi_2"])].add(row["kind"])
    linked = {frozenset(_ships(row, names)) for row in links if row["score"] >= STRONG}

    def is_fooled(decoy: Row) -> bool:
        ships = frozenset(map(names.ship, decoy["mmsis"]))
        if decoy["kind"] in NO_CARGO:
            return ships in linked
        met = set().union(*(kinds_of for pair, kinds_of in kinds.items() if ships <= pair))
        return bool(met) if decoy["kind"] in NEVER_MET else "transfer" in met

    counts: dict[str, tuple[int, int]] = {}
    for decoy in decoys:
        n, of = counts.get(decoy["kind"], (0, 0))
        counts[decoy["kind"]] = (n + is_fooled(decoy), of + 1)
    return dict(sorted(counts.items()))


def brier(pairs: Sequence[tuple[float, bool]]) -> float:
    """Mean squared distance of what was said from what was true."""
    return _mean(pairs, lambda p, y: (p - y) ** 2)


def calibration_error(pairs: Sequence[tuple[float, bool]], n_bins: int = 5) -> float:
    """By how much the share of true links differs from what their scores say, over bins of the score."""
    bins = defaultdict(list)
    for p, y in pairs:
        bins[min(n_bins - 1, int(p * n_bins))].append((p, y))
    if not pairs:
        return math.nan
    return sum(abs(sum(p - y for p, y in inner)) for inner in bins.values()) / len(pairs)


def _mean(pairs: Sequence[tuple[float, bool]], of: Callable[[float, bool], float]) -> float:
    return sum(of(p, y) for p, y in pairs) / len(pairs) if pairs else math.nan
