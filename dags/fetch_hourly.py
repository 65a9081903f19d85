"""Every hour: ask each live service that has no archive what is current."""

from airflow.sdk import CronDataIntervalTimetable, dag
from transship_common import LIVE, START, TRIES, poll

DOC = """
### Polls the live services into `HOME/raw/<source>/`

Positions, ships and port calls of `digitraffic`, what is current of `barentswatch` and `aishub`. They have no
archive (`barentswatch` has two weeks, which `fetch_daily` asks for), so an hour that was not polled is lost,
and a backfill does nothing. Their streams hold more: a collector runs as a service beside Airflow. A source
whose key is not set is skipped, with a line in its log.
"""


@dag(
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TRIES,
    doc_md=DOC,
    tags=["transship"],
)
def fetch_hourly():
    for source in LIVE:
        poll(source)


fetch_hourly()
