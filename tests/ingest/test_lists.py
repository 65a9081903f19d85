"""Lists: each copy below raw/ is a row of `source_files`, its entries counted and used for no position."""

from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.published import query
from pipeline.settings import Settings
from pipeline.sources import SOURCES
from pipeline.sources.lists import SOURCES as LISTS
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from pipeline.steps.status import status
from tests.ingest.conftest import Lake, rejected

COPIES = {
    ("ofac", "sdn-20260901T120000000Z.xml"): (
        '<sdnList xmlns="https://example.org/XML"><publshInformation/>'
        "<sdnEntry><uid>1</uid><lastName>ARTAVIL</lastName></sdnEntry><sdnEntry><uid>2</uid></sdnEntry></sdnList>",
        2,
        "1 ARTAVIL",
    ),
    # A title, the names of columns, then entries, one of which goes over two lines.
    ("uk", "uk-sanctions-list-20260901T120000000Z.csv"): (
        'Report Date: 01-Sep-2026\r\nLast Updated,Unique ID,Name 6,IMO number\r\n01/08/2026,RUS1,"AR\nDENT",'
        "9213650\r\n01/08/2026,RUS2,BRAVO,\r\n",
        2,
        "01/08/2026,RUS1,AR DENT,9213650",
    ),
    # A row within a row, a row of column names, a number that is no ship's, a mark of consolidation.
    ("eu", "annex-xlii-20260901T120000000Z.html"): (
        "<html><body><p>ANNEX XLII</p><table><tr><th>Number</th><th>IMO</th></tr><tr><td><table>"
        "<tr><td>1.</td><td>ANDROMEDA STAR</td><td>▼M12 9402471</td></tr>"
        "<tr><td>2.</td><td>BRAVO</td><td>9074729</td></tr></table></td></tr>"
        "<tr><td>7304111</td></tr></table></body></html>",
        2,
        "1. ANDROMEDA STAR ▼M12 9402471",
    ),
    ("eu", "asset-freeze-20260901T120000000Z.xml"): (
        '<export xmlns="http://eu.europa.ec/fpi/fsd/export"><sanctionEntity logicalId="13">'
        '<nameAlias wholeName="X"/></sanctionEntity></export>',
        1,
        "",
    ),
    ("opensanctions", "maritime-20260901T120000000Z.csv"): (
        '"type","caption","imo","risk","countries","flag","mmsi","id","url","datasets","aliases"\n'
        '"VESSEL","ALFA","IMO9402471","sanction","","","","x","","",""\n',
        1,
        "VESSEL,ALFA,IMO9402471,sanction,,,,x,,,",
    ),
    ("reference", "un-locode-20260901T120000000Z.csv"): (
        "Change,Country,Location,Coordinates\n,MA,TNG,3548N 00548W\n,TR,AMR,\n",
        2,
        ",MA,TNG,3548N 00548W",
    ),
}


def put(home: Home, source: str, name: str, text: str) -> Path:
    path = home.raw / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("source", "name"), COPIES)
def test_entries_are_counted(lake: Lake, source: str, name: str) -> None:
    text, n_rows, example = COPIES[source, name]
    put(lake.home, source, name, text)
    result = lake.read(source=source)
    assert (result.failures, result.files_read) == ([], 1)
    manifest = lake.manifest()
    assert rejected(manifest) == {"list_entry": n_rows}
    assert manifest["rejected"][0]["example"] == example
    assert (manifest["n_kept"], manifest["first_at"], manifest["last_at"]) == (0, None, None)
    assert manifest["licence"] == SOURCES[source].licence
    assert lake.read(source=source).files_skipped == 1


def test_the_list_of_the_us_treasury_has_no_column_names(lake: Lake) -> None:
    text = '36,"AEROCARIBBEAN",-0- ,"CUBA"\r\n173,"ANGLO",-0- ,"CUBA"\r\n\x1a'
    lake.read(lake.write("sdn.csv", text), source="ofac")
    assert rejected(lake.manifest()) == {"list_entry": 2}


def test_a_list_without_an_entry_is_a_file_that_was_read(lake: Lake) -> None:
    text = "Report Date: 01-Sep-2026\nLast Updated,Unique ID,Name 6,IMO number\n"
    lake.read(lake.write("uk-sanctions-list-1.csv", text), source="uk")
    assert (lake.manifest()["n_rows"], rejected(lake.manifest())) == (0, {})


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("sdn-1.xml", "<sdnList><sdnEntry>", "damaged or cut short"),
        ("sdn-1.xml", "<other/>", "no entry in it"),
        ("annex-xlii-1.html", "<html>maintenance</html>", "no entry in it"),
        ("sdn-1.zip", "PK", "a list ends in .csv, .xml"),
    ],
)
def test_what_is_no_list_is_told_in_one_line(lake: Lake, name: str, text: str, told: str) -> None:
    path = lake.write(name, text)
    (failure,) = lake.read(path, source="eu").failures
    assert failure.startswith(f"{path}: ")
    assert told in failure
    assert "\n" not in failure
    assert lake.manifests() == []


def test_a_home_of_lists_alone_is_published(home: Home, settings: Settings) -> None:
    for (source, name), (text, _, _) in COPIES.items():
        put(home, source, name, text)
    for source in {source.key for source in LISTS}:
        assert ingest(home, settings, source).failures == []
    detect(home, settings)
    link(home, settings)
    publish(home, settings)
    rows = query(home, "SELECT source, n_rows, n_kept, n_rejected FROM source_files ORDER BY ALL").rows
    assert rows == sorted((source, n_rows, 0, n_rows) for (source, _), (_, n_rows, _) in COPIES.items())
    counted = query(home, "SELECT DISTINCT reason FROM rejected_rows").rows
    assert counted == [("list_entry",)]
    # What is not known is not said.
    assert query(home, "SELECT * FROM metadata WHERE key LIKE 'data_until%' OR value = 'None'").rows == []
    told = {seen.source: (seen.n_files, seen.n_rows, seen.first_day) for seen in status(home).sources}
    assert told["eu"] == (2, 3, None)
