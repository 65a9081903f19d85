"""Answers of services below raw/: each is a file that was read, also one that tells nothing."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.steps.ingest import ingest
from tests.ingest.conftest import Lake, rejected

AISHUB_HEAD = {"ERROR": False, "USERNAME": "x", "FORMAT": "HUMAN", "RECORDS": 0}
NOWHERE = {
    "mmsi": 273123450,
    "geometry": {"type": "Point", "coordinates": [181.0, 91.0]},
    "properties": {"timestampExternal": 1777284000000, "sog": 0.1, "cog": 10.0, "heading": 5, "navStat": 0},
}


def put(lake: Lake, source: str, name: str, data: Any) -> None:
    """An answer as a fetch keeps it."""
    path = lake.home.raw / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")
    path.with_name(f"{name.rsplit('/', 1)[-1]}.sha256").write_text("0", encoding="ascii")
    path.with_name(f"{name.rsplit('/', 1)[-1]}.json").write_text('{"url": "u"}', encoding="ascii")


@pytest.mark.parametrize(
    ("source", "name", "data"),
    [
        ("digitraffic", "2026-04-27/locations-1.json", {"features": []}),
        ("digitraffic", "2026-04-27/vessels-1.json", []),
        ("digitraffic", "2026-04-27/port-calls-1.json", {"portCalls": []}),
        ("aishub", "2026-04-27/ships-1.json", [AISHUB_HEAD, []]),
        ("barentswatch", "2026-04-27/combined-1.json", []),
        ("barentswatch", "tracks-2026-04-27-257000001.json", []),
        ("barentswatch", "mmsiinarea-2026-04-27.json", []),
        ("gfw", "encounter/20260401-20260501/00000000.json", {"entries": [], "nextOffset": None}),
    ],
)
def test_an_answer_without_a_ship_is_a_file_that_was_read(
    lake: Lake, source: str, name: str, data: Any
) -> None:
    put(lake, source, name, data)
    result = lake.read(source=source)
    assert (result.failures, result.files_read, result.n_rows) == ([], 1, 0)
    assert lake.read(source=source).files_skipped == 1


def test_an_answer_of_which_nothing_is_of_use_is_counted(lake: Lake) -> None:
    put(lake, "digitraffic", "2026-04-27/locations-1.json", {"features": [NOWHERE]})
    assert lake.read(source="digitraffic").failures == []
    assert rejected(lake.manifest()) == {"bad_position": 1}
    # One of another form is refused all the same, and so is such a file that a person names.
    put(lake, "digitraffic", "2026-04-27/locations-2.json", {"ships": [NOWHERE]})
    (failure,) = lake.read(source="digitraffic").failures
    assert "field 'features' is missing" in failure
    named = lake.write("mine.json", json.dumps({"features": [NOWHERE]}))
    (failure,) = lake.read(named, source="digitraffic").failures
    assert "nothing of its 1 rows can be used" in failure


def test_the_ships_in_an_area_are_counted(lake: Lake) -> None:
    put(lake, "barentswatch", "mmsiinarea-2026-04-27.json", [257000001, 273000002])
    lake.read(source="barentswatch")
    assert rejected(lake.manifest()) == {"list_entry": 2}


def test_answers_that_are_the_same_are_two_files(lake: Lake) -> None:
    """Two ships without a track on that day; each raw file is a row of `source_files`."""
    names = ["tracks-2026-04-27-257000001.json", "tracks-2026-04-27-257000002.json"]
    for name in names:
        put(lake, "barentswatch", name, [])
    assert lake.read(source="barentswatch").files_read == 2
    paths = [manifest["path"] for manifest in lake.manifests()]
    assert sorted(path.rsplit("/", 1)[-1] for path in paths) == names
    assert len({manifest["sha256"] for manifest in lake.manifests()}) == 1
    assert lake.read(source="barentswatch").files_skipped == 2


def test_the_effort_for_files_that_were_read_grows_with_their_number_alone(
    new_lake: Callable[[], Lake],
) -> None:
    """By calls, not by time: an hourly poll leaves 8,760 files a year, which are looked up each hour."""
    calls = {}
    for n_files in (20, 200):
        lake = new_lake()
        for number in range(n_files):
            put(
                lake,
                "aishub",
                f"2026-04-27/ships-{number:04d}.json",
                [{**AISHUB_HEAD, "RECORDS": number}, []],
            )
        _read_as_before(lake)
        calls[n_files] = _count_calls(lambda lake=lake: ingest(lake.home, lake.settings, "aishub"))
    assert calls[200] < 12 * calls[20]


def _read_as_before(lake: Lake) -> None:
    """The manifests that reading would leave, in no time."""
    lake.home.manifests.mkdir(parents=True)
    for path in (lake.home.raw / "aishub").rglob("ships-????.json"):
        status = path.stat()
        manifest = {
            "file_id": path.stem, "sha256": "0", "source": "aishub", "mapping_sha256": "", "path": str(path),
            "bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "positions": {}, "statics": {},
        }  # fmt: skip
        (lake.home.manifests / f"{path.stem}.json").write_text(json.dumps(manifest), encoding="ascii")


def _count_calls(work: Callable[[], Any]) -> int:
    n_calls = 0

    def count(frame: object, event: str, of: object) -> None:
        nonlocal n_calls
        n_calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = work()
    finally:
        sys.setprofile(before)
    assert result.files_skipped
    assert result.failures == []
    return n_calls
