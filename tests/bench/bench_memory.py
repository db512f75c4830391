"""The memory of a running program while work comes and goes: does it stay where it was once warm?

`python -m tests.bench.bench_memory [rounds]`, on SQLite (`weir run`) and PostgreSQL (`weir web` and `weir worker`). A
round is 600 pull requests: opened, a review asked for that is due at once, so that its reviewers (others in each round)
are nudged; they ask `/flow waits` and open their homes; then all are approved and merged, which settles the messages.
Nothing but the program is in the processes that are measured. Aim: at the end at most 1.1 times the memory of half the
rounds.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.bench.measure import on_both

if TYPE_CHECKING:
    from fake_slack import FakeSlack
    from program import Program

ROUNDS, PULLS, REPOS, CLIENTS = 16, 600, 60, 8
PEOPLE = 40
"""Reviewers of a round. Those of the round before are let be: nobody is written to again so soon."""
TARGET = 1800
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Delivery = tuple[str, dict[str, Any]]


def policy(rounds: int) -> str:
    hours = ", ".join(f'{day} = ["00:00-24:00"]' for day in DAYS)
    people = "".join(f'[people.p{number}]\nslack = "U0P{number}"\n' for number in range(rounds * PEOPLE))
    return (
        f'[calendar]\ntimezone = "UTC"\nhours = {{ {hours} }}\n[targets]\nreview = "30m"\n'
        f"[nudges]\nheads_up = 0\nescalate = 0\nrepeat = 0\n{people}"
    )


class Traffic:
    """What code host and people send to a program, each kind by CLIENTS connections at once."""

    def __init__(self, web: Program, slack: FakeSlack) -> None:
        self._port, self._slack = web.port, slack
        self._told, self._events = count(1), count(1)

    def round(self, number: int, now: int) -> None:
        people = range(number * PEOPLE, (number + 1) * PEOPLE)
        places = range(number * PULLS, (number + 1) * PULLS)
        pulls = [(place + 1, f"acme/shop-{place % REPOS}", people[place % PEOPLE]) for place in places]
        before = self._slack.called("chat.postMessage")
        self._all(self._deliver, (told for pull in pulls for told in opened(*pull, now)))
        _until(lambda: self._slack.called("chat.postMessage") >= before + PEOPLE)
        self._all(self._ask, people)
        edited = self._slack.called("chat.update")
        self._all(self._deliver, (told for pull in pulls for told in ended(*pull, now)))
        _until(lambda: self._slack.called("chat.update") >= edited + PEOPLE)

    def _all(self, act: Callable[[Any], None], things: Any) -> None:
        with ThreadPoolExecutor(CLIENTS) as clients:
            for _ in clients.map(act, things):
                pass

    def _deliver(self, delivery: Delivery) -> None:
        from github_payloads import signed
        from program import SECRET

        headers, body = signed(SECRET, *delivery, delivery=f"round-{next(self._told)}")
        status, answer = self._post("/webhooks/github", body, headers)
        assert status == 202, answer

    def _ask(self, number: int) -> None:
        """Somebody asks what waits for them, and opens their home."""
        from slack_payloads import command, event_callback

        user = f"U0P{number}"
        form = {**command("waits", user, f"D0P{number}"), "response_url": self._slack.response_url}
        self._from_slack(urlencode(form), "application/x-www-form-urlencoded")
        opened = {"type": "app_home_opened", "user": user, "tab": "home", "channel": f"D0P{number}"}
        told = event_callback(opened, f"Ev{next(self._events)}")
        self._from_slack(json.dumps(told), "application/json")

    def _from_slack(self, body: str, kind: str) -> None:
        from site_on_loopback import signature

        headers = {"Content-Type": kind, **signature(body)}
        status, answer = self._post("/slack/events", body.encode(), headers)
        assert status == 200, answer

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        said = response.read().decode()
        connection.close()
        return response.status, said


def opened(number: int, repo: str, person: int, now: int) -> Iterator[Delivery]:
    from github_payloads import pull_request

    about: dict[str, Any] = {"number": number, "repo": repo, "opened_at": now - TARGET - 60, "at": now - TARGET - 60}
    yield "pull_request", pull_request("opened", **about)
    yield "pull_request", pull_request("review_requested", reviewer=f"p{person}", **about)


def ended(number: int, repo: str, person: int, now: int) -> Iterator[Delivery]:
    from github_payloads import pull_request, review

    about: dict[str, Any] = {"number": number, "repo": repo, "opened_at": now - TARGET - 60, "at": now}
    yield "pull_request_review", review(actor=f"p{person}", review_id=number, **about)
    yield "pull_request", pull_request("closed", closed_at=now, merged_at=now, **about)


def memory(programs: list[Program]) -> float:
    """Megabytes that the programs hold."""
    pages = [int(Path(f"/proc/{program.pid}/statm").read_text().split()[1]) for program in programs]
    return sum(pages) * 4096 / 1e6


def bench(name: str, url: str, parts: tuple[str, ...], rounds: int) -> None:
    from fake_slack import FakeSlack
    from program import SECRET, Program
    from site_on_loopback import SLACK_SECRET

    from bot.clock import SystemClock

    with tempfile.TemporaryDirectory() as folder, FakeSlack() as slack:
        for number in range(rounds * PEOPLE):
            slack.add_user(f"U0P{number}")
        (Path(folder) / "weir.toml").write_text(policy(rounds))
        known = {"SLACK_BOT_TOKEN": slack.token, "SLACK_SIGNING_SECRET": SLACK_SECRET, "SLACK_API_URL": slack.url,
                 "GITHUB_WEBHOOK_SECRET": SECRET, "PORT": "0", "DATABASE_URL": url}  # fmt: skip
        Program(Path(folder), "migrate", **known).end()
        programs = [Program(Path(folder), part, **known) for part in parts]
        traffic, held = Traffic(programs[0], slack), [memory(programs)]
        for number in range(rounds):
            traffic.round(number, SystemClock().now())
            held.append(memory(programs))
            sent = slack.called("chat.postMessage")
            print(f"  {name}, round {number + 1:2}: {(number + 1) * PULLS * 4:7,} deliveries, {sent:5,} messages, "
                  f"{held[-1]:.0f} MB", flush=True)  # fmt: skip
        for program in programs:
            program.stop()
    half = held[len(held) // 2]
    print(f"memory on {name}: {held[1]:.0f} MB after the first round, {half:.0f} MB at half, {held[-1]:.0f} MB at the "
          f"end, ratio of the end to half {held[-1] / half:.2f} (aim: at most 1.1)")  # fmt: skip


def main(rounds: int) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    on_both(lambda name, url, parts: bench(name, url, parts, rounds))


def _until(true: Callable[[], bool]) -> None:
    from program import wait_until

    wait_until(true)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
