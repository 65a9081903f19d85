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
from pipeline.fetching import FETCHERS
from pipeline.home import Home
from pipeline.sources import SOURCES
from tests.dags import two_days
from tests.fetch.server import Reply, Request, Server, json_reply, running
from tests.fetch.test_fetchers import Bucket, danish_zip

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

    def switch_on(self, *dags: str) -> None:
        """As `airflow dags unpause`, without the seconds that takes to start."""
        path = Path(self.environment["AIRFLOW_HOME"]) / "airflow.db"
        with closing(sqlite3.connect(path)) as con, con:
            con.executemany("UPDATE dag SET is_paused = 0 WHERE dag_id = ?", [(dag,) for dag in dags])

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
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the two days, the US list, and GFW without events for who has the key; else nothing."""
    paths = two_days.write_days(tmp_path_factory.mktemp("archive"))
    bucket = Bucket(
        {f"{path.stem}.zip": danish_zip(path.name, path.read_text().splitlines()) for path in paths}
    )

    def serve(request: Request) -> Reply:
        if request.path.endswith("/SDN.XML"):
            return Reply(b"<sdnList><sdnEntry/></sdnList>", 200, {"Content-Type": "application/xml"})
        if request.path.startswith("/v3/"):
            is_known = request.headers.get("authorization") == "Bearer of-the-connection"
            return json_reply({"entries": [], "nextOffset": None}) if is_known else Reply(status=401)
        if request.path.startswith("/api/"):
            return Reply(status=403)
        return bucket(request)

    with running() as server:
        server.serve = serve
        yield server


@pytest.fixture(scope="module")
def by_command_line(tmp_path_factory: pytest.TempPathFactory, archive: Server) -> Home:
    """A home where the command line took both days, all at once, from the archive to the published tables."""
    home = Home(tmp_path_factory.mktemp("command_line"))
    command = [sys.executable, "-m", "pipeline.cli", "--home", str(home.root), "run", "--source", "dma"]
    command += ["--from", two_days.FIRST, "--to", two_days.SECOND]
    given = {**clean(), **at(archive)}
    done = subprocess.run(command, cwd=PROJECT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return home


def at(server: Server) -> dict[str, str]:
    """The settings that point every source to a server."""
    return {f"TRANSSHIP_SOURCES__{source.upper()}__URL": server.url for source in FETCHERS}


@pytest.fixture(scope="module")
def new_airflow(
    tmp_path_factory: pytest.TempPathFactory, by_command_line: Home, archive: Server
) -> NewAirflow:
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
        return Airflow({**environment(folder / "airflow", home.root), **at(archive)}, home)

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
    """Every published row, but for what tells when and by which runs it was made."""
    with duckdb.connect(str(home.database), read_only=True) as con:
        names = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        return {
            name: con.execute(
                f"SELECT * {'EXCLUDE fetched_at' if name == 'source_files' else ''} FROM {name} ORDER BY ALL"
            ).fetchall()
            for name in sorted(names - {"runs", "link_history"})
        }


def test_the_small_days_have_something_to_compare(by_command_line: Home) -> None:
    found = tables(by_command_line)
    calls = {(row[0], row[1]) for row in rows(by_command_line, "SELECT ship_name, port_id FROM port_calls")}
    assert {("ALFA", "TRAMR"), ("BRAVO", "RUNVS")} <= calls
    assert rows(by_command_line, "SELECT mmsi_1, mmsi_2 FROM encounters") == [(249000001, 273000002)]
    assert len(found["russia_arrivals"]) == 1
    assert len(found["transshipment_links"]) >= 1


@pytest.fixture(scope="module")
def by_hand(new_airflow: NewAirflow) -> tuple[Airflow, dict[str, Any]]:
    """An Airflow whose DAGs were run by hand, day by day, in one process; and what was found of them."""
    airflow = new_airflow("manual")
    bad = airflow.home.raw / "dma" / "aisdk-2024-03-09.zip"
    bad.parent.mkdir()
    bad.write_bytes(b"PK\x03\x04 cut short")
    everything = [{"run": "detect_daily"}, {"run": "link_and_publish"}]
    report = airflow.drive(
        {"parse": True},
        {"run": "fetch_daily", "conf": {"day": two_days.SECOND}},
        {"run": "ingest_daily", "conf": {"day": two_days.SECOND}},
        *everything,
        {"connection": "transship_gfw", "password": "of-the-connection"},
        {"run": "fetch_daily", "conf": {"day": two_days.FIRST}},
        {"run": "ingest_daily", "conf": {"day": two_days.FIRST}},
        *everything,
        # Twice changes nothing; a day that is not there is nothing to do; a bad file fails at once.
        {"run": "ingest_daily", "conf": {"day": two_days.FIRST}},
        {"run": "ingest_daily", "conf": {"day": "2024-03-08"}},
        {"run": "ingest_daily", "conf": {"day": "2024-03-09"}},
        {"run": "fetch_hourly"},
        {"run": "fetch_lists"},
    )
    return airflow, report


@pytest.mark.timeout(900)
def test_dags_are_declared_and_cost_nothing_to_parse(by_hand: tuple[Airflow, dict[str, Any]]) -> None:
    _, report = by_hand
    assert report["import_errors"] == {}
    fetching = {"fetch_daily", "fetch_hourly", "fetch_lists"}
    assert set(report["dags"]) == fetching | {"ingest_daily", "detect_daily", "link_and_publish"}
    for name, dag in report["dags"].items():
        assert len(dag["doc_md"]) > 200
        assert dag["max_active_runs"] == (5 if name == "fetch_daily" else 1)
        assert not dag["catchup"]
        for task_id, task in dag["tasks"].items():
            assert task["retries"] >= 3
            assert task["retry_exponential_backoff"] > 1
            # All but the plans write, so they take turns; each source has requests of one task at a time.
            pool = "default_pool" if task_id.startswith("plan") else "duckdb_writer"
            assert task["pool"] == (task_id if task_id.startswith("fetch_") else pool)
            assert report["pools"][task["pool"]] == (128 if pool == "default_pool" else 1)
    fetched = {
        name: {task_id.removeprefix("fetch_") for task_id in dag["tasks"] if task_id.startswith("fetch_")}
        for name, dag in report["dags"].items()
    }
    # Each source that can be fetched is, but for the one of tests and benchmarks.
    days, live = fetched["fetch_daily"], fetched["fetch_hourly"]
    assert days | live | fetched["fetch_lists"] == set(FETCHERS) - {"marinecadastre"}
    assert all(FETCHERS[source].takes != "poll" for source in days)
    assert live == {key for key, fetcher in FETCHERS.items() if fetcher.polls == "hourly"}
    for name in fetching:
        for source in fetched[name]:
            task = report["dags"][name]["tasks"][f"fetch_{source}"]
            assert task["outlets"] == (["raw"] if source in SOURCES else [])
            # A day that is late is waited for without a slot.
            assert task["mode"] == ("reschedule" if name == "fetch_daily" else None)
    assert report["dags"]["ingest_daily"]["waits_for"] == ["raw"]
    assert report["dags"]["ingest_daily"]["tasks"]["ingest"]["outlets"] == ["positions"]
    assert report["dags"]["detect_daily"]["waits_for"] == ["positions"]
    assert report["dags"]["detect_daily"]["tasks"]["detect"]["outlets"] == ["events"]
    assert report["dags"]["link_and_publish"]["waits_for"] == ["events"]
    # The switches are on what runs by the clock: an event that meets a paused DAG is lost.
    paused = {name: dag["is_paused_upon_creation"] for name, dag in report["dags"].items()}
    assert {name for name, is_paused in paused.items() if is_paused is False} == {
        "detect_daily",
        "link_and_publish",
    }
    assert report["heavy_modules"] == []


@pytest.mark.timeout(900)
def test_manual_runs_of_each_day_end_as_the_command_line_does(
    by_hand: tuple[Airflow, dict[str, Any]], by_command_line: Home
) -> None:
    airflow, report = by_hand
    runs = report["runs"]
    assert [run["state"] for run in runs] == ["success"] * 10 + ["failed"] * 3
    ingested = [run["tasks"].get("ingest", run["tasks"].get("ingest[0]")) for run in runs]
    assert ingested[9] == {"state": "skipped", "tries": 0}
    assert ingested[10] == {"state": "failed", "tries": 1}
    done, skipped = {"state": "success", "tries": 1}, {"state": "skipped", "tries": 1}
    without, with_key = runs[0]["tasks"], runs[4]["tasks"]
    assert without["fetch_dma[0]"] == with_key["fetch_dma[0]"] == done
    # A source without its key is left out; with its connection it is asked.
    assert (without["plan_gfw"], with_key["fetch_gfw[0]"]) == (skipped, done)
    assert (airflow.home.raw / "gfw" / "port_visit" / "20240301-20240302" / "00000000.json").is_file()
    # A refusal, and a list that is gone from its place, are not asked for again.
    refused = {"state": "failed", "tries": 1}
    live, lists = runs[11]["tasks"], runs[12]["tasks"]
    assert live == {"fetch_digitraffic": refused, "fetch_barentswatch": skipped, "fetch_aishub": skipped}
    refused_lists = dict.fromkeys(("fetch_uk", "fetch_eu", "fetch_reference"), refused)
    assert lists == {"fetch_ofac": done, "fetch_opensanctions": skipped, **refused_lists}
    days = airflow.announced("positions")
    assert days == [[two_days.SECOND], [two_days.FIRST], [two_days.FIRST]]
    assert tables(airflow.home) == tables(by_command_line)


@pytest.mark.timeout(900)
def test_scheduled_and_backfilled_runs_trigger_the_rest_through_assets(
    new_airflow: NewAirflow, by_command_line: Home
) -> None:
    """A real scheduler: a second day that lies there, a first that a backfill fetches, a day that is late."""
    airflow = new_airflow("scheduler")
    copy_raw(by_command_line, airflow.home)
    for path in (airflow.home.raw / "dma").glob(f"*{two_days.FIRST}*"):
        path.unlink()
    airflow.run("dags", "reserialize")
    airflow.switch_on("fetch_daily", "ingest_daily")
    with scheduler(airflow):
        wait_until(airflow, lambda: published_days(airflow) == [two_days.SECOND])
        airflow.run("backfill", "create", "--dag-id", "fetch_daily", *window(two_days.FIRST, two_days.FIRST))
        wait_until(airflow, lambda: two_days.FIRST in published_days(airflow))
    ran = airflow.rows("SELECT DISTINCT dag_id, run_type FROM dag_run ORDER BY 1, 2")
    assert ran == [
        ("detect_daily", "asset_triggered"),
        ("fetch_daily", "backfill"),
        ("fetch_daily", "scheduled"),
        ("ingest_daily", "asset_triggered"),
        ("ingest_daily", "scheduled"),
        ("link_and_publish", "asset_triggered"),
    ]
    odd = "SELECT DISTINCT dag_id, run_type, state FROM dag_run WHERE state <> 'success' ORDER BY 1"
    # The newest Danish day is not there yet, and is waited for without a slot.
    assert airflow.rows(odd) == [("fetch_daily", "scheduled", "running")]
    states = dict(airflow.rows("SELECT task_id, state FROM task_instance WHERE run_id LIKE 'scheduled%'"))
    assert (states["fetch_dma"], states["plan_gfw"]) == ("up_for_reschedule", "skipped")
    assert tables(airflow.home) == tables(by_command_line)


def window(first: str, last: str) -> list[str]:
    """The logical dates whose runs are for these days of the Danish source."""
    moved = [f"{day[:-2]}{int(day[-2:]) + LAG_DAYS:02d}" for day in (first, last)]
    return ["--from-date", moved[0], "--to-date", moved[1]]


def published_days(airflow: Airflow) -> list[str]:
    """The days that the runs behind the published database name, once nothing is under way any more."""
    busy = (
        "SELECT count(*) FROM dag_run WHERE state IN ('queued', 'running')"
        " AND NOT (dag_id = 'fetch_daily' AND run_type = 'scheduled')"
    )
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
