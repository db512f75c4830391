"""What the host shows and the log lacks: found, not doubled, and enough for the same ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import github_payloads as gh
import pytest
from fake_github import FakeGithub
from fake_github_model import FakePull, FakeRepo
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.events import FlowEvent, flow_event, parse_instant, unique
from bot.flow.waits import Rules, Wait, fold
from bot.hosts.github import ids, parse
from bot.hosts.github.acting import claim
from bot.hosts.github.api import Github
from bot.hosts.github.history import read_items
from bot.hosts.github.missing import missing_events
from bot.hosts.github.snapshots import Snapshot

NINE = parse_instant("2026-03-02T09:00:00Z")
NOW = NINE + 30 * 86400
REPO, SECRET = "acme/shop", "secret"


class Story:
    """One history, told twice: to the API's model as it happens, and by webhooks into `heard`."""

    def __init__(self, *, draft: bool = False, labels: tuple[str, ...] = ()) -> None:
        self.pull: FakePull = FakeRepo(REPO).pull(12, NINE, draft=draft)
        self.pull.opened_with(*labels)
        self.at = NINE
        self.late = 0
        """Seconds by which the item's `updated_at` trails the act."""
        self.heard: list[FlowEvent] = []
        self.claims: list[FlowEvent] = []
        self.moved_after: int | None = None
        """Seconds after a claim at which it is made on the host; None: it can't be made there."""
        self._hear("opened", draft=draft, labels=labels)
        self.reviews: list[dict[str, Any]] = []

    def _webhook(self, event: str, payload: gh.Payload) -> None:
        self.heard.extend(parse(*gh.signed(SECRET, event, payload), self.at).events)

    def _hear(self, action: str, actor: str = "bob", **how: Any) -> None:
        about = {"head": self.pull.node["headRefOid"], "title": self.pull.node["title"], "opened_at": NINE}
        self._webhook("pull_request", gh.pull_request(action, 12, REPO, actor, at=self.at + self.late, **about, **how))

    def request(self, who: str, *, removed: bool = False) -> None:
        self.pull.request(who, self.at, removed=removed)
        self._hear("review_request_removed" if removed else "review_requested", reviewer=who)

    def request_team(self, slug: str, *, removed: bool = False) -> None:
        self.pull.request_team(slug, self.at, removed=removed)
        self._hear("review_request_removed" if removed else "review_requested", team=slug)

    def claim(self, who: str, team: str) -> None:
        id, at = ids.claimed(12, team, who, self.at), self.at
        self.claims.append(
            flow_event(repo=REPO, item=12, id=id, at=at, kind="claimed", actor=who, reviewer=who, team=team)
        )
        if self.moved_after is not None:
            self.at += self.moved_after
            self._move(who, team)
            self.at = at

    def _move(self, who: str, team: str) -> None:
        """The host tells only of what changes."""
        if who not in self.pull.people:
            self.pull.request(who, self.at, by="weir")
            self._hear("review_requested", "weir", reviewer=who)
        if team in self.pull.teams:
            self.pull.request_team(team, self.at, by="weir", removed=True)
            self._hear("review_request_removed", "weir", team=team)

    def review(self, who: str, state: str, teams: tuple[str, ...] = ()) -> None:
        review = self.pull.review(who, state.upper(), self.at, teams=teams)
        self.reviews.append(review)
        id = int(review["fullDatabaseId"])
        payload = gh.review("submitted", 12, REPO, who, state=state, review_id=id, at=self.at)
        self._webhook("pull_request_review", payload)

    def dismiss(self) -> None:
        standing = [review for review in self.reviews if review["state"] in ("APPROVED", "CHANGES_REQUESTED")]
        if standing:
            review = standing[-1]
            self.pull.dismiss(review, self.at)
            id, reviewer = int(review["fullDatabaseId"]), review["author"]["login"]
            about = gh.review("dismissed", 12, REPO, "bob", review_id=id, reviewer=reviewer, at=self.at)
            self._webhook("pull_request_review", about)

    def force_push(self, sha: str) -> None:
        self.pull.force_push(sha, self.at, "bob")
        self._hear("synchronize")

    def push(self, sha: str, commits: tuple[str, ...] = ()) -> None:
        """Some commits at once; webhooks name the last."""
        for one in (*commits, sha):
            self.pull.push(one, self.at - 60, "bob")
        self._hear("synchronize")

    def comment(self, who: str) -> None:
        made = self.pull.comment(who, self.at)
        id = int(made["fullDatabaseId"])
        self._webhook("issue_comment", gh.comment("created", 12, REPO, who, comment_id=id, at=self.at))

    def label(self, name: str) -> None:
        if any(label["name"] == name for label in self.pull.node["labels"]):
            self.pull.unlabel(name, self.at)
            self._hear("unlabeled", label=name)
        else:
            self.pull.label(name, self.at)
            self._hear("labeled", label=name)

    def draft(self) -> None:
        on = not self.pull.node["isDraft"]
        self.pull.draft(self.at, on=on)
        self._hear("converted_to_draft" if on else "ready_for_review", draft=on)

    def queue(self, *, out: bool = False) -> None:
        self.pull.queue(self.at, out=out)
        self._hear("dequeued" if out else "enqueued")

    def close(self) -> None:
        if self.pull.node["state"] == "OPEN":
            self.pull.close(self.at)
            self._hear("closed", closed_at=self.at)
        else:
            self.pull.reopen(self.at)
            self._hear("reopened")

    def merge(self) -> None:
        if self.pull.node["state"] == "OPEN":
            self.pull.merge(self.at)
            self._hear("closed", closed_at=self.at, merged_at=self.at)


@pytest.fixture(scope="module")
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


def shown(server: FakeGithub, story: Story) -> Snapshot:
    server.repo(REPO).pulls = {12: story.pull}
    github = Github(server.url, token="t", now=lambda: NOW, sleep=lambda seconds: None)
    (found,) = read_items(github, REPO, [12])
    github.close()
    return found


def waits(events: list[FlowEvent]) -> list[Wait]:
    ledger = fold(unique(events), Rules())
    assert ledger is not None
    return ledger.waits


PEOPLE = st.sampled_from(["alice", "carol", "dave"])
ACTS = st.one_of(
    st.builds(lambda who: lambda story: story.request(who), PEOPLE),
    st.builds(lambda who: lambda story: story.request(who, removed=True), PEOPLE),
    st.builds(lambda team: lambda story: story.request_team(team), st.sampled_from(["core", "web"])),
    st.builds(
        lambda who, state, teams: lambda story: story.review(who, state, teams),
        st.sampled_from(["alice", "carol", "bob"]),
        st.sampled_from(["approved", "changes_requested", "commented"]),
        st.sampled_from([(), ("core",), ("core", "web")]),
    ),
    st.just(Story.dismiss),
    st.just(lambda story: story.force_push(f"{story.at:040x}")),
    st.builds(lambda who: lambda story: story.comment(who), st.sampled_from(["alice", "bob"])),
    st.builds(lambda name: lambda story: story.label(name), st.sampled_from(["wip", "bug"])),
    st.just(Story.draft),
    st.just(Story.queue),
    st.just(lambda story: story.queue(out=True)),
    st.just(Story.close),
)
HISTORIES = st.lists(st.tuples(st.integers(11, 90_000), ACTS), max_size=14)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    labels = draw(st.sampled_from([(), ("wip",), ("bug",)]))
    story = Story(draft=draw(st.booleans()), labels=labels)
    for pause, act in draw(HISTORIES):
        story.at += pause
        act(story)
    if draw(st.booleans()):
        story.at += 60
        story.merge()
    return story


@given(story=stories(), data=st.data())
def test_whatever_deliveries_were_lost_the_ledger_is_the_same(
    server: FakeGithub, story: Story, data: st.DataObject
) -> None:
    snapshot = shown(server, story)
    lost = data.draw(st.sets(st.sampled_from([event.id for event in story.heard])))
    known = [event for event in story.heard if event.id not in lost]
    found = missing_events(known, snapshot, NOW)
    assert waits(known + found) == waits(list(snapshot.events))
    assert missing_events(unique(known + found), snapshot, NOW) == []


@given(story=stories())
def test_both_roads_name_the_same_facts_alike(server: FakeGithub, story: Story) -> None:
    assert {event.id for event in story.heard} == {event.id for event in shown(server, story).events}


@given(late=st.integers(1, 5), history=HISTORIES)
def test_the_same_act_a_few_seconds_apart_is_not_doubled(
    server: FakeGithub, late: int, history: list[tuple[int, Any]]
) -> None:
    story = Story()
    story.late = late
    for pause, act in history:
        story.at += pause
        act(story)
    found = missing_events(story.heard, shown(server, story), NOW)
    assert all(event.data.get("teams") for event in found)


def test_a_label_put_on_twice_within_seconds_is_two_acts(server: FakeGithub) -> None:
    story = Story()
    story.late = 1
    for pause in (10, 2, 2):
        story.at += pause
        story.label("wip")
    once = story.heard[:2]
    assert [event.kind for event in missing_events(once, shown(server, story), NOW)] == ["unlabeled", "labeled"]


def test_a_review_known_without_its_teams_comes_again_with_them(server: FakeGithub) -> None:
    story = Story()
    story.at += 60
    story.review("alice", "approved", ("core",))
    (again,) = missing_events(story.heard, shown(server, story), NOW)
    known = story.heard[-1]
    assert again == known._replace(data={"state": "approved", "teams": ["core"]})


def test_commits_of_a_known_push_are_covered_by_it(server: FakeGithub) -> None:
    story = Story()
    story.at += 600
    story.push("c3", commits=("a1", "b2"))
    assert missing_events(story.heard, shown(server, story), NOW) == []
    story.at += 600
    story.push("e5", commits=("d4",))
    lost = story.heard[:-1]
    assert [event.id for event in missing_events(lost, shown(server, story), NOW)] == ["pushed:12:d4", "pushed:12:e5"]


def test_commits_up_to_the_known_opening_are_part_of_it(server: FakeGithub) -> None:
    story = Story()
    story.pull.push("a1", NINE + 1, "bob")
    story.heard[0] = story.heard[0]._replace(data={**story.heard[0].data, "head": "a1"})
    assert missing_events(story.heard, shown(server, story), NOW) == []


def test_a_lost_push_of_old_commits_is_told_by_the_head(server: FakeGithub) -> None:
    story = Story()
    story.pull.push("0ld", NINE - 999, "bob")
    (push,) = missing_events(story.heard, shown(server, story), NOW)
    assert (push.id, push.at, push.approximate, push.actor) == ("pushed:12:0ld", NOW, True, None)
    assert missing_events([*story.heard, push], shown(server, story), NOW) == []


def test_nothing_known_is_everything_missing(server: FakeGithub) -> None:
    snapshot = shown(server, Story())
    assert missing_events([], snapshot, NOW) == list(snapshot.events)


# Claims, which the log has and the host may not

CLAIMS = st.builds(lambda who, team: lambda story: story.claim(who, team), PEOPLE, st.sampled_from(["core", "web"]))
TEAMS_ASKED = st.builds(lambda team: lambda story: story.request_team(team), st.sampled_from(["core", "web"]))
WITH_CLAIMS = st.lists(st.tuples(st.integers(11, 90_000), CLAIMS | TEAMS_ASKED | ACTS), max_size=14)


def told(history: list[tuple[int, Any]], moved_after: int | None) -> Story:
    story = Story()
    story.moved_after = moved_after
    for pause, act in history:
        story.at += pause
        act(story)
    return story


@given(history=WITH_CLAIMS, moved_after=st.integers(0, 5))
def test_a_claim_comes_to_the_same_whether_it_was_made_on_the_host_or_not(
    history: list[tuple[int, Any]], moved_after: int
) -> None:
    kept, made = told(history, None), told(history, moved_after)
    assert waits(kept.heard + kept.claims) == waits(made.heard + made.claims)


@given(history=WITH_CLAIMS, moved_after=st.none() | st.integers(0, 5), data=st.data())
def test_no_claim_is_undone_by_a_reading_whatever_deliveries_were_lost(
    server: FakeGithub, history: list[tuple[int, Any]], moved_after: int | None, data: st.DataObject
) -> None:
    story = told(history, moved_after)
    snapshot = shown(server, story)
    lost = data.draw(st.sets(st.sampled_from([event.id for event in story.heard])))
    known = [event for event in story.heard if event.id not in lost] + story.claims
    found = missing_events(known, snapshot, NOW)
    assert waits(known + found) == waits([*snapshot.events, *story.claims])
    assert missing_events(unique(known + found), snapshot, NOW) == []


ASKED_CORE = (60, lambda story: story.request_team("core"))
CLAIMED = [ASKED_CORE, (60, lambda story: story.claim("alice", "core"))]


def asked(events: list[FlowEvent]) -> list[tuple[str, str | None]]:
    """Whose review is waited for, and who asked for it."""
    return [(wait.on, wait.asked_by) for wait in waits(events) if wait.until is None and wait.kind == "review"]


def test_a_request_to_a_team_that_still_stands_on_the_host_does_not_undo_the_claim(server: FakeGithub) -> None:
    story = told(CLAIMED, None)
    assert story.pull.teams == ["core"]
    known = [*story.heard, *story.claims]
    assert missing_events(known, shown(server, story), NOW) == []
    assert asked(known) == [("alice", "bob")]
    lost = [story.heard[0], *story.claims]
    assert asked(lost + missing_events(lost, shown(server, story), NOW)) == [("alice", "bob")]


def test_a_team_that_is_asked_anew_after_a_claim_is_asked(server: FakeGithub) -> None:
    story = told([*CLAIMED, ASKED_CORE], 1)
    lost = [story.heard[0], *story.claims]
    assert asked(lost + missing_events(lost, shown(server, story), NOW)) == [("alice", "bob"), ("core", "bob")]


def test_a_claim_made_on_the_host_and_read_there_right_away_is_still_bobs_asking(server: FakeGithub) -> None:
    story = told(CLAIMED, None)
    server.now = lambda: story.at
    server.repo(REPO).pulls = {12: story.pull}
    github = Github(server.url, token="t", now=lambda: story.at, sleep=lambda seconds: None)
    claim(github, REPO, 12, "core", "alice")
    known = [*story.heard, *story.claims]
    (snapshot,) = read_items(github, REPO, [12])
    github.close()
    found = missing_events(known, snapshot, story.at)
    assert [event.kind for event in found] == ["review_request_removed", "review_requested"]
    assert waits(known + found) == waits(known)
    assert asked(known) == [("alice", "bob")]


# Red and green: (what the log has, what the host shows) → what is added

FAILED, PASSED = "checks_failed", "checks_passed"
FAILING = {"failing": True, "failing_since": NINE + 500, "decided_at": NINE + 600}
GREEN = {"failing": False, "decided_at": NINE + 700}
TORN = {**GREEN, "conflicting": True}
SHA = "00000c-first"


@pytest.mark.parametrize(
    ("known", "state", "added"),
    [
        ([], GREEN, None),
        ([], FAILING, f"{FAILED}:12:{SHA}:2026-03-02T09:08:20Z"),
        ([], {**FAILING, "failing_since": None}, f"{FAILED}:12:{SHA}:2026-04-01T09:00:00Z"),
        ([], TORN, f"{FAILED}:12:conflict:2026-04-01T09:00:00Z"),
        ([], {**FAILING, "conflicting": True}, f"{FAILED}:12:{SHA}:2026-03-02T09:08:20Z"),
        ([(FAILED, NINE + 5, SHA)], FAILING, None),
        ([(FAILED, NINE + 5, SHA)], GREEN, f"{PASSED}:12:{SHA}:2026-03-02T09:11:40Z"),
        ([(FAILED, NINE + 800, SHA)], GREEN, f"{PASSED}:12:{SHA}:2026-04-01T09:00:00Z"),
        ([(PASSED, NOW, SHA)], FAILING, f"{FAILED}:12:{SHA}:2026-04-01T09:00:01Z"),
        ([(FAILED, NINE + 5, SHA)], {"failing": None}, None),
        ([(FAILED, NINE + 5, SHA)], {"failing": None, "conflicting": False}, None),
        ([(FAILED, NINE + 5, "conflict")], {**GREEN, "conflicting": None}, None),
        ([(FAILED, NINE + 5, "conflict")], GREEN, f"{PASSED}:12:conflict:2026-04-01T09:00:00Z"),
        ([(FAILED, NINE + 5, "conflict"), (PASSED, NINE + 9, SHA)], TORN, f"{FAILED}:12:conflict:2026-04-01T09:00:00Z"),
        ([(FAILED, NINE + 5, SHA), (PASSED, NINE + 900, SHA)], FAILING, f"{FAILED}:12:{SHA}:2026-04-01T09:00:00Z"),
        ([(FAILED, NINE + 5, SHA)], TORN, None),
        ([(FAILED, NINE + 5, SHA)], {**GREEN, "state": "merged"}, None),
    ],
)  # fmt: skip
def test_redness_is_brought_in_line_with_the_host(
    server: FakeGithub, known: list[tuple[str, int, str]], state: dict[str, Any], added: str | None
) -> None:
    quiet = {"failing": None, "failing_since": None, "decided_at": None, "conflicting": False}
    snapshot = replace(shown(server, Story()), **{**quiet, **state})
    log = [*snapshot.events, *(checks(snapshot, *told) for told in known)]
    found = missing_events(log, snapshot, NOW)
    assert [event.id for event in found] == ([] if added is None else [added])
    assert [event.approximate for event in found] == [event.at >= NOW for event in found]
    assert missing_events(log + found, snapshot, NOW) == []


def checks(snapshot: Snapshot, kind: str, at: int, subject: str) -> FlowEvent:
    return flow_event(repo=REPO, item=12, id=ids.about(kind, 12, subject, at), at=at, kind=kind, actor=None)
