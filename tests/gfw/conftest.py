"""What these tests share: a server, a clock that does not wait, settings that point to the server."""

from tests.fetch.conftest import pointed, server, watch

__all__ = ["pointed", "server", "watch"]
