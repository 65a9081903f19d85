"""Port visits as GFW tells them, of ships that pass from hubs in Morocco to Russia, and a server for them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.fetch.server import Reply, Request, json_reply

TOKEN = "a-token-of-nobody"  # noqa: S105 (it is one)
# Anchorages at docks, as GFW calls and places them; latitude, longitude, name, flag.
TANGER_MED = (35.885, -5.505, "TANGIER CONTAINER", "MAR")
CASABLANCA = (33.607, -7.604, "CASABLANCA", "MAR")
VALENCIA = (39.443, -0.319, "VALENCIA", "ESP")
ST_PETERSBURG = (59.885, 30.200, "ST PETERSBURG", "RUS")
NOVOROSSIYSK = (44.722, 37.800, "NOVOROSSIYSK", "RUS")
NOWHERE = (20.0, -40.0, "MID ATLANTIC", "")


def at(day: str | date, hour: float = 0) -> datetime:
    """A moment of a day, UTC."""
    return datetime.fromisoformat(f"{day}T00:00:00+00:00").astimezone(UTC) + timedelta(hours=hour)


def text(moment: datetime | None) -> str:
    """A moment as the service writes it; empty while it lasts."""
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


@dataclass(frozen=True)
class Ship:
    """A ship as GFW knows it: an id and an MMSI each, and an IMO number that only `/v3/vessels` tells."""

    ref: str
    mmsi: int
    name: str
    flag: str = "LBR"
    kind: str = "CARGO"
    imo: int | None = None

    def vessel(self) -> dict[str, Any]:
        """As events have it."""
        return {
            "id": self.ref, "name": self.name, "ssvid": str(self.mmsi), "flag": self.flag, "type": self.kind,
            "nextPort": None,
        }  # fmt: skip

    def identity(self) -> dict[str, Any]:
        """As `/v3/vessels` has it."""
        sent = {
            "id": self.ref, "ssvid": str(self.mmsi), "shipname": self.name, "nShipname": self.name,
            "flag": self.flag, "callsign": f"C{self.mmsi % 10000}", "imo": None,
            "transmissionDateFrom": "2012-01-01T00:00:00Z", "transmissionDateTo": "2026-06-01T00:00:00Z",
        }  # fmt: skip
        listed = {**sent, "id": f"register-{self.ref}", "imo": str(self.imo), "lengthM": "180.5"}
        return {
            "dataset": "public-global-vessel-identity:v3.0",
            "registryInfoTotalRecords": int(self.imo is not None),
            "registryInfo": [listed] if self.imo is not None else [],
            "registryOwners": [],
            "combinedSourcesInfo": [{"vesselId": self.ref, "shiptypes": [{"name": self.kind}]}],
            "selfReportedInfo": [sent],
        }


def visit(
    ship: Ship,
    place: tuple[float, float, str, str],
    start: datetime,
    hours: float | None,
    *,
    confidence: str = "4",
    at_dock: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """One port visit; `hours` None while it lasts."""
    lat, lon, name, flag = place
    end = None if hours is None else start + timedelta(hours=hours)
    anchorage = {
        "anchorageId": f"s2-{name}", "id": name.lower(), "name": name, "flag": flag, "lat": str(lat),
        "lon": lon, "atDock": at_dock, "distanceFromShoreKm": "1", "topDestination": name,
    }  # fmt: skip
    return {
        "id": f"{ship.ref}-{start:%Y%m%d%H}",
        "type": "port_visit",
        "start": text(start),
        "end": text(end),
        "position": {"lat": lat, "lon": lon},
        "distances": {"startDistanceFromShoreKm": "1"},
        "vessel": ship.vessel(),
        "port_visit": {
            "visitId": f"visit-{ship.ref}-{start:%Y%m%d%H}",
            "confidence": confidence,
            "durationHrs": str(hours or 0),
            "startAnchorage": anchorage,
            "intermediateAnchorage": anchorage,
            "endAnchorage": anchorage,
        },
        **more,
    }


def encounter(a: Ship, b: Ship, lat: float, lon: float, start: datetime, hours: float) -> dict[str, Any]:
    """One meeting, as told of ship `a`."""
    return {
        "id": f"{a.ref}-{b.ref}-{start:%Y%m%d%H}.1",
        "type": "encounter",
        "start": text(start),
        "end": text(start + timedelta(hours=hours)),
        "position": {"lat": lat, "lon": lon},
        "vessel": a.vessel(),
        "encounter": {
            "vessel": b.vessel(),
            "medianDistanceKilometers": "0.08",
            "medianSpeedKnots": 0.4,
        },
    }


@dataclass
class Gfw:
    """Answers as the service does: windows that overlap, pages shorter than asked for, one identity an id."""

    events: list[dict[str, Any]]
    ships: Iterable[Ship] = ()
    page: int = 7
    refused: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        """One answer."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_reply(
                {"statusCode": 401, "error": "Unauthorized", "messages": [{"title": "token"}]}, 401
            )
        if request.path == "/v3/vessels":
            return self._vessels(request)
        if request.path != "/v3/events" or request.method != "POST":
            return json_reply({"error": "Not Found"}, 404)
        return self._events(request)

    def _events(self, request: Request) -> Reply:
        body = request.json
        first, end = at(body["startDate"]), at(body["endDate"])
        kind = body["datasets"][0].removeprefix("public-global-").removesuffix("-events:latest")
        found = [event for event in self.events if self._fits(event, kind, body, first, end)]
        found.sort(key=lambda event: (event["start"], event["id"]))
        offset, limit = int(request.query["offset"]), min(int(request.query["limit"]), self.page)
        after = offset + limit
        return json_reply(
            {
                "metadata": {}, "total": str(len(found)), "limit": int(request.query["limit"]),
                "offset": offset, "nextOffset": after if after < len(found) else None,
                "entries": found[offset:after],
            }
        )  # fmt: skip

    def _fits(
        self, event: dict[str, Any], kind: str, body: dict[str, Any], first: datetime, end: datetime
    ) -> bool:
        kinds = {"port-visits": "port_visit", "encounters": "encounter", "gaps": "gap"}
        if event["type"] != kinds.get(kind, kind):
            return False
        if kind == "port-visits" and event["port_visit"]["confidence"] not in body["confidences"]:
            return False
        if "vessels" in body and event["vessel"]["id"] not in body["vessels"]:
            return False
        if "geometry" in body and not inside(body["geometry"], event["position"]):
            return False
        ended = event["end"] or "9999"
        return event["start"] < text(end) and ended >= text(first)

    def _vessels(self, request: Request) -> Reply:
        refs = [value for name, value in request.query.items() if name.startswith("ids[")]
        if len(refs) > 20:
            return json_reply({"error": "too many ids"}, 422)
        entries = [ship.identity() for ship in self.ships if ship.ref in refs]
        return json_reply({"total": len(entries), "entries": entries})


def inside(geometry: dict[str, Any], position: dict[str, float]) -> bool:
    """Whether a MultiPolygon of boxes holds a point."""
    for (ring,) in geometry["coordinates"]:
        lons, lats = [point[0] for point in ring], [point[1] for point in ring]
        if min(lats) <= position["lat"] <= max(lats) and min(lons) <= position["lon"] <= max(lons):
            return True
    return False


def body_of(events: list[dict[str, Any]]) -> str:
    """One answer as a file."""
    return json.dumps({"total": len(events), "nextOffset": None, "entries": events})
