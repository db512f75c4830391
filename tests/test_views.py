"""Messages as people read them, whole; and Slack's limits for whatever a title may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fake_slack import content_error
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.waits import KINDS, Wait
from bot.ledger import Line
from bot.views.escalation import escalation
from bot.views.flow import Reader, Whose, waits
from bot.views.message import Message, link, plain, web_address
from bot.views.nudge import nudge
from bot.views.pages import MOST_ASKED, Again
from bot.views.phrases import Reply, Waiting, by_when, ending, when, why
from bot.views.repos import Repo, repos
from bot.views.why import Story
from bot.views.why import why as why_story
from bot.views.words import elapsed, from_target, local_minute, working

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600
MONDAY = 1_772_438_400
"""2026-03-02, nine o'clock in Berlin."""
NOW = MONDAY + 30 * HOUR
URL = "https://github.com/acme/shop/pull/12"
LINK = f"<{URL}|Fix rounding in totals> · acme/shop#12"


def wait(**changed: Any) -> Wait:
    asked = Wait(
        "acme/shop", 12, MONDAY, "review", "alice", False, "github", None, None, (), "bob", MONDAY + 5 * HOUR + 600,
        "review_requested",
    )  # fmt: skip
    return asked._replace(**changed)


def one(step: str = "breach", *, age: int = 10 * HOUR, title: str | None = "Fix rounding in totals",
        url: str | None = URL, size: int | None = 120, answered: bool = True, **changed: Any) -> Waiting:  # fmt: skip
    return Waiting(wait(**changed), step, age, 8 * HOUR, title, url, size, answered)


def shown(message: Message) -> list[str]:
    """The blocks' texts."""
    return [(block.get("text") or block["elements"][0])["text"] for block in message.blocks]


def buttons(message: Message) -> list[str]:
    return [block["accessory"]["url"] for block in message.blocks if "accessory" in block]


def test_one_wait_says_what_how_long_why_how_large_and_what_to_do() -> None:
    message = nudge([one()], BERLIN, NOW)
    assert shown(message) == [
        f"*{LINK}*\n"
        "has waited *10h* for your review (working time; 1d 6h by the calendar; 8h agreed)\n"
        "bob asked for your review on Monday 14:10 · 120 lines, medium\n"
        "Can you look, or hand it on?"
    ]
    assert message.text == (
        "Fix rounding in totals (acme/shop#12) has waited 10h for your review (working time; 1d 6h by the calendar;"
        " 8h agreed). bob asked for your review on Monday 14:10. 120 lines, medium. Can you look, or hand it on?"
    )
    assert buttons(message) == [URL]


def test_the_block_of_a_wait_is_a_section_with_a_link_button() -> None:
    [block] = nudge([one()], BERLIN, NOW).blocks
    assert block["type"] == "section"
    assert (block["text"]["type"], block["text"]["verbatim"]) == ("mrkdwn", True)
    assert block["accessory"] == {
        "type": "button",
        "action_id": "open_item",
        "text": {"type": "plain_text", "text": "Open", "emoji": False},
        "url": URL,
    }


def test_a_heads_up_sounds_like_a_colleague() -> None:
    [block] = shown(nudge([one("heads_up", age=6 * HOUR)], BERLIN, NOW))
    assert block.endswith("\nA heads-up, no hurry yet. Can you look, or hand it on?")


def test_a_repeat_says_that_it_still_waits() -> None:
    assert nudge([one("repeat")], BERLIN, NOW).text.endswith("It still waits. Can you look, or hand it on?")


def test_several_waits_come_as_one_message_each_with_its_own_action() -> None:
    message = nudge([one(), one("heads_up", kind="merge", item=13, asked_at=None, size=1)], BERLIN, NOW)
    assert shown(message)[0] == "2 things wait for you, most overdue first."
    assert shown(message)[2] == (
        f"*<{URL}|Fix rounding in totals> · acme/shop#13*\n"
        "has waited *10h* for you to merge it (working time; 1d 6h by the calendar; 8h agreed)\n"
        "It is approved, and nothing is in its way since Monday 09:00 · 1 line, tiny\n"
        "Can you merge it?"
    )


def test_several_heads_ups_say_so_once() -> None:
    message = nudge([one("heads_up"), one("heads_up", item=13)], BERLIN, NOW)
    assert shown(message)[0] == "A heads-up: 2 things wait for you and will soon reach the agreed time."
    assert message.text.count("heads-up") == 1


def test_what_is_over_says_so_in_its_place_while_others_wait() -> None:
    over = one(item=13, age=11_400, until=MONDAY + 4 * HOUR, ended_by="review_submitted")
    message = nudge([over, one()], BERLIN, NOW)
    assert shown(message)[:2] == [
        "1 thing waits for you.",
        f"✓ <{URL}|Fix rounding in totals> · acme/shop#13\n"
        "reviewed after 3h 10m, thank you (working time; 4h by the calendar)",
    ]
    assert buttons(message) == [URL]


def test_when_all_is_over_all_is_struck_through_and_nothing_is_left_to_press() -> None:
    over = one(age=11_400, until=MONDAY + 4 * HOUR, ended_by="review_submitted")
    message = nudge([over], BERLIN, NOW)
    assert shown(message) == [f"~{LINK}~ reviewed after 3h 10m, thank you (working time; 4h by the calendar)"]
    assert message.text == (
        "Done: Fix rounding in totals (acme/shop#12), reviewed after 3h 10m, thank you"
        " (working time; 4h by the calendar)."
    )
    assert buttons(message) == []


def test_what_is_listed_stays_when_all_else_is_over() -> None:
    over = [one(item=n, until=MONDAY + HOUR, ended_by="merged") for n in (1, 2)]
    texts = shown(nudge([*over, one("backlog", item=9)], BERLIN, NOW))
    assert [text.splitlines()[-1] for text in texts[:2]] == ["merged", "merged"]
    assert "acme/shop#9: 10h for your review" in texts[2]


def test_what_is_listed_and_over_has_its_mark() -> None:
    over = one("backlog", item=9, until=MONDAY + HOUR, ended_by="merged")
    assert shown(nudge([one(), over], BERLIN, NOW))[-1].splitlines()[1].startswith("✓ ")


@pytest.mark.parametrize(
    ("seconds", "worked", "passed"),
    [(0, "0m", "0m"), (59, "under 1m", "under 1m"), (8 * HOUR - 1, "7h 59m", "7h 59m"), (8 * HOUR + 60, "8h", "8h 1m"),
     (26 * HOUR + 60, "26h", "1d 2h"), (1200 * HOUR, "1,200h", "50d")],
)  # fmt: skip
def test_working_time_is_never_said_in_days_and_so_never_mistaken_for_calendar_time(
    seconds: int, worked: str, passed: str
) -> None:
    assert (working(seconds), elapsed(seconds)) == (worked, passed)


def test_a_wall_clock_outside_the_calendar_is_told_in_utc() -> None:
    first = -62_135_596_800
    assert local_minute(first, ZoneInfo("America/New_York")) == local_minute(first) == "0001-01-01 00:00"


def test_more_than_eight_waits_are_counted() -> None:
    message = nudge([one(item=n) for n in range(1, 21)], BERLIN, NOW)
    assert shown(message)[-1] == "… and 12 more"
    assert message.text.endswith("\n… and 12 more")
    assert len(message.blocks) == 10


def test_what_was_late_before_its_history_was_read_is_listed_below() -> None:
    message = nudge([one(), one("backlog", item=9, since=MONDAY - 20 * 86_400)], BERLIN, NOW)
    assert shown(message)[-1] == (
        "Waiting for you since before I began to watch; listed only this once:\n"
        f"• <{URL}|Fix rounding in totals> · acme/shop#9: 10h for your review (working time; 21d 6h by the calendar)"
    )


def test_without_a_title_or_an_address_the_reference_stands_alone() -> None:
    message = nudge([one(title=None, url=None, size=None)], BERLIN, NOW)
    assert shown(message)[0].startswith("*acme/shop#12*\nhas waited")
    assert buttons(message) == []


def test_a_channel_hears_of_items_and_of_nobody() -> None:
    message = escalation([one("escalation"), one("escalation", on="carol")], {}, BERLIN, NOW)
    assert shown(message) == [
        f"*{LINK}*\n"
        "has waited *10h* for a review (working time; 1d 6h by the calendar; 8h agreed) · 120 lines, medium\n"
        "Who can move it on?"
    ]
    assert not any(name in str(message) for name in ("alice", "bob", "carol"))


def test_a_channel_s_message_of_several_items_counts_those_that_are_left() -> None:
    two = [one("escalation"), one("escalation", item=13)]
    assert shown(escalation(two, {}, BERLIN, NOW))[0] == "2 items could use a hand, longest overdue first."
    left = [one("escalation"), one("escalation", item=13, until=MONDAY + HOUR, ended_by="merged")]
    assert shown(escalation(left, {}, BERLIN, NOW))[0] == "1 item could use a hand."


def test_a_channel_that_wants_mentions_gets_them_in_the_text_too() -> None:
    message = escalation(
        [one("escalation"), one("escalation", on="carol")], {"alice": "U0A", "carol": "U0C"}, BERLIN, NOW
    )
    assert shown(message)[0].endswith("\n<@U0A> <@U0C>, can you move it on?")
    assert message.text.endswith("<@U0A> <@U0C>, can you move it on?")


def test_a_channel_s_message_is_struck_through_when_all_is_over() -> None:
    message = escalation([one("escalation", until=MONDAY + HOUR, ended_by="merged")], {"alice": "U0A"}, BERLIN, NOW)
    assert shown(message) == [f"~{LINK}~ merged"]
    assert "<@" not in str(message)


@pytest.mark.parametrize(
    ("kind", "ended_by", "said"),
    [
        ("review", "merged", "merged"),
        ("review", "closed", "closed without merging"),
        ("review", "review_request_removed", "handed on"),
        ("review", "converted_to_draft", "back in draft"),
        ("review", "labeled", "marked as not ready"),
        ("review", "queued", "in the merge queue"),
        ("review", "some_new_kind", "no longer needed"),
        ("review", None, "no longer needed"),
        ("rework", "pushed", "pushed after 3h, thank you (working time; 4h by the calendar)"),
        ("rework", "review_submitted", "no longer needed"),
        ("respond", "commented", "answered after 3h, thank you (working time; 4h by the calendar)"),
        ("assign", "review_requested", "a reviewer was asked after 3h, thank you (working time; 4h by the calendar)"),
        ("fix", "checks_passed", "unblocked after 3h, thank you (working time; 4h by the calendar)"),
        ("merge", "merged", "merged after 3h, thank you (working time; 4h by the calendar)"),
        ("merge", "checks_failed", "no longer needed"),
    ],
)
def test_each_end_has_its_words(kind: str, ended_by: str | None, said: str) -> None:
    assert ending(one(kind=kind, age=3 * HOUR, until=MONDAY + 4 * HOUR, ended_by=ended_by), NOW) == said


def test_a_review_by_somebody_else_is_no_merit_of_the_one_who_was_asked() -> None:
    over = one(until=MONDAY + HOUR, ended_by="review_submitted", answered=False)
    assert ending(over, NOW) == "no longer needed"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"asked_by": None}, "Somebody asked for your review on Monday 14:10"),
        ({"kind": "re_review"}, "bob asked for another look from you on Monday 14:10"),
        ({"kind": "re_review", "asked_at": None, "opened_by": "pushed"}, "New commits came after your review"),
        ({"kind": "re_review", "asked_at": None, "opened_by": "commented"}, "Your review was answered"),
        ({"kind": "rework"}, "A review asks for changes; your turn since Monday 09:00"),
        ({"kind": "respond"}, "A review comment has no answer yet; your turn since Monday 09:00"),
        ({"kind": "assign"}, "Nobody is asked to review it; your turn since Monday 09:00"),
        ({"kind": "fix"}, "A required check failed, or it has a merge conflict; your turn since Monday 09:00"),
    ],
)
def test_each_kind_says_why_this_person(changed: dict[str, Any], reason: str) -> None:
    assert why(one(**changed), BERLIN, NOW).startswith(reason)


def test_the_reader_s_own_wall_clock_is_used() -> None:
    assert why(one(), ZoneInfo("Asia/Kolkata"), NOW).endswith("on Monday 18:40")


@pytest.mark.parametrize(
    ("age", "target", "said"),
    [(30 * 60, 2 * HOUR, "1h 30m left"), (2 * HOUR, 2 * HOUR, "0m left"), (3 * HOUR + 60, 2 * HOUR, "1h 1m over"),
     (8 * HOUR + 47 * 60, 2 * HOUR, "6h over"), (8 * HOUR + 1200, 8 * HOUR, "20m over")],
)  # fmt: skip
def test_how_far_it_is_from_the_target_goes_with_the_age_beside_it(age: int, target: int, said: str) -> None:
    assert from_target(age, target) == said


@pytest.mark.parametrize(
    ("days", "said"), [(0, "Tuesday 15:00"), (6, "Wednesday 15:00"), (7, "24 Feb 15:00"), (400, "27 Jan 2025 15:00")]
)
def test_a_weekday_is_named_within_a_week_and_a_date_beyond(days: int, said: str) -> None:
    assert when(NOW - days * 86_400, BERLIN, NOW) == said


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<!channel> & <@U0ALICE>", "&lt;!channel&gt; &amp; &lt;@U0ALICE&gt;"),
        ("one\n\ntwo\tthree\x00four", "one two three four"),
        ("`code` *bold* ~gone~", "'code' ∗bold∗ ∼gone∼"),
        ("abc\u202edcba", "abc dcba"),
        ("👩‍👩‍👧 done", "👩‍👩‍👧 done"),
        ("a" * 5_000, "a" * 149 + "…"),
        ("&" * 5_000, "&amp;" * 29 + "…"),
    ],
)
def test_text_from_outside_is_never_markup(text: str, safe: str) -> None:
    assert plain(text) == safe


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "https://", "https://x/ y", "https://x/" + "y" * 400])
def test_an_address_that_is_none_makes_no_link(url: str | None) -> None:
    assert link(url, "label") == "label"


def test_an_address_can_t_break_out_of_its_link() -> None:
    assert link("https://x/a|b>c<d&e=`", "l") == "<https://x/a%7Cb%3Ec%3Cd&amp;e=%60|l>"
    assert web_address("https://x/a|b") == "https://x/a%7Cb"


_NASTY = st.one_of(
    st.text(max_size=400),
    st.sampled_from(
        [
            "<!channel>" * 500,
            "&" * 5_000,
            "`*~_" * 1_000,
            "\n" * 50,
            "\u202e\u2066אבג" * 300,
            "👩‍👩‍👧" * 900,
            "@here #general",
        ]
    ),
)
_REPLIES = st.none() | st.builds(
    Reply, st.sampled_from(["on_it", "snooze", "hand_over", "wrong"]), st.none() | _NASTY,
    st.none() | st.integers(NOW, NOW + 10**8),
)  # fmt: skip


def with_ids(waitings: list[Waiting]) -> list[Waiting]:
    """Waits as they are stored: each can be answered."""
    return [replace(one, id=2**62 + number) for number, one in enumerate(waitings)]


_WAITINGS = st.lists(
    st.builds(
        lambda title, name, url, kind, step, size, over, item, team, reply, called: replace(
            one(step, title=title, url=url, size=size, kind=kind, item=item, asked_by=name, on=name or "x"),
            wait=wait(
                kind=kind, item=item, asked_by=name, on=name, repo=f"acme/{name}", team=team,
                until=NOW if over else None, ended_by=over,
            ),
            reply=reply, called_by=name if called else None, taken_by=title or None,
        ),
        title=st.none() | _NASTY,
        name=_NASTY.filter(bool),
        url=st.none() | _NASTY | _NASTY.map(lambda text: f"https://x/{text}"),
        kind=st.sampled_from(KINDS),
        step=st.sampled_from(["asked", "reminder", "heads_up", "breach", "repeat", "escalation", "backlog"]),
        size=st.none() | st.integers(-5, 10**9),
        over=st.none() | st.sampled_from(["merged", "claimed", "review_submitted"]),
        team=st.booleans(),
        reply=_REPLIES,
        called=st.booleans(),
        item=st.integers(1, 2**53),
    ),
    min_size=1,
    max_size=30,
).map(with_ids)  # fmt: skip
_FORBIDDEN = re.compile(r"<[!@#]")


@given(_WAITINGS)
def test_whatever_comes_from_outside_slack_takes_it_and_nobody_is_pinged(waitings: Sequence[Waiting]) -> None:
    for message in (nudge(waitings, BERLIN, NOW), escalation(waitings, {}, BERLIN, NOW)):
        assert content_error({"text": message.text, "blocks": list(message.blocks)}) is None
        assert len(message.text) <= 4_000
        told = message.text + "".join(shown_beside_buttons(message))
        assert not _FORBIDDEN.search(told)
        assert not re.search(r"[`\u202e\u2066]", told)


_PAGES = st.none() | st.integers(1, 40)


def keeps_the_limits(message: Message) -> bool:
    told = message.text + "".join(shown_beside_buttons(message))
    fits = content_error({"text": message.text, "blocks": list(message.blocks)}) is None and len(message.text) <= 4_000
    return fits and not _FORBIDDEN.search(told) and not re.search(r"[\u202e\u2066]", told)


def shown_beside_buttons(message: Message) -> list[str]:
    return shown(Message("", tuple(block for block in message.blocks if block["type"] != "actions")))


@given(_WAITINGS, _WAITINGS, _NASTY.filter(bool), _NASTY, _PAGES, st.booleans())
def test_a_page_of_waits_fits_whatever_comes_from_outside(
    held: list[Waiting], authored: list[Waiting], name: str, asked: str, page: int | None, repo: bool
) -> None:
    whose = Whose(name, repos=(name,)) if repo else Whose(name, logins=(name,))
    reader = Reader(BERLIN, frozenset({name.lower()}))
    assert keeps_the_limits(waits(whose, held, authored, Again(asked[:MOST_ASKED], page), reader, NOW))


@given(_WAITINGS, _NASTY.filter(bool), st.none() | _NASTY, _NASTY, _PAGES, st.integers(0, 10**10))
def test_the_story_of_an_item_fits_whatever_comes_from_outside(
    waitings: list[Waiting], name: str, title: str | None, asked: str, page: int | None, age: int
) -> None:
    lines = tuple(Line(one.wait, age, age, one.agreed, NOW, age > 5) for one in waitings)
    story = Story(
        repo=name, item=2**53, type="pull_request", title=title, url=f"https://x/{title}", author=title,
        opened_at=0, live=True, ready=True, merged=False, nobody_to_ask=False, lines=lines,
    )  # fmt: skip
    assert keeps_the_limits(why_story(story, Again(asked[:MOST_ASKED], page), Reader(BERLIN), NOW))


@given(st.lists(st.builds(Repo, _NASTY, st.none() | st.just(NOW), st.none() | st.just(0), st.none() | _NASTY),
                max_size=30), _PAGES)  # fmt: skip
def test_the_list_of_repositories_fits_whatever_comes_from_outside(told: list[Repo], page: int | None) -> None:
    assert keeps_the_limits(repos(told, Again("repos", page), BERLIN, NOW))


@pytest.mark.parametrize(
    ("days", "said"), [(0, "Tuesday 15:00"), (6, "Monday 15:00"), (7, "10 Mar 15:00"), (-1, "2 Mar 15:00")]
)
def test_what_is_to_come_within_a_week_is_named_by_its_weekday(days: int, said: str) -> None:
    assert by_when(NOW + days * 86_400, BERLIN, NOW) == said
