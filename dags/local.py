"""A local Airflow for the DAGs of this folder: `python -m dags.local [--home DIR] [AIRFLOW ARGUMENTS]`.

Without arguments it prepares database and pools and starts Airflow with its page; with arguments it is the
`airflow` command in the same surroundings, as in `python -m dags.local backfill create --help`.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

DAGS = Path(__file__).resolve().parent
PROJECT = DAGS.parent
PREPARATIONS = (["db", "migrate"], ["pools", "import", str(DAGS / "pools.json")])
AIRFLOW = Path(sys.executable).with_name("airflow")


def surroundings(given: Mapping[str, str], home: Path) -> dict[str, str]:
    """Environment variables in which Airflow runs the DAGs on `home`; what is set in `given` stays.

    Airflow's own files go to ./airflow-home. Its page asks for no password, so it listens on this machine
    alone.
    """
    port = given.get("AIRFLOW__API__PORT", "8080")
    defaults = {
        "AIRFLOW_HOME": str(PROJECT / "airflow-home"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
    }
    return {
        **defaults,
        **given,
        # Tasks run in folders of their own, so the home folder must be a full path.
        "TRANSSHIP_HOME": str(home.resolve()),
        # Airflow starts its parts by the bare name `airflow`.
        "PATH": os.pathsep.join([str(AIRFLOW.parent), given.get("PATH", os.defpath)]),
    }


def airflow(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the `airflow` command; returns its exit status."""
    return subprocess.run([str(AIRFLOW), *arguments], env=environment, check=False).returncode  # noqa: S603


def main(arguments: Sequence[str]) -> int:
    """Start Airflow with its page, or run one airflow command."""
    home = Path(os.environ.get("TRANSSHIP_HOME") or "data")
    if arguments[:1] == ["--home"] and len(arguments) > 1:
        home, arguments = Path(arguments[1]), arguments[2:]
    if not AIRFLOW.is_file():
        print("Airflow is not installed here: `make airflow`, or pip install '.[airflow]'", file=sys.stderr)
        return 1
    environment = surroundings(os.environ, home)
    if arguments:
        return airflow(arguments, environment)
    for preparation in PREPARATIONS:
        if status := airflow(preparation, environment):
            return status
    print(f"Airflow's page: {environment['AIRFLOW__API__BASE_URL']} (Ctrl-C stops it)", flush=True)
    return airflow(["standalone"], environment)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
