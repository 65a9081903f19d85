"""Whenever days of positions came in: find the port calls, encounters, gaps and arrivals in them."""

# `pipeline` is imported within the tasks, so that parsing this file costs nothing.
# ruff: noqa: PLC0415

from airflow.sdk import dag, task
from transship_common import DAY, EVENTS, POSITIONS, TRIES, WRITER

DOC = """
### Finds the events of the days that are new in the lake

| the run | detects |
| --- | --- |
| triggered by `ingest_daily` | the days that the triggering events name, their neighbours where they reach into them, and any other day whose files or settings changed |
| manual with `day` | that day and its neighbours |
| manual without | every day whose files or settings changed |

A new day costs that day, not the history. Running a day again changes nothing.
"""  # noqa: E501


@dag(
    schedule=[POSITIONS],
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=TRIES,
    params={"day": DAY},
    doc_md=DOC,
    tags=["transship"],
)
def detect_daily():
    @task(pool=WRITER, outlets=[EVENTS])
    def detect(*, dag_run, params, triggering_asset_events, outlet_events):
        from pipeline import orchestration

        days = orchestration.detect_days(
            dag_run.run_type.value,
            extras=[event.extra for events in triggering_asset_events.values() for event in events],
            day=params["day"],
        )
        outlet_events[EVENTS].extra = {"days": days}

    detect()


detect_daily()
