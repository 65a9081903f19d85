"""How the invented world behaves: the knobs of a scenario, and named worlds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Habits:
    """Shares are 0 to 1; times carry their unit in the name. The defaults are judgements, not measurements.

    The only published figures behind them: nearly 40 % of bulk carriers' destinations are wrong, and
    about half of all port visits show no usable draught (docs/scenarios.md says where that stands).
    """

    # what crews type
    honest_destination: float = 0.65
    false_destination: float = 0.12
    forget_destination: float = 0.15
    vague_destination: float = 0.08
    draught_updated: float = 0.55
    ordinary_load: float = 1.0
    relay_draught_updated: float = 0.45
    status_right: float = 0.88
    # what is passed on: the share of calls that load for Russia (so many times more where the ship had not
    # called for 60 days), how often from the partner's ships, from one that comes straight from East Asia or
    # from one that lay within NEAR_M of the berth, and how much of what the ship's class usually moves
    relay_share: float = 0.4
    relay_new: float = 1.0
    relay_loyal: float = 0.3
    relay_asia: float = 0.3
    relay_near: float = 0.3
    relay_load: tuple[float, float] = (0.5, 1.2)
    max_wait_days: float = 21.0
    mean_wait_days: float = 6.0
    chain_share: float = 0.25
    meeting_share: float = 1.0
    dark_share: float = 0.3
    sts_hours: tuple[float, float] = (7.0, 22.0)
    # of those that took cargo for Russia at sea, who calls elsewhere on the way, and for how long; of those
    # that gave theirs away and went to Russia empty, who had loaded it in Russia
    sts_between: float = 0.2
    sts_between_hours: tuple[float, float] = (10.0, 14.0)
    reverse_russian: float = 1.0
    # who hears it
    report_minutes: float = 7.0
    sea_report_hours: float = 2.0
    coast_km: float = 45.0
    repeat_share: float = 0.4
    no_position_share: float = 0.01
    garbled_share: float = 0.0006
    silences_per_ship: float = 1.2
    silence_hours: tuple[float, float] = (3.0, 30.0)
    blackouts: int = 10
    blackout_hours: tuple[float, float] = (3.0, 9.0)
    shared_mmsi_pairs: int = 3
    mmsi_changes: int = 4
    # how ports work
    anchor_first: float = 0.3
    anchor_close: float = 0.35


DEFAULT = Habits()

# Few receivers: a report each quarter of an hour near the coast, long silences, more of them.
SPARSE = Habits(
    report_minutes=16.0,
    sea_report_hours=5.0,
    coast_km=30.0,
    silences_per_ship=3.0,
    silence_hours=(6.0, 60.0),
    blackouts=25,
    repeat_share=0.2,
)

# Crews that hide: few honest destinations, draughts left as they were, more dark transfers.
DISHONEST = Habits(
    honest_destination=0.3,
    false_destination=0.4,
    draught_updated=0.35,
    relay_draught_updated=0.15,
    dark_share=0.55,
    mean_wait_days=9.0,
)

# Nothing is planted: no relay, no chain, no transfer at sea. What a model finds here is chance.
QUIET = Habits(relay_share=0.0, chain_share=0.0, meeting_share=0.0)

WORLDS = {"default": DEFAULT, "sparse": SPARSE, "dishonest": DISHONEST, "quiet": QUIET}
