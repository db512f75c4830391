"""Slack tells that Weir was taken out of its workspace, by HTTP and by Socket Mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from messages_desk import HTTP, SOCKET, Desk, Json, desk_of, world_of
from program import wait_until
from sqlalchemy import Engine
from world import POLICY, World

from bot.store import members, settings
from bot.store.engine import reading, writing


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as made:
        yield made


@pytest.fixture(params=[HTTP, SOCKET])
def desk(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    with desk_of(world, request.param, tmp_path) as opened:
        with writing(world.engine) as session:
            members.keep(session, "default", "U0ALICE", name="Alice Adams", seen_at=world.now)
        yield opened


def since(world: World) -> int | None:
    with reading(world.engine) as session:
        found: int | None = settings.get(session, "default", "uninstalled_at")
        return found


@pytest.mark.parametrize("event", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["U0W"]}}])
def test_members_are_gone_and_messages_stop_at_once(desk: Desk, world: World, event: Json) -> None:
    world.ask("alice")
    desk.hands.event(event)
    wait_until(lambda: since(world) == world.now)
    with reading(world.engine) as session:
        assert members.everybody(session, "default") == {}


def test_a_member_who_takes_their_own_token_back_changes_nothing(desk: Desk, world: World) -> None:
    for tokens in ({"oauth": ["U0ALICE"]}, ["U0W"], None):
        desk.hands.event({"type": "tokens_revoked", "tokens": tokens})
    desk.hands.event({"type": "user_change", "user": {"id": "U0ALICE", "name": "later"}})

    def taken() -> bool:
        with reading(world.engine) as session:
            return members.everybody(session, "default")["U0ALICE"].name == "later"

    wait_until(taken)
    assert since(world) is None
