"""What the page shows, as JSON, and what is done on it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from rich.emoji import Emoji

from bot.local.hands import Hands, Refused
from bot.local.installed import Installed
from bot.local.payloads import APP_USER
from bot.local.server import Slack
from bot.local.workspace import dm_of

Json = dict[str, Any]
SHOWN = 100
"""Messages of a conversation that are shown, the newest."""
LONGEST_LINE = 300
"""Characters of an error that are shown."""
IN_WORLD = ("do", "to", "act", "repo", "number", "title", "draft", "labels", "reviewers", "who", "team", "label")
"""What the world gets of an act in it."""
NOTICED = 60
"""Seconds for which a notification is shown to a page that comes late."""


class World(Protocol):
    """What goes on around the workspace, where something does."""

    def clock(self) -> Json:
        """How late it is, and whether time passes."""

    def host(self, user: str) -> Json:
        """The code host as somebody sees it."""

    def do(self, user: str, told: Json) -> None:
        """Do something with the clock or on the code host. Raises ValueError with one line that says what is wrong."""


class Desk:
    """One page for everybody in a workspace: each request says as whom."""

    def __init__(
        self, slack: Slack, app: Installed, verbs: Mapping[str, list[Json]], world: World | None = None,
        logins: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """`verbs` are what may follow each command (name, usage, does); `logins` people's on the code host."""
        self._slack, self._app, self._hands = slack, app, Hands(slack, app)
        self._verbs, self._world, self._logins = verbs, world, logins or {}

    def words(self) -> Json:
        """The commands and what may follow them."""
        return {"commands": [{"name": one.name, "does": one.description, "verbs": self._verbs.get(one.name, [])}
                             for one in self._app.commands]}  # fmt: skip

    def view(self, user: str, channel: str, thread: str | None) -> Json:
        """Everything that a person sees who has a conversation (and a thread in it) open.

        Nobody in particular is whoever has the newest unread direct message (else the newest), and sees that; for
        somebody else's direct conversation one's own is shown.
        """
        with self._slack.still():
            shown = self._seen_by(user, channel, thread)
        # The world has a lock of its own, and calls the workspace under it.
        clock, host = (self._world.clock(), self._world.host(shown["me"])) if self._world else (None, None)
        return {**shown, "clock": clock, "host": host}

    def _somebody(self) -> str:
        slack = self._slack
        return max(slack.users, key=lambda id: (slack.unread(id, dm_of(id)) > 0, slack.newest(dm_of(id))), default="")

    def _seen_by(self, user: str, channel: str, thread: str | None) -> Json:
        slack = self._slack
        if user not in slack.users:
            user = self._somebody()
            channel = channel or (dm_of(user) if slack.newest(dm_of(user)) else "")
        rooms = self._conversations(user)
        if channel not in {room["id"] for room in rooms}:
            channel = dm_of(user) if channel.startswith("D") else rooms[0]["id"]
        messages, replies = self._said(user, channel, thread)
        return {
            "seq": slack.seq, "me": user, "in": channel, "title": "acme",
            "app": {"id": APP_USER, "name": self._app.name, "reads": self._app.reads_messages},
            "people": [self._person(one) for one in self._people()],
            "conversations": rooms,
            "messages": messages,
            "thread": replies,
            "home": self._home(user),
            "modals": [_drawn(view) for view in slack.windows_of(user)],
            "notices": self._notices(user),
            "names": self._names(),
        }  # fmt: skip

    def do(self, told: Json) -> Json:
        """Do what the page asks for; what can't be done is said in one line."""
        try:
            _must_be_text(told)
            user, act = _text(told, "as"), self._acts().get(_text(told, "do"))
            if act is None:
                raise Refused(f"{_text(told, 'do')!r} is nothing that can be done; {', '.join(self._acts())} are.")
            if user not in self._slack.users:
                raise Refused(f"Nobody here is called {user or 'nobody'}.")
            return {"ok": True, **(act(user, told) or {})}
        except (Refused, ValueError) as error:
            line = " ".join(str(error).split())
            return {"ok": False, "error": line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …"}

    def _acts(self) -> dict[str, Callable[[str, Json], Json | None]]:
        return {
            "type": self._type, "act": self._act, "submit": self._submit, "close": self._close, "open": self._open,
            "seen": self._seen, "dismiss": self._dismiss, "clock": self._in_world, "host": self._in_world,
        }  # fmt: skip

    def _type(self, user: str, told: Json) -> None:
        self._hands.type(user, _text(told, "in"), _text(told, "text"), _text(told, "thread") or None)

    def _act(self, user: str, told: Json) -> None:
        block, action, value, state = _text(told, "block"), _text(told, "action"), told.get("value"), _state(told)
        if told.get("view"):
            self._hands.act_in_view(user, _text(told, "view"), block, action, value, state)
        else:
            self._hands.act(user, _text(told, "in"), _text(told, "ts"), block, action, value, state)

    def _submit(self, user: str, told: Json) -> Json:
        return {"errors": self._hands.submit(user, _text(told, "view"), _state(told))}

    def _close(self, user: str, told: Json) -> None:
        self._hands.close(user, _text(told, "view"))

    def _open(self, user: str, told: Json) -> None:
        self._hands.open_home(user, _text(told, "in") or "home")

    def _seen(self, user: str, told: Json) -> None:
        self._hands.saw(user, _text(told, "in"))

    def _dismiss(self, user: str, told: Json) -> None:
        self._hands.dismiss(user, _text(told, "ts"))

    def _in_world(self, user: str, told: Json) -> None:
        if self._world is None:
            raise Refused("There is no world around this workspace.")
        self._world.do(user, {key: told[key] for key in IN_WORLD if key in told})

    # What is shown.

    def _conversations(self, user: str) -> list[Json]:
        slack = self._slack
        rooms = [{"id": id, "name": one.get("name") or id, "kind": "channel", "unread": slack.unread(user, id)}
                 for id, one in slack.channels.items() if not one.get("is_im")]  # fmt: skip
        own = {"id": dm_of(user), "name": self._app.name, "kind": "app", "unread": slack.unread(user, dm_of(user))}
        return [*sorted(rooms, key=lambda room: str(room["name"])), own]

    def _people(self) -> list[Json]:
        there = [one for one in self._slack.users.values() if not one["deleted"]]
        return sorted(there, key=lambda one: str(one["name"]))

    def _person(self, user: Json) -> Json:
        profile, now, room = user["profile"], self._slack.clock.now(), dm_of(user["id"])
        local = datetime.fromtimestamp(now, ZoneInfo(user["tz"]))
        over = 0 < profile["status_expiration"] <= now
        status = "" if over else Emoji.replace(f"{profile['status_emoji']} {profile['status_text']}".strip())
        return {
            "id": user["id"], "name": user["name"], "login": self._logins.get(user["id"]), "status": status,
            "unread": self._slack.unread(user["id"], room), "newest": self._slack.newest(room),
            "at": local.strftime("%a %H:%M"), "zone": user["tz"],
        }  # fmt: skip

    def _said(self, user: str, channel: str, thread: str | None) -> tuple[list[Json], list[Json] | None]:
        """(the newest of what a person sees in a conversation, a thread in it, where it is there); oldest first."""
        said = [*self._slack.channels.get(channel, {}).get("messages", ()), *self._slack.whispered(user, channel)]
        # Two instants of one second are told apart by the number behind it, as Slack's are.
        said.sort(key=lambda one: str(one["ts"]))
        replies = Counter(one["thread_ts"] for one in said if one.get("thread_ts"))

        def drawn(found: list[Json]) -> list[Json]:
            return [self._message(one, replies[one["ts"]]) for one in found]

        newest = [one for one in said if not one.get("thread_ts")][-SHOWN:]
        within = [one for one in said if thread and thread in (one["ts"], one.get("thread_ts"))]
        return drawn(newest), drawn(within) if within and within[0]["ts"] == thread else None

    def _message(self, said: Json, replies: int) -> Json:
        is_app = bool(said.get("bot_id") or said.get("private"))
        who = APP_USER if is_app else said["user"]
        return {
            "ts": said["ts"], "user": who, "name": self._app.name if is_app else self._slack.users[who]["name"],
            "is_app": is_app, "at": int(said["ts"].partition(".")[0]), "text": _shown(said.get("text") or ""),
            "blocks": _shown(said.get("blocks") or []), "edited": bool(said.get("edits")),
            "private": bool(said.get("private")), "thread_ts": said.get("thread_ts"), "replies": replies,
        }  # fmt: skip

    def _home(self, user: str) -> Json | None:
        view = self._slack.homes.get(user)
        return _drawn(view) if view else None

    def _notices(self, user: str) -> list[Json]:
        since = self._slack.machine.now() - NOTICED
        return [{"id": one.id, "in": one.channel, "who": one.who, "text": _shown(one.text)}
                for one in list(self._slack.notices) if one.user == user and one.at >= since]  # fmt: skip

    def _names(self) -> dict[str, str]:
        people = {id: str(one["name"]) for id, one in self._slack.users.items()}
        rooms = {id: str(one["name"]) for id, one in self._slack.channels.items() if one.get("name")}
        return {**people, **rooms, APP_USER: self._app.name}


def _must_be_text(told: Json) -> None:
    """Raises Refused for what no browser sends: characters that are none."""
    try:
        json.dumps(told, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise Refused("That holds something that is no text.") from None
    if "\\u0000" in json.dumps(told):
        raise Refused("That holds a character that can't be sent.")


def _text(told: Json, key: str) -> str:
    value = told.get(key)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{key!r} has to be a text.")
    return value or ""


def _state(told: Json) -> dict[str, dict[str, Any]]:
    state = told.get("state") or {}
    if not isinstance(state, dict) or not all(isinstance(one, dict) for one in state.values()):
        raise Refused("'state' has to hold the values by block and action.")
    return state


def _drawn(view: Json) -> Json:
    told = {key: view[key] for key in ("id", "title", "submit", "close", "callback_id") if key in view}
    return {**_shown(told), "blocks": _shown(view["blocks"]), "errors": {}}


def _shown(told: Any) -> Any:
    """The same with the codes of emoji replaced by their characters, in everything that people read."""
    if isinstance(told, str):
        return Emoji.replace(told) if ":" in told else told
    if isinstance(told, list):
        return [_shown(one) for one in told]
    if isinstance(told, dict) and told.get("emoji") is False:
        return told
    if isinstance(told, dict) and told.get("type") == "emoji" and not told.get("unicode"):
        return {**told, "type": "text", "text": Emoji.replace(f":{told['name']}:")}
    if isinstance(told, dict):
        return {key: _shown(one) if key not in _NOT_READ else one for key, one in told.items()}
    return told


_NOT_READ = frozenset({"value", "action_id", "block_id", "url", "image_url", "type", "id", "name", "callback_id"})
