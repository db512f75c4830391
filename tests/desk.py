"""A world with its program, a code host and people at their Slack: over signed HTTP and through Socket Mode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from fake_github import FakeGithub
from fake_slack import FakeSlack, content_error
from fake_socket import FakeSocket
from program import wait_until
from site_on_loopback import Site, serve, settings
from slack_payloads import labels
from sqlalchemy import Engine
from world import World

from bot import app
from bot.context import Context
from bot.hosts.github.api import Github
from bot.running import _socket
from bot.web import Server, application

HTTP, SOCKET = "http", "socket"
Json = dict[str, Any]


class SlackWithSocket(FakeSlack):
    """A Slack that hands out the address of a socket."""

    link = ""

    def _apps_connections_open(self, form: Json) -> Json:
        return {"ok": True, "url": self.link}


@dataclass
class Desk:
    """Somebody asks and presses; every answer is held against Slack's limits."""

    world: World
    github: FakeGithub
    ctx: Context
    door: Site | FakeSocket

    @property
    def slack(self) -> FakeSlack:
        return self.world.slack

    def flow(self, text: str, user: str = "U0ALICE") -> Json:
        """What is answered to a command."""
        if isinstance(self.door, Site):
            said: Json = json.loads(self.door.command(text, user).text)
        else:
            said = self._over_the_socket(self.door, text, user)
        assert (said["response_type"], content_error(said)) == ("ephemeral", None)
        return said

    @staticmethod
    def _over_the_socket(link: FakeSocket, text: str, user: str) -> Json:
        asked = link.command(text, user)
        wait_until(lambda: link.answer_to(asked))
        answer = link.answer_to(asked)
        assert answer is not None
        payload: Json = answer["payload"]
        return payload

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
        more = {"slack_app_token": slack.token} if door == SOCKET else {}
        told_where = settings(tmp_path, slack_bot_token=slack.token, slack_api_url=slack.url, **more)
        ctx = replace(world.ctx(), settings=told_where, github=client)
        with _http(ctx, slack) if door == HTTP else _over_a_socket(ctx, slack) as opened:
            yield Desk(world, github, ctx, opened)


@contextmanager
def _http(ctx: Context, slack: SlackWithSocket) -> Iterator[Site]:
    server = Server(application(app.all_routes(ctx, app.telemetry_of(ctx), app.slack_of(ctx))), "127.0.0.1", 0)
    serving = serve(server)
    try:
        yield Site(ctx, next(serving), slack.response_url)
    finally:
        next(serving, None)


@contextmanager
def _over_a_socket(ctx: Context, slack: SlackWithSocket) -> Iterator[FakeSocket]:
    with FakeSocket(slack.response_url) as link:
        slack.link = link.url
        with _socket(ctx, app.slack_of(ctx)):
            wait_until(link.connected.is_set)
            yield link
