"""What an element can be set to: Slack's clients send nothing else, so the hands here don't either."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date
from typing import Any, NamedTuple

from bot.local.payloads import NoSuchThing

Json = dict[str, Any]

LONGEST_TEXT = 3000
"""Characters of a text whose element names no limit of its own."""
_TEXTS = ("plain_text_input", "number_input", "email_text_input", "url_text_input")
_ADDRESS = {
    "email_text_input": (re.compile(r"[^@\s]+@[^@\s]+"), "Please enter a valid email address."),
    "url_text_input": (re.compile(r"https?://\S+"), "Please enter a valid URL."),
}


class There(NamedTuple):
    """What somebody can choose from: ids."""

    people: Collection[str]
    channels: Collection[str]
    conversations: Collection[str]


def must_fit(element: Json, value: Any, there: There) -> None:
    """Raises NoSuchThing where an element can't be set to a value (None: to nothing)."""
    kind = element["type"]
    if kind == "overflow" and value is None:
        raise NoSuchThing("a menu is told of with one of its options")
    if value is None or kind in ("button", "workflow_button"):
        return
    if kind == "checkboxes" or kind.startswith("multi_"):
        _several(element, value, _chosen(kind.removeprefix("multi_"), there))
    elif not _chosen(kind, there)(value):
        raise NoSuchThing(f"{_short(value)} is nothing that can be chosen or typed there")


def wrong_with(element: Json, value: Any) -> str | None:
    """Why a form is not sent off with this value (one that fits) in an element; None where it is."""
    if element["type"] not in _TEXTS or not value:
        return None
    if element["type"] == "number_input":
        return _wrong_number(element, value)
    least, most = element.get("min_length", 0), element.get("max_length", LONGEST_TEXT)
    if not least <= len(value) <= most:
        return f"Please enter {least} to {most} characters; this is {len(value)}."
    form, words = _ADDRESS.get(element["type"], (None, None))
    return words if form and not form.fullmatch(value) else None


def _wrong_number(element: Json, value: str) -> str | None:
    decimal = element.get("is_decimal_allowed")
    if not re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?" if decimal else r"-?\d{1,30}", value, re.ASCII):
        return "Please enter a number." if decimal else "Please enter a whole number."
    least, most = element.get("min_value"), element.get("max_value")
    if least is not None and float(value) < float(least):
        return f"Please enter {least} or more."
    return f"Please enter {most} or less." if most is not None and float(value) > float(most) else None


def _several(element: Json, value: Any, fits: Callable[[Any], bool]) -> None:
    if not isinstance(value, list) or not all(fits(one) for one in value) or len(set(value)) < len(value):
        raise NoSuchThing(f"{_short(value)} is no list of different things that can be chosen there")
    most = element.get("max_selected_items")
    if most is not None and len(value) > most:
        raise NoSuchThing(f"{len(value)} are chosen, and {most} can be")


def _chosen(kind: str, there: There) -> Callable[[Any], bool]:
    """Whether a value is one that an element of a kind can have; whether it is an option is seen by its options."""
    among = {"users_select": there.people, "channels_select": there.channels,
             "conversations_select": there.conversations}.get(kind)  # fmt: skip
    if among is not None:
        return lambda value: isinstance(value, str) and value in among
    if kind == "datetimepicker":
        return lambda value: type(value) is int and 0 < value < 10**10
    return {"datepicker": _is_day, "timepicker": _is_time}.get(kind, lambda value: isinstance(value, str))


def _is_day(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII) is not None


def _short(value: Any) -> str:
    return repr(value[:40]) if isinstance(value, str) else "that"
