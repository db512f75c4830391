"""One workspace: its people, its conversations and what was said in them, homes and windows, and who saw what."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, NamedTuple

from bot.clock import Clock, SystemClock
from bot.local.changes import Changes
from bot.local.kept import Shelf
from bot.local.passes import Addresses, Answering, Triggers
from bot.local.payloads import APP_USER, BOT

Json = dict[str, Any]

PROFILE = {"status_text": "", "status_emoji": "", "status_expiration": 0}
STACK = 3
"""Most windows on top of each other."""


class Notice(NamedTuple):
    """A desktop notification, for one person; `at` by the machine's clock."""

    id: int
    user: str
    channel: str
    who: str
    """Who said it."""
    text: str
    at: int


@dataclass
class Workspace(Changes):
    """What is there and what was said. Messages are dicts as Slack tells them; one that only one person sees is
    `private` and belongs to a `user`.
    """

    users: dict[str, Json] = field(default_factory=dict)
    channels: dict[str, Json] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    """The home view that each person sees."""
    quiet: dict[str, Json] = field(default_factory=dict)
    """What dnd.info answers for a person."""
    clock: Clock = field(default_factory=SystemClock)
    """Stamps what is said."""
    machine: Clock = field(default_factory=SystemClock)
    """Measures how long triggers and addresses for answers live."""
    shelf: Shelf | None = None
    """Where it outlives the process."""
    app_name: str = "Weir"

    def __post_init__(self) -> None:
        Changes.__init__(self)
        self.posts = 0
        """How many messages the app posted since the start."""
        self._stamps = 0
        self.private: list[Json] = []
        """Messages that only one person sees, oldest first."""
        self.windows: dict[str, list[Json]] = {}
        """Each person's open modals, the top one last."""
        self.seen: dict[str, str] = {}
        """`user channel` → the newest message that they have seen."""
        self.notices: deque[Notice] = deque(maxlen=200)
        self._noted = 0
        self._triggers, self._addresses = Triggers(), Addresses()
        if self.shelf:
            self._restore(self.shelf)

    # People and places.

    def add_user(self, id: str, profile: Json | None = None, **more: Any) -> None:
        """`profile` may have `email`, `status_text`, `status_emoji`, `status_expiration`; what is left out is empty."""
        with self._lock:
            self.users[id] = {
                "id": id, "name": id.lower(), "real_name": "", "deleted": False, "is_bot": False, "is_admin": False,
                "is_owner": False, "tz": "Europe/Berlin", **more, "profile": {**PROFILE, **(profile or {})},
            }  # fmt: skip
            self._keep("user", id, self.users[id])
            self.touch()

    def add_channel(self, id: str, **more: Any) -> None:
        channel = {"id": id, "is_archived": False, "is_member": True, **more}
        with self._lock:
            self.channels[id] = {**channel, "messages": []}
            self._keep("channel", id, channel)
            self.touch()

    def set_status(self, user: str, text: str = "", emoji: str = "", until: int = 0) -> None:
        """`until` 0 is a status that does not expire."""
        with self._lock:
            self.users[user]["profile"].update(status_text=text, status_emoji=emoji, status_expiration=until)
            self._keep("user", user, self.users[user])
            self.touch()

    def set_quiet_hours(self, user: str, start: int, end: int) -> None:
        """The span, now or next, in which Slack shows somebody nothing."""
        self.quiet[user] = {"dnd_enabled": True, "next_dnd_start_ts": start, "next_dnd_end_ts": end}

    def set_snooze(self, user: str, end: int) -> None:
        """Somebody pauses notifications until `end`."""
        self.quiet[user] = {**self.quiet_of(user), "snooze_enabled": True, "snooze_endtime": end}

    def quiet_of(self, user: str) -> Json:
        """The hours in which somebody is shown nothing, as dnd.info tells them."""
        # For those who set no hours Slack names a span that is none.
        return self.quiet.get(user, {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1})

    def named(self, channel: str) -> Json:
        """A conversation as payloads name it."""
        name = self.channels.get(channel, {}).get("name")
        return {"id": channel, "name": "directmessage" if channel.startswith("D") else name or channel.lower()}

    def conversation_of(self, user: str) -> str:
        """The direct conversation of a person with the app; opened where it was not."""
        with self._lock:
            if dm_of(user) not in self.channels:
                self.add_channel(dm_of(user), is_im=True, user=user)
            return dm_of(user)

    # What is said.

    def messages(self, channel: str) -> list[Json]:
        """What a conversation shows to everybody in it, oldest first, replies too."""
        with self._lock:
            return [dict(message, channel=channel) for message in self.channels.get(channel, {}).get("messages", ())]

    def dms(self, user: str) -> list[Json]:
        return self.messages(dm_of(user))

    def history(self) -> list[Json]:
        """Every message of every conversation, oldest first."""
        with self._lock:
            found = [message for id in self.channels for message in self.messages(id)]
        return sorted(found, key=lambda message: message["ts"])

    def message(self, channel: str, ts: str) -> Json | None:
        """A message as it is now; None where it is not there."""
        with self._lock:
            found = self._message(channel, ts)
            return dict(found) if found else None

    def _message(self, channel: str, ts: str) -> Json | None:
        said = self.channels.get(channel, {}).get("messages", [])
        return next((one for one in reversed(said) if one["ts"] == ts), None)

    def post(self, channel: str, said: Json) -> Json:
        """Say something as the app. The message as it is kept."""
        with self._lock:
            whose = {"subtype": "bot_message", "bot_id": BOT, "user": APP_USER}
            message = self._say(channel, {"type": "message", **whose, **said})
            self.posts += 1
            self.touch()
            return message

    def say_as(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Json:
        """A person says something."""
        with self._lock:
            said = {"type": "message", "user": user, "text": text, "blocks": []}
            message = self._say(channel, {**said, "thread_ts": thread_ts} if thread_ts else said)
            self.touch()
            return message

    def _say(self, channel: str, said: Json) -> Json:
        message = {**said, "ts": self.next_ts()}
        self.channels[channel]["messages"].append(message)
        self._keep("message", f"{channel} {message['ts']}", message)
        self._notify(channel, message)
        return dict(message)

    def edit(self, channel: str, ts: str, **anew: Any) -> Json | None:
        """Show something else in place of a message; None where it is not there."""
        with self._lock:
            message = self._message(channel, ts)
            if message is not None:
                message.update(anew, edits=message.get("edits", 0) + 1)
                self._keep("message", f"{channel} {ts}", message)
                self.touch()
            return dict(message) if message else None

    def delete(self, channel: str, ts: str) -> None:
        with self._lock:
            self.channels[channel]["messages"] = [m for m in self.channels[channel]["messages"] if m["ts"] != ts]
            self._keep("message", f"{channel} {ts}", None)
            self.touch()

    def whisper(self, channel: str, user: str, said: Json) -> str:
        """Say something that only one person sees, and that is gone with the process."""
        with self._lock:
            ts = self.next_ts()
            self.private.append(
                {"type": "message", "user": user, "channel": channel, "private": True, **said, "ts": ts}
            )
            self.touch()
            return ts

    def replace_whisper(self, ts: str, said: Json | None) -> bool:
        """Put something else, or nothing, in the place of what only one person sees; whether it was there."""
        with self._lock:
            found = [one for one in self.private if one["ts"] == ts]
            for one in found:
                if said is None:
                    self.private.remove(one)
                else:
                    one.update(said)
            self.touch()
            return bool(found)

    def whisper_to(self, user: str, ts: str) -> Json | None:
        """A message that only this person sees; None where it is not there."""
        with self._lock:
            return next((dict(one) for one in self.private if (one["user"], one["ts"]) == (user, ts)), None)

    def whispered(self, user: str, channel: str) -> list[Json]:
        """What only this person sees in a conversation, oldest first."""
        with self._lock:
            return [dict(one) for one in self.private if (one["user"], one["channel"]) == (user, channel)]

    def next_ts(self) -> str:
        with self._lock:
            self._stamps += 1
            self._keep("count", "stamps", self._stamps)
            return f"{self.clock.now()}.{self._stamps:06d}"

    # Who saw what.

    def saw(self, user: str, channel: str) -> None:
        """Somebody has read a conversation up to its end."""
        with self._lock:
            said = self.channels.get(channel, {}).get("messages", ())
            if said and self.seen.get(f"{user} {channel}") != said[-1]["ts"]:
                self.seen[f"{user} {channel}"] = said[-1]["ts"]
                self._keep("seen", f"{user} {channel}", said[-1]["ts"])
                self.touch()

    def newest(self, channel: str) -> str:
        """The timestamp of the last message of a conversation; empty where nothing was said."""
        with self._lock:
            said = self.channels.get(channel, {}).get("messages", ())
            return str(said[-1]["ts"]) if said else ""

    def unread(self, user: str, channel: str) -> int:
        """How many messages of others somebody has not seen yet."""
        with self._lock:
            last = self.seen.get(f"{user} {channel}", "")
            said = self.channels.get(channel, {}).get("messages", [])
            fresh = takewhile(lambda one: one["ts"] > last, reversed(said))
            return sum(1 for one in fresh if one.get("user") != user)

    def _notify(self, channel: str, message: Json) -> None:
        # As people's desktops are set at first: direct messages and mentions.
        said, author = f"{message.get('text')}{message.get('blocks')}", message["user"]
        owner = self.channels[channel].get("user")
        for user in [owner] if owner else [id for id in self.users if f"<@{id}>" in said or f"<@{id}|" in said]:
            if user != author:
                self._noted += 1
                who = self.app_name if author == APP_USER else self.users[author]["name"]
                self.notices.append(
                    Notice(self._noted, user, channel, who, str(message.get("text")), self.machine.now())
                )

    # What people's acts come with.

    def issue_trigger(self, user: str) -> str:
        """What lets an app open one window for somebody who did something just now."""
        with self._lock:
            return self._triggers.issue(user, self.machine.now())

    def spend_trigger(self, trigger: str) -> str:
        """The person whose trigger it is. Raises BadTrigger."""
        with self._lock:
            return self._triggers.spend(trigger, self.machine.now())

    def issue_answering(self, channel: str, user: str, ts: str | None) -> str:
        """The key of a new address for answers to what somebody did."""
        with self._lock:
            return self._addresses.issue(Answering(channel, user, ts), self.machine.now())

    def answering(self, key: str) -> Answering:
        """What an address for answers belongs to, one answer fewer. Raises BadAddress."""
        with self._lock:
            return self._addresses.take(key, self.machine.now())

    # Homes and windows.

    def show_home(self, user: str, view: Json) -> Json:
        with self._lock:
            self.homes[user] = {**view, "id": f"V0{user[1:]}", "hash": self._hash()}
            self._keep("home", user, self.homes[user])
            self.touch()
            return self.homes[user]

    def open_window(self, user: str, view: Json) -> Json | None:
        """Open a modal on top of those somebody has open; None where the stack is full."""
        with self._lock:
            stack = self.windows.setdefault(user, [])
            if len(stack) >= STACK:
                return None
            stack.append({**view, "id": f"V{secrets.token_hex(5).upper()}", "hash": self._hash()})
            self.touch()
            return stack[-1]

    def window(self, view_id: str) -> tuple[str, Json] | None:
        """(whose it is, an open modal)"""
        with self._lock:
            found = ((user, one) for user, stack in self.windows.items() for one in stack if one["id"] == view_id)
            return next(found, None)

    def update_window(self, view_id: str, view: Json) -> Json | None:
        """Show something else in an open modal; None where it is not open."""
        with self._lock:
            known = self.window(view_id)
            if known is None:
                return None
            user, before = known
            anew = {**view, "id": view_id, "hash": self._hash()}
            self.windows[user] = [anew if one is before else one for one in self.windows[user]]
            self.touch()
            return anew

    def windows_of(self, user: str) -> list[Json]:
        """What somebody has open, the top one last."""
        with self._lock:
            return list(self.windows.get(user, ()))

    def close_window(self, user: str, view_id: str | None = None) -> None:
        """Close a modal, or all that somebody has open."""
        with self._lock:
            stack = self.windows.get(user, [])
            self.windows[user] = [one for one in stack if view_id is not None and one["id"] != view_id]
            self.touch()

    def _hash(self) -> str:
        return f"{self.machine.now()}.{secrets.token_hex(4)}"

    # What outlives the process.

    def _keep(self, kind: str, key: str, value: Any) -> None:
        if self.shelf:
            self.shelf.put(kind, key, value)

    def _restore(self, shelf: Shelf) -> None:
        for _, user in shelf.all("user"):
            self.users[user["id"]] = user
        for _, channel in shelf.all("channel"):
            self.channels[channel["id"]] = {**channel, "messages": []}
        for key, message in shelf.all("message"):
            self.channels[key.partition(" ")[0]]["messages"].append(message)
        for channel in self.channels.values():
            channel["messages"].sort(key=lambda one: one["ts"])
        self.homes.update(shelf.all("home"))
        self.seen.update(shelf.all("seen"))
        self._stamps = shelf.get("count", "stamps") or 0


def dm_of(user: str) -> str:
    return "D" + user[1:]
