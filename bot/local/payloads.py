"""What Slack tells an app when people do something: commands, presses, forms sent off, events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]

TEAM, DOMAIN, APP, APP_USER, BOT = "T0ACME", "acme", "A0WEIR", "U0WEIR", "B0WEIR"
_STATE_OF = {
    "users_select": "selected_user", "channels_select": "selected_channel", "datepicker": "selected_date",
    "conversations_select": "selected_conversation", "timepicker": "selected_time",
    "datetimepicker": "selected_date_time", "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels", "multi_conversations_select": "selected_conversations",
    "plain_text_input": "value", "number_input": "value", "email_text_input": "value", "url_text_input": "value",
}  # fmt: skip
"""Under which key Slack tells what an element holds that has no options of its own."""
_MANY = ("checkboxes", "multi_static_select")
_WITHOUT_STATE = ("button", "overflow", "workflow_button")


class NoSuchThing(ValueError):
    """There is no such element, or what it is set to is none of its options."""


def command(name: str, text: str, user: str, channel: Json, trigger: str, response_url: str) -> Json:
    """A slash command, as the fields of a form; `channel` has `id` and `name`."""
    return {
        "team_id": TEAM, "team_domain": DOMAIN, "channel_id": channel["id"], "channel_name": channel["name"],
        "user_id": user, "user_name": user.lower(), "command": name, "text": text, "api_app_id": APP,
        "is_enterprise_install": "false", "response_url": response_url, "trigger_id": trigger,
    }  # fmt: skip


def event_callback(event: Json, event_id: str, at: int) -> Json:
    """An event in the wrapping of the Events API."""
    return {"type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event": event, "event_time": at,
            "event_id": event_id,
            "authorizations": [{"team_id": TEAM, "user_id": APP_USER, "is_bot": True}]}  # fmt: skip


def press_in_view(action: Json, user: str, trigger: str, view: Json, values: Json) -> Json:
    """Something was pressed or set in a home or a modal; `values` is what all its elements hold."""
    told = {"type": "block_actions", **_who(user, trigger), "actions": [action], "state": {"values": values}}
    shown = told_view(view, values)
    return {**told, "view": shown, "container": {"type": "view", "view_id": shown["id"]}}


def press_in_message(
    action: Json, user: str, trigger: str, shown: Json, channel: Json, response_url: str, values: Json
) -> Json:
    """Something was pressed or set in a message; one that only one person sees is `private`."""
    private = bool(shown.get("private"))
    place = {"type": "message", "message_ts": shown["ts"], "channel_id": channel["id"], "is_ephemeral": private}
    told = {"type": "block_actions", **_who(user, trigger), "actions": [action], "state": {"values": values},
            "container": place, "channel": channel, "response_url": response_url}  # fmt: skip
    # Of a message that only one person sees Slack tells the place alone.
    return told if private else {**told, "message": shown}


def view_submission(view: Json, values: Json, user: str, trigger: str) -> Json:
    """A modal sent off, with what its inputs hold."""
    return {"type": "view_submission", **_who(user, trigger), "view": told_view(view, values), "response_urls": []}


def view_closed(view: Json, user: str, trigger: str) -> Json:
    """A modal closed without sending it off; told only of those that ask for it (`notify_on_close`)."""
    return {"type": "view_closed", **_who(user, trigger), "view": told_view(view, {}), "is_cleared": False}


def acted(block_id: str, element: Json, value: Any, at: str) -> Json:
    """What Slack tells of an element that was pressed, or set to `value` (an option by its own value, None: nothing).

    `at` is the instant as Slack writes it in `action_ts`. Raises NoSuchThing.
    """
    told = {**element, "block_id": block_id, "action_ts": at}
    options = told.pop("options", []) + [one for group in told.pop("option_groups", []) for one in group["options"]]
    kind = element["type"]
    if kind in _MANY:
        return {**told, "selected_options": [_option(options, one) for one in value or ()]}
    if options:
        return {**told, "selected_option": None if value is None else _option(options, value)}
    return {**told, _STATE_OF[kind]: value} if kind in _STATE_OF else told


def state_of(actions: Iterable[Json]) -> Json:
    """`state.values` of elements, each as `acted` tells it."""
    values: Json = {}
    for action in actions:
        kept = {key: one for key, one in action.items() if key in ("type", "value") or key.startswith("selected_")}
        if action.get("type") not in _WITHOUT_STATE:
            values.setdefault(action["block_id"], {})[action["action_id"]] = kept
    return values


def filled(blocks: list[Json], values: Mapping[str, Mapping[str, Any]], at: str) -> Json:
    """`state.values` of everything that can be set in blocks; what `values` leaves out is as it was when shown."""
    return state_of(
        acted(id, one, values[id][one["action_id"]] if one["action_id"] in values.get(id, ()) else initial(one), at)
        for id, one in elements(blocks)
        if one["type"] not in _WITHOUT_STATE
    )


def initial(element: Json) -> Any:
    """What an element holds before anybody sets it."""
    for key in ("initial_options", "initial_option"):
        if key in element:
            chosen = element[key]
            return [one["value"] for one in chosen] if isinstance(chosen, list) else chosen["value"]
    found = [one for key, one in element.items() if key.startswith("initial_")]
    return found[0] if found else None


def named(blocks: Iterable[Json]) -> list[Json]:
    """The blocks, each with an id: those without one are called by their place, from `b0`."""
    return [{**block, "block_id": block.get("block_id", f"b{number}")} for number, block in enumerate(blocks)]


def elements(blocks: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """(block id, element) of everything that can be pressed or set."""
    for block in named(blocks):
        row = block["elements"] if block["type"] == "actions" else (block.get("accessory"), block.get("element"))
        yield from ((block["block_id"], one) for one in row if one and "action_id" in one)


def element_at(blocks: Iterable[Json], block_id: str, action_id: str) -> Json:
    """The element with these ids. Raises NoSuchThing."""
    for id, one in elements(blocks):
        if (id, one["action_id"]) == (block_id, action_id):
            return one
    raise NoSuchThing(f"nothing with the ids {block_id!r} and {action_id!r} is shown there")


def told_view(view: Json, values: Json) -> Json:
    """A view as an app is told of it."""
    ours = {"team_id": TEAM, "app_id": APP, "app_installed_team_id": TEAM, "bot_id": BOT}
    return {**ours, "private_metadata": "", "callback_id": "", "hash": "", **view, "blocks": named(view["blocks"]),
            "state": {"values": values}}  # fmt: skip


def _who(user: str, trigger: str) -> Json:
    return {"user": {"id": user, "username": user.lower(), "team_id": TEAM}, "team": {"id": TEAM, "domain": DOMAIN},
            "api_app_id": APP, "trigger_id": trigger, "is_enterprise_install": False}  # fmt: skip


def _option(options: list[Json], value: Any) -> Json:
    found = [one for one in options if one["value"] == value]
    if not found:
        raise NoSuchThing(f"{value!r} is none of the options")
    return found[0]
