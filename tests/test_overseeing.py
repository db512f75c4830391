"""For those who run it: `/flow log` and `/flow doctor`, whole answers on both databases and through both doors."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desk import HTTP, SOCKET, Desk, desk, told
from sqlalchemy import text

from bot.app import telemetry_of
from bot.asking.health import health_of
from bot.hosts.github.api import Github
from bot.said import UNSAID, Change, say
from bot.serving.workspaces import OneWorkspace
from bot.store import addresses, answers, repos, sights
from bot.store.answers import Answer
from bot.store.engine import reading, writing
from jobs import people

POLICY = """
[calendar]
timezone = "Europe/Berlin"
[targets]
review = "8h"
[people.alice]
slack = "U0ALICE"
calendar = { timezone = "America/New_York" }
[people.bob]
slack = "U0BOB"
[repos."acme/shop"]
"""
REFUSED = "That is for Slack's administrators and owners, and those they name. /flow admins lists who they named."
HINT = "What others set for themselves alone is not shown."
DAY = 86_400


@pytest.fixture(params=[("sqlite", HTTP), ("postgres", SOCKET)], ids=["http-sqlite", "socket-postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    database, door = request.param
    with desk(request.getfixturevalue(f"{database}_engine"), tmp_path, door, POLICY) as opened:
        for user in ("U0ALICE", "U0BOB"):
            opened.slack.add_user(user)
        opened.slack.add_user("U0ADA", is_admin=True)
        opened.github.repo("acme/shop")
        yield opened


def set_(office: Desk, path: tuple[str, ...], value: Any, by: str = "U0ADA", why: str | None = None) -> None:
    """A minute later than the last."""
    office.world.clock.advance(minutes=1)
    say(office.ctx, [Change(path, value)], by, office.world.now, why)


# --- log ------------------------------------------------------------------------------------------------------------


def test_with_nothing_changed_the_log_says_so(office: Desk) -> None:
    assert told(office.flow("log")) == ["Nothing was changed from Slack yet."]


def test_changes_are_told_latest_first_in_words_and_in_the_readers_zone(office: Desk) -> None:
    set_(office, ("targets", "review"), "4h")
    set_(office, ("repos", "acme/shop", "targets", "re_review"), "90m", by="U0BOB")
    answered = office.flow("log", "U0ALICE")
    assert told(answered) == [
        "2 changes, latest first.",
        "re-review target of acme/shop: *as everywhere → 90m*\n<@U0BOB> · Monday 03:02",
        "review target: *8h → 4h*\n<@U0ADA> · Monday 03:01",
        HINT,
    ]
    assert answered["text"] == (
        "2 changes, latest first.\n"
        "re-review target of acme/shop: as everywhere → 90m (<@U0BOB> · Monday 03:02)\n"
        "review target: 8h → 4h (<@U0ADA> · Monday 03:01)\n"
        f"{HINT}"
    )


WEEK = {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"], "wed": [], "sat": ["09:00-12:00", "13:00-14:00"]}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("targets", "merge"), "0m", "merge target: *not set → none*"),
        (("targets", "review"), None, "review target: *8h → not set*"),
        (("repos", "acme/shop", "channel"), "C0TEAM", "channel of acme/shop: *none → <#C0TEAM>*"),
        (("repos", "acme/shop", "silent"), True, "nudges about acme/shop: *on → off*"),
        (("repos", "acme/shop", "follow"), False, "following acme/shop: *on → off*"),
        (("repos", "acme/shop", "mentions"), True, "repos acme/shop mentions: *off → on*"),
        (("teams", "core", "channel"), "C0CORE", "channel of the team core: *the repository's → <#C0CORE>*"),
        (("admins",), ["U0BOB", "U0CAROL"], "administrators besides Slack's: *nobody → <@U0BOB>, <@U0CAROL>*"),
        (("people", "alice", "slack"), None, "alice on GitHub: *<@U0ALICE> → nobody*"),
        (("people", "alice", "away"), [{"from": "2026-12-04", "until": "2026-12-04"}],
         "days away of alice: *none → Fri 4 Dec*"),
        (("people", "alice", "away"), [{"from": "2026-12-24", "until": "2027-01-02"}],
         "days away of alice: *none → Thu 24 Dec to Sat 2 Jan 2027*"),
        (("people", "alice", "away"), [{"from": "2026-03-02", "until": None, "begins": "14:30"}],
         "days away of alice: *none → from Mon 2 Mar 14:30 on*"),
        (("people", "alice", "calendar", "hours"), WEEK,
         "hours of alice: *everybody's → Mon-Tue 09:00-17:00; Sat 09:00-12:00, 13:00-14:00*"),
        (("people", "alice", "calendar", "hours"), {"mon": []}, "hours of alice: *everybody's → no working hours*"),
        (("people", "alice", "calendar", "timezone"), "Asia/Tokyo",
         "time zone of alice: *America/New_York → Asia/Tokyo*"),
        (("people", "alice", "morning"), False, "morning message of alice: *as everybody → off*"),
        (("people", "alice", "mutes"), [{"repo": "acme/shop"}, {"repo": "a/b", "item": 12, "until": "2026-03-06"}],
         "mutes of alice: *none → acme/shop, a/b#12 until Fri 6 Mar*"),
        (("people", "alice", "mutes"), [{"repo": f"a/b{number}"} for number in range(5)],
         "mutes of alice: *none → 2 more, a/b2, a/b3, a/b4*"),
        (("nudges", "heads_up"), 0.5, "nudges heads up: *0.75 → 0.5*"),
        (("status", "words"), ["away"], None),
        (("rules", "approvals_required"), 2, "rules approvals required: *not set → 2*"),
    ],
)  # fmt: skip
def test_every_kind_of_change_is_told_in_words(office: Desk, path: Any, value: Any, said: str | None) -> None:
    set_(office, path, value)
    shown = told(office.flow("log", "U0ALICE"))
    assert "{" not in "".join(shown)
    assert said is None or shown[1].splitlines()[0] == said


def test_what_weir_found_out_is_told_with_how(office: Desk) -> None:
    set_(office, ("people", "carol", "slack"), "U0CAROL", by="", why="commit e-mail")
    assert told(office.flow("log"))[1] == (
        "carol on GitHub: *nobody → <@U0CAROL>*\nWeir, by commit e-mail · Monday 03:01"
    )


def test_what_is_taken_back_is_told_too(office: Desk) -> None:
    set_(office, ("targets", "review"), "4h")
    set_(office, ("targets", "review"), UNSAID)
    assert told(office.flow("log"))[1].startswith("review target: *4h → 8h*")


def test_personal_terms_are_for_the_person_and_mutes_not_even_for_administrators(office: Desk) -> None:
    set_(office, ("people", "alice", "mutes"), [{"repo": "acme/shop"}], by="U0ALICE")
    set_(office, ("people", "alice", "away"), [{"from": "2026-03-04", "until": "2026-03-04"}], by="U0ALICE")
    set_(office, ("people", "carol", "slack"), "U0CAROL")

    def subjects(user: str) -> list[str]:
        return [line.partition(":")[0] for line in told(office.flow("log", user))[1:-1]]

    assert subjects("U0ALICE") == ["carol on GitHub", "days away of alice", "mutes of alice"]
    assert subjects("U0ADA") == ["carol on GitHub", "days away of alice"]
    assert subjects("U0BOB") == ["carol on GitHub"]


def test_the_log_goes_on_by_pages(office: Desk) -> None:
    for hours in range(1, 13):
        set_(office, ("targets", "review"), f"{hours}h" if hours != 8 else "20h")
    shown = office.flow("log")
    assert (told(shown)[0], told(shown)[1].partition("\n")[0]) == (
        "12 changes, latest first.", "review target: *11h → 12h*",
    )  # fmt: skip
    assert told(office.press(shown, "Later"))[1].partition("\n")[0] == "review target: *1h → 2h*"


def test_changes_of_one_second_stand_in_their_order(office: Desk) -> None:
    for hours in (3, 1, 2):
        say(office.ctx, [Change(("targets", "review"), f"{hours}h")], "U0ADA", office.world.now)
    assert [line.partition("\n")[0] for line in told(office.flow("log"))[1:4]] == [
        "review target: *1h → 2h*", "review target: *3h → 1h*", "review target: *8h → 3h*",
    ]  # fmt: skip


def test_names_from_outside_are_no_markup(office: Desk) -> None:
    set_(office, ("people", "<!channel>*x*", "slack"), "U0CAROL")
    assert told(office.flow("log"))[1].startswith("&lt;!channel&gt;∗x∗ on GitHub: ")


# --- doctor ---------------------------------------------------------------------------------------------------------


def well(office: Desk) -> None:
    """All is well: the webhook was heard, everybody is linked, and bob was nudged twice."""
    with writing(office.world.engine) as session:
        repos.heard(session, office.ctx.workspace, "github", ["acme/shop"], office.world.now)
    office.world.ask("bob", author="alice")
    office.world.wait(hours=26)
    people.run(office.ctx, office.world.now)
    with writing(office.world.engine) as session:
        sights.confirm(session, office.ctx.workspace, "github", "acme/shop", False, office.world.now)


def test_only_administrators_see_how_things_stand(office: Desk) -> None:
    assert told(office.flow("doctor")) == [REFUSED]


def test_what_is_well_is_said_shortly(office: Desk) -> None:
    well(office)
    answered = office.flow("doctor", "U0ADA")
    assert told(answered) == [
        "All is well.",
        "Messages: 2 messages sent in the last 24 hours.\n"
        "People: 2 of 2 people of the last 90 days can be reached.\n"
        "Webhooks: heard of the repository within a week.\n"
        "Reading: nothing is in the way of reading the repository.\n"
        "GitHub: 4,990 of 5,000 requests and 4,990 of 5,000 GraphQL points left this hour.\n"
        "Nudges: none of 2 in the last 30 days called wrong.",
        "[People] [Repositories]",
    ]
    assert answered["text"] == told(answered)[0] + "\n" + told(answered)[1]
    assert [call.path for call in office.github.calls] == ["/rate_limit"]


def test_what_is_not_well_comes_with_what_to_do(office: Desk) -> None:
    office.world.ask("carol", "dave", author="alice")
    office.world.ask("carol", item=2, author="alice")
    with writing(office.world.engine) as session:
        now = office.world.now
        repos.heard(session, office.ctx.workspace, "github", ["acme/shop"], now - 8 * DAY)
        repos.heard(session, office.ctx.workspace, "github", ["acme/till"], now)
        repos.lose(session, office.ctx.workspace, "github", ["acme/till"])
        addresses.pause(session, office.ctx.workspace, now + 600, "token_revoked", now)
        for state, reason in (("failed", "channel_not_found"), ("failed", "user_disabled"), ("pending", None)):
            session.execute(text(
                "INSERT INTO outbox (workspace, id, recipient, rung, state, made_at, not_before, attempts, settled,"
                " error) VALUES ('default', :id, 'carol', 'breach', :state, :at, :at, 0, false, :reason)"
            ), {"id": f"m-{reason}", "state": state, "reason": reason, "at": now - 7200})  # fmt: skip
    office.github.users["carol"] = {}
    assert told(office.flow("doctor", "U0ADA")) == [
        "4 things to look at.",
        "*Messages*: 0 messages sent in the last 24 hours, 2 failed (1 channel_not_found, 1 user_disabled), the "
        "oldest that is due waits for 2h. Slack lets nothing through: token_revoked.\n"
        "→ `weir doctor` on the command line says what is wrong with the token.",
        "*People*: 1 of 3 people of the last 90 days can be reached. Something waits for carol (2), dave (1), whom "
        "nothing reaches.\n→ `/flow people` shows a fix for each.",
        "*Webhooks*: acme/shop (no webhook has come for 8 days).\n"
        "→ Look at the webhook's recent deliveries on GitHub, or `/flow connect OWNER/REPO` again.",
        "*Reading*: acme/till (access to it was lost).\n"
        "→ Check which repositories the token or App was given on GitHub.",
        "GitHub: 4,990 of 5,000 requests and 4,990 of 5,000 GraphQL points left this hour.\n"
        "Nudges: none in the last 30 days.",
        "[People] [Repositories]",
    ]


@pytest.mark.parametrize(
    ("sets", "line"),
    [
        ({"failed": 1}, "*Messages*: 0 messages sent in the last 24 hours, 1 failed (1 unknown).\n"
         "→ `/flow people` names whom nothing reaches; check the channels in the policy."),
        ({"pending": 1}, "*Messages*: 0 messages sent in the last 24 hours, the oldest that is due waits for 2h.\n"
         "→ See that `weir run`, or a `weir worker`, is running, and read its log."),
        ({"sent": 2}, "Messages: 2 messages sent in the last 24 hours, 2 of them late."),
    ],
)  # fmt: skip
def test_how_delivery_fares(office: Desk, sets: dict[str, int], line: str) -> None:
    now = office.world.now
    with writing(office.world.engine) as session:
        for state, number in sets.items():
            for i in range(number):
                session.execute(text(
                    "INSERT INTO outbox (workspace, id, recipient, rung, state, made_at, not_before, attempts,"
                    " settled, sent_at) VALUES ('default', :id, 'bob', 'breach', :state, :at, :at, 0, false, :sent)"
                ), {"id": f"m{i}", "state": state, "at": now - 7200, "sent": now - 3600})  # fmt: skip
    shown = told(office.flow("doctor", "U0ADA"))
    assert line in shown or line in "\n".join(shown).splitlines()


def called_wrong(office: Desk, *reasons: str) -> None:
    with reading(office.world.engine) as session:
        wait = session.scalar(text("SELECT id FROM waits"))
    with writing(office.world.engine) as session:
        for reason in reasons:
            answers.add(session, "default", Answer(wait, "U0BOB", answers.WRONG, reason, office.world.now, None))
        answers.add(session, "default", Answer(wait, "U0BOB", answers.SNOOZE, None, office.world.now, None))


def test_the_share_of_wrong_nudges_is_told_by_reason_with_how_many_there_were(office: Desk) -> None:
    well(office)
    called_wrong(office, "too_early")
    assert told(office.flow("doctor", "U0ADA"))[1].splitlines()[-1] == (
        "Nudges: 1 of 2 in the last 30 days called wrong (50%): 1 too early."
    )
    office.world.clock.advance(days=31)
    assert "Nudges: none in the last 30 days." in office.flow("doctor", "U0ADA")["text"]


def test_many_wrong_nudges_come_with_advice(office: Desk) -> None:
    for item in range(1, 13):
        office.world.ask("bob", item=item, author="alice")
    office.world.wait(hours=24)
    called_wrong(office, "too_early", "too_early", "not_mine")
    assert "*Nudges*: 3 of 24 in the last 30 days called wrong (12%): 2 too early, 1 not mine.\n" in (
        "\n".join(told(office.flow("doctor", "U0ADA")))
    )
    assert "→ Longer targets may help: `/flow targets`." in "\n".join(told(office.flow("doctor", "U0ADA")))


def test_a_host_that_does_not_answer_keeps_nothing_back(office: Desk) -> None:
    """It takes connections and says nothing; the clock that counts is Slack's three seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        well(office)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        github = Github(url, token="t", now=office.world.clock.now, sleep=lambda _: None)
        found = health_of(replace(office.ctx, github=github), office.world.now)
        github.close()
    assert found.budgets == []
    assert found.host_trouble in ("it did not answer in time", "GitHub did not answer in time")
    assert (found.reached, found.delivery.sent) == (2, 2)


def test_a_host_in_trouble_is_asked_once_and_said_to_be(office: Desk) -> None:
    well(office)
    office.github.fail(503, times=9)
    assert told(office.flow("doctor", "U0ADA"))[:2] == [
        "1 thing to look at.",
        "*GitHub*: could not be asked what is left of its limits: GitHub is in trouble (503).\n"
        "→ Try again later; nudges go out meanwhile, and what is missed is caught up.",
    ]
    assert [call.path for call in office.github.calls] == ["/rate_limit"]


# --- metrics --------------------------------------------------------------------------------------------------------


def test_answers_and_who_is_mapped_are_in_the_metrics(office: Desk) -> None:
    well(office)
    office.world.ask("carol", item=2, author="alice")
    called_wrong(office, "too_early", "too_early", "done")
    figures = telemetry_of(OneWorkspace(office.ctx)).show().splitlines()
    assert 'weir_answers{kind="wrong",reason="too_early"} 2.0' in figures
    assert 'weir_answers{kind="wrong",reason="done"} 1.0' in figures
    assert 'weir_answers{kind="snooze",reason=""} 1.0' in figures
    assert 'weir_nudges{rung="heads_up"} 1.0' in figures
    assert ("weir_mapped_holders 1.0" in figures, "weir_unmapped_holders 1.0" in figures) == (True, True)
    say(office.ctx, [Change(("people", "carol", "slack"), "U0CAROL")], "U0ADA", office.world.now)
    figures = telemetry_of(OneWorkspace(office.ctx)).show().splitlines()
    assert ("weir_mapped_holders 2.0" in figures, "weir_unmapped_holders 0.0" in figures) == (True, True)
