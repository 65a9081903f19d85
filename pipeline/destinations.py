"""AIS destination text to a port. A wrong port is worse than none: what does not resolve stays unresolved.

The order of reading is that of IMO SN.1/Circ.244 and of what crews type (docs/methods.md, "Destinations").
"""

import re
from collections.abc import Iterable, Mapping

SEPARATORS = re.compile(r"=>|->|>>|>| TO ")
NOTHING = {"", "0", "N/A", "NONE", "UNKNOWN", "-", "NIL", "TBA", "TBN"}
TAIL = re.compile(r"\b(ANCH|ANCHORAGE|OPL|RDS|ROADS|PS|PILOT|EOSP|BUNKERS?|STS|VIA .*|ETA .*|FOR ORDERS?)\b")
CODE = re.compile(r"^([A-Z]{2})[ .\-/_]?([A-Z0-9]{3})$")
# Names that crews use and the gazetteer does not; sources: the project's identity rules and observed strings.
ALIASES = {
    "ST PETERSBURG": "RULED",
    "S PETERSBURG": "RULED",
    "SAINT PETERSBURG": "RULED",
    "SANKT PETERBURG": "RULED",
    "ST PETERBURG": "RULED",
    "SPB": "RULED",
    "UST LUGA": "RUULU",
    "USTLUGA": "RUULU",
    "NOVOROSSIYSK": "RUNVS",
    "NOVOROSSIJSK": "RUNVS",
    "NOVOROSSISK": "RUNVS",
    "NOVO": "RUNVS",
    "CPC": "RUCPC",
    "CPC TERMINAL": "RUCPC",
    "KAVKAZ": "RUKZP",
    "PORT KAVKAZ": "RUKZP",
    "KALININGRAD": "RUKGD",
    "BALTIYSK": "RUBLT",
    "MURMANSK": "RUMMK",
    "KOLA BAY": "RUMMK",
    "VLADIVOSTOK": "RUVVO",
    "TANGER MED": "MAPTM",
    "TANGIER MED": "MAPTM",
    "TANGERMED": "MAPTM",
    "CASABLANCA": "MACAS",
    "JORF LASFAR": "MAJFL",
    "JORF": "MAJFL",
}


class Destinations:
    """Resolves destination text against the ports of a gazetteer (port_id to name)."""

    def __init__(self, ports: Mapping[str, str]) -> None:
        self._ids = set(ports)
        names: dict[str, set[str]] = {}
        for port_id, name in ports.items():
            names.setdefault(plain_name(name), set()).add(port_id)
        # A name that two ports share says nothing.
        self._names = {
            name: ids.copy().pop() for name, ids in names.items() if len(ids) == 1 and len(name) > 3
        }
        self._names.update({name: port for name, port in ALIASES.items() if port in self._ids})

    def resolve(self, text: str | None) -> str | None:
        """The port_id that a destination text names last, or None."""
        said = (text or "").upper().split("@", 1)[0].strip()
        if said in NOTHING or "<" in said:
            return None
        last = TAIL.sub(" ", SEPARATORS.split(said)[-1]).strip(" .,-/")
        code = CODE.match(last)
        if code and code.group(1) + code.group(2) in self._ids:
            return code.group(1) + code.group(2)
        name = plain_name(last)
        if name in self._names:
            return self._names[name]
        for tail in (" RUSSIA", " RUS", " RU", " MOROCCO", " TURKEY", " TR", " MA"):
            if name.endswith(tail) and name.removesuffix(tail) in self._names:
                return self._names[name.removesuffix(tail)]
        return None

    def resolve_all(self, texts: Iterable[str]) -> dict[str, str]:
        """The texts that resolve, with their port_id."""
        found = ((text, self.resolve(text)) for text in texts)
        return {text: port for text, port in found if port}


def plain_name(name: str) -> str:
    """A name in capitals, with single blanks for everything that is no letter or digit."""
    return re.sub(r"[^A-Z0-9]+", " ", re.sub(r"\(.*?\)", "", name.upper())).strip()
