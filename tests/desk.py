"""A world with its program, a code host and people at their Slack: over signed HTTP and through Socket Mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from doors import HTTP, SOCKET, Hands, Json, SlackWithSocket, asked, opened
from fake_github import FakeGithub
from fake_slack import FakeSlack, content_error
from program import wait_until
from site_on_loopback import settings
from slack_payloads import labels
from sqlalchemy import Engine
from world import World

from bot.context import Context
from bot.hosts.github.api import Github

__all__ = ["HTTP", "SOCKET", "Desk", "Json", "desk", "told"]


@dataclass
class Desk:
    """Somebody asks and presses; every answer is held against Slack's limits."""

    world: World
    github: FakeGithub
    ctx: Context
    door: Hands

    @property
    def slack(self) -> FakeSlack:
        return self.world.slack

    def flow(self, text: str, user: str = "U0ALICE") -> Json:
        """What is answered to a command."""
        said = asked(self.door, self.slack, text, user)
        assert (said["response_type"], content_error(said)) == ("ephemeral", None)
        return said

    def press(self, shown: Json, label: str, user: str = "U0ALICE") -> Json:
        """Press a button of a private answer; what takes its place."""
        before = len(self.slack.replaced)
        self.door.press_in(shown, label, user)
        wait_until(lambda: len(self.slack.replaced) > before)
        return self.slack.replaced[-1]


def told(answered: Json) -> list[str]:
    """The blocks as people read them, top to bottom; a row of buttons in brackets."""
    return [_block(block) for block in answered["blocks"]]


def _block(block: Json) -> str:
    if block["type"] == "actions":
        return " ".join(f"[{label}]" for label in labels({"blocks": [block]}))
    text: str = (block.get("text") or block["elements"][0])["text"]
    return text


@contextmanager
def desk(engine: Engine, tmp_path: Path, door: str, policy: str) -> Iterator[Desk]:
    """A program that is asked through a door; GitHub and Slack are the tests' own."""
    slack = SlackWithSocket()
    with slack, FakeGithub() as github, httpx.Client(timeout=5) as http:
        world = World(engine, slack)
        world.set_policy(policy)
        client = Github(github.url, token="token", now=world.clock.now, sleep=lambda _: None, http=http)
        told_where = settings(tmp_path, slack_bot_token=slack.token, slack_api_url=slack.url)
        ctx = replace(world.ctx(), settings=told_where, github=client)
        with opened(ctx, slack, door) as hands:
            yield Desk(world, github, ctx, hands)
