"""An invented world of ships, written as the public sources write theirs, with the truth beside it."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import make_folder, write_text
from pipeline.progress import Progress, Quiet
from pipeline.scenario import cargo, danish, reports, truth, world
from pipeline.scenario.habits import DEFAULT, DISHONEST, QUIET, SPARSE, WORLDS, Habits

__all__ = ["DEFAULT", "DISHONEST", "QUIET", "SPARSE", "WORLDS", "Habits", "Scenario", "write_scenario"]


@dataclass(frozen=True)
class Scenario:
    """What was written: one Danish CSV a day, and the truth in the form of docs/scenarios.md."""

    files: list[Path]
    truth: Path


def write_scenario(
    folder: Path, *, seed: int, days: int, ships: int, first_day: date, habits: Habits = DEFAULT,
    progress: Progress | None = None,
) -> Scenario:  # fmt: skip
    """Write `days` days of AIS for `ships` invented ships, from `first_day` (UTC) on, and `truth.json`.

    The same arguments give the same bytes. Fewer than 20 ships or 10 days hold no whole voyage: UsageError.
    """
    if ships < 20 or days < 10:
        raise UsageError(f"a scenario needs at least 20 ships and 10 days, not {ships} and {days}")
    say = progress or Quiet()
    zero = datetime(first_day.year, first_day.month, first_day.day)  # noqa: DTZ001 (naive UTC throughout)
    make_folder(folder)
    made = world.build(seed, days, ships, habits)
    links = cargo.settle(made, seed)
    statics = danish.Statics(zero, seed)
    dark_areas = reports.blackouts(made, seed)
    heard = [reports.hear(track, made, *statics.add(track), dark_areas, seed) for track in made.tracks]
    with say.task("writing the invented fleet's reports", days):
        files = danish.write(folder, made, heard, statics, first_day, seed, say.advance)
    told = truth.tell(made, heard, links, zero)
    write_text(folder / "truth.json", json.dumps(told, indent=1) + "\n")
    return Scenario(files, folder / "truth.json")
