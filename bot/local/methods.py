"""The Web API's methods that chat-ops apps use: Slack's arguments, answers and error codes."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import ClassVar

from bot.local.limits import content_error, parsed, view_error
from bot.local.payloads import APP_USER, BOT, DOMAIN, TEAM
from bot.local.workspace import BadTrigger, Json, Workspace, dm_of

SCOPES = "channels:history,chat:write,commands,dnd:read,groups:history,im:history,im:write,users:read,users:read.email"
NEEDED = {
    "dnd.info": "dnd:read", "users.info": "users:read", "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
}  # fmt: skip
"""The scopes that are asked for; of the other methods' it is taken for granted that they are there."""
MINUTE = 60
TIERS = {
    "auth.test": 100, "chat.update": 50, "conversations.history": 50, "conversations.open": 50, "dnd.info": 50,
    "users.info": 100, "users.list": 20, "users.lookupByEmail": 50, "views.open": 100, "views.publish": 100,
    "views.push": 100, "views.update": 100, "chat.postEphemeral": 100, "apps.connections.open": 1,
}  # fmt: skip
"""Calls a minute by which Slack rates its methods; posting has a rule of its own: one a second and conversation."""


@dataclass
class WebApi(Workspace):
    """A workspace that answers calls of its Web API."""

    token: str = "xoxb-good"  # noqa: S105 (good for nothing but this workspace)
    scopes: str = SCOPES
    token_error: str | None = None
    page: int = 100
    """Most messages or members a page."""
    limited: bool = False
    """Whether Slack's rate limits are kept."""
    _calls: dict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))

    socket_url: ClassVar[str] = ""
    """Where apps.connections.open sends apps; nowhere."""

    def answer(self, method: str, token: str | None, form: Json) -> Json:
        """What a method answers to a call; `retry_after` (seconds) is there where it was one too many."""
        with self._lock:
            wrong = self._not_allowed(method, token)
            if wrong:
                return wrong
            act = getattr(self, "_" + method.replace(".", "_"), None)
            if act is None:
                return no("unknown_method")
            wait = self._too_many(method, str(form.get("channel", ""))) if self.limited else 0
            answer: Json = {**no("ratelimited"), "retry_after": wait} if wait else act(form)
            return answer

    def _not_allowed(self, method: str, token: str | None) -> Json | None:
        if self.token_error:
            return no(self.token_error)
        if token != self.token:
            return no("invalid_auth" if token else "not_authed")
        if not self._may(NEEDED.get(method)):
            return {**no("missing_scope"), "needed": NEEDED[method], "provided": self.scopes}
        return None

    def _may(self, scope: str | None) -> bool:
        return scope is None or scope in self.scopes.split(",")

    def _too_many(self, method: str, channel: str) -> int:
        """Seconds until this call would be taken; 0 where it is taken now, and counted."""
        posting = method == "chat.postMessage"
        made, most, span = self._calls[f"{method} {channel}" if posting else method], TIERS.get(method, 1), MINUTE
        if posting:
            most, span = 1, 1
        now = self.machine.now()
        while made and made[0] <= now - span:
            made.popleft()
        if len(made) < most:
            made.append(now)
            return 0
        return max(1, made[0] + span - now)

    def respond(self, key: str, form: Json) -> str | None:
        """Take an answer sent to the address of a press or command; why it is refused, or None."""
        with self._lock:
            wrong = None if form.get("delete_original") is True else content_error(form)
            if wrong:
                return wrong
            to = self.answering(key)
            if to is None:
                return "used_url" if key in self._answering else "expired_url"
            self._respond(to.channel, to.user, to.ts, form)
            return None

    def _respond(self, channel: str, user: str, ts: str | None, form: Json) -> None:
        said = {"text": form.get("text", ""), "blocks": parsed(form.get("blocks")) or []}
        original = ts is not None and (form.get("replace_original") is True or form.get("delete_original") is True)
        if original and ts is not None:
            gone = form.get("delete_original") is True
            if not self.replace_whisper(ts, None if gone else said) and self.message(channel, ts):
                if gone:
                    self.delete(channel, ts)
                else:
                    self.edit(channel, ts, **said)
        elif form.get("response_type") == "in_channel":
            self.post(channel, said)
        else:
            self.whisper(channel, user, said)

    # The methods; each gets the arguments and gives the answer.

    def _auth_test(self, form: Json) -> Json:
        return {
            "ok": True, "url": "https://acme.slack.com/", "team": DOMAIN, "team_id": TEAM,
            "user": self.app_name.lower(), "user_id": APP_USER, "bot_id": BOT, "is_enterprise_install": False,
        }  # fmt: skip

    def _apps_connections_open(self, form: Json) -> Json:
        return {"ok": True, "url": self.socket_url} if self.socket_url else no("method_not_supported")

    def _shown_user(self, user: Json) -> Json:
        hidden = () if self._may("users:read.email") else ("email",)
        return {**user, "profile": {key: one for key, one in user["profile"].items() if key not in hidden}}

    def _dnd_info(self, form: Json) -> Json:
        user = form.get("user", "")
        return {"ok": True, **self.quiet_of(user)} if user in self.users else no("user_not_found")

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
        start, size = int(form.get("cursor") or 0), min(int(form.get("limit") or 100), self.page)
        everybody = [self._shown_user(user) for user in self.users.values()]
        more = str(start + size) if len(everybody) > start + size else ""
        return {"ok": True, "members": everybody[start : start + size], "response_metadata": {"next_cursor": more}}

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
        channel = self.channels.get(form.get("channel", ""))
        if channel is None or not channel["is_member"]:
            return no("channel_not_found" if channel is None else "not_in_channel")
        oldest, start = float(form.get("oldest") or 0), int(form.get("cursor") or 0)
        found = [one for one in reversed(channel["messages"]) if float(one["ts"]) > oldest]
        size = min(int(form.get("limit") or 100), self.page)
        page, more = found[start : start + size], len(found) > start + size
        full = str(form.get("include_all_metadata")).lower() in ("true", "1")
        answer = {"ok": True, "messages": [_shown(one, full) for one in page], "has_more": more}
        return {**answer, "response_metadata": {"next_cursor": str(start + size)}} if more else answer

    def _chat_postMessage(self, form: Json) -> Json:
        channel = self.channels.get(form.get("channel", ""))
        wrong = _channel_error(channel) or content_error(form) or _metadata_error(form)
        if wrong or channel is None:
            return no(wrong or "channel_not_found")
        said = {"text": form["text"], "blocks": parsed(form.get("blocks")) or []}
        if form.get("metadata"):
            said["metadata"] = parsed(form["metadata"])
        if form.get("thread_ts"):
            said["thread_ts"] = form["thread_ts"]
        message = self.post(channel["id"], said)
        return {"ok": True, "channel": channel["id"], "ts": message["ts"], "message": _shown(message, False)}

    def _chat_postEphemeral(self, form: Json) -> Json:
        channel, user = form.get("channel", ""), form.get("user", "")
        wrong = _channel_error(self.channels.get(channel)) or content_error(form)
        if wrong or user not in self.users:
            return no(wrong or "user_not_in_channel")
        said = {"text": form["text"], "blocks": parsed(form.get("blocks")) or []}
        return {"ok": True, "message_ts": self.whisper(channel, user, said)}

    def _chat_update(self, form: Json) -> Json:
        channel = self.channels.get(form.get("channel", ""))
        wrong = _channel_error(channel) or content_error(form)
        if wrong or channel is None:
            return no(wrong or "channel_not_found")
        before = self.message(channel["id"], str(form.get("ts")))
        if before is None:
            return no("message_not_found")
        if before.get("bot_id") != BOT:
            return no("cant_update_message")
        self.edit(channel["id"], before["ts"], text=form["text"], blocks=parsed(form.get("blocks")) or [])
        return {"ok": True, "channel": channel["id"], "ts": before["ts"], "text": form["text"]}

    def _views_publish(self, form: Json) -> Json:
        user, view = form.get("user_id", ""), parsed(form.get("view"))
        wrong = "user_not_found" if user not in self.users else view_error(view)
        if wrong or view["type"] != "home":
            return no(wrong or "invalid_arguments")
        if form.get("hash") and form["hash"] != self.homes.get(user, {}).get("hash"):
            return no("hash_conflict")
        return {"ok": True, "view": self.show_home(user, view)}

    def _views_open(self, form: Json) -> Json:
        view = parsed(form.get("view"))
        try:
            user = self.spend_trigger(str(form.get("trigger_id", "")))
        except BadTrigger as error:
            return no(str(error))
        wrong = view_error(view)
        if wrong or view["type"] != "modal":
            return no(wrong or "invalid_arguments")
        opened = self.open_window(user, view)
        return {"ok": True, "view": opened} if opened else no("push_limit_reached")

    _views_push = _views_open

    def _views_update(self, form: Json) -> Json:
        view, known = parsed(form.get("view")), self.window(str(form.get("view_id", "")))
        if known is None:
            return no("not_found")
        wrong = view_error(view)
        if wrong or view["type"] != "modal":
            return no(wrong or "invalid_arguments")
        if form.get("hash") and form["hash"] != known[1]["hash"]:
            return no("hash_conflict")
        return {"ok": True, "view": self.update_window(form["view_id"], view)}


def no(error: str) -> Json:
    return {"ok": False, "error": error}


def _shown(message: Json, full: bool) -> Json:
    return {key: value for key, value in message.items() if full or key != "metadata"}


def _channel_error(channel: Json | None) -> str | None:
    if channel is None:
        return "channel_not_found"
    if channel["is_archived"]:
        return "is_archived"
    return None if channel["is_member"] else "not_in_channel"


def _metadata_error(form: Json) -> str | None:
    metadata = parsed(form.get("metadata"))
    if metadata is None:
        return None
    fine = isinstance(metadata, dict) and set(metadata) == {"event_type", "event_payload"}
    return None if fine and isinstance(metadata["event_payload"], dict) else "invalid_metadata_format"
