"""Distances in nautical miles: great circle, and along the sea by searoute's network of lanes."""

from functools import lru_cache

from geo.cells import distance_m

M_PER_NM = 1852.0
# Nearer than this the network's nodes are too coarse to say more than the straight line does.
STRAIGHT_NM = 25.0


def great_circle_nm(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in nautical miles on the mean sphere."""
    return float(distance_m(lat1, lon1, lat2, lon2)) / M_PER_NM


def sea_distance_nm(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Distance by sea in nautical miles, by Suez and Panama where shorter, not by the Northwest Passage.

    From searoute 1.6.0, within some 5 %; never less than the great circle, and the great circle itself
    under 25 miles. The network is asked with points rounded to 0.01 degree, in a fixed order: the answer
    depends on nothing but the two points, and is the same both ways.
    """
    straight = great_circle_nm(lat1, lon1, lat2, lon2)
    if straight < STRAIGHT_NM:
        return straight
    first, second = sorted([(round(lat1, 2), round(lon1, 2)), (round(lat2, 2), round(lon2, 2))])
    return max(straight, _by_lanes_nm(*first, *second))


@lru_cache(maxsize=100_000)
def _by_lanes_nm(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    import searoute  # noqa: PLC0415 - reads its network (a second) only when a distance is asked for

    route = searoute.searoute([lon1, lat1], [lon2, lat2], units="naut", append_orig_dest=True)
    return float(route["properties"]["length"])
