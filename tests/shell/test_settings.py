"""--set counts before the environment, the environment before transship.toml, that before the default."""

import re
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.home import Home
from pipeline.settings import load_settings


def distance_m(home: Home, *overrides: str) -> float:
    return load_settings(home.root, overrides).encounters.max_distance_m


def test_precedence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert distance_m(home) == 500
    home.settings_file.write_text("[encounters]\nmax_distance_m = 400\nmax_speed_kn = 3\n")
    assert distance_m(home) == 400
    monkeypatch.setenv("TRANSSHIP_ENCOUNTERS__MAX_DISTANCE_M", "300")
    assert distance_m(home) == 300
    assert distance_m(home, "encounters.max_distance_m=200") == 200
    assert distance_m(home, "encounters.max_distance_m=200", "encounters.max_distance_m=100") == 100
    # one name set on top leaves its neighbours as the file has them
    assert load_settings(home.root, ["encounters.max_distance_m=200"]).encounters.max_speed_kn == 3


def test_lists_are_json(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    given = load_settings(home.root, ['alerts.recipients=["desk@example.org"]'])
    assert given.alerts.recipients == ("desk@example.org",)
    monkeypatch.setenv("TRANSSHIP_ALERTS__RECIPIENTS", '["night@example.org"]')
    assert load_settings(home.root).alerts.recipients == ("night@example.org",)


def test_a_source_moves_to_a_mirror(home: Home) -> None:
    given = load_settings(home.root, ["sources.dma.url=http://127.0.0.1:8000"])
    assert given.sources["dma"].url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("encounters.nothing=1", "encounters.nothing"),
        ("nothing.at_all=1", "nothing"),
        ("encounters.grid_minutes=0", "encounters.grid_minutes"),
        ("encounters.grid_minutes=ten", "encounters.grid_minutes"),
        ("encounters.max_distance_m=NaN", "encounters.max_distance_m"),
        ("encounters.max_distance_m=Infinity", "encounters.max_distance_m"),
        ("encounters.max_distance_m=", "encounters.max_distance_m"),
        ("port_calls.exit_km=1", "port_calls"),
        ("links.max_hops=4", "links.max_hops"),
        ("encounters=1", "encounters"),
        ("=1", "--set"),
        ("sources.dma.nothing=1", "sources.dma.nothing"),
    ],
)
def test_an_unknown_or_senseless_setting_is_named(home: Home, override: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        load_settings(home.root, [override])


@pytest.mark.parametrize("name", ["TRANSSHIP_ENCOUNTER__MAX_SPEED_KN", "TRANSSHIP_ENCOUNTERS__SPEED"])
def test_an_unknown_environment_variable_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(UsageError) as refused:
        load_settings(home.root)
    assert name.removeprefix("TRANSSHIP_").replace("__", ".").lower() in str(refused.value).lower().replace(
        "__", "."
    )


def test_a_damaged_settings_file_is_named(home: Home) -> None:
    home.settings_file.write_text("[encounters\n")
    with pytest.raises(UsageError, match=r"transship\.toml"):
        load_settings(home.root)
    home.settings_file.write_text("[encounters]\nmax_distence_m = 1\n")
    with pytest.raises(UsageError, match=r"encounters\.max_distence_m"):
        load_settings(home.root)


def test_parameters_for_sql_carry_their_section(home: Home) -> None:
    parameters = load_settings(home.root).parameters()
    assert parameters["encounters_max_distance_m"] == 500
    assert "alerts_sender" not in parameters


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("nothing.at_all=1", "nothing.at_all"),
        ("sources.nowhere.url=http://127.0.0.1", "nowhere"),
        ("sources.dma.bad=1", "sources.dma.bad"),
        ("gaps.min_hours=0", "gaps.min_hours"),
    ],
)
def test_what_is_unknown_or_senseless_is_named_in_full(tmp_path: Path, override: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        load_settings(tmp_path, [override])


def test_a_setting_is_no_section(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a section"):
        load_settings(tmp_path, ["gaps.min_hours=3", "gaps.min_hours.more=3"])
