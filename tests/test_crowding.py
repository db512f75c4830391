"""Connections that bring nothing, or too slowly, and the room that those find who bring requests in good time."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import structlog
from program import wait_until
from site_on_loopback import Site, serve

from bot.serving.crowding import Limits
from bot.web import LARGE, LARGE_AT_ONCE, MOST_HEADERS, Answer, Door, Request, Route, Server, application, for_all

Dial = Callable[[bytes], socket.socket]
HEAD = b"POST /in HTTP/1.1\r\nHost: weir\r\nContent-Length: 1000\r\n"


@dataclass
class Held:
    """A connection."""

    since: float
    arriving: int | None = None
    answering: bool = False


def test_a_request_that_does_not_arrive_in_time_goes_and_one_that_is_answered_stays() -> None:
    late, idle, busy, fresh = Held(0, 10), Held(0), Held(0, answering=True), Held(71, 10)
    assert Limits(seconds=30).to_go([late, idle, busy, fresh], 100) == [late]


def test_of_too_many_those_go_that_wait_for_longest_and_nobody_who_is_answered() -> None:
    waiting = [Held(at, 0 if at % 2 else None) for at in range(6)]
    busy = [Held(0, answering=True) for _ in range(3)]
    assert Limits(connections=5).to_go([*busy, *waiting], 6) == waiting[:4]
    assert Limits(connections=2).to_go([*busy, Held(5), Held(6, 10)], 6) == [], "who has just come may bring a request"


def test_of_bodies_that_are_too_much_together_the_largest_goes() -> None:
    small, large = [Held(0, size) for size in (1, 2, 3)], Held(0, 90)
    assert Limits(arriving=95).to_go([large, *small], 1) == [large]


@contextmanager
def crowded(limits: Limits) -> Iterator[tuple[Site, Dial]]:
    """A server with these limits, and people who connect to it and send what they like."""
    server = Server(application({"/in": Route("POST", _taken), "/out": Route("GET", _told)}), "127.0.0.1", 0, 2)
    server.limits = limits
    open_: list[socket.socket] = []
    with contextmanager(serve)(server) as port, structlog.testing.capture_logs():

        def dial(data: bytes) -> socket.socket:
            open_.append(socket.create_connection(("127.0.0.1", port), timeout=30))
            open_[-1].sendall(data)
            return open_[-1]

        try:
            yield Site(None, port), dial  # type: ignore[arg-type]
        finally:
            for one in open_:
                one.close()


def _taken(request: Request) -> Answer:
    return Answer(200, hashlib.sha256(request.body).hexdigest())


def _told(_: Request) -> Answer:
    return Answer(200, "told")


def is_closed(one: socket.socket) -> bool:
    """Waits for the other end to say so, by a word or by none."""
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("begun", [HEAD, HEAD + b"\r\nx"], ids=["headers", "body"])
def test_whoever_sends_slower_than_any_host_is_not_waited_for(begun: bytes) -> None:
    with crowded(Limits(seconds=0)) as (site, dial):
        slow = dial(begun)
        assert is_closed(slow)
        assert site.ask("GET", "/out").text == "told\n"


def test_however_many_connections_are_held_others_are_answered() -> None:
    with crowded(Limits(connections=20)) as (site, dial):
        held = [dial(HEAD + b"\r\n") for _ in range(60)]
        assert site.ask("GET", "/out").text == "told\n"
        assert all(map(is_closed, held[:20]))


def test_bodies_that_do_not_end_take_up_no_more_than_they_may() -> None:
    with crowded(Limits(arriving=100_000)) as (_, dial):
        small = dial(HEAD + b"\r\n" + b"x" * 999)
        large = dial(HEAD.replace(b"1000", b"1000000") + b"\r\n" + b"x" * 100_000)
        assert is_closed(large)
        small.sendall(b"x")
        assert small.recv(12) == b"HTTP/1.1 200"


def test_large_bodies_are_read_a_few_at_a_time_and_whole() -> None:
    body = b"x" * (LARGE + 1)
    inside, most, lock = 0, 0, threading.Lock()

    def door(request: Request) -> Answer:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        answer = _taken(request)
        with lock:
            inside -= 1
        return answer

    server = Server(application({"/in": Route("POST", door)}), "127.0.0.1", 0, 8)
    with contextmanager(serve)(server) as port:
        said: list[str] = []
        people = [
            threading.Thread(target=lambda: said.append(Site(None, port).ask("POST", "/in", body).text))  # type: ignore[arg-type]
            for _ in range(6)
        ]
        for one in people:
            one.start()
        for one in people:
            one.join()
    assert said == [hashlib.sha256(body).hexdigest() + "\n"] * 6
    assert most <= LARGE_AT_ONCE


@pytest.mark.parametrize("fails", [False, True])
def test_what_anybody_may_ask_is_found_out_once_for_all_who_ask_meanwhile(fails: bool) -> None:
    asked, inside, go_on = 0, threading.Event(), threading.Event()

    def door(_: Request) -> Answer:
        nonlocal asked
        asked += 1
        inside.set()
        assert go_on.wait(30)
        if fails:
            raise OSError("away")
        return Answer(200, str(asked))

    shared, said = for_all(door), []

    def ask() -> None:
        try:
            said.append(shared(Request("GET", {}, b"")).text)
        except OSError as error:
            said.append(str(error))

    with ThreadPoolExecutor(9) as people:
        people.submit(ask)
        assert inside.wait(30)
        for _ in range(8):
            people.submit(ask)
        wait_until(lambda: people._work_queue.empty() and waiting(shared) == 8)
        go_on.set()
    assert asked == 2
    assert said == (["away"] * 9 if fails else ["1", *["2"] * 8])


def waiting(shared: Door) -> int:
    """How many wait for somebody who is in a door."""
    (together,) = (cell.cell_contents for cell in shared.__closure__ or ())  # type: ignore[attr-defined]
    return len(together._waiting)


REFUSED = {
    "a length with more digits than a number has": (b"Content-Length: " + b"9" * 5000, b"400 Bad Request"),
    "headers without end": (b"A: " + b"a" * MOST_HEADERS, b"431 Request Header Fields Too Large"),
    "a body larger than this door reads": (b"Content-Length: 11", b"413 Request Entity Too Large"),
}


@pytest.mark.parametrize(("header", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_out_of_bounds_is_refused_with_a_word(header: bytes, said: bytes) -> None:
    server = Server(application({"/in": Route("POST", _taken, most=10)}), "127.0.0.1", 0, 2)
    with contextmanager(serve)(server) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as one:
        one.sendall(b"POST /in HTTP/1.1\r\nHost: weir\r\n" + header + b"\r\n\r\n12345678901")
        assert said in one.recv(100).split(b"\r\n")[0]
