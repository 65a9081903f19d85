"""What is pulled over HTTP, one module a source (the lists together); each fills HOME/raw/<source>/."""

from pipeline.fetching import aishub, barentswatch, digitraffic, dma, gfw, lists, marinecadastre, reference
from pipeline.fetching.base import Fetcher, FetchResult, Job

# A new source is a module with FETCHER, named here (docs/adding-a-source.md).
_MODULES = (dma, marinecadastre, digitraffic, barentswatch, aishub, gfw, reference)

FETCHERS: dict[str, Fetcher] = {
    fetcher.source.key: fetcher for fetcher in (*(module.FETCHER for module in _MODULES), *lists.FETCHERS)
}

__all__ = ["FETCHERS", "FetchResult", "Fetcher", "Job"]
