"""Reference lists of ports: NGA's World Port Index and UN/LOCODE, kept when they changed.

The gazetteer is not made from them anew; `transship doctor` tells where it and they differ.
"""

from pipeline.fetching.base import Fetcher, Job
from pipeline.fetching.lists import each, poll
from pipeline.net import as_csv
from pipeline.sources.lists import REFERENCE

WPI_URL = (
    "https://msi.nga.mil/api/publications/download?key=16920959/SFH00000/UpdatedPub150.csv&type=download"
)
# HEAD is the default branch, whatever its name.
LOCODE_URL = "https://raw.githubusercontent.com/datasets/un-locode/HEAD/data/code-list.csv"
WPI, LOCODE = "world-port-index-", "un-locode-"


def fetch(job: Job) -> None:
    """Both lists, each if it changed."""
    each(job, _fetch_wpi, _fetch_locode)


def _fetch_wpi(job: Job) -> None:
    wpi = as_csv("World Port Index Number", "UN/LOCODE", "Latitude", "Longitude")
    poll(job, WPI_URL, WPI, ".csv", wpi, licence="public domain (work of the US government)")


def _fetch_locode(job: Job) -> None:
    locode = as_csv("Country", "Location", "Coordinates")
    poll(job, LOCODE_URL, LOCODE, ".csv", locode, licence="PDDL 1.0")


FETCHER = Fetcher(REFERENCE, fetch, takes="poll")
