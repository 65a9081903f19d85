"""Small files in the sources' forms, and what the lake holds after reading them."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.sources.dma import COLUMNS
from pipeline.steps.ingest import IngestResult, ingest

NOW = datetime.fromisoformat("2026-04-28 12:00:00")
HEADER = "# " + ",".join([*COLUMNS, "A", "B", "C", "D"])
OLD_HEADER = "# " + ",".join(COLUMNS)
# A tanker that says everything; tests name what differs.
TANKER: dict[str, object] = {
    "Timestamp": "26/04/2026 10:00:00",
    "Type of mobile": "Class A",
    "MMSI": 273123450,
    "Latitude": "56.500000",
    "Longitude": "11.250000",
    "Navigational status": "Under way using engine",
    "SOG": "12.3",
    "COG": "181.5",
    "Heading": "180",
    "IMO": "9074729",
    "Callsign": "UBCD1",
    "Name": "NEVA",
    "Ship type": "Tanker",
    "Width": "32",
    "Length": "183",
    "Draught": "10.4",
    "Destination": "RU LED",
}
# The same ship before its static report was heard.
SILENT: dict[str, object] = {
    **TANKER,
    "IMO": "Unknown",
    "Callsign": "Unknown",
    "Name": "",
    "Ship type": "Undefined",
    "Width": "",
    "Length": "",
    "Draught": "",
    "Destination": "Unknown",
}


def danish(*rows: dict[str, object], header: str = HEADER, line_end: str = "\n") -> str:
    """Danish CSV text of these rows."""
    names = header.removeprefix("# ").split(",")
    lines = [header, *(",".join(str(row.get(name, "")) for name in names) for row in rows)]
    return line_end.join(lines) + line_end


class Lake:
    """Reads files into a home with a fixed clock, and tells what came of it."""

    def __init__(self, home: Home, settings: Settings, folder: Path) -> None:
        self.home, self.settings, self.folder = home, settings, folder

    def write(self, name: str, content: str | bytes) -> Path:
        """A file outside the home."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, *files: Path, source: str = "dma", mapping: Path | None = None) -> IngestResult:
        return ingest(self.home, self.settings, source, files, mapping=mapping, clock=lambda: NOW)

    def read_text(self, text: str, name: str = "aisdk-2026-04-26.csv") -> dict[str, Any]:
        """Read one Danish file and return its manifest."""
        result = self.read(self.write(name, text))
        assert result.failures == []
        return self.manifest()

    def manifests(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.home.manifests.glob("*.json"))]

    def manifest(self) -> dict[str, Any]:
        (one,) = self.manifests()
        return one

    def rows(self, kind: str = "positions", columns: str = "*") -> list[tuple[Any, ...]]:
        """Rows of the lake, in order, without the file's id and the wrong IMO numbers."""
        parts = [path for manifest in self.manifests() for path in manifest[kind].values()]
        if not parts:
            return []
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            left_out = "file_id, wrong_imo, n_wrong_imo" if kind == "statics" else "file_id"
            chosen = f"* EXCLUDE ({left_out})" if columns == "*" else columns
            return con.sql(
                f"SELECT {chosen} FROM read_parquet({[str(self.home.lake / part) for part in parts]}, "
                "hive_partitioning = false) ORDER BY ALL"
            ).fetchall()

    def stored(self) -> list[str]:
        """All files below the home, but for the folders that always stand."""
        return sorted(
            str(path.relative_to(self.home.root)) for path in self.home.root.rglob("*") if path.is_file()
        )


def rejected(manifest: dict[str, Any]) -> dict[str, int]:
    """Rows by reject reason; checks that the counts add up."""
    counts = {entry["reason"]: entry["n_rows"] for entry in manifest["rejected"]}
    assert manifest["n_rejected"] == sum(counts.values())
    assert manifest["n_rows"] == manifest["n_kept"] + manifest["n_rejected"]
    return counts


@pytest.fixture
def lake(empty_home: Home, settings: Settings, tmp_path: Path) -> Lake:
    folder = tmp_path / "files"
    folder.mkdir()
    return Lake(empty_home, settings, folder)


@pytest.fixture
def new_lake(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lake]:
    """Makes a new lake at each call, for properties tried many times."""

    def make() -> Lake:
        folder = tmp_path_factory.mktemp("lake")
        return Lake(Home(folder / "home").create(), settings, folder)

    return make


__all__: Sequence[str] = ("NOW", "SILENT", "TANKER", "Lake", "danish", "rejected")
