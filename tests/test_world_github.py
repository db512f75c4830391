"""What the program calls GitHub in a world: requests are moved on its code host, and all else is refused in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.flow.events import FlowEvent, parse_instant
from bot.hosts.github import acting
from bot.hosts.github.access import check_access, rate_limit
from bot.hosts.github.counting import to_read
from bot.hosts.github.errors import Denied, Gone, HostError
from bot.hosts.github.history import read_items, read_repo
from bot.incoming.catchup import OLDEST
from bot.world.github import WorldGithub
from bot.world.host import Host
from bot.world.script import Repository

NOW = parse_instant("2026-03-02T09:32:00Z")
TEAM = ("alice", "bob", "carol")


class Place:
    """A code host with one pull request that alice and the team are asked to review; what is told of it is kept."""

    def __init__(self) -> None:
        self.host = Host([Repository("acme/shop", TEAM, {"shop-team": TEAM})])
        self.host.act(NOW, "bob", "open", repo="acme/shop", title="A", reviewers=["alice", "shop-team"])
        self.told: list[FlowEvent] = []
        self.github = WorldGithub(self.host, lambda: NOW, lambda deed: self.told.extend(deed(NOW)))

    @property
    def asked(self) -> tuple[list[str], list[str]]:
        item = self.host.item("acme/shop", 1)
        return list(item.people), list(item.teams)


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_review_is_handed_over_and_the_program_is_told(place: Place) -> None:
    acting.hand_over(place.github, "acme/shop", 1, "alice", "carol")
    assert place.asked == (["carol"], ["shop-team"])
    assert [(event.kind, event.actor, event.data) for event in place.told] == [
        ("review_requested", "weir[bot]", {"reviewer": "carol"}),
        ("review_request_removed", "weir[bot]", {"reviewer": "alice"}),
    ]


def test_what_a_team_is_asked_is_claimed_by_one_of_it(place: Place) -> None:
    assert acting.team_members(place.github, "acme", "shop-team") == ["alice", "bob", "carol"]
    acting.claim(place.github, "acme/shop", 1, "shop-team", "carol")
    assert place.asked == (["alice", "carol"], [])


def test_who_is_asked_already_is_not_asked_again(place: Place) -> None:
    acting.request_review(place.github, "acme/shop", 1, ["alice"], ["shop-team"])
    acting.remove_request(place.github, "acme/shop", 1, ["carol"])
    assert place.told == []
    assert place.asked == (["alice"], ["shop-team"])


@pytest.mark.parametrize(
    ("people", "why"),
    [
        (["bob"], "GitHub would not ask bob to review acme/shop#1: bob wrote acme/shop#1, so somebody else has to "
                  "review it."),
        (["carol", "zed"], "GitHub would not ask carol, zed to review acme/shop#1: Nobody is called zed here; there "
                           "are alice, bob, carol."),
    ],
)  # fmt: skip
def test_whom_github_would_not_ask_is_refused_and_nobody_is_asked(place: Place, people: list[str], why: str) -> None:
    with pytest.raises(Denied) as refusal:
        acting.request_review(place.github, "acme/shop", 1, people)
    assert (str(refusal.value), refusal.value.status) == (why, 422)
    assert (place.told, place.asked) == ([], (["alice"], ["shop-team"]))


def test_repositories_and_people_are_known_and_others_are_not(place: Place) -> None:
    assert check_access(place.github.hasty(1), "Acme/Shop").full_name == "acme/shop"
    assert acting.profile(place.github, "alice") == ("alice", None, None, False)
    for question in (
        lambda: check_access(place.github, "acme/else"),
        lambda: acting.profile(place.github, "zed"),
        lambda: acting.team_members(place.github, "acme", "other-team"),
        lambda: acting.request_review(place.github, "acme/shop", 9, ["alice"]),
        lambda: list(read_repo(place.github, "acme/else", None, oldest=NOW - OLDEST)),
    ):
        with pytest.raises(Gone):
            question()


def test_a_reading_finds_nothing_that_was_not_told(place: Place) -> None:
    (page,) = read_repo(place.github, "acme/shop", None, oldest=NOW - OLDEST)
    assert (page.events, page.done) == ([], True)
    assert read_items(place.github, "acme/shop", [1]) == []
    assert place.github.checks_of("acme/shop") == (set(), set())


def test_nothing_of_its_limits_is_ever_used_up(place: Place) -> None:
    left = rate_limit(place.github)
    assert (left.core.remaining, left.graphql.remaining, left.core.reset) == (5000, 5000, NOW + 3600)


@pytest.mark.parametrize(
    "question",
    [
        lambda github: to_read(github, "acme/shop", 0),
        lambda github: acting.commit_emails(github, "acme/shop", "alice"),
        lambda github: acting.add_webhook(github, "acme/shop", "https://weir.example.com", "s", ["push"]),
        lambda github: acting.remove_webhook(github, "acme/shop", 1),
    ],
)
def test_what_is_not_played_is_refused_in_words(place: Place, question: Callable[[WorldGithub], object]) -> None:
    with pytest.raises(HostError, match="the demo's code host does not answer "):
        question(place.github)
