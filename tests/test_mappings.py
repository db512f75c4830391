"""Value streams mapped in Slack: whole conversations, several people, restarts, odd answers, forms."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_slack import Fault, view_error
from mapping_hall import SHOP, Hall, buttons, hall, texts
from site_on_loopback import Site, serve, web
from sqlalchemy import Engine

from bot.flow.mapping import Answer
from bot.said import current
from bot.streams.mappings import Outcome, answer
from bot.streams.saving import stream_named

LINE = (
    "idea (wait, @bob, opened, 8h) -> coding (active, authors, draft, no target) -> "
    "review (wait, reviewers, 8h, review) -> QA (wait, @bob, 2d, label qa) -> live (merged)"
)
WIN = "We win when an order is paid in one step for small shops"
REST = ("from a shop asks for it to it is live", "Items done a week", "nothing for now", "in 3 months")


@pytest.fixture
def team(engine: Engine, tmp_path: Path) -> Iterator[Hall]:
    """Without a history."""
    with hall(engine, tmp_path) as found:
        yield found


@pytest.fixture
def working(engine: Engine, tmp_path: Path) -> Iterator[Hall]:
    """With a history of 90 days."""
    with hall(engine, tmp_path, days=90) as found:
        yield found


def direct(team: Hall, user: str = "U0ALICE") -> str:
    """Begin in a direct conversation, which is its id."""
    team.flow("map Shop", user, f"D{user[1:]}")
    return f"D{user[1:]}"


def to_the_end(team: Hall, user: str = "U0ALICE") -> None:
    """Answer all but the last question in a direct conversation."""
    for words in (LINE, WIN, *REST):
        team.type(words, user)


def test_a_team_maps_its_stream_from_its_history_in_ten_answers_by_all_ways_to_answer(working: Hall) -> None:
    team = working
    told = team.flow("map Shop")
    assert told["text"].startswith("I ask about Shop here in <#C0SHOP>; everybody can take part")
    root = team.last()
    assert "The last 90 days" in root["text"]
    assert buttons(root) == ["Looks right", "Back", "Skip", "…"]
    team.press("Looks right", "U0BOB")
    assert "✓ bob: Looks right" in team.said()[0]["text"]
    assert buttons(team.said()[0]) == []
    team.mention(WIN, "U0CAROL")
    team.mention("looks right", "U0BOB")
    team.press("Items done a week")
    team.press("The rest is fine")
    team.mention("nothing for now")
    team.press("In 3 months")
    assert stream_named(team.site.ctx, "Shop") is None
    team.press("Save it")
    last = team.last()
    assert last["text"].startswith("“Shop” is saved as version 1.")
    assert [block["type"] for block in last["blocks"]] == ["image", "section", "table"]
    assert {one.get("thread_ts") for one in team.said()[1:]} == {root["ts"]}
    found = stream_named(team.site.ctx, "Shop")
    assert found is not None
    assert found[1].outcome == WIN
    assert [stage.name for stage in found[1].stages][1:4] == ["Waiting for a reviewer", "Review", "Rework"]
    assert not any("<@" in json.dumps(one["blocks"]) for one in team.said())


def test_without_a_history_it_asks_and_a_line_draws_five_stages(team: Hall) -> None:
    here = direct(team)
    to_the_end(team)
    assert "Save it?" in team.last(here)["text"], texts(team.said(here))
    assert len(team.said(here)) <= 12
    team.type("save")
    found = stream_named(team.site.ctx, "Shop")
    assert found is not None
    assert [stage.name for stage in found[1].stages] == ["idea", "coding", "review", "QA", "live"]


def test_it_is_taken_up_by_another_process_after_every_answer(team: Hall) -> None:
    here = direct(team)
    for words in (LINE, WIN, *REST, "save"):
        ctx = replace(team.world.ctx(), settings=team.site.ctx.settings)
        for port in serve(web(ctx)):
            again = Hall(team.world, Site(ctx, port, team.slack.response_url), team._numbers)
            again.type(words)
    assert "is saved as version 1" in team.last(here)["text"]


def test_an_event_that_comes_twice_counts_once(team: Hall) -> None:
    here = direct(team)
    ts = team.type(LINE)
    before = texts(team.said(here))
    team.type(LINE, ts=ts)
    assert texts(team.said(here)) == before


def test_a_reply_that_was_lost_is_not_posted_twice_into_the_thread(team: Hall) -> None:
    team.flow("map Shop")
    team.slack.fail("chat.postMessage", Fault("lost"))
    team.mention(LINE)
    team.world.wait(minutes=3)
    said = texts(team.said())
    assert len(said) == 2
    assert team.slack.called("conversations.replies") >= 1


def test_two_who_answer_at_once_are_both_heard(team: Hall) -> None:
    direct(team)
    team.type(LINE)
    ctx = current(team.world.ctx())
    with team.world.engine.connect() as connection:
        id_ = connection.exec_driver_sql("SELECT id FROM mappings").scalar_one()
        number = json.loads(connection.exec_driver_sql("SELECT draft FROM mappings").scalar_one())["number"]
    start = threading.Barrier(2)

    def say(who: str, words: str) -> None:
        start.wait()
        answer(ctx, id_, Answer(who, team.world.now, words, turn=number), f"U0{who.upper()}", who)

    threads = [
        threading.Thread(target=say, args=one) for one in (("alice", WIN), ("bob", "Nobody waits, for big shops"))
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    team.deliver()
    last = team.last("D0ALICE")
    assert "Two answers differ" in last["text"]
    assert len(buttons(last)) == 5


def test_a_press_twice_counts_once_and_one_on_an_old_question_is_not_lost(team: Hall) -> None:
    team.flow("map Shop")
    team.mention(LINE)
    team.mention(WIN)
    asked = team.said()[-1]
    team.mention("from a to b")
    before = len(team.said())
    team.press("Skip", shown=asked)
    team.press("Skip", shown=asked)
    assert len(team.said()) == before + 1


def test_a_week_later_it_goes_on_where_it_stood(team: Hall) -> None:
    here = direct(team)
    team.type(LINE)
    team.type("stop for today")
    assert buttons(team.last(here)) == ["Go on"]
    team.world.clock.advance(days=7)
    told = team.flow("map shop", channel=here)
    assert told["text"] == "Shop is being mapped already. I asked what is open once more, in our direct conversation."
    assert "when do they win" in team.last(here)["text"]
    team.type(WIN)
    assert "For: small shops" in team.last(here)["text"]


def test_it_can_be_brought_to_another_place_and_given_up(team: Hall) -> None:
    direct(team, "U0BOB")
    team.type(LINE, "U0BOB")
    told = team.flow("map Shop")
    assert told["text"] == "Shop is being mapped by bob in a direct conversation."
    team.site.press_in({**told, "channel": SHOP}, "Go on here", "U0ALICE")
    team.deliver()
    assert "Everybody here may answer" in team.last()["text"]
    assert buttons(team.last("D0BOB")) == []
    team.mention(WIN)
    assert "For: small shops" in team.last()["text"]
    told = team.flow("map")
    assert told["text"].splitlines()[1] == "Shop is being mapped in <#C0SHOP>."
    told = team.flow("map Shop discard")
    assert told["text"] == "Give up what was answered about Shop so far?"
    team.press("Give up", shown={**told, "channel": SHOP})
    assert "✓ alice: given up" in team.last()["text"]
    team.mention("hello?")
    assert team.last()["text"] == "This was given up. /flow map Shop begins anew."


def test_where_weir_is_no_member_it_asks_in_the_direct_conversation(team: Hall) -> None:
    told = team.flow("map Shop", channel="C0AWAY")
    assert "in our direct conversation. I am not in that channel" in told["text"]
    assert "by a button or just by typing" in team.last("D0ALICE")["text"]


def test_only_administrators_save_and_nothing_is_lost_where_somebody_else_wants_to(team: Hall) -> None:
    here = direct(team, "U0BOB")
    to_the_end(team, "U0BOB")
    team.press("Save it", "U0BOB", here)
    last = team.last(here)
    assert last["text"].startswith("That is for Slack's administrators and owners, and those they name.")
    assert "Save it" in buttons(last)
    assert stream_named(team.site.ctx, "Shop") is None
    team.flow("admins add <@U0BOB>")
    team.press("Save it", "U0BOB", here)
    assert stream_named(team.site.ctx, "Shop") is not None


def test_who_is_stopped_between_saving_and_saying_so_saves_once(team: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    here = direct(team)
    to_the_end(team)
    with monkeypatch.context() as patch:
        patch.setattr("bot.store.mappings.keep", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            _save_at_once(team)
    _save_at_once(team)
    team.deliver()
    found = stream_named(team.site.ctx, "Shop")
    assert found is not None
    assert found[0].version == 1
    assert "is saved as version 1" in team.last(here)["text"]


def _save_at_once(team: Hall) -> None:
    ctx = current(team.world.ctx())
    answer(ctx, _open(team), Answer("alice", team.world.now, "save"), "U0ALICE", "saving")


def test_somebody_who_saved_meanwhile_is_told_and_may_be_saved_over(team: Hall) -> None:
    here = direct(team)
    to_the_end(team)
    team.type("save")
    team.flow("map Shop", channel=here)
    for words in ("looks right", "nothing for now", "in 4 months"):
        team.type(words)
    assert "Save it?" in team.last(here)["text"]
    held = stream_named(team.site.ctx, "Shop")
    assert held is not None
    _save_other(team, held[1]._replace(outcome="Another"))
    team.type("save")
    assert "Somebody saved version 2 of “Shop” meanwhile" in team.last(here)["text"]
    team.type("save")
    assert "is saved as version 3" in team.last(here)["text"]


def _save_other(team: Hall, stream: Any) -> None:
    from bot.streams.saving import save

    save(current(team.world.ctx()), "U0BOB", stream, team.world.now)


def test_a_form_is_filled_in_and_a_fault_stands_at_its_field(team: Hall) -> None:
    direct(team)
    team.type("idea -> coding -> live")
    team.type(WIN)
    team.type("from a shop asks for it to it is live")
    team.type("Items done a week")
    team.press("Something else …", channel="D0ALICE")
    view = team.slack.modals[-1]
    assert view_error({key: value for key, value in view.items() if key not in ("id", "hash")}) is None
    labels = {block["label"]["text"]: block["block_id"] for block in view["blocks"]}
    before = len(team.said("D0ALICE"))
    told = json.loads(team.site.submit(view, {"field:target": "soon"}).text)
    assert told["response_action"] == "errors"
    assert list(told["errors"]) == ["field:target"], labels
    team.deliver()
    assert len(team.said("D0ALICE")) == before
    assert team.site.submit(view, {"field:target": "4h"}).text == ""
    team.deliver()
    assert len(team.said("D0ALICE")) == before + 1


def test_several_choices_are_marked_and_sent_with_done(team: Hall) -> None:
    here = direct(team)
    for words in (LINE, WIN, *REST[:2]):
        team.type(words)
    shown = team.last(here)
    (row,) = (
        block
        for block in shown["blocks"]
        if block["type"] == "actions" and block["elements"][0]["type"] == "checkboxes"
    )
    assert [one["text"]["text"] for one in row["elements"][0]["options"]][-1] == "Nothing for now"
    team.press("Done", channel=here)
    assert team.whispered("Nothing is chosen yet")
    _done(team, row, row["elements"][0]["options"][:2])
    assert "“idea”: what do you want it to be" in team.last(here)["text"]


def _done(team: Hall, row: dict[str, Any], marked: list[dict[str, Any]]) -> None:
    from slack_payloads import block_actions

    shown = team.last("D0ALICE")
    action = {
        "type": "button",
        "action_id": "map:done",
        "block_id": row["block_id"].replace("choices", "small"),
        "value": "done",
        "action_ts": "1.1",
    }
    told = block_actions(action, "U0ALICE", team.site.response_url, shown, "D0ALICE")
    told["state"]["values"] = {row["block_id"]: {"map:checks": {"type": "checkboxes", "selected_options": marked}}}
    assert team.site.send_interaction(told).status == 200
    team.deliver()


ODD = [
    "", "   ", "👍", ":shrug:", "🎉🎉🎉", "?", "...", "x" * 5_000, "<!channel> hello", "<https://example.com|a link>",
    "Was soll ich sagen?", "これは何ですか", "<@U0BOB>", "<#C0SHOP|shop>", "&lt;script&gt;",
    "*bold* _text_ `code", "/flow help",
    "hi", "thanks", "no", "42", "-1", "\u202eevil", "null", "{}", "`", "a\nb\nc", "🤷", "-> -> ->", "idea -> idea",
]  # fmt: skip


def test_odd_answers_are_each_answered_with_a_line_that_slack_shows(team: Hall) -> None:
    here = direct(team)
    team.type(LINE)
    team.type(WIN)
    for words in ODD:
        before = len(team.said(here))
        team.type(words)
        assert len(team.said(here)) == before + 1, words
        assert "<!channel>" not in json.dumps(team.last(here)["blocks"])
        if "What is the one figure" in team.last(here)["text"]:
            team.type("back")


def test_typing_where_nothing_is_open_is_answered_with_one_kind_line(team: Hall) -> None:
    ts = team.type("hello Weir", "U0BOB")
    team.type("hello Weir", "U0BOB", ts=ts)
    assert texts(team.said("D0BOB")) == [
        "Nothing is open here that I could take that for. I answer to /flow: /flow help lists what I understand, and "
        "/flow map maps a value stream with you."
    ]
    team.type("edited", "U0BOB", subtype="message_changed")
    team.type("I am an app", "U0BOB", bot_id="B1")
    assert len(team.said("D0BOB")) == 1


def test_a_mention_outside_a_conversation_is_answered_in_its_thread(team: Hall) -> None:
    said = team.slack.say_as("U0BOB", SHOP, "@Weir hello")
    team.mention("hello", thread=said["ts"])
    assert team.last()["text"].startswith("I answer to mentions only in the thread of a mapping.")
    assert team.last()["thread_ts"] == said["ts"]


def test_a_finished_conversation_says_how_to_go_on(team: Hall) -> None:
    team.flow("map Shop")
    for words in (LINE, WIN, *REST):
        team.mention(words)
    team.press("Save it")
    team.mention("undo")
    assert team.last()["text"] == "“Shop” is saved. /flow map Shop changes it, and /flow stream Shop shows it."


def test_names_that_cannot_be_are_told(team: Hall) -> None:
    assert "can't be a stream's name" in team.flow(f"map {'x' * 70}")["text"]
    assert team.flow("map Shop export")["text"] == "No value stream is mapped yet. /flow streams tells how one is."
    assert "opens a map as YAML" in team.flow("map Shop import")["text"]
    assert team.flow("map Shop discard")["text"] == "“Shop” is not being mapped. /flow map lists what is."
    assert buttons(team.flow("map")) == ["Map “shop”"]


def test_where_the_first_message_failed_the_next_call_begins_a_thread_anew(team: Hall) -> None:
    team.slack.fail("chat.postMessage", Fault("error", error="msg_too_long"))
    team.flow("map Shop")
    assert team.said() == []
    assert team.world.outbox() == ["failed"]
    team.flow("map Shop")
    assert "Everybody here may answer" in team.last()["text"]
    team.mention(LINE)
    assert "when do they win" in team.last()["text"]


def test_what_answers_a_message_that_never_came_fails(team: Hall) -> None:
    team.flow("map Shop")
    with team.world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET state = 'failed', ts = NULL")
    said = Answer("alice", team.world.now, LINE)
    assert answer(current(team.world.ctx()), _open(team), said, "U0ALICE", "k") == Outcome()
    team.world.wait(minutes=1)
    assert team.world.outbox() == ["failed", "failed"]


def test_a_turn_waits_for_the_message_whose_thread_it_belongs_to(team: Hall) -> None:
    team.slack.fail("chat.postMessage", *[Fault("http", status=429, retry_after=20)] * 2)
    team.flow("map Shop")
    said = Answer("alice", team.world.now, LINE)
    assert answer(current(team.world.ctx()), _open(team), said, "U0ALICE", "k") == Outcome()
    team.world.wait(minutes=3)
    first, second = team.said()
    assert second["thread_ts"] == first["ts"]


def test_in_a_small_form_all_of_a_question_can_be_answered(team: Hall) -> None:
    direct(team)
    team.type(LINE)
    team.press("Fill in …", channel="D0ALICE")
    view = team.slack.modals[-1]
    first = next(block["block_id"] for block in view["blocks"] if block["type"] == "input")
    told = json.loads(team.site.submit(view, {}).text)
    assert told == {"response_action": "errors", "errors": {first: "The form is empty."}}


def test_a_question_that_is_gone_says_so(team: Hall) -> None:
    direct(team)
    shown = team.last("D0ALICE")
    with team.world.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM mapping_turns")
    team.press("Skip", channel="D0ALICE", shown=shown)
    assert team.whispered("That question is gone. The newest one is at the end of the conversation.")


def _open(team: Hall) -> str:
    with team.world.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT id FROM mappings").scalar_one())


def test_somebody_without_a_login_is_called_as_slack_calls_them(team: Hall) -> None:
    team.slack.add_user("U0DAN", name="dan")
    direct(team, "U0DAN")
    team.type(LINE, "U0DAN")
    assert "✓ dan: idea" in team.said("D0DAN")[0]["text"]
