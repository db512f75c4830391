"""What words behind `/flow` mean, by themselves: no Slack, no database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from fake_slack import content_error
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.waits import KINDS
from bot.grammar import (
    BUTTONS,
    ENTRIES,
    TOPICS,
    VERBS,
    AdminWords,
    AwayWords,
    ConnectWords,
    DayWords,
    HoursWords,
    ItemRef,
    LinkWords,
    Misread,
    MuteWords,
    NoVerb,
    Reset,
    TargetWords,
    parse,
)
from bot.grammar.days import FARTHEST, day_of, span_of
from bot.policy_file import CalendarPart
from bot.views import help
from bot.views.message import Message

SHOP = "https://github.com/acme/shop"
NINE_TO_FIVE = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
FRIDAY = date(2026, 3, 6)
WEDNESDAY = date(2026, 11, 25)


def day(text: str, today: date) -> date:
    return day_of(DayWords(text), today)


def span(start: str | None, until: str | None, today: date) -> tuple[date, date | None]:
    return span_of(DayWords(start) if start else None, DayWords(until) if until else None, today)


MEANT: list[tuple[str, Any]] = [
    ("connect acme/shop", ConnectWords("acme/shop", None)),
    (f"connect <{SHOP}>", ConnectWords("acme/shop", None)),
    (f"connect {SHOP}.git <#C0TEAM|shop>", ConnectWords("acme/shop", "C0TEAM")),
    ("disconnect shop", "shop"),
    (f"disconnect <{SHOP}/pulls|the shop>", "acme/shop"),
    ("targets", TargetWords(None, {})),
    ("targets acme/shop", TargetWords("acme/shop", {})),
    ("targets review 8h", TargetWords(None, {"review": 28_800})),
    ("targets shop review 4h merge 2d", TargetWords("shop", {"review": 14_400, "merge": 57_600})),
    ("targets Re-Review 90M fix none assign off merge 0",
     TargetWords(None, {"re_review": 5_400, "fix": 0, "assign": 0, "merge": 0})),
    ("link alice-gh", LinkWords(None, "alice-gh")),
    ("link @alice-gh", LinkWords(None, "alice-gh")),
    ("link me alice-gh", LinkWords(None, "alice-gh")),
    ("link <@U0BOB|bob> bob-gh", LinkWords("U0BOB", "bob-gh")),
    ("link bob-gh <@U0BOB|bob>", LinkWords("U0BOB", "bob-gh")),
    ("unlink @alice-gh", "alice-gh"),
    ("hours", HoursWords(None, None)),
    ("hours 9-17", HoursWords(NINE_TO_FIVE, None)),
    ("hours 9-17 weekdays slack", HoursWords(NINE_TO_FIVE, "")),
    ("hours 9am – 5pm Mon to Fri europe/berlin", HoursWords(NINE_TO_FIVE, "Europe/Berlin")),
    ("hours Berlin", HoursWords(None, "Europe/Berlin")),
    ("hours UTC", HoursWords(None, "UTC")),
    ("hours 9:30-17.30 mon,wed, Fridays",
     HoursWords({"mon": ["09:30-17:30"], "wed": ["09:30-17:30"], "fri": ["09:30-17:30"]}, None)),
    ("hours 9-13 14-18 sat", HoursWords({"sat": ["09:00-13:00", "14:00-18:00"]}, None)),
    ("hours 9-13 14-17 Mon-Tue 9-13 Wed",
     HoursWords({"mon": ["09:00-13:00", "14:00-17:00"], "tue": ["09:00-13:00", "14:00-17:00"], "wed": ["09:00-13:00"]},
                None)),
    ("hours Tue 10-12 and Mon 9-5pm", HoursWords({"mon": ["09:00-17:00"], "tue": ["10:00-12:00"]}, None)),
    ("hours 22-6 Sat-Mon", HoursWords({"mon": ["22:00-06:00"], "sat": ["22:00-06:00"], "sun": ["22:00-06:00"]}, None)),
    ("hours 12am-12pm sun", HoursWords({"sun": ["00:00-12:00"]}, None)),
    ("hours Reset", Reset()),
    ("away", AwayWords(None, None)),
    ("away until friday", AwayWords(None, DayWords("friday"))),
    ("away tomorrow", AwayWords(DayWords("tomorrow"), DayWords("tomorrow"))),
    ("away from friday", AwayWords(DayWords("friday"), None)),
    ("away 24 Dec to 2 Jan", AwayWords(DayWords("24 Dec"), DayWords("2 Jan"))),
    ("away from next monday - in two weeks", AwayWords(DayWords("next monday"), DayWords("in two weeks"))),
    ("back", None),
    ("mute #12", MuteWords(ItemRef(None, 12), None)),
    ("mute shop", MuteWords(None, "shop")),
    ("mute acme/shop#12 until 24 Dec", MuteWords(ItemRef("acme/shop", 12), None, DayWords("24 Dec"))),
    (f"mute <{SHOP}/pull/12> friday", MuteWords(ItemRef("acme/shop", 12, "github.com"), None, DayWords("friday"))),
    (f"mute <{SHOP}> until 2026-12-24", MuteWords(None, "acme/shop", DayWords("2026-12-24"))),
    ("unmute", MuteWords(None, None)),
    ("unmute acme/shop", MuteWords(None, "acme/shop")),
    ("unmute shop#12", MuteWords(ItemRef("shop", 12), None)),
    ("nudge #12", ItemRef(None, 12)),
    ("morning", None),
    ("morning ON", True),
    ("morning off", False),
    ("people", None),
    ("doctor", None),
    ("log", None),
    ("admins", AdminWords(None, None)),
    ("admins add <@U0BOB|bob>", AdminWords(True, "U0BOB")),
    ("admins remove <@U0BOB>", AdminWords(False, "U0BOB")),
    ("help hours", "hours"),
    ("help Mine", "mine"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), MEANT)
def test_words_mean_what_the_reference_says(text: str, meant: Any) -> None:
    assert parse(text) == (text.split(maxsplit=1)[0], meant)


BAD: dict[str, list[tuple[str, str]]] = {
    "connect": [
        ("", "OWNER/REPO is missing."), ("shop", "“shop” lacks its owner."),
        ("acme/shop #shop", "“#shop” is no channel that I can make out."),
        ("acme/shop <#C0TEAM> now", "“now” is too much."), ("???", "“???” names no repository."),
        ("<@U0BOB>", "“<@U0BOB>” names no repository."), ("acme/", "“acme/” names no repository."),
        ("https://github.com/acme", "“https://github.com/acme” names no repository."),
        ("--all", "“--all” lacks its owner."), ("acme/shop acme/site", "“acme/site” is no channel"),
    ],
    "disconnect": [
        ("", "REPO is missing."), ("a b", "“b” is too much."), ("#12", "“#12” names no"),
        ("<#C0TEAM>", "“<#C0TEAM>” names no"), ("http://[", "“http://[” names no"), ("a//b", "“a//b” names no"),
        ("<@U0BOB>", "“<@U0BOB>” names no"), ("?", "“?” names no"), ("!", "“!” names no"), ("shop#1", "“shop#1” names"),
    ],
    "targets": [
        ("review", "How long “review” may take is missing."), ("shop merge", "How long “merge” may take is missing."),
        ("review 8h merge", "How long “merge” may take is missing."), ("review soon", "“soon” is no working time."),
        ("review 999999d", "“999999d” is no working time."),
        ("review -8h", "“-8h” is no working time."), ("review 8.5h", "“8.5h” is no working time."),
        ("shop foo 8h", "“foo” is no kind of wait."), ("review 8h review 4h", "“review” stands there twice."),
        ("re-review 8h re_review 4h", "“re_review” stands there twice."),
        ("??? review 8h", "“???” is no repository and no kind of wait."),
        ("shop 8h", "No kind of wait stands before “8h”: “shop” is none."),
        ("rereview 2h", "No kind of wait stands before “2h”: “rereview” is none."),
    ],
    "link": [
        ("", "LOGIN is missing."), ("<@U0BOB>", "The login on the code host is missing."),
        ("me", "The login on the code host is missing."), ("a b", "That is more than one login and one person."),
        ("<@U0BOB> <@U0CAROL>", "The login on the code host is missing."),
        ("<@U0BOB> bob-gh now", "That is more than one login and one person."),
        ("#12", "“#12” is neither somebody in Slack nor a login."), ("<#C0TEAM>", "“<#C0TEAM>” is neither somebody"),
        ("acme/shop", "“acme/shop” is neither somebody"), ("@", "“@” is neither somebody"),
    ],
    "unlink": [
        ("", "LOGIN is missing."), ("<@U0BOB>", "“<@U0BOB>” is no login."), ("a b", "“b” is too much."),
        ("#12", "“#12” is no login."), ("@", "“@” is no login."), ("a/b", "“a/b” is no login."),
        ("<#C0TEAM>", "“<#C0TEAM>” is no login."), ("?", "“?” is no login."), ("@@a", "“@@a” is no login."),
        ("'a b'", "“a b” is no login."),
    ],
    "people": [(word, f"“{word}” is too much.") for word in ("x", "me", "#1", "-a", "a b", "<@U0BOB>", "?", "1",
                                                                    "--all", "acme/shop")],
    "hours": [
        ("9-5", "“9-5” would go on over midnight; is the afternoon meant, as in 9-17 or 9am-5pm?"),
        ("9-9", "“9-9” would go on over midnight"), ("25-30", "“25-30” holds an hour that no clock shows."),
        ("9:75-17", "“9:75-17” holds an hour that no clock shows."),
        ("13am-5pm", "“13am-5pm” holds an hour that no clock shows."), ("24-8", "“24-8” is no window of hours."),
        ("Mon-Fri", "The hours of those days are missing."), ("utc cet", "That is more than one time zone."),
        ("Mon 9-17 Tue", "It is not clear which hours belong to which days."),
        ("whenever", "“whenever” is no window, no day and no time zone."), ("reset 9-17", "“reset” is no window"),
        ("9-17 Mars/Crater", "“Mars/Crater” is no window, no day and no time zone."), ("9", "“9” is no window"),
        ("17:00", "“17:00” is no window"), ("9-17 Mon-Foo", "“Mon-Foo” is no window"),
    ],
    "away": [
        ("whenever", "“whenever” is no day that I can make out."), ("until", "The day behind “until” is missing."),
        ("friday to", "The day behind “to” is missing."), ("from", "The day behind “from” is missing."),
        ("until 12/11", "“12/11” may be read as two different days."), ("12.11.2026", "“12.11.2026” may be read"),
        ("31 Nov", "“31 Nov” is no day"), ("2026-13-01", "“2026-13-01” is no day"), ("12", "“12” is no day"),
        ("may", "“may” is no day"), ("monday to monday", "“monday to monday” names one day twice"),
        ("3 days ago", "“3 days ago” is no day"), ("3 days", "“3 days” may be how long or which day."),
        ("a week", "“a week” may be how long or which day."), ("32 Dec", "“32 Dec” is no day that I can make out."),
        ("30 Feb", "“30 Feb” is no day"), ("yesterday", "“yesterday” is no day"),
        ("until 24", "“24” is no day"),
    ],
    "back": [(word, f"“{word}” is too much.") for word in ("x", "me", "#1", "now", "a b", "<@U0BOB>", "?", "1",
                                                                  "friday", "until friday")],
    "mute": [
        ("", "ITEM or REPO is missing."), ("???", "“???” names neither an item nor a repository."),
        ("shop until", "The day behind “until” is missing."), ("shop until later", "“later” is no day"),
        ("shop forever", "“forever” is no day"), ("#0", "“#0” names neither"), ("<@U0BOB>", "“<@U0BOB>” names neither"),
        ("<#C0TEAM>", "“<#C0TEAM>” names neither"), ("#12 #13", "“#13” is no day"),
        ("shop until 1/2", "“1/2” may be read"),
    ],
    "unmute": [
        ("a b", "“b” is too much."), ("???", "“???” names neither"), ("#0", "“#0” names neither"),
        ("<@U0BOB>", "“<@U0BOB>” names neither"), ("<#C0TEAM>", "“<#C0TEAM>” names neither"), ("@bob", "“@bob” names"),
        ("#x", "“#x” names neither"), ("shop until friday", "“until friday” is too much."),
        ("#12 #13", "“#13” is too much."), ("http://[", "“http://[” names neither"),
    ],
    "nudge": [
        ("", "ITEM is missing."), ("shop", "“shop” names no item."), ("#0", "“#0” names no item."),
        ("#12 now", "“now” is too much."), ("<@U0BOB>", "“<@U0BOB>” names no item."),
        ("acme/shop#twelve", "“acme/shop#twelve” names no item."), (SHOP, f"“{SHOP}” names no item."),
        ("@bob", "“@bob” names no item."), ("-1", "“-1” names no item."),
        ("#1 #2", "“#2” is too much."),
    ],
    "morning": [(word, f"“{word}” is none of the words that may stand here.")
                for word in ("maybe", "yes", "no", "1", "0", "true", "8am", "<@U0BOB>", "?")]
               + [("on off", "“off” is too much.")],
    "doctor": [(word, f"“{word}” is too much.") for word in ("x", "me", "#1", "-a", "a b", "<@U0BOB>", "?", "1",
                                                                    "--fix", "acme/shop")],
    "log": [(word, f"“{word}” is too much.") for word in ("x", "me", "#1", "-a", "a b", "<@U0BOB>", "?", "1",
                                                                 "--all", "acme/shop")],
    "admins": [
        ("add", "Whom to add is missing."), ("remove", "Whom to remove is missing."),
        ("<@U0BOB>", "“<@U0BOB>” is none of the words"), ("add bob", "“bob” is nobody in Slack that I can make out."),
        ("add @bob", "“@bob” is nobody in Slack"), ("add <@U0BOB> <@U0CAROL>", "“<@U0CAROL>” is too much."),
        ("drop <@U0BOB>", "“drop” is none of the words"), ("add <#C0TEAM>", "“<#C0TEAM>” is nobody in Slack"),
        ("?", "“?” is none of the words"), ("add #12", "“#12” is nobody in Slack"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("verb", "words", "problem"), [(verb, *bad) for verb, found in BAD.items() for bad in found])
def test_bad_words_are_answered_in_one_line_with_what_is_wrong_what_is_allowed_and_an_example(
    verb: str, words: str, problem: str
) -> None:
    entry = VERBS[verb].entry
    with pytest.raises(Misread) as misread:
        parse(f"{verb} {words}")
    assert misread.value.verb == verb
    told = said(help.wrong(str(misread.value), entry, misread.value.allowed))
    assert told.startswith(help.line(problem).text.replace("&lt;", "<").replace("&gt;", ">"))
    assert "\n" not in told
    assert "llowed" in told or "may stand" in told or "Days are said like" in told
    assert told.endswith((f"For example: {entry.examples[-1][0]}", f"/flow help {verb} tells all of it."))
    assert len(told) <= help.MOST_WRONG


def test_of_much_that_is_allowed_the_beginning_is_said_in_whole_clauses_and_where_to_read_on() -> None:
    entry = VERBS["types"].entry
    told = help.wrong("“foo” is too much.", entry).text
    assert told == (
        "“foo” is too much. Allowed are nothing, a value stream, a repository or an item; rules for all of them; "
        "add with a type … /flow help types tells all of it."
    )


@pytest.mark.parametrize("words", ['"" review -30% by friday', "review -30% by friday", "-30% by friday"])
def test_what_is_tried_is_missed_where_it_is_missing(words: str) -> None:
    with pytest.raises(Misread, match=r"What you try is missing\."):
        parse(f"try {words}")


def said(message: Message) -> str:
    """The text of a message that keeps Slack's limits."""
    assert content_error({"text": message.text, "blocks": list(message.blocks)}) is None
    return message.text.replace("&lt;", "<").replace("&gt;", ">")


def test_words_that_no_verb_is_known_for_are_answered_with_what_is_allowed_alone() -> None:
    with pytest.raises(Misread) as misread:
        day("2026-01-01", WEDNESDAY)
    assert misread.value.verb is None
    assert said(help.wrong(str(misread.value), None, misread.value.allowed)) == (
        "“2026-01-01” is over: today is 2026-11-25. Allowed is today or a day to come."
    )


@pytest.mark.parametrize(
    ("text", "today", "meant"),
    [("today", FRIDAY, FRIDAY), ("tomorrow", FRIDAY, date(2026, 3, 7)),
     ("Day after Tomorrow", FRIDAY, date(2026, 3, 8)),
     ("saturday", FRIDAY, date(2026, 3, 7)), ("Thu", FRIDAY, date(2026, 3, 12)), ("friday", FRIDAY, date(2026, 3, 13)),
     ("next friday", FRIDAY, date(2026, 3, 13)), ("this friday", FRIDAY, FRIDAY),
     ("next monday", WEDNESDAY, date(2026, 11, 30)), ("tues", date(2026, 12, 31), date(2027, 1, 5)),
     ("24 Nov", WEDNESDAY, date(2027, 11, 24)), ("25 Nov", WEDNESDAY, WEDNESDAY),
     ("Nov 26", WEDNESDAY, date(2026, 11, 26)),
     ("24th of December", WEDNESDAY, date(2026, 12, 24)), ("december 24, 2027", WEDNESDAY, date(2027, 12, 24)),
     ("1 sept", FRIDAY, date(2026, 9, 1)), ("29 Feb", WEDNESDAY, date(2028, 2, 29)),
     ("2026-12-24", WEDNESDAY, date(2026, 12, 24)), ("in 3 days", date(2026, 12, 30), date(2027, 1, 2)),
     ("in a week", FRIDAY, date(2026, 3, 13)), ("two weeks", FRIDAY, date(2026, 3, 20)),
     ("in 1 month", date(2026, 1, 31), date(2026, 2, 28))],
)  # fmt: skip
def test_days_are_understood_as_people_say_them(text: str, today: date, meant: date) -> None:
    assert day(text, today) == meant


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TODAY = st.dates(date(2024, 1, 1), date(2040, 12, 31))


@given(_TODAY, st.integers(0, 6), st.sampled_from(["{}", "next {}"]))
def test_a_weekday_is_the_next_one_to_come_and_never_today(today: date, weekday: int, how: str) -> None:
    meant = day(how.format(WEEKDAYS[weekday]), today)
    assert (meant.weekday(), 1 <= (meant - today).days <= 7) == (weekday, True)


@given(_TODAY, st.integers(0, 364), st.sampled_from(["{0.day} {0:%b}", "{0:%B} {0.day}", "{0:%d}th of {0:%b}"]))
def test_a_day_and_a_month_are_the_next_of_that_name_and_may_be_today(today: date, ahead: int, how: str) -> None:
    meant = today + timedelta(days=ahead)
    assert day(how.format(meant), today) == meant


@given(_TODAY, st.integers(0, FARTHEST.days), st.sampled_from(["{0:%Y-%m-%d}", "{0.day} {0:%b} {0.year}"]))
def test_a_day_with_its_year_is_that_day(today: date, ahead: int, how: str) -> None:
    meant = today + timedelta(days=ahead)
    assert day(how.format(meant), today) == meant


@pytest.mark.parametrize(
    ("text", "problem"),
    [("2026-11-24", "“2026-11-24” is over: today is 2026-11-25."), ("24 Nov 2026", "“24 Nov 2026” is over: today is"),
     ("2028-11-26", "“2028-11-26” is too far ahead."), ("in 900 days", "“in 900 days” is too far ahead."),
     ("9999-12-31", "“9999-12-31” is too far ahead."), ("0001-01-01", "“0001-01-01” is over"),
     ("in 999 months", "“in 999 months” is too far ahead."), ("someday", "“someday” is no day that I can make out.")],
)  # fmt: skip
def test_days_that_are_over_or_too_far_ahead_are_refused(text: str, problem: str) -> None:
    with pytest.raises(Misread) as misread:
        day(text, WEDNESDAY)
    assert str(misread.value).startswith(problem)
    assert misread.value.allowed


@pytest.mark.parametrize(
    ("start", "until", "meant"),
    [(None, None, (WEDNESDAY, None)), (None, "friday", (WEDNESDAY, date(2026, 11, 27))),
     ("friday", None, (date(2026, 11, 27), None)), ("friday", "friday", (date(2026, 11, 27), date(2026, 11, 27))),
     ("monday", "friday", (date(2026, 11, 30), date(2026, 12, 4))),
     ("24 Dec", "2 Jan", (date(2026, 12, 24), date(2027, 1, 2))),
     ("24 Nov", "26 Nov", (date(2027, 11, 24), date(2027, 11, 26))),
     ("tomorrow", "in 3 days", (date(2026, 11, 26), date(2026, 11, 28))),
     ("today", "today", (WEDNESDAY, WEDNESDAY))],
)  # fmt: skip
def test_a_span_ends_on_the_first_such_day_after_it_begins(start: str, until: str, meant: tuple[date, date]) -> None:
    assert span(start, until, WEDNESDAY) == meant


@pytest.mark.parametrize(
    ("start", "until", "problem"),
    [("friday", "tomorrow", "“tomorrow” lies before “friday”."),
     ("24 Dec", "in 3 days", "“in 3 days” lies before “24 Dec”."),
     ("24 Dec", "2026-12-20", "“2026-12-20” lies before “24 Dec”."),
     ("2028-06-01", "1 May", "“1 May” is too far ahead.")],
)  # fmt: skip
def test_a_span_that_ends_before_it_begins_or_too_far_ahead_is_refused(start: str, until: str, problem: str) -> None:
    with pytest.raises(Misread, match=f"^{problem}$") as misread:
        span(start, until, WEDNESDAY)
    assert misread.value.allowed


def test_days_are_read_by_many_threads_at_once() -> None:
    texts = [(f"in {ahead} days", FRIDAY + timedelta(days=ahead)) for ahead in range(1, 100)] + [
        (name, FRIDAY + timedelta(days=(number - FRIDAY.weekday() - 1) % 7 + 1)) for number, name in enumerate(WEEKDAYS)
    ]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda told: day(told[0], FRIDAY), texts * 3)) == [meant for _, meant in texts] * 3


_SOME = st.sampled_from([
    *VERBS, *TOPICS, *KINDS, "me", "#1", "shop#1", "acme/shop", "<@U0BOB|bob>", "<#C0TEAM|x>", "8h", "none", "until",
    "to", "from", "-", "friday", "24", "Dec", "2026-12-24", "12/11", "in", "3", "days", "9-17", "9am", "Mon-Fri",
    "mon,tue", "Europe/Berlin", "reset", "on", "off", "add", '"', "'", "“", "<", "|", "--", "-x", "&amp;", "https://",
    "\0", f"<{SHOP}/pull/1|x y>", "99999-99999", "0-0", "٣-٤", "٣ Dec", "in ٣ days", "²-³",
]) | st.text(max_size=12)  # fmt: skip


@given(st.one_of(
    st.text(max_size=700), st.lists(_SOME, max_size=7).map(" ".join),
    st.builds(lambda verb, words: " ".join([verb, *words]), st.sampled_from(list(VERBS)), st.lists(_SOME, max_size=6)),
))  # fmt: skip
def test_whatever_is_typed_is_a_question_or_misread_in_one_line(text: str) -> None:
    try:
        asked = parse(text)
    except NoVerb as error:
        said(help.unknown(str(error), list(VERBS)))
        return
    except Misread as error:
        said(help.wrong(str(error), VERBS[error.verb or ""].entry, error.allowed))
        return
    assert asked.verb in VERBS
    if isinstance(asked.value, HoursWords):
        CalendarPart.model_validate({"hours": asked.value.hours, "timezone": asked.value.zone or None})


def test_a_word_that_is_no_verb_is_told_apart_from_bad_words_behind_one() -> None:
    for text in ("wiats", "help wiats"):
        with pytest.raises(NoVerb, match=r"^wiats$"):
            parse(text)


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_the_examples_of_every_verb_are_understood_and_its_help_keeps_slacks_limits(entry: help.Entry) -> None:
    told = said(help.verb(entry))
    for typed, answers in entry.examples:
        assert f"{typed}: {answers}." in told
        escaped = typed.replace("#shop", "<#C0TEAM|shop>").replace("@bob", "<@U0BOB|bob>")
        assert parse(escaped.removeprefix("/flow ")).verb == entry.name


def test_every_verb_but_help_is_told_of_in_one_topic() -> None:
    told = [entry.name for topic in TOPICS.values() for entry in topic.entries]
    assert sorted([*told, "help"]) == sorted(VERBS)
    assert not set(TOPICS) & set(VERBS)


def test_what_a_press_asks_needs_nothing_behind_it() -> None:
    pressed = [entry for entry in ENTRIES if entry.press]
    assert [parse(entry.name).verb for entry in pressed] == [entry.name for entry in pressed]
    assert set(BUTTONS) <= {(entry.press, entry.name) for entry in pressed}


def labels(message: Message) -> list[str]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row]


def test_a_topic_tells_how_each_of_its_verbs_is_used_and_leads_on_by_buttons() -> None:
    told = help.topic(TOPICS["team"])
    assert [block["text"]["text"] for block in told.blocks if block["type"] == "section"] == [
        "*What the team agreed*",
        "*`/flow repos`*\nShows the connected repositories, when each was last heard of, and what is wrong.\n"
        "`/flow repos`  the connected repositories, and what is wrong",
        "*`/flow targets [REPO] [KIND DURATION]…`*\nShows the working time that is agreed for each kind of wait, or "
        "changes it after you saw what nudges that would have meant.\n"
        "`/flow targets`  what is agreed for each kind of wait\n"
        "`/flow targets acme/shop`  what is agreed in one repository\n"
        "`/flow targets review 8h`  8 hours for a review, everywhere\n"
        "`/flow targets shop review 4h merge none`  4 hours for a review in one repository, and none for a merge",
        "*`/flow people`*\nShows who is who, who can't be reached, and what helps.\n"
        "`/flow people`  who is who, and who can't be reached",
    ]
    assert labels(told) == ["Repositories", "Targets", "People", "All of it"]
    assert said(told) == (
        "What the team agreed:\n"
        "/flow repos\n"
        "Shows the connected repositories, when each was last heard of, and what is wrong.\n"
        "/flow targets [REPO] [KIND DURATION]…\n"
        "Shows the working time that is agreed for each kind of wait, or changes it after you saw what nudges that "
        "would have meant.\n"
        "/flow people\n"
        "Shows who is who, who can't be reached, and what helps."
    )


@pytest.mark.parametrize("shown", [help.topic(topic) for topic in TOPICS.values()]
                         + [help.overview(list(TOPICS.values()), BUTTONS)])  # fmt: skip
def test_every_help_keeps_slacks_limits_and_its_buttons_are_understood(shown: Message) -> None:
    assert not said(shown).endswith("…")
    rows = [block["elements"] for block in shown.blocks if block["type"] == "actions"]
    asked = [button["action_id"].removeprefix("ask:") for row in rows for button in row]
    assert [parse(text).verb in VERBS for text in asked] == [True] * len(asked)


def test_every_answer_that_needs_no_words_is_two_clicks_from_flow() -> None:
    overview = help.overview(list(TOPICS.values()), BUTTONS)
    reached = labels(overview) + [label for topic in TOPICS.values() for label in labels(help.topic(topic))]
    assert {entry.press for entry in ENTRIES if entry.press} <= set(reached)
    assert [f"More: {topic.heading}" in reached for topic in TOPICS.values()] == [True] * len(TOPICS)
