"""How many AIS destination texts resolve, and how many of them rightly, on texts labelled by hand.

    python -m benchmarks.destinations [--strings destinations.csv.gz] [--half development] [--misses] [--json]

Prints precision, recall and the share resolved for tests/destinations/labelled.csv, each half apart, and the
share resolved over a whole file of `destination,ships,source` rows where one is named or lies in ../shared.
"""

import argparse
import csv
import gzip
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from geo import gazetteer
from pipeline.console import print_json, print_line, print_table
from pipeline.destinations import Destinations

ROOT = Path(__file__).parent.parent
LABELLED = ROOT / "tests" / "destinations" / "labelled.csv"
STRINGS = ROOT.parent / "shared" / "data" / "destinations" / "destinations.csv.gz"


@dataclass(frozen=True)
class Score:
    """Counts over labelled texts; the shares of ships weigh each text by the ships that sent it."""

    texts: int
    resolved: int
    right: int
    with_port: int
    ships: int
    ships_resolved: int

    @property
    def precision(self) -> float:
        """Of the texts that resolve, the share that resolves to the labelled port."""
        return self.right / self.resolved if self.resolved else 1.0

    @property
    def recall(self) -> float:
        """Of the texts whose label is a port, the share that resolves to it."""
        return self.right / self.with_port if self.with_port else 1.0


def resolver() -> Destinations:
    """The resolver over the whole gazetteer."""
    ports = gazetteer.load_ports()
    return Destinations(dict(zip(ports["port_id"], ports["name"], strict=True)))


def labelled(half: str | None = None, path: Path = LABELLED) -> list[dict[str, str]]:
    """The labelled rows: text, ships, source, stratum, half, port (empty where none is meant), note."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if half in (None, row["half"])]


def score(rows: list[dict[str, str]], resolve: Destinations) -> Score:
    """Labels against what resolves."""
    said = [(resolve.resolve(row["text"]) or "", row["port"], int(row["ships"])) for row in rows]
    return Score(
        texts=len(said),
        resolved=sum(bool(port) for port, _, _ in said),
        right=sum(bool(port) and port == label for port, label, _ in said),
        with_port=sum(bool(label) for _, label, _ in said),
        ships=sum(ships for *_, ships in said),
        ships_resolved=sum(ships for port, _, ships in said if port),
    )


def misses(rows: list[dict[str, str]], resolve: Destinations) -> list[tuple[str, str, str]]:
    """(text, label, what it resolves to) where the two differ, wrong ports first."""
    said = [(row["text"], row["port"], resolve.resolve(row["text"]) or "") for row in rows]
    return sorted((s for s in said if s[1] != s[2]), key=lambda s: (not s[2], s))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--strings", type=Path, default=STRINGS)
    parser.add_argument("--half", choices=["development", "held out"])
    parser.add_argument("--misses", action="store_true", help="list the labelled texts that fail")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    resolve = resolver()
    halves = [args.half] if args.half else ["development", "held out"]
    scores = {half: score(labelled(half), resolve) for half in halves}
    report: dict[str, object] = {
        half: asdict(s) | {"precision": round(s.precision, 4), "recall": round(s.recall, 4)}
        for half, s in scores.items()
    }
    whole = strings(args.strings, resolve) if args.strings.exists() else None
    if args.json:
        print_json(report | ({"all strings": whole} if whole else {}))
        return
    print_table(
        ["texts", "n", "resolved", "ships resolved", "precision", "recall"],
        [
            [
                half,
                s.texts,
                f"{s.resolved / s.texts:.1%}",
                f"{s.ships_resolved / s.ships:.1%}",
                f"{s.precision:.3f}",
                f"{s.recall:.3f}",
            ]
            for half, s in scores.items()
        ],
    )
    if whole:
        print_line(
            f"{args.strings.name}: {whole['resolved']:,} of {whole['texts']:,} texts"
            f" ({whole['share']:.1%}), {whole['ships_share']:.1%} by ships;"
            f" {whole['seconds_per_100k']:.1f} s for 100,000 texts"
        )
    if args.misses:
        for half in halves:
            print_table(["text", "label", "resolves to"], misses(labelled(half), resolve))


def strings(path: Path, resolve: Destinations) -> dict[str, float]:
    """The share of texts, and of ships, that resolve in a gzipped CSV of destination, ships."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [(row["destination"], int(row["ships"])) for row in csv.DictReader(file)]
    began = time.perf_counter()
    found = resolve.resolve_all(text for text, _ in rows)
    seconds = time.perf_counter() - began
    resolved = [ships for text, ships in rows if text in found]
    return {
        "texts": len(rows),
        "resolved": len(resolved),
        "share": round(len(resolved) / len(rows), 4),
        "ships_share": round(sum(resolved) / sum(ships for _, ships in rows), 4),
        "seconds_per_100k": round(seconds / len(rows) * 100_000, 2),
    }


if __name__ == "__main__":
    main()
