"""The gazetteer: ports, terminals, berths, roads, hubs, gates and land, as tables of integer grid cells."""

from geo.gazetteer import Gazetteer, Place, build, fingerprint

__all__ = ["Gazetteer", "Place", "build", "fingerprint"]
