"""The Web API's methods that chat-ops apps use: Slack's arguments, answers and error codes."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from bot.local.limits import Refusal, content_error, content_refusal, parsed, view_refusal
from bot.local.passes import BadAddress, BadTrigger
from bot.local.payloads import APP_USER, BOT, DOMAIN, TEAM
from bot.local.pictures import MOST_FILE_ALT, Pictures, file_ids
from bot.local.workspace import Json, dm_of

SCOPES = (
    "app_mentions:read,channels:history,channels:read,chat:write,commands,dnd:read,files:write,groups:history,groups:read,"
    "im:history,im:write,users:read,users:read.email"
)
NEEDED = {
    "chat.postEphemeral": "chat:write", "chat.postMessage": "chat:write", "chat.update": "chat:write",
    "conversations.members": "channels:read", "conversations.open": "im:write", "dnd.info": "dnd:read",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write", "users.info": "users:read", "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
}  # fmt: skip
"""The scope that a method wants; reading history wants one by the kind of conversation."""
MINUTE = 60
TIERS = {
    "auth.test": 100, "chat.update": 50, "conversations.history": 50, "conversations.replies": 50,
    "conversations.members": 100, "conversations.open": 50, "dnd.info": 50,
    "chat.postMessage": 60, "chat.postEphemeral": 100, "users.info": 100, "users.list": 20, "users.lookupByEmail": 50,
    "views.open": 100, "views.publish": 100, "views.push": 100, "views.update": 100, "apps.connections.open": 1,
    "files.completeUploadExternal": 100, "files.getUploadURLExternal": 100,
}  # fmt: skip
"""The methods, and the calls a minute by which Slack rates them; posting has a rule of its own, see below."""
STRUCTURED = ("blocks", "files", "metadata", "view")
"""The arguments that are JSON; all others are text."""
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?")


class BadArgument(Exception):
    """An argument that the method does not take; says so in Slack's word."""


@dataclass
class WebApi(Pictures):
    """A workspace that answers calls of its Web API."""

    token: str = "xoxb-good"  # noqa: S105 (good for nothing but this workspace)
    scopes: str = SCOPES
    token_error: str | None = None
    page: int = 100
    """Most messages or members a page."""
    limited: bool = False
    """Whether Slack's rate limits are kept."""
    _calls: dict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))

    def answer(self, method: str, token: str | None, form: Json) -> Json:
        """What a method answers to a call; `retry_after` (seconds) is there where it was one too many."""
        if method not in TIERS:
            return {**no("unknown_method"), "req_method": method}
        with self._lock:
            wrong = self._not_allowed(method, token, form)
            if wrong:
                return wrong
            wait = self._too_many(method, str(form.get("channel", ""))) if self.limited else 0
            return {**no("ratelimited"), "retry_after": wait} if wait else self._done(method, form)

    def _done(self, method: str, form: Json) -> Json:
        try:
            answer: Json = getattr(self, "_" + method.replace(".", "_"))(_arguments(form))
        except (BadArgument, BadTrigger) as error:
            return no(str(error))
        return answer

    def _not_allowed(self, method: str, token: str | None, form: Json) -> Json | None:
        if self.token_error:
            return no(self.token_error)
        if token != self.token:
            return no("invalid_auth" if token else "not_authed")
        scope = NEEDED.get(method)
        if method in ("conversations.history", "conversations.replies"):
            scope = "im:history" if str(form.get("channel")).startswith("D") else "channels:history"
        if not self._may(scope):
            return {**no("missing_scope"), "needed": scope, "provided": self.scopes}
        return None

    def _may(self, scope: str | None) -> bool:
        return scope is None or scope in self.scopes.split(",")

    def _too_many(self, method: str, channel: str) -> int:
        """Seconds until this call would be taken; 0 where it is taken now, and counted."""
        posting = method == "chat.postMessage"  # once a second and conversation
        made = self._calls[f"{method} {channel}" if posting else method]
        most, span = (1, 1) if posting else (TIERS[method], MINUTE)
        now = self.machine.now()
        while made and made[0] <= now - span:
            made.popleft()
        if len(made) < most:
            made.append(now)
            return 0
        return max(1, made[0] + span - now)

    def respond(self, key: str, form: Json) -> str | None:
        """Take an answer sent to the address of a press or command; why it is refused, or None."""
        gone = form.get("delete_original") is True
        with self._lock:
            wrong = None if gone else content_error(form)
            if wrong:
                return wrong
            try:
                to = self.answering(key)
            except BadAddress as error:
                return str(error)
            said = {} if gone else _said(form)
            if to.ts is not None and (gone or form.get("replace_original") is True):
                self._put_in_place(to.channel, to.ts, None if gone else said)
            elif not gone and form.get("response_type") == "in_channel":
                self.post(to.channel, said)
            elif not gone:
                self.whisper(to.channel, to.user, said)
            return None

    def _put_in_place(self, channel: str, ts: str, said: Json | None) -> None:
        """Show something else, or nothing, where a message is that somebody acted in; nothing where that is gone."""
        if self.replace_whisper(ts, said):
            return
        if said is None:
            self.delete(channel, ts)
        else:
            self.edit(channel, ts, **said)

    # The methods; each gets the arguments and gives the answer.

    def _auth_test(self, form: Json) -> Json:
        return {
            "ok": True, "url": "https://acme.slack.com/", "team": DOMAIN, "team_id": TEAM,
            "user": self.app_name.lower(), "user_id": APP_USER, "bot_id": BOT, "is_enterprise_install": False,
        }  # fmt: skip

    def _apps_connections_open(self, form: Json) -> Json:
        return no("not_allowed_token_type")

    def _shown_user(self, user: Json) -> Json:
        hidden = () if self._may("users:read.email") else ("email",)
        return {**user, "profile": {key: one for key, one in user["profile"].items() if key not in hidden}}

    def _dnd_info(self, form: Json) -> Json:
        user = form.get("user", "")
        return {"ok": True, **self.quiet_of(user)} if user in self.users else no("user_not_found")

    def _conversations_members(self, form: Json) -> Json:
        """Everybody is in every channel that does not name its `members`."""
        channel = self.channels.get(form.get("channel", ""))
        if channel is None:
            return no("channel_not_found")
        start, size = _number(form, "cursor", "invalid_cursor"), self._size(form)
        members = sorted(channel.get("members") or self.users)
        more = {"next_cursor": str(start + size) if start + size < len(members) else ""}
        return {"ok": True, "members": members[start : start + size], "response_metadata": more}

    def _users_info(self, form: Json) -> Json:
        user = self.users.get(form.get("user", ""))
        return {"ok": True, "user": self._shown_user(user)} if user else no("user_not_found")

    def _users_lookupByEmail(self, form: Json) -> Json:
        email = form.get("email", "").casefold()
        for user in self.users.values():
            if email and user["profile"].get("email", "").casefold() == email and not user["deleted"]:
                return {"ok": True, "user": self._shown_user(user)}
        return no("users_not_found")

    def _users_list(self, form: Json) -> Json:
        start, size = _number(form, "cursor", "invalid_cursor"), self._size(form)
        everybody = [self._shown_user(user) for user in self.users.values()]
        more = str(start + size) if len(everybody) > start + size else ""
        return {"ok": True, "members": everybody[start : start + size], "response_metadata": {"next_cursor": more}}

    def _size(self, form: Json) -> int:
        """How many a page has. Raises BadArgument."""
        return min(_number(form, "limit", "invalid_limit") or self.page, self.page)

    def _conversations_open(self, form: Json) -> Json:
        user = self.users.get(form.get("users", ""))
        if user is None:
            return no("user_not_found")
        if user["deleted"]:
            return no("user_disabled")
        if user["is_bot"]:
            return no("cannot_dm_bot")
        return {"ok": True, "no_op": dm_of(user["id"]) in self.channels,
                "channel": {"id": self.conversation_of(user["id"])}}  # fmt: skip

    def _conversations_history(self, form: Json) -> Json:
        return self._page_of(form, lambda one: not one.get("thread_ts"))

    def _conversations_replies(self, form: Json) -> Json:
        root = form.get("ts", "")
        if form.get("channel", "") in self.channels and self.message(form["channel"], root) is None:
            return no("thread_not_found")
        return self._page_of(form, lambda one: root in (one["ts"], one.get("thread_ts")), oldest_first=True)

    def _page_of(self, form: Json, wanted: Callable[[Json], bool], *, oldest_first: bool = False) -> Json:
        """A page of those messages of a conversation that are wanted, newest first unless it is a thread."""
        channel = self.channels.get(form.get("channel", ""))
        if channel is None or not channel["is_member"]:
            return no("channel_not_found" if channel is None else "not_in_channel")
        size, among = self._size(form), _asked_for(form, oldest_first=oldest_first)
        every = channel["messages"] if oldest_first else reversed(channel["messages"])
        found = (one for one in every if wanted(one) and among(one["ts"]))
        page = list(islice(found, size + 1))
        full = form.get("include_all_metadata") in ("true", "1")
        answer = {"ok": True, "messages": [_shown(one, full) for one in page[:size]], "has_more": len(page) > size}
        return {**answer, "response_metadata": {"next_cursor": page[size]["ts"]}} if len(page) > size else answer

    def _chat_postMessage(self, form: Json) -> Json:
        channel = form.get("channel", "")
        refused = self._message_refusal(channel, form)
        if refused:
            return refused.answer()
        said = _said(form)
        if form.get("metadata"):
            said["metadata"] = parsed(form["metadata"])
        if form.get("thread_ts"):
            said["thread_ts"] = form["thread_ts"]
        message = self.post(channel, said)
        return {"ok": True, "channel": channel, "ts": message["ts"], "message": _shown(message, False)}

    def _message_refusal(self, channel: str, form: Json) -> Refusal | None:
        """Why a message is not taken, where it is not."""
        refused = _channel_refusal(self.channels.get(channel)) or content_refusal(form) or _metadata_refusal(form)
        return refused or self.picture_refusal(parsed(form.get("blocks")) or [])

    def _files_getUploadURLExternal(self, form: Json) -> Json:
        length = _number(form, "length", "invalid_arguments")
        if not length or not form.get("filename"):
            return no("missing_argument")
        if len(form.get("alt_txt", "")) > MOST_FILE_ALT:
            return no("alt_txt_too_large")
        id_, key = self.begin_upload(length)
        return {"ok": True, "upload_url": f"{self.uploads}{key}", "file_id": id_}

    def _files_completeUploadExternal(self, form: Json) -> Json:
        ids = file_ids(form.get("files"))
        if not ids or form.get("channel_id") or form.get("channels"):
            # A file that is shared becomes a message of its own, which apps that show it in theirs don't want.
            return no("invalid_arguments")
        known = self.complete_uploads(ids)
        return {"ok": True, "files": [{"id": id_} for id_ in ids]} if known else no("file_not_found")

    def _chat_postEphemeral(self, form: Json) -> Json:
        channel, user = form.get("channel", ""), form.get("user", "")
        refused = _channel_refusal(self.channels.get(channel)) or content_refusal(form)
        if refused or user not in self.users:
            return refused.answer() if refused else no("user_not_in_channel")
        return {"ok": True, "message_ts": self.whisper(channel, user, _said(form))}

    def _chat_update(self, form: Json) -> Json:
        channel, ts = form.get("channel", ""), form.get("ts", "")
        refused = self._message_refusal(channel, form)
        if refused:
            return refused.answer()
        before = self.message(channel, ts)
        if before is None:
            return no("message_not_found")
        if before.get("bot_id") != BOT:
            return no("cant_update_message")
        # What a call leaves out stays as it was.
        kept = {key: parsed(form[key]) for key in ("blocks", "metadata") if form.get(key) is not None}
        self.edit(channel, ts, text=form["text"], **kept)
        return {"ok": True, "channel": channel, "ts": ts, "text": form["text"]}

    def _views_publish(self, form: Json) -> Json:
        user = form.get("user_id", "")
        if user not in self.users:
            return no("user_not_found")
        view = _view(form, "home")
        if isinstance(view, Refusal):
            return view.answer()
        if form.get("hash") and form["hash"] != self.homes.get(user, {}).get("hash"):
            return no("hash_conflict")
        return {"ok": True, "view": self.show_home(user, view)}

    def _views_open(self, form: Json) -> Json:
        view = _view(form, "modal")
        if isinstance(view, Refusal):
            return view.answer()
        opened = self.open_window(self.spend_trigger(form.get("trigger_id", "")), view)
        return {"ok": True, "view": opened} if opened else no("push_limit_reached")

    _views_push = _views_open

    def _views_update(self, form: Json) -> Json:
        view, known = _view(form, "modal"), self.window(form.get("view_id", ""))
        if isinstance(view, Refusal):
            return view.answer()
        if known is None:
            return no("not_found")
        if form.get("hash") and form["hash"] != known[1]["hash"]:
            return no("hash_conflict")
        return {"ok": True, "view": self.update_window(form["view_id"], view)}


def no(error: str) -> Json:
    return {"ok": False, "error": error}


def _shown(message: Json, full: bool) -> Json:
    return {key: value for key, value in message.items() if full or key != "metadata"}


def _said(form: Json) -> Json:
    return {"text": form["text"], "blocks": parsed(form.get("blocks")) or []}


def _channel_refusal(channel: Json | None) -> Refusal | None:
    if channel is None:
        return Refusal("channel_not_found")
    if channel["is_archived"]:
        return Refusal("is_archived")
    return None if channel["is_member"] else Refusal("not_in_channel")


def _metadata_refusal(form: Json) -> Refusal | None:
    try:
        metadata = parsed(form.get("metadata"))
    except ValueError:
        return Refusal("invalid_metadata_format")
    if metadata is None:
        return None
    fine = isinstance(metadata, dict) and set(metadata) == {"event_type", "event_payload"}
    return None if fine and isinstance(metadata["event_payload"], dict) else Refusal("invalid_metadata_format")


def _view(form: Json, kind: str) -> Json | Refusal:
    """The view that is to be shown, or why Slack does not show it as such."""
    refused = view_refusal(form.get("view"))
    if refused:
        return refused
    view: Json = parsed(form["view"])
    return view if view["type"] == kind else Refusal("invalid_arguments", (f"type: {kind} [json-pointer:/view/type]",))


def _arguments(form: Json) -> Json:
    """Arguments as they would come in a form: text, but for those that are JSON. Raises BadArgument."""
    told: Json = {}
    for key, value in form.items():
        if key in STRUCTURED or isinstance(value, str):
            told[key] = value
        elif isinstance(value, bool | int | float):
            told[key] = str(value).lower()
        elif value is not None:
            raise BadArgument("invalid_arguments")
    return told


def _number(form: Json, key: str, error: str) -> int:
    """A whole number, 0 where there is none. Raises BadArgument with `error`."""
    value = form.get(key) or "0"
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise BadArgument(error)
    return int(value)


def _asked_for(form: Json, *, oldest_first: bool) -> Callable[[str], bool]:
    """Whether a timestamp is among those that are asked for, from the cursor on. Raises BadArgument."""
    for key, error in (("oldest", "invalid_ts_oldest"), ("latest", "invalid_ts_latest"), ("cursor", "invalid_cursor")):
        if form.get(key) and not _NUMBER.fullmatch(form[key]):
            raise BadArgument(error)
    oldest, latest = float(form.get("oldest") or 0), float(form.get("latest") or "inf")
    cursor, inclusive = form.get("cursor"), form.get("inclusive") in ("true", "1")
    begins = float(cursor or (0 if oldest_first else "inf"))

    def among(ts: str) -> bool:
        at = float(ts)
        return (begins <= at if oldest_first else at <= begins) and (
            oldest <= at <= latest if inclusive else oldest < at < latest
        )

    return among
