"""The one exception that a user sees: a line that says what was wrong, where, and what to do."""


class TransshipError(Exception):
    """The work failed for a reason the user can act on. The message is one line; the command exits 1."""


class UsageError(TransshipError):
    """The command or a setting was given wrongly. The command exits 2."""
