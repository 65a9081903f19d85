"""Run by test_airflow.py within Airflow's surroundings: `drive_airflow.py REPORT STEPS`.

STEPS is a JSON list of {"parse": true}, {"run": DAG, "conf": {...}} or {"connection": ID, "password": WORD};
what was found goes to REPORT.
"""

import json
import os
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import BundleDagBag
from airflow.models.connection import Connection
from airflow.models.pool import Pool
from airflow.utils.session import create_session

HEAVY = (
    "duckdb",
    "geopandas",
    "numpy",
    "pandas",
    "shapely",
    "searoute",
    "pipeline.orchestration",
    "pipeline.steps",
)


def main(report: str, steps: str) -> None:
    """Do the steps and write the report."""
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    before = set(sys.modules)
    bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")
    found = {"heavy_modules": sorted(set(HEAVY) & (set(sys.modules) - before)), "runs": []}
    for step in json.loads(steps):
        if "parse" in step:
            found |= declared(bag)
        elif "connection" in step:
            with create_session() as session:
                session.add(
                    Connection(conn_id=step["connection"], conn_type="http", password=step["password"])
                )
        else:
            found["runs"].append(run(bag.dags[step["run"]], step.get("conf")))
    Path(report).write_text(json.dumps(found), encoding="utf-8")


def declared(bag: BundleDagBag) -> dict:
    """What the DAG files say."""
    with create_session() as session:
        pools = {name: pool["total"] for name, pool in Pool.slots_stats(session=session).items()}
    return {
        "import_errors": bag.import_errors,
        "pools": pools,
        "dags": {d.dag_id: of_dag(d) for d in bag.dags.values()},
    }


def of_dag(dag) -> dict:
    """One DAG's declaration."""
    names = ("doc_md", "max_active_runs", "catchup", "is_paused_upon_creation")
    condition = getattr(dag.timetable, "asset_condition", None)
    return {
        **{name: getattr(dag, name) for name in names},
        "waits_for": [asset.name for asset in condition.objects] if condition else [],
        "tasks": {task.task_id: of_task(task) for task in dag.tasks},
    }


def of_task(task) -> dict:
    """One task's declaration."""
    return {
        "pool": task.pool,
        "retries": task.retries,
        "retry_exponential_backoff": task.retry_exponential_backoff,
        "outlets": [asset.name for asset in task.outlets],
        "mode": task.partial_kwargs.get("mode") if task.is_mapped else None,
    }


def run(dag, conf) -> dict:
    """Run a DAG once, by hand, without a scheduler."""
    done = dag.test(run_conf=conf)
    tasks = {
        ti.task_id + (f"[{ti.map_index}]" if ti.map_index >= 0 else ""): {
            "state": ti.state,
            "tries": ti.try_number,
        }
        for ti in done.get_task_instances()
    }
    return {"dag": dag.dag_id, "state": done.state, "tasks": tasks}


if __name__ == "__main__":
    main(*sys.argv[1:])
