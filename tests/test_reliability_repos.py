"""Repositories that are hidden, deleted, suspended or renamed while no webhook tells: nobody hears what is not so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from fake_github import FakeGithub
from fake_github_model import FakePull
from github_payloads import Payload, comment, installation, pull_request, repository, signed
from messages_desk import world_of
from sqlalchemy import Engine, select
from world import NO_CHANNEL, World

from bot.context import Context
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.intake import settle, take_delivery
from bot.policy import parse_policy
from bot.said import current
from bot.store import repos, said
from bot.store.engine import reading, writing
from bot.store.readings import renamed_to
from bot.store.repos import GONE_INDEED, SUSPENDED
from bot.store.waits import WAITS
from jobs import reconcile

FORBIDDEN = {"message": "Resource not accessible by integration"}
SUSPENDED_403 = {"message": "This installation has been suspended"}


@dataclass
class Town:
    """A world whose code host is read every five minutes; alice is asked for a review in acme/shop."""

    world: World
    github: FakeGithub
    ctx: Context

    def asked(self, repo: str = "acme/shop", reviewer: str = "alice") -> FakePull:
        pull = self.github.repo(repo).pull(1, self.world.now)
        self.read()
        pull.request(reviewer, self.world.now)
        self.read()
        return pull

    def read(self, times: int = 1) -> None:
        for _ in range(times):
            self.world.clock.advance(minutes=5)
            reconcile.run(self.ctx, self.world.now)

    def deliver(self, event: str, payload: Payload) -> None:
        headers, body = signed("s", event, payload)
        take_delivery(self.ctx, parse(headers, body, self.world.now), self.world.now)
        settle(self.ctx, self.world.now)

    def problems(self) -> dict[str, str | None]:
        with reading(self.ctx.engine) as session:
            return {row.repo: row.problem for row in repos.known(session, self.ctx.workspace)}

    def waits(self) -> list[tuple[int, str]]:
        """Alice's open ones: (id, repository)"""
        hers = (WAITS.c.workspace == "default", WAITS.c.until.is_(None), WAITS.c.holder == "alice")
        with reading(self.ctx.engine) as session:
            return [(id_, repo) for id_, repo in session.execute(select(WAITS.c.id, WAITS.c.repo).where(*hers))]

    def nudged(self, user: str = "U0ALICE", hours: float = 6.5) -> int:
        """How many messages somebody gets by then."""
        before = len(self.world.texts(user))
        self.world.wait(hours=hours)
        return len(self.world.texts(user)) - before


@pytest.fixture
def town(engine: Engine) -> Iterator[Town]:
    with FakeGithub() as github, world_of(engine, NO_CHANNEL) as world:
        client = Github(github.url, token="t", now=lambda: world.now, sleep=lambda _: None)
        yield Town(world, github, replace(world.ctx(), github=client))
        client.close()


def test_one_that_is_hidden_or_deleted_unheard_of_nudges_nobody_until_it_is_shown_again(town: Town) -> None:
    town.asked()
    hidden = town.github.repos.pop("acme/shop")
    town.read()
    assert town.problems() == {"acme/shop": GONE_INDEED}
    assert town.nudged() == 0
    town.github.repos["acme/shop"] = hidden
    town.read()
    assert town.problems() == {"acme/shop": None}
    assert town.nudged(hours=1) == 1


def test_one_that_the_token_was_never_shown_goes_by_its_deliveries(town: Town) -> None:
    town.world.ask("alice")
    town.read(2)
    assert town.problems() == {"acme/shop": "Could not resolve to a Repository"}
    assert town.nudged() == 1


def test_a_suspension_that_was_not_heard_of_nudges_nobody_until_a_reading_succeeds(town: Town) -> None:
    town.asked()
    town.github.fail(403, times=2, body=SUSPENDED_403)
    town.read()
    town.github.faults[:] = []
    town.github.fail(403, body=FORBIDDEN)  # some other refusal doesn't say that it is over
    town.read()
    assert town.problems() == {"acme/shop": SUSPENDED}
    assert town.nudged() == 0
    town.read()
    assert town.problems() == {"acme/shop": None}
    assert town.nudged(hours=1) == 1


def test_refusals_of_another_kind_silence_nobody(town: Town) -> None:
    town.asked()
    for refusal in ({"message": "You have exceeded a secondary rate limit"}, FORBIDDEN):
        town.github.fail(403, times=9, body=refusal)
        town.read()
        town.github.faults[:] = []
    assert town.problems()["acme/shop"] == f"GitHub refused a query (403): {FORBIDDEN['message']}"
    assert town.nudged() == 1


def test_a_suspension_that_is_told_is_of_that_owner_alone_until_the_host_was_asked(town: Town) -> None:
    town.asked()
    town.deliver("installation", installation("suspend"))
    town.github.repo("acme-labs/shop")
    named = parse_policy(NO_CHANNEL + '[repos."acme-labs/shop"]\n', "test")
    town.ctx = replace(town.ctx, policy=named)
    town.github.fail(403, times=9, body=SUSPENDED_403, only=lambda call: call.variables.get("owner") == "acme")
    town.read()
    town.asked("acme-labs/shop", "carol")
    town.deliver("installation", installation("unsuspend", "acme/shop"))  # the host is asked before that is believed
    assert town.problems() == {"acme/shop": SUSPENDED, "acme-labs/shop": None}
    assert (town.nudged(), len(town.world.texts("U0CAROL"))) == (0, 1)
    town.github.faults[:] = []
    town.read()
    assert town.problems() == {"acme/shop": None, "acme-labs/shop": None}
    assert town.nudged(hours=1) == 1


def test_where_no_host_can_be_asked_what_is_told_of_a_suspension_holds(town: Town) -> None:
    town.ctx = town.world.ctx()
    town.world.ask("alice")
    town.deliver("installation", installation("created", "acme/shop"))
    town.deliver("installation", installation("suspend"))
    assert town.nudged() == 0
    town.deliver("installation", installation("unsuspend"))
    assert town.nudged(hours=1) == 1


STALE = renamed_to("acme/store")


def heard_by_its_new_name(town: Town, pull: FakePull) -> None:
    """The repository is renamed; of that no webhook came, but others of what happens there since then."""
    town.github.rename("acme/shop", "acme/store")
    said = pull.comment("carol", town.world.now)
    told = {"comment_id": int(said["fullDatabaseId"]), "at": town.world.now}
    town.deliver("issue_comment", comment("created", 1, "acme/store", "carol", **told))


def test_one_that_is_renamed_unheard_of_is_followed_once_by_its_new_name(town: Town) -> None:
    pull = town.asked()
    assert town.nudged() == 1
    (before,) = town.waits()
    heard_by_its_new_name(town, pull)
    town.read(2)
    assert town.waits() == [(before[0], "acme/store")]
    assert town.problems() == {"acme/shop": STALE, "acme/store": None}, "the policy file names the old one still"
    assert town.nudged(hours=20) == 1
    assert town.world.texts("U0ALICE")[-1].count("Fix rounding") == 1
    pull.review("alice", "APPROVED", town.world.now)
    town.read()
    town.world.tick(town.ctx)
    assert town.waits() == []
    assert not any("waited" in text for text in town.world.texts("U0ALICE"))


def test_what_was_told_by_both_names_is_told_by_one_from_then_on(town: Town) -> None:
    town.asked()
    town.github.rename("acme/shop", "acme/store")
    asked_at = town.world.now - 300
    for action, more in (("opened", {}), ("review_requested", {"reviewer": "alice"})):
        payload = pull_request(action, 1, "acme/store", actor="bob", opened_at=asked_at - 300, at=asked_at, **more)
        town.deliver("pull_request", payload)
    assert (len(town.waits()), town.nudged()) == (2, 1)
    town.read(2)
    town.world.tick(town.ctx)
    (text,) = town.world.texts("U0ALICE")
    assert (len(town.waits()), text.count("acme/shop"), text.count("acme/store")) == (1, 0, 1)


def test_what_was_said_of_it_holds_by_the_new_name_and_the_old_one_is_known_while_the_policy_file_has_it(
    town: Town,
) -> None:
    town.github.repo("acme/shop")
    town.read()
    with writing(town.ctx.engine) as session:
        said.put(session, town.ctx.workspace, ("repos", "acme/shop", "silent"), True)
        said.revise(session, town.ctx.workspace)
    town.github.rename("acme/shop", "acme/store")
    town.read()
    assert current(town.ctx).policy.is_silent("acme/store")
    town.github.calls.clear()
    town.read(2)
    assert (len(town.github.calls), town.problems()) == (4, {"acme/shop": STALE, "acme/store": None})
    town.ctx = replace(town.ctx, policy=parse_policy(NO_CHANNEL.replace("acme/shop", "acme/store"), "test"))
    town.read()
    assert town.problems() == {"acme/store": None}


@pytest.mark.parametrize("name", ["acme/store", "Acme/Shop"])
def test_a_name_that_the_policy_file_alone_still_has_is_read_as_no_repository_of_its_own(town: Town, name: str) -> None:
    pull = town.asked()
    town.github.rename("acme/shop", name)
    town.deliver("repository", repository("renamed", name, was="acme/shop"))
    pull.comment("carol", town.world.now)
    town.read(2)
    assert [repo for _, repo in town.waits()] == [name]
    assert town.problems() == {"acme/shop": renamed_to(name), name: None}


def test_one_that_went_to_an_owner_who_is_not_followed_is_lost(town: Town) -> None:
    town.asked()
    town.ctx = replace(town.ctx, policy=replace(town.ctx.policy, owners=frozenset({"acme"})))
    town.github.rename("acme/shop", "globex/shop")
    town.read(2)
    assert town.problems() == {"acme/shop": GONE_INDEED}
    assert town.nudged() == 0
