"""The sanctions lists: one file each, kept when it changed. Which day's copy it is stands beside it."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urljoin

from pipeline.errors import TransshipError
from pipeline.fetching.base import Fetcher, Job
from pipeline.net import Answer, NotThere, Refused, Unfit, Unreachable, as_csv, as_page, as_xml, if_changed
from pipeline.raw import stamp
from pipeline.sources.lists import EU, OFAC, OPENSANCTIONS, UK

OFAC_URL = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/SDN.XML"
UK_PAGE = "https://www.gov.uk/government/publications/the-uk-sanctions-list"
UK_LINK = re.compile(r"""href\s*=\s*["']([^"']*UK-Sanctions-List\.csv)["']""", re.IGNORECASE)
# EUR-Lex, which people read, and Cellar, the Publications Office's door for programs: the page or query that
# names the consolidated versions, and the text of one. EUR-Lex often answers programs with an empty 202.
EU_VERSION = re.compile(r"02014R0833-(\d{8})")
EU_PAGE = "https://eur-lex.europa.eu/eli/reg/2014/833"
EU_TEXT = "https://eur-lex.europa.eu/legal-content/EN/TXT/HTML/?uri=CELEX:02014R0833-"
CELLAR_QUERY = "https://publications.europa.eu/webapi/rdf/sparql"
CELLAR_TEXT = "https://publications.europa.eu/resource/celex/02014R0833-"
SPARQL = """SELECT DISTINCT ?celex WHERE {
  ?work <http://publications.europa.eu/ontology/cdm#resource_legal_id_celex> ?celex .
  FILTER(STRSTARTS(STR(?celex), "02014R0833-")) }"""
# The token is the same for all, and stands in the published address.
FREEZE_URL = (
    "https://webgate.ec.europa.eu/fsd/fsf/public/files/xmlFullSanctionsList_1_1/content?token=dG9rZW4tMjAxNw"
)
MARITIME_URL = "https://data.opensanctions.org/datasets/latest/maritime/maritime.csv"
# A ship's row: its name is not told from other text, its IMO number is.
IMO = re.compile(rb"(?<!\d)(\d{7})(?!\d)")


def fetch_ofac(job: Job) -> None:
    """The list in its simple XML form."""
    poll(job, OFAC_URL, "sdn-", ".xml", partial(_entries_of, "sdnEntry"))


def fetch_uk(job: Job) -> None:
    """The CSV behind the link on the list's page, whose address changes with each edition."""
    found = UK_LINK.findall(job.client.get(UK_PAGE, expect=as_page).data)
    if not found:
        raise TransshipError(f"uk: no link that ends UK-Sanctions-List.csv on {UK_PAGE}; the page changed")
    poll(job, urljoin(UK_PAGE, found[0]), "uk-sanctions-list-", ".csv", as_csv("IMO number"))


def fetch_eu(job: Job) -> None:
    """Annex XLII and the asset freezes; neither keeps the other from being fetched."""
    each(job, _fetch_annex, _fetch_freezes)


def _fetch_freezes(job: Job) -> None:
    """The Commission's consolidated list (FSF) in its full XML form."""
    poll(job, FREEZE_URL, "asset-freeze-", ".xml", partial(_entries_of, "sanctionEntity"))


def _fetch_annex(job: Job) -> None:
    """The latest consolidated text that is in force, from EUR-Lex or else from Cellar."""
    try:
        version = max(job.client.get(EU_PAGE, expect=partial(_versions, job)).data)
        poll(job, EU_TEXT + version, "annex-xlii-", ".html", _annex, version=version)
    except (Unreachable, NotThere, Refused) as error:
        job.progress.note(f"{error}; asking Cellar instead")
        query = {"query": SPARQL, "format": "application/sparql-results+json"}
        version = max(job.client.get(CELLAR_QUERY, params=query, expect=partial(_versions, job)).data)
        wanted = {"Accept": "application/xhtml+xml", "Accept-Language": "eng"}
        poll(job, CELLAR_TEXT + version, "annex-xlii-", ".html", _annex, wanted, version=version)


def fetch_opensanctions(job: Job) -> None:
    """The table of ships."""
    poll(job, MARITIME_URL, "maritime-", ".csv", as_csv("caption", "imo", "risk", "datasets"))


def each(job: Job, *parts: Callable[[Job], None]) -> None:
    """Fetch all of these, also where one fails: its fault is raised at the end, a later one's is noted.

    One that the source does not have (404) is named in the output, unless it has none.
    """
    gone: list[TransshipError] = []
    faults: list[TransshipError] = []
    for part in parts:
        try:
            part(job)
        except NotThere as error:
            gone.append(error)
        except TransshipError as error:
            faults.append(error)
    for fault in gone:
        job.say(f"{fault}; left out")
    for fault in faults[1:]:
        job.progress.note(str(fault))
    if faults:
        raise faults[0]
    if len(gone) == len(parts):
        raise gone[0]


def poll(
    job: Job,
    url: str,
    prefix: str,
    ending: str,
    expect: Callable[[Answer], Any],
    wanted: Mapping[str, str] | None = None,
    **extra: Any,
) -> None:
    """Ask for what changed since the newest copy; keep it under the time of this poll."""
    newest = job.raw.newest(prefix)
    facts = job.raw.facts(newest) if newest else {}
    # What a server said of one address holds for no other.
    same = if_changed(facts) if facts.get("url") == job.client.shown(job.client.address(url)) else {}
    headers = {**(wanted or {}), **same}
    answer = job.client.get(url, headers=headers, expect=expect)
    job.keep_if_new(prefix, f"{prefix}{stamp(answer.fetched_at)}{ending}", answer, **extra)


def _entries_of(name: str, answer: Answer) -> None:
    """Expect XML with at least one entry of this name."""
    root = as_xml(answer)
    if next(root.iterfind(f"{{*}}{name}"), None) is None:
        raise Unfit(f"the list has no field {name!r}")


def _versions(job: Job, answer: Answer) -> list[str]:
    """Expect the dates of consolidated versions; those to come are left out."""
    today = f"{job.clock.now():%Y%m%d}"
    found = EU_VERSION.findall(answer.body.decode("utf-8", "replace"))
    if not (past := [version for version in found if version <= today]):
        raise Unfit(
            f"the answer ({len(answer.body)} bytes) names no consolidated version 02014R0833-YYYYMMDD"
        )
    return past


def _annex(answer: Answer) -> None:
    """Expect the annex, with ships: an IMO number's last digit is the weighted sum of the others."""
    text = as_page(answer)
    if "XLII" not in text:
        raise Unfit("the text has no Annex XLII")
    if not any(_is_imo(number) for number in IMO.findall(answer.body)):
        raise Unfit("Annex XLII has no IMO number")


def _is_imo(number: bytes) -> bool:
    digits = [int(digit) for digit in number.decode()]
    return (
        sum(digit * weight for digit, weight in zip(digits, range(7, 1, -1), strict=False)) % 10 == digits[6]
    )


FETCHERS = (
    Fetcher(OFAC, fetch_ofac, takes="poll"),
    Fetcher(UK, fetch_uk, takes="poll"),
    Fetcher(EU, fetch_eu, takes="poll"),
    Fetcher(OPENSANCTIONS, fetch_opensanctions, takes="poll", is_opt_in=True),
)
