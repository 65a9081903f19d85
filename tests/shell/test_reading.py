"""query, explain and ship show what is published, and let nothing else in or out."""

from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.published import SHIP_COLUMNS, SHIP_SECTIONS
from tests.shell.conftest import Run


def test_query_prints_rows(transship: Run, published: Home) -> None:
    ran = transship("query", "SELECT link_id, score FROM transshipment_links", "--home", published.root)
    assert (ran.code, ran.out.splitlines()) == (0, ["link_id  score", "L1         0.5"])


def test_query_as_json(transship: Run, published: Home) -> None:
    statement = """SELECT 1 AS n, 'x' AS n, TIMESTAMP '2026-01-02 03:04:05' AS at, 'nan'::DOUBLE AS nan,
        [1.5::DECIMAL(4,2)] AS l, {'a': DATE '2026-01-02'} AS s, NULL AS nothing"""
    assert transship("--json", "query", statement, "--home", published.root).json == [
        {
            "n": 1,
            "n_1": "x",
            "at": "2026-01-02T03:04:05",
            "nan": None,
            "l": [1.5],
            "s": {"a": "2026-01-02"},
            "nothing": None,
        }
    ]


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_what_a_ship_transmitted_is_shown_plain(transship: Run, published: Home, json: list[str]) -> None:
    ran = transship("query", "SELECT name FROM vessels ORDER BY name", "--home", published.root, *json)
    shown = ran.json[0]["name"] if json else ran.out
    assert "[31mBRA VO [red]" in shown
    assert not {"\x1b", "\u202e"} & set(shown)
    assert ran.out.count("\n") == (8 if json else 3)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM nowhere",
        "SELEC 1",
        "DELETE FROM vessels",
        "CREATE TABLE t AS SELECT 1",
        "SELECT 1; SELECT 2",
        "",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        "COPY (SELECT 1) TO '{file}.out'",
        "COPY (SELECT 1) TO '{home}/published/out.csv'",
        "ATTACH '{file}.db'",
        "EXPORT DATABASE '{file}.folder'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
    ],
)
def test_query_changes_nothing_and_reads_no_files(
    transship: Run, published: Home, tmp_path: Path, statement: str
) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("secret\n1\n")
    before = sorted(tmp_path.rglob("*")), published.database.read_bytes()
    ran = transship("query", statement.format(file=file, home=published.root), "--home", published.root)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert (sorted(tmp_path.rglob("*")), published.database.read_bytes()) == before


def test_nothing_published_yet(transship: Run, home: Home) -> None:
    for words in (["query", "SELECT 1"], ["explain", "L1"], ["ship", "ALFA"]):
        ran = transship(*words, "--home", home.root)
        assert ran.code == 1
        assert "nothing is published" in ran.err


def test_a_damaged_database_is_named(transship: Run, home: Home) -> None:
    home.database.write_text("not a database" * 1000)
    ran = transship("query", "SELECT 1", "--home", home.root)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "cannot be opened" in ran.err


def test_explain_adds_up_to_the_score(transship: Run, published: Home) -> None:
    told = transship("explain", "L1", "--home", published.root, "--json").json
    assert told["log_odds"] == 0
    assert told["probability"] == pytest.approx(told["link"]["score"])
    assert [fact["seq"] for fact in told["evidence"]] == [1, 2]
    shown = transship("explain", "L1", "--home", published.root).out
    assert max(map(len, shown.splitlines())) <= 80
    words = " ".join(shown.split())
    assert "ALFA (no IMO number heard, MMSI 636000001) may have given cargo to BRAVO" in words
    assert "By this model the probability is 50 % that cargo of ALFA went this way" in words
    assert "What speaks for it most: alongside for 8 h. What speaks against it: a call between." in words
    assert "not verified on real ships: this is a lead for a person to check, not a verdict" in words
    told_by_term = [line.split(maxsplit=3) for line in shown.splitlines() if line.lstrip()[:1] in "+-"]
    assert [line for line in told_by_term if line] == [
        ["-2.00", "12", "%", "prior:"],
        ["+3.00", "73", "%", "meeting: alongside for 8 h."],
        ["-1.00", "50", "%", "route: a call between."],
        ["+0.00", "50", "%", "the sum, and what it is as a probability"],
    ]


def test_explain_of_an_unknown_link(transship: Run, published: Home) -> None:
    ran = transship("explain", "nolink", "--home", published.root)
    assert ran.code == 1
    assert "nolink" in ran.err


@pytest.mark.parametrize(
    "words", ["9074729", "IMO 9074729", "imo9074729", "636000001", "255000009", "alpha old"]
)
def test_a_ship_is_found_by_every_identity(transship: Run, published: Home, words: str) -> None:
    found = transship("ship", words, "--home", published.root, "--json").json
    assert list(found) == ["v1"]
    assert len(found["v1"]["vessel_identities"]) == 2
    assert found["v1"]["transshipment_links"][0]["link_id"] == "L1"
    assert "ALPHA OLD" in transship("ship", words, "--home", published.root).out


def test_a_person_is_shown_the_columns_that_matter(transship: Run, published: Home) -> None:
    assert SHIP_COLUMNS.keys() == SHIP_SECTIONS.keys()
    lines = transship("ship", "ALFA", "--home", published.root).out.splitlines()
    assert lines[lines.index("transshipment_links") + 1].split() == [
        "score", "pattern", "hub_id", "from_name", "to_name", "russia_port_id", "arrived_at", "link_id",
    ]  # fmt: skip


def test_an_unknown_ship(transship: Run, published: Home) -> None:
    ran = transship("ship", "NOBODY", "--home", published.root)
    assert ran.code == 1
    assert "NOBODY" in ran.err


def test_a_verdict_is_kept_and_shown(transship: Run, published: Home) -> None:
    ran = transship(
        "review", "L1", "--verdict", "unclear", "--note", "ask the agent", "--home", published.root
    )
    assert (ran.code, ran.out.split(",")[0]) == (0, "L1 is unclear")
    assert "found it unclear" in " ".join(transship("explain", "L1", "--home", published.root).out.split())


def test_a_verdict_needs_a_link_that_is_there(transship: Run, published: Home) -> None:
    ran = transship("review", "L9", "--verdict", "unclear", "--home", published.root)
    assert ran.code == 1
    assert "no link L9" in ran.err
    assert transship("review", "L1", "--verdict", "guilty", "--home", published.root).code == 2
