"""Progress, tables and plain text."""

import io
import time

import pytest

from pipeline.console import Bars, Lines, print_table
from pipeline.text import plain


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def wait_for(stream: io.StringIO, words: str) -> None:
    """Until another thread has written these words."""
    until_s = time.monotonic() + 30
    while words not in stream.getvalue():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def test_plain_lines_of_progress() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, after_s=0, every_s=10, clock=clock)
    with lines.task("reading", total=3):
        wait_for(stream, "reading")
        lines.advance()
        clock.now_s = 11
        lines.advance()
        lines.note("a \x1b[31mnote")
    lines.advance()
    assert stream.getvalue().splitlines() == [
        "reading",
        "reading: 2 of 3",
        "a  [31mnote",
        "reading: done in 11 s",
    ]


def test_quick_work_is_not_mentioned() -> None:
    stream = io.StringIO()
    lines = Lines(stream, after_s=600)
    with lines.task("reading", total=3), lines.task("inner"):
        lines.advance()
    assert stream.getvalue() == ""


def test_a_task_that_fails_is_not_said_to_be_done() -> None:
    stream = io.StringIO()
    lines = Lines(stream, after_s=0)
    with pytest.raises(KeyError), lines.task("reading"):
        wait_for(stream, "reading")
        raise KeyError
    assert stream.getvalue() == "reading\n"


def test_bars_show_names_that_look_like_markup() -> None:
    stream = io.StringIO()
    bars = Bars(stream)
    with bars.task("[red]day[/red]", total=2):
        bars.advance()
        with bars.task("inner"):
            bars.advance()
        bars.note("[bold]kept[/bold]")
    bars.advance()
    assert "[bold]kept[/bold]" in stream.getvalue()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("MSC ISTANBUL", "MSC ISTANBUL"),
        ("Île de Ré [red]", "Île de Ré [red]"),
        ("A\x00B\tC\nD\rE\x7fF\x85G", "A B C D E F G"),
        ("\x1b]0;owned\x07", " ]0;owned "),
        ("RU\u202eXYZ\u2066\u200f\u2028\u2029", "RU XYZ    "),
        ("zero\u200bwidth\ufeff", "zero width "),
        ("\ud800", " "),
        (7, "7"),
    ],
)
def test_hidden_characters_become_blanks(sent: object, shown: str) -> None:
    assert plain(sent) == shown


def test_a_table_cuts_nothing_off(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "n"], [("x" * 300, 5), (None, 1234567)])
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "n"]
    assert first == "x" * 300 + "        5"
    assert second == " " * 302 + "1234567"
    print_table(["a", "b"], [])
    assert capsys.readouterr().out == "a  b\n"
