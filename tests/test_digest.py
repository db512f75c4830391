"""Digests that come regularly: each once, on its day, whatever happens; and what a channel reads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from fake_slack import FakeSlack, Fault, content_error
from sqlalchemy import Engine, text
from test_reviews import SHOP
from world import MONDAY, NO_CHANNEL, POLICY, World

from bot.messenger import Messenger, Posted
from bot.store import digests as digests_kept
from bot.store import repos
from bot.store.engine import writing
from bot.streams.file import from_yaml
from bot.streams.saving import save
from bot.views.message import Message
from bot.views.pages import Again
from handlers.commands import answer
from jobs import deliver, digest

HOUR, DAY = 3600, 86_400
WEEK = 7 * DAY
LABELS = ("bug", "enhancement", "enhancement", "security")


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with FakeSlack() as slack:
        for user in ("U0ALICE", "U0BOB"):
            slack.add_user(user, is_admin=user == "U0ALICE")
        slack.add_channel("C0TEAM", name="team")
        slack.add_channel("C0AWAY", name="away", is_member=False)
        world = World(engine, slack)
        world.set_policy(POLICY + "[nudges]\nmorning = false\n")
        yield world


def ask(world: World, words: str, user: str = "U0ALICE", place: str = "C0TEAM") -> Message:
    world.slack.now = world.now
    return answer(world.ctx(), user, Again(words, place=place))


def work(world: World, weeks: int, items: int = 4, hours: int = 5) -> None:
    """So many items in each of the weeks before now, each open for some hours of one day."""
    for week in range(weeks):
        for n in range(items):
            item = 1 + week * items + n
            at = world.now - (weeks - week) * WEEK + (1 + n % 4) * DAY + HOUR + 1800
            label = LABELS[n % len(LABELS)]
            world.tell(
                world.fact("opened", "bob", item=item, at=at, type="pull_request", title=f"Change {item}",
                           url=f"https://github.com/acme/shop/pull/{item}", labels=[label]),
                world.fact("review_requested", "bob", item=item, at=at + 60, reviewer="alice"),
                world.fact("review_submitted", "alice", item=item, at=at + (hours - 1 + week % 2) * HOUR,
                           state="approved"),
                world.fact("merged", "bob", item=item, at=at + (hours + week % 2) * HOUR),
                live=False,
            )  # fmt: skip


def look(world: World, now: int | None = None) -> None:
    """What the worker does at an instant: what is due is put in the outbox and goes out."""
    if now is not None:
        world.clock.set(now)
    world.slack.now = world.now
    digest.run(world.ctx(), world.now)
    deliver.run(world.ctx(), world.now)


def digests(world: World, channel: str = "C0TEAM") -> list[dict[str, Any]]:
    return [one for one in world.slack.messages(channel) if "acme/shop" in one["text"]]


def utc(told: str) -> int:
    return int(datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp())


def test_a_digest_comes_to_the_channel_at_its_local_time_and_once(world: World) -> None:
    work(world, 3)
    said = ask(world, "digest weekly tuesday 9:30").text
    assert said == (
        "The digest of acme/shop comes to <#C0TEAM> every Tuesday at 9:30 (Europe/Berlin). The first one: Tuesday 3 "
        "March 09:30 by your clock. /flow digest off there ends it."
    )
    for at in (MONDAY + DAY, MONDAY + DAY + 29 * 60, MONDAY + DAY + 30 * 60, MONDAY + DAY + 31 * 60, MONDAY + 7 * DAY):
        look(world, at)
    (sent,) = digests(world)
    assert int(float(sent["ts"])) == MONDAY + DAY + 30 * 60
    assert sent["text"].startswith("acme/shop · 24 February to 2 March\n")
    assert "late" not in sent["text"]
    assert content_error(sent) is None


def test_the_next_one_comes_a_week_later_also_after_a_restart_at_the_very_instant(world: World) -> None:
    work(world, 3)
    ask(world, "digest weekly tuesday 9:30")
    first = MONDAY + DAY + 30 * 60
    for at in (first, first, first + WEEK, first + WEEK):
        look(world, at)  # each look is a program just started
    assert [int(float(one["ts"])) for one in digests(world)] == [first, first + WEEK]


@pytest.mark.parametrize(("day", "at"), [("2026-03-29", "2026-03-29T01:30:00"), ("2026-10-25", "2026-10-25T00:30:00")])
def test_a_night_on_which_the_clocks_change_has_one(world: World, day: str, at: str) -> None:
    world.clock.set(utc(f"{day}T00:00:00") - 3 * DAY)
    work(world, 1)
    ask(world, "digest weekly sunday 2:30")
    start = utc(f"{day}T00:00:00") - 2 * HOUR
    for minutes in range(0, 8 * 60, 15):
        look(world, start + minutes * 60)
    assert [int(float(one["ts"])) for one in digests(world)] == [utc(at)]


def test_one_that_is_late_says_so_and_two_that_were_missed_become_one(world: World) -> None:
    work(world, 3)
    ask(world, "digest weekly tuesday 9:30")
    look(world, MONDAY + 9 * DAY + 2 * HOUR)
    (sent,) = digests(world)
    assert "This comes late: it was due on Tuesday 09:30, and could not be sent then." in sent["text"]
    assert "It stands for the one before it, too, which did not come." in sent["text"]
    assert sent["text"].startswith("acme/shop · 24 February to 9 March\n4 items done")
    look(world, MONDAY + 9 * DAY + 3 * HOUR)
    assert len(digests(world)) == 1


def test_figures_are_as_they_were_at_the_end_of_the_period_however_late_it_goes_out(world: World) -> None:
    work(world, 3)
    ask(world, "digest weekly tuesday 9:30")
    world.clock.set(MONDAY + DAY + 30 * 60)
    digest.run(world.ctx(), world.now)
    world.clock.set(MONDAY + DAY + 5 * HOUR)
    world.ask("alice", item=500)
    world.tell(world.fact("merged", item=500))
    look(world)
    (sent,) = digests(world)
    assert "4 items done" in sent["text"]
    assert "This comes late" in sent["text"]


def test_ten_workers_at_once_send_one(world: World) -> None:
    work(world, 2)
    ask(world, "digest weekly tuesday 9:30")
    world.clock.set(MONDAY + DAY + 30 * 60)
    world.slack.now = world.now
    contexts = [world.ctx() for _ in range(10)]

    def beat(ctx: Any) -> None:
        digest.run(ctx, world.now)
        deliver.run(ctx, world.now)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(beat, contexts))
    look(world)
    assert len(digests(world)) == 1


def test_a_worker_that_dies_at_it_is_followed_by_another(world: World) -> None:
    work(world, 2)
    ask(world, "digest weekly tuesday 9:30")
    at = MONDAY + DAY + 30 * 60
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE digests SET lease_until = :until"), {"until": at + 200})
    look(world, at)
    assert digests(world) == []
    look(world, at + 200)
    assert len(digests(world)) == 1


def test_a_time_that_is_changed_after_it_came_brings_no_second_one_that_day(world: World) -> None:
    work(world, 2)
    ask(world, "digest weekly tuesday 9:30")
    look(world, MONDAY + DAY + 30 * 60)
    ask(world, "digest weekly tuesday 15:00")
    look(world, MONDAY + DAY + 7 * HOUR)
    assert len(digests(world)) == 1
    look(world, MONDAY + 8 * DAY + 6 * HOUR)
    assert len(digests(world)) == 2


def test_one_that_is_stopped_comes_no_more(world: World) -> None:
    work(world, 2)
    ask(world, "digest weekly tuesday 9:30")
    ask(world, "digest monthly 1")
    assert ask(world, "digest off").text == (
        "No digest comes to <#C0TEAM> any more; it came every month on day 1 at 9:30 and every Tuesday at 9:30."
    )
    look(world, MONDAY + 40 * DAY)
    assert digests(world) == []
    assert ask(world, "digest off").text.startswith("No digest comes to <#C0TEAM> regularly.")


def test_where_weir_is_not_invited_nothing_is_set_and_the_asker_learns_what_to_do(world: World) -> None:
    work(world, 1)
    assert ask(world, "digest weekly tuesday <#C0AWAY|away> acme/shop").text == (
        "I am not in that channel. Type /invite @Weir there, and then the same here again; nothing is changed so far."
    )
    assert ask(world, "digest list").text.startswith("No digest comes regularly yet.")


def test_where_weir_was_sent_away_whoever_asked_for_it_learns_what_to_do(world: World) -> None:
    work(world, 2)
    ask(world, "digest weekly tuesday 9:30", user="U0BOB")
    world.slack.channels["C0TEAM"]["is_member"] = False
    look(world, MONDAY + DAY + 30 * 60)
    look(world, MONDAY + DAY + 31 * 60)
    assert world.texts("U0BOB") == [
        "The digest of acme/shop could not be posted in <#C0TEAM>: I am not in that channel. Type /invite @Weir there; "
        "/flow digest shows you this one."
    ]
    look(world, MONDAY + 8 * DAY + 30 * 60)
    look(world, MONDAY + 8 * DAY + 32 * 60)
    assert len(world.texts("U0BOB")) == 2, "and of the next one, too"


def test_a_channel_elsewhere_takes_an_administrator(world: World) -> None:
    assert "administrators" in ask(world, "digest weekly tuesday <#C0AWAY|away>", user="U0BOB").text
    assert "administrators" in ask(world, "digest off <#C0AWAY|away>", user="U0BOB").text


def test_in_a_direct_conversation_it_comes_to_whoever_asks(world: World) -> None:
    work(world, 2)
    said = ask(world, "digest weekly tuesday 9:30 acme/shop", user="U0BOB", place="D0BOB").text
    assert said.startswith("The digest of acme/shop comes to you every Tuesday at 9:30")
    look(world, MONDAY + DAY + 30 * 60)
    assert [one.split("\n")[0] for one in world.texts("U0BOB")] == ["acme/shop · 24 February to 2 March"]
    assert "U0BOB" not in ask(world, "digest list").text, "what others have sent to themselves is theirs"


def test_those_that_come_are_listed_and_on_the_record(world: World) -> None:
    ask(world, "digest weekly tuesday 9:30")
    assert ask(world, "digest list").text.split("\n")[:3] == [
        "1 digest comes regularly.",
        "<#C0TEAM>: acme/shop, every Tuesday at 9:30 (Europe/Berlin); next Tuesday 3 March 09:30 by your clock",
        "asked for by <@U0ALICE>",
    ]
    assert "digest of <#C0TEAM>: none → every Tuesday at 9:30, acme/shop" in ask(world, "log").text


def test_charts_that_slack_refuses_come_as_a_picture(world: World) -> None:
    work(world, 3)
    ask(world, "digest weekly tuesday 9:30")
    world.slack.fail("chat.postMessage", Fault("error", error="invalid_blocks"))
    look(world, MONDAY + DAY + 30 * 60)
    (sent,) = digests(world)
    kinds = [block["type"] for block in sent["blocks"]]
    assert "data_visualization" not in kinds
    (image,) = [block for block in sent["blocks"] if block["type"] == "image"]
    assert kinds.index("image") > 0, "what is most important goes first"
    assert image["alt_text"].startswith("Flow distribution (% of items done). 24 Feb – 2 Mar: Features 50, Defects 25")
    assert "Flow distribution: Features 50% (n = 2)" in sent["text"]


def test_a_picture_that_takes_slack_two_minutes_is_posted_by_no_other_worker_meanwhile(world: World) -> None:
    class Slow(Messenger):
        """Another worker looks two minutes into the posting of the picture."""

        def post_picture(self, *message: Any, **more: Any) -> Posted:
            world.clock.advance(seconds=120)
            deliver.run(world.ctx(), world.now)
            return super().post_picture(*message, **more)

    work(world, 3)
    ask(world, "digest weekly tuesday 9:30")
    world.slack.fail("chat.postMessage", Fault("error", error="invalid_blocks"))
    at = MONDAY + DAY + 30 * 60
    world.clock.advance(seconds=at - world.now)
    digest.run(world.ctx(), world.now)
    deliver.run(world.ctx(Slow(world.slack.token, world.slack.url, timeout=2)), world.now)
    assert len(digests(world)) == 1
    assert world.outbox() == ["sent"]


def test_other_refusals_are_no_matter_of_charts(world: World) -> None:
    work(world, 3)
    ask(world, "digest weekly tuesday 9:30")
    world.slack.fail("chat.postMessage", Fault("error", error="no_text"))
    look(world, MONDAY + DAY + 30 * 60)
    assert digests(world) == []


def test_a_week_with_nothing_to_say_is_one_line(world: World) -> None:
    ask(world, "digest weekly tuesday 9:30")
    look(world, MONDAY + DAY + 30 * 60)
    (sent,) = digests(world)
    assert sent["text"] == "acme/shop, 24 February to 2 March: nothing was begun or done, and nothing is in progress."
    assert len(sent["blocks"]) == 1


def test_a_stream_that_is_gone_ends_its_digest_and_the_asker_hears_it(world: World) -> None:
    ask(world, "digest weekly tuesday 9:30")
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE digests SET about = 'stream:gone'"))
    look(world, MONDAY + DAY + 30 * 60)
    look(world, MONDAY + DAY + 31 * 60)
    assert world.texts("U0ALICE") == ["The value stream of this digest is gone. /flow streams lists those there are."]
    assert ask(world, "digest list").text.startswith("No digest comes regularly yet.")


def test_a_channel_that_no_repository_is_mapped_to_any_more_gets_none_of_everything_instead(world: World) -> None:
    ask(world, "digest weekly tuesday 9:30")
    world.set_policy(NO_CHANNEL)
    look(world, MONDAY + DAY + 30 * 60)
    look(world, MONDAY + DAY + 31 * 60)
    assert world.slack.messages("C0TEAM") == []
    assert world.texts("U0ALICE") == ["No repository is mapped to the channel of this digest any more, so it ends."]


def test_a_repository_that_is_called_otherwise_keeps_its_digest(world: World) -> None:
    work(world, 2)
    ask(world, "digest weekly tuesday 9:30 acme/shop")
    ask(world, "digest monthly 1 9:30 acme/shop")
    with writing(world.engine) as session:
        repos.rename(session, "default", "github", "acme/shop", "acme/store")
    assert "acme/store, every Tuesday at 9:30" in ask(world, "digest list").text
    with writing(world.engine) as session:
        digests_kept.put(session, "default", digests_kept.every(session, "default")[0]._replace(about="repo:acme/new"))
        repos.rename(session, "default", "github", "acme/store", "acme/new")
    assert ask(world, "digest list").text.startswith("2 digests come regularly.")


def mapped(world: World) -> None:
    save(world.ctx(), "U0ALICE", from_yaml(SHOP), world.now)


def test_a_channel_with_one_value_stream_has_a_digest_of_it(world: World) -> None:
    work(world, 2)
    mapped(world)
    assert ask(world, "digest weekly tuesday 9:30").text.startswith("The digest of Shop comes to <#C0TEAM>")
    look(world, MONDAY + DAY + 30 * 60)
    (sent,) = [one for one in world.slack.messages("C0TEAM") if one["text"].startswith("Shop · ")]
    assert "4 items done" in sent["text"]
    assert ask(world, "digest acme/shop").text.startswith("acme/shop · the last 7 days")


def test_a_channel_with_several_repositories_has_one_digest_of_them_and_says_which_streams_have_their_own(
    world: World,
) -> None:
    both = POLICY + '[repos."acme/pay"]\nchannel = "C0TEAM"\n[nudges]\nmorning = false\n'
    world.set_policy(both)
    work(world, 2)
    told = ask(world, "digest")
    assert told.text.startswith("acme/pay, acme/shop · the last 7 days\n4 items done")
    shop = from_yaml(SHOP)
    for name in ("Shop", "Pay"):
        save(world.ctx(), "U0ALICE", shop._replace(name=name), world.now)
    told = ask(world, "digest")
    assert told.text.startswith("acme/pay, acme/shop · ")
    assert 'Value streams have their own: /flow digest "Pay", /flow digest "Shop".' in told.text


def test_what_is_tried_and_what_is_traced_to_nothing_stand_in_it(world: World) -> None:
    work(world, 2)
    mapped(world)
    assert "is traced to no outcome" not in ask(world, "digest").text, "there is none to trace it to"
    save(world.ctx(), "U0ALICE", from_yaml(SHOP)._replace(outcome="We win when it ships"), world.now, of="Shop")
    ask(world, 'try "pair on large changes" review -30% by 2026-06-01')
    told = ask(world, "digest")
    assert "Being tried\n• pair on large changes (review in" in told.text
    assert "100% of what was done is traced to no outcome (4 of 4)." in told.text
    assert "Outcomes" in str(told.blocks[-1])


def test_what_left_the_mix_that_is_wanted_is_said_once(world: World) -> None:
    world.set_policy(POLICY + '[nudges]\nmorning = false\n[mix]\nrisks = "0-5"\n')
    work(world, 4)
    ask(world, "digest weekly monday 9:30")
    news = "Risks: 25% of the last 4 weeks (n = 16) are above what is wanted, 0 to 5%"
    look(world, MONDAY + 30 * 60)
    assert news in digests(world)[0]["text"]
    world.clock.set(MONDAY + WEEK)
    work(world, 1)
    look(world, MONDAY + WEEK + 30 * 60)
    assert "are above what is wanted" not in digests(world)[1]["text"]
    assert "lately above" in digests(world)[1]["text"]


def test_no_person_is_named_in_it(world: World) -> None:
    work(world, 8)
    world.ask("alice", item=900)
    world.clock.set(MONDAY + 3 * DAY)
    told = ask(world, "digest")
    assert "alice" not in str(told.blocks) + told.text
    assert "bob" not in str(told.blocks) + told.text
