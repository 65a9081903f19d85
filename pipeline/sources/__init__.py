"""One module per public source; each turns the source's own files into lake positions and static reports."""

from pipeline.sources import (
    aishub,
    aisstream,
    barentswatch,
    digitraffic,
    dma,
    gfw,
    marinecadastre,
    nmea,
    port_calls,
    table,
)
from pipeline.sources.base import Source, Stage
from pipeline.sources.sightings import Reader

# A new source is a module with SOURCE and stage, named here; pipeline/sources/base.py says what they are.
_MODULES = (dma, marinecadastre, table, aishub, barentswatch, digitraffic, aisstream, nmea)

SOURCES: dict[str, Source] = {module.SOURCE.key: module.SOURCE for module in (*_MODULES, gfw)}
STAGES: dict[str, Stage] = {module.SOURCE.key: module.stage for module in _MODULES}
# Files that hold events and no positions: by source, and how the file's name begins.
_READERS: dict[str, tuple[str, Reader]] = {
    gfw.SOURCE.key: ("", gfw.read),
    digitraffic.SOURCE.key: ("port-calls-", port_calls.read),
}
# Answers that only led to others, kept as sent: by source, and how the file's name begins.
_NOT_DATA = {barentswatch.SOURCE.key: "mmsiinarea-"}


def event_reader(source: str, name: str) -> Reader | None:
    """The reader of a file of events; None for a file of positions."""
    begins, reader = _READERS.get(source, ("", None))
    return reader if name.startswith(begins) else None


def is_data(source: str, name: str) -> bool:
    """Whether a raw file of this name holds reports or events, for the ingest step to read."""
    begins = _NOT_DATA.get(source)
    return begins is None or not name.startswith(begins)
