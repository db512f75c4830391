"""Somebody who may not see a private repository learns nothing of it, whatever they ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from fake_github import FakeGithub
from fake_slack import FakeSlack
from sqlalchemy import Engine
from test_streams import SHOP, Mill
from world import POLICY, World, publish

from bot.context import Context
from bot.flow.experiments import KIND
from bot.grammar.verbs import ENTRIES
from bot.hosts.github.api import Github
from bot.said import Change, say
from bot.store import experiments, streams
from bot.store.engine import writing
from bot.store.experiments import Experiment
from bot.views.pages import Again
from handlers.commands import answer

HOUR, DAY = 3600, 86_400
STRANGER = "U0EVE"
SECRETS = re.compile("secret|moonshot|zoe|orchid|bloom|pollen|quiet mornings|C0DEEP", re.IGNORECASE)
"""Its name, a title, a login and a channel that are only there, a value stream, what that is for, and what is tried."""
PEOPLE_THERE = '[repos."acme/secret"]\nchannel = "C0DEEP"\ntargets = { review = "4h" }\n'
EXAMPLES = sorted(
    {shown.removeprefix("/flow ") for entry in ENTRIES for shown, _ in entry.examples}
    | {"experiments 1", "experiments 2", "experiments keep 1", "experiments extend 1 by 2026-12-01", "types rules",
       "waits @zoe", "waits <#C0DEEP|x>", "digest <#C0DEEP|x>", "metrics", "metrics 2026-03-02", "digest all",
       "trace #1", "why #1", "map", "people", "link zo"}
)  # fmt: skip


@pytest.fixture
def ctx(sqlite_engine: Engine) -> Iterator[Context]:
    """A public repository, and a private one with all that there can be about one."""
    with FakeSlack() as slack, FakeGithub() as github:
        for user in ("U0ALICE", "U0BOB", STRANGER):
            slack.add_user(user)
        slack.add_channel("C0TEAM", members=["U0ALICE"])
        slack.add_channel("C0DEEP", members=["U0ALICE"])
        world = World(sqlite_engine, slack, private=None)
        world.set_policy(POLICY + PEOPLE_THERE)
        for name, private in (("acme/shop", False), ("acme/secret", True)):
            github.repo(name).private = private
            github.repo(name).collaborators = {"alice", "bob"}
        publish(sqlite_engine, "acme/shop")
        publish(sqlite_engine, "acme/secret", private=True)
        mill = Mill(world)
        stream = SHOP._replace(name="Orchid", repos=("acme/secret",), outcome="We win when it blooms")
        mill.save(stream)
        world.ask("alice", item=9, title="Faster search")
        url = "https://host.test/acme/secret/1"
        opened = world.fact("opened", "zoe", type="pull_request", title="Moonshot", url=url, size=9)
        for one in (opened, world.fact("review_requested", "zoe", reviewer="alice")):
            world.tell(one._replace(repo="acme/secret"))
        mill.later(30)
        client = Github(github.url, token="t", now=lambda: world.now, sleep=lambda _: None)
        ctx = replace(world.ctx(), github=client)
        _agreed(ctx, world.now)
        yield ctx
        client.close()


def _agreed(ctx: Context, now: int) -> None:
    """Experiments, a key result, rules and a digest about it, and changes of its settings on the record."""
    said = [
        Change(("repos", "acme/secret", "targets", "review"), "2h"),
        Change(("streams", "Orchid", "mix"), {"debt": "10-20"}),
        Change(("types",), [{"type": "debt", "repo": ["acme/secret"]}]),
    ]
    say(ctx, said, "U0ALICE", now)
    with writing(ctx.engine) as session:
        held = streams.named(session, ctx.workspace, "Orchid")
        assert held is not None
        tried = Experiment(0, "Quiet mornings", KIND, "review", "", None, ("acme/secret",), -30, now, "U0ALICE", None,
                           date(2026, 12, 1), {"review": [HOUR] * 9})  # fmt: skip
        experiments.add(session, ctx.workspace, tried)
        there = tried._replace(tried="Quiet mornings in Orchid", stream=held.key, version=held.version, repos=None)
        experiments.add(session, ctx.workspace, there)
    for words in ("result Orchid Pollen 21 to 35% by 2027-03-31 <@U0ALICE>", "trace label bloom Orchid",
                  "digest weekly Orchid"):  # fmt: skip
        answer(ctx, "U0ALICE", Again(words, place="C0DEEP", sure=True))


def told(ctx: Context, user: str, words: str) -> str:
    message = answer(ctx, user, Again(words, place="D0EVE"))
    return f"{message.text}\n{json.dumps(message.blocks, default=str)}"


def test_whatever_a_stranger_asks_nothing_private_is_in_the_answer(ctx: Context) -> None:
    found = {words: sorted(set(SECRETS.findall(told(ctx, STRANGER, words)))) for words in EXAMPLES}
    assert {words: secrets for words, secrets in found.items() if set(secrets) - set(SECRETS.findall(words))} == {}


def test_who_may_see_it_is_told_all_of_that(ctx: Context) -> None:
    told_of = ("experiments", "outcomes", "streams", "log", "people", "types rules", "trace", "digest list", "targets",
               "link zo")  # fmt: skip
    assert [words for words in told_of if not SECRETS.search(told(ctx, "U0ALICE", words))] == []
