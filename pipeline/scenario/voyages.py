"""How one ship moves: a track as knots in time, between which it sails straight and evenly."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from pipeline.scenario.fleet import Ship
from pipeline.scenario.lanes import Floats, along, distance_nm, lanes
from pipeline.scenario.places import ROADS, Harbours, Lying, Spot, port_points, shifted

HOUR = 3600.0
UNDER_WAY, BERTH, ANCHOR, MEETING, DRIFT = range(5)

# Speed over the last miles before a berth or anchorage (nm to go, kn), and over the first behind it.
SLOWING = ((12.0, 11.0), (6.0, 8.5), (3.0, 6.0), (1.0, 4.0), (0.35, 2.2), (0.08, 1.0))
HASTENING = ((0.08, 1.2), (0.35, 3.0), (1.0, 5.5), (3.0, 8.5), (6.0, 11.0))


@dataclass
class Stop:
    """A planned stop. `kind` is berth, anchor or meeting; `tag` says what for, such as load or land."""

    place: str
    kind: str = "berth"
    hours: float = 20.0
    tag: str = ""


@dataclass
class Call:
    """A stop that happened; times in s. The cargo pass fills in load and what the crew typed."""

    stop: Stop
    begin: float
    end: float
    lying: Lying
    load: float = 0.5
    draught_m: float = 0.0
    destination: str = ""


@dataclass(frozen=True)
class Pace:
    """How a voyage is sailed: its speed at sea, and how far to the right of the lane (m)."""

    speed_kn: float
    aside_m: float


@dataclass(frozen=True)
class Leg:
    """A passage with its times (s), not sailed yet."""

    place: str
    spot: Spot
    t: Floats
    lat: Floats
    lon: Floats
    offshore: Floats

    @property
    def arrival(self) -> float:
        """When it ends (s)."""
        return float(self.t[-1])


@dataclass
class Track:
    """A ship on its way, built stop by stop."""

    ship: Ship
    t: float
    spot: Spot
    place: str
    rng: np.random.Generator
    times: list[Floats] = field(default_factory=list)
    lats: list[Floats] = field(default_factory=list)
    lons: list[Floats] = field(default_factory=list)
    offshore: list[Floats] = field(default_factory=list)
    modes: list[Floats] = field(default_factory=list)
    headings: list[Floats] = field(default_factory=list)
    swings: list[Floats] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    silences: list[tuple[float, float]] = field(default_factory=list)
    behind: str = ""

    def knots(
        self, t: Floats, lat: Floats, lon: Floats, offshore: Floats | float, mode: int,
        heading: float = np.nan, swing: float = 0.0,
    ) -> None:  # fmt: skip
        """Append knots; `mode`, `heading` and `swing` (m) hold from each of them to the next."""
        for column, value in (
            (self.times, t), (self.lats, lat), (self.lons, lon), (self.offshore, offshore),
            (self.modes, float(mode)), (self.headings, heading), (self.swings, swing),
        ):  # fmt: skip
            column.append(np.broadcast_to(np.asarray(value, dtype=np.float64), np.shape(t)).copy())

    def column(self, name: str) -> Floats:
        """All knots of one column, in time's order."""
        pieces: list[Floats] = getattr(self, name)
        return np.concatenate(pieces)

    def stay(self, hours: float, mode: int, swing: float = 0.0, offshore: float = 3.0) -> None:
        """Lie where the ship is."""
        end = self.t + hours * HOUR
        at = np.array([self.t, end])
        here = np.ones(2)
        self.knots(at, self.spot.lat * here, self.spot.lon * here, offshore, mode, self.spot.heading, swing)
        self.t = end

    def plan(self, place: str, spot: Spot, pace: Pace, *, slow_down: bool = True) -> Leg:
        """The way along the lanes to a spot at a place, and when the ship passes where."""
        lat, lon, offshore = self._line(place, spot, pace.aside_m)
        nm = along(lat, lon)
        total = float(nm[-1])
        cuts = [total - x for x, _ in SLOWING] + [x for x, _ in HASTENING]
        at = np.unique(np.concatenate([nm, [c for c in cuts if 0 < c < total]]))
        middle = (at[1:] + at[:-1]) / 2
        speed = np.full(len(middle), pace.speed_kn)
        for reach, kn in HASTENING:
            speed = np.where(middle < reach, np.minimum(speed, kn), speed)
        if slow_down:
            for reach, kn in SLOWING:
                speed = np.where(total - middle < reach, np.minimum(speed, kn), speed)
        t = self.t + np.concatenate([[0.0], np.cumsum(np.diff(at) / speed)]) * HOUR
        return Leg(
            place, spot, t, np.interp(at, nm, lat), np.interp(at, nm, lon), np.interp(at, nm, offshore)
        )

    def follow(self, leg: Leg) -> None:
        """Sail a planned leg."""
        self.knots(leg.t, leg.lat, leg.lon, leg.offshore, UNDER_WAY)
        if leg.place != self.place:
            self.behind = self.place
        self.t, self.spot, self.place = leg.arrival, leg.spot, leg.place

    def sail(self, place: str, spot: Spot, speed_kn: float, *, slow_down: bool = True) -> None:
        """Plan and follow at a given speed."""
        self.follow(self.plan(place, spot, Pace(speed_kn, self.pace().aside_m), slow_down=slow_down))

    def pace(self) -> Pace:
        """This voyage's speed, and how far beside the lane it goes."""
        speed = self.ship.speed_kn * float(self.rng.uniform(0.93, 1.03))
        return Pace(speed, float(self.rng.normal(0.0, 2500.0)))

    def _line(self, place: str, spot: Spot, aside_m: float) -> tuple[Floats, Floats, Floats]:
        """The lane to a place, each voyage a little beside the others where there is room."""
        if place == self.place:
            return self._within(place, spot)
        way = lanes().way(self.place, place)
        room = np.clip(way.offshore_km - 6.0, 0.0, 25.0) / 25.0
        aside = aside_m * room
        course = (
            np.arctan2(np.gradient(way.lon) * np.cos(np.radians(way.lat)), np.gradient(way.lat)) + np.pi / 2
        )
        lat = way.lat + aside * np.cos(course) / 111_195.0
        lon = way.lon + aside * np.sin(course) / 111_195.0 / np.cos(np.radians(way.lat))
        keep = slice(1, -1)
        far = np.ones(len(lat), dtype=bool)
        # From or to the roads the ship leaves or joins the lane where it passes, not at the quay.
        for at, end in ((self.spot, True), (spot, False)):
            near = port_points().get(self.place if end else place)
            if near is None:
                continue
            off = float(distance_nm(at.lat, at.lon, *near))
            if off > 2.0:
                far &= distance_nm(lat, lon, *near) > off + 1.0
        inner = far[keep]
        return (
            np.concatenate([[self.spot.lat], lat[keep][inner], [spot.lat]]),
            np.concatenate([[self.spot.lon], lon[keep][inner], [spot.lon]]),
            np.concatenate(
                [[min(3.0, way.offshore_km[0])], way.offshore_km[keep][inner], [way.offshore_km[-1]]]
            ),
        )

    def _within(self, place: str, spot: Spot) -> tuple[Floats, Floats, Floats]:
        """Between a port's roads and its quays, or along them: the inner end of the lane it came by."""
        ends = (self.spot, spot)
        near = port_points().get(place)
        lat = lon = np.zeros(0)
        if near is not None and self.behind:
            off = [float(distance_nm(x.lat, x.lon, *near)) for x in ends]
            way = lanes().way(self.behind, place)
            d = distance_nm(way.lat, way.lon, *near)
            inner = (d < max(off) - 1.0) & (d > min(off)) & (np.arange(len(d)) < len(d) - 1)
            step = 1 if off[0] > off[1] else -1
            lat, lon = way.lat[inner][::step], way.lon[inner][::step]
        lat = np.concatenate([[ends[0].lat], lat, [ends[1].lat]])
        return lat, np.concatenate([[ends[0].lon], lon, [ends[1].lon]]), np.full(len(lat), 3.0)

    def hours_to(self, place: str, origin: str | None = None) -> float:
        """About how long the way takes, the slow miles at both ends included."""
        return lanes().way(origin or self.place, place).length_nm / (self.ship.speed_kn * 0.98) + 1.8


def estimate_hours(ship: Ship, stops: list[Stop]) -> list[float]:
    """When each stop begins, in hours after the beginning of the first one."""
    out = [0.0]
    for a, b in pairwise(stops):
        nm = lanes().way(a.place, b.place).length_nm if a.place != b.place else 6.0
        out.append(out[-1] + a.hours + nm / (ship.speed_kn * 0.98) + 1.8)
    return out


def start(ship: Ship, stops: list[Stop], t: float, rng: np.random.Generator, harbours: Harbours) -> Track:
    """A ship that lies at the first of its stops from `t` on."""
    first = stops[0]
    end = t + first.hours * HOUR
    lying = harbours.berth(ship.index, first.place, t, end, ship.length_m)
    track = Track(ship, t, lying.spot, first.place, rng)
    track.stay(first.hours, BERTH)
    track.calls.append(Call(first, t, end, lying))
    return track


def call_at(track: Track, stop: Stop, harbours: Harbours, anchor_first: float) -> None:
    """Sail to a stop at berth or anchor and lie there; some ships wait in the roads before they berth."""
    if stop.kind == "anchor":
        _lie(track, stop, harbours)
        return
    if stop.place in ROADS and track.rng.random() < anchor_first:
        hours = float(track.rng.gamma(2.0, 5.0)) + 1.0
        _lie(track, Stop(stop.place, "anchor", hours, tag="wait"), harbours)
    _lie(track, stop, harbours)


def _lie(track: Track, stop: Stop, harbours: Harbours) -> None:
    """Sail to a place that is free at the time of arrival, and stay there."""
    pace, port, index = track.pace(), stop.place, track.ship.index
    anchor = stop.kind == "anchor"
    about = Spot(*(ROADS if anchor else port_points())[port])
    due = track.plan(port, about, pace).arrival
    until = due + stop.hours * HOUR
    if anchor:
        lying = harbours.anchor(index, port, due, until)
    else:
        lying = harbours.berth(index, port, due, until, track.ship.length_m)
    track.follow(track.plan(port, lying.spot, pace))
    lying.t0 = track.t
    track.stay(stop.hours, *((ANCHOR, 45.0, 6.0) if anchor else (BERTH,)))
    lying.t1 = track.t
    track.calls.append(Call(stop, lying.t0, lying.t1, lying))


def meet(a: Track, b: Track, begin: float, hours: float, spot: Spot, harbours: Harbours) -> None:
    """B comes alongside A, which lies at `spot`; both drift together, then B leaves."""
    end = begin + hours * HOUR
    heading = float(a.rng.uniform(0, 360))
    gap = (a.ship.width_m + b.ship.width_m) / 2 + float(a.rng.uniform(4, 20))
    beside = Spot(*shifted(spot.lat, spot.lon, heading + 90, gap), heading)
    first = Spot(spot.lat, spot.lon, heading)
    grid = np.arange(begin, end + 1, 1800.0)
    grid = np.append(grid, end) if grid[-1] < end - 1 else grid
    amplitude, bearing = float(a.rng.uniform(200, 1500)), float(a.rng.uniform(0, 360))
    away = amplitude * np.sin(2 * np.pi * (grid - begin) / (12.42 * HOUR))
    for track, at in ((a, first), (b, beside)):
        harbours.add(Lying(track.ship.index, "wait", track.place, track.t, begin, track.spot))
        _wait_and_close(track, at, begin)
        lat, lon = (
            np.array(x) for x in zip(*(shifted(at.lat, at.lon, bearing, m) for m in away), strict=True)
        )
        track.knots(grid, lat, lon, 12.0, MEETING, heading)
        track.t = end
        lying = harbours.add(Lying(track.ship.index, "meeting", track.place, begin, end, at))
        track.calls.append(Call(Stop(track.place, "meeting", hours), begin, end, lying))
        track.spot = Spot(float(lat[-1]), float(lon[-1]), heading)
    # A lies on for an hour, then both go their ways.
    clear = shifted(b.spot.lat, b.spot.lon, heading + 90 + float(b.rng.uniform(-40, 40)), 3500.0)
    b.sail(b.place, Spot(*clear, heading), 4.0, slow_down=False)
    a.stay(float(a.rng.uniform(0.8, 2.5)), DRIFT, swing=60.0, offshore=12.0)


def _wait_and_close(track: Track, at: Spot, begin: float) -> None:
    """Drift until it is time to go, then close in slowly so as to be alongside at `begin`."""
    nm = float(distance_nm(track.spot.lat, track.spot.lon, at.lat, at.lon))
    hours = nm / 2.5
    idle = (begin - track.t) / HOUR - hours
    if idle > 0.02:
        track.stay(idle, DRIFT, swing=80.0, offshore=12.0)
    if nm < 0.01:
        track.t = begin
        return
    t = np.array([track.t, (track.t + begin) / 2, begin - 1.0])
    share = np.array([0.0, 0.7, 1.0])
    track.knots(
        t, track.spot.lat + (at.lat - track.spot.lat) * share,
        track.spot.lon + (at.lon - track.spot.lon) * share, 12.0, UNDER_WAY,
    )  # fmt: skip
    track.t, track.spot = begin, at
