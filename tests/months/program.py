"""The whole program in this process, under a clock that is moved: its doors are asked and its jobs run."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from typing import Any
from urllib.parse import urlencode

import structlog
from program import wait_until

from bot import app
from bot.clock import SetClock, SystemClock
from bot.context import Context
from bot.hosts.github.api import Github
from bot.local import payloads
from bot.local.payloads import acted, elements, state_of
from bot.policy import parse_policy
from bot.serving.workspaces import OneWorkspace
from bot.settings import Settings
from bot.store.agenda import next_instant
from bot.store.engine import make_engine, reading
from bot.web import application
from jobs.schedule import Job, run_job
from months.host import SECRET, Host
from months.slack import MonthsSlack, WireMessenger, seen

Json = dict[str, Any]
SLACK_SECRET = "signing-secret"
LATER = "One moment …"


class Program:
    """Started anew with `start`, with nothing but the database to go on from."""

    def __init__(self, policy: str, url: str, host: Host, slack: MonthsSlack, clock: SetClock) -> None:
        self.policy, self.url = parse_policy(policy, "months.toml"), url
        self.clock, self.starts = clock, 0
        self._host, self._slack = host, slack
        self._numbers = count(1)
        self.engine = make_engine(url)

    def start(self) -> None:
        """As after a restart of the process."""
        self.starts += 1
        self.engine.dispose()
        self.engine = make_engine(self.url)
        known = {"slack_bot_token": self._slack.api.token, "slack_signing_secret": SLACK_SECRET,
                 "github_webhook_secret": SECRET, "github_token": "t", "database_url": self.url}  # fmt: skip
        github = Github(token="t", now=self.clock.now, sleep=lambda _: None, http=self._host.client())
        self.ctx = Context(
            self.engine, self.policy, Settings(**known), self.clock, WireMessenger(self._slack), github
        )  # fmt: skip
        served = OneWorkspace(self.ctx)
        self._telemetry = app.telemetry_of(served)
        # Its clock leaps from one act to the next; it sleeps for a weekend.
        self.jobs: dict[str, Job] = {job.name: job for job in app.jobs_of(served, self._telemetry, leaps=3600)}
        self._wsgi = application(app.all_routes(served, self._telemetry, app.slack_of(served)))

    def run(self, name: str) -> None:
        """One run of a job, as the clockwork does it."""
        run_job(self.jobs[name], self.clock.now(), self._telemetry)

    def next_due(self) -> int | None:
        with reading(self.engine) as session:
            return next_instant(session, self.ctx.workspace)

    # Its doors.

    def deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        return self._ask("/webhooks/github", headers, body)[0]

    def command(self, user: str, text: str) -> str:
        """What `/flow` answers."""
        return self.ask(user, text)[0]

    def ask(self, user: str, text: str) -> tuple[str, str]:
        """What `/flow` answers: (its text, all that is shown)."""
        place, before = {"id": f"D{user[1:]}", "name": "directmessage"}, len(self._slack.answers)
        form = payloads.command("/flow", text, user, place, self._trigger(), "https://slack.invalid/respond/1")
        status, body = self._from_slack(urlencode(form))
        assert status == 200, (status, body)
        told = json.loads(body) if body.strip() else {"text": ""}
        if told["text"] != LATER:
            return told["text"], seen(told["text"], told.get("blocks", ()))
        wait_until(lambda: len(self._slack.answers) > before)  # a busy machine is late
        return self._slack.answers[-1]

    def press(self, user: str, channel: str, shown: Json, block: str, action: str, value: str | None) -> None:
        """Press or choose something in a message."""
        element = next(one for id, one in elements(shown["blocks"]) if (id, one["action_id"]) == (block, action))
        told = acted(block, element, value, f"{self.clock.now()}.{next(self._numbers):06}")
        payload = payloads.press_in_message(
            told, user, self._trigger(), shown, {"id": channel, "name": "directmessage"},
            "https://slack.invalid/respond/1", state_of([told]),
        )  # fmt: skip
        before = len(self._slack.answers)
        status, body = self._from_slack(urlencode({"payload": json.dumps(payload)}))
        assert status == 200, (status, body)
        wait_until(lambda: len(self._slack.answers) > before)

    def _trigger(self) -> str:
        return f"{next(self._numbers)}.{self.clock.now()}.abc"

    def _from_slack(self, body: str) -> tuple[int, str]:
        at = str(SystemClock().now())
        mark = hmac.new(SLACK_SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={mark}",
                   "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
        return self._ask("/slack/events", headers, body.encode())

    def _ask(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        told = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "wsgi.input": BytesIO(body),
                   "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": headers["Content-Type"], **told}  # fmt: skip
        status = [""]
        answer = b"".join(self._wsgi(environ, lambda line, _headers, *_: status.insert(0, line)))  # type: ignore
        return int(status[0].split()[0]), answer.decode()


@contextmanager
def listening() -> Iterator[Counter[str]]:
    """What the program warns of and what goes wrong in it: how often, by level and words."""
    before, said = structlog.get_config(), Counter[str]()

    def note(_logger: Any, level: str, event: Json) -> Any:
        said[f"{level}: {event.get('event')}"] += 1
        if level == "error" and event.get("exc_info") and said[f"{level}: {event.get('event')}"] <= 3:
            import traceback

            traceback.print_exc()
        raise structlog.DropEvent

    structlog.configure(processors=[note], wrapper_class=structlog.make_filtering_bound_logger(30))
    try:
        yield said
    finally:
        structlog.configure(**before)
