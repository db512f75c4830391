"""`/flow streams`, `/flow stream` and `/flow stage`, and a map taken out and in as YAML: every answer whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from doors import asked
from fake_slack import FakeSlack, content_error, view_error
from program import wait_until
from site_on_loopback import Site, serve, settings, web
from sqlalchemy import Engine, text
from test_streams import SHOP, Mill
from world import POLICY, World

from bot.asking import streams as asking
from bot.flow.stream import Fork, Goal, Responsible, Segment, Signal, Stage, Stream
from bot.streams.file import to_yaml
from bot.streams.saving import all_streams
from bot.views import stream_form
from bot.views.streams import parts

MAPPED = SHOP._replace(outcome="We win when it ships", trigger="an issue is opened", finish="it is live")
SITE = "https://github.com/acme/shop/pull"
NOT_ADMIN = "That is for Slack's administrators and owners, and those they name. /flow admins lists who they named."


@dataclass
class Desk:
    """A mill whose web process is asked; alice administers its Slack."""

    mill: Mill
    site: Site

    @property
    def slack(self) -> FakeSlack:
        return self.mill.world.slack

    def flow(self, words: str, user: str = "U0ALICE") -> dict[str, Any]:
        reply = asked(self.site, self.slack, words, user)
        assert content_error(reply) is None
        return reply

    def press(self, told: dict[str, Any], label: str, user: str = "U0ALICE") -> dict[str, Any]:
        """Press a button of an answer; what takes its place."""
        before = len(self.slack.replaced)
        assert self.site.press_in(told, label, user).status == 200
        wait_until(lambda: len(self.slack.replaced) > before)
        return self.slack.replaced[-1]

    def open(self, told: dict[str, Any], label: str = "Edit", user: str = "U0ALICE") -> dict[str, Any]:
        """Press a button that opens a window; what stands in it once it is filled."""
        before = len(self.slack.modals)
        assert self.site.press_in(told, label, user).status == 200
        wait_until(lambda: self.slack.modals[before:] and "One moment" not in str(self.slack.modals[-1]["blocks"]))
        view = self.slack.modals[-1]
        assert view_error({key: value for key, value in view.items() if key not in ("id", "hash")}) is None
        return view

    def send(self, view: dict[str, Any], text: str, user: str = "U0ALICE") -> dict[str, Any]:
        """Send the form off with another text; what Slack is answered."""
        told: dict[str, str] = {one["block_id"]: "" for one in view["blocks"] if one["type"] == "input"}
        told.update(zip(told, parts(text, stream_form.MOST_PART), strict=False))
        return dict(json.loads(self.site.submit(view, told, user).text))


@pytest.fixture
def desk(quick_engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE", is_admin=True)
        slack.add_user("U0BOB")
        world = World(quick_engine, slack)
        world.set_policy(POLICY)
        ctx = replace(world.ctx(), settings=settings(tmp_path))
        for port in serve(web(ctx)):
            yield Desk(Mill(world), Site(ctx, port, slack.response_url))


def cell(one: dict[str, Any]) -> str:
    if one["type"] == "raw_text":
        return str(one["text"])
    part = one["elements"][0]["elements"][0]
    return str(part.get("user_id") or part.get("usergroup_id"))


def shown(message: dict[str, Any]) -> list[str]:
    """The blocks: texts, rows of tables, code, and buttons in brackets."""
    assert (view_error if message.get("type") == "modal" else content_error)(message) is None
    found = []
    for block in message["blocks"]:
        if block["type"] == "table":
            found += [" | ".join(map(cell, row)) for row in block["rows"]]
        elif block["type"] == "actions":
            found.append(" ".join(f"[{one['text']['text']}]" for one in block["elements"]))
        elif block["type"] == "rich_text":
            found.append(block["elements"][0]["elements"][0]["text"])
        else:
            text = (block.get("text") or block["elements"][0])["text"]
            beside = block.get("accessory")
            found.append(f"{text} [{beside['text']['text']}]" if beside else text)
    return found


def work(desk: Desk) -> None:
    """Eight pull requests a day each, of which six are live; one went back from QA."""
    for item in range(1, 9):
        mill = desk.mill
        mill.tell("opened", item, type="pull_request", draft=True, title=f"Fix {item}", url=f"{SITE}/{item}")
        mill.later(1)
        mill.tell("ready_for_review", item)
        mill.later(2)
        mill.tell("labeled", item, label="qa")
        mill.later(item)
        if item == 3:
            mill.tell("converted_to_draft", item)
        mill.later(1)
        if item < 7:
            mill.tell("merged", item)
        mill.later(24 - 4 - item)


def test_without_a_stream_the_list_says_how_one_is_made(desk: Desk) -> None:
    told = desk.flow("streams", "U0BOB")
    assert shown(told) == [
        "No value stream is mapped yet. `/flow map NAME` maps one with you. An administrator may also paste one with "
        "the button; it is YAML, and there is one to start from.",
        "[Paste one]",
    ]
    assert desk.flow("stream Shop")["text"] == "No value stream is mapped yet. /flow streams tells how one is."


def test_the_list_tells_what_each_is_for_and_where_time_goes(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    desk.mill.save(Stream("Ärger & <Co>", SHOP.stages, (), (Segment("Everybody"), Segment("Big"))))
    work(desk)
    told = desk.flow("streams", "U0BOB")
    assert shown(told) == [
        "2 value streams; times are of the last 90 days.",
        "*Shop*\nWe win when it ships\nidea → coding → review → QA → live\n"
        "6 done, half within 6h (7h by the calendar); 2 on the way. Most time goes in *QA* (49%). "
        "No review of the map is planned. [Show Shop]",
        "*Ärger &amp; &lt;Co&gt;* · Everybody, Big\nidea → coding → review → QA → live\n"
        "Nothing was done yet; 0 on the way. No review of the map is planned. [Show Ärger & <Co>]",
        "[Paste one]",
    ]
    assert shown(desk.press(told, "Show Shop"))[0].startswith("*Shop*\nWe win when it ships\n")


def test_a_map_is_a_table_with_its_measures(desk: Desk) -> None:
    goal = Goal("QA", 4 * 3600, "bob tries pairing", None)
    desk.mill.save(MAPPED._replace(goals=(goal,)))
    work(desk)
    told = desk.flow("stream shop", "U0BOB")
    assert shown(told) == [
        "*Shop*\nWe win when it ships\nBegins: an issue is opened · done: it is live · through: acme/shop",
        "Stage | Responsible | Target | Half within | 85% within | n | Share | Now",
        "idea (wait) | team core | – | – | – | 0 | – | 0",
        "coding (active) | authors | – | 1h / 1h | 1h / 1h | 9 | 19% | 0",
        "review (wait) | reviewers | – | 2h / 2h | 2h / 2h | 8 | 32% | 0",
        "QA (wait) | team qa | 8h | 3h / 3h | 5h / 7h | 6 | 49% | 2",
        "live (active) | – | – | – | – | – | – | done",
        "*6 done* in the last 90 days: half within 6h (7h by the calendar), 85% within 8h (10h by the "
        "calendar). Flow efficiency 18%. 2.2 hand-offs an item. 2 on the way.\nLargest wait: *QA*, 49% of the "
        "time.\nGoes back: QA → coding (1 time).\nFuture state of *QA*: 4h: bob tries pairing.",
        "Working time of the team's calendar / calendar time.\nVersion 1 by <@U0ALICE> on 2 Mar 09:00: "
        "mapped.\nNo review of the map is planned.",
        "[Picture] [Edit] [Export] [Measure again] [History] [All streams]",
    ]
    assert told["text"] == (
        "Shop\nWe win when it ships\nBegins: an issue is opened · done: it is live · through: acme/shop\nidea: "
        "wait, team core; 0 in it now.\ncoding: active, authors; half within 1h / 1h, 85% within 1h / 1h (n = "
        "9), 19% of the time; 0 in it now.\nreview: wait, reviewers; half within 2h / 2h, 85% within 2h / 2h "
        "(n = 8), 32% of the time; 0 in it now.\nQA: wait, team qa; target 8h; half within 3h / 3h, 85% within "
        "5h / 7h (n = 6), 49% of the time; 2 in it now.\nlive: active; done.\n6 done in the last 90 "
        "days: half within 6h (7h by the calendar), 85% within 8h (10h by the calendar). Flow efficiency 18%. "
        "2.2 hand-offs an item. 2 on the way.\nLargest wait: QA, 49% of the time.\nGoes back: QA → coding (1 "
        "time).\nFuture state of QA: 4h: bob tries pairing.\nWorking time of the team's calendar / calendar "
        "time.\nVersion 1 by <@U0ALICE> on 2 Mar 09:00: mapped.\nNo review of the map is planned."
    )


def test_segments_are_told_apart_on_a_map(desk: Desk) -> None:
    big = Segment("Big", "buyers", (Signal("label", "big"),))
    own = Stage("audit", False, Responsible("group", "S0AUDIT"), (Signal("label", "audit"),), segment="Big")
    stages = (*SHOP.stages[:-1], own, SHOP.stages[-1])
    desk.mill.save(MAPPED._replace(segments=(Segment("Everybody"), big), stages=stages))
    work(desk)
    told = shown(desk.flow("stream shop"))
    assert [one for one in told if "audit" in one] == ["audit (wait, Big only) | S0AUDIT | – | – | – | 0 | – | 0"]
    assert "*Everybody*: 6 done" in "".join(told)
    assert "*Big*: Nothing was done yet; 0 on the way." in "".join(told)


def test_who_changed_what_is_told_latest_first(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    desk.press(desk.flow("stage Shop QA target 4h"), "Confirm")
    told = desk.flow("stream Shop history", "U0BOB")
    assert shown(told) == [
        "*Shop* has 2 versions, latest first.",
        "*2* QA: target 8h → 4h\n<@U0ALICE> · Monday 09:00",
        "*1* mapped\n<@U0ALICE> · Monday 09:00",
        "[Show the map]",
    ]
    assert shown(desk.press(told, "Show the map", "U0BOB"))[0].startswith("*Shop*")


def test_a_map_is_exported_in_private_and_can_be_read_back(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    told = desk.press(desk.flow("stream Shop"), "Export")
    assert shown(told) == [
        "*Shop* as YAML. *Edit* on its map takes it back, changed.", to_yaml(MAPPED).rstrip("\n"), "[Show the map]",
    ]  # fmt: skip
    assert told["replace_original"] is True
    assert asking.exported(desk.mill.world.ctx(), "shop") == to_yaml(MAPPED)


def test_a_long_map_is_exported_and_edited_in_parts(desk: Desk) -> None:
    many = tuple(
        Stage(f"stage {number}", True, None, (Signal("label", f"l{number}"),), does="x " * 149, proof="y " * 149)
        for number in range(29)
    )
    long = MAPPED._replace(stages=(*many, SHOP.stages[-1]))
    desk.mill.save(long)
    page = desk.flow("stream Shop export")
    whole = shown(page)[1:-3]
    while "Later" in shown(page)[-2]:
        page = desk.press(page, "Later")
        whole += shown(page)[1:-3]
    assert "".join(whole).replace("\n", "") == to_yaml(long).replace("\n", "")
    view = desk.open(desk.flow("stream Shop"))
    assert len(view["blocks"]) > 5
    broken = to_yaml(long).replace("label l28", "lable l28")
    answer = desk.send(view, broken)
    ((field, problem),) = answer["errors"].items()
    assert field == "yaml6"
    assert problem.startswith("Line ")
    assert "here)" in problem
    assert desk.send(view, to_yaml(long).replace("label l28", "label l99"))["response_action"] == "update"


def test_an_edited_map_is_saved_as_the_next_version(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    work(desk)
    view = desk.open(desk.flow("stream Shop"))
    assert view["blocks"][0]["element"]["initial_value"] == to_yaml(MAPPED)
    answer = desk.send(view, to_yaml(MAPPED).replace("label qa", "label acceptance"))
    assert shown(answer["view"]) == [
        "*Shop* is saved as version 2: QA: signals label qa → label acceptance.",
        "Items that are done keep their times, until *Measure again* on the map; all others go by it now.",
        "[Show the map]",
    ]
    assert desk.mill.way(1) == [("coding", 0), ("review", 1), ("QA", 3), ("live", 5)]
    assert desk.mill.way(7)[-1][0] == "review"
    again = desk.press(desk.flow("stream Shop"), "Measure again")
    assert shown(again) == ["All items of *Shop* are measured by the map that holds now.", "[Show the map]"]
    assert desk.mill.way(1) == [("coding", 0), ("review", 1), ("live", 5)]


def test_a_new_map_is_pasted(desk: Desk) -> None:
    view = desk.open(desk.flow("streams"), "Paste one")
    assert view["blocks"][0]["element"]["initial_value"] == stream_form.EXAMPLE
    answer = desk.send(view, stream_form.EXAMPLE)
    assert shown(answer["view"]) == ["*Shop* is saved as version 1: mapped.", "[Show the map]"]
    late = desk.send(view, stream_form.EXAMPLE)
    assert late["errors"] == {
        "yaml0": "Somebody saved version 1 of “Shop” meanwhile. Please look at it, and change that one."
    }


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [("kind: wait", "kind: waiting", "Line 9: stages 1: kind: “waiting” is not allowed; allowed are active and wait"),
     ("name: QA", "name: coding", "Line 24: stages 4: name: “coding” stands there twice"),
     ("repos:", "repo:", "Line 5: repo: unknown key; allowed here are name, outcome, north_star, trigger, finish, "
      "parent, review_on, repos, segments, stages, forks, goals"),
     ("  responsible: reviewers\n", "", "Line 19: “review” is a wait, and nobody is responsible for ending it. Name "
      "somebody: authors, reviewers or @name.")],
)  # fmt: skip
def test_a_fault_is_shown_where_it_is_with_its_line(desk: Desk, was: str, now: str, problem: str) -> None:
    desk.mill.save(MAPPED)
    view = desk.open(desk.flow("stream Shop"))
    answer = desk.send(view, to_yaml(MAPPED).replace(was, now, 1))
    assert answer == {"response_action": "errors", "errors": {"yaml0": problem}}


def test_of_two_who_edit_at_once_the_second_is_told(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    views = [desk.open(desk.flow("stream Shop")) for _ in range(2)]
    assert desk.send(views[0], to_yaml(MAPPED).replace("target: 8h", "target: 4h"))["response_action"] == "update"
    answer = desk.send(views[1], to_yaml(MAPPED).replace("target: 8h", "target: 2h"))
    assert answer["errors"] == {
        "yaml0": "Somebody saved version 2 of “Shop” meanwhile. Please look at it, and change that one."
    }


def test_only_administrators_change_maps(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    told = desk.flow("stream Shop", "U0BOB")
    assert NOT_ADMIN in str(desk.open(told, user="U0BOB")["blocks"]).replace("`", "")
    assert desk.press(told, "Measure again", "U0BOB")["text"] == NOT_ADMIN
    view = desk.open(told)
    assert desk.send(view, to_yaml(SHOP), "U0BOB")["errors"] == {"yaml0": NOT_ADMIN}
    tried = desk.flow("stage Shop QA target 4h", "U0BOB")
    assert shown(tried)[-1] == "[Show the map]"
    confirmed = desk.flow("stage Shop QA target 4h")
    assert desk.press(confirmed, "Confirm", "U0BOB")["text"] == NOT_ADMIN


def test_a_stage_is_told_with_what_is_in_it(desk: Desk) -> None:
    fork = Fork("Big", "QA", target=3600, policy="two people look")
    segments = (Segment("Everybody"), Segment("Big", "", (Signal("label", "big"),)))
    stages = tuple(one._replace(does="try it", proof="a note") if one.name == "QA" else one for one in SHOP.stages)
    desk.mill.save(MAPPED._replace(stages=stages, segments=segments, forks=(fork,)))
    work(desk)
    assert shown(desk.flow("stage shop qa", "U0BOB")) == [
        "*QA* in Shop: wait, team qa responsible, target 8h.\nAn item is in it by label qa.\nWhat happens: try "
        "it\nDone when: a note\nFor Big: target 1h; two people look.\nOf 6 stays, half took up to 3h (3h by "
        "the calendar), 85% up to 5h (7h by the calendar), 49% of the time.\n6 of 6 were within the target.\n2 "
        "in it now, 2 more than 90 days ago.\n<https://github.com/acme/shop/pull/7|Fix 7> · acme/shop#7: 8h "
        "(1d 21h by the calendar)\n<https://github.com/acme/shop/pull/8|Fix 8> · acme/shop#8: 5h (21h by the "
        "calendar)",
        "`/flow stage Shop QA target 8h` shows what that would mean.",
        "[Show the map]",
    ]
    assert shown(desk.flow("stage shop live", "U0BOB")) == [
        "*live* in Shop: active, the finish line.\nAn item is in it by merged.",
        "`/flow stage Shop live policy WORDS` shows what that would mean.",
        "[Show the map]",
    ]


def test_another_target_is_tried_out_on_the_past_and_then_agreed_on(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    work(desk)
    tried = desk.flow("stage Shop QA target 2h")
    assert shown(tried) == [
        "*Shop*: QA: target 8h → 2h.",
        "Stays of the last 90 days: 6 of 6 were within the target; 2 of 6 would be.",
        "[Confirm] [Leave it]",
    ]
    assert shown(desk.press(tried, "Leave it"))[0].startswith("*Shop*")
    done = desk.press(tried, "Confirm")
    assert shown(done) == ["*Shop* is saved as version 2: QA: target 8h → 2h.", "[Show the map]"]
    assert desk.press(tried, "Confirm")["text"] == (
        "Somebody saved version 2 of “Shop” meanwhile. Please look at it, and change that one. /flow stream NAME shows "
        "what holds. For example: /flow stage Shop QA wait, @bob, 8h, label qa"
    )
    assert shown(desk.flow("stage Shop QA target 2h")) == [
        "That is what the map of *Shop* says already.",
        "[Show the map]",
    ]


@pytest.mark.parametrize(
    ("words", "change"),
    [("wait, <@U0BOB>, 2d, label acceptance", "QA: responsible team qa → bob; QA: signals label qa → label acceptance; "
      "QA: target 8h → 16h"),
     ("active", "QA: kind wait → active"),
     ("no target", "QA: target 8h → none"), ("target none", "QA: target 8h → none"),
     ("responsible team core", "QA: responsible team qa → team core"),
     ("by reviewers", "QA: responsible team qa → reviewers"),
     ("signals label a, status In QA", "QA: signals label qa → label a, status In QA"),
     ("signals none", "QA: signals label qa → none"),
     ("rename to Acceptance test", "QA is called Acceptance test"), ("called Check", "QA is called Check"),
     ("policy we don't merge on Fridays, it's late", "QA: policy none → we don't merge on Fridays, it's late"),
     ("proof “a note of the team”", "QA: proof point none → a note of the team"),
     ("for Big target 3h", "QA for Big: target 3h"), ("for big by team core", "QA for Big: responsible team core"),
     ("for Big target none", "QA for Big: target none")],
)  # fmt: skip
def test_a_stage_is_changed_in_plain_words(desk: Desk, words: str, change: str) -> None:
    segments = (Segment("Everybody"), Segment("Big", "", (Signal("label", "big"),)))
    desk.mill.save(MAPPED._replace(segments=segments))
    tried = desk.flow(f"stage shop qa {words}")
    assert shown(tried)[0] == f"*Shop*: {change}."
    assert shown(desk.press(tried, "Confirm"))[0] == f"*Shop* is saved as version 2: {change}."


@pytest.mark.parametrize(
    ("words", "problem"),
    [("stage Shop", "Which stage of “Shop” is missing. Its stages are idea, coding, review, QA, live."),
     ("stage Shop Q target 3h", "I know no stage of “Shop” called “Q target 3h”. "
      "Its stages are idea, coding, review, QA, live."),
     ("stage Shap QA", "I know no value stream “Shap QA”."),
     ("stream Shap", "I know no value stream “Shap”. Did you mean “Shop”?"),
     ("stream Shop what", "“what” is too much behind “Shop”. Allowed is"),
     ("stage Shop QA banana", "I can't read “banana”. Allowed are `active`"),
     ("stage Shop QA rename", "The new name is missing. Allowed is any name that no other stage has."),
     ("stage Shop QA rename coding", "Stages 4: name: “coding” stands there twice. Nothing was changed."),
     ("stage Shop QA responsible none", "“QA” is a wait, and nobody is responsible for ending it. Name somebody"),
     ("stage Shop QA for Big target 1h",
      "“Big target” is no segment of the stream, which has none. Allowed is a "
      "change for all."),
     ("stage Shop QA policy", "What “policy” is to say is missing. Allowed are words of yours, or `none`."),
     ("stage Shop QA does " + "x" * 301, "Stages 4: does: “xxx"),
     ("stage", "STREAM STAGE is missing. Allowed are a value stream's name"),
     ("stream", "NAME is missing. Allowed is")],
)  # fmt: skip
def test_what_can_not_be_taken_is_answered_with_what_can(desk: Desk, words: str, problem: str) -> None:
    desk.mill.save(MAPPED)
    assert shown(desk.flow(words))[0].startswith(problem)


def test_a_renamed_stage_keeps_its_figures(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    work(desk)
    before = shown(desk.flow("stage Shop QA"))[0].split("\n")[2:]
    desk.press(desk.flow("stage Shop QA rename Acceptance"), "Confirm")
    assert shown(desk.flow("stage Shop Acceptance"))[0].split("\n")[2:] == before


def test_names_with_spaces_quotes_and_markup_are_found_again(desk: Desk) -> None:
    odd = Stage("Bob's <*way*> & more", False, Responsible("team", "core"), (Signal("draft"),))
    desk.mill.save(MAPPED._replace(name="It's a long, long way", stages=(odd, SHOP.stages[-1])))
    assert shown(desk.press(desk.flow("streams"), "Show It's a long, long way"))[0].startswith(
        "*It's a long, long way*"
    )
    tried = desk.flow("stage It’s a long, long way Bob's <*way*> & more target 2h".replace("&", "&amp;"))
    assert shown(tried)[0] == "*It's a long, long way*: Bob's &lt;∗way∗&gt; &amp; more: target none → 2h."
    assert "version 2" in desk.press(tried, "Confirm")["text"]


def test_the_largest_map_there_can_be_keeps_slacks_limits(desk: Desk) -> None:
    stages = tuple(
        Stage(
            f"{number} " + "&" * 57, False, Responsible("team", "t" * 99), (Signal("label", "l" * 290 + str(number)),)
        )
        for number in range(29)
    )
    segments = tuple(Segment("<" * 58 + str(number), "p" * 300) for number in range(20))
    long = MAPPED._replace(name="s" * 60, stages=(*stages, SHOP.stages[-1]), segments=segments, outcome="&" * 300)
    desk.mill.save(long._replace(goals=tuple(Goal(one.name, 60, "&" * 300, None) for one in stages)))
    for words in (
        "streams",
        f"stream {long.name}",
        f"stream {long.name} history",
        f"stage {long.name} {stages[1].name}",
    ):
        assert shown(desk.flow(words.replace("&", "&amp;")))
    assert shown(desk.flow(f"stage {long.name} {stages[1].name} target 1h".replace("&", "&amp;")))
    assert len(desk.open(desk.flow(f"stream {long.name}"))["blocks"]) > 10


def test_a_stream_is_deleted_once_somebody_is_sure(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    work(desk)
    world = desk.mill.world
    desk.mill.save(Stream("Other", SHOP.stages, ("acme/shop",)))
    told = desk.flow("stream shop delete")
    assert shown(told) == [
        "Delete the value stream *Shop*? Its map with all versions and measures goes, and nobody is nudged about its "
        "stages any more. What happened to the items stays known. `/flow stream Shop export` gives you the map to "
        "keep.",
        "[Delete Shop] [Leave it]",
    ]
    waiting = "SELECT count(*) FROM waits WHERE stream = :key AND until IS NULL"
    ((held, _),) = (one for one in all_streams(world.ctx()) if one[1].name == "Shop")
    key = held.key
    with desk.mill.world.engine.connect() as connection:
        before = connection.execute(text(waiting), {"key": key}).scalar()
    done = desk.press(told, "Delete Shop")
    assert shown(done) == ["The value stream *Shop* is deleted. `/flow log` says so, too."]
    with desk.mill.world.engine.connect() as connection:
        left = [connection.execute(text(f"SELECT count(*) FROM {one} WHERE stream = :key"), {"key": key}).scalar()
                for one in ("waits", "journeys", "visits", "stream_versions")]  # fmt: skip
    assert before
    assert left == [0, 0, 0, 0]
    assert [stream.name for _, stream in all_streams(world.ctx())] == ["Other"]
    assert desk.flow("stream shop")["text"].startswith("I know no value stream “shop”.")
    assert "value stream Shop: version 1 → deleted" in desk.flow("log")["text"]


def test_who_looked_at_an_older_map_deletes_nothing(desk: Desk) -> None:
    desk.mill.save(MAPPED)
    told = desk.flow("stream Shop delete")
    desk.mill.save(MAPPED._replace(outcome="We win when it sells"))
    assert shown(desk.press(told, "Delete Shop")) == [
        "“Shop” was changed meanwhile, so it is still there. Please look at it first."
    ]
    assert shown(desk.flow("stream Shop delete", "U0BOB")) == [NOT_ADMIN]
    assert [stream.name for _, stream in all_streams(desk.mill.world.ctx())] == ["Shop"]
