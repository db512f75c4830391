"""The workspace on loopback: its Web API, the addresses for answers, and the page, each to those it is for."""

from __future__ import annotations

import json
import logging
import re
import secrets
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from bot.local.methods import WebApi, no

if TYPE_CHECKING:
    from bot.local.desk import Desk

Json = dict[str, Any]

MOST_BYTES = 5 * 1024 * 1024
"""The largest body that is understood."""
MOST_DRAINED = 20 * MOST_BYTES
"""The largest body that is read to its end, for the sake of an answer."""
SLOWEST = 30
"""Seconds for which somebody who stops in the middle of a request is waited for."""
ALIVE = 15
"""Seconds after which a page that waits for changes hears that the connection is still there."""
GONE = ("expired_url", "used_url")
"""What an address for answers says that takes none any more."""
PAUSE = 0.2
"""Seconds between two changes that a page is told of: what happens at once is told at once."""
KINDS = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "json": "application/json",
}
SAFE = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' https: data:; style-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
log = logging.getLogger(__name__)


class Misread(Exception):
    """A request that can't be read; says so in Slack's word, or in a line."""

    def __init__(self, word: str, status: int) -> None:
        super().__init__(word)
        self.status = status


@dataclass
class Slack(WebApi):
    """A workspace on 127.0.0.1; start it with `with`. `port` 0 takes any free one; OSError where it can't be had."""

    port: int = 0
    page_key: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    """What stands in the page's address, so that nobody else on this machine finds it."""
    desk: Desk | None = None
    """What the page shows and does; without one there is no page."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._server = _Server(("127.0.0.1", self.port), self.handler())
        self._server.slack = self
        self.port = self._server.server_port
        self.uploads = f"{self.root}upload/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Slack:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @classmethod
    def handler(cls) -> type[Handler]:
        """What answers requests."""
        return Handler

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def url(self) -> str:
        """SLACK_API_URL of a program that has this for its Slack."""
        return f"{self.root}api/"

    @property
    def page_url(self) -> str:
        return f"{self.root}{self.page_key}/"

    def response_address(self, key: str) -> str:
        return f"{self.root}respond/{key}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    slack: Slack

    def server_bind(self) -> None:
        """Without asking name servers what 127.0.0.1 is called, which can take long."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def handle_error(self, *_: Any) -> None:
        """Somebody hung up; that is their right. What goes wrong here is answered and logged where it does."""


class Handler(BaseHTTPRequestHandler):
    """One request. Whatever is not meant for this address, or comes from another site's page, is refused."""

    server: _Server
    timeout = SLOWEST

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_GET(self) -> None:
        self._answer(self._get)

    def _answer(self, answer: Callable[[], None]) -> None:
        try:
            answer()
        except Misread as error:
            self._text(error.status, str(error))
        except OSError:
            raise
        except Exception:
            log.exception("a request was not answered")
            self._text(500, "something went wrong here; the log says what")

    def _post(self) -> None:
        place, _, rest = urlsplit(self.path).path.lstrip("/").partition("/")
        if not self._is_local():
            self._text(403, "this is for the machine it runs on")
        elif place == "api":
            self._method(rest)
        elif place == "respond":
            wrong = self.server.slack.respond(rest, self._form()[1])
            self._text(404 if wrong in GONE else 400 if wrong else 200, json.dumps(no(wrong)) if wrong else "ok")
        elif place == "upload":
            wrong = self.server.slack.take_upload(rest, self._raw())
            self._text(400 if wrong else 200, wrong or "OK")
        elif self._is_page(place) and rest == "do":
            self._do()
        else:
            self._text(404, "nothing is here")

    def _get(self) -> None:
        asked = urlsplit(self.path)
        place, slash, rest = asked.path.lstrip("/").partition("/")
        if not self._is_local():
            self._text(403, "this is for the machine it runs on")
        elif place == "api":
            self._method(rest)
        elif not (self._is_page(place) and slash):
            self._text(404, "nothing is here; the address is the one that the program printed")
        else:
            self._page(rest, {key: values[-1] for key, values in parse_qs(asked.query).items()})

    def _method(self, method: str) -> None:
        try:
            token, form = self._form()
        except Misread as error:
            return self.send(200, json.dumps(no(str(error))).encode(), "application/json")
        return self.call(method, token, form)

    def call(self, method: str, token: str | None, form: Json) -> None:
        """A call of the Web API."""
        answer = self.server.slack.answer(method, token, form)
        wait = answer.pop("retry_after", None)
        self.send(429 if wait else 200, json.dumps(answer).encode(), "application/json", **_retry(wait))

    def _is_local(self) -> bool:
        """Whether the request is for this address, and no other site's page sent it."""
        own = {f"127.0.0.1:{self.server.slack.port}", f"localhost:{self.server.slack.port}"}
        origin = self.headers.get("Origin")
        return self.headers.get("Host") in own and (origin is None or origin in {f"http://{one}" for one in own})

    def _is_page(self, key: str) -> bool:
        slack = self.server.slack
        return slack.desk is not None and secrets.compare_digest(key.encode(), slack.page_key.encode())

    def _form(self) -> tuple[str | None, Json]:
        """(token, arguments) however they come: in the address, as a form, or as JSON. Raises Misread."""
        raw = self._body()
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        form: Json = dict(parse_qsl(urlsplit(self.path).query))
        if self.headers.get_content_type() == "application/json":
            told = _object(raw or "{}")
            if told is None:
                raise Misread("invalid_json", 400)
            form.update(told)
        else:
            form.update(parse_qsl(raw))
        other = form.pop("token", None)
        return token or other, form

    def _body(self) -> str:
        """The body of the request as text. Raises Misread."""
        return self._raw().decode(errors="replace")

    def _raw(self) -> bytes:
        """The body of the request. Raises Misread."""
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdigit() and len(length) < 16) or self.headers.get("Transfer-Encoding"):
            raise Misread("a body comes with its length in Content-Length", 411)
        if int(length) > MOST_BYTES:
            # Who is still sending does not hear an answer.
            rest = min(int(length), MOST_DRAINED)
            while rest > 0 and (read := self.rfile.read(min(rest, 65_536))):
                rest -= len(read)
            raise Misread(f"a body has at most {MOST_BYTES:,} bytes", 413)
        return self.rfile.read(int(length))

    # The page.

    def _page(self, rest: str, query: dict[str, str]) -> None:
        desk = self.server.slack.desk
        assert desk is not None
        if rest == "changes":
            self._changes()
        elif rest == "words":
            self._json(desk.words())
        elif rest == "view":
            self._json(desk.view(query.get("as", ""), query.get("in", ""), query.get("thread")))
        elif rest.startswith("file/"):
            self._picture(rest.removeprefix("file/"))
        elif rest == "" or rest.startswith("page/"):
            self._asset(rest.removeprefix("page/") if rest else "index.html")
        else:
            self._text(404, "nothing is here")

    def _picture(self, id_: str) -> None:
        found = self.server.slack.picture(id_)
        if found is None:
            self._text(404, "nothing is here")
        else:
            self.send(200, found, "image/png")

    def _do(self) -> None:
        desk = self.server.slack.desk
        assert desk is not None
        told = _object(self._body())
        self._json({"ok": False, "error": "Only a JSON object is understood."} if told is None else desk.do(told))

    def _asset(self, name: str) -> None:
        """A file that comes with the package; never one beside it."""
        kind, place = KINDS.get(name.rpartition(".")[2]), files("bot.local").joinpath("page")
        if (
            kind
            and re.fullmatch(r"(\w[\w-]*/)*\w[\w.-]*", name, re.ASCII)
            and (found := place.joinpath(name)).is_file()
        ):
            return self.send(200, found.read_bytes(), kind)
        return self._text(404, "nothing is here")

    def _changes(self) -> None:
        """Tell of changes as long as somebody listens."""
        self.send_response(200)
        self._headers({"Content-Type": "text/event-stream", **SAFE})
        slack, seq = self.server.slack, -1
        while not slack.ended:
            now = slack.wait_for_change(seq, ALIVE)
            line = f'data: {{"seq": {now}}}\n\n' if now > seq else ": still here\n\n"
            seq = now
            self.wfile.write(line.encode())
            self.wfile.flush()
            slack.rest(PAUSE)

    def _json(self, told: Json) -> None:
        self.send(200, json.dumps(told).encode(), "application/json")

    def _text(self, status: int, line: str) -> None:
        self.send(status, line.encode(), "text/plain")

    def send(self, status: int, body: bytes, kind: str, **more: str) -> None:
        """Answer with a body."""
        self.send_response(status)
        own = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body)),
               "X-OAuth-Scopes": self.server.slack.scopes}  # fmt: skip
        self._headers({**own, **SAFE, **more})
        self.wfile.write(body)

    def _headers(self, headers: dict[str, str]) -> None:
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """The program has a log of its own."""


def _object(raw: str) -> Json | None:
    """A JSON object; None for all else."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _retry(seconds: int | None) -> dict[str, str]:
    return {"Retry-After": str(seconds)} if seconds else {}
