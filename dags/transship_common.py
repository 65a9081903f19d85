"""What the DAGs share: the assets between them, the writer's pool, and how often a task tries again."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, ExceptionRetryPolicy, Param, RetryAction, RetryRule

# Each event of an asset carries extra {"days": ["2026-01-31", ...]}: the UTC days that are new in it.
POSITIONS = Asset("positions", uri="x-transship://lake/positions")
EVENTS = Asset("events", uri="x-transship://detected/events")
PUBLISHED = Asset("published", uri="x-transship://published/transship")

# One slot; dags/pools.json, imported by `make airflow`.
WRITER = "duckdb_writer"

START = datetime(2006, 1, 1, tzinfo=UTC)  # the first year of the Danish archive

# Tries after 2, 4, 8 and 16 minutes; bad input stays bad, so it fails at once.
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
