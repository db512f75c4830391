"""What is done on GitHub: requests moved, webhooks set up, people looked up; and what is said where it can't be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fake_github import Call, FakeGithub
from fake_github_model import FakePull

from bot.flow.events import parse_instant
from bot.hosts.github.acting import (
    Profile,
    add_webhook,
    assign,
    claim,
    commit_emails,
    hand_over,
    profile,
    remove_request,
    remove_webhook,
    request_review,
    team_members,
)
from bot.hosts.github.api import Github
from bot.hosts.github.errors import Denied, Gone, TokenEnded, Unreachable

NINE = parse_instant("2026-03-02T09:00:00Z")
REPO = "acme/shop"
URL = "https://weir.example/webhooks/github"


@pytest.fixture
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.repo(REPO)
        yield server


@pytest.fixture
def pull(server: FakeGithub) -> FakePull:
    pull = server.repo(REPO).pull(12, NINE)
    pull.request_team("core", NINE + 60)
    return pull


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def github(server: FakeGithub, slept: list[float]) -> Iterator[Github]:
    github = Github(server.url, token="t0ken", now=lambda: NINE, sleep=slept.append)
    yield github
    github.close()


def done(server: FakeGithub) -> list[tuple[str, dict[str, Any]]]:
    """What was asked to be changed."""
    return [(call.method, call.body) for call in server.calls if call.method != "GET"]


def is_post(call: Call) -> bool:
    return call.method == "POST"


# Requests


def test_people_and_teams_are_asked_for_a_review(server: FakeGithub, github: Github, pull: FakePull) -> None:
    request_review(github, REPO, 12, ["alice", "carol"], ["web"])
    assert (pull.people, pull.teams) == (["alice", "carol"], ["core", "web"])
    request_review(github, REPO, 12, ["dave"])
    assert done(server)[1] == ("POST", {"reviewers": ["dave"]})


def test_an_item_is_assigned_beside_whoever_has_it(server: FakeGithub, github: Github, pull: FakePull) -> None:
    assign(github, REPO, 12, "alice")
    assign(github, REPO, 12, "carol")
    assert server.repo(REPO).assigned == {12: ["alice", "carol"]}


def test_who_can_t_be_assigned_is_told_of_though_the_host_says_nothing(
    server: FakeGithub, github: Github, pull: FakePull
) -> None:
    server.repo(REPO).collaborators = {"alice"}
    with pytest.raises(Denied, match=r"assign acme/shop#12 to carol: carol can't be assigned anything"):
        assign(github, REPO, 12, "carol")
    assert server.repo(REPO).assigned == {12: []}


def test_requests_are_taken_back(server: FakeGithub, github: Github, pull: FakePull) -> None:
    request_review(github, REPO, 12, ["alice"])
    remove_request(github, REPO, 12, teams=["core"])
    assert (pull.people, pull.teams) == (["alice"], [])
    assert done(server)[1] == ("DELETE", {"reviewers": [], "team_reviewers": ["core"]})


def test_handing_over_asks_the_new_one_before_the_old_one_is_let_go(
    server: FakeGithub, github: Github, pull: FakePull
) -> None:
    request_review(github, REPO, 12, ["alice"])
    hand_over(github, REPO, 12, "alice", "carol")
    assert pull.people == ["carol"]
    assert done(server)[1:] == [("POST", {"reviewers": ["carol"]}), ("DELETE", {"reviewers": ["alice"]})]


def test_handing_over_to_oneself_leaves_it_as_it_is(server: FakeGithub, github: Github, pull: FakePull) -> None:
    pull.request("alice", NINE)
    hand_over(github, REPO, 12, "alice", "Alice")
    assert (pull.people, server.calls) == (["alice"], [])


def test_a_claim_asks_the_person_before_the_team_is_let_go(server: FakeGithub, github: Github, pull: FakePull) -> None:
    claim(github, REPO, 12, "core", "alice")
    assert (pull.people, pull.teams) == (["alice"], [])
    assert [method for method, _ in done(server)] == ["POST", "DELETE"]


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        (
            "dave",
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a"
            " collaborator of the acme/shop repository.",
        ),
        ("bob", "Review cannot be requested from pull request author."),
    ],
)
def test_where_the_new_one_cant_be_asked_nobody_is_let_go_and_it_is_said_why(
    server: FakeGithub, github: Github, pull: FakePull, login: str, reason: str
) -> None:
    server.repo(REPO).collaborators = {"alice", "bob", "core"}
    with pytest.raises(Denied) as refused:
        claim(github, REPO, 12, "core", login)
    assert str(refused.value) == f"GitHub would not ask {login} to review acme/shop#12: {reason}"
    assert (pull.people, pull.teams, len(done(server))) == ([], ["core"], 1)


def test_a_token_that_may_not_ask_is_told_which_permission_it_may_lack(
    server: FakeGithub, github: Github, pull: FakePull
) -> None:
    server.lacking.add("pull_requests")
    with pytest.raises(Denied) as refused:
        claim(github, REPO, 12, "core", "alice")
    assert str(refused.value) == (
        "GitHub would not ask alice to review acme/shop#12: Resource not accessible by personal access token;"
        ' the token may lack "Pull requests" (write) for the repository'
    )
    with pytest.raises(Denied, match="would not take back what the team core was asked on acme/shop#12"):
        remove_request(github, REPO, 12, teams=["core"])


def test_a_pull_request_that_is_not_there_is_gone(github: Github, pull: FakePull) -> None:
    with pytest.raises(Gone):
        claim(github, REPO, 13, "core", "alice")


def test_a_token_that_ended_is_named_as_such(server: FakeGithub, github: Github, pull: FakePull) -> None:
    server.tokens = set()
    with pytest.raises(TokenEnded, match="does not accept the token"):
        claim(github, REPO, 12, "core", "alice")


# Trouble


@pytest.mark.parametrize("trouble", [{"status": 502}, {"status": 500}, {"status": 201, "cut": True}])
def test_a_request_whose_answer_was_lost_is_not_made_twice(
    server: FakeGithub, github: Github, pull: FakePull, trouble: dict[str, Any]
) -> None:
    server.fail(**trouble, done=True)
    request_review(github, REPO, 12, ["Alice"], ["core"])
    assert [call.method for call in server.calls] == ["POST", "GET"]
    assert pull.people == ["Alice"]


def test_a_request_that_surely_was_not_made_is_made_after_a_look(
    server: FakeGithub, github: Github, pull: FakePull
) -> None:
    server.fail(502)
    request_review(github, REPO, 12, ["alice"])
    assert [call.method for call in server.calls] == ["POST", "GET", "POST"]
    assert pull.people == ["alice"]


def test_a_request_fails_where_github_stays_in_trouble(server: FakeGithub, github: Github, pull: FakePull) -> None:
    server.fail(502, times=9, only=is_post)
    with pytest.raises(Unreachable) as trouble:
        claim(github, REPO, 12, "core", "alice")
    assert trouble.value.maybe_done
    assert [call.method for call in server.calls] == ["POST", "GET", "POST"]
    assert (pull.people, pull.teams) == ([], ["core"])


def test_a_request_that_met_the_rate_limit_waits_and_is_made(
    server: FakeGithub, github: Github, pull: FakePull, slept: list[float]
) -> None:
    server.fail(429, headers={"retry-after": "7"})
    request_review(github, REPO, 12, ["alice"])
    assert (pull.people, slept) == (["alice"], [7])
    server.fail(429, headers={"retry-after": "900"})
    with pytest.raises(Unreachable) as trouble:
        request_review(github, REPO, 12, ["carol"])
    assert (trouble.value.retry_after, trouble.value.maybe_done) == (900, False)


def test_where_nobody_listens_it_was_not_done(slept: list[float]) -> None:
    github = Github("http://127.0.0.1:1", token="t", now=lambda: NINE, sleep=slept.append)
    with pytest.raises(Unreachable) as trouble:
        request_review(github, REPO, 12, ["alice"])
    assert (trouble.value.maybe_done, slept) == (False, [2, 4, 8])
    github.close()


def test_taking_back_is_repeated(server: FakeGithub, github: Github, pull: FakePull) -> None:
    server.fail(502, done=True)
    remove_request(github, REPO, 12, teams=["core"])
    assert [call.method for call in server.calls] == ["DELETE", "DELETE"]
    assert [entry["__typename"] for entry in pull.timeline] == ["ReviewRequestedEvent", "ReviewRequestRemovedEvent"]


def test_where_only_letting_go_fails_both_are_asked(server: FakeGithub, github: Github, pull: FakePull) -> None:
    server.fail(403, body={"message": "Repository was archived so is read-only."}, only=lambda call: not is_post(call))
    with pytest.raises(Denied, match="archived"):
        claim(github, REPO, 12, "core", "alice")
    assert (pull.people, pull.teams) == (["alice"], ["core"])


# Webhooks


def test_a_webhook_is_set_up(server: FakeGithub, github: Github) -> None:
    hook = add_webhook(github, REPO, URL, "s3cret", ["pull_request", "issues"])
    assert done(server) == [
        (
            "POST",
            {
                "name": "web",
                "active": True,
                "events": ["pull_request", "issues"],
                "config": {"url": URL, "content_type": "json", "secret": "s3cret", "insecure_ssl": "0"},
            },
        )
    ]
    assert (hook.url, hook.active, hook.events, hook.has_secret) == (URL, True, ["pull_request", "issues"], True)
    assert [kept["id"] for kept in server.repo(REPO).hooks] == [hook.id]


def test_a_webhook_that_is_there_already_is_returned(server: FakeGithub, github: Github) -> None:
    other = add_webhook(github, REPO, "https://elsewhere.example", "s3cret", ["push"])
    first = add_webhook(github, REPO, URL, "s3cret", ["pull_request"])
    assert add_webhook(github, REPO, URL, "another", ["issues"]) == first
    assert [kept["id"] for kept in server.repo(REPO).hooks] == [other.id, first.id]


def test_of_two_who_set_up_a_webhook_at_once_both_get_the_one(server: FakeGithub, github: Github) -> None:
    first = add_webhook(github, REPO, URL, "s3cret", ["pull_request"])
    server.fail(200, body=[])  # the look before: as if the other one were not there yet
    assert add_webhook(github, REPO, URL, "s3cret", ["pull_request"]) == first
    assert len(server.repo(REPO).hooks) == 1


def test_a_webhook_whose_answer_was_lost_is_not_set_up_twice(server: FakeGithub, github: Github) -> None:
    server.fail(502, done=True, only=is_post)
    hook = add_webhook(github, REPO, URL, "s3cret", ["pull_request"])
    assert [kept["id"] for kept in server.repo(REPO).hooks] == [hook.id]
    assert len(done(server)) == 1


def test_a_webhook_that_github_does_not_want_is_refused_with_its_reason(server: FakeGithub, github: Github) -> None:
    error = {"resource": "Hook", "code": "custom", "message": "url is not supported because it isn't reachable"}
    server.fail(422, body={"message": "Validation Failed", "errors": [error]}, only=is_post)
    with pytest.raises(Denied) as refused:
        add_webhook(github, REPO, "https://localhost", "s3cret", ["pull_request"])
    assert "GitHub would not set up a webhook for acme/shop: Validation Failed: " in str(refused.value)
    assert "isn't reachable" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_token_that_may_not_set_up_webhooks_is_told_so(server: FakeGithub, github: Github) -> None:
    server.lacking.add("webhooks")
    with pytest.raises(Denied, match=r'the token may lack "Webhooks" \(write\) for the repository'):
        add_webhook(github, REPO, URL, "s3cret", ["pull_request"])
    with pytest.raises(Gone):
        add_webhook(github, "acme/none", URL, "s3cret", ["pull_request"])


def test_a_webhook_is_removed_and_then_gone(server: FakeGithub, github: Github) -> None:
    hook = add_webhook(github, REPO, URL, "s3cret", ["pull_request"])
    remove_webhook(github, REPO, hook.id)
    assert server.repo(REPO).hooks == []
    with pytest.raises(Gone):
        remove_webhook(github, REPO, hook.id)


# People


def test_the_members_of_a_team_are_read_to_the_end(server: FakeGithub, github: Github) -> None:
    logins = [f"member-{number}" for number in range(201)]
    server.teams = {"acme/core": logins, "acme/web": logins[:100], "acme/none": []}
    assert team_members(github, "acme", "core") == logins
    assert len(server.calls) == 3
    assert team_members(github, "acme", "web") == logins[:100]
    assert team_members(github, "acme", "none") == []


def test_a_team_that_is_not_shown_is_gone_or_denied(server: FakeGithub, github: Github) -> None:
    with pytest.raises(Gone):
        team_members(github, "acme", "secret/../team")
    assert server.calls[0].path == "/orgs/acme/teams/secret%2F..%2Fteam/members?per_page=100&page=1"
    server.teams["acme/core"], server.lacking = ["alice"], {"members"}
    with pytest.raises(Denied, match=r'the token may lack "Members" \(read\) for the organization'):
        team_members(github, "acme", "core")


def test_a_profile_says_what_it_shows_to_everybody(server: FakeGithub, github: Github) -> None:
    server.users = {
        "alice": {"name": "Alice Example", "email": "alice@acme.test"},
        "carol": {"name": "", "email": None},
        "helper[bot]": {"type": "Bot"},
    }
    assert profile(github, "alice") == Profile("alice", "Alice Example", "alice@acme.test", False)
    assert profile(github, "carol", owner="acme") == Profile("carol", None, None, False)
    assert profile(github, "helper[bot]") == Profile("helper[bot]", None, None, True)
    with pytest.raises(Gone):
        profile(github, "nobody")


def test_commit_addresses_come_most_frequent_first_without_those_that_take_no_mail(
    server: FakeGithub, github: Github
) -> None:
    repo = server.repo(REPO)
    for address in ("old@acme.test", "Alice@acme.test", "12+alice@users.noreply.github.com", "alice@ACME.test"):
        repo.commit("alice", address)
    for login, address in (("carol", "carol@acme.test"), (None, "alice"), ("alice", "no-reply@acme.test")):
        repo.commit(login, address)
    assert commit_emails(github, REPO, "Alice") == ["alice@acme.test", "old@acme.test"]
    assert commit_emails(github, REPO, "dave") == []
    assert server.calls[0].path == "/repos/acme/shop/commits?author=Alice&per_page=20"


def test_only_the_latest_commits_count(server: FakeGithub, github: Github) -> None:
    for number in range(21):
        server.repo(REPO).commit("alice", f"alice-{number}@acme.test")
    assert commit_emails(github, REPO, "alice") == [f"alice-{number}@acme.test" for number in range(20, 0, -1)]


@pytest.mark.parametrize("answer", [{"users": 3}, "<html>", [3]])
@pytest.mark.parametrize(
    "ask",
    [
        lambda github: team_members(github, "acme", "core"),
        lambda github: profile(github, "alice"),
        lambda github: commit_emails(github, REPO, "alice"),
        lambda github: add_webhook(github, REPO, URL, "s3cret", ["pull_request"]),
    ],
)
def test_an_answer_that_cant_be_read_is_passing_trouble(
    server: FakeGithub, github: Github, ask: Callable[[Github], object], answer: Any
) -> None:
    server.fail(200, body=answer)
    with pytest.raises(Unreachable):
        ask(github)
