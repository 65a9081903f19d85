"""What was carried: relays and chains chosen among calls that fit, loads, draughts, and what crews typed."""

from dataclasses import dataclass

import numpy as np

from pipeline.scenario.fleet import CRAFT, KINDS, Ship
from pipeline.scenario.habits import Habits
from pipeline.scenario.places import port_names
from pipeline.scenario.trades import ASIA, EUROPE, HUBS, OIL_LANDS, RUSSIA, SECOND_HUBS, one
from pipeline.scenario.voyages import HOUR, Call, Track
from pipeline.scenario.world import World

DAY_S = 24 * HOUR

# Spellings crews use for Russian ports (after the rules for AIS destinations in docs/scenarios.md).
SPELLINGS = {
    "RULED": ("RU LED", "RULED", "ST PETERSBURG", "ST.PETERSBURG", "SPB RUSSIA", "{from}>RULED"),
    "RUULU": ("RU ULU", "UST-LUGA", "UST LUGA", "RUULU"),
    "RUKGD": ("RU KGD", "KALININGRAD", "RUKGD"),
    "RUMMK": ("RU MMK", "MURMANSK"),
    "RUNVS": ("RU NVS", "NOVOROSSIYSK", "RUNVS", "{from}>RUNVS"),
    "RUTUA": ("RU TUA", "TUAPSE"),
    "RUTAM": ("RU TAM", "TAMAN"),
    "RUPRI": ("RU PRI", "PRIMORSK RUSSIA"),
    "RUVYS": ("RU VYS", "VYSOTSK"),
    "RUCPC": ("CPC TERMINAL", "RU CPC"),
}
AT_SEA = ("FOR ORDERS", "GIBRALTAR FOR ORDERS", "ORDERS", "MED FOR ORDERS")

# Berths so near are one terminal's, and boxes need no lorry between them.
NEAR_M = 1200.0
# How many shipping companies there are.
PARTNERS = 5

# Which ships can take over what another brings (receiver's kind: donors' kinds).
DONORS = {
    "feeder": ("deepsea", "line"),
    "general": ("general", "bulk"),
    "bulk": ("bulk",),
    "line": ("deepsea",),
}


@dataclass(frozen=True)
class Relay:
    """Cargo left at a hub by one ship and loaded by another: indexes into the tracks' calls."""

    a: int
    a_call: int
    b: int
    b_call: int


@dataclass(frozen=True)
class Link:
    """A planted link: its relay or meeting, and the Russian call it fed. `first` is a chain's first relay."""

    pattern: str
    relay: Relay
    russian_call: int
    first: Relay | None = None


def settle(world: World, seed: int) -> list[Link]:
    """Choose the relays and chains, then fill in every call's load, draught and destination."""
    rng = np.random.default_rng([seed, 7])
    at_port: dict[str, list[tuple[int, int, Call]]] = {}
    for i, track in enumerate(world.tracks):
        for n, call in enumerate(track.calls):
            if call.stop.kind == "berth":
                at_port.setdefault(call.stop.place, []).append((i, n, call))
    links = [*_relays(world, at_port, rng), *_chains(world, at_port, rng)]
    gives = {(x.a, x.a_call) for link in links for x in (link.relay, link.first) if x}
    takes = {(x.b, x.b_call) for link in links for x in (link.relay, link.first) if x}
    bound = {(link.relay.b, link.relay.b_call) for link in links}
    for i, track in enumerate(world.tracks):
        _load(world, i, track, gives, takes, np.random.default_rng([seed, 8, track.ship.index]))
        _type(world, i, track, bound, gives | takes, np.random.default_rng([seed, 9, track.ship.index]))
    return links


def to_russia(calls: list[Call], n: int, end: float, *, stops_between: int) -> int | None:
    """The next call in Russia after call n, with at most so many berths between and within 45 days."""
    between = 0
    for k in range(n + 1, len(calls)):
        call = calls[k]
        if call.stop.kind != "berth":
            if call.stop.kind == "meeting":
                return None
            continue
        if call.stop.place in RUSSIA:
            near = call.begin - calls[n].end < 45 * DAY_S and call.begin < end
            return k if near else None
        between += 1
        if between > stops_between or call.stop.place in HUBS - {"ESALG"}:
            return None
    return None


def _relays(
    world: World, at_port: dict[str, list[tuple[int, int, Call]]], rng: np.random.Generator
) -> list[Link]:
    out: list[Link] = []
    for hub in sorted(HUBS):
        for b, n, call in at_port.get(hub, []):
            calls = world.tracks[b].calls
            kinds = DONORS.get(world.tracks[b].ship.kind)
            russian = to_russia(calls, n, world.end, stops_between=1)
            if kinds is None or russian is None or call.begin < 0 or world.tracks[b].ship.kind == "line":
                continue
            share = world.habits.relay_share if kinds[0] == "deepsea" else world.habits.relay_share / 2
            new = all(
                x.stop.place != hub or call.begin - x.end > 60 * DAY_S
                for x in calls[:n]
                if x.stop.kind == "berth"
            )
            if rng.random() > share * (world.habits.relay_new if new else 1.0):
                continue
            for _ in range(1 + int(kinds[0] == "deepsea" and rng.random() < 0.2)):
                relay = _donor(world, at_port[hub], b, n, kinds, rng)
                if relay and all(relay != x.relay for x in out):
                    out.append(Link("port_relay", relay, russian))
    return out


def _donor(
    world: World, here: list[tuple[int, int, Call]], b: int, n: int, kinds: tuple[str, ...],
    rng: np.random.Generator,
) -> Relay | None:  # fmt: skip
    """Someone who was there before B left, and not more than the longest wait before B came."""
    habits, b_call = world.habits, world.tracks[b].calls[n]
    options, weights = [], []
    for a, k, call in here:
        ship = world.tracks[a].ship
        wait = (b_call.begin - call.end) / DAY_S
        if a == b or ship.kind not in kinds or call.begin < 0 or call.begin > b_call.end - 6 * HOUR:
            continue
        if wait > habits.max_wait_days or _came_from(world, a, k) in RUSSIA:
            continue
        options.append((a, k))
        weights.append(
            np.exp(-max(wait, 0.0) / habits.mean_wait_days) * (3.0 if ship.kind == kinds[0] else 1.0)
        )
    straight = [w * (_came_from(world, a, k) in ASIA) for (a, k), w in zip(options, weights, strict=True)]
    if any(straight) and rng.random() < habits.relay_asia:
        weights = straight
    partners = [partner(world.tracks[a].ship) == partner(world.tracks[b].ship) for a, _ in options]
    together = [w * p for w, p in zip(weights, partners, strict=True)]
    if any(together) and rng.random() < habits.relay_loyal:
        weights = together
    near = [
        w * (_metres(b_call, world.tracks[a].calls[k]) <= NEAR_M)
        for (a, k), w in zip(options, weights, strict=True)
    ]
    if any(near) and rng.random() < habits.relay_near:
        weights = near
    if not options:
        return None
    a, k = options[int(rng.choice(len(options), p=np.array(weights) / sum(weights)))]
    return Relay(a, k, b, n)


def _metres(one_call: Call, other: Call) -> float:
    here, there = one_call.lying.spot, other.lying.spot
    return float(
        np.hypot(here.lat - there.lat, (here.lon - there.lon) * np.cos(np.radians(here.lat))) * 111_195.0
    )


def _came_from(world: World, ship: int, n: int) -> str:
    """The port of a ship's last berth before a call; empty where there was none."""
    return next((c.stop.place for c in reversed(world.tracks[ship].calls[:n]) if c.stop.kind == "berth"), "")


def partner(ship: Ship) -> int:
    """Which of a few shipping companies it works for: their ships pass on cargo to each other again."""
    return ship.index % PARTNERS


def _chains(
    world: World, at_port: dict[str, list[tuple[int, int, Call]]], rng: np.random.Generator
) -> list[Link]:
    """A to B at a hub, B to C in a North Sea or Baltic port, C to Russia; the last hop is a relay too."""
    out: list[Link] = []
    for port in sorted(SECOND_HUBS):
        for c, n, call in at_port.get(port, []):
            track = world.tracks[c]
            russian = to_russia(track.calls, n, world.end, stops_between=0)
            if track.ship.trade != "europe_russia" or russian is None or call.begin < 0:
                continue
            if rng.random() > world.habits.chain_share:
                continue
            last = _donor(world, at_port[port], c, n, ("line",), rng)
            if last is None:
                continue
            before = [
                k for k, x in enumerate(world.tracks[last.a].calls[: last.a_call]) if x.stop.place in HUBS
            ]
            hub_call = next(
                (k for k in reversed(before) if world.tracks[last.a].calls[k].stop.kind == "berth"), None
            )
            if hub_call is None or world.tracks[last.a].calls[hub_call].begin < 0:
                continue
            hub = world.tracks[last.a].calls[hub_call].stop.place
            first = _donor(world, at_port[hub], last.a, hub_call, ("deepsea",), rng)
            if first is None:
                continue
            out += [Link("chain", last, russian, first), Link("port_relay", last, russian)]
    return out


def _load(
    world: World, index: int, track: Track, gives: set[tuple[int, int]], takes: set[tuple[int, int]],
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Each call's load when leaving it (0 to 1), and the draught that the ship then reports."""
    ship, habits = track.ship, world.habits
    kind = KINDS[ship.kind]
    load = float(rng.uniform(0.4, 0.9))
    said = _draught(track, load)
    for n, call in enumerate(track.calls):
        tag = call.stop.tag
        updated = rng.random() < habits.draught_updated
        if call.stop.kind == "meeting":
            load = _after_meeting(world, ship.index, rng)
        elif call.stop.kind == "anchor" or tag == "call" or ship.kind in CRAFT:
            updated = False
        elif tag == "load":
            load = float(rng.uniform(0.88, 1.0))
        elif tag == "land":
            load = float(rng.uniform(0.0, 0.12))
        elif kind.draught_moves:
            load = float(np.clip(rng.normal(0.68, kind.draught_moves * habits.ordinary_load), 0.25, 1.0))
        if (index, n) in gives or (index, n) in takes:
            updated = rng.random() < habits.relay_draught_updated
            move = kind.draught_moves * float(rng.uniform(*habits.relay_load))
            before = track.calls[n - 1].load if n else load
            load = float(np.clip(before + (move if (index, n) in takes else -move), 0.05, 1.0))
        if updated:
            said = _draught(track, load)
        call.load, call.draught_m = load, said


def _after_meeting(world: World, ship: int, rng: np.random.Generator) -> float:
    m = next(m for m in world.meetings if ship in (m.a, m.b))
    giver = m.b if m.kind == "reverse_flow" else m.a
    return float(rng.uniform(0.0, 0.15) if ship == giver else rng.uniform(0.85, 1.0))


def _draught(track: Track, load: float) -> float:
    ship = track.ship
    return round(ship.ballast_m + load * (ship.laden_m - ship.ballast_m), 1)


def _type(
    world: World, index: int, track: Track, bound: set[tuple[int, int]], relayed: set[tuple[int, int]],
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """What the crew types as destination when it leaves each call."""
    habits: Habits = world.habits
    links = {m.b for m in world.meetings if m.kind == "link"}
    text, last = "", ""
    for n, call in enumerate(track.calls):
        if call.stop.kind == "berth":
            last = call.stop.place
        following = [c for c in track.calls[n + 1 :] if c.stop.tag != "wait"][:1]
        if call.stop.tag == "wait" or not following:
            call.destination = text
            continue
        goal = following[0].stop
        hides = (index, n) in bound or (call.stop.kind == "meeting" and track.ship.index in links)
        dice = rng.random()
        if goal.kind == "meeting":
            text = one(rng, AT_SEA)
        elif hides and dice > habits.honest_destination:
            wrong = dice < habits.honest_destination + habits.false_destination
            decoys = OIL_LANDS if track.ship.kind == "tanker" else EUROPE
            text = spelled(one(rng, decoys), last, rng) if wrong else one(rng, ("", *AT_SEA[:1]))
        elif not hides and dice < habits.vague_destination:
            text = spelled(one(rng, EUROPE), last, rng) if rng.random() < 0.4 else one(rng, ("", *AT_SEA[:1]))
        elif hides or dice > habits.vague_destination + habits.forget_destination:
            text = spelled(goal.place, last, rng)
        call.destination = text


def spelled(port: str, origin: str, rng: np.random.Generator) -> str:
    """One of the ways in which crews write a port."""
    forms = SPELLINGS.get(
        port, (port, f"{port[:2]} {port[2:]}", port_names()[port].upper()[:20], "{from}>" + port)
    )
    text = one(rng, forms)
    return text.replace("{from}>", f"{origin}>" if origin else "").replace(",", " ")[:20]
