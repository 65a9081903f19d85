"""Which days a run is for, and which files that means: without Airflow."""

import itertools
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline import orchestration
from pipeline.errors import TransshipError, UsageError
from pipeline.home import Home
from pipeline.orchestration import PassingFault, part_of, run_days
from tests.dags import two_days

TENTH = datetime(2024, 3, 10, tzinfo=UTC)


@pytest.fixture
def at_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home that the DAGs' functions work on."""
    monkeypatch.setenv("TRANSSHIP_HOME", str(home.root))
    return home


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_scheduled_and_backfilled_runs_take_their_logical_date_less_the_lag(run_type: str) -> None:
    assert run_days(run_type, logical_date=TENTH, lag_days=3) == [date(2024, 3, 7)]
    assert run_days(run_type, logical_date=TENTH) == [date(2024, 3, 10)]
    # A `day` given to a whole backfill (--dag-run-conf) must not make all its runs do the same day.
    assert run_days(run_type, logical_date=TENTH, lag_days=3, day="2020-01-01") == [date(2024, 3, 7)]


def test_asset_triggered_runs_take_the_days_of_all_their_events() -> None:
    extras = [{"days": ["2024-03-02", "2024-03-01"]}, {}, {"days": ["2024-03-02", "2024-02-29"]}]
    found = run_days("asset_triggered", run_after=TENTH, lag_days=3, extras=extras, day="2020-01-01")
    assert found == [date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2)]


def test_manual_runs_take_the_day_asked_for() -> None:
    assert run_days("manual", logical_date=TENTH, lag_days=3, day="2024-01-31") == [date(2024, 1, 31)]
    assert run_days("manual", run_after=TENTH, day="2024-01-31") == [date(2024, 1, 31)]


def test_manual_runs_without_a_day_take_what_a_scheduled_run_would() -> None:
    assert run_days("manual", logical_date=TENTH, lag_days=3) == [date(2024, 3, 7)]
    assert run_days("manual", run_after=TENTH, lag_days=3) == [date(2024, 3, 7)]


@pytest.mark.parametrize("given", ["yesterday", "2024-02-30", "31/01/2024"])
def test_a_senseless_day_is_refused_by_name(given: str) -> None:
    with pytest.raises(UsageError, match=given):
        run_days("manual", logical_date=TENTH, day=given)


def test_the_date_in_a_file_name() -> None:
    names = {
        "aisdk-2024-03-01.zip": "2024-03-01",
        "AIS_2022_06_20.zip": "2022-06-20",
        "aisdk-2018-01.zip": "2018-01",
        "ais-20240301.csv": "",
        "mine.csv": "",
    }
    assert {name: part_of(Path(name)) for name in names} == names


def test_a_backfilled_run_reads_its_day_and_its_month_and_nothing_else(at_home: Home) -> None:
    for name in (
        "aisdk-2024-03-06.csv",
        "aisdk-2024-03-07.zip",
        "aisdk-2024-03.zip",
        "aisdk-2024-02.zip",
        "x.csv",
    ):
        put(at_home, name)
    put(at_home, "aisdk-2024-03-07.zip.sha256")
    assert plan("backfill", logical_date=TENTH) == ["2024-03", "2024-03-07"]
    assert plan("manual", logical_date=TENTH, day="2024-03-06") == ["2024-03", "2024-03-06"]


def test_a_scheduled_run_also_reads_what_came_late(at_home: Home) -> None:
    early, late = two_days.write_days(at_home.raw / "dma")
    put(at_home, "aisdk-2024-03-07.csv")
    assert plan("scheduled", logical_date=TENTH) == ["2024-03-01", "2024-03-02", "2024-03-07"]
    assert plan("manual", run_after=TENTH) == ["2024-03-01", "2024-03-02", "2024-03-07"]
    assert orchestration.ingest_part("dma", "2024-03-01") == ["2024-03-01"]
    assert plan("scheduled", logical_date=TENTH) == ["2024-03-02", "2024-03-07"]
    # The same name with other content is unread again.
    early.write_text(late.read_text(encoding="utf-8"), encoding="utf-8")
    assert plan("scheduled", logical_date=TENTH) == ["2024-03-01", "2024-03-02", "2024-03-07"]


def test_nothing_there_is_nothing_to_do(at_home: Home) -> None:
    assert plan("scheduled", logical_date=TENTH) == []


def test_days_read_before_are_announced_again(at_home: Home) -> None:
    """A worker may die between reading and announcing; the next try reads nothing and must still announce."""
    two_days.write_days(at_home.raw / "dma")
    assert orchestration.ingest_part("dma", "2024-03-02") == ["2024-03-02"]
    assert orchestration.ingest_part("dma", "2024-03-02") == ["2024-03-02"]


def test_a_bad_file_is_told_and_the_good_one_beside_it_stored(at_home: Home) -> None:
    two_days.write_days(at_home.raw / "dma")
    put(at_home, "aisdk-2024-03-01b.zip")
    with pytest.raises(TransshipError, match="aisdk-2024-03-01b"):
        orchestration.ingest_part("dma", "2024-03-01")
    assert len(list(at_home.manifests.glob("*.json"))) == 1


def test_files_taken_away_between_plan_and_reading_are_told(at_home: Home) -> None:
    """Without files the ingest step would read all of raw/."""
    two_days.write_days(at_home.raw / "dma")
    with pytest.raises(TransshipError, match="2024-03-05"):
        orchestration.ingest_part("dma", "2024-03-05")


def test_only_faults_that_may_pass_are_worth_another_try(
    monkeypatch: pytest.MonkeyPatch, at_home: Home
) -> None:
    faults = itertools.cycle([OSError(28, "No space left on device"), ValueError("a bad file")])

    def fail(*_: object, **__: object) -> None:
        raise TransshipError("told in one line") from next(faults)

    monkeypatch.setattr(orchestration, "detect", fail)
    with pytest.raises(PassingFault, match="told in one line"):
        orchestration.detect_days("manual")
    with pytest.raises(TransshipError, match="told in one line"):
        orchestration.detect_days("manual")


def put(home: Home, name: str) -> None:
    path = home.raw / "dma" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PK\x03\x04 cut short")


def plan(run_type: str, **given: object) -> list[str]:
    parts = orchestration.plan_ingest(run_type, **given)
    assert {found["source"] for found in parts} <= {"dma"}
    return [found["part"] for found in parts]
