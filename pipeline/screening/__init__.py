"""Sanctions lists as they were fetched: which copy of each list counts, and what ships it holds.

A list is what `transship fetch` kept in raw/. Of each of its forms the newest copy counts, and only that: a
ship that was taken off the list is not in it. What is read, and how ships are matched: docs/screening.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.home import Home
from pipeline.raw import RawStore
from pipeline.screening import eu, ofac, opensanctions, uk
from pipeline.screening.base import Content, Entry, Malformed, fetched_on
from pipeline.sources.sightings import is_noncommercial

__all__ = ["LISTS", "Content", "Copy", "Entry", "Malformed", "copies"]


@dataclass(frozen=True)
class Form:
    """One form of a list: by what its files are told (begin and end of the name), and its reader."""

    beginning: str
    endings: tuple[str, ...]
    read: Callable[[Path, Mapping[str, Any]], Content]


# The forms of each list, in order of preference where copies are of the same time.
LISTS: dict[str, tuple[Form, ...]] = {
    "ofac": (Form("sdn", (".xml", ".csv"), ofac.read),),
    "uk": (Form("", (".csv",), uk.read),),
    "eu": (Form("", (".html", ".xhtml"), eu.read_annex), Form("", (".xml",), eu.read_freeze)),
    "opensanctions": (
        Form("", (".csv",), opensanctions.read_table),
        Form("", (".json", ".jsonl"), opensanctions.read_entities),
    ),
}
# Tables beside sdn.csv that are read with it.
COMPANIONS = ("sdn_comments",)


@dataclass(frozen=True)
class Copy:
    """The newest copy of one form of a list."""

    source: str
    path: Path
    facts: Mapping[str, Any]
    form: Form

    @property
    def file_id(self) -> str:
        """As in `source_files`: the first 16 digits of the body's hash."""
        return str(self.facts.get("sha256") or "")[:16]

    @property
    def is_noncommercial(self) -> bool:
        """Whether its licence forbids commercial use."""
        return is_noncommercial(self.facts.get("licence"))

    def read(self) -> Content:
        """The ships in it; Malformed where it is not in its form."""
        return self.form.read(self.path, self.facts)


def copies(home: Home) -> list[Copy]:
    """The newest copy of each form of each list that was fetched, in the order of LISTS."""
    found = []
    for source, forms in LISTS.items():
        store = RawStore(home, source)
        if not store.folder.is_dir():
            continue
        names = [name for name in store.names() if not name.rpartition("/")[2].startswith(COMPANIONS)]
        for form in forms:
            ours = [
                (fetched_on(facts := store.facts(name)), name, facts)
                for name in names
                if name.rpartition("/")[2].lower().startswith(form.beginning)
                and name.lower().endswith(form.endings)
            ]
            if ours:
                _, name, facts = max(ours, key=lambda one: one[:2])
                found.append(Copy(source, store.path(name), facts, form))
    return found
