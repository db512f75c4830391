"""The mapping conversation: its course, what is understood at any point, and several people at once."""

from __future__ import annotations

import json
from datetime import date

import pytest
from mapping_facts import HOUR, KNOWING, MEASURED, NOTHING, PROPOSAL

from bot.flow.mapping import Answer, Draft, Facts, Turn, advance, ask, begin, from_json, to_json
from bot.flow.stream import (
    AUTHOR,
    GROUP,
    LABEL,
    PERSON,
    REVIEWERS,
    TEAM,
    Fork,
    Goal,
    Responsible,
    Segment,
    Signal,
    Stage,
    Stream,
)
from bot.flow.stream_line import line_of

AUTHORS = Responsible(AUTHOR)
LINE = (
    "idea -> coding (active, authors) -> review (wait, reviewers, 8h) -> QA (wait, @qa-team, 2d, label qa) "
    "-> live (deploy production)"
)
QUICK = (
    "all", "looks right", "We win when an order is paid in one step for small shops", "looks right",
    "Items done a week", "the rest is fine", "QA", "4h, @bob takes the oldest first, until 2026-06-01", "yes", "save",
)  # fmt: skip


def said(turn: Turn, text: str, facts: Facts = KNOWING, by: str = "alice", number: int | None = None) -> Turn:
    """The turn after a text, from a draft that was kept in between."""
    draft = from_json(json.loads(json.dumps(to_json(turn.draft))))
    assert draft == turn.draft
    return advance(draft, Answer(by, 1_772_000_000, text, turn=number), facts)


def talk(*texts: str, facts: Facts = KNOWING, draft: Draft | None = None) -> Turn:
    turn = ask(draft or begin("orders"), facts)
    for text in texts:
        turn = said(turn, text, facts)
    return turn


def at(step: str, facts: Facts = KNOWING) -> Turn:
    """The turn that asks a step's first question."""
    turn = ask(begin("orders"), facts)
    for text in (*QUICK[:5], "the rest is fine", *QUICK[6:]):
        if turn.draft.state.asking.startswith(f"{step}:"):
            return turn
        turn = said(turn, text, facts)
    raise AssertionError(step)


def test_a_good_proposal_is_a_map_after_ten_answers():
    turn = talk(*QUICK)
    assert turn.done == Stream(
        "orders",
        (
            Stage("Idea", False, AUTHORS, (Signal("opened"),)),
            Stage("Coding", True, AUTHORS, (Signal("assigned"),)),
            Stage("Review", False, Responsible(REVIEWERS), (Signal("review"),)),
            Stage("QA", False, AUTHORS, (Signal(LABEL, "qa"),)),
            Stage("Live", True, None, (Signal("deploy", "production"),)),
        ),
        ("acme/shop", "acme/web"), (Segment("small shops"),),
        "We win when an order is paid in one step for small shops",
        "Items done a week", "An issue is opened", "It is deployed to production", review_on=date(2026, 9, 2),
        goals=(Goal("QA", 4 * HOUR, "@bob takes the oldest first", date(2026, 6, 1)),),
    )  # fmt: skip
    assert len(QUICK) <= 12


def test_the_first_choice_of_every_question_leads_to_a_map_in_at_most_twelve_answers():
    turn, answers = ask(begin("orders"), KNOWING), 0
    while not turn.done:
        rest = [choice.id for choice in turn.choices if choice.id in ("the rest is fine", "nothing for now")]
        choice = (rest or [one.id for one in turn.choices] or [None])[0]
        turn = advance(turn.draft, Answer("alice", 0, "Shops win for shops", choice, None, turn.number), KNOWING)
        answers += 1
    assert answers <= 12


def test_without_history_everything_is_asked_and_a_line_says_most_of_it():
    texts = ("acme/shop", LINE, "we win when orders are paid for shops", "from a shop asks to it runs", "orders paid")
    turn = talk(*texts, facts=NOTHING)
    assert turn.question[0] == "“idea”: does somebody work on the item there, or does it wait?"
    turn = said(turn, "the rest is fine", NOTHING)
    assert line_of(turn.draft.state.stages) == (
        "idea (active, authors, opened, no target) -> coding (active, authors, assigned, no target) -> "
        "review (wait, reviewers, 8h, review) -> QA (wait, @qa-team, 2d, label qa) -> live (deploy production)"
    )
    for text in ("nothing for now", "in 3 months", "save"):
        turn = said(turn, text, NOTHING)
    assert turn.done
    assert turn.done.review_on == date(2026, 6, 2)


def test_each_thing_a_stage_lacks_is_asked_for_by_itself():
    turn = talk("acme/shop", "idea, QA, live", "skip", "from ask to run", "skip", facts=NOTHING)
    asked = []
    for text in ("wait", "@bob", "opened", "1d", "wait, team qa", "label qa", "8h", "merged"):
        asked.append(turn.question[0])
        turn = said(turn, text, NOTHING)
    assert asked == [
        "“idea”: does somebody work on the item there, or does it wait?",
        "“idea”: who is responsible for ending the wait?",
        "“idea”: what tells that an item has got there?",
        "“idea”: how long may it take, in working time?",
        "“QA”: does somebody work on the item there, or does it wait?",
        "“QA”: what tells that an item has got there?",
        "“QA”: how long may it take, in working time?",
        "“live”: what tells that an item has got there?",
    ]
    assert turn.draft.state.stages[1].stage == Stage(
        "QA", False, Responsible(TEAM, "qa"), (Signal(LABEL, "qa"),), 8 * HOUR
    )


@pytest.mark.parametrize("cut", range(len(QUICK)))
def test_a_map_is_taken_up_again_at_every_step(cut):
    turn = said(talk(*QUICK[:cut]), "stop for today")
    assert turn.paused
    assert turn.question == ()
    assert turn.lines == ("Everything is kept. `/flow map orders` goes on with it.",)
    weeks_later = ask(from_json(json.loads(json.dumps(to_json(turn.draft)))), KNOWING)
    assert weeks_later.question
    for text in QUICK[cut:]:
        weeks_later = said(weeks_later, text)
    assert weeks_later.done == talk(*QUICK).done


STEPS = ["repos", "stages", "outcome", "bounds", "north_star", "details", "waste", "goal", "review", "save"]
ODD = [
    "", "   ", "🎉", ":tada:", "x" * 5000, "<https://example.com/b|our board>", "<!channel>", "/flow map", "42", "-3",
    "no", "no idea", "?", "...", "skp", "thanks!", "why do you ask?", "<@U9>", "idea ->", "remove Reveiw", "```\n```",
    "```\n\n:x:", "*?*", "null?!", "👍", "yes", "Zurück, bitte", "日本語で答えます", "@channel",
    "wait, authors and 8h, thanks",
    "> quoted", "&lt;b&gt;", "1.", "QA is a wait; review is a wait", "drop table stages", "undo please",
    "Skip this one",
    "what do we have so far??", "let's stop for today", "OK, back", "help",
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_odd_answers_are_answered_at_every_step(step):
    before = at(step)
    for odd in ODD:
        turn = said(before, odd)
        understood = turn.draft.state != before.draft.state or turn.paused or turn.rows
        assert understood or turn.lines, odd
        assert understood or "`" in " ".join(turn.lines) or turn.choices or "already" in turn.lines[0], odd
        assert all(len(line) < 700 for line in turn.lines), odd
        again = said(turn, "undo") if turn.draft.state != before.draft.state and odd not in ("undo please",) else turn
        assert odd == "undo please" or again.draft.state == before.draft.state


@pytest.mark.parametrize(
    ("step", "text", "line"),
    [
        ("repos", "acme/shpo", "“acme/shpo” is not connected. Did you mean “acme/shop”?"),
        (
            "repos",
            "acme/zebra",
            "“acme/zebra” is no repository that is connected. `/flow connect acme/zebra` connects it.",
        ),
        ("stages", "remove Reveiw", "There is no stage “Reveiw”. Did you mean “Review”?"),
        (
            "stages",
            "remove zebra",
            "There is no stage “zebra”. The stages are “Idea”, “Coding”, “Review”, “QA” and “Live”.",
        ),
        ("stages", "add QA", "The stage “QA” is there already; `QA (wait, 8h)` changes it."),
        ("stages", "QA (foo)", "Of “QA”: I can't read “foo”."),
        ("outcome", "yes", "Yes to what? One sentence will do"),
        ("outcome", "y" * 301, "That is 301 characters; the outcome takes up to 300."),
        ("outcome", "z" * 3001, "That is longer than I can read."),
        ("details", "everyone", "Somebody has to be asked: one person, one team"),
        ("details", "@channel", "“@channel” is everybody; name one person or one team."),
        ("goal", "4", "Is that `4h` or `4d` (days of 8 hours), in working time?"),
        ("goal", "4h, until 2020-01-01", "“until 2020-01-01” is no such day. Allowed is a day to come"),
        ("review", "someday", "“someday” is no such day."),
        ("save", "hm hm", "The map is ready to be saved. Say `save`"),
        ("save", "skp", "Did you mean `skip`?"),
        ("save", "skip", "This is the last question."),
        ("repos", "back", "This is the first question."),
        ("repos", "undo", "There is nothing left to take back."),
        ("save", "<!here> save", "I call nobody by “@channel” here."),
        ("bounds", "why?", "Flow time is counted from the trigger to the finish line."),
    ],
)
def test_what_is_not_understood_is_answered_in_a_line(step, text, line):
    assert said(at(step), text).lines[0].startswith(line)


def test_did_you_mean_is_a_choice_that_goes_through():
    turn = said(at("stages"), "remove Reveiw")
    assert [choice.id for choice in turn.choices] == ["remove Review"]
    turn = advance(turn.draft, Answer("alice", 0, choice="remove Review", turn=turn.number), KNOWING)
    assert [one.name for one in turn.draft.state.stages] == ["Idea", "Coding", "QA", "Live"]


def names(turn: Turn) -> list[str]:
    return [one.name for one in turn.draft.state.stages]


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("remove QA", "Idea Coding Review Live"),
        ("please drop the reviews and qa", "Idea Coding Live"),
        ("add Design (active) before coding", "Idea Design Coding Review QA Live"),
        ("add Design", "Idea Coding Review QA Design Live"),
        ("rename QA to Testing", "Idea Coding Review Testing Live"),
        ("move qa before review", "Idea Coding QA Review Live"),
        ("remove QA; rename Live to Done\nadd Design after Idea", "Idea Design Coding Review Done"),
        ("a -&gt; b -&gt; c", "a b c"),
        ("*idea* → *live*", "idea live"),
    ],
)
@pytest.mark.parametrize("step", ["repos", "stages", "details", "waste", "save"])
def test_the_stages_are_changed_in_words_at_any_point(step, text, stages):
    assert names(said(at(step), text)) == stages.split()


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("QA (wait, @bob)", {"responsible": Responsible(PERSON, "bob"), "active": False}),
        ("qas: 4h", {"target": 4 * HOUR}),
        ("QA is active", {"active": True}),
        ("QA: <@U1|al>", {"responsible": Responsible(PERSON, "alice")}),
        ("QA: <!subteam^S1|@ops>", {"responsible": Responsible(GROUP, "S1")}),
        ("policy of QA: two testers agree", {"policy": "two testers agree"}),
        ("proof for qa: it is signed", {"proof": "it is signed"}),
    ],
)
def test_a_stage_is_changed_in_words_at_any_point(text, change):
    before = at("review")
    sketch = said(before, text).draft.state.sketch("QA")
    was = before.draft.state.sketch("QA")
    assert was is not None
    assert sketch == was._replace(**change)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("trigger: a shop asks", "trigger", "a shop asks"),
        ("the finish line is it runs", "finish", "it runs"),
        ("north star: orders paid", "north_star", "orders paid"),
        ("outcome: shops win", "outcome", "shops win"),
        ("segments: small shops, large shops", "segments", (Segment("small shops"), Segment("large shops"))),
        ("review on 24 Dec", "review_on", date(2026, 12, 24)),
        ("parent: refunds", "parent", "refunds"),
        ("for small shops: review (4h)", "forks", (Fork("small shops", "Review", None, 4 * HOUR),)),
    ],
)
def test_everything_else_is_said_at_any_point_too(text, key, value):
    assert getattr(said(at("review"), text).draft.state, key) == value


@pytest.mark.parametrize(
    "text",
    [
        "from a shop asks to it runs", "a shop asks -> it runs", "a shop asks\nit runs",
        "a shop asks, done when it runs",
        "trigger is a shop asks, finish line is it runs", "it starts when a shop asks and ends when it runs",
        "trigger: a shop asks; finish: it runs",
    ],
)  # fmt: skip
def test_two_answers_in_one_are_understood(text):
    state = said(at("bounds"), text).draft.state
    assert (state.trigger, state.finish) == ("a shop asks", "it runs")


def test_a_trigger_alone_is_asked_for_its_finish_line():
    turn = said(at("bounds"), "a shop asks")
    assert turn.question == ("It starts with “a shop asks”. And when is an item done?",)
    assert said(turn, "it runs").draft.state.finish == "it runs"


def test_back_undo_and_start_over_lose_nothing():
    turn = talk(*QUICK[:4])
    back = said(turn, "back")
    assert back.draft.state.asking == "bounds:"
    assert back.draft.state.trigger == "An issue is opened"
    assert said(back, "yes").draft.state == turn.draft.state
    over = said(turn, "start over")
    assert over.draft.state == begin("orders").state
    assert said(over, "undo").draft.state == turn.draft.state
    assert said(said(turn, "undo"), "looks right").draft.state == turn.draft.state


def test_what_do_we_have_shows_the_map():
    turn = said(at("waste"), "What do we have?")
    assert [row.name for row in turn.rows] == ["Idea", "Coding", "Review", "QA", "Live"]
    assert (turn.rows[3].n, turn.rows[3].median, turn.rows[3].share) == (61, 14 * HOUR, 0.45)
    assert "Trigger: An issue is opened" in turn.lines


def test_waste_is_read_off_the_measures_and_names_nobody():
    turn = at("waste", MEASURED)
    assert turn.question == (
        "This is where the time goes.",
        "Items wait 14h in “QA” (median, n=61): 45% of all the time.",
        "Items wait 12h in “Idea” (median, n=60): 22% of all the time.",
        "Items went back 21 times from “Review” to “Coding”.",
        "The queue of “Idea” grows: 80 came, 60 left.",
        "An item changes hands 4.2 times on its way.",
        "2 people have more than 3 items begun at once.",
        "Which stages do you want to change?",
    )


def test_segments_beyond_the_first_are_asked_for_their_mark():
    turn = said(at("outcome"), "segments: small shops, large shops")
    turn = said(turn, "Orders are paid at once")
    assert turn.question == ("What marks an item of “large shops”? Items without a mark count for “small shops”.",)
    assert said(turn, "label bug").draft.state.segments[1].signals == (Signal(LABEL, "bug"),)


def test_a_map_that_lacks_something_is_not_saved_and_says_what():
    line = "idea (active, authors, opened) -> QA (wait, label qa) -> live (merged)"
    turn = talk("acme/shop", line, *["skip"] * 6, "nothing for now", "yes", facts=NOTHING)
    asked = []
    while turn.draft.state.asking != "save:":
        asked += turn.question[:1]
        turn = said(turn, "skip", NOTHING)
    assert asked == [
        "Before it can be saved: It isn't said what starts the stream.",
        "Before it can be saved: It isn't said when an item is done.",
        "Before it can be saved: “QA” is a wait, and nobody is responsible for ending it.",
    ]
    assert "So it can't be saved yet." in turn.question
    assert said(turn, "save", NOTHING).lines[0].startswith("It can't be saved yet. Say `fix it`")
    for text in ("fix it", "from ask to run", "@bob"):
        turn = said(turn, text, NOTHING)
    assert said(turn, "save", NOTHING).done


def test_a_saved_stream_is_taken_up_with_what_it_has():
    done = talk(*QUICK).done
    assert done
    turn = talk("QA (8h)", "looks right", draft=begin("orders", done))
    assert turn.draft.state.asking == "waste:"
    changed = talk("QA (8h)", "looks right", "nothing for now", "yes", "save", draft=begin("orders", done)).done
    assert changed == done._replace(
        stages=tuple(one._replace(target=8 * HOUR) if one.name == "QA" else one for one in done.stages)
    )


def test_after_saving_only_undo_opens_it_again():
    turn = talk(*QUICK)
    late = said(turn, "remove QA")
    assert (late.done, late.lines) == (None, ("The map is saved already; `undo` opens it again.",))
    assert said(late, "undo").draft.state.asking == "save:"


FORM = {"kind": "wait", "responsible": "@bob", "signals": "label qa", "target": "8h", "does": "tries it", "proof": "ok"}


def test_a_form_says_all_of_a_stage():
    turn = talk("acme/shop", "idea -> QA -> live", "skip", "from ask to run", "skip", facts=NOTHING)
    assert turn.form
    assert [field.id for field in turn.form.fields] == [*FORM, "policy"]
    turn = advance(turn.draft, Answer("alice", 0, fields=FORM, turn=turn.number), NOTHING)
    assert turn.draft.state.stages[0].stage == Stage(
        "idea", False, Responsible(PERSON, "bob"), (Signal(LABEL, "qa"),), 8 * HOUR, "tries it", "ok"
    )


def test_a_form_names_the_field_that_is_wrong():
    turn = talk("acme/shop", "idea -> QA -> live", "skip", "from ask to run", "skip", facts=NOTHING)
    wrong = advance(turn.draft, Answer("alice", 0, fields=FORM | {"target": "soon"}), NOTHING)
    assert list(wrong.errors) == ["target"]
    assert wrong.draft.state == turn.draft.state


def together(step: str, first: str, second: str) -> tuple[Turn, Turn]:
    """The turns after alice and then bob answered the same question."""
    asked = at(step)
    after = said(asked, first, by="alice", number=asked.number)
    return after, said(after, second, by="bob", number=asked.number)


def test_two_who_say_the_same_agree():
    after, both = together("north_star", "orders paid", "Orders paid")
    assert both.lines == () or both.draft.state.clashes
    after, both = together("bounds", "looks right", "looks right")
    assert both.lines == ("bob says the same.",)
    assert both.draft.state == after.draft.state


def test_two_who_differ_are_shown_both_answers():
    after, both = together("north_star", "orders paid", "flow time")
    assert both.question == ("Two answers differ: alice said “orders paid”, bob said “flow time”.", "Which one holds?")
    assert [(one.id, one.label) for one in both.choices] == [("keep", "orders paid"), ("take", "flow time")]
    assert said(both, "keep").draft.state == after.draft.state
    assert said(both, "bob").draft.state == after.draft.state._replace(north_star="flow time")
    assert said(both, "flow time").draft.state.north_star == "flow time"
    assert said(both, "banana").question == both.question


def test_an_answer_to_the_next_question_goes_through_while_two_differ():
    _, both = together("north_star", "orders paid", "flow time")
    before = both.draft.number - 1
    third = said(both, "the rest is fine", by="carol", number=before)
    assert third.draft.state.asking == "waste:"
    assert said(third, "take").draft.state.north_star == "flow time"


def test_three_who_differ_are_asked_one_after_the_other():
    asked = at("north_star")
    turn = asked
    for by, text in (("alice", "orders paid"), ("bob", "flow time"), ("carol", "happy shops")):
        turn = said(turn, text, by=by, number=asked.number)
    assert said(said(turn, "take"), "take").draft.state.north_star == "happy shops"
    assert said(said(turn, "take"), "keep").draft.state.north_star == "flow time"


def test_what_two_type_at_once_is_to_the_same_question():
    asked, then = at("outcome"), 1_772_000_100
    after = advance(asked.draft, Answer("alice", then, "Shops win at once", seen=then - 2), KNOWING)
    both = advance(after.draft, Answer("bob", then + 1, "Orders are paid", seen=then - 1), KNOWING)
    assert [one.said for one in both.draft.state.clashes] == ["Orders are paid"]
    assert both.draft.state.trigger == ""
    by_herself = advance(after.draft, Answer("alice", then + 1, "from ask to run", seen=then - 1), KNOWING)
    assert by_herself.draft.state.trigger == "ask"
    later = advance(after.draft, Answer("bob", then + 10, "from ask to run", seen=then + 8), KNOWING)
    assert later.draft.state.trigger == "ask"


def test_an_answer_that_adds_to_anothers_is_taken_with_it():
    turn = talk("acme/shop", "idea -> QA -> live", "skip", "from ask to run", "skip", facts=NOTHING)
    after = said(turn, "wait", NOTHING, "alice", turn.number)
    both = said(after, "wait, @bob, 8h", NOTHING, "bob", turn.number)
    assert both.lines == ("Noted, too: “wait, @bob, 8h” (bob).",)
    assert both.draft.state.stages[0].responsible == Responsible(PERSON, "bob")


def test_an_answer_after_anothers_skip_is_taken():
    _, both = together("outcome", "skip", "We win when it is fast for shops")
    assert both.draft.state.outcome == "We win when it is fast for shops"


def test_a_late_command_changes_nothing():
    after, both = together("outcome", "Shops win", "undo")
    assert both.draft.state == after.draft.state
    assert both.lines == ("That question was settled meanwhile. Say it again if you still mean it.",)


def test_a_draft_of_another_format_is_refused():
    with pytest.raises(ValueError, match="a draft of format 0; 1 is read"):
        from_json({"format": 0})


def test_the_proposal_is_not_taken_before_it_is_accepted():
    turn = at("stages")
    assert turn.draft.state.stages == ()
    assert [row.name for row in turn.rows] == [one.stage.name for one in PROPOSAL.stages]
