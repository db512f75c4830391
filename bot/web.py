"""The web process: which address leads to which door, and a server that stops cleanly.

Every answer is one line of plain text, unless a door says otherwise. Doors are handed in by `app`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser, ParsingError  # type: ignore[import-untyped]
from waitress.server import BaseWSGIServer, create_server  # type: ignore[import-untyped]

from bot.serving.crowding import Limits
from bot.serving.noise import Noise
from bot.together import Together

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_BYTES = 25 * 1024 * 1024
"""The largest body that is read; code hosts send no larger ones."""
THREADS = 96
"""Many, since those whose deliveries wait for a commit wait together and cost next to nothing, and fifty people may
press at once while the database or the code host takes its time."""
CONNECTIONS = 500
MOST_HEADERS = 32 * 1024
"""Bytes of a request's first line and headers."""
LARGE = 1024 * 1024
"""Bytes of a body of which few are held in memory at the same time."""
LARGE_AT_ONCE = 2
DRAIN_SECONDS = 5.0
"""How long requests that came before the stop may take to be answered."""
READY = "/readyz"
"""Where a balancer asks whether to send anybody here."""
FOLLOWED_SECONDS = 60.0
"""How lately somebody has to have asked for a balancer to be there."""
LEAVING_SECONDS = 5.0
"""How long, behind a balancer, requests are still taken after the stop: until it has asked again, and believed it."""
DATABASE_TROUBLE = (OperationalError, InterfaceError, ProgrammingError, PoolTimeout)
"""What a database that is locked, away or not migrated raises."""
AWAY = "the database can't be used just now; send it again later"

_DIGEST = re.compile("[0-9a-f]{64}")

log = structlog.get_logger()


@dataclass(frozen=True)
class Request:
    """A request whose body has been read; header names are in lower case."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/plain; charset=utf-8"})


Door = Callable[[Request], Answer]


@dataclass(frozen=True)
class Signature:
    """The header with a SHA-256 in hexadecimal, and what stands before that."""

    header: str
    before: str

    def is_in(self, environ: WSGIEnvironment) -> bool:
        """Whether there is something that looks like one."""
        said = environ.get("HTTP_" + self.header.upper().replace("-", "_"), "")
        return said.startswith(self.before) and _DIGEST.fullmatch(said, len(self.before)) is not None


@dataclass(frozen=True)
class Route:
    method: str
    door: Door
    most: int = MOST_BYTES
    """The largest body that is read, in bytes."""
    signature: Signature | None = None
    """By which a sender shows who it is; who fails to is answered 401, and 429 where that comes too often."""


def for_all(door: Door) -> Door:
    """The door, gone through once for all who come while somebody else is in it: they get the same answer.

    For what anybody may ask, and takes the database some work.
    """

    def serve(asked: Sequence[Request]) -> Sequence[Answer | Exception]:
        outcome: Answer | Exception
        try:
            outcome = door(asked[0])
        except Exception as error:  # for all of them, or each would go by itself into a database that is away
            outcome = error
        return [outcome] * len(asked)

    together = Together(serve)

    def answer(request: Request) -> Answer:
        outcome = together.through(together, request)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return answer


class _TooLarge(Exception):
    pass


def application(routes: Mapping[str, Route], noise: Noise | None = None) -> WSGIApplication:
    """The WSGI application: one route a path."""
    heard = noise or Noise()
    # Of threads of their own, as every thread that once held such a body may keep its memory.
    large = ThreadPoolExecutor(LARGE_AT_ONCE, thread_name_prefix="large")

    def answer_request(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_large = _declared(environ) > LARGE
        answer = large.submit(_answer, routes, heard, environ).result() if is_large else _answer(routes, heard, environ)
        body = _line(answer).encode()
        headers = {**answer.headers, "X-Content-Type-Options": "nosniff", "Content-Length": str(len(body))}
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer_request


def _line(answer: Answer) -> str:
    plain = answer.headers.get("Content-Type", "").startswith("text/plain")
    return f"{answer.text}\n" if plain and answer.text and not answer.text.endswith("\n") else answer.text


def _answer(routes: Mapping[str, Route], heard: Noise, environ: WSGIEnvironment) -> Answer:
    path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
    route = routes.get(path)
    if route is None:
        return Answer(404, "nothing is here")
    if route.method != method and (route.method, method) != ("GET", "HEAD"):
        return _with(Answer(405, f"{route.method} is understood here"), Allow=route.method)
    if route.signature is None:
        return _of_the_door(route, path, environ)
    return _of_a_signed_door(route, path, heard, environ)


def _of_a_signed_door(route: Route, path: str, heard: Noise, environ: WSGIEnvironment) -> Answer:
    address = environ.get("REMOTE_ADDR", "")
    looks_signed = route.signature is not None and route.signature.is_in(environ)
    seconds = heard.refused_for(address, looks_signed)
    if seconds is not None:
        return _with(Answer(429, "too much without a good signature came from here"), **{"Retry-After": str(seconds)})
    answer = _of_the_door(route, path, environ)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        heard.failed(address)
    elif answer.status < HTTPStatus.MULTIPLE_CHOICES:
        heard.showed(address)
    return answer


def _of_the_door(route: Route, path: str, environ: WSGIEnvironment) -> Answer:
    try:
        return route.door(_request(environ, route))
    except _TooLarge:
        return Answer(413, f"bodies of up to {route.most:,} bytes are read here")
    except DATABASE_TROUBLE as error:
        log.warning("not done", path=path, why=one_line(error))
        return _with(Answer(503, AWAY), **{"Retry-After": "30"})
    except Exception:
        log.exception("request failed", path=path)
        return Answer(500, "that went wrong here; it is logged")


def one_line(error: BaseException) -> str:
    """What an error says, cut to a line; a database's without the statement and its values."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{type(error).__name__}: {said[0] if said else ''}"[:300]


def _with(answer: Answer, **headers: str) -> Answer:
    return Answer(answer.status, answer.text, {**answer.headers, **headers})


def _request(environ: WSGIEnvironment, route: Route) -> Request:
    """Raises _TooLarge."""
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    body = b"" if route.method == "GET" else _body(environ, route.most)
    return Request(environ["REQUEST_METHOD"], headers, body, environ.get("QUERY_STRING", ""))


def _declared(environ: WSGIEnvironment) -> int:
    """A body's length in bytes as it is declared; -1 where it is not."""
    declared = environ.get("CONTENT_LENGTH") or ""
    return int(declared) if declared.isdecimal() else -1


def _body(environ: WSGIEnvironment, most: int) -> bytes:
    """The whole body, its length declared or not. Raises _TooLarge."""
    length = _declared(environ)
    if length > most:
        raise _TooLarge
    body: bytes = environ["wsgi.input"].read(most + 1 if length < 0 else length)
    if len(body) > most:
        raise _TooLarge
    return body


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """One that refuses a length with more digits than Python makes a number of."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise ParsingError("Content-Length is invalid") from None


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that is closed with its next answer once the server is leaving."""

    parser_class = _Parser

    def __init__(self, leaving: threading.Event, *args: Any, **more: Any) -> None:
        self._leaving = leaving
        self.since = time.monotonic()
        super().__init__(*args, **more)

    @property
    def answering(self) -> bool:
        return bool(self.requests)

    @property
    def arriving(self) -> int | None:
        return None if self.request is None else self.request.body_bytes_received

    def received(self, data: bytes) -> bool:
        before = self.request
        taken: bool = super().received(data)
        if self.request is not before:
            self.since = time.monotonic()
        return taken

    def service(self) -> None:
        if self._leaving.is_set():
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()


class Server:
    """Listens from the moment it is made. Raises OSError where the address can't be had."""

    leaving_seconds = LEAVING_SECONDS
    limits = Limits()

    def __init__(self, app: WSGIApplication, host: str, port: int, threads: int = THREADS) -> None:
        self._sockets: dict[int, Any] = {}
        self._leaving = threading.Event()
        self._followed_until = self._looked_at = 0.0
        self._closed = 0
        # The server turns away bodies as long as its limit, the contract only longer ones.
        try:
            create_server(
                self._noting(app), map=self._sockets, host=host, port=port, threads=threads,
                max_request_body_size=MOST_BYTES + 1, connection_limit=CONNECTIONS, ident=None,
                max_request_header_size=MOST_HEADERS,
                clear_untrusted_proxy_headers=True,
            )  # fmt: skip
        except ValueError:
            raise OSError(f"{host} is no address of this machine") from None
        for listener in self._listeners:
            listener.channel_class = partial(_Channel, self._leaving)

    def _noting(self, app: WSGIApplication) -> WSGIApplication:
        """The application, from whose requests it is noted that a balancer is there."""

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ.get("PATH_INFO") == READY:
                self._followed_until = time.monotonic() + FOLLOWED_SECONDS
            return app(environ, start_response)

        return answer

    @property
    def _listeners(self) -> list[BaseWSGIServer]:
        return [one for one in self._sockets.values() if isinstance(one, BaseWSGIServer)]

    @property
    def port(self) -> int:
        """The port it listens on, where it was asked for any (0) too."""
        return int(self._listeners[0].effective_port)

    def serve(self, stop: threading.Event) -> None:
        """Answer until `stop` is set; then take no more, answer what came before, and close.

        Behind a balancer that asks for readiness it takes some more for as long as that needs to notice.
        """
        dispatcher = self._listeners[0].task_dispatcher
        while not stop.is_set():
            self._turn(0.2)
        self._leave()
        for listener in self._listeners:
            listener.socket.close()
            listener.del_channel(self._sockets)
        end = time.monotonic() + DRAIN_SECONDS
        while self._busy() and time.monotonic() < end:
            self._turn(0.05)
        dispatcher.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(self._sockets)

    def _leave(self) -> None:
        began = time.monotonic()
        self._leaving.set()
        while began < self._followed_until and time.monotonic() < began + self.leaving_seconds:
            self._turn(0.2)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._sockets, count=1)
        now = time.monotonic()
        if len(self._sockets) > self.limits.connections:
            self._make_room(now)
        if now - self._looked_at >= 1:
            self._make_room(now)
            if self._closed:
                log.warning("connections closed", number=self._closed, why="slow or too many")
            self._looked_at, self._closed = now, 0

    def _make_room(self, now: float) -> None:
        for channel in self.limits.to_go((one for one in self._channels if not one.will_close), now):
            channel.will_close = True
            self._closed += 1

    @property
    def _channels(self) -> list[_Channel]:
        return [one for one in self._sockets.values() if isinstance(one, _Channel)]

    def _busy(self) -> bool:
        return any(channel.requests or channel.total_outbufs_len for channel in self._channels)
