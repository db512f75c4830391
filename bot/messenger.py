"""The only caller of Slack's Web API. It tells what may pass, what is unknown and what will never work apart."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPException
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, proxy_bypass, urlopen

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.views.message import Message

T = TypeVar("T")

EVENT_TYPE = "weir_nudge"
"""The type of the metadata by which a message is found again."""
TIMEOUT = 10
"""Seconds to wait for Slack."""
PAGE = 200
"""Entries asked for at once; the most that Slack recommends."""
RATE_LIMITED = 30
"""Seconds to pause after a 429 that does not say how long."""
NOT_READY = (0.5, 1.0, 2.0, 4.0)
"""Seconds to wait, time and again, for Slack to have an uploaded picture ready; it takes one as a rule."""
PICTURE = "weir.png"
MOST_FILE_ALT = 1_000
"""Characters that describe a file; an image in a message may have 2,000."""

Scope: TypeAlias = Literal["address", "message", "all"]

_ADDRESS = frozenset({
    "channel_not_found", "is_archived", "not_in_channel", "user_disabled", "user_not_found", "users_not_found",
    "user_not_visible", "cannot_dm_bot", "restricted_action", "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel", "messages_tab_disabled", "no_permission", "invalid_user_combination",
    "channel_type_not_supported", "method_not_supported_for_channel_type",
})  # fmt: skip
_ALL = frozenset({
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
    "not_allowed_token_type", "org_login_required", "team_access_not_granted", "ekm_access_denied", "access_denied",
    "accesslimited", "two_factor_setup_required", "enterprise_is_restricted",
})  # fmt: skip
_MESSAGE = frozenset({
    "invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_arguments",
    "metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema", "metadata_must_be_sent_from_app",
    "markdown_text_conflict", "message_not_found", "cant_update_message", "edit_window_closed",
    "expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged",
    "view_too_large", "not_enabled", "push_limit_reached", "not_found", "file_uploads_disabled",
    "thread_not_found", "cannot_reply_to_message",
    "file_uploads_except_images_disabled", "file_upload_size_restricted", "file_type_not_allowed", "file_not_found",
})  # fmt: skip
_UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "unknown_error"})
"""Slack says of these that part of the call may have been done."""


class Passing(Exception):
    """Not done, and worth another try; `retry_after` is Slack's word on when, in seconds, where it gave one."""

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Unknown(Exception):
    """No clear reply came: it may have been done or not."""


class Undeliverable(Exception):
    """It will not work by trying again; `reason` is Slack's word.

    `scope` says how far that reaches: this `address`, this `message`, or `all` that the token is used for.
    """

    def __init__(self, reason: str, scope: Scope) -> None:
        super().__init__(reason)
        self.reason = reason
        self.scope = scope


class _NotReady(Undeliverable):
    """A message shows a file that Slack has not looked at yet."""


class Posted(NamedTuple):
    """A message that was to have a picture."""

    ts: str
    lacking: str | None = None
    """Why it has none, in Slack's word; None where it has."""


class Messenger:
    """Slack for one workspace. Every method raises Passing, Unknown or Undeliverable; nothing is done twice in it."""

    def __init__(
        self, token: str, base_url: str = "https://slack.com/api/", timeout: int = TIMEOUT,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        # The SDK's retries would post again after a lost reply.
        self._client = WebClient(token=token, base_url=base_url, timeout=timeout, retry_handlers=[])
        self._timeout, self._pause = timeout, pause
        if proxy_bypass(urlsplit(base_url).hostname or ""):  # type: ignore[no-untyped-call,unused-ignore]
            self._client.proxy = None

    def who_am_i(self) -> dict[str, Any]:
        """What auth.test answers (`team`, `team_id`, `user_id`, `bot_id`, `url`), its `scopes`, the reply's `date`."""
        reply = _called(self._client.auth_test)
        headers = {key.lower(): value for key, value in reply.headers.items()}
        scopes = [scope for scope in headers.get("x-oauth-scopes", "").split(",") if scope]
        return {**_body(reply), "scopes": scopes, "date": headers.get("date", "")}

    def user(self, user: str) -> dict[str, Any]:
        """A member as users.info shows them (`deleted`, `is_bot`, `tz`, `profile`)."""
        found: dict[str, Any] = _body(_called(lambda: self._client.users_info(user=user)))["user"]
        return found

    def is_in(self, channel: str, user: str) -> bool:
        """Whether somebody is a member of a channel; read page by page until they are found."""
        pages = _pages(partial(self._client.conversations_members, channel=channel))
        return any(user in (page.get("members") or ()) for page in pages)

    def open_dm(self, user: str) -> str:
        """The id of the direct conversation with a member."""
        channel: dict[str, Any] = _body(_called(lambda: self._client.conversations_open(users=user)))["channel"]
        return str(channel["id"])

    def post(self, channel: str, message: Message, key: str, thread_ts: str | None = None) -> str:
        """Post a message (with `thread_ts` a reply to that one) that `find` finds by `key`; its timestamp."""
        return self._post(channel, message, thread_ts=thread_ts, **_found_by(key))

    def _post(self, channel: str, message: Message, **more: Any) -> str:
        reply = _called(
            lambda: self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=list(message.blocks),
                unfurl_links=False,
                unfurl_media=False,
                **more,
            )
        )
        return str(_body(reply)["ts"])

    def post_picture(
        self, channel: str, png: bytes, alt: str, message: Message, thread_ts: str | None = None,
        key: str | None = None, *, place: int = 0,
    ) -> Posted:  # fmt: skip
        """Post a message with a picture before its block `place`, `alt` (up to 2,000 characters) saying what it shows.

        `find` finds it by a `key`. Where the picture can't be uploaded, the message is posted without. Takes as long
        as Slack needs for it.
        """
        more: dict[str, Any] = {"thread_ts": thread_ts, **(_found_by(key) if key else {})}
        try:
            file = self._uploaded(png, alt)
        except (Passing, Unknown, Undeliverable) as error:
            return Posted(self._post(channel, message, **more), str(error))
        image = {"type": "image", "slack_file": {"id": file}, "alt_text": alt}
        shown = Message(message.text, (*message.blocks[:place], image, *message.blocks[place:]))
        for seconds in NOT_READY:
            try:
                return Posted(self._post(channel, shown, **more))
            except _NotReady:
                self._pause(seconds)
        return Posted(self._post(channel, message, **more), "file_not_ready")

    def _uploaded(self, png: bytes, alt: str) -> str:
        """The id of a picture that only the app has so far."""
        told = _optional(
            "files",
            lambda: self._client.files_getUploadURLExternal(
                filename=PICTURE, length=len(png), alt_txt=alt[:MOST_FILE_ALT]
            ),
        )
        _called(lambda: _sent(str(told["upload_url"]), png, self._timeout))
        files: list[dict[str, str | None]] = [{"id": str(told["file_id"]), "title": PICTURE}]
        _optional("files", lambda: self._client.files_completeUploadExternal(files=files))
        return str(told["file_id"])

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Show something else in place of an earlier message."""
        _called(
            lambda: self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=list(message.blocks))
        )

    def replace(self, response_url: str, message: Message) -> None:
        """Put something else in the place of the private answer that a button was pressed in."""
        self._respond(response_url, message, replace=True)

    def say(self, response_url: str, message: Message) -> None:
        """Say something to whoever pressed a button, beside the message it stands in; nobody else sees it."""
        self._respond(response_url, message, replace=False)

    def _respond(self, response_url: str, message: Message, *, replace: bool) -> None:
        if not response_url.startswith(("https://", "http://")):
            raise Undeliverable("no_response_url", "message")
        client = WebhookClient(response_url, timeout=self._timeout, retry_handlers=[])
        if proxy_bypass(urlsplit(response_url).hostname or ""):  # type: ignore[no-untyped-call,unused-ignore]
            client.proxy = None
        reply = _called(
            lambda: client.send(
                text=message.text,
                blocks=list(message.blocks),
                response_type=None if replace else "ephemeral",
                replace_original=replace,
            )
        )
        if reply.status_code != 200:
            raise _refused(reply.status_code, reply.body)

    def do_not_disturb(self, user: str) -> tuple[int, int] | None:
        """The span [start, end) in which Slack shows a member nothing, now or next, in seconds; None without one.

        It starts at 0 while notifications are paused. Slack tells of a pause only where it tells it at all: of other
        people than the token's own it may name their hours alone.
        """
        return quiet_span(_optional("dnd", lambda: self._client.dnd_info(user=user)))

    def by_email(self, email: str) -> dict[str, Any] | None:
        """The member with an e-mail address, as users.info shows them; None where there is none."""
        try:
            found: dict[str, Any] = _optional("email", lambda: self._client.users_lookupByEmail(email=email))["user"]
        except Undeliverable as error:
            if error.reason == "users_not_found":
                return None
            raise
        return found

    def members(self) -> Iterator[dict[str, Any]]:
        """Every member as users.info shows them, those who left and bots too; fetched page by page."""
        return (member for page in _pages(self._client.users_list) for member in page.get("members") or ())

    def publish_home(self, user: str, message: Message) -> None:
        """Show a member these blocks (up to 100) as their home tab; a home has no text."""
        _called(lambda: self._client.views_publish(user_id=user, view={"type": "home", "blocks": list(message.blocks)}))

    def open_modal(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Open a modal for whoever did what `trigger_id` came with; that works once, and for 3 seconds. Its id."""
        opened = _body(_called(lambda: self._client.views_open(trigger_id=trigger_id, view=view)))
        return str(opened["view"]["id"])

    def update_modal(self, id_: str, view: dict[str, Any]) -> None:
        """Show something else in an open modal."""
        _called(lambda: self._client.views_update(view_id=id_, view=view))

    def find(self, channel: str, key: str, oldest: int, thread_ts: str | None = None) -> str | None:
        """The timestamp of the message posted with `key` since `oldest` (seconds); None if it is not there.

        It is looked for among the replies to `thread_ts`, where that is given.
        """
        cursor: str | None = None
        while True:
            page = self._history(channel, oldest, cursor, thread_ts)
            for message in page.get("messages") or ():
                if _key_of(message) == key:
                    return str(message["ts"])
            cursor = _next_cursor(page)
            if not cursor:
                return None

    def _history(self, channel: str, oldest: int, cursor: str | None, thread_ts: str | None) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "channel": channel, "oldest": f"{oldest}.000000", "limit": PAGE, "cursor": cursor,
            "include_all_metadata": True,
        }  # fmt: skip
        # A private channel, say: the token may read the others.
        if thread_ts is None:
            return _optional("history", lambda: self._client.conversations_history(**asked))
        return _optional("history", lambda: self._client.conversations_replies(ts=thread_ts, **asked))


def quiet_span(told: dict[str, Any]) -> tuple[int, int] | None:
    """The span of do-not-disturb in what Slack tells of it, as `Messenger.do_not_disturb` gives it."""
    if told.get("snooze_enabled") is True:
        return _span(0, told.get("snooze_endtime"))
    return _span(told.get("next_dnd_start_ts"), told.get("next_dnd_end_ts")) if told.get("dnd_enabled") else None


def _found_by(key: str) -> dict[str, Any]:
    return {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"message": key}}}


def _key_of(message: dict[str, Any]) -> Any:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    return (metadata.get("event_payload") or {}).get("message")


def _next_cursor(page: dict[str, Any]) -> str | None:
    return (page.get("response_metadata") or {}).get("next_cursor") or None


def _span(start: Any, end: Any) -> tuple[int, int] | None:
    """A span of seconds; None where it is none, which is how Slack says that somebody set no hours."""
    return (start, end) if isinstance(start, int) and isinstance(end, int) and start < end else None


def _optional(what: str, call: Callable[[], SlackResponse]) -> dict[str, Any]:
    """A call the program can do without: where the token may not make it, it is good for everything else."""
    try:
        return _body(_called(call))
    except Undeliverable as error:
        if error.reason in ("missing_scope", "not_allowed_token_type"):
            raise Undeliverable(f"{what}_{error.reason}", "message") from None
        raise


def _pages(call: Callable[..., SlackResponse]) -> Iterator[dict[str, Any]]:
    """All pages of a list of members."""
    cursor: str | None = None
    while True:
        page = _optional("members", partial(call, limit=PAGE, cursor=cursor))
        yield page
        if not (cursor := _next_cursor(page)):
            return


def _body(reply: SlackResponse) -> dict[str, Any]:
    if not isinstance(reply.data, dict):
        raise Unknown("the answer is no JSON object")
    return reply.data


def _refused(status: int, body: str) -> Exception:
    """What an address for answers says when it takes none."""
    if status == 429:
        return Passing("ratelimited", RATE_LIMITED)
    if status >= 500:
        return Unknown(f"no clear reply: HTTP {status}")
    reason = re.search(r"[a-z]+(_[a-z]+)+", body)
    return Undeliverable(reason[0] if reason else f"http_{status}", "message")


def _sent(address: str, png: bytes, timeout: int) -> None:
    """Send bytes to an address that Slack gave for them."""
    if not address.startswith(("https://", "http://")):
        raise Undeliverable("no_upload_url", "message")
    request = Request(address, png, {"Content-Type": "application/octet-stream"}, method="POST")  # noqa: S310
    try:
        with urlopen(request, timeout=timeout) as reply:  # noqa: S310  # the scheme is looked at above
            reply.read()
    except HTTPError as error:
        with error:
            raise _refused(error.code, error.read().decode(errors="replace")) from None


def _called(call: Callable[[], T]) -> T:
    """Make a call and sort what goes wrong."""
    try:
        return call()
    except SlackApiError as error:
        raise _sorted_out(error) from None
    except (OSError, HTTPException, ValueError, AttributeError) as error:
        if _never_left(error):
            raise Passing(f"Slack can't be reached: {error}") from None
        # The SDK trips over JSON that is no object with an AttributeError; that, too, is no clear reply.
        raise Unknown(f"no clear reply: {type(error).__name__}") from None


def _never_left(error: Exception) -> bool:
    """Whether the request cannot have reached Slack: no connection was made."""
    cause = error.reason if isinstance(error, URLError) else error
    return isinstance(cause, ConnectionRefusedError) or type(cause).__name__ == "gaierror"


def _sorted_out(error: SlackApiError) -> Exception:
    reply = error.response
    status = int(reply.status_code)
    reason = str(reply.data.get("error") or "") if isinstance(reply.data, dict) else ""
    if status == 429 or reason in ("ratelimited", "rate_limited"):
        return Passing("ratelimited", _retry_after(reply.headers))
    if status >= 500 or reason in _UNSURE or not re.fullmatch(r"[a-z0-9_]+", reason):
        return Unknown(f"no clear reply: HTTP {status}")
    if reason == "invalid_blocks" and "slack_file" in str(reply.data.get("errors")):
        return _NotReady(reason, "message")
    for scope, reasons in _SCOPES.items():
        if reason in reasons:
            return Undeliverable(reason, scope)
    return Passing(reason)


_SCOPES: dict[Scope, frozenset[str]] = {"address": _ADDRESS, "all": _ALL, "message": _MESSAGE}


def _retry_after(headers: dict[str, Any]) -> int:
    values = {key.lower(): value for key, value in headers.items()}
    value = values.get("retry-after")
    text = str(value[0] if isinstance(value, list) and value else value)
    return max(1, int(text)) if text.isdecimal() else RATE_LIMITED
