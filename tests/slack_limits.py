"""Blocks and views as Slack takes them, up to its limits, each beside one that is beyond."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str = "An hour", value: str = "1h", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def options(count: int) -> list[Json]:
    return [option(f"no {n}", f"v{n}") for n in range(count)]


def element(kind: str, **more: Any) -> Json:
    return {"type": kind, "action_id": "a", **more}


def button(text: str = "On it", **more: Any) -> Json:
    return element("button", text=plain(text), **more)


def confirm(title: str = "Sure?", text: str = "It is told to bob.", yes: str = "Yes", no: str = "No") -> Json:
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(no)}


def row(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def section(**more: Any) -> Json:
    return {"type": "section", **more}


def beside(accessory: Json) -> Json:
    return section(text=plain("Until when?"), accessory=accessory)


def asks(kind: str = "plain_text_input", label: str = "Why", **more: Any) -> Json:
    return {"type": "input", "label": plain(label), "element": element(kind, **more)}


def rich(*elements: Json, **more: Any) -> Json:
    return {"type": "rich_text", "elements": list(elements), **more}


def line(*parts: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(parts)}


def bullets(**more: Any) -> Json:
    return rich({"type": "rich_text_list", "style": "bullet", "elements": [line(said())], **more})


def said(text: str = "hello", **more: Any) -> Json:
    return {"type": "text", "text": text, **more}


def cell(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def table(*rows: list[Json], **more: Any) -> Json:
    return {"type": "table", "rows": list(rows), **more}


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://acme.test/x.png", "alt_text": "a chart", **more}


def plotted(kind: str = "line", series: int = 1, categories: int = 3, name: str = "load") -> Json:
    days = [f"day {n}" for n in range(categories)]
    drawn = [{"name": f"{name}{n or ''}", "data": [{"label": day, "value": -n} for day in days]} for n in range(series)]
    return {"type": kind, "series": drawn, "axis_config": {"categories": days, "x_label": "day", "y_label": "items"}}


def pie(segments: int = 3, value: float = 1.5) -> Json:
    return {"type": "pie", "segments": [{"label": f"team {n}", "value": value} for n in range(segments)]}


def chart(drawn: Json, title: str = "Load") -> Json:
    return {"type": "data_visualization", "title": title, "chart": drawn}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "callback_id": "away", "title": plain("Away"), "submit": plain("Save"),
            "blocks": list(blocks), **more}  # fmt: skip


def home(*blocks: Json, **more: Any) -> Json:
    return {"type": "home", "blocks": list(blocks), **more}


def without(value: Json, name: str) -> Json:
    return {key: one for key, one in value.items() if key != name}


DIVIDER = {"type": "divider"}
SNOOZES = options(2)
GROUP = {"label": plain("Soon"), "options": SNOOZES}
URL = "https://acme.test/"
CELL = rich(line(said()))

BLOCKS: dict[str, tuple[Json, Json]] = {
    "the text of a section": (section(text=marked("x" * 3_000)), section(text=marked("x" * 3_001))),
    "an empty text": (section(text=marked("x")), section(text=marked(""))),
    "a section's fields": (section(fields=[plain("x")] * 10), section(fields=[plain("x")] * 11)),
    "a field": (section(fields=[plain("x" * 2_000)]), section(fields=[plain("x" * 2_001)])),
    "a section that says something": (section(fields=[plain("x")]), section()),
    "parts of a context": (
        {"type": "context", "elements": [marked("x")] * 9 + [image()]},
        {"type": "context", "elements": [marked("x")] * 11},
    ),
    "elements of a row": (
        row(*(button(action_id=f"b{n}") for n in range(25))), row(*(button(action_id=f"b{n}") for n in range(26))),
    ),
    "a row at all": (row(button()), row()),
    "action ids": (row(button(), button(action_id="b")), row(button(), button())),
    "a long action id": (row(button(action_id="x" * 255)), row(button(action_id="x" * 256))),
    "no action id": (row(without(button(), "action_id")), row(button(action_id=""))),
    "a header": ({"type": "header", "text": plain("x" * 150)}, {"type": "header", "text": plain("x" * 151)}),
    "a header with markup": ({"type": "header", "text": plain("x")}, {"type": "header", "text": marked("x")}),
    "a block id": ({**DIVIDER, "block_id": "x" * 255}, {**DIVIDER, "block_id": "x" * 256}),
    "what a block has": (DIVIDER, {**DIVIDER, "color": "red"}),
    "verbatim text": (section(text={**marked("x"), "verbatim": True}), section(text={**plain("x"), "verbatim": True})),
    "an image's description": (image(alt_text="x" * 2_000), image(alt_text="x" * 2_001)),
    "an image's title": (image(title=plain("x" * 2_000)), image(title=plain("x" * 2_001))),
    "an image's address": (image(image_url=URL + "x" * 2_982), image(image_url=URL + "x" * 2_983)),
    "an image of a file": (without(image(slack_file={"id": "F1"}), "image_url"), image(slack_file={"id": "F1"})),
    "an image without a source": (image(), without(image(), "image_url")),
    "an image beside a section": (beside(image()), beside(without(image(), "alt_text"))),
    "a button's label": (row(button("x" * 75)), row(button("x" * 76))),
    "a button's value": (row(button(value="v" * 2_000)), row(button(value="v" * 2_001))),
    "a button's address": (row(button(url=URL + "x" * 2_982)), row(button(url=URL + "x" * 2_983))),
    "an address that leads somewhere": (row(button(url=URL)), row(button(url="javascript:alert(1)"))),
    "an address that is none": (row(button(url="https://[::1]/")), row(button(url="https://[::1/"))),
    "a button's style": (row(button(style="danger")), row(button(style="loud"))),
    "a confirmation's title": (row(button(confirm=confirm("x" * 100))), row(button(confirm=confirm("x" * 101)))),
    "a confirmation": (row(button(confirm=confirm(text="x" * 300))), row(button(confirm=confirm(text="x" * 301)))),
    "a confirmation's yes": (row(button(confirm=confirm(yes="x" * 30))), row(button(confirm=confirm(yes="x" * 31)))),
    "a confirmation's no": (row(button(confirm=confirm(no="x" * 30))), row(button(confirm=confirm(no="x" * 31)))),
    "a whole confirmation": (row(button(confirm=confirm())), row(button(confirm=without(confirm(), "title")))),
    "most of an overflow": (
        row(element("overflow", options=options(5))), row(element("overflow", options=options(6))),
    ),
    "least of an overflow": (
        row(element("overflow", options=options(2))), row(element("overflow", options=options(1))),
    ),
    "an overflow's address": (
        row(element("overflow", options=[*options(1), option(url=URL)])),
        row(element("overflow", options=[*options(1), option(url="x")])),
    ),
    "options": (
        row(element("static_select", options=options(100))), row(element("static_select", options=options(101))),
    ),
    "options at all": (
        row(element("static_select", options=options(1))), row(element("static_select", options=[])),
    ),
    "groups of options": (
        row(element("static_select", option_groups=[GROUP] * 100)),
        row(element("static_select", option_groups=[GROUP] * 101)),
    ),
    "a group's name": (
        row(element("static_select", option_groups=[{**GROUP, "label": plain("x" * 75)}])),
        row(element("static_select", option_groups=[{**GROUP, "label": plain("x" * 76)}])),
    ),
    "options or groups": (
        row(element("static_select", option_groups=[GROUP])),
        row(element("static_select", options=SNOOZES, option_groups=[GROUP])),
    ),
    "an option": (
        row(element("static_select", options=[option("x" * 75)])),
        row(element("static_select", options=[option("x" * 76)])),
    ),
    "an option with markup": (
        row(element("checkboxes", options=[{**option(), "text": marked("*x*")}])),
        row(element("static_select", options=[{**option(), "text": marked("*x*")}])),
    ),
    "an option's value": (
        row(element("static_select", options=[option(value="v" * 150)])),
        row(element("static_select", options=[option(value="v" * 151)])),
    ),
    "an option without a value": (
        row(element("static_select", options=[option()])), row(element("static_select", options=[option(value="")])),
    ),
    "an option's description": (
        row(element("static_select", options=[option(description=plain("x" * 75))])),
        row(element("static_select", options=[option(description=plain("x" * 76))])),
    ),
    "the option chosen at first": (
        row(element("static_select", options=SNOOZES, initial_option=SNOOZES[1])),
        row(element("static_select", options=SNOOZES, initial_option=option("Never"))),
    ),
    "the option of a group chosen at first": (
        row(element("static_select", option_groups=[GROUP], initial_option=SNOOZES[1])),
        row(element("static_select", option_groups=[GROUP], initial_option=option("Never"))),
    ),
    "a placeholder": (
        row(element("users_select", placeholder=plain("x" * 150))),
        row(element("users_select", placeholder=plain("x" * 151))),
    ),
    "a placeholder with markup": (
        row(element("users_select", placeholder=plain("x"))), row(element("users_select", placeholder=marked("x"))),
    ),
    "somebody chosen at first": (
        row(element("users_select", initial_user="U0BOB")), row(element("users_select", initial_users=["U0BOB"])),
    ),
    "which conversations": (
        row(element("conversations_select", filter={"include": ["im", "public"]})),
        row(element("conversations_select", filter={"include": ["secret"]})),
    ),
    "a channel chosen at first": (
        row(element("channels_select", initial_channel="C0SHOP")), row(element("channels_select", initial_channel="")),
    ),
    "several people": (
        beside(element("multi_users_select", initial_users=["U0BOB"], max_selected_items=1)),
        beside(element("multi_users_select", initial_users=["U0BOB", "U0CAROL"], max_selected_items=1)),
    ),
    "several of nothing": (
        beside(element("multi_channels_select", max_selected_items=1)),
        beside(element("multi_channels_select", max_selected_items=0)),
    ),
    "several options": (
        beside(element("multi_static_select", options=SNOOZES, initial_options=SNOOZES)),
        beside(element("multi_static_select", options=SNOOZES, initial_options=[option("Never")])),
    ),
    "several conversations": (
        beside(element("multi_conversations_select", default_to_current_conversation=True)),
        beside(element("multi_conversations_select", default_to_current_conversation="yes")),
    ),
    "a day": (
        row(element("datepicker", initial_date="2028-02-29")), row(element("datepicker", initial_date="2026-02-30")),
    ),
    "a day as Slack writes it": (
        row(element("datepicker", initial_date="2026-03-02")), row(element("datepicker", initial_date="20260302")),
    ),
    "a time": (row(element("timepicker", initial_time="23:59")), row(element("timepicker", initial_time="24:00"))),
    "radio buttons": (
        row(element("radio_buttons", options=options(10), initial_option=options(1)[0])),
        row(element("radio_buttons", options=options(11))),
    ),
    "checkboxes": (
        row(element("checkboxes", options=options(10), initial_options=options(2))),
        row(element("checkboxes", options=options(11))),
    ),
    "a box that is ticked at first": (
        row(element("checkboxes", options=SNOOZES, initial_options=SNOOZES[:1])),
        row(element("checkboxes", options=SNOOZES, initial_options=[])),
    ),
    "what a row holds": (row(button()), row(element("plain_text_input"))),
    "what stands beside a section": (beside(button()), beside(element("plain_text_input"))),
    "an input's label": (asks(label="x" * 2_000), asks(label="x" * 2_001)),
    "an input's hint": ({**asks(), "hint": plain("x" * 2_000)}, {**asks(), "hint": plain("x" * 2_001)}),
    "what an input asks with": (asks("timepicker"), asks("button", text=plain("x"))),
    "what a field holds": (asks(max_length=3_000), asks(max_length=3_001)),
    "what a field has to hold": (asks(min_length=5, max_length=5), asks(min_length=6, max_length=5)),
    "what a field holds at first": (asks(initial_value="x" * 3_000), asks(initial_value="x" * 3_001)),
    "when a field tells": (
        asks(dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"]}),
        asks(dispatch_action_config={"trigger_actions_on": ["on_paste"]}),
    ),
    "a number": (
        asks("number_input", is_decimal_allowed=True, min_value="0.5", initial_value="1", max_value="2"),
        asks("number_input", is_decimal_allowed=True, min_value="0.5", initial_value="3", max_value="2"),
    ),
    "a number that is one": (
        asks("number_input", is_decimal_allowed=False, min_value="-1"),
        asks("number_input", is_decimal_allowed=False, min_value="few"),
    ),
    "whether it may be a fraction": (asks("number_input", is_decimal_allowed=True), asks("number_input")),
    "a mail address": (
        asks("email_text_input", initial_value="alice@acme.example"), asks("email_text_input", multiline=True),
    ),
    "a web address": (asks("url_text_input", placeholder=plain("x")), asks("url_text_input", max_length=9)),
    "rich text": (rich(line(said())), rich()),
    "a kind of rich text": (
        rich({"type": "rich_text_quote", "elements": [said()], "border": 1}), rich({"type": "rich_text_poem"}),
    ),
    "a styled text": (rich(line(said(style={"bold": True}))), rich(line(said(style={"loud": True})))),
    "an empty text in rich text": (rich(line(said("x"))), rich(line(said("")))),
    "a list's style": (bullets(style="ordered"), bullets(style="roman")),
    "how deep a list is": (bullets(indent=8), bullets(indent=9)),
    "where a list begins": (bullets(offset=0), bullets(offset=-1)),
    "what is preformatted": (
        rich({"type": "rich_text_preformatted", "elements": [said(), {"type": "link", "url": URL}]}),
        rich({"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U0BOB"}]}),
    ),
    "a link": (rich(line({"type": "link", "url": URL, "text": "x"})), rich(line({"type": "link", "text": "x"}))),
    "a person": (rich(line({"type": "user", "user_id": "U0BOB"})), rich(line({"type": "user", "user_id": ""}))),
    "a channel": (rich(line({"type": "channel", "channel_id": "C0SHOP"})), rich(line({"type": "channel"}))),
    "an emoji": (rich(line({"type": "emoji", "name": "tada"})), rich(line({"type": "emoji", "name": 1}))),
    "everybody": (rich(line({"type": "broadcast", "range": "here"})), rich(line({"type": "broadcast", "range": "x"}))),
    "a date": (
        rich(line({"type": "date", "timestamp": 1_772_000_000, "format": "{date_short}", "fallback": "25 Feb"})),
        rich(line({"type": "date", "timestamp": "1772000000", "format": "{date_short}"})),
    ),
    "rows of a table": (table(*[[cell()]] * 100), table(*[[cell()]] * 101)),
    "rows at all": (table([cell()]), table()),
    "columns of a table": (table([cell()] * 20), table([cell()] * 21)),
    "all the text of a table": (table([cell("x" * 5_000)] * 2), table([cell("x" * 5_000)] * 2, [cell()])),
    "cells": (table([cell(), CELL, {"type": "raw_number", "value": 1.5, "text": "1.5"}]), table([plain("x")])),
    "an empty cell": (table([cell(" ")]), table([cell("")])),
    "how columns stand": (
        table([cell()], column_settings=[None, {"align": "right", "is_wrapped": True}]),
        table([cell()], column_settings=[{"align": "middle"}]),
    ),
    "how many columns stand somehow": (
        table([cell()], column_settings=[{}] * 20), table([cell()], column_settings=[{}] * 21),
    ),
    "a chart's title": (chart(plotted(), "x" * 50), chart(plotted(), "x" * 51)),
    "kinds of charts": (chart(plotted("area")), chart(plotted("radar"))),
    "series": (chart(plotted("bar", series=6)), chart(plotted("bar", series=7))),
    "the name of a series": (chart(plotted(name="x" * 20)), chart(plotted(name="x" * 21))),
    "categories": (chart(plotted(categories=20)), chart(plotted(categories=21))),
    "an axis": (
        chart({**plotted(), "axis_config": {**plotted()["axis_config"], "x_label": "x" * 50}}),
        chart({**plotted(), "axis_config": {**plotted()["axis_config"], "x_label": "x" * 51}}),
    ),
    "a category's name": (
        chart({**plotted(), "series": [{"name": "a", "data": [{"label": "x" * 20, "value": 1}]}],
               "axis_config": {"categories": ["x" * 20]}}),
        chart({**plotted(), "series": [{"name": "a", "data": [{"label": "x" * 21, "value": 1}]}],
               "axis_config": {"categories": ["x" * 21]}}),
    ),
    "a point for every category": (
        chart(plotted()), chart({**plotted(), "axis_config": {"categories": ["day 0", "day 1"]}}),
    ),
    "series of different names": (
        chart(plotted(series=2)), chart({**plotted(), "series": plotted()["series"] * 2}),
    ),
    "segments of a pie": (chart(pie(6)), chart(pie(7))),
    "the size of a segment": (chart(pie(value=0.1)), chart(pie(value=0))),
    "Markdown": ({"type": "markdown", "text": "x" * 12_000}, {"type": "markdown", "text": "x" * 12_001}),
}  # fmt: skip

VIEWS: dict[str, tuple[Json, Json]] = {
    "a title": (modal(DIVIDER, title=plain("x" * 24)), modal(DIVIDER, title=plain("x" * 25))),
    "a title at all": (modal(DIVIDER), without(modal(DIVIDER), "title")),
    "a label to send it off": (modal(DIVIDER, submit=plain("x" * 24)), modal(DIVIDER, submit=plain("x" * 25))),
    "a label to close it": (modal(DIVIDER, close=plain("x" * 24)), modal(DIVIDER, close=plain("x" * 25))),
    "a modal with inputs": (modal(asks()), without(modal(asks()), "submit")),
    "a private part": (modal(asks(), private_metadata="x" * 3_000), modal(asks(), private_metadata="x" * 3_001)),
    "a callback id": (modal(asks(), callback_id="x" * 255), modal(asks(), callback_id="x" * 256)),
    "blocks of a modal": (modal(*[DIVIDER] * 100), modal(*[DIVIDER] * 101)),
    "blocks at all": (modal(DIVIDER), modal()),
    "blocks of a home": (home(*[DIVIDER] * 100), home(*[DIVIDER] * 101)),
    "block ids": (home(DIVIDER, DIVIDER), home(*[{**DIVIDER, "block_id": "a"}] * 2)),
    "a home without a title": (home(), home(title=plain("Home"))),
    "a table": (home(rich(line(said()))), home(table([cell()]))),
    "a chart": (modal(image()), modal(chart(pie()))),
    "Markdown": (home(section(text=marked("x"))), home({"type": "markdown", "text": "x"})),
    "one focus": (modal(asks(focus_on_load=True), asks()), modal(*[asks(focus_on_load=True)] * 2)),
    "an input in a home": (home(asks()), home(asks("file_input"))),
    "kinds of views": (home(), {**home(), "type": "tab"}),
}
