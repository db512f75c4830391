"""20,000 webhook deliveries as fast as they come, while other people's nudges fall due.

`python -m tests.bench.bench_burst [deliveries]`, on SQLite (`weir run`) and PostgreSQL (`weir web` and `weir worker`).
Aims: every delivery stored, acknowledged within 1 s at the 99th percentile; nudges no later than a minute after their
due time. The deliveries are openings, comments, reviews and pushes of pull requests that end with 15 events each, with
bodies of the usual 20 KB; as many connections send them as a code host opens, each the next once it was answered.
"""

from __future__ import annotations

import http.client
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measure import on_both

if TYPE_CHECKING:
    from fake_slack import FakeSlack
    from program import Program

DELIVERIES = 20_000
CLIENTS = 48
EVENTS_OF_AN_ITEM = 15
PADDING = "x" * 20_000
OTHERS = 30
"""People whose nudges fall due, one a second, from the beginning of the burst on."""
TARGET = 1800
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def policy() -> str:
    hours = ", ".join(f'{day} = ["00:00-24:00"]' for day in DAYS)
    people = "".join(f'[people.other{number}]\nslack = "U0OTHER{number}"\n' for number in range(OTHERS))
    return (
        f'[calendar]\ntimezone = "UTC"\nhours = {{ {hours} }}\n[targets]\nreview = "30m"\n'
        f"[nudges]\nheads_up = 0\nescalate = 0\nrepeat = 0\n{people}"
    )


def told(number: int, many: int, at: int) -> tuple[str, dict[str, Any]]:
    """(event, payload) of a delivery; the first of each item opens it."""
    import github_payloads as gh

    items = max(1, many // EVENTS_OF_AN_ITEM)
    about: dict[str, Any] = {"number": number % items + 1, "repo": "acme/mono", "at": at}
    if number < items:
        event, payload = "pull_request", gh.pull_request("opened", **about)
    elif number % 3 == 0:
        event, payload = "issue_comment", gh.comment("created", comment_id=number, **about)
    elif number % 3 == 1:
        event, payload = "pull_request_review", gh.review("submitted", review_id=number, **about)
    else:
        event, payload = "pull_request", gh.pull_request("synchronize", head=f"{number:040x}", **about)
    return event, payload | {"padding": PADDING}


class Burst:
    """Deliveries sent at once by CLIENTS connections; how long each took to be acknowledged, in seconds."""

    def __init__(self, port: int, many: int, at: int) -> None:
        self._port, self._many, self._at = port, many, at
        self._numbers = iter(range(many))
        self._lock = threading.Lock()
        self.taken: list[float] = []
        self.refused: list[int] = []

    def send(self) -> float:
        """Send all; the seconds that it took."""
        clients = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        begin = time.perf_counter()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return time.perf_counter() - begin

    def _next(self) -> Iterator[int]:
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            yield number

    def _client(self) -> None:
        from github_payloads import signed
        from program import SECRET

        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        for number in self._next():
            headers, body = signed(SECRET, *told(number, self._many, self._at), delivery=f"burst-{number}")
            begin = time.perf_counter()
            connection.request("POST", "/webhooks/github", body, headers)
            answer = connection.getresponse()
            answer.read()
            self.taken.append(time.perf_counter() - begin)
            if answer.status != 202:
                self.refused.append(answer.status)
        connection.close()


def others_ask(web: Program, now: int) -> dict[str, int]:
    """Reviews of other people that fall due one a second from now on; when, by Slack account."""
    from github_payloads import pull_request

    due = {}
    for number in range(OTHERS):
        at = now - TARGET + number
        about: dict[str, Any] = {"number": number + 1, "repo": "acme/others", "opened_at": at, "at": at}
        web.deliver("pull_request", pull_request("opened", **about))
        web.deliver("pull_request", pull_request("review_requested", reviewer=f"other{number}", **about))
        due[f"U0OTHER{number}"] = at + TARGET
    return due


def lateness(slack: FakeSlack, due: dict[str, int]) -> list[float]:
    """By how many seconds each person's message came after its due time, once all have come."""
    from program import wait_until

    for user in due:
        wait_until(lambda user=user: slack.dms(user))
    return [float(slack.dms(user)[0]["ts"]) - at for user, at in due.items()]


def burst(name: str, url: str, parts: tuple[str, ...], many: int) -> None:
    from fake_slack import FakeSlack
    from program import SECRET, Program

    from bot.clock import SystemClock

    with tempfile.TemporaryDirectory() as folder, FakeSlack() as slack:
        for number in range(OTHERS):
            slack.add_user(f"U0OTHER{number}")
        (Path(folder) / "weir.toml").write_text(policy())
        known = {"SLACK_BOT_TOKEN": slack.token, "SLACK_SIGNING_SECRET": "secret", "SLACK_API_URL": slack.url,
                 "GITHUB_WEBHOOK_SECRET": SECRET, "PORT": "0", "DATABASE_URL": url}  # fmt: skip
        Program(Path(folder), "migrate", **known).end()
        programs = [Program(Path(folder), part, **known) for part in parts]
        port = programs[0].port
        now = SystemClock().now() + 2
        due = others_ask(programs[0], now)
        sent = Burst(port, many, now)
        seconds = sent.send()
        late = lateness(slack, due)
        print(f"burst on {name}: {many:,} deliveries in {seconds:.1f} s ({many / seconds:,.0f} a second), "
              f"{_stored(url):,} stored, {len(sent.refused)} refused")  # fmt: skip
        say("acknowledged after", sent.taken, "under 1 s at the 99th percentile")
        say("nudges of others after their due time", late, "a minute at most")
        for program in programs:
            program.stop()


def say(what: str, seconds: list[float], aim: str) -> None:
    """One line: median, 99th percentile and the most."""
    ranked = sorted(seconds)
    shown = [f"{ranked[len(ranked) * share // 100]:.2f} s" for share in (50, 99)]
    print(f"  {what}: median {shown[0]}, 99th percentile {shown[1]}, most {ranked[-1]:.2f} s (aim: {aim})")


def _stored(url: str) -> int:
    from sqlalchemy import text

    from bot.store.engine import make_engine

    engine = make_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM events WHERE repo = 'acme/mono'")).scalar()
    engine.dispose()
    return int(found or 0)


def main(many: int) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    on_both(lambda name, url, parts: burst(name, url, parts, many))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DELIVERIES)
