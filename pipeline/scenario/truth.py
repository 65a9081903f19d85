"""What was planted, as `truth.json`: stops, meetings, links and decoys, with what of them could be seen."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from pipeline.scenario.cargo import Link, Relay, to_russia
from pipeline.scenario.fleet import CRAFT
from pipeline.scenario.lanes import Floats
from pipeline.scenario.places import Lying, metres
from pipeline.scenario.reports import Heard
from pipeline.scenario.voyages import HOUR, Call
from pipeline.scenario.world import Meeting, World

Row = dict[str, Any]
# Two ships are heard together while neither is silent for longer than this (encounters.max_gap_minutes).
TOGETHER_S = 70 * 60.0
# Pairs that came this near by chance while lying are reported as such: nobody asks for them.
NEAR_M = 650.0


class Telling:
    """Turns the world's seconds and ship indexes into the times and numbers of truth.json."""

    def __init__(self, world: World, heard: list[Heard], zero: datetime) -> None:
        self.world, self.zero = world, zero
        self.times: list[Floats] = [h.t[h.good].astype(np.float64) for h in heard]
        self.tracks = world.tracks

    def when(self, t: float) -> str:
        """ISO 8601, UTC."""
        return (self.zero + timedelta(seconds=round(t))).isoformat() + "Z"

    def mmsi(self, index: int, t: float) -> int:
        """The number that a ship sent at a time."""
        return self.tracks[index].ship.mmsi(t)

    def seen(self, index: int, begin: float, end: float) -> tuple[int, float | None, float | None]:
        """How many good reports lie within, the last one before it and the first one after its begin."""
        t = self.times[index]
        i, j = np.searchsorted(t, [begin, end], "left")
        return int(j - i), float(t[i - 1]) if i else None, float(t[i]) if i < len(t) else None


def tell(world: World, heard: list[Heard], links: list[Link], zero: datetime) -> Row:
    """The whole truth."""
    told = Telling(world, heard, zero)
    encounters, decoys = _encounters(told)
    true_links, unseen = _links(told, links)
    return {
        "port_calls": _port_calls(told),
        "encounters": encounters,
        "links": true_links,
        "unseen_links": unseen,
        "decoys": decoys,
        "identities": [
            {"mmsis": [x.mmsi for x in track.ship.identities]}
            for track in world.tracks
            if len(track.ship.identities) > 1
        ],
    }


def _port_calls(told: Telling) -> list[Row]:
    """Every stop at a berth within the window, of ships that trade (craft lie at their base all the time)."""
    rows = []
    for i, track in enumerate(told.tracks):
        for call in track.calls:
            if (
                call.stop.kind != "berth"
                or call.end <= 0
                or call.begin >= told.world.end
                or track.ship.kind in CRAFT
            ):
                continue
            n, before, after = told.seen(i, call.begin, call.end)
            row: Row = {
                "mmsi": told.mmsi(i, call.begin), "port": call.stop.place, "arrived": told.when(call.begin),
                "departed": told.when(call.end), "observable": n,
            }  # fmt: skip
            if before is not None:
                row["seen_before"] = told.when(before)
            if after is not None:
                row["seen_after"] = told.when(max(after, call.begin))
            if call.begin < 0 or call.end > told.world.end or before is None or after is None:
                row["cut"] = True
            rows.append(row)
    return sorted(rows, key=lambda r: (r["arrived"], r["mmsi"]))


def together(a: Floats, b: Floats, begin: float, end: float) -> list[tuple[float, float]]:
    """The spans within which both ships were heard: their reports no further apart than TOGETHER_S."""
    spans = []
    for times in (a, b):
        t = times[(times >= begin - TOGETHER_S) & (times <= end + TOGETHER_S)]
        whole = np.flatnonzero(np.diff(t) <= TOGETHER_S)
        spans.append(
            [(max(t[k], begin), min(t[k + 1], end)) for k in whole if t[k + 1] > begin and t[k] < end]
        )
    out: list[tuple[float, float]] = []
    i = j = 0
    while i < len(spans[0]) and j < len(spans[1]):
        low, high = max(spans[0][i][0], spans[1][j][0]), min(spans[0][i][1], spans[1][j][1])
        if low < high:
            if out and low - out[-1][1] < 1.0:
                out[-1] = (out[-1][0], high)
            else:
                out.append((float(low), float(high)))
        if spans[0][i][1] < spans[1][j][1]:
            i += 1
        else:
            j += 1
    return out


def _encounter(
    told: Telling, a: int, b: int, begin: float, end: float, kind: str, *, dark: bool = False
) -> Row:
    spans = together(told.times[a], told.times[b], begin, end)
    row: Row = {
        "a": told.mmsi(a, begin), "b": told.mmsi(b, begin), "start": told.when(begin), "end": told.when(end),
        "dark": dark, "kind": kind,
        "observable": min(told.seen(a, begin, end)[0], told.seen(b, begin, end)[0]),
        "longest_run_h": round(max((y - x for x, y in spans), default=0.0) / HOUR, 2),
    }  # fmt: skip
    if spans:
        row["seen_start"], row["seen_end"] = told.when(spans[0][0]), told.when(spans[-1][1])
    return row


def _encounters(told: Telling) -> tuple[list[Row], list[Row]]:
    """Planned meetings, craft alongside, and who came near by chance; and the decoys among all of them."""
    world = told.world
    rows, decoys, planned = [], [], set[tuple[int, int]]()
    place = {track.ship.index: i for i, track in enumerate(told.tracks)}
    for m in sorted(world.meetings, key=lambda m: (m.begin, m.a)):
        if m.end < 0 or m.begin > world.end:
            continue
        a, b = place[m.a], place[m.b]
        rows.append(_encounter(told, a, b, m.begin, min(m.end, world.end), "transfer", dark=m.dark))
        planned.add((min(a, b), max(a, b)))
        if m.kind in NO_CARGO:
            decoys.append(_decoy(told, m.kind, a, b, m.begin, NO_CARGO[m.kind]))
    for s in sorted(world.services, key=lambda s: (s.begin, s.craft)):
        a, b = place[s.ship], place[s.craft]
        rows.append(_encounter(told, a, b, s.begin, s.end, s.kind))
        planned.add((min(a, b), max(a, b)))
        kind = {"barge": "bunkering"}.get(told.tracks[b].ship.kind, told.tracks[b].ship.kind)
        decoys.append(_decoy(told, kind, a, b, s.begin, "alongside a ship at anchor; no cargo is passed on"))
    chance, close = _by_chance(told, planned)
    near_berths = _berth_neighbours(told, planned | {pair for _, pair in chance})
    rows += [row for row, _ in chance]
    return rows, decoys + close + near_berths


NO_CARGO = {
    "reverse_flow": "came laden from Russia, gave its cargo away at sea and went back in ballast",
    "delivered_before_russia": "landed what it got at another port before it went to Russia",
    "meeting_after_russia": "met after its Russian call and did not go back",
}


def _decoy(told: Telling, kind: str, a: int, b: int, t: float, note: str) -> Row:
    return {"kind": kind, "mmsis": [told.mmsi(a, t), told.mmsi(b, t)], "note": note}


def _by_chance(
    told: Telling, planned: set[tuple[int, int]]
) -> tuple[list[tuple[Row, tuple[int, int]]], list[Row]]:
    """Pairs that lay near each other away from berths without a plan, and the decoys at anchor among them."""
    place = {track.ship.index: i for i, track in enumerate(told.tracks)}
    lying = [x for x in told.world.harbours.lying if x.kind != "berth" and x.t1 > 0 and x.t0 < told.world.end]
    lying.sort(key=lambda x: (x.t0, x.ship))
    near: list[tuple[Row, tuple[int, int]]] = []
    apart: dict[tuple[int, int], tuple[float, float, float]] = {}
    for n, x in enumerate(lying):
        for y in lying[n + 1 :]:
            if y.t0 > x.t1:
                break
            # Roads and meeting areas may touch: what counts is where the ships are.
            if x.ship == y.ship or abs(x.spot.lat - y.spot.lat) > 0.02:
                continue
            pair = (min(place[x.ship], place[y.ship]), max(place[x.ship], place[y.ship]))
            begin, end = max(x.t0, y.t0, 0.0), min(x.t1, y.t1, told.world.end)
            far = metres(x.spot, y.spot)
            if end - begin < HOUR or far > 1400:
                continue
            if far < NEAR_M and not _is_planned(told, x, y):
                near.append((_encounter(told, *pair, begin, end, "incidental"), pair))
            long = x.kind == y.kind == "anchor" and end - begin > 3 * HOUR
            if long and (pair not in apart or far < apart[pair][0]):
                apart[pair] = (far, begin, end)
    met = planned | {pair for _, pair in near}
    decoys = []
    for (a, b), (far, begin, end) in sorted(apart.items()):
        hours = f"{(end - begin) / HOUR:.0f} h at anchor {far:.0f} m apart"
        if 230 <= far <= 470 and (a, b) not in planned:
            decoys.append(_decoy(told, "anchored_close", a, b, begin, hours))
        elif 750 <= far <= 1300 and (a, b) not in met:
            decoys.append(_decoy(told, "anchored_apart", a, b, begin, hours))
    return near, decoys


def _is_planned(told: Telling, x: Lying, y: Lying) -> bool:
    """The meeting or the service for which the two came together, or the wait of either before it."""
    pair = {x.ship, y.ship}
    return any({m.a, m.b} == pair for m in told.world.meetings) or any(
        {s.craft, s.ship} == pair and s.begin < min(x.t1, y.t1) and s.end > max(x.t0, y.t0)
        for s in told.world.services
    )


def _berth_neighbours(told: Telling, met: set[tuple[int, int]]) -> list[Row]:
    """Ships side by side along a quay for hours, a sample of them: no encounter."""
    place = {track.ship.index: i for i, track in enumerate(told.tracks)}
    berths = [
        x
        for x in told.world.harbours.lying
        if x.kind == "berth"
        and x.t0 > 0
        and x.t1 < told.world.end
        and told.tracks[place[x.ship]].ship.kind not in CRAFT
    ]
    berths.sort(key=lambda x: (x.place, x.t0, x.ship))
    rows: dict[tuple[int, int], Row] = {}
    for n, x in enumerate(berths):
        for y in berths[n + 1 : n + 40]:
            if y.place != x.place or y.t0 > x.t1 or x.ship == y.ship:
                continue
            a, b = sorted((place[x.ship], place[y.ship]))
            hours = (min(x.t1, y.t1) - y.t0) / HOUR
            if hours > 5 and metres(x.spot, y.spot) < 450 and (a, b) not in met and (a, b) not in rows:
                note = f"{hours:.0f} h at neighbouring berths in {x.place}"
                rows[a, b] = _decoy(told, "berth_neighbours", a, b, y.t0, note)
    chosen = list(rows.values())
    step = max(1, len(chosen) // 40)
    return chosen[::step]


def _links(told: Telling, links: list[Link]) -> tuple[list[Row], list[Row]]:
    """Links that somebody could find, and those of which a stop was not seen whole."""
    asked: list[Row] = []
    unseen: list[Row] = []
    for link in links:
        a = link.first.a if link.first else link.relay.a
        a_call = told.tracks[a].calls[link.first.a_call if link.first else link.relay.a_call]
        hub_b = link.first or link.relay
        taken = told.tracks[hub_b.b].calls[hub_b.b_call]
        b, russian = link.relay.b, told.tracks[link.relay.b].calls[link.russian_call]
        row = _link(told, link.pattern, a, b, a_call.stop.place, (a_call.begin, taken.end), russian)
        stops = [(a, a_call), (hub_b.b, taken), (b, russian), *_of(told, link.relay)]
        (asked if all(_whole(told, i, c) for i, c in stops) else unseen).append(row)
    place = {track.ship.index: i for i, track in enumerate(told.tracks)}
    for m in sorted(told.world.meetings, key=lambda m: (m.begin, m.a)):
        if m.kind != "link" or m.end > told.world.end:
            continue
        a, b = place[m.a], place[m.b]
        fed = _fed(told, b, m)
        if fed is None:
            continue
        row = _link(told, "sts", a, b, m.area, (m.begin, m.end), fed) | ({"dark": True} if m.dark else {})
        both = _encounter(told, a, b, m.begin, m.end, "transfer")
        seen = _whole(told, b, fed) and (m.dark or both["longest_run_h"] >= 2)
        (asked if seen else unseen).append(row)

    def order(row: Row) -> tuple[Any, ...]:
        return row["pattern"], row["arrived"], row["a"], row["b"]

    return sorted(asked, key=order), sorted(unseen, key=order)


def _of(told: Telling, relay: Relay) -> list[tuple[int, Call]]:
    return [
        (relay.a, told.tracks[relay.a].calls[relay.a_call]),
        (relay.b, told.tracks[relay.b].calls[relay.b_call]),
    ]


def _whole(told: Telling, index: int, call: Call) -> bool:
    n, before, _ = told.seen(index, call.begin, call.end)
    return n >= 3 and before is not None and call.begin > 0


def _fed(told: Telling, b: int, m: Meeting) -> Call | None:
    """The receiver's first Russian call after a meeting, within the window."""
    calls = told.tracks[b].calls
    at = next(n for n, c in enumerate(calls) if c.stop.kind == "meeting")
    k = to_russia(calls, at, told.world.end, stops_between=1)
    return None if k is None else calls[k]


def _link(
    told: Telling, pattern: str, a: int, b: int, hub: str, span: tuple[float, float], russian: Call
) -> Row:
    return {
        "pattern": pattern, "a": told.mmsi(a, span[0]), "b": told.mmsi(b, russian.begin), "hub": hub,
        "transfer_start": told.when(span[0]), "transfer_end": told.when(span[1]),
        "russia_port": russian.stop.place, "arrived": told.when(russian.begin),
    }  # fmt: skip
