"""The SQL, one SELECT per table, shipped as package data. `read("events/port_calls")` gives the text."""

from functools import cache
from importlib import resources


@cache
def read(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return resources.files("sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")
