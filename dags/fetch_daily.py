"""Every day: fetch the day that each archive has by now, and what was missed before it."""

from airflow.sdk import CronDataIntervalTimetable, dag
from transship_common import DAY, DAYS, START, TRIES, fetch_days

DOC = """
### Fetches days of the archives into `HOME/raw/<source>/`

| the run | fetches |
| --- | --- |
| scheduled | its logical date less the source's delay (three days for `dma` and `gfw`), and the days missed in the 30 before it |
| backfilled | its logical date less the source's delay |
| manual with `day` | that day |
| manual without | what a scheduled run would fetch now |

A scheduled run looks each hour for a day that is late, for three days, and holds no slot meanwhile. A source
whose key is not set is skipped, with a line in its log. Fetching again what is here asks for nothing.
"""  # noqa: E501


@dag(
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=START,
    catchup=False,
    # A run may wait three days for a late one.
    max_active_runs=5,
    default_args=TRIES,
    params={"day": DAY},
    doc_md=DOC,
    tags=["transship"],
)
def fetch_daily():
    for source in DAYS:
        fetch_days(source)


fetch_daily()
