"""Every day and whenever files were fetched: read what is new below raw/ into the lake."""

# `pipeline` is imported within the tasks, so that parsing this file costs nothing.
# ruff: noqa: PLC0415

from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable, dag, get_current_context, task
from transship_common import DAY, POSITIONS, RAW, START, TRIES, WRITER

DOC = """
### Reads each source's files into the lake

| the run | reads below `HOME/raw/<source>/` |
| --- | --- |
| triggered by `fetch_daily`, `fetch_hourly`, `fetch_lists` | whatever was not read yet |
| scheduled | its logical date less the source's delay (three days for `dma`), and whatever was not read yet |
| backfilled | its logical date less the source's delay |
| manual with `day` | that day |
| manual without | what a scheduled run would take now |

One mapped task a source and date in the files' names. A file that cannot be read fails its own task at
once, with the reason as last line of its log; the others go on. Each task announces the days it has read
to `detect_daily`. Running a day again changes nothing.
"""


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronDataIntervalTimetable("@daily", timezone="UTC"), assets=[RAW]),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TRIES,
    params={"day": DAY},
    doc_md=DOC,
    tags=["transship"],
)
def ingest_daily():
    @task
    def plan(*, dag_run, params):
        from pipeline import orchestration

        return orchestration.plan_ingest(
            dag_run.run_type.value,
            logical_date=dag_run.logical_date,
            run_after=dag_run.run_after,
            day=params["day"],
        )

    @task(pool=WRITER, outlets=[POSITIONS], map_index_template="{{ what }}")
    def ingest(source, part, *, outlet_events):
        from pipeline import orchestration

        get_current_context()["what"] = f"{source} {part}"
        outlet_events[POSITIONS].extra = {"days": orchestration.ingest_part(source, part)}

    ingest.expand_kwargs(plan())


ingest_daily()
