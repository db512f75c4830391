"""What holds of any mapping conversation, whatever is said in it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from mapping_facts import KNOWING, MEASURED, NOTHING

from bot.flow.mapping import Answer, Draft, Turn, advance, ask, begin, from_json, to_json
from bot.flow.mapping.conversation import only_fills
from bot.flow.mapping.draft import MOST_PAST, open_key
from bot.flow.mapping.hearing import HAVE, HELP, STOP, WHY, hear
from bot.flow.stream_checks import check

SAID = st.sampled_from([
    "all", "acme/shop", "looks right", "yes", "no", "the rest is fine", "skip", "back", "undo", "start over", "save",
    "what do we have?", "stop for today", "help", "why", "We win when orders are paid at once for small shops",
    "from a shop asks to it runs", "orders a week", "wait", "active", "authors", "@bob", "reviewers", "8h",
    "no target", "label qa", "unmeasured", "assigned", "QA", "review and QA", "4h, @bob tries a rota, until 2026-06-01",
    "in 3 months", "nothing for now", "idea -> coding (active, authors) -> QA (wait, @qa-team, 2d, label qa) -> live",
    "a -> b", "a ->", "remove QA", "remove Idea", "rename QA to Testing", "add design (active) before coding",
    "move QA before review",
    "QA is a wait", "qas: wait, 4h", "for small shops: QA (4h)", "segments: small shops, large shops",
    "finish: it runs", "trigger: asked for", "proof of QA: two agree", "review on 1 June", "keep", "take", "fix it", "",
    "🎉", "1", "2", "99", "parent: nothing", "no idea", "<!channel> hello", "/flow map", "Zurück bitte", "x" * 5000,
])  # fmt: skip
KEYS = (
    "kind", "responsible", "signals", "target", "does", "proof", "policy", "outcome", "segments", "persona", "trigger",
    "finish", "tries", "until",
)  # fmt: skip
FIELDS = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, SAID))
WHO = st.sampled_from(["alice", "bob", "carol"])
ANSWERS = st.one_of(
    st.builds(Answer, WHO, st.just(0), SAID, st.none(), st.none(), st.none() | st.integers(-1, 9)),
    st.builds(Answer, WHO, st.just(0), st.text(max_size=30), st.none(), st.none(), st.none()),
    st.builds(Answer, WHO, st.just(0), st.just(""), st.none(), FIELDS, st.none() | st.integers(0, 5)),
    st.builds(Answer, WHO, st.just(0), st.just(""), SAID, st.none(), st.none() | st.integers(0, 5)),
)
TALKS = st.lists(ANSWERS, max_size=14)
FACTS = st.sampled_from([NOTHING, KNOWING, MEASURED])


def kept(draft: Draft) -> Draft:
    """The draft as a database gives it back."""
    return from_json(json.loads(json.dumps(to_json(draft))))


def sound(turn: Turn) -> None:
    """What every turn keeps to."""
    assert kept(turn.draft) == turn.draft
    assert turn.paused or turn.done or turn.draft.state.done or turn.question
    assert all(line.strip() and "\n" not in line for line in (*turn.lines, *turn.question))
    assert all(choice.id and 0 < len(choice.label) <= 75 for choice in turn.choices)
    if turn.done:
        aside = [one.name for one in turn.draft.state.stages if one.unmeasured]
        assert not [one for one in check(turn.done, unmeasured=aside) if one.blocking]


@given(TALKS, FACTS)
def test_whatever_is_said_the_conversation_goes_on(talk, facts):
    turn = ask(begin("orders"), facts)
    for answer in talk:
        turn = advance(kept(turn.draft), answer, facts)
        sound(turn)


@given(TALKS, FACTS)
def test_undoing_every_change_leads_back_to_the_beginning(talk, facts):
    turn = ask(begin("orders"), facts)
    for answer in talk:
        before = turn.draft
        turn = advance(before, answer, facts)
        if turn.draft.past[:-1] == before.past and turn.draft.state != before.state:
            undone = turn.draft.undone("alice", 1)
            assert undone is not None
            assert undone.state == before.state
    draft = turn.draft
    assert len(draft.past) <= MOST_PAST
    while draft.past:
        draft = advance(draft, Answer("bob", 1, "undo"), facts).draft
    assert draft.state == begin("orders").state


@given(TALKS, ANSWERS, ANSWERS, FACTS)
def test_of_two_who_answer_at_once_nothing_is_lost(talk, first, second, facts):
    turn = ask(begin("orders"), facts)
    for answer in talk:
        turn = advance(turn.draft, answer, facts)
    asked = turn.draft.key_of(turn.number)
    after = advance(turn.draft, first._replace(by="alice", turn=turn.number), facts)
    both = advance(after.draft, second._replace(by="bob", turn=turn.number), facts)
    if hear(second).kind not in (HAVE, STOP, HELP, WHY):
        assert both.draft.given[-1].by == "bob"
        clash = [one.by for one in both.draft.state.clashes[len(after.draft.state.clashes) :]]
        assert both.draft.given[-1].taken or clash == ["bob"] or both.lines
    if asked not in (after.draft.state.asking, open_key(after.draft.state)):
        assert only_fills(after.draft.state, both.draft.state)


@given(TALKS, FACTS)
def test_every_conversation_can_be_finished(talk, facts):
    """However it went, the defaults lead to a map."""
    turn = ask(begin("orders"), facts)
    for answer in talk:
        turn = advance(turn.draft, answer, facts)
    line = "idea (opened) -> coding (active, authors, assigned) -> live (merged)"
    turn = advance(turn.draft, Answer("carol", 2, "start over"), facts)
    turn = turn if not turn.draft.state.done else advance(turn.draft, Answer("carol", 2, "undo"), facts)
    turn = advance(advance(turn.draft, Answer("carol", 2, "start over"), facts).draft, Answer("carol", 2, line), facts)
    for _ in range(40):
        if turn.done:
            break
        usual = (
            turn.choices[0].id if turn.choices else "acme/shop" if "repos" in turn.draft.state.asking else "orders paid"
        )
        turn = advance(turn.draft, Answer("carol", 2, choice=usual), facts)
    assert turn.done
