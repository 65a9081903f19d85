"""Every day: each list that changed."""

from airflow.sdk import CronDataIntervalTimetable, dag
from transship_common import LISTS, START, TRIES, poll

DOC = """
### Fetches the lists into `HOME/raw/<source>/`

The sanctions lists of the United States, the United Kingdom and the European Union; that of OpenSanctions
once `transship fetch opensanctions` was run by hand, since its licence forbids commercial use; and the lists
of ports that the gazetteer is held against. A list that is as it was is not kept twice. A backfill does
nothing: only what is current can be had.
"""


@dag(
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TRIES,
    doc_md=DOC,
    tags=["transship"],
)
def fetch_lists():
    for source in LISTS:
        poll(source)


fetch_lists()
