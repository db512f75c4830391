"""The current state of a stream as history has it: what is proposed for teams that work in different ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.calendar import Calendar
from bot.flow.events import FlowEvent, flow_event, parse_instant
from bot.flow.proposal import Proposal, propose
from bot.flow.proposal.words import is_active, names_a_kind, names_a_step, plain, role
from bot.flow.stages import flow_items, journey
from bot.flow.stream import Stream
from bot.flow.waits import Rules, by_item
from bot.policy import parse_policy
from bot.sample import generate, policy_for

HOUR, DAY = 3600, 86_400
NOW = parse_instant("2026-06-01T00:00:00Z")
ALWAYS = Calendar(hours=(((0, 1440),),) * 7)
REPO = "acme/shop"


class Play:
    """One item's events, told one after the other."""

    def __init__(self, item: int, at: int, random: Random, type: str = "pull_request", **own: Any) -> None:
        self.item, self.at, self.random, self.events = item, at, random, list[FlowEvent]()
        self.tell("opened", type=type, **own)

    def tell(self, kind: str, actor: str = "alice", **own: Any) -> None:
        number = len(self.events)
        self.events.append(
            flow_event(repo=REPO, item=self.item, id=f"{self.item}-{number}", at=self.at, seq=number, kind=kind,
                       actor=actor, **own)
        )  # fmt: skip

    def later(self, hours: float) -> None:
        """About as many hours later."""
        self.at += round(hours * HOUR * self.random.uniform(0.5, 1.5))

    def reviewed(self) -> None:
        """Asked for, reviewed by bob, in a third of cases reworked."""
        self.tell("review_requested", reviewer="bob")
        if self.random.random() < 0.35:
            self.later(6)
            self.tell("review_submitted", "bob", state="changes_requested")
            self.later(4)
            self.tell("pushed")
        self.later(6)
        self.tell("review_submitted", "bob", state="approved")


def history(play: Callable[[int, int, Random], Iterable[Play]], items: int = 60) -> list[FlowEvent]:
    """Items begun evenly over the 80 days before NOW, less the last ones; what came after NOW is cut off."""
    random = Random(7)
    starts = [NOW - 80 * DAY + number * 75 * DAY // items for number in range(items)]
    plays = [one for number, at in enumerate(starts) for one in play(2 * number + 1, at, random)]
    return [event for one in plays for event in one.events if event.at <= NOW]


def proposed(events: Iterable[FlowEvent]) -> Proposal | None:
    return propose(by_item(events), lambda _: Rules(), lambda _: ALWAYS, NOW)


def found(events: Iterable[FlowEvent]) -> Proposal:
    one = proposed(events)
    assert one is not None
    return one


def names(one: Proposal) -> list[str]:
    return [stage.stage.name for stage in one.stages]


def said(one: Proposal) -> dict[str, tuple[str, str, str]]:
    """Of each stage: active or wait, who, by what."""
    return {
        stage.stage.name: (
            "active" if stage.stage.active else "wait",
            " ".join(stage.stage.responsible).strip() if stage.stage.responsible else "",
            ", ".join(map(str, stage.stage.signals)),
        )
        for stage in one.stages
    }


def plainly(item: int, at: int, random: Random) -> Iterable[Play]:
    """Draft, review, merge."""
    play = Play(item, at, random, draft=True, labels=[random.choice(["bug", "feature"])])
    play.later(10)
    play.tell("ready_for_review")
    play.reviewed()
    play.later(3)
    play.tell("merged")
    return [play]


def with_qa(item: int, at: int, random: Random) -> Iterable[Play]:
    """As plainly; then `qa` until carol is content, and production a day later."""
    play = next(iter(plainly(item, at, random)))
    play.events.pop()
    play.tell("labeled", label="QA")
    if random.random() < 0.3:
        play.tell("labeled", "dave", label="customer request")
    play.later(20)
    play.tell("unlabeled", "carol", label="QA")
    play.later(2)
    play.tell("merged")
    play.later(24)
    play.tell("deployed", "erin", environment="production")
    return [play]


def on_a_board(item: int, at: int, random: Random) -> Iterable[Play]:
    """An issue goes over a board; a pull request closes it."""
    issue = Play(item, at, random, type="issue")
    moves = ["Backlog", "Ready for dev", "In progress", "In review", "In test", "Done"]

    def move(number: int, by: str = "dave") -> None:
        issue.tell(
            "status_changed", by, field="Status", **{"from": moves[number - 1] if number else None}, to=moves[number]
        )

    move(0)
    issue.later(40)
    move(1)
    issue.later(16)
    move(2, "alice")
    issue.tell("assigned", "alice", assignee="alice")
    issue.later(16)
    pull = Play(item + 1, issue.at, random)
    pull.tell("linked", issue=item)
    issue.at += 120
    move(3)
    pull.reviewed()
    pull.later(1)
    pull.tell("merged")
    issue.at = pull.at + 60
    move(4)
    issue.later(30)
    move(5, "carol")
    issue.tell("closed", "carol")
    return [issue, pull]


def by_labels(item: int, at: int, random: Random) -> Iterable[Play]:
    """Whose turn it is stands in labels, and nobody is asked by name."""
    play = Play(item, at, random, labels=["A-parser"])
    play.tell("labeled", "bob", label="S-waiting-on-review")
    for _ in range(random.choice([0, 0, 1, 2])):
        play.later(30)
        play.tell("review_submitted", "bob", state="changes_requested")
        play.tell("unlabeled", "bob", label="S-waiting-on-review")
        play.tell("labeled", "bob", label="S-waiting-on-author")
        play.later(15)
        play.tell("pushed")
        play.tell("unlabeled", label="S-waiting-on-author")
        play.tell("labeled", label="S-waiting-on-review")
    play.later(20)
    play.tell("review_submitted", "bob", state="approved")
    play.tell("unlabeled", "bob", label="S-waiting-on-review")
    play.tell("labeled", "bob", label="S-waiting-on-bors")
    play.later(8)
    play.tell("merged", "bob")
    return [play]


def issues_alone(item: int, at: int, random: Random) -> Iterable[Play]:
    """Requests that are worked on without any pull request."""
    issue = Play(item, at, random, type="issue")
    issue.later(20)
    issue.tell("assigned", "bob", assignee="bob")
    issue.later(30)
    issue.tell("closed", "bob")
    return [issue]


def test_a_team_that_drafts_reviews_and_merges():
    one = found(history(plainly))
    assert said(one) == {
        "Coding": ("active", "author", "draft"),
        "Review": ("wait", "reviewers", "review, re_review, ready, assign"),
        "Rework": ("active", "author", "rework, respond, fix"),
        "Ready to merge": ("wait", "author", "merge"),
        "Merged": ("wait", "", "merged"),
    }
    assert (one.trigger, one.finish, one.items) == ("A pull request is opened", "It is merged", 60)


def test_a_label_that_is_put_on_and_taken_off_along_the_way_is_a_stage_and_a_deployment_the_end():
    one = found(history(with_qa))
    assert names(one) == [
        *("Coding", "Review", "Rework", "Approved", "QA", "After QA", "Waiting for production", "Live"),
    ]
    stages = said(one)
    assert stages["QA"] == ("wait", "person carol", "label QA")
    assert stages["Waiting for production"] == ("wait", "person erin", "merged")
    assert one.finish == "It is deployed to production"


def test_a_boards_columns_are_stages_and_those_that_turns_tell_too_are_joined():
    one = found(history(on_a_board))
    assert said(one) == {
        "Backlog": ("wait", "person dave", "status Backlog, opened"),
        "Ready for dev": ("wait", "author", "status Ready for dev"),
        "Coding": ("active", "author", "draft, assigned, status In progress"),
        "Review": ("wait", "reviewers", "review, re_review, status In review, ready, assign"),
        "Rework": ("active", "author", "rework, respond, fix"),
        "In test": ("active", "person carol", "status In test, merged"),
        "Done": ("wait", "", "status Done"),
    }
    assert (one.trigger, one.finish) == ("An issue is opened", "It comes into the column “Done”")


def test_labels_that_say_whose_turn_it_is_join_the_turns_and_what_an_item_is_about_is_no_stage():
    one = found(history(by_labels))
    assert names(one) == ["Review", "Rework", "Waiting on bors", "Merged"]
    assert said(one)["Rework"][2] == "rework, respond, fix, label S-waiting-on-author"
    assert said(one)["Waiting on bors"] == ("wait", "author", "label S-waiting-on-bors, merge")


def test_issues_without_pull_requests_have_a_stream_of_their_own():
    one = found(history(issues_alone))
    assert names(one) == ["Not started", "In progress", "Closed"]
    assert one.finish == "It is closed"


def test_issues_that_are_not_linked_are_left_out_and_it_is_said():
    alone = [event._replace(item=event.item + 500, id=f"i{event.id}") for event in history(issues_alone, 40)]
    one = found([*history(plainly), *alone])
    assert one == found(history(plainly))._replace(stages=one.stages)
    assert one.stages[:-1] == found(history(plainly)).stages[:-1]
    assert "40 items are left out" in one.stages[-1].why


def test_figures_stand_beside_every_stage_with_a_reason_in_words():
    stages = {stage.stage.name: stage for stage in found(history(with_qa)).stages}
    qa = stages["QA"]
    assert qa.n == 60
    assert qa.median is not None
    assert qa.p85 is not None
    assert 10 * HOUR < qa.median < qa.p85 < 30 * HOUR
    assert sum(stage.share or 0 for stage in stages.values()) == pytest.approx(1)
    assert qa.why == (
        "The label “QA” was put on 60 times and taken off 60 times. carol ended it 60 of 60 times. "
        "60 of 60 items were there. Next mostly After QA (60 of 60)."
    )


@pytest.mark.parametrize("play", [plainly, with_qa, on_a_board, by_labels, issues_alone])
def test_what_is_proposed_measures_the_history_it_was_read_off(play):
    events = history(play)
    one = found(events)
    assert len(set(names(one))) == len(one.stages)
    stream = Stream("shop", tuple(stage.stage for stage in one.stages))
    ways = [
        journey(key, parts, stream, lambda _: Rules()) for key, parts in flow_items(by_item(events)).items()
    ]  # fmt: skip
    assert all(way is not None and way.done_at is not None for way in ways)


@pytest.mark.parametrize("play", [plainly, with_qa, on_a_board, by_labels])
def test_the_order_that_events_came_in_changes_nothing(play):
    events = history(play)
    assert proposed(events) == proposed(Random(1).sample(events, len(events)))


MARKS = ["QA", "qa", "Review", "✅", "Merged", "After QA", "bug", "in progress", "S-waiting-on-qa", "Ünïcode"]


def strange(seed: int) -> list[FlowEvent]:
    """A dozen or two items to which anything happens."""
    random = Random(seed)
    few = random.sample(MARKS, random.randint(1, 4))
    plays = []
    for item in range(1, 13 + random.randint(0, 12)):
        kind = random.choice(["issue", "pull_request", "pull_request"])
        play = Play(item, NOW - random.randint(1, 60) * DAY, random, kind, draft=random.random() < 0.5)
        for _ in range(random.randint(0, 12)):
            play.later(random.choice([0, 0.1, 5, 40]))
            happen(play, random, few)
        play.tell(random.choice(["merged", "merged", "closed"]))
        plays.append(play)
    return [event for play in plays for event in play.events]


def happen(play: Play, random: Random, few: list[str]) -> None:
    who, mark = random.choice(["alice", "bob", "carol"]), random.choice(few)
    moves: list[tuple[str, dict[str, Any]]] = [
        ("labeled", {"label": mark}), ("unlabeled", {"label": mark}), ("assigned", {"assignee": who}), ("pushed", {}),
        ("status_changed", {"field": "Status", "from": None, "to": mark}), ("deployed", {"environment": mark}),
        ("review_requested", {"reviewer": who}), ("review_submitted", {"state": "approved", "teams": ["core"]}),
        ("review_submitted", {"state": "changes_requested"}), ("ready_for_review", {}), ("closed", {}),
        ("reopened", {}), ("linked", {"issue": random.randint(1, 25)}), ("released", {"tag": mark}),
    ]  # fmt: skip
    kind, own = random.choice(moves)
    play.tell(kind, who, **own)


@given(st.integers(0, 2**32))
def test_whatever_happened_what_is_proposed_is_a_stream(seed):
    events = strange(seed)
    one = proposed(events)
    assert one == proposed(Random(seed).sample(events, len(events)))
    if one is None:
        return
    assert len({name.casefold() for name in names(one)}) == len(one.stages) >= 2
    assert all(name.strip() for name in names(one))
    keys = [signal.key for stage in one.stages for signal in stage.stage.signals]
    assert len(keys) == len(set(keys))
    assert sum(stage.share or 0 for stage in one.stages) == pytest.approx(1)
    assert all(stage.stage.signals and stage.why for stage in one.stages)


def test_two_that_are_called_alike_are_told_apart():
    def play(item: int, at: int, random: Random) -> Iterable[Play]:
        one = next(iter(plainly(item, at, random)))
        one.later(30)
        one.tell("status_changed", "bob", field="Status", **{"from": None}, to="Merged")
        return [one]

    assert names(found(history(play)))[-2:] == ["Merged", "Merged (status)"]


def test_with_too_little_history_nothing_is_proposed():
    assert proposed([]) is None
    assert proposed(history(plainly, 9)) is None
    assert proposed(history(plainly, 12)) is not None


def test_what_happened_before_the_90_days_and_what_bots_open_is_left_out():
    events = history(plainly)
    old = [event._replace(at=event.at - 200 * DAY, item=event.item + 500, id=f"o{event.id}") for event in events]
    bots = [event._replace(actor="renovate[bot]", item=event.item + 900, id=f"b{event.id}") for event in events]
    assert proposed([*events, *old, *bots]) == proposed(events)
    assert proposed(old) is None


def test_a_finish_line_that_few_reach_is_none():
    keep = {2 * number + 1 for number in range(30)}
    events = [event for event in history(with_qa) if event.kind != "deployed" or event.item in keep]
    one = found(events)
    assert one.finish == "It is merged"
    assert "Of 60 items 30 went on to production: too few to wait for." in one.stages[-1].why


def test_what_comes_after_the_finish_line_is_no_stage():
    def play(item: int, at: int, random: Random) -> Iterable[Play]:
        one = next(iter(plainly(item, at, random)))
        one.tell("labeled", label="needs-changelog")
        one.later(30)
        one.tell("unlabeled", "bob", label="needs-changelog")
        return [one]

    one = found(history(play))
    assert names(one) == names(found(history(plainly)))
    assert "Needs changelog comes after it." in one.stages[-1].why


def test_a_mark_that_lies_beside_the_way_is_no_stage():
    def play(item: int, at: int, random: Random) -> Iterable[Play]:
        one = Play(item, at, random, draft=True)
        one.later(1)
        one.tell("labeled", label="design changes")
        one.later(10)
        one.tell("ready_for_review")
        one.reviewed()
        one.later(3)
        one.tell("unlabeled", label="design changes")
        one.later(3)
        one.tell("merged")
        return [one]

    assert "Design changes" not in names(found(history(play)))


def test_the_sample_is_read_as_its_teams_work():
    start = parse_instant("2026-03-02T00:00:00Z")
    policy = parse_policy(policy_for(start, 90), "the sample policy")
    events = [event for event in generate(1, start, 90) if event.repo == REPO]
    one = propose(by_item(events), policy.rules, policy.team_calendar, start + 90 * DAY)
    assert one is not None
    assert names(one)[1:5] == ["Waiting for a reviewer", "Review", "Rework", "Ready to merge"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("In review", "review"), ("S-waiting-on-review", "review"), ("status: needs code review", "review"),
        ("waiting on author", "rework"), ("Changes requested", "rework"), ("needs rebase", "rework"),
        ("In progress", "coding"), ("WIP", "coding"), ("Ready for dev", None), ("Done", "finish"),
        ("Design review", None), ("QA", None), ("", None),
    ],
)  # fmt: skip
def test_names_that_play_a_part_in_themselves(name, part):
    assert role(name) == part


def test_names_say_what_an_item_is_or_where_it_is():
    for name in ("bug", "good first issue", "area: parser", "P-high", "C-bug", "priority/high", "blocked", "✅"):
        assert names_a_kind(name), name
    for name in ("QA", "status: testing", "needs-changelog", "in staging", "Ready for QA"):
        assert not names_a_kind(name), name
    for name in ("status: testing", "needs-changelog", "S-waiting-on-bors", "to verify"):
        assert names_a_step(name), name
    assert not names_a_step("meta/development")


def test_names_say_who_is_at_work_or_nothing():
    assert [is_active(name) for name in ("Testing", "In test", "Ready for QA", "Waiting for legal", "Legal")] == [
        True, True, False, False, None,
    ]  # fmt: skip


def test_names_in_plain_words():
    assert [plain(name) for name in ("status: ready-for-qa", "S-waiting-on-bors", "in_staging", "✅ Done")] == [
        "Ready for QA", "Waiting on bors", "In staging", "Done",
    ]  # fmt: skip
