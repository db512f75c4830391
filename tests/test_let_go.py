"""A repository let go while it is being connected: nothing of it is left on its host."""

from __future__ import annotations

from test_connect import Desk, desk, shop

from bot.asking.connecting import let_go
from bot.incoming import hooks
from bot.said import current
from bot.store import connections
from bot.store.engine import writing
from jobs.connect import Progress

__all__ = ["desk"]


def test_a_webhook_set_up_while_its_repository_is_let_go_is_removed(desk: Desk) -> None:
    repo = shop(desk.github)
    desk.flow("connect acme/shop")
    with writing(desk.ctx.engine) as session:
        held = connections.lease(session, "default", desk.world.now)
    assert held is not None
    let_go(current(desk.ctx), "U0ALICE", "acme/shop", desk.world.now)
    assert not Progress(desk.ctx, held).prepared()
    assert repo.hooks == []


def test_one_that_somebody_else_goes_on_reading_keeps_its_webhook(desk: Desk) -> None:
    repo = shop(desk.github)
    desk.flow("connect acme/shop")
    with writing(desk.ctx.engine) as session:
        held = connections.lease(session, "default", desk.world.now)
        assert held is not None
        connections.lease(session, "default", desk.world.now + connections.LEASE)
    assert not Progress(desk.ctx, held).prepared()
    assert len(repo.hooks) == 1
    assert hooks.set_up(desk.ctx, "acme/shop").id is None, "it is there"
