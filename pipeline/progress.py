"""How a step tells what it is doing: a bar on a terminal, plain lines elsewhere, nothing in tests."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Progress(Protocol):
    """What steps call. The command line gives an implementation that suits the terminal."""

    def task(self, what: str, total: int | None = None) -> AbstractContextManager[None]:
        """Announce a piece of work (`total` in units of `advance`); ends with the context."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Some units of the innermost task are done."""
        ...

    def note(self, line: str) -> None:
        """Say one line that stays."""
        ...


class Quiet:
    """Says nothing."""

    def task(self, what: str, total: int | None = None) -> AbstractContextManager[None]:
        """Ignore."""
        return nullcontext()

    def advance(self, steps: int = 1) -> None:
        """Ignore."""

    def note(self, line: str) -> None:
        """Ignore."""
