"""The gazetteer's tables, built once per home folder and version, and given to a DuckDB connection."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.engine import literal
from pipeline.errors import TransshipError
from pipeline.files import replacing
from pipeline.home import Home

TABLES = (
    "ports",
    "terminals",
    "hubs",
    "gates",
    "gate_edges",
    "gate_cells",
    "gate_ports",
    "port_rings",
    "berth_cells",
    "sts_cells",
    "land_cells",
)


@dataclass(frozen=True)
class GazetteerFiles:
    """The tables as Parquet, and what they were built from."""

    folder: Path
    fingerprint: str

    def attach(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make the tables readable by name."""
        for table in TABLES:
            path = literal(str(self.folder / f"{table}.parquet"))
            con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_parquet({path})")


def hubs(extra: Path | None = None) -> list[dict[str, Any]]:
    """The hubs of the package and of the user's file; TransshipError where that cannot be read."""
    from geo import gazetteer  # noqa: PLC0415

    try:
        found: list[dict[str, Any]] = gazetteer.load_hubs(extra).to_dict("records")
    except gazetteer.GazetteerError as error:
        raise TransshipError(str(error)) from error
    return found


def prepare(home: Home) -> GazetteerFiles:
    """Build the gazetteer, with the user's HOME/hubs.csv where there is one, unless it stands built."""
    from geo import gazetteer  # noqa: PLC0415 - geopandas is slow to import, and most runs find the tables built

    extra = home.root / "hubs.csv"
    try:
        fingerprint = gazetteer.fingerprint(extra)
        folder = home.work / "gazetteer" / fingerprint
        if not folder.is_dir():
            with replacing(folder) as temporary:
                gazetteer.build(extra).write(temporary)
    except gazetteer.GazetteerError as error:
        raise TransshipError(str(error)) from error
    return GazetteerFiles(folder, fingerprint)
