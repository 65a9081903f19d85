"""The fleet at sea: its trades, the planted meetings, and the craft that serve ships at anchor."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pipeline.scenario import fleet
from pipeline.scenario.fleet import CRAFT, Ship
from pipeline.scenario.habits import Habits
from pipeline.scenario.lanes import lanes
from pipeline.scenario.places import ROADS, Harbours, Lying, Spot, metres, port_points, shifted
from pipeline.scenario.trades import OIL_LANDS, OIL_LOADS, TRADES, Trade, after_meeting, around_meeting, one
from pipeline.scenario.voyages import (
    ANCHOR,
    BERTH,
    HOUR,
    Stop,
    Track,
    call_at,
    estimate_hours,
    meet,
    start,
)

DAY = 24.0
# Where ships meet, and how often: off Morocco and Turkey, between them, and in the roads of two ports.
AREAS = {
    "nador": 0.24, "ceuta": 0.10, "canary_south": 0.10, "casablanca_roads": 0.07, "jorf_roads": 0.04,
    "ceyhan_roads": 0.11, "lesbos_chios": 0.08, "laconian_gulf": 0.09, "hurds_bank": 0.06, "augusta": 0.03,
    "MAPTM": 0.05, "TRAMR": 0.03,
}  # fmt: skip
# Kind, trade and number of ships in a fleet of 260. Craft and ferries come last.
FLEET = (
    ("deepsea", "asia_hub", 38),
    ("feeder", "feeder_morocco", 20),
    ("feeder", "feeder_black_sea", 16),
    ("line", "line", 25),
    ("feeder", "europe_russia", 12),
    ("bulk", "bulk", 22),
    ("general", "general", 24),
    ("reefer", "reefer", 8),
    ("asia_russia", "bunker_only", 6),
    ("tanker", "oil", 8),
    ("tanker", "sts", 60),
    ("ferry", "ferry", 2),
    ("barge", "craft", 7),
    ("tug", "craft", 7),
    ("pilot", "craft", 5),
)
CRAFT_BASES = ("MAPTM", "TRAMR", "ESALG", "MACAS", "TRMER", "RULED", "MAPTM")
# What the planted meetings are, in turn; every third or so of the links is made a dark one.
MEETINGS = (
    "link", "link", "reverse_flow", "link", "delivered_before_russia", "link", "meeting_after_russia", "link",
    "link", "ordinary", "link", "reverse_flow", "link",
)  # fmt: skip
ENCOUNTER_OF_CRAFT = {"barge": "bunkering", "tug": "service", "pilot": "service"}


@dataclass
class Meeting:
    """A planned transfer at sea: from ship `a` to ship `b`; begin and end are what came of it (s)."""

    kind: str
    a: int
    b: int
    area: str
    at: float
    dark: bool
    begin: float = 0.0
    end: float = 0.0


@dataclass
class Service:
    """A tug, pilot or bunker barge alongside a ship at anchor (s)."""

    craft: int
    ship: int
    begin: float
    end: float
    kind: str


@dataclass
class World:
    """All ships' tracks, the meetings and services planted, and who lay where."""

    days: int
    habits: Habits
    ships: list[Ship]
    tracks: list[Track]
    harbours: Harbours
    meetings: list[Meeting] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    shared: list[tuple[int, int]] = field(default_factory=list)

    @property
    def end(self) -> float:
        """The window's end in seconds after its start."""
        return self.days * DAY * HOUR


def build(seed: int, days: int, n_ships: int, habits: Habits) -> World:
    """Sail the whole fleet; every ship has its own stream of random numbers, so none disturbs another's."""
    rng = np.random.default_rng([seed, 2])
    ships = fleet.build(seed, _trades(n_ships))
    harbours = Harbours(np.random.default_rng([seed, 3]), habits.anchor_close)
    own = [np.random.default_rng([seed, 4, ship.index]) for ship in ships]
    world = World(days, habits, ships, [], harbours)
    plans: dict[int, Iterator[Stop]] = {}
    tracks: dict[int, Track] = {}
    for ship in ships:
        if ship.kind not in CRAFT and ship.trade != "sts":
            _begin_trade(world, ship, TRADES[ship.trade], plans, tracks, own[ship.index])
    before = _plan_meetings(world, plans, tracks, own, rng)
    _hold_meetings(world, before, tracks)
    for index in sorted(tracks):
        _sail_on(world, tracks[index], plans[index])
    _serve(world, tracks, own, np.random.default_rng([seed, 5]))
    world.tracks = [tracks[i] for i in sorted(tracks)]
    _disguise(world, np.random.default_rng([seed, 6]))
    return world


def _trades(n_ships: int) -> list[tuple[str, str]]:
    """The fleet's composition scaled to a number of ships; at least one of each, meetings need two."""
    total = sum(n for _, _, n in FLEET)
    counts = [max(1, round(n * n_ships / total)) for _, _, n in FLEET]
    sts = next(i for i, (_, trade, _) in enumerate(FLEET) if trade == "sts")
    counts[sts] = max(2, counts[sts] + n_ships - sum(counts)) // 2 * 2
    return [(kind, trade) for (kind, trade, _), n in zip(FLEET, counts, strict=True) for _ in range(n)]


def _begin_trade(
    world: World, ship: Ship, trade: Trade, plans: dict[int, Iterator[Stop]], tracks: dict[int, Track],
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """A trade has gone on for ever: begin it somewhere, so long ago that most ships are at sea by now."""
    plan = trade(ship, rng)
    for _ in range(int(rng.integers(0, 4))):
        next(plan)
    first = next(stop for stop in plan if stop.kind == "berth")
    far = {"asia_hub": 24.0, "bunker_only": 26.0, "ferry": 0.3}.get(ship.trade, 9.0)
    begin = -float(rng.uniform(0.02, 1.0)) * far * DAY * HOUR - 1.0
    plans[ship.index] = plan
    tracks[ship.index] = start(ship, [first], begin, rng, world.harbours)


def _sail_on(world: World, track: Track, plan: Iterator[Stop]) -> None:
    """Follow the plan until the window is over."""
    while track.t < world.end:
        stop = next(plan)
        if stop.place == track.place and stop.kind == "berth" and track.calls[-1].stop.kind == "berth":
            continue
        call_at(track, stop, world.harbours, world.habits.anchor_first if track.ship.kind != "ferry" else 0.0)


def _plan_meetings(
    world: World, plans: dict[int, Iterator[Stop]], tracks: dict[int, Track], own: list[np.random.Generator],
    rng: np.random.Generator,
) -> dict[int, list[Stop]]:  # fmt: skip
    """Pair the tankers, choose where and when, and start each so that it comes there about then.

    Gives the stops that each still has to make before its meeting.
    """
    before: dict[int, list[Stop]] = {}
    tankers = [s for s in world.ships if s.trade == "sts"]
    pairs = list(zip(tankers[0::2], tankers[1::2], strict=True))
    held = round(len(pairs) * world.habits.meeting_share)
    for ship in [ship for pair in pairs[held:] for ship in pair]:
        _begin_trade(world, ship, TRADES["oil"], plans, tracks, own[ship.index])
    dark_due = 0.0
    for n, (a, b) in enumerate(pairs[:held]):
        kind = MEETINGS[n % len(MEETINGS)]
        area = one(rng, tuple(AREAS), tuple(AREAS.values()))
        if kind == "link":
            dark_due += world.habits.dark_share
        dark = dark_due >= 1.0
        dark_due -= dark
        before_a, before_b, after_a, after_b = around_meeting(kind, area, rng, world.habits)
        latest = world.days * DAY - 4.0
        if kind in ("link", "delivered_before_russia", "reverse_flow"):
            latest -= estimate_hours(b, [Stop(area, "meeting", 20.0), *after_b])[-1] + 30.0
        if latest < 60.0:  # too short a window for this voyage to end in it
            kind, dark, latest = "ordinary", False, world.days * DAY - 30.0
            before_a, before_b, after_a, after_b = around_meeting(kind, area, rng, world.habits)
        at = float(rng.uniform(min(48.0, latest / 2), max(latest, 30.0))) * HOUR
        world.meetings.append(Meeting(kind, a.index, b.index, area, at, dark))
        for ship, so_far, after in ((a, before_a, after_a), (b, before_b, after_b)):
            r = own[ship.index]
            stops = [*so_far, Stop(area, "meeting")]
            while (lead := estimate_hours(ship, stops)[-1] + 8.0) < at / HOUR + 12.0:
                earlier = one(r, OIL_LOADS if stops[0].tag == "land" else OIL_LANDS)
                stops.insert(0, Stop(earlier, hours=30.0, tag="load" if stops[0].tag == "land" else "land"))
            slack = float(r.uniform(0.0, 6.0)) + (0.0 if ship is a else 4.0)
            tracks[ship.index] = start(
                ship, stops, at - (lead - 8.0 + slack + 2.5 * (len(stops) - 1)) * HOUR, r, world.harbours
            )
            before[ship.index] = stops[1:-1]
            plans[ship.index] = after_meeting(after, r, russian=kind == "link" and ship is b)
    return before


def _hold_meetings(world: World, before: dict[int, list[Stop]], tracks: dict[int, Track]) -> None:
    """In time's order, bring both ships to the area and let them meet when the later one is there."""
    for m in sorted(world.meetings, key=lambda m: (m.at, m.a)):
        a, b = tracks[m.a], tracks[m.b]
        spot = _free_spot(world, m, a.rng)
        aside = shifted(spot.lat, spot.lon, *_out_of_the_way(m.area, a.rng))
        for track, to in ((a, spot), (b, Spot(*aside))):
            for stop in before[track.ship.index]:
                call_at(track, stop, world.harbours, 0.1)
            # Who is early steams slowly; the rest of the wait is spent drifting near the meeting.
            nm = track.hours_to(m.area) * track.ship.speed_kn
            left = max((m.at - track.t) / HOUR - float(track.rng.uniform(2, 8)), 1.0)
            track.sail(m.area, to, float(np.clip(nm / left, 7.5, track.ship.speed_kn)))
        m.begin = max(m.at, a.t + 0.5 * HOUR, b.t + 2.5 * HOUR)
        m.end = m.begin + float(a.rng.uniform(*world.habits.sts_hours)) * HOUR
        meet(a, b, m.begin, (m.end - m.begin) / HOUR, spot, world.harbours)
        if m.dark:
            lead, tail = (float(x) * HOUR for x in b.rng.uniform(3, 9, 2))
            b.silences.append((m.begin - lead, m.end + tail))


def _out_of_the_way(area: str, rng: np.random.Generator) -> tuple[float, float]:
    """Bearing and metres from a meeting to where the second ship waits; in a port's roads to seaward."""
    if area not in ROADS:
        return float(rng.uniform(0, 360)), float(rng.uniform(4500, 7500))
    (lat, lon), (port_lat, port_lon) = ROADS[area], port_points()[area]
    seaward = np.degrees(np.arctan2((lon - port_lon) * np.cos(np.radians(lat)), lat - port_lat))
    return float(seaward + rng.uniform(-35, 35)), float(rng.uniform(3000, 4200))


def _free_spot(world: World, m: Meeting, rng: np.random.Generator) -> Spot:
    """A place in the area with nobody else's meeting within 7 km at about that time."""
    lat, lon = ROADS.get(m.area) or lanes().point(m.area)
    taken = [
        x.spot
        for kind in ("meeting", "wait")
        for x in world.harbours.others(m.area, kind, m.at - 48 * HOUR, m.at + 96 * HOUR)
    ]
    spot = Spot(lat, lon)
    for attempt in range(60):
        reach = (3000.0 + 150.0 * attempt) * float(np.sqrt(rng.random())) * (0.5 if m.area in ROADS else 1.0)
        spot = Spot(*shifted(lat, lon, float(rng.uniform(0, 360)), reach))
        if all(metres(spot, x) > 7000 for x in taken):
            break
    return spot


def _serve(
    world: World, tracks: dict[int, Track], own: list[np.random.Generator], rng: np.random.Generator
) -> None:
    """Send craft to ships that lie at anchor for long; who is there for bunkers always gets them."""
    craft = [s for s in world.ships if s.kind in CRAFT]
    base: dict[str, list[Track]] = {}
    for kind in CRAFT:
        for n, ship in enumerate(s for s in craft if s.kind == kind):
            port = CRAFT_BASES[n % len(CRAFT_BASES)]
            lying = world.harbours.berth(ship.index, port, -9e9, 9e9, ship.length_m)
            track = Track(
                ship, -1.0, lying.spot, port, own[ship.index], behind="NLRTM" if port != "NLRTM" else "MAPTM"
            )
            tracks[ship.index] = track
            base.setdefault(port, []).append(track)
    home = {t.ship.index: t.spot for ts in base.values() for t in ts}
    for x in sorted((x for x in world.harbours.lying if x.kind == "anchor"), key=lambda x: (x.t0, x.ship)):
        hours = (x.t1 - x.t0) / HOUR
        if x.place not in base or hours < 6.0 or x.t0 < 0 or x.t1 > world.end:
            continue
        bunkers = world.ships[x.ship].trade == "bunker_only"
        for track in base[x.place]:
            kind = track.ship.kind
            wish = (1.0 if bunkers else 0.45) if kind == "barge" else 0.22
            length = (
                float(rng.uniform(2.4, 4.2))
                if kind != "barge"
                else float(rng.uniform(3.0, min(hours - 2.5, 9.0)))
            )
            begin = x.t0 + float(rng.uniform(0.8, hours - length - 0.6)) * HOUR
            busy = track.t > begin - 4 * HOUR or any(
                s.ship == x.ship and s.begin < begin + (length + 1) * HOUR and s.end > begin - HOUR
                for s in world.services
            )
            if rng.random() > wish or busy:
                continue
            _go_alongside(world, track, x, begin, length, home[track.ship.index])
            break
    for index in sorted(home):
        track = tracks[index]
        if track.t < world.end:
            track.stay((world.end - track.t) / HOUR + 1.0, BERTH)


def _go_alongside(world: World, track: Track, x: Lying, begin: float, hours: float, home: Spot) -> None:
    """From its base to a ship at anchor, alongside (swinging with it), and back."""
    host = world.ships[x.ship]
    gap = (host.width_m + track.ship.width_m) / 2 + 3.0
    at = Spot(*shifted(x.spot.lat, x.spot.lon, float(track.rng.uniform(0, 360)), gap))
    probe = Track(track.ship, 0.0, home, track.place, np.random.default_rng(0), behind=track.behind)
    probe.sail(track.place, at, track.ship.speed_kn)
    leave = begin - probe.t
    track.stay((leave - track.t) / HOUR, BERTH)
    track.sail(track.place, at, track.ship.speed_kn)
    track.spot = Spot(at.lat, at.lon, float(track.rng.uniform(0, 360)))
    track.stay(hours, ANCHOR, swing=45.0)
    world.harbours.add(Lying(track.ship.index, "craft", track.place, begin, track.t, track.spot))
    kind = ENCOUNTER_OF_CRAFT[track.ship.kind]
    world.services.append(Service(track.ship.index, x.ship, begin, track.t, kind))
    track.sail(track.place, home, track.ship.speed_kn)


def _disguise(world: World, rng: np.random.Generator) -> None:
    """A few ships share one number, a few change theirs at a berth."""
    plain = [t for t in world.tracks if t.ship.kind in ("general", "bulk", "line") and len(t.calls) > 2]
    order = [plain[int(i)] for i in rng.permutation(len(plain))]
    for n in range(min(world.habits.shared_mmsi_pairs, len(order) // 6)):
        a, b = order[2 * n], order[2 * n + 1]
        b.ship.identities[0].mmsi = a.ship.identities[0].mmsi
        world.shared.append((a.ship.index, b.ship.index))
    rest = [
        t for t in order[2 * len(world.shared) :] if any(0.2 < c.begin / world.end < 0.8 for c in t.calls)
    ]
    for n, track in enumerate(rest[: min(world.habits.mmsi_changes, len(rest) // 4)]):
        call = next(c for c in track.calls if 0.2 < c.begin / world.end < 0.8)
        fleet.reflag(track.ship, (call.begin + call.end) / 2, rng, n)
