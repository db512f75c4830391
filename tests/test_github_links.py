"""Which issues a pull request closes: from its text, from links made by hand, and from what the host shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import github_payloads as gh
import pytest
from fake_github import FakeGithub
from fake_github_model import FakeIssue, FakePull, FakeRepo
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.events import BadEvent, FlowEvent, from_record, parse_instant, to_record, unique
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.hosts.github.closing import MOST, closing
from bot.hosts.github.history import read_items, read_repo
from bot.hosts.github.missing import missing_events, unknown_links
from bot.hosts.github.snapshots import Snapshot

NINE = parse_instant("2026-03-02T09:00:00Z")
NOW = NINE + 30 * 86400
REPO = "acme/shop"
OWN = [(REPO, 7)]


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        *((f"{keyword} #7", OWN) for keyword in ("close", "closes", "closed", "fix", "fixes", "fixed")),
        *((f"{keyword} #7", OWN) for keyword in ("resolve", "resolves", "resolved", "FIXES", "Closes:")),
        ("Fixes globex/till#8", [("globex/till", 8)]),
        ("fixes ACME/Shop#7", OWN),
        ("Fixes https://github.com/acme/shop/issues/7.", OWN),
        ("Resolves https://git.acme.test:8443/globex/till/issues/8#issuecomment-1", [("globex/till", 8)]),
        ("Resolves #10, resolves #123, and fixes #10", [(REPO, 10), (REPO, 123)]),
        ("Closes #7, #8", OWN),
        ("This fixes\n#7", []),
        ("prefixes #7", []),
        ("hot-fixes #7", []),
        ("fixing #7", []),
        ("fixes#7", []),
        ("fixes #0", []),
        ("fixes #7th", []),
        ("fixes 7", []),
        ("fixes https://github.com/acme/shop/pull/7", []),
        ("<!-- fixes #7 -->", []),
        ("Like `fixes #7` here", []),
        ("```\nfixes #7\n```\nfixes #8", [(REPO, 8)]),
        ("~~~ text\nfixes #7", []),
        ("", []),
    ],
)
def test_closing_keywords_are_read_as_github_documents_them(text: str, issues: list[tuple[str, int]]) -> None:
    assert closing(text, REPO) == issues


def test_a_text_that_is_made_to_take_long_is_read_all_the_same() -> None:
    assert closing("fixes " * 10_000, REPO) == []
    assert closing("`" * 60_000, REPO) == []
    assert closing("fixes " + "a" * 60_000 + "/", REPO) == []
    assert len(closing(" ".join(f"fixes #{n}" for n in range(1, 200)), REPO)) == MOST


def told(payload: gh.Payload) -> list[FlowEvent]:
    return list(parse(*gh.signed("secret", "pull_request", payload), NOW).events)


def own(event: FlowEvent) -> tuple[str, str, str | None, int, dict[str, Any]]:
    assert from_record(to_record(event)) == event
    return event.kind, event.id, event.actor, event.at - NINE, event.data


def test_a_pull_request_is_linked_from_its_opening(server: FakeGithub) -> None:
    _, *links = told(gh.pull_request("opened", body="Fixes #7\nResolves Globex/till#8"))
    assert [own(link) for link in links] == [
        ("linked", "linked:12:acme/shop#7", "bob", 0, {"issue": 7}),
        ("linked", "linked:12:globex/till#8", "bob", 0, {"issue": 8, "in": "Globex/till"}),
    ]


def test_an_edited_text_links_and_unlinks() -> None:
    edited = gh.pull_request("edited", actor="carol", body="Fixes #8, fixes #9", body_was="Fixes #7, fixes #8", at=NINE)
    assert [own(event) for event in told(edited)] == [
        ("unlinked", "unlinked:12:acme/shop#7:2026-03-02T09:00:00Z", "carol", 0, {"issue": 7}),
        ("linked", "linked:12:acme/shop#9:2026-03-02T09:00:00Z", "carol", 0, {"issue": 9}),
    ]


def test_keywords_count_only_on_the_way_into_the_default_branch() -> None:
    assert [event.kind for event in told(gh.pull_request("opened", body="Fixes #7", base="next"))] == ["opened"]


@pytest.mark.parametrize("link", [{}, {"issue": "7"}, {"issue": True}, {"issue": 0}, {"issue": 7, "in": 8}])
def test_a_link_in_a_log_names_an_issue(link: dict[str, Any]) -> None:
    line = {"host": "github", "repo": REPO, "item": 12, "id": "1", "at": "2026-03-02T09:00:00Z", "kind": "linked"}
    with pytest.raises(BadEvent, match="of a link"):
        from_record({**line, **link})


# What the host shows


@pytest.fixture(scope="module")
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


@pytest.fixture
def pull() -> FakePull:
    return FakeRepo(REPO).pull(12, NINE)


@pytest.fixture
def issue() -> FakeIssue:
    return FakeIssue(REPO, 7, "carol", NINE - 60, "Totals are off")


def shown(server: FakeGithub, pull: FakePull) -> Snapshot:
    server.repo(REPO).pulls = {12: pull}
    github = Github(server.url, token="t", now=lambda: NOW, sleep=lambda seconds: None)
    (found,) = read_items(github, REPO, [12])
    github.close()
    return found


def links(events: list[FlowEvent]) -> list[tuple[str, str, str | None, int, dict[str, Any]]]:
    return [own(event) for event in events if event.kind in ("linked", "unlinked")]


def linked(events: list[FlowEvent]) -> set[tuple[str, int]]:
    """What the events come to."""
    last = {
        (event.data.get("in", REPO), event.data["issue"]): event.kind
        for event in sorted(events)
        if "issue" in event.data
    }
    return {target for target, kind in last.items() if kind == "linked"}


TEXTS = st.sets(st.integers(1, 4)).map(lambda issues: " ".join(f"fixes #{issue}" for issue in sorted(issues)))


@given(texts=st.lists(TEXTS, min_size=1, max_size=6), data=st.data())
def test_whatever_deliveries_were_lost_the_links_are_the_host_s_after_a_reading(
    server: FakeGithub, texts: list[str], data: st.DataObject
) -> None:
    pull = FakeRepo(REPO).pull(12, NINE, title="Fix rounding in totals")
    heard = told(gh.pull_request("opened", body=texts[0], head=pull.node["headRefOid"]))
    for hour, (before, now) in enumerate(pairwise(texts), 1):
        at = NINE + hour * 3600
        heard += told(gh.pull_request("edited", body=now, body_was=before, opened_at=NINE, at=at))
    pull.closes(*(FakeIssue(REPO, issue, "carol", NINE, "Totals") for _, issue in closing(texts[-1], REPO)))
    snapshot = shown(server, pull)
    lost = data.draw(st.sets(st.sampled_from([event.id for event in heard])))
    known = [event for event in heard if event.id not in lost]
    found = missing_events(known, snapshot, NOW)
    assert linked([*known, *found]) == set(closing(texts[-1], REPO))
    assert missing_events(unique(known + found), snapshot, NOW) == []
    if not lost:
        assert found == []


def test_links_made_by_hand_have_their_instants(server: FakeGithub, pull: FakePull, issue: FakeIssue) -> None:
    pull.connect(issue, NINE + 10)
    pull.connect(issue, NINE + 20, out=True)
    pull.connect(FakeIssue("globex/till", 8, "carol", NINE, "Till"), NINE + 30)
    snapshot = shown(server, pull)
    found = missing_events([], snapshot, NOW)
    assert links(found) == [
        ("linked", "linked:12:acme/shop#7:2026-03-02T09:00:10Z", "bob", 10, {"issue": 7}),
        ("unlinked", "unlinked:12:acme/shop#7:2026-03-02T09:00:20Z", "bob", 20, {"issue": 7}),
        ("linked", "linked:12:globex/till#8:2026-03-02T09:00:30Z", "bob", 30, {"issue": 8, "in": "globex/till"}),
    ]
    assert missing_events(found, snapshot, NOW) == []


def test_a_link_by_keyword_has_the_same_id_by_both_roads(server: FakeGithub, pull: FakePull, issue: FakeIssue) -> None:
    pull.closes(issue)
    heard = told(gh.pull_request("opened", body="Fixes #7", head=pull.node["headRefOid"], title="Fix rounding"))
    snapshot = shown(server, pull)
    found = missing_events([], snapshot, NOW)
    assert {event.id for event in found} == {event.id for event in heard}
    assert missing_events(heard, snapshot, NOW) == []
    (link,) = [event for event in found if event.kind == "linked"]
    assert (link.at, link.approximate) == (NINE, True)


def test_a_link_that_went_and_came_again_unheard_is_told_each_time(
    server: FakeGithub, pull: FakePull, issue: FakeIssue
) -> None:
    pull.closes(issue)
    known = missing_events([], shown(server, pull), NINE)
    pull.closes()
    gone = missing_events(known, shown(server, pull), NINE + 60)
    pull.closes(issue)
    again = missing_events(known + gone, shown(server, pull), NINE + 120)
    assert links(gone + again) == [
        ("unlinked", "unlinked:12:acme/shop#7:2026-03-02T09:01:00Z", None, 60, {"issue": 7}),
        ("linked", "linked:12:acme/shop#7:2026-03-02T09:02:00Z", None, 120, {"issue": 7}),
    ]
    assert missing_events(known + gone + again, shown(server, pull), NINE + 180) == []


def test_a_link_to_another_repository_that_is_not_shown_is_kept(server: FakeGithub, pull: FakePull) -> None:
    heard = told(gh.pull_request("opened", body="Fixes globex/till#8", head=pull.node["headRefOid"]))
    assert missing_events(heard, shown(server, pull), NOW) == []


def test_where_there_are_more_than_are_shown_none_is_said_to_be_gone(server: FakeGithub, pull: FakePull) -> None:
    issues = [FakeIssue(REPO, number, "carol", NINE, "Totals") for number in range(20, 33)]
    body = " ".join(f"fixes #{issue.number}" for issue in issues)
    heard = told(gh.pull_request("opened", body=body, head=pull.node["headRefOid"]))
    pull.closes(*issues)
    assert missing_events(heard, shown(server, pull), NOW) == []


def test_an_issue_tells_when_a_pull_request_first_said_to_close_it(
    server: FakeGithub, pull: FakePull, issue: FakeIssue
) -> None:
    other = FakePull("globex/till", 3, "bob", NINE, draft=False, title="Till")
    issue.mentioned(pull, NINE + 300, closes=False)
    issue.mentioned(pull, NINE + 600)
    issue.mentioned(other, NINE + 700)
    pull.closes(issue)
    server.repo(REPO).issues = {7: issue}
    server.repo(REPO).pulls = {12: pull}
    github = Github(server.url, token="t", now=lambda: NOW, sleep=lambda seconds: None)
    (page,) = read_repo(github, REPO, None, oldest=NINE)
    github.close()
    of_pull, of_issue = sorted(page.snapshots, key=lambda one: -one.item)
    (link,) = of_issue.links
    assert own(link) == ("linked", "linked:12:acme/shop#7", "bob", 600, {"issue": 7})
    found = missing_events([], of_pull, NOW)
    assert unknown_links(found, of_issue.links) == [link]
    assert unknown_links([*found, link], of_issue.links) == []
    assert unknown_links([], of_issue.links) == []
