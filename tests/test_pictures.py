"""Pictures in messages: uploaded to Slack, shown once it has them ready, left out where it does not take them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from fake_slack import FakeSlack, Fault

from bot.local.kept import Shelf
from bot.local.pictures import PNG
from bot.messenger import NOT_READY, Messenger, Posted, Undeliverable, Unknown
from bot.views.message import Message, section

HELLO = Message("hello", (section("hello"),))
DOT = PNG + b"a dot"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE")
        slack.add_channel("C0TEAM")
        yield slack


class Patience:
    """Waits for nothing, and keeps how long it was to."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture
def patience() -> Patience:
    return Patience()


@pytest.fixture
def messenger(slack: FakeSlack, patience: Patience) -> Messenger:
    return Messenger(slack.token, slack.url, timeout=2, pause=patience)


def post(messenger: Messenger, thread: str | None = None) -> Posted:
    return messenger.post_picture("C0TEAM", DOT, "a dot", HELLO, thread)


def test_a_picture_stands_on_top_of_its_message(slack: FakeSlack, messenger: Messenger) -> None:
    posted = post(messenger)
    [message] = slack.messages("C0TEAM")
    image, *rest = message["blocks"]
    assert (posted.ts, posted.lacking) == (message["ts"], None)
    assert (image["type"], image["alt_text"], rest) == ("image", "a dot", list(HELLO.blocks))
    assert slack.picture(image["slack_file"]["id"]) == DOT
    assert [name for name, _ in slack.calls] == [
        "files.getUploadURLExternal", "files.completeUploadExternal", "chat.postMessage",
    ]  # fmt: skip


def test_a_picture_can_answer_in_a_thread(slack: FakeSlack, messenger: Messenger) -> None:
    root = messenger.post("C0TEAM", HELLO, "k1")
    assert post(messenger, root).lacking is None
    assert slack.messages("C0TEAM")[-1]["thread_ts"] == root


def test_what_a_file_can_not_have_of_a_long_description_the_message_has(slack: FakeSlack, messenger: Messenger) -> None:
    assert messenger.post_picture("C0TEAM", DOT, "x" * 2_000, HELLO).lacking is None
    assert len(slack.calls[0][1]["alt_txt"]) == 1_000
    assert len(slack.messages("C0TEAM")[0]["blocks"][0]["alt_text"]) == 2_000


def test_slack_is_given_the_time_it_needs_for_a_picture(
    slack: FakeSlack, messenger: Messenger, patience: Patience
) -> None:  # fmt: skip
    slack.slow_pictures = 2
    assert post(messenger).lacking is None
    assert patience.waited == list(NOT_READY[:2])
    assert len(slack.messages("C0TEAM")) == 1


def test_a_picture_that_never_gets_ready_is_left_out(slack: FakeSlack, messenger: Messenger) -> None:
    slack.slow_pictures = 99
    assert post(messenger).lacking == "file_not_ready"
    assert [one["blocks"] for one in slack.messages("C0TEAM")] == [list(HELLO.blocks)]


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize(
    ("fault", "lacking"),
    [
        (Fault("error", error="file_uploads_disabled"), "file_uploads_disabled"),
        (Fault("error", error="internal_error"), "no clear reply: HTTP 200"),
        (Fault("http", 502), "no clear reply: HTTP 502"),
        (Fault("reset"), "no clear reply: RemoteDisconnected"),
        (Fault("http", 429, '{"ok": false, "error": "ratelimited"}', retry_after=7), "ratelimited"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.kind,
)
def test_where_a_picture_can_not_be_uploaded_the_message_goes_without(
    slack: FakeSlack, messenger: Messenger, method: str, fault: Fault, lacking: str
) -> None:
    slack.fail(method, fault)
    assert post(messenger).lacking == lacking
    assert [one["blocks"] for one in slack.messages("C0TEAM")] == [list(HELLO.blocks)]


def test_without_the_scope_for_files_messages_go_without_pictures(slack: FakeSlack, messenger: Messenger) -> None:
    slack.scopes = slack.scopes.replace("files:write,", "")
    assert post(messenger).lacking == "files_missing_scope"
    assert len(slack.messages("C0TEAM")) == 1


@pytest.mark.parametrize("address", ["", "file:///etc/passwd"])
def test_bytes_go_to_no_address_but_one_on_the_web(slack: FakeSlack, messenger: Messenger, address: str) -> None:
    slack.begin_upload = lambda length: ("F0AAAAAAAA", "")  # type: ignore[method-assign]
    slack.uploads = address
    assert post(messenger).lacking == "no_upload_url"


def test_an_upload_that_its_address_refuses_is_one_that_failed(slack: FakeSlack, messenger: Messenger) -> None:
    assert messenger.post_picture("C0TEAM", b"no picture", "", HELLO).lacking == "http_400"


def test_a_message_with_a_picture_whose_reply_is_lost_is_not_posted_again(
    slack: FakeSlack, messenger: Messenger
) -> None:  # fmt: skip
    slack.fail("chat.postMessage", Fault("lost"))
    with pytest.raises(Unknown):
        post(messenger)
    assert len(slack.messages("C0TEAM")) == 1


def test_a_conversation_that_is_gone_takes_no_picture_either(messenger: Messenger) -> None:
    with pytest.raises(Undeliverable, match="channel_not_found"):
        messenger.post_picture("C0GONE", DOT, "a dot", HELLO)


# The Slack on loopback.


def call(slack: FakeSlack, method: str, **form: object) -> dict[str, object]:
    told = slack.answer(f"files.{method}", slack.token, dict(form))
    return {key: value for key, value in told.items() if key != "upload_url"}


def send(address: str, sent: bytes) -> str:
    with urlopen(Request(address, sent, method="POST"), timeout=5) as reply:
        return str(reply.read().decode())


def begun(slack: FakeSlack, length: int = len(DOT)) -> tuple[str, str]:
    told = slack.answer("files.getUploadURLExternal", slack.token, {"length": str(length), "filename": "dot.png"})
    return str(told["file_id"]), str(told["upload_url"])


def test_an_upload_is_begun_with_a_length_and_a_name(slack: FakeSlack) -> None:
    assert call(slack, "getUploadURLExternal", filename="dot.png")["error"] == "missing_argument"
    assert call(slack, "getUploadURLExternal", length="5")["error"] == "missing_argument"
    assert call(slack, "getUploadURLExternal", length="much", filename="a")["error"] == "invalid_arguments"
    told = call(slack, "getUploadURLExternal", length="5", filename="a", alt_txt="x" * 1_001)
    assert told["error"] == "alt_txt_too_large"


@pytest.mark.parametrize(
    ("sent", "why"), [(DOT[:-1], "13 bytes were announced, and 12 came"), (b"x" * 13, "only PNG is understood here")]
)
def test_other_bytes_than_announced_are_refused(slack: FakeSlack, sent: bytes, why: str) -> None:
    with pytest.raises(HTTPError) as refused:
        send(begun(slack)[1], sent)
    assert (refused.value.code, refused.value.read().decode()) == (400, why)
    refused.value.close()


def test_only_what_was_sent_can_be_completed_and_only_once(slack: FakeSlack) -> None:
    id_, address = begun(slack)
    assert call(slack, "completeUploadExternal", files=[{"id": id_}])["error"] == "file_not_found"
    assert send(address, DOT) == "OK"
    assert call(slack, "completeUploadExternal", files=f'[{{"id": "{id_}"}}]') == {"ok": True, "files": [{"id": id_}]}
    assert call(slack, "completeUploadExternal", files=[{"id": id_}])["error"] == "file_not_found"


@pytest.mark.parametrize("files", [None, "", "{", "7", '{"id": "F1"}', "[7]", '[{"id": 7}]', "[]"])
def test_files_that_are_none_complete_nothing(slack: FakeSlack, files: object) -> None:
    assert call(slack, "completeUploadExternal", files=files)["error"] == "invalid_arguments"


def test_a_picture_that_nobody_uploaded_is_shown_in_no_message(slack: FakeSlack) -> None:
    blocks = [{"type": "image", "alt_text": "a", "slack_file": {"id": "F0AAAAAAAA"}}]
    told = slack.answer("chat.postMessage", slack.token, {"channel": "C0TEAM", "text": "a", "blocks": blocks})
    assert (told["error"], told["errors"]) == (
        "invalid_blocks", ["invalid slack file [json-pointer:/blocks/0/slack_file]"],
    )  # fmt: skip


def test_pictures_outlive_the_process(tmp_path: Path) -> None:
    with FakeSlack(shelf=Shelf(tmp_path / "shelf")) as slack:
        id_, address = begun(slack)
        send(address, DOT)
        call(slack, "completeUploadExternal", files=[{"id": id_}])
        assert slack.shelf is not None
        slack.shelf.close()
    shelf = Shelf(tmp_path / "shelf")
    with FakeSlack(shelf=shelf) as slack:
        assert slack.picture(id_) == DOT
    shelf.close()
