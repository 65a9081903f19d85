"""Every threshold as a setting: a default, a unit in the name, a source in docs/methods.md.

What counts, first to last: `--set section.name=value`, the environment
(`TRANSSHIP_SECTION__NAME`), `transship.toml` in the home folder, the default.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipeline.errors import UsageError

PREFIX = "TRANSSHIP_"
# Environment variables with our prefix that are no settings: the home folder and secrets.
NOT_SETTINGS = {"TRANSSHIP_HOME", "TRANSSHIP_SMTP_URL"}


class Section(BaseModel):
    """A group of settings; an unknown name is refused, also when it comes from a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EncounterSettings(Section):
    """Two ships alongside at sea."""

    grid_minutes: int = Field(10, ge=1, le=60, description="step of the common time grid")
    max_distance_m: float = Field(500, gt=0, le=5000)
    min_duration_minutes: float = Field(120, ge=0)
    max_speed_kn: float = Field(2, gt=0)
    max_speed_underway_kn: float = Field(5, gt=0)
    max_distance_underway_m: float = Field(150, gt=0)
    max_gap_minutes: float = Field(70, gt=0, le=720)
    merge_gap_hours: float = Field(4, ge=0)
    exclude_berths: bool = True
    alongside_m: float = Field(200, gt=0, description="ships at anchor swing clear of each other beyond this")
    hull_slack_m: float = Field(
        25, ge=0, description="fenders, aerials off the middle and position error between hulls alongside"
    )
    parallel_deg: float = Field(30, gt=0, le=90, description="ships alongside are parallel to within this")
    steady_m: float = Field(
        40, gt=0, description="the distance of ships alongside strays less than this from its median"
    )
    launch_m: float = Field(
        30, gt=0, description="boats up to this length at a ship three times as long serve it"
    )
    small_craft_m: float = Field(
        75, gt=0, description="shorter ships that carry no cargo, lying still near land, are in harbour"
    )
    bunker_length_m: float = Field(130, gt=0, description="a tanker up to this length may be a bunker barge")
    hub_km: float = Field(40, ge=0, description="a meeting this near a hub port belongs to the hub")


class PortCallSettings(Section):
    """A ship's stop in a port."""

    entry_km: float = Field(3, gt=0, le=5)
    exit_km: float = Field(4, gt=0, le=6)
    stop_begin_kn: float = Field(0.2, ge=0)
    stop_end_kn: float = Field(0.5, gt=0)
    gap_hours: float = Field(4, gt=0)
    shift_hours: float = Field(12, ge=0, description="stops at one place, less apart, are one call")
    shift_km: float = Field(1.5, ge=0, description="how far along a quay a ship may shift within one call")
    moored_km: float = Field(
        2, ge=0, description="moored by its own word this near a port's point is at berth"
    )
    draught_hours: float = Field(
        24, ge=0, description="a draught typed this long after departure is the call's"
    )
    min_stop_minutes: float = Field(20, ge=0, description="a shorter stop seen by several reports is no call")

    @model_validator(mode="after")
    def _in_order(self) -> "PortCallSettings":
        if self.exit_km < self.entry_km:
            raise ValueError("exit_km must not be smaller than entry_km")
        if self.stop_end_kn < self.stop_begin_kn:
            raise ValueError("stop_end_kn must not be smaller than stop_begin_kn")
        return self


class GapSettings(Section):
    """A silence of one ship."""

    min_hours: float = Field(12, gt=0)
    heard_hours: float = Field(6, ge=1, description="how long others must be heard after a ship fell silent")
    heard_ships: float = Field(3, ge=0, description="how many ships an hour make a cell one that is heard")
    feed_minutes: float = Field(
        15, gt=0, description="nothing heard for longer in a busy area is the feed's hole"
    )
    feed_ships: float = Field(5, gt=0, description="ships heard a minute that make an area of 5 degrees busy")


class ArrivalSettings(Section):
    """A ship's arrival in Russia."""

    anchor_days: float = Field(
        14, ge=0, description="a berth call within this time makes an anchorage a wait"
    )
    anchor_hours: float = Field(6, ge=0, description="an anchorage alone counts from this length")
    gate_kn: float = Field(2, ge=0, description="slower than this over a gate is drifting, not going in")
    silent_hours: float = Field(
        6, gt=0, description="a silence leaves so long in port beside the ways to and from"
    )
    speed_kn: float = Field(12, gt=0, description="how fast a ship unseen is taken to sail")
    declared_hours: float = Field(
        48, ge=0, description="a destination not sent for longer is not one any more"
    )
    declared_km: float = Field(
        1500, gt=0, description="how far from its declared port a ship may fall silent"
    )
    heading_hours: float = Field(48, gt=0, description="over so long is told where a ship was heading")
    heading_km: float = Field(20, ge=0, description="nearer by so much is heading there")
    detour: float = Field(1.2, ge=1, description="a way at sea is so many times the straight line")
    stay_hours: float = Field(32, ge=0, description="how long a ship is taken to stay in a Russian port")


class LoiteringSettings(Section):
    """One ship lying or drifting at sea."""

    min_hours: float = Field(4, gt=0)
    max_speed_kn: float = Field(2, gt=0)
    dark_hours: float = Field(3, gt=0, description="a silent ship must fit beside a lone one for so long")
    dark_speed_kn: float = Field(12, gt=0, description="how fast a silent ship is taken to sail")
    dark_km: float = Field(400, gt=0, description="how far a silent ship's reports may lie from a lone one")
    dark_p: float = Field(0.3, ge=0, le=1, description="a ship at anchor in port counts as lone from this")


class TrackSettings(Section):
    """Which reports belong together."""

    max_speed_kn: float = Field(50, gt=0, description="faster than this between two reports is not one ship")
    slack_m: float = Field(1000, ge=0, description="position error and rounding that no speed explains")
    min_reports: int = Field(3, ge=1, description="a piece of fewer reports beside a better one is noise")


class FlagSettings(Section):
    """Positions and identities that are distrusted."""

    frozen_minutes: float = Field(60, gt=0, description="the very same coordinates for at least so long")
    frozen_kn: float = Field(3, gt=0, description="while the ship says that it moves at least so fast")
    circle_minutes: float = Field(60, gt=0, description="round one circle for at least so long")
    circle_kn: float = Field(5, gt=0, description="at no less than this speed")
    circle_turns: float = Field(3, ge=1, description="so many times round at the speed reported")
    circle_error: float = Field(
        0.08, gt=0, le=0.5, description="distance from the circle (root mean square) as a share of its radius"
    )
    circle_speed_error: float = Field(
        0.2, gt=0, le=1, description="standard deviation of the speed as a share of its mean"
    )
    displaced_minutes: float = Field(
        60, gt=0, description="one transmitter is heard elsewhere so soon before or after it is shown away"
    )
    displaced_hours: float = Field(
        24, gt=0, description="shown away and back for longer, it may be another ship"
    )
    land_share: float = Field(0.5, gt=0, le=1, description="a track so much of which is on land")
    merge_hours: float = Field(6, ge=0, description="doubts of a kind about a ship, less apart, are one")
    interference_ships: int = Field(5, ge=2, description="so many ships shown away at once are no accident")
    interference_spot_km: float = Field(5, gt=0, description="ships shown this near together are on one spot")
    interference_area_km: float = Field(
        50, gt=0, description="ships lying this near together are in one area"
    )
    interference_away_km: float = Field(10, gt=0, description="from its own way: nearer may be a late report")
    interference_share: float = Field(
        0.2, ge=0, le=1, description="share of an area's ships that is displaced, where not onto one spot"
    )


class LinkSettings(Section):
    """From a transfer at a hub to an arrival in Russia."""

    max_days_at_hub: float = Field(30, gt=0)
    max_days_to_russia: float = Field(45, gt=0)
    max_hops: int = Field(3, ge=1, le=3)
    min_score: float = Field(0.001, ge=0, le=1)
    chain_min_score: float = Field(
        0.01, gt=0, le=1, description="a chain is followed back from links of this"
    )
    draught_change_m: float = Field(0.3, gt=0, description="a smaller change of draught is none")
    draught_change_share: float = Field(0.015, gt=0, description="of the draught before; less is no change")
    draught_change_much_share: float = Field(
        0.06, gt=0, description="of the draught before; as much cargo moved"
    )
    draught_change_very_much_share: float = Field(
        0.12, gt=0, description="a good part of what a ship carries"
    )
    draught_change_most_share: float = Field(0.25, gt=0, description="most of what a ship carries")
    near_berths_m: float = Field(400, gt=0, description="berths nearer than this are neighbours")
    russia_share: float = Field(
        0.03, gt=0, lt=1, description="share of stays at a hub that lead on to Russia, before any is counted"
    )
    russia_share_stays: float = Field(5, gt=0, description="stays that a share not counted stands for")
    ship_share_stays: float = Field(
        2, gt=0, description="stays that its class's share stands for against a ship's own"
    )
    open_min_share: float = Field(
        0.05, ge=0, le=1, description="from this share on a ship without further reason has open links"
    )
    late_share: float = Field(
        0.02, gt=0, lt=1, description="share of ships bound for Russia that take longer than the limit"
    )
    cargo_kn: float = Field(14, gt=0, description="how fast a cargo ship is taken to sail to Russia")
    tanker_kn: float = Field(12, gt=0, description="how fast a tanker is taken to sail to Russia")
    waiting_days: float = Field(4, ge=0, description="calls and waiting on the way beside the sailing")
    window_share: float = Field(
        0.25, ge=0, lt=1, description="by this share of its length a way expected is shorter or longer"
    )
    history_min_score: float = Field(
        0.1, ge=0, le=1, description="a link that has reached this is followed from then on"
    )
    history_min_change: float = Field(
        0.01, gt=0, le=1, description="a smaller change of score alone makes no new version"
    )
    short_call_hours: float = Field(
        18, gt=0, description="a call on the way this short landed no tanker's cargo"
    )
    around_hours: float = Field(48, ge=0, description="a silence so near a transfer is beside it")
    identity_days: float = Field(30, ge=0, description="a new identity so long before a transfer is new")
    service_calls: int = Field(3, gt=0, description="so many calls in Russia in a year are service")


class ScreeningSettings(Section):
    """Ships against sanctions lists."""

    name_similarity: float = Field(0.9, gt=0, le=1, description="names at least so alike are a lead")
    name_letters: int = Field(6, ge=3, description="a name with fewer letters must be equal")
    name_min_length_m: float = Field(24, ge=0, description="ships known to be shorter get no leads by name")
    mmsi_weight: float = Field(
        0.7, ge=0, le=1, description="score of a match by MMSI, against 1 by IMO number"
    )
    name_weight: float = Field(0.5, ge=0, le=1, description="score of a lead by equal names")
    historic_weight: float = Field(
        0.8,
        ge=0,
        le=1,
        description="factor of the score where the ship's identity that matched is not its present one",
    )


class HubShipSettings(Section):
    """Russian ships at hubs, and what they did there."""

    served_share: float = Field(
        0.33, gt=0, le=1, description="share of calls at Russian berths that makes a ship Russian-served"
    )
    served_calls: int = Field(3, ge=1, description="calls at Russian berths needed for that")
    served_days: float = Field(365, gt=0, description="how far back those calls may lie")
    repair_hours: float = Field(240, gt=0, description="a stay so long with draught unchanged is a repair")
    cargo_hours: float = Field(3, ge=0, description="a stay so long at a berth for cargo is for cargo")


class AlertSettings(Section):
    """The daily e-mail."""

    min_score: float = Field(0.5, ge=0, le=1)
    sender: str = ""
    recipients: tuple[str, ...] = ()


class SourceSettings(Section):
    """One source: where it is, and how long its stream may be silent."""

    url: str = ""
    max_silence_s: float = Field(120, gt=0)


class EngineSettings(Section):
    """How much of the machine DuckDB may use."""

    memory_gb: float = Field(4, gt=0.2)
    threads: int = Field(0, ge=0, description="0: all cores")


class Settings(BaseSettings):
    """All settings, by section."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=None
    )

    encounters: EncounterSettings = EncounterSettings()
    port_calls: PortCallSettings = PortCallSettings()
    arrivals: ArrivalSettings = ArrivalSettings()
    gaps: GapSettings = GapSettings()
    loitering: LoiteringSettings = LoiteringSettings()
    tracks: TrackSettings = TrackSettings()
    flags: FlagSettings = FlagSettings()
    links: LinkSettings = LinkSettings()
    screening: ScreeningSettings = ScreeningSettings()
    hub_ships: HubShipSettings = HubShipSettings()
    alerts: AlertSettings = AlertSettings()
    engine: EngineSettings = EngineSettings()
    sources: dict[str, SourceSettings] = Field(default_factory=dict)

    @field_validator("sources")
    @classmethod
    def _known(cls, given: dict[str, SourceSettings]) -> dict[str, SourceSettings]:
        if not given:
            return given
        from pipeline.sources import SOURCES  # noqa: PLC0415 (slow to import, and few set a source)

        unknown = sorted(set(given) - set(SOURCES))
        if unknown:
            raise ValueError(f"{unknown[0]} is no source; `transship sources` lists them")
        return given

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """--set, then the environment, then transship.toml."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))

    def parameters(self, *sections: str) -> dict[str, Any]:
        """Settings as SQL parameters named section_name, e.g. `encounters_max_distance_m`."""
        chosen: Iterable[str] = sections or (
            name for name in type(self).model_fields if name not in {"sources", "alerts"}
        )
        return {
            f"{section}_{name}": value
            for section in chosen
            for name, value in getattr(self, section).model_dump().items()
        }


def load_settings(home: Path, overrides: Iterable[str] = ()) -> Settings:
    """Read the settings of a home folder; `overrides` are `section.name=value` strings of --set.

    Raises UsageError with the setting's name where one is unknown or senseless.
    """
    given: dict[str, Any] = {}
    for override in overrides:
        _put(given, override)
    _refuse_unknown_environment(os.environ)
    toml = home / "transship.toml"

    class _Located(Settings):
        model_config = SettingsConfigDict(
            **{**Settings.model_config, "toml_file": toml if toml.is_file() else None}
        )

    try:
        located = _Located(**given)
    except ValidationError as error:
        raise UsageError(_first_line(error)) from None
    except ValueError as error:
        raise UsageError(
            f"settings cannot be read ({toml} or the environment): {error}".splitlines()[0]
        ) from None
    return located


def _put(tree: dict[str, Any], override: str) -> None:
    name, equals, text = override.partition("=")
    parts = name.strip().split(".")
    if not equals or len(parts) < 2 or not all(parts):
        raise UsageError(
            f"--set {override!r}: write section.name=value, such as encounters.max_distance_m=400"
        )
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    branch = tree
    for part in parts[:-1]:
        branch = branch.setdefault(part, {})
        if not isinstance(branch, dict):
            raise UsageError(f"--set {override!r}: {part} is a setting, not a section")
    branch[parts[-1]] = value


def _refuse_unknown_environment(environment: Mapping[str, str]) -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in environment:
        if name.startswith(PREFIX) and name not in NOT_SETTINGS and name.split("__")[0] not in known:
            raise UsageError(f"unknown setting in the environment: {name}")


def _first_line(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        # A section that does not exist is refused with what was asked of it.
        inner = first["input"]
        while isinstance(inner, dict) and inner:
            name, inner = f"{name}.{next(iter(inner))}", inner[next(iter(inner))]
        return f"unknown setting {name}; `docs/methods.md` lists all settings"
    return f"setting {name}: {first['msg'].removeprefix('Value error, ')}, not {str(first['input'])[:80]!r}"
