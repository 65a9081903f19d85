"""Small SQLite files for what nothing can make again: each change is on disk when it is made."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import TransshipError


@contextmanager
def opened(path: Path, *tables: str) -> Iterator[sqlite3.Connection]:
    """The file with its tables (CREATE TABLE IF NOT EXISTS …), as one transaction.

    Raises TransshipError with the file's name where it cannot be read or written.
    """
    try:
        con = sqlite3.connect(path, timeout=30)
        try:
            con.execute("PRAGMA synchronous = FULL")
            with con:
                for table in tables:
                    con.execute(table)
                yield con
        finally:
            con.close()
    except sqlite3.Error as error:
        raise TransshipError(f"{path}: {error}; restore it from a backup, or move it away") from error
