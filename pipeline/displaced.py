"""Tracks under an MMSI that its ship never sailed: shown elsewhere by interference, on land, or for a while.

Judges over all ships and days what pipeline/doubts.py and the splitting of tracks set apart. Many ships
shown elsewhere at one time in one area are the area's affair, and no one ship's; docs/methods.md has the
definitions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from pipeline.doubts import OddHour, distances_km, median_lon
from pipeline.settings import FlagSettings
from pipeline.tracks import Chain, Floats, distance_m, n_reports, place_at

# A track of so many reports in so many runs, which on either side average no more than two, is heard in turns
# with the other one: two transmitters are at work. A few such reports are two ships' too where nothing else
# speaks for interference.
TURNS_REPORTS, TURNS_RUNS, TURNS_LENGTH = 20, 10, 2.0
FEW_REPORTS, FEW_RUNS = 6, 4
# A track of fewer reports is no run of positions on land.
MIN_ON_LAND = 3
# From the middle to the corner of a cell in which ships heard are counted.
CELL_KM = 20.0
# Interference goes on where it is seen again within so many hours.
PAUSE_H = 2

# Ships heard in an hour (hours since 1970) within a distance (km) of a place.
Heard = Callable[[int, float, float, float], int]
PieceKey = tuple[int, int, int]


@dataclass(frozen=True)
class Seen:
    """An hour of a piece of an odd MMSI."""

    day: int
    odd: OddHour


@dataclass(eq=False)
class Track:
    """A chain of pieces of one MMSI, a lone stray or a doubted piece, and what is known of it by the hour."""

    pieces: Chain
    hours: list[Seen]
    kind: str | None = None

    def land_share(self) -> float:
        """How much of it is on land for certain, as a share of its reports."""
        n = sum(seen.odd.n_reports for seen in self.hours)
        return sum(seen.odd.n_on_land for seen in self.hours) / n if n else 0.0


@dataclass(eq=False)
class Ship:
    """One MMSI: its own track, and the others under its number.

    `is_two`: it sent contradictory static data, so that two ships are at work whatever their tracks are like.
    """

    mmsi: int
    main: Track
    others: list[Track]
    is_two: bool = False


@dataclass(frozen=True)
class Area:
    """Interference in an area: a row of the table `interference_areas`.

    lat, lon and radius_km are about the places where the ships' own tracks lay meanwhile.
    """

    first_t_s: int
    last_t_s: int
    n_positions: int
    lat: float
    lon: float
    radius_km: float
    detail: str


@dataclass
class Judgement:
    """Which pieces (MMSI, day, piece) are no ship's track, by what kinds of distrust; and the areas."""

    discarded: dict[PieceKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    areas: list[Area] = field(default_factory=list)

    def discard(self, ship: Ship, track: Track, *kinds: str) -> None:
        """Take a track out; with no kind its reports are a teleport's."""
        for piece in track.pieces:
            self.discarded[ship.mmsi, piece.day, piece.piece].update(kinds)


def judge(ships: Sequence[Ship], flags: FlagSettings, heard: Heard) -> Judgement:
    """Find the tracks that are no ship's, over all odd MMSIs at once."""
    found = Judgement()
    _own_tracks_off_land(ships, flags)
    _interference(ships, flags, heard, found)
    for ship in ships:
        for track in [] if ship.is_two else ship.others:
            if track.kind is None and not _takes_turns(ship, track, FEW_REPORTS, FEW_RUNS):
                _alone(ship, track, flags, found)
    return found


def _takes_turns(ship: Ship, track: Track, many: int, runs: int) -> bool:
    """Whether the track's reports and the own track's come in turns, as two transmitters' do."""
    n, n_runs = _counts(track.hours)
    if n < many or n_runs < runs:
        return False
    hours = {seen.odd.hour for seen in track.hours}
    n_main, main_runs = _counts(seen for seen in ship.main.hours if seen.odd.hour in hours)
    return n <= TURNS_LENGTH * n_runs or (main_runs > 1 and n_main <= TURNS_LENGTH * main_runs)


def _counts(hours: Iterable[Seen]) -> tuple[int, int]:
    listed = list(hours)
    return sum(seen.odd.n_reports for seen in listed), sum(seen.odd.n_runs for seen in listed)


def _alone(ship: Ship, track: Track, flags: FlagSettings, found: Judgement) -> None:
    """One ship's own affair: a run of positions on land that it jumped to, or shown away and back again."""
    if not track.hours:
        return
    near_s = max(seen.odd.near_s for seen in track.hours)
    far_s = max(seen.odd.far_s for seen in track.hours)
    n = n_reports(track.pieces)
    lasted_s = track.pieces[-1].last_t_s - track.pieces[0].first_t_s
    soon_s = flags.displaced_minutes * 60
    if n >= MIN_ON_LAND and track.land_share() >= flags.land_share and near_s <= soon_s:
        found.discard(ship, track, "on_land")
    elif far_s <= soon_s and lasted_s <= flags.displaced_hours * 3600:
        found.discard(ship, track)


# Interference in an area.


@dataclass(eq=False)
class _Shown:
    """An hour in which a ship was shown at (odd.lat, odd.lon); its own track lay at (lat, lon) meanwhile."""

    ship: Ship
    track: Track
    odd: OddHour
    lat: float
    lon: float
    away_km: float
    is_on_land: bool

    @property
    def comes_back(self) -> bool:
        """Whether the ship's own track was heard before this one and is heard after it."""
        own, pieces = self.ship.main.pieces, self.track.pieces
        return own[0].first_t_s < pieces[0].first_t_s and own[-1].last_t_s > pieces[-1].last_t_s

    @property
    def order(self) -> tuple[int, int, int]:
        """Hours first, and no two alike."""
        return self.odd.hour, self.ship.mmsi, self.odd.piece


def _own_tracks_off_land(ships: Sequence[Ship], flags: FlagSettings) -> None:
    """Where many ships' longest tracks lie on one spot on land, the tracks that lie at sea are their own."""
    inland = [
        _Shown(ship, ship.main, seen.odd, seen.odd.lat, seen.odd.lon, 0.0, True)
        for ship in ships
        if ship.main.land_share() >= flags.land_share
        for seen in ship.main.hours
    ]
    for at_once in _by_hour(inland):
        for crowd in _crowds_of(at_once, at_once, flags.interference_spot_km, flags.interference_ships):
            for ship in {one.ship.mmsi: one.ship for one in crowd}.values():
                at_sea = [t for t in ship.others if t.kind is None and t.land_share() < flags.land_share]
                if at_sea and ship.main.land_share() >= flags.land_share:
                    own = max(at_sea, key=lambda track: n_reports(track.pieces))
                    ship.others[ship.others.index(own)] = ship.main
                    ship.main = own


def _interference(ships: Sequence[Ship], flags: FlagSettings, heard: Heard, found: Judgement) -> None:
    """Discard what was shown by interference, and tell of the areas."""
    shown = [one for ship in ships for track in ship.others for one in _shown(ship, track, flags)]
    crowds = [crowd for at_once in _by_hour(shown) for crowd in _displaced_at_once(at_once, flags, heard)]
    for event in _events(crowds, shown, flags):
        for one in event:
            found.discard(one.ship, one.track, "gnss_interference", *["on_land"] * one.is_on_land)
        found.areas.append(_area(event))


def _shown(ship: Ship, track: Track, flags: FlagSettings) -> list[_Shown]:
    """A track's hours beside where the ship's own track lay: heard that day, else where it was around then.

    Frozen reports stand at a place that was true once; what comes in turns with the own track is another
    ship's, except on land.
    """
    is_on_land = track.land_share() >= flags.land_share
    turns = not is_on_land and _takes_turns(ship, track, TURNS_REPORTS, TURNS_RUNS)
    if track.kind == "frozen" or turns:
        return []
    own = {(piece.day, piece.piece) for piece in ship.main.pieces}
    found = []
    for seen in track.hours:
        odd = seen.odd
        lat, lon, away_km = odd.ref_lat, odd.ref_lon, odd.away_km
        if (seen.day, odd.ref_piece) not in own:
            around = min(
                ship.main.pieces,
                key=lambda p, t=odd.first_t_s: (max(p.first_t_s - t, t - p.last_t_s, 0), p.first_t_s),  # type: ignore[misc]
            )
            lat, lon = place_at(around, odd.first_t_s)
            away_km = _km(odd.lat, odd.lon, lat, lon)
        found.append(_Shown(ship, track, odd, lat, lon, away_km, is_on_land))
    return found


def _displaced_at_once(at_once: Sequence[_Shown], flags: FlagSettings, heard: Heard) -> list[list[_Shown]]:
    """The crowds of one hour: shown on one spot, or from one area to anywhere and back."""
    away = [one for one in at_once if one.away_km >= flags.interference_away_km or one.is_on_land]
    n_ships = flags.interference_ships
    crowds = _crowds_of(away, at_once, flags.interference_spot_km, n_ships)
    back = [one for one in away if one.comes_back]
    for crowd in _crowds_of(back, back, flags.interference_area_km, n_ships, own=True):
        lat, lon, radius_km = _extent([(one.lat, one.lon) for one in crowd])
        n_heard = heard(crowd[0].odd.hour, lat, lon, max(radius_km, flags.interference_away_km) + CELL_KM)
        if _n_ships(crowd) >= flags.interference_share * n_heard:
            crowds.append(crowd)
    return crowds


def _by_hour(shown: Sequence[_Shown]) -> list[list[_Shown]]:
    in_order = sorted(shown, key=lambda one: one.order)
    return [list(group) for _, group in groupby(in_order, key=lambda one: one.odd.hour)]


def _crowds_of(
    cores: Sequence[_Shown], everyone: Sequence[_Shown], km: float, n_ships: int, *, own: bool = False
) -> list[list[_Shown]]:
    """Groups around those of `cores` that have `n_ships` of their kind within `km`, with all others so near.

    By the places shown, or by those of the ships' own tracks.
    """
    if len(cores) < n_ships:
        return []
    near = _distances(cores, cores, own) <= km
    mmsi = np.array([one.ship.mmsi for one in cores])
    crowded = [i for i in range(len(cores)) if len(np.unique(mmsi[near[i]])) >= n_ships]
    groups: list[list[int]] = []
    for i in crowded:
        touching = [group for group in groups if near[i, group].any()]
        groups = [group for group in groups if not near[i, group].any()]
        groups.append(sorted([i, *(j for group in touching for j in group)]))
    beside = _distances(cores, everyone, own) <= km
    return [[everyone[int(i)] for i in np.flatnonzero(beside[group].any(axis=0))] for group in groups]


def _distances(some: Sequence[_Shown], others: Sequence[_Shown], own: bool) -> Floats:
    def places(shown: Sequence[_Shown]) -> Floats:
        pairs = [(one.lat, one.lon) if own else (one.odd.lat, one.odd.lon) for one in shown]
        return np.array(pairs).reshape(-1, 2)

    here, there = places(some), places(others)
    return distances_km(here[:, :1], here[:, 1:], there[:, 0], there[:, 1])


def _events(
    crowds: Sequence[list[_Shown]], shown: Sequence[_Shown], flags: FlagSettings
) -> list[list[_Shown]]:
    """Crowds of hours that follow one another in one area, and what else was shown away there meanwhile."""
    events: list[list[_Shown]] = []
    for crowd in crowds:
        same: list[list[_Shown]] = [crowd]
        others: list[list[_Shown]] = []
        for event in events:
            (same if _goes_on(event, crowd, flags) else others).append(event)
        events = [*others, [one for event in same for one in event]]
    hours = {at_once[0].odd.hour: at_once for at_once in _by_hour(shown)}
    runs: dict[int, list[list[_Shown]]] = defaultdict(list)
    for one in (one for hour in sorted(hours) for one in hours[hour]):
        of_track = runs[id(one.track)]
        if of_track and one.odd.hour - of_track[-1][-1].odd.hour <= PAUSE_H:
            of_track[-1].append(one)
        else:
            of_track.append([one])
    return [_whole(event, hours, runs, flags) for event in events]


def _goes_on(event: Sequence[_Shown], crowd: Sequence[_Shown], flags: FlagSettings) -> bool:
    hour = crowd[0].odd.hour
    recent = [one for one in event if hour - one.odd.hour <= PAUSE_H]
    if not recent:
        return False
    if {one.ship.mmsi for one in recent} & {one.ship.mmsi for one in crowd}:
        return True
    lat, lon, _ = _extent([(one.lat, one.lon) for one in recent])
    other_lat, other_lon, _ = _extent([(one.lat, one.lon) for one in crowd])
    return _km(lat, lon, other_lat, other_lon) <= flags.interference_area_km


def _whole(
    event: Sequence[_Shown],
    hours: Mapping[int, list[_Shown]],
    runs: Mapping[int, list[list[_Shown]]],
    flags: FlagSettings,
) -> list[_Shown]:
    """An event with single ships shown away there and then, and with the hours of its tracks on end."""
    members = set(event)
    lat, lon, radius_km = _extent([(one.lat, one.lon) for one in event])
    first, last = min(one.odd.hour for one in event), max(one.odd.hour for one in event)
    for hour in range(first, last + 1):
        members.update(
            one
            for one in hours.get(hour, ())
            if one.away_km >= flags.interference_away_km
            and _km(lat, lon, one.lat, one.lon) <= max(radius_km, flags.interference_area_km)
        )
    for track in {id(one.track) for one in members}:
        for run in runs[track]:
            if not members.isdisjoint(run):
                members.update(run)
    return sorted(members, key=lambda one: one.order)


def _area(event: Sequence[_Shown]) -> Area:
    lat, lon, radius_km = _extent([(one.lat, one.lon) for one in event])
    shown_lat, shown_lon, shown_km = _extent([(one.odd.lat, one.odd.lon) for one in event])
    return Area(
        first_t_s=min(one.odd.first_t_s for one in event),
        last_t_s=max(one.odd.last_t_s for one in event),
        n_positions=sum(one.odd.n_reports for one in event),
        lat=lat,
        lon=lon,
        radius_km=radius_km,
        detail=f"{_n_ships(event)} ships were shown within {shown_km:.0f} km of {shown_lat:.2f}, "
        f"{shown_lon:.2f} while their own tracks lay within {radius_km:.0f} km of {lat:.2f}, {lon:.2f}",
    )


def _n_ships(shown: Iterable[_Shown]) -> int:
    return len({one.ship.mmsi for one in shown})


def _extent(places: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """The middle (median) of some places, and the distance to the farthest of them, km."""
    lats, lons = np.array(places).T
    lat, lon = float(np.median(lats)), median_lon(lons)
    away = distances_km(lats, lons, np.array(lat), np.array(lon))
    return lat, lon, float(away.max())


def _km(lat: float, lon: float, lat_2: float, lon_2: float) -> float:
    return distance_m(lat, lon, lat_2, lon_2) / 1000.0
