"""A link told for a person: a paragraph, the arithmetic line by line, and the files that each row rests on.

All of it comes from the published database; nothing here weighs anything.
"""

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.text import plain

Row = Mapping[str, Any]
WIDTH = 80
CAUTION = (
    "Scores are calibrated on simulated worlds, not verified on real ships: this is a lead for a person to"
    " check, not a verdict."
)
VERDICTS = {
    "none": "Nobody has reviewed this link yet.",
    "confirmed": "A person has confirmed this link.",
    "rejected": "A person has rejected this link.",
    "unclear": "A person has looked at this link and found it unclear.",
}
# Where a row lies in time, for which ships: what leads from it to the files of those days (docs/reading.md).
SPANS = {
    "port_calls": """SELECT vessel_id, coalesce(entered_at, arrived_at) AS begun,
        coalesce(exited_at, departed_at, arrived_at) AS ended FROM port_calls WHERE port_call_id = $1""",
    "encounters": """SELECT unnest([vessel_id_1, vessel_id_2]) AS vessel_id, started_at AS begun,
        ended_at AS ended FROM encounters WHERE encounter_id = $1""",
    "ais_gaps": """SELECT vessel_id, off_at AS begun, coalesce(on_at, off_at) AS ended
        FROM ais_gaps WHERE gap_id = $1""",
    "declared_ports": """SELECT vessel_id, declared_at AS begun, declared_at AS ended
        FROM declared_ports WHERE declaration_id = $1 AND file_id IS NULL""",
}
# Files that a row names itself.
FILES = {
    "port_calls": "SELECT file_id FROM call_witnesses WHERE port_call_id = $1",
    "declared_ports": """SELECT file_id FROM declared_ports
        WHERE declaration_id = $1 AND file_id IS NOT NULL""",
    "screening_hits": "SELECT file_id FROM screening_hits WHERE hit_id = $1",
    "gfw_comparison": """SELECT g.file_id
        FROM gfw_comparison AS c JOIN gfw_events AS g ON c.event_id = g.event_id
        WHERE c.comparison_id = $1""",
}
# From the last report before a moment to the first one after it: times are interpolated between two reports.
REPORTS = """
    WITH span AS (
        SELECT coalesce(max(last_at) FILTER (WHERE last_at <= $2), $2) AS from_at,
            coalesce(min(first_at) FILTER (WHERE first_at >= $3), $3) AS to_at
        FROM vessel_files WHERE vessel_id = $1 AND n_reports > 0)
    SELECT DISTINCT v.file_id FROM vessel_files AS v, span
    WHERE v.vessel_id = $1 AND v.first_at <= span.to_at AND v.last_at >= span.from_at"""


@dataclass(frozen=True)
class Setting:
    """What the database says around a link: places, ships, meeting, calls, the arrival and its links."""

    hub: Row = field(default_factory=dict)
    port: Row = field(default_factory=dict)
    origin: Row = field(default_factory=dict)
    giver: Row = field(default_factory=dict)
    taker: Row = field(default_factory=dict)
    meeting: Row = field(default_factory=dict)
    giver_call: Row = field(default_factory=dict)
    taker_call: Row = field(default_factory=dict)
    arrival: Row = field(default_factory=dict)
    rivals: Sequence[Row] = ()


def paragraphs(link: Row, evidence: Sequence[Row], setting: Setting) -> list[str]:
    """Plain English: who, where, when, to which port; how sure and why; what else it may have been."""
    sentences = [_chance(link)]
    if link["pattern"] == "chain":
        sentences += [_sentence(e["statement"]) for e in evidence if e["kind"] in ("first_hop", "other_hops")]
    weighed = sorted((e for e in evidence if e["kind"] not in APART), key=lambda e: -abs(e["weight"]))
    for words, side in (("What speaks for it most", 1), ("What speaks against it", -1)):
        said = [_sentence(e["statement"]) for e in weighed if e["weight"] * side >= TOLD][:4]
        if said:
            sentences.append(f"{words}: {' '.join(said)}")
    told = [e for e in evidence if e["kind"].startswith("listed_") and abs(e["weight"]) < TOLD]
    sentences += [_sentence(e["statement"]) for e in told]
    return [
        f"{_transfer(link, setting)} {_onward(link, setting)}",
        " ".join(sentences),
        f"{_others(link, setting)} {VERDICTS.get(link.get('review') or 'none', '')} {CAUTION}".strip(),
    ]


# Terms that are no reasons: what was thought before, what the others leave, how a chain adds up.
APART = {"prior", "relay_prior", "rivals", "first_hop", "other_hops", "as_odds"}
# Weaker reasons are told in the arithmetic alone.
TOLD = 0.25


def arithmetic(
    link: Row,
    evidence: Sequence[Row],
    parts: Mapping[str, float],
    files: Mapping[tuple[str, str], Sequence[int]],
) -> Iterator[str]:
    """From prior to posterior: each term's log odds, the probability so far, the fact, its row and files."""
    with_probability = link["pattern"] != "chain"
    so_far = 0.0
    facts: dict[str, list[Row]] = {kind: [] for kind in parts}
    for fact in evidence:
        facts.setdefault(fact["kind"], []).append(fact)
    yield f"{'log odds':>9}{'so far':>9}"
    for kind, said in facts.items():
        weight = parts.get(kind, 0.0)
        so_far += weight
        share = f"{_percent(1 / (1 + math.exp(-so_far)))}" if with_probability else ""
        head = f"{weight:+9.2f}{share:>9}  "
        text = " ".join([f"{kind}:", *(_sentence(fact["statement"]) for fact in said)])
        yield from textwrap.wrap(plain(text), WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
        for fact in said:
            if fact["ref_table"]:
                numbers = files.get((fact["ref_table"], fact["ref_id"]), ())
                listed = f" [{_ranges(numbers)}]" if numbers else ""
                yield from textwrap.wrap(
                    plain(f"{fact['ref_table']} {fact['ref_id']}{listed}"), WIDTH,
                    initial_indent=" " * len(head), subsequent_indent=" " * (len(head) + 2),
                )  # fmt: skip
    total = math.fsum(parts.values())
    yield f"{total:+9.2f}{_percent(1 / (1 + math.exp(-total))):>9}  the sum, and what it is as a probability"


def sources(files: Sequence[Row]) -> Iterator[str]:
    """Each file with its number in the arithmetic, its hash and its address."""
    for number, file in enumerate(files, 1):
        of = (
            f", reports of {_time(file['first_at'])} to {_time(file['last_at'])}"
            if file.get("first_at")
            else ""
        )
        fetched = f", fetched {file['fetched_at']:%Y-%m-%d}" if file.get("fetched_at") else ""
        yield plain(f"[{number}] {file['source']}{of}{fetched}")
        yield plain(f"    SHA-256 {file['sha256']}")
        yield plain(f"    {file.get('url') or 'no address: a file of your own'}")


def _transfer(link: Row, setting: Setting) -> str:
    a, b = _ship(link, "from", setting.giver), _ship(link, "to", setting.taker)
    hub = _place(setting.hub, link["hub_id"])
    if link["pattern"] == "sts" and setting.meeting:
        met = setting.meeting
        return (
            f"{a} and {b} lay {met['median_distance_m']:.0f} m apart (between their aerials) for"
            f" {met['duration_h']:.0f} hours at {met['lat']:.2f}, {met['lon']:.2f}, near the hub {hub}, from"
            f" {_time(met['started_at'])} UTC on."
        )
    if setting.giver_call and setting.taker_call:
        first, second = setting.giver_call, setting.taker_call
        came = f"{a} called at {hub} from {_time(first['arrived_at'])} to {_time(first['departed_at'])} UTC"
        left = f"from {_time(second['arrived_at'])} to {_time(second['departed_at'])} UTC"
        if link["pattern"] == "chain":
            at = f"{second['port_name']} ({second['port_id']})"
            return (
                f"{came}. Over {link['hops']} transfers its cargo may have come to {b}, which called at"
                f" {at} {left}."
            )
        return f"{came}; {b} called there {left}."
    return f"{a} may have given cargo to {b} at {hub}."


def _onward(link: Row, setting: Setting) -> str:
    name = link["to_name"] or "The second ship"
    came = f" {_name(link, 'from')} had come from {_place(setting.origin, None)}." if setting.origin else ""
    if not link.get("arrived_at"):
        window = [link.get("expected_from_at"), link.get("expected_to_at")]
        when = f" between {_time(window[0])} and {_time(window[1])} UTC" if all(window) else ""
        port = link.get("expected_port_id")
        return f"{name} has not arrived in Russia{f'; it is expected at {port}{when}' if port else ''}.{came}"
    port = _place(setting.port, link.get("russia_port_id"))
    calls = link.get("calls_between")
    way = {None: "", 0: ", without a call on the way", 1: ", after one call on the way"}.get(
        calls, f", after {calls} calls on the way"
    )
    days = f", {link['days_to_russia']:.1f} days later" if link.get("days_to_russia") else ""
    seen = {
        "gate": " It was not seen there: it went out of sight past a line that leads only to Russian ports.",
        "declared": " It was not seen there: it had declared the port and was out of sight for long enough.",
    }.get(setting.arrival.get("basis", ""), "")
    return (
        f"{name} then arrived at {port} in Russia on {_time(link['arrived_at'])} UTC{days}{way}.{seen}{came}"
    )


def _chance(link: Row) -> str:
    end = (
        "was on board at the arrival"
        if link.get("arrived_at")
        else "will be on board at an arrival in Russia"
    )
    return (
        f"By this model the probability is {_percent(link['score'])} that cargo of {_name(link, 'from')} went"
        f" this way and {end}."
    )


def _others(link: Row, setting: Setting) -> str:
    if link.get("arrival_id") is None or not setting.arrival:
        return ""
    none = setting.arrival.get("p_no_transfer")
    rivals = [row for row in setting.rivals if row["link_id"] != link["link_id"]]
    if rivals:
        first = rivals[0]
        n = f"{len(rivals)} other links" if len(rivals) > 1 else "One other link"
        strongest = (
            f"{first['from_name'] or first['from_mmsi']} ({first['pattern']}, {_percent(first['score'])})"
        )
        said = f"{n} may have fed the same arrival, the strongest from {strongest}"
    else:
        said = "No other link to this arrival is known"
    if none is None:
        return f"{said}."
    return f"{said}; the probability that no link to it is true is {_percent(none)}."


def _ship(link: Row, side: str, ship: Row) -> str:
    kind = {"tanker": "a tanker", "cargo": "a cargo ship"}.get(
        ship.get("ship_type") or "", ship.get("ship_type")
    )
    length = f"{'of ' if kind else ''}{ship['length_m']:.0f} m" if ship.get("length_m") else ""
    facts = [
        " ".join(filter(None, (kind, length))),
        f"flag {link[f'{side}_flag']}" if link.get(f"{side}_flag") else "",
        f"IMO {link[f'{side}_imo']}" if link.get(f"{side}_imo") else "no IMO number heard",
        f"MMSI {link[f'{side}_mmsi']}",
    ]
    return f"{_name(link, side)} ({', '.join(filter(None, facts))})"


def _name(link: Row, side: str) -> str:
    return str(link[f"{side}_name"] or f"the ship with MMSI {link[f'{side}_mmsi']}")


def _place(place: Row, otherwise: object) -> str:
    name, code = place.get("name"), place.get("port_id") or place.get("hub_id")
    return f"{name} ({code})" if name else str(otherwise or "a port not known")


def _time(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else "a time not known"


def _percent(p: float) -> str:
    """Nothing is certain, nor impossible."""
    percent = 100 * p
    return f"{percent:.0f} %" if 1 <= percent < 99.5 else ">99 %" if percent > 50 else f"{percent:.1g} %"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _ranges(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 as 1-3, 7."""
    out: list[list[int]] = []
    for n in sorted(numbers):
        if out and n == out[-1][-1] + 1:
            out[-1][1:] = [n]
        else:
            out.append([n])
    return ", ".join("-".join(map(str, span)) for span in out)
