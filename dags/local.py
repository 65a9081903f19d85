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


def main(arguments: Sequence[str]) -> None:
    """Become Airflow with its page, or one airflow command."""
    home = Path(os.environ.get("TRANSSHIP_HOME") or "data")
    if arguments[:1] == ["--home"] and len(arguments) > 1:
        home, arguments = Path(arguments[1]), arguments[2:]
    if not AIRFLOW.is_file():
        sys.exit("Airflow is not installed here: `make airflow`, or pip install '.[airflow]'")
    environment = surroundings(os.environ, home)
    if not arguments:
        for preparation in PREPARATIONS:
            done = subprocess.run([AIRFLOW, *preparation], env=environment, check=False)  # noqa: S603
            if done.returncode:
                sys.exit(done.returncode)
        print(f"Airflow's page: {environment['AIRFLOW__API__BASE_URL']} (Ctrl-C stops it)", flush=True)
        arguments = ["standalone"]
    # In place of this process, so that Ctrl-C reaches Airflow, which then ends its own parts.
    os.execve(AIRFLOW, ["airflow", *arguments], environment)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
