"""What is pulled over HTTP, one module a source (the lists together); each fills HOME/raw/<source>/."""

from pipeline.fetching import aishub, barentswatch, digitraffic, dma, gfw, lists, marinecadastre, reference
from pipeline.fetching.base import Fetcher, FetchResult, Job
from pipeline.sources import SOURCES
from pipeline.sources.base import Source

# A new source is a module with FETCHER, named here (docs/adding-a-source.md).
_MODULES = (dma, marinecadastre, digitraffic, barentswatch, aishub, gfw, reference)

FETCHERS: dict[str, Fetcher] = {
    fetcher.source.key: fetcher for fetcher in (*(module.FETCHER for module in _MODULES), *lists.FETCHERS)
}

__all__ = ["FETCHERS", "FetchResult", "Fetcher", "Job", "known_sources"]


def known_sources() -> list[Source]:
    """All sources: those that ingest reads, then the lists, which are fetched and read by no ingest."""
    return list((SOURCES | {key: fetcher.source for key, fetcher in FETCHERS.items()}).values())
