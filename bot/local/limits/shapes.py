"""How a limit is written down: checks that tell where a JSON value breaks it, and what is allowed there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Json = dict[str, Any]


class Wrong(NamedTuple):
    """One value that is refused: `at` is its JSON pointer, `what` says what is allowed there."""

    at: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} [json-pointer:{self.at}]"


Found = Iterator[Wrong]
Check = Callable[[Any, str], Found]
"""All that is wrong with a value which stands at a JSON pointer; it takes any JSON value and never raises."""
Fields = Mapping[str, Check]


def in_turn(*checks: Check) -> Check:
    """What the first check finds that finds anything: a later one may rely on those before it."""

    def check(value: Any, at: str) -> Found:
        for one in checks:
            found = list(one(value, at))
            if found:
                yield from found
                return

    return check


def anything(_value: Any, _at: str) -> Found:
    yield from ()


def flag(value: Any, at: str) -> Found:
    if not isinstance(value, bool):
        yield Wrong(at, "must be a boolean")


def string(most: int, least: int = 1) -> Check:
    """Text of `least` to `most` characters."""

    def check(value: Any, at: str) -> Found:
        if not isinstance(value, str):
            yield Wrong(at, "must provide a string")
        elif len(value) < least:
            yield Wrong(at, f"must be more than {least - 1} characters")
        elif len(value) > most:
            yield Wrong(at, f"must be less than {most + 1} characters")

    return check


def written_as(fits: Callable[[str], object], told: str) -> Check:
    """Text which `fits` takes; it may raise ValueError for what it does not."""

    def check(value: Any, at: str) -> Found:
        try:
            fine = isinstance(value, str) and bool(fits(value))
        except ValueError:
            fine = False
        if not fine:
            yield Wrong(at, told)

    return check


def address(most: int, *schemes: str) -> Check:
    """An address of a page (http, https) or of one of the other schemes."""
    known = ("http", "https", *schemes)
    return in_turn(string(most), written_as(lambda value: urlsplit(value).scheme in known, "must be a valid url"))


def enum(*allowed: str | int) -> Check:
    told = "must be a valid enum value: " + ", ".join(map(str, allowed))

    def check(value: Any, at: str) -> Found:
        # 1 == True, and Slack takes no true for a 1.
        if isinstance(value, bool) or not isinstance(value, (str, int)) or value not in allowed:
            yield Wrong(at, told)

    return check


def number(value: Any, at: str) -> Found:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        yield Wrong(at, "must be a number")


def whole(least: int, most: int | None = None) -> Check:
    def check(value: Any, at: str) -> Found:
        if isinstance(value, bool) or not isinstance(value, int):
            yield Wrong(at, "must be an integer")
        elif value < least or (most is not None and value > most):
            yield Wrong(at, f"must be at least {least}" + ("" if most is None else f" and at most {most}"))

    return check


def items(each: Check, most: int, least: int = 1) -> Check:
    """A list of `least` to `most` values that `each` takes."""

    def check(value: Any, at: str) -> Found:
        if not isinstance(value, list):
            yield Wrong(at, "must be an array")
        elif len(value) > most:
            yield Wrong(at, f"no more than {most} items allowed")
        elif len(value) < least:
            yield Wrong(at, f"no less than {least} items allowed")
        else:
            for place, one in enumerate(value):
                yield from each(one, f"{at}/{place}")

    return check


def shape(required: Fields, optional: Fields, *rules: Check) -> Check:
    """An object of these fields and no others; `rules` look at it once every field is fine by itself."""
    known = {**required, **optional}

    def fields(value: Any, at: str) -> Found:
        if not isinstance(value, dict):
            yield Wrong(at, "must provide an object")
            return
        yield from (Wrong(at, f"missing required field: {name}") for name in required if name not in value)
        for name, one in value.items():
            told = f"invalid additional property: {name}"
            yield from known[name](one, f"{at}/{name}") if name in known else [Wrong(at, told)]

    return in_turn(fields, *rules)


def kinds(known: Fields) -> Check:
    """An object that is one of several kinds, told apart by its `type`."""

    def check(value: Any, at: str) -> Found:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict):
            yield Wrong(at, "must provide an object")
        elif "type" not in value:
            yield Wrong(at, "missing required field: type")
        elif not isinstance(kind, str) or kind not in known:
            yield Wrong(f"{at}/type", f"unsupported type: {kind}")
        else:
            yield from known[kind](value, at)

    return check


def each_its_own(name: str) -> Check:
    """A list of objects of which no two have the same value of a field; those without it are let be."""

    def check(value: list[Json], at: str) -> Found:
        seen: set[str] = set()
        for place, one in enumerate(value):
            if name in one and one[name] in seen:
                yield Wrong(f"{at}/{place}/{name}", f"must be unique: another one has this `{name}`")
            seen.add(one.get(name, ""))

    return check
