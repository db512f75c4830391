"""What people do: type, press, choose, send forms off, open a home. The app is told as Slack tells it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from bot.local import payloads
from bot.local.installed import Installed, Reply
from bot.local.limits import content_error, view_error
from bot.local.payloads import APP_USER, NoSuchThing
from bot.local.server import Slack
from bot.local.workspace import STACK, dm_of

Json = dict[str, Any]
Values = Mapping[str, Mapping[str, Any]]

RETRIES = (0, 60, 300)
"""Seconds before an event that an app did not take is sent again."""
MOST_TYPED = 40_000


class Refused(Exception):
    """It can't be done; says why in one line."""


class Hands:
    """People's hands in a workspace in which one app is installed."""

    def __init__(self, slack: Slack, app: Installed) -> None:
        self._slack, self._app = slack, app
        self._events = 0

    def type(self, user: str, channel: str, text: str, thread: str | None = None) -> None:
        """Send a line off: a command, or a message. Raises Refused."""
        self._must_be_in(user, channel)
        text = text.strip()
        if not text:
            raise Refused("There is nothing to send yet.")
        if len(text) > MOST_TYPED:
            raise Refused(f"That is {len(text):,} characters; Slack takes {MOST_TYPED:,}.")
        if text.startswith("/"):
            self._command(user, channel, text, thread)
        else:
            self._say(user, channel, text, thread)

    def act(self, user: str, place: str, ts: str, block: str, action: str, value: Any, state: Values) -> None:
        """Press or set something in a message that the person sees. Raises Refused."""
        shown = self._shown(user, place, ts)
        key = self._slack.issue_answering(place, user, ts)
        told = self._acted(shown["blocks"], block, action, value, state)
        self._tell(
            payloads.press_in_message(
                told[0], user, self._slack.issue_trigger(user), shown, self._slack.named(place),
                self._slack.response_address(key), told[1],
            )
        )  # fmt: skip

    def act_in_view(self, user: str, view: str, block: str, action: str, value: Any, state: Values) -> None:
        """Press or set something in one's home or in an open modal. Raises Refused."""
        shown = self._view(user, view)
        told = self._acted(shown["blocks"], block, action, value, state)
        self._tell(payloads.press_in_view(told[0], user, self._slack.issue_trigger(user), shown, told[1]))

    def submit(self, user: str, view: str, state: Values) -> dict[str, str]:
        """Send a modal off; what is wrong, by block id. Raises Refused."""
        shown = self._window(user, view)
        missing = _left_empty(shown["blocks"], state)
        if missing:
            return missing
        try:
            values = payloads.filled(shown["blocks"], state, self._stamp())
        except NoSuchThing as error:
            raise Refused(f"{error}.") from None
        reply = self._app.interaction(payloads.view_submission(shown, values, user, self._slack.issue_trigger(user)))
        return self._sent(user, view, reply)

    def close(self, user: str, view: str) -> None:
        """Close a modal without sending it off. Raises Refused."""
        shown = self._window(user, view)
        self._slack.close_window(user, view)
        if shown.get("notify_on_close"):
            self._tell(payloads.view_closed(shown, user, self._slack.issue_trigger(user)))

    def open_home(self, user: str, tab: str = "home") -> None:
        """Look at the app's home."""
        if user not in self._slack.users:
            raise Refused(f"Nobody here is called {user}.")
        known = self._slack.homes.get(user)
        event = {"type": "app_home_opened", "user": user, "channel": self._slack.conversation_of(user), "tab": tab,
                 "event_ts": self._stamp(), **({"view": known} if known else {})}  # fmt: skip
        self._happened(event, "app_home_opened")

    def dismiss(self, user: str, ts: str) -> None:
        """Have a message that only oneself sees go away."""
        if any(one["ts"] == ts and one["user"] == user for one in self._slack.private):
            self._slack.replace_whisper(ts, None)

    # What is typed.

    def _command(self, user: str, channel: str, text: str, thread: str | None) -> None:
        name, _, rest = text.partition(" ")
        command = next((one for one in self._app.commands if one.name == name), None)
        if command is None:
            known = ", ".join(one.name for one in self._app.commands)
            raise Refused(f"{name} is not a command here. {known} is. A message does not begin with a slash.")
        if thread:
            raise Refused(f"{name} does not work in threads, as no command of Slack's apps does.")
        key = self._slack.issue_answering(channel, user, None)
        payload = payloads.command(
            name, self._escaped(rest.strip()) if command.escapes else rest.strip(), user, self._slack.named(channel),
            self._slack.issue_trigger(user), self._slack.response_address(key),
        )  # fmt: skip
        self._answered(user, channel, name, self._app.command(payload))

    def _answered(self, user: str, channel: str, name: str, reply: Reply) -> None:
        if reply.trouble:
            raise Refused(f"{name} failed with the error “{reply.trouble}”.")
        if not reply.told:
            return
        wrong = content_error(reply.told)
        if wrong:
            raise Refused(f"{name} answered with something that Slack does not show: {wrong}.")
        said = {"text": reply.told["text"], "blocks": reply.told.get("blocks") or []}
        if reply.told.get("response_type") == "in_channel":
            self._slack.post(channel, said)
        else:
            self._slack.whisper(channel, user, said)

    def _say(self, user: str, channel: str, text: str, thread: str | None) -> None:
        direct = channel.startswith("D")
        if direct and not self._app.reads_messages:
            raise Refused(f"{self._app.name} does not read messages; it answers to {self._app.commands[0].name}.")
        said = self._slack.say_as(user, channel, self._escaped(text), thread)
        event = {**said, "channel": channel, "event_ts": said["ts"], "channel_type": "im" if direct else "channel"}
        event.pop("blocks")
        self._happened(event, "message.im" if direct else "message.channels")
        if f"<@{APP_USER}" in said["text"] and not direct:
            self._happened({**event, "type": "app_mention"}, "app_mention")

    def _escaped(self, text: str) -> str:
        """What was typed as Slack passes it on: no markup but its own, people and channels with their ids."""
        for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(sign, code)
        people = {one["name"].casefold(): id for id, one in self._slack.users.items()}
        people[self._app.name.casefold()] = APP_USER
        rooms = {str(one["name"]).casefold(): id for id, one in self._slack.channels.items() if one.get("name")}

        def meant(found: re.Match[str]) -> str:
            name = found[2].rstrip(".-_")
            id_ = (people if found[1] == "@" else rooms).get(name.casefold())
            return f"<{found[1]}{id_}|{name}>{found[2][len(name) :]}" if id_ else found[0]

        return re.sub(r"(?<![\w/&;#@])([@#])([\w.-]+)", meant, text)

    # What is pressed.

    def _shown(self, user: str, channel: str, ts: str) -> Json:
        self._must_be_in(user, channel)
        private = (one for one in self._slack.private if one["ts"] == ts and one["user"] == user)
        shown = next(private, None) or self._slack.message(channel, ts)
        if shown is None:
            raise Refused("That message is not there any more.")
        return {**shown, "blocks": payloads.named(shown.get("blocks", ()))}

    def _view(self, user: str, view: str) -> Json:
        home = self._slack.homes.get(user)
        return home if home and home["id"] == view else self._window(user, view)

    def _window(self, user: str, view: str) -> Json:
        known = self._slack.window(view)
        if known is None or known[0] != user:
            raise Refused("That window is closed already.")
        return known[1]

    def _acted(self, blocks: list[Json], block: str, action: str, value: Any, state: Values) -> tuple[Json, Json]:
        """(the action, what everything beside it holds)"""
        at = self._stamp()
        try:
            element = payloads.element_at(blocks, block, action)
            held = {**state, block: {**state.get(block, {}), action: value}}
            return payloads.acted(block, element, value, at), payloads.filled(blocks, held, at)
        except (NoSuchThing, TypeError, AttributeError) as error:
            raise Refused(f"That can't be pressed: {error}.") from None

    def _tell(self, payload: Json) -> None:
        trouble = self._app.interaction(payload).trouble
        if trouble:
            raise Refused(f"{self._app.name} did not answer to that: {trouble}.")

    def _sent(self, user: str, view: str, reply: Reply) -> dict[str, str]:
        """What becomes of a modal that was sent off."""
        if reply.trouble:
            raise Refused(f"We had some trouble connecting ({reply.trouble}). Try again?")
        action, shown = reply.told.get("response_action"), reply.told.get("view")
        if action == "errors":
            return {str(block): str(text) for block, text in (reply.told.get("errors") or {}).items()}
        if action in ("update", "push"):
            self._put(user, view, action, shown)
        else:
            self._slack.close_window(user, None if action == "clear" else view)
        return {}

    def _put(self, user: str, view: str, action: str, shown: Any) -> None:
        wrong = view_error(shown)
        if wrong:
            raise Refused(f"{self._app.name} answered with a window that Slack does not show: {wrong}.")
        if action == "update":
            self._slack.update_window(view, shown)
        elif self._slack.open_window(user, shown) is None:
            raise Refused(f"There are {STACK} windows on top of each other already; Slack shows no more.")

    # What is shared.

    def _must_be_in(self, user: str, channel: str) -> None:
        if user not in self._slack.users:
            raise Refused(f"Nobody here is called {user or 'nobody'}.")
        if channel not in self._slack.channels and channel != dm_of(user):
            raise Refused(f"There is no conversation {channel or 'without a name'}.")
        if channel.startswith("D") and channel != dm_of(user):
            raise Refused("That conversation is somebody else's.")
        if channel.startswith("D"):
            self._slack.conversation_of(user)

    def _happened(self, event: Json, subscription: str) -> None:
        """Tell the app of an event, if it asked for such, again where it does not take it."""
        if subscription not in self._app.events:
            return
        self._events += 1
        payload = payloads.event_callback(event, f"Ev{self._events:08d}{self._stamp()[-6:]}", self._slack.machine.now())

        def send() -> None:
            for number, pause in enumerate((0, *RETRIES)):
                if self._slack.rest(pause) or self._app.event(payload, number).trouble is None:
                    return

        threading.Thread(target=send, name="event", daemon=True).start()

    def _stamp(self) -> str:
        return f"{self._slack.machine.now()}.{self._events:06d}"


def _left_empty(blocks: list[Json], state: Values) -> dict[str, str]:
    """Slack's word at each input that has to be filled in and is not."""
    empty = {}
    for block in payloads.named(blocks):
        if block["type"] == "input" and not block.get("optional"):
            element = block["element"]
            held = state.get(block["block_id"], {})
            value = held[element["action_id"]] if element["action_id"] in held else payloads.initial(element)
            if value is None or value in ("", []):
                empty[block["block_id"]] = "Please complete this required field."
    return empty
