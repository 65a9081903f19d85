"""One module per public source; each turns the source's own files into lake positions and static reports."""

from pipeline.sources import (
    aishub,
    aisstream,
    barentswatch,
    digitraffic,
    dma,
    gfw,
    lists,
    marinecadastre,
    nmea,
    port_calls,
    table,
)
from pipeline.sources.base import Source, Stage
from pipeline.sources.sightings import Reader

# A new source is a module with SOURCE and stage, named here; pipeline/sources/base.py says what they are.
_MODULES = (dma, marinecadastre, table, aishub, barentswatch, digitraffic, aisstream, nmea)

SOURCES: dict[str, Source] = {module.SOURCE.key: module.SOURCE for module in (*_MODULES, gfw)} | {
    source.key: source for source in lists.SOURCES
}
STAGES: dict[str, Stage] = {module.SOURCE.key: module.stage for module in _MODULES}
# Files without positions, events or lists: by source, and how the file's name begins.
_READERS: dict[str, tuple[str, Reader]] = {
    gfw.SOURCE.key: ("", gfw.read),
    digitraffic.SOURCE.key: ("port-calls-", port_calls.read),
    barentswatch.SOURCE.key: ("mmsiinarea-", lists.read_index),
    **{source.key: ("", lists.read) for source in lists.SOURCES},
}


def event_reader(source: str, name: str) -> Reader | None:
    """The reader of a file of events or of a list; None for a file of positions."""
    begins, reader = _READERS.get(source, ("", None))
    return reader if name.startswith(begins) else None
