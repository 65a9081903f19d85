"""The published tables' columns, types and comments, from `schema.txt`, where they are written down."""

from importlib import resources


def _read() -> tuple[dict[str, str], dict[str, list[tuple[str, str]]], dict[tuple[str, str], str]]:
    comments: dict[str, str] = {}
    columns: dict[str, list[tuple[str, str]]] = {}
    column_comments: dict[tuple[str, str], str] = {}
    table = ""
    for line in resources.files("pipeline").joinpath("schema.txt").read_text(encoding="utf-8").splitlines():
        head, _, comment = line.partition(": ")
        if line.startswith("  "):
            name, kind = head.split()
            columns[table].append((name, kind))
            column_comments[table, name] = comment
        elif line:
            table = head
            comments[table] = comment
            columns[table] = []
    return comments, columns, column_comments


TABLE_COMMENTS, COLUMNS, COMMENTS = _read()


def select_list(table: str) -> str:
    """The table's columns in order, each cast to its type; an empty text is null."""
    return ", ".join(
        f"""nullif(CAST("{name}" AS VARCHAR), '') AS "{name}\""""
        if kind == "VARCHAR"
        else f'CAST("{name}" AS {kind}) AS "{name}"'
        for name, kind in COLUMNS[table]
    )


def definition(table: str) -> str:
    """The table's columns as a CREATE TABLE body."""
    return ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS[table])
