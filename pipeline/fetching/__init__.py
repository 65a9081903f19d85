"""One module per source that is pulled over HTTP; each fills HOME/raw/<source>/."""

from typing import Any

from pipeline.fetching.base import Fetcher, FetchResult, Job

# A new source is a module with FETCHER, named here (docs/adding-a-source.md).
_MODULES: tuple[Any, ...] = ()

FETCHERS: dict[str, Fetcher] = {module.FETCHER.source.key: module.FETCHER for module in _MODULES}

__all__ = ["FETCHERS", "FetchResult", "Fetcher", "Job"]
