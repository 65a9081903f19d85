"""What is known of a transfer's ships beside it: lists, numbers, silences, declarations, as evidence."""

from collections.abc import Sequence

import duckdb
import pytest

from pipeline.home import Home
from pipeline.published import explain
from pipeline.schema import definition
from pipeline.settings import Settings
from pipeline.steps.link import link
from pipeline.steps.publish import publish
from tests.detect.ships import detected
from tests.link.test_links import A, B, meeting

# The meeting of `meeting()` begins on the first day of the tests' world, 1 March 2026.
BEFORE, AFTER = "2026-02-01", "2026-03-05"
Hit = tuple[int, str, str | None, str | None]


def add(con: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    names = ", ".join(values)
    con.execute(
        f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", list(values.values())
    )


def screened(home: Home, hits: Sequence[Hit]) -> None:
    """Hits (MMSI, matched_on, listed_on, list_date) as screening leaves them."""
    with duckdb.connect(str(home.events), read_only=True) as con:
        ids = dict(con.execute("SELECT mmsi, vessel_id FROM vessels").fetchall())
    home.screening.unlink(missing_ok=True)
    with duckdb.connect(str(home.screening)) as con:
        con.execute(f"CREATE TABLE screening_hits ({definition('screening_hits')})")
        for n, (mmsi, matched_on, listed_on, list_date) in enumerate(hits):
            add(
                con, "screening_hits", hit_id=f"h{n}", vessel_id=ids[mmsi], list="eu",
                entity_name="LISTED", matched_on=matched_on, is_lead=matched_on == "name", match_score=1.0,
                listed_on=listed_on, list_date=list_date, is_sanction=True,
                matched_identity=f"{matched_on} x", is_noncommercial=False,
            )  # fmt: skip


def facts(home: Home, settings: Settings) -> dict[str, tuple[float, str, str, str]]:
    """The evidence of the one link: kind to weight, statement, row."""
    link(home, settings)
    with duckdb.connect(str(home.links), read_only=True) as con:
        rows = con.execute("SELECT kind, weight, statement, ref_table, ref_id FROM link_evidence").fetchall()
        assert con.execute("SELECT count(*) FROM transshipment_links").fetchone() == (1,)
    return {kind: (weight, said, table, ref) for kind, weight, said, table, ref in rows}


@pytest.fixture
def met(home: Home, settings: Settings) -> Home:
    detected(home, settings, meeting(a_draughts=(14.0, 9.0), b_draughts=(8.0, 13.0)))
    return home


@pytest.mark.parametrize(
    ("hit", "weighs", "words"),
    [
        ((B.mmsi, "imo", BEFORE, None), True, "was under sanctions by then"),
        ((B.mmsi, "mmsi", None, BEFORE), True, "was under sanctions by then"),
        ((B.mmsi, "imo", AFTER, None), False, "only afterwards"),
        ((B.mmsi, "imo", None, AFTER), False, "does not say since when"),
        ((B.mmsi, "name", BEFORE, None), False, "a lead and no match"),
    ],
)
def test_a_list_counts_from_the_day_of_the_listing(
    met: Home, settings: Settings, hit: Hit, weighs: bool, words: str
) -> None:
    screened(met, [hit])
    weight, said, table, ref = facts(met, settings)["listed_to"]
    assert (weight > 0, table, ref) == (weighs, "screening_hits", "h0")
    assert words in said


def test_the_taker_counts_more_than_the_giver_and_each_once(met: Home, settings: Settings) -> None:
    screened(
        met, [(A.mmsi, "imo", BEFORE, None), (B.mmsi, "imo", BEFORE, None), (B.mmsi, "mmsi", BEFORE, None)]
    )
    found = facts(met, settings)
    assert 0 < found["listed_from"][0] < found["listed_to"][0]
    assert "and 1 more" in found["listed_to"][1]


def test_who_is_on_no_list_has_no_such_evidence(met: Home, settings: Settings) -> None:
    assert not {"listed_from", "listed_to"} & facts(met, settings).keys()


def test_silences_new_numbers_and_declarations_are_told_with_their_rows(
    met: Home, settings: Settings
) -> None:
    with duckdb.connect(str(met.events)) as con:
        ((ship, begun, ended, meeting_id),) = con.execute(
            "SELECT v.vessel_id, e.started_at, e.ended_at, e.encounter_id FROM vessels AS v, encounters AS e"
            " WHERE v.mmsi = ?",
            [B.mmsi],
        ).fetchall()
        day = "INTERVAL 1 DAY"
        con.execute(
            "INSERT INTO ais_gaps (gap_id, vessel_id, mmsi, off_at, on_at, duration_h, is_suspicious)"
            f" SELECT 'g', ?, 1, CAST(? AS TIMESTAMP), CAST(? AS TIMESTAMP) + {day}, 24, TRUE",
            [ship, ended, ended],
        )
        con.execute(
            "INSERT INTO vessel_identities (vessel_id, mmsi, valid_from, valid_to, n_reports,"
            " is_noncommercial)"
            f" SELECT ?, 311000999, CAST(? AS TIMESTAMP) - 9 * {day}, CAST(? AS TIMESTAMP), 9, FALSE",
            [ship, begun, begun],
        )
        con.execute(
            "INSERT INTO declared_ports (declaration_id, vessel_id, source, relation, declared_text, port_id,"
            " declared_at, is_noncommercial) SELECT 'd', ?, 'port_authority', 'next', 'RUNVS', 'RUNVS',"
            f" CAST(? AS TIMESTAMP) + {day}, TRUE",
            [ship, ended],
        )
        add(
            con, "gfw_comparison", comparison_id="c", kind="encounter", verdict="agree",
            our_table="encounters", our_id=meeting_id, is_noncommercial=False,
        )  # fmt: skip
    found = facts(met, settings)
    assert found["silence_to"][2:] == ("ais_gaps", "g")
    assert "and under 311000999 before" in found["identity_to"][1]
    assert found["declared_to"][2:] == ("declared_ports", "d")
    assert found["gfw_to"][2:] == ("gfw_comparison", "c")
    assert all(found[kind][0] > 0 for kind in ("silence_to", "identity_to", "declared_to", "gfw_to"))
    with duckdb.connect(str(met.links), read_only=True) as con:
        assert con.execute("SELECT is_noncommercial FROM transshipment_links").fetchone() == (True,)


def test_what_was_declared_after_the_arrival_is_no_evidence(met: Home, settings: Settings) -> None:
    with duckdb.connect(str(met.events)) as con:
        con.execute(
            "INSERT INTO declared_ports (declaration_id, vessel_id, source, relation, port_id, declared_at)"
            " SELECT 'd', vessel_id, 'port_authority', 'next', 'RUNVS', arrived_at + INTERVAL 1 HOUR"
            " FROM russia_arrivals"
        )
    assert "declared_to" not in facts(met, settings)


def test_explain_leads_from_each_event_to_hash_and_files(met: Home, settings: Settings) -> None:
    link(met, settings)
    publish(met, settings)
    with duckdb.connect(str(met.database), read_only=True) as con:
        ((link_id,),) = con.execute("SELECT link_id FROM transshipment_links").fetchall()
        hashes = {sha for (sha,) in con.execute("SELECT sha256 FROM source_files").fetchall()}
    told = explain(met, link_id)
    rows = {row for file in told.files for row in file["rows"]}
    events = {
        (e["ref_table"], e["ref_id"]) for e in told.evidence if e["ref_table"] in ("encounters", "port_calls")
    }
    assert events
    assert events <= rows
    assert {file["sha256"] for file in told.files} <= hashes
    lines = list(told.told())
    assert max(map(len, lines)) <= 80
    words = " ".join(" ".join(lines).split())
    assert "HOTEL TEST (a tanker of 240 m" in words
    assert "then arrived at Novorossiysk" in words
    assert "Nobody has reviewed this link yet." in words
