"""Slack's Web API as Weir calls it, against a Slack of the tests' own on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_slack import FakeSlack, Fault

from bot.messenger import Messenger, Passing, Undeliverable, Unknown
from bot.views.message import Message, section

HELLO = Message("hello", (section("hello"),))


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE")
        slack.add_channel("C0TEAM")
        yield slack


@pytest.fixture
def messenger(slack: FakeSlack) -> Messenger:
    return Messenger(slack.token, slack.url, timeout=2)


def test_a_message_is_posted_with_its_key_and_found_by_it(slack: FakeSlack, messenger: Messenger) -> None:
    dm = messenger.open_dm("U0ALICE")
    ts = messenger.post(dm, HELLO, "k1")
    assert messenger.find(dm, "k1", 0) == ts
    assert messenger.find(dm, "k2", 0) is None
    [message] = slack.dms("U0ALICE")
    assert message["metadata"] == {"event_type": "weir_nudge", "event_payload": {"message": "k1"}}
    assert message["blocks"] == list(HELLO.blocks)
    assert message["text"] == "hello"


def test_an_old_message_is_found_pages_back(slack: FakeSlack, messenger: Messenger) -> None:
    slack.page = 2
    first = messenger.post("C0TEAM", HELLO, "k0")
    for n in range(1, 6):
        messenger.post("C0TEAM", HELLO, f"k{n}")
    assert messenger.find("C0TEAM", "k0", 0) == first


def test_an_update_replaces_text_and_blocks(slack: FakeSlack, messenger: Messenger) -> None:
    ts = messenger.post("C0TEAM", HELLO, "k1")
    messenger.update("C0TEAM", ts, Message("bye", (section("bye"),)))
    assert [(one["text"], one["blocks"]) for one in slack.messages("C0TEAM")] == [("bye", [section("bye")])]


def test_a_lost_reply_is_unknown_and_nothing_is_posted_twice(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("chat.postMessage", Fault("lost"))
    with pytest.raises(Unknown):
        messenger.post("C0TEAM", HELLO, "k1")
    assert len(slack.messages("C0TEAM")) == 1
    assert slack.called("chat.postMessage") == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("reset"),
        Fault("http", 500),
        Fault("http", 503, '{"ok": false, "error": "service_unavailable"}'),
        Fault("http", 200, "<html>Welcome to the hotel</html>"),
        Fault("http", 200, "[]"),
        Fault("http", 200, "null"),
        Fault("http", 200, ""),
        Fault("error", error="internal_error"),
        Fault("error", error="fatal_error"),
        Fault("slow", seconds=3),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.body[:8]}-{fault.error}",
)
def test_without_a_clear_reply_the_fate_is_unknown(slack: FakeSlack, messenger: Messenger, fault: Fault) -> None:
    slack.fail("chat.postMessage", fault)
    with pytest.raises(Unknown):
        messenger.post("C0TEAM", HELLO, "k1")


def test_a_429_says_how_long_to_wait(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("chat.postMessage", Fault("http", 429, '{"ok": false, "error": "ratelimited"}', retry_after=7))
    with pytest.raises(Passing) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert found.value.retry_after == 7
    assert slack.messages("C0TEAM") == []


def test_a_429_without_a_time_and_with_a_page_as_its_body_waits_a_while(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("chat.postMessage", Fault("http", 429, "<html>slow down</html>"))
    with pytest.raises(Passing) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert found.value.retry_after == 30


def test_a_slack_that_does_not_listen_is_a_passing_matter() -> None:
    with FakeSlack() as gone:
        url = gone.url
    with pytest.raises(Passing):
        Messenger("xoxb-good", url, timeout=2).post("C0TEAM", HELLO, "k1")


def _archive(slack: FakeSlack) -> None:
    slack.channels["C0TEAM"]["is_archived"] = True


def _kick(slack: FakeSlack) -> None:
    slack.channels["C0TEAM"]["is_member"] = False


def _drop(slack: FakeSlack) -> None:
    del slack.channels["C0TEAM"]


@pytest.mark.parametrize(
    ("harm", "reason"), [(_archive, "is_archived"), (_kick, "not_in_channel"), (_drop, "channel_not_found")]
)
def test_a_channel_that_takes_nothing_is_named_as_the_address(
    slack: FakeSlack, messenger: Messenger, harm: Any, reason: str
) -> None:
    harm(slack)
    with pytest.raises(Undeliverable) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert (found.value.reason, found.value.scope) == (reason, "address")


@pytest.mark.parametrize(
    ("user", "reason"), [("U0GONE", "user_disabled"), ("U0NEVER", "user_not_found"), ("U0BOT", "cannot_dm_bot")]
)
def test_an_account_that_takes_nothing_is_named_as_the_address(
    slack: FakeSlack, messenger: Messenger, user: str, reason: str
) -> None:
    slack.add_user("U0GONE", deleted=True)
    slack.add_user("U0BOT", is_bot=True)
    with pytest.raises(Undeliverable) as found:
        messenger.open_dm(user)
    assert (found.value.reason, found.value.scope) == (reason, "address")


@pytest.mark.parametrize("reason", ["token_revoked", "invalid_auth", "account_inactive"])
def test_a_token_that_is_refused_concerns_everything(slack: FakeSlack, messenger: Messenger, reason: str) -> None:
    slack.token_error = reason
    with pytest.raises(Undeliverable) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert (found.value.reason, found.value.scope) == (reason, "all")


def test_a_message_slack_refuses_concerns_that_message(slack: FakeSlack, messenger: Messenger) -> None:
    with pytest.raises(Undeliverable) as found:
        messenger.post("C0TEAM", Message("x", (section("y" * 3_001),)), "k1")
    assert (found.value.reason, found.value.scope) == ("invalid_blocks", "message")


def test_an_edit_of_a_message_that_was_deleted_concerns_that_message(slack: FakeSlack, messenger: Messenger) -> None:
    ts = messenger.post("C0TEAM", HELLO, "k1")
    slack.delete("C0TEAM", ts)
    with pytest.raises(Undeliverable) as found:
        messenger.update("C0TEAM", ts, HELLO)
    assert (found.value.reason, found.value.scope) == ("message_not_found", "message")


def test_an_error_slack_has_not_had_before_is_worth_another_try(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("chat.postMessage", Fault("error", error="moon_in_the_wrong_phase"))
    with pytest.raises(Passing) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert found.value.retry_after is None


def test_the_token_tells_who_we_are_and_what_we_may(messenger: Messenger) -> None:
    me = messenger.who_am_i()
    assert (me["team"], me["user_id"]) == ("acme", "U0WEIR")
    assert {"chat:write", "im:history", "channels:history"} <= set(me["scopes"])
