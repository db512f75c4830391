"""Issues: what GitHub's history says of them, and that webhooks and history tell the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import github_payloads as gh
import pytest
from fake_github import FakeGithub
from fake_github_model import FakeIssue, FakeRepo
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.events import FlowEvent, from_record, parse_instant, to_record, unique
from bot.flow.waits import Rules, fold
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.hosts.github.history import read_repo
from bot.hosts.github.missing import missing_events
from bot.hosts.github.snapshots import Snapshot

NINE = parse_instant("2026-03-02T09:00:00Z")
NOW = NINE + 30 * 86400
REPO, SECRET = "acme/shop", "secret"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


def shown(server: FakeGithub, issue: FakeIssue) -> Snapshot:
    server.repos[REPO] = FakeRepo(REPO)
    server.repo(REPO).issues = {issue.number: issue}
    github = Github(server.url, token="t", now=lambda: NOW, sleep=lambda seconds: None)
    (page,) = read_repo(github, REPO, None, oldest=NINE - 86400)
    github.close()
    (found,) = page.snapshots
    return found


def record(event: FlowEvent) -> dict[str, Any]:
    line = to_record(event)
    assert from_record(dict(line)) == event
    return {key: value for key, value in line.items() if key not in ("host", "repo", "item", "actor_type")}


def test_every_act_is_one_event(server: FakeGithub) -> None:
    issue, at = FakeIssue(REPO, 7, "carol", NINE, "Totals are off"), NINE
    issue.opened_with("bug")
    issue.label("qa", at + 1)
    issue.unlabel("qa", at + 2)
    issue.assign("alice", at + 3)
    issue.assign("alice", at + 4, removed=True)
    issue.rename("Totals are off by a cent", at + 5)
    talk = issue.comment("alice", at + 6)
    issue.move("In Progress", at + 7)
    issue.close(at + 8, reason="not_planned")
    issue.reopen(at + 9)
    issue.close(at + 10, reason="completed")
    snapshot = shown(server, issue)
    acts = [
        ("opened", "opened:7", "carol", {
            "type": "issue", "title": "Totals are off", "url": "https://github.com/acme/shop/issues/7",
            "labels": ["bug"],
        }),
        ("labeled", "labeled:7:qa:2026-03-02T09:00:01Z", "bob", {"label": "qa"}),
        ("unlabeled", "unlabeled:7:qa:2026-03-02T09:00:02Z", "bob", {"label": "qa"}),
        ("assigned", "assigned:7:alice:2026-03-02T09:00:03Z", "bob", {"assignee": "alice"}),
        ("unassigned", "unassigned:7:alice:2026-03-02T09:00:04Z", "bob", {"assignee": "alice"}),
        ("renamed", "renamed:7:2026-03-02T09:00:05Z", "bob", {
            "from": "Totals are off", "to": "Totals are off by a cent",
        }),
        ("commented", f"comment:{talk['fullDatabaseId']}", "alice", {}),
        ("status_changed", "status_changed:7:PVT_1:2026-03-02T09:00:07Z", "bob", {
            "field": "Status", "from": None, "to": "In Progress", "project": "PVT_1",
        }),
        ("closed", "closed:7:2026-03-02T09:00:08Z", "bob", {"reason": "not_planned"}),
        ("reopened", "reopened:7:2026-03-02T09:00:09Z", "bob", {}),
        ("closed", "closed:7:2026-03-02T09:00:10Z", "bob", {"reason": "completed"}),
    ]  # fmt: skip
    times = [NINE + second for second in range(11)]
    assert [record(event) for event in snapshot.events] == [
        {"id": id, "at": f"2026-03-02T09:00:{at - NINE:02}Z", "kind": kind, "actor": actor, **own}
        for at, (kind, id, actor, own) in zip(times, acts, strict=True)
    ]
    assert (snapshot.title, snapshot.state) == ("Totals are off by a cent", "closed")


def test_an_end_that_the_timeline_leaves_out_is_told_by_the_state(server: FakeGithub) -> None:
    issue = FakeIssue(REPO, 7, None, NINE, "Totals")
    issue.close(NINE + 5)
    issue.timeline.clear()
    last = shown(server, issue).events[-1]
    assert (last.id, last.actor) == ("closed:7:2026-03-02T09:00:05Z", None)


def test_a_long_timeline_is_read_to_its_end(server: FakeGithub) -> None:
    issue = FakeIssue(REPO, 7, "carol", NINE, "Totals")
    for second in range(230):
        issue.comment("alice", NINE + second)
    assert len(shown(server, issue).events) == 231


def test_an_issue_has_no_waits(server: FakeGithub) -> None:
    issue = FakeIssue(REPO, 7, "carol", NINE, "Totals")
    issue.assign("alice", NINE + 60)
    ledger = fold(shown(server, issue).events, Rules())
    assert ledger is None or ledger.waits == []


class Story:
    """One issue's history, told twice: to the API's model as it happens, and by webhooks into `heard`."""

    def __init__(self, labels: tuple[str, ...] = ()) -> None:
        self.issue = FakeIssue(REPO, 7, "carol", NINE, "Totals are off")
        self.issue.opened_with(*labels)
        self.at = NINE
        self.heard: list[FlowEvent] = []
        self.late = 0
        self._hear("opened", actor="carol", labels=labels)

    def _hear(self, action: str, actor: str = "bob", **how: Any) -> None:
        about = {"author": "carol", "title": self.issue.node["title"], "at": self.at + self.late, **how}
        payload = gh.issue(action, 7, REPO, actor, **about)
        self.heard.extend(parse(*gh.signed(SECRET, "issues", payload), self.at).events)

    def label(self, name: str) -> None:
        on = any(label["name"] == name for label in self.issue.node["labels"])
        (self.issue.unlabel if on else self.issue.label)(name, self.at)
        self._hear("unlabeled" if on else "labeled", label=name)

    def assign(self, login: str, *, removed: bool = False) -> None:
        self.issue.assign(login, self.at, removed=removed)
        self._hear("unassigned" if removed else "assigned", assignee=login)

    def rename(self, title: str) -> None:
        was = self.issue.node["title"]
        self.issue.rename(title, self.at)
        self._hear("edited", title_was=was)

    def comment(self, who: str) -> None:
        id = int(self.issue.comment(who, self.at)["fullDatabaseId"])
        payload = gh.comment("created", 7, REPO, who, comment_id=id, at=self.at, on_issue=True)
        self.heard.extend(parse(*gh.signed(SECRET, "issue_comment", payload), self.at).events)

    def close(self, reason: str) -> None:
        if self.issue.node["state"] == "OPEN":
            self.issue.close(self.at, reason=reason)
            self._hear("closed", closed_at=self.at, reason=reason)
        else:
            self.issue.reopen(self.at)
            self._hear("reopened")


ACTS = st.one_of(
    st.builds(lambda name: lambda story: story.label(name), st.sampled_from(["qa", "bug"])),
    st.builds(
        lambda who, out: lambda story: story.assign(who, removed=out), st.sampled_from(["alice", "bob"]), st.booleans()
    ),
    st.builds(lambda title: lambda story: story.rename(title), st.sampled_from(["Totals", "Cents"])),
    st.builds(lambda who: lambda story: story.comment(who), st.sampled_from(["alice", "bob"])),
    st.builds(lambda why: lambda story: story.close(why), st.sampled_from(["completed", "not_planned"])),
)
HISTORIES = st.lists(st.tuples(st.integers(11, 90_000), ACTS), max_size=14)


def told(history: list[tuple[int, Any]], labels: tuple[str, ...] = (), late: int = 0) -> Story:
    story = Story(labels)
    story.late = late
    for pause, act in history:
        story.at += pause
        act(story)
    return story


@given(history=HISTORIES, labels=st.sampled_from([(), ("qa",), ("bug",)]))
def test_both_roads_tell_the_same_facts(server: FakeGithub, history: list[Any], labels: tuple[str, ...]) -> None:
    story = told(history, labels)
    assert sorted(story.heard) == list(shown(server, story.issue).events)


@given(history=HISTORIES, data=st.data())
def test_whatever_deliveries_were_lost_the_log_is_whole_after_a_reading(
    server: FakeGithub, history: list[Any], data: st.DataObject
) -> None:
    story = told(history)
    snapshot = shown(server, story.issue)
    lost = data.draw(st.sets(st.sampled_from([event.id for event in story.heard])))
    known = [event for event in story.heard if event.id not in lost]
    found = missing_events(known, snapshot, NOW)
    assert sorted(unique(known + found)) == list(snapshot.events)
    assert missing_events(unique(known + found), snapshot, NOW) == []


@given(late=st.integers(1, 5), history=HISTORIES)
def test_the_same_act_a_few_seconds_apart_is_not_doubled(server: FakeGithub, late: int, history: list[Any]) -> None:
    story = told(history, late=late)
    assert missing_events(story.heard, shown(server, story.issue), NOW) == []
