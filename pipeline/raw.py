"""What sources sent, byte for byte: `HOME/raw/<source>/`, one file an answer.

Beside each file stand `<name>.sha256` (of the body, in hexadecimal) and `<name>.json` (its address without
keys, when it was fetched, licence, attribution, and what the source said of it). Names that begin with a dot
are unfinished downloads; nothing else is ever unfinished. The ingest step reads all other files.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import TransshipError
from pipeline.files import (
    explain_os_error,
    fsync_path,
    make_folder,
    put_in_place,
    remove,
    sha256_of,
    temporary_name,
    write_text,
)
from pipeline.home import Home

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def stamp(moment: datetime) -> str:
    """A moment as names hold it, to the millisecond, such as 20260131T120000123Z.

    No YYYY-MM-DD, which would bind the file's rows to that day: a poll holds reports of days before.
    """
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z"


def poll_name(prefix: str, moment: datetime, ending: str = ".json") -> str:
    """The name of an answer of a service that is polled: a folder a day, since a poll a minute makes many."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}/{prefix}{stamp(moment)}{ending}"


@dataclass(frozen=True)
class Part:
    """A download that is not yet whole: `.name.part`, and beside it which version of what it is."""

    path: Path

    @property
    def facts_path(self) -> Path:
        """Where the version is remembered."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes held so far."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def facts(self) -> dict[str, Any]:
        """What `begin` was told; empty where there is nothing (whole) to go by."""
        try:
            found = json.loads(self.facts_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Start anew with this version."""
        self.drop()
        write_text(self.facts_path, json.dumps(dict(facts)))

    def drop(self) -> None:
        """Forget what was downloaded."""
        remove(self.path)
        remove(self.facts_path)


class RawStore:
    """The folder of one source below raw/."""

    def __init__(self, home: Home, source: str) -> None:
        """The folder is made when the first file is kept."""
        self.source = source
        self.folder = home.raw / source

    def path(self, name: str) -> Path:
        """Where a file of this name stands, or would stand."""
        if (
            not name
            or name.startswith((".", "/"))
            or any(part in {"", ".", ".."} for part in name.split("/"))
        ):
            raise ValueError(f"no name for a raw file: {name!r}")
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether this file is here, whole, with what must stand beside it."""
        path = self.path(name)
        return path.is_file() and all(_beside(path, end).is_file() for end in (".sha256", ".json"))

    def facts(self, name: str) -> dict[str, Any]:
        """What was written beside a file: url, fetched_at, licence, attribution, sha256, bytes, and more."""
        path = _beside(self.path(name), ".json")
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise TypeError("no object")
        except (OSError, ValueError, TypeError) as error:
            raise TransshipError(f"{path}: cannot be read; remove it and its file and fetch again") from error
        return found

    def names(self, prefix: str = "") -> list[str]:
        """The names of all whole files that begin so, in order."""
        found = (
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        )
        return sorted(name for name in found if name.startswith(prefix) and self.has(name))

    def newest(self, prefix: str = "") -> str | None:
        """The newest answer whose name, without its folder, begins so; names and folders hold times.

        Looks from the last folder back, so that years of polls cost nothing.
        """
        if not self.folder.is_dir():
            return None
        folders = sorted((path for path in self.folder.iterdir() if path.is_dir()), reverse=True)
        for folder in (*folders, self.folder):
            for path in sorted(folder.glob(f"{prefix}*"), reverse=True):
                name = path.relative_to(self.folder).as_posix()
                if self.has(name):
                    return name
        return None

    def holds_same(self, prefix: str, body: bytes) -> bool:
        """Whether the newest file of this prefix has just this body."""
        name = self.newest(prefix)
        return name is not None and self.facts(name).get("sha256") == hashlib.sha256(body).hexdigest()

    def part(self, name: str) -> Part:
        """The unfinished download of this name."""
        path = self.path(name)
        make_folder(path.parent)
        return Part(path.with_name(f".{path.name}.part"))

    def keep(
        self,
        name: str,
        body: bytes | Path,
        *,
        url: str,
        licence: str,
        attribution: str,
        fetched_at: datetime,
        extra: Mapping[str, Any] | None = None,
    ) -> Path:
        """Store a whole answer under its final name; a Path as body is a finished file here, and is moved.

        `url` must hold no key. `extra` goes into the facts (etag, last_modified, window, cursor, ...).
        The body appears last, so that whoever sees it sees what stands beside it.
        """
        path = self.path(name)
        make_folder(path.parent)
        temporary = body if isinstance(body, Path) else temporary_name(path)
        try:
            if isinstance(body, bytes):
                temporary.write_bytes(body)
            fsync_path(temporary)
            facts = {
                "url": url,
                "fetched_at": fetched_at.astimezone(UTC).strftime(TIME_FORMAT),
                "licence": licence,
                "attribution": attribution,
                "sha256": sha256_of(temporary),
                "bytes": temporary.stat().st_size,
                **(extra or {}),
            }
            write_text(_beside(path, ".sha256"), f"{facts['sha256']}\n")
            write_text(_beside(path, ".json"), json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
            put_in_place(temporary, path)
        except OSError as error:
            raise explain_os_error(error, path) from error
        finally:
            if isinstance(body, bytes):
                remove(temporary)
        return path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder for one fetch at a time; TransshipError where another one runs."""
        lock = make_folder(self.folder) / ".fetching"
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise explain_os_error(error, lock) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise TransshipError(
                    f"{self.source}: another fetch of it is running; wait until that has ended"
                ) from error
            yield
        finally:
            os.close(descriptor)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)
