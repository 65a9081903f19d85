"""Everything from nothing, on invented ships and with no network: scenario, ingest, detect, link, publish."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.errors import TransshipError
from pipeline.files import make_folder, remove, write_text
from pipeline.home import Home
from pipeline.progress import Progress, Quiet
from pipeline.settings import Settings

# A season in which fruit goes from Morocco to Russia, so that this trade is there to be told from relays.
FIRST_DAY = date(2025, 10, 1)
DAYS = 75
SHIPS = 260
SEED = 2025
N_SHOWN = 12

MARKER = "DEMO.txt"
MADE_BY_DEMO = ("truth.json", "raw", "lake", "work", "logs", "published", "kept/history.sqlite")
KEPT = ("transship.toml",)
INVENTED = "The ships of this demo are invented: names, numbers, voyages and cargoes. None of it happened."
MARKER_TEXT = f"{INVENTED}\n`transship demo` made this folder and begins by removing what it holds.\n"
ORIGIN = {"url": "", "licence": "invented data, free of rights", "attribution": "invented by transship demo"}

STRONGEST = """
SELECT l.score, l.pattern, coalesce(h.name, l.hub_id) AS hub, l.from_name, l.to_name,
  coalesce(p.name, l.russia_port_id) AS russian_port, strftime(l.arrived_at, '%Y-%m-%d') AS arrived,
  l.link_id, l.from_mmsi, l.to_mmsi
FROM transshipment_links AS l
LEFT JOIN hubs AS h ON l.hub_id = h.hub_id
LEFT JOIN ports AS p ON l.russia_port_id = p.port_id
WHERE l.status = 'arrived'
ORDER BY l.score DESC, l.link_id
LIMIT ?
"""


def demo(
    home: Home,
    settings: Settings,
    *,
    progress: Progress | None = None,
    days: int = DAYS,
    ships: int = SHIPS,
    seed: int = SEED,
) -> None:
    """Make the demo's home anew and print its strongest links and where everything lies.

    Raises TransshipError where the folder holds anything that is not a demo's.
    """
    from pipeline.scenario import write_scenario  # noqa: PLC0415 (numpy, and each step's own imports)
    from pipeline.steps.run import run  # noqa: PLC0415

    say = progress or Quiet()
    clear(home)
    folder = make_folder(home.raw / "dma")
    with say.task("inventing ships and their voyages"):
        made = write_scenario(folder, seed=seed, days=days, ships=ships, first_day=FIRST_DAY, progress=say)
    for path in made.files:
        write_text(path.with_name(path.name + ".json"), json.dumps(ORIGIN) + "\n")
    truth = home.root / "truth.json"
    made.truth.replace(truth)
    run(home, settings, "dma", made.files, progress=WithoutNotes(say))
    tell(home, truth, days=days, ships=ships)


class WithoutNotes:
    """Progress without a line for every file: there are too many of them here."""

    def __init__(self, progress: Progress) -> None:
        self.task, self.advance = progress.task, progress.advance

    def note(self, line: str) -> None:
        """Ignore."""


def clear(home: Home) -> None:
    """Remove what an earlier demo left, and mark the folder as a demo's; touch nobody else's data."""
    root = home.root
    if root.is_dir():
        entries = {path.name for path in root.iterdir()} - set(KEPT)
        if entries and MARKER not in entries:
            raise TransshipError(
                f"{root} holds data that no demo made; name an empty folder: transship demo --home DIR"
            )
        for name in MADE_BY_DEMO:
            _remove(root / name)
    # The marker comes first and stays: a demo that is killed half-way is still known as one.
    make_folder(root)
    write_text(root / MARKER, MARKER_TEXT)
    home.create()


def _remove(path: Path) -> None:
    remove(path)
    if path.exists():
        raise TransshipError(f"cannot remove {path}, which an earlier demo left; remove it by hand")


def tell(home: Home, truth: Path, *, days: int, ships: int) -> None:
    """Print the strongest links, where everything lies, and what all of it is not."""
    from pipeline import published  # noqa: PLC0415
    from pipeline.console import print_line, print_table  # noqa: PLC0415

    with published.reading(home) as con:
        strongest = con.execute(STRONGEST, [N_SHOWN]).fetchall()
        counts = {
            name: con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
            for name in ("port_calls", "encounters", "russia_arrivals", "transshipment_links")
        }
    planted = planted_pairs(json.loads(truth.read_text("utf-8")))
    rows = [(f"{row[0]:.2f}", *row[1:8], planted.get((row[1], row[8], row[9]), "no")) for row in strongest]
    print_line(f"{ships} invented ships, {days} days from {FIRST_DAY}: the strongest links")
    print_table(
        ["score", "pattern", "hub", "from", "to", "Russian port", "arrived", "link_id", "planted"], rows
    )
    print_line()
    print_line(", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts.items()))
    print_line(f"database     {home.database}")
    print_line(f"lake         {home.lake} (Parquet by day)")
    print_line(f"AIS files    {home.raw / 'dma'} (in the form of the Danish authority)")
    print_line(f"the truth    {truth} (what was planted)")
    print_line()
    print_line(INVENTED)
    print_line(
        "A link is a lead for a person to check, never a verdict: its score is documented judgement, not"
        " verified on real ships, and `planted` says what no real data can tell."
    )
    if strongest:
        print_line(f"Why a score is what it is: transship --home {home.root} explain {strongest[0][7]}")


def planted_pairs(truth: dict[str, Any]) -> dict[tuple[str, int, int], str]:
    """What was planted, by pattern and both ships' MMSI (each they used): "yes", or which decoy."""
    numbers = {mmsi: row["mmsis"] for row in truth["identities"] for mmsi in row["mmsis"]}
    told: dict[tuple[str, int, int], str] = {}

    def tell_of(pattern: str, a: int, b: int, what: str) -> None:
        for x in numbers.get(a, [a]):
            for y in numbers.get(b, [b]):
                told[pattern, x, y] = what

    for row in truth["decoys"]:
        a, b = row["mmsis"]
        for pair in ((a, b), (b, a)):
            tell_of("sts", *pair, f"decoy: {row['kind'].replace('_', ' ')}")
    for row in truth["links"] + truth["unseen_links"]:
        tell_of(row["pattern"], row["a"], row["b"], "yes")
    return told
