"""Two workspaces on one database: each lives as if it were alone there, and every statement names one of them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from any_rows import every_table
from every_statement import unscoped
from fake_slack import FakeSlack
from sqlalchemy import Engine, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ClauseElement
from test_backup import ASKED, agree
from test_digest import work
from test_streams import SHOP, Mill
from world import POLICY, World

from bot import store
from bot.context import Context
from bot.flow.events import FlowEvent
from bot.store.engine import make_engine, reading
from bot.store.items import ITEMS
from bot.store.tables import ItemRow, WaitRow
from bot.store.waits import WAITS
from bot.views.pages import Again
from handlers.commands import answer
from jobs import digest, experiments, homes, people, streams, value

ONE, TWO = "T0ONE", "T0TWO"
TEAMS = {ONE: "Apple", TWO: "Pear"}
"""By workspace: the word that stands in every title of its own."""
FOR_ALL = {f"bot.store.{name}" for name in ("engine", "migrate", "copying", "sealed", "sql")}
"""What is for all workspaces by its purpose; so are the places that every_statement.FOR_ALL names."""
IN_THEIR_ROWS = {"bot.store.waits.add", "bot.store.waits.change", "bot.store.forgetting.write"}
"""What is given whole rows, each of which names its workspace."""
LISTING = {"bot.store.forgetting.workspaces", "bot.store.installs.every"}
"""What tells which workspaces there are."""


@dataclass
class Tenant(World):
    """A world in a workspace of its own."""

    workspace: str = ONE

    def ctx(self, messenger: Any = None) -> Context:
        return replace(super().ctx(messenger), workspace=self.workspace)

    def fact(
        self, kind: str, actor: str | None = "bob", *, item: int = 1, at: int | None = None, **data: Any
    ) -> FlowEvent:
        if "title" in data:
            data["title"] = f"{TEAMS[self.workspace]} {data['title']}"
        return super().fact(kind, actor, item=item, at=at, **data)


def tenant(engine: Engine, slack: FakeSlack, workspace: str) -> Tenant:
    slack.add_user("U0ALICE", is_admin=True)
    slack.add_user("U0BOB")
    slack.add_user("U0CAROL")
    slack.add_channel("C0TEAM")
    world = Tenant(engine, slack, workspace=workspace, morning=True)
    world.set_policy(POLICY)
    return world


def life(world: Tenant) -> Iterator[None]:
    """Some days of a workspace, a step at a time. The second one has more work, and calls its stream something else."""
    second = world.workspace == TWO
    work(world, 5 if second else 3)
    yield
    Mill(world).save(SHOP._replace(name="Orchard" if second else "Shop", outcome="We win when it ships"))
    yield
    agree(world)
    yield
    for words in ("hours 8-16", "away 2026-04-01 to 2026-04-03") if second else ("mute #2", "morning off"):
        answer(world.ctx(), "U0BOB", Again(words, place="C0TEAM"))
    yield
    world.ask("alice", "carol", item=101, title="Fix rounding")
    yield
    for _ in range(5):
        world.wait(days=1)
        for job in (people, homes, streams, digest, experiments, value):
            job.run(world.ctx(), world.now)
        world.tick()
        yield
    world.review("carol", item=101)
    world.wait(hours=1)


def seen(world: Tenant) -> dict[str, str]:
    """All that its people can see: answers to commands, and what was sent."""
    told = {words: answer(world.ctx(), "U0ALICE", Again(words, place="C0TEAM")).text for words in ASKED}
    return told | {"sent": "\n".join(sorted(f"{one['channel']}: {one['text']}" for one in world.slack.history()))}


def counted(engine: Engine, workspace: str) -> dict[str, int]:
    with reading(engine) as session:
        rows = [select(func.count()).select_from(one).where(one.c.workspace == workspace) for one in every_table()]
        return {one.name: session.scalar(number) or 0 for one, number in zip(every_table(), rows, strict=True)}


def rows(engine: Engine, workspace: str) -> dict[str, Counter[str]]:
    with reading(engine) as session:
        return {
            one.name: Counter(map(repr, session.execute(select(one).where(one.c.workspace == workspace))))
            for one in every_table()
        }


@pytest.fixture
def new(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[str], Engine]]:
    """Makes a migrated database."""
    with ExitStack() as open_:

        def made(name: str) -> Engine:
            path = tmp_path / name
            shutil.copy(sqlite_template, path)
            engine = make_engine(f"sqlite:///{path}")
            open_.callback(engine.dispose)
            return engine

        yield made


@pytest.fixture
def slack() -> Iterator[Callable[[], FakeSlack]]:
    with ExitStack() as open_:
        yield lambda: open_.enter_context(FakeSlack())


def test_two_workspaces_on_one_database_live_as_if_each_were_alone(
    engine: Engine, new: Callable[[str], Engine], slack: Callable[[], FakeSlack]
) -> None:
    alone = {workspace: tenant(new(f"{workspace}.db"), slack(), workspace) for workspace in TEAMS}
    for one in alone.values():
        for _ in life(one):
            pass
    shared = {workspace: tenant(engine, slack(), workspace) for workspace in TEAMS}
    for _ in zip(*map(life, shared.values()), strict=True):
        pass
    for workspace, one in shared.items():
        (other,) = TEAMS.keys() - {workspace}
        shown = seen(one)
        assert shown == seen(alone[workspace])
        assert counted(engine, workspace) == counted(alone[workspace].engine, workspace)
        assert TEAMS[workspace] in shown["waits"]
        assert TEAMS[workspace] in shown["sent"]
        assert not [words for words, text in shown.items() if TEAMS[other] in text]


def test_what_one_workspace_does_leaves_the_rows_of_the_other_as_they_are(
    quick_engine: Engine, slack: Callable[[], FakeSlack]
) -> None:
    first, second = (tenant(quick_engine, slack(), workspace) for workspace in TEAMS)
    for _ in life(first):
        pass
    before = rows(quick_engine, ONE)
    for _ in life(second):
        pass
    assert rows(quick_engine, ONE) == before
    assert sum(map(len, before.values())) > 100


def store_functions() -> list[tuple[str, Callable[..., Any]]]:
    """Every public function of the store that is handed a session."""
    found = []
    for module in pkgutil.iter_modules(store.__path__, "bot.store."):
        if module.ispkg or module.name in FOR_ALL:
            continue
        for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            if (
                one.__module__ == module.name
                and not name.startswith("_")
                and "session" in inspect.signature(one).parameters
            ):
                found.append((f"{module.name}.{name}", one))
    return found


@pytest.mark.parametrize(("name", "one"), store_functions(), ids=[name for name, _ in store_functions()])
def test_every_function_of_the_store_is_told_the_workspace(name: str, one: Callable[..., Any]) -> None:
    names = list(inspect.signature(one).parameters)
    assert names[0] == "session"
    assert name in IN_THEIR_ROWS | LISTING or names[1] == "workspace"


_I, _W = ITEMS.c, WAITS.c
_MINE = _W.workspace == "T0ONE"
_SAME = (_I.workspace == _W.workspace) & (_I.item == _W.item)
OTHER = WAITS.alias("other")
OTHER_ROW = aliased(WaitRow, name="waits_1")
HELD: dict[str, ClauseElement] = {
    "a select": select(WAITS).where(_MINE, _W.until.is_(None)),
    "a join": select(WAITS, _I.title).join(ITEMS, _SAME).where(_MINE),
    "a left join": select(WAITS, _I.title).select_from(WAITS.outerjoin(ITEMS, _SAME)).where(_MINE),
    "an alternative beside it": select(WAITS).where(_MINE, or_(_W.until.is_(None), _W.until > 5)),
    "another name for it": select(OTHER).where(OTHER.c.workspace == "T0ONE"),
    "a model": select(func.count()).select_from(WaitRow).where(WaitRow.workspace == "T0ONE"),
    "a model's other name": select(OTHER_ROW.id).where(OTHER_ROW.workspace == "T0ONE"),
    "two models": select(WaitRow.id, ItemRow.title)
    .join(ItemRow, (ItemRow.workspace == WaitRow.workspace) & (ItemRow.item == WaitRow.item))
    .where(WaitRow.workspace == "T0ONE"),
    "one within another": select(ITEMS).where(_I.workspace == "T0ONE", exists(select(_W.id).where(_SAME, _MINE))),
    "an update": update(WAITS).where(_MINE).values(until=1),
    "a deletion": delete(WAITS).where(_MINE),
}
LOOSE: dict[str, tuple[ClauseElement, list[str]]] = {
    "a select": (select(WAITS).where(_W.until.is_(None)), ["waits"]),
    "a select of all": (select(WAITS), ["waits"]),
    "an alternative": (select(WAITS).where(or_(_MINE, _W.until.is_(None))), ["waits"]),
    "all but one": (select(WAITS).where(_W.workspace != "T0ONE"), ["waits"]),
    "a join": (select(WAITS, _I.title).join(ITEMS, _I.item == _W.item).where(_MINE), ["items"]),
    "a join of two": (select(WAITS, _I.title).join(ITEMS, _SAME), ["items", "waits"]),
    "another name for it": (select(OTHER, WAITS).where(_MINE, OTHER.c.id == _W.id), ["other"]),
    "one within another": (
        select(ITEMS).where(_I.workspace == "T0ONE", _I.item.in_(select(OTHER.c.item))),
        ["other"],
    ),
    "what is selected from": (select(select(WAITS).subquery()), ["waits"]),
    "a model": (select(func.count()).select_from(WaitRow), ["waits"]),
    "a model's other name": (select(OTHER_ROW.id), ["waits_1"]),
    "an update": (update(WAITS).values(until=1), ["waits"]),
    "a deletion": (delete(WAITS).where(_W.id == 1), ["waits"]),
}


@pytest.mark.parametrize("statement", HELD.values(), ids=HELD)
def test_a_statement_held_to_its_workspace_is_known_as_one(statement: ClauseElement) -> None:
    assert unscoped(statement) == []


@pytest.mark.parametrize(("statement", "wrong"), LOOSE.values(), ids=LOOSE)
def test_a_statement_that_reaches_further_is_found(statement: ClauseElement, wrong: list[str]) -> None:
    assert unscoped(statement) == wrong


def test_what_the_program_sends_is_looked_at(sqlite_engine: Engine) -> None:
    from every_statement import checked

    from bot.store.repos import known

    with Session(sqlite_engine) as session:
        known(session, ONE)
    assert any("FROM repos" in text for text in checked)
