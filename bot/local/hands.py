"""What people do: type, press, choose, send forms off, open a home. The app is told as Slack tells it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from itertools import count
from typing import Any

from bot.local import payloads, values
from bot.local.installed import Installed, Reply
from bot.local.limits import content_error, view_error
from bot.local.payloads import APP_USER, NoSuchThing
from bot.local.server import Slack
from bot.local.workspace import STACK, dm_of

Json = dict[str, Any]
Values = Mapping[str, Mapping[str, Any]]

SENDINGS = (0, 0, 60, 300)
"""Seconds to wait before an event is sent, and sent again where the app did not take it."""
MOST_TYPED = 40_000
ANSWERS = (None, "clear", "errors", "push", "update")
"""What an app can answer to a form that is sent off."""


class Refused(Exception):
    """It can't be done; says why in one line."""


class Hands:
    """People's hands in a workspace in which one app is installed."""

    def __init__(self, slack: Slack, app: Installed) -> None:
        self._slack, self._app = slack, app
        self._numbers = count(1)

    def type(self, user: str, channel: str, text: str, thread: str | None = None) -> None:
        """Send a line off: a command, or a message. Raises Refused."""
        self._must_be_in(user, channel)
        if self._slack.channels[channel]["is_archived"]:
            raise Refused("That channel is archived; nobody can write in it.")
        root = self._slack.message(channel, thread) if thread else None
        if thread and (root is None or root.get("thread_ts")):
            raise Refused("The message that this would answer is not there any more.")
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
        told = self._acted(user, shown["blocks"], block, action, value, state)
        key = self._slack.issue_answering(place, user, ts)
        self._tell(
            payloads.press_in_message(
                told[0], user, self._slack.issue_trigger(user), shown, self._slack.named(place),
                self._slack.response_address(key), told[1],
            )
        )  # fmt: skip

    def act_in_view(self, user: str, view: str, block: str, action: str, value: Any, state: Values) -> None:
        """Press or set something in one's home or in an open modal. Raises Refused."""
        shown = self._view(user, view)
        told = self._acted(user, shown["blocks"], block, action, value, state)
        self._tell(payloads.press_in_view(told[0], user, self._slack.issue_trigger(user), shown, told[1]))

    def submit(self, user: str, view: str, state: Values) -> dict[str, str]:
        """Send a modal off; what is wrong, by block id. Raises Refused."""
        shown = self._window(user, view)
        try:
            self._must_fit(user, shown["blocks"], state)
            held = payloads.filled(shown["blocks"], state, self._stamp())
        except NoSuchThing as error:
            raise Refused(f"That can't be sent off: {error}.") from None
        wrong = _wrong_inputs(shown["blocks"], state)
        if wrong:
            return wrong
        reply = self._app.interaction(payloads.view_submission(shown, held, user, self._slack.issue_trigger(user)))
        return self._sent(user, shown, reply)

    def close(self, user: str, view: str) -> None:
        """Close a modal without sending it off. Raises Refused."""
        shown = self._window(user, view)
        self._slack.close_window(user, view)
        if shown.get("notify_on_close"):
            self._tell(payloads.view_closed(shown, user, self._slack.issue_trigger(user)))

    def open_home(self, user: str, tab: str = "home") -> None:
        """Look at the app's `home`, or the `messages` beside it. Raises Refused."""
        if user not in self._slack.users:
            raise Refused(f"Nobody here is called {user or 'nobody'}.")
        if tab not in ("home", "messages"):
            raise Refused("Only the home and the messages of the app can be opened.")
        known = self._slack.homes.get(user)
        event = {"type": "app_home_opened", "user": user, "channel": self._slack.conversation_of(user), "tab": tab,
                 "event_ts": self._stamp(), **({"view": known} if known else {})}  # fmt: skip
        self._happened(event, "app_home_opened")

    def dismiss(self, user: str, ts: str) -> None:
        """Have a message that only oneself sees go away."""
        if self._slack.whisper_to(user, ts):
            self._slack.replace_whisper(ts, None)

    def saw(self, user: str, channel: str) -> None:
        """Have read a conversation up to its end. Raises Refused."""
        self._must_be_in(user, channel)
        self._slack.saw(user, channel)

    # What is typed.

    def _command(self, user: str, channel: str, text: str, thread: str | None) -> None:
        name, rest = [*text.split(maxsplit=1), ""][:2]
        command = next((one for one in self._app.commands if one.name == name), None)
        if command is None:
            known = ", ".join(one.name for one in self._app.commands)
            raise Refused(f"{name} is not a command here. {known} is. A message does not begin with a slash.")
        if thread:
            raise Refused(f"{name} does not work in threads, as no command of Slack's apps does.")
        key = self._slack.issue_answering(channel, user, None)
        payload = payloads.command(
            name, self._escaped(rest) if command.escapes else rest, user, self._slack.named(channel),
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
        with self._slack.still():
            people = {str(one["name"]).casefold(): id for id, one in self._slack.users.items()}
            rooms = {str(one["name"]).casefold(): id for id, one in self._slack.channels.items() if one.get("name")}
        people[self._app.name.casefold()] = APP_USER

        def meant(found: re.Match[str]) -> str:
            known, name = people if found[1] == "@" else rooms, found[2]
            while name and name.casefold() not in known and name[-1] in ".-_":
                name = name[:-1]  # the sign ends a sentence
            id_ = known.get(name.casefold())
            return f"<{found[1]}{id_}|{name}>{found[2][len(name) :]}" if id_ else found[0]

        return re.sub(r"(?<![\w/&;#@])([@#])([\w.-]+)", meant, text)

    # What is pressed.

    def _shown(self, user: str, channel: str, ts: str) -> Json:
        self._must_be_in(user, channel)
        shown = self._slack.whisper_to(user, ts) or self._slack.message(channel, ts)
        if shown is not None and shown.get("channel", channel) != channel:
            shown = None
        if shown is None:
            raise Refused("That message is not there any more.")
        return {**shown, "blocks": payloads.named(shown.get("blocks", ()))}

    def _view(self, user: str, view: str) -> Json:
        home = self._slack.homes.get(user)
        return home if home and home["id"] == view else self._window(user, view)

    def _window(self, user: str, view: str) -> Json:
        """An open window, with its place among those below it."""
        stack = self._slack.windows_of(user)
        place = next((place for place, one in enumerate(stack) if one["id"] == view), None)
        if place is None:
            raise Refused("That window is closed already.")
        below = stack[place - 1]["id"] if place else None
        return {**stack[place], "root_view_id": stack[0]["id"], "previous_view_id": below}

    def _acted(
        self, user: str, blocks: list[Json], block: str, action: str, value: Any, state: Values
    ) -> tuple[Json, Json]:
        """(the action, what everything beside it holds). Raises Refused."""
        at, held = self._stamp(), {**state, block: {**state.get(block, {}), action: value}}
        try:
            element = payloads.element_at(blocks, block, action)
            if any(one["block_id"] == block and not _tells(one) for one in payloads.named(blocks)):
                raise NoSuchThing("it is sent off with its form")
            self._must_fit(user, blocks, held)
            return payloads.acted(block, element, value, at), payloads.filled(blocks, held, at)
        except NoSuchThing as error:
            raise Refused(f"That can't be pressed: {error}.") from None

    def _must_fit(self, user: str, blocks: list[Json], state: Values) -> None:
        """Raises NoSuchThing where something is held that can't be."""
        with self._slack.still():
            rooms = {id for id, one in self._slack.channels.items() if not one.get("is_im")}
            there = values.There(set(self._slack.users), rooms, {*rooms, dm_of(user)})
        for block, element in payloads.elements(blocks):
            if element["action_id"] in state.get(block, {}):
                values.must_fit(element, state[block][element["action_id"]], there)

    def _tell(self, payload: Json) -> None:
        trouble = self._app.interaction(payload).trouble
        if trouble:
            raise Refused(f"{self._app.name} did not answer to that: {trouble}.")

    def _sent(self, user: str, view: Json, reply: Reply) -> dict[str, str]:
        """What becomes of a modal that was sent off."""
        action = reply.told.get("response_action")
        trouble = reply.trouble or (None if action in ANSWERS else f"the answer's response_action is {action!r:.40}")
        if action == "errors" and not trouble:
            errors = reply.told.get("errors")
            inputs = {one["block_id"] for one in payloads.named(view["blocks"]) if one["type"] == "input"}
            if isinstance(errors, dict) and errors and set(errors) <= inputs:
                return {block: str(text) for block, text in errors.items()}
            trouble = "the answer's errors are at none of the inputs"
        if trouble:
            raise Refused(f"We had some trouble connecting ({trouble}). Try again?")
        if action in ("update", "push"):
            self._put(user, view["id"], action, reply.told.get("view"))
        else:
            self._slack.close_window(user, None if action == "clear" else view["id"])
        return {}

    def _put(self, user: str, view: str, action: str, shown: Any) -> None:
        wrong = view_error(shown) or (None if shown["type"] == "modal" else "it is no modal")
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
        at = self._slack.machine.now()
        payload = payloads.event_callback(event, f"Ev{at}{next(self._numbers):06d}", at)

        def send() -> None:
            trouble = None
            for number, pause in enumerate(SENDINGS):
                if self._slack.rest(pause):
                    return
                trouble = self._app.event(payload, number, trouble).trouble
                if trouble is None:
                    return

        threading.Thread(target=send, name="event", daemon=True).start()

    def _stamp(self) -> str:
        return f"{self._slack.machine.now()}.{next(self._numbers):06d}"


def _tells(block: Json) -> bool:
    """Whether the app is told at once of what is set in a block."""
    return bool(block["type"] != "input" or block.get("dispatch_action"))


def _wrong_inputs(blocks: list[Json], state: Values) -> dict[str, str]:
    """What Slack says at each input that has to be filled in and is not, or that holds what it does not take."""
    found = {}
    for block in payloads.named(blocks):
        if block["type"] != "input":
            continue
        element, held = block["element"], state.get(block["block_id"], {})
        value = held[element["action_id"]] if element["action_id"] in held else payloads.initial(element)
        missing = value in (None, "", []) and not block.get("optional")
        wrong = "Please complete this required field." if missing else values.wrong_with(element, value)
        if wrong:
            found[block["block_id"]] = wrong
    return found
