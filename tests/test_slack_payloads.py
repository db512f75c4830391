"""What the tests' people do in Slack reaches the program as Slack would send it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_slack import FakeSlack
from program import wait_until
from site_on_loopback import SLACK_SECRET, Site, serve, settings
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_payloads import labels
from sqlalchemy import Engine
from world import World

from bot import app
from bot.serving.workspaces import OneWorkspace
from bot.web import Server, application
from handlers.slack import SlackDoor

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str, value: str = "v") -> Json:
    return {"text": plain(text), "value": value}


def button(label: str = "On it", **more: Any) -> Json:
    return {"type": "button", "action_id": "onit", "text": plain(label), "value": "7", **more}


def menu(*options: Json, **more: Any) -> Json:
    return {"type": "static_select", "action_id": "snooze", "placeholder": plain("Snooze"), "options": list(options),
            **more}  # fmt: skip


def people(**more: Any) -> Json:
    return {"type": "users_select", "action_id": "hand", "placeholder": plain("Hand over"), **more}


def day(**more: Any) -> Json:
    return {"type": "datepicker", "action_id": "day", "placeholder": plain("Until"), **more}


def overflow(*options: Json) -> Json:
    return {"type": "overflow", "action_id": "more", "options": list(options)}


def row(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def field(**more: Any) -> Json:
    return {"type": "input", "block_id": "why", "label": plain("Why"),
            "element": {"type": "plain_text_input", "action_id": "text", **more}}  # fmt: skip


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "callback_id": "away", "title": plain("Away"), "submit": plain("Save"),
            "blocks": list(blocks), **more}  # fmt: skip


SNOOZES = (option("An hour", "1h"), option("Tomorrow morning", "tomorrow"))
ROW = row(button(), menu(*SNOOZES), people(), day(), overflow(option("Not mine", "not_mine"), option("Other", "o")))


class Ears:
    """Hears all that a Bolt app is told."""

    def __init__(self, bolt: App) -> None:
        self.heard: list[Json] = []
        for action in ("onit", "snooze", "hand", "day", "more"):
            bolt.action(action)(self._hear)
        bolt.view("away")(self._hear)
        bolt.event("app_home_opened")(self._hear)

    def _hear(self, ack: Ack, body: Json) -> None:
        self.heard.append(body)
        ack()


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


def _authorized(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-1")


@pytest.fixture
def heard(sqlite_engine: Engine, tmp_path: Path, slack: FakeSlack) -> Iterator[tuple[Site, list[Json]]]:
    ctx = replace(World(sqlite_engine, slack).ctx(), settings=settings(tmp_path))
    bolt = App(signing_secret=SLACK_SECRET, authorize=_authorized, process_before_response=True)
    ears = Ears(bolt)
    served = OneWorkspace(ctx)
    routes = app.all_routes(served, app.telemetry_of(served), SlackDoor(served, lambda _: bolt))
    server = Server(application(routes), "127.0.0.1", 0)
    for port in serve(server):
        yield Site(ctx, port, slack.response_url), ears.heard


def message(*blocks: Json) -> Json:
    return {"ts": "1772000000.000001", "channel": "D0ALICE", "text": "hello", "blocks": list(blocks)}


_ACTS: list[tuple[Callable[[Site, Json], Any], Json]] = [
    (lambda site, shown: site.press_in(shown, "On it", "U0BOB"), {"type": "button", "value": "7"}),
    (lambda site, shown: site.choose(shown, "Snooze", "Tomorrow morning", "U0BOB"),
     {"type": "static_select", "selected_option": SNOOZES[1]}),
    (lambda site, shown: site.pick_user(shown, "Hand over", "U0CAROL", "U0BOB"),
     {"type": "users_select", "selected_user": "U0CAROL"}),
    (lambda site, shown: site.pick_date(shown, "Until", "2026-03-06", "U0BOB"),
     {"type": "datepicker", "selected_date": "2026-03-06"}),
    (lambda site, shown: site.choose(shown, "more", "Not mine", "U0BOB"),
     {"type": "overflow", "selected_option": option("Not mine", "not_mine")}),
]  # fmt: skip


@pytest.mark.parametrize(("act", "told"), _ACTS, ids=lambda value: value.get("type") if isinstance(value, dict) else "")
def test_a_press_says_who_pressed_what_where(
    heard: tuple[Site, list[Json]], slack: FakeSlack, act: Callable[[Site, Json], Any], told: Json
) -> None:
    site, bodies = heard
    assert act(site, message({**ROW, "block_id": "w1"})).status == 200
    (body,) = bodies
    (action,) = body["actions"]
    assert {**action, **told, "block_id": "w1"} == action
    assert action["action_ts"]
    assert (body["user"]["id"], body["team"]["id"], body["response_url"]) == ("U0BOB", "T0ACME", slack.response_url)
    assert body["container"] == {
        "type": "message", "message_ts": "1772000000.000001", "channel_id": "D0ALICE", "is_ephemeral": False,
    }  # fmt: skip
    assert (body["channel"]["id"], body["message"]["ts"]) == ("D0ALICE", "1772000000.000001")


def test_a_press_in_a_home_tells_the_view_and_no_channel(heard: tuple[Site, list[Json]]) -> None:
    site, bodies = heard
    assert site.press_in({"type": "home", "id": "V1", "blocks": [ROW]}, "On it").status == 200
    assert (bodies[0]["view"]["id"], bodies[0]["container"]) == ("V1", {"type": "view", "view_id": "V1"})
    assert not {"channel", "message", "response_url"} & set(bodies[0])


def test_a_press_in_a_private_answer_tells_its_place_alone(heard: tuple[Site, list[Json]]) -> None:
    site, bodies = heard
    assert site.press_in({"text": "hello", "blocks": [ROW]}, "On it").status == 200
    assert bodies[0]["container"]["is_ephemeral"] is True
    assert "message" not in bodies[0]


def test_a_modal_is_sent_off_with_what_was_filled_in(heard: tuple[Site, list[Json]]) -> None:
    site, bodies = heard
    until = {"type": "input", "label": plain("Until"), "element": day()}
    assert site.submit(modal(field(), until, private_metadata="7"), {"Why": "a holiday"}, "U0BOB").status == 200
    (body,) = bodies
    assert (body["type"], body["user"]["id"], body["view"]["private_metadata"]) == ("view_submission", "U0BOB", "7")
    assert body["view"]["state"]["values"] == {
        "why": {"text": {"type": "plain_text_input", "value": "a holiday"}},
        "b1": {"day": {"type": "datepicker", "selected_date": None}},
    }


def test_an_event_comes_in_its_envelope(heard: tuple[Site, list[Json]]) -> None:
    site, bodies = heard
    opened = {"type": "app_home_opened", "user": "U0BOB", "tab": "home"}
    assert site.event(opened, event_id="Ev7").status == 200
    wait_until(lambda: bodies)
    assert (bodies[0]["event"], bodies[0]["event_id"], bodies[0]["team_id"]) == (opened, "Ev7", "T0ACME")


def test_every_press_has_a_trigger_of_its_own(heard: tuple[Site, list[Json]]) -> None:
    site, bodies = heard
    for _ in range(2):
        site.press_in(message(ROW), "On it")
    assert len({body["trigger_id"] for body in bodies}) == 2


def test_of_two_with_one_label_a_test_has_to_say_which(heard: tuple[Site, list[Json]]) -> None:
    site, bodies = heard
    two = message(row(button(value="7")), row(button(value="8")))
    with pytest.raises(AssertionError, match="2 are called 'On it'"):
        site.press_in(two, "On it")
    site.press_in(two, "On it", nth=1)
    assert bodies[0]["actions"][0]["value"] == "8"
    assert labels(message(ROW)) == ["On it", "Snooze", "Hand over", "Until", "…"]
