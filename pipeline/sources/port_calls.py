"""Port calls of Digitraffic (Finnish port authorities): a witness of what was at which berth, when.

Only actual times count (`ata`, `atd`); what is merely expected is no call. The ports that the ship's
agent declares for before and after a call (`prevPort`, `nextPort`) are kept as declarations.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pipeline.errors import TransshipError
from pipeline.sources import objects
from pipeline.sources.base import Member
from pipeline.sources.sightings import (
    Reading,
    Row,
    country,
    moment,
    ship_imo,
    ship_mmsi,
    whole,
    within,
    words,
)

AHEAD = timedelta(hours=24)
RELATIONS = {"previous": "prevPort", "next": "nextPort"}


def read(member: Member, now: datetime) -> Reading:
    """The calls of one answer of `port-call/v1/port-calls`; one visit a berth with an actual arrival."""

    def unpack(data: Any) -> list[Any]:
        calls = within(data, "portCalls")
        if not isinstance(calls, list):
            raise TransshipError(
                f"{member.label}: field 'portCalls' is missing; not an answer of Digitraffic's port calls"
            )
        return calls

    calls, n_unreadable = objects.read(member, unpack)
    reading = Reading()
    reading.reject("unreadable", "an entry that is no JSON object", n_unreadable)
    _require_form(member, calls)
    seen: set[Any] = set()
    for call in calls:
        _call(reading, call, seen, now)
    return reading


def _require_form(member: Member, calls: list[Row]) -> None:
    """A field that no call has (null is a value), or none in its type, means that the form changed."""
    details = [call["portAreaDetails"] for call in calls if isinstance(call.get("portAreaDetails"), list)]
    berths = [berth for found in details for berth in found if isinstance(berth, dict)]
    # What may be left out: an IMO number beside an MMSI, and when a lone ship that is still there left.
    wanted: tuple[tuple[str, list[Row], Callable[[Any], object], bool], ...] = (
        ("portAreaDetails", calls, lambda value: isinstance(value, list), True),
        ("portToVisit", calls, lambda value: isinstance(value, str), True),
        ("mmsi", calls, lambda value: whole(value) is not None, True),
        ("imoLloyds", calls, lambda value: whole(value) is not None, False),
        ("ata", berths, moment, True),
        ("atd", berths, moment, len(berths) > 1),
    )
    for name, holders, reads, is_required in wanted:
        there = [holder[name] for holder in holders if holder.get(name) is not None]
        is_missing = not any(name in holder for holder in holders)
        if holders and is_missing and is_required:
            told = "is missing in"
        elif there and not any(map(reads, there)):
            told = "is of another type in"
        else:
            continue
        raise TransshipError(
            f"{member.label}: field {name!r} {told} all {len(calls)} calls; the form changed"
        )


def _call(reading: Reading, call: Row, seen: set[Any], now: datetime) -> None:
    """One call: kept if the ship is known to have arrived at one of its berths at least."""
    mmsi, imo = ship_mmsi(call.get("mmsi")), ship_imo(call.get("imoLloyds"))
    details = call.get("portAreaDetails")
    berths = [berth for berth in details if within(berth, "ata")] if isinstance(details, list) else []
    stays = [
        (berth, arrived, moment(within(berth, "atd")))
        for berth in berths
        if (arrived := moment(within(berth, "ata"))) is not None and arrived <= now + AHEAD
    ]
    reason = None
    if mmsi is None and imo is None:
        reason = "bad_mmsi"
    elif not words(call.get("portToVisit")):
        reason = "bad_position"
    elif not berths:
        reason = "not_arrived"
    elif not stays:
        reason = "bad_time"
    elif call.get("portCallId") in seen:
        reason = "repeat"
    if reason:
        reading.reject(reason, call)
        return
    seen.add(call.get("portCallId"))
    first = min(arrived for _, arrived, _ in stays)
    reading.rows["declarations"] += [
        {
            "witness": "port_authority",
            "call_ref": str(call.get("portCallId")),
            "visit_id": _visit_id(call, first),
            "relation": relation,
            "declared_text": said,
            "declared_at": moment(call.get("portCallTimestamp")) or first,
        }
        for relation, name in RELATIONS.items()
        if (said := words(call.get(name)))
    ]
    for berth, arrived, left in stays:
        ended_at = left if left is not None and left >= arrived else None
        reading.rows["visits"].append(
            {
                "witness": "port_authority",
                "visit_id": _visit_id(call, arrived),
                "mmsi": mmsi,
                "imo": imo,
                "name": words(call.get("vesselName")),
                "callsign": words(call.get("radioCallSign")),
                "flag": country(call.get("nationality")),
                "port_id": str(call["portToVisit"]).strip().upper(),
                "place": words(within(berth, "berthName")) or words(within(berth, "portAreaName")),
                "kind": "berth",
                "started_at": arrived,
                "ended_at": ended_at,
                "confidence": 4 if ended_at else 3,
            }
        )
    reading.keep(*(time for _, arrived, left in stays for time in (arrived, left)))


def _visit_id(call: Row, arrived: datetime) -> str:
    """A call may have several berths, told apart by the arrival there."""
    return f"{call.get('portCallId')}-{arrived:%Y%m%dT%H%M%S}"
