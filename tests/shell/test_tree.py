"""What must never stand in a tracked file: a package registry's address, a machine's path, a large blob."""

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LARGEST_KIB = 2048
# Put together here, so that this file does not hold what it looks for.
REGISTRY = re.compile(
    r"https?://[^\s\"'>)]*(?:"
    + "|".join(["py" + "pi", "python" + "hosted", "npm" + "js", "deb" + "ian"])
    + r")\b"
    r"|(?:resolved\"?:|registry = |--(?:extra-)?index" + r"-url|--find" + r"-links) *\"?https?://"
)
MACHINE_PATH = re.compile(
    r"(?:^|[\s\"'`(=:])/(?:" + "|".join(["work", "root", "home", "Users"]) + r")/\w", re.MULTILINE
)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Every tracked file; an unpacked source archive has no list of them."""
    if not (PROJECT / ".git").exists():
        pytest.skip("not a git checkout, so nothing is tracked")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, text=True
    ).stdout
    return [PROJECT / name for name in listed.split("\0") if name and (PROJECT / name).is_file()]


def texts(paths: list[Path]) -> list[tuple[Path, str]]:
    found = []
    for path in paths:
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_registry_address(tracked: list[Path]) -> None:
    hits = [
        (path.relative_to(PROJECT), hit[0]) for path, text in texts(tracked) if (hit := REGISTRY.search(text))
    ]
    assert hits == []


def test_no_path_of_one_machine(tracked: list[Path]) -> None:
    hits = [
        (path.relative_to(PROJECT), hit[0].strip())
        for path, text in texts(tracked)
        if (hit := MACHINE_PATH.search(text))
    ]
    assert hits == []


def test_no_large_file(tracked: list[Path]) -> None:
    assert [path.name for path in tracked if path.stat().st_size > LARGEST_KIB * 1024] == []


@pytest.mark.parametrize(
    "line",
    [
        "--index" + "-url https://mirror.example/simple",
        "see https://" + "py" + "pi.org/simple/uv/",
        'path = "/' + 'root/x"',
        "cd /" + "home/me",
    ],
)
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    assert REGISTRY.search(line) or MACHINE_PATH.search(line)


def test_locks_pin_every_version_by_hash() -> None:
    for lock in (PROJECT / "requirements").glob("*.txt"):
        requirements = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
        assert requirements
        for requirement in requirements:
            assert re.match(r"[a-z0-9.\-_]+(?:\[[a-z,\-]+\])?==\S+", requirement), requirement[:80]
            assert "--hash=sha256:" in requirement, requirement[:80]


def test_locks_agree_with_each_other() -> None:
    pins = {
        lock.stem: set(re.findall(r"^(\S+==\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE))
        for lock in (PROJECT / "requirements").glob("*.txt")
    }
    assert pins["main"] <= pins["airflow"] <= pins["dev"]
