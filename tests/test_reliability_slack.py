"""Slack's socket falls silent: that is noticed, and it is replaced."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from doors import SlackWithSocket
from fake_socket import FakeSocket
from program import wait_until
from site_on_loopback import settings
from sqlalchemy import Engine
from world import World

from bot import app
from bot.serving.running import _open_socket
from bot.serving.workspaces import OneWorkspace


@pytest.mark.parametrize(
    "pings", [True, False], ids=["after it gave signs of life", "before its first answer to a ping"]
)
def test_a_socket_that_goes_silent_is_noticed_and_replaced(sqlite_engine: Engine, tmp_path: Path, pings: bool) -> None:
    with SlackWithSocket() as slack, FakeSocket(slack.response_url) as link:
        slack.link = link.url
        ctx = replace(World(sqlite_engine, slack).ctx(), settings=settings(tmp_path, slack_api_url=slack.url))
        door = app.slack_of(OneWorkspace(ctx))
        if not pings:
            link.silent.set()
        with _open_socket(door, slack.token, ping=0.5):
            wait_until(link.connected.is_set)
            answered = link.command("help")
            wait_until(lambda: link.answer_to(answered))
            link.connected.clear()
            gone, link.silent = link.silent, threading.Event()
            gone.set()
            wait_until(link.connected.is_set)
            again = link.command("help")
            wait_until(lambda: link.answer_to(again))


def test_a_socket_that_says_nothing_from_the_beginning_is_noticed_and_replaced(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    with SlackWithSocket() as slack, FakeSocket(slack.response_url) as link:
        slack.link = link.url
        ctx = replace(World(sqlite_engine, slack).ctx(), settings=settings(tmp_path, slack_api_url=slack.url))
        link.greets = False
        link.silent.set()
        with _open_socket(app.slack_of(OneWorkspace(ctx)), slack.token, ping=0.5):
            wait_until(link.connected.is_set)
            link.connected.clear()
            link.silent, link.greets = threading.Event(), True
            wait_until(link.connected.is_set)
            answered = link.command("help")
            wait_until(lambda: link.answer_to(answered))
