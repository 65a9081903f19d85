"""FollowTheMoney entities, one JSON object a line (https://followthemoney.tech), for Aleph and the like.

A ship is a Vessel; a port call, encounter, silence and the like is an Event, joined to its ships by
UnknownLinks, since an Event's own `involved` holds legal persons only. A possible transfer is an UnknownLink
from the giving to the taking ship, with its score in the role. A hit on a list (no lead) is a Sanction of the
ship, and its topic.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb

LEAD = "A lead to check, not a verdict: its probability is documented judgement (transship)."
AUTHORITIES = {
    "ofac": "US Department of the Treasury, Office of Foreign Assets Control",
    "uk": "UK Foreign, Commonwealth and Development Office",
    "eu": "European Union",
    "opensanctions": "by way of OpenSanctions.org",
}
ROLES = {
    "port_call": "called", "encounter": "alongside", "loitering": "lay at sea", "silence": "fell silent",
    "russia_arrival": "arrived",
}  # fmt: skip
MANY = 5000


def entities(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Ships with what lists say of them, events, possible transfers; each kind sorted by id."""
    yield from map(_line, _vessels(con))
    yield from map(_line, _sanctions(con))
    yield from map(_line, _events(con))
    yield from map(_line, _links(con))


def _line(entity: dict[str, Any]) -> str:
    return json.dumps(entity, ensure_ascii=False)


def _entity(schema: str, key: str, **properties: Any) -> dict[str, Any]:
    """An entity whose properties are lists of texts; what is null or empty is left out."""
    texts: dict[str, list[str]] = {}
    for name, value in properties.items():
        values = value if isinstance(value, list) else [value]
        told = [_text(one) for one in values if one not in (None, "")]
        if told:
            texts[name] = list(dict.fromkeys(told))
    return {"id": f"transship-{key}", "schema": schema, "properties": texts}


def _text(value: Any) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S") if isinstance(value, datetime) else str(value)


def _records(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[dict[str, Any]]:
    # A cursor of its own would not see temporary tables: each query is read before the next is asked.
    answer = con.execute(query)
    names = [column[0] for column in answer.description or ()]
    while rows := answer.fetchmany(MANY):
        for row in rows:
            yield dict(zip(names, row, strict=True))


def _vessels(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    identities: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in _records(
        con,
        """SELECT i.vessel_id, i.name, i.mmsi, i.imo, i.callsign, i.flag, i.ship_type
            FROM identities_export AS i SEMI JOIN (FROM ships_export WHERE is_selected) USING (vessel_id)
            ORDER BY i.vessel_id, i.valid_to DESC, i.mmsi, i.name""",
    ):
        for name in ("name", "mmsi", "imo", "callsign", "flag", "ship_type"):
            if row[name] is not None:
                identities[row["vessel_id"]][name].append(row[name])
    topics: dict[str, list[str]] = defaultdict(list)
    for row in _records(
        con, "SELECT vessel_id, is_sanction, topics FROM hits_export WHERE NOT is_lead ORDER BY hit_id"
    ):
        said = str(row["topics"] or "").split(";")
        topics[row["vessel_id"]] += ["sanction"] if row["is_sanction"] else []
        topics[row["vessel_id"]] += [topic for topic in ("mare.shadow", "mare.detained") if topic in said]
    for ship in _records(con, "FROM ships_export WHERE is_selected ORDER BY vessel_id"):
        known = identities[ship["vessel_id"]]
        yield _entity(
            "Vessel",
            f"vessel-{ship['vessel_id']}",
            name=ship["name"] or f"MMSI {ship['mmsi']}",
            previousName=[name for name in known["name"] if name != ship["name"]],
            imoNumber=[f"IMO{number}" for number in [ship["imo"], *known["imo"]] if number],
            mmsi=[ship["mmsi"], *known["mmsi"]],
            callSign=[ship["callsign"], *known["callsign"]],
            flag=(ship["flag"] or "").lower(),
            pastFlags=[flag.lower() for flag in known["flag"] if flag != ship["flag"]],
            type=ship["ship_type"],
            topics=topics[ship["vessel_id"]],
            notes="Names, numbers and flag as the ship transmitted them.",
        )


def _sanctions(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    for hit in _records(con, "FROM hits_export WHERE is_sanction AND NOT is_lead ORDER BY hit_id"):
        url = str(hit["url"] or "")
        yield _entity(
            "Sanction",
            f"hit-{hit['hit_id']}",
            entity=f"transship-vessel-{hit['vessel_id']}",
            authority=AUTHORITIES.get(hit["list"], hit["list"]),
            program=hit["program"],
            reason=hit["reason"],
            provisions=hit["legal_point"],
            listingDate=hit["listed_on"],
            recordId=hit["entity_id"],
            sourceUrl=url if url.startswith("https://") else None,
            summary=f"Listed as {hit['entity_name']}; matched by {hit['matched_identity']}",
            retrievedAt=hit["fetched_at"],
        )


def _events(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    for event in _records(con, "FROM events_export WHERE is_selected ORDER BY event_id"):
        key = f"event-{event['event_id']}"
        yield _entity(
            "Event",
            key,
            name=event["told"],
            startDate=event["started_at"],
            endDate=event["ended_at"],
            location=event["place_name"] or _position(event),
            country=(event["country"] or "").lower(),
            summary=f"Seen by {event['witness']} at {_position(event)}" if event["witness"] else None,
            recordId=event["event_id"],
        )
        for side in ("vessel_id", "other_vessel_id"):
            # Who lay beside a ship that was alone is a guess, and no link.
            if event[side] and (side == "vessel_id" or event["kind"] == "encounter"):
                yield _entity(
                    "UnknownLink",
                    f"{key}-{event[side]}",
                    subject=f"transship-vessel-{event[side]}",
                    object=f"transship-{key}",
                    role=ROLES[event["kind"]],
                    startDate=event["started_at"],
                    endDate=event["ended_at"],
                )


def _links(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    for link in _records(con, "FROM links_export ORDER BY link_id"):
        yield _entity(
            "UnknownLink",
            f"link-{link['link_id']}",
            subject=f"transship-vessel-{link['from_vessel_id']}",
            object=f"transship-vessel-{link['to_vessel_id']}",
            role=f"possible transfer of cargo, probability {link['score']:.2f} by judgement",
            status=f"{link['status']}, review {link['review']}",
            startDate=link["transfer_started_at"],
            endDate=link["transfer_ended_at"],
            summary=link["told"],
            description=LEAD,
            recordId=link["link_id"],
        )


def _position(event: dict[str, Any]) -> str:
    return "" if event["lat"] is None else f"{event['lat']:.4f}, {event['lon']:.4f}"
