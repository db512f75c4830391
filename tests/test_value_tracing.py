"""What is kept of outcomes and key results, and which share of the work done is traced to them; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from fake_slack import FakeSlack
from sqlalchemy import Engine
from test_streams import SHOP, Mill
from world import World

from bot.flow.events import ItemKey, flow_event
from bot.flow.stream import Segment
from bot.flow.value import LABEL, Given, KeyResult, Rule
from bot.store import journeys, streams, value
from bot.store.engine import reading, writing
from bot.streams.removing import remove
from bot.value.catalogue import Catalogue, catalogue
from bot.value.tracing import TracedShare, traced, traced_share


@pytest.fixture
def mill(engine: Engine) -> Iterator[Mill]:
    with FakeSlack() as slack:
        mill = Mill(World(engine, slack))
        mill.save(SHOP._replace(outcome="We win when it ships", segments=(Segment("Everybody"),)))
        yield mill


def write(mill: Mill, keep: Any) -> Any:
    ctx = mill.world.ctx()
    with writing(ctx.engine) as session:
        return keep(session, ctx.workspace)


def known(mill: Mill) -> Catalogue:
    ctx = mill.world.ctx()
    with reading(ctx.engine) as session:
        return catalogue(session, ctx.workspace)


def stream_key(mill: Mill) -> str:
    return known(mill).outcomes[0].id


def result(mill: Mill, name: str = "Speed", outcome: str | None = None) -> KeyResult:
    of = outcome or stream_key(mill)
    one = KeyResult(name.lower(), of, name, "%", Decimal("21.5"), Decimal(35), None, "U0BOB", mill.world.now)
    assert write(mill, lambda session, workspace: value.put_result(session, workspace, one))
    return one


def rule(mill: Mill, name: str, to: str) -> None:
    write(mill, lambda session, workspace: value.put_rule(session, workspace, Rule(LABEL, name, to), "U0ALICE", 1))


def share(mill: Mill) -> TracedShare:
    ctx = mill.world.ctx()
    with reading(ctx.engine) as session:
        held = streams.named(session, ctx.workspace, "Shop")
        assert held is not None
        found = journeys.since(session, ctx.workspace, held.key, 0)
        return traced_share(session, ctx.workspace, [one.journey for one in found])


def targets(mill: Mill, item: int) -> list[str]:
    ctx, key = mill.world.ctx(), ("github", "acme/shop", item)
    with reading(ctx.engine) as session:
        return [one.to for one in traced(session, ctx.workspace, [key], catalogue(session, ctx.workspace))[key]]


def done(mill: Mill, item: int, *labels: str) -> None:
    mill.tell("opened", item, type="pull_request", draft=False, labels=list(labels))
    mill.later(1)
    mill.tell("merged", item)


def test_a_streams_own_outcome_comes_first_and_bears_its_name(mill: Mill) -> None:
    key = stream_key(mill)
    assert write(mill, lambda session, workspace: value.put_outcome(session, workspace, key, "Back", "We win twice", 1))
    own, other = known(mill).outcomes
    assert (own.id, own.name, own.text, own.segments) == (key, "Shop", "We win when it ships", ("Everybody",))
    assert (other.stream, other.name, other.text, other.segments) == (key, "Back", "We win twice", ("Everybody",))


def test_an_outcome_may_be_said_in_other_words_but_its_name_is_its_streams_alone(mill: Mill) -> None:
    mill.save(SHOP._replace(name="Other"))
    shop, other = (next(one.id for one in known(mill).outcomes if one.name == name) for name in ("Shop", "Other"))
    put = [
        write(mill, lambda session, workspace, at=at: value.put_outcome(session, workspace, *at, 1))
        for at in ((shop, "Back", "We win"), (shop, "back", "We win more"), (other, "BACK", "We win"))
    ]
    assert put == [True, True, False]
    assert [one.text for one in known(mill).outcomes if one.name == "Back"] == ["We win more"]


def test_numbers_stay_exact_and_in_the_order_they_were_given(mill: Mill) -> None:
    one = result(mill)
    for number, at in (("0.10", 7), ("0.1000", 5)):
        given = Given(Decimal(number), at, "U0BOB")
        write(mill, lambda session, workspace, given=given: value.give(session, workspace, one.id, given))
    (held,) = known(mill).results
    assert held.baseline == Decimal("21.5")
    assert [str(given.number) for given in held.given] == ["0.10", "0.1000"]


def test_nothing_done_is_no_share_at_all(mill: Mill) -> None:
    assert (share(mill).n, share(mill).share, share(mill).possible) == (0, None, True)


def test_the_share_counts_items_once_and_names_those_traced_to_nothing_latest_first(mill: Mill) -> None:
    speed = result(mill)
    rule(mill, "checkout", speed.id)
    rule(mill, "cart", stream_key(mill))
    for item, labels in ((1, ["checkout", "cart"]), (2, []), (3, ["Cart"]), (4, [])):
        done(mill, item, *labels)
    mill.tell("opened", 5, type="pull_request", draft=False, labels=["cart"])
    found = share(mill)
    assert (found.n, found.traced, found.share) == (4, 2, 0.5)
    assert [key[2] for key in found.none] == [4, 2]
    assert found.by_outcome == {stream_key(mill): 2}


def test_a_label_put_on_after_an_item_was_done_changes_nothing(mill: Mill) -> None:
    rule(mill, "checkout", stream_key(mill))
    done(mill, 1)
    mill.later(1)
    mill.tell("labeled", 1, label="checkout")
    assert share(mill).traced == 0
    mill.tell("traced", 1, to=stream_key(mill), by="U0ALICE")
    assert share(mill).traced == 1


def test_an_issue_is_traced_with_the_pull_requests_that_close_it(mill: Mill) -> None:
    rule(mill, "checkout", stream_key(mill))
    mill.tell("opened", 7, type="issue")
    mill.tell("opened", 12, type="pull_request", draft=False, labels=["checkout"])
    mill.tell("linked", 12, issue=7)
    mill.later(1)
    mill.tell("merged", 12)
    assert share(mill).traced == 1
    assert targets(mill, 7) == [stream_key(mill)]


def test_a_pull_request_is_for_what_the_issue_is_for_that_it_closes(mill: Mill) -> None:
    rule(mill, "epic", stream_key(mill))
    mill.tell("opened", 3, type="issue", labels=["epic"])
    mill.tell("opened", 7, type="issue")
    mill.tell("parent_added", 7, parent=3)
    mill.tell("opened", 12, type="pull_request", draft=False)
    mill.tell("linked", 12, issue=7)
    assert targets(mill, 12) == [stream_key(mill)]


def test_what_was_traced_to_a_dropped_key_result_still_counts_for_its_outcome(mill: Mill) -> None:
    speed = result(mill)
    rule(mill, "checkout", speed.id)
    done(mill, 1, "checkout")
    write(mill, lambda session, workspace: value.end(session, workspace, speed.id, 2))
    assert known(mill).results == []
    assert share(mill).by_outcome == {stream_key(mill): 1}
    assert result(mill, "Speed ").name == "Speed ", "its name is free again"


def test_an_outcome_that_was_dropped_takes_its_traces_with_it(mill: Mill) -> None:
    key = stream_key(mill)
    write(mill, lambda session, workspace: value.put_outcome(session, workspace, key, "Back", "We win twice", 1))
    back = known(mill).outcomes[1]
    rule(mill, "checkout", result(mill, outcome=back.id).id)
    done(mill, 1, "checkout")
    assert share(mill).traced == 1
    assert write(mill, lambda session, workspace: value.end(session, workspace, back.id, 2))
    assert (share(mill).traced, known(mill).results) == (0, [])


def test_of_two_rules_about_one_label_the_later_one_holds(mill: Mill) -> None:
    rule(mill, "checkout", "nothing")
    rule(mill, "Checkout", stream_key(mill))
    done(mill, 1, "checkout")
    assert share(mill).traced == 1


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_it_was_heard_it_comes_to_the_same(mill: Mill, seed: int) -> None:
    rule(mill, "epic", stream_key(mill))
    at, random = mill.world.now, Random(seed)
    told: list[tuple[str, int, dict[str, Any]]] = [
        ("opened", 3, {"type": "issue"}), ("labeled", 3, {"label": "epic"}),
        ("opened", 7, {"type": "issue"}), ("parent_added", 7, {"parent": 3}), ("closed", 7, {}),
        ("opened", 12, {"type": "pull_request", "draft": False}), ("linked", 12, {"issue": 7}), ("merged", 12, {}),
        ("unlabeled", 3, {"label": "epic"}), ("parent_removed", 7, {"parent": 3}),
    ]  # fmt: skip
    events = [
        flow_event(repo="acme/shop", item=item, id=f"x{n}", at=at + n * 60, kind=kind, actor="bob", **data)
        for n, (kind, item, data) in enumerate(told)
    ]
    mill.world.clock.advance(hours=2)
    for event in random.sample(events, len(events)):
        mill.world.tell(event)
    assert (targets(mill, 7), share(mill).traced) == ([stream_key(mill)], 1)


def keys(*items: int) -> set[ItemKey]:
    return {("github", "acme/shop", item) for item in items}


def test_when_an_item_was_done_first_is_told_of_those_that_are(mill: Mill) -> None:
    done(mill, 1)
    mill.tell("opened", 2, type="pull_request", draft=False)
    ctx = mill.world.ctx()
    with reading(ctx.engine) as session:
        found = value.done_at(session, ctx.workspace, keys(1, 2))
    assert found == {("github", "acme/shop", 1): mill.world.now}


def test_a_stream_that_is_deleted_takes_its_outcomes_along_and_leaves_their_names_free(mill: Mill) -> None:
    key = stream_key(mill)
    write(mill, lambda session, workspace: value.put_outcome(session, workspace, key, "Back", "We win twice", 1))
    result(mill)
    result(mill, "Loyalty", known(mill).outcomes[1].id)
    assert remove(mill.world.ctx(), "U0ALICE", key, 1, mill.world.now)
    assert known(mill).outcomes == ()
    mill.save(SHOP._replace(name="Other"))
    assert known(mill).results == []
    result(mill, "Speed.")
    again = write(
        mill, lambda session, workspace: value.put_outcome(session, workspace, stream_key(mill), "Back", "We win", 2)
    )
    assert again
