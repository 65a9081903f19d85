"""What receivers hear of the fleet: reports drawn along the tracks, with the faults that real data have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.scenario.fleet import Ship
from pipeline.scenario.habits import Habits
from pipeline.scenario.lanes import Floats, distance_nm
from pipeline.scenario.places import ROADS, port_points
from pipeline.scenario.voyages import ANCHOR, BERTH, DRIFT, HOUR, MEETING, UNDER_WAY, Track
from pipeline.scenario.world import World

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# ITU navigational status: what the bridge should set in each mode.
STATUS = {UNDER_WAY: 0, BERTH: 5, ANCHOR: 1, MEETING: 1, DRIFT: 0}
# Reports come this much more seldom at berth than under way (class A: 3 minutes against 10 seconds).
PACE = {UNDER_WAY: 1.0, BERTH: 1.6, ANCHOR: 1.3, MEETING: 1.0, DRIFT: 1.2}
GNSS_NOISE_M = 6.0


@dataclass
class Heard:
    """One ship's reports in time's order; `good` ones are right, `row` names the static values."""

    t: Ints
    lat: Floats
    lon: Floats
    sog_kn: Floats
    cog_deg: Floats
    heading_deg: Floats
    status: Ints
    row: Ints
    good: Bools
    placeless: Bools


@dataclass(frozen=True)
class Blackout:
    """An area in which nobody is heard for some hours (t in s)."""

    lat: float
    lon: float
    reach_nm: float
    begin: float
    end: float


def blackouts(world: World, seed: int) -> list[Blackout]:
    """Hours in which all the receivers of an area fail."""
    rng = np.random.default_rng([seed, 10])
    centres = [
        *(ROADS[p] for p in sorted(ROADS)),
        *(port_points()[p] for p in ("MAPTM", "TRAMR", "RULED", "RUNVS")),
    ]
    out = []
    for _ in range(world.habits.blackouts):
        lat, lon = centres[int(rng.integers(len(centres)))]
        begin = float(rng.uniform(0, world.end))
        hours = float(rng.uniform(*world.habits.blackout_hours))
        out.append(Blackout(lat, lon, float(rng.uniform(15, 45)), begin, begin + hours * HOUR))
    return out


def silences(track: Track, world: World, rng: np.random.Generator) -> list[tuple[float, float]]:
    """When this ship alone is not heard: its planted dark hours and a few without a reason."""
    low, high = world.habits.silence_hours
    plain = []
    for _ in range(int(rng.poisson(world.habits.silences_per_ship))):
        begin = float(rng.uniform(0, world.end))
        plain.append((begin, begin + float(rng.uniform(low, high)) * HOUR))
    return [*track.silences, *plain]


def hear(
    track: Track, world: World, voyages: Floats, first_row: int, dark_areas: list[Blackout], seed: int
) -> Heard:
    """Draw the reports of one ship. `voyages` are the times (s) at which its static values change."""
    habits, ship = world.habits, track.ship
    rng = np.random.default_rng([seed, 11, ship.index])
    knot_t, mode = track.column("times"), track.column("modes").astype(np.int64)
    lat_k, lon_k, offshore = track.column("lats"), track.column("lons"), track.column("offshore")
    t = _times(knot_t, mode, offshore, world, habits, rng)
    at = np.clip(np.searchsorted(knot_t, t, "right") - 1, 0, len(knot_t) - 2)
    m = mode[at]
    lat, lon = np.interp(t, knot_t, lat_k), np.interp(t, knot_t, lon_k)
    speed, course = _motion(knot_t, lat_k, lon_k)
    sog, cog = speed[at], course[at]
    heading = track.column("headings")[at]
    heading = np.where(np.isnan(heading), cog, heading)
    lat, lon, heading = _swing(track, t, at, lat, lon, heading)
    n = len(t)
    noise = rng.normal(0.0, GNSS_NOISE_M / 111_195.0, (2, n))
    lat, lon = lat + noise[0], lon + noise[1] / np.cos(np.radians(lat))
    still = (m == BERTH) | (m == ANCHOR) | (m == DRIFT)
    quiver = np.where(m == BERTH, np.where(rng.random(n) < 0.12, 0.1, 0.0), rng.gamma(1.4, 0.11, n))
    sog = np.where(still, np.minimum(quiver, 0.9), np.abs(sog + rng.normal(0, 0.12, n)))
    cog = np.where(still, rng.uniform(0, 360, n), cog + rng.normal(0, 1.5, n)) % 360
    heading = (heading + rng.normal(0, np.where(m == BERTH, 0.5, 2.0))) % 360
    status = _status(track, t, m, knot_t, habits, rng)
    lost = np.zeros(n, dtype=bool)
    for begin, end in silences(track, world, rng):
        lost |= (t > begin) & (t < end)
    for b in dark_areas:
        when = (t > b.begin) & (t < b.end)
        if when.any():
            lost |= when & (distance_nm(lat, lon, b.lat, b.lon) < b.reach_nm)
    garbled = rng.random(n) < habits.garbled_share
    lat, lon = _garble(lat, lon, garbled, rng)
    placeless = rng.random(n) < habits.no_position_share
    row = first_row + np.searchsorted(voyages, t, "right") - 1
    keep = ~lost
    return Heard(
        t=t[keep].astype(np.int64), lat=lat[keep], lon=lon[keep], sog_kn=sog[keep], cog_deg=cog[keep],
        heading_deg=heading[keep], status=status[keep], row=row[keep].astype(np.int64),
        good=(~garbled & ~placeless)[keep], placeless=placeless[keep],
    )  # fmt: skip


def _times(
    knot_t: Floats, mode: Ints, offshore: Floats, world: World, habits: Habits, rng: np.random.Generator
) -> Floats:
    """Times at which a report gets through: minutes apart near a coast, hours apart far from it."""
    near = offshore[:-1]
    minutes = np.select(
        [near < habits.coast_km, near < 2 * habits.coast_km],
        [habits.report_minutes, 4 * habits.report_minutes],
        habits.sea_report_hours * 60.0,
    )
    minutes = minutes * np.array([PACE[k] for k in range(5)])[mode[:-1]]
    t0, t1 = np.clip(knot_t[:-1], 0, world.end), np.clip(knot_t[1:], 0, world.end)
    count = np.concatenate([[0.0], np.cumsum((t1 - t0) / 60.0 / minutes)])
    n = int(count[-1])
    if n < 2:
        return np.zeros(0)
    at = np.arange(n) + 0.5 + rng.uniform(-0.47, 0.47, n)
    knots = np.clip(knot_t, 0, world.end)
    t = np.floor(np.interp(at, count, knots))
    return t[(t >= 0) & (t < world.end)]


def _motion(t: Floats, lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Speed (kn) and course (degrees) from each knot to the next."""
    hours = np.maximum(np.diff(t) / HOUR, 1e-9)
    nm = distance_nm(lat[:-1], lon[:-1], lat[1:], lon[1:])
    east = np.diff(lon) * np.cos(np.radians((lat[:-1] + lat[1:]) / 2))
    course = np.degrees(np.arctan2(east, np.diff(lat))) % 360
    return np.minimum(nm / hours, 30.0), course


def _swing(
    track: Track, t: Floats, at: Ints, lat: Floats, lon: Floats, heading: Floats
) -> tuple[Floats, Floats, Floats]:
    """Ships at anchor or adrift swing with the tide, all of a roadstead together, and yaw."""
    swing = track.column("swings")[at]
    tide = 2 * np.pi * t / (12.42 * HOUR)
    yaw = 0.25 * np.sin(2 * np.pi * t / 1700.0 + track.ship.index)
    angle = tide + yaw
    lat = lat + swing * np.cos(angle) / 111_195.0
    lon = lon + swing * np.sin(angle) / 111_195.0 / np.cos(np.radians(lat))
    return lat, lon, np.where(swing > 0, np.degrees(angle + np.pi) % 360, heading)


def _status(
    track: Track, t: Floats, mode: Ints, knot_t: Floats, habits: Habits, rng: np.random.Generator
) -> Ints:
    """Mostly right; a crew that forgets leaves it as it was for that stay or passage."""
    right = np.array([STATUS[k] for k in range(5)], dtype=np.int64)[mode]
    starts = np.array([c.begin for c in track.calls] + [c.end for c in track.calls])
    stay = np.searchsorted(np.sort(starts), t)
    forgets = rng.random(len(starts) + 1) > habits.status_right
    return np.where(forgets[stay], 0, right)


def _garble(lat: Floats, lon: Floats, which: Bools, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Single positions with a wrong bit: somewhere else by a tenth of a degree to half the world."""
    n = int(which.sum())
    lat, lon = lat.copy(), lon.copy()
    size = 10.0 ** rng.uniform(-0.7, 1.6, (2, n)) * rng.choice([-1.0, 1.0], (2, n))
    lat[which] = np.clip(lat[which] + size[0], -85, 85)
    lon[which] = (lon[which] + size[1] + 180) % 360 - 180
    return lat, lon


def dimensions(ship: Ship) -> tuple[int, int, int, int]:
    """A to D: the receiver's place on board, from bow, stern, port and starboard (m)."""
    aft = max(4, round(ship.length_m * 0.15))
    return ship.length_m - aft, aft, ship.width_m // 2, ship.width_m - ship.width_m // 2
