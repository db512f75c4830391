"""What somebody may see: of a private repository nothing, unless they are let in; and then as if it were not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import github_payloads as gh
import pytest
from fake_github import FakeGithub
from fake_slack import FakeSlack, Fault
from sqlalchemy import Engine
from world import POLICY, World, publish

from bot import intake
from bot.context import Context
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.said import current
from bot.store import members
from bot.store.engine import writing
from bot.views.pages import Again
from handlers.commands import answer
from jobs import people

STRANGER, READER = "U0EVE", "U0CAROL"
"""One who is linked to no login, and one whose login the code host may let in."""
EVERY_VERB_ABOUT_AN_ITEM = [
    "why ITEM", "nudge ITEM", "mute ITEM until friday", "unmute ITEM", "trace ITEM Faster", "untrace ITEM",
    "type ITEM", "types ITEM",
]  # fmt: skip
EVERY_VERB_ABOUT_A_REPOSITORY = [
    "waits REPO", "waits NAME", "metrics REPO", "digest REPO", "targets REPO", "mute REPO", "mix REPO", "types REPO",
    "why NAME#1", "digest weekly REPO",
]  # fmt: skip


@dataclass
class Town:
    """A private repository in which bob asked alice for a review, and those who ask about it."""

    world: World
    github: FakeGithub
    ctx: Context

    @property
    def repo(self):
        return self.github.repo("acme/shop")

    def ask(self, words: str, user: str = STRANGER, place: str = "") -> str:
        return answer(self.ctx, user, Again(words, place=place)).text

    def sees(self, user: str, place: str = "") -> bool:
        return "Fix rounding" in self.ask("why acme/shop#1", user, place)

    def asked_github(self) -> int:
        return len(self.github.calls)


@pytest.fixture
def town(engine: Engine) -> Iterator[Town]:
    with FakeSlack() as slack, FakeGithub() as github:
        world = World(engine, slack, private=None)
        world.set_policy(POLICY)
        for user in ("U0ALICE", "U0BOB", READER, STRANGER):
            slack.add_user(user)
        slack.add_channel("C0TEAM", members=["U0ALICE"])
        github.repo("acme/shop").private = True
        github.repo("acme/shop").collaborators = {"alice", "bob"}
        client = Github(github.url, token="t", now=lambda: world.now, sleep=lambda _: None)
        world.ask("alice")
        world.ask("carol", item=2, title="Faster search", author="alice")
        yield Town(world, github, replace(world.ctx(), github=client))
        client.close()


def without_names(said: str) -> str:
    return re.sub("(acme/)?(shop|shed)", "…", said)


@pytest.mark.parametrize("words", [*EVERY_VERB_ABOUT_AN_ITEM, *EVERY_VERB_ABOUT_A_REPOSITORY])
def test_what_is_private_is_refused_in_the_words_for_what_does_not_exist(town: Town, words: str) -> None:
    def told(name: str) -> str:
        item, repo = f"acme/{name}#1", f"acme/{name}"
        return town.ask(words.replace("ITEM", item).replace("REPO", repo).replace("NAME", name))

    assert without_names(told("shop")) == without_names(told("shed"))
    assert "rounding" not in told("shop")


def test_whoever_has_a_part_in_an_item_sees_that_one(town: Town) -> None:
    town.repo.collaborators = set()
    town.world.slack.channels["C0TEAM"]["members"] = ["U0BOSS"]
    assert town.sees("U0BOB"), "its author"
    assert town.sees("U0ALICE"), "who is asked"
    assert "Faster search" in town.ask("why #2", READER), "and without the repository being named"
    assert not town.sees(READER)
    assert town.ask("why acme/shop#1", READER).startswith("I know no repository “acme/shop”.")


def test_whoever_reviewed_unasked_has_a_part_in_it_too(town: Town) -> None:
    town.repo.collaborators = set()
    town.world.review("Carol", "commented")
    assert town.sees(READER)


def test_whom_the_code_host_lets_in_sees_it(town: Town) -> None:
    assert not town.sees(READER)
    town.repo.collaborators = {"alice", "bob", "carol"}
    assert not town.sees(READER), "it is asked once a day"
    town.world.clock.advance(days=1)
    assert town.sees(READER)
    town.repo.collaborators = {"alice", "bob"}
    town.world.clock.advance(days=1)
    assert not town.sees(READER), "and no longer once they are out"


def test_the_code_host_is_asked_once_a_day_about_each(town: Town) -> None:
    town.sees(READER)
    before = town.asked_github()
    for _ in range(3):
        town.sees(READER)
        town.ask("repos", READER)
    assert town.asked_github() == before


def test_members_of_its_channel_see_it_and_whoever_asks_in_it(town: Town) -> None:
    assert not town.sees(STRANGER)
    assert town.sees(STRANGER, "C0TEAM")
    assert not town.sees(STRANGER, "C0OTHER")
    town.world.slack.channels["C0TEAM"]["members"] = ["U0ALICE", STRANGER]
    town.world.clock.advance(days=1)
    assert town.sees(STRANGER)


def test_a_channel_with_many_members_is_read_to_its_end(town: Town) -> None:
    town.world.slack.channels["C0TEAM"]["members"] = [*(f"U0A{n}" for n in range(250)), STRANGER]
    assert town.sees(STRANGER)


def test_what_nobody_answers_is_refused_and_asked_again(town: Town) -> None:
    town.repo.collaborators = None
    town.github.fail(502, times=2)
    assert not town.sees(READER)
    town.github.faults.clear()
    assert town.sees(READER)


def test_a_token_that_may_not_know_is_asked_again_in_ten_minutes(town: Town) -> None:
    town.repo.collaborators = None
    town.github.lacking.add("metadata")
    assert not town.sees(READER)
    town.github.lacking.clear()
    assert not town.sees(READER)
    town.world.clock.advance(minutes=10)
    assert town.sees(READER)


def test_a_slack_that_does_not_tell_of_members_lets_nobody_in(town: Town) -> None:
    town.world.slack.channels["C0TEAM"]["members"] = [STRANGER]
    town.world.slack.fail("conversations.members", Fault("error", error="missing_scope"))
    assert not town.sees(STRANGER)
    town.world.clock.advance(minutes=10)
    assert town.sees(STRANGER)


def test_what_was_taken_in_without_a_host_to_ask_is_shown_until_a_webhook_says_that_it_is_private(town: Town) -> None:
    town.ctx = replace(town.ctx, github=None)
    assert town.sees(READER)
    publish(town.world.engine, "acme/shop", private=True)
    assert not town.sees(READER)
    assert town.sees("U0ALICE")
    assert town.sees(STRANGER, "C0TEAM")


def test_public_repositories_are_for_everybody(town: Town) -> None:
    town.repo.private = False
    assert town.sees(STRANGER)
    assert "acme/shop" in town.ask("repos")


def test_what_was_public_stays_so_while_the_host_is_silent_and_no_longer_than_that(town: Town) -> None:
    town.repo.private = False
    assert town.sees(STRANGER)
    town.world.clock.advance(days=2)
    town.github.fail(502, times=5)
    assert town.sees(STRANGER)
    town.github.faults.clear()
    town.repo.private = True
    assert not town.sees(STRANGER)


def test_a_webhook_tells_at_once_that_a_repository_is_private(town: Town) -> None:
    town.repo.private = False
    assert town.sees(STRANGER)
    payload = {"action": "privatized", "repository": {**gh.repository_object(), "private": True}}
    headers, body = gh.signed("s", "repository", payload)
    intake.take_delivery(town.ctx, parse(headers, body, town.world.now), town.world.now)
    assert not town.sees(STRANGER)


@pytest.mark.parametrize(("event", "payload"), [
    ("pull_request", gh.pull_request("opened")), ("issue_comment", gh.comment()), ("ping", gh.ping()),
    ("installation_repositories", gh.installation_repositories("added", added=["acme/shop"])),
])  # fmt: skip
@pytest.mark.parametrize("private", [True, False])
def test_every_webhook_tells_whether_its_repository_is_private(event: str, payload: gh.Payload, private: bool) -> None:
    told = json.loads(json.dumps(payload).replace('"private": false', f'"private": {json.dumps(private)}'))
    headers, body = gh.signed("s", event, told)
    assert parse(headers, body, gh.NINE).private == (("acme/shop", private),)


def test_of_what_waits_for_somebody_only_what_may_be_seen_is_told(town: Town) -> None:
    told = town.ask("waits @alice", READER)
    assert "Fix rounding" not in told
    assert "Faster search" in told, "carol is asked for it herself"
    assert "Fix rounding" in town.ask("waits @alice", "U0BOB"), "he is its author"
    assert "Faster search" not in town.ask("waits @carol")


def test_a_channels_repositories_are_told_to_those_who_may_see_them(town: Town) -> None:
    nobody = town.ask("waits <#C0NONE>")
    assert town.ask("waits <#C0TEAM>") == nobody
    assert "Fix rounding" in town.ask("waits <#C0TEAM>", place="C0TEAM")


def test_repositories_are_listed_to_those_who_may_see_them_and_to_administrators(town: Town) -> None:
    assert "acme/shop" not in town.ask("repos")
    assert "acme/shop" in town.ask("repos", "U0BOB")
    with writing(town.ctx.engine) as session:
        members.keep(session, "default", STRANGER, admin=True, seen_at=town.world.now)
    assert "acme/shop" in town.ask("repos"), "they look after it"
    assert not town.sees(STRANGER), "which shows them its name, and no item"


def test_an_administrator_whom_nobody_met_yet_is_known_by_the_first_question(town: Town) -> None:
    town.world.slack.users[STRANGER]["is_admin"] = True
    assert "acme/shop" in town.ask("targets shop")


def test_figures_of_all_name_no_item_that_may_not_be_seen(town: Town) -> None:
    town.world.wait(days=2)
    assert "#1" in town.ask("metrics", "U0BOB")
    assert not re.search(r"acme/shop|#1|rounding", town.ask("metrics"))


def test_only_administrators_show_a_channel_what_is_another_ones(town: Town) -> None:
    town.world.slack.add_channel("C0ELSE")
    town.repo.collaborators = None
    refused = "That is for Slack's administrators and owners"
    assert town.ask("digest weekly acme/shop", READER, "C0ELSE").startswith(refused)
    assert town.ask("digest weekly all", READER, "C0ELSE").startswith(refused)
    assert town.ask("digest weekly acme/shop", READER, "C0TEAM").startswith("The digest of acme/shop comes to")
    town.world.slack.users[READER]["is_admin"] = True
    town.world.clock.advance(hours=1)
    assert town.ask("digest weekly acme/shop", READER, "C0ELSE").startswith("The digest of acme/shop comes to")


def test_whoever_looks_is_nobody_s_business_for_jobs(town: Town) -> None:
    assert town.ctx.viewer is None
    town.world.wait(days=2)
    assert any("Fix rounding" in text for text in town.world.texts("U0ALICE"))
    assert any("Fix rounding" in text for text in town.world.channel), "the channel it is mapped to hears of it"


# By a login that nobody but its person speaks for


@pytest.fixture
def claimed(town: Town) -> Town:
    """Eve says that she is dave, whom the code host lets into acme/shop."""
    town.repo.collaborators = {"alice", "bob", "dave"}
    publish(town.world.engine, "acme/shop", private=True)
    answer(town.ctx, STRANGER, Again("link dave", sure=True))
    assert current(town.ctx).policy.logins_of(STRANGER) == ["dave"]
    return town


SENTENCE = "Private repositories are shown to you once an administrator says /flow link @you dave."


def test_a_login_that_somebody_takes_shows_nothing_private(claimed: Town) -> None:
    assert not claimed.sees(STRANGER)
    refused = [claimed.ask(f"why acme/{name}#1") for name in ("shop", "shed")]
    assert without_names(refused[0]) == without_names(refused[1])
    assert refused[0].endswith(SENTENCE)
    assert claimed.ask("link dave").endswith(SENTENCE)
    assert "acme/shop" not in claimed.ask("repos")


def test_what_waits_for_such_a_login_is_shown_as_it_is_nudged(claimed: Town) -> None:
    claimed.world.ask("dave", item=3, title="Sharper edges")
    assert "Sharper edges" in claimed.ask("waits")
    assert "Sharper edges" in claimed.ask("why #3")
    claimed.world.review("dave", item=3)
    assert "Sharper edges" not in claimed.ask("why #3"), "and no longer than that"


def test_once_an_administrator_says_it_they_see_what_the_host_lets_them(claimed: Town) -> None:
    claimed.world.slack.users["U0BOB"]["is_admin"] = True
    assert "already" in claimed.ask(f"link <@{STRANGER}> dave", "U0BOB")
    assert claimed.sees(STRANGER)
    assert SENTENCE not in claimed.ask("link dave"), "which they can't undo by saying it again"
    assert claimed.sees(STRANGER)


def test_an_administrator_links_themself(town: Town) -> None:
    town.repo.collaborators = {"dave"}
    town.world.slack.users[STRANGER]["is_admin"] = True
    answer(town.ctx, STRANGER, Again("link dave", sure=True))
    assert town.sees(STRANGER)


@pytest.mark.parametrize("whose", [STRANGER, READER])
def test_an_address_on_the_host_confirms_a_login_and_another_ones_does_not(claimed: Town, whose: str) -> None:
    claimed.world.ask("dave", item=3)
    claimed.world.slack.users[whose]["profile"]["email"] = "dave@acme.example"
    claimed.github.users["dave"] = {"email": "dave@acme.example"}
    people.run(claimed.ctx, claimed.world.now)
    assert claimed.sees(STRANGER) is (whose == STRANGER)
