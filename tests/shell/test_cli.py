"""The command line keeps its contract: options, exit status, one clear line for what goes wrong."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.errors import TransshipError
from pipeline.home import Home
from pipeline.steps import status as status_step
from tests.shell.conftest import Run

VERBS = [command.name or "" for command in app.registered_commands]


def test_the_verbs_that_are_built() -> None:
    built = (
        "demo, sources, fetch, collect, ingest, detect, link, screen, publish, run, query, review, explain,"
        " ship, status, doctor"
    )
    assert ", ".join(VERBS) == built


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_the_global_options(transship: Run, verb: str) -> None:
    ran = transship(verb, "--help")
    assert (ran.code, ran.err) == (0, "")
    for option in ("--home", "--set", "--debug", "--json", "--help"):
        assert option in ran.out


def test_help_and_version(transship: Run) -> None:
    assert transship("--help").code == 0
    assert transship("--version").out.startswith("transship ")
    assert transship().code == 2


def test_global_options_stand_before_or_after_the_verb(transship: Run, home: Home, tmp_path: Path) -> None:
    before = transship("--home", home.root, "--json", "status")
    after = transship("status", "--home", home.root, "--json")
    assert before.code == after.code == 0
    assert before.json == after.json
    assert before.json["home"] == str(home.root)
    assert transship("--home", tmp_path / "x", "status", "--home", home.root, "--json").json == after.json


def test_settings_before_and_after_the_verb_add_up(transship: Run, home: Home) -> None:
    good = ["--set", "port_calls.entry_km=3.5", "status", "--set", "port_calls.exit_km=3.6"]
    assert transship("--home", home.root, *good).code == 0
    bad = ["--set", "port_calls.entry_km=3.5", "status", "--set", "port_calls.exit_km=3.4"]
    ran = transship("--home", home.root, *bad)
    assert ran.code == 2
    assert "port_calls" in ran.err


def test_home_from_the_environment(
    transship: Run, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSSHIP_HOME", str(home.root))
    assert transship("status", "--json").json["home"] == str(home.root)
    assert transship("status", "--json", "--home", tmp_path).json["home"] == str(tmp_path)
    monkeypatch.delenv("TRANSSHIP_HOME")
    monkeypatch.chdir(tmp_path)
    assert transship("status", "--json").json["home"] == "data"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["sail"], "sail"),
        (["ingest"], "SOURCE"),
        (["query"], "SELECT"),
        (["run"], "--source"),
        (["status", "--bogus"], "--bogus"),
        (["detect", "--from", "2026-02-30"], "2026-02-30"),
        (["detect", "--from", "yesterday"], "yesterday"),
        (["detect", "--from", "2026-02-02", "--to", "2026-02-01"], "later"),
        (["run", "--source", "dma", "--from", "2026-02-02", "--to", "2026-02-01"], "later"),
        (["status", "--set", "encounters.max_distence_m=4"], "encounters.max_distence_m"),
        (["status", "--set", "encounters.max_distance_m=-4"], "encounters.max_distance_m"),
        (["status", "--set", "encounters.max_distance_m=near"], "encounters.max_distance_m"),
        (["query", "SELECT 1", "--set", "nonsense"], "nonsense"),
    ],
)
def test_wrong_usage_is_named_in_one_line(transship: Run, home: Home, words: list[str], named: str) -> None:
    ran = transship("--home", home.root, *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert named in ran.err


def test_unknown_setting_in_the_environment_is_named(
    transship: Run, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSSHIP_ENCOUNTERS__MAX_DISTENCE_M", "4")
    ran = transship("status", "--home", home.root)
    assert ran.code == 2
    assert "max_distence_m" in ran.err.lower()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (TransshipError("the zip is cut\nshort"), 1, "transship: the zip is cut short\n"),
        (OSError(28, "No space left on device", "/x/y"), 1, "/x/y: No space left on device"),
        (KeyError("x"), 1, "unexpected error KeyError: 'x'; run with --debug"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_goes_wrong_is_one_line(
    transship: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    def fail(_: Home) -> None:
        raise error

    monkeypatch.setattr(status_step, "status", fail)
    ran = transship("status")
    assert ran.code == code
    assert said in ran.err
    assert ran.err.count("\n") == (1 if said else 0)
    assert "Traceback" not in ran.err


def test_debug_shows_the_traceback(transship: Run, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Home) -> None:
        raise KeyError("x")

    monkeypatch.setattr(status_step, "status", fail)
    for words in (["--debug", "status"], ["status", "--debug"]):
        ran = transship("--home", home.root, *words)
        assert ran.code == 1
        assert "Traceback" in ran.err


def test_a_reader_that_leaves_is_no_error(published: Home, command: list[str]) -> None:
    process = subprocess.Popen(
        [*command, "query", "SELECT range AS n FROM range(300000)", "--home", str(published.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(timeout=60)


def on_a_terminal(words: list[str], environment: dict[str, str]) -> str:
    """What the command writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, stdout=theirs, stderr=theirs, env={**os.environ, **environment}) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not block:
                break
            written += block
        os.close(ours)
    assert process.returncode == 0
    return written.decode()


def test_colour_only_where_it_is_wanted(published: Home, command: list[str]) -> None:
    words = [*command, "query", "SELECT mmsi, name FROM vessels", "--home", str(published.root)]
    wanted = on_a_terminal(words, {"TERM": "xterm-256color", "NO_COLOR": ""})
    assert "\x1b[" in wanted
    assert "\x1b[31m" not in wanted  # which is what the ship's name asked for
    assert "[red]" in wanted
    assert "\x1b" not in on_a_terminal(words, {"TERM": "xterm-256color", "NO_COLOR": "1"})
    assert "\x1b" not in on_a_terminal(words, {"TERM": "dumb", "NO_COLOR": ""})


def test_help_is_quick_and_loads_no_engine(command: list[str]) -> None:
    probe = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "import pipeline.cli\n"
        "try: pipeline.cli.main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'duckdb', 'pandas', 'pydantic', 'rich'} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([command[0], "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"
