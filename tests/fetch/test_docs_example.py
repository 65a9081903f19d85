"""docs/adding-a-source.md: its files, put where it says into a copy of the project, pass its test there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

PAGE = PROJECT / "docs" / "adding-a-source.md"
# A file's name between backticks, then the next block of code.
FILE = re.compile(r"^`([\w/]+\.(?:py|sql))`.*?^```\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)
# What the page's list asks for, as what is written behind which words.
NAMED = {
    "pipeline/sources/__init__.py": (
        ("from pipeline.sources import (", "example,"),
        ("_MODULES = (", "example, "),
    ),
    "pipeline/fetching/__init__.py": (
        ("from pipeline.fetching import ", "example, "),
        ("_MODULES = (", "example, "),
    ),
    "pipeline/secrets.py": (("IN_CONNECTION = {", '"EXAMPLE_TOKEN": ("example", "password"),'),),
}


def test_the_example_works_as_it_is_written(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    files = dict(FILE.findall(text))
    assert sorted(files) == sorted(re.findall(r"^\| `([\w/.]+)` \|", text, re.MULTILINE))
    for part in ("pipeline", "sql", "tests", "docs"):
        shutil.copytree(PROJECT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "geo").symlink_to(PROJECT / "geo")
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    for name, places in NAMED.items():
        assert f"`{name}`" in text
        path = tmp_path / name
        code = path.read_text(encoding="utf-8")
        for words, addition in places:
            assert code.count(words) == 1, f"{name}: {words}"
            code = code.replace(words, words + addition)
        path.write_text(code, encoding="utf-8")

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "2 passed" in run("pytest", "-q", "-p", "no:cacheprovider", "tests/fetch/test_example.py")
    assert "example: Example coast guard" in run("pipeline.cli", "sources")
