"""What is older than it is to be kept goes away; what is open stays whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_slack import FakeSlack, Fault
from sqlalchemy import Engine, func, insert, select
from sqlmodel import SQLModel
from statements import counting
from world import POLICY, World

from bot.flow.events import flow_event
from bot.installing.leaving import uninstalled
from bot.policy import BadPolicy, parse_policy
from bot.said import Change, say
from bot.store import members, settings, sights
from bot.store import retention as store
from bot.store.engine import reading, writing
from bot.store.events import iterate_all
from bot.store.outbox import OUTBOX
from bot.store.sights import Let
from jobs import retention

DAY = 86_400


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with FakeSlack() as slack:
        yield World(engine, slack)


def keep(world: World, **kept: str) -> None:
    world.set_policy(POLICY + "[retention]\n" + "\n".join(f'{key} = "{value}"' for key, value in kept.items()))


def counts(world: World) -> dict[str, int]:
    """How many rows each table has, but for settings."""
    with reading(world.engine) as session:
        found = {
            one.name: session.scalar(select(func.count()).select_from(one)) or 0
            for one in SQLModel.metadata.sorted_tables
        }
    return {name: rows for name, rows in found.items() if rows and name not in ("settings", "repos")}


def items_left(world: World) -> set[int]:
    with reading(world.engine) as session:
        return {event.item for event in iterate_all(session, "default")}


def later(world: World, days: int) -> int:
    world.clock.advance(days=days)
    return retention.run(world.ctx(), world.now)


def ended(world: World, item: int) -> None:
    world.ask("alice", item=item)
    world.wait(hours=12)
    world.tell(world.fact("merged", "bob", item=item))


def test_by_default_everything_is_kept(world: World) -> None:
    ended(world, 1)
    before = counts(world)
    assert later(world, 2000) == 0
    assert counts(world) == before


def test_an_item_that_is_over_goes_with_all_that_was_made_of_it(world: World) -> None:
    keep(world, events="100d", messages="100d")
    ended(world, 1)
    assert later(world, 99) == 0
    assert later(world, 2) >= 1
    assert {"events", "items", "waits", "journeys", "visits", "nudges", "outbox"}.isdisjoint(counts(world))


def test_the_whole_history_of_an_open_item_stays(world: World) -> None:
    keep(world, events="100d", messages="100d")
    world.ask("alice", item=1)
    ended(world, 2)
    world.wait(hours=30)
    before = counts(world)["events"]
    sent = counts(world)["nudges"]
    assert later(world, 1000) >= 1
    assert items_left(world) == {1}
    assert counts(world)["events"] == before - 3
    assert counts(world)["nudges"] < sent
    assert counts(world)["outbox"], "what was said of an open wait is not said again"


def test_one_that_was_heard_of_lately_stays(world: World) -> None:
    keep(world, events="100d")
    ended(world, 1)
    world.clock.advance(days=90)
    world.tell(world.fact("commented", "carol", item=1))
    assert later(world, 60) == 0
    assert later(world, 60) == 1


def test_what_an_open_item_is_linked_to_stays(world: World) -> None:
    keep(world, events="100d")
    issue = flow_event(repo="acme/shop", item=7, id="o7", at=world.now, kind="opened", actor="carol", type="issue")
    world.tell(issue)
    ended(world, 1)
    world.tell(world.fact("linked", "bob", item=1, issue=7))
    assert later(world, 200) == 0
    world.tell(world.fact("closed", "carol", item=7))
    assert later(world, 200) == 2


def test_it_looks_once_a_day_and_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(world, events="100d")
    for item in range(1, 6):
        ended(world, item)
    monkeypatch.setattr(retention, "PORTION", 2)
    monkeypatch.setattr(retention, "MOST", 1)
    assert [later(world, 200), *(retention.run(world.ctx(), world.now) for _ in range(3))] == [2, 2, 1, 0]
    ended(world, 9)
    assert retention.run(world.ctx(), world.now + 200 * DAY) == 1


def test_items_of_many_repositories_go_in_as_many_statements_as_those_of_one(world: World) -> None:
    keep(world, events="100d")

    def statements(*repos: str) -> int:
        for repo in repos:
            told = (world.fact("opened", type="pull_request"), world.fact("review_requested", reviewer="alice"),
                    world.fact("merged"))  # fmt: skip
            world.tell(*(one._replace(repo=repo) for one in told))
        world.clock.advance(days=101)
        with counting(world.engine) as sent:
            assert retention.run(world.ctx(), world.now) == len(repos)
        return len(sent)

    assert statements("acme/a") == statements("acme/b", "acme/c", "acme/d")


def test_a_message_that_speaks_of_an_open_wait_stays(world: World) -> None:
    keep(world, messages="100d")
    world.ask("alice")
    world.wait(hours=30)
    before = counts(world)
    assert before["outbox"]
    assert later(world, 400) == 0
    assert counts(world) == before


def test_a_repository_that_was_let_go_is_gone_after_a_month(world: World) -> None:
    ended(world, 1)
    other = flow_event(repo="acme/other", item=1, id="o", at=world.now, kind="opened", actor="bob", type="pull_request")
    world.tell(other)
    say(world.ctx(), [Change(("repos", "acme/shop", "follow"), False)], "U0BOB", world.now)
    later(world, 29)
    with reading(world.engine) as session:
        assert {event.repo for event in iterate_all(session, "default")} == {"acme/shop", "acme/other"}
    later(world, 2)
    with reading(world.engine) as session:
        assert {event.repo for event in iterate_all(session, "default")} == {"acme/other"}


def test_of_one_with_almost_the_same_name_every_message_stays(world: World) -> None:
    with writing(world.engine) as session:
        for repo in ("acme/my_shop", "acme/my-shop"):
            sent = {"workspace": "default", "state": "sent", "attempts": 1, "settled": True, "rung": "target"}
            session.execute(insert(OUTBOX).values(id=repo, recipient=f"#{repo}@core", made_at=0, not_before=0, **sent))
        store.remove_repo(session, "default", "acme/my_shop")
        assert session.execute(select(OUTBOX.c.id)).scalars().all() == ["acme/my-shop"]


def test_who_was_let_in_is_kept_no_longer_than_it_holds(world: World) -> None:
    with writing(world.engine) as session:
        for who, until in (("alice", DAY), ("bob", 3 * DAY)):
            sights.keep(session, "default", "repo:github:acme/shop", who, Let(True, world.now + until))
    later(world, 2)
    with reading(world.engine) as session:
        assert [who for _, who in sights.let(session, "default", ["alice", "bob"])] == ["bob"]


def test_one_that_is_followed_again_stays(world: World) -> None:
    ended(world, 1)
    say(world.ctx(), [Change(("repos", "acme/shop", "follow"), False)], "U0BOB", world.now)
    world.clock.advance(days=20)
    say(world.ctx(), [Change(("repos", "acme/shop", "follow"), True)], "U0BOB", world.now)
    later(world, 20)
    assert items_left(world) == {1}


def test_an_uninstall_takes_away_what_slack_showed_at_once(world: World) -> None:
    with writing(world.engine) as session:
        members.keep(session, "default", "U0ALICE", name="Alice Adams", seen_at=world.now)
    world.ask("alice")
    uninstalled(world.ctx(), world.now)
    assert {"members", "addresses", "homes", "absences"}.isdisjoint(counts(world))
    assert items_left(world) == {1}


def test_after_a_month_nothing_is_left_of_the_workspace(world: World) -> None:
    ended(world, 1)
    with writing(world.engine) as session:
        settings.put(session, "other", "said", "x")
    uninstalled(world.ctx(), world.now)
    world.slack.fail("auth.test", Fault("error", error="account_inactive"))
    later(world, 29)
    assert items_left(world) == {1}
    later(world, 2)
    assert counts(world) == {}
    with reading(world.engine) as session:
        assert settings.get(session, "default", "uninstalled_at") is None
        assert settings.get(session, "other", "said") == "x"


def test_one_that_is_installed_again_keeps_all(world: World) -> None:
    ended(world, 1)
    uninstalled(world.ctx(), world.now)
    later(world, 31)
    assert items_left(world) == {1}
    with reading(world.engine) as session:
        assert settings.get(session, "default", "uninstalled_at") is None


@pytest.mark.parametrize("fault", [Fault("reset"), Fault("http", 502), Fault("error", error="org_login_required")])
def test_while_slack_cant_be_asked_nothing_is_removed(world: World, fault: Fault) -> None:
    ended(world, 1)
    uninstalled(world.ctx(), world.now)
    world.clock.advance(days=31)
    world.slack.fail("auth.test", fault)
    retention.run(world.ctx(), world.now)
    assert items_left(world) == {1}
    with reading(world.engine) as session:
        assert settings.get(session, "default", "uninstalled_at") is not None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"7d"', "'7d' is not allowed; allowed are days from '100d', which figures look back, and 0 to keep it all"),
        ('"2 years"', "'2 years' is not allowed; allowed are days such as '730d', and 0 for as long as there is room"),
        ("true", "True is not allowed; allowed are days such as '730d', and 0 for as long as there is room"),
    ],
)
def test_a_bad_value_gets_one_line(value: str, said: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        parse_policy(f"[retention]\nevents = {value}", "weir.toml")
    assert str(refused.value) == f"weir.toml: retention.events: {said}"
