"""A world that people answer in, through either of Slack's doors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from doors import HTTP, SOCKET, Hands, Json, SlackWithSocket, asked, opened
from fake_slack import FakeSlack, content_error
from program import wait_until
from site_on_loopback import settings
from world import World

from bot.store import answers
from bot.store.engine import reading

__all__ = [
    "HTTP",
    "SOCKET",
    "Desk",
    "Desks",
    "Json",
    "SlackWithSocket",
    "counted",
    "desk_of",
    "look",
    "options",
    "shown",
    "world_of",
]


@dataclass
class Desk:
    """A world, and the hands of the people in it."""

    world: World
    hands: Hands
    said: Json = field(default_factory=dict)
    """The last answer to a press, whole."""

    @property
    def slack(self) -> FakeSlack:
        return self.world.slack

    def dm(self, user: str = "U0ALICE", nth: int = -1) -> Json:
        return self.slack.dms(user)[nth]

    @property
    def channel(self) -> Json:
        return self.slack.messages("C0TEAM")[-1]

    def press(self, shown: Json, label: str, user: str = "U0ALICE", nth: int | None = None) -> str:
        """Press a button; what is said beside the message."""
        return self.told(lambda: self.hands.press_in(shown, label, user, nth=nth))

    def choose(self, shown: Json, menu: str, option: str, user: str = "U0ALICE", nth: int | None = None) -> str:
        return self.told(lambda: self.hands.choose(shown, menu, option, user, nth=nth))

    def hand_over(self, shown: Json, whom: str, user: str = "U0ALICE", nth: int | None = None) -> str:
        return self.told(lambda: self.hands.pick_user(shown, "Hand over", whom, user, nth=nth))

    def told(self, act: Callable[[], Any]) -> str:
        slack = self.slack
        before = len(slack.whispers), len(slack.replaced)
        act()
        wait_until(lambda: (len(slack.whispers), len(slack.replaced)) != before)
        self.said = slack.whispers[-1] if len(slack.whispers) > before[0] else slack.replaced[-1]
        assert content_error(self.said) is None
        return str(self.said["text"])

    def flow(self, text: str, user: str = "U0ALICE") -> Json:
        """What a command is answered."""
        return asked(self.hands, self.slack, text, user)


@contextmanager
def desk_of(world: World, door: str, tmp_path: Path, **more: Any) -> Iterator[Desk]:
    """`more` are parts of the program's context, such as `github`."""
    known = settings(tmp_path, slack_bot_token=world.slack.token, slack_api_url=world.slack.url)
    assert isinstance(world.slack, SlackWithSocket)
    with opened(replace(world.ctx(), settings=known, **more), world.slack, door) as hands:
        yield Desk(world, hands)


Desks = partial[AbstractContextManager[Desk]]
"""Opens a desk on a world."""


@contextmanager
def world_of(engine: Any, policy: str) -> Iterator[World]:
    """With alice, bob and carol in Slack, and a channel."""
    with SlackWithSocket() as slack:
        for user in ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE"):
            slack.add_user(user)
        slack.add_channel("C0TEAM")
        world = World(engine, slack)
        world.set_policy(policy)
        yield world


def look(message: Json) -> list[str]:
    """A message as people see it, a line a block: texts, and what can be pressed in brackets."""
    return [_seen(block) for block in message["blocks"]]


def _seen(block: Json) -> str:
    if block["type"] == "actions":
        return " ".join(map(_control, block["elements"]))
    if block["type"] == "context":
        return " ".join(one["text"] for one in block["elements"])
    beside = f" {_control(block['accessory'])}" if "accessory" in block else ""
    return f"{block['text']['text']}{beside}"


def _control(element: Json) -> str:
    label = (element.get("text") or element["placeholder"])["text"]
    return f"[{label}]" if element["type"] == "button" else f"[{label} ▾]"


def shown(desk: Desk, user: str = "U0ALICE", nth: int = -1) -> list[str]:
    """The message as it is once the worker has been."""
    desk.world.wait(minutes=1)
    message = desk.dm(user, nth)
    assert content_error(message) is None
    return look(message)


def counted(world: World) -> dict[tuple[str, str], int]:
    """How often each answer was given."""
    with reading(world.engine) as session:
        return answers.counted(session, "default")


def options(element: Json) -> list[str]:
    groups = element.get("option_groups") or [{"label": {"text": ""}, "options": element["options"]}]
    return [
        f"{group['label']['text']}: {', '.join(one['text']['text'] for one in group['options'])}" for group in groups
    ]
