"""`/flow` as people type and press it: through signed HTTP, every answer whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from doors import asked
from fake_slack import FakeSlack, Fault, content_error
from hypothesis import given
from hypothesis import strategies as st
from program import wait_until
from site_on_loopback import Site, serve, settings, web
from sqlalchemy import Engine
from world import POLICY, World

from bot.grammar import ENTRIES, VERBS
from bot.settings import Settings
from bot.store import repos
from bot.store.engine import writing
from bot.views.pages import MOST_ASKED, Again, Confirm, again, ask_button
from handlers.commands import answer

SHOP = "https://github.com/acme/shop/pull"


@dataclass
class Talk:
    """A world whose web process is asked over HTTP."""

    world: World
    site: Site

    def flow(self, text: str, user: str = "U0ALICE") -> dict[str, Any]:
        """What is answered, after a look at Slack's limits."""
        said = asked(self.site, self.world.slack, text, user)
        assert (said["response_type"], content_error(said)) == ("ephemeral", None)
        return said

    def press(self, answered: dict[str, Any], label: str, user: str = "U0ALICE") -> dict[str, Any]:
        """Press a button of an answer; what takes its place."""
        slack = self.world.slack
        before = len(slack.replaced)
        assert self.site.press(buttons(answered)[label], slack.response_url, user).status == 200
        wait_until(lambda: len(slack.replaced) > before)
        return slack.replaced[-1]


@pytest.fixture
def talk(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Talk]:
    with FakeSlack() as slack:
        world = World(sqlite_engine, slack)
        world.set_policy(POLICY)
        ctx = replace(world.ctx(), settings=settings(tmp_path))
        server = web(ctx)
        for port in serve(server):
            yield Talk(world, Site(ctx, port))


def shown(answered: dict[str, Any]) -> list[str]:
    """The texts of the blocks."""
    told = [block for block in answered["blocks"] if block["type"] != "actions"]
    return [(block.get("text") or block["elements"][0])["text"] for block in told]


def buttons(answered: dict[str, Any]) -> dict[str, dict[str, Any]]:
    rows = [block["elements"] for block in answered["blocks"] if block["type"] == "actions"]
    return {button["text"]["text"]: button for row in rows for button in row}


def test_flow_alone_shows_by_example_what_can_be_asked(talk: Talk) -> None:
    answered = talk.flow("")
    assert shown(answered) == [
        "Weir watches whose turn it is on each piece of work, and reminds that one person kindly.",
        "*What waits*\n"
        "`/flow waits`  what waits on you, and what of yours waits on others\n"
        "`/flow why acme/shop#12`  whose turn it was and is, and why\n"
        "`/flow nudge acme/shop#12`  asks kindly now, once a working day",
        "*Your own terms*\n"
        "`/flow hours`  your working hours and time zone\n"
        "`/flow away until friday`  no nudges until friday, that day included\n"
        "`/flow back`  back again\n"
        "`/flow mute acme/shop#12 until friday`  no nudges about one item until friday, that day included\n"
        "`/flow unmute`  hear again of all that you muted\n"
        "`/flow morning`  whether you get a message in the morning\n"
        "`/flow link alice-gh`  this login on the code host is yours\n"
        "`/flow unlink alice-gh`  this login is not yours after all",
        "*What the team agreed*\n"
        "`/flow repos`  the connected repositories, and what is wrong\n"
        "`/flow targets`  what is agreed for each kind of wait\n"
        "`/flow people`  who is who, and who can't be reached",
        "*Value streams*\n"
        "`/flow map Shop`  asks about a value stream, in this channel or in a direct message; or goes on with it\n"
        "`/flow streams`  the value streams, and where time goes in them\n"
        "`/flow stream Shop`  its map, and how long each stage takes\n"
        "`/flow stage Shop QA`  who is responsible, what tells of it, and what is in it now",
        "*What work is for*\n"
        "`/flow outcomes`  outcomes, their key results, and the work traced to them\n"
        "`/flow outcome Shop We win when a shopper finds what fits`  what a value stream is for\n"
        "`/flow result Returning customers 24%`  its number is 24% now\n"
        "`/flow trace acme/shop#12 Returning customers`  an item, and the parts it has, is for this\n"
        "`/flow untrace acme/shop#12`  this item is for nothing that was said",
        "*How work flows*\n"
        "`/flow metrics`  all repositories, the last 30 days\n"
        "`/flow digest`  the digest of what this channel is about, for your eyes only\n"
        '`/flow try "pair on large changes" acme/shop review -30% by 31 Jan`  reviews of one repository\n'
        "`/flow experiments`  all of them\n"
        "`/flow types`  the rules, and what is unclassified\n"
        "`/flow mix`  what was done, and what is wanted",
        "*For administrators*\n"
        "`/flow connect acme/shop`  follow a repository\n"
        "`/flow disconnect acme/shop`  follow it no more\n"
        "`/flow doctor`  whether all is well\n"
        "`/flow log`  who changed what, and when\n"
        "`/flow admins`  who may change what is agreed",
        "`/flow help VERB` tells more about one of them. Only you see these answers.",
    ]
    assert list(buttons(answered)) == [
        "What waits on me", "My hours", "My morning message", "Repositories", "Targets", "People", "Value streams",
        "Outcomes", "Flow metrics", "Digest", "Experiments", "Types of work", "Mix of work", "More: What waits",
        "More: Your own terms", "More: What the team agreed", "More: Value streams", "More: What work is for",
        "More: How work flows", "More: For administrators",
    ]  # fmt: skip
    lines = [line for text in shown(answered) for line in text.replace("`", "").split("\n")]
    said = [line.replace("  ", ": ") + "." if "  " in line else line for line in lines]
    assert answered["text"].split("\n") == [f"{line.strip('*')}:" if line[0] == "*" else line for line in said]


def test_the_buttons_of_the_help_answer_what_the_verbs_answer(talk: Talk) -> None:
    overview = talk.flow("help")
    pressed = talk.press(overview, "What waits on me")
    assert pressed["text"] == "Nothing waits for you just now."
    assert pressed["replace_original"] is True
    assert talk.press(overview, "Repositories")["text"].startswith("1 repository;")


def test_help_of_a_verb_tells_what_may_stand_behind_it(talk: Talk) -> None:
    assert shown(talk.flow("help why")) == [
        "`/flow why ITEM`\n"
        "Shows whose turn it was on one item, when, until what and for how long, and whose turn it is now.\n"
        "Allowed are a link to it, `acme/shop#12`, `shop#12` where one repository is called so, or `#12` where there "
        "is only one repository.",
        "`/flow why acme/shop#12`  whose turn it was and is, and why\n"
        "`/flow why #12`  the same, where there is only one repository\n"
        "`/flow why https://github.com/acme/shop/pull/12`  the same, by its link",
    ]


def test_more_of_a_topic_is_one_click_away_and_the_way_back_too(talk: Talk) -> None:
    topic = talk.press(talk.flow("help"), "More: What waits")
    assert shown(topic)[0] == "*What waits*"
    assert list(buttons(topic)) == ["What waits on me", "All of it"]
    assert shown(talk.press(topic, "All of it")) == shown(talk.flow("help"))
    assert talk.press(topic, "What waits on me")["text"] == "Nothing waits for you just now."


def test_waits_tells_what_waits_on_the_asker_and_what_of_theirs_waits_on_others(talk: Talk) -> None:
    talk.world.ask("alice", item=1)
    talk.world.ask("bob", item=2, author="alice", title="Speed up the till")
    talk.world.clock.advance(days=1, hours=2)
    answered = talk.flow("waits")
    assert shown(answered) == [
        "1 thing waits for you. 1 thing of yours waits for others.",
        "*Waiting for you*",
        f"*<{SHOP}/1|Fix rounding in totals> · acme/shop#1*\n"
        "*10h* for your review (working time; 1d 2h by the calendar); 8h agreed, 2h over\n"
        "bob asked for your review on Monday 09:00 · 120 lines, medium",
        "*Yours, waiting for others*",
        f"*<{SHOP}/2|Speed up the till> · acme/shop#2*\n"
        "*10h* for bob to review it (working time; 1d 2h by the calendar); 8h agreed, 2h over\n"
        "Since Monday 09:00, asked by alice · 120 lines, medium",
    ]
    assert answered["text"] == (
        "1 thing waits for you. 1 thing of yours waits for others.\n"
        "Waiting for you:\n"
        "Fix rounding in totals (acme/shop#1): 10h for your review (working time; 1d 2h by the calendar); 8h agreed,"
        " 2h over. bob asked for your review on Monday 09:00.\n"
        "Yours, waiting for others:\n"
        "Speed up the till (acme/shop#2): 10h for bob to review it (working time; 1d 2h by the calendar); 8h agreed,"
        " 2h over. Since Monday 09:00, asked by alice."
    )


@pytest.mark.parametrize("text", ["waits me", "waits ME", "waits @me", "waits <@U0ALICE|alice>", "waits @Alice",
                                  "waits alice", 'waits "alice"', "waits “me”", " WAITS   me "])  # fmt: skip
def test_the_asker_can_be_named_in_many_ways(talk: Talk, text: str) -> None:
    talk.world.ask("alice")
    assert talk.flow(text)["text"].startswith("1 thing waits for you.\n")


@pytest.mark.parametrize("text", ["waits <@U0BOB>", "waits <@U0BOB|bob smith>", "waits @bob", "waits BOB"])
def test_waits_of_somebody_else_names_them(talk: Talk, text: str) -> None:
    talk.world.ask("alice")
    talk.world.ask("bob", item=2, author="carol", title="Speed up the till")
    assert shown(talk.flow(text)) == [
        "1 thing waits for bob. 1 thing of theirs waits for others.",
        "*Waiting for bob*",
        f"*<{SHOP}/2|Speed up the till> · acme/shop#2*\n"
        "*0m* for bob to review it (working time; 0m by the calendar); 8h agreed, 8h left\n"
        "Since Monday 09:00, asked by carol · 120 lines, medium",
        "*By bob, waiting for others*",
        f"*<{SHOP}/1|Fix rounding in totals> · acme/shop#1*\n"
        "*0m* for your review (working time; 0m by the calendar); 8h agreed, 8h left\n"
        "bob asked for your review on Monday 09:00 · 120 lines, medium",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [("waits acme/shop", "acme/shop"), ("waits SHOP", "acme/shop"), ("waits <#C0TEAM|shop>", "acme/shop"),
     ("waits <https://github.com/acme/shop>", "acme/shop"), ("waits https://github.com/acme/shop.git", "acme/shop"),
     ("waits `acme/shop`", "acme/shop"), ("waits <https://github.com/acme/shop/pulls|our shop>", "acme/shop")],
)  # fmt: skip
def test_waits_of_a_repository_or_channel_lists_all_of_it_most_overdue_first(talk: Talk, text: str, name: str) -> None:
    talk.world.ask("carol", item=2)
    talk.world.clock.advance(hours=1)
    talk.world.tell(talk.world.fact("review_requested", item=2, team="core"))
    assert shown(talk.flow(text)) == [
        f"2 things wait in {name}. Most overdue first.",
        f"*<{SHOP}/2|Fix rounding in totals> · acme/shop#2*\n"
        "*1h* for carol to review it (working time; 1h by the calendar); 8h agreed, 7h left\n"
        "Since Monday 09:00, asked by bob · 120 lines, medium",
        f"*<{SHOP}/2|Fix rounding in totals> · acme/shop#2*\n"
        "*0m* for the team core to review it (working time; 0m by the calendar); 8h agreed, 8h left\n"
        "Since Monday 10:00, asked by bob · 120 lines, medium",
    ]


def test_with_nothing_to_tell_waits_says_so(talk: Talk) -> None:
    talk.world.ask("alice")
    talk.world.review("alice")
    talk.world.tell(talk.world.fact("merged"))
    assert talk.flow("waits @bob")["text"] == "Nothing waits for bob just now."
    assert talk.flow("waits shop")["text"] == "Nothing waits in acme/shop just now."
    assert talk.flow("waits @dora")["text"] == (
        "Nothing waits for dora just now. Nobody by that login is mapped to Slack; is it spelt as on the code host?"
    )
    assert talk.flow("waits <#C0OTHER|other>")["text"] == (
        "No repository is mapped to that channel. /flow waits REPO asks for one by its name."
    )
    assert talk.flow("waits <@U0DORA>")["text"] == (
        "I don't know yet which login on the code host is theirs, so I can't tell what waits for them. "
        "/flow people shows what helps."
    )
    assert talk.flow("waits", user="U0DORA")["text"] == (
        "I don't know yet which login on the code host is yours, so I can't tell what waits for you. "
        "Say /flow link LOGIN with your login there."
    )


def items_of(answered: dict[str, Any]) -> list[int]:
    return [int(text.split("#")[1].split("*")[0]) for text in shown(answered) if "#" in text]


def test_long_lists_are_turned_page_by_page_and_back(talk: Talk) -> None:
    for item in range(1, 24):
        talk.world.ask("alice", item=item)
        talk.world.clock.advance(minutes=1)
    first = talk.flow("waits")
    assert (items_of(first), list(buttons(first))) == (list(range(1, 11)), ["Later"])
    second = talk.press(first, "Later")
    assert (items_of(second), list(buttons(second))) == (list(range(11, 21)), ["Earlier", "Later"])
    last = talk.press(second, "Later")
    assert (items_of(last), list(buttons(last))) == ([21, 22, 23], ["Earlier"])
    assert shown(last)[-1] == "Page 3 of 3"
    assert last["text"].endswith("Page 3 of 3.")
    assert items_of(talk.press(last, "Earlier")) == items_of(second)


def test_a_page_that_is_no_more_is_answered_with_the_last_there_is(talk: Talk) -> None:
    for item in range(1, 13):
        talk.world.ask("alice", item=item)
    first = talk.flow("waits")
    talk.world.clock.advance(minutes=1)
    for item in range(1, 12):
        talk.world.review("alice", item=item)
    assert items_of(talk.press(first, "Later")) == [12]


def test_a_button_answers_whoever_presses_it_about_themselves(talk: Talk) -> None:
    for item in range(1, 13):
        talk.world.ask("alice", item=item)
    first = talk.flow("waits me")
    assert talk.press(first, "Later", user="U0CAROL")["text"] == "Nothing waits for you just now."


def test_a_button_works_after_a_restart(talk: Talk, tmp_path: Path) -> None:
    for item in range(1, 13):
        talk.world.ask("alice", item=item)
    first = talk.flow("waits")
    ctx = replace(talk.world.ctx(), settings=settings(tmp_path))
    server = web(ctx)
    for port in serve(server):
        assert items_of(Talk(talk.world, Site(ctx, port)).press(first, "Later")) == [11, 12]


@pytest.mark.parametrize("value", [None, "", "{", "[]", "7", '{"ask": 5}', '{"page": 1}', "[" * 2000, "null"])
def test_a_button_that_is_none_of_ours_is_acknowledged_and_changes_nothing(talk: Talk, value: str | None) -> None:
    button = {"type": "button", "action_id": "ask:later", "value": value}
    assert talk.site.press(button, talk.world.slack.response_url).status == 200
    talk.press(talk.flow("help"), "Repositories")  # those before it are done by then
    assert len(talk.world.slack.replaced) == 1


@pytest.mark.parametrize("page", ["x", -1, 0, 1.5, None, True, [1]])
def test_a_page_that_is_no_number_is_the_one_the_answer_begins_with(page: Any) -> None:
    assert again(json.dumps({"ask": "waits", "page": page})) == Again("waits", None)


@pytest.mark.parametrize("fault", [Fault("http", 404, '{"ok":false,"error":"used_url"}'), Fault("http", 503),
                                   Fault("http", 429), Fault("reset")])  # fmt: skip
def test_an_answer_slack_does_not_take_is_logged_and_the_next_press_works(talk: Talk, fault: Fault) -> None:
    overview = talk.flow("help")
    talk.world.slack.fail("respond", fault)
    assert talk.site.press(buttons(overview)["Repositories"], talk.world.slack.response_url).status == 200
    wait_until(lambda: talk.world.slack.called("respond"))
    assert talk.press(overview, "Repositories")["text"].startswith("1 repository;")


def test_why_tells_the_ledger_of_an_item_in_sentences(talk: Talk) -> None:
    world = talk.world
    world.ask("alice", "carol")
    world.clock.advance(hours=3)
    world.review("alice", "changes_requested")
    world.clock.advance(days=1, hours=1)
    world.tell(world.fact("pushed"))
    answered = talk.flow("why acme/shop#1")
    assert shown(answered) == [
        f"*<{SHOP}/1|Fix rounding in totals>* · acme/shop#1\nOpened by bob on Monday 09:00.",
        "Now it is *carol's* turn to review it, since Monday 09:00 (asked by bob): 12h of working time (1d 4h by the "
        "calendar); 8h agreed, 4h over. It was due on Monday 17:00.",
        "Now it is *your* turn to take another look, since Tuesday 13:00: 0m of working time (0m by the calendar); "
        "4h agreed, 4h left. It is due on Tuesday 17:00.",
        "Before that:",
        "Monday 09:00: *your* turn to review it (asked by bob), until a review came on Monday 12:00. That took 3h of "
        "working time (3h by the calendar); 8h agreed, 5h left.",
        "Monday 12:00: *bob's* turn to make the changes a review asks for, until commits were pushed on Tuesday 13:00. "
        "That took 9h of working time (1d 1h by the calendar); 16h agreed, 7h left.",
    ]
    bare = [text.replace("*", "") for text in shown(answered)]
    assert answered["text"].split("\n")[0] == "Fix rounding in totals (acme/shop#1)"
    assert answered["text"].split("\n")[2:] == bare[1:]


@pytest.mark.parametrize("text", ["why #1", "why 1", "why shop#1", "why SHOP#1", "why Acme/Shop#1",
                                  f"why {SHOP}/1", f"why <{SHOP}/1>", f"why <{SHOP}/1/files|the files>",
                                  f"why {SHOP}/1?w=1#diff", "why “#1”", "why `acme/shop#1`"])  # fmt: skip
def test_an_item_can_be_named_in_many_ways(talk: Talk, text: str) -> None:
    talk.world.ask("alice")
    assert talk.flow(text)["text"].startswith("Fix rounding in totals (acme/shop#1)\n")


def test_why_is_told_in_the_zone_of_the_asker(talk: Talk) -> None:
    talk.world.set_policy(POLICY + '\n[people.dora]\nslack = "U0DORA"\ncalendar = { timezone = "Asia/Kolkata" }\n')
    talk.world.ask("alice")
    assert "Opened by bob on Monday 13:30." in answer(talk.world.ctx(), "U0DORA", Again("why #1")).text


def test_somebody_who_is_not_linked_is_told_in_their_own_zone_from_the_first_answer_on(talk: Talk) -> None:
    talk.world.slack.add_user("U0ERIN", tz="America/New_York")
    talk.world.ask("alice")
    assert "Since Monday 03:00, asked by bob." in talk.flow("waits acme/shop", "U0ERIN")["text"]
    assert "Opened by bob on Monday 03:00." in talk.flow("why #1", "U0ERIN")["text"]
    assert [form["user"] for method, form in talk.world.slack.calls if method == "users.info"] == ["U0ERIN"]


@pytest.mark.parametrize(
    ("kinds", "said"),
    [(["merged"], "It is merged: it is nobody's turn any more."), (["closed"], "It is closed: it is nobody's turn."),
     (["converted_to_draft"], "It is a draft or marked as not ready: it is nobody's turn until that changes."),
     (["queued"], "It is in the merge queue: it is nobody's turn.")],
)  # fmt: skip
def test_where_it_is_nobodys_turn_why_says_why(talk: Talk, kinds: list[str], said: str) -> None:
    talk.world.ask("alice")
    talk.world.clock.advance(hours=1)
    talk.world.tell(*[talk.world.fact(kind) for kind in kinds])
    assert said in shown(talk.flow("why #1"))


def test_of_an_author_who_is_gone_of_an_issue_and_of_an_unknown_beginning_why_tells_what_it_can(talk: Talk) -> None:
    world = talk.world
    world.tell(
        world.fact("opened", None, item=1, type="pull_request"),
        world.fact("opened", "bob", item=2, type="issue", title="It is slow"),
        world.fact("commented", "bob", item=3),
    )
    assert shown(talk.flow("why #1")) == [
        "*acme/shop#1*\nOpened by somebody whose account is gone on Monday 09:00.",
        "Its author is gone or a machine, and nobody else is asked: there is nobody whose turn it could be.",
    ]
    assert shown(talk.flow("why #2"))[1] == "It is an issue; turns are told of pull requests only."
    assert shown(talk.flow("why #3")) == [
        "*acme/shop#3*",
        "I don't know how it began, so I can't tell whose turn it is; that is learnt when its history is read.",
    ]


def test_time_on_hold_is_told_beside_the_working_time(talk: Talk) -> None:
    talk.world.ask("alice")
    talk.world.tell(talk.world.fact("checks_failed", None))
    talk.world.clock.advance(hours=2)
    told = talk.flow("why #1")["text"]
    assert "0m of working time (2h by the calendar), besides 2h on hold; 8h agreed, 8h left." in told


def test_long_histories_begin_with_the_latest_page(talk: Talk) -> None:
    world = talk.world
    world.ask("alice")
    for _ in range(7):
        world.clock.advance(hours=1)
        world.review("alice", "changes_requested")
        world.clock.advance(hours=1)
        world.tell(world.fact("pushed"))
    latest = talk.flow("why #1")
    assert list(buttons(latest)) == ["Earlier"]
    assert shown(latest)[-1] == "Page 2 of 2"
    earlier = talk.press(latest, "Earlier")
    assert [text.partition(":")[0] for text in shown(earlier)[1:3]] == [
        "Now it is *your* turn to take another look, since Monday 23", "Before that"]  # fmt: skip
    assert shown(earlier)[3].startswith("Monday 09:00: *your* turn to review it (asked by bob), until a review came")
    assert len(shown(earlier)) == 14
    assert list(buttons(earlier)) == ["Later"]


def test_an_item_that_is_not_there_is_answered_in_one_line(talk: Talk) -> None:
    talk.world.ask("alice")
    for text, said in (
        ("why #9", "I know of no acme/shop#9: no webhook told of it, and it was not read."),
        ("why acme/site#1", "I know no repository “acme/site”. /flow repos lists those that I know."),
        ("why https://gitlab.com/acme/shop/pull/1",
         "I know of no gitlab.com/acme/shop#1: no webhook told of it, and it was not read."),
    ):  # fmt: skip
        assert talk.flow(text)["text"] == said


def test_a_repository_is_named_by_a_link_to_its_own_host_alone(talk: Talk) -> None:
    talk.world.ask("alice")
    assert talk.flow("waits https://github.com/acme/shop")["text"].startswith("1 thing waits in acme/shop.")
    own = replace(talk.world.ctx(), settings=Settings(github_api_url="https://git.acme.example/api/v3"))
    assert answer(own, "U0ALICE", Again("waits https://git.acme.example/acme/shop")).text.startswith("1 thing waits")
    for words in ("waits https://gitlab.com/acme/shop", "mute https://gitlab.com/acme/shop",
                  "targets https://gitlab.com/acme/shop"):  # fmt: skip
        assert "“gitlab.com/acme/shop”" in answer(own, "U0ALICE", Again(words)).text


def test_where_a_name_may_mean_several_repositories_they_are_named(talk: Talk) -> None:
    with writing(talk.world.engine) as session:
        repos.add(session, "default", "github", ["corp/shop"], connected=True)
    talk.world.publish("acme/shop", "corp/shop")
    for text in ("why #1", "why shop#1"):
        assert "more than one repository it may be in (acme/shop, corp/shop); say which." in talk.flow(text)["text"]
    assert talk.flow("waits shop")["text"].startswith("“shop” may be acme/shop, corp/shop; say which. Allowed are")


def test_repos_tells_when_each_was_heard_of_and_what_is_wrong_with_that_first(talk: Talk) -> None:
    world = talk.world
    with writing(world.engine) as session:
        repos.heard(session, "default", "github", ["acme/site"], world.now - 7200)
        repos.heard(session, "default", "github", ["acme/old"], world.now - 9 * 86_400)
        repos.heard(session, "default", "github", ["acme/lost"], world.now - 60)
        repos.lose(session, "default", "github", ["acme/lost"])
        repos.add(session, "default", "github", ["acme/imported"])
    world.publish("acme/site", "acme/old", "acme/lost")
    answered = talk.flow("repos")
    assert shown(answered) == [
        "4 repositories; something is wrong with 3.",
        "*acme/lost*: last webhook Monday 08:59 (1m ago). Wrong: access to it was lost.",
        "*acme/old*: last webhook 21 Feb 09:00 (9d ago). Wrong: no webhook has come for 9 days.",
        "*acme/shop*: never heard of. Wrong: no webhook ever came, and it was not read.",
        "*acme/site*: last webhook Monday 07:00 (2h ago). All is well.",
    ]
    assert answered["text"] == "\n".join(shown(answered)).replace("*", "")


def test_many_repositories_come_by_pages(talk: Talk) -> None:
    with writing(talk.world.engine) as session:
        names = [f"acme/r{number:02}" for number in range(24)]
        repos.heard(session, "default", "github", names, talk.world.now)
    talk.world.publish(*names)
    later = talk.press(talk.flow("repos"), "Later")
    assert [text.split("*")[1] for text in shown(later)[1:-1]] == [f"acme/r{number:02}" for number in range(9, 19)]


def test_without_any_repository_it_is_said_how_to_have_one(talk: Talk) -> None:
    talk.world.set_policy("")
    told = answer(talk.world.ctx(), "U0ALICE", Again("repos")).text
    assert told == "No repository is connected yet: /flow connect OWNER/REPO follows one."
    assert answer(talk.world.ctx(), "U0ALICE", Again("why #1")).text == (
        "I follow no repository yet. /flow connect OWNER/REPO follows one."
    )


BAD = {
    "waits": ["waits nobody-here", "waits #shop", "waits a b", "waits <!channel>", "waits <!subteam^S123>", "waits @",
              "waits acme/nothing", "waits --open", "waits https://github.com/acme", "waits ???", "waits 'acme/shop",
              "waits <@123>", "waits " + "x" * 600],
    "why": ["why", "why x", "why #", "why #0", "why -1", "why #12 please", "why acme/shop", "why --help",
            "why https://github.com/acme/shop", "why #99999999999999999999", "why <@U0BOB>", "why acme/shop#twelve",
            "why http://[", "why --"],
    "repos": ["repos all", "repos acme/shop", "repos -a", "repos --help", "repos #1", "repos <@U0BOB>", "repos 1 2",
              "repos me", "repos “x”", "repos ?"],
    "help": ["help waits why", "help repos repos", "help waits --all", "help why why", "help repos 1", "help help help",
             "help why #1", "help waits me", "help repos -v", "help why <@U0BOB>"],
}  # fmt: skip


@pytest.mark.parametrize(("verb", "text"), [(verb, text) for verb, texts in BAD.items() for text in texts])
def test_bad_words_are_answered_with_what_is_allowed_and_an_example(talk: Talk, verb: str, text: str) -> None:
    entry = VERBS[verb].entry
    told = talk.flow(text)["text"]
    assert "\n" not in told
    allowed = (entry.allowed or "Nothing more may stand behind it.").replace("`", "")
    short = told.endswith("tells all of it.") and allowed[:40] in told
    assert short or (allowed in told and told.endswith(f"For example: {entry.examples[-1][0]}"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("wiats", "waits"), ("wait", "waits"), ("WATIS", "waits"), ("wyh #1", "why"), ("whi", "why"), ("repo", "repos"),
     ("reops", "repos"), ("hlep", "help"), ("halp", "help"), ("help wayts", "waits")],
)  # fmt: skip
def test_a_slip_is_answered_with_the_nearest_verb(talk: Talk, typed: str, meant: str) -> None:
    assert talk.flow(typed)["text"].endswith(f"Did you mean /flow {meant}?")


def test_what_is_near_no_verb_is_answered_with_where_the_list_is(talk: Talk) -> None:
    assert talk.flow("<!channel> now")["text"] == "I don't know “&lt;!channel&gt;”. /flow help lists what I understand."


_TYPED = st.lists(
    st.sampled_from([*VERBS, "me", "#1", "shop#1", "acme/shop", "<@U0BOB|bob>", "<#C0TEAM|x>", '"', "'", "“", "<", "|",
                     ">", "--", "-x", "&amp;", "https://", "http://[", "\0", "\u202e", f"<{SHOP}/1|x y>"]) | st.text(),
    max_size=6,
).map(" ".join)  # fmt: skip


def test_whatever_is_typed_is_answered_within_slacks_limits_and_pings_nobody(sqlite_engine: Engine) -> None:
    with FakeSlack() as slack:
        world = World(sqlite_engine, slack)
        world.ask("alice", "carol")

        @given(_TYPED | st.text(max_size=MOST_ASKED * 2), st.none() | st.integers(1, 10**9))
        def answered(text: str, page: int | None) -> None:
            message = answer(world.ctx(), "U0ALICE", Again(text, page))
            assert content_error({"text": message.text, "blocks": list(message.blocks)}) is None
            assert not {"<!", "<@", "<#"} & {message.text[i : i + 2] for i in range(len(message.text))}

        answered()


def test_the_question_a_button_carries_fits_its_value() -> None:
    for letter in ('"', "\\", "ä", "x", "😀"):
        asked = Again(letter * MOST_ASKED, 10**6)
        assert len(asked.value()) <= 2_000
        assert again(asked.value()) == asked


def test_only_a_button_can_be_sure_and_says_so_in_its_value() -> None:
    sure = Again("targets review 8h", sure=True)
    assert again(sure.value()) == sure
    assert again(Again("targets review 8h").value()) == Again("targets review 8h")
    for told in ("true", 1, None, [True], 0):
        assert again(json.dumps({"ask": "targets", "sure": told})) == Again("targets")


def test_a_button_that_asks_back_shows_what_it_would_do() -> None:
    sure = Again("targets review 8h", sure=True)
    plain = {"type": "plain_text", "emoji": False}
    assert ask_button("Switch on", sure, style="primary", confirm=Confirm("Sure?", "From now on.", "Yes")) == {
        "type": "button",
        "action_id": "ask:targets review 8h",
        "text": {**plain, "text": "Switch on"},
        "value": '{"ask":"targets review 8h","page":null,"sure":true}',
        "style": "primary",
        "confirm": {
            "title": {**plain, "text": "Sure?"}, "text": {**plain, "text": "From now on."},
            "confirm": {**plain, "text": "Yes"}, "deny": {**plain, "text": "Not now"},
        },
    }  # fmt: skip
    assert len(ask_button("Ask", Again("x" * MOST_ASKED))["action_id"]) == 255


def test_every_entry_names_its_usage_once() -> None:
    assert [entry.usage.split()[1] for entry in ENTRIES] == list(VERBS)
