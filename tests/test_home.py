"""The home tab: what it shows, whole; pressed through signed HTTP and through Socket Mode; kept true by the job."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fake_slack import FakeSlack, Fault, view_error
from fake_socket import FakeSocket
from program import Program, wait_until
from site_on_loopback import Reply, Site, serve, settings, web
from slack_payloads import labels
from sqlalchemy import Engine, text
from world import MONDAY, POLICY, World

from bot import soon
from bot.flow.waits import Wait
from bot.store import homes as kept
from bot.store import matches, members
from bot.store.engine import reading, writing
from bot.views import home as view
from bot.views.flow import Reader
from bot.views.home import Home, Overseen, Terms
from bot.views.message import Message, section
from bot.views.phrases import Waiting
from bot.views.repos import Repo
from bot.views.terms import Away, Mute
from jobs import homes as job

Json = dict[str, Any]
SHOP = "https://github.com/acme/shop/pull"
WHAT = "Weir watches whose turn it is on each piece of work, and reminds that one person kindly."
ASK = "`/flow help` shows all that you can ask. Only you see this page."


@dataclass
class Tab:
    """A world whose web process hears what people do in their homes."""

    world: World
    site: Site

    @property
    def slack(self) -> FakeSlack:
        return self.world.slack

    def open(self, user: str = "U0ALICE") -> Json:
        """Open the home; what is shown."""
        return self.after(lambda: self.site.event(opened(user)), user)

    def press(self, label: str, user: str = "U0ALICE", nth: int | None = None) -> Json:
        """Press a button of the home; what is shown then. (Who opens theirs may be shown it twice.)"""
        nobody_works()
        shown = self.slack.homes[user]
        return self.after(lambda: self.site.press_in(shown, label, user, nth=nth), user)

    def window(self, label: str, user: str = "U0ALICE") -> Json:
        """Press a button that opens a window; the window."""
        before = len(self.slack.modals)
        assert self.site.press_in(self.slack.homes[user], label, user).status == 200
        wait_until(lambda: len(self.slack.modals) > before)
        return self.slack.modals[-1]

    def after(self, act: Callable[[], Reply], user: str = "U0ALICE") -> Json:
        before = self.slack.published[user]
        assert act().status == 200
        wait_until(lambda: self.slack.published[user] > before)
        return self.slack.homes[user]

    def refresh(self) -> int:
        """A run of the job that keeps homes true, once nobody is at any; how many it published."""
        wait_until(lambda: not self._at_it())
        return job.run(self.world.ctx(), self.world.now)

    def _at_it(self) -> bool:
        with reading(self.world.engine) as session:
            return bool(
                session.scalar(text("SELECT count(*) FROM homes WHERE stale_at > :now"), {"now": self.world.now})
            )


def opened(user: str, tab: str = "home") -> Json:
    return {"type": "app_home_opened", "user": user, "channel": "D0ALICE", "tab": tab}


@pytest.fixture
def tab(engine: Engine, tmp_path: Path) -> Iterator[Tab]:
    with FakeSlack() as slack:
        for user in ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE"):
            slack.add_user(user)
        world = World(engine, slack)
        world.set_policy(POLICY)
        with writing(engine) as session:
            for user in slack.users:
                members.keep(session, "default", user, tz="Europe/Berlin", seen_at=MONDAY)
        world.publish("acme/shop")
        ctx = replace(world.ctx(), settings=settings(tmp_path))
        server = web(ctx)
        for port in serve(server):
            yield Tab(world, Site(ctx, port, slack.response_url))
        nobody_works()


def nobody_works() -> None:
    """Come back once all that was begun before an answer, and goes on behind it, is done."""
    together = threading.Barrier(soon.THREADS + 1)
    for _ in range(soon.THREADS):
        soon.begun(together.wait, lambda _: None, 0)
    together.wait()


def told(shown: Json) -> list[str]:
    """The texts of a view, in order, with what stands beside or below them in brackets."""
    assert view_error({key: value for key, value in shown.items() if key not in ("id", "hash")}) is None
    return [line for block in shown["blocks"] for line in _lines(block)]


def _lines(block: Json) -> list[str]:
    if block["type"] == "divider":
        return ["---"]
    if block["type"] == "actions":
        return [" ".join(f"[{_label(one)}]" for one in block["elements"])]
    if block["type"] == "input":
        return [f"{block['label']['text']}: {_value(block['element'])}"]
    said = str((block.get("text") or block["elements"][0])["text"])
    return [f"# {said}" if block["type"] == "header" else said + _beside(block)]


def _beside(block: Json) -> str:
    return f" [{_label(block['accessory'])}]" if "accessory" in block else ""


def _label(element: Json) -> str:
    return str((element.get("text") or element["placeholder"])["text"])


def _value(element: Json) -> str:
    return str(element.get("initial_value") or element.get("initial_date") or "")


TERMS = [
    "# Your terms",
    "*Hours*  Mon-Fri 09:00-17:00 (Europe/Berlin)\n*Away*  not now\n*Morning message*  on",
    "[Set hours] [Going away] [No morning message]",
]
QUIET = ["# Waiting for you", "Nothing waits for you just now. Enjoy the quiet.",
         "# Yours, waiting on others", "Nothing of yours waits for anybody."]  # fmt: skip
SMALL = ["---", f"{WHAT} {ASK} As of Monday 09:00."]


def test_a_home_shows_what_waits_whom_one_waits_for_and_ones_own_terms(tab: Tab) -> None:
    tab.world.ask("alice", item=1)
    tab.world.ask("bob", item=2, author="alice", title="Speed up the till")
    tab.world.clock.advance(days=1, hours=2)
    assert told(tab.open()) == [
        "# Waiting for you (1)",
        f"*<{SHOP}/1|Fix rounding in totals> · acme/shop#1*\n"
        "*10h* for your review (working time; 1d 2h by the calendar); 8h agreed, 2h over\n"
        "bob asked for your review on Monday 09:00 · 120 lines, medium",
        "[Open] [Answer]",
        "# Yours, waiting on others (1)",
        f"*<{SHOP}/2|Speed up the till> · acme/shop#2*\n"
        "*10h* for bob to review it (working time; 1d 2h by the calendar); 8h agreed, 2h over\n"
        "Since Monday 09:00, asked by alice · 120 lines, medium [Open]",
        *TERMS,
        "---",
        f"{WHAT} {ASK} As of Tuesday 11:00.",
    ]


def test_a_home_where_nothing_waits_has_a_kind_word(tab: Tab) -> None:
    assert told(tab.open()) == [*QUIET, *TERMS, *SMALL]


def test_days_away_and_mutes_stand_there_each_with_its_button(tab: Tab) -> None:
    for words in ("away until friday", "away 24 Dec to 2 Jan", "mute acme/shop until 2026-04-01", "hours 8-12 Mon-Tue"):
        tab.site.command(words)
    assert told(tab.open())[4:] == [
        "# Your terms",
        "*Hours*  Mon-Tue 08:00-12:00 (Europe/Berlin)\n"
        "*Away*  from today through Friday 6 March\n"
        "*Morning message*  on",
        "[Set hours] [Going away] [I'm back] [No morning message]",
        "*Going away*  from Thursday 24 December through Saturday 2 January 2027 [Take back]",
        "*Muted*  acme/shop, through Wednesday 1 April [Unmute]",
        *SMALL,
    ]


def test_somebody_who_is_not_linked_reads_what_it_is_and_how_to_link(tab: Tab) -> None:
    assert told(tab.open("U0DAVE")) == [
        "# Welcome to Weir",
        WHAT,
        "I don't know yet which login on the code host is yours, so I can't tell what waits for you.\n"
        "Say it once, here or by `/flow link YOUR-LOGIN`, and this page shows what waits on you.",
        "[Link my login]",
        "---",
        f"{ASK} As of Monday 09:00.",
    ]


def test_a_guess_at_who_somebody_is_is_asked_in_their_home_and_answered_there(tab: Tab) -> None:
    tab.world.ask("dave-gh")
    with writing(tab.world.engine) as session:
        matches.put(session, "default", "dave-gh", matches.DOUBTFUL, "U0DAVE", "name", MONDAY)
    assert told(tab.open("U0DAVE"))[:3] == [
        "Are you *dave-gh* on GitHub?",
        "[Yes, that's me] [No]",
        "# Welcome to Weir",
    ]
    assert told(tab.press("Yes, that's me", "U0DAVE"))[:3] == [
        "*dave-gh* on GitHub is you. 1 thing waits for you. `/flow unlink dave-gh` takes it back.",
        "---",
        "# Waiting for you (1)",
    ]


def test_administrators_see_the_repositories_the_targets_and_the_gaps(tab: Tab) -> None:
    tab.world.ask("erin")
    tab.world.ask("erin", "frank", item=2)
    tab.slack.users["U0ALICE"]["is_admin"] = True
    tab.world.clock.advance(minutes=10)
    tab.open()
    wait_until(lambda: tab.slack.published["U0ALICE"] == 2)  # first without what Slack has to be asked for
    assert told(tab.slack.homes["U0ALICE"]) == [
        *QUIET,
        *TERMS,
        "# For administrators",
        "*Repositories*  1, something is wrong with 1\n"
        "• *acme/shop*: never heard of. Wrong: no webhook ever came, and it was not read. [Repositories]",
        "*Targets*  review 8h, re-review 4h, rework 16h, merge 8h, assign 4h, fix 8h [Targets]",
        "*People*  2 people on whom something waits can't be reached: erin (2), frank (1) [People]",
        "[Health] [Changes] [Administrators]",
        "---",
        f"{WHAT} {ASK} As of Monday 09:10.",
    ]


def test_in_an_empty_workspace_an_administrator_reads_how_to_begin(tab: Tab) -> None:
    tab.world.set_policy('admins = ["U0DAVE"]')
    tab.site.ctx = replace(tab.site.ctx, policy=tab.world.policy)
    overseen = Overseen([], dict.fromkeys(("review", "merge")), 0, [])
    shown = view.home(Home(Reader(tab.world.policy.calendar.zone), overseen=overseen), MONDAY)
    assert told({"type": "home", "blocks": list(shown.blocks)})[4:8] == [
        "# For administrators",
        "*Repositories*  none yet; `/flow connect OWNER/REPO` connects one [Repositories]",
        "*Targets*  none agreed for all repositories [Targets]",
        "*People*  everybody on whom something waits can be reached [People]",
    ]


def test_only_the_home_tab_is_published(tab: Tab) -> None:
    assert tab.site.event(opened("U0ALICE", "messages")).status == 200
    tab.open("U0BOB")
    assert tab.slack.published == {"U0BOB": 1}


def test_long_lists_are_turned_page_by_page_each_for_itself(tab: Tab) -> None:
    for item in range(1, 26):
        tab.world.ask("alice", item=item, title=f"Change {item}")
    for item in range(51, 63):
        tab.world.ask("bob", item=item, author="alice", title=f"Change {item}")
    shown = numbers(tab.open())
    assert shown == [*range(1, 11), "Page 1 of 3", "[Later]", *range(51, 61), "Page 1 of 2", "[Later]"]
    assert numbers(tab.press("Later", nth=0))[:12] == [*range(11, 21), "Page 2 of 3", "[Earlier] [Later]"]
    assert numbers(tab.press("Later", nth=1))[10:] == ["Page 2 of 3", "[Earlier] [Later]", 61, 62, "Page 2 of 2",
                                                       "[Earlier]"]  # fmt: skip
    assert numbers(tab.press("Later", nth=0))[:7] == [*range(21, 26), "Page 3 of 3", "[Earlier]"]
    tab.world.review("alice", item=20)
    tab.world.clock.advance(minutes=1)
    tab.refresh()
    assert numbers(tab.slack.homes["U0ALICE"])[:6] == [22, 23, 24, 25, "Page 3 of 3", "[Earlier]"]
    assert numbers(tab.open())[10] == "Page 1 of 3"


def numbers(shown: Json) -> list[int | str]:
    """The items, pages and turning buttons."""
    lines = told(shown)
    found: list[int | str] = []
    for line in lines[: lines.index("# Your terms")]:
        if "acme/shop#" in line:
            found.append(int(line.split("acme/shop#")[1].split("*")[0]))
        elif line.startswith(("Page", "[Earlier", "[Later")):
            found.append(line)
    return found


def test_the_same_page_asked_for_twice_is_shown_twice(tab: Tab) -> None:
    for item in range(1, 12):
        tab.world.ask("alice", item=item)
    first = tab.open()
    later = tab.after(lambda: tab.site.press_in(first, "Later"))
    assert told(tab.after(lambda: tab.site.press_in(first, "Later"))) == told(later)


def wait(item: int) -> Wait:
    return Wait(f"acme/{'&' * 200}", item, MONDAY, "review", "alice", False, "github", None, None)


def test_a_home_never_has_more_than_a_hundred_blocks_whatever_stands_in_it() -> None:
    title, zone = "&" * 300, World.__dataclass_fields__["policy"].default_factory().calendar.zone  # type: ignore[misc]
    waits = [Waiting(wait(n), "answer", 9000, 60, title, f"{SHOP}/{n}", id=n) for n in range(1, 200)]
    terms = Terms(
        hours=tuple(((n * 60, 600 + n), (700 + n, 800), (900, 1000)) for n in range(7)),
        zone="Europe/Berlin",
        away=tuple(Away(MONDAY + n * 100_000, MONDAY + n * 100_000 + 5, None) for n in range(50)),
        mutes=tuple(Mute(f"acme/{'&' * 200}", n, None) for n in range(1, 200)),
    )
    repos = [Repo(f"acme/{'&' * 200}-{n}", None, None, "&" * 300) for n in range(100)]
    overseen = Overseen(repos, {"review": 60}, 3, [("&" * 100, n) for n in range(100)])
    reader, others = Reader(zone, frozenset({"alice"})), [replace(one, id=0) for one in waits]
    note = Message("said", (section("&amp;" * 500),) * 20)
    whole = Home(reader, waits, others, 2, 2, terms, overseen, "dave", note)
    blocks = list(view.home(whole, MONDAY).blocks)
    assert view_error({"type": "home", "blocks": blocks}) is None
    assert 60 < len(blocks) <= 100


# --- kept true ------------------------------------------------------------------------------------------------------


def test_what_settles_is_seen_by_whom_it_concerns_and_by_nobody_else(tab: Tab) -> None:
    tab.world.ask("alice")
    for user in ("U0ALICE", "U0BOB", "U0CAROL"):
        tab.open(user)
    assert tab.refresh() == 0
    tab.world.clock.advance(minutes=10)
    tab.world.review("alice")
    assert tab.refresh() == 2
    assert tab.slack.published == {"U0ALICE": 2, "U0BOB": 2, "U0CAROL": 1}
    assert told(tab.slack.homes["U0ALICE"])[:2] == QUIET[:2]
    assert told(tab.slack.homes["U0BOB"])[0] == "# Waiting for you (1)"


def test_a_storm_of_events_is_one_publishing_in_ten_seconds(tab: Tab) -> None:
    tab.world.ask("alice", item=1)
    tab.open()
    published = []
    for item in range(2, 32):
        tab.world.clock.advance(seconds=1)
        tab.world.ask("alice", item=item)
        published.append(tab.refresh())
    assert [second for second, count in enumerate(published, 1) if count] == [10, 20, 30]
    assert told(tab.slack.homes["U0ALICE"])[0] == "# Waiting for you (31)"


def test_a_home_that_nobody_opened_is_published_to_nobody(tab: Tab) -> None:
    tab.world.ask("alice")
    assert tab.refresh() == 0
    assert tab.slack.called("views.publish") == 0


def test_a_home_that_was_not_opened_for_thirty_days_rests_until_it_is(tab: Tab) -> None:
    tab.open()
    tab.world.clock.advance(days=31)
    tab.world.ask("alice")
    assert tab.refresh() == 0
    assert told(tab.open())[0] == "# Waiting for you (1)"


def test_what_is_said_in_slack_is_seen_in_the_home(tab: Tab) -> None:
    tab.open()
    tab.world.clock.advance(minutes=1)
    tab.site.command("hours 10-18")
    assert tab.refresh() == 1
    assert told(tab.slack.homes["U0ALICE"])[5].startswith("*Hours*  Mon-Fri 10:00-18:00 ")


def test_two_workers_publish_a_stale_home_once(tab: Tab) -> None:
    for user in ("U0ALICE", "U0BOB"):
        tab.open(user)
    tab.world.clock.advance(minutes=1)
    tab.world.ask("alice")
    with ThreadPoolExecutor(4) as workers:
        runs = [workers.submit(job.run, tab.world.ctx(), tab.world.now) for _ in range(4)]
    assert sum(run.result() for run in runs) == 2
    assert tab.slack.published == {"U0ALICE": 2, "U0BOB": 2}


def test_what_changes_while_a_home_is_published_is_published_too(tab: Tab) -> None:
    tab.open()
    tab.world.clock.advance(minutes=1)
    tab.world.ask("alice")
    with writing(tab.world.engine) as session:
        taken = kept.lease(session, "default", tab.world.now)
        assert taken is not None
    tab.world.ask("alice", item=2)
    with writing(tab.world.engine) as session:
        kept.published(session, "default", taken, tab.world.now)
    assert tab.refresh() == 0
    tab.world.clock.advance(seconds=10)
    assert tab.refresh() == 1
    assert told(tab.slack.homes["U0ALICE"])[0] == "# Waiting for you (2)"


def test_a_worker_that_never_came_back_is_stood_in_for(tab: Tab) -> None:
    tab.open()
    assert tab.refresh() == 0
    tab.world.clock.advance(minutes=1)
    tab.world.ask("alice")
    with writing(tab.world.engine) as session:
        assert kept.lease(session, "default", tab.world.now) is not None
    tab.world.clock.advance(seconds=59)
    assert job.run(tab.world.ctx(), tab.world.now) == 0
    tab.world.clock.advance(seconds=1)
    assert job.run(tab.world.ctx(), tab.world.now) == 1


def test_a_home_that_slack_did_not_take_is_tried_again_later_and_later(tab: Tab) -> None:
    tab.open()
    tab.world.clock.advance(minutes=1)
    tab.world.ask("alice")
    tab.slack.fail("views.publish", Fault("http", 500), Fault("lost"))
    tries = []
    for second in range(60):
        before = tab.slack.called("views.publish")
        tab.refresh()
        tries += [second] * (tab.slack.called("views.publish") - before)
        tab.world.clock.advance(seconds=1)
    assert tries == [0, 15, 45]


def test_where_slack_asks_for_a_pause_no_home_is_published_before_its_end(tab: Tab) -> None:
    for user in ("U0ALICE", "U0BOB"):
        tab.open(user)
    tab.world.clock.advance(minutes=1)
    tab.world.ask("alice")
    tab.slack.fail("views.publish", Fault("http", 429, retry_after=40))
    assert tab.refresh() == 0
    tab.world.clock.advance(seconds=39)
    assert tab.refresh() == 0
    tab.world.clock.advance(seconds=1)
    assert tab.refresh() == 2


def test_the_home_of_somebody_who_left_is_given_up_and_keeps_no_other_from_being_shown(tab: Tab) -> None:
    for user in ("U0ALICE", "U0BOB"):
        tab.open(user)
    tab.world.clock.advance(minutes=1)
    del tab.slack.users["U0ALICE"]
    tab.world.ask("alice")
    assert tab.refresh() == 1
    tab.world.clock.advance(days=1)
    tab.world.ask("alice", item=2)
    before = tab.slack.called("views.publish")
    assert tab.refresh() == 1
    assert tab.slack.called("views.publish") == before + 1


def test_an_opening_that_slack_did_not_take_is_made_good_by_the_job(tab: Tab) -> None:
    tab.slack.fail("views.publish", Fault("http", 500))
    assert tab.site.event(opened("U0ALICE")).status == 200
    wait_until(lambda: tab.slack.called("views.publish") == 1)
    tab.world.clock.advance(seconds=15)
    assert tab.refresh() == 1
    assert told(tab.slack.homes["U0ALICE"])[:4] == QUIET


# --- pressed --------------------------------------------------------------------------------------------------------


def test_hours_are_set_in_a_window_that_is_filled_in_with_what_holds(tab: Tab) -> None:
    tab.open()
    reads = tab.slack.called("views.publish")
    window = tab.window("Set hours")
    assert told(window) == ["Hours and days: Mon-Fri 09:00-17:00", "Time zone: Europe/Berlin"]
    assert (window["title"]["text"], window["submit"]["text"]) == ("Your working hours", "Save")
    shown = tab.after(lambda: tab.site.submit(window, {"Hours and days": "8-12 13-16 mon-thu, 8-12 fri"}))
    assert told(shown)[:2] == [
        "*Your hours*  Mon-Thu 08:00-12:00, 13:00-16:00; Fri 08:00-12:00 (set by you)\n"
        "*Your time zone*  Europe/Berlin (from Slack); it is Monday 09:00 there now",
        "---",
    ]
    assert told(shown)[7].startswith("*Hours*  Mon-Thu 08:00-12:00, 13:00-16:00; Fri 08:00-12:00 (Europe/Berlin)\n")
    assert tab.slack.called("views.publish") == reads + 1
    again = tab.window("Set hours")
    assert told(again)[0] == "Hours and days: Mon-Thu 08:00-12:00 13:00-16:00 Fri 08:00-12:00"


@pytest.mark.parametrize(
    ("filled", "field", "problem"),
    [
        ({"Hours and days": "25-30"}, "hours", "“25-30” holds an hour that no clock shows. Allowed are windows"),
        ({"Hours and days": "Mon-Fri"}, "hours", "The hours of those days are missing. Allowed are windows"),
        ({"Hours and days": "9-17 Asia/Tokyo"}, "hours", "The time zone has a field of its own. Allowed are"),
        ({"Hours and days": "9-17", "Time zone": "Middle/Earth"}, "zone",
         "“Middle/Earth” is no time zone. Allowed is a name such as Europe/Berlin, or slack for"),
        ({"Hours and days": "9-17", "Time zone": "9-17"}, "zone", "“9-17” is no time zone. Allowed is a name such as"),
    ],
)  # fmt: skip
def test_hours_that_cant_be_taken_are_said_at_their_field(
    tab: Tab, filled: dict[str, str], field: str, problem: str
) -> None:
    tab.open()
    reply = tab.site.submit(tab.window("Set hours"), filled)
    answered = json.loads(reply.text)
    assert (answered["response_action"], list(answered["errors"])) == ("errors", [field])
    assert answered["errors"][field].startswith(problem)
    assert "`" not in reply.text


def test_a_window_sent_off_as_it_was_changes_nothing(tab: Tab) -> None:
    tab.open()
    window = tab.window("Set hours")
    same = {"Hours and days": "Mon-Fri 09:00-17:00", "Time zone": "Europe/Berlin"}
    assert told(tab.after(lambda: tab.site.submit(window, same)))[0] == "Nothing was changed."
    with reading(tab.world.engine) as session:
        assert session.scalar(text("SELECT count(*) FROM changes")) == 0


def test_days_away_are_set_in_a_window_and_ended_by_a_press(tab: Tab) -> None:
    tab.open()
    window = tab.window("Going away")
    assert told(window) == ["First day away: 2026-03-02", "Last day away: "]
    days = {"First day away": "2026-03-02", "Last day away": "2026-03-04"}
    shown = tab.after(lambda: tab.site.submit(window, days))
    assert told(shown)[0] == (
        "You are away from today through Wednesday 4 March; I hold your clock and am quiet until "
        "Thursday 5 March 09:00."
    )
    assert "*Away*  from today through Wednesday 4 March\n" in told(shown)[7]
    assert told(tab.press("I'm back"))[0] == "Welcome back. Your clock runs again as of now."
    assert labels(tab.slack.homes["U0ALICE"]) == ["Set hours", "Going away", "No morning message"]
    assert told(tab.after(lambda: tab.site.press_in(shown, "I'm back")))[0] == (
        "You are not away now, as far as I know."
    )


def test_an_absence_without_a_last_day_lasts_until_one_is_back(tab: Tab) -> None:
    tab.open()
    shown = tab.after(lambda: tab.site.submit(tab.window("Going away"), {"First day away": "2026-03-09"}))
    assert told(shown)[9] == "*Going away*  from Monday 9 March until you are back [Take back]"
    assert told(tab.press("Take back"))[0] == "I have taken that back.\nNo days away are planned."


@pytest.mark.parametrize(
    ("first", "last", "field", "problem"),
    [
        ("2026-03-01", None, "first", "“2026-03-01” is over: today is 2026-03-02. Allowed is today or a day to come."),
        ("2026-03-06", "2026-03-04", "last", "“2026-03-04” lies before “2026-03-06”."),
        (None, None, "first", "The first day away is missing."),
    ],
)
def test_days_that_cant_be_are_said_at_their_field(
    tab: Tab, first: str | None, last: str | None, field: str, problem: str
) -> None:
    tab.open()
    reply = tab.site.submit(tab.window("Going away"), {"First day away": first, "Last day away": last})
    answered = json.loads(reply.text)
    assert (answered["response_action"], list(answered["errors"])) == ("errors", [field])
    assert answered["errors"][field].startswith(problem)


def test_mutes_are_lifted_and_the_morning_message_is_switched_by_a_press(tab: Tab) -> None:
    tab.site.command("mute acme/shop")
    tab.open()
    assert told(tab.press("Unmute"))[0] == "You hear of acme/shop again."
    off = tab.press("No morning message")
    assert told(off)[0] == "You get no morning message; what falls due is told one by one."
    assert told(off)[8] == "[Set hours] [Going away] [Morning message]"
    assert "[No morning message]" in told(tab.press("Morning message"))[8]


def test_a_login_is_linked_in_a_window_and_what_waits_is_there_at_once(tab: Tab) -> None:
    tab.world.ask("dave-gh")
    tab.open("U0DAVE")
    window = tab.window("Link my login", "U0DAVE")
    assert told(window) == ["Your login on the code host: "]
    login = {"Your login on the code host": "dave-gh"}
    shown = tab.after(lambda: tab.site.submit(window, login, "U0DAVE"), "U0DAVE")
    assert told(shown)[2] == "# Waiting for you (1)"


def test_a_login_nobody_heard_of_is_asked_back_in_the_window(tab: Tab) -> None:
    tab.world.ask("dave-gh")
    tab.open("U0DAVE")
    reply = tab.site.submit(tab.window("Link my login", "U0DAVE"), {"Your login on the code host": "dave"}, "U0DAVE")
    answered = json.loads(reply.text)
    assert answered["response_action"] == "update"
    assert told(answered["view"])[-1] == "[Link dave-gh] [Link dave all the same]"
    tab.site.press_in({**answered["view"], "id": tab.slack.modals[-1]["id"]}, "Link dave-gh", "U0DAVE")
    wait_until(lambda: "dave-gh* on GitHub is you" in told(tab.slack.modals[-1])[0])
    tab.world.clock.advance(minutes=1)
    assert tab.refresh() == 1
    assert told(tab.slack.homes["U0DAVE"])[0] == "# Waiting for you (1)"


def test_an_answer_is_shown_in_a_window_whose_buttons_go_on_in_it(tab: Tab) -> None:
    repos = "".join(f'[repos."acme/shop-{n:02}"]\n' for n in range(12))
    tab.world.set_policy(f'admins = ["U0ALICE"]\n{POLICY}{repos}')
    ctx = replace(tab.site.ctx, policy=tab.world.policy)
    server = web(ctx)
    for port in serve(server):
        there = Tab(tab.world, Site(ctx, port, tab.slack.response_url))
        there.open()
        there.window("Repositories")
        wait_until(lambda: "Page 1 of 2" in told(tab.slack.modals[-1]))
        window = tab.slack.modals[-1]
        assert (window["title"]["text"], told(window)[0]) == (
            "Repositories",
            "13 repositories; something is wrong with 13.",
        )
        assert there.site.press_in(window, "Later").status == 200
        wait_until(lambda: "Page 2 of 2" in told(tab.slack.modals[-1]))
    assert len(tab.slack.modals) == 1


def test_a_window_that_came_too_late_says_so_in_the_home(tab: Tab) -> None:
    tab.open()
    tab.slack.fail("views.open", Fault("error", error="expired_trigger_id"))
    assert told(tab.press("Set hours"))[0] == "The window could not be opened in time. Please press again."


def test_two_presses_at_once_come_to_one_change(tab: Tab) -> None:
    shown = tab.open()
    with ThreadPoolExecutor(2) as people:
        replies = list(people.map(lambda _: tab.site.press_in(shown, "No morning message"), range(2)))
    wait_until(lambda: tab.slack.published["U0ALICE"] >= 3)
    assert [reply.status for reply in replies] == [200, 200]
    with reading(tab.world.engine) as session:
        assert session.scalar(text("SELECT count(*) FROM changes")) == 1


def test_a_home_pressed_after_it_was_forgotten_is_shown_anew(tab: Tab) -> None:
    shown = tab.open()
    with writing(tab.world.engine) as session:
        kept.forget(session, "default", "U0ALICE")
    assert told(tab.after(lambda: tab.site.press_in(shown, "No morning message")))[8] == (
        "[Set hours] [Going away] [Morning message]"
    )


# --- through the socket ---------------------------------------------------------------------------------------------


class SlackWithSocket(FakeSlack):
    link = ""

    def _apps_connections_open(self, form: Json) -> Json:
        return {"ok": True, "url": self.link}


def test_in_socket_mode_a_home_is_opened_pressed_in_and_kept_true(tmp_path: Path) -> None:
    (tmp_path / "weir.toml").write_text(POLICY)
    with FakeSocket() as link, SlackWithSocket() as slack:
        slack.add_user("U0ALICE")
        slack.link = link.url
        program = Program(tmp_path, "run", **ENVIRONMENT, SLACK_APP_TOKEN=slack.token, SLACK_API_URL=slack.url,
                          SLACK_BOT_TOKEN=slack.token)  # fmt: skip
        try:
            wait_until(link.connected.is_set)
            link.response_url = slack.response_url
            link.event(opened("U0ALICE"))
            wait_until(lambda: "U0ALICE" in slack.homes)
            link.press_in(slack.homes["U0ALICE"], "Set hours")
            wait_until(lambda: slack.modals)
            refused = link.submit(slack.modals[0], {"Hours and days": "noon"})
            wait_until(lambda: link.answer_to(refused))
            link.submit(slack.modals[0], {"Hours and days": "8-16"})
            wait_until(lambda: any("*Hours*  Mon-Fri 08:00-16:00" in line for line in told(slack.homes["U0ALICE"])))
            link.press_in(slack.homes["U0ALICE"], "No morning message")
            wait_until(lambda: any("*Morning message*  off" in line for line in told(slack.homes["U0ALICE"])))
        finally:
            program.stop()
    answered = link.answer_to(refused)
    assert answered is not None
    assert answered["payload"]["response_action"] == "errors"


ENVIRONMENT = {
    "GITHUB_WEBHOOK_SECRET": "s",
    "PORT": "0",
    "SLACK_SIGNING_SECRET": "",
    "DATABASE_URL": "sqlite:///weir.db",
}
