"""Keys of sources: from the environment, under Airflow else from the connection `transship_<source>`."""

import os
import sys

from pipeline.errors import TransshipError

# Where in an Airflow connection a key stands that the environment does not hold.
IN_CONNECTION = {
    "AISHUB_USERNAME": ("aishub", "login"),
    "AISSTREAM_API_KEY": ("aisstream", "password"),
    "BARENTSWATCH_CLIENT_ID": ("barentswatch", "login"),
    "BARENTSWATCH_CLIENT_SECRET": ("barentswatch", "password"),
    "GFW_API_TOKEN": ("gfw", "password"),
}


def secret(variable: str) -> str | None:
    """The value of an environment variable, else of its field in the Airflow connection; None without any.

    Raises TransshipError, without the value, where it holds what no HTTP header can carry.
    """
    value = os.environ.get(variable, "").strip() or (_from_airflow(variable) or "").strip()
    if not value:
        return None
    if not (value.isascii() and value.isprintable()):
        raise TransshipError(f"{variable}: holds characters that no key has; copy it again from the service")
    return value


def required(source: str, variables: tuple[str, ...]) -> dict[str, str]:
    """The values of all `variables`; raises TransshipError that names those missing. Asks no network."""
    found = {variable: secret(variable) for variable in variables}
    missing = [variable for variable, value in found.items() if value is None]
    if missing:
        raise TransshipError(
            f"{source}: needs a key: set {' and '.join(missing)} in the environment "
            f"(under Airflow: the connection transship_{source}); docs/sources.md says where to get it"
        )
    return {variable: value for variable, value in found.items() if value is not None}


def _from_airflow(variable: str) -> str | None:
    """The connection's field, where this runs within Airflow or the environment defines the connection."""
    if variable not in IN_CONNECTION:
        return None
    source, field = IN_CONNECTION[variable]
    if "airflow" not in sys.modules and f"AIRFLOW_CONN_TRANSSHIP_{source.upper()}" not in os.environ:
        return None
    try:
        from airflow.sdk import Connection  # noqa: PLC0415 (Airflow is an extra, and slow to import)

        connection = Connection.get(f"transship_{source}")
    except Exception:  # not installed, no such connection, no Airflow that runs: there is no key here
        return None
    value = getattr(connection, field, None)
    return str(value) if value else None
