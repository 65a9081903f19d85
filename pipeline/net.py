"""How sources are asked: patient with passing faults, within limits, and silent about keys.

A passing fault (429, 5xx, a reset, a cut or torn answer, a silent socket) is tried again with growing waits
and jitter, or after as long as the server asks (`Retry-After`), for at most seven minutes in all. A refusal
(400, 401, 403, 422, ...) is not. Errors are one line that names the source; no key is in it.
"""

import json
import logging
import random
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import quote, quote_plus, urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

import requests
import tenacity
import urllib3

from pipeline.errors import TransshipError
from pipeline.files import explain_os_error
from pipeline.raw import Part, RawStore
from pipeline.settings import Settings
from pipeline.sources.base import Source
from pipeline.text import plain

USER_AGENT = f"transship/{metadata.version('transship')} (open-source transshipment monitor)"
CONNECT_S = 15
# The longest silence while an answer is read; the contract gives one silent socket seven minutes in all.
READ_S = 60
GIVE_UP_S = 420
# Where nothing listens or no name resolves, waiting seldom helps.
NOBODY_THERE_S = 45
LONGEST_WAIT_S = 60
# An answer that came whole and makes no sense is asked for this many times.
TRIES_UNFIT = 3
# Small, since a connection that is reset takes what was not yet handed over with it.
CHUNK_BYTES = 64 << 10
PARTIAL, NOT_MODIFIED, RANGE_GONE = 206, 304, 416
# What a server answers that gave up on a request by itself.
TOO_LONG = 524
PASSING = {408, 425, 429} | (set(range(500, 600)) - {501, 505})
T = TypeVar("T")


@dataclass(frozen=True)
class Clock:
    """The time, and waiting; tests give their own."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Unreachable(TransshipError):
    """The source could not be had now; another try later may go well."""


class Refused(TransshipError):
    """The source refuses the key (401, 403)."""


class NotThere(TransshipError):
    """The source has nothing at this address (404, 410)."""


class Unfit(Exception):
    """An answer is not what was asked for: an error page, another form, torn text. Says what it is.

    With `after_s` it is the source's way to say: ask again after so many seconds.
    """

    def __init__(self, what: str, after_s: float | None = None) -> None:
        super().__init__(what)
        self.after_s = after_s


class _Passing(Exception):
    """A fault that may pass: what, how long the server asks to wait, how long to try.

    `is_unfit` is one that came whole and makes no sense, which is asked for a few times only;
    `took_too_long` one that the server gave up on by itself.
    """

    def __init__(
        self,
        what: str,
        after_s: float | None = None,
        *,
        is_unfit: bool = False,
        took_too_long: bool = False,
        within_s: float = GIVE_UP_S,
    ) -> None:
        super().__init__(what)
        self.after_s = after_s
        self.is_unfit = is_unfit
        self.took_too_long = took_too_long
        self.within_s = within_s


@dataclass(frozen=True)
class Answer:
    """A whole answer. `url` holds no key; `data` is what `expect` made of the body."""

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str]
    fetched_at: datetime
    data: Any = None

    @property
    def is_unchanged(self) -> bool:
        """Whether a conditional request found nothing new (304)."""
        return self.status == NOT_MODIFIED

    @property
    def facts(self) -> dict[str, str]:
        """What the server said of the version: etag, last_modified, content_type where given."""
        return version_of(self.headers)


def version_of(headers: Mapping[str, str]) -> dict[str, str]:
    """ETag, Last-Modified and content type of an answer, under the names that raw files' facts have."""
    names = {"etag": "ETag", "last_modified": "Last-Modified", "content_type": "Content-Type"}
    return {key: headers[name] for key, name in names.items() if name in headers}


def if_changed(facts: Mapping[str, Any]) -> dict[str, str]:
    """The headers that ask only for what changed since a file with these facts was kept."""
    names = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
    return {header: str(facts[key]) for key, header in names.items() if facts.get(key)}


def as_is(answer: Answer) -> None:
    """Expect anything."""


def as_json(answer: Answer) -> Any:
    """Expect JSON, whatever content type it is sent as, and return what it holds."""
    try:
        return json.loads(answer.body)
    except ValueError:
        _refuse_page(answer)
        raise Unfit(f"the answer is no (whole) JSON, {_begins(answer)}") from None


def as_records(answer: Answer) -> list[Any]:
    """Expect a JSON array, or one JSON object a line; returns the objects."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        try:
            found = [json.loads(line) for line in answer.body.splitlines() if line.strip()]
        except ValueError:
            found = as_json(answer)  # says what is wrong
    if not isinstance(found, list):
        raise Unfit(f"the answer is no list, {_begins(answer)}")
    return found


def as_xml(answer: Answer) -> ElementTree.Element:
    """Expect XML and return its root."""
    _refuse_page(answer)
    try:
        return ElementTree.fromstring(answer.body)  # noqa: S314 (expat since 2.4 refuses entity bombs)
    except ElementTree.ParseError:
        raise Unfit(f"the answer is no (whole) XML, {_begins(answer)}") from None


def as_csv(*columns: str) -> Callable[[Answer], None]:
    """Expect text with these column names in one of its first lines."""

    def check(answer: Answer) -> None:
        _refuse_page(answer)
        head = answer.body[:20_000].decode("utf-8-sig", "replace").lower().splitlines()[:5]
        if missing := [name for name in columns if not any(name.lower() in line for line in head)]:
            raise Unfit(f"the answer has no column {missing[0]!r}, {_begins(answer)}")

    return check


def as_page(answer: Answer) -> str:
    """Expect an HTML page and return its text."""
    if b"<" not in answer.body[:2000]:
        raise Unfit(f"the answer is no page, {_begins(answer)}")
    return answer.body.decode("utf-8", "replace")


def whole_zip(path: Path) -> None:
    """Expect a zip file with its directory at the end."""
    if not zipfile.is_zipfile(path):
        raise Unfit("the file is no (whole) zip")


def _refuse_page(answer: Answer) -> None:
    head = answer.body[:200].lstrip().lower()
    if "html" in answer.headers.get("Content-Type", "").lower() or head.startswith(
        (b"<!doctype html", b"<html")
    ):
        raise Unfit(f"the answer is a web page, {_begins(answer)}")


def _begins(answer: Answer) -> str:
    kind = answer.headers.get("Content-Type") or "none"
    head = answer.body[:40].decode("utf-8", "replace")
    return f"content type {kind}, {len(answer.body)} bytes, begins {head!r}"


@dataclass
class Client:
    """One source's door to the network. `hidden` are the keys: they never leave it in text."""

    source: Source
    settings: Settings
    rate_per_minute: float = 60
    headers: Mapping[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    clock: Clock = field(default_factory=Clock)
    note: Callable[[str], None] = lambda line: None

    def __post_init__(self) -> None:
        # Its debug lines hold addresses, and addresses may hold keys.
        logging.getLogger("urllib3").setLevel(logging.WARNING)
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **self.headers})
        # Else a ~/.netrc of the machine would take the place of our Authorization.
        self._session.auth = lambda request: request
        self._next_at = 0.0
        own = self.settings.sources.get(self.source.key)
        self._base = own.url.rstrip("/") if own else ""
        self._read_s = min(READ_S, own.max_silence_s) if own else READ_S

    def hide(self, *words: str) -> None:
        """Keep these out of all text from now on (a token that was just given)."""
        self.hidden.update(word for word in words if word)

    def shown(self, text: object) -> str:
        """The text without keys, on one line."""
        words = str(text)
        for word in sorted(self.hidden, key=len, reverse=True):
            for form in {word, quote(word), quote(word, safe=""), quote_plus(word)}:
                words = words.replace(form, "***")
        return " ".join(plain(words).split())

    def address(self, url: str) -> str:
        """A documented address, at the place that `sources.<name>.url` says."""
        if not self._base:
            return url
        _, _, path, query, _ = urlsplit(url)
        base = urlsplit(self._base)
        return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + (path or "/"), query, ""))

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Callable[[Answer], Any] = as_json,
    ) -> Answer:
        """GET a documented address; `expect` raises Unfit of an answer that is not what it should be.

        Raises Unreachable, Refused, NotThere, or TransshipError for any other refusal.
        """
        return self._patiently(lambda: self._ask("GET", url, params, headers, expect))

    def post(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        expect: Callable[[Answer], Any] = as_json,
        tries_too_long: int | None = None,
    ) -> Answer:
        """POST JSON or a form; else as `get`.

        Who can ask for less sets how often the server may give up on a request (524) before this does.
        """
        return self._patiently(
            lambda: self._ask("POST", url, params, headers, expect, json=json, data=form), tries_too_long
        )

    def download(
        self,
        url: str,
        raw: RawStore,
        name: str,
        *,
        size: int | None = None,
        expect: Callable[[Path], None] = whole_zip,
        extra: Mapping[str, Any] | None = None,
        progress: Callable[[int], None] = lambda n_bytes: None,
    ) -> Path:
        """Bring a large file into the raw store, going on where an earlier try or an earlier run was cut.

        `size` is what a listing said (bytes); `progress` is told of each piece (bytes). Raises as `get`; what
        was downloaded so far is then kept for the next run.
        """
        part = raw.part(name)
        while True:
            before = part.size
            try:
                answer = self._patiently(lambda: self._pull(url, part, size, expect, progress))
                break
            except Unreachable:
                # As long as each round of tries gains something, it is worth another one.
                if not part.size > before or not _validator(part.facts()):
                    raise
        path = raw.keep(
            name,
            part.path,
            url=answer.url,
            licence=self.source.licence,
            attribution=self.source.attribution,
            fetched_at=answer.fetched_at,
            extra={**answer.facts, **(extra or {})},
        )
        part.drop()
        return path

    def _patiently(self, once: Callable[[], T], tries_too_long: int | None = None) -> T:
        """Call `once` until it gives something, raises a refusal, or the time for a passing fault is over."""
        started = self.clock.monotonic()
        n_unfit = n_too_long = 0

        def is_over(state: tenacity.RetryCallState) -> bool:
            nonlocal n_unfit, n_too_long
            fault = _fault_of(state)
            n_unfit += fault.is_unfit
            n_too_long += fault.took_too_long
            if n_too_long == tries_too_long:
                return True
            elapsed = self.clock.monotonic() - started
            # The last try may end in silence itself, unless the server said when to come.
            margin = self._read_s if fault.after_s is None else 0
            return n_unfit >= TRIES_UNFIT or elapsed + state.upcoming_sleep > fault.within_s - margin

        def tell(state: tenacity.RetryCallState) -> None:
            if state.upcoming_sleep >= 2:
                self.note(
                    f"{self.source.key}: {_fault_of(state)}; trying again in {state.upcoming_sleep:.0f} s"
                )

        trying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing),
            wait=_wait_s,
            stop=is_over,
            sleep=self.clock.sleep,
            before_sleep=tell,
            reraise=True,
        )
        try:
            return trying(once)
        except _Passing as fault:
            asked = f" (it asks to wait {fault.after_s:.0f} s)" if fault.after_s else ""
            raise Unreachable(
                f"{self.source.key}: {fault}{asked}; given up after "
                f"{self.clock.monotonic() - started:.0f} s, run the same command again later"
            ) from None

    def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> requests.Response:
        """One request, its answer not yet read; raises _Passing or a TransshipError for a bad status."""
        self._pace()
        try:
            response = self._session.request(
                method,
                self.address(url),
                params=dict(params) if params else None,
                headers=dict(headers) if headers else None,
                timeout=(CONNECT_S, self._read_s),
                stream=True,
                # A form or JSON body would be sent on to wherever the answer points.
                allow_redirects=method == "GET",
                **body,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
            raise self._of_network(error, url) from None
        if response.ok and not response.is_redirect:
            return response
        if response.status_code == NOT_MODIFIED:
            return response
        with response:
            raise self._of_status(response)

    def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        expect: Callable[[Answer], Any],
        **body: Any,
    ) -> Answer:
        """One request and its whole answer."""
        with self._send(method, url, params, headers, **body) as response:
            try:
                packed = b"".join(response.raw.stream(CHUNK_BYTES, decode_content=False))
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise self._of_network(error, url) from None
            answer = Answer(
                url=self._shown_url(url, params),
                status=response.status_code,
                body=self._unpacked(packed, response.headers.get("Content-Encoding", "")),
                headers=response.headers,
                fetched_at=self.clock.now(),
            )
        if answer.is_unchanged:
            return answer
        try:
            data = expect(answer)
        except Unfit as error:
            raise _Passing(
                f"{_path_of(url)}: {self.shown(error)}", error.after_s, is_unfit=error.after_s is None
            ) from None
        except TransshipError as error:
            # What a service says of a key may repeat it.
            raise type(error)(self.shown(error)) from None
        return Answer(answer.url, answer.status, answer.body, answer.headers, answer.fetched_at, data)

    def _pull(
        self,
        url: str,
        part: Part,
        size: int | None,
        expect: Callable[[Path], None],
        progress: Callable[[int], None],
    ) -> Answer:
        """One request for (the rest of) a file into its part; returns when that is whole."""
        facts = part.facts()
        shown = self._shown_url(url, None)
        # At another host (a mirror) the server says by If-Range whether its file is this version.
        is_same = _path_of(str(facts.get("url", ""))) == _path_of(shown)
        validator = _validator(facts) if is_same else None
        have = part.size if validator else 0
        asking = {"Accept-Encoding": "identity"}
        if have and validator:
            asking |= {"Range": f"bytes={have}-", "If-Range": validator}
        with self._send_range(url, asking, part) as response:
            if response.status_code == PARTIAL:
                start, total = _range_of(response)
                if start != have:
                    part.drop()
                    raise _Passing(f"{_path_of(url)}: the server sent another range than was asked for")
            else:
                have, total = 0, _length_of(response)
                if "html" in response.headers.get("Content-Type", "").lower():
                    raise _Passing(f"{_path_of(url)}: a web page instead of a file", is_unfit=True)
                facts = {**version_of(response.headers), "url": shown, "total": total}
                part.begin(facts)
            self._write(response, part, url, progress)
            answer = Answer(shown, response.status_code, b"", response.headers, self.clock.now())
        # What this answer says of itself counts before a listing, which may be of another version.
        wanted = total if total is not None else size
        if wanted is not None and part.size != wanted:
            if part.size > wanted:
                part.drop()
            raise _Passing(f"{_path_of(url)}: cut at {part.size} of {wanted} bytes")
        try:
            expect(part.path)
        except Unfit as error:
            part.drop()
            raise _Passing(f"{_path_of(url)}: {error}", is_unfit=True) from None
        return answer

    def _send_range(self, url: str, asking: Mapping[str, str], part: Part) -> requests.Response:
        """Ask for a range; one that the server no longer has (416) starts the file over."""
        try:
            return self._send("GET", url, headers=asking)
        except _RangeGone:
            part.drop()
            raise _Passing(f"{_path_of(url)}: the server has no such range (416)") from None

    def _write(
        self,
        response: requests.Response,
        part: Part,
        url: str,
        progress: Callable[[int], None],
    ) -> None:
        """Append what comes to the part; faults of the network and of the disk are told apart."""
        try:
            stream: IO[bytes] = part.path.open("ab")
        except OSError as error:
            raise explain_os_error(error, part.path) from error
        with stream:
            chunks = response.raw.stream(CHUNK_BYTES, decode_content=False)
            while True:
                try:
                    chunk = next(chunks, b"")
                except (urllib3.exceptions.HTTPError, OSError) as error:
                    raise self._of_network(error, url) from None
                if not chunk:
                    return
                try:
                    stream.write(chunk)
                    stream.flush()
                except OSError as error:
                    raise explain_os_error(error, part.path) from error
                progress(len(chunk))

    def _pace(self) -> None:
        """Wait until the source's rate allows another request."""
        now = self.clock.monotonic()
        if now < self._next_at:
            self.clock.sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 60 / self.rate_per_minute

    def _of_network(self, error: Exception, url: str) -> Exception:
        """What a request that got no (whole) answer means."""
        where = _path_of(url)
        reason = _innermost(error)
        if isinstance(error, requests.exceptions.SSLError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return TransshipError(f"{self.source.key}: no trusted certificate at {self._host(url)}")
        if isinstance(
            error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | UnicodeError
        ):
            return TransshipError(
                f"{self.source.key}: {self.shown(self._base or self._host(url))} is no address; "
                f"correct the setting sources.{self.source.key}.url"
            )
        if isinstance(error, requests.exceptions.ConnectTimeout) or any(
            word in reason for word in ("resolve", "refused", "unreachable", "No route")
        ):
            return _Passing(
                f"{self._host(url)} cannot be reached ({self.shown(reason)})",
                within_s=NOBODY_THERE_S + self._read_s,
            )
        if "timed out" in reason.lower() or "Timeout" in type(error).__name__:
            return _Passing(f"{where}: silent for {self._read_s:.0f} s")
        return _Passing(f"{where}: the connection broke ({self.shown(reason)[:120]})")

    def _of_status(self, response: requests.Response) -> Exception:
        """What an answer that is no success means."""
        code, key = response.status_code, self.source.key
        where = _path_of(response.url)
        said = self.shown(_message(response))
        told = f"{code}{': ' + said if said else ''}"
        if code == RANGE_GONE:
            return _RangeGone()
        if code in PASSING:
            wait_s = self._retry_after_s(response)
            return _Passing(f"{where} answers {told}", wait_s, took_too_long=code == TOO_LONG)
        if code in {401, 403} or "invalid_client" in said:
            names = self.source.key_variables
            which = f" the key; check {' and '.join(names)}" if names else ""
            return Refused(f"{key}: the service refuses{which} ({where} answers {told})")
        if code in {404, 410}:
            return NotThere(f"{key}: nothing at {where} ({code})")
        if response.is_redirect:
            return TransshipError(f"{key}: {where} has moved; the source's form may have changed")
        return TransshipError(f"{key}: the service refuses the request ({where} answers {told})")

    def _retry_after_s(self, response: requests.Response) -> float | None:
        """`Retry-After` in seconds from now; a date counts from the server's own clock where it says it."""
        text = response.headers.get("Retry-After", "").strip()
        if not text:
            return None
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
        try:
            until = parsedate_to_datetime(text)
            said = response.headers.get("Date")
            now = parsedate_to_datetime(said) if said else self.clock.now()
            return max(0.0, (until - now).total_seconds())
        except (TypeError, ValueError):
            return None

    def _unpacked(self, packed: bytes, encoding: str) -> bytes:
        """The body after content decoding. The library gives out a torn gzip as if it were whole."""
        if encoding.lower() not in {"gzip", "x-gzip", "deflate"}:
            return packed
        parts = []
        while packed:
            inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
            try:
                parts.append(inflater.decompress(packed))
            except zlib.error as error:
                raise _Passing(f"the compressed answer is damaged ({error})") from None
            if not inflater.eof:
                raise _Passing("the compressed answer was cut")
            packed = inflater.unused_data
        return b"".join(parts)

    def _shown_url(self, url: str, params: Mapping[str, Any] | None) -> str:
        query = urlencode(dict(params), doseq=True) if params else ""
        address = self.address(url)
        joined = f"{address}{'&' if '?' in address else '?'}{query}" if query else address
        return self.shown(joined)

    def _host(self, url: str) -> str:
        return urlsplit(self.address(url)).netloc.rpartition("@")[2]


class _RangeGone(Exception):
    """416."""


def require(answer: Answer, source: Source, name: str, kind: type[T], within: Any = None) -> T:
    """The field `name` of an answer's JSON object; raises TransshipError that names source and field."""
    holder = answer.data if within is None else within
    where = _path_of(answer.url)
    if not isinstance(holder, dict) or name not in holder:
        raise TransshipError(
            f"{source.key}: field {name!r} is missing in the answer of {where}; its form changed"
        )
    value = holder[name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TransshipError(
            f"{source.key}: field {name!r} in the answer of {where} is {type(value).__name__}, "
            f"not {kind.__name__}; its form changed"
        )
    return value


def _wait_s(state: tenacity.RetryCallState) -> float:
    """As long as the server asks and a little, else 1, 2, 4, ... 60 s, each by a random half more or less."""
    fault = _fault_of(state)
    if fault.after_s is not None:
        return max(fault.after_s, 0.5) + random.uniform(0, 0.5)
    return float(min(LONGEST_WAIT_S, 2 ** (state.attempt_number - 1)) * random.uniform(0.5, 1))


def _fault_of(state: tenacity.RetryCallState) -> _Passing:
    fault = state.outcome.exception() if state.outcome else None
    assert isinstance(fault, _Passing)  # noqa: S101 (nothing else is tried again)
    return fault


def _path_of(url: str) -> str:
    return urlsplit(url).path or "/"


def _validator(facts: Mapping[str, Any]) -> str | None:
    """What `If-Range` may hold: a strong ETag, else the time of the last change."""
    etag = str(facts.get("etag") or "")
    if etag and not etag.startswith("W/"):
        return etag
    return str(facts["last_modified"]) if facts.get("last_modified") else None


def _range_of(response: requests.Response) -> tuple[int, int | None]:
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if not found:
        return -1, None
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _length_of(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _innermost(error: BaseException) -> str:
    """The reason at the bottom of the libraries' nested exceptions."""
    reason: Any = error
    while True:
        inner = getattr(reason, "reason", None) or next(
            (arg for arg in getattr(reason, "args", ()) if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            # Before the last colon stands which object of the library says so.
            return str(reason).rsplit(": ", 1)[-1].strip() or type(reason).__name__
        reason = inner


def _message(response: requests.Response) -> str:
    """What an error's body says, if it says it in JSON or plain text; at most 200 characters."""
    try:
        body = response.raw.read(4000, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError):
        return ""
    text = bytes(body).decode("utf-8", "replace")
    if "html" in response.headers.get("Content-Type", "").lower() or text.lstrip().startswith("<"):
        return ""
    try:
        told = json.loads(text)
    except ValueError:
        return text.strip()[:200]
    words = [str(word) for word in _words(told)]
    return "; ".join(dict.fromkeys(words))[:200]


def _words(told: Any, name: str = "") -> list[str]:
    """The sentences in an error's JSON, each with the field it stands under where that says something."""
    if isinstance(told, dict):
        return [word for key, value in told.items() for word in _words(value, str(key))]
    if isinstance(told, list):
        return [word for value in told for word in _words(value, name)]
    if isinstance(told, str) and told and name.lower() not in {"type", "traceid"}:
        plain_names = {"error", "message", "messages", "detail", "title", "error_description"}
        return [told if name.lower() in plain_names or not name else f"{name}: {told}"]
    return []
