"""The doctor: what it finds, and what it says to do about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_github import FakeGithub
from fake_slack import FakeSlack, Fault
from github_payloads import pull_request, signed
from sqlalchemy import Engine, text

from bot import app, intake
from bot.checking.doctor import BROKEN, OK, WARN, Finding, examine, render
from bot.clock import Clock, SetClock, SystemClock
from bot.context import Context
from bot.hosts.github import EVENTS, parse
from bot.hosts.github.api import Github
from bot.policy import Policy, parse_policy
from bot.said import Change, say
from bot.serving.workspaces import OneWorkspace
from bot.settings import Settings
from bot.store.engine import make_engine, writing
from bot.store.migrate import migrate
from bot.store.tables import AddressRow

POLICY = """
[targets]
review = "8h"
[people.alice]
slack = "U0ALICE"
[people.bob]
slack = "U0BOB"
[repos."acme/shop"]
channel = "C0TEAM"
"""
URL = "https://weir.acme.test"


def hook(**more: Any) -> dict[str, Any]:
    """A webhook as GitHub shows it, set up well."""
    config = {"url": f"{URL}/webhooks/github", "content_type": "json", "secret": "********"}
    return {"id": 1, "active": True, "events": list(EVENTS), "config": config, "last_response": {"code": 202}, **more}


@dataclass
class Clinic:
    """A deployment that is well, to be made ill."""

    ctx: Context
    slack: FakeSlack
    github: FakeGithub

    def findings(self, **changes: Any) -> list[Finding]:
        ctx = replace(self.ctx, **changes)
        return examine(OneWorkspace(ctx), ctx.clock.now())

    def said(self, level: str, **changes: Any) -> str:
        return render([one for one in self.findings(**changes) if one.level == level])

    def with_settings(self, **more: Any) -> Settings:
        return self.ctx.settings.model_copy(update=more)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with FakeSlack() as slack, FakeGithub() as github, httpx.Client(timeout=30) as http:
        for user in ("U0ALICE", "U0BOB"):
            slack.add_user(user)
        slack.add_channel("C0TEAM")
        github.repo("acme/shop").hooks.append(hook())
        settings = Settings(
            slack_bot_token=slack.token, slack_signing_secret="signing", slack_api_url=slack.url,
            github_token="token", github_webhook_secret="secret", github_api_url=github.url, weir_public_url=URL,
            database_url=f"sqlite:///{tmp_path}/weir.db",
        )  # type: ignore[arg-type]  # fmt: skip
        clock = SystemClock()
        ctx = app.build(settings, clock)
        client = Github(github.url, token="token", now=clock.now, sleep=lambda _: None, http=http)
        migrate(ctx.engine)
        ctx = replace(ctx, policy=parse_policy(POLICY, "weir.toml"), github=client)
        deliver(ctx, "alice")
        yield Clinic(ctx, slack, github)
        ctx.engine.dispose()


def deliver(ctx: Context, reviewer: str) -> None:
    now = ctx.clock.now()
    for payload in (
        pull_request("opened", actor="bob", opened_at=now - 60, at=now - 60),
        pull_request("review_requested", actor="bob", reviewer=reviewer, opened_at=now - 60, at=now - 30),
    ):
        intake.take_delivery(ctx, parse(*signed("secret", "pull_request", payload), now), now)
        intake.settle(ctx, now)


def test_a_deployment_that_is_well_has_nothing_to_do(clinic: Clinic) -> None:
    findings = clinic.findings()
    assert [one for one in findings if one.level != OK] == []
    said = render(findings)
    for about in ("settings", "Slack", "clock", "database", "policy", "people", "channels", "GitHub", "acme/shop"):
        assert f"✓ {about}: " in said
    assert said.endswith(f"0 broken, 0 to look at, {len(findings)} fine")


def test_settings_that_are_missing_are_named_with_where_to_get_them(clinic: Clinic) -> None:
    settings = clinic.with_settings(slack_bot_token=None, slack_signing_secret=None, github_webhook_secret=None)
    said = clinic.said(BROKEN, settings=settings)
    assert "SLACK_BOT_TOKEN is not set\n    → begins with xoxb-" in said
    assert "SLACK_SIGNING_SECRET is not set" in said


def test_a_token_that_slack_refuses_is_broken(clinic: Clinic) -> None:
    clinic.slack.token_error = "token_revoked"
    assert "refuses the bot token (token_revoked)" in clinic.said(BROKEN)


def test_a_scope_that_is_missing_is_broken_and_one_too_many_is_to_be_looked_at(clinic: Clinic) -> None:
    clinic.slack.scopes = clinic.slack.scopes.replace("im:write", "admin")
    assert "scopes are missing: im:write" in clinic.said(BROKEN)
    assert "not needed: admin" in clinic.said(WARN)


@pytest.mark.parametrize(("seconds", "words"), [(630, "10m ahead"), (-630, "10m behind")])
def test_a_clock_that_is_wrong_is_broken(clinic: Clinic, seconds: int, words: str) -> None:
    clock: Clock = SetClock(clinic.ctx.clock.now() + seconds)
    assert f"this machine is {words}" in clinic.said(BROKEN, clock=clock)


def test_a_new_database_is_told_and_one_that_is_away_hides_nothing_else(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    empty = make_engine(f"sqlite:///{tmp_path}/empty.db")
    assert "weir run does that at its start" in clinic.said(WARN, engine=empty)
    empty.dispose()
    away = make_engine("postgresql://weir:hidden@127.0.0.1:9/weir")
    said = clinic.said(BROKEN, engine=away)
    assert "PostgreSQL can't be used" in said
    assert "hidden" not in said
    assert said.endswith("1 broken, 0 to look at, 0 fine")


@pytest.mark.parametrize(("serves_from", "level", "words"), [
    ("0012", OK, "SQLite, already that of a newer program, with which this one works, too"),
    ("9998", BROKEN, "SQLite, of a newer program, with which this one no longer works\n    → update this one"),
])  # fmt: skip
def test_a_newer_program_s_database_is_fine_as_long_as_it_carries_this_one(
    clinic: Clinic, sqlite_engine: Engine, serves_from: str, level: str, words: str
) -> None:
    with writing(sqlite_engine) as session:
        said = {"it": serves_from}
        session.execute(text("UPDATE alembic_version SET version_num = '9999', serves_from = :it"), said)
    assert words in clinic.said(level, engine=sqlite_engine)


def test_a_policy_without_targets_or_people_says_that_nobody_is_nudged(clinic: Clinic) -> None:
    said = clinic.said(WARN, policy=Policy())
    assert "so nobody is ever nudged" in said
    assert "nobody can be written to" in said


def test_people_slack_does_not_know_or_has_deactivated_are_named(clinic: Clinic) -> None:
    clinic.slack.users["U0ALICE"]["deleted"] = True
    del clinic.slack.users["U0BOB"]
    said = clinic.said(WARN)
    assert "alice (U0ALICE) is deactivated in Slack\n    → /flow link @person alice, or correct people.alice" in said
    assert "bob (U0BOB) is not known to Slack" in said


def test_a_channel_weir_is_not_in_is_broken(clinic: Clinic) -> None:
    clinic.slack.channels["C0TEAM"]["is_member"] = False
    assert "C0TEAM for acme/shop: not_in_channel\n    → invite Weir" in clinic.said(BROKEN)


def test_a_github_token_that_is_refused_is_broken(clinic: Clinic) -> None:
    clinic.github.tokens = set()
    assert "GitHub does not accept the token (401)" in clinic.said(BROKEN)


def test_what_boards_take_is_said_where_the_token_lacks_it(clinic: Clinic) -> None:
    words = "columns of project boards are not read; that takes the scope read:project"
    assert words in clinic.said(OK)
    clinic.github.scopes = "repo, read:project"
    assert "boards" not in clinic.said(OK)


def test_a_host_that_is_away_is_asked_once_and_not_for_every_repository(clinic: Clinic) -> None:
    clinic.github.repo("acme/till")
    policy = parse_policy(POLICY + '[repos."acme/till"]\n', "weir.toml")
    clinic.github.fail(503, times=9)
    before = len(clinic.github.calls)
    said = clinic.said(BROKEN, policy=policy)
    assert said.startswith("✗ GitHub: GitHub is in trouble (503)\n    → try again later; nudges go out meanwhile")
    assert len(clinic.github.calls) - before == 1
    assert "acme/till: no webhook delivery was ever taken" in clinic.said(WARN, policy=policy)


def test_a_host_that_goes_away_in_between_is_not_asked_on(clinic: Clinic) -> None:
    for name in ("acme/a", "acme/b", "acme/c"):
        clinic.github.repo(name)
    policy = parse_policy(POLICY + '[repos."acme/a"]\n[repos."acme/b"]\n[repos."acme/c"]\n', "weir.toml")
    clinic.github.fail(503, times=9, only=lambda call: call.path.startswith("/repos/"))
    before = len(clinic.github.calls)
    assert "✗ acme/a: GitHub is in trouble (503)" in clinic.said(BROKEN, policy=policy)
    assert [call.path for call in clinic.github.calls[before:]] == ["/user", "/repos/acme/a"]


def test_a_slack_that_is_away_is_not_asked_for_every_person(clinic: Clinic) -> None:
    clinic.slack.fail("users.info", *[Fault("reset")] * 5)
    assert "people: Slack can't be asked about the mapped people just now" in clinic.said(WARN)
    assert clinic.slack.called("users.info") == 1


def test_what_was_said_from_slack_counts(clinic: Clinic) -> None:
    deliver(clinic.ctx, "carol")
    clinic.slack.add_user("U0CAROL")
    say(clinic.ctx, [Change(("people", "carol", "slack"), "U0CAROL")], "U0ALICE", clinic.ctx.clock.now())
    assert "not mapped" not in clinic.said(WARN)
    assert "3 of 3 mapped people looked up can be written to" in clinic.said(OK)


def test_without_a_github_token_it_says_what_is_lost(clinic: Clinic) -> None:
    assert "never caught up" in clinic.said(WARN, github=None)


def test_a_repository_that_is_not_shown_to_the_token_is_broken(clinic: Clinic) -> None:
    del clinic.github.repos["acme/shop"]
    assert "✗ acme/shop: GitHub has nothing at" in clinic.said(BROKEN)


@pytest.mark.parametrize(
    ("hooks", "level", "words"),
    [
        ([], WARN, "has no webhook for Weir"),
        ([hook(config={"url": "https://other.acme.test/hook"})], WARN, f"add a webhook to {URL}/webhooks/github"),
        ([hook(active=False)], BROKEN, "is switched off"),
        ([hook(config={"url": f"{URL}/webhooks/github"})], BROKEN, "has no secret"),
        ([hook(events=["pull_request"])], WARN, "leaves out: check_run"),
        ([hook(last_response={"code": 401})], BROKEN, "answered 401\n    → the secrets differ"),
        ([hook(last_response={"code": 503})], BROKEN, "answered 503"),
    ],
)
def test_a_webhook_that_is_not_right_is_told(clinic: Clinic, hooks: list[Any], level: str, words: str) -> None:
    clinic.github.repo("acme/shop").hooks[:] = hooks
    assert words in clinic.said(level)


def test_a_repository_that_was_never_or_long_not_heard_of_is_to_be_looked_at(clinic: Clinic) -> None:
    clinic.github.repo("acme/till")
    policy = parse_policy(POLICY + '[repos."acme/till"]\n', "weir.toml")
    assert "acme/till: no webhook delivery was ever taken" in clinic.said(WARN, policy=policy)
    later: Clock = SetClock(clinic.ctx.clock.now() + 8 * 86_400)
    assert "the last webhook delivery came 8d" in clinic.said(WARN, clock=later)


def test_who_has_something_waiting_and_is_not_mapped_is_named(clinic: Clinic) -> None:
    deliver(clinic.ctx, "carol")
    assert "1 with something waiting on them are not mapped: carol" in clinic.said(WARN)


def test_addresses_nothing_reaches_are_named(clinic: Clinic) -> None:
    with writing(clinic.ctx.engine) as session:
        session.add(AddressRow(workspace=clinic.ctx.workspace, address="U0BOB", problem="user_disabled"))
    assert "U0BOB: user_disabled" in clinic.said(WARN)
