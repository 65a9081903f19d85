"""Where everything lives: the folders below the home folder, and who may read them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.files import make_folder


@dataclass(frozen=True)
class Home:
    """The home folder. `raw`, `lake`, `work` and `logs` are the pipeline's own; all else is for readers."""

    root: Path

    @property
    def raw(self) -> Path:
        """What sources sent, byte for byte."""
        return self.root / "raw"

    @property
    def lake(self) -> Path:
        """Parquet by day: positions, static reports, tracks."""
        return self.root / "lake"

    @property
    def manifests(self) -> Path:
        """One JSON file per file that was read; a lake file counts only when its manifest stands."""
        return self.lake / "files"

    @property
    def work(self) -> Path:
        """Intermediates; all can be rebuilt from the lake."""
        return self.root / "work"

    @property
    def events(self) -> Path:
        """The events' database (one writer, no readers)."""
        return self.work / "events.duckdb"

    @property
    def links(self) -> Path:
        """The links' database (one writer, no readers)."""
        return self.work / "links.duckdb"

    @property
    def screening(self) -> Path:
        """The database of ships on sanctions lists (one writer, no readers)."""
        return self.work / "screening.duckdb"

    @property
    def published(self) -> Path:
        """What readers open."""
        return self.root / "published"

    @property
    def database(self) -> Path:
        """The published database."""
        return self.published / "transship.duckdb"

    @property
    def exports(self) -> Path:
        """Links, ships and events for other tools."""
        return self.published / "exports"

    @property
    def reviews(self) -> Path:
        """What people said of links: cannot be made again but from a backup."""
        return self.root / "kept" / "reviews.sqlite"

    @property
    def history(self) -> Path:
        """What links said before they changed: no later run can make it again either."""
        return self.root / "kept" / "history.sqlite"

    @property
    def settings_file(self) -> Path:
        """The user's settings."""
        return self.root / "transship.toml"

    def positions(self, source: str, day: date) -> Path:
        """The folder of one source's positions of one UTC day."""
        return self.lake / "positions" / f"source={source}" / f"date={day.isoformat()}"

    def statics(self, source: str, day: date) -> Path:
        """The folder of one source's static reports (identity, size, draught, destination) of one UTC day."""
        return self.lake / "statics" / f"source={source}" / f"date={day.isoformat()}"

    def tracks(self, day: date) -> Path:
        """The folder of one UTC day's tracks: which ship each report belongs to."""
        return self.lake / "tracks" / f"date={day.isoformat()}"

    def create(self) -> "Home":
        """Make the folders; a TransshipError says why where that cannot be."""
        for folder in (self.raw, self.lake, self.work, self.published):
            make_folder(folder)
        return self
