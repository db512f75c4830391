"""A value stream mapped through Socket Mode: typed in a direct message, in a thread with a mention, and by buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from messages_desk import SOCKET, Desk, desk_of, world_of
from program import wait_until
from slack_payloads import command
from sqlalchemy import Engine
from world import POLICY, World

from bot.local.payloads import APP_USER
from bot.streams.saving import all_streams

LINE = "coding (active, authors, draft) -> QA (wait, @alice, 4h, label qa) -> merged (merged)"


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        world.slack.add_user("U0ALICE", is_admin=True)
        yield world


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(world, SOCKET, tmp_path) as desk:
        yield desk


def deliver(desk: Desk) -> None:
    """All that is on its way arrives."""
    for _ in range(4):
        desk.world.clock.advance(seconds=3)
        desk.world.tick()


def newest(desk: Desk, channel: str) -> str:
    return str(desk.slack.messages(channel)[-1]["text"])


def answered(desk: Desk, text: str) -> str:
    """Say something in the direct message; the next question."""
    channel, ts = "D0ALICE", f"{desk.world.now}.000100"
    event = {"type": "message", "user": "U0ALICE", "text": text, "ts": ts, "channel": channel, "channel_type": "im",
             "event_ts": ts}  # fmt: skip
    return after(desk, channel, lambda: desk.hands.event(event))


def after(desk: Desk, channel: str, act: Callable[[], object]) -> str:
    """The next message there, once somebody did something; the one before is edited first."""
    before = len(desk.slack.messages(channel))
    act()

    def more() -> bool:
        deliver(desk)
        return len(desk.slack.messages(channel)) > before

    wait_until(more)
    return newest(desk, channel)


def test_from_the_first_question_to_a_saved_map(desk: Desk) -> None:
    desk.hands.send_command(command("map Shop", "U0ALICE", "D0ALICE"))
    wait_until(lambda: (deliver(desk), desk.slack.dms("U0ALICE"))[1])
    texts = ["acme/shop", LINE, "We win when it ships for shops", "from a pull request to merged", "orders a week",
             "the rest is fine", "nothing for now", "in 3 months", "save"]  # fmt: skip
    said = [answered(desk, text) for text in texts]
    assert "is saved as version 1" in said[-1]
    ((held, stream),) = all_streams(desk.world.ctx())
    assert (held.version, [stage.name for stage in stream.stages]) == (1, ["coding", "QA", "merged"])


def test_in_a_channel_by_a_mention_and_a_button(desk: Desk) -> None:
    desk.hands.send_command(command("map Shop", "U0ALICE", "C0TEAM"))
    wait_until(lambda: (deliver(desk), bool(desk.slack.messages("C0TEAM")))[1])
    root = desk.slack.messages("C0TEAM")[0]["ts"]
    ts = f"{desk.world.now}.000200"
    event = {"type": "app_mention", "user": "U0BOB", "text": f"<@{APP_USER}> acme/shop", "ts": ts, "thread_ts": root,
             "channel": "C0TEAM", "event_ts": ts}  # fmt: skip
    assert "stages" in after(desk, "C0TEAM", lambda: desk.hands.event(event))
    shown = desk.slack.messages("C0TEAM")[-1]
    assert after(desk, "C0TEAM", lambda: desk.hands.press_in(shown, "Skip", "U0BOB"))
