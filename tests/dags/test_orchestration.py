"""Which days a run is for, and which files that means: without Airflow."""

import itertools
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import orchestration
from pipeline.errors import TransshipError, UsageError
from pipeline.fetching import FetchResult
from pipeline.home import Home
from pipeline.net import Refused, Unreachable
from pipeline.orchestration import PassingFault, part_of, run_days
from pipeline.published import query
from pipeline.settings import Settings
from tests.dags import two_days
from tests.gfw.world import ST_PETERSBURG, TANGER_MED, Ship, at, body_of, visit

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


def test_a_run_that_fetched_files_triggered_reads_what_is_unread(at_home: Home) -> None:
    two_days.write_days(at_home.raw / "dma")
    assert plan("asset_triggered", run_after=TENTH) == ["2024-03-01", "2024-03-02"]
    orchestration.ingest_part("dma", "2024-03-01")
    assert plan("asset_triggered", run_after=TENTH) == ["2024-03-02"]


def test_polls_are_read_by_the_day_of_their_folder() -> None:
    assert part_of(Path("raw/digitraffic/2026-09-01/locations-20260901T120000250Z.json")) == "2026-09-01"
    assert part_of(Path("raw/gfw/port_visit/20260101-20260201/00000000.json")) == ""


def plan_gfw(logical_date: datetime) -> list[dict[str, Any]]:
    return orchestration.plan_fetch("gfw", "scheduled", logical_date=logical_date)


def days_of(parts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(part["first"], part["last"]) for part in parts]


def test_a_scheduled_run_awaits_its_day_and_takes_what_was_missed(at_home: Home) -> None:
    plan_fetch = orchestration.plan_fetch
    (own,) = plan_fetch("dma", "scheduled", logical_date=TENTH)
    assert own == {"first": "2024-03-07", "last": "2024-03-07", "is_awaited": True}
    put(at_home, "aisdk-2024-01-31.zip")
    assert len(plan_fetch("dma", "scheduled", logical_date=TENTH)) == 1
    for name in ("aisdk-2024-03-01.zip", "aisdk-2024-03-04.zip", "aisdk-2018-01.zip"):
        put(at_home, name)
    *missed, own = plan_fetch("dma", "scheduled", logical_date=TENTH)
    assert days_of(missed) == [(day, day) for day in ("2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06")]
    assert own["first"] == "2024-03-07"
    assert [part["is_awaited"] for part in (*missed, own)] == [False] * 4 + [True]
    # A month holds all its days.
    put(at_home, "aisdk-2024-03.zip")
    assert days_of(plan_fetch("dma", "scheduled", logical_date=TENTH)) == [("2024-03-07", "2024-03-07")]


def test_backfilled_runs_and_those_of_a_day_fetch_that_day_alone(at_home: Home) -> None:
    put(at_home, "aisdk-2024-03-01.zip")
    (backfilled,) = orchestration.plan_fetch("dma", "backfill", logical_date=TENTH)
    assert (backfilled["first"], backfilled["is_awaited"]) == ("2024-03-07", False)
    (by_hand,) = orchestration.plan_fetch("dma", "manual", logical_date=TENTH, day="2024-01-31")
    assert (by_hand["first"], by_hand["last"]) == ("2024-01-31", "2024-01-31")


def test_a_source_that_knows_its_days_is_asked_for_all_it_looks_back_to(
    at_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("GFW_API_TOKEN", "BARENTSWATCH_CLIENT_ID", "BARENTSWATCH_CLIENT_SECRET"):
        monkeypatch.setenv(variable, "a-key")
    assert days_of(plan_gfw(TENTH)) == [("2024-02-06", "2024-03-07")]
    tracks = days_of(orchestration.plan_fetch("barentswatch", "scheduled", logical_date=TENTH))
    assert tracks == [("2024-02-26", "2024-03-10")]


def test_polls_belong_to_no_past_and_opt_in_lists_wait_to_be_fetched_by_name(
    monkeypatch: pytest.MonkeyPatch, at_home: Home
) -> None:
    polled = []

    def fetch(home: Home, settings: Settings, source: str, **days: object) -> FetchResult:
        assert days == {"first": None, "last": None}
        polled.append(source)
        return FetchResult()

    monkeypatch.setattr(orchestration, "fetch", fetch)
    with pytest.raises(orchestration.NothingToFetch, match="digitraffic has no past"):
        orchestration.poll("digitraffic", "backfill")
    with pytest.raises(orchestration.NothingToFetch, match="opt-in"):
        orchestration.poll("opensanctions", "scheduled")
    (at_home.raw / "opensanctions").mkdir(parents=True)
    for source in ("digitraffic", "uk", "opensanctions"):
        orchestration.poll(source, "scheduled")
    assert polled == ["digitraffic", "uk", "opensanctions"]


def test_late_days_missing_keys_and_faults_of_a_fetch(
    monkeypatch: pytest.MonkeyPatch, at_home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """What each outcome means to the scheduler; the fetch itself is tested in tests/fetch."""
    outcome: list[FetchResult | Exception] = []

    def fetch(*_: object, **__: object) -> FetchResult:
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    monkeypatch.setattr(orchestration, "fetch", fetch)
    day = "2024-03-07"
    outcome[:] = [FetchResult(lines=["dma: 0 new", f"not there: {day}"], missing_days=[date(2024, 3, 7)])]
    assert orchestration.fetch_part("dma", day, day, is_awaited=True) is False
    with pytest.raises(orchestration.NothingToFetch, match=f"not there: {day}"):
        orchestration.fetch_part("dma", day, day)
    outcome[:] = [Unreachable("dma: cannot be reached")]
    with pytest.raises(PassingFault, match="cannot be reached"):
        orchestration.fetch_part("dma", day, day, is_awaited=True)
    outcome[:] = [Refused("dma: refuses")]
    with pytest.raises(Refused):
        orchestration.fetch_part("dma", day, day)
    outcome[:] = [FetchResult(n_new=1, lines=["gfw: 1 new file(s)"])]
    monkeypatch.delenv("GFW_API_TOKEN", raising=False)
    for ask in (lambda: orchestration.fetch_part("gfw", day, day), lambda: plan_gfw(TENTH)):
        with pytest.raises(orchestration.NothingToFetch, match="GFW_API_TOKEN"):
            ask()
    monkeypatch.setenv("GFW_API_TOKEN", "a-token")
    caplog.set_level("INFO")
    assert orchestration.fetch_part("gfw", day, day) is True
    assert "gfw: 1 new file(s)" in caplog.text


def chain(home: Home) -> list[dict[str, str]]:
    """What the DAGs do once files were fetched; returns what was read."""
    parts = orchestration.plan_ingest("asset_triggered", run_after=TENTH)
    days = [{"days": orchestration.ingest_part(**part)} for part in parts]
    found = orchestration.detect_days("asset_triggered", extras=days)
    orchestration.link_events()
    orchestration.publish_tables([{"days": found}])
    return parts


def put_answer(home: Home, source: str, name: str, text: str) -> None:
    path = home.raw / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_home_of_gfw_alone_goes_through_all_steps(at_home: Home) -> None:
    """Its events have no positions, so that no day of positions says what to do."""
    put_answer(at_home, "gfw", "gap/20240201-20240301/00000000.json", body_of([]))
    everything = [{"source": "gfw", "part": ""}]
    assert chain(at_home) == everything
    assert query(at_home, "SELECT n_rows FROM source_files").rows == [(0,)]
    liner, feeder = Ship("liner-1", 636020001, "LINER"), Ship("feeder-1", 538020001, "FEEDER", "MHL")
    visits = [
        visit(liner, TANGER_MED, at("2024-02-01"), 20),
        visit(feeder, TANGER_MED, at("2024-02-02"), 30),
        visit(feeder, ST_PETERSBURG, at("2024-02-15"), 40),
    ]
    put_answer(at_home, "gfw", "port_visit/20240201-20240301/00000000.json", body_of(visits))
    assert chain(at_home) == everything
    found = query(at_home, "SELECT port_id, witness FROM port_calls ORDER BY arrived_at").rows
    assert found == [("MAPTM", "gfw"), ("MAPTM", "gfw"), ("RULED", "gfw")]
    assert query(at_home, "SELECT pattern FROM transshipment_links").rows == [("port_relay",)]
    assert chain(at_home) == []


def test_polls_and_lists_that_tell_nothing_go_through_all_steps(at_home: Home) -> None:
    put_answer(at_home, "digitraffic", "2024-03-10/locations-20240310T120000000Z.json", '{"features": []}')
    put_answer(
        at_home, "uk", "uk-sanctions-list-20240310T120000000Z.csv", "Unique ID,IMO number\nRUS1,9074729\n"
    )
    assert chain(at_home) == [
        {"source": "digitraffic", "part": "2024-03-10"},
        {"source": "uk", "part": ""},
    ]
    found = query(at_home, "SELECT source, n_rows, n_rejected FROM source_files ORDER BY 1").rows
    assert found == [("digitraffic", 0, 0), ("uk", 1, 1)]
    assert query(at_home, "SELECT count(*) FROM port_calls").rows == [(0,)]
