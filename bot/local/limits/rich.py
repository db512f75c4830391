"""Slack's limits of rich text, of tables, and of charts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.local.limits.elements import KIND
from bot.local.limits.shapes import (
    Check,
    Fields,
    Found,
    Json,
    Wrong,
    address,
    each_its_own,
    enum,
    flag,
    in_turn,
    items,
    kinds,
    number,
    shape,
    string,
    whole,
)

MOST_IN_TABLES = 10_000
"""Characters in all cells together."""
_MOST_TEXT = 12_000
_MOST_PARTS = 1_000
# Slack tells no limit of these; what is bounded in the end is the whole message.

_flags = dict.fromkeys(("bold", "italic", "strike", "code", "underline"), flag)
_mentioned = {**_flags, "highlight": flag, "client_highlight": flag, "unlink": flag}


def _part(required: Fields, optional: Fields, styles: Fields = _flags) -> Check:
    return shape({**KIND, **required}, {**optional, "style": shape({}, styles)})


_id = string(255)
_written: Fields = {
    "text": _part({"text": string(_MOST_TEXT)}, {}),
    "link": _part(
        {"url": address(3_000, "mailto", "slack", "tel")}, {"text": string(_MOST_TEXT), "unsafe": flag}
    ),
}  # fmt: skip
_parts: Fields = {
    **_written,
    "user": _part({"user_id": _id}, {}, _mentioned),
    "channel": _part({"channel_id": _id}, {}, _mentioned),
    "usergroup": _part({"usergroup_id": _id}, {}, _mentioned),
    "team": _part({"team_id": _id}, {}, _mentioned),
    "broadcast": _part({"range": enum("here", "channel", "everyone")}, {}),
    "emoji": _part({"name": string(255)}, {"unicode": string(255), "skin_tone": whole(1, 6), "url": address(3_000)}),
    "color": _part({"value": string(7, 4)}, {}),
    "date": _part(
        {"timestamp": whole(0), "format": string(255)}, {"url": address(3_000), "fallback": string(_MOST_TEXT)}
    ),
}
_border: Fields = {"border": enum(0, 1)}


def _of(parts: Fields) -> Fields:
    return {**KIND, "elements": items(kinds(parts), _MOST_PARTS, 0)}


_section = shape(_of(_parts), {})
_ELEMENTS: Fields = {
    "rich_text_section": _section,
    "rich_text_quote": shape(_of(_parts), _border),
    "rich_text_preformatted": shape(_of(_written), {**_border, "language": string(255)}),
    "rich_text_list": shape(
        {**KIND, "elements": items(kinds({"rich_text_section": _section}), _MOST_PARTS),
         "style": enum("bullet", "ordered")},
        {**_border, "indent": whole(0, 8), "offset": whole(0)},
    ),
}  # fmt: skip
_rich: Fields = {**KIND, "elements": items(kinds(_ELEMENTS), _MOST_PARTS)}
_named: Fields = {"block_id": string(255)}

rich_text = shape(_rich, _named)

_cell = kinds(
    {
        "raw_text": shape({**KIND, "text": string(MOST_IN_TABLES)}, {}),
        "raw_number": shape({**KIND, "value": number, "text": string(MOST_IN_TABLES)}, {}),
        "rich_text": rich_text,
    }
)
_column = shape({}, {"align": enum("left", "center", "right"), "is_wrapped": flag})


def _column_or_none(value: Any, at: str) -> Found:
    # null leaves a column as it is.
    yield from () if value is None else _column(value, at)


def texts(value: Any) -> Iterator[str]:
    """All that stands under `text` as such, at any depth."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from [one] if key == "text" and isinstance(one, str) else texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def _not_too_much(table: Json, at: str) -> Found:
    if sum(map(len, texts(table["rows"]))) > MOST_IN_TABLES:
        yield Wrong(f"{at}/rows", f"must be less than {MOST_IN_TABLES + 1} characters in all cells together")


table = shape(
    {**KIND, "rows": items(items(_cell, 20), 100)},
    {**_named, "column_settings": items(_column_or_none, 20, 0)},
    _not_too_much,
)

# Slack's reference first had six and has twelve of late; six are taken everywhere.
_MOST_SERIES = 6
_label = string(20)
_axes = shape({"categories": items(_label, 20)}, {"x_label": string(50), "y_label": string(50)})
_points = items(shape({"label": _label, "value": number}, {}), 20)
_series = in_turn(items(shape({"name": _label, "data": _points}, {}), _MOST_SERIES), each_its_own("name"))


def _above_zero(value: Any, at: str) -> Found:
    if value <= 0:
        yield Wrong(at, "must be more than 0")


def _categories_are_covered(chart: Json, at: str) -> Found:
    categories = chart["axis_config"]["categories"]
    if len(set(categories)) < len(categories):
        yield Wrong(f"{at}/axis_config/categories", "must be unique")
    for place, one in enumerate(chart["series"]):
        if sorted(point["label"] for point in one["data"]) != sorted(categories):
            yield Wrong(f"{at}/series/{place}/data", "must have exactly one point for every category")


_segment = shape({"label": _label, "value": in_turn(number, _above_zero)}, {})
_pie = shape({**KIND, "segments": items(_segment, _MOST_SERIES)}, {})
_plotted = shape({**KIND, "series": _series, "axis_config": _axes}, {}, _categories_are_covered)

chart = shape(
    {**KIND, "title": string(50),
     "chart": kinds({"pie": _pie, "line": _plotted, "bar": _plotted, "area": _plotted})},
    _named,
)  # fmt: skip
