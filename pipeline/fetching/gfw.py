"""Global Fishing Watch: events near hubs and Russian ports by month, then the ships that matter.

One report at a time (429 otherwise); a long one ends in 524, and is then asked for in halves. What is in raw/
says what need not be asked again: each page holds its window and the offset of the next.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import cos, floor, radians
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import TransshipError
from pipeline.fetching.base import Fetcher, Job
from pipeline.gazetteer import hubs as all_hubs
from pipeline.net import Answer, NotThere, Unfit, Unreachable, as_json
from pipeline.sources.gfw import SOURCE
from pipeline.sources.sightings import position, whole, within

HOST = "https://gateway.api.globalfishingwatch.org"
DATASETS = {
    "port_visit": "public-global-port-visits-events:latest",
    "encounter": "public-global-encounters-events:latest",
    "loitering": "public-global-loitering-events:latest",
    "gap": "public-global-gaps-events:latest",
}
IDENTITIES = "public-global-vessel-identity:latest"
# 1 is a guess from silence alone.
CONFIDENCES = ["2", "3", "4"]
LIMIT = 5000
# So often may a window end in 524 before its halves are asked for.
TRIES_TOO_LONG = 4
# About 2,000 ids in a body were refused (422), and more than 20 in an address.
IDS_A_REPORT, IDS_AN_ADDRESS = 500, 20
# Days younger than this are not there yet; what was younger than SETTLED days is asked for again another day.
DELAY, SETTLED = timedelta(days=3), timedelta(days=7)
# A link reaches back so far from its arrival: links.max_days_at_hub and links.max_days_to_russia.
LOOK_BACK = timedelta(days=75)
# Types that carry no cargo from port to port: who they are is not asked.
NO_CARGO = {"fishing", "passenger", "tug", "support", "seismic_vessel", "patrol_vessel", "gear"}
KM_PER_DEGREE = 111.195
ONE_DAY = timedelta(days=1)

# South, north, west, east in degrees.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Region:
    """Where events are asked for: boxes around hubs, and around ports that Russia controls."""

    hubs: list[Box]
    russia: list[Box]

    def geometry(self) -> dict[str, Any]:
        """All of it as GeoJSON; boxes that meet are one, since a MultiPolygon's parts must not overlap."""
        rings = [
            [[w, s], [e, s], [e, n], [w, n], [w, s]] for s, n, w, e in _joined([*self.hubs, *self.russia])
        ]
        return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


class Lookup:
    """Which points lie in any of the boxes, by whole degrees."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        """Boxes may overlap."""
        self.boxes: dict[tuple[int, int], list[Box]] = {}
        for box in boxes:
            for lat in range(floor(box[0]), floor(box[1]) + 1):
                for lon in range(floor(box[2]), floor(box[3]) + 1):
                    self.boxes.setdefault((lat, lon), []).append(box)

    def __contains__(self, place: tuple[float, float]) -> bool:
        """Whether a box holds the point."""
        lat, lon = place
        return any(
            s <= lat <= n and w <= lon <= e for s, n, w, e in self.boxes.get((floor(lat), floor(lon)), [])
        )


@dataclass
class Asking:
    """One run: what is asked with, and what was asked before."""

    job: Job
    today: date
    region: Region
    facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def events(self, kind: str, first: date, end: date, ids: tuple[str, ...] = ()) -> None:
        """All pages of the events of a window (`end` exclusive), near hubs and Russia or of some ships.

        A window that is too long for the service is asked for in halves.
        """
        half = first + (end - first) // 2
        folders = [self._folder(kind, a, b, ids) for a, b in ((first, end), (first, half))]
        whole_begun, half_begun = (self.job.raw.has(_page(folder, 0)) for folder in folders)
        if whole_begun or not half_begun or half == first:
            try:
                self._pages(folders[0], kind, first, end, ids)
                return
            except Unreachable as error:
                # Anything but a time-out would meet the halves too.
                if "524" not in str(error) or half == first or self.job.raw.has(_page(folders[0], 0)):
                    raise
                self.job.say(f"gfw: {kind} of {first} to {end - ONE_DAY} takes too long; asked for in halves")
        self.events(kind, first, half, ids)
        self.events(kind, half, end, ids)

    def _folder(self, kind: str, first: date, end: date, ids: tuple[str, ...]) -> str:
        ships = f"-{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:12]}" if ids else ""
        again = "" if self.is_settled(end - ONE_DAY) else f"-at{self.today:%Y%m%d}"
        return f"{kind}{ships}/{first:%Y%m%d}-{end:%Y%m%d}{again}"

    def is_settled(self, day: date) -> bool:
        """Whether the events of a day change no more."""
        return day + SETTLED <= self.today

    def windows_of(self, days: Iterable[date], *, by: Literal["month", "year"]) -> list[tuple[date, date]]:
        """Windows (end exclusive) of days on end, none over the turn of a month or year.

        Settled days stand apart, so that what will change asks for nothing else anew.
        """
        found: list[tuple[date, date]] = []
        for day in sorted(days):
            last = found[-1][1] - ONE_DAY if found else None
            if (
                last is not None
                and day - last == ONE_DAY
                and getattr(day, by) == getattr(last, by)
                and self.is_settled(day) == self.is_settled(last)
            ):
                found[-1] = (found[-1][0], day + ONE_DAY)
            else:
                found.append((day, day + ONE_DAY))
        return found

    def _pages(self, folder: str, kind: str, first: date, end: date, ids: tuple[str, ...]) -> None:
        body: dict[str, Any] = {
            "datasets": [DATASETS[kind]],
            "startDate": f"{first}",
            "endDate": f"{end}",
            **({"confidences": CONFIDENCES} if kind == "port_visit" else {}),
            **({"vessels": list(ids)} if ids else {"geometry": self.region.geometry()}),
        }
        asked = {
            "kind": kind,
            "window_from": f"{first}",
            "window_to": f"{end - ONE_DAY}",
            "is_settled": self.is_settled(end - ONE_DAY),
            "ids": list(ids),
        }
        offset: int | None = 0
        while offset is not None:
            before, name = offset, _page(folder, offset)
            if self.job.raw.has(name):
                self.job.is_known()
                offset = whole(self.of(name).get("next_offset"))
            else:
                answer = self.job.client.post(
                    f"{HOST}/v3/events",
                    params={"limit": LIMIT, "offset": offset},
                    headers=self._headers(),
                    json=body,
                    expect=_as_page,
                    tries_too_long=TRIES_TOO_LONG if before == 0 and end - first > ONE_DAY else None,
                )
                offset = answer.data
                self.job.keep(name, answer, offset=before, next_offset=offset, **asked)
            if offset is not None and offset <= before:
                raise TransshipError(
                    f"gfw: field 'nextOffset' in the answer of /v3/events is {offset} after {before}; "
                    "its form changed"
                )

    def identities(self, ids: Iterable[str]) -> None:
        """Who these ships are, IMO numbers above all; those asked before are left out."""
        known = {ref for name in self.job.raw.names("vessels/") for ref in self.of(name).get("ids", [])}
        for batch in _batches(sorted(set(ids) - known), IDS_AN_ADDRESS):
            numbered = {f"ids[{number}]": ref for number, ref in enumerate(batch)}
            try:
                answer = self.job.client.get(
                    f"{HOST}/v3/vessels",
                    params={"datasets[0]": IDENTITIES, **numbered},
                    headers=self._headers(),
                    expect=_as_entries,
                )
            except (NotThere, Unreachable) as error:
                # Without IMO numbers ships are still joined by MMSI.
                self.job.say(f"{error}; IMO numbers of {len(batch)} ships or more are not known")
                return
            name = hashlib.sha256(" ".join(batch).encode()).hexdigest()[:16]
            self.job.keep(f"vessels/{name}.json", answer, ids=list(batch))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.job.keys['GFW_API_TOKEN']}"}

    def of(self, name: str) -> Mapping[str, Any]:
        """What stands beside a raw file."""
        if name not in self.facts:
            self.facts[name] = self.job.raw.facts(name)
        return self.facts[name]

    def windows(self, prefix: str) -> Iterator[tuple[Mapping[str, Any], list[str]]]:
        """Whole windows in raw/ below folders of this prefix: what was asked, and the pages' names."""
        raw = self.job.raw
        for start in raw.names(prefix):
            if not start.endswith(_page("", 0)):
                continue
            pages: list[str] = []
            offset: int | None = 0
            while offset is not None and raw.has(name := _page(start.rsplit("/", 1)[0], offset)):
                pages.append(name)
                offset = self.of(name).get("next_offset")
            if offset is None:
                yield self.of(start), pages

    def counts(self, asked: Mapping[str, Any], pages: list[str]) -> bool:
        """Whether a window need not be asked for again: what is young changes, but not within the day."""
        return bool(asked.get("is_settled")) or f"-at{self.today:%Y%m%d}/" in pages[0]


def fetch(job: Job) -> None:
    """Events of the days asked for that are not here yet; then the ships that matter, and who they are."""
    today = job.clock.now().date()
    asking = Asking(job, today, region(job.raw.folder.parent.parent / "hubs.csv"))
    days = []
    for day in job.days:
        if day > today - DELAY:
            job.is_missing(day)
        else:
            days.append(day)
    if not days:
        return
    for kind in DATASETS:
        done = _days_done(asking, kind)
        wanted = [day for day in days if day not in done]
        for first, end in asking.windows_of(wanted, by="month"):
            asking.events(kind, first, end)
            job.progress.advance((end - first).days if kind == "port_visit" else 0)
    hub_ids, russia_ids = _ships_seen(asking, days[0], days[-1])
    bound = hub_ids & russia_ids
    # Where else they called: where they came from, and whether they called between hub and arrival.
    for (first, end), ids in _still_to_ask(asking, bound, days[0] - LOOK_BACK, days[-1]).items():
        for batch in _batches(ids, IDS_A_REPORT):
            asking.events("port_visit", first, end, batch)
    asking.identities(hub_ids | russia_ids)


def region(hubs_file: Path | None = None) -> Region:
    """Boxes from the gazetteer: hubs of the first tier with their roads, areas at sea, Russia's ports."""
    from geo import gazetteer  # noqa: PLC0415 (pandas is slow to import)

    ports = gazetteer.load_ports().to_dict("records")
    terminals = gazetteer.load_terminals().to_dict("records")
    hubs = all_hubs(hubs_file)
    wanted = asked_hubs(hubs)
    circles: dict[str, list[dict[str, Any]]] = {row["port_id"]: [row] for row in ports}
    for row in [*terminals, *({**row, "port_id": row["hub_id"]} for row in hubs if row["kind"] == "port")]:
        circles.setdefault(row["port_id"], []).append(row)
    russian = {row["port_id"] for row in ports if row["controlled_by"] == "RU"}
    areas = [_box([row]) for row in hubs if row["kind"] == "sts_area" and row["tier"] <= 2]
    return Region(
        hubs=[*areas, *(_box(circles[port_id]) for port_id in wanted)],
        russia=[_box(circles[port_id]) for port_id in sorted(russian)],
    )


def asked_hubs(hubs: list[dict[str, Any]]) -> list[str]:
    """The hub ports (of rows of the gazetteer) around which events are asked for: those of the first tier."""
    return sorted({row["hub_id"] for row in hubs if row["kind"] == "port" and row["tier"] == 1})


def _box(circles: list[dict[str, Any]], margin_km: float = 3) -> Box:
    """The box that holds circles of `radius_km` around `lat`, `lon`, rounded outwards to 0.01 degree."""
    edges = []
    for row in circles:
        lat, lon, reach = float(row["lat"]), float(row["lon"]), float(row["radius_km"]) + margin_km
        up = reach / KM_PER_DEGREE
        side = up / max(0.01, cos(radians(lat)))
        edges.append((lat - up, lat + up, lon - side, lon + side))
    south, north, west, east = (list(edge) for edge in zip(*edges, strict=True))
    return (
        round(max(-90.0, min(south)) - 0.005, 2),
        round(min(90.0, max(north)) + 0.005, 2),
        round(max(-180.0, min(west) - 0.005), 2),
        round(min(180.0, max(east) + 0.005), 2),
    )


def _joined(boxes: list[Box]) -> list[Box]:
    """Boxes that overlap or touch as the one that holds both, until none do."""
    found: list[Box] = []
    for box in sorted(boxes):
        new = box
        while touching := [b for b in found if _touch(b, new)]:
            found = [b for b in found if b not in touching]
            souths, norths, wests, easts = zip(*touching, new, strict=True)
            new = (min(souths), max(norths), min(wests), max(easts))
        found.append(new)
    return sorted(found)


def _touch(a: Box, b: Box) -> bool:
    return a[0] <= b[1] and b[0] <= a[1] and a[2] <= b[3] and b[2] <= a[3]


def _page(folder: str, offset: int) -> str:
    return f"{folder}/{offset:08d}.json"


def _as_entries(answer: Answer) -> list[Any]:
    entries = within(as_json(answer), "entries")
    if not isinstance(entries, list):
        raise Unfit("field 'entries' is missing or no list in the answer; its form changed")
    return entries


def _as_page(answer: Answer) -> int | None:
    """Expect a page of events; returns the offset of the next, None at the end."""
    _as_entries(answer)
    page = as_json(answer)
    if "nextOffset" not in page:
        raise Unfit("field 'nextOffset' is missing in the answer; its form changed")
    if page["nextOffset"] is None:
        return None
    offset = whole(page["nextOffset"])
    if offset is None:
        raise Unfit(f"field 'nextOffset' is {page['nextOffset']!r}, no number; its form changed")
    return offset


def _days_done(asking: Asking, kind: str) -> set[date]:
    """The days whose events of this kind are in raw/."""
    done: set[date] = set()
    for asked, pages in asking.windows(f"{kind}/"):
        if asking.counts(asked, pages):
            done.update(_days(asked))
    return done


def _days(asked: Mapping[str, Any]) -> Iterator[date]:
    first, last = (date.fromisoformat(asked[name]) for name in ("window_from", "window_to"))
    return (first + number * ONE_DAY for number in range((last - first).days + 1))


def _still_to_ask(
    asking: Asking, ships: Iterable[str], first: date, last: date
) -> dict[tuple[date, date], list[str]]:
    """The windows (end exclusive) of these days whose visits are not in raw/, each with its ships."""
    done: dict[str, set[date]] = {}
    for asked, pages in asking.windows("port_visit-"):
        if asking.counts(asked, pages):
            for ref in asked["ids"]:
                done.setdefault(ref, set()).update(_days(asked))
    days = [first + number * ONE_DAY for number in range((last - first).days + 1)]
    wanted: dict[tuple[date, date], list[str]] = {}
    for ref in sorted(ships):
        for window in asking.windows_of(set(days) - done.get(ref, set()), by="year"):
            wanted.setdefault(window, []).append(ref)
    return dict(sorted(wanted.items()))


def _batches(ids: list[str], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(ids), size):
        yield tuple(ids[start : start + size])


def _ships_seen(asking: Asking, first: date, last: date) -> tuple[set[str], set[str]]:
    """Ids of ships that may carry cargo: who called at a hub since LOOK_BACK, and in Russia in these days."""
    at_hub: set[str] = set()
    in_russia: set[str] = set()
    since, arrived_since = f"{first - LOOK_BACK}", f"{first}"
    hubs, russia = Lookup(asking.region.hubs), Lookup(asking.region.russia)
    for asked, pages in asking.windows("port_visit/"):
        if asked["window_to"] < since or asked["window_from"] > f"{last}":
            continue
        for name in pages:
            for entry in json.loads(asking.job.raw.path(name).read_bytes())["entries"]:
                ref = within(entry, "vessel", "id")
                kind = str(within(entry, "vessel", "type") or "").lower()
                visit = within(entry, "port_visit") or within(entry, "portVisit")
                place = position(within(visit, "startAnchorage")) or position(within(entry, "position"))
                if not isinstance(ref, str) or place is None or kind in NO_CARGO:
                    continue
                if place in hubs:
                    at_hub.add(ref)
                ended = str(within(entry, "end") or "9999")
                if ended >= arrived_since and place in russia:
                    in_russia.add(ref)
    return at_hub, in_russia


FETCHER = Fetcher(SOURCE, fetch, takes="days", rate_per_minute=600, knows_its_days=True)
