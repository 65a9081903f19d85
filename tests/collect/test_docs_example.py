"""docs/collecting.md: its stream works as it is written, and its table of regions is the one that is used."""

import csv
import re

import pytest

from pipeline.collecting import STREAMS
from pipeline.sources import nmea
from tests.collect.conftest import Collected
from tests.collect.server import message_of, numbers_in, tcp
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "collecting.md").read_text(encoding="utf-8")


def test_the_example_works_as_it_is_written(collected: Collected, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    body = "".join(message_of(number) + "\n" for number in range(20)).encode()
    with tcp((body[:1000], body[1000:5000]), (body[:100],), (body,)) as url:
        host, port = url.removeprefix("tcp://").split(":")
        code = code.replace("pipeline.sources.example", "pipeline.sources.nmea")
        assert code.count('("ais.example.org", 4000)') == 1
        code = code.replace('("ais.example.org", 4000)', f'("{host}", {port})')
        names: dict[str, object] = {"__name__": "example"}
        exec(compile(code, "docs/collecting.md", "exec"), names)  # noqa: S102 (what the page says)
        monkeypatch.setitem(STREAMS, nmea.SOURCE.key, names["STREAM"])
        collected.run(
            "nmea",
            url,
            lambda: any(b'"MMSI": 211000019' in p.read_bytes() for p in collected.parts("nmea")),
        )
    assert set(numbers_in([line for line in collected.lines("nmea") if line.endswith(b"}}")])) == set(
        range(20)
    )


def test_regions_are_told_as_they_are() -> None:
    told = re.findall(
        r"^\| `([\w-]+)` \| ([\d.-]+) \| ([\d.-]+) \| ([\d.-]+) \| ([\d.-]+) \|", PAGE, re.MULTILINE
    )
    with (PROJECT / "pipeline/collecting/regions.csv").open(encoding="utf-8") as text:
        used = [tuple(row.values())[:5] for row in csv.DictReader(text)]
    assert [(name, *map(float, sides)) for name, *sides in told] == [
        (name, *map(float, sides)) for name, *sides in used
    ]
