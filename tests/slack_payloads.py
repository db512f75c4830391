"""What the tests' people do in Slack, by what they see, alike through signed HTTP and through Socket Mode."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Generic, TypeVar

from bot.local import payloads
from bot.local.payloads import TEAM, acted, elements, filled, named, state_of

__all__ = ["TEAM", "Hands", "block_actions", "command", "element_of", "event_callback", "labels", "trigger_id"]

R = TypeVar("R")
Json = dict[str, Any]

NOW = 1_772_000_000
_numbers = count(1)


def trigger_id() -> str:
    """One that was not used yet."""
    return f"{next(_numbers)}.{NOW}.abc"


def _ts() -> str:
    return f"{NOW}.{next(_numbers):06d}"


def command(text: str, user: str, channel: str = "C0TEAM") -> Json:
    place = {"id": channel, "name": "shop"}
    return payloads.command("/flow", text, user, place, trigger_id(), "http://127.0.0.1:9/respond")


def event_callback(event: Json, event_id: str | None = None) -> Json:
    """An event in the wrapping of the Events API."""
    return payloads.event_callback(event, event_id or f"Ev{next(_numbers):06d}", NOW)


def block_actions(action: Json, user: str, response_url: str, shown: Json, channel: str | None = None) -> Json:
    """A press on something that is shown: a message (with `ts` where it is kept), a home or a modal."""
    values = state_of([action])
    if shown.get("type") in ("home", "modal"):
        return payloads.press_in_view(action, user, trigger_id(), {"id": "V0HOME", **shown}, values)
    place = {"id": channel or shown.get("channel") or "C0TEAM", "name": "shop"}
    kept = shown if "ts" in shown else {**shown, "ts": _ts(), "private": True}
    return payloads.press_in_message(action, user, trigger_id(), kept, place, response_url, values)


def view_submission(view: Json, values: Json, user: str) -> Json:
    """A modal sent off; `values` by the label (or block id) of each input, what is left out stays empty."""
    inputs = [block for block in named(view["blocks"]) if block["type"] == "input"]
    unknown = set(values) - {name for block in inputs for name in (block["block_id"], block["label"]["text"])}
    assert not unknown, f"there is no input {unknown}"
    held: dict[str, dict[str, Any]] = {}
    for block in inputs:
        said = values.get(block["block_id"], values.get(block["label"]["text"]))
        held[block["block_id"]] = {block["element"]["action_id"]: _meant(block["element"], said)}
    told = filled(inputs, held, _ts())
    return payloads.view_submission({"id": "V0HOME", **view}, told, user, trigger_id())


def _meant(element: Json, said: Any) -> Any:
    """What is said, with options by their values instead of their labels."""
    groups = element.get("option_groups", [])
    options = element.get("options", []) + [one for group in groups for one in group["options"]]
    if not options or said is None:
        return said
    if isinstance(said, str):
        return _valued(options, said)
    return [_valued(options, one) for one in said]


def _valued(options: list[Json], label: str) -> Any:
    found = [one["value"] for one in options if one["text"]["text"] == label]
    assert found, f"there is no option {label!r}, only {[one['text']['text'] for one in options]}"
    return found[0]


def element_of(shown: Mapping[str, Any], label: str, nth: int | None = None) -> tuple[str, Json]:
    """(block id, element) of what carries a label, a placeholder or an action id.

    Where several do, `nth` says which, from 0; without it there has to be one.
    """
    there = list(elements(shown["blocks"]))
    found = [(id, one) for id, one in there if label in _names(one)]
    assert found, f"nothing is called {label!r}, only {[_names(one) for _, one in there]}"
    assert nth is not None or len(found) == 1, f"{len(found)} are called {label!r}"
    return found[nth or 0]


def labels(shown: Mapping[str, Any]) -> list[str]:
    """The labels and placeholders of all that can be pressed; an overflow menu's is an ellipsis."""
    return [_names(one)[0] for _, one in elements(shown["blocks"])]


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
        block_id, element = element_of(shown, label, nth)
        action = acted(block_id, element, _meant(element, value), _ts())
        return self.send_interaction(block_actions(action, user, self.response_url, shown))


def _names(element: Json) -> list[str]:
    label = element.get("text") or element.get("placeholder") or {"text": "…"}
    return [label["text"], element["action_id"]]
