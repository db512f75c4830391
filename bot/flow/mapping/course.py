"""The course of the conversation: which question follows, and what an answer to one makes of the map."""

from __future__ import annotations

import re

from bot.flow.mapping.closing import FIX, GOAL, REVIEW, SAVE, WASTE
from bot.flow.mapping.details import DETAILS, lacks
from bot.flow.mapping.draft import State, open_key
from bot.flow.mapping.edits import edited, with_stages
from bot.flow.mapping.guesses import LACKS
from bot.flow.mapping.hearing import EMPTY, FIELDS, GREETING, LONG, NO, REST, SLASH, TEXT, YES, Heard, mistyped
from bot.flow.mapping.opening import BOUNDS, MARKS, NORTH_STAR, OUTCOME, REPOS, STAGES, says_both
from bot.flow.mapping.steps import Step
from bot.flow.mapping.turns import Answer, Choice, Facts, Question, Refused, Row
from bot.flow.proposal import ProposedStage
from bot.flow.stream_line import has_arrow

COURSE = (REPOS, STAGES, OUTCOME, MARKS, BOUNDS, NORTH_STAR, DETAILS, WASTE, GOAL, REVIEW, FIX, SAVE)
_STEPS = {step.name: step for step in COURSE}
DONE = "done:"
"""Asked once the map is saved: nothing."""


def step_of(key: str) -> tuple[Step, str]:
    """The step of a question, and what it is about."""
    name, _, about = key.partition(":")
    return _STEPS[name], about


def open_keys(state: State, facts: Facts) -> list[str]:
    """The questions that are neither answered nor skipped, in order."""
    every = (f"{step.name}:{about}" for step in COURSE for about in step.due(state, facts))
    return [key for key in every if key not in state.settled]


def settled(state: State, key: str, facts: Facts) -> State:
    """The state with a question behind it, and the next one asked."""
    kept = tuple(one for one in state.settled if one != key)
    return onward(state._replace(settled=(*kept, key)), facts)


def onward(state: State, facts: Facts) -> State:
    """The state with the open question kept as long as it is one, else the first that is."""
    if state.done:
        return state._replace(asking=DONE)
    keys = open_keys(state, facts)
    kept = state.asking in keys and state.asking != "save:"
    return state if kept else state._replace(asking=keys[0] if keys else "save:")


def question_of(state: State, facts: Facts) -> Question:
    """What is asked; of two answers that differ before all else."""
    key = open_key(state)
    if state.clashes:
        one = state.clashes[0]
        first, second = Choice("keep", f"{one.first_said}"), Choice("take", f"{one.said}")
        lines = (
            f"Two answers differ: {one.first_by} said “{one.first_said}”, {one.by} said “{one.said}”.",
            "Which one holds?",
        )
        choices = tuple(choice._replace(label=_cut(choice.label)) for choice in (first, second))
        return Question(lines, "Say `keep` for the first or `take` for the second.", choices, "keep", "take")
    if key == DONE:
        return Question((), "It is saved; `undo` opens it again.")
    step, about = step_of(key)
    return step.ask(state, about, facts)


def _cut(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:69]}…"


def answered(state: State, key: str, heard: Heard, answer: Answer, facts: Facts) -> State | Refused:
    """The state after an answer to the question of a key, as far as it can be read."""
    step, about = step_of(key)
    question = step.ask(state, about, facts)
    if heard.kind == FIELDS:
        return _filled(state, step, about, key, answer, facts)
    if heard.kind == REST and step.rest:
        return settled(step.rest(state, about, facts), key, facts)
    text = _meant(heard, question)
    if text is None:
        return _unread(heard, question)
    change = _changed(state, step, text, facts)
    if isinstance(change, Refused):
        return change
    if change is not None:
        return settled(change, key, facts) if key == "stages:" and has_arrow(text) else onward(change, facts)
    return _read(state, step, about, key, text, question, facts)


def _read(
    state: State, step: Step, about: str, key: str, text: str, question: Question, facts: Facts
) -> State | Refused:
    command = mistyped(text, 0.8) if step.prose else None
    told = Refused("") if command else step.read(state, about, text, facts)
    if isinstance(told, Refused):
        return _helped(told, text, question)
    return _behind(told, key, facts)


def _behind(told: State, key: str, facts: Facts) -> State:
    """The state after an answer that was read; what it leaves open is asked again."""
    half = (key == "bounds:" and not told.finish) or (key.startswith("save:") and not told.done)
    again = key.startswith("details:") and key in open_keys(told, facts)
    return onward(told._replace(asking=key), facts) if half or again else settled(told, key, facts)


def _filled(state: State, step: Step, about: str, key: str, answer: Answer, facts: Facts) -> State | Refused:
    fields = {name: value.strip()[:1000] for name, value in (answer.fields or {}).items()}
    if step.fill is None:
        return Refused("There is no form for that question.")
    if step.name not in ("details", "goal", "fix") and not any(fields.values()):
        return Refused("The form is empty.")
    told = step.fill(state, about, fields, facts)
    return told if isinstance(told, Refused) else _behind(told, key, facts)


def _meant(heard: Heard, question: Question) -> str | None:
    """The text that an answer stands for; None where it stands for none here."""
    if heard.kind in (YES, REST):
        return question.default
    if heard.kind == NO:
        return question.opposite
    if heard.kind != TEXT:
        return None
    if heard.text.isdecimal() and not question.counts and 1 <= int(heard.text[:4]) <= len(question.choices):
        return question.choices[int(heard.text[:4]) - 1].id
    return heard.text


def _unread(heard: Heard, question: Question) -> Refused:
    """What is said to an answer that says nothing here."""
    lines = {
        YES: "Yes to what?",
        NO: "What should it be instead?",
        REST: "Here I need an answer of yours, or `skip`.",
        EMPTY: "I found no words in that.",
        LONG: "That is longer than I can read.",
        SLASH: "That is a command; in this conversation I take plain answers.",
        GREETING: "Glad to help.",
    }
    return Refused(f"{lines.get(heard.kind, 'I did not understand that.')} {question.wanted}", question.choices)


def _changed(state: State, step: Step, text: str, facts: Facts) -> State | Refused | None:
    """The map after a change that is understood at any point; amid prose only where nothing else can be meant."""
    if step is BOUNDS and says_both(text):
        return None
    change = edited(state, text, facts)
    if not step.prose:
        return change
    drawn = re.search(r"[-–—=](?:>|&gt;)|[→⇒➔]", text) is not None
    if isinstance(change, State) and has_arrow(text) and not drawn:
        return None
    if isinstance(change, State) and (drawn or not text.casefold().startswith(("add", "insert"))):
        return change
    return change if isinstance(change, Refused) and (drawn or change.choices) else None


def _helped(refused: Refused, text: str, question: Question) -> Refused:
    """The refusal with what is wanted, or with the command that may have been meant."""
    if refused.choices:
        return refused
    command = mistyped(text, 0.7)
    if command:
        return Refused(f"Did you mean `{command}`? {question.wanted}", (Choice(command, command.capitalize()),))
    return refused._replace(line=f"{refused.line} {question.wanted}")


def rows_of(state: State, facts: Facts) -> tuple[Row, ...]:
    """The map so far, with the figures that are known."""
    missing: dict[str, list[str]] = {}
    for name, part in lacks(state):
        missing.setdefault(name, []).append(LACKS[part])
    figures = {one.stage.name.casefold(): (one.n, one.median, one.p85, one.share) for one in _proposed(facts)}
    for each in facts.measures.stages if facts.measures else ():
        figures[each.stage.casefold()] = (each.times.n, each.times.median, each.times.high, each.share)
    shown = with_stages(state, facts)
    return tuple(
        Row(
            number, one.name, one.active, one.responsible, one.signals, one.unmeasured, one.target, one.segment,
            *figures.get(one.name.casefold(), (0, None, None, None)), tuple(missing.get(one.name, ())),
        )
        for number, one in enumerate(shown.stages, 1)
    )  # fmt: skip


def _proposed(facts: Facts) -> tuple[ProposedStage, ...]:
    return facts.proposal.stages if facts.proposal else ()
