"""`/flow types`: the rules with what they caught, other ones tried out and agreed on, and a type given by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import HTTP, SOCKET, Desk, desk
from fake_slack import FakeSlack, content_error
from program import wait_until
from slack_payloads import element_of, labels
from sqlalchemy import Engine
from world import MONDAY, POLICY, World

from bot.asking import types
from bot.figures.reading import parts_of, ways_of, works_of
from bot.figures.scope import of_repos
from bot.flow.events import TYPED
from bot.said import current
from bot.store import events
from bot.store.engine import reading
from bot.views.message import Message
from bot.views.pages import Again, again
from bot.views.types import picked
from handlers.commands import answer

DAY = 86_400
BUG, OOPS, FEATURE, NONE = ["bug"], ["oops"], ["enhancement"], []
ONE_LINE = "Slack's administrators and owners, and those they name, can do that; /flow admins lists who they named."


def opened(world: World, item: int, title: str, labels: list[str], *, done: bool = True, repo: str = "") -> None:
    """An item of last week."""
    at = MONDAY - 6 * DAY + item * 60
    url = f"https://github.com/acme/shop/pull/{item}"
    told = [world.fact("opened", item=item, at=at, type="pull_request", title=title, url=url, labels=labels)]
    told += [world.fact("merged", item=item, at=at + DAY)] if done else []
    world.tell(*told, live=False)


def work(world: World) -> None:
    for item, (title, marks) in enumerate(
        [("Rounding", BUG), ("Totals", BUG), ("A cart", FEATURE), ("Repair totals", OOPS), ("Repair cart", NONE),
         ("Repair tax", NONE)], 1
    ):  # fmt: skip
        opened(world, item, title, marks, done=item != 6)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE", is_admin=True)
        slack.add_user("U0BOB")
        world = World(engine, slack)
        world.set_policy(POLICY)
        work(world)
        yield world


def ask(world: World, words: str, user: str = "U0ALICE", *, sure: bool = False) -> Message:
    told = answer(world.ctx(), user, Again(words, sure=sure))
    assert content_error({"text": told.text, "blocks": list(told.blocks)}) is None
    return told


def press(world: World, shown: Message, label: str, user: str = "U0ALICE") -> Message:
    """Press a button that asks something again."""
    _, button = element_of({"blocks": shown.blocks}, label)
    asked = again(button["value"])
    assert asked is not None
    return answer(world.ctx(), user, asked)


def buttons(shown: Message) -> list[str]:
    return labels({"blocks": shown.blocks})


def types_of_all(world: World) -> dict[int, str]:
    """What the digest counts them as, by item."""
    ctx = current(world.ctx())
    with reading(world.engine) as session:
        ways = ways_of(session, ctx, of_repos(None), 0, world.now)
        works = works_of(session, ctx, ways, parts_of(session, ctx, ways))
    return {work.journey.key[2]: work.type for work in works}


def test_the_rules_are_shown_with_what_they_caught_and_what_has_no_type(world: World) -> None:
    told = ask(world, "types")
    assert told.text.split("\n") == [
        "Types of work in all repositories, the last 90 days: 6 items, 1 feature, 2 defects, 0 risks, 0 debt, "
        "3 unclassified.",
        "Rules, those that go for most teams; the first that matches counts. Behind each, how many items it caught:",
        "6. defect: label bug* or defect or regression or 4 more – 2",
        "8. feature: label feature* or feat or enhancement or 4 more – 1",
        "17 other rules caught nothing.",
        "/flow types add defect label bug* shows what another rule would mean.",
        "Unclassified: 3 items. Give them a type, or teach a rule.",
        "Repair cart · acme/shop#5",
        "Repair totals · acme/shop#4",
        "Repair tax · acme/shop#6",
    ]
    assert buttons(told) == ["All rules", "Type", "Type", "Type"]


def test_all_rules_are_shown_when_they_are_asked_for(world: World) -> None:
    told = press(world, ask(world, "types shop"), "All rules").text
    assert "in acme/shop," in told
    assert "19. debt: branch dependabot/ or renovate/" in told


def test_another_rule_is_tried_out_and_agreed_on(world: World) -> None:
    told = ask(world, "types add defect label oops title repair*")
    assert told.text.split("\n") == [
        "A rule more: defect: label oops, title repair*. It goes before all others.",
        "Of 6 items of the last 90 days it would change 1: 1 unclassified → defect. Such as Repair totals · "
        "acme/shop#4.",
    ]
    done = press(world, told, "Change")
    assert done.text == "The rules are changed. All figures, past ones too, follow them from now on."
    assert "1. defect: label oops, title repair* – 1" in press(world, done, "Show the rules").text
    assert types_of_all(world) == {
        1: "defect", 2: "defect", 3: "feature", 4: "defect", 5: "unclassified", 6: "unclassified",
    }  # fmt: skip


def test_a_rule_is_moved_removed_and_all_are_as_before(world: World) -> None:
    press(world, ask(world, "types add risk label bug"), "Change")
    assert types_of_all(world)[1] == "risk"
    moved = ask(world, "types move 1 before 8")
    assert moved.text.startswith("Another place: risk: label bug. It goes before number 8.")
    press(world, moved, "Change")
    assert types_of_all(world)[1] == "defect"
    removed = ask(world, "types remove 7")
    assert removed.text.startswith("A rule less: risk: label bug.\nNone of the 6 items")
    press(world, removed, "Change")
    reset = ask(world, "types reset")
    assert reset.text.startswith("The rules as they were: the 19 that nobody changed from Slack.")
    press(world, reset, "Change")
    assert current(world.ctx()).policy.file.types is None


def test_the_record_says_which_rules_came_and_went(world: World) -> None:
    press(world, ask(world, "types add risk label bug"), "Change")
    press(world, ask(world, "types move 1 last"), "Change")
    lines = ask(world, "log").text.split("\n")
    assert lines[1].startswith("rules of types: another order")
    assert lines[2].startswith("rules of types: risk: label `bug` added")


def test_who_may_not_agree_is_told_who_may(world: World) -> None:
    told = ask(world, "types add risk label bug", "U0BOB")
    assert told.text.endswith(ONE_LINE)
    assert buttons(told) == []
    refused = ask(world, "types add risk label bug", "U0BOB", sure=True)
    assert refused.text.startswith("That is for Slack's administrators")
    assert current(world.ctx()).policy.file.types is None


def test_what_was_seen_over_other_rules_changes_nothing(world: World) -> None:
    seen = ask(world, "types remove 6")
    press(world, ask(world, "types add risk label bug"), "Change")
    told = press(world, seen, "Change")
    assert told.text.startswith("The rules were changed meanwhile, so nothing was changed now.")
    assert len(current(world.ctx()).policy.type_rules) == 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("types remove 99", "There is no rule 99; they are numbered 1 to 19. /flow types shows them."),
        ("types add debts label", "The pattern behind “label” is missing. Allowed are label, issue-type"),
        ("types add banana label bug", "“banana” is no type of work. Allowed are feature, defect, risk and debt."),
        ("types remove -1", "“-1” is no number of a rule. Allowed is its number, from 1; /flow types rules shows"),
        ("types move 4", "Where to move rule 4 is missing. Allowed are first, last and before a number."),
        ("types move 4 before 99", "There is no rule 99; they are numbered 1 to 19."),
        ("types add debt label *", "“∗” can't be taken behind “label”. Allowed are up to 30 patterns"),
        ("types nowhere/repo", "I know no value stream and no repository “nowhere/repo”."),
    ],
)
def test_what_can_not_be_done_is_one_line(world: World, words: str, said: str) -> None:
    assert ask(world, words).text.startswith(said)


def give(world: World, item: int, kind: str, user: str = "U0ALICE") -> Any:
    return types.give(current(world.ctx()), user, ("github", "acme/shop", item), kind, world.now)


def test_a_type_given_by_hand_counts_though_the_item_was_done(world: World) -> None:
    given, key = give(world, 4, "defect"), ("github", "acme/shop", 4)
    assert given.type == types_of_all(world)[4] == "defect"
    with reading(world.engine) as session:
        (event,) = events.of_items(session, world.ctx().workspace, [key], [TYPED])[key]
    assert (event.actor, event.at, event.data) == ("alice", world.now, {"type": "defect"})


def test_the_rule_that_would_have_told_it_is_offered_with_what_it_would_change(world: World) -> None:
    offered = give(world, 5, "defect").offered
    assert (offered.moved, offered.behind_all, offered.may_confirm) == (2, True, True)
    ask(world, f"types {offered.words}", sure=True)
    assert types_of_all(world)[6] == "defect"
    assert "20. defect: title repair * – 2" in ask(world, "types").text
    assert give(world, 6, "defect", "U0BOB").offered is None


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"block_id": "typed:github:acme/shop#x", "action_id": "typed:", "selected_option": {"value": "risk"}},
        {"block_id": "typed:github:acme/shop#5", "action_id": "typed:", "selected_option": {"value": "cake"}},
        {"block_id": "typed:github:acme/shop#5", "action_id": "typed:", "selected_option": None},
        {"block_id": "other:github:acme/shop#5", "action_id": "typed:", "selected_option": {"value": "risk"}},
    ],
)
def test_a_menu_of_something_else_gives_no_type(action: dict[str, Any]) -> None:
    assert picked(action) is None


@pytest.fixture(params=[HTTP, SOCKET])
def team(request: pytest.FixtureRequest, sqlite_engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    with desk(sqlite_engine, tmp_path, request.param, POLICY) as found:
        found.slack.add_user("U0ALICE", is_admin=True)
        found.slack.add_user("U0BOB")
        work(found.world)
        yield found


def choose(team: Desk, shown: dict[str, Any], kind: str, nth: int, user: str = "U0ALICE") -> dict[str, Any]:
    before = len(team.slack.replaced)
    team.door.choose(shown, "Type", kind, user, nth=nth)
    wait_until(lambda: len(team.slack.replaced) > before)
    return team.slack.replaced[-1]


def test_one_after_the_other_gets_its_type_from_the_menu_beside_it(team: Desk) -> None:
    after = choose(team, team.flow("types"), "Defect", 0)
    assert after["text"].split("\n")[:3] == [
        "Repair cart · acme/shop#5 counts as defect now, thank you.",
        "A rule would have told so: defect: title repair *. It would change 2 other items of the last 90 days.",
        "Unclassified: 2 items. Give them a type, or teach a rule.",
    ]
    taught = team.press(after, "Teach this rule")
    assert taught["text"].startswith("The rules are changed.")


def test_who_may_not_teach_is_told_who_may(team: Desk) -> None:
    after = choose(team, team.flow("types", "U0BOB"), "Debt", 1, "U0BOB")
    assert after["text"].split("\n")[1].endswith(ONE_LINE)
    assert "Teach this rule" not in labels(after)


def test_one_item_says_what_told_its_type(world: World) -> None:
    assert ask(world, "types shop#1").text.split("\n") == [
        "Rounding · acme/shop#1 counts as defect, by rule 6: defect: label bug* or defect or regression or 4 more.",
        "Marked with label bug.",
    ]
    assert ask(world, "types #5").text.split("\n") == [
        "Repair cart · acme/shop#5 is unclassified: no rule matches.", "Marked with nothing but its title.",
    ]  # fmt: skip
    assert ask(world, "types shop#99").text.startswith("I know of no acme/shop#99:")


def test_what_a_person_said_can_be_left_to_the_rules_again(team: Desk) -> None:
    team.press(choose(team, team.flow("types shop#1"), "Risk", 0), "Another type")
    said = team.flow("types shop#1")
    assert said["text"].startswith("Rounding · acme/shop#1 counts as risk: somebody said so.")
    after = choose(team, said, "As the rules say", 0)
    assert after["text"] == "Rounding · acme/shop#1 is what the rules say: defect."
    assert types_of_all(team.world)[1] == "defect"


def test_a_pull_requests_type_is_that_of_the_issue_it_closes(world: World) -> None:
    world.tell(
        world.fact("opened", item=20, at=MONDAY - 3 * DAY, type="issue", title="Totals are off", issue_type="Bug"),
        world.fact("opened", item=21, at=MONDAY - 2 * DAY, type="pull_request", title="feat: totals", branch="feat/x"),
        world.fact("linked", item=21, at=MONDAY - 2 * DAY, issue=20),
    )
    assert ask(world, "types #21").text.split("\n") == [
        "Totals are off · acme/shop#20 counts as defect, by rule 3: defect: issue-type bug* or defect or incident.",
        "acme/shop#21 closes it.",
        "Marked with issue-type bug; branch feat/x.",
    ]
