"""Targets shown, tried out and agreed on from Slack; and what histories teach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from doors import asked
from fake_slack import FakeSlack, content_error
from hypothesis import given
from hypothesis import strategies as st
from program import wait_until
from site_on_loopback import Site, serve, settings, web
from sqlalchemy import Engine
from world import MONDAY, POLICY, World

from bot.__main__ import run
from bot.backtest import forecast, replay
from bot.flow.learning import ENOUGH, STEPS, Forecast, Lengths, kindly, lengths, percentile
from bot.ledger import waits_of
from bot.policy import parse_policy
from bot.said import current
from bot.sample import generate
from bot.store import said
from bot.store.engine import reading

HOUR, DAY = 3600, 86_400
ADMINS = "Slack's administrators and owners, and those they name, can agree to it; /flow admins lists who they named."
NOT_ADMIN = "That is for Slack's administrators and owners, and those they name. /flow admins lists who they named."
SILENT = '\n[repos."acme/quiet"]\nsilent = true\n[repos."acme/quiet".targets]\nmerge = "2h"\n'


@dataclass
class Desk:
    """A world whose web process is asked; alice administers its Slack."""

    world: World
    site: Site

    def flow(self, words: str, user: str = "U0ALICE") -> dict[str, Any]:
        reply = asked(self.site, self.world.slack, words, user)
        assert content_error(reply) is None
        return reply

    def press(self, shown: dict[str, Any], label: str, user: str = "U0ALICE") -> str:
        """Press a button of an answer; the text of what takes its place."""
        slack = self.world.slack
        before = len(slack.replaced)
        assert self.site.press_in(shown, label, user).status == 200
        wait_until(lambda: len(slack.replaced) > before)
        return str(slack.replaced[-1]["text"])

    def reviews(self, hours: int, many: int, ago: int = 14) -> None:
        """Reviews that took alice so long each, asked for on one morning some days ago; they were merged at once."""
        start = MONDAY - ago * DAY
        for _ in range(many):
            item = self.world.now + len(self.opened)
            self.opened.append(item)
            world = self.world
            world.ask("alice", item=item, at=start, author="dave")
            world.tell(
                world.fact("review_submitted", "alice", item=item, at=start + hours * HOUR, state="approved"),
                world.fact("merged", "dave", item=item, at=start + hours * HOUR),
            )

    @property
    def opened(self) -> list[int]:
        return self.__dict__.setdefault("_opened", [])


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE", is_admin=True)
        slack.add_user("U0BOB")
        slack.add_user("U0CAROL", is_owner=True)
        world = World(engine, slack)
        world.set_policy(POLICY + SILENT)
        ctx = replace(world.ctx(), settings=settings(tmp_path))
        server = web(ctx)
        for port in serve(server):
            yield Desk(world, Site(ctx, port, slack.response_url))


def shown(message: dict[str, Any]) -> list[str]:
    """The paragraphs, and the buttons in brackets."""
    assert content_error(message) is None
    return [
        block["text"]["text"] if "text" in block else " ".join(f"[{one['text']['text']}]" for one in block["elements"])
        for block in message["blocks"]
    ]


OTHERS = [
    "*re_review*: *4h* ({}by the policy file). None ended lately.",
    "*rework*: *16h* ({}by the policy file). None ended lately.",
    "*respond*: no target. None ended lately.",
    "*merge*: *8h* ({}by the policy file). None ended lately.",
    "*assign*: *4h* ({}by the policy file). None ended lately.",
    "*fix*: *8h* ({}by the policy file). None ended lately.",
]


def history(desk: Desk) -> None:
    """Ten reviews of 3 hours, two of 6, and one that waits since Wednesday."""
    desk.reviews(3, 10)
    desk.reviews(6, 2)
    desk.world.ask("alice", item=5, author="dave", at=MONDAY - 5 * DAY)


def test_what_is_agreed_is_shown_with_where_it_comes_from_and_what_the_past_says(desk: Desk) -> None:
    history(desk)
    told = desk.flow("targets", "U0BOB")
    review = "*review*: *8h* (by the policy file). Half took up to 3h, 85% up to 6h (n = 12). 1 open, 1 past it."
    assert shown(told) == [
        "*Targets of all repositories*, in working time; beside them how long things took in the last 90 days.",
        "\n".join([review, *(line.format("") for line in OTHERS)]),
        "Some repositories have targets of their own:\n*acme/quiet*: merge 2h",
        "`/flow targets review 8h` shows what another target would mean.",
        "[Targets of acme/quiet]",
    ]
    assert told["text"] == "\n".join(shown(told)[:-1]).replace("*", "").replace("`", "")


def test_of_a_repository_its_own_targets_and_those_of_all_are_told_apart(desk: Desk) -> None:
    history(desk)
    desk.press(desk.flow("targets shop review 2h"), "Confirm", "U0CAROL")
    told = shown(desk.flow("targets shop"))
    assert told[:2] == [
        "*Targets of acme/shop*, in working time; beside them how long things took in the last 90 days.",
        "\n".join([
            "*review*: *2h* (by <@U0CAROL> on Monday 09:00). Half took up to 3h, 85% up to 6h (n = 12). 1 open, 1 past "
            "it.",
            *(line.format("for all repositories, ") for line in OTHERS),
        ]),
    ]  # fmt: skip


def test_other_targets_are_tried_out_on_the_last_thirty_days_and_then_agreed_on(desk: Desk) -> None:
    history(desk)
    tried = desk.flow("targets shop review 2h merge 0")
    assert shown(tried) == [
        "*Targets of acme/shop*: review 8h → 2h, merge 8h → none.",
        "In the last 30 days, as things are: 4 nudges to 1 person, 1 breach, 1 channel message. With this: 6 "
        "nudges to 1 "
        "person, 13 breaches, 2 channel messages.",
        "No further open wait would be past it at once.",
        "[Confirm] [Leave it]",
    ]
    assert current(desk.site.ctx).policy.target("acme/shop", "review") == 8 * HOUR
    assert desk.press(tried, "Leave it").startswith("Targets of acme/shop, in working time;")
    assert desk.press(tried, "Confirm") == "Agreed for acme/shop: review 8h → 2h, merge 8h → none."
    policy = current(desk.site.ctx).policy
    assert (policy.target("acme/shop", "review"), policy.target("acme/shop", "merge")) == (2 * HOUR, None)
    assert (policy.target("acme/other", "review"), policy.target("acme/other", "merge")) == (8 * HOUR, 8 * HOUR)
    assert desk.press(tried, "Confirm") == "That is what is agreed for acme/shop already."


def test_those_of_all_repositories_hold_where_there_are_no_others(desk: Desk) -> None:
    tried = desk.flow("targets merge 90m respond 2d")
    assert shown(tried)[:2] == [
        "*Targets of all repositories*: merge 8h → 1h 30m, respond none → 16h.",
        "Targets of a repository's own stay as they are: *acme/quiet* (merge 2h).",
    ]
    assert "own" not in shown(desk.flow("targets review 4h"))[1]
    assert desk.press(tried, "Confirm") == "Agreed for all repositories: merge 8h → 1h 30m, respond none → 16h."
    policy = current(desk.site.ctx).policy
    assert (policy.target("acme/shop", "merge"), policy.target("acme/shop", "respond")) == (5400, 16 * HOUR)


def test_open_waits_that_would_be_late_at_once_are_counted_and_then_nudged(desk: Desk) -> None:
    desk.world.ask("alice", "bob", item=5, author="dave", at=MONDAY - 3 * HOUR)
    desk.world.clock.advance(hours=1, minutes=30)
    tried = desk.flow("targets shop review 1h")
    assert shown(tried)[2] == "2 open waits would be past it at once; they are nudged in working hours."
    desk.press(tried, "Confirm")
    desk.world.wait(minutes=1)
    assert [len(desk.world.texts(user)) for user in ("U0ALICE", "U0BOB")] == [1, 1]
    assert shown(desk.flow("targets shop review 8h"))[2] == (
        "No further open wait would be past it at once. 2 would no longer be."
    )


def test_anybody_may_try_targets_out_and_administrators_agree_on_them(desk: Desk) -> None:
    tried = desk.flow("targets shop review 2h")
    assert desk.flow("targets shop review 2h", "U0BOB")["text"].split("\n")[-1] == ADMINS
    assert desk.press(tried, "Confirm", "U0BOB") == NOT_ADMIN
    assert current(desk.site.ctx).policy.target("acme/shop", "review") == 8 * HOUR


def test_targets_of_a_silent_repository_are_agreed_on_and_nobody_is_nudged(desk: Desk) -> None:
    silent = "acme/quiet is silent: nobody is nudged about it until it is switched on."
    assert shown(desk.flow("targets quiet"))[2:] == [
        silent,
        "`/flow targets acme/quiet review 8h` shows what another target would mean.",
        "[Switch on]",
    ]
    tried = desk.flow("targets quiet review 2h")
    assert shown(tried)[3] == f"{silent} The figures are what it would mean then."
    assert desk.press(tried, "Confirm") == f"Agreed for acme/quiet: review 8h → 2h.\n{silent}"
    assert current(desk.site.ctx).policy.target("acme/quiet", "review") is None
    assert desk.press(desk.flow("targets quiet"), "Switch on") == (
        "acme/quiet is on. Agreed, in working time: review 2h · re_review 4h · rework 16h · merge 2h · assign 4h "
        "· fix 8h."
    )
    assert current(desk.site.ctx).policy.target("acme/quiet", "review") == 2 * HOUR


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("targets absent review 8h", "I know no repository “absent”. /flow repos lists those that I know."),
        ("targets review 8h", "That is what is agreed for all repositories already."),
        ("targets review soon", "“soon” is no working time. Allowed are"),
        ("targets shop review", "How long “review” may take is missing. Allowed are"),
        ("targets shop fixing 8h", "“fixing” is no kind of wait. Allowed are"),
    ],
)
def test_what_can_not_be_tried_out_is_said(desk: Desk, words: str, says: str) -> None:
    desk.world.ask("alice")
    assert desk.flow(words)["text"].startswith(says)


def test_a_change_is_on_the_record(desk: Desk) -> None:
    desk.press(desk.flow("targets review 4h"), "Confirm")
    with reading(desk.site.ctx.engine) as session:
        (row,) = said.changes(session, desk.site.ctx.workspace, 5)
    assert (row.by, row.at, row.path, row.was, row.became) == (
        "U0ALICE", MONDAY, '["targets", "review"]', '"8h"', '"4h"',
    )  # fmt: skip


def test_a_percentile_is_a_value_that_was_there() -> None:
    assert [percentile([40, 10, 30, 20], share) for share in (1, 25, 26, 50, 85, 100)] == [10, 10, 20, 20, 40, 40]
    assert percentile([], 50) is None


@pytest.mark.parametrize(
    ("hours", "step"),
    [(0.4, None), (0.5, 0.5), (0.99, 0.5), (1.9, 1), (3.9, 2), (5, 4), (7.9, 6), (11, 8), (15.9, 12), (23, 16),
     (31, 24), (39.9, 32), (41, 40), (47.9, 40), (48, 48), (100, 96)],
)  # fmt: skip
def test_a_suggestion_is_rounded_down_to_what_people_would_agree_on(hours: float, step: float | None) -> None:
    assert kindly(int(hours * HOUR)) == (None if step is None else step * HOUR)


@given(st.lists(st.integers(0, 400 * HOUR), min_size=1, max_size=60))
def test_a_suggestion_is_kept_by_no_more_than_the_share_it_is_taken_from(ages: list[int]) -> None:
    (found,) = [one for one in lengths(("merge", age) for age in ages) if one.n]
    if len(ages) < ENOUGH:
        assert found.suggested is None
    elif found.suggested is not None:
        assert STEPS[0] <= found.suggested <= (found.high or 0)
        assert found.suggested > (found.high or 0) / 2 or found.suggested == STEPS[0]


def test_every_kind_has_its_line_whether_it_was_seen_or_not() -> None:
    assert lengths([("fix", 60)])[-1] == Lengths("fix", 1, 60, 60)
    assert lengths([])[0] == Lengths("review", 0, None, None)


FOUR_WEEKS = 28 * DAY


@pytest.mark.parametrize("seed", range(4))
def test_a_forecast_is_the_back_test_of_stored_waits(seed: int) -> None:
    events = generate(seed, MONDAY - 2 * FOUR_WEEKS, 56)
    policy = parse_policy('[targets]\nreview = "6h"\nmerge = "4h"\nrework = "8h"\n', "test")
    result = replay(events, policy, MONDAY - FOUR_WEEKS, MONDAY)
    found = forecast(waits_of(events, policy, MONDAY).waits, policy, MONDAY - FOUR_WEEKS, MONDAY)
    heard = [message for message in result.messages if not message.to.startswith("#")]
    assert (found.nudges, found.people) == (result.figures.to_people, result.figures.people)
    assert found.unheard == len(result.messages) - len(heard)
    assert found.unlinked == found.people > 0


def test_a_forecast_needs_no_waits_that_ended_long_before() -> None:
    events = generate(1, MONDAY - 2 * FOUR_WEEKS, 56)
    policy = parse_policy('[targets]\nreview = "6h"\nmerge = "4h"\nrework = "8h"\n', "test")
    waits = waits_of(events, policy, MONDAY).waits
    lately = [wait for wait in waits if wait.until is None or wait.until >= MONDAY - FOUR_WEEKS - 7 * DAY]
    assert len(lately) < len(waits)
    assert forecast(lately, policy, MONDAY - FOUR_WEEKS, MONDAY) == forecast(waits, policy, MONDAY - FOUR_WEEKS, MONDAY)


def test_nobody_is_told_of_a_channel_that_is_not_set() -> None:
    events = generate(1, MONDAY - FOUR_WEEKS, 28)
    policy = parse_policy("", "test")
    assert forecast(waits_of(events, policy, MONDAY).waits, policy, 0, MONDAY) == Forecast(0, 0, 0, 0, 0, 0)


def test_the_command_line_knows_what_was_set_from_slack_unless_a_policy_file_is_named(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.world.ask("alice", item=5, author="dave", at=MONDAY - 3 * HOUR)
    desk.press(desk.flow("targets shop review 30m"), "Confirm")
    monkeypatch.setenv("DATABASE_URL", desk.world.engine.url.render_as_string(hide_password=False))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weir.toml").write_text(POLICY)

    def target(*more: str) -> int:
        assert run(["waits", "acme/shop", "--at", "2026-03-02T09:00:00Z", "--format", "jsonl", *more]) == 0
        return int(json.loads(capsys.readouterr().out)["target_seconds"])

    assert (target(), target("--policy", "weir.toml")) == (HOUR // 2, 8 * HOUR)
