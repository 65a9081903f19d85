"""What holds for any rows in any order."""

import random
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingest.conftest import SILENT, TANKER, Lake, danish, rejected

# Values that occur and values that break, a few of each so that rows collide.
ROWS = st.fixed_dictionaries(
    {
        "Timestamp": st.sampled_from(
            [
                "26/04/2026 10:00:00",
                "26/04/2026 10:00:10",
                "27/04/2026 00:00:00",
                "01/01/2020 00:00:00",
                "",
                "x",
            ]
        ),
        "Type of mobile": st.sampled_from(["Class A", "Class B", "Base Station", ""]),
        "MMSI": st.sampled_from([273123450, 219000606, 2190048, 111111111, 0, "", "MMSI"]),
        "Latitude": st.sampled_from(["56.500000", "56.5", "91.000000", "0.000000", "-91", "", "N"]),
        "Longitude": st.sampled_from(["11.250000", "181.000000", "0.000000", "200", "", "E"]),
        "SOG": st.sampled_from(["0.0", "12.3", "102.3", "", "k"]),
        "Heading": st.sampled_from(["0", "511", ""]),
        "Name": st.sampled_from(["", "NEVA", '"NEVA, II"', "@", '"']),
        "Draught": st.sampled_from(["", " ", "0.0", "10.4", "8.0"]),
        "IMO": st.sampled_from(["Unknown", "9074729", "9074728"]),
    }
).map(lambda row: {**SILENT, **row})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=30), seed=st.integers(0, 1000))
def test_all_rows_are_counted_and_their_order_is_nothing(
    new_lake: Callable[[], Lake], rows: list[dict[str, object]], seed: int
) -> None:
    # An open quote swallows the lines after it: such a row stands last.
    quoted = [row for row in rows if row["Name"] == '"'][:1]
    rows = [TANKER, *(row for row in rows if row["Name"] != '"')]
    first = new_lake()
    manifest = first.read_text(danish(*rows, *quoted))
    counts = rejected(manifest)
    assert manifest["n_rows"] == len(rows) + len(quoted)
    assert manifest["n_kept"] == len(first.rows())

    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    second = new_lake()
    assert rejected(second.read_text(danish(*shuffled, *quoted))) == counts
    assert second.rows() == first.rows()
    assert second.rows("statics") == first.rows("statics")

    third = new_lake()
    doubled = third.read_text(danish(*rows, *shuffled))
    assert doubled["n_kept"] == manifest["n_kept"]
    assert rejected(doubled).get("repeat", 0) == counts.get("repeat", 0) * 2 + manifest["n_kept"]
    assert third.rows() == first.rows()
