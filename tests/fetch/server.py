"""A local HTTP server that speaks a source's documented form, with faults put in by the test.

`Server.serve` takes a function of the request to a Reply. `Server.faults` are used up, one a request, before
that function is asked: see the constants.
"""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {key: values[0] for key, values in parse_qs(self.body.decode()).items()}


@dataclass
class Reply:
    """What goes out. `claims` is another Content-Length; `reset_after` cuts the connection hard there."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claims: int | None = None
    reset_after: int | None = None
    is_silent: bool = False
    # Nothing more comes, and the connection is not closed.
    stays_open: bool = False
    is_chunked: bool = False


def json_reply(data: Any, status: int = 200, **headers: str) -> Reply:
    """An answer in JSON."""
    return Reply(json.dumps(data).encode(), status, {"Content-Type": "application/json", **headers})


def ranged(request: Request, body: bytes, etag: str) -> Reply:
    """An answer as a file server gives it: whole, or the range asked for if the version is the same."""
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": "application/zip"}
    wanted = request.headers.get("range")
    if wanted and request.headers.get("if-range", etag) == etag:
        start = int(wanted.removeprefix("bytes=").split("-")[0])
        if start >= len(body):
            return Reply(b"", 416, {"Content-Range": f"bytes */{len(body)}"})
        headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return Reply(body[start:], 206, headers)
    return Reply(body, 200, headers)


Fault = Callable[[Callable[[], Reply]], Reply]


def status(code: int, body: str = "", **headers: str) -> Fault:
    """An error answer; header names are written with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda right: Reply(body.encode(), code, {"Content-Type": "text/html", **named})


def reset(right: Callable[[], Reply]) -> Reply:
    """The connection is reset in the middle of the body."""
    reply = right()
    reply.reset_after = len(reply.body) // 2
    return reply


def reset_at_once(right: Callable[[], Reply]) -> Reply:
    """The connection is reset before a word."""
    return Reply(reset_after=-1)


def cut(right: Callable[[], Reply]) -> Reply:
    """The body ends early, though its length was told."""
    reply = right()
    reply.claims, reply.body = len(reply.body), reply.body[: len(reply.body) // 2]
    return reply


def torn_gzip(right: Callable[[], Reply]) -> Reply:
    """A gzip stream that ends early, in an answer that is whole as HTTP."""
    reply = right()
    packed = gzip.compress(reply.body)
    reply.body = packed[: len(packed) - 12]
    reply.headers["Content-Encoding"] = "gzip"
    return reply


def cut_chunks(right: Callable[[], Reply]) -> Reply:
    """The body comes in chunks of untold length, and ends in the middle of one."""
    reply = right()
    half = reply.body[: len(reply.body) // 2]
    reply.body, reply.is_chunked = f"{len(reply.body):x}\r\n".encode() + half, True
    return reply


def web_page(right: Callable[[], Reply]) -> Reply:
    """Success, and a page in place of data."""
    return Reply(b"<!DOCTYPE html><html>maintenance</html>", 200, {"Content-Type": "text/html"})


def silent(right: Callable[[], Reply]) -> Reply:
    """The socket stays open and nothing comes."""
    return Reply(is_silent=True)


class Server:
    """The server; `url` is what goes into `sources.<name>.url`."""

    def __init__(self) -> None:
        """Listens at once, on any free port."""
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.serve: Callable[[Request], Reply] = lambda request: Reply(status=404)
        self._ends = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def log_message(self, *words: Any) -> None:
                pass

            def _answer(self) -> None:
                parts = urlsplit(self.path)
                request = Request(
                    self.command,
                    parts.path,
                    {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()},
                    {key.lower(): value for key, value in self.headers.items()},
                    self.rfile.read(int(self.headers.get("Content-Length", 0))),
                )
                outer.requests.append(request)
                fault = outer.faults.pop(0) if outer.faults else None
                reply = fault(lambda: outer.serve(request)) if fault else outer.serve(request)
                self._send(reply)

            def _send(self, reply: Reply) -> None:
                if reply.is_silent:
                    outer._ends.wait(30)
                    self.close_connection = True
                    return
                if reply.reset_after == -1:
                    return self._reset()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.is_chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                    self.close_connection = True
                elif reply.status != 304:
                    length = len(reply.body) if reply.claims is None else reply.claims
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                with suppress(OSError):
                    if reply.reset_after is not None:
                        self.wfile.write(reply.body[: reply.reset_after])
                        self.wfile.flush()
                        return self._reset()
                    self.wfile.write(reply.body)
                    self.wfile.flush()
                if reply.stays_open:
                    outer._ends.wait(30)
                if reply.claims is not None:
                    self.close_connection = True
                return None

            def _reset(self) -> None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()

            def finish(self) -> None:
                with suppress(OSError, ValueError):
                    super().finish()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Scheme and host."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.requests]

    def close(self) -> None:
        """Stop listening."""
        self._ends.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running() -> Iterator[Server]:
    """A server for as long as the block lasts."""
    server = Server()
    try:
        yield server
    finally:
        server.close()
