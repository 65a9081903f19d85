"""What ships do for a living: each trade an endless series of stops, and what tankers do around a meeting."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pipeline.scenario.fleet import Ship
from pipeline.scenario.habits import Habits
from pipeline.scenario.voyages import Stop

MOROCCO = ("MAPTM", "MACAS", "MAAGA", "MAJFL", "MANDR")
TURKEY = ("TRAMR", "TRMER", "TRISK", "TRALI")
HUBS = frozenset(MOROCCO + TURKEY)
SECOND_HUBS = frozenset(("NLRTM", "DEHAM", "BEANR", "PLGDN", "ESALG", "DEBRV"))
RUSSIA = frozenset(("RULED", "RUULU", "RUPRI", "RUVYS", "RUKGD", "RUMMK", "RUNVS", "RUTUA", "RUTAM", "RUCPC"))
ASIA = ("CNSGH", "CNNBO", "CNQIN", "TWKHH", "KRPUS", "HKHKG", "VNCMT", "SGSIN")
EUROPE = ("NLRTM", "DEHAM", "BEANR", "PLGDN", "FRLEH", "GBFXT", "DEBRV")
OIL_LOADS = ("AEFJR", "SAJED", "DZSKI", "LYTOB", "TGLFW")
OIL_LANDS = ("NLRTM", "FRLEH", "ESVLC", "ITAUG", "GRPIR", "PTSIE", "SEGOT", "EGALY", "BEANR")
RUSSIAN_OIL = ("RUPRI", "RUULU", "RUNVS", "RUTUA", "RUVYS")
LINES = (
    ("MAPTM", "ESVLC", "ITGIT"),
    ("MACAS", "MAPTM", "PTSIE", "NLRTM"),
    ("TRAMR", "ROCND", "BGVAR"),
    ("MAPTM", "NLRTM", "DEHAM"),
    ("TRMER", "EGDAM", "GRPIR"),
    ("MAPTM", "ESALG", "MACAS", "ESLPA"),
    ("MACAS", "FRLEH", "BEANR"),
    ("TRAMR", "GRPIR", "ITGIT"),
    ("MAPTM", "BEANR", "PLGDN"),
    ("TRISK", "EGALY", "TRMER"),
)

Rng = np.random.Generator
Trade = Callable[[Ship, Rng], Iterator[Stop]]


def one(rng: Rng, options: Sequence[str], weights: Sequence[float] | None = None) -> str:
    """One of them."""
    p = None if weights is None else np.array(weights) / sum(weights)
    return options[int(rng.choice(len(options), p=p))]


def berth(
    rng: Rng, ports: Sequence[str], low_h: float, high_h: float, weights: Sequence[float] | None = None,
    tag: str = "",
) -> Stop:  # fmt: skip
    """A stop at a berth of one of these ports, for so many hours."""
    return Stop(one(rng, ports, weights), hours=float(rng.uniform(low_h, high_h)), tag=tag)


def asia_hub(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """Deep-sea containers: East Asia, a hub, Europe, at times a hub again."""
    while True:
        yield berth(rng, ASIA, 20, 40)
        yield berth(rng, ("MAPTM", "TRAMR", "TRMER", "MACAS", "ESALG"), 14, 30, (6, 2, 2, 0.7, 0.7))
        yield berth(rng, EUROPE, 20, 36)
        if rng.random() < 0.5:
            yield berth(rng, ("MAPTM", "GRPIR", "TRAMR", "ESVLC"), 12, 24, (3, 1, 1, 1))


def feeder_morocco(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """Feeders from Morocco to Russia's northern ports, some by one European call."""
    while True:
        yield berth(rng, ("MAPTM", "MACAS", "MAAGA", "MANDR"), 14, 34, (6, 3, 1, 0.5))
        if rng.random() < 0.45:
            yield berth(rng, ("NLRTM", "BEANR", "DEHAM", "PLGDN", "ESALG"), 10, 24)
        yield berth(rng, ("RULED", "RUULU", "RUKGD", "RUMMK"), 24, 50, (5, 2, 2, 0.7))
        if rng.random() < 0.6:
            yield berth(rng, ("DEHAM", "NLRTM", "LTKLJ", "DEBRV"), 12, 24)


def feeder_black_sea(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """Feeders between Turkey and Russia's Black Sea ports."""
    while True:
        yield berth(rng, ("TRAMR", "TRMER", "TRISK"), 14, 40, (5, 3, 1))
        if rng.random() < 0.25:
            yield berth(rng, ("ROCND", "BGVAR", "GRPIR", "EGDAM"), 10, 24)
        if rng.random() < 0.8:
            yield berth(rng, ("RUNVS", "RUTUA"), 20, 50, (4, 1))


def regular_line(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """A regular line: the same ports in the same order, none of them Russian."""
    while True:
        for port in LINES[ship.index % len(LINES)]:
            yield berth(rng, (port,), 12, 26)


def europe_russia(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """Feeders from North Sea and Baltic ports to Russia."""
    while True:
        yield berth(rng, ("NLRTM", "DEHAM", "BEANR", "PLGDN"), 14, 30, (3, 3, 2, 2))
        yield berth(rng, ("RULED", "RUULU", "RUKGD"), 24, 48, (5, 1.5, 2))


def bulk(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """Russian grain and coal to Morocco and Turkey, Moroccan phosphates, and other bulk."""
    while True:
        dice = rng.random()
        if dice < 0.5:
            yield berth(rng, ("RUNVS", "RUTAM", "RUTUA", "RUULU"), 40, 90, tag="load")
            yield berth(rng, ("MACAS", "MANDR", "TRISK", "EGDAM", "TRMER"), 50, 110, tag="land")
        elif dice < 0.85:
            yield berth(rng, ("MAJFL",), 40, 90, tag="load")
            yield berth(rng, ("NLRTM", "LTKLJ", "ESVLC", "PLGDN", "INMUN", "GRPIR"), 50, 100, tag="land")
        else:
            yield berth(rng, ("ROCND", "BGVAR", "FRLEH"), 40, 80, tag="load")
            yield berth(rng, ("MACAS", "EGALY", "DZSKI", "TRISK"), 50, 100, tag="land")


def general(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """Coasters in the Black Sea and the Levant, or between Morocco and the Baltic; some land in Russia."""
    south = ("TRISK", "TRALI", "ROCND", "BGVAR", "GRPIR", "EGDAM", "TRMER")
    north = ("MACAS", "MANDR", "BEANR", "PTSIE", "ESVLC", "LTKLJ", "LVRIX", "MAJFL")
    ports, russian = (south, ("RUNVS", "RUTUA", "RUTAM")) if ship.index % 2 else (north, ("RUKGD", "RULED"))
    while True:
        yield berth(rng, ports, 30, 70, tag="load")
        yield berth(rng, russian if rng.random() < 0.35 else ports, 30, 80, tag="land")


def reefer(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """Fruit from Agadir and Casablanca to St Petersburg, in season: trade, not a relay."""
    while True:
        yield berth(rng, ("MAAGA", "MACAS"), 24, 50, (3, 1), tag="load")
        yield berth(rng, ("RULED",), 40, 70, tag="land")
        if rng.random() < 0.5:
            yield berth(rng, ("DEHAM", "NLRTM"), 14, 30, tag="land")


def bunker_only(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """From China to Russia without a hub: only for bunkers do they stop, in the roads."""
    while True:
        yield berth(rng, ("CNSGH", "CNQIN", "CNNBO"), 40, 80)
        yield Stop(one(rng, ("MAPTM", "ESALG")), "anchor", float(rng.uniform(9, 20)), tag="bunkers")
        yield berth(rng, ("RULED", "RUKGD"), 50, 90, (3, 1))


def ferry(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """To and fro across the strait."""
    while True:
        yield berth(rng, ("MAPTM",), 3, 7)
        yield berth(rng, ("ESALG",), 3, 7)


def oil(ship: Ship, rng: Rng) -> Iterator[Stop]:
    """Tankers that meet nobody; a third of their voyages bring Russian oil to Turkey, Egypt or India."""
    while True:
        if rng.random() < 0.35:
            yield berth(rng, (*RUSSIAN_OIL, "RUCPC"), 24, 44, tag="load")
            yield berth(rng, ("TRALI", "TRISK", "INMUN", "EGALY", "MAJFL"), 30, 50, tag="land")
        else:
            yield from _oil_voyage(rng, OIL_LOADS)


def _oil_voyage(rng: Rng, loads: Sequence[str]) -> Iterator[Stop]:
    yield berth(rng, loads, 24, 44, tag="load")
    yield berth(rng, OIL_LANDS, 28, 50, tag="land")


TRADES: dict[str, Trade] = {
    "asia_hub": asia_hub, "feeder_morocco": feeder_morocco, "feeder_black_sea": feeder_black_sea,
    "line": regular_line, "europe_russia": europe_russia, "bulk": bulk, "general": general, "reefer": reefer,
    "bunker_only": bunker_only, "ferry": ferry, "oil": oil,
}  # fmt: skip


def after_meeting(after: list[Stop], rng: Rng, *, russian: bool) -> Iterator[Stop]:
    """The stops planned after a meeting, then oil voyages; to Russia again only where that is a link's."""
    yield from after
    while True:
        yield from _oil_voyage(rng, RUSSIAN_OIL if russian and rng.random() < 0.4 else OIL_LOADS)


def around_meeting(
    kind: str, area: str, rng: Rng, habits: Habits
) -> tuple[list[Stop], list[Stop], list[Stop], list[Stop]]:
    """What ships `a` and `b` do before a meeting (a, b) and after it (a, b), by the meeting's kind.

    `a` gives its cargo to `b`; in a reverse_flow it is `b` that comes laden, from Russia
    as a rule, and goes there empty.
    """
    east = area in ("ceyhan_roads", "lesbos_chios", "laconian_gulf")
    russia = ("RUNVS", "RUTUA", "RUNVS", "RUKGD") if east else ("RULED", "RUULU", "RUKGD", "RUMMK", "RUNVS")
    donors = ("SAJED", "LYTOB", "DZSKI", "AEFJR") if east else ("DZSKI", "TGLFW", "LYTOB", "SAJED")
    mid = ("GRPIR", "ITAUG", "EGALY") if east else ("ESVLC", "PTSIE", "FRLEH", "NLRTM", "ITAUG")

    def load(ports: Sequence[str]) -> list[Stop]:
        return [berth(rng, ports, 26, 46, tag="load")]

    def land(ports: Sequence[str]) -> list[Stop]:
        return [berth(rng, ports, 26, 46, tag="land")]

    away = land(("INMUN", "SGSIN", "EGALY", "ITAUG"))
    match kind:
        case "link":
            stops = rng.random() < habits.sts_between
            between = [berth(rng, mid, *habits.sts_between_hours, tag="call")] if stops else []
            return load(donors), land(mid), load(OIL_LOADS), between + land(russia)
        case "reverse_flow":
            laden_in_russia = habits.reverse_russian >= 1 or rng.random() < habits.reverse_russian
            return land(mid), load(russia if laden_in_russia else donors), away, load(russia)
        case "delivered_before_russia":
            return load(donors), land(mid), load(OIL_LOADS), land(mid) + load(russia)
        case "meeting_after_russia":
            return load(donors), land(russia), load(OIL_LOADS), away
        case _:
            return load(donors), land(mid), load(OIL_LOADS), away
