"""The wheel carries all that the command needs: SQL and places travel as package data."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
REQUIREMENTS = PROJECT / "requirements"
pytestmark = pytest.mark.slow


def run(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command away from the checkout and from what this process may have been told of it."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what requirements/build.txt pins."""
    folder = tmp_path_factory.mktemp("wheel")
    locked = ["--build-constraints", REQUIREMENTS / "build.txt", "--require-hashes"]
    run(UV, "build", "--wheel", *locked, "--out-dir", folder, PROJECT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_data_file(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    for package in ("pipeline", "geo", "sql"):
        for path in (PROJECT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                assert str(path.relative_to(PROJECT)) in held
    assert not [name for name in held if name.split("/")[0] in {"tests", "dags", "docs", "benchmarks"}]


def test_the_command_works_in_an_empty_environment(wheel: Path, aarhus_day: Path, tmp_path: Path) -> None:
    python = tmp_path / "empty" / "bin" / "python"
    run(UV, "venv", "--quiet", tmp_path / "empty", cwd=tmp_path)
    install = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        "--build-constraints",
        REQUIREMENTS / "build.txt",
    ]
    run(*install, "--require-hashes", "-r", REQUIREMENTS / "main.txt", cwd=tmp_path)
    run(*install, "--no-deps", wheel, cwd=tmp_path)

    transship = tmp_path / "empty" / "bin" / "transship"
    assert run(transship, "--version", cwd=tmp_path).stdout.startswith("transship ")
    run(transship, "run", "--source", "dma", aarhus_day, "--home", tmp_path / "home", cwd=tmp_path)
    calls = run(
        transship,
        "query",
        "SELECT mmsi, port_id FROM port_calls",
        "--json",
        "--home",
        tmp_path / "home",
        cwd=tmp_path,
    )
    assert '"DKAAR"' in calls.stdout
    assert "219000606" in calls.stdout
