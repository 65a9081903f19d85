"""Reference lists of ports: NGA's World Port Index and UN/LOCODE, kept when they changed.

The gazetteer is not made from them anew; `transship doctor` tells where it and they differ.
"""

from pipeline.fetching.base import Fetcher, Job
from pipeline.fetching.lists import poll
from pipeline.net import as_csv
from pipeline.sources.base import Source

SOURCE = Source(
    key="reference",
    title="World Port Index (NGA Pub. 150) and UN/LOCODE",
    coverage="ports and places of trade of the world",
    delay="on the day of publication; new editions some times a year",
    licence="public domain (World Port Index: work of the US government; UN/LOCODE: PDDL)",
    attribution="National Geospatial-Intelligence Agency; UNECE, by way of datasets/un-locode",
    key_variables=(),
    good_for="checking the gazetteer's codes and places of ports",
    blind_to="quays, moorings and roads; most places are to the minute of arc",
)

WPI_URL = (
    "https://msi.nga.mil/api/publications/download?key=16920959/SFH00000/UpdatedPub150.csv&type=download"
)
# HEAD is the default branch, whatever its name.
LOCODE_URL = "https://raw.githubusercontent.com/datasets/un-locode/HEAD/data/code-list.csv"
WPI, LOCODE = "world-port-index-", "un-locode-"


def fetch(job: Job) -> None:
    """Both lists, each if it changed."""
    wpi = as_csv("World Port Index Number", "UN/LOCODE", "Latitude", "Longitude")
    poll(job, WPI_URL, WPI, ".csv", wpi, licence="public domain (work of the US government)")
    locode = as_csv("Country", "Location", "Coordinates")
    poll(job, LOCODE_URL, LOCODE, ".csv", locode, licence="PDDL 1.0")


FETCHER = Fetcher(SOURCE, fetch, takes="poll")
