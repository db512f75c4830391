"""One Slack workspace as the tests' Slack keeps it: people, conversations, homes, and what each method does to them."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bot.local.limits import content_error, parsed, view_error

SCOPES = "channels:history,chat:write,commands,dnd:read,groups:history,im:history,im:write,users:read,users:read.email"
NEEDED = {
    "dnd.info": "dnd:read", "users.info": "users:read", "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
}  # fmt: skip
"""The scopes that are asked for; of the other methods' it is taken for granted that they are there."""
PROFILE = {"status_text": "", "status_emoji": "", "status_expiration": 0}


@dataclass
class Workspace:
    """What is there and what was said; `calls` holds every call of a method with what came with it."""

    token: str = "xoxb-good"
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    token_error: str | None = None
    scopes: str = SCOPES
    page: int = 100
    """Most messages or members a page."""
    replaced: list[dict[str, Any]] = field(default_factory=list)
    """What was put in the place of the message that was pressed."""
    whispers: list[dict[str, Any]] = field(default_factory=list)
    """What was said beside it, to the one who pressed."""
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The home view that each person sees."""
    published: Counter[str] = field(default_factory=Counter)
    """How often each person's home was shown anew."""
    modals: list[dict[str, Any]] = field(default_factory=list)
    """Every modal that was opened, in order."""
    quiet: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What dnd.info answers for a person."""
    now: float | None = None
    """The instant new messages are stamped with; the machine's where None."""

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._posted = 0
        self._exchanged: set[str] = set()

    def add_user(self, id: str, profile: dict[str, Any] | None = None, **more: Any) -> None:
        """`profile` may have `email`, `status_text`, `status_emoji`, `status_expiration`; what is left out is empty."""
        self.users[id] = {
            "id": id, "name": id.lower(), "real_name": "", "deleted": False, "is_bot": False, "is_admin": False,
            "is_owner": False, "tz": "Europe/Berlin", **more, "profile": {**PROFILE, **(profile or {})},
        }  # fmt: skip

    def set_status(self, user: str, text: str = "", emoji: str = "", until: int = 0) -> None:
        """`until` 0 is a status that does not expire."""
        self.users[user]["profile"].update(status_text=text, status_emoji=emoji, status_expiration=until)

    def set_quiet_hours(self, user: str, start: int, end: int) -> None:
        """The span, now or next, in which Slack shows somebody nothing."""
        self.quiet[user] = {"dnd_enabled": True, "next_dnd_start_ts": start, "next_dnd_end_ts": end}

    def set_snooze(self, user: str, end: int) -> None:
        """Somebody pauses notifications until `end`."""
        self.quiet[user] = {**self._quiet_of(user), "snooze_enabled": True, "snooze_endtime": end}

    def add_channel(self, id: str, **more: Any) -> None:
        self.channels[id] = {"id": id, "is_archived": False, "is_member": True, "messages": [], **more}

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """What a channel shows, oldest first."""
        with self._lock:
            return [dict(message, channel=channel) for message in self.channels.get(channel, {}).get("messages", ())]

    def dms(self, user: str) -> list[dict[str, Any]]:
        return self.messages(_dm_of(user))

    def history(self) -> list[dict[str, Any]]:
        """Every message of every conversation, oldest first."""
        with self._lock:
            found = [message for id in self.channels for message in self.messages(id)]
        return sorted(found, key=lambda message: message["ts"])

    def delete(self, channel: str, ts: str) -> None:
        with self._lock:
            self.channels[channel]["messages"] = [m for m in self.channels[channel]["messages"] if m["ts"] != ts]

    def called(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def answer(self, method: str, token: str | None, form: dict[str, Any]) -> dict[str, Any]:
        """What a method answers to a call."""
        with self._lock:
            self.calls.append((method, form))
            if self.token_error:
                return no(self.token_error)
            if token != self.token:
                return no("invalid_auth" if token else "not_authed")
            if not self._may(NEEDED.get(method)):
                return {**no("missing_scope"), "needed": NEEDED[method], "provided": self.scopes}
            act = getattr(self, "_" + method.replace(".", "_"), None)
            return act(form) if act else no("unknown_method")

    def respond(self, form: dict[str, Any]) -> str | None:
        """Take the answer to a press; why it is refused, or None."""
        with self._lock:
            wrong = content_error(form)
            if not wrong:
                (self.replaced if form.get("replace_original") is True else self.whispers).append(form)
            return wrong

    def _may(self, scope: str | None) -> bool:
        return scope is None or scope in self.scopes.split(",")

    def _quiet_of(self, user: str) -> dict[str, Any]:
        # For those who set no hours Slack names a span that is none.
        return self.quiet.get(user, {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1})

    def _shown_user(self, user: dict[str, Any]) -> dict[str, Any]:
        hidden = () if self._may("users:read.email") else ("email",)
        return {**user, "profile": {key: one for key, one in user["profile"].items() if key not in hidden}}

    def _dnd_info(self, form: dict[str, Any]) -> dict[str, Any]:
        user = form.get("user", "")
        return {"ok": True, **self._quiet_of(user)} if user in self.users else no("user_not_found")

    def _users_lookupByEmail(self, form: dict[str, Any]) -> dict[str, Any]:
        email = form.get("email", "").casefold()
        for user in self.users.values():
            if email and user["profile"].get("email", "").casefold() == email and not user["deleted"]:
                return {"ok": True, "user": self._shown_user(user)}
        return no("users_not_found")

    def _users_list(self, form: dict[str, Any]) -> dict[str, Any]:
        start, size = int(form.get("cursor") or 0), min(int(form.get("limit") or 100), self.page)
        everybody = [self._shown_user(user) for user in self.users.values()]
        more = str(start + size) if len(everybody) > start + size else ""
        return {"ok": True, "members": everybody[start : start + size], "response_metadata": {"next_cursor": more}}

    def _views_publish(self, form: dict[str, Any]) -> dict[str, Any]:
        user, view = form.get("user_id", ""), parsed(form.get("view"))
        wrong = "user_not_found" if user not in self.users else view_error(view)
        if wrong or view["type"] != "home":
            return no(wrong or "invalid_arguments")
        self.homes[user] = {**view, "id": f"V0{user[1:]}"}
        self.published[user] += 1
        return {"ok": True, "view": self.homes[user]}

    def _views_open(self, form: dict[str, Any]) -> dict[str, Any]:
        trigger, view = str(form.get("trigger_id", "")), parsed(form.get("view"))
        if not re.fullmatch(r"\d+\.\d+\.\w+", trigger):
            return no("invalid_trigger_id" if trigger else "invalid_arguments")
        if trigger in self._exchanged:
            return no("exchanged_trigger_id")
        self._exchanged.add(trigger)
        wrong = view_error(view)
        if wrong or view["type"] != "modal":
            return no(wrong or "invalid_arguments")
        self.modals.append({**view, "id": f"V{len(self.modals):05d}"})
        return {"ok": True, "view": self.modals[-1]}

    def _views_update(self, form: dict[str, Any]) -> dict[str, Any]:
        view = parsed(form.get("view"))
        known = next((place for place, one in enumerate(self.modals) if one["id"] == form.get("view_id")), None)
        if known is None:
            return no("not_found")
        wrong = view_error(view)
        if wrong or view["type"] != "modal":
            return no(wrong or "invalid_arguments")
        self.modals[known] = {**view, "id": form["view_id"]}
        return {"ok": True, "view": self.modals[known]}

    def _auth_test(self, form: dict[str, Any]) -> dict[str, Any]:
        return {
            "ok": True, "url": "https://acme.slack.com/", "team": "acme", "team_id": "T0ACME", "user": "weir",
            "user_id": "U0WEIR", "bot_id": "B0WEIR", "is_enterprise_install": False,
        }  # fmt: skip

    def _apps_connections_open(self, form: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "url": self.url.replace("http", "ws", 1) + "link"}

    def _users_info(self, form: dict[str, Any]) -> dict[str, Any]:
        user = self.users.get(form.get("user", ""))
        return {"ok": True, "user": self._shown_user(user)} if user else no("user_not_found")

    def _conversations_open(self, form: dict[str, Any]) -> dict[str, Any]:
        user = self.users.get(form.get("users", ""))
        if user is None:
            return no("user_not_found")
        if user["deleted"]:
            return no("user_disabled")
        if user["is_bot"]:
            return no("cannot_dm_bot")
        if _dm_of(user["id"]) not in self.channels:
            self.add_channel(_dm_of(user["id"]), is_im=True, user=user["id"])
        return {"ok": True, "no_op": True, "channel": {"id": _dm_of(user["id"])}}

    def _chat_postMessage(self, form: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(form.get("channel", ""))
        wrong = _channel_error(channel) or content_error(form) or _metadata_error(form)
        if wrong or channel is None:
            return no(wrong or "channel_not_found")
        message = {
            "type": "message", "subtype": "bot_message", "bot_id": "B0WEIR", "ts": self._next_ts(),
            "text": form["text"], "blocks": parsed(form.get("blocks")) or [],
        }  # fmt: skip
        if form.get("metadata"):
            message["metadata"] = parsed(form["metadata"])
        channel["messages"].append(message)
        return {"ok": True, "channel": channel["id"], "ts": message["ts"], "message": _shown(message, False)}

    def _chat_postEphemeral(self, form: dict[str, Any]) -> dict[str, Any]:
        wrong = _channel_error(self.channels.get(form.get("channel", ""))) or content_error(form)
        return no(wrong) if wrong else {"ok": True, "message_ts": self._next_ts()}

    def _chat_update(self, form: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(form.get("channel", ""))
        wrong = _channel_error(channel) or content_error(form)
        if wrong or channel is None:
            return no(wrong or "channel_not_found")
        message = next((one for one in channel["messages"] if one["ts"] == form.get("ts")), None)
        if message is None:
            return no("message_not_found")
        edits = message.get("edits", 0) + 1
        message.update(text=form["text"], blocks=parsed(form.get("blocks")) or [], edits=edits)
        return {"ok": True, "channel": channel["id"], "ts": message["ts"], "text": message["text"]}

    def _conversations_history(self, form: dict[str, Any]) -> dict[str, Any]:
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

    def _next_ts(self) -> str:
        self._posted += 1
        at = int(self.now if self.now is not None else time.time())
        return f"{at}.{self._posted:06d}"


def _dm_of(user: str) -> str:
    return "D" + user[1:]


def no(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}


def _shown(message: dict[str, Any], full: bool) -> dict[str, Any]:
    return {key: value for key, value in message.items() if full or key != "metadata"}


def _channel_error(channel: dict[str, Any] | None) -> str | None:
    if channel is None:
        return "channel_not_found"
    if channel["is_archived"]:
        return "is_archived"
    return None if channel["is_member"] else "not_in_channel"


def _metadata_error(form: dict[str, Any]) -> str | None:
    metadata = parsed(form.get("metadata"))
    if metadata is None:
        return None
    fine = isinstance(metadata, dict) and set(metadata) == {"event_type", "event_payload"}
    return None if fine and isinstance(metadata["event_payload"], dict) else "invalid_metadata_format"
