"""The workspace on loopback is for this machine and for whoever has the address; whatever else comes gets one line."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_town import ALICE, HELLO, SHOP, Town, actions, asks, button, manifest, menu, modal, town, words
from program import wait_until

from bot.local import server
from bot.local.desk import Desk
from bot.local.installed import Installed

JSON = "application/json"


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with town() as made:
        yield made


def page(place: Town, rest: str = "") -> str:
    return f"/{place.slack.page_key}/{rest}"


def test_it_listens_on_loopback_only(place: Town) -> None:
    assert place.slack.page_url.startswith("http://127.0.0.1:")
    with pytest.raises(OSError):  # noqa: PT011 (which one depends on the machine)
        socket.create_connection(("127.0.0.2", place.slack.port), timeout=1).close()


def test_two_workspaces_have_addresses_of_their_own(place: Town) -> None:
    with town() as other:
        assert len(other.slack.page_key) >= 20
        assert other.slack.page_key != place.slack.page_key


def test_a_port_that_is_taken_is_said_so(place: Town) -> None:
    with pytest.raises(OSError, match="in use"):
        server.Slack(port=place.slack.port)


@pytest.mark.parametrize("path", ["", "view", "changes", "words", "page/app.js"])
def test_another_host_is_refused(place: Town, path: str) -> None:
    for host in ("evil.example", f"evil.example:{place.slack.port}", "127.0.0.1", "127.0.0.1:1", ""):
        status, body, _ = place.ask("GET", page(place, path), Host=host)
        assert (status, body) == (403, "this is for the machine it runs on")


def test_this_machine_may_be_called_localhost(place: Town) -> None:
    assert place.ask("GET", page(place, "words"), Host=f"localhost:{place.slack.port}")[0] == 200


def test_another_sites_page_is_refused(place: Town) -> None:
    own = f"http://127.0.0.1:{place.slack.port}"
    told = json.dumps({"do": "seen", "as": ALICE, "in": SHOP})
    origins = [
        "https://evil.example",
        "null",
        own.replace("http:", "https:"),
        "http://127.0.0.1:1",
        own.removeprefix("http://"),
    ]
    for origin in origins:
        assert place.ask("POST", page(place, "do"), told, Origin=origin)[0] == 403
        assert place.ask("POST", "/api/auth.test", Origin=origin)[0] == 403
    assert place.ask("POST", page(place, "do"), told, Origin=own)[:2] == (200, '{"ok": true}')


@pytest.mark.parametrize("key", ["", "wrong", "%C3%A9", "respond", "page"])
def test_without_the_token_there_is_nothing(place: Town, key: str) -> None:
    for rest in ("", "/", "/view", "/words", "/page/app.js"):
        assert place.ask("GET", f"/{key}{rest}")[0] == 404
    assert place.ask("POST", f"/{key}/do", json.dumps({"do": "seen", "as": ALICE, "in": SHOP}))[0] in (400, 404)
    assert place.ask("GET", f"/{place.slack.page_key[:-1]}/")[0] == 404
    assert place.ask("GET", f"/{place.slack.page_key}")[0] == 404


def test_where_there_is_no_desk_there_is_no_page() -> None:
    with town() as other:
        other.slack.desk = None
        assert other.ask("GET", page(other))[0] == 404
        assert other.ask("POST", page(other, "do"), "{}")[0] == 404


def test_the_page_and_its_parts_are_served(place: Town) -> None:
    status, body, headers = place.ask("GET", page(place))
    assert (status, "<!doctype html>" in body.lower()) == (200, True)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert place.ask("GET", page(place, "page/app.js"))[2]["Content-Type"] == "text/javascript; charset=utf-8"
    assert place.ask("GET", page(place, "page/vendor/chart.umd.min.js"))[0] == 200


def test_a_page_may_run_only_what_comes_with_it(place: Town) -> None:
    for path in ("", "view", "page/app.js"):
        headers = place.ask("GET", page(place, path))[2]
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'; img-src 'self' https: data:; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "page/", "page/.", "page/..", "page/../desk.py", "page/../../../pyproject.toml", "page/%2e%2e/desk.py",
        "page//etc/passwd", "page/vendor/../app.js", "page/./app.js", "page/..%2fdesk.py", "page/..\\desk.py",
        "page//app.js", "page/app.js/", "page/none.js", "page/app.py", "page/vendor", "page/app.js%00.js", "app.js",
        "index.html", "do", "page/vendor/chart.umd.min.LICENSE.md", "page/C:/x.js", "page/%C3%A9.js",
    ],
)  # fmt: skip
def test_nothing_beside_the_page_is_served(place: Town, path: str) -> None:
    assert place.ask("GET", page(place, path))[0] == 404


def test_what_is_asked_otherwise_is_refused(place: Town) -> None:
    assert place.ask("POST", page(place, "view"), "{}")[0] == 404
    assert place.ask("POST", "/nothing", "{}")[0] == 404
    assert [place.ask(method, page(place))[0] for method in ("PUT", "DELETE", "OPTIONS")] == [501] * 3


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "null", '"x"', "[" * 100_000, b"\xff\xfe", "NaN", "9" * 5000])
def test_what_is_no_json_object_gets_one_line(place: Town, body: Any) -> None:
    status, told, _ = place.ask("POST", page(place, "do"), body)
    assert (status, json.loads(told)) == (200, {"ok": False, "error": "Only a JSON object is understood."})


def test_a_body_that_is_too_large_is_refused(place: Town) -> None:
    status, told, _ = place.ask("POST", page(place, "do"), b" " * (server.MOST_BYTES + 1))
    assert (status, told) == (413, "a body has at most 5,242,880 bytes")


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "²", "9" * 99])
def test_a_body_without_a_length_is_refused(place: Town, length: str) -> None:
    status, told, _ = place.ask("POST", page(place, "do"), Content_Length=length.encode().decode("latin-1"))
    assert (status, told) == (411, "a body comes with its length in Content-Length")
    assert place.ask("POST", page(place, "do"), "0\r\n\r\n", Transfer_Encoding="chunked")[0] == 411


# What changes is told.


def listen(place: Town) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", place.slack.port, timeout=30)
    connection.request("GET", page(place, f"changes?as={ALICE}"))
    reply = connection.getresponse()
    assert (reply.status, reply.getheader("Content-Type")) == (200, "text/event-stream")
    return connection, reply


def told_of(reply: http.client.HTTPResponse) -> int:
    """The number of the next change; waits for it."""
    while True:
        line = reply.readline().decode()
        assert line, "the stream ended"
        if line.startswith("data: "):
            return int(json.loads(line.removeprefix("data: "))["seq"])


def test_a_page_is_told_of_changes_and_of_many_at_once_once(place: Town) -> None:
    connection, reply = listen(place)
    first = told_of(reply)
    assert first == place.slack.seq
    for _ in range(20):
        place.post()
    heard = [told_of(reply)]
    while heard[-1] < place.slack.seq:
        heard.append(told_of(reply))
    assert heard == sorted(set(heard))
    assert len(heard) < 20
    connection.close()


def test_a_page_hears_nothing_more_at_the_end_and_nobody_waits() -> None:
    with town() as other:
        connection, reply = listen(other)
        told_of(reply)
    assert reply.read().strip() == b""
    connection.close()


def test_a_change_that_came_before_one_listens_is_not_missed(place: Town) -> None:
    seq = json.loads(place.ask("GET", page(place, f"view?as={ALICE}&in={SHOP}"))[1])["seq"]
    place.post()
    connection, reply = listen(place)
    assert told_of(reply) > seq
    connection.close()


# Whatever comes, the answer is one line.


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=8)
    | st.sampled_from([ALICE, SHOP, "D0ALICE", "row", "go", "menu", "ask", "words", "a", "home", "/flow x", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["row", "ask", "menu", "go", "words"]), inner),
    max_leaves=8,
)  # fmt: skip
ACTS = st.sampled_from(["type", "act", "submit", "close", "open", "seen", "dismiss", "clock", "host", "dance"])
KEYS = st.sampled_from(
    ["in", "text", "thread", "ts", "block", "action", "value", "state", "view", "to", "repo", "number"]
)


@pytest.fixture(scope="module")
def shown(place: Town) -> dict[str, str]:
    """What can be pressed, by the key that names it."""
    row = actions(button(), menu("a", "b"))
    return {"ts": place.post(row), "view": place.open(modal(asks(words(), optional=True), row)), "none": ""}


@given(
    ACTS,
    st.sampled_from([ALICE, "U0NONE", "", None, 7]),
    st.dictionaries(KEYS, VALUES),
    st.sampled_from(["ts", "view", "none"]),
)
def test_no_json_gets_more_than_one_line(
    place: Town, shown: dict[str, str], do: str, who: Any, told: dict[str, Any], key: str
) -> None:
    near = {"in": SHOP, "block": "row", "action": "go", key: shown[key]}
    status, body, _ = place.ask("POST", page(place, "do"), json.dumps({**near, **told, "do": do, "as": who}))
    answer = json.loads(body)
    assert (status, type(answer["ok"])) == (200, bool)
    if not answer["ok"]:
        assert answer["error"]
        assert len(answer["error"]) < 320
        assert "\n" not in answer["error"]
        assert "Traceback" not in answer["error"]


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_view_is_asked_for_there_is_one(place: Town, who: str, channel: str, thread: str) -> None:
    view = place.desk.view(who, channel, thread)
    assert view["in"] in {one["id"] for one in view["conversations"]}
    json.dumps(view)


def test_many_at_once_are_answered_while_the_app_is_slow() -> None:
    with town() as other:
        other.app.gate.clear()
        ts = other.post(actions(button()))
        told = {"in": SHOP, "ts": ts, "block": "row", "action": "go", "value": None, "state": {}}
        pressing = [threading.Thread(target=other.do, args=("act",), kwargs=told) for _ in range(8)]
        for thread in pressing:
            thread.start()
        wait_until(lambda: len(other.app.told) == 8)
        assert other.ask("GET", page(other, f"view?as={ALICE}"))[0] == 200
        other.post(HELLO)
        other.app.gate.set()
        for thread in pressing:
            thread.join()


def test_people_and_conversations_come_while_others_look() -> None:
    with town() as other:
        wrong: list[Exception] = []

        def look() -> None:
            try:
                while not other.slack.ended:
                    other.view()
            except Exception as error:
                wrong.append(error)

        looking = [threading.Thread(target=look) for _ in range(2)]
        for thread in looking:
            thread.start()
        for number in range(200):
            other.slack.add_user(f"U{number}", name=f"n{number}")
            other.slack.conversation_of(f"U{number}")
            other.slack.post(SHOP, {"text": "x", "blocks": []})
        other.slack.end()
        for thread in looking:
            thread.join()
        assert wrong == []


def test_what_goes_wrong_here_is_answered_in_a_line_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Desk):
        def view(self, user: str, channel: str, thread: str | None) -> dict[str, Any]:
            raise KeyError(user)

    with town() as other:
        app = Installed(manifest(), other.app.url, "secret")
        other.slack.desk = Broken(other.slack, app, {})
        assert other.ask("GET", page(other, "view"))[:2] == (500, "something went wrong here; the log says what")
        assert [record.message for record in caplog.records] == ["a request was not answered"]
        app.close()
