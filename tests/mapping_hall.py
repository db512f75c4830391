"""A channel and direct conversations in which streams are mapped, through signed HTTP and the tests' Slack."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from doors import in_the_end
from fake_slack import FakeSlack, content_error
from program import wait_until
from site_on_loopback import Reply, Site, serve, settings, web
from slack_payloads import command, labels
from sqlalchemy import Engine
from world import POLICY, World

from bot.clock import SetClock
from bot.flow.events import parse_instant
from bot.intake import take
from bot.local.payloads import APP_USER
from bot.sample.history import generate
from bot.soon import HASTE

SHOP = "C0SHOP"
START = parse_instant("2025-12-01T00:00:00Z")
Json = dict[str, Any]


@dataclass
class Hall:
    """People map; alice administers their Slack."""

    world: World
    site: Site
    _numbers: list[int] = field(default_factory=lambda: [0])

    @property
    def slack(self) -> FakeSlack:
        return self.world.slack

    def flow(self, words: str, user: str = "U0ALICE", channel: str = SHOP) -> Json:
        said = {**command(words, user, channel), "response_url": self.site.response_url}
        reply = in_the_end(self.slack, lambda: json.loads(self.site.send_command(said).text))
        assert content_error(reply) is None
        self.deliver()
        return reply

    def deliver(self) -> None:
        """All that is on its way arrives."""
        for _ in range(4):
            self.world.clock.advance(seconds=3)
            self.world.tick()

    def said(self, channel: str = SHOP) -> list[Json]:
        """What Weir shows in a conversation, oldest first."""
        return [one for one in self.slack.messages(channel) if one.get("bot_id")]

    def last(self, channel: str = SHOP) -> Json:
        return self.said(channel)[-1]

    def press(self, label: str, user: str = "U0ALICE", channel: str = SHOP, shown: Json | None = None) -> None:
        """Press a button of the newest question."""
        assert self._acted(lambda: self.site.press_in(shown or self.last(channel), label, user)) == 200
        self.deliver()

    def mention(self, text: str, user: str = "U0BOB", thread: str | None = None, event_id: str | None = None,
                ts: str | None = None) -> str:  # fmt: skip
        """Reply in the thread with a mention; the reply's timestamp."""
        root = thread or self.said()[0]["ts"]
        ts = ts or self._ts()
        event = {"type": "app_mention", "user": user, "text": f"<@{APP_USER}> {text}", "ts": ts, "thread_ts": root,
                 "channel": SHOP, "event_ts": ts}  # fmt: skip
        assert self._acted(lambda: self.site.event(event, event_id)) == 200
        self.deliver()
        return ts

    def type(self, text: str, user: str = "U0ALICE", ts: str | None = None, **more: Any) -> str:
        """Type in the direct conversation."""
        ts = ts or self._ts()
        event = {"type": "message", "user": user, "text": text, "ts": ts, "channel": f"D{user[1:]}",
                 "channel_type": "im", "event_ts": ts, **more}  # fmt: skip
        assert self._acted(lambda: self.site.event(event)) == 200
        self.deliver()
        return ts

    def _acted(self, act: Callable[[], Reply]) -> int:
        """The status of the reply; where a busy machine answered before the work was done, that is waited for."""
        start = time.monotonic()
        status = act().status
        if time.monotonic() - start >= HASTE:
            time.sleep(3)
        return status

    def whispered(self, text: str) -> bool:
        """Whether somebody was told a line beside the conversation, which follows the acknowledgement."""
        wait_until(lambda: any(text in one["text"] for one in self.slack.whispers))
        return True

    def _ts(self) -> str:
        self._numbers[0] += 1
        return f"{self.world.now}.{self._numbers[0]:06d}"


@contextmanager
def hall(engine: Engine, tmp_path: Path, *, days: int = 0) -> Iterator[Hall]:
    """With a sample team's history of so many days."""
    with FakeSlack() as slack:
        for user, admin in (("U0ALICE", True), ("U0BOB", False), ("U0CAROL", False)):
            slack.add_user(user, is_admin=admin)
        slack.add_channel(SHOP, name="shop")
        slack.add_channel("C0AWAY", name="away", is_member=False)
        world = World(engine, slack)
        world.set_policy(POLICY.replace("C0TEAM", SHOP))
        world.clock = SetClock(START + days * 86_400)
        slack.now = world.now
        if days:
            told = [event for event in generate(1, START, days) if event.repo.endswith("/shop")]
            take(world.ctx(), told, world.now, live=False)
        ctx = replace(world.ctx(), settings=settings(tmp_path))
        for port in serve(web(ctx)):
            yield Hall(world, Site(ctx, port, slack.response_url))


def buttons(shown: Json) -> list[str]:
    return labels(shown)


def texts(said: list[Json]) -> list[str]:
    return [str(one["text"]) for one in said]
