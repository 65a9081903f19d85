"""What people said of links: kept in a small SQLite file of its own, for nothing can make it again.

Every verdict stays; the newest of a link is the one that counts.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.errors import UsageError
from pipeline.files import make_folder
from pipeline.home import Home
from pipeline.kept import opened
from pipeline.text import plain

VERDICTS = ("confirmed", "rejected", "unclear")
MAKE = """
CREATE TABLE IF NOT EXISTS reviews (
    number INTEGER PRIMARY KEY, link_id TEXT NOT NULL, verdict TEXT NOT NULL, note TEXT NOT NULL,
    reviewer TEXT NOT NULL, score REAL, reviewed_at TEXT NOT NULL)
"""


@dataclass(frozen=True)
class Review:
    """One verdict: what was said of which link, by whom, when (UTC), and the score that the link had then."""

    link_id: str
    verdict: str
    note: str
    reviewer: str
    score: float | None
    reviewed_at: datetime


def add(home: Home, link_id: str, verdict: str, *, note: str, reviewer: str, score: float | None) -> Review:
    """Keep a verdict for good; a UsageError where it is none of VERDICTS."""
    if verdict not in VERDICTS:
        raise UsageError(f"a verdict is one of {', '.join(VERDICTS)}, not {plain(verdict)}")
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    made = Review(link_id, verdict, plain(note), plain(reviewer), score, now)
    make_folder(home.reviews.parent)
    with opened(home.reviews, MAKE) as con:
        con.execute(
            "INSERT INTO reviews (link_id, verdict, note, reviewer, score, reviewed_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (made.link_id, made.verdict, made.note, made.reviewer, made.score, made.reviewed_at.isoformat()),
        )
    return made


def newest(home: Home) -> dict[str, Review]:
    """The verdict that counts, by link_id."""
    return {review.link_id: review for review in every(home)}


def every(home: Home) -> list[Review]:
    """All verdicts, in the order in which they were given."""
    if not home.reviews.is_file():
        return []
    with opened(home.reviews, MAKE) as con:
        rows = con.execute(
            "SELECT link_id, verdict, note, reviewer, score, reviewed_at FROM reviews ORDER BY number"
        ).fetchall()
    return [
        Review(link_id, verdict, note, reviewer, score, datetime.fromisoformat(at))
        for link_id, verdict, note, reviewer, score, at in rows
    ]
