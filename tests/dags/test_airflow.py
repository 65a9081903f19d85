"""The DAGs under Airflow itself: declared rightly, and ending with the tables that the command line makes.

Airflow runs in processes of its own, with its own folder, database and port, so that nothing of it reaches
the other tests.
"""

import importlib.util
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dags.local import PREPARATIONS, surroundings
from pipeline.home import Home
from tests.dags import two_days

PROJECT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("drive_airflow.py")
LAG_DAYS = 3
PATIENCE_S = 400

if importlib.util.find_spec("airflow") is None and os.environ.get("CI_REQUIRE_TOOLS") != "1":
    pytest.skip("Airflow is not installed; it comes with the extra `airflow`", allow_module_level=True)


@dataclass(frozen=True)
class Airflow:
    """An Airflow of its own on one home folder."""

    environment: dict[str, str]
    home: Home

    def run(self, *arguments: str) -> str:
        """One airflow command; returns what it printed."""
        done = subprocess.run(
            ["airflow", *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def drive(self, *steps: dict[str, Any]) -> dict[str, Any]:
        """Let drive_airflow.py do these steps in one process; returns what it found."""
        report = Path(self.environment["AIRFLOW_HOME"]) / "report.json"
        done = subprocess.run(
            [sys.executable, str(DRIVER), str(report), json.dumps(steps)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return json.loads(report.read_text(encoding="utf-8"))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask Airflow's own database."""
        path = Path(self.environment["AIRFLOW_HOME"]) / "airflow.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as con:
            return con.execute(query).fetchall()

    def announced(self, asset: str, run_type: str = "%") -> list[list[str]]:
        """The days in each event of an asset, in the order of the runs' logical dates and of time."""
        extras = self.rows(
            "SELECT e.extra FROM asset_event AS e JOIN asset AS a ON e.asset_id = a.id"
            " JOIN dag_run AS r ON e.source_run_id = r.run_id AND e.source_dag_id = r.dag_id"
            f" WHERE a.name = '{asset}' AND r.run_type LIKE '{run_type}' ORDER BY r.logical_date, e.timestamp"
        )
        return [json.loads(extra)["days"] for (extra,) in extras]


NewAirflow = Callable[[str], Airflow]


@pytest.fixture(scope="module")
def by_command_line(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home where the command line took both days, all at once, from raw/ to the published tables."""
    home = Home(tmp_path_factory.mktemp("command_line"))
    two_days.write_days(home.raw / "dma")
    command = [sys.executable, "-m", "pipeline.cli", "--home", str(home.root), "run", "--source", "dma"]
    done = subprocess.run(command, cwd=PROJECT, env=clean(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="module")
def new_airflow(tmp_path_factory: pytest.TempPathFactory, by_command_line: Home) -> NewAirflow:
    """Makes an Airflow with an empty home and its database prepared as `make airflow` does it."""
    prepared = tmp_path_factory.mktemp("prepared")
    for arguments in PREPARATIONS:
        Airflow(environment(prepared, prepared), Home(prepared)).run(*arguments)

    def make(name: str) -> Airflow:
        folder = tmp_path_factory.mktemp(name)
        home = Home(folder / "home").create()
        # The gazetteer takes seconds to build and is the same for all.
        shutil.copytree(by_command_line.work / "gazetteer", home.work / "gazetteer")
        shutil.copytree(prepared, folder / "airflow")
        return Airflow(environment(folder / "airflow", home.root), home)

    return make


def clean() -> dict[str, str]:
    """This process's environment without settings of Airflow or of the pipeline."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "TRANSSHIP_", "_AIRFLOW"))
    }


def environment(airflow_home: Path, home: Path) -> dict[str, str]:
    """As `make airflow` sets it, with a folder, a database and a port of our own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(airflow_home / "logs"),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    }
    return surroundings({**clean(), **ours}, home)


def tables(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Every published row, but for those that tell when and by which runs it was made."""
    with duckdb.connect(str(home.database), read_only=True) as con:
        names = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        return {
            name: con.execute(f'FROM "{name}" ORDER BY ALL').fetchall()
            for name in sorted(names - {"runs", "link_history"})
        }


def test_the_small_days_have_something_to_compare(by_command_line: Home) -> None:
    found = tables(by_command_line)
    calls = {(row[0], row[1]) for row in rows(by_command_line, "SELECT ship_name, port_id FROM port_calls")}
    assert {("ALFA", "TRAMR"), ("BRAVO", "RUNVS")} <= calls
    assert rows(by_command_line, "SELECT mmsi_1, mmsi_2 FROM encounters") == [(249000001, 273000002)]
    assert len(found["russia_arrivals"]) == 1
    assert len(found["transshipment_links"]) >= 1


def test_dags_are_declared_and_cost_nothing_to_parse(new_airflow: NewAirflow) -> None:
    report = new_airflow("declared").drive({"parse": True})
    assert report["import_errors"] == {}
    assert set(report["dags"]) == {"ingest_daily", "detect_daily", "link_and_publish"}
    for dag in report["dags"].values():
        assert len(dag["doc_md"]) > 200
        assert dag["max_active_runs"] == 1
        assert not dag["catchup"]
        for task in dag["tasks"].values():
            assert task["retries"] >= 3
            assert task["retry_exponential_backoff"] > 1
            # All but the plan write, so they take turns.
            assert task["pool"] == "duckdb_writer" or task["outlets"] == []
    assert report["pools"]["duckdb_writer"] == 1
    assert report["dags"]["ingest_daily"]["tasks"]["ingest"]["outlets"] == ["positions"]
    assert report["dags"]["detect_daily"]["waits_for"] == ["positions"]
    assert report["dags"]["detect_daily"]["tasks"]["detect"]["outlets"] == ["events"]
    assert report["dags"]["link_and_publish"]["waits_for"] == ["events"]
    # The switch is on ingest_daily alone: an event that meets a paused DAG is lost.
    paused = {name: dag["is_paused_upon_creation"] for name, dag in report["dags"].items()}
    assert paused == {"ingest_daily": None, "detect_daily": False, "link_and_publish": False}
    assert report["heavy_modules"] == []


@pytest.mark.timeout(900)
def test_manual_runs_of_each_day_end_as_the_command_line_does(
    new_airflow: NewAirflow, by_command_line: Home
) -> None:
    airflow = new_airflow("manual")
    copy_raw(by_command_line, airflow.home)
    bad = airflow.home.raw / "dma" / "aisdk-2024-03-09.zip"
    bad.write_bytes(b"PK\x03\x04 cut short")
    everything = [{"run": "detect_daily"}, {"run": "link_and_publish"}]
    report = airflow.drive(
        {"run": "ingest_daily", "conf": {"day": two_days.SECOND}},
        *everything,
        {"run": "ingest_daily", "conf": {"day": two_days.FIRST}},
        *everything,
        # Twice changes nothing; a day that is not there is nothing to do; a bad file fails at once.
        {"run": "ingest_daily", "conf": {"day": two_days.FIRST}},
        {"run": "ingest_daily", "conf": {"day": "2024-03-08"}},
        {"run": "ingest_daily", "conf": {"day": "2024-03-09"}},
    )
    assert [run["state"] for run in report["runs"]] == ["success"] * 8 + ["failed"]
    ingested = [run["tasks"].get("ingest", run["tasks"].get("ingest[0]")) for run in report["runs"]]
    assert ingested[7] == {"state": "skipped", "tries": 0}
    assert ingested[8] == {"state": "failed", "tries": 1}
    days = airflow.announced("positions")
    assert days == [[two_days.SECOND], [two_days.FIRST], [two_days.FIRST]]
    assert tables(airflow.home) == tables(by_command_line)


@pytest.mark.timeout(900)
def test_scheduled_and_backfilled_runs_trigger_the_rest_through_assets(
    new_airflow: NewAirflow, by_command_line: Home
) -> None:
    """A real scheduler: a late second day by the scheduled run, then a backfill that brings the first."""
    airflow = new_airflow("scheduler")
    shutil.copytree(by_command_line.raw, airflow.home.raw, dirs_exist_ok=True)
    first = airflow.home.raw / "dma" / f"aisdk-{two_days.FIRST}.csv"
    aside = first.rename(airflow.home.root / "first.csv")
    airflow.environment["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] = "False"
    airflow.run("dags", "reserialize")
    with scheduler(airflow):
        wait_until(airflow, lambda: published_days(airflow) == [two_days.SECOND])
        aside.rename(first)
        airflow.run(
            "backfill", "create", "--dag-id", "ingest_daily", *window(two_days.FIRST, two_days.SECOND)
        )
        wait_until(airflow, lambda: two_days.FIRST in published_days(airflow))
    ran = airflow.rows("SELECT dag_id, run_type, state FROM dag_run WHERE dag_id = 'ingest_daily'")
    assert sorted(run_type for _, run_type, _ in ran) == ["backfill", "backfill", "scheduled"]
    kinds = airflow.rows("SELECT DISTINCT run_type FROM dag_run WHERE dag_id <> 'ingest_daily'")
    assert kinds == [("asset_triggered",)]
    assert airflow.rows("SELECT dag_id, run_id FROM dag_run WHERE state <> 'success'") == []
    # Each backfilled run read its own day, nothing else.
    assert airflow.announced("positions", "backfill") == [[two_days.FIRST], [two_days.SECOND]]
    assert tables(airflow.home) == tables(by_command_line)


def window(first: str, last: str) -> list[str]:
    """The logical dates whose runs are for these days of the Danish source."""
    moved = [f"{day[:-2]}{int(day[-2:]) + LAG_DAYS:02d}" for day in (first, last)]
    return ["--from-date", moved[0], "--to-date", moved[1]]


def published_days(airflow: Airflow) -> list[str]:
    """The days that the runs behind the published database name, once nothing is under way any more."""
    busy = "SELECT count(*) FROM dag_run WHERE state IN ('queued', 'running')"
    queued = "SELECT count(*) FROM asset_dag_run_queue"
    if airflow.rows(busy) != [(0,)] or airflow.rows(queued) != [(0,)]:
        return []
    return sorted({day for days in airflow.announced("published") for day in days})


@contextmanager
def scheduler(airflow: Airflow) -> Iterator[None]:
    """Airflow's scheduler and the server that its tasks report to, ended with all their children."""
    folder = Path(airflow.environment["AIRFLOW_HOME"])
    with ExitStack() as ends:
        for part in ("api-server", "scheduler"):
            log = ends.enter_context((folder / f"{part}.log").open("wb"))
            process = subprocess.Popen(
                ["airflow", part], env=airflow.environment, stdout=log, stderr=log, start_new_session=True
            )
            ends.callback(end, process)
            # A task that is started before the server answers fails.
            wait_until(
                airflow, lambda: answers(f"{airflow.environment['AIRFLOW__API__BASE_URL']}/api/v2/version")
            )
        yield


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its own session, then whatever of it is left."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(url: str) -> bool:
    """Whether a server is up."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(airflow: Airflow, is_so: Callable[[], bool]) -> None:
    """Wait, or fail with what the scheduler said last."""
    ends = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > ends:
            folder = Path(airflow.environment["AIRFLOW_HOME"])
            said = [path.read_text(errors="replace")[-3000:] for path in folder.glob("*.log")]
            pytest.fail(
                "\n".join(
                    [
                        "Airflow did not get there",
                        *said,
                        str(airflow.rows("SELECT dag_id, run_id, state FROM dag_run")),
                    ]
                )
            )
        time.sleep(0.5)


def rows(home: Home, query: str) -> list[tuple[Any, ...]]:
    """Ask the published database."""
    with duckdb.connect(str(home.database), read_only=True) as con:
        return con.execute(query).fetchall()


def copy_raw(source: Home, target: Home) -> None:
    """The same files, with their times."""
    shutil.copytree(source.raw, target.raw, dirs_exist_ok=True)
