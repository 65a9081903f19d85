"""Which reports of one MMSI belong to one ship: splitting a day's reports, and chaining the pieces over days.

Both work only on MMSIs whose reports cannot all come from one ship; all others are one piece a day, one ship.
The idea (a report joins the nearest track that it could have reached) is that of Global Fishing Watch's
gpsdio-segment; the speeds allowed depend on what the ship itself reports.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import cos, hypot, radians

import numpy as np
from numpy.typing import NDArray

M_PER_DEGREE = 111195.0
M_PER_S_PER_KN = 1852.0 / 3600.0
# A ship may have sailed faster between two reports than it says in them; one that says nothing is given
# the speed of trade.
TRADE_SPEED_KN = 15.0
SPEED_FACTOR = 1.5
SPEED_MARGIN_KN = 5.0
# For how long a ship's last pace is believed to go on.
RECKON_S = 2 * 3600
LONE_REPORTS = 3
# How far from its neighbours in time a lone report is still believed to be the same ship.
ATTACH_S = 3 * 86400

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def distance_m(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    """Distance in metres on a local plane, right across the date line; good to 1 % below 500 km."""
    east = lon_2 - lon_1
    east -= 360.0 * round(east / 360.0)
    east *= cos(radians((lat_1 + lat_2) / 2.0))
    return M_PER_DEGREE * hypot(lat_2 - lat_1, east)


def split_day(
    t_s: Ints, lat: Floats, lon: Floats, sog_kn: Floats, *, max_speed_kn: float, slack_m: float
) -> Ints:
    """Label each of one MMSI's reports (sorted by time) with the piece it belongs to, 0, 1, ...

    The reports are first cut where one ship cannot have sailed from one to the next. Each run between cuts
    then joins the piece that it continues best: of those from whose end it can have been reached, the one
    whose last place, or place by dead reckoning, lies nearest to its first report. Where there is none it
    opens a new piece. Speeds in knots, NaN where none was reported.
    """
    starts = np.flatnonzero(_is_cut(t_s, lat, lon, sog_kn, max_speed_kn, slack_m))
    labels = np.zeros(len(t_s), dtype=np.int64)
    ends: list[_End] = []
    for start, stop in pairwise([*starts.tolist(), len(t_s)]):
        first = _End(int(t_s[start]), float(lat[start]), float(lon[start]), float(sog_kn[start]))
        best, best_doubt_m = -1, np.inf
        for piece, end in enumerate(ends):
            reach_m = slack_m + end.allowed_kn(first, max_speed_kn) * M_PER_S_PER_KN * (first.t_s - end.t_s)
            away_m = distance_m(end.lat, end.lon, first.lat, first.lon)
            if away_m <= reach_m and (doubt_m := end.doubt_m(first, away_m)) < best_doubt_m:
                best, best_doubt_m = piece, doubt_m
        if best < 0:
            best = len(ends)
            ends.append(first)
        else:
            ends[best] = ends[best].followed_by(first)
        last = stop - 1
        if last > start:
            before = _End(
                int(t_s[last - 1]), float(lat[last - 1]), float(lon[last - 1]), float(sog_kn[last - 1])
            )
            after = _End(int(t_s[last]), float(lat[last]), float(lon[last]), float(sog_kn[last]))
            ends[best] = replace(before.followed_by(after), n_reports=ends[best].n_reports + last - start)
        labels[start:stop] = best
    return labels


def _is_cut(
    t_s: Ints, lat: Floats, lon: Floats, sog_kn: Floats, max_speed_kn: float, slack_m: float
) -> NDArray[np.bool_]:
    """Where a report cannot be the same ship's as the one before it; the rule of sql/days/odd_ships.sql."""
    east = np.diff(lon)
    east -= 360.0 * np.round(east / 360.0)
    east *= np.cos(np.radians((lat[1:] + lat[:-1]) / 2.0))
    away_m = M_PER_DEGREE * np.hypot(np.diff(lat), east)
    reported = np.fmax(np.fmax(sog_kn[1:], sog_kn[:-1]), TRADE_SPEED_KN)
    allowed_kn = np.minimum(max_speed_kn, SPEED_FACTOR * reported + SPEED_MARGIN_KN)
    return np.concatenate([[True], away_m > slack_m + allowed_kn * M_PER_S_PER_KN * np.diff(t_s)])


@dataclass(frozen=True)
class _End:
    """The end of a piece that still grows: its last report, its pace there, and how many reports it has."""

    t_s: int
    lat: float
    lon: float
    sog_kn: float
    north_per_s: float = 0.0
    east_per_s: float = 0.0
    n_reports: int = 1

    def followed_by(self, report: "_End") -> "_End":
        elapsed_s = report.t_s - self.t_s
        if not 0 < elapsed_s <= RECKON_S:
            return replace(report, n_reports=self.n_reports + 1)
        east = report.lon - self.lon
        return replace(
            report,
            north_per_s=(report.lat - self.lat) / elapsed_s,
            east_per_s=(east - 360.0 * round(east / 360.0)) / elapsed_s,
            n_reports=self.n_reports + 1,
        )

    def allowed_kn(self, report: "_End", max_speed_kn: float) -> float:
        """The speed at which the ship may have sailed from here to a report."""
        reported = float(np.fmax(np.fmax(self.sog_kn, report.sog_kn), TRADE_SPEED_KN))
        return min(max_speed_kn, SPEED_FACTOR * reported + SPEED_MARGIN_KN)

    def doubt_m(self, report: "_End", away_m: float) -> float:
        """How far the report lies from where it is expected; a lone report is doubted twice as much."""
        ahead_s = min(report.t_s - self.t_s, RECKON_S)
        reckoned_m = distance_m(
            self.lat + self.north_per_s * ahead_s,
            self.lon + self.east_per_s * ahead_s,
            report.lat,
            report.lon,
        )
        return min(away_m, reckoned_m) * (2.0 if self.n_reports < LONE_REPORTS else 1.0)


@dataclass(frozen=True)
class Piece:
    """One day's reports of one MMSI that one ship can have sent, by its ends."""

    day: int
    piece: int
    n_reports: int
    first_t_s: int
    first_lat: float
    first_lon: float
    last_t_s: int
    last_lat: float
    last_lon: float


@dataclass
class _Ship:
    pieces: list[Piece] = field(default_factory=list)

    @property
    def n_reports(self) -> int:
        return sum(piece.n_reports for piece in self.pieces)


def chain_pieces(
    pieces: Sequence[Piece], *, max_speed_kn: float, slack_m: float, min_reports: int
) -> dict[tuple[int, int], int | None]:
    """Say for each (day, piece) of one MMSI which ship it is, 0, 1, ... by first appearance; None is noise.

    Pieces of some length make the ships; short ones are then given to a ship they fit between, or are noise.
    """
    largest: dict[int, Piece] = {}
    for piece in sorted(pieces, key=lambda p: (p.day, -p.n_reports, p.first_t_s, p.piece)):
        largest.setdefault(piece.day, piece)
    in_time = sorted(pieces, key=lambda p: (p.first_t_s, p.last_t_s, p.piece))
    solid = [p for p in in_time if p.n_reports >= min_reports or p is largest[p.day]]
    ships: list[_Ship] = []
    for piece in solid:
        reachable = [
            (away_m, number)
            for number, ship in enumerate(ships)
            if (away_m := _gap_m(ship.pieces[-1], piece, max_speed_kn, slack_m)) is not None
        ]
        if reachable:
            ships[min(reachable)[1]].pieces.append(piece)
        else:
            ships.append(_Ship([piece]))
    for piece in in_time:
        if piece.n_reports < min_reports and piece is not largest[piece.day]:
            fitting = [
                (away_m, number)
                for number, ship in enumerate(ships)
                if (away_m := _fit_m(ship.pieces, piece, max_speed_kn, slack_m)) is not None
            ]
            if fitting:
                owner = ships[min(fitting)[1]]
                owner.pieces = sorted(
                    [*owner.pieces, piece], key=lambda p: (p.first_t_s, p.last_t_s, p.piece)
                )
    real = [ship for ship in ships if ship.n_reports >= min_reports] or ships[:1]
    found: dict[tuple[int, int], int | None] = {(p.day, p.piece): None for p in pieces}
    for number, ship in enumerate(real):
        found.update({(p.day, p.piece): number for p in ship.pieces})
    return found


def _gap_m(before: Piece, after: Piece, max_speed_kn: float, slack_m: float) -> float | None:
    """The distance between two pieces in metres where one ship can have covered it, else None."""
    if after.first_t_s < before.last_t_s:
        return None
    away_m = distance_m(before.last_lat, before.last_lon, after.first_lat, after.first_lon)
    reach_m = slack_m + max_speed_kn * M_PER_S_PER_KN * (after.first_t_s - before.last_t_s)
    return away_m if away_m <= reach_m else None


def _fit_m(track: Sequence[Piece], piece: Piece, max_speed_kn: float, slack_m: float) -> float | None:
    """How far a short piece lies from its neighbours in a ship's track, or None where it does not fit."""
    before = [p for p in track if p.last_t_s <= piece.first_t_s]
    after = [p for p in track if p.first_t_s >= piece.last_t_s]
    if len(before) + len(after) < len(track):
        return None
    away = []
    if before:
        away.append(_gap_m(before[-1], piece, max_speed_kn, slack_m))
    if after:
        away.append(_gap_m(piece, after[0], max_speed_kn, slack_m))
    near = (before and piece.first_t_s - before[-1].last_t_s <= ATTACH_S) or (
        after and after[0].first_t_s - piece.last_t_s <= ATTACH_S
    )
    if not near or any(m is None for m in away):
        return None
    return max(m for m in away if m is not None)
