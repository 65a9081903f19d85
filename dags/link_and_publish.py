"""Whenever events changed: screen ships, link transfers to arrivals in Russia, publish the tables."""

# `pipeline` is imported within the tasks, so that parsing this file costs nothing.
# ruff: noqa: PLC0415

from airflow.sdk import dag, task
from transship_common import EVENTS, PUBLISHED, TRIES, WRITER

DOC = """
### Screens ships, links the events and publishes the database

All steps look at everything that was detected, since a link may span months, so the run needs no day.
Readers of `HOME/published/transship.duckdb` neither wait nor are waited for: the new file takes the place
of the old one in one move.
"""


@dag(
    schedule=[EVENTS],
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=TRIES,
    doc_md=DOC,
    tags=["transship"],
)
def link_and_publish():
    @task(pool=WRITER)
    def screen():
        from pipeline import orchestration

        orchestration.screen_ships()

    # A sanctions list that cannot be read fails its task; links are made and published all the same.
    @task(pool=WRITER, trigger_rule="all_done")
    def link():
        from pipeline import orchestration

        orchestration.link_events()

    @task(pool=WRITER, trigger_rule="all_done_min_one_success", outlets=[PUBLISHED])
    def publish(*, triggering_asset_events, outlet_events):
        from pipeline import orchestration

        extras = [event.extra for events in triggering_asset_events.values() for event in events]
        outlet_events[PUBLISHED].extra = {"days": orchestration.publish_tables(extras)}

    screened, linked = screen(), link()
    screened >> linked
    [screened, linked] >> publish()


link_and_publish()
