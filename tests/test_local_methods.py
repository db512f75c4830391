"""The Web API on loopback answers as Slack does: argument forms, error codes, limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_town import ALICE, BOB, HELLO, HERS, NOW, SHOP, Town, api, modal, town, workspace
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.clock import SetClock
from bot.local.methods import TIERS
from bot.local.server import Slack

Json = dict[str, Any]
FORM, JSON = "application/x-www-form-urlencoded", "application/json; charset=utf-8"


@pytest.fixture
def slack() -> Iterator[Slack]:
    with workspace() as made:
        yield made


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as made:
        yield made


def error(slack: Slack, method: str, **form: Any) -> str:
    return str(api(slack, method, **form)["error"])


def post(slack: Slack, text: str = "hello", channel: str = SHOP, **more: Any) -> str:
    return str(api(slack, "chat.postMessage", channel=channel, text=text, **more)["ts"])


def later(slack: Slack, seconds: int) -> None:
    """The machine's clock goes on."""
    slack.machine = SetClock(slack.machine.now() + seconds)


@pytest.mark.parametrize(
    ("kind", "body", "query"),
    [
        (FORM, urlencode({"user": ALICE}), ""),
        (JSON, json.dumps({"user": ALICE}), ""),
        (FORM, "", f"?user={ALICE}"),
    ],
)
def test_arguments_come_as_a_form_as_json_or_in_the_address(place: Town, kind: str, body: str, query: str) -> None:
    bearer = {"Authorization": f"Bearer {place.slack.token}"}
    status, told, headers = place.ask("POST", f"/api/users.info{query}", body, Content_Type=kind, **bearer)
    assert (status, json.loads(told)["user"]["id"]) == (200, ALICE)
    assert headers["X-OAuth-Scopes"] == place.slack.scopes


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_may_be_an_argument(place: Town, method: str) -> None:
    assert json.loads(place.ask(method, f"/api/auth.test?token={place.slack.token}")[1])["ok"] is True


@pytest.mark.parametrize("body", ["{", "[]", "7", '"text"', "[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused_in_slacks_word(place: Town, body: str) -> None:
    status, told, _ = place.ask("POST", "/api/auth.test", body, Content_Type=JSON)
    assert (status, json.loads(told)) == (200, {"ok": False, "error": "invalid_json"})


def test_slacks_own_client_is_answered(place: Town) -> None:
    client = WebClient(place.slack.token, base_url=place.slack.url)
    said = client.chat_postMessage(channel=SHOP, text="hello", blocks=[HELLO])
    assert client.chat_update(channel=SHOP, ts=said["ts"], text="bye")["text"] == "bye"
    with pytest.raises(SlackApiError, match="channel_not_found"):
        client.chat_postMessage(channel="C0NONE", text="hello")


def test_a_token_has_to_be_there_and_the_right_one(slack: Slack) -> None:
    assert slack.answer("auth.test", None, {})["error"] == "not_authed"
    assert slack.answer("auth.test", "xoxb-other", {})["error"] == "invalid_auth"
    assert slack.answer("auth.test", slack.token, {})["ok"] is True
    slack.token_error = "token_revoked"
    assert error(slack, "auth.test") == "token_revoked"


@pytest.mark.parametrize(
    "method", ["", "chat.delete", "keep", "restore", "hash", "may", "say", "init__", "a/../b", "é"]
)
def test_what_is_no_method_is_none(slack: Slack, method: str) -> None:
    assert api(slack, method) == {"ok": False, "error": "unknown_method", "req_method": method}


def test_a_scope_that_is_missing_is_named(slack: Slack) -> None:
    slack.scopes = "chat:write"
    assert api(slack, "users.list") == {
        "ok": False, "error": "missing_scope", "needed": "users:read", "provided": "chat:write",
    }  # fmt: skip
    assert api(slack, "conversations.history", channel=HERS)["needed"] == "im:history"
    assert api(slack, "conversations.history", channel=SHOP)["needed"] == "channels:history"
    assert api(slack, "chat.postMessage", channel=SHOP, text="x")["ok"] is True
    slack.scopes = "users:read"
    assert error(slack, "chat.postMessage", channel=SHOP, text="x") == "missing_scope"
    assert "email" not in api(slack, "users.info", user=ALICE)["user"]["profile"]


def test_who_is_not_there_is_not_found(slack: Slack) -> None:
    assert error(slack, "users.info", user="U0NONE") == "user_not_found"
    assert error(slack, "users.info") == "user_not_found"
    assert error(slack, "dnd.info", user="U0NONE") == "user_not_found"
    assert error(slack, "conversations.open", users="U0NONE") == "user_not_found"
    assert error(slack, "users.lookupByEmail", email="carol@acme.example") == "users_not_found"
    assert api(slack, "users.lookupByEmail", email="Alice@Acme.example")["user"]["id"] == ALICE


def test_those_who_left_and_bots_are_not_written_to(slack: Slack) -> None:
    slack.add_user("U0GONE", deleted=True)
    slack.add_user("U0BOT", is_bot=True)
    assert error(slack, "conversations.open", users="U0GONE") == "user_disabled"
    assert error(slack, "conversations.open", users="U0BOT") == "cannot_dm_bot"


def test_a_direct_conversation_is_opened_once(slack: Slack) -> None:
    opened = [api(slack, "conversations.open", users=ALICE) for _ in range(2)]
    assert [(one["channel"]["id"], one["no_op"]) for one in opened] == [(HERS, False), (HERS, True)]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.postEphemeral", "chat.update"])
def test_a_channel_has_to_be_there_and_open(slack: Slack, method: str) -> None:
    slack.add_channel("C0OTHER", name="other", is_member=False)
    told = {"text": "x", "user": ALICE, "ts": "1.1"}
    assert error(slack, method, channel="C0NONE", **told) == "channel_not_found"
    assert error(slack, method, **told) == "channel_not_found"
    assert error(slack, method, channel="C0OLD", **told) == "is_archived"
    assert error(slack, method, channel="C0OTHER", **told) == "not_in_channel"


def test_what_a_message_says_has_its_limits(slack: Slack) -> None:
    assert error(slack, "chat.postMessage", channel=SHOP) == "no_text"
    assert error(slack, "chat.postMessage", channel=SHOP, text="x" * 40_001) == "msg_too_long"
    assert error(slack, "chat.postMessage", channel=SHOP, text="x", blocks="[") == "invalid_blocks_format"
    refused = api(slack, "chat.postMessage", channel=SHOP, text="x", blocks=[{"type": "section"}])
    assert refused["error"] == "invalid_blocks"
    assert all("[json-pointer:/blocks/0" in line for line in refused["response_metadata"]["messages"])
    assert slack.history() == []


@pytest.mark.parametrize("metadata", ["{", "7", {"event_type": "x"}, {"event_type": "x", "event_payload": 7}])
def test_metadata_has_a_type_and_a_payload(slack: Slack, metadata: Any) -> None:
    assert error(slack, "chat.postMessage", channel=SHOP, text="x", metadata=metadata) == "invalid_metadata_format"


def test_a_message_is_changed_and_what_is_left_out_stays(slack: Slack) -> None:
    ts = post(slack, blocks=[HELLO])
    assert api(slack, "chat.update", channel=SHOP, ts=ts, text="bye")["ok"] is True
    assert [(one["text"], one["blocks"]) for one in slack.messages(SHOP)] == [("bye", [HELLO])]
    api(slack, "chat.update", channel=SHOP, ts=ts, text="bye", blocks=[])
    assert slack.messages(SHOP)[0]["blocks"] == []


def test_only_ones_own_message_that_is_there_is_changed(slack: Slack) -> None:
    ts = slack.say_as(ALICE, SHOP, "mine")["ts"]
    assert error(slack, "chat.update", channel=SHOP, ts=ts, text="yours") == "cant_update_message"
    assert error(slack, "chat.update", channel=SHOP, ts="1.1", text="x") == "message_not_found"
    assert error(slack, "chat.update", channel=SHOP, text="x") == "message_not_found"
    whispered = api(slack, "chat.postEphemeral", channel=SHOP, user=ALICE, text="psst")["message_ts"]
    assert error(slack, "chat.update", channel=SHOP, ts=whispered, text="x") == "message_not_found"
    assert error(slack, "chat.postEphemeral", channel=SHOP, user="U0NONE", text="x") == "user_not_in_channel"


def test_history_comes_in_pages_newest_first_and_new_messages_do_not_move_them(slack: Slack) -> None:
    slack.page = 2
    for number in range(5):
        post(slack, str(number))
    first = api(slack, "conversations.history", channel=SHOP, limit=50)
    post(slack, "new")
    found, page = [one["text"] for one in first["messages"]], first
    while page["has_more"]:
        cursor = page["response_metadata"]["next_cursor"]
        page = api(slack, "conversations.history", channel=SHOP, cursor=cursor)
        found += [one["text"] for one in page["messages"]]
    assert found == ["4", "3", "2", "1", "0"]
    assert "response_metadata" not in page


def test_history_is_asked_for_between_two_instants_without_replies(slack: Slack) -> None:
    stamps = [post(slack, str(number)) for number in range(3)]
    post(slack, "reply", thread_ts=stamps[1])

    def texts(**form: Any) -> list[str]:
        return [one["text"] for one in api(slack, "conversations.history", channel=SHOP, **form)["messages"]]

    assert texts() == ["2", "1", "0"]
    assert texts(oldest=stamps[0]) == ["2", "1"]
    assert texts(oldest=stamps[0], latest=stamps[2]) == ["1"]
    assert texts(oldest=stamps[0], latest=stamps[2], inclusive=True) == ["2", "1", "0"]
    assert texts(oldest=NOW - 1) == ["2", "1", "0"]


def test_metadata_is_told_where_all_of_it_is_asked_for(slack: Slack) -> None:
    metadata = {"event_type": "x", "event_payload": {"message": "k"}}
    post(slack, metadata=metadata)
    asked = [api(slack, "conversations.history", channel=SHOP, include_all_metadata=one) for one in (True, False, "1")]
    assert [one["messages"][0].get("metadata") for one in asked] == [metadata, None, metadata]


def test_members_come_in_pages(slack: Slack) -> None:
    slack.page = 1
    first = api(slack, "users.list")
    second = api(slack, "users.list", cursor=first["response_metadata"]["next_cursor"])
    assert [page["members"][0]["id"] for page in (first, second)] == [ALICE, BOB]
    assert second["response_metadata"]["next_cursor"] == ""


@pytest.mark.parametrize(
    ("method", "form", "word"),
    [
        ("users.list", {"cursor": "x"}, "invalid_cursor"),
        ("users.list", {"limit": "-1"}, "invalid_limit"),
        ("conversations.history", {"limit": "many"}, "invalid_limit"),
        ("conversations.history", {"cursor": "x"}, "invalid_cursor"),
        ("conversations.history", {"oldest": "yesterday"}, "invalid_ts_oldest"),
        ("conversations.history", {"latest": "nan"}, "invalid_ts_latest"),
        ("users.info", {"user": ["U0ALICE"]}, "invalid_arguments"),
    ],
)
def test_arguments_that_are_none_are_refused(slack: Slack, method: str, form: Json, word: str) -> None:
    assert error(slack, method, **{"channel": SHOP, **form}) == word


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from([SHOP, ALICE, "[{}]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.sampled_from(
    ["channel", "user", "users", "user_id", "text", "blocks", "view", "metadata", "ts", "thread_ts", "cursor", "limit",
     "oldest", "trigger_id", "view_id", "hash", "email"]
)  # fmt: skip


@given(st.sampled_from(sorted(TIERS)), st.dictionaries(ARGUMENTS, ANYTHING, max_size=6))
def test_whatever_comes_is_answered(method: str, form: Json) -> None:
    with workspace() as made:
        answer = made.answer(method, made.token, form)
        assert answer["ok"] is True or isinstance(answer["error"], str)
        json.dumps(answer)


# Windows and homes.


def opened(slack: Slack, who: str = ALICE, method: str = "views.open", **more: Any) -> Json:
    return api(slack, method, trigger_id=slack.issue_trigger(who), view=modal(**more))


def test_a_trigger_opens_one_window_within_three_seconds(slack: Slack) -> None:
    trigger = slack.issue_trigger(ALICE)
    later(slack, 3)
    assert api(slack, "views.open", trigger_id=trigger, view=modal())["ok"] is True
    assert error(slack, "views.open", trigger_id=trigger, view=modal()) == "exchanged_trigger_id"
    late = slack.issue_trigger(ALICE)
    later(slack, 4)
    assert error(slack, "views.open", trigger_id=late, view=modal()) == "expired_trigger_id"
    assert error(slack, "views.open", trigger_id="1.2.a", view=modal()) == "invalid_trigger_id"
    assert error(slack, "views.open", view=modal()) == "invalid_arguments"


def test_a_window_that_slack_does_not_show_costs_no_trigger(slack: Slack) -> None:
    trigger = slack.issue_trigger(ALICE)
    for view in (None, "{", [], modal({"type": "section"}), {"type": "home", "blocks": []}):
        assert error(slack, "views.open", trigger_id=trigger, view=view) == "invalid_arguments"
    assert api(slack, "views.open", trigger_id=trigger, view=json.dumps(modal()))["ok"] is True


def test_three_windows_lie_on_top_of_each_other_and_no_fourth(slack: Slack) -> None:
    assert [opened(slack, method=method)["ok"] for method in ("views.open", "views.push", "views.push")] == [True] * 3
    assert opened(slack, method="views.push")["error"] == "push_limit_reached"
    assert opened(slack, BOB)["ok"] is True


def test_a_window_is_changed_where_it_is_open_and_its_hash_is_the_last(slack: Slack) -> None:
    window = opened(slack)["view"]
    told = {"view_id": window["id"], "view": modal(callback_id="second"), "hash": window["hash"]}
    changed = api(slack, "views.update", **told)["view"]
    assert (changed["callback_id"], changed["id"]) == ("second", window["id"])
    assert error(slack, "views.update", **told) == "hash_conflict"
    slack.close_window(ALICE, window["id"])
    assert error(slack, "views.update", view_id=window["id"], view=modal()) == "not_found"


def test_a_home_is_shown_to_one_person(slack: Slack) -> None:
    home = {"type": "home", "blocks": [HELLO]}
    shown = api(slack, "views.publish", user_id=ALICE, view=home)["view"]
    assert error(slack, "views.publish", user_id="U0NONE", view=home) == "user_not_found"
    assert error(slack, "views.publish", user_id=ALICE, view=modal()) == "invalid_arguments"
    assert error(slack, "views.publish", user_id=ALICE, view=home, hash="old") == "hash_conflict"
    assert api(slack, "views.publish", user_id=ALICE, view=home, hash=shown["hash"])["ok"] is True
    assert list(slack.homes) == [ALICE]


# Rate limits, where they are asked for.


def test_a_channel_takes_one_message_a_second(slack: Slack) -> None:
    slack.limited = True
    post(slack)
    assert api(slack, "chat.postMessage", channel=SHOP, text="x") == {
        "ok": False, "error": "ratelimited", "retry_after": 1,
    }  # fmt: skip
    slack.conversation_of(ALICE)
    assert post(slack, channel=HERS)
    later(slack, 1)
    assert post(slack)


def test_a_method_is_called_so_often_a_minute(slack: Slack) -> None:
    slack.limited = True
    assert [api(slack, "users.list")["ok"] for _ in range(20)] == [True] * 20
    later(slack, 20)
    assert api(slack, "users.list")["retry_after"] == 40
    later(slack, 40)
    assert api(slack, "users.list")["ok"] is True


def test_one_call_too_many_is_told_when_to_come_back(place: Town) -> None:
    place.slack.limited = True
    client = WebClient(place.slack.token, base_url=place.slack.url)
    client.chat_postMessage(channel=SHOP, text="x")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=SHOP, text="x")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "1"


# Addresses for answers.


def address(place: Town, ts: str | None = None) -> str:
    return f"/respond/{place.slack.issue_answering(SHOP, ALICE, ts)}"


def respond(place: Town, path: str, **form: Any) -> tuple[int, str]:
    return place.ask("POST", path, json.dumps(form), Content_Type=JSON)[:2]


def test_an_address_takes_five_answers(place: Town) -> None:
    path = address(place)
    assert [respond(place, path, text="x") for _ in range(5)] == [(200, "ok")] * 5
    assert respond(place, path, text="x") == (404, '{"ok": false, "error": "used_url"}')


def test_an_address_is_good_for_half_an_hour(place: Town) -> None:
    path = address(place)
    later(place.slack, 1800)
    assert respond(place, path, text="x") == (200, "ok")
    later(place.slack, 1)
    gone = (404, '{"ok": false, "error": "expired_url"}')
    assert [respond(place, one, text="x") for one in (path, "/respond/never", "/respond/")] == [gone] * 3


def test_an_answer_that_slack_does_not_show_is_refused_and_not_counted(place: Town) -> None:
    path = address(place)
    for _ in range(6):
        assert respond(place, path, text="x", blocks=[{}]) == (400, '{"ok": false, "error": "invalid_blocks"}')
    assert respond(place, path, text="x") == (200, "ok")


def test_answers_are_private_unless_they_are_for_the_channel(place: Town) -> None:
    path = address(place, place.post())
    respond(place, path, text="mine")
    respond(place, path, text="mine, too", response_type="ephemeral")
    respond(place, path, text="ours", response_type="in_channel")
    assert [one["text"] for one in place.slack.whispered(ALICE, SHOP)] == ["mine", "mine, too"]
    assert place.slack.whispered(BOB, SHOP) == []
    assert [one["text"] for one in place.slack.messages(SHOP)] == ["hello", "ours"]


def test_an_answer_takes_the_place_of_the_message_it_was_pressed_in(place: Town) -> None:
    ts, private = place.post(), place.whisper()
    respond(place, address(place, ts), text="anew", replace_original=True)
    respond(place, address(place, private), text="anew", replace_original=True)
    assert [(one["ts"], one["text"]) for one in place.slack.messages(SHOP)] == [(ts, "anew")]
    assert [(one["ts"], one["text"]) for one in place.slack.whispered(ALICE, SHOP)] == [(private, "anew")]


def test_an_answer_takes_the_message_away(place: Town) -> None:
    ts, private = place.post(), place.whisper()
    for one in (ts, private, ts):
        assert respond(place, address(place, one), delete_original=True) == (200, "ok")
    assert (place.slack.messages(SHOP), place.slack.whispered(ALICE, SHOP)) == ([], [])


def test_what_would_replace_a_message_that_is_gone_is_seen_nowhere(place: Town) -> None:
    path = address(place, place.whisper())
    place.slack.replace_whisper(place.slack.whispered(ALICE, SHOP)[0]["ts"], None)
    assert respond(place, path, text="anew", replace_original=True) == (200, "ok")
    assert (place.slack.messages(SHOP), place.slack.whispered(ALICE, SHOP)) == ([], [])


def test_a_thread_is_read_by_its_first_message(slack: Slack) -> None:
    root = post(slack, "root")
    post(slack, "aside")
    reply = api(slack, "chat.postMessage", channel=SHOP, text="reply", thread_ts=root)["ts"]
    told = api(slack, "conversations.replies", channel=SHOP, ts=root)
    assert [one["ts"] for one in told["messages"]] == [root, reply]
    first = api(slack, "conversations.replies", channel=SHOP, ts=root, limit="1")
    assert ([one["ts"] for one in first["messages"]], first["has_more"]) == ([root], True)
    cursor = first["response_metadata"]["next_cursor"]
    rest = api(slack, "conversations.replies", channel=SHOP, ts=root, limit="1", cursor=cursor)
    assert ([one["ts"] for one in rest["messages"]], rest["has_more"]) == ([reply], False)
    assert error(slack, "conversations.replies", channel=SHOP, ts="1.1") == "thread_not_found"
    assert error(slack, "conversations.replies", channel="C0NONE", ts=root) == "channel_not_found"
