"""The lists of ports: fetched when they changed, and held against the gazetteer."""

from collections.abc import Callable

from geo import gazetteer
from pipeline.home import Home
from pipeline.raw import RawStore
from pipeline.settings import Settings
from pipeline.steps.fetch import fetch
from pipeline.steps.status import doctor
from tests.fetch.conftest import Watch
from tests.fetch.server import Reply, Request, Server

PORTS = {port["port_id"]: port for port in gazetteer.load_ports().to_dict("records")}
TANGIER, AMBARLI = PORTS["MATNG"], PORTS["TRAMR"]


def wpi(north_deg: float = 0) -> str:
    """World Port Index with Tangier by its number and a port by its code, the second so far off."""
    rows = [
        f"{TANGIER['source_id']},Tangier, ,{TANGIER['lat']},{TANGIER['lon']}",
        f"1,Ambarli,TR AMR,{AMBARLI['lat'] + north_deg},{AMBARLI['lon']}",
        "2,Nowhere, ,,",
    ]
    return "\n".join(["World Port Index Number,Main Port Name,UN/LOCODE,Latitude,Longitude", *rows]) + "\n"


def locode(*left_out: str) -> str:
    """UN/LOCODE with the codes of the gazetteer."""
    rows = [f",{code[:2]},{code[2:]},A,A,,AI,1-------,0601,,," for code in codes() if code not in left_out]
    columns = "Change,Country,Location,Name,NameWoDiacritics,Subdivision,Status,Function,Date,IATA,"
    return "\n".join([f"{columns}Coordinates,Remarks", *rows]) + "\n"


def codes() -> list[str]:
    return sorted({str(port["unlocode"]) for port in PORTS.values() if port["unlocode"]})


def test_lists_are_kept_and_differences_told(
    empty_home: Home, server: Server, pointed: Callable[..., Settings], watch: Watch
) -> None:
    lists = {"wpi": wpi(), "locode": locode()}

    def serve(request: Request) -> Reply:
        if request.path == "/api/publications/download":
            assert request.query["key"].endswith("UpdatedPub150.csv")
            return Reply(lists["wpi"].encode(), 200, {"Content-Type": "application/octet-stream"})
        assert request.path.endswith("/data/code-list.csv")
        return Reply(lists["locode"].encode(), 200, {"Content-Type": "text/plain"})

    def told() -> tuple[str, bool]:
        (check,) = [check for check in doctor(empty_home, settings) if check.name == "reference"]
        assert not check.is_fault
        return check.found, check.is_lack

    server.serve = serve
    settings = pointed("reference")
    assert "not fetched" in told()[0]
    assert fetch(empty_home, settings, "reference", clock=watch.clock).n_new == 2
    assert told() == (f"{n_coded()} codes and 2 places of ports agree with the fetched lists", False)
    assert fetch(empty_home, settings, "reference", clock=watch.clock).n_new == 0
    # A code that is gone, a port that moved by 0.1 degrees: told, and nothing is changed.
    lists.update(wpi=wpi(0.1), locode=locode("MATNG"))
    watch.sleep(86_400)
    assert fetch(empty_home, settings, "reference", clock=watch.clock).n_new == 2
    found, is_lack = told()
    assert is_lack
    assert f"1 of {n_coded()} codes are not in UN/LOCODE (MATNG)" in found
    assert "1 of 2 ports lie over 5 km from World Port Index (TRAMR 11 km)" in found
    raw = RawStore(empty_home, "reference")
    assert raw.facts(raw.names("un-locode-")[0])["licence"] == "PDDL 1.0"
    assert len(raw.names()) == 4
    raw.path(raw.names("un-locode-")[-1]).write_text("not found", encoding="ascii")
    (broken,) = [check for check in doctor(empty_home, settings) if check.name == "reference"]
    assert broken.is_fault
    assert "no column 'Country'; remove it and fetch again" in broken.found


def n_coded() -> int:
    return sum(bool(port["unlocode"]) for port in PORTS.values())
