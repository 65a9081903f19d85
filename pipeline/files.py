"""The one way files are written: temporary name beside, fsync, rename, fsync of the folder.

Killing a process in the middle of a direct write leaves torn files under their final name
(19 of 30 in a trial with COPY TO); nothing here is ever visible half-written.
"""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import TransshipError

TEMPORARY_SUFFIX = ".tmp"


def explain_os_error(error: OSError, path: Path) -> TransshipError:
    """A full disk or a home that cannot be written, as one clear line."""
    reasons = {
        errno.ENOSPC: "the disk is full; free some space and run the same command again",
        errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
        errno.EROFS: "the file system is read-only; choose another folder with --home",
        errno.EACCES: "permission denied; choose another folder with --home",
        errno.EPERM: "permission denied; choose another folder with --home",
        errno.ENOTDIR: "a part of this path is a file, not a folder; choose another folder with --home",
    }
    reason = reasons.get(error.errno or 0, error.strerror or str(error))
    return TransshipError(f"cannot write {path}: {reason}")


def fsync_path(path: Path) -> None:
    """Force a file's or folder's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> Path:
    """Create a folder with its parents; a TransshipError says why where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    return folder


def temporary_name(path: Path) -> Path:
    """A name beside `path`, on the same file system, that no reader looks at."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{TEMPORARY_SUFFIX}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to (a file or a folder); on success it takes the place of `path`.

    On any error the temporary is removed and what stood under `path` stays whole.
    """
    make_folder(path.parent)
    temporary = temporary_name(path)
    try:
        yield temporary
        put_in_place(temporary, path)
    except OSError as error:
        raise explain_os_error(error, path) from error
    finally:
        remove(temporary)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a finished temporary file or folder to its final name, durably."""
    if temporary.is_dir():
        for inner in sorted(temporary.rglob("*")):
            fsync_path(inner)
    fsync_path(temporary)
    if path.is_dir() and not path.is_symlink():
        # A folder cannot be renamed over a full one: step the old one aside first.
        aside = temporary_name(path)
        path.rename(aside)
        temporary.rename(path)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        temporary.replace(path)
    fsync_path(path.parent)


def remove(path: Path) -> None:
    """Remove a file or folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file under its final name, or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 text file under its final name, or not at all."""
    write_bytes(path, text.encode("utf-8"))


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_checksum(path: Path) -> str:
    """Write `path`'s SHA-256 in hexadecimal beside it (`<name>.sha256`) and return it."""
    digest = sha256_of(path)
    write_text(path.with_name(path.name + ".sha256"), digest + "\n")
    return digest


def sweep_temporaries(folder: Path) -> None:
    """Remove what a killed run left under temporary names."""
    for left in folder.rglob(f".*{TEMPORARY_SUFFIX}"):
        remove(left)
