"""Numbers that name ships: which MMSIs a ship may have (ITU-R M.585-9), and the flag that one stands for."""

import csv
from functools import cache
from importlib import resources

import duckdb

# The first three digits of a ship's MMSI lie in this range, whether or not ITU has given them to a country.
SHIP_MIDS = range(200, 800)


@cache
def flags() -> dict[int, str]:
    """Maritime identification digits to the country's ISO 3166-1 code, as ITU lists them (`mid.csv`)."""
    with resources.files("pipeline.sources").joinpath("mid.csv").open(encoding="utf-8") as rows:
        return {int(row["mid"]): row["country_iso2"] for row in csv.DictReader(rows)}


def create_mids(con: duckdb.DuckDBPyConnection, *, only_listed: bool) -> None:
    """Make the table `mids`: the digits that an MMSI to be kept begins with, the listed ones or all."""
    numbers = sorted(flags()) if only_listed else list(SHIP_MIDS)
    con.execute("CREATE OR REPLACE TEMP TABLE mids AS SELECT CAST(unnest($1) AS BIGINT) AS mid", [numbers])
