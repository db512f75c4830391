"""What Slack sends when people do something, alike through signed HTTP and through Socket Mode."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Generic, TypeVar

R = TypeVar("R")
Json = dict[str, Any]

TEAM, NOW = "T0ACME", 1_772_000_000
_numbers = count(1)


def trigger_id() -> str:
    """One that was not used yet."""
    return f"{next(_numbers)}.{NOW}.abc"


def command(text: str, user: str, channel: str = "C0TEAM") -> Json:
    return {"command": "/flow", "text": text, "user_id": user, "team_id": TEAM, "channel_id": channel,
            "trigger_id": trigger_id()}  # fmt: skip


def event_callback(event: Json, event_id: str | None = None) -> Json:
    """An event in the wrapping of the Events API."""
    return {"type": "event_callback", "team_id": TEAM, "api_app_id": "A0WEIR", "event": event, "event_time": NOW,
            "event_id": event_id or f"Ev{next(_numbers):06d}",
            "authorizations": [{"team_id": TEAM, "user_id": "U0WEIR", "is_bot": True}]}  # fmt: skip


def block_actions(action: Json, user: str, response_url: str, shown: Json, channel: str | None = None) -> Json:
    """A press on something that is shown: a message (with `ts` where it is kept), a home or a modal."""
    told = {"type": "block_actions", **_who(user), "actions": [action], "state": _state([action])}
    if shown.get("type") in ("home", "modal"):
        view = _view(shown, told["state"]["values"])
        return {**told, "view": view, "container": {"type": "view", "view_id": view["id"]}}
    channel = channel or shown.get("channel") or "C0TEAM"
    place = {"type": "message", "message_ts": shown.get("ts") or f"{NOW}.{next(_numbers):06d}", "channel_id": channel,
             "is_ephemeral": "ts" not in shown}  # fmt: skip
    told.update(container=place, channel={"id": channel, "name": "shop"}, response_url=response_url)
    # Of a message that only one person sees Slack tells the place alone.
    return {**told, "message": shown} if "ts" in shown else told


def view_submission(view: Json, values: Json, user: str) -> Json:
    """A modal sent off; `values` by the label (or block id) of each input, what is left out stays empty."""
    inputs = [(id, block) for id, block in _blocks(view) if block["type"] == "input"]
    unknown = set(values) - {name for id, block in inputs for name in (id, block["label"]["text"])}
    assert not unknown, f"there is no input {unknown}"
    filled = [acted(id, block["element"], values.get(id, values.get(block["label"]["text"]))) for id, block in inputs]
    return {"type": "view_submission", **_who(user), "view": _view(view, _state(filled)["values"]),
            "response_urls": []}  # fmt: skip


def acted(block_id: str, element: Json, value: Any = None) -> Json:
    """What Slack tells of an element that was pressed, or set to `value` (an option by its label)."""
    told = {**element, "block_id": block_id, "action_ts": f"{NOW}.{next(_numbers):06d}"}
    options = told.pop("options", []) + [one for group in told.pop("option_groups", []) for one in group["options"]]
    if element["type"] in ("checkboxes",):
        return {**told, "selected_options": [_option(options, one) for one in value or ()]}
    if options:
        return {**told, "selected_option": None if value is None else _option(options, value)}
    return told if element["type"] == "button" else {**told, _STATE_OF[element["type"]]: value}


_STATE_OF = {
    "users_select": "selected_user", "channels_select": "selected_channel", "datepicker": "selected_date",
    "conversations_select": "selected_conversation", "plain_text_input": "value",
}  # fmt: skip


def element_of(shown: Json, label: str, nth: int | None = None) -> tuple[str, Json]:
    """(block id, element) of what carries a label, a placeholder or an action id.

    Where several do, `nth` says which, from 0; without it there has to be one.
    """
    found = [(id, one) for id, one in _elements(shown) if label in _names(one)]
    assert found, f"nothing is called {label!r}, only {[_names(one) for _, one in _elements(shown)]}"
    assert nth is not None or len(found) == 1, f"{len(found)} are called {label!r}"
    return found[nth or 0]


def labels(shown: Json) -> list[str]:
    """The labels and placeholders of all that can be pressed; an overflow menu's is an ellipsis."""
    return [_names(one)[0] for _, one in _elements(shown)]


class Hands(Generic[R]):
    """What people do in Slack, sent through a door that says how; each comes back with that door's answer."""

    response_url: str = "http://127.0.0.1:9/respond"

    def send_command(self, payload: Json) -> R:
        raise NotImplementedError

    def send_interaction(self, payload: Json) -> R:
        raise NotImplementedError

    def send_event(self, payload: Json) -> R:
        raise NotImplementedError

    def press(self, action: Json, response_url: str | None = None, user: str = "U0ALICE", *, block_id: str = "b1",
              message: Json | None = None, channel: str | None = None) -> R:  # fmt: skip
        """Send an action as it is given, whatever its kind and state."""
        url = self.response_url if response_url is None else response_url
        return self.send_interaction(block_actions({"block_id": block_id, **action}, user, url, message or {}, channel))

    def press_in(self, shown: Json, label: str, user: str = "U0ALICE", *, nth: int | None = None) -> R:
        """Press a button of a message, a home or a modal."""
        return self._set(shown, label, None, user, nth)

    def choose(self, shown: Json, menu: str, option: str, user: str = "U0ALICE", *, nth: int | None = None) -> R:
        """Choose an option by its label."""
        return self._set(shown, menu, option, user, nth)

    def pick_user(self, shown: Json, label: str, whom: str, user: str = "U0ALICE", *, nth: int | None = None) -> R:
        return self._set(shown, label, whom, user, nth)

    def pick_date(self, shown: Json, label: str, day: str, user: str = "U0ALICE", *, nth: int | None = None) -> R:
        """`day` is YYYY-MM-DD."""
        return self._set(shown, label, day, user, nth)

    def submit(self, view: Json, values: Json, user: str = "U0ALICE") -> R:
        """Send a modal off; `values` by the inputs' labels."""
        return self.send_interaction(view_submission(view, values, user))

    def event(self, event: Json, event_id: str | None = None) -> R:
        """Something happened in the workspace."""
        return self.send_event(event_callback(event, event_id))

    def _set(self, shown: Json, label: str, value: str | None, user: str, nth: int | None) -> R:
        action = acted(*element_of(shown, label, nth), value)
        return self.send_interaction(block_actions(action, user, self.response_url, shown))


def _who(user: str) -> Json:
    return {"user": {"id": user, "username": user.lower(), "team_id": TEAM}, "team": {"id": TEAM, "domain": "acme"},
            "api_app_id": "A0WEIR", "trigger_id": trigger_id(), "is_enterprise_install": False}  # fmt: skip


def _view(view: Json, values: Json) -> Json:
    return {"id": "V0HOME", "hash": f"{NOW}.abc", "private_metadata": "", "callback_id": "", **view,
            "state": {"values": values}}  # fmt: skip


def _state(actions: list[Json]) -> Json:
    values: Json = {}
    for action in actions:
        kept = {key: one for key, one in action.items() if key in ("type", "value") or key.startswith("selected_")}
        if action.get("type") not in ("button", "overflow"):
            values.setdefault(action["block_id"], {})[action["action_id"]] = kept
    return {"values": values}


def _option(options: list[Json], label: str) -> Json:
    found = [one for one in options if one["text"]["text"] == label]
    assert found, f"there is no option {label!r}, only {[one['text']['text'] for one in options]}"
    return found[0]


def _blocks(shown: Json) -> Iterator[tuple[str, Json]]:
    """(block id, block); Slack gives those a name that have none."""
    for number, block in enumerate(shown["blocks"]):
        yield block.get("block_id", f"b{number}"), block


def _elements(shown: Json) -> Iterator[tuple[str, Json]]:
    for id, block in _blocks(shown):
        row = block["elements"] if block["type"] == "actions" else (block.get("accessory"), block.get("element"))
        yield from ((id, one) for one in row if one)


def _names(element: Json) -> list[str]:
    label = element.get("text") or element.get("placeholder") or {"text": "…"}
    return [label["text"], element["action_id"]]
