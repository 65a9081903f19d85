"""What links said before they changed, and why: kept beside the reviews, for nothing can make it again.

A link is followed from the first run in which its score reaches `links.history_min_score`. It gets a version
when its status changes, or its score by `links.history_min_change` or more since the version before; one
whose ground the data have taken stays, as `withdrawn`, with what was last told of it. Times are the end of
the data that the run had, not the clock's, so that the same runs on the same data keep the same history.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from pipeline.files import make_folder
from pipeline.kept import opened
from pipeline.schema import COLUMNS, definition
from pipeline.settings import Settings

VERSIONS = """
CREATE TABLE IF NOT EXISTS versions (
    link_id TEXT NOT NULL, version INTEGER NOT NULL, score REAL NOT NULL, status TEXT NOT NULL,
    told_at TEXT NOT NULL, why TEXT NOT NULL, recorded_at TEXT NOT NULL, PRIMARY KEY (link_id, version))
"""
# The row and the evidence of each link as they were last made, as JSON: what is published if it is withdrawn.
LAST_TOLD = """
CREATE TABLE IF NOT EXISTS last_told (link_id TEXT PRIMARY KEY, link TEXT NOT NULL, evidence TEXT NOT NULL)
"""
# Terms of the score that a reason names.
N_NAMED = 3


@dataclass(frozen=True)
class Version:
    """A link as told from `told_at` (end of the data then) on, and why it differs from the version before."""

    link_id: str
    version: int
    score: float
    status: str
    told_at: datetime
    why: str


def follow(con: duckdb.DuckDBPyConnection, path: Path, settings: Settings) -> int:
    """Compare the links that `con` has made with what was told and keep what changed in `path`.

    `con` holds transshipment_links, link_evidence and the candidates. Makes `link_history` there, and puts
    withdrawn links back among the links, with their evidence. Returns the number of new versions; raises
    TransshipError where `path` cannot be read or written.
    """
    make_folder(path.parent)
    with opened(path, VERSIONS, LAST_TOLD) as file:
        before = {
            row[0]: Version(row[0], row[1], row[2], row[3], datetime.fromisoformat(row[4]), row[5])
            for row in file.execute(
                "SELECT link_id, version, score, status, told_at, why FROM versions ORDER BY link_id, version"
            )
        }
        last = {
            link_id: (link, evidence)
            for link_id, link, evidence in file.execute("SELECT link_id, link, evidence FROM last_told")
        }
        made = _made(con, settings, before)
        missing = {link_id: json.loads(last[link_id][0]) for link_id in before if link_id not in made}
        gone = _gone(con, missing, last)
        new = list(_changes(con, settings, before, last, made, missing, gone))
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat()
        file.executemany(
            "INSERT INTO versions (link_id, version, score, status, told_at, why, recorded_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(v.link_id, v.version, v.score, v.status, v.told_at.isoformat(), v.why, now) for v in new],
        )
        file.executemany(
            "INSERT INTO last_told (link_id, link, evidence) VALUES (?, ?, ?)"
            " ON CONFLICT (link_id) DO UPDATE SET link = excluded.link, evidence = excluded.evidence",
            [(link_id, *told) for link_id, told in made.items() if last.get(link_id) != told],
        )
        _put_back(con, [last[link_id] for link_id in sorted(gone)])
        _tell(con, file.execute(
            "SELECT link_id, version, score, status, told_at, why FROM versions ORDER BY link_id, version"
        ).fetchall())  # fmt: skip
    return len(new)


def _made(
    con: duckdb.DuckDBPyConnection, settings: Settings, before: Mapping[str, Version]
) -> dict[str, tuple[str, str]]:
    """The links made now that are followed, as JSON: row and evidence."""
    return {
        link_id: (link, evidence)
        for link_id, link, evidence in con.execute(
            """
            WITH followed AS (
                SELECT * FROM transshipment_links
                WHERE score >= $1 OR link_id IN (SELECT unnest($2::VARCHAR[]))
            )
            SELECT l.link_id, CAST(to_json(l) AS VARCHAR), e.evidence
            FROM followed AS l
            JOIN (
                SELECT link_id, CAST(to_json(list(e ORDER BY seq)) AS VARCHAR) AS evidence
                FROM link_evidence AS e WHERE link_id IN (SELECT link_id FROM followed) GROUP BY link_id
            ) AS e ON l.link_id = e.link_id
            ORDER BY l.link_id
            """,
            [settings.links.history_min_score, list(before)],
        ).fetchall()
    }


def _gone(
    con: duckdb.DuckDBPyConnection,
    missing: Mapping[str, Mapping[str, Any]],
    last: Mapping[str, tuple[str, str]],
) -> dict[str, str]:
    """Of links that are not made any more those whose ground is gone, and what is gone.

    The others still fit; their score fell under `links.min_score`. A chain rests on its first hop's two calls
    and on the link that its rest is.
    """
    calls = {call for (call,) in con.execute("SELECT port_call_id FROM hub_calls").fetchall()}
    pairs = con.execute("SELECT from_port_call_id, to_port_call_id FROM relay_candidates")
    fitting: set[Any] = set()
    if missing:
        fitting = set(pairs.fetchall())
        fitting |= {link_id for (link_id,) in con.execute("SELECT link_id FROM features").fetchall()}
    gone: dict[str, str] = {}
    for link_id, link in sorted(missing.items(), key=lambda item: (item[1]["hops"], item[0])):
        a, b = link["from_port_call_id"], link["to_port_call_id"]
        if link["pattern"] == "sts":
            if link_id not in fitting:
                gone[link_id] = f"the meeting {link['encounter_id']}, as one that may have fed an arrival"
            continue
        for call, whose in ((a, "giver"), (b, "taker")):
            if call not in calls:
                gone[link_id] = f"the {whose}'s call {call}"
        if link["pattern"] == "port_relay":
            if link_id not in gone and (a, b) not in fitting:
                gone[link_id] = "that the two calls fit each other and a voyage to Russia"
            continue
        refs = {fact["kind"]: fact["ref_id"] for fact in json.loads(last[link_id][1])}
        if refs["first_hop"] not in calls:
            gone[link_id] = f"the second ship's call {refs['first_hop']}"
        elif refs["other_hops"] in gone:
            gone[link_id] = f"the link {refs['other_hops']}, which is its rest"
    return gone


def _changes(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    before: Mapping[str, Version],
    last: Mapping[str, tuple[str, str]],
    made: Mapping[str, tuple[str, str]],
    missing: Mapping[str, Mapping[str, Any]],
    gone: Mapping[str, str],
) -> Iterable[Version]:
    (data_end,) = con.execute(
        "SELECT TIMESTAMP '1970-01-01 00:00:00' + t_s * INTERVAL '1' SECOND FROM data_end"
    ).fetchone() or (None,)
    for link_id in sorted({*made, *before}):
        old = before.get(link_id)
        if link_id in made:
            link = json.loads(made[link_id][0])
            score, status = float(link["score"]), str(link["status"])
            told = json.loads(last[link_id][0]) if link_id in last else None
        else:
            link = missing[link_id]
            score, status, told = float(link["score"]), "withdrawn", None
            if link_id not in gone:
                score, status = settings.links.min_score, str(link["status"])
        if old is None:
            yield Version(link_id, 1, score, status, data_end, "Told for the first time.")
        elif status != old.status or abs(score - old.score) >= settings.links.history_min_change:
            if link_id in gone:
                why = f"Withdrawn: the data do not hold {gone[link_id]} any more."
            elif link_id not in made:
                why = f"Its score fell under links.min_score: it is not stored, and told here as {score}."
            else:
                why = _why(old, score, status, link, told)
            told_at = max(data_end, old.told_at)
            yield Version(link_id, old.version + 1, score, status, told_at, why)


def _why(
    old: Version, score: float, status: str, link: Mapping[str, Any], told: Mapping[str, Any] | None
) -> str:
    """The change in a sentence, and the terms of the score that changed most."""
    if old.status == "withdrawn":
        begun = f"The data bring it back, as {status}"
    elif status != old.status:
        begun = f"It was {old.status} and is {status}"
    else:
        begun = f"It is {status} as before"
    then, now = (told or {}).get("score_parts") or {}, link.get("score_parts") or {}
    changed = sorted(
        ((kind, then.get(kind), now.get(kind)) for kind in {*then, *now} if then.get(kind) != now.get(kind)),
        key=lambda term: (-abs((term[2] or 0) - (term[1] or 0)), term[0]),
    )
    named = [f"{kind} {_weight(a)} to {_weight(b)}" for kind, a, b in changed[:N_NAMED]]
    terms = f"; what changed most, in log odds: {', '.join(named)}" if named else ""
    return f"{begun}; its score went from {old.score:.3f} to {score:.3f}{terms}."


def _weight(weight: float | None) -> str:
    return "none" if weight is None else f"{weight:+.2f}"


def _put_back(con: duckdb.DuckDBPyConnection, told: Iterable[tuple[str, str]]) -> None:
    """Withdrawn links among the links, and their evidence, as they were last told."""
    for table, documents in (
        ("transshipment_links", [link for link, _ in told]),
        ("link_evidence", [fact for _, evidence in told for fact in _each(evidence)]),
    ):
        columns = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall()
        values = [
            "'withdrawn'"
            if name == "status"
            else f"json_extract(document, '$.{name}')"
            if kind == "JSON"
            else f"CAST(json_extract_string(document, '$.{name}') AS {kind})"
            for name, kind in columns
        ]
        con.execute(
            f"INSERT INTO {table} SELECT {', '.join(values)}"
            " FROM (SELECT CAST(unnest($1::VARCHAR[]) AS JSON) AS document)",
            [documents],
        )


def _each(evidence: str) -> list[str]:
    return [json.dumps(fact) for fact in json.loads(evidence)]


def _tell(con: duckdb.DuckDBPyConnection, versions: list[tuple[Any, ...]]) -> None:
    """`link_history`: each version that another has followed, with when and why that came."""
    rows = [
        (link_id, version, score, status, next_at, why, told_at)
        for (link_id, version, score, status, told_at, _), (next_id, _, _, _, next_at, why) in pairwise(
            versions
        )
        if link_id == next_id
    ]
    con.execute(f"CREATE OR REPLACE TABLE link_history ({definition('link_history')})")
    columns = [f"unnest(${n}::{kind}[])" for n, (_, kind) in enumerate(COLUMNS["link_history"], 1)]
    if rows:
        con.execute(
            f"INSERT INTO link_history SELECT {', '.join(columns)}",
            [list(column) for column in zip(*rows, strict=True)],
        )
