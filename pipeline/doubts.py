"""Reports of one MMSI's day that are no positions of a ship: frozen ones and those on a spoofer's circle.

Works on the few ships' days of sql/days/odd_ships.sql. docs/methods.md defines the kinds;
pipeline/displaced.py then judges over all ships and days what stands apart here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

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
    for first, end in zip(starts, ends, strict=True):
        if reports.t_s[end - 1] - reports.t_s[first] < flags.frozen_minutes * 60:
            continue
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
    found: list[Ints] = []
    free = np.ones(len(reports), dtype=bool)
    for hours in CIRCLE_WINDOWS_H:
        width_s = hours * 3600
        if len(fast) < MIN_CIRCLE_REPORTS:
            break
        for start_s in range(int(reports.t_s[fast[0]]), int(reports.t_s[fast[-1]]) + 1, width_s // 2):
            times = reports.t_s[fast]
            window = np.flatnonzero((times >= start_s) & (times < start_s + width_s) & free[fast])
            on = _on_circle(reports, fast, window, flags)
            if on is not None:
                found.append(on[free[on]])
                free[on] = False
    return found


def _on_circle(reports: Reports, fast: Ints, window: Ints, flags: FlagSettings) -> Ints | None:
    """The reports on the circle of a window of `fast` (and before and after it), if it is one."""
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
    return np.asarray(fast[np.union1d(window, np.arange(first, end))], dtype=np.int64)


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
WAY_SAMPLE = 1000
HOUR_SAMPLE = 50


def odd_hours(reports: Reports, labels: Labels, own: Bools, on_land: Bools) -> Iterator[OddHour]:
    """What each piece did in each hour of the day itself (`own`); the margin only tells what stood around."""
    piece = labels.piece
    cut = np.flatnonzero(np.diff(piece) != 0)
    begins, ends = np.append(0, cut + 1), np.append(cut, len(piece) - 1)
    before = np.full(len(begins), NEVER_S)
    after = before.copy()
    before[1:] = reports.t_s[begins[1:]] - reports.t_s[ends[:-1]]
    after[:-1] = reports.t_s[begins[1:]] - reports.t_s[ends[:-1]]
    run = np.repeat(np.arange(len(begins)), ends - begins + 1)
    hour = reports.t_s // 3600
    counts = np.bincount(piece)
    for number in np.unique(piece[own]):
        reference = _reference(counts, labels, int(number))
        way = np.flatnonzero(piece == reference)
        for at in np.unique(hour[own & (piece == number)]):
            rows = np.flatnonzero(own & (piece == number) & (hour == at))
            runs = np.unique(run[rows])
            lat, lon, radius_km = extent(reports.take(rows))
            ref_lat, ref_lon, away_km = _beside(reports, rows, way)
            yield OddHour(
                piece=int(number), hour=int(at), n_reports=len(rows), n_runs=len(runs),
                first_t_s=int(reports.t_s[rows[0]]), last_t_s=int(reports.t_s[rows[-1]]),
                near_s=int(np.minimum(before, after)[runs].max()),
                far_s=int(np.maximum(before, after)[runs].max()),
                lat=float(lat), lon=float(lon),
                radius_km=radius_km,
                n_on_land=int(on_land[rows].sum()),
                ref_piece=reference, ref_lat=ref_lat, ref_lon=ref_lon, away_km=away_km,
            )  # fmt: skip


def _reference(counts: Ints, labels: Labels, number: int) -> int:
    """The largest other piece that is not doubted; -1 where there is none."""
    others = [
        (-int(n), piece)
        for piece, n in enumerate(counts)
        if n and piece != number and piece not in labels.kinds
    ]
    return min(others)[1] if others else -1


def _beside(reports: Reports, rows: Ints, way: Ints) -> tuple[float, float, float]:
    """Where the reference piece was at that time, and how far the reports lie from its way, km."""
    if not len(way):
        return float("nan"), float("nan"), float("nan")
    middle = reports.t_s[rows[len(rows) // 2]]
    beside = way[int(np.argmin(np.abs(reports.t_s[way] - middle)))]
    some = rows[:: max(1, len(rows) // HOUR_SAMPLE)]
    way = way[:: max(1, len(way) // WAY_SAMPLE)]
    away = distances_km(
        reports.lat[some][:, None], reports.lon[some][:, None], reports.lat[way], reports.lon[way]
    )
    return float(reports.lat[beside]), float(reports.lon[beside]), float(np.median(away.min(axis=1)))


def distances_km(lat: Floats, lon: Floats, lat_2: Floats | float, lon_2: Floats | float) -> Floats:
    """Distances in km on local planes, right across the date line."""
    east = lon - lon_2
    east = (east - 360.0 * np.round(east / 360.0)) * np.cos(np.radians((lat + lat_2) / 2.0))
    return np.asarray(np.hypot(lat - lat_2, east) * M_PER_DEGREE / 1000.0)


def extent(reports: Reports) -> tuple[float, float, float]:
    """The middle of the box around some reports, and the distance to the farthest of them, km."""
    east = reports.lon - reports.lon[0]
    east = east - 360.0 * np.round(east / 360.0)
    lat = float(reports.lat.min() + reports.lat.max()) / 2.0
    lon = float(reports.lon[0] + (east.min() + east.max()) / 2.0)
    lon -= 360.0 * round(lon / 360.0)
    return lat, lon, float(distances_km(reports.lat, reports.lon, lat, lon).max())


def median_lon(lon: Floats) -> float:
    """The median longitude, right across the date line."""
    first = float(lon[0])
    east = lon - first
    median = first + float(np.median(east - 360.0 * np.round(east / 360.0)))
    return median - 360.0 * round(median / 360.0)
