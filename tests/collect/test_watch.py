"""When a stream counts as silent, on hands that are wound by the test."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.collecting import holes
from pipeline.collecting.holes import HoleLog, Watch
from pipeline.collecting.regions import Region, regions
from pipeline.errors import TransshipError
from pipeline.home import Home

START = datetime(2026, 9, 1, tzinfo=UTC)
BUSY, QUIET, DEAF = (
    Region(name, 0, west, 10, west + 10) for west, name in enumerate(("busy", "quiet", "deaf"))
)


class Hands:
    """A watch, and messages at moments counted in seconds."""

    def __init__(self, home: Home, until: datetime | None = None) -> None:
        self.home = home
        self.watch = Watch([BUSY, QUIET, DEAF], 120, HoleLog(home, "aisstream"), until)
        self.watch.connected(0)

    def hear(self, region: str, *seconds: int) -> None:
        for second in seconds:
            self.watch.heard(region, START + timedelta(seconds=second), second)

    def holes(self) -> list[tuple[str | None, int, int, str]]:
        start = START.replace(tzinfo=None)
        return [
            (
                h.region,
                round((h.from_at - start).total_seconds()),
                round((h.to_at - start).total_seconds()),
                h.why,
            )
            for h in holes.read(self.home, "aisstream")
        ]


@pytest.fixture
def hands(empty_home: Home) -> Hands:
    return Hands(empty_home)


def test_silence_of_all_is_told_once_it_is_longer_than_allowed(hands: Hands) -> None:
    hands.hear("busy", 1, 2, 3)
    assert hands.watch.silence(123) is None
    assert hands.watch.silence(124) == "silent for 121 s"
    hands.watch.lost("silent for 121 s")
    hands.watch.connected(125)
    assert hands.watch.silence(244) is None
    hands.hear("busy", 250)
    assert hands.holes() == [(None, 3, 250, "silent for 121 s")]


def test_a_region_that_fell_silent(hands: Hands) -> None:
    hands.hear("quiet", *range(0, 100, 10))
    hands.hear("busy", *range(100, 260))
    assert hands.watch.silence(259) == "quiet silent for 169 s"
    # Renewing did not help: the next try comes later.
    hands.watch.connected(260)
    hands.hear("busy", *range(260, 490))
    assert hands.watch.silence(490) is None
    hands.hear("busy", *range(490, 510))
    assert hands.watch.silence(510) == "quiet silent for 250 s"
    hands.hear("quiet", 520)
    assert hands.holes() == [("quiet", 90, 520, "silent")]
    assert hands.watch.silence(600) is None


def test_a_sea_with_few_ships_is_not_broken(hands: Hands) -> None:
    """A message every ten minutes; a hundred of them settle what is usual."""
    for second in range(0, 60_000, 600):
        hands.hear("busy", second)
        hands.hear("quiet", second)
    hands.hear("busy", *range(59_400, 61_600, 100))
    assert hands.watch.silence(61_600) is None


def test_a_region_that_was_never_heard_renews_nothing(hands: Hands) -> None:
    hands.hear("busy", *range(0, 100_000, 100))
    assert hands.watch.silence(99_950) is None


def test_the_time_between_two_runs_is_a_hole(empty_home: Home) -> None:
    hands = Hands(empty_home, until=START - timedelta(hours=3))
    hands.hear("busy", 5, 6)
    hands.watch.lost("the connection broke off")
    hands.watch.end(START + timedelta(seconds=60))
    assert hands.holes() == [(None, -10_800, 5, "not running"), (None, 6, 60, "the connection broke off")]


def test_a_torn_line_of_the_log_stays_alone(hands: Hands) -> None:
    hands.hear("busy", 1)
    path = hands.watch.log.path
    path.parent.mkdir(parents=True)
    path.write_text('{"region": nu')
    hands.watch.lost("a")
    hands.hear("busy", 2)
    assert hands.holes() == [(None, 1, 2, "a")]


def test_regions_of_the_home_folder(empty_home: Home) -> None:
    assert {"morocco-gibraltar", "gulf-of-finland"} <= {region.name for region in regions(empty_home)}
    own: Path = empty_home.root / "regions.csv"
    own.write_text("region,south,west,north,east\nhere,1,2,3,4\n")
    assert regions(empty_home) == (Region("here", 1, 2, 3, 4),)
    for wrong in ("here,3,2,1,4", "here,a,2,3,4", "here,1,2", ",1,2,3,4", "here,1,2,300,4"):
        own.write_text(f"region,south,west,north,east\n{wrong}\n")
        with pytest.raises(TransshipError, match="line 2"):
            regions(empty_home)
    own.write_text("region,south,west,north,east\n")
    with pytest.raises(TransshipError, match="no region"):
        regions(empty_home)
