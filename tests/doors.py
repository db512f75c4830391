"""Both of Slack's doors to the program: signed HTTP, and Socket Mode."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

from fake_slack import FakeSlack
from fake_socket import FakeSocket
from program import wait_until
from site_on_loopback import Site, serve, web

from bot import app
from bot.context import Context
from bot.serving.running import _socket
from bot.serving.workspaces import OneWorkspace

Json = dict[str, Any]
Hands: TypeAlias = Site | FakeSocket
HTTP, SOCKET = "signed HTTP", "Socket Mode"


class SlackWithSocket(FakeSlack):
    """A Slack that hands out the address of a socket."""

    link = ""

    def _apps_connections_open(self, form: Json) -> Json:
        return {"ok": True, "url": self.link}


@contextmanager
def opened(ctx: Context, slack: SlackWithSocket, door: str) -> Iterator[Hands]:
    """A program that people reach by one of the doors."""
    if door == HTTP:
        with contextmanager(serve)(web(ctx)) as port:
            yield Site(ctx, port, slack.response_url)
        return
    by_socket = ctx.settings.model_copy(update={"slack_app_token": ctx.settings.slack_bot_token})
    ctx = replace(ctx, settings=by_socket)
    with FakeSocket(slack.response_url) as link:
        slack.link = link.url
        with _socket(app.slack_of(OneWorkspace(ctx))):
            wait_until(link.connected.is_set)
            yield link


def asked(hands: Hands, slack: FakeSlack, text: str, user: str) -> Json:
    """What a command is answered."""
    return in_the_end(slack, lambda: _at_once(hands, text, user))


def in_the_end(slack: FakeSlack, ask: Callable[[], Json]) -> Json:
    """What a command is answered; an answer that a busy machine was late with is waited for."""
    before = len(slack.whispers)
    answer = ask()
    if answer["text"] != "One moment …":
        return answer
    wait_until(lambda: len(slack.whispers) > before)
    return slack.whispers[-1]


def _at_once(hands: Hands, text: str, user: str) -> Json:
    if isinstance(hands, Site):
        said: Json = json.loads(hands.command(text, user).text)
        return said
    sent = hands.command(text, user)
    wait_until(lambda: hands.answer_to(sent))
    answer: Json = (hands.answer_to(sent) or {})["payload"]
    return answer
