"""`/flow try` and `/flow experiments`, from the words to the message on their day: with a database and a Slack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fake_slack import content_error
from messages_desk import HTTP, Desk, desk_of, look, world_of
from sqlalchemy import Engine
from world import MONDAY, POLICY, World

from bot.asking.digest import shown_now
from bot.asking.experiments import nudges_for
from bot.experiments.measuring import under_way
from bot.figures.scope import of_repos
from bot.grammar import DigestWords
from bot.store import experiments as kept
from bot.store import streams
from bot.store.engine import reading
from bot.streams.file import from_yaml
from bot.streams.removing import remove
from bot.streams.saving import save
from bot.views.digest import digest
from jobs import experiments as job

HOUR, DAY = 3600, 86_400
WORDS = '"pair on large changes" review -70% by 2026-03-27'
SHOP = """\
name: Shop
repos: [acme/shop]
stages:
  - name: Build
    kind: active
    responsible: author
    signals: [opened]
  - name: Looked at
    kind: wait
    responsible: reviewers
    signals: [review]
  - name: Merged
    kind: active
    signals: [merged]
"""


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    """Monday 2 March, nine o'clock: in the weeks before, eight reviews took 4 to 7 hours. alice administers Slack."""
    with world_of(engine, POLICY) as world, desk_of(world, HTTP, tmp_path) as opened:
        world.slack.add_user("U0ALICE", is_admin=True)
        reviewed(world, [4, 4.5, 5, 5, 5.5, 6, 6.5, 7], MONDAY - 14 * DAY)
        yield opened


def reviewed(world: World, hours: Sequence[float], monday: int, item: int = 1) -> None:
    """Reviews that took so long and ended in a merge, on the workdays from a Monday on, two a day."""
    for place, took in enumerate(hours):
        at = monday + (place // 2) % 5 * DAY + place // 10 * 7 * DAY
        world.ask("alice", item=item + place, at=at, live=False)
        end = at + int(took * HOUR)
        world.tell(world.fact("review_submitted", "alice", item=item + place, at=end, state="approved"), live=False)
        world.tell(world.fact("merged", item=item + place, at=end), live=False)


def later(desk: Desk, days: int, hours: Sequence[float] = (1, 1, 1, 1.5, 1.5, 1.5, 1, 1)) -> None:
    """Let days pass; meanwhile reviews took so long."""
    reviewed(desk.world, hours, MONDAY + 7 * DAY, item=101)
    desk.world.clock.set(MONDAY + days * DAY)


def told(desk: Desk) -> int:
    """Look whose day has come, and let the messages go out."""
    done = job.run(desk.world.ctx(), desk.world.now)
    desk.world.wait(minutes=1)
    return done


def said(desk: Desk, text: str, user: str = "U0BOB") -> str:
    message = desk.flow(text, user)
    assert content_error(message) is None
    return str(message["text"])


def test_it_is_begun_with_what_it_is_compared_with(desk: Desk) -> None:
    assert said(desk, f"try {WORDS}").splitlines() == [
        "pair on large changes is being tried, as experiment 1: review -70% by Friday 27 March, in all repositories.",
        "In the 90 days before, half took up to 5h of working time (n 8); that is what it will be compared with.",
        "On that day you hear and <#C0TEAM> hears whether it held.",
    ]


def test_on_its_day_its_beginner_hears_whether_it_held_once(desk: Desk) -> None:
    said(desk, f"try {WORDS}")
    later(desk, 24)
    assert told(desk) == 0, "it is the 26th"
    desk.world.clock.set(MONDAY + 25 * DAY - 2 * HOUR)
    assert told(desk) == 0, "nobody works at seven"
    desk.world.clock.set(MONDAY + 25 * DAY)
    assert told(desk) == 2, "whoever began it, and the channel where they did"
    assert told(desk) == 0
    [there] = [one for one in desk.slack.messages("C0TEAM") if "experiment" in one["text"]]
    assert content_error(there) is None
    assert "U0BOB" not in str(there)
    [message] = [one for one in desk.slack.dms("U0BOB") if "experiment" in one["text"]]
    assert content_error(message) is None
    assert message["text"].splitlines()[:2] == [
        "The day of an experiment has come: pair on large changes (review in all repositories).",
        "It held. Half took up to 5h of working time (n 8) before, half up to 1h (n 8) since: "
        "-80% (95% interval -85% to -70%). "
        "Asked for: -70% by today.",
    ]
    assert look(message)[1] == "[Keep it] [Drop it] [Extend]"


def test_a_weekend_is_waited_for(desk: Desk) -> None:
    said(desk, f"try {WORDS.replace('27', '28')}")
    later(desk, 26)
    assert told(desk) == 0, "Saturday the 28th"
    desk.world.clock.set(MONDAY + 28 * DAY)
    assert told(desk) == 2


def test_it_is_kept_by_a_press_and_the_message_says_so(desk: Desk) -> None:
    said(desk, f"try {WORDS}")
    later(desk, 25)
    told(desk)
    message = [one for one in desk.slack.dms("U0BOB") if "experiment" in one["text"]][-1]
    assert desk.press(message, "Keep it", "U0BOB") == "pair on large changes is kept. It held."
    desk.world.wait(minutes=1)
    [message] = [one for one in desk.slack.dms("U0BOB") if "experiment" in one["text"]]
    assert "Kept by <@U0BOB>" in message["text"]
    assert not any("Keep it" in line for line in look(message))
    assert said(desk, "experiments").startswith("0 experiments under way, 1 ended.")
    assert said(desk, "experiments drop 1") == "pair on large changes is kept already. It held."


def test_only_its_beginner_or_an_administrator_ends_it(desk: Desk) -> None:
    said(desk, f"try {WORDS}")
    refused = "That is for whoever began it, and for administrators. /flow admins lists who they named."
    for words in ("keep 1", "drop 1", "extend 1", "extend 1 by 2026-05-01"):
        assert said(desk, f"experiments {words}", "U0CAROL") == refused
    assert said(desk, "experiments drop 1", "U0ALICE").startswith("pair on large changes is dropped.")


def test_extended_it_is_told_again_on_its_new_day_with_the_same_baseline(desk: Desk) -> None:
    said(desk, f"try {WORDS}")
    later(desk, 25)
    told(desk)
    asked = said(desk, "experiments extend 1")
    assert asked.startswith("Until when does pair on large changes go on?")
    assert said(desk, "experiments extend 1 by 2026-03-27").startswith("“2026-03-27” is no later than 2026-03-27.")
    assert said(desk, "experiments extend 1 by 2026-04-10").startswith("pair on large changes goes on until Friday 10")
    desk.world.wait(minutes=1)
    [first] = [one["text"] for one in desk.slack.dms("U0BOB") if "experiment" in one["text"]]
    assert first == "pair on large changes goes on: another day is set for it. /flow experiments shows how it stands."
    desk.world.clock.set(MONDAY + 39 * DAY)
    assert told(desk) == 2
    assert "half took up to 5h of working time (n 8) before" in desk.slack.dms("U0BOB")[-1]["text"].lower()


def test_what_is_frozen_stays_whatever_is_learnt_later(desk: Desk) -> None:
    said(desk, f"try {WORDS}")
    reviewed(desk.world, [0.1] * 10, MONDAY - 7 * DAY, item=50)
    assert "half took up to 5h of working time (n 8) before" in said(desk, "experiments").lower()


def test_one_that_lasts_is_listed_as_it_stands_with_what_is_open(desk: Desk) -> None:
    said(desk, f"try {WORDS}")
    later(desk, 10, [1, 1, 2])
    desk.world.ask("alice", item=500, at=MONDAY + 8 * DAY, live=False)
    text = said(desk, "experiments")
    assert "too few to tell, 6 on each side are needed" in text
    assert "1 is not over yet, for longer than 5h by now." in text
    assert said(desk, "experiments 1").splitlines()[1].startswith("So far half took up to 5h")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (WORDS.replace("2026-03-27", "2026-02-01"), "“2026-02-01” is over: today is 2026-03-02."),
        (WORDS.replace("2026-03-27", "today"), "“today” is today: nothing would be over by then."),
        (WORDS.replace(" review ", " revue "), "“revue” is no stage and no kind of wait."),
        (
            WORDS.replace('"', ""),
            "“on large changes review” is no stage and no kind of wait. What you try stands in quotes",
        ),
        (WORDS.replace(" review ", " acme/shop "), "Which stage or kind of wait of “acme/shop” is missing."),
        (WORDS.replace(" review ", " acme/other review "), "I know no repository “acme/other”."),
        (WORDS.replace(" review ", " fix "), "No fix was over in the last 90 days there, so there is nothing to"),
        (WORDS.replace(" review ", " merged "), "“merged” is no stage and no kind of wait."),
    ],
)
def test_what_can_not_be_tried_is_said_in_a_line(desk: Desk, words: str, line: str) -> None:
    text = said(desk, f"try {words}")
    assert text.startswith(line)
    assert "\n" not in text
    assert said(desk, "experiments").startswith("Nothing is being tried")


def test_the_same_words_are_tried_once_at_a_time(desk: Desk) -> None:
    said(desk, f"try {WORDS}")
    again = said(desk, f"try {WORDS.replace('pair on', 'Pair  ON')}", "U0CAROL")
    assert again == "“Pair ON large changes” is being tried already. /flow experiments shows how it stands."
    said(desk, "experiments drop 1")
    assert "as experiment 2" in said(desk, f"try {WORDS}")


def test_there_is_no_experiment_9_nor_one_with_more_digits_than_anybody_counts(desk: Desk) -> None:
    assert said(desk, "experiments 9") == "There is no experiment 9. /flow experiments lists them."
    assert said(desk, f"experiments {10**30}").startswith("There is no experiment")


def test_a_repository_and_a_stage_can_be_meant(desk: Desk) -> None:
    save(desk.world.ctx(), "U0ALICE", from_yaml(SHOP), desk.world.now)
    assert "review -70% by Friday 27 March, in acme/shop." in said(
        desk, f"try {WORDS.replace(' review', ' acme/shop review')}"
    )
    stage = WORDS.replace("pair on", "look at").replace(" review ", " Shop looked at ")
    assert "Looked at -70% by Friday 27 March, in Shop." in said(desk, f"try {stage}")
    alone = WORDS.replace("pair on", "split").replace(" review ", " looked at ")
    assert said(desk, f"try {alone}").startswith("Experiment 2 (“look at large changes”) is about the same wait.")
    said(desk, "experiments drop 2")
    assert "Looked at -70% by Friday 27 March, in Shop." in said(desk, f"try {alone}")
    coding = WORDS.replace("pair on", "write").replace(" review ", " coding ")
    assert said(desk, f"try {coding}").startswith("No Coding was over in the last 90 days")


def test_a_digest_is_told_what_bears_on_it(desk: Desk) -> None:
    save(desk.world.ctx(), "U0ALICE", from_yaml(SHOP), desk.world.now)
    said(desk, f"try {WORDS}")
    said(desk, f"try {WORDS.replace('pair on', 'look at').replace(' review ', ' Shop looked at ')}")
    ctx, now = desk.world.ctx(), desk.world.now
    assert [one.number for one in under_way(ctx, of_repos(["acme/shop"]), now)] == [2, 1]
    assert [one.number for one in under_way(ctx, of_repos(["acme/other"]), now)] == [1]
    said(desk, "experiments drop 1")
    assert [one.number for one in under_way(ctx, of_repos(None), now)] == [2]


def test_two_processes_tell_it_once(desk: Desk) -> None:
    said(desk, f"try {WORDS}")
    later(desk, 25)
    ctx = desk.world.ctx()
    with reading(desk.world.engine) as session:
        [one] = kept.every(session, "default", open_only=True)
    first = job._tell(ctx, one, desk.world.now)
    assert (first, job._tell(ctx, one, desk.world.now)) == (2, 0)


def test_administrators_set_what_is_held_back_and_read_whether_nudges_help(desk: Desk) -> None:
    assert said(desk, "experiments hold-back 10%").startswith("That is for Slack's administrators")
    assert said(desk, "experiments nudges").startswith("That is for Slack's administrators")
    assert "about 10% are held back at random" in said(desk, "experiments hold-back 10%", "U0ALICE")
    assert "About 10% of waits are held back" in said(desk, "experiments nudges", "U0ALICE")
    assert said(desk, "experiments hold-back off", "U0ALICE") == "No more nudges are held back."


def test_an_administrators_own_digest_tells_whether_nudges_help(desk: Desk) -> None:
    said(desk, "experiments hold-back 50%", "U0ALICE")
    for item in range(601, 625):
        desk.world.ask("alice", item=item)
    desk.world.wait(days=9)
    ctx, now = desk.world.ctx(), desk.world.now
    assert nudges_for(ctx, "U0BOB", now) == ()
    lines = nudges_for(ctx, "U0ALICE", now)
    assert [line.partition(":")[0] for line in lines[:2]] == ["• with nudges", "• held back"]
    shown = shown_now(ctx, DigestWords("now"), "C0TEAM", now)._replace(nudges=lines)
    assert "Do the nudges help? Of the last 90 days, everywhere:\n• with nudges: " in digest(shown, now).text


def test_a_stage_is_followed_when_its_map_calls_it_another_way_and_a_map_that_goes_is_said(desk: Desk) -> None:
    save(desk.world.ctx(), "U0ALICE", from_yaml(SHOP), desk.world.now)
    said(desk, f"try {WORDS.replace(' review ', ' Shop looked at ')}")
    later(desk, 20)
    save(desk.world.ctx(), "U0ALICE", from_yaml(SHOP.replace("Looked at", "Inspected")), desk.world.now, of="Shop")
    text = said(desk, "experiments 1")
    assert "(Inspected in Shop)" in text
    assert "(n 8) before, half up to 1h (n 8) since" in text
    with reading(desk.world.engine) as session:
        [held] = streams.every(session, "default")
    assert remove(desk.world.ctx(), "U0ALICE", held.key, held.version, desk.world.now)
    assert "The map it was about is gone" in said(desk, "experiments 1")
    desk.world.clock.set(MONDAY + 25 * DAY)
    assert told(desk) == 2
