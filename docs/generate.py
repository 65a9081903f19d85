"""Make the generated documentation: docs/cli.md, and the tables in docs/methods.md and sources.md.

    python docs/generate.py [--check]

With --check nothing is written; the exit is 1 where a file has fallen behind.
"""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.settings import Settings, SourceSettings
from pipeline.sources import SOURCES

DOCS = Path(__file__).resolve().parent
# What stands between these two marks is made here.
BEGIN, END = "<!-- {}: made by `make docs` -->", "<!-- end of {} -->"
UNITS = {
    "minutes": "min",
    "hours": "h",
    "days": "d",
    "kn": "kn",
    "km": "km",
    "m": "m",
    "s": "s",
    "gb": "GB",
    "score": "probability",
}


def command_reference() -> str:
    """docs/cli.md: the help of every verb, as the command prints it."""
    parts = [
        "# The command line",
        "Made by `make docs` from the command itself. Global options stand before or after the verb.",
        help_of(),
    ]
    for command in app.registered_commands:
        name = command.name or ""
        parts += [f"## transship {name}", help_of(name)]
    return "\n\n".join(parts) + "\n"


def help_of(*words: str) -> str:
    """What `transship WORDS --help` prints, as a block."""
    result = CliRunner().invoke(
        app, [*words, "--help"], prog_name="transship", env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"}
    )
    if result.exit_code:
        raise SystemExit(f"transship {' '.join(words)} --help failed: {result.output}")
    lines = (line.rstrip() for line in result.output.strip().splitlines())
    return "```\n" + "\n".join(lines) + "\n```"


def settings_fields() -> Iterator[tuple[str, FieldInfo]]:
    """Each setting's full name and field."""
    for section, info in Settings.model_fields.items():
        if section == "sources":
            yield from _fields("sources.<name>", SourceSettings)
        elif isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _fields(section, info.annotation)


def _fields(section: str, model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, info in model.model_fields.items():
        yield f"{section}.{name}", info


def settings_table() -> str:
    """The settings as a table: name, default, unit, meaning, source of the default."""
    told = tomllib.loads((DOCS / "settings.toml").read_text(encoding="utf-8"))
    fields = dict(settings_fields())
    if gone := sorted(told.keys() - fields.keys()):
        raise SystemExit(f"docs/settings.toml tells of settings that do not exist: {', '.join(gone)}")
    rows = [row(name, field, told.get(name, {})) for name, field in fields.items()]
    return "\n".join(
        [
            "| setting | default | unit | meaning | source of the default |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def row(name: str, field: FieldInfo, told: dict[str, str]) -> str:
    """One setting's line in the table."""
    meaning = field.description or told.get("means")
    if not meaning:
        raise SystemExit(
            f"{name} has neither a description in pipeline/settings.py nor a meaning in docs/settings.toml"
        )
    if field.description and "means" in told:
        raise SystemExit(f"{name} is described twice: in pipeline/settings.py and in docs/settings.toml")
    source = told.get("source", "judgement")
    return f"| `{name}` | {shown(field.default)} | {unit(name)} | {meaning} | {source} |"


def shown(default: Any) -> str:
    """A default as it is written in `--set`."""
    match default:
        case bool():
            return str(default).lower()
        case int() | float():
            return f"{default:g}"
        case tuple():
            return "[]"
        case _:
            return str(default) or "(empty)"


def unit(name: str) -> str:
    """The unit that the setting's name holds."""
    words = reversed(name.rpartition(".")[2].split("_"))
    return next((UNITS[word] for word in words if word in UNITS), "")


def sources_table() -> str:
    """The sources as a table, in the words of `transship sources`."""
    rows = [
        f"| `{source.key}` | {source.title} | {keys(source.key_variables)} | {source.coverage} "
        f"| {source.delay} | {source.licence} | {source.attribution} | {source.good_for} "
        f"| {source.blind_to} |"
        for source in SOURCES.values()
    ]
    return "\n".join(
        [
            "| source | what | key | coverage | delay | licence | attribution | good for | sees nothing of |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def keys(variables: tuple[str, ...]) -> str:
    """The variables that hold a source's key."""
    return ", ".join(f"`{variable}`" for variable in variables) or "none"


def between(page: Path, what: str, inner: str) -> str:
    """The page with what stands between the marks replaced."""
    begin, end = BEGIN.format(what), END.format(what)
    head, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, mark, tail = rest.partition(end)
    if not mark:
        raise SystemExit(f"docs/{page.name} has lost the marks around its table of {what}")
    return f"{head}{begin}\n{inner}\n{end}{tail}"


def generated() -> dict[Path, str]:
    """What each generated file should hold."""
    methods, sources = DOCS / "methods.md", DOCS / "sources.md"
    return {
        DOCS / "cli.md": command_reference(),
        methods: between(methods, "settings", settings_table()),
        sources: between(sources, "sources", sources_table()),
    }


def main() -> None:
    """Write what has changed, or with --check only name it."""
    check = "--check" in sys.argv[1:]
    stale = [
        path
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"docs/{path.name} {'has fallen behind: make docs' if check else 'written'}")
        if not check:
            path.write_text(generated()[path], encoding="utf-8")
    sys.exit(bool(check and stale))


if __name__ == "__main__":
    main()
