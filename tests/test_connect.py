"""Repositories connected, switched on and let go from Slack: through signed HTTP, every message whole."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from doors import asked
from fake_github import FakeGithub
from fake_github_model import FakeRepo
from fake_slack import FakeSlack, Fault, content_error
from fake_socket import FakeSocket
from github_payloads import pull_request, signed
from program import Program, wait_until
from site_on_loopback import Site, serve, settings, web
from sqlalchemy import Engine
from world import MONDAY, World

from bot import intake
from bot.clock import SystemClock
from bot.context import Context
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.said import Change, current, say
from bot.store import addresses, connections, past, said
from bot.store.engine import reading, writing
from jobs import connect, deliver, reconcile

HOUR, DAY = 3600, 86_400
POLICY = """
[calendar]
timezone = "Europe/Berlin"
[people.alice]
slack = "U0ALICE"
[people.bob]
slack = "U0BOB"
"""
ADDRESS = "https://weir.example/webhooks/github"
MADE = "I set up a webhook, so I hear at once of what happens."
QUIET = "Nobody is nudged about it until its targets are switched on."
BEGUN = (
    "I can read acme/shop, and read its history now: every open pull request and issue, and what was closed in the "
    "last 90 days. "
    f"I write to you how far I am.\n{QUIET}"
)
NOT_ADMIN = "That is for Slack's administrators and owners, and those they name. /flow admins lists who they named."


@dataclass
class Desk:
    """A world whose program reads a GitHub; alice administers its Slack."""

    world: World
    site: Site
    github: FakeGithub
    ctx: Context

    @property
    def slack(self) -> FakeSlack:
        return self.world.slack

    def flow(self, words: str, user: str = "U0ALICE") -> dict[str, Any]:
        """What is answered to a command."""
        reply = asked(self.site, self.slack, words, user)
        assert content_error(reply) is None
        return reply

    def press(self, shown: dict[str, Any], label: str, user: str = "U0ALICE") -> str:
        """Press a button of a message; what is answered beside it, or in its place where it was private."""
        answers = self.slack.whispers if "ts" in shown else self.slack.replaced
        before = len(answers)
        assert self.site.press_in(shown, label, user).status == 200
        wait_until(lambda: len(answers) > before)
        return str(answers[-1]["text"])

    def read(self, ctx: Context | None = None) -> None:
        """A run of the job that reads, and of the one that sends."""
        connect.run(ctx or self.ctx, self.world.now)
        self.deliver()

    def deliver(self) -> None:
        self.slack.now = self.world.now
        deliver.run(self.ctx, self.world.now)

    @property
    def message(self) -> dict[str, Any]:
        """The latest message that shows how far it is."""
        return self.slack.dms("U0ALICE")[-1]

    def setting(self, *path: str) -> Any:
        with reading(self.ctx.engine) as session:
            return said.everything(session, self.ctx.workspace).get(path)

    def open_waits(self) -> list[str]:
        with reading(self.ctx.engine) as session:
            rows = past.waits_since(session, self.ctx.workspace, self.world.now)
        return [f"{row.kind} {row.holder}" for row in rows if row.until is None]


def shop(github: FakeGithub, reviewed: int = 12, waiting: int = 2) -> FakeRepo:
    """A history: reviews that took 1 to 12 hours by alice, merged an hour later; and some that nobody answered yet."""
    repo = github.repo("acme/shop")
    for n in range(1, reviewed + 1):
        at = MONDAY - 14 * DAY + (n % 3) * DAY
        pull = repo.pull(n, at=at)
        pull.request("alice", at=at)
        done = at + n * HOUR if n <= 8 else at + 16 * HOUR + n * HOUR
        pull.review("alice", "APPROVED", at=done)
        pull.merge(at=done + 60)
    for n in range(101, 101 + waiting):
        repo.pull(n, at=MONDAY - 3 * DAY).request("carol", at=MONDAY - 3 * DAY)
    return repo


def desk_of(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    with FakeSlack() as slack, FakeGithub() as github, httpx.Client(timeout=30) as http:
        slack.add_user("U0ALICE", is_admin=True)
        slack.add_user("U0BOB")
        slack.add_user("U0CAROL", is_admin=True)
        slack.add_channel("C0TEAM")
        slack.add_channel("C0AWAY", is_member=False)
        world = World(engine, slack)
        world.set_policy(POLICY)
        client = Github(github.url, token="token", now=world.clock.now, sleep=lambda seconds: None, http=http)
        known = settings(tmp_path, weir_public_url="https://weir.example")
        ctx = replace(world.ctx(), settings=known, github=client)
        server = web(ctx)
        for port in serve(server):
            yield Desk(world, Site(ctx, port, slack.response_url), github, ctx)


@pytest.fixture
def desk(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of(sqlite_engine, tmp_path)


@pytest.fixture
def both(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    """The same, on SQLite and on PostgreSQL."""
    yield from desk_of(engine, tmp_path)


def shown(message: dict[str, Any]) -> list[str]:
    """The paragraphs, and the buttons in brackets."""
    assert content_error(message) is None
    return [
        block["text"]["text"] if "text" in block else " ".join(f"[{one['text']['text']}]" for one in block["elements"])
        for block in message["blocks"]
    ]


LENGTHS = (
    "How long things waited in the last 90 days, in working time:\n"
    "*review*: half took up to 6h, 85% up to 11h (n = 12). Suggested: *8h*.\n"
    "*merge*: half took up to 1m, 85% up to 1m (n = 12). Mostly over within half an hour, so I suggest none. No "
    "target.\n"
    "Not seen in that time: re_review, rework, respond, assign, fix."
)
MEANT = (
    "With these targets, in the last 30 days: 8 nudges to 2 people, 6 breaches.\n"
    "1 of them is not linked to Slack yet, and would hear nothing. I look for them by their e-mail now and then; "
    "`/flow people` shows who is missing."
)
LEARNT = ["*acme/shop: its history is read* (14 pull requests and issues)", LENGTHS, MEANT, f"{MADE}\n{QUIET}",
          "[Switch on] [Show the targets]"]  # fmt: skip


def test_from_the_command_to_the_switching_on(both: Desk) -> None:
    shop(both.github)
    assert both.flow("connect acme/shop")["text"] == BEGUN
    assert (both.setting("repos", "acme/shop", "silent"), both.open_waits()) == (True, [])
    both.deliver()
    assert shown(both.message) == [
        "*Connecting acme/shop*\n"
        "Reading its history: every open pull request and issue, and what was closed in the last 90 days …",
        QUIET,
    ]
    both.read()
    assert shown(both.message) == LEARNT
    assert both.message["text"] == "\n".join(LEARNT[:-1]).replace("*", "").replace("`", "")
    assert both.press(both.message, "Switch on") == "acme/shop is on. Agreed, in working time: review 8h."
    both.deliver()
    assert shown(both.message) == [
        "*acme/shop is on*, switched on by <@U0ALICE> on Monday 09:00.\nAgreed, in working time: review 8h.",
        "[Show the targets]",
    ]
    policy = current(both.ctx).policy
    assert (policy.target("acme/shop", "review"), policy.target("acme/shop", "merge")) == (8 * HOUR, None)
    assert both.open_waits() == ["review carol", "review carol"]


def test_whoever_is_linked_meanwhile_is_no_longer_missed_in_the_message(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    desk.read()
    assert "1 of them is not linked to Slack yet" in desk.message["text"]
    say(desk.ctx, [Change(("people", "carol", "slack"), "U0CAROL")], "", desk.world.now, "e-mail")
    desk.deliver()
    assert "not linked" not in desk.message["text"]


def test_until_it_is_switched_on_nobody_is_nudged_and_after_that_they_are(desk: Desk) -> None:
    shop(desk.github)
    pull = desk.github.repos["acme/shop"].pull(200, at=MONDAY, author="dave")
    pull.request("bob", at=MONDAY)
    desk.flow("connect acme/shop")
    desk.read()
    desk.world.wait(days=1)
    assert desk.world.texts("U0BOB") == []
    desk.press(desk.message, "Switch on")
    desk.world.wait(hours=4)
    (told,) = desk.world.texts("U0BOB")
    assert told.startswith("Fix rounding (acme/shop#200) has waited 8h for your review")


def test_what_is_late_when_it_is_switched_on_is_listed_and_not_nudged_about(desk: Desk) -> None:
    repo = shop(desk.github, waiting=0)
    repo.pull(200, at=MONDAY - 20 * DAY, author="dave").request("bob", at=MONDAY - 20 * DAY)
    desk.flow("connect acme/shop")
    desk.read()
    assert desk.press(desk.message, "Switch on") == (
        "acme/shop is on. Agreed, in working time: review 8h.\n"
        "1 open wait is past that already: it is listed once, in the next message that people get, and not "
        "nudged about."
    )
    desk.world.wait(days=3)
    assert desk.world.texts("U0BOB") == []


def test_how_far_it_is_is_shown_while_it_is_read(desk: Desk) -> None:
    shop(desk.github, reviewed=0, waiting=60)
    desk.github.fail(502, times=8, only=lambda call: bool(call.variables.get("openAfter")))
    desk.flow("connect acme/shop")
    desk.read()
    assert shown(desk.message) == [
        "*Connecting acme/shop*\n"
        "GitHub gave up on a query (502); I go on by myself on Monday 09:01 (25 pull requests and issues read so far).",
        MADE,
        QUIET,
    ]
    desk.github.faults.clear()
    desk.world.clock.advance(seconds=30)
    desk.read()
    assert "25 pull requests and issues read so far" in desk.message["text"]
    desk.world.clock.advance(seconds=30)
    desk.read()
    assert shown(desk.message)[0] == "*acme/shop: its history is read* (60 pull requests and issues)"


def test_while_its_history_is_read_nothing_is_wrong_with_it(desk: Desk) -> None:
    desk.github.repo("acme/shop")
    desk.flow("connect acme/shop")
    assert desk.flow("repos")["text"] == (
        "1 repository; all is well.\nacme/shop: never heard of. Its history is being read."
    )


def test_one_whose_history_could_not_be_read_says_what_helps(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    del desk.github.repos["acme/shop"]
    desk.read()
    assert desk.flow("repos")["text"].endswith(
        "Wrong: its history could not be read; /flow connect acme/shop tries again."
    )


def test_a_program_that_ends_in_the_middle_leaves_it_to_the_next_one(both: Desk) -> None:
    shop(both.github, reviewed=0, waiting=60)
    both.flow("connect acme/shop")
    stopping = replace(both.ctx, stopping=_AfterAPage(both))
    both.read(stopping)
    assert shown(both.message)[0] == "*Connecting acme/shop*\nRead 25 of about 60 pull requests and issues …"
    assert len(both.slack.dms("U0ALICE")) == 1
    both.github.calls.clear()
    both.read()
    assert shown(both.message)[0] == "*acme/shop: its history is read* (60 pull requests and issues)"
    assert all(call.variables.get("openAfter") for call in both.github.queries)
    assert both.slack.called("chat.postMessage") == 1


class _AfterAPage:
    """Set once a page was read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def is_set(self) -> bool:
        with reading(self._desk.ctx.engine) as session:
            found = connections.of_repo(session, "default", "github", "acme/shop")
        return found is not None and found.items_read > 0


class _Killed(BaseException):
    pass


class _DeathAfterAPage(_AfterAPage):
    """Ends the program, which does nothing more, once a page was read."""

    def is_set(self) -> bool:
        if super().is_set():
            raise _Killed
        return False


def test_one_that_was_killed_is_gone_on_with_once_its_lease_is_over(both: Desk) -> None:
    shop(both.github, reviewed=0, waiting=60)
    both.flow("connect acme/shop")
    with pytest.raises(_Killed):
        both.read(replace(both.ctx, stopping=_DeathAfterAPage(both)))
    assert both.github.queries
    both.github.calls.clear()
    both.read()
    assert both.github.queries == [], "the lease of the one that was killed holds still"
    both.world.clock.advance(seconds=connections.LEASE)
    both.read()
    assert shown(both.message)[0] == "*acme/shop: its history is read* (60 pull requests and issues)"
    assert all(call.variables.get("openAfter") for call in both.github.queries), "what was read is not read again"
    assert both.slack.called("chat.postMessage") == 1


def test_two_workers_read_it_once(both: Desk) -> None:
    shop(both.github, reviewed=0, waiting=60)
    both.flow("connect acme/shop")
    with ThreadPoolExecutor(2) as pool:
        done = [one.repos for one in pool.map(lambda _: connect.run(both.ctx, both.world.now), range(2))]
    both.deliver()
    assert sorted(done) == [0, 1]
    assert len(both.github.queries) == 3
    assert shown(both.message)[0] == "*acme/shop: its history is read* (60 pull requests and issues)"


def test_the_regular_reading_leaves_it_alone_until_it_is_read(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    assert reconcile.run(desk.ctx, desk.world.now).repos == 0
    desk.read()
    assert reconcile.run(desk.ctx, desk.world.now).repos == 1


def test_where_the_host_does_not_count_only_what_was_read_is_shown(desk: Desk) -> None:
    shop(desk.github, reviewed=0, waiting=60)
    desk.github.fail(403, only=lambda call: call.path.startswith("/search"))
    desk.flow("connect acme/shop")
    desk.read(replace(desk.ctx, stopping=_AfterAPage(desk)))
    assert shown(desk.message)[0] == "*Connecting acme/shop*\nRead 25 pull requests and issues so far …"


def test_a_rate_limit_is_waited_out_and_said(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    desk.github.fail(403, times=9, headers={"Retry-After": "1800"})
    desk.read()
    assert shown(desk.message)[0] == (
        "*Connecting acme/shop*\nGitHub's rate limit is reached; I go on by myself on Monday 09:30."
    )
    desk.github.faults.clear()
    desk.world.clock.advance(minutes=30)
    desk.read()
    assert shown(desk.message) == LEARNT


def test_a_suspended_app_is_said_to_wait_for_its_owner(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    suspended = {"message": "This installation has been suspended"}
    desk.github.fail(403, body=suspended, only=lambda call: bool(call.query))
    desk.read()
    assert shown(desk.message)[0].endswith("suspended. Once its owner lets the App go on, try again.")


def test_a_token_that_may_not_read_is_said_and_tried_again_by_a_press(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    refusal = {"message": "Resource not accessible by personal access token"}
    desk.github.fail(403, body=refusal, only=lambda call: bool(call.query))
    desk.read()
    assert shown(desk.message) == [
        "*acme/shop could not be read*\n"
        'GitHub refused a query (403): Resource not accessible by personal access token. The token may lack "Pull '
        'requests" (read) or "Metadata" (read) for it. Once it has them, try again.',
        "Nobody is nudged about it.",
        "[Try again]",
    ]
    assert reconcile.run(desk.ctx, desk.world.now).repos == 0
    assert desk.press(desk.message, "Try again") == BEGUN
    desk.read()
    assert shown(desk.message)[:-2] + shown(desk.message)[-1:] == LEARNT[:-2] + LEARNT[-1:]


def test_a_second_try_whose_first_message_never_came_gets_one_of_its_own(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    refusal = {"message": "Resource not accessible by personal access token"}
    desk.github.fail(403, body=refusal, only=lambda call: bool(call.query))
    desk.slack.fail("conversations.open", Fault("error", error="user_not_found"))
    desk.read()
    assert (desk.world.outbox(), desk.slack.dms("U0ALICE")) == (["failed"], [])
    with writing(desk.ctx.engine) as session:
        addresses.all_is_well(session, "default", ["U0ALICE"])
    desk.github.faults.clear()
    desk.flow("connect acme/shop")
    desk.read()
    assert shown(desk.message)[:3] == LEARNT[:3]


def test_one_renamed_while_it_is_read_goes_on_under_its_new_name(desk: Desk) -> None:
    shop(desk.github, reviewed=0, waiting=60)
    desk.flow("connect acme/shop")
    desk.read(replace(desk.ctx, stopping=_AfterAPage(desk)))
    desk.github.rename("acme/shop", "acme/store")
    payload = {
        "action": "renamed", "repository": {"full_name": "acme/store", "name": "store"},
        "changes": {"repository": {"name": {"from": "shop"}}},
    }  # fmt: skip
    headers, body = signed("s", "repository", payload)
    intake.take_delivery(desk.ctx, parse(headers, body, desk.world.now), desk.world.now)
    desk.read()
    assert shown(desk.message)[0] == "*acme/store: its history is read* (60 pull requests and issues)"
    assert desk.press(desk.message, "Switch on").startswith("acme/store is on.")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("connect acme/absent", "GitHub has no acme/absent, or does not show it to me. Is it spelt as there, and was "
         "Weir's token (or App) given that repository?"),
        ("connect acme/shop <#C0AWAY|away>", "I am not in that channel. Type /invite @Weir there, and then the same "
         "here again; nothing is changed so far."),
        ("connect acme/old", "acme/old is archived on GitHub: nothing moves there, so there is nothing to follow."),
        ("connect https://gitlab.com/acme/shop", "GitHub has no gitlab.com/acme/shop, or does not show it to me. Is it "
         "spelt as there, and was Weir's token (or App) given that repository?"),
        ("disconnect acme/absent", "I know no repository “acme/absent”. /flow repos lists them, and /flow connect "
         "follows another one."),
    ],
)  # fmt: skip
def test_what_can_not_be_is_said_and_changes_nothing(desk: Desk, words: str, says: str) -> None:
    shop(desk.github)
    desk.github.repo("acme/old").archived = True
    assert desk.flow(words)["text"] == says
    assert (desk.setting("repos", "acme/shop", "silent"), desk.slack.dms("U0ALICE")) == (None, [])


def test_without_a_token_it_is_said_how_to_set_one(desk: Desk, tmp_path: Path) -> None:
    ctx = replace(desk.ctx, github=None)
    server = web(ctx)
    for port in serve(server):
        assert json.loads(Site(ctx, port).command("connect acme/shop").text)["text"] == (
            "I have no token to read it with. Whoever runs Weir sets GITHUB_TOKEN (or GITHUB_APP_ID and "
            "GITHUB_APP_PRIVATE_KEY) where it runs, and starts it again."
        )


def test_a_token_that_is_no_longer_good_is_said(desk: Desk) -> None:
    desk.github.tokens = set()
    assert desk.flow("connect acme/shop")["text"] == (
        "GitHub does not accept the token (401); it has ended or was revoked. Whoever runs Weir can look after "
        "its token "
        "with 'weir doctor'."
    )


@pytest.mark.parametrize("words", ["connect acme/shop", "disconnect acme/shop"])
def test_only_administrators_may(desk: Desk, words: str) -> None:
    shop(desk.github)
    assert desk.flow(words, "U0BOB")["text"] == NOT_ADMIN


def test_a_press_by_somebody_else_or_a_second_one_is_told_so(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    desk.read()
    learnt = desk.message
    assert desk.press(learnt, "Switch on", "U0BOB") == NOT_ADMIN
    assert desk.press(learnt, "Switch on", "U0CAROL") == "acme/shop is on. Agreed, in working time: review 8h."
    assert desk.press(learnt, "Switch on") == "acme/shop is on already. /flow targets acme/shop shows what is agreed."


def test_two_who_press_at_once_switch_it_on_once(both: Desk) -> None:
    shop(both.github)
    both.flow("connect acme/shop")
    both.read()
    learnt = both.message
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda user: both.site.press_in(learnt, "Switch on", user), ["U0ALICE", "U0CAROL"]))
    wait_until(lambda: len(both.slack.whispers) == 2)
    assert sorted(one["text"] for one in both.slack.whispers) == [
        "acme/shop is on already. /flow targets acme/shop shows what is agreed.",
        "acme/shop is on. Agreed, in working time: review 8h.",
    ]


def test_the_name_is_spelt_as_the_host_spells_it(desk: Desk) -> None:
    shop(desk.github)
    desk.github.repos["ACME/Shop"] = desk.github.repos["acme/shop"]
    assert desk.flow("connect ACME/Shop")["text"] == BEGUN
    assert desk.flow("connect acme/SHOP")["text"].startswith("Connecting acme/shop\n")


def test_connecting_what_is_connected_tells_how_it_stands(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop <#C0TEAM|shop>")
    assert desk.flow("connect acme/shop", "U0CAROL")["text"].startswith(
        "<@U0ALICE> is connecting acme/shop:\nConnecting acme/shop\nReading its history"
    )
    desk.read()
    assert shown(desk.flow("connect acme/shop"))[-1] == "[Switch on] [Show the targets]"
    desk.press(desk.message, "Switch on")
    assert shown(desk.flow("connect acme/shop")) == [
        "*acme/shop is connected already*: it was connected from Slack.",
        "Last read Monday 09:00 (0m ago).\nAgreed, in working time: review 8h.\nIts channel is <#C0TEAM>.",
        "[Show the targets] [Let it go]",
    ]
    desk.slack.add_channel("C0NEW")
    assert desk.flow("connect acme/shop <#C0NEW|new>")["text"] == (
        "From now on <#C0NEW> hears what waits on a team in acme/shop, and what is long past its target."
    )
    assert desk.setting("repos", "acme/shop", "channel") == "C0NEW"


def test_one_of_the_policy_file_is_connected_and_not_silent(desk: Desk) -> None:
    desk.world.set_policy(POLICY + '[targets]\nreview = "8h"\n[repos."acme/shop"]\nchannel = "C0TEAM"\n')
    ctx = replace(desk.ctx, policy=desk.world.policy)
    server = web(ctx)
    for port in serve(server):
        assert shown(json.loads(Site(ctx, port).command("connect ACME/shop").text)) == [
            "*acme/shop is connected already*: the policy file names it.",
            "Never heard of.\nAgreed, in working time: review 8h.\nIts channel is <#C0TEAM>.",
            "[Show the targets] [Let it go]",
        ]
        told = shown(json.loads(Site(ctx, port).command("disconnect shop").text))
    assert told == [
        "*Let acme/shop go?* I would no longer read it, and nobody would be nudged about it. Its history is "
        "kept for 30 days, and it "
        "can be connected again.",
        "The policy file names it. What is said here wins over the file; take it out there too, so that both say the "
        "same.",
        "[Let it go] [Keep it]",
    ]


EVENTS = "check_run, check_suite, deployment_status, issue_comment, issues, pull_request, pull_request_review, " \
    "pull_request_review_comment, release, repository, status, sub_issues"  # fmt: skip


def hook(desk: Desk) -> str:
    """What is said of the webhook once the history is read."""
    desk.flow("connect acme/shop")
    desk.read()
    return shown(desk.message)[-2].split("\n")[0]


def test_a_webhook_is_set_up_where_the_token_may(desk: Desk) -> None:
    repo = shop(desk.github)
    assert hook(desk) == MADE
    (made,) = repo.hooks
    assert (made["config"]["url"], made["config"]["content_type"], made["active"]) == (ADDRESS, "json", True)
    assert ", ".join(sorted(made["events"])) == EVENTS


def test_where_the_token_may_not_it_is_said_how_to_set_one_up_by_hand(desk: Desk) -> None:
    shop(desk.github)
    desk.github.lacking = {"webhooks"}
    assert hook(desk) == (
        "GitHub would not set up a webhook for acme/shop: Resource not accessible by personal access token; the "
        "token may "
        'lack "Webhooks" (write) for the repository. I read it every few minutes instead. To have me hear at once, '
        f"somebody who administers it can add a webhook in its settings: payload URL {ADDRESS}, content type "
        f"application/json, the secret that GITHUB_WEBHOOK_SECRET holds, and these events: {EVENTS}."
    )


def test_a_webhook_that_is_there_is_left_as_it_is(desk: Desk) -> None:
    repo = shop(desk.github)
    repo.hooks.append({"id": 7, "active": True, "events": ["*"], "config": {"url": ADDRESS, "content_type": "json"}})
    assert hook(desk) == "Its webhook tells me at once of what happens."
    repo.hooks[0]["events"] = sorted(set(EVENTS.split(", ")) - {"status"})
    desk.press(desk.flow("disconnect acme/shop"), "Let it go")
    assert len(repo.hooks) == 1
    desk.world.clock.advance(seconds=2)  # Slack takes a message a second
    assert hook(desk) == (
        "Its webhook tells me at once of what happens, but for: status. Those I read every few minutes; they can "
        "be added "
        "in the repository's settings, under Webhooks."
    )


def test_without_a_public_address_none_can_reach_it(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    desk.read(replace(desk.ctx, settings=desk.ctx.settings.model_copy(update={"weir_public_url": None})))
    assert shown(desk.message)[-2].startswith(
        "WEIR_PUBLIC_URL is not set, so no webhook can reach me. I read it every few minutes instead.\n"
    )


def test_a_repository_that_is_let_go_is_read_no_more_and_its_waits_end(both: Desk) -> None:
    repo = shop(both.github)
    both.flow("connect acme/shop")
    both.read()
    both.press(both.message, "Switch on")
    asked = both.flow("disconnect shop")
    assert shown(asked) == [
        "*Let acme/shop go?* I would no longer read it, and nobody would be nudged about it. 2 open waits end "
        "with that. "
        "Its history is kept for 30 days, and it can be connected again.",
        "I would remove the webhook that I set up.",
        "[Let it go] [Keep it]",
    ]
    assert both.press(asked, "Let it go", "U0BOB") == NOT_ADMIN
    assert both.press(asked, "Let it go") == (
        "acme/shop is let go: it is not read, and nobody is nudged about it. 2 open waits ended with that. Its "
        "history is "
        "kept for 30 days; webhooks that still come are only written to it.\nI removed the webhook that I had set up."
    )
    both.deliver()
    assert shown(both.message) == ["*acme/shop was let go.* `/flow connect acme/shop` follows it again."]
    assert (repo.hooks, both.open_waits(), reconcile.run(both.ctx, both.world.now).repos) == ([], [], 0)
    assert both.flow("repos")["text"] == (
        "1 repository; all is well.\nacme/shop: last read Monday 09:00 (0m ago). It was let go."
    )
    assert both.press(asked, "Let it go") == ("acme/shop was let go already. /flow connect acme/shop follows it again.")


def test_webhooks_of_one_that_was_let_go_open_no_waits(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    desk.read()
    desk.press(desk.flow("disconnect acme/shop"), "Let it go")
    payload = pull_request("opened", 300, actor="bob", opened_at=desk.world.now, at=desk.world.now)
    headers, body = signed("s", "pull_request", payload)
    intake.take_delivery(desk.ctx, parse(headers, body, desk.world.now), desk.world.now)
    intake.settle(desk.ctx, desk.world.now)
    assert (desk.open_waits(), reconcile.run(desk.ctx, desk.world.now).repos) == ([], 0)


def test_a_sent_nudge_of_one_that_was_let_go_changes_by_itself(desk: Desk) -> None:
    repo = shop(desk.github)
    repo.pull(200, at=MONDAY, author="dave").request("bob", at=MONDAY)
    desk.flow("connect acme/shop")
    desk.read()
    desk.press(desk.message, "Switch on")
    desk.world.wait(hours=7)
    (nudge,) = desk.slack.dms("U0BOB")
    desk.press(desk.flow("disconnect acme/shop"), "Let it go")
    desk.deliver()
    (edited,) = desk.slack.dms("U0BOB")
    assert (nudge["ts"], edited["text"]) == (edited["ts"], "This no longer waits for you.")


def test_connecting_again_after_letting_go_begins_anew_and_keeps_what_was_agreed(desk: Desk) -> None:
    repo = shop(desk.github)
    desk.flow("connect acme/shop")
    desk.read()
    desk.press(desk.message, "Switch on")
    desk.press(desk.flow("disconnect acme/shop"), "Let it go")
    desk.deliver()
    desk.world.clock.advance(days=1)
    repo.pull(300, at=desk.world.now - HOUR, author="dave").request("bob", at=desk.world.now - HOUR)
    assert desk.flow("connect acme/shop")["text"] == BEGUN
    desk.read()
    first, second = desk.slack.dms("U0ALICE")
    assert shown(first) == ["*acme/shop* was connected anew; a later message tells how far it is."]
    assert "Agreed already: 8h." in second["text"]
    assert desk.open_waits() == ["review carol", "review carol", "review bob"]
    assert desk.press(second, "Switch on").startswith("acme/shop is on. Agreed, in working time: review 8h.")


def test_who_set_what_is_on_the_record(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop <#C0TEAM|shop>")
    desk.read()
    desk.press(desk.message, "Switch on", "U0CAROL")
    with reading(desk.ctx.engine) as session:
        rows = said.changes(session, desk.ctx.workspace, 50)
    told = {(row.by, ".".join(json.loads(row.path)), row.was, row.became) for row in rows}
    assert told == {
        ("U0ALICE", "repos.acme/shop.silent", None, "true"),
        ("U0ALICE", "repos.acme/shop.channel", None, '"C0TEAM"'),
        ("U0CAROL", "repos.acme/shop.silent", "true", "false"),
        ("U0CAROL", "repos.acme/shop.targets.review", None, '"8h"'),
    }


def test_one_with_little_history_gets_no_suggestion(desk: Desk) -> None:
    shop(desk.github, reviewed=3, waiting=0)
    desk.flow("connect acme/shop")
    desk.read()
    assert shown(desk.message)[1:3] == [
        "How long things waited in the last 90 days, in working time:\n"
        "*review*: half took up to 2h, 85% up to 3h (n = 3). Too few to suggest a target from. No target.\n"
        "*merge*: half took up to 1m, 85% up to 1m (n = 3). Too few to suggest a target from. No target.\n"
        "Not seen in that time: re_review, rework, respond, assign, fix.",
        "No target would hold yet, so nobody would be nudged. `/flow targets acme/shop review 8h` sets one.",
    ]
    assert desk.press(desk.message, "Switch on") == (
        "acme/shop is on. No target is agreed, so nobody is nudged.\n/flow targets acme/shop review 8h sets one."
    )


def test_an_empty_repository_is_connected_too(desk: Desk) -> None:
    desk.github.repo("acme/shop")
    desk.flow("connect acme/shop")
    desk.read()
    assert shown(desk.message)[:2] == [
        "*acme/shop: its history is read* (0 pull requests and issues)",
        "Nothing that waited came to an end in the last 90 days, so I can suggest no target.",
    ]


def test_its_message_tells_what_was_agreed_before_it_is_switched_on(desk: Desk) -> None:
    shop(desk.github)
    desk.flow("connect acme/shop")
    desk.read()
    desk.press(desk.flow("targets acme/shop review 12h merge 2h"), "Confirm")
    desk.deliver()
    assert shown(desk.message)[1:3] == [
        "How long things waited in the last 90 days, in working time:\n"
        "*review*: half took up to 6h, 85% up to 11h (n = 12). Agreed already: 12h. The history suggests 8h.\n"
        "*merge*: half took up to 1m, 85% up to 1m (n = 12). Mostly over within half an hour, so I suggest none. "
        "Agreed already: 2h.\n"
        "Not seen in that time: re_review, rework, respond, assign, fix.",
        "With these targets, in the last 30 days: 3 nudges to 1 person, 0 breaches.",
    ]
    assert desk.press(desk.message, "Switch on") == "acme/shop is on. Agreed, in working time: review 12h · merge 2h."


def test_one_that_is_heard_of_by_webhook_alone_is_connected_already(desk: Desk) -> None:
    payload = pull_request("opened", 1, actor="bob", opened_at=desk.world.now, at=desk.world.now)
    headers, body = signed("s", "pull_request", payload)
    intake.take_delivery(desk.ctx, parse(headers, body, desk.world.now), desk.world.now)
    assert shown(desk.flow("connect acme/shop")) == [
        "*acme/shop is connected already*: its webhooks told of it.",
        "Last webhook Monday 09:00 (0m ago).\nNo target is agreed, so nobody is nudged.\n"
        "It has no channel: `/flow connect acme/shop #channel` sets one.",
        "[Show the targets] [Let it go]",
    ]


class SlackWithSocket(FakeSlack):
    """A Slack that hands out the address of a socket."""

    link = ""

    def _apps_connections_open(self, form: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "url": self.link}


def lately(github: FakeGithub) -> None:
    """Twelve reviews by alice, each of a day, in the last two months of the machine's clock."""
    now = SystemClock().now()
    repo = github.repo("acme/shop")
    for n in range(1, 13):
        pull = repo.pull(n, at=now - (5 * n + 2) * DAY)
        pull.request("alice", at=now - (5 * n + 2) * DAY)
        pull.review("alice", "APPROVED", at=now - (5 * n + 1) * DAY)
        pull.merge(at=now - (5 * n + 1) * DAY)


@pytest.mark.long
def test_in_socket_mode_a_real_program_connects_is_killed_goes_on_and_lets_go(tmp_path: Path) -> None:
    (tmp_path / "weir.toml").write_text('[people.alice]\nslack = "U0ALICE"\n')
    with FakeSocket() as link, SlackWithSocket() as slack, FakeGithub() as github:
        slack.add_user("U0ALICE", is_admin=True)
        slack.link = link.url
        lately(github)
        environment = {
            "SLACK_APP_TOKEN": slack.token, "SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": slack.url,
            "GITHUB_TOKEN": "token", "GITHUB_API_URL": github.url, "GITHUB_WEBHOOK_SECRET": "s", "PORT": "0",
            "WEIR_PUBLIC_URL": "https://weir.example", "SLACK_SIGNING_SECRET": "",
        }  # fmt: skip
        github.fail(502, times=1000, only=lambda call: bool(call.query))
        first = Program(tmp_path, "run", **environment)
        wait_until(link.connected.is_set)
        asked = link.command("connect acme/shop")
        wait_until(lambda: link.answer_to(asked) and slack.dms("U0ALICE"))
        wait_until(lambda: github.queries)
        first.kill()
        link.connected.clear()
        github.faults.clear()
        with sqlite3.connect(tmp_path / "weir.db") as database:
            database.execute("UPDATE connections SET lease_until = 0")
        database.close()
        second = Program(tmp_path, "run", **environment)
        try:
            wait_until(link.connected.is_set)
            link.response_url = slack.response_url
            wait_until(lambda: "its history is read" in slack.dms("U0ALICE")[0]["text"])
            link.press_in(slack.dms("U0ALICE")[0], "Switch on")
            wait_until(lambda: "is on" in slack.dms("U0ALICE")[0]["text"] and slack.whispers != [])
            link.press_in(slack.whispers[-1], "Show the targets")
            wait_until(lambda: slack.replaced)
            parting = link.command("disconnect shop")
            wait_until(lambda: link.answer_to(parting))
            link.press_in((link.answer_to(parting) or {})["payload"], "Let it go")
            wait_until(lambda: "was let go" in slack.dms("U0ALICE")[0]["text"])
            wait_until(lambda: len(slack.replaced) == 2)
        finally:
            assert second.stop() == 0
    begun = link.answer_to(asked)
    assert begun is not None
    assert begun["payload"]["text"] == BEGUN
    assert slack.replaced[0]["text"].startswith("Targets of acme/shop, in working time;")
    assert slack.replaced[1]["text"].endswith("I removed the webhook that I had set up.")
    assert (len(slack.dms("U0ALICE")), github.repos["acme/shop"].hooks) == (1, [])
