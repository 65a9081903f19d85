"""Reports of one MMSI's day that are no positions of a ship: frozen ones and those on a spoofer's circle.

Works on the few ships' days of sql/days/odd_ships.sql. docs/methods.md defines the kinds;
pipeline/displaced.py then judges over all ships and days what stands apart here.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import hypot

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import FlagSettings, TrackSettings
from pipeline.tracks import M_PER_DEGREE, M_PER_S_PER_KN, Floats, Ints, effort, split_day

Bools = NDArray[np.bool_]
# AIS navigational status: at anchor, moored, aground. Such a ship's speed is in doubt before its position is.
LYING = (1, 5, 6)
# Reports on a circle are looked for in windows of so many hours, one half overlapping the next.
CIRCLE_WINDOWS_H = (2, 8, 24)
MIN_CIRCLE_REPORTS = 8
MIN_CIRCLE_M, MAX_CIRCLE_M = 100.0, 50_000.0
# Of a circle's eighths all must have been visited.
EIGHTHS = 8


@dataclass(frozen=True)
class Reports:
    """One MMSI's reports of a day and the margin around it, sorted by time (s since 1970), as columns.

    Speeds in knots and navigational status are NaN where none was sent.
    """

    t_s: Ints
    lat: Floats
    lon: Floats
    sog_kn: Floats
    nav_status: Floats

    def __len__(self) -> int:
        return len(self.t_s)

    def take(self, which: Ints | Bools) -> "Reports":
        """Some of the reports, in their order."""
        return Reports(
            self.t_s[which], self.lat[which], self.lon[which], self.sog_kn[which], self.nav_status[which]
        )


@dataclass
class Labels:
    """The piece that each report belongs to, and the kind of the pieces whose reports are doubted."""

    piece: Ints
    kinds: dict[int, str] = field(default_factory=dict)


def label(reports: Reports, flags: FlagSettings, tracks: TrackSettings) -> Labels:
    """Split one MMSI's reports into pieces that one ship can have sent each, doubted reports apart.

    Piece 0 is the longest good one. Frozen reports are taken out first, so that they tear no track; circles
    are then looked for in each piece.
    """
    labels = Labels(np.full(len(reports), -1, dtype=np.int64))
    frozen = list(frozen_runs(reports, flags, tracks))
    good = np.ones(len(reports), dtype=bool)
    for run in frozen:
        good[run] = False
    kept = np.flatnonzero(good)
    some = reports.take(kept)
    labels.piece[kept] = split_day(
        some.t_s, some.lat, some.lon, some.sog_kn, max_speed_kn=tracks.max_speed_kn, slack_m=tracks.slack_m
    )
    # 0 stays for the good reports, even where a day has none.
    number = int(labels.piece.max(initial=0)) + 1
    doubted = [("frozen", run) for run in frozen]
    for piece in range(number):
        mine = np.flatnonzero(labels.piece == piece)
        doubted += [("circle", mine[on]) for on in circles(reports.take(mine), flags)]
    for kind, which in doubted:
        labels.piece[which] = number
        labels.kinds[number] = kind
        number += 1
    return labels


def frozen_runs(reports: Reports, flags: FlagSettings, tracks: TrackSettings) -> Iterator[Ints]:
    """Runs of the very same coordinates for flags.frozen_minutes while the ship moved, first report left out.

    It moved where it said so (a median of flags.frozen_kn or more); or where it came at such a speed and is
    next heard where it cannot have sailed since the run's last report but can have since its first, and is
    not heard in the old place again. A ship that says it lies at anchor, moored or aground lies there.
    """
    n = len(reports)
    moved = np.ones(n, dtype=bool)
    moved[1:] = (np.diff(reports.lat) != 0) | (np.diff(reports.lon) != 0)
    starts = np.flatnonzero(moved)
    ends = np.append(starts[1:], n)
    long = reports.t_s[ends - 1] - reports.t_s[starts] >= flags.frozen_minutes * 60
    for first, end in zip(starts[long], ends[long], strict=True):
        speeds = reports.sog_kn[first:end]
        if np.isin(reports.nav_status[first:end], LYING).mean() >= 0.5:
            continue
        said_so = bool(np.median(np.nan_to_num(speeds)) >= flags.frozen_kn)
        if said_so or _left_unseen(reports, int(first), int(end), flags, tracks):
            yield np.arange(first + 1, end)


def _left_unseen(reports: Reports, first: int, end: int, flags: FlagSettings, tracks: TrackSettings) -> bool:
    if first == 0 or end == len(reports) or not reports.sog_kn[first - 1] >= flags.frozen_kn:
        return False
    ways = [
        effort(
            reports.t_s, reports.lat, reports.lon, reports.sog_kn, slice(a, a + 1), slice(end, end + 1),
            tracks.max_speed_kn, tracks.slack_m,
        )[0]
        for a in (end - 1, first)
    ]  # fmt: skip
    again = (reports.lat[end:] == reports.lat[first]) & (reports.lon[end:] == reports.lon[first])
    return bool(ways[0] > 1 >= ways[1]) and not again.any()


def circles(reports: Reports, flags: FlagSettings) -> list[Ints]:
    """Sets of reports (as indices) that lie on one circle, sailed round at an even speed.

    flags.circle_turns times round a centre that stays, for flags.circle_minutes or more, all round it, within
    flags.circle_error of the radius. A ship that turns in the water drifts meanwhile, and no dredger, fisher
    or searcher keeps so exact.
    """
    fast = np.flatnonzero(reports.sog_kn >= flags.circle_kn)
    if len(fast) < MIN_CIRCLE_REPORTS:
        return []
    found: list[Ints] = []
    free = np.ones(len(fast), dtype=bool)
    for first, end in _going_round(reports.take(fast), flags.circle_turns):
        window = np.arange(first, end)[free[first:end]]
        on = _on_circle(reports, fast, window, flags)
        if on is not None:
            found.append(fast[on[free[on]]])
            free[on] = False
    return found


def _going_round(fast: Reports, turns: float) -> list[tuple[int, int]]:
    """Windows (first, end) of some reports in which the way sailed is long for the place it was sailed in.

    A turn is more than twice as long as its place is wide.
    """
    hour = (fast.t_s - fast.t_s[0]) // 3600
    edges = np.searchsorted(hour, np.arange(int(hour[-1]) + 2))
    hours = np.flatnonzero(np.diff(edges))
    at = edges[hours]
    east = fast.lon - fast.lon[0]
    east = (east - 360.0 * np.round(east / 360.0)) * np.cos(np.radians(fast.lat[0]))
    lasted_s = np.minimum(np.diff(np.append(fast.t_s[at], fast.t_s[-1])), 3600)
    speed_kn = np.add.reduceat(fast.sog_kn, at) / np.diff(np.append(at, len(east)))
    sailed_m = speed_kn * M_PER_S_PER_KN * lasted_s
    boxes = [
        extreme.reduceat(values, at).tolist()
        for values in (fast.lat, east)
        for extreme in (np.minimum, np.maximum)
    ]
    windows = []
    sailed, numbers = sailed_m.tolist(), hours.tolist()
    for width in CIRCLE_WINDOWS_H:
        for start in range(0, numbers[-1] + 1, width // 2):
            some = slice(bisect_left(numbers, start), bisect_left(numbers, start + width))
            if some.start == some.stop:
                continue
            south, north, west, east_end = (box[some] for box in boxes)
            wide_m = M_PER_DEGREE * hypot(max(north) - min(south), max(east_end) - min(west))
            if sum(sailed[some]) > turns * wide_m:
                windows.append((int(edges[start]), int(edges[min(start + width, len(edges) - 1)])))
    return windows


def _on_circle(reports: Reports, fast: Ints, window: Ints, flags: FlagSettings) -> Ints | None:
    """Which of `fast` lie on the circle of a window of them, or before and after it, if it is one."""
    if len(window) < MIN_CIRCLE_REPORTS:
        return None
    chosen = fast[window]
    lasted_s = float(reports.t_s[chosen[-1]] - reports.t_s[chosen[0]])
    speed = reports.sog_kn[chosen]
    if lasted_s < flags.circle_minutes * 60 or speed.std() > flags.circle_speed_error * speed.mean():
        return None
    lat_0, lon_0 = reports.lat[chosen[0]], reports.lon[chosen[0]]
    north = M_PER_DEGREE * (reports.lat[fast] - lat_0)
    east = reports.lon[fast] - lon_0
    east = M_PER_DEGREE * (east - 360.0 * np.round(east / 360.0)) * np.cos(np.radians(lat_0))
    # The circle whose points' squared distances from it are least (Kasa): x^2 + y^2 = 2ax + 2by + c.
    x, y = east[window], north[window]
    (a, b, c), *_ = np.linalg.lstsq(np.column_stack([2 * x, 2 * y, np.ones(len(x))]), x**2 + y**2, rcond=None)
    radius = float(np.sqrt(max(c + a * a + b * b, 0.0)))
    if not MIN_CIRCLE_M <= radius <= MAX_CIRCLE_M:
        return None
    away = np.abs(np.hypot(east - a, north - b) - radius) / radius
    eighths = np.floor(np.degrees(np.arctan2(y - b, x - a)) % 360.0 / (360.0 / EIGHTHS))
    turns = speed.mean() * M_PER_S_PER_KN * lasted_s / (2 * np.pi * radius)
    if (
        np.sqrt(np.mean(away[window] ** 2)) > flags.circle_error
        or len(np.unique(eighths)) < EIGHTHS
        or turns < flags.circle_turns
    ):
        return None
    off = np.flatnonzero(away > 2 * flags.circle_error)
    first = off[off < window[0]].max(initial=-1) + 1
    end = off[off > window[-1]].min(initial=len(fast))
    return np.union1d(window, np.arange(first, end))


@dataclass(frozen=True)
class OddHour:
    """What an odd MMSI's piece did within an hour of its own day: a row of the table `day_odd_hours`.

    n_runs: unbroken runs of reports, cut where another piece of the MMSI was heard; near_s and far_s: the
    nearer and the farther of the times from such a run's ends to the other piece's reports, the greatest of
    the hour's runs; ref_*: the MMSI's largest other good piece of that day (-1: none) and where it was heard
    nearest in time, away_km: how far the reports lie from its way (NaN where there is none); lat, lon and
    radius_km: the middle of the reports, and the farthest from it.
    """

    piece: int
    hour: int
    n_reports: int
    n_runs: int
    first_t_s: int
    last_t_s: int
    near_s: int
    far_s: int
    lat: float
    lon: float
    radius_km: float
    n_on_land: int
    ref_piece: int
    ref_lat: float
    ref_lon: float
    away_km: float


# No report of another piece on this side.
NEVER_S = 10**9
# Enough of a way's or an hour's reports to measure distances by.
WAY_SAMPLE = 200
HOUR_SAMPLE = 5


def odd_hours(reports: Reports, labels: Labels, own: Bools, on_land: Bools) -> dict[str, Ints | Floats]:
    """What each piece did in each hour of the day itself (`own`), as the columns of OddHour.

    The margin around the day only tells what stood around. There must be a report of the day.
    """
    cut = np.flatnonzero(np.diff(labels.piece) != 0)
    silent_s = reports.t_s[cut + 1] - reports.t_s[cut]
    before, after = np.append(NEVER_S, silent_s), np.append(silent_s, NEVER_S)
    run = np.searchsorted(cut, np.arange(len(reports)), side="left")
    rows = np.flatnonzero(own)
    hour = reports.t_s // 3600
    rows = rows[np.lexsort((rows, hour[rows], labels.piece[rows]))]
    piece, hour = labels.piece[rows], hour[rows]
    some, runs = reports.take(rows), run[rows]
    new = np.append(True, (np.diff(piece) != 0) | (np.diff(hour) != 0))
    at = np.flatnonzero(new)
    last = np.append(at[1:], len(rows)) - 1
    lat, lon, radius_km = _extents(some, at, last)
    reference, ref_lat, ref_lon, away_km = _beside(reports, labels, some, piece, at, last)
    return {
        "piece": piece[at],
        "hour": hour[at],
        "n_reports": last - at + 1,
        "n_runs": np.add.reduceat((new | np.append(True, np.diff(runs) != 0)).astype(np.int64), at),
        "first_t_s": some.t_s[at],
        "last_t_s": some.t_s[last],
        "near_s": np.maximum.reduceat(np.minimum(before, after)[runs], at),
        "far_s": np.maximum.reduceat(np.maximum(before, after)[runs], at),
        "lat": lat,
        "lon": lon,
        "radius_km": radius_km,
        "n_on_land": np.add.reduceat(on_land[rows].astype(np.int64), at),
        "ref_piece": reference,
        "ref_lat": ref_lat,
        "ref_lon": ref_lon,
        "away_km": away_km,
    }


def _extents(some: Reports, at: Ints, last: Ints) -> tuple[Floats, Floats, Floats]:
    """The middle of the box around each group of reports (`at` to `last`), and how far it reaches, km."""
    size = last - at + 1
    start = np.repeat(some.lon[at], size)
    east = some.lon - start
    east = east - 360.0 * np.round(east / 360.0)
    lat = (np.minimum.reduceat(some.lat, at) + np.maximum.reduceat(some.lat, at)) / 2.0
    lon = some.lon[at] + (np.minimum.reduceat(east, at) + np.maximum.reduceat(east, at)) / 2.0
    lon = lon - 360.0 * np.round(lon / 360.0)
    away = distances_km(some.lat, some.lon, np.repeat(lat, size), np.repeat(lon, size))
    return lat, lon, np.maximum.reduceat(away, at)


def extent(reports: Reports) -> tuple[float, float, float]:
    """The middle of the box around some reports, and the distance to the farthest of them, km."""
    lat, lon, radius_km = _extents(reports, np.array([0]), np.array([len(reports) - 1]))
    return float(lat[0]), float(lon[0]), float(radius_km[0])


def _beside(
    reports: Reports, labels: Labels, some: Reports, piece: Ints, at: Ints, last: Ints
) -> tuple[Ints, Floats, Floats, Floats]:
    """The largest other good piece beside each group, where it was, and how far off its way the group is."""
    counts = [
        (-int(n), number)
        for number, n in enumerate(np.bincount(labels.piece))
        if n and number not in labels.kinds
    ]
    largest = [number for _, number in sorted(counts)[:2]]
    reference = np.full(len(at), -1, dtype=np.int64)
    ref_lat, ref_lon, away_km = (np.full(len(at), np.nan) for _ in range(3))
    for number in largest:
        mine = piece[at] != number if number == largest[0] else piece[at] == largest[0]
        groups = np.flatnonzero(mine)
        if not len(groups):
            continue
        way = np.flatnonzero(labels.piece == number)
        beside = way[_nearest(reports.t_s[way], some.t_s[(at[groups] + last[groups]) // 2])]
        reference[groups], ref_lat[groups], ref_lon[groups] = number, reports.lat[beside], reports.lon[beside]
        way = way[:: max(1, len(way) // WAY_SAMPLE)]
        shares = (np.arange(HOUR_SAMPLE) + 0.5) / HOUR_SAMPLE
        picked = at[groups][:, None] + (shares * (last - at + 1)[groups][:, None]).astype(np.int64)
        away = distances_km(
            some.lat[picked][..., None], some.lon[picked][..., None], reports.lat[way], reports.lon[way]
        )
        away_km[groups] = np.median(away.min(axis=2), axis=1)
    return reference, ref_lat, ref_lon, away_km


def _nearest(times: Ints, asked: Ints) -> Ints:
    """The index of the time nearest to each asked for; the earlier of two as near."""
    after = np.clip(np.searchsorted(times, asked), 1, max(len(times) - 1, 1))
    if len(times) == 1:
        return np.zeros(len(asked), dtype=np.int64)
    return np.where(asked - times[after - 1] <= times[after] - asked, after - 1, after)


def distances_km(lat: Floats, lon: Floats, lat_2: Floats | float, lon_2: Floats | float) -> Floats:
    """Distances in km on local planes, right across the date line."""
    east = lon - lon_2
    east = (east - 360.0 * np.round(east / 360.0)) * np.cos(np.radians((lat + lat_2) / 2.0))
    return np.asarray(np.hypot(lat - lat_2, east) * M_PER_DEGREE / 1000.0)


def median_lon(lon: Floats) -> float:
    """The median longitude, right across the date line."""
    first = float(lon[0])
    east = lon - first
    median = first + float(np.median(east - 360.0 * np.round(east / 360.0)))
    return median - 360.0 * round(median / 360.0)
