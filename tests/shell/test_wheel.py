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
HEADER = [
    "# Timestamp", "Type of mobile", "MMSI", "Latitude", "Longitude", "Navigational status", "ROT", "SOG",
    "COG", "Heading", "IMO", "Callsign", "Name", "Ship type", "Cargo type", "Width", "Length",
    "Type of position fixing device", "Draught", "Destination", "ETA", "Data source type",
]  # fmt: skip

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


def ship_at_aarhus() -> str:
    """Rows of one ship that comes from the sea, lies in Aarhus for six hours and leaves."""
    rows = [HEADER]
    for minute in range(0, 12 * 60, 5):
        off = max(0, 180 - minute, minute - 540) / 180 * 0.3
        speed_kn, status = ("6.0", "Under way using engine") if off else ("0.0", "Moored")
        rows.append([
            f"26/04/2026 {minute // 60:02}:{minute % 60:02}:00", "Class A", "219000606",
            f"{56.150 - off * 0.3:.6f}", f"{10.226 + off:.6f}", status, "", speed_kn, "90.0",
            "90", "9074729", "OABC", "TEST SHIP", "Cargo", "", "20", "120",
            "GPS", "6.5", "AARHUS", "", "AIS",
        ])  # fmt: skip
    return "\n".join(",".join(row) for row in rows) + "\n"


def test_the_command_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
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
    day = tmp_path / "aisdk-2026-04-26.csv"
    day.write_text(ship_at_aarhus(), encoding="utf-8")

    transship = tmp_path / "empty" / "bin" / "transship"
    assert run(transship, "--version", cwd=tmp_path).stdout.startswith("transship ")
    run(transship, "run", "--source", "dma", day, "--home", tmp_path / "home", cwd=tmp_path)
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
