"""Global Fishing Watch: port visits, encounters, loitering and gaps as JSON, and who the ships are.

Read in its published clients; docs/gfw.md says what was not verified against the live service.
"""

from collections.abc import Iterable, Sized
from datetime import datetime, timedelta
from typing import Any, NoReturn

from pipeline.errors import TransshipError
from pipeline.sources import objects
from pipeline.sources.base import Member, Source
from pipeline.sources.sightings import (
    Reading,
    Row,
    country,
    moment,
    number,
    position,
    ship_imo,
    ship_mmsi,
    whole,
    within,
    words,
    yes,
)

SOURCE = Source(
    key="gfw",
    title="Global Fishing Watch events",
    coverage="worldwide, from satellites too: port visits, encounters, loitering and gaps, no positions",
    delay="about 3 to 5 days",
    lag_days=3,
    licence="CC BY-NC 4.0 (non-commercial use only)",
    attribution="Global Fishing Watch, globalfishingwatch.org",
    key_variables=("GFW_API_TOKEN",),
    good_for="calls at hubs in Morocco and Turkey and in Russia, over years; a witness besides our own",
    blind_to="draught and destination; the terminal within a port; stays that its satellites did not hear",
)

KINDS = ("port_visit", "encounter", "loitering", "gap")
# Anything later is nonsense.
AHEAD = timedelta(hours=24)
# Its vessel types, in lower case, as our classes; what is not here (unknown, discrepancy) is none.
TYPES = {
    "cargo": "cargo",
    "carrier": "cargo",
    "cargo_or_reefer": "cargo",
    "container": "cargo",
    "container_reefer": "cargo",
    "specialized_reefer": "cargo",
    "reefer": "cargo",
    "bunker": "tanker",
    "bunker_or_tanker": "tanker",
    "tanker": "tanker",
    "well_boat": "other",
    "fishing": "fishing",
    "passenger": "passenger",
    "tug": "tug",
    "support": "other",
    "seismic_vessel": "other",
    "research": "other",
    "dredge_non_fishing": "dredging",
    "patrol_vessel": "law enforcement",
    "other": "other",
    "other_non_fishing": "other",
    "non_fishing": "other",
}


def read(member: Member, now: datetime) -> Reading:
    """The entries of one answer of `/v3/events` or `/v3/vessels`. Raises TransshipError for another form."""
    entries, n_unreadable = objects.read(member, lambda data: _entries(member, data))
    reading = Reading()
    reading.reject("unreadable", "an entry that is no JSON object", n_unreadable)
    if any("selfReportedInfo" in entry or "registryInfo" in entry for entry in entries):
        for entry in entries:
            _identities(reading, entry)
        return reading
    _require_form(member, entries)
    seen: set[Any] = set()
    for entry in entries:
        _event(reading, entry, seen, now)
    return reading


def _entries(member: Member, data: Any) -> list[Any]:
    entries = within(data, "entries")
    if not isinstance(entries, list):
        raise TransshipError(
            f"{member.label}: field 'entries' is {'no list' if entries else 'missing'}; "
            "not an answer of Global Fishing Watch"
        )
    return entries


def _require_form(member: Member, entries: list[Row]) -> None:
    """A field that no entry has, or none in its type, means that the form changed."""
    readers: tuple[tuple[tuple[str, ...], Any, str], ...] = (
        (("type",), lambda value: isinstance(value, str), "text"),
        (("start",), moment, "time"),
        (("end",), lambda value: value == "" or moment(value), "time"),
        (("vessel", "ssvid"), whole, "number"),
    )
    for names, reads, kind in readers:
        found = [within(entry, *names) for entry in entries]
        there = [value for value in found if value is not None]
        if entries and not there and names != ("end",):
            raise TransshipError(
                f"{member.label}: field {'.'.join(names)!r} is missing in all {len(entries)} entries; "
                "the form changed"
            )
        if there and not any(reads(value) for value in there):
            raise TransshipError(
                f"{member.label}: field {'.'.join(names)!r} is no {kind} in any entry; the form changed"
            )
    # One that lasts may come without an end; all of several do not.
    if len(entries) > 1 and not any("end" in entry for entry in entries):
        _miss(member, "end", entries)
    if entries and not any(_places(entry, _of_kind(entry, _kind(entry))) for entry in entries):
        _miss(member, "position", entries)
    for kind in ("port_visit", "encounter"):
        alike = [entry for entry in entries if _kind(entry) == kind]
        if alike and not any(_of_kind(entry, kind) for entry in alike):
            _miss(member, kind, alike)
    visits = [_of_kind(entry, "port_visit") for entry in entries if _kind(entry) == "port_visit"]
    if visits and not any(whole(within(told, "confidence")) for told in visits):
        _miss(member, "port_visit.confidence", visits)


def _miss(member: Member, name: str, holders: Sized) -> NoReturn:
    raise TransshipError(
        f"{member.label}: field {name!r} is missing or of another type in all {len(holders)} entries; "
        "the form changed"
    )


def _kind(entry: Row) -> str:
    return str(entry.get("type") or "").lower()


def _of_kind(entry: Row, kind: str) -> Any:
    """What an entry tells of its kind: under `port_visit`, or `portVisit` as the clients spell it."""
    head, _, tail = kind.partition("_")
    return entry.get(kind) or entry.get(head + tail.capitalize()) or {}


def _event(reading: Reading, entry: Row, seen: set[Any], now: datetime) -> None:
    """One entry of `/v3/events`: counted, and kept as an event, a port visit as a visit too."""
    kind = _kind(entry)
    told = _of_kind(entry, kind)
    places = _places(entry, told)
    ref = within(entry, "vessel", "id") or within(entry, "vessel", "ssvid")
    event_id = str(entry.get("id") or f"{kind}-{ref}-{entry.get('start')}")
    reason = _fault(entry, kind, places, now) or ("repeat" if event_id in seen else None)
    if reason:
        reading.reject(reason, entry)
        return
    seen.add(event_id)
    row = _event_row(entry, kind, told, event_id, places[0])
    reading.rows["events"].append(row)
    if kind == "port_visit":
        reading.rows["visits"].append(_visit_row(row, told, places))
    reading.keep(row["started_at"], row["ended_at"])


def _fault(entry: Row, kind: str, places: list[tuple[float, float]], now: datetime) -> str | None:
    """Why an entry cannot be used; None where it can."""
    started_at, ended_at = moment(entry.get("start")), moment(entry.get("end"))
    lasts = entry.get("end") in (None, "")
    if kind not in KINDS:
        return "unknown_type"
    if ship_mmsi(within(entry, "vessel", "ssvid")) is None:
        return "bad_mmsi"
    if started_at is None or not (lasts or (ended_at is not None and ended_at >= started_at)):
        return "bad_time"
    if started_at > now + AHEAD:
        return "future"
    return None if places else "bad_position"


def _anchorages(told: Any) -> list[Any]:
    return [within(told, f"{which}Anchorage") for which in ("start", "intermediate", "end")]


def _places(entry: Row, told: Any) -> list[tuple[float, float]]:
    """Where it was: a visit's anchorages from the first on, then the event's own position."""
    found = [position(anchorage) for anchorage in _anchorages(told)]
    found += [position(entry.get("position")), position(within(told, "offPosition"))]
    return [place for place in found if place is not None]


def _event_row(entry: Row, kind: str, told: Any, event_id: str, place: tuple[float, float]) -> Row:
    vessel, other = entry.get("vessel"), within(told, "vessel")
    off, on = position(within(told, "offPosition")), position(within(told, "onPosition"))
    speeds = [number(within(told, name)) for name in ("medianSpeedKnots", "averageSpeedKnots")]
    hours = ("durationHrs", "totalTimeHours", "durationHours")
    distances = [number(within(told, name)) for name in ("distanceKm", "totalDistanceKm")]
    return {
        "event_id": event_id,
        "kind": kind,
        **_ship(vessel, "ship_ref", "mmsi", "name", "flag", "ship_type"),
        **_ship(other, "other_ref", "other_mmsi", "other_name", "other_flag", "other_type"),
        "started_at": moment(entry.get("start")),
        "ended_at": moment(entry.get("end")),
        "lat": place[0],
        "lon": place[1],
        "place": next((name for a in _anchorages(told) if (name := words(within(a, "name")))), None),
        "confidence": whole(within(told, "confidence")),
        "duration_h": next((h for name in hours if (h := number(within(told, name))) is not None), None),
        "median_distance_km": number(within(told, "medianDistanceKilometers")),
        "median_speed_kn": next((speed for speed in speeds if speed is not None), None),
        "distance_km": next((distance for distance in distances if distance is not None), None),
        "off_lat": off and off[0],
        "off_lon": off and off[1],
        "on_lat": on and on[0],
        "on_lon": on and on[1],
        "is_intentional": (
            yes(within(told, "intentionalDisabling"))
            if within(told, "intentionalDisabling") is not None
            else None
        ),
    }


def _ship(vessel: Any, ref: str, mmsi: str, name: str, flag: str, ship_type: str) -> Row:
    """Who a `vessel` object is, under these column names."""
    return {
        ref: words(within(vessel, "id")),
        mmsi: ship_mmsi(within(vessel, "ssvid")),
        name: words(within(vessel, "name")),
        flag: country(within(vessel, "flag")),
        ship_type: TYPES.get(str(within(vessel, "type") or "").strip().lower().replace(" ", "_")),
    }


def _visit_row(event: Row, told: Any, places: list[tuple[float, float]]) -> Row:
    """A port visit in the words that all witnesses share."""
    row = {
        name: event[name]
        for name in ("ship_ref", "mmsi", "name", "flag", "ship_type", "place", "started_at", "ended_at")
    }
    row |= {
        "witness": "gfw",
        "visit_id": event["event_id"],
        # The ship waited in the roads first and berthed later: it was at berth.
        "kind": "berth" if any(yes(within(a, "atDock")) for a in _anchorages(told)) else "anchorage",
        "confidence": min(4, max(1, event["confidence"] or 2)),
    }
    for place, end in zip(places, ("", "_2", "_3", "_4"), strict=False):
        row[f"lat{end}"], row[f"lon{end}"] = place
    return row


def _identities(reading: Reading, entry: Row) -> None:
    """One entry of `/v3/vessels`: what the ship sent of itself, and what registers say of it."""
    sent = [said for said in entry.get("selfReportedInfo") or [] if ship_mmsi(within(said, "ssvid"))]
    listed = [said for said in entry.get("registryInfo") or [] if ship_mmsi(within(said, "ssvid"))]
    numbers = {imo for said in entry.get("registryInfo") or [] if (imo := ship_imo(within(said, "imo")))}
    for said in sent:
        # Its own word, else that of the registers on this MMSI, else theirs on the ship, where they agree.
        same = {ship_imo(within(r, "imo")) for r in listed if whole(r["ssvid"]) == whole(said["ssvid"])} - {
            None
        }
        imo = ship_imo(said.get("imo")) or next(
            (next(iter(found)) for found in (same, numbers) if len(found) == 1), None
        )
        ref = words(said.get("id")) or words(said.get("vesselId"))
        reading.rows["identities"].append(_identity(entry, said, ref, imo))
    for said in listed:
        reading.rows["identities"].append(_identity(entry, said, None, ship_imo(said.get("imo"))))
    if sent or listed:
        # Used for who the ship is; where it was is not in it.
        reading.reject("no_position", entry)
    else:
        reading.reject("bad_mmsi", entry)


def _identity(entry: Row, said: Row, ref: str | None, imo: int | None) -> Row:
    length_m = number(said.get("lengthM"))
    return {
        "ship_ref": ref,
        "mmsi": ship_mmsi(said.get("ssvid")),
        "imo": imo,
        "name": words(said.get("shipname")) or words(said.get("nShipname")),
        "callsign": words(said.get("callsign")),
        "flag": country(said.get("flag")),
        "ship_type": _class(entry, ref, said),
        "length_m": length_m if length_m and length_m > 0 else None,
        "valid_from": moment(said.get("transmissionDateFrom") or said.get("firstTransmissionDate")),
        "valid_to": moment(said.get("transmissionDateTo") or said.get("lastTransmissionDate")),
    }


def _class(entry: Row, ref: str | None, said: Row) -> str | None:
    """The ship's class: its own, else what the combined sources say of this id."""
    combined: Iterable[Any] = (
        source for source in entry.get("combinedSourcesInfo") or [] if within(source, "vesselId") == ref
    )
    names = [said.get("shiptype")]
    names += [within(kind, "name") for source in combined for kind in within(source, "shiptypes") or []]
    found = [TYPES.get(str(name or "").lower()) for name in names]
    return next((name for name in found if name), None)
