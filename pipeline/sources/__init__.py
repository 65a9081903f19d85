"""One module per public source; each turns the source's own files into lake positions and static reports."""

from pipeline.sources import dma, marinecadastre, table
from pipeline.sources.base import Source, Stage

# A new source is a module with SOURCE and stage, named here; pipeline/sources/base.py says what they are.
_MODULES = (dma, marinecadastre, table)

SOURCES: dict[str, Source] = {module.SOURCE.key: module.SOURCE for module in _MODULES}
STAGES: dict[str, Stage] = {module.SOURCE.key: module.stage for module in _MODULES}
