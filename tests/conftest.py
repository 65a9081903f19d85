"""What every test may ask for: an empty home, default settings, the reference folder, outside tools."""

import os
import shutil
from pathlib import Path

import pytest

from pipeline import gazetteer
from pipeline.home import Home
from pipeline.settings import Settings, load_settings

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them."""
    for name in list(os.environ):
        if name.startswith("TRANSSHIP_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def built_gazetteer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gazetteer's tables as `detect` builds them in a new home (some seconds): once for all tests."""
    built = Home(tmp_path_factory.mktemp("gazetteer")).create()
    gazetteer.prepare(built)
    return built.work / "gazetteer"


@pytest.fixture
def empty_home(tmp_path: Path) -> Home:
    """A home folder with nothing in it."""
    return Home(tmp_path / "home").create()


@pytest.fixture
def home(empty_home: Home, built_gazetteer: Path) -> Home:
    """A home folder with nothing in it but the gazetteer's tables."""
    shutil.copytree(built_gazetteer, empty_home.work / "gazetteer")
    return empty_home


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The default settings."""
    return load_settings(tmp_path)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Reference data and real AIS files that lie beside the checkout (or in SHARED_DIR), not within it."""
    folder = Path(os.environ.get("SHARED_DIR", PROJECT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no reference data in {folder} (they are not part of the project; set SHARED_DIR)")
    return folder


def tool(*names: str) -> str:
    """The path of the first of these programs that is installed.

    Skips the test where there is none; fails it where CI_REQUIRE_TOOLS=1 promises that there is (.ci/run).
    """
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    message = f"this test needs {' or '.join(names)}, which is not installed"
    if os.environ.get("CI_REQUIRE_TOOLS") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def need_chromium() -> str:
    """The path of Chromium."""
    return tool("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def need_java() -> str:
    """The path of a Java runtime (Spark needs it)."""
    return tool("java")


@pytest.fixture
def need_strace() -> str:
    """The path of strace."""
    return tool("strace")
