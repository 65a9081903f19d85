"""What the DAGs share: assets, pools, how often a task tries again, and how a source is fetched."""

# `pipeline` is imported within the tasks, so that parsing this file costs nothing.
# ruff: noqa: PLC0415

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, ExceptionRetryPolicy, Param, RetryAction, RetryRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

# New files below HOME/raw/. Its events name no day: what was not read yet is found there.
RAW = Asset("raw", uri="x-transship://raw")
# Each event of these carries extra {"days": ["2026-01-31", ...]}: the UTC days that are new in it.
POSITIONS = Asset("positions", uri="x-transship://lake/positions")
EVENTS = Asset("events", uri="x-transship://detected/events")
PUBLISHED = Asset("published", uri="x-transship://published/transship")

# One slot; dags/pools.json, imported by `make airflow`. Each source that is fetched has one of its own.
WRITER = "duckdb_writer"

# Archives that have days; services that tell what is current; lists of ships and of ports.
DAYS = ("dma", "gfw", "barentswatch")
LIVE = ("digitraffic", "barentswatch", "aishub")
LISTS = ("ofac", "uk", "eu", "opensanctions", "reference")

START = datetime(2006, 1, 1, tzinfo=UTC)  # the first year of the Danish archive

# Tries after 2, 4, 8 and 16 minutes; bad input and a refused key stay so, and fail at once.
TRIES = {
    "retries": 4,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(hours=1),
    "retry_policy": ExceptionRetryPolicy(
        [RetryRule("pipeline.errors.TransshipError", RetryAction.FAIL, reason="bad input: see the message")]
    ),
}

DAY = Param(None, type=["null", "string"], format="date", description="A UTC day, as 2026-01-31.")


@contextmanager
def skipping():
    """Skip the task, with the reason in its log, where there is nothing to fetch."""
    from pipeline import orchestration

    try:
        yield
    except orchestration.NothingToFetch as reason:
        raise AirflowSkipException(str(reason)) from None


def fetch_days(source: str) -> None:
    """Declare a plan, and one mapped task a day in the source's pool.

    A day that is not there yet is looked for again each hour for three days, and holds no slot meanwhile.
    """

    @task(task_id=f"plan_{source}")
    def plan(*, dag_run, params):
        from pipeline import orchestration

        with skipping():
            return orchestration.plan_fetch(
                source,
                dag_run.run_type.value,
                logical_date=dag_run.logical_date,
                run_after=dag_run.run_after,
                day=params["day"],
            )

    @task.sensor(
        task_id=f"fetch_{source}",
        pool=f"fetch_{source}",
        mode="reschedule",
        poke_interval=timedelta(hours=1),
        timeout=timedelta(days=3),
        outlets=[RAW],
        map_index_template="{{ what }}",
    )
    def fetch(first, last, is_awaited):
        from pipeline import orchestration

        get_current_context()["what"] = first if first == last else f"{first} to {last}"
        with skipping():
            return orchestration.fetch_part(source, first, last, is_awaited=is_awaited)

    fetch.expand_kwargs(plan())


def poll(source: str) -> None:
    """Declare one task in the source's pool that asks for what is current."""

    @task(task_id=f"fetch_{source}", pool=f"fetch_{source}", outlets=[RAW])
    def fetch(*, dag_run):
        from pipeline import orchestration

        with skipping():
            orchestration.poll(source, dag_run.run_type.value)

    fetch()
