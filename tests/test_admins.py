"""Who may change what concerns others: Slack's own administrators and owners, and those they name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import HTTP, SOCKET, Desk, desk, told
from fake_slack import Fault

from bot.said import current

POLICY = """
[people.alice]
slack = "U0ALICE"
"""
REFUSED = "That is for Slack's administrators and owners, and those they name. /flow admins lists who they named."
HINT = "`/flow admins add @person` names somebody else; `/flow log` shows who changed what."


@pytest.fixture(params=[("sqlite", HTTP), ("postgres", SOCKET)], ids=["http-sqlite", "socket-postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    database, door = request.param
    with desk(request.getfixturevalue(f"{database}_engine"), tmp_path, door, POLICY) as opened:
        for user in ("U0ALICE", "U0BOB", "U0CAROL"):
            opened.slack.add_user(user)
        opened.slack.add_user("U0ADA", is_admin=True)
        opened.slack.add_user("U0OWEN", is_owner=True)
        yield opened


def named(office: Desk) -> list[str]:
    return current(office.ctx).policy.file.admins


def test_everybody_sees_who_may_change_things(office: Desk) -> None:
    answered = office.flow("admins")
    assert told(answered) == [
        "Slack's administrators and owners may change what is agreed; nobody else is named.", HINT
    ]  # fmt: skip
    assert answered["text"] == (
        "Slack's administrators and owners may change what is agreed; nobody else is named.\n"
        "/flow admins add @person names somebody else; /flow log shows who changed what."
    )


@pytest.mark.parametrize("user", ["U0ADA", "U0OWEN"])
def test_administrators_and_owners_name_others_who_may_then_do_so_too(office: Desk, user: str) -> None:
    assert told(office.flow("admins add <@U0BOB|bob>", user)) == ["<@U0BOB> may change what is agreed now."]
    assert told(office.flow("admins add <@U0CAROL>", "U0BOB")) == ["<@U0CAROL> may change what is agreed now."]
    assert told(office.flow("admins"))[0] == (
        "Slack's administrators and owners may change what is agreed, and <@U0BOB> and <@U0CAROL>."
    )
    assert named(office) == ["U0BOB", "U0CAROL"]
    assert told(office.flow("admins remove <@U0BOB>", "U0BOB")) == [
        "<@U0BOB> may not change what is agreed any more, unless Slack has them as an administrator or owner."
    ]
    assert told(office.flow("admins remove <@U0CAROL>", "U0BOB")) == [REFUSED]


def test_nobody_else_names_anybody(office: Desk) -> None:
    assert told(office.flow("admins add <@U0ALICE>")) == [REFUSED]
    assert named(office) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("admins remove <@U0BOB>", "<@U0BOB> is not among those named. "
         "Administrators and owners of Slack are kept in Slack's own settings."),
        ("admins add <@U0APP>", "That is an app in Slack; it has to be a person."),
        ("admins add <@U0LEFT>", "That account is deactivated in Slack, so nobody would read what is sent there."),
        ("admins add <@U0NOBODY>", "Slack knows nobody by that account."),
    ],
)  # fmt: skip
def test_what_changes_nothing_says_why(office: Desk, words: str, said: str) -> None:
    office.slack.add_user("U0APP", is_bot=True)
    office.slack.add_user("U0LEFT", deleted=True)
    assert told(office.flow(words, "U0ADA")) == [said]
    assert named(office) == []


def test_naming_somebody_twice_is_told(office: Desk) -> None:
    office.flow("admins add <@U0BOB>", "U0ADA")
    assert told(office.flow("admins add <@U0BOB>", "U0ADA")) == ["<@U0BOB> may change what is agreed already."]
    assert named(office) == ["U0BOB"]


def test_who_is_no_longer_an_administrator_in_slack_is_refused_ten_minutes_later(office: Desk) -> None:
    office.flow("admins add <@U0BOB>", "U0ADA")
    office.slack.users["U0ADA"]["is_admin"] = False
    office.world.clock.advance(minutes=9)
    assert told(office.flow("admins add <@U0CAROL>", "U0ADA"))[0].endswith("may change what is agreed now.")
    office.world.clock.advance(minutes=1)
    assert told(office.flow("admins remove <@U0CAROL>", "U0ADA")) == [REFUSED]


def test_while_slack_is_away_the_last_word_counts_and_without_one_it_is_said(office: Desk) -> None:
    office.flow("people", "U0ADA")
    office.world.clock.advance(hours=1)
    office.slack.fail("users.info", *[Fault("reset")] * 2)
    assert told(office.flow("admins remove <@U0BOB>", "U0ADA"))[0].startswith("<@U0BOB> is not among those named.")
    assert told(office.flow("admins remove <@U0BOB>", "U0OWEN")) == [
        "Slack can't be asked just now whether you are an administrator. Please try again."
    ]
