"""A test whose tool is missing skips with its name, and fails where CI promises the tool."""

import pytest

from tests.conftest import tool


def test_a_tool_that_is_there() -> None:
    assert tool("no-such-program", "sh").endswith("/sh")


def test_a_missing_tool_skips_or_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI_REQUIRE_TOOLS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program"):
        tool("no-such-program")
    monkeypatch.setenv("CI_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program"):
        tool("no-such-program")
