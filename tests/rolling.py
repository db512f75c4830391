"""Programs of two releases behind a balancer that follows their readiness; people and a host that go on meanwhile."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from fake_slack import FakeSlack
from github_payloads import pull_request, review, signed
from program import SECRET, Program, wait_until
from site_on_loopback import SLACK_SECRET, Reply, Site
from sqlalchemy import Engine, text
from test_running import ASKED, NOW, POLICY

from bot.hosts import github
from bot.ledger import waits_of
from bot.policy import load_policy

OLD = max((Path(__file__).parent / "old").glob("weir-*.tar.xz"))
OLD_REVISION = OLD.name.removeprefix("weir-").removesuffix(".tar.xz")
LOOK = 1.0
"""Seconds between two questions of the balancer whether a process is ready."""
PAUSE = 0.05
"""Seconds between two reviews that are asked for, so that a fast machine does not run out of people."""


def url_of(database: Engine) -> str:
    return database.url.render_as_string(hide_password=False)


def unpacked(folder: Path) -> Path:
    """The release before, where Python finds it: in a folder for each archive, kept with what Python compiles of it."""
    found = folder / hashlib.sha256(OLD.read_bytes()).hexdigest()[:16]
    if not found.exists():
        with tempfile.TemporaryDirectory(dir=folder) as fresh, tarfile.open(OLD) as packed:
            packed.extractall(Path(fresh, "all"), filter="data")
            with suppress(OSError):  # another process was quicker
                Path(fresh, "all").rename(found)
    return found


@dataclass
class Balancer(Site):
    """Sends each request to the next process that is ready; keeps what was not answered 2xx, or not at all."""

    webs: list[int] = field(default_factory=list)
    """The ports of the web processes."""
    wrong: list[str] = field(default_factory=list)
    served: dict[int, int] = field(default_factory=dict)
    """How many requests each port answered."""
    slowest: float = 0.0
    _looked: dict[int, tuple[float, bool]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turn: int = 0

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> Reply:
        port, began = self._next(), time.monotonic()
        try:
            reply = Site.ask(Site(self.ctx, port), method, path, body, headers, **more)
        except (OSError, HTTPException) as error:
            self.wrong.append(f"{path}: {error!r}")
            return Reply(0, "", {})
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.served[port] = self.served.get(port, 0) + 1
        if not 200 <= reply.status < 300:
            self.wrong.append(f"{path}: {reply.status} {reply.text}")
        return reply

    def _next(self) -> int:
        with self._lock:
            ready = [port for port in [*self.webs] if self._ready(port)]
            self._turn += 1
            assert ready, "no web process is ready"
            return ready[self._turn % len(ready)]

    def _ready(self, port: int) -> bool:
        at, ready = self._looked.get(port, (0.0, False))
        if time.monotonic() - at < LOOK:
            return ready
        try:
            ready = Site(self.ctx, port).ask("GET", "/readyz").status == 200
        except OSError:
            ready = False
        self._looked[port] = time.monotonic(), ready
        return ready


@dataclass
class Town:
    """Reviews that are asked for, one of each person, and done; buttons that are pressed. All through one balancer."""

    home: Path
    slack: FakeSlack
    database: Engine
    door: Balancer
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    reviewed: set[int] = field(default_factory=set)
    pressed: set[int] = field(default_factory=set)

    def program(self, command: str, code: Path | None = None) -> Program:
        known = {"SLACK_BOT_TOKEN": self.slack.token, "SLACK_SIGNING_SECRET": SLACK_SECRET, "PORT": "0",
                 "SLACK_API_URL": self.slack.url, "GITHUB_WEBHOOK_SECRET": SECRET,
                 "DATABASE_URL": url_of(self.database)}  # fmt: skip
        return Program(self.home, command, **known, **({"PYTHONPATH": str(code)} if code else {}))

    def ask_for(self, numbers: Sequence[int]) -> None:
        """Somebody is asked for a review an hour ago, each of another pull request."""
        for number in numbers:
            about = {"actor": "bob", "opened_at": ASKED, "at": ASKED}
            self._tell("pull_request", pull_request("opened", number, **about))
            self._tell("pull_request", pull_request("review_requested", number, reviewer=f"dev{number}", **about))
            self.asked.add(number)

    def review(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            who = {"actor": f"dev{number}", "reviewer": f"dev{number}", "review_id": number}
            self._tell(
                "pull_request_review",
                review("submitted", number, state="approved", at=NOW, submitted_at=NOW, **who),
            )
            self.reviewed.add(number)

    def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        self.told.append((kind, payload))
        self.door.deliver(kind, payload)

    def press(self, numbers: Sequence[int]) -> None:
        """Whoever was written to says that they are on it."""
        for number in numbers:
            [message] = self.slack.dms(f"U0DEV{number}")
            self.door.press_in(message, "On it", f"U0DEV{number}")
            self.pressed.add(number)

    def be_busy(self, numbers: Iterable[int], enough: threading.Event) -> None:
        """Ask for one review after the other; of those who were written to, some press and some review, until then."""
        for number in numbers:
            if enough.is_set():
                return
            self.ask_for([number])
            self._go_on()
            enough.wait(PAUSE)
        assert enough.is_set(), "too few people for so long"

    def _go_on(self) -> None:
        """Whoever was written to by now does what they do: every third presses, every third reviews."""
        done = self.pressed | self.reviewed
        for number in [one for one in self.asked - done if one % 3 and self.heard(one, "for your review")]:
            (self.press if number % 3 == 1 else self.review)([number])

    def heard(self, number: int, words: str) -> bool:
        return any(words in message["text"] for message in self.slack.dms(f"U0DEV{number}"))

    def wait_for(self, numbers: Sequence[int], words: str) -> None:
        wait_until(lambda: all(self.heard(number, words) for number in numbers))

    def column(self, query: str) -> list[Any]:
        with self.database.connect() as connection:
            return [*connection.execute(text(query)).scalars()]

    def all_is_well(self) -> None:
        """Nothing was lost, nothing doubled, and the turns are those that one program makes of the same deliveries."""
        self.wait_for(sorted(self.reviewed), "thank you")
        self.wait_for(sorted(self.pressed - self.reviewed), "On it until")
        assert self.door.wrong == []
        assert {number: len(self.slack.dms(f"U0DEV{number}")) for number in self.asked} == dict.fromkeys(self.asked, 1)
        assert len(self.slack.history()) == len(self.asked)
        assert self.column("SELECT count(*) FROM answers") == [len(self.pressed)]
        # Slack shows a message a moment before it is written down that it does.
        wait_until(lambda: self.column("SELECT DISTINCT state FROM outbox") == ["sent"])
        with self.database.connect() as connection:
            found = connection.execute(text("SELECT item, since, kind, holder, until FROM waits")).all()
        assert sorted(found, key=str) == sorted(self._expected(), key=str)

    def _expected(self) -> list[tuple[Any, ...]]:
        parsed = [github.parse(*_lowered(signed(SECRET, *one)), NOW) for one in self.told]
        events = [event for delivery in parsed for event in delivery.events]
        waits = waits_of(events, load_policy(self.home / "weir.toml"), NOW + 10**6).waits
        return [(wait.item, wait.since, wait.kind, wait.on, wait.until) for wait in waits]


def _lowered(request: tuple[dict[str, str], bytes]) -> tuple[dict[str, str], bytes]:
    headers, body = request
    return {name.lower(): value for name, value in headers.items()}, body


@contextmanager
def town_of(home: Path, database: Engine, people: int) -> Iterator[Town]:
    """One whose programs are ended with it."""
    names = [f"dev{number}" for number in range(1, people + 1)]
    mapped = "".join(f'[people.{name}]\nslack = "U0{name.upper()}"\n' for name in names)
    (home / "weir.toml").write_text(POLICY + mapped)
    with FakeSlack() as slack:
        for name in names:
            slack.add_user(f"U0{name.upper()}", tz="UTC")
        yield Town(home, slack, database, Balancer(None, 0, slack.response_url))  # type: ignore[arg-type]
