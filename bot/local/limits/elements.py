"""Slack's limits of what stands in blocks: texts, options, confirmations, and everything to press or to fill in."""

from __future__ import annotations

from datetime import date, time

from bot.local.limits.shapes import (
    Check,
    Fields,
    Found,
    Json,
    Wrong,
    address,
    anything,
    enum,
    flag,
    in_turn,
    items,
    kinds,
    number,
    shape,
    string,
    whole,
    written_as,
)

MOST_TEXT = 3_000
KIND: Fields = {"type": anything}
"""The field by which `kinds` chose; it needs no second look."""


def plain(most: int) -> Check:
    return kinds({"plain_text": shape({**KIND, "text": string(most)}, {"emoji": flag})})


def text(most: int = MOST_TEXT) -> Check:
    """Plain or with markup."""
    return kinds(
        {
            "plain_text": shape({**KIND, "text": string(most)}, {"emoji": flag}),
            "mrkdwn": shape({**KIND, "text": string(most)}, {"verbatim": flag}),
        }
    )


IMAGE_SOURCE: Fields = {
    "image_url": address(3_000),
    "slack_file": shape({}, {"id": string(255), "url": address(3_000)}),
}


def one_source(image: Json, at: str) -> Found:
    if ("image_url" in image) == ("slack_file" in image):
        yield Wrong(at, "must define either `image_url` or `slack_file`")


image = shape({**KIND, "alt_text": string(2_000)}, IMAGE_SOURCE, one_source)

_style = enum("primary", "danger")
_confirm = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": _style}
)  # fmt: skip
_value = string(150)
_plain_option = shape({"text": plain(75), "value": _value}, {"description": plain(75)})
_any_option = shape({"text": text(75), "value": _value}, {"description": text(75)})
_linked_option = shape({"text": plain(75), "value": _value}, {"description": plain(75), "url": address(3_000)})
_group = shape({"label": plain(75), "options": items(_plain_option, 100)}, {})


def _element(required: Fields, optional: Fields, *rules: Check) -> Check:
    return shape({**KIND, **required}, {"action_id": string(255), **optional}, *rules)


_CONFIRMED: Fields = {"confirm": _confirm}
_FOCUSED: Fields = {"focus_on_load": flag}
_PICKED: Fields = {**_CONFIRMED, **_FOCUSED, "placeholder": plain(150)}
_SEVERAL: Fields = {**_PICKED, "max_selected_items": whole(1)}
_WRITTEN: Fields = {
    **_FOCUSED,
    "placeholder": plain(150),
    "dispatch_action_config": shape(
        {}, {"trigger_actions_on": items(enum("on_enter_pressed", "on_character_entered"), 2)}
    ),
}
_ids = items(string(255), 100)
_filter = shape(
    {},
    {
        "include": items(enum("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
)


def _one_list(menu: Json, at: str) -> Found:
    if ("options" in menu) == ("option_groups" in menu):
        yield Wrong(at, "must define either `options` or `option_groups`")


def _chosen_is_offered(menu: Json, at: str) -> Found:
    groups = [group["options"] for group in menu.get("option_groups", [])]
    offered = [option for options in [menu.get("options", []), *groups] for option in options]
    if "initial_option" in menu and menu["initial_option"] not in offered:
        yield Wrong(f"{at}/initial_option", "must be one of the options")
    if any(option not in offered for option in menu.get("initial_options", [])):
        yield Wrong(f"{at}/initial_options", "must be among the options")


def _chosen_are_few(menu: Json, at: str) -> Found:
    most = menu.get("max_selected_items")
    for name in ("initial_options", "initial_users", "initial_conversations", "initial_channels"):
        if most is not None and len(menu.get(name, [])) > most:
            yield Wrong(f"{at}/{name}", f"no more than {most} items allowed")


_LISTED: Fields = {"options": items(_plain_option, 100), "option_groups": items(_group, 100)}
_CONVERSATIONS: Fields = {"default_to_current_conversation": flag, "filter": _filter}


def _choice(initial: Fields) -> Check:
    return _element({"options": items(_any_option, 10)}, {**_CONFIRMED, **_FOCUSED, **initial}, _chosen_is_offered)


def _several(optional: Fields, *rules: Check) -> Check:
    return _element({}, {**_SEVERAL, **optional}, *rules, _chosen_are_few)


def _from_least_to_most(least: str, most: str) -> Check:
    def check(field: Json, at: str) -> Found:
        if least in field and most in field and float(field[least]) > float(field[most]):
            yield Wrong(f"{at}/{most}", f"must be no less than {least}")

    return check


def _is_number(value: str) -> bool:
    return not list(number(float(value), ""))


def _is_day(value: str) -> bool:
    return len(value) == 10 and bool(date.fromisoformat(value))


def _is_time(value: str) -> bool:
    return len(value) == 5 and bool(time.fromisoformat(value))


_number = in_turn(string(100), written_as(_is_number, "must be a number"))
_day = written_as(_is_day, "must be a date like 2026-03-02")
_time = written_as(_is_time, "must be a time like 09:30")
_response: Fields = {"response_url_enabled": flag}

_BUTTON: Fields = {
    "button": _element(
        {"text": plain(75)},
        {**_CONFIRMED, "value": string(2_000, 0), "url": address(3_000, "mailto", "slack"), "style": _style,
         "accessibility_label": string(75)},
    ),
    "overflow": _element({"options": items(_linked_option, 5, 2)}, _CONFIRMED),
}  # fmt: skip
_PICKERS: Fields = {
    "static_select": _element(
        {}, {**_PICKED, **_LISTED, "initial_option": _plain_option}, _one_list, _chosen_is_offered
    ),
    "users_select": _element({}, {**_PICKED, "initial_user": string(255)}),
    "conversations_select": _element(
        {}, {**_PICKED, **_CONVERSATIONS, **_response, "initial_conversation": string(255)}
    ),
    "channels_select": _element({}, {**_PICKED, **_response, "initial_channel": string(255)}),
    "multi_static_select": _several(
        {**_LISTED, "initial_options": items(_plain_option, 100)}, _one_list, _chosen_is_offered
    ),
    "multi_users_select": _several({"initial_users": _ids}),
    "multi_conversations_select": _several({**_CONVERSATIONS, "initial_conversations": _ids}),
    "multi_channels_select": _several({"initial_channels": _ids}),
    "datepicker": _element({}, {**_PICKED, "initial_date": _day}),
    "timepicker": _element({}, {**_PICKED, "initial_time": _time, "timezone": string(255)}),
    "radio_buttons": _choice({"initial_option": _any_option}),
    "checkboxes": _choice({"initial_options": items(_any_option, 10)}),
}
_FIELDS: Fields = {
    "plain_text_input": _element(
        {},
        {**_WRITTEN, "multiline": flag, "min_length": whole(0, 3_000), "max_length": whole(1, 3_000),
         "initial_value": string(3_000, 0)},
        _from_least_to_most("min_length", "max_length"),
    ),
    "number_input": _element(
        {"is_decimal_allowed": flag},
        {**_WRITTEN, "min_value": _number, "max_value": _number, "initial_value": _number},
        _from_least_to_most("min_value", "max_value"),
        _from_least_to_most("min_value", "initial_value"),
        _from_least_to_most("initial_value", "max_value"),
    ),
    "email_text_input": _element({}, {**_WRITTEN, "initial_value": string(3_000, 0)}),
    "url_text_input": _element({}, {**_WRITTEN, "initial_value": string(3_000, 0)}),
}  # fmt: skip

pressed = kinds({**_BUTTON, **_PICKERS})
"""What a row of actions holds."""
beside = kinds({**_BUTTON, **_PICKERS, "image": image})
"""What stands beside a section."""
filled_in = kinds({**_PICKERS, **_FIELDS})
"""What an input asks with."""
