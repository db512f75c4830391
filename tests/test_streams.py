"""Value streams kept: versions, links, journeys in step with the log; measured again when asked."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from fake_slack import FakeSlack
from sqlalchemy import Engine, event, text
from world import MONDAY, World

import jobs.streams
from bot import intake
from bot.flow.events import FlowEvent, ItemKey, flow_event
from bot.flow.stages import Journey
from bot.flow.stream import Responsible, Segment, Signal, Stage, Stream
from bot.hosts import Delivery
from bot.store import journeys as kept
from bot.store import streams as saved
from bot.store.engine import reading, writing
from bot.streams import saving as streams
from bot.streams.journeys import STANDARD_KEY
from bot.streams.saving import Outdated

HOUR, DAY = 3600, 86_400
SHOP = Stream(
    "Shop",
    (
        Stage("idea", False, Responsible("team", "core"), (Signal("opened"),)),
        Stage("coding", True, Responsible("author"), (Signal("draft"), Signal("assigned"))),
        Stage("review", False, Responsible("reviewers"), (Signal("ready"),)),
        Stage("QA", False, Responsible("team", "qa"), (Signal("label", "qa"),), target=8 * HOUR),
        Stage("live", True, None, (Signal("merged"),)),
    ),
    ("acme/shop",),
)


@dataclass
class Mill:
    """A world with value streams."""

    world: World

    def save(self, stream: Stream = SHOP, **more: Any) -> streams.Saved:
        return streams.save(self.world.ctx(), "U0ALICE", stream, self.world.now, **more)

    def tell(self, kind: str, item: int = 1, repo: str = "acme/shop", **data: Any) -> None:
        fact = self.world.fact(kind, item=item, **data)
        self.world.tell(fact._replace(repo=repo))

    def later(self, hours: float = 1) -> None:
        self.world.clock.advance(hours=hours)

    def journeys(self, name: str = "Shop") -> dict[tuple[str, int], Journey]:
        return {key[1:]: one.journey for key, one in self.measured(name).items()}

    def measured(self, name: str = "Shop") -> dict[ItemKey, kept.Measured]:
        ctx = self.world.ctx()
        with reading(ctx.engine) as session:
            held = saved.named(session, ctx.workspace, name)
            assert held is not None
            found = kept.since(session, ctx.workspace, held.key, 0)
        return {one.journey.key: one for one in found}

    def way(self, item: int = 1, repo: str = "acme/shop") -> list[tuple[str, int]]:
        """Stages and the hours since Monday at which they were entered."""
        return [(visit.stage, (visit.since - MONDAY) // HOUR) for visit in self.journeys()[repo, item].visits]


@pytest.fixture
def mill(engine: Engine) -> Iterator[Mill]:
    with FakeSlack() as slack:
        yield Mill(World(engine, slack))


def pull(mill: Mill, item: int = 1, *, draft: bool = True) -> None:
    mill.tell("opened", item, type="pull_request", draft=draft)


def test_an_item_goes_through_the_stages_as_its_events_come(mill: Mill) -> None:
    mill.save()
    pull(mill)
    mill.later()
    mill.tell("ready_for_review")
    mill.later()
    mill.tell("labeled", label="QA")
    assert mill.way() == [("coding", 0), ("review", 1), ("QA", 2)]
    assert mill.journeys()["acme/shop", 1].now_in == "QA"
    mill.later()
    mill.tell("merged")
    one = mill.journeys()["acme/shop", 1]
    assert (one.done_at, one.now_in) == (MONDAY + 3 * HOUR, None)


def test_a_new_stream_is_measured_from_the_whole_log(mill: Mill) -> None:
    pull(mill)
    mill.later()
    mill.tell("merged")
    assert mill.save().version == 1
    assert mill.way() == [("coding", 0), ("live", 1)]


def test_an_issue_takes_in_what_closes_it_and_lets_it_go_again(mill: Mill) -> None:
    mill.save()
    mill.tell("opened", 7, type="issue")
    mill.later()
    pull(mill, 8)
    assert set(mill.journeys()) == {("acme/shop", 7), ("acme/shop", 8)}
    mill.tell("linked", 8, issue=7)
    assert set(mill.journeys()) == {("acme/shop", 7)}
    assert mill.way(7) == [("idea", 0), ("coding", 1)]
    mill.later()
    mill.tell("ready_for_review", 8)
    assert mill.way(7) == [("idea", 0), ("coding", 1), ("review", 2)]
    mill.tell("unlinked", 8, issue=7)
    assert (mill.way(7), mill.way(8)) == ([("idea", 0)], [("coding", 1), ("review", 2)])


def test_a_pull_request_stands_alone_until_its_issue_is_known(mill: Mill) -> None:
    mill.save()
    pull(mill, 8)
    mill.tell("linked", 8, issue=7)
    assert set(mill.journeys()) == {("acme/shop", 8)}
    mill.tell("opened", 7, type="issue")
    assert set(mill.journeys()) == {("acme/shop", 7)}


def test_an_issue_of_another_repository_comes_with_what_closes_it(mill: Mill) -> None:
    mill.tell("opened", 7, repo="acme/plan", type="issue")
    pull(mill, 8)
    mill.tell("linked", 8, issue=7, **{"in": "acme/plan"})
    mill.save()
    assert set(mill.journeys()) == {("acme/plan", 7)}
    mill.later()
    mill.tell("labeled", 7, repo="acme/plan", label="qa")
    assert mill.way(7, "acme/plan") == [("coding", 0), ("QA", 1)]


def test_what_a_stream_does_not_go_through_has_no_journey(mill: Mill) -> None:
    mill.save()
    mill.tell("opened", 1, repo="acme/other", type="pull_request")
    assert mill.journeys() == {}


def test_items_that_are_done_keep_the_times_of_the_map_of_their_day(mill: Mill) -> None:
    mill.save()
    pull(mill, 1)
    pull(mill, 2)
    mill.later()
    mill.tell("labeled", 1, label="qa")
    mill.tell("labeled", 2, label="qa")
    mill.later()
    mill.tell("merged", 1)
    mill.later()
    without = SHOP._replace(stages=tuple(one for one in SHOP.stages if one.name != "QA"))
    done = mill.save(without)
    assert (done.version, done.changes) == (2, ["stage QA removed"])
    assert (mill.way(1), mill.way(2)) == ([("coding", 0), ("QA", 1), ("live", 2)], [("coding", 0)])
    mill.tell("commented", 1)
    assert mill.way(1) == [("coding", 0), ("QA", 1), ("live", 2)]
    assert {one.version for one in mill.measured().values()} == {1, 2}
    assert streams.measure_again(mill.world.ctx(), "U0BOB", "shop", mill.world.now)
    assert mill.way(1) == [("coding", 0), ("live", 2)]


def test_what_is_on_its_way_when_the_finish_moves_is_measured_by_the_new_map(mill: Mill) -> None:
    mill.save(SHOP._replace(stages=(*SHOP.stages, Stage("sold", True, None, (Signal("release"),)))))
    pull(mill)
    mill.later()
    mill.tell("merged")
    mill.later()
    assert mill.journeys()["acme/shop", 1].done_at is None
    mill.save(SHOP)
    assert mill.journeys()["acme/shop", 1].done_at == MONDAY + HOUR


def test_nothing_new_is_no_new_version(mill: Mill) -> None:
    mill.save()
    assert mill.save() == streams.Saved(SHOP, 1, [])


def test_of_two_who_change_one_version_the_second_is_told(mill: Mill) -> None:
    mill.save()
    mill.save(SHOP._replace(outcome="We win"), over=1)
    with pytest.raises(Outdated, match="Somebody saved version 2 of “Shop” meanwhile"):
        mill.save(SHOP._replace(outcome="We lose"), over=1)
    with pytest.raises(Outdated, match="version 2"):
        mill.save(SHOP, over=0)


def test_a_stream_can_be_renamed_but_not_to_a_name_that_is_taken(mill: Mill) -> None:
    mill.save()
    mill.save(SHOP._replace(name="Stall"))
    done = mill.save(SHOP._replace(name="Market"), of="Shop")
    assert done.changes == ["renamed from Shop"]
    with pytest.raises(Outdated, match="There is a stream called “stall” already"):
        mill.save(SHOP._replace(name="stall"), of="Market")


def test_the_repository_goes_by_another_name(mill: Mill) -> None:
    mill.save()
    pull(mill)
    intake.take_delivery(mill.world.ctx(), Delivery("github", renamed=[("acme/shop", "acme/store")]), mill.world.now)
    assert set(mill.journeys()) == {("acme/store", 1)}
    found = streams.stream_named(mill.world.ctx(), "Shop")
    assert found is not None
    assert found[1].repos == ("acme/store",)


def test_segments_go_their_own_ways(mill: Mill) -> None:
    big = Segment("Enterprise", signals=(Signal("label", "enterprise"),))
    mill.save(SHOP._replace(segments=(Segment("Everybody"), big)))
    pull(mill, 1)
    pull(mill, 2)
    mill.tell("labeled", 2, label="enterprise")
    assert [one.segment for one in mill.journeys().values()] == ["Everybody", "Enterprise"]


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("opened", {"type": "pull_request", "draft": True}), ("ready_for_review", {}), ("labeled", {"label": "qa"}),
    ("merged", {}), ("closed", {}), ("linked", {"issue": 1}), ("unlinked", {"issue": 1}),
    ("assigned", {"assignee": "bob"}),
]  # fmt: skip


def history(random: Random, many: int = 60) -> list[FlowEvent]:
    found = [flow_event(repo="acme/shop", item=1, id="issue", at=MONDAY, kind="opened", actor="bob", type="issue")]
    for number in range(many):
        kind, data = random.choice(KINDS)
        at, item = MONDAY + random.randrange(9) * HOUR, random.randrange(2, 7)
        found.append(flow_event(repo="acme/shop", item=item, id=f"e{number}", at=at, kind=kind, actor="bob", **data))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_comes_to_the_same_and_so_does_making_it_again(mill: Mill, seed: int) -> None:
    random = Random(seed)
    told = history(random)
    mill.save()
    shuffled = random.sample(told, len(told))
    for start in range(0, len(shuffled), 7):
        mill.world.tell(*shuffled[start : start + 7], live=bool(start % 2))
    came = mill.measured()
    writes: list[str] = []
    event.listen(mill.world.engine, "before_cursor_execute", lambda *said: writes.append(said[2]))
    intake.rebuild(mill.world.ctx(), mill.world.now)
    assert [one for one in writes if "visits" in one and not one.startswith("SELECT")] == []
    with mill.world.engine.begin() as connection:
        for name in ("visits", "journeys", "flow_links"):
            connection.execute(text(f"DELETE FROM {name}"))
    intake.rebuild(mill.world.ctx(), mill.world.now)
    assert mill.measured() == came
    assert came


def test_a_measuring_that_was_stopped_is_gone_on_with(mill: Mill) -> None:
    for item in range(1, 8):
        pull(mill, item)
    mill.save()
    ctx = mill.world.ctx()
    with writing(ctx.engine) as session:
        held = saved.named(session, ctx.workspace, "Shop")
        assert held is not None
        saved.apply_to_all(session, ctx.workspace, held, "U0BOB", mill.world.now)
        session.execute(text("DELETE FROM visits"))
        session.execute(text("DELETE FROM journeys"))
    assert streams.measure(ctx, 1, portion=2) == 2
    assert len(mill.journeys()) == 2
    pull(mill, 9)
    assert len(mill.journeys()) == 3
    assert streams.measure_standard(ctx) == 8
    assert jobs.streams.run(ctx, mill.world.now) == 6
    assert len(mill.journeys()) == 8
    assert jobs.streams.run(ctx, mill.world.now) == 0


def test_threads_that_take_in_parts_of_the_same_items_come_to_the_same(mill: Mill) -> None:
    mill.save()
    shares = [history(Random(seed), 40) for seed in range(4)]
    told = [[one._replace(id=f"{number}-{one.id}") for one in share] for number, share in enumerate(shares)]
    ctx = mill.world.ctx()

    def take(share: list[FlowEvent]) -> None:
        for one in share:
            intake.take(ctx, [one], mill.world.now, live=True)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(take, told))
    came = mill.measured()
    intake.rebuild(ctx, mill.world.now)
    assert mill.measured() == came
    assert came


def test_what_tells_nothing_without_turns_is_not_read_and_changes_nothing(mill: Mill) -> None:
    mill.save()
    told = history(Random(1))
    data = {"reviewer": "eve", "state": "approved", "assignee": "eve"}
    others = ("review_requested", "review_submitted", "commented", "pushed", "unassigned")
    noise = [one._replace(id=f"{kind}-{one.id}", kind=kind, rank=1, data=data) for one in told for kind in others]
    mill.world.tell(*told, *noise)
    came = mill.measured()
    assert streams.measure_again(mill.world.ctx(), "U0BOB", "Shop", mill.world.now)
    assert mill.measured() == came


def test_turns_are_measured_from_the_log_as_they_were_at_intake(mill: Mill) -> None:
    turns = tuple(one._replace(signals=(Signal("review"), Signal("re_review"))) if one.name == "review" else one
                  for one in SHOP.stages)  # fmt: skip
    mill.save(SHOP._replace(stages=turns))
    pull(mill, draft=False)
    mill.later()
    mill.tell("review_requested", reviewer="alice")
    mill.later()
    mill.tell("merged")
    assert mill.way() == [("idea", 0), ("review", 1), ("live", 2)]
    assert streams.measure_again(mill.world.ctx(), "U0BOB", "Shop", mill.world.now)
    assert mill.way() == [("idea", 0), ("review", 1), ("live", 2)]


def test_every_repository_s_items_go_through_the_standard_stream(mill: Mill) -> None:
    pull(mill)
    mill.later()
    mill.tell("ready_for_review")
    mill.later()
    mill.tell("review_requested", reviewer="alice")
    mill.later()
    mill.tell("merged")
    assert standard(mill) == {1: [("Coding", 0), ("Waiting for a reviewer", 1), ("Review", 2), ("Merged", 3)]}


def test_what_was_there_before_the_standard_stream_is_measured_once(mill: Mill) -> None:
    for item in range(1, 6):
        pull(mill, item)
    came = standard(mill)
    ctx = mill.world.ctx()
    with writing(ctx.engine) as session:
        session.execute(text("DELETE FROM visits"))
        session.execute(text("DELETE FROM journeys"))
    assert streams.measure_standard(ctx, portion=2) == 5
    assert standard(mill) == came
    assert jobs.streams.run(ctx, mill.world.now) == 0


def standard(mill: Mill) -> dict[int, list[tuple[str, int]]]:
    ctx = mill.world.ctx()
    with reading(ctx.engine) as session:
        found = kept.since(session, ctx.workspace, STANDARD_KEY, 0)
    return {
        one.journey.key[2]: [(visit.stage, (visit.since - MONDAY) // HOUR) for visit in one.journey.visits]
        for one in found
    }
