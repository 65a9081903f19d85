"""What the lake holds: the manifests that ingest wrote, one per file that was read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.errors import TransshipError
from pipeline.home import Home

Manifest = dict[str, Any]
# A file's path, its size and the time it was last changed (ns): what tells without reading it whether it was
# read before.
Looks = tuple[str, int, int]

NEEDED = ("file_id", "path", "bytes", "mtime_ns", "positions", "statics")


@dataclass
class DayFiles:
    """The lake files of one UTC day, as (source, reading, path), in a fixed order.

    A reading is a file_id, and the mapping where the file was read under one.
    """

    positions: list[tuple[str, str, Path]] = field(default_factory=list)
    statics: list[tuple[str, str, Path]] = field(default_factory=list)

    def identity(self) -> list[str]:
        """What the day was made of, for a fingerprint."""
        return [reading for _, reading, _ in self.positions + self.statics]


@dataclass
class Known:
    """The files that were read, by id and by their looks; years of polls make tens of thousands."""

    by_id: dict[str, Manifest] = field(default_factory=dict)
    by_looks: dict[Looks, Manifest] = field(default_factory=dict)

    @classmethod
    def of(cls, home: Home) -> "Known":
        """All that the lake holds now."""
        known = cls()
        for manifest in load(home):
            known.add(manifest)
        return known

    def add(self, manifest: Manifest) -> None:
        """One more file."""
        self.by_id[manifest["file_id"]] = manifest
        self.by_looks[manifest["path"], manifest["bytes"], manifest["mtime_ns"]] = manifest


def looks(path: Path) -> Looks:
    """A file's looks, as its manifest has them; OSError where it is gone."""
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def load(home: Home) -> list[Manifest]:
    """All manifests, ordered by file id. A torn or foreign file there is an error with its path."""
    found = []
    for path in sorted(home.manifests.glob("*.json")):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            for name in NEEDED:
                manifest[name]
        except (ValueError, KeyError, TypeError) as error:
            raise TransshipError(f"{path}: not a manifest; remove it and ingest the file again") from error
        found.append(manifest)
    return found


def by_day(home: Home, manifests: Sequence[Mapping[str, Any]]) -> dict[date, DayFiles]:
    """The lake files by UTC day."""
    days: dict[date, DayFiles] = {}
    for manifest in manifests:
        reading = str(manifest["file_id"]) + str(manifest.get("mapping_sha256") or "")
        for kind in ("positions", "statics"):
            for day, relative in manifest[kind].items():
                files = days.setdefault(date.fromisoformat(day), DayFiles())
                entry = (str(manifest["source"]), reading, home.lake / relative)
                getattr(files, kind).append(entry)
    for files in days.values():
        files.positions.sort()
        files.statics.sort()
    return dict(sorted(days.items()))
