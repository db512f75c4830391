"""What Slack takes, up to its limits, and refuses, one beyond; and what it tells about the refused."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_limits import (
    BLOCKS,
    DIVIDER,
    VIEWS,
    asks,
    beside,
    button,
    cell,
    chart,
    home,
    image,
    modal,
    pie,
    plain,
    plotted,
    row,
    section,
    table,
    without,
)

from bot.local.limits import content_error, content_refusal, view_error, view_refusal

Json = dict[str, Any]


def error_of(*blocks: Any) -> str | None:
    return content_error({"text": "x", "blocks": list(blocks)})


@pytest.mark.parametrize(("at", "beyond"), BLOCKS.values(), ids=BLOCKS)
def test_a_block_is_taken_at_its_limit_and_refused_beyond(at: Json, beyond: Json) -> None:
    given = deepcopy((at, beyond))
    assert (error_of(at), error_of(beyond)) == (None, "invalid_blocks")
    assert given == (at, beyond)


@pytest.mark.parametrize("block", [{}, None, "divider", [], {"type": "video"}, {"type": ["section"]}])
def test_what_is_no_block_is_refused(block: Any) -> None:
    assert error_of(block) == "invalid_blocks"


def test_a_message_has_fifty_blocks_each_with_an_id_of_its_own() -> None:
    assert error_of(*[DIVIDER] * 50) is None
    assert error_of(*[DIVIDER] * 51) == "invalid_blocks"
    assert error_of(*[{**DIVIDER, "block_id": "a"}] * 2) == "invalid_blocks"


def test_a_message_has_one_table_and_two_charts() -> None:
    assert error_of(table([cell()]), chart(plotted()), chart(pie())) is None
    assert error_of(table([cell()]), table([cell()])) == "invalid_attachments"
    assert error_of(*[chart(pie())] * 3) == "invalid_blocks"


def test_a_message_needs_a_text_of_forty_thousand_characters_at_most() -> None:
    assert content_error({"text": "x" * 40_000}) is None
    assert content_error({"text": "x" * 40_001}) == "msg_too_long"
    assert [content_error(form) for form in ({}, {"text": ""}, {"text": 7})] == ["no_text"] * 3


def test_blocks_come_as_a_list_or_as_its_json() -> None:
    assert content_error({"text": "x", "blocks": '[{"type": "divider"}]'}) is None
    for blocks in ('[{"type": ', '{"type": "divider"}', 7):
        assert content_error({"text": "x", "blocks": blocks}) == "invalid_blocks_format"


def test_what_people_read_counts_towards_the_sum_and_values_do_not() -> None:
    paragraphs = [section(text=plain("x" * 2_600))] * 5
    assert error_of(*paragraphs) is None
    assert error_of(*paragraphs, row(button("x"))) == "msg_blocks_too_long"
    assert error_of(*paragraphs[1:], row(button(value="v" * 2_000))) is None


def test_the_markdown_of_a_message_has_a_sum_of_its_own() -> None:
    assert error_of(*[{"type": "markdown", "text": "x" * 6_000}] * 2) is None
    assert error_of(*[{"type": "markdown", "text": "x" * 6_001}] * 2) == "msg_blocks_too_long"


@pytest.mark.parametrize(("at", "beyond"), VIEWS.values(), ids=VIEWS)
def test_a_view_is_taken_at_its_limit_and_refused_beyond(at: Json, beyond: Json) -> None:
    assert (view_error(at), view_error(beyond)) == (None, "invalid_arguments")


@pytest.mark.parametrize("view", [None, [], "home", '{"type": ', "7"])
def test_what_is_no_view_is_refused(view: Any) -> None:
    assert view_error(view) == "invalid_arguments"


def test_a_view_has_a_quarter_of_a_million_characters_at_most() -> None:
    long = [section(fields=[plain("x" * 2_000)] * 10)] * 12
    assert view_error(home(*long)) is None
    assert view_error(home(*long, *long)) == "view_too_large"


SAID: dict[str, tuple[Json, str]] = {
    "a long text": (
        section(text=plain("x" * 3_001)), "must be less than 3001 characters [json-pointer:/blocks/1/text/text]",
    ),
    "an empty text": (section(text=plain("")), "must be more than 0 characters [json-pointer:/blocks/1/text/text]"),
    "a missing text": (section(), "must define either `text` or `fields` [json-pointer:/blocks/1/type]"),
    "a missing description": (
        beside(without(image(), "alt_text")), "missing required field: alt_text [json-pointer:/blocks/1/accessory]",
    ),
    "too many": (
        row(*(button(action_id=f"b{n}") for n in range(26))),
        "no more than 25 items allowed [json-pointer:/blocks/1/elements]",
    ),
    "an unknown kind": ({"type": "poem"}, "unsupported type: poem [json-pointer:/blocks/1/type]"),
    "an unknown field": (
        {**DIVIDER, "color": "red"}, "invalid additional property: color [json-pointer:/blocks/1]",
    ),
    "a hidden cell": (
        table([cell()], [cell(), cell("")]), "must be more than 0 characters [json-pointer:/blocks/1/rows/1/1/text]",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("block", "line"), SAID.values(), ids=SAID)
def test_a_refusal_says_where_and_what_is_allowed(block: Json, line: str) -> None:
    refused = content_refusal({"text": "x", "blocks": [DIVIDER, block]})
    assert refused is not None
    told = {"errors": [line], "response_metadata": {"messages": [f"[ERROR] {line}"]}}
    assert refused.answer() == {"ok": False, "error": "invalid_blocks", **told}


def test_the_refusal_of_a_view_points_into_the_view() -> None:
    refused = view_refusal(without(modal(DIVIDER, DIVIDER, asks()), "submit"))
    assert refused is not None
    assert refused.messages == (
        "must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/2/input]",
    )


def test_a_refusal_with_nothing_to_point_at_is_a_code_alone() -> None:
    refused = content_refusal({})
    assert refused is not None
    assert refused.answer() == {"ok": False, "error": "no_text"}


def _nested(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["type", "text", "elements", "element", "chart", "rows", "options", "blocks", "title", "x"])
    return st.lists(value, max_size=3) | st.dictionaries(names, value, max_size=5)


_KINDS = st.sampled_from(sorted({block["type"] for pair in BLOCKS.values() for block in pair}))
_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | _KINDS, _nested)


@given(_JSON, st.data())
def test_whatever_comes_is_judged(value: Any, data: st.DataObject) -> None:
    at, _ = data.draw(st.sampled_from(list(BLOCKS.values())))
    spoiled = _with(deepcopy(at), value, data)
    content_error({"text": "x", "blocks": [spoiled]})
    view_error(modal(spoiled))
    view_error(value)


def _with(block: Any, value: Any, data: st.DataObject) -> Any:
    """A block in which something, at any depth, is another value."""
    places = list(block) if isinstance(block, dict) else list(range(len(block))) if isinstance(block, list) else []
    if not places or data.draw(st.integers(0, 3)) == 0:
        return value
    place = data.draw(st.sampled_from(places))
    block[place] = _with(block[place], value, data)
    return block
