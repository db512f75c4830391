"""Requests that do not show who sends them, and those that do, whose turn they never take."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from github_payloads import pull_request, signed
from site_on_loopback import SECRET, Site, routes_of, serve, settings, web

from bot import app
from bot.context import Context
from bot.serving import noise
from bot.serving.noise import A_SECOND, AT_ONCE, TOLD, TRUSTED, Noise
from bot.store.migrate import migrate
from bot.web import application

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

STRANGER, HOST, PROXY = "198.41.0.4", "140.82.112.9", "10.0.0.2"
BAD = {"X-Hub-Signature-256": f"sha256={'0' * 64}", "X-Slack-Signature": f"v0={'0' * 64}"}
"""What looks like a signature and is none."""


class Hour:
    """A clock of the test's own."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def hour() -> Hour:
    return Hour()


@pytest.fixture
def heard(hour: Hour) -> Noise:
    return Noise(hour)


def fail(heard: Noise, address: str, times: int) -> None:
    for _ in range(times):
        heard.failed(address)


def test_who_fails_more_often_than_may_be_is_refused_until_the_second_it_is_told(heard: Noise, hour: Hour) -> None:
    fail(heard, STRANGER, AT_ONCE)
    assert heard.refused_for(STRANGER, looks_signed=True) is None
    fail(heard, STRANGER, A_SECOND * 3)
    assert heard.refused_for(STRANGER, looks_signed=True) == 3
    assert heard.refused_for(HOST, looks_signed=True) is None, "others are not refused for it"
    hour.seconds += 3
    assert heard.refused_for(STRANGER, looks_signed=True) is None
    fail(heard, STRANGER, 1)
    assert heard.refused_for(STRANGER, looks_signed=True) == 1, "it goes on at so many a second"


@pytest.mark.parametrize("address", [PROXY, "127.0.0.1", "::1", "fd00::5", "::ffff:10.0.0.2", "", HOST])
def test_who_signs_is_never_refused_for_others_behind_the_same_proxy(heard: Noise, hour: Hour, address: str) -> None:
    if address == HOST:
        heard.showed(address)
    fail(heard, address, AT_ONCE * 5)
    assert heard.refused_for(address, looks_signed=True) is None
    assert heard.refused_for(address, looks_signed=False) is not None, "what is not signed is"


def test_what_was_well_signed_speaks_for_its_address_for_a_day(heard: Noise, hour: Hour) -> None:
    heard.showed(HOST)
    hour.seconds += TRUSTED
    fail(heard, HOST, AT_ONCE + 1)
    assert heard.refused_for(HOST, looks_signed=True) == 1


def test_whoever_has_many_addresses_of_ipv6_has_one(heard: Noise) -> None:
    for number in range(AT_ONCE + 1):
        heard.failed(f"2a0a:a440::{number + 1:x}")
    assert heard.refused_for("2a0a:a440::ffff:1", looks_signed=True) == 1
    assert heard.refused_for("2a0a:a440:0:1::1", looks_signed=True) is None


def test_of_many_addresses_those_stay_known_that_failed_most(heard: Noise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "MOST", 10)
    fail(heard, HOST, AT_ONCE + 1)
    for number in range(50):
        heard.failed(f"198.41.0.{number}")
        heard.showed(f"198.41.1.{number}")
    assert len(heard._until) <= 10
    assert len(heard._trusted) <= 10
    assert heard.refused_for(HOST, looks_signed=True) == 1


def test_it_is_logged_once_a_minute(heard: Noise, hour: Hour) -> None:
    fail(heard, HOST, AT_ONCE * 10)
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            heard.refused_for(HOST, looks_signed=True)
        hour.seconds += TOLD
        heard.refused_for(HOST, looks_signed=True)
    assert [line["address"] for line in lines] == [HOST, HOST]


class Unread:
    """A body that nobody may look at."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError(size)


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A program that lets few fail."""
    monkeypatch.setattr(noise, "AT_ONCE", 2)
    monkeypatch.setattr(noise, "A_SECOND", 0.01)
    made = app.build(settings(tmp_path))
    migrate(made.engine)
    yield made
    made.engine.dispose()


def asked(program: WSGIApplication, path: str, body: Any, headers: Mapping[str, str], address: str) -> tuple[str, Any]:
    """Status and headers of the answer to somebody at an address."""
    said: list[tuple[str, Any]] = []
    known = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "REMOTE_ADDR": address, "wsgi.input": body, **known}
    program(environ, lambda status, told: said.append((status, dict(told))))  # type: ignore[arg-type, return-value]
    return said[0]


@pytest.mark.parametrize("path", ["/webhooks/github", "/slack/events"])
@pytest.mark.parametrize("headers", [{}, BAD], ids=["nothing", "a bad one"])
def test_beyond_the_bound_the_answer_is_429_and_no_body_is_looked_at(
    ctx: Context, path: str, headers: dict[str, str]
) -> None:
    program = application(routes_of(ctx))
    for _ in range(3):
        assert asked(program, path, io.BytesIO(b"x"), headers, STRANGER)[0] == "401 Unauthorized"
    status, told = asked(program, path, Unread(), headers, STRANGER)
    assert status == "429 Too Many Requests"
    assert 0 < int(told["Retry-After"]) <= 100
    assert asked(program, path, io.BytesIO(b"x"), headers, HOST)[0] == "401 Unauthorized", "others are heard"


def test_by_a_proxy_whatever_is_signed_is_taken_while_others_are_refused(ctx: Context) -> None:
    with contextmanager(serve)(web(ctx)) as port:
        site = Site(ctx, port)
        unsigned = [site.ask("POST", "/webhooks/github", b"{}", {"X-GitHub-Event": "ping"}).status for _ in range(4)]
        assert unsigned == [401, 401, 401, 429]
        assert site.deliver().status == 202
        assert site.command("help").status == 200
        assert site.command("help", secret="another").status == 401
        assert site.ask("GET", "/healthz").status == 200


def test_a_host_that_signed_once_is_heard_whatever_else_comes_from_its_address(ctx: Context) -> None:
    program = application(routes_of(ctx))

    def deliver(number: int) -> str:
        headers, body = signed(SECRET, "pull_request", pull_request("opened", number=number))
        known = {name: value for name, value in headers.items() if name.lower() != "content-type"}
        return asked(program, "/webhooks/github", io.BytesIO(body), known, HOST)[0]

    assert deliver(1) == "202 Accepted"
    for _ in range(9):
        asked(program, "/webhooks/github", io.BytesIO(b"x"), BAD, HOST)
    assert deliver(2) == "202 Accepted"
