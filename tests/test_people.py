"""Who is who: said, found out, guessed and asked; whole answers, on both databases and through both doors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from desk import HTTP, SOCKET, Desk, desk, told
from fake_github_model import Node
from fake_slack import Fault
from sqlalchemy import text
from statements import counting

from bot.people.members import take_in
from bot.policy import parse_policy
from bot.said import UNSAID, Change, current, say
from bot.store import matches
from bot.store.engine import reading, writing
from bot.store.people import workers
from jobs import people

POLICY = """
[calendar]
timezone = "Europe/Berlin"
[targets]
review = "8h"
[people.alice]
slack = "U0ALICE"
"""
DAY, WEEK = 86_400, 7 * 86_400
DOORS = [("sqlite", HTTP), ("postgres", SOCKET)]


@pytest.fixture(params=DOORS, ids=["http-sqlite", "socket-postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """alice is linked by the policy file; bob, carol and dora are not; ada administers Slack."""
    database, door = request.param
    with desk(request.getfixturevalue(f"{database}_engine"), tmp_path, door, POLICY) as opened:
        for user in ("U0ALICE", "U0BOB", "U0CAROL", "U0DORA"):
            opened.slack.add_user(user)
        opened.slack.add_user("U0ADA", is_admin=True)
        opened.github.repo("acme/shop")
        yield opened


def whose(office: Desk, login: str) -> str | None:
    return current(office.ctx).policy.person(login).slack


def look(office: Desk) -> int:
    """The job's next run."""
    return people.run(office.ctx, office.world.now)


def commit(login: str, email: str) -> Node:
    return {"author": {"login": login}, "commit": {"author": {"email": email}}}


# --- said -----------------------------------------------------------------------------------------------------------


def test_somebody_says_which_login_is_theirs(office: Desk) -> None:
    office.world.ask("Bob-gh")
    answered = office.flow("link bob-GH", "U0BOB")
    assert told(answered) == [
        "*Bob-gh* on GitHub is you. 1 thing waits for you. `/flow unlink Bob-gh` takes it back.",
        "[What waits on me]",
    ]
    assert answered["text"] == "Bob-gh on GitHub is you. 1 thing waits for you. /flow unlink Bob-gh takes it back."
    assert office.press(answered, "What waits on me", "U0BOB")["text"].startswith("1 thing waits for you.")
    assert told(office.flow("link bob-gh", "U0BOB"))[0] == ("*Bob-gh* on GitHub is you already. 1 thing waits for you.")


def test_who_is_linked_is_nudged_from_then_on_in_their_own_zone(office: Desk) -> None:
    office.slack.users["U0BOB"]["tz"] = "America/New_York"
    office.world.ask("bob", author="alice")
    office.flow("link bob", "U0BOB")
    assert current(office.ctx).policy.person("bob").calendar.zone.key == "America/New_York"
    office.world.wait(days=2)
    assert len(office.slack.dms("U0BOB")) > 0


def test_an_administrator_links_somebody_else(office: Desk) -> None:
    office.world.ask("bob", item=1)
    office.world.ask("bob", item=2)
    assert told(office.flow("link <@U0BOB|bob> bob", "U0ADA")) == [
        "*bob* on GitHub is <@U0BOB>. 2 things wait for them. `/flow unlink bob` takes it back."
    ]
    assert whose(office, "bob") == "U0BOB"


def test_nobody_else_links_somebody_else(office: Desk) -> None:
    office.world.ask("bob")
    assert told(office.flow("link <@U0BOB> bob")) == [
        "That is for Slack's administrators and owners, and those they name. /flow admins lists who they named."
    ]
    assert whose(office, "bob") is None


def test_a_login_that_is_somebody_elses_is_refused_with_whom_to_ask(office: Desk) -> None:
    assert told(office.flow("link Alice", "U0BOB")) == [
        "*alice* on GitHub is <@U0ALICE> already. If that is wrong, ask them to say `/flow unlink alice`, or ask an "
        "administrator to: `/flow admins` shows who that is."
    ]
    assert whose(office, "alice") == "U0ALICE"


def test_an_administrator_moves_a_login_once_they_saw_whose_it_is(office: Desk) -> None:
    shown = office.flow("link <@U0BOB> alice", "U0ADA")
    assert told(shown) == [
        "*alice* on GitHub is <@U0ALICE> already. Is it <@U0BOB> instead?", "[Yes, change it]"
    ]  # fmt: skip
    assert whose(office, "alice") == "U0ALICE"
    assert "If that is wrong, ask them" in office.press(shown, "Yes, change it", "U0BOB")["text"]
    assert whose(office, "alice") == "U0ALICE"
    assert told(office.press(shown, "Yes, change it", "U0ADA")) == [
        "*alice* on GitHub is <@U0BOB>. Nothing waits for them. `/flow unlink alice` takes it back."
    ]
    assert whose(office, "alice") == "U0BOB"


def test_a_slip_is_answered_with_the_nearest_login(office: Desk) -> None:
    office.world.ask("bob-gh", "dependabot[bot]", "alicf")
    shown = office.flow("link bob-hg", "U0BOB")
    assert told(shown) == [
        "I have not heard of *bob-hg* yet: nobody of that login holds or wrote anything here. Did you mean *bob-gh*?",
        "[Link bob-gh] [Link bob-hg all the same]",
    ]
    assert whose(office, "bob-hg") is None
    assert told(office.press(shown, "Link bob-gh", "U0BOB"))[0].startswith("*bob-gh* on GitHub is you.")
    assert told(office.flow("link alic", "U0CAROL"))[1] == "[Link alicf] [Link alic all the same]"


def test_a_login_never_heard_of_is_linked_once_it_is_meant(office: Desk) -> None:
    shown = office.flow("link newcomer", "U0BOB")
    assert told(shown) == [
        "I have not heard of *newcomer* yet: nobody of that login holds or wrote anything here. "
        "Is it spelt as on GitHub?",
        "[Link newcomer all the same]",
    ]
    office.press(shown, "Link newcomer all the same", "U0BOB")
    assert whose(office, "newcomer") == "U0BOB"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("link dependabot[bot]", "“dependabot[bot]” is a bot; only people can be linked."),
        ("link <@U0NOBODY> bob", "Slack knows nobody by that account."),
        ("link <@U0LEFT> bob", "That account is deactivated in Slack, so nobody would read what is sent there."),
        ("link <@U0APP> bob", "That is an app in Slack; it has to be a person."),
        ("unlink bob", "bob is linked to nobody in Slack."),
    ],
)
def test_what_can_not_be_linked_is_said(office: Desk, words: str, said: str) -> None:
    office.world.ask("bob")
    office.slack.add_user("U0LEFT", deleted=True)
    office.slack.add_user("U0APP", is_bot=True)
    assert told(office.flow(words, "U0ADA")) == [said]
    assert whose(office, "bob") is None


def test_while_slack_is_away_one_links_oneself_and_nobody_else(office: Desk) -> None:
    office.world.ask("bob", "carol")
    office.flow("people", "U0ADA")
    office.slack.fail("users.info", *[Fault("reset")] * 3)
    assert told(office.flow("link <@U0CAROL> carol", "U0ADA")) == [
        "Slack can't be asked just now who that is. Please try again."
    ]
    assert told(office.flow("link bob", "U0BOB"))[0].startswith("*bob* on GitHub is you.")


def test_a_login_of_ones_own_is_given_back(office: Desk) -> None:
    office.world.ask("bob")
    office.flow("link bob", "U0BOB")
    shown = office.flow("unlink Bob", "U0BOB")
    assert told(shown) == [
        "*bob* on GitHub is not you any more. You hear nothing of what waits for bob until it is linked again.",
        "[Link it again]",
    ]
    assert whose(office, "bob") is None
    office.press(shown, "Link it again", "U0BOB")
    assert whose(office, "bob") == "U0BOB"


def test_what_the_file_says_is_taken_back_and_said_again(office: Desk) -> None:
    assert told(office.flow("unlink alice", "U0ADA")) == [
        "*alice* on GitHub is not <@U0ALICE> any more. Nobody hears of what waits for alice until it is linked again.",
        "[Link it again]",
    ]
    assert whose(office, "alice") is None
    office.flow("link alice")
    assert whose(office, "alice") == "U0ALICE"
    with reading(office.world.engine) as session:
        assert session.scalar(text("SELECT count(*) FROM said")) == 0


def test_somebody_elses_login_is_given_back_by_administrators_alone(office: Desk) -> None:
    assert told(office.flow("unlink alice", "U0BOB"))[0].startswith("That is for Slack's administrators")
    assert whose(office, "alice") == "U0ALICE"


def test_two_who_say_the_same_login_at_once_do_not_both_get_it(office: Desk) -> None:
    office.world.ask("erin")
    users = ("U0BOB", "U0CAROL", "U0DORA")
    with ThreadPoolExecutor(3) as hands:
        answers = list(hands.map(lambda user: told(office.flow("link erin", user))[0], users))
    winner = whose(office, "erin")
    assert winner in users
    assert sorted(answer.startswith("*erin* on GitHub is you.") for answer in answers) == [False, False, True]
    assert sum(f"*erin* on GitHub is <@{winner}> already." in answer for answer in answers) == 2


# --- found out ------------------------------------------------------------------------------------------------------


def test_an_address_on_the_host_links_and_nobody_is_written_to(office: Desk) -> None:
    office.slack.users["U0BOB"]["profile"]["email"] = "bob@acme.test"
    office.slack.users["U0BOB"]["tz"] = "Asia/Tokyo"
    office.github.users["bob"] = {"email": "Bob@acme.test", "name": "Carol Example"}
    office.slack.users["U0CAROL"]["real_name"] = "Carol Example"
    office.world.ask("bob", author="alice")
    assert look(office) == 1
    assert whose(office, "bob") == "U0BOB"
    assert current(office.ctx).policy.person("bob").calendar.zone.key == "Asia/Tokyo"
    assert office.slack.history() == []
    with reading(office.world.engine) as session:
        (change,) = session.execute(text("SELECT * FROM changes")).all()
        kept = [str(row) for table in ("changes", "said", "matches", "members")
                for row in session.execute(text(f"SELECT * FROM {table}"))]  # fmt: skip
    assert (json.loads(change.path), json.loads(change.became), change.by, change.why) == (
        ["people", "bob", "slack"], "U0BOB", "", "e-mail",
    )  # fmt: skip
    assert not any("@acme.test" in row for row in kept)


def test_an_address_of_their_commits_links(office: Desk) -> None:
    office.slack.users["U0BOB"]["profile"]["email"] = "bob@acme.test"
    office.github.users["bob"] = {"email": "bob@home.test"}
    office.github.repo("acme/shop").commits += [commit("bob", "bob@acme.test"), commit("carol", "carol@acme.test")]
    office.world.ask("bob")
    assert look(office) == 1
    assert whose(office, "bob") == "U0BOB"
    assert "bob is <@U0BOB> (by commit e-mail)" in office.flow("people")["text"]


def test_commits_under_the_addresses_of_two_members_are_a_doubt(office: Desk) -> None:
    for user in ("U0BOB", "U0CAROL"):
        office.slack.users[user]["profile"]["email"] = f"{user}@acme.test".lower()
    office.github.users["bob"] = {}
    commits = [commit("bob", "u0bob@acme.test")] * 2 + [commit("bob", "u0carol@acme.test")]
    office.github.repo("acme/shop").commits += commits
    office.world.ask("bob")
    assert look(office) == 0
    assert whose(office, "bob") is None
    assert "perhaps <@U0BOB>" in office.flow("people")["text"]


def guess(office: Desk) -> None:
    """dave is perhaps dora, who has his name."""
    office.slack.users["U0DORA"]["real_name"] = "Dora  Example"
    office.slack.add_user("U0APP", is_bot=True, real_name="dora example")
    office.slack.add_user("U0LEFT", deleted=True, real_name="dora example")
    office.github.users["dave"] = {"name": "dora example"}
    office.world.ask("dave")
    assert look(office) == 0
    assert whose(office, "dave") is None


@pytest.mark.parametrize("words", ["", "waits"])
def test_a_name_is_a_guess_that_its_bearer_is_asked_about_when_they_come(office: Desk, words: str) -> None:
    guess(office)
    assert office.slack.history() == []
    assert "Are you" not in office.flow(words, "U0BOB")["text"]
    shown = office.flow(words, "U0DORA")
    assert told(shown)[:2] == ["Are you *dave* on GitHub?", "[Yes, that's me] [No]"]
    assert shown["text"].splitlines()[0] == (
        "Are you dave on GitHub? Say /flow link dave, or /flow unlink dave if not."
    )
    assert told(office.press(shown, "Yes, that's me", "U0DORA"))[0] == (
        "*dave* on GitHub is you. 1 thing waits for you. `/flow unlink dave` takes it back."
    )
    assert whose(office, "dave") == "U0DORA"
    assert "Are you" not in office.flow(words, "U0DORA")["text"]


def test_a_guess_that_is_denied_is_never_made_again(office: Desk) -> None:
    guess(office)
    shown = office.flow("", "U0DORA")
    assert told(office.press(shown, "No", "U0DORA")) == [
        "Thank you. *dave* on GitHub is not you; that is not asked again."
    ]
    office.slack.users["U0DORA"]["profile"]["email"] = "dora@acme.test"
    office.github.users["dave"]["email"] = "dora@acme.test"
    office.world.clock.advance(days=8)
    assert look(office) == 0
    assert "Are you" not in office.flow("", "U0DORA")["text"]
    assert "nobody in Slack is linked" in office.flow("people")["text"]


def test_an_administrator_confirms_or_denies_a_guess(office: Desk) -> None:
    guess(office)
    shown = office.flow("people", "U0ADA")
    assert told(shown)[2:4] == [
        "*dave*: 1 thing waits for them; perhaps <@U0DORA>, who has that name. Is that right?",
        "[Yes, link dave] [No]",
    ]
    assert told(office.press(shown, "No", "U0ADA")) == [
        "Thank you. *dave* on GitHub is not <@U0DORA>; that is not asked again."
    ]
    assert told(office.press(shown, "Yes, link dave", "U0BOB"))[0].startswith("That is for Slack's administrators")
    assert told(office.press(shown, "Yes, link dave", "U0ADA"))[0].startswith("*dave* on GitHub is <@U0DORA>.")


def test_two_members_of_one_name_are_no_guess(office: Desk) -> None:
    office.slack.users["U0CAROL"]["real_name"] = "Dora Example"
    guess(office)
    assert "perhaps" not in office.flow("people")["text"]


def test_bots_and_those_who_left_are_never_linked(office: Desk) -> None:
    office.slack.add_user("U0APP", is_bot=True, profile={"email": "app@acme.test"})
    office.github.users |= {
        "helper": {"type": "Bot", "email": "app@acme.test"}, "erin": {"email": "app@acme.test"}, "frank": {},
    }  # fmt: skip
    office.world.ask("helper", "erin", "frank", "renovate-acme")
    assert look(office) == 0
    asked = [call.path for call in office.github.calls]
    assert not any("renovate" in path for path in asked)
    assert "helper" not in office.flow("people")["text"]
    assert "erin: 1 thing waits for them; nobody in Slack is linked." in office.flow("people")["text"]


def test_a_login_is_tried_again_after_a_week_and_no_sooner(office: Desk) -> None:
    office.github.users["bob"] = {}
    office.world.ask("bob")
    look(office)
    before = len(office.github.calls)
    office.world.clock.advance(days=6)
    assert look(office) == 0
    assert not any("/users/bob" in call.path for call in office.github.calls[before:])
    office.world.clock.advance(days=1)
    office.slack.users["U0BOB"]["profile"]["email"] = "bob@acme.test"
    office.github.users["bob"]["email"] = "bob@acme.test"
    assert look(office) == 1


def test_a_run_asks_about_so_many_and_no_more(office: Desk) -> None:
    office.world.ask(*(f"person{number}" for number in range(people.MOST_LOGINS + 5)))
    look(office)
    profiles = [call for call in office.github.calls if call.path.startswith("/users/")]
    assert len(profiles) == people.MOST_LOGINS
    assert office.slack.called("users.list") == 0
    look(office)
    profiles = [call for call in office.github.calls if call.path.startswith("/users/person")]
    assert len(profiles) == people.MOST_LOGINS + 5


def test_a_host_that_is_away_is_asked_again_within_hours(office: Desk) -> None:
    office.github.users["bob"] = {"email": "bob@acme.test"}
    office.slack.users["U0BOB"]["profile"]["email"] = "bob@acme.test"
    office.world.ask("bob")
    office.github.fail(503, times=4)
    assert look(office) == 0
    office.world.clock.advance(hours=2)
    assert look(office) == 1


def test_without_the_scope_for_addresses_names_are_still_guessed(office: Desk) -> None:
    office.slack.scopes = office.slack.scopes.replace(",users:read.email", "")
    office.github.users["dave"] = {"name": "Dora Example", "email": "dora@acme.test"}
    office.slack.users["U0DORA"]["real_name"] = "Dora Example"
    office.world.ask("dave")
    assert look(office) == 0
    assert "perhaps <@U0DORA>" in office.flow("people")["text"]


def test_what_the_file_says_is_never_overridden(office: Desk) -> None:
    office.github.users["alice"] = {"email": "bob@acme.test"}
    office.slack.users["U0BOB"]["profile"]["email"] = "bob@acme.test"
    office.world.ask("alice")
    assert look(office) == 0
    assert whose(office, "alice") == "U0ALICE"
    assert not any(call.path.startswith("/users/alice") for call in office.github.calls)


# --- members --------------------------------------------------------------------------------------------------------


def test_zones_of_those_who_are_written_to_are_looked_up_daily(office: Desk) -> None:
    def zone() -> str:
        return str(current(office.ctx).policy.person("alice").calendar.zone)

    look(office)
    assert (zone(), office.slack.called("users.info")) == ("Europe/Berlin", 1)
    office.slack.users["U0ALICE"]["tz"] = "Asia/Kolkata"
    office.world.clock.advance(hours=23)
    look(office)
    assert (zone(), office.slack.called("users.info")) == ("Europe/Berlin", 1)
    office.world.clock.advance(hours=1)
    look(office)
    assert (zone(), office.slack.called("users.info")) == ("Asia/Kolkata", 2)


def test_who_is_told_to_be_in_another_zone_is_nudged_by_it(office: Desk) -> None:
    office.world.ask("alice")
    office.slack.users["U0ALICE"]["tz"] = "America/New_York"
    take_in(office.ctx, office.slack.users["U0ALICE"], office.world.now)
    office.world.wait(hours=11)
    assert office.slack.dms("U0ALICE") == []
    office.world.wait(hours=2)
    assert len(office.slack.dms("U0ALICE")) == 1


def test_a_zone_that_nobody_knows_is_the_workspaces(office: Desk) -> None:
    take_in(office.ctx, {**office.slack.users["U0ALICE"], "tz": "Mars/Base"}, office.world.now)
    assert str(current(office.ctx).policy.person("alice").calendar.zone) == "Europe/Berlin"


def test_members_weir_has_nothing_to_do_with_are_not_kept(office: Desk) -> None:
    take_in(office.ctx, office.slack.users["U0BOB"], office.world.now)
    with reading(office.world.engine) as session:
        assert session.scalar(text("SELECT count(*) FROM members")) == 0


# --- coverage -------------------------------------------------------------------------------------------------------


def test_people_are_counted_and_each_gap_comes_with_its_fix(office: Desk) -> None:
    office.world.ask("bob", "carol", "alice", item=1, author="erin")
    office.world.ask("carol", item=2, author="erin")
    say(office.ctx, [Change(("people", "frank", "slack"), "U0LEFT")], "U0ADA", office.world.now)
    office.slack.add_user("U0LEFT", deleted=True)
    office.world.ask("frank", item=3, author="alice")
    look(office)
    shown = office.flow("people", "U0ADA")
    assert told(shown) == [
        "1 of 5 people who held or wrote something in the last 90 days is linked to Slack and can be reached.",
        "*Not reached*",
        "*carol*: 2 things wait for them; nobody in Slack is linked. `/flow link @person carol` links them.",
        "*bob*: 1 thing waits for them; nobody in Slack is linked. `/flow link @person bob` links them.",
        "*frank*: 1 thing waits for them; <@U0LEFT> is deactivated in Slack, or an app. "
        "`/flow link @person frank` links them.",
        "[Unlink frank]",
        "*erin*: nobody in Slack is linked. `/flow link @person erin` links them.",
        "*Who is who*",
        "*alice* is <@U0ALICE> (policy file)",
    ]
    assert shown["text"].splitlines()[2] == (
        "carol: 2 things wait for them; nobody in Slack is linked. /flow link @person carol links them."
    )
    assert told(office.press(shown, "Unlink frank", "U0ADA"))[0].startswith(
        "*frank* on GitHub is not <@U0LEFT> any more."
    )


def test_who_is_not_linked_says_who_they_are_by_a_press(office: Desk) -> None:
    office.world.ask("bob")
    look(office)
    shown = office.flow("people", "U0BOB")
    assert told(shown)[2:] == [
        "*bob*: 1 thing waits for them; nobody in Slack is linked. Is that you? `/flow link bob`",
        "[I am bob]",
        "*Who is who*",
        "*alice* is <@U0ALICE> (policy file)",
    ]
    button = next(block for block in shown["blocks"] if block["type"] == "actions")["elements"][0]
    assert button["confirm"]["text"]["text"] == "What waits for bob on GitHub will be sent to you."
    assert told(office.press(shown, "I am bob", "U0BOB"))[0].startswith("*bob* on GitHub is you.")
    assert told(office.flow("people", "U0CAROL")) == [
        "Everybody who held or wrote something in the last 90 days is linked to Slack: 1 person.",
        "*Who is who*",
        "*alice* is <@U0ALICE> (policy file)",
        "*bob* is <@U0BOB> (said with /flow link)",
    ]


def test_the_list_goes_on_by_pages(office: Desk) -> None:
    office.world.ask(*(f"person{number:02}" for number in range(15)))
    look(office)
    shown = office.flow("people")
    assert len([line for line in told(shown) if "waits for them" in line]) == 10
    later = office.press(shown, "Later")
    assert told(later)[-1] == "[Earlier]"
    assert "*person14*" in told(later)[6]


def test_where_people_were_met_is_not_gone_through_while_one_place_may_be_named(office: Desk) -> None:
    office.world.ask("bob")
    look(office)
    with counting(office.world.engine) as sent:
        assert "*bob*" in told(office.flow("people", "U0BOB"))[2]
    assert sent.of("SELECT DISTINCT waits.holder_key") == 0


def test_the_last_page_tells_who_is_who_of_those_on_it(office: Desk) -> None:
    say(
        office.ctx,
        [Change(("people", f"dev{number:02}", "slack"), f"U{number:02}") for number in range(25)],
        "U0ADA",
        0,
    )
    shown = told(office.press(office.press(office.flow("people"), "Later"), "Later"))
    assert [line for line in shown if line.startswith("*dev")] == [
        f"*dev{number}* is <@U{number}> (said with /flow link)" for number in range(19, 25)
    ]


def test_with_nobody_about_it_says_so(office: Desk) -> None:
    assert told(office.flow("people"))[0] == "I know of nobody who held or wrote something in the last 90 days."


# --- kept -----------------------------------------------------------------------------------------------------------


def test_workers_are_those_who_hold_or_wrote_something_lately(office: Desk) -> None:
    office.world.ask("bob", item=1, author="carol")
    office.world.ask("dave", item=2, author="erin")
    office.world.clock.advance(hours=1)
    office.world.tell(office.world.fact("closed", item=1))
    office.world.clock.advance(days=10)

    def found(since: int | None) -> list[tuple[str, int]]:
        with reading(office.world.engine) as session:
            return [(one.login, one.waiting) for one in workers(session, office.ctx.workspace, since)]

    assert found(None) == [("dave", 1), ("erin", 0)]
    assert found(office.world.now - 11 * DAY) == [("dave", 1), ("bob", 0), ("carol", 0), ("erin", 0)]
    assert found(office.world.now - 9 * DAY) == [("dave", 1), ("erin", 0)]


def test_a_login_is_taken_by_one_process_alone(office: Desk) -> None:
    def take(now: int) -> list[str]:
        with writing(office.world.engine) as session:
            return matches.take(session, "default", ["Bob", "carol", "dave"], now - WEEK, now, 2)

    assert take(WEEK * 10) == ["Bob", "carol"]
    assert take(WEEK * 10) == ["dave"]
    assert take(WEEK * 10 + DAY) == []
    assert take(WEEK * 11) == ["Bob", "carol"]


def test_a_setting_that_goes_back_to_the_file_links_as_the_file_says(office: Desk) -> None:
    say(office.ctx, [Change(("people", "alice", "slack"), "U0BOB")], "U0ADA", 1)
    assert whose(office, "alice") == "U0BOB"
    say(office.ctx, [Change(("people", "alice", "slack"), UNSAID)], "U0ADA", 2)
    assert whose(office, "alice") == "U0ALICE"
    assert parse_policy(POLICY, "x").person("alice").slack == "U0ALICE"
