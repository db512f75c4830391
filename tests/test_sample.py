"""The sample history: every behaviour occurs, nothing impossible happens, and it is the same every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise

import pytest

from bot.flow.common_types import COMMON
from bot.flow.events import FlowEvent, from_record, to_record
from bot.flow.types import types_of
from bot.flow.waits import KINDS, Ledger, Rules, by_item, fold
from bot.policy import Policy, parse_policy
from bot.sample import generate, policy_for

START = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
DAYS = 28
END = START + DAYS * 86_400
SEEDS = range(6)

EVENT_KINDS = {
    *("opened", "closed", "merged", "reopened", "ready_for_review", "converted_to_draft"),
    *("review_requested", "review_request_removed", "review_submitted", "review_dismissed"),
    *("pushed", "commented", "labeled", "unlabeled", "assigned", "unassigned"),
    *("checks_failed", "checks_passed", "queued", "dequeued", "deployed"),
}


@pytest.fixture(params=SEEDS)
def history(request: pytest.FixtureRequest) -> list[FlowEvent]:
    return list(_generated(request.param))


@cache
def _generated(seed: int) -> tuple[FlowEvent, ...]:
    return tuple(generate(seed, START, DAYS))


@pytest.fixture
def items(history: list[FlowEvent]) -> list[list[FlowEvent]]:
    return [sorted(events) for events in by_item(history).values()]


def policy() -> Policy:
    return parse_policy(policy_for(START, DAYS), "the sample policy")


def ledgers(history: list[FlowEvent]) -> list[Ledger]:
    terms = policy()
    found = [fold(events, terms.rules(key[1])) for key, events in by_item(history).items()]
    return [ledger for ledger in found if ledger is not None]


def test_every_kind_of_wait_occurs_and_for_teams_too(history):
    waits = [wait for ledger in ledgers(history) for wait in ledger.waits]
    assert {wait.kind for wait in waits} == set(KINDS)
    assert {wait.kind for wait in waits if wait.team} == {"review"}


def test_every_kind_of_wait_occurs_under_the_built_in_rules_as_well(history):
    folded = [fold(events, Rules()) for events in by_item(history).values()]
    assert {wait.kind for ledger in folded if ledger for wait in ledger.waits} == set(KINDS)


def test_every_kind_of_event_occurs(history):
    assert {event.kind for event in history} == EVENT_KINDS


def test_reviews_approve_object_and_comment_for_people_teams_and_machines(history):
    reviews = [event for event in history if event.kind == "review_submitted"]
    assert {event.data["state"] for event in reviews} == {"approved", "changes_requested", "commented"}
    assert any(event.data.get("teams") for event in reviews)
    assert {event.actor_type for event in reviews} == {"User", "Bot"}
    assert any(event.actor is None for event in reviews)


def test_bots_and_deleted_accounts_open_pull_requests_too(history):
    opened = [event for event in history if event.kind == "opened"]
    assert any(event.actor_type == "Bot" for event in opened)
    assert any(event.actor is None for event in opened)


def test_drafts_and_pull_requests_with_a_wip_label_are_opened(history):
    opened = [event for event in history if event.kind == "opened"]
    assert any(event.data.get("draft") for event in opened)
    assert any("WIP" in event.data["labels"] for event in opened)


def test_features_defects_risks_and_debt_are_worked_on(history):
    labels = {label for event in history if event.kind == "opened" for label in event.data["labels"]}
    assert labels >= {"feature", "bug", "security", "refactoring", "dependencies"}


def test_a_pull_request_says_what_it_is(history):
    for event in history:
        if event.kind == "opened" and event.data["type"] == "pull_request":
            assert event.data["title"]
            assert event.data["url"] == f"https://github.com/{event.repo}/pull/{event.item}"
            assert event.data["size"] > 0
            assert event.data["base"]


def test_every_event_reads_back_unchanged_from_the_event_log(history):
    assert [from_record(json.loads(json.dumps(to_record(event)))) for event in history] == history


def test_events_come_in_order_of_time_and_within_the_period(history):
    assert history == sorted(history)
    assert history[0].at >= START
    assert history[-1].at < END


def test_ids_are_unique_in_their_repository(history):
    assert max(Counter((event.repo, event.id) for event in history).values()) == 1


def test_nothing_happens_before_an_item_is_opened_and_it_is_opened_once(items):
    for events in items:
        assert [event.kind for event in events].index("opened") == 0
        assert sum(event.kind == "opened" for event in events) == 1


def test_after_the_merge_there_are_only_comments_and_deployments(items):
    for events in items:
        kinds = [event.kind for event in events]
        if "merged" in kinds:
            assert set(kinds[kinds.index("merged") + 1 :]) <= {"commented", "deployed"}


def test_nothing_happens_to_a_closed_item_before_it_is_reopened(items):
    for events in items:
        kinds = [event.kind for event in events]
        for kind, following in pairwise(kinds):
            assert kind != "closed" or following == "reopened"
            assert following != "reopened" or kind == "closed"


def test_authors_and_bots_give_no_verdict_and_the_author_is_not_asked(items):
    for events in items:
        author = events[0].actor
        for event in events:
            if event.kind == "review_submitted" and (event.actor == author or event.actor_type == "Bot"):
                assert event.data["state"] == "commented"
            if event.kind == "review_requested" and "reviewer" in event.data:
                assert event.data["reviewer"] != author


def test_a_merge_has_its_approvals_and_no_objections(history):
    terms = policy()
    for (_, repo, _), events in by_item(history).items():
        merge = next((event for event in events if event.kind == "merged"), None)
        if merge is not None:
            assert _stances(events, merge).count("approved") >= terms.rules(repo).approvals_required
            assert "changes_requested" not in _stances(events, merge)


def _stances(events: list[FlowEvent], until: FlowEvent) -> list[str]:
    """Where the reviewers stand at an event, told apart from the ledger's own reckoning."""
    stances: dict[str | None, str] = {}
    for event in sorted(events):
        if event == until:
            break
        if event.kind == "review_submitted" and event.data["state"] != "commented":
            stances[event.actor] = event.data["state"]
        elif event.kind in ("review_requested", "review_dismissed"):
            stances.pop(event.data.get("reviewer"), None)
    return list(stances.values())


def test_labels_drafts_queue_and_requests_are_only_ended_where_they_began(items):
    ends = {"unlabeled": "labeled", "ready_for_review": "converted_to_draft", "dequeued": "queued"}
    for events in items:
        opened, begun = events[0], Counter[str]()
        begun["labeled"] = len(opened.data["labels"])
        begun["converted_to_draft"] = int(opened.data.get("draft", False))
        for event in events:
            begun[event.kind] += 1
            if event.kind in ends:
                begun[ends[event.kind]] -= 1
                assert begun[ends[event.kind]] >= 0


def test_some_pull_requests_are_still_open_and_some_were_closed_unmerged(history):
    pulls = [ledger for ledger in ledgers(history) if ledger.waits]
    assert any(ledger.live for ledger in pulls)
    assert any(not ledger.live and not ledger.merged for ledger in pulls)
    assert sum(ledger.merged for ledger in pulls) > len(pulls) / 2


def test_most_reviews_come_within_a_working_day_and_a_few_take_days(history):
    terms = policy()
    ages = sorted(
        terms.clock(wait).age(END) / 3600
        for ledger in ledgers(history)
        for wait in ledger.waits
        if wait.kind == "review"
    )
    assert ages[len(ages) * 7 // 10] < 8
    assert ages[-1] > 16


def test_about_forty_pull_requests_are_opened_per_team_in_four_weeks(history):
    opened = Counter(event.repo for event in history if event.kind == "opened" and event.data["type"] == "pull_request")
    assert set(opened) == {"acme/shop", "acme/billing", "acme/mobile"}
    assert all(30 <= count <= 40 for count in opened.values())


def test_people_mostly_act_in_their_working_hours(history):
    terms = policy()
    acts = [event for event in history if event.actor and terms.person(event.actor).slack]
    at_work = sum(terms.person(event.actor).calendar.is_working(event.at) for event in acts if event.actor)
    assert 0.8 < at_work / len(acts) < 1


def test_who_is_away_reviews_nothing(history):
    terms = policy()
    for event in history:
        if event.kind == "review_submitted" and event.actor:
            assert not any(first <= event.at < end for first, end in terms.person(event.actor).away)


def test_the_same_seed_gives_the_same_history_and_another_seed_another():
    assert generate(7, START, 14) == generate(7, START, 14)
    assert generate(7, START, 14) != generate(8, START, 14)


def test_the_history_does_not_hang_on_the_process_that_makes_it():
    script = f"import zlib; from bot.sample import generate; print(zlib.crc32(str(generate(7, {START}, 14)).encode()))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] != ""


def test_a_team_lives_the_same_life_however_many_teams_there_are():
    alone = generate(7, START, 14, teams=1)
    assert alone == [event for event in generate(7, START, 14) if event.repo == "acme/shop"]


@pytest.mark.parametrize("days", [0, 1, 2, 5])
def test_short_periods_are_fine(days):
    assert all(START <= event.at < START + days * 86_400 for event in generate(1, START, days))
    parse_policy(policy_for(START, days), "the sample policy")


@pytest.mark.parametrize(("days", "teams"), [(-1, 3), (7, 0), (7, 4)])
def test_impossible_sizes_are_refused(days, teams):
    with pytest.raises(ValueError, match="allowed"):
        generate(1, START, days, teams)


def test_the_policy_knows_the_people_their_zones_and_channels():
    terms = policy()
    assert terms.person("alice").slack == "U0ALICE"
    assert terms.person("bob").calendar.timezone == "America/New_York"
    assert terms.person("carol").calendar.timezone == "Asia/Kolkata"
    assert terms.person("mallory").slack is None
    assert terms.channel("acme/shop") == "C0SHOP"
    assert terms.rules("acme/billing").approvals_required == 2


def test_the_policy_names_absences_within_the_period():
    away = [one for person in policy().file.people.values() for one in person.away]
    assert len(away) == 3
    assert all(date(2026, 3, 2) <= one.start <= one.until < date(2026, 3, 30) for one in away)


def test_most_of_the_work_tells_its_type_and_some_does_not(history):
    works = [event for event in history if event.kind == "opened" and event.actor_type == "User"]
    types = Counter(types_of(one.key, {one.key: [one]}, COMMON, None)[0][1] for one in works)
    assert set(types) == {"feature", "defect", "risk", "debt", "unclassified"}
    assert 0.05 < types["unclassified"] / types.total() < 0.35
