"""The command line. Each verb calls one function of the package and prints what came back.

Global options stand before or after the verb. Results go to standard output, progress and errors to
standard error. Exit status: 0 done, 1 the work failed (one line), 2 wrong usage.
"""

# Steps are imported within the verbs: `transship --help` need not load DuckDB or pandas.
# ruff: noqa: PLC0415

import functools
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline import console
from pipeline.errors import TransshipError, UsageError
from pipeline.text import plain

if TYPE_CHECKING:
    from pipeline.home import Home
    from pipeline.progress import Progress
    from pipeline.settings import Settings

DEFAULT_HOME = Path("data")
# How many rows of each table `transship ship` shows a person.
SHIP_ROWS = 20

app = typer.Typer(
    name="transship",
    help="Finds who met or followed whom at a neutral hub, and the arrival in Russia that came after.",
    epilog="What it tells are leads for a person to check, never verdicts.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Where everything lives, else TRANSSHIP_HOME, else ./data."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting, such as encounters.max_distance_m=400."),
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print results as JSON.")]
FromOption = Annotated[
    datetime | None,
    typer.Option("--from", metavar="DAY", formats=["%Y-%m-%d"], help="First UTC day, as 2026-01-31."),
]
ToOption = Annotated[
    datetime | None,
    typer.Option("--to", metavar="DAY", formats=["%Y-%m-%d"], help="Last UTC day, included."),
]
MapOption = Annotated[
    Path | None, typer.Option("--map", metavar="MAP.toml", help="Which column is which, for source `table`.")
]


@dataclass(frozen=True)
class Options:
    """What the global options said."""

    home: Path | None
    overrides: tuple[str, ...]
    debug: bool
    as_json: bool

    def and_then(self, later: "Options") -> "Options":
        """The options before the verb, with those after it on top."""
        return Options(
            later.home or self.home,
            self.overrides + later.overrides,
            self.debug or later.debug,
            self.as_json or later.as_json,
        )


@dataclass(frozen=True)
class Session:
    """What a verb works with."""

    home: "Home"
    settings: "Settings"
    progress: "Progress"
    as_json: bool


def open_session(options: Options, default_home: Path) -> Session:
    """The home folder (--home, TRANSSHIP_HOME or the default), its settings, and where progress goes."""
    from pipeline.home import Home
    from pipeline.settings import load_settings

    home = Home(options.home or Path(os.environ.get("TRANSSHIP_HOME") or default_home))
    settings = load_settings(home.root, options.overrides)
    return Session(home, settings, console.progress_on(sys.stderr), options.as_json)


# The same options again, for after the verb.
GLOBAL_OPTIONS = [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    for name, annotation, default in [
        ("home", HomeOption, None),
        ("overrides", SetOption, None),
        ("debug", DebugOption, False),
        ("json", JsonOption, False),
    ]
]


def verb(*, default_home: Path = DEFAULT_HOME) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register `work(session, ...)` as a command that also takes the global options.

    Its errors become one line on standard error and the exit status.
    """

    def register(work: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(work)
        def command(*, ctx: typer.Context, **given: Any) -> None:
            later = Options(
                given.pop("home"), tuple(given.pop("overrides") or ()), given.pop("debug"), given.pop("json")
            )
            options = ctx.obj.and_then(later)
            try:
                work(open_session(options, default_home), **given)
            except (typer.Exit, typer.TyperException, BrokenPipeError):
                raise
            except Exception as error:
                if options.debug:
                    traceback.print_exc()
                line, code = explain_error(error)
                print_error(line)
                raise typer.Exit(code) from None

        # Typer reads a command's options from its signature.
        own = list(inspect.signature(work).parameters.values())[1:]
        parameters = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in [
                inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
                *own,
                *GLOBAL_OPTIONS,
            ]
        ]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name=work.__name__)(command)
        return command

    return register


def explain_error(error: Exception) -> tuple[str, int]:
    """An error as one line and an exit status."""
    if isinstance(error, UsageError):
        return str(error), 2
    if isinstance(error, TransshipError):
        return str(error), 1
    if type(error).__module__.split(".")[0] in {"duckdb", "_duckdb"}:
        from pipeline.engine import explain_engine_error

        return f"the database engine refused: {explain_engine_error(error)}; --debug shows where", 1
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        return f"the system refused{where}: {error.strerror or error}; --debug shows where", 1
    return f"unexpected error {type(error).__name__}: {error}; run with --debug for the traceback", 1


def print_error(line: str) -> None:
    """One line on standard error."""
    print(f"transship: {plain(line.strip())}", file=sys.stderr)


def show(session: Session, result: Any) -> None:
    """Print a step's result: as JSON, or its figures in a line, then its paths, then its counts by table."""
    figures = asdict(result)
    if session.as_json:
        console.print_json(figures)
        return
    told = {name.removeprefix("n_").replace("_", " "): value for name, value in figures.items()}
    if numbers := [f"{name} {value:,}" for name, value in told.items() if isinstance(value, int)]:
        console.print_line(", ".join(numbers))
    for name, value in told.items():
        if isinstance(value, Path):
            console.print_line(f"{name}: {value}")
        elif isinstance(value, Mapping):
            console.print_table(["table", name], list(value.items()))


def window(first: datetime | None, last: datetime | None) -> tuple[date | None, date | None]:
    """The UTC days of --from and --to; raises UsageError where they are the wrong way round."""
    if first and last and first > last:
        raise UsageError(f"--from {first:%Y-%m-%d} is later than --to {last:%Y-%m-%d}")
    return first.date() if first else None, last.date() if last else None


@app.callback(invoke_without_command=True)
def before_verb(
    ctx: typer.Context,
    *,
    home: HomeOption = None,
    overrides: SetOption = None,
    debug: DebugOption = False,
    json: JsonOption = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Take the global options that stand before the verb."""
    if version:
        print(f"transship {metadata.version('transship')}")
        raise typer.Exit(0)
    if ctx.invoked_subcommand is None:
        print(ctx.get_help(), file=sys.stderr)
        raise typer.Exit(2)
    ctx.obj = Options(home, tuple(overrides or ()), debug, json)


@verb(default_home=DEFAULT_HOME / "demo")
def demo(session: Session) -> None:
    """Everything, on invented ships, with no network.

    Begins from nothing each time, in ./data/demo unless --home says otherwise.
    """
    from pipeline.steps.demo import demo as step

    step(session.home, session.settings, progress=session.progress)


@verb()
def sources(session: Session) -> None:
    """List the public sources.

    Key needed or not, coverage, delay, licence, attribution.
    """
    from pipeline.sources import SOURCES

    records = [{**asdict(source), "needs_key": bool(source.key_variables)} for source in SOURCES.values()]
    if session.as_json:
        console.print_json(records)
        return
    for record in records:
        console.print_line(f"{record['key']}: {record['title']}")
        console.print_line(f"    key needed: {', '.join(record['key_variables']) or 'no'}")
        for name in ("coverage", "delay", "licence", "attribution", "good_for", "blind_to"):
            console.print_line(f"    {name.replace('_', ' ')}: {record[name]}")


@verb()
def fetch(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="One of `transship sources`.")],
    first: FromOption = None,
    last: ToOption = None,
) -> None:
    """Pull from a public source into raw/.

    What is there is not fetched again, what was cut is continued, and days that the source does not have
    (yet) are named. Live services and lists take no days: one poll.
    """
    days = window(first, last)
    from pipeline.steps.fetch import fetch as step

    result = step(
        session.home, session.settings, source, first=days[0], last=days[1], progress=session.progress
    )
    if session.as_json:
        console.print_json(asdict(result))
        return
    for line in result.lines:
        console.print_line(line)


@verb()
def collect(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="aisstream, digitraffic or nmea.")],
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="How long, as 60s, 15m or 1h; else until it is stopped."),
    ] = None,
) -> None:
    """Listen to a live stream, into raw/.

    A broken or silent connection is renewed; files are closed each hour. SIGTERM and Ctrl-C end it cleanly.
    """
    from pipeline.steps.collect import collect as step
    from pipeline.steps.collect import parse_duration

    for_s = parse_duration(duration) if duration else None
    show(session, step(session.home, session.settings, source, for_s=for_s, progress=session.progress))


@verb()
def ingest(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="One of `transship sources`.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Files to read; without any, what lies in raw/SOURCE."),
    ] = None,
    mapping: MapOption = None,
) -> None:
    """Read files of a source into the lake.

    A file that was read before changes nothing; one that cannot be read whole is not read at all.
    """
    from pipeline.steps.ingest import ingest as step

    result = step(
        session.home, session.settings, source, files or [], mapping=mapping, progress=session.progress
    )
    show(session, result)
    for failure in result.failures:
        print_error(failure)
    if result.failures:
        raise typer.Exit(1)


@verb()
def detect(session: Session, first: FromOption = None, last: ToOption = None) -> None:
    """Find events in what was read.

    Port calls, encounters, silences, arrivals. Without days: all that changed since the last run.
    """
    days = window(first, last)
    from pipeline.steps.detect import detect as step

    result = step(session.home, session.settings, first=days[0], last=days[1], progress=session.progress)
    show(session, result)


@verb()
def link(session: Session) -> None:
    """Link transfers at hubs to arrivals in Russia."""
    from pipeline.steps.link import link as step

    result = step(session.home, session.settings, progress=session.progress)
    show(session, result)


@verb()
def screen(session: Session) -> None:
    """Hold ships against the sanctions lists that were fetched.

    By IMO number, then MMSI; a like name alone is a lead, not a hit.
    """
    from pipeline.steps.screen import screen as step

    result = step(session.home, session.settings, progress=session.progress)
    if session.as_json:
        console.print_json(asdict(result))
        return
    for line in result.lines:
        console.print_line(line)


@verb()
def publish(
    session: Session,
    *,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Without what is licensed for non-commercial use only.")
    ] = False,
) -> None:
    """Make the database that readers open."""
    from pipeline.steps.publish import publish as step

    result = step(session.home, session.settings, commercial=commercial, progress=session.progress)
    show(session, result)


@verb()
def run(
    session: Session,
    *,
    source: Annotated[str, typer.Option("--source", metavar="S", help="One of `transship sources`.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Files to read; without any, what is fetched."),
    ] = None,
    first: FromOption = None,
    last: ToOption = None,
    mapping: MapOption = None,
) -> None:
    """Fetch, ingest, detect, screen, link and publish.

    Where files are named, nothing is fetched. Ships are screened where a list was fetched before.
    """
    days = window(first, last)
    from pipeline.steps.run import run as step

    step(
        session.home,
        session.settings,
        source,
        files or [],
        first=days[0],
        last=days[1],
        mapping=mapping,
        progress=session.progress,
    )
    if session.as_json:
        console.print_json({"database": str(session.home.database)})
    else:
        console.print_line(f"published: {session.home.database}")


@verb()
def query(
    session: Session,
    statement: Annotated[str, typer.Argument(metavar='"SELECT ..."', help="One SQL statement.")],
) -> None:
    """Run read-only SQL on what is published."""
    from pipeline.published import query as ask

    answer = ask(session.home, statement)
    if session.as_json:
        console.print_json(answer.records())
    else:
        console.print_table(answer.columns, answer.rows)


@verb()
def review(
    session: Session,
    link_id: Annotated[str, typer.Argument(metavar="LINK_ID", help="From transshipment_links.")],
    verdict: Annotated[str, typer.Option(help="confirmed, rejected or unclear.")],
    note: Annotated[str, typer.Option(help="What it rests on; stays with the verdict.")] = "",
    reviewer: Annotated[str, typer.Option(help="Who says so.", envvar="TRANSSHIP_REVIEWER")] = "",
) -> None:
    """Keep a person's verdict on a link."""
    from pipeline import reviews
    from pipeline.published import explain as ask

    told = ask(session.home, link_id)
    kept = reviews.add(session.home, link_id, verdict, note=note, reviewer=reviewer, score=told.link["score"])
    if session.as_json:
        console.print_json(asdict(kept))
        return
    console.print_line(
        f"{link_id} is {kept.verdict}, kept in {session.home.reviews};"
        " the database says so from the next publish on"
    )


@verb()
def explain(
    session: Session,
    link_id: Annotated[str, typer.Argument(metavar="LINK_ID", help="From transshipment_links.")],
) -> None:
    """Tell a link in words, with the arithmetic of its score and its sources."""
    from pipeline.published import explain as ask

    told = ask(session.home, link_id)
    if session.as_json:
        figures = {"log_odds": told.log_odds, "probability": told.probability, "paragraph": told.paragraph}
        console.print_json({**asdict(told), **figures})
        return
    for line in told.told():
        console.print_line(line)


@verb()
def ship(
    session: Session,
    words: Annotated[str, typer.Argument(metavar="IMO|MMSI|NAME", help="A number or the exact name.")],
) -> None:
    """Show all that is known of a ship."""
    from pipeline.published import SHIP_COLUMNS
    from pipeline.published import ship as ask

    found = ask(session.home, words)
    if session.as_json:
        console.print_json(
            {
                vessel_id: {table: answer.records() for table, answer in tables.items()}
                for vessel_id, tables in found.items()
            }
        )
        return
    for vessel_id, tables in found.items():
        console.print_line(f"ship {vessel_id}")
        for table, answer in tables.items():
            shown = answer.only(SHIP_COLUMNS[table])
            console.print_line()
            console.print_line(table)
            console.print_table(shown.columns, shown.rows[:SHIP_ROWS])
            if len(shown.rows) > SHIP_ROWS:
                console.print_line(f"and {len(shown.rows) - SHIP_ROWS} more: --json shows all")


@verb()
def status(session: Session) -> None:
    """Show what was read and found, up to when."""
    from pipeline.steps.status import status as look

    now = look(session.home)
    if session.as_json:
        console.print_json(asdict(now))
        return
    console.print_line(f"home: {now.home}")
    if now.sources:
        console.print_table(
            ["source", "files", "rows", "kept", "days", "from", "until"],
            [
                (s.source, s.n_files, s.n_rows, s.n_kept, len(s.days), s.first_day, s.last_day)
                for s in now.sources
            ],
        )
    else:
        console.print_line("nothing has been read yet: `transship ingest SOURCE FILE`, or `transship demo`")
    if now.detected_days:
        console.print_line(f"detected: {len(now.detected_days)} days, until {now.detected_days[-1]}")
    if now.is_detecting:
        console.print_line("detected: in work just now")
    if now.tables:
        console.print_table(["table", "rows"], list(now.tables.items()))
        console.print_table(["published", ""], list(now.published.items()))


@verb()
def doctor(session: Session) -> None:
    """Look for what is missing or broken.

    Reads every lake file and compares its checksum; exit 1 where something is broken. Keys that are not set,
    and hubs with little history, are told and break nothing.
    """
    from pipeline.steps.status import doctor as look

    checks = look(session.home, session.settings, session.progress)
    if session.as_json:
        console.print_json([asdict(check) for check in checks])
    else:
        console.print_table(
            ["", "looked at", "found"],
            [
                (
                    "BROKEN" if check.is_fault else "lacking" if check.is_lack else "ok",
                    check.name,
                    check.found,
                )
                for check in checks
            ],
        )
    faults = [check for check in checks if check.is_fault]
    if faults:
        print_error("; ".join(f"{check.name}: {check.found}" for check in faults))
        raise typer.Exit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; the console script's entry point."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter gets its escape, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = 0
    try:
        code = app(arguments, prog_name="transship", standalone_mode=False) or 0
        sys.stdout.flush()
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        where = f"; see `{context.command_path} --help`" if context else ""
        print_error(f"{error.format_message().rstrip('.')}{where}")
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing to tell, and nothing left to flush to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
