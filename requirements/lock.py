"""Write the locks: every version pinned, every file by its hash, and no registry's address.

    python requirements/lock.py [--upgrade]

main.txt is the pipeline and its command, airflow.txt the same with Airflow, fit.txt with what fits
weights, dev.txt all of it with what
tests and checks need; they agree with each other, for dev.txt is made first and constrains the others.
uv.txt is what installs them, build.txt what builds packages that come as source, ours among them.
Without --upgrade, versions in the present locks stay where they are allowed.
"""

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LOCKS = {
    "uv": ["--group", "pyproject.toml:install"],
    "build": ["--group", "pyproject.toml:build"],
    "dev": ["pyproject.toml", "--extra", "airflow", "--group", "dev"],
    "airflow": ["pyproject.toml", "--extra", "airflow", "--constraints", "dev.txt"],
    "main": ["pyproject.toml", "--constraints", "dev.txt"],
    "fit": ["pyproject.toml", "--extra", "fit", "--constraints", "dev.txt"],
}


def lock(name: str, upgrade: bool) -> None:
    """Make one lock again."""
    arguments = [str(FOLDER / word) if word.endswith(".txt") else word for word in LOCKS[name]]
    command = [
        str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet",
        "--universal", "--python-version", "3.11",
        "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate",
        "--output-file", str(FOLDER / f"{name}.txt"),
        *(["--upgrade"] if upgrade else []),
        *arguments,
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=FOLDER.parent)


def main() -> None:
    """Make all locks again."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--upgrade", action="store_true", help="take the newest allowed versions")
    upgrade = parser.parse_args().upgrade
    for name in LOCKS:
        lock(name, upgrade)


if __name__ == "__main__":
    main()
