"""The web process: every address, every status, through a real server on loopback."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from github_payloads import pull_request, signed
from github_shipping import projects_v2_item
from site_on_loopback import SECRET, SLACK_SECRET, Site, routes_of, serve, settings

from bot import app
from bot.clock import SetClock, SystemClock
from bot.flow.events import parse_instant
from bot.policy import parse_policy
from bot.serving.workspaces import OneWorkspace
from bot.store import unplaced
from bot.store.engine import make_engine, reading
from bot.store.migrate import migrate
from bot.web import MOST_BYTES, Answer, Route, Server, application

NOW = parse_instant("2026-03-02T14:00:00Z")
POLICY = """
[targets]
review = "8h"
[people.alice]
slack = "U0ALICE"
calendar = { timezone = "Europe/Berlin" }
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    ctx = replace(app.build(settings(tmp_path), SetClock(NOW)), policy=parse_policy(POLICY, "test"))
    migrate(ctx.engine)
    served = OneWorkspace(ctx)
    telemetry = app.telemetry_of(served)
    server = Server(application(app.all_routes(served, telemetry, app.slack_of(served))), "127.0.0.1", 0)
    for port in serve(server):
        yield Site(ctx, port)
    ctx.engine.dispose()


def test_a_delivery_is_stored_once_and_known_after_that(site: Site) -> None:
    first, second = site.deliver(), site.deliver()
    assert (first.status, first.text) == (202, "stored\n")
    assert (second.status, second.text) == (200, "known already\n")
    assert site.events() == ["opened:12"]


def test_the_older_form_encoding_says_the_same(site: Site) -> None:
    body = urlencode({"payload": json.dumps(pull_request("opened"))}).encode()
    mark = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "pull_request", "X-Hub-Signature-256": mark,
               "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
    assert site.ask("POST", "/webhooks/github", body, headers).status == 202
    assert site.events() == ["opened:12"]


@pytest.mark.parametrize("event", ["ping", "star", "fork", "an_event_of_tomorrow"])
def test_an_event_of_no_use_is_answered_202_and_not_stored(site: Site, event: str) -> None:
    assert site.deliver(event, {"zen": "Keep it logically awesome."}).status == 202
    assert site.events() == []


def test_a_chunked_delivery_is_read_whole(site: Site) -> None:
    headers, body = signed(SECRET, "pull_request", pull_request("opened"))
    half = len(body) // 2
    assert site.ask("POST", "/webhooks/github", iter([body[:half], body[half:]]), dict(headers)).status == 202


PAYLOAD = pull_request("opened")


def unsigned(**headers: str) -> dict[str, str]:
    return {"X-GitHub-Event": "pull_request", "Content-Type": "application/json", **headers}


BAD_SIGNATURES = {
    "none": unsigned(),
    "empty": unsigned(**{"X-Hub-Signature-256": ""}),
    "of another secret": dict(signed("another", "pull_request", PAYLOAD)[0]),
    "of another body": dict(signed(SECRET, "pull_request", {})[0]),
    "no hexadecimal": unsigned(**{"X-Hub-Signature-256": "sha256=zz"}),
    "not ascii": unsigned(**{"X-Hub-Signature-256": "sha256=\xe4\xf6"}),
    "the older kind alone": unsigned(**{"X-Hub-Signature": "sha1=" + "0" * 40}),
    "cut short": unsigned(
        **{"X-Hub-Signature-256": signed(SECRET, "pull_request", PAYLOAD)[0]["X-Hub-Signature-256"][:-1]}
    ),
}


@pytest.mark.parametrize("headers", BAD_SIGNATURES.values(), ids=BAD_SIGNATURES)
def test_a_delivery_without_a_good_signature_is_refused(site: Site, headers: dict[str, str]) -> None:
    reply = site.ask("POST", "/webhooks/github", signed(SECRET, "pull_request", PAYLOAD)[1], headers)
    assert (reply.status, reply.text) == (401, "the signature is missing or wrong\n")
    assert site.events() == []


BAD_BODIES = {
    "nothing": b"",
    "no JSON": b"hello",
    "cut JSON": b'{"action": "opened", ',
    "a list": b"[]",
    "a number": b"12",
    "null": b"null",
    "not UTF-8": b"\xff\xfe\x00",
    "nested beyond reason": b"[" * 100_000,
    "an object without what is needed": b'{"action": "opened"}',
    "another type where a number belongs": json.dumps({**PAYLOAD, "pull_request": {"number": "twelve"}}).encode(),
    "no repository": json.dumps({**PAYLOAD, "repository": None}).encode(),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_signed_body_that_says_nothing_readable_is_refused_in_one_line(site: Site, body: bytes) -> None:
    mark = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    reply = site.ask("POST", "/webhooks/github", body, unsigned(**{"X-Hub-Signature-256": mark}))
    assert reply.status == 400
    assert reply.text.count("\n") == 1
    assert site.events() == []


def test_a_delivery_that_names_no_event_is_refused(site: Site) -> None:
    headers, body = signed(SECRET, "pull_request", PAYLOAD)
    nameless = {name: value for name, value in headers.items() if name.lower() != "x-github-event"}
    assert site.ask("POST", "/webhooks/github", body, nameless).status == 400


def sent_raw(port: int, head: str, chunks: list[bytes]) -> bytes:
    """The first line answered to a request that may be turned away before it is all sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head.encode())
        try:
            for chunk in chunks:
                connection.sendall(chunk)
        except OSError:
            pass
        return connection.recv(100).split(b"\r\n")[0]


def test_a_body_over_the_limit_is_refused_whether_its_length_is_declared_or_not(site: Site) -> None:
    head = "POST /webhooks/github HTTP/1.1\r\nHost: weir\r\n"
    assert b" 413 " in sent_raw(site.port, f"{head}Content-Length: {MOST_BYTES + 1}\r\n\r\n", [])
    piece = b"%x\r\n" % 1_000_000 + b"x" * 1_000_000 + b"\r\n"
    assert b" 413 " in sent_raw(site.port, f"{head}Transfer-Encoding: chunked\r\n\r\n", [piece] * 27)


def test_a_body_of_exactly_the_limit_is_read(site: Site) -> None:
    assert site.ask("POST", "/webhooks/github", b"x" * MOST_BYTES, unsigned()).status == 401


def test_the_application_counts_bytes_itself_where_a_server_does_not() -> None:
    import io

    seen: list[str] = []
    routes = {"/in": Route("POST", lambda request: Answer(200, str(len(request.body))))}
    environ = {"PATH_INFO": "/in", "REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(b"x" * (MOST_BYTES + 1))}
    application(routes)(environ, lambda status, headers: seen.append(status))  # type: ignore[arg-type, return-value]
    assert seen == ["413 " + http.client.responses[413]]


def test_without_a_secret_no_delivery_is_taken(tmp_path: Path) -> None:
    ctx = app.build(settings(tmp_path, github_webhook_secret=None), SetClock(NOW))
    migrate(ctx.engine)
    server = Server(application(routes_of(ctx)), "127.0.0.1", 0)
    for port in serve(server):
        assert Site(ctx, port).deliver().status == 401
    ctx.engine.dispose()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/webhooks/github", "POST"), ("PUT", "/webhooks/github", "POST"), ("GET", "/slack/events", "POST"),
     ("POST", "/healthz", "GET"), ("DELETE", "/readyz", "GET"), ("POST", "/metrics", "GET")],
)  # fmt: skip
def test_another_method_is_answered_405_with_the_one_that_is_understood(
    site: Site, method: str, path: str, allowed: str
) -> None:
    reply = site.ask(method, path)
    assert (reply.status, reply.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path", ["/", "/webhooks", "/webhooks/gitlab", "/webhooks/github/", "/healthz/x", "/%2e%2e/etc"]
)
def test_an_unknown_address_is_answered_404(site: Site, path: str) -> None:
    assert site.ask("GET", path).status == 404


def test_it_is_alive_and_ready_while_slack_and_the_host_are_down(site: Site) -> None:
    assert (site.ask("GET", "/healthz").text, site.ask("GET", "/readyz").text) == ("alive\n", "ready\n")
    head = site.ask("HEAD", "/healthz")
    assert (head.status, head.text) == (200, "")


def test_it_is_not_ready_before_the_database_is_migrated(tmp_path: Path) -> None:
    ctx = app.build(settings(tmp_path), SetClock(NOW))
    server = Server(application(routes_of(ctx)), "127.0.0.1", 0)
    for port in serve(server):
        site = Site(ctx, port)
        assert (site.ask("GET", "/readyz").status, site.ask("GET", "/healthz").status) == (503, 200)
    ctx.engine.dispose()


def test_while_the_database_is_away_a_delivery_is_answered_503_and_can_come_again(site: Site) -> None:
    ways = [("sqlite:////nowhere/at/all/weir.db"), ("postgresql://weir:secret@127.0.0.1:9/weir")]
    for url in ways:
        ctx = replace(site.ctx, engine=make_engine(url))
        server = Server(application(routes_of(ctx)), "127.0.0.1", 0)
        for port in serve(server):
            away = Site(ctx, port)
            reply = away.deliver()
            assert (reply.status, reply.text.count("\n")) == (503, 1)
            assert "secret" not in reply.text
            assert away.ask("GET", "/readyz").status == 503
            assert "weir_database_up 0.0" in away.ask("GET", "/metrics").text
            assert "try again" in away.command("waits").text
        ctx.engine.dispose()
    assert site.deliver().status == 202


def test_metrics_tell_of_deliveries_events_and_what_the_database_knows(site: Site) -> None:
    site.deliver()
    site.deliver()
    site.ask("POST", "/webhooks/github", b"{}", unsigned())
    told = site.ask("GET", "/metrics")
    assert told.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for line in (
        'weir_deliveries_total{host="github",result="stored"} 1.0',
        'weir_deliveries_total{host="github",result="known"} 1.0',
        'weir_deliveries_total{host="github",result="unsigned"} 1.0',
        'weir_events_total{road="webhook"} 1.0',
        'weir_webhook_age_seconds{repo="acme/shop"} 0.0',
        "weir_outbox_pending 0.0",
        "weir_database_up 1.0",
    ):
        assert line in told.text


def test_flow_waits_tells_the_asker_alone_what_waits_for_them(site: Site) -> None:
    opened = pull_request("opened", actor="bob", opened_at=NOW - 3600, at=NOW - 3600)
    asked = pull_request("review_requested", actor="bob", reviewer="alice", opened_at=NOW - 3600, at=NOW - 3000)
    assert [site.deliver(payload=payload).status for payload in (opened, asked)] == [202, 202]
    reply = site.command("waits")
    said = json.loads(reply.text)
    assert (reply.status, said["response_type"]) == (200, "ephemeral")
    assert said["text"].startswith("1 thing waits for you.")
    assert "acme/shop#12" in said["text"]
    assert "50m for your review" in said["text"]
    assert "8h agreed, 7h 10m left" in said["text"]


def test_flow_waits_with_nothing_to_do_says_so(site: Site) -> None:
    assert json.loads(site.command("waits").text)["text"] == "Nothing waits for you just now."


def test_flow_waits_tells_somebody_who_is_not_mapped_how_to_be(site: Site) -> None:
    assert "Say /flow link LOGIN" in json.loads(site.command("waits", user="U0CAROL").text)["text"]


@pytest.mark.parametrize("text", ["", "help", "HELP", "  help waits"])
def test_flow_help_lists_the_commands(site: Site, text: str) -> None:
    assert "/flow waits" in json.loads(site.command(text).text)["text"]


def test_an_unknown_verb_is_answered_with_the_nearest_one(site: Site) -> None:
    said = json.loads(site.command("wiats").text)["text"]
    assert "Did you mean /flow waits?" in said
    assert "&lt;!channel&gt;" in json.loads(site.command("<!channel>").text)["text"]


def test_a_press_on_a_link_button_is_acknowledged(site: Site) -> None:
    press = {"type": "block_actions", "user": {"id": "U0ALICE"}, "team": {"id": "T0ACME"}, "trigger_id": "1.2",
             "actions": [{"type": "button", "action_id": "open_item", "block_id": "b1"}]}  # fmt: skip
    reply = site.from_slack(urlencode({"payload": json.dumps(press)}))
    assert (reply.status, reply.text) == (200, "")


def test_slack_requests_with_a_bad_or_old_signature_are_refused(site: Site) -> None:
    assert site.command("waits", secret="another").status == 401
    assert site.command("waits", stamp=SystemClock().now() - 600).status == 401
    assert site.ask("POST", "/slack/events", "command=/flow").status == 401
    for body in (b"\xff\xfe", b"{", b"payload=[]"):
        assert site.ask("POST", "/slack/events", body).status == 401
    for stamp, sign in (("abc", "v0=1"), ("9" * 400, "v0=1"), (str(SystemClock().now()), "v0=\u00e9")):
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign}
        assert site.ask("POST", "/slack/events", "command=/flow", headers).status == 401


@pytest.mark.parametrize("body", [b"{", b"payload=[]", b"payload=3", b"[]", b"payload={"])
def test_signed_slack_requests_that_can_not_be_read_are_refused(site: Site, body: bytes) -> None:
    stamp = str(SystemClock().now())
    signature = "v0=" + hmac.new(SLACK_SECRET.encode(), f"v0:{stamp}:".encode() + body, "sha256").hexdigest()
    kind = "application/json" if body[:1] in b"{[" else "application/x-www-form-urlencoded"
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature, "Content-Type": kind}
    assert site.ask("POST", "/slack/events", body, headers).status == 400


def test_a_stopped_server_answers_what_it_took_and_nothing_more() -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(_: Any) -> Answer:
        entered.set()
        go_on.wait(30)
        return Answer(200, "answered")

    server, stop = Server(application({"/slow": Route("GET", slow)}), "127.0.0.1", 0), threading.Event()
    port = server.port
    serving = threading.Thread(target=server.serve, args=(stop,))
    serving.start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/slow")
    assert entered.wait(30)
    stop.set()
    refused = False
    while not refused:
        with socket.socket() as late:
            refused = late.connect_ex(("127.0.0.1", port)) != 0
    go_on.set()
    assert connection.getresponse().read() == b"answered\n"
    connection.close()
    serving.join()


def test_behind_a_balancer_a_stopped_server_says_so_and_takes_requests_a_moment_longer() -> None:
    stop = threading.Event()
    routes = {
        "/readyz": Route("GET", lambda _: Answer(503 if stop.is_set() else 200, "")),
        "/work": Route("GET", lambda _: Answer(200, "done")),
    }
    server = Server(application(routes), "127.0.0.1", 0, 2)
    server.leaving_seconds = 3600
    site, serving = Site(None, server.port), threading.Thread(target=server.serve, args=(stop,))  # type: ignore[arg-type]
    serving.start()
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    kept.request("GET", "/readyz")
    first = kept.getresponse()
    assert (first.status, first.will_close, first.read()) == (200, False, b"")
    stop.set()
    while site.ask("GET", "/work").headers.get("Connection") != "close":
        pass  # it has not noticed yet
    assert site.ask("GET", "/readyz").status == 503
    kept.request("GET", "/work")
    last = kept.getresponse()
    assert (last.status, last.will_close, last.read()) == (200, True, b"done\n")
    server.leaving_seconds = 0
    serving.join()


def test_a_delivery_of_a_board_names_no_repository_and_is_kept(site: Site) -> None:
    assert site.deliver("projects_v2_item", projects_v2_item()).status == 202
    with reading(site.ctx.engine) as session:
        assert [fact.kind for fact in unplaced.waiting(session, site.ctx.workspace, 9)] == ["status_changed"]
