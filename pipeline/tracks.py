"""Which reports of one MMSI belong to one ship: splitting a day's reports, and chaining the pieces over days.

Both work only on MMSIs whose reports cannot all come from one ship; all others are one piece a day, one ship.
The question is that of Global Fishing Watch's gpsdio-segment; the answer here is the longest possible track
first, and the speeds allowed depend on what the ship itself reports.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
# A tenth of a ship's reports or fewer, never farther than this from its way, are no second ship.
SHADOW_SHARE = 0.1
SHADOW_M = 50_000.0
SHADOW_S = 3600
# Two ships on one number report as chance has it; a number that is now here and now there, in more than so
# many of ten reports, is one transmitter whose position jumps.
ALTERNATING_SHARE = 0.9
# How many strays in a row, or reports of another ship, a track is followed across.
LOOK_BACK = 32
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

    Piece 0 is the longest sequence of reports of which each can have been reached from the one before; piece
    1 the longest of those left, and so on; what follows on a piece that had ended is the same piece. Two
    ships on one MMSI become two long pieces, strays and reports with a wrong time become short ones, and a
    ship that was shown elsewhere for hours is one piece before and after. Speeds in knots, NaN where none
    was reported.
    """
    labels = np.full(len(t_s), -1, dtype=np.int64)
    left = np.arange(len(t_s))
    piece = 0
    while len(left):
        path = left[_longest_path(t_s[left], lat[left], lon[left], sog_kn[left], max_speed_kn, slack_m)]
        if len(path) == 1:
            # Nothing left goes with anything else: each report stands for itself.
            labels[left] = piece + np.arange(len(left))
            break
        labels[path] = piece
        left = left[labels[left] < 0]
        piece += 1
    return _joined(labels, t_s, lat, lon, sog_kn, max_speed_kn, slack_m)


def _joined(
    labels: Ints,
    t_s: Ints,
    lat: Floats,
    lon: Floats,
    sog_kn: Floats,
    max_speed_kn: float,
    slack_m: float,
) -> Ints:
    """Give a piece the label of the piece before, where that had ended and one ship can have sailed both.

    A lone report is no piece to follow on or be followed. Labels are numbered anew by size, then by time.
    """
    pieces = [np.flatnonzero(labels == piece) for piece in range(int(labels.max(initial=-1)) + 1)]
    lone = [piece for piece in pieces if len(piece) == 1]
    groups: list[Ints] = []
    for piece in sorted((p for p in pieces if len(p) > 1), key=lambda reports: int(reports[0])):
        efforts = [
            (float(effort(t_s, lat, lon, sog_kn, group[-1:], piece[:1], max_speed_kn, slack_m)[0]), number)
            for number, group in enumerate(groups)
            if group[-1] < piece[0]
        ]
        easiest, number = min(efforts, default=(np.inf, -1))
        if easiest <= 1:
            groups[number] = np.append(groups[number], piece)
        else:
            groups.append(piece)
    joined = np.empty_like(labels)
    in_order = sorted([*groups, *lone], key=lambda reports: (-len(reports), int(reports[0])))
    for number, group in enumerate(in_order):
        joined[group] = number
    return joined


def alternating(labels: Ints, min_reports: int) -> list[int]:
    """The pieces of one MMSI's day (labels in time's order) whose reports alternate with another's."""
    sizes = np.bincount(labels)
    solid = np.flatnonzero(sizes >= min_reports)
    found = set[int]()
    for number, one in enumerate(solid):
        for other in solid[number + 1 :]:
            both = labels[(labels == one) | (labels == other)]
            if np.count_nonzero(both[1:] != both[:-1]) > ALTERNATING_SHARE * (len(both) - 1):
                found |= {int(one), int(other)}
    return sorted(found)


def _longest_path(
    t_s: Ints, lat: Floats, lon: Floats, sog_kn: Floats, max_speed_kn: float, slack_m: float
) -> Ints:
    """The longest easy sequence of reports that one ship can have sent, as indices.

    A report follows one of the LOOK_BACK before it. Each counts one less the effort that the way to it took,
    so that a ship's own next report is worth more than another ship's that could just have been reached. A
    report is not reached by leaving out two others in a row that tell against it (`_told_against`).
    """
    n = len(t_s)
    worth = np.ones(n)
    before = np.full(n, -1, dtype=np.int64)
    step = np.full(n, np.inf)
    step[1:] = effort(t_s, lat, lon, sog_kn, slice(0, n - 1), slice(1, n), max_speed_kn, slack_m)
    easy = step <= 1
    reached: dict[int, int] = {}
    for i in range(1, n):
        if easy[i] and (i == 1 or easy[i - 1]):
            # No doubt: nothing further back can be followed past two reports that go with this one.
            worth[i], before[i] = worth[i - 1] + 1 - step[i], i - 1
            continue
        start = max(0, i - LOOK_BACK)
        missing = [k for k in range(start + 1, i + 1) if k not in reached]
        efforts = _efforts(t_s, lat, lon, sog_kn, missing, max_speed_kn, slack_m)
        reached.update(zip(missing, _bits(efforts <= 1), strict=True))
        against = _told_against(i, start, easy, reached)
        efforts = efforts[-1, LOOK_BACK - (i - start) :]
        allowed = (efforts <= 1) & ~_booleans(against, len(efforts))
        worths = np.where(allowed, worth[start:i] + 1 - efforts, 0.0)
        # argmax takes the first of equals: look from the newest back.
        best = len(worths) - 1 - int(np.argmax(worths[::-1]))
        if worths[best] > 0:
            worth[i], before[i] = max(worths[best], 1.0), start + best
    path = [int(np.argmax(worth))]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return np.array(path[::-1], dtype=np.int64)


def _told_against(i: int, start: int, easy: NDArray[np.bool_], reached: dict[int, int]) -> int:
    """From which reports it cannot have been on to report `i`, by those left out between; bit 0 is i - 1.

    Two left out that follow each other easily tell against the way over them where they go with either of its
    ends: the ship went on to them from the one, or came from them to the other.
    """
    mine, against = reached[i], 0
    for k in range(start + 1, i - 1):
        if easy[k + 1]:
            from_pair = mine >> (i - k - 2) & 1
            telling = (1 << (k - start)) - 1 if from_pair else reached.get(k, 0)
            against |= telling << (i - k)
    return against & ((1 << LOOK_BACK) - 1)


def _efforts(
    t_s: Ints, lat: Floats, lon: Floats, sog_kn: Floats, to: list[int], max_speed_kn: float, slack_m: float
) -> Floats:
    """The efforts of the ways to some reports from the LOOK_BACK before each; infinite before the first."""
    end = np.array(to)[:, None]
    start = end - np.arange(LOOK_BACK, 0, -1)
    efforts = effort(t_s, lat, lon, sog_kn, np.maximum(start, 0), end, max_speed_kn, slack_m)
    return np.where(start < 0, np.inf, efforts)


def _bits(which: NDArray[np.bool_]) -> list[int]:
    """Each row of truth values as the bits of a number, the last as bit 0."""
    return [int(n) for n in (which[:, ::-1] << np.arange(LOOK_BACK)).sum(axis=1)]


def _booleans(bits: int, n: int) -> NDArray[np.bool_]:
    """The lowest `n` bits as truth values, bit 0 as the last."""
    return (bits >> np.arange(n)[::-1] & 1).astype(bool)


def effort(
    t_s: Ints,
    lat: Floats,
    lon: Floats,
    sog_kn: Floats,
    start: slice | Ints,
    end: slice | Ints,
    max_speed_kn: float,
    slack_m: float,
) -> Floats:
    """The distance between reports against what the time allows: over 1 is more than one ship can sail.

    `start` and `end` choose the reports. The rule of sql/days/odd_ships.sql.
    """
    east = lon[end] - lon[start]
    east = (east - 360.0 * np.round(east / 360.0)) * np.cos(np.radians((lat[end] + lat[start]) / 2.0))
    away_m = M_PER_DEGREE * np.hypot(lat[end] - lat[start], east)
    reported = np.fmax(np.fmax(sog_kn[end], sog_kn[start]), TRADE_SPEED_KN)
    allowed_kn = np.minimum(max_speed_kn, SPEED_FACTOR * reported + SPEED_MARGIN_KN)
    effort: Floats = away_m / (slack_m + allowed_kn * M_PER_S_PER_KN * (t_s[end] - t_s[start]))
    return effort


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


Chain = list[Piece]


def n_reports(chain: Chain) -> int:
    """How many reports its pieces hold."""
    return sum(piece.n_reports for piece in chain)


def chains(
    pieces: Sequence[Piece], *, max_speed_kn: float, slack_m: float, min_reports: int
) -> tuple[list[Chain], list[Piece]]:
    """The pieces of one MMSI as tracks that one ship can have sailed, by first appearance; what fits none.

    Pieces of some length make the tracks; short ones are then given to a track they fit between.
    """
    largest: dict[int, Piece] = {}
    for piece in sorted(pieces, key=lambda p: (p.day, -p.n_reports, p.first_t_s, p.piece)):
        largest.setdefault(piece.day, piece)
    in_time = sorted(pieces, key=lambda p: (p.first_t_s, p.last_t_s, p.piece))
    solid = [p for p in in_time if p.n_reports >= min_reports or p is largest[p.day]]
    found: list[Chain] = []
    for piece in solid:
        reachable = [
            (away_m, number)
            for number, chain in enumerate(found)
            if (away_m := _gap_m(chain[-1], piece, max_speed_kn, slack_m)) is not None
        ]
        if reachable:
            found[min(reachable)[1]].append(piece)
        else:
            found.append([piece])
    strays = []
    for piece in in_time:
        if piece.n_reports >= min_reports or piece is largest[piece.day]:
            continue
        fitting = [
            (away_m, number)
            for number, chain in enumerate(found)
            if (away_m := _fit_m(chain, piece, max_speed_kn, slack_m)) is not None
        ]
        if fitting:
            owner = min(fitting)[1]
            found[owner] = sorted([*found[owner], piece], key=lambda p: (p.first_t_s, p.last_t_s, p.piece))
        else:
            strays.append(piece)
    return found, strays


def chain_pieces(
    pieces: Sequence[Piece], *, max_speed_kn: float, slack_m: float, min_reports: int
) -> dict[tuple[int, int], int | None]:
    """Say for each (day, piece) of an MMSI which ship it is, 0, 1, ... by first appearance; None is noise."""
    found, _ = chains(pieces, max_speed_kn=max_speed_kn, slack_m=slack_m, min_reports=min_reports)
    main = max(found, key=n_reports, default=[])
    real = [
        chain
        for chain in found
        if chain is main or (n_reports(chain) >= min_reports and not _is_shadow(chain, main))
    ]
    ships: dict[tuple[int, int], int | None] = {(p.day, p.piece): None for p in pieces}
    for number, chain in enumerate(real):
        ships.update({(p.day, p.piece): number for p in chain})
    return ships


def _is_shadow(chain: Chain, main: Chain) -> bool:
    """Whether a few reports that never leave another ship's way are that ship's own, with a wrong time."""
    if n_reports(chain) > SHADOW_SHARE * n_reports(main):
        return False
    ends = [
        end
        for p in chain
        for end in ((p.first_t_s, p.first_lat, p.first_lon), (p.last_t_s, p.last_lat, p.last_lon))
    ]
    return all(
        any(
            p.first_t_s - SHADOW_S <= t_s <= p.last_t_s + SHADOW_S
            and distance_m(*place_at(p, t_s), lat, lon) <= SHADOW_M
            for p in main
        )
        for t_s, lat, lon in ends
    )


def place_at(piece: Piece, t_s: int) -> tuple[float, float]:
    """Where a ship was, roughly: straight from the piece's first report to its last."""
    lasted_s = piece.last_t_s - piece.first_t_s
    share = min(max((t_s - piece.first_t_s) / lasted_s, 0.0), 1.0) if lasted_s else 0.0
    east = piece.last_lon - piece.first_lon
    east -= 360.0 * round(east / 360.0)
    return piece.first_lat + share * (piece.last_lat - piece.first_lat), piece.first_lon + share * east


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
