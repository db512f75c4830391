"""The mapping conversation: a draft and an answer make the next turn. Nothing that anybody says raises or is lost."""

from __future__ import annotations

from typing import Any, NamedTuple

from bot.flow.mapping.closing import findings
from bot.flow.mapping.course import DONE, answered, onward, question_of, rows_of, settled, step_of
from bot.flow.mapping.days import said_day
from bot.flow.mapping.draft import Clash, Draft, Given, State, open_key, stream_of
from bot.flow.mapping.edits import with_stages
from bot.flow.mapping.hearing import BACK, FIELDS, HAVE, HELP, OVER, SKIP, STOP, UNDO, UNSURE, WHY, Heard, hear
from bot.flow.mapping.turns import Answer, Choice, Facts, Refused, Turn
from bot.flow.stream_line import line_of
from bot.flow.stream_words import shortened

_HELP = (
    "You can always say `back`, `skip`, `undo`, `what do we have?`, `start over` or `stop for today`, or type the "
    "whole map in a line."
)
_SAID = 100
"""Characters of an answer that are remembered."""


class _Reply(NamedTuple):
    """What an answer did: the draft after it, what is said of it, and what is shown."""

    draft: Draft
    lines: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    errors: dict[str, str] = {}  # noqa: RUF012 (a default that nobody changes)
    shows_rows: bool = False
    paused: bool = False


def advance(draft: Draft, answer: Answer, facts: Facts) -> Turn:
    """The turn after an answer: it is understood, or a line says what is wanted. The turn's draft is to be kept."""
    heard = hear(answer)
    key = draft.key_of(_turn_of(draft, answer))
    if heard.kind in _ANYTIME:
        reply = _ANYTIME[heard.kind](draft, facts)
    elif key is None or (key not in (open_key(draft.state), draft.state.asking) and draft.state.done):
        reply = _Reply(_noted(draft, draft, key or "", answer, heard, taken=False), (_too_late(draft),))
    elif key == open_key(draft.state) or key == draft.state.asking:
        reply = _now(draft, key, heard, answer, facts)
    else:
        reply = _late(draft, key, heard, answer, facts)
    if heard.note:
        reply = reply._replace(lines=(heard.note, *reply.lines))
    return _turn(draft, reply, facts)


def _turn_of(draft: Draft, answer: Answer) -> int:
    """The number of the question that an answer is to."""
    if answer.turn is not None:
        return answer.turn
    return draft.number if answer.seen is None else draft.seen_by(answer.by, answer.seen)


def ask(draft: Draft, facts: Facts) -> Turn:
    """The turn that asks what is open: at the beginning, and whenever somebody comes back."""
    return _turn(draft, _Reply(draft), facts)


def _turn(before: Draft, reply: _Reply, facts: Facts) -> Turn:
    state = reply.draft.state
    question = question_of(state, facts)
    done = state.done and not before.state.done
    shows = (reply.shows_rows or question.shows_rows or done) and not reply.paused
    choices = reply.choices or question.choices
    return Turn(
        reply.draft, reply.draft.number, reply.lines, () if reply.paused else question.lines,
        rows_of(state, facts) if shows else (), () if reply.paused or state.done else choices,
        question.many and not reply.choices, None if reply.paused or state.clashes else question.form, question.wanted,
        reply.errors, tuple(findings(state, facts)) if state.asking == "save:" or done else (), reply.paused,
        stream_of(state) if done else None,
    )  # fmt: skip


def _noted(draft: Draft, changed: Draft, key: str, answer: Answer, heard: Heard, *, taken: bool) -> Draft:
    said = shortened(" ".join(heard.text.split()) or answer.text.strip() or "(nothing)", _SAID)
    return changed.noted(Given(key, answer.by, answer.at, said, taken))


def _too_late(draft: Draft) -> str:
    saved = "The map is saved already; `undo` opens it again."
    return saved if draft.state.done else "That question is settled since. This one is open:"


def _now(draft: Draft, key: str, heard: Heard, answer: Answer, facts: Facts) -> _Reply:
    """The reply to an answer to what is asked."""
    if heard.kind in _COMMANDS:
        return _COMMANDS[heard.kind](draft, key, heard, answer, facts)
    if key == DONE:
        return _Reply(_noted(draft, draft, key, answer, heard, taken=False), (_too_late(draft),))
    if key.startswith("clash:"):
        return _decided(draft, heard, answer, facts)
    told = answered(draft.state, key, heard, answer, facts)
    if isinstance(told, Refused):
        return _refused(draft, key, heard, answer, told)
    after = _noted(draft, draft.changed(told, answer.by, answer.at), key, answer, heard, taken=True)
    if told == draft.state:
        return _Reply(after, ("The map says so already.",))
    return _Reply(after, _echo(draft.state, told), shows_rows=_much_changed(draft.state, told))


def _much_changed(before: State, after: State) -> bool:
    """Whether the table of the stages is worth another look."""
    if [one.name for one in before.stages] != [one.name for one in after.stages]:
        return True
    return sum(was != now for was, now in zip(before.stages, after.stages, strict=True)) > 1


def _refused(draft: Draft, key: str, heard: Heard, answer: Answer, told: Refused) -> _Reply:
    after = _noted(draft, draft, key, answer, heard, taken=False)
    return _Reply(after, (told.line,), told.choices, dict(told.errors))


def _echo(before: State, after: State) -> tuple[str, ...]:
    """What was noted, where it is not plain from the next question."""
    lines = []
    if after.asking == before.asking and [one.name for one in after.stages] == [one.name for one in before.stages]:
        changed = [now for was, now in zip(before.stages, after.stages, strict=True) if was != now]
        lines += [f"Noted: `{line_of([one])}`." for one in changed[:3]]
    if after.segments != before.segments:
        lines.append("For: " + ", ".join(one.name for one in after.segments) + ".")
    if (after.trigger, after.finish) != (before.trigger, before.finish) and after.finish:
        lines.append(f"From “{shortened(after.trigger, 80)}” to “{shortened(after.finish, 80)}”.")
    if after.review_on != before.review_on and after.review_on and not after.done:
        lines.append(f"I come back to it on {said_day(after.review_on)}.")
    if after.done:
        lines.append(f"“{shortened(after.name)}” is ready with {len(after.stages)} stages.")
    return tuple(lines)


def _back(draft: Draft, key: str, heard: Heard, answer: Answer, facts: Facts) -> _Reply:
    state = draft.state
    if not state.settled or state.done:
        line = _too_late(draft) if state.done else "This is the first question."
        return _Reply(_noted(draft, draft, key, answer, heard, taken=False), (line,))
    last = state.settled[-1]
    moved = draft.changed(state._replace(settled=state.settled[:-1], asking=last), answer.by, answer.at)
    return _Reply(_noted(draft, moved, key, answer, heard, taken=False), ("One question back.",))


def _skip(draft: Draft, key: str, heard: Heard, answer: Answer, facts: Facts) -> _Reply:
    if key.startswith("clash:"):
        return _decided(draft, heard, answer, facts)
    if key in ("save:", DONE):
        line = _too_late(draft) if draft.state.done else "This is the last question. Say `save`, or `stop for today`."
        return _Reply(_noted(draft, draft, key, answer, heard, taken=False), (line,))
    state = with_stages(draft.state, facts) if key == "stages:" else draft.state
    if key == "stages:" and not state.stages:
        line = "Without stages there is no map. " + question_of(state, facts).wanted
        return _Reply(_noted(draft, draft, key, answer, heard, taken=False), (line,))
    moved = draft.changed(settled(state, key, facts), answer.by, answer.at)
    line = "Left open; `back` returns to it."
    return _Reply(_noted(draft, moved, key, answer, heard, taken=False), (line,))


def _undo(draft: Draft, key: str, heard: Heard, answer: Answer, facts: Facts) -> _Reply:
    before = draft.undone(answer.by, answer.at)
    if before is None:
        return _Reply(_noted(draft, draft, key, answer, heard, taken=False), ("There is nothing left to take back.",))
    after = _noted(draft, before, key, answer, heard, taken=False)
    return _Reply(after, ("Taken back.",), shows_rows=before.state.stages != draft.state.stages)


def _over(draft: Draft, key: str, heard: Heard, answer: Answer, facts: Facts) -> _Reply:
    fresh = onward(State(draft.state.name), facts)
    after = _noted(draft, draft.changed(fresh, answer.by, answer.at), key, answer, heard, taken=False)
    return _Reply(after, ("Started over; `undo` brings everything back.",))


def _decided(draft: Draft, heard: Heard, answer: Answer, facts: Facts) -> _Reply:
    """The reply to which of two answers holds."""
    one, *others = draft.state.clashes
    said = heard.text.casefold().strip(" .!`“”")
    rest = draft.state._replace(clashes=tuple(others))
    key = open_key(draft.state)
    if heard.kind == SKIP or said in _words_for(one.first_by, one.first_said, "keep", "first"):
        kept = _noted(draft, draft.changed(rest, answer.by, answer.at), key, answer, heard, taken=True)
        return _Reply(kept, (f"“{one.first_said}” holds.",))
    if said in _words_for(one.by, one.said, "take", "second"):
        return _taken(draft, rest, one, heard, answer, facts)
    refused = Refused(f"I did not understand that. {question_of(draft.state, facts).wanted}")
    return _refused(draft, key, heard, answer, refused)


def _words_for(by: str, said: str, *words: str) -> tuple[str, ...]:
    plain = by.casefold().strip("<>@")
    number = "1" if words[0] == "keep" else "2"
    return (*words, f"the {words[1]}", f"{words[1]} one", f"the {words[1]} one", f"{words[0]} it", number, plain,
            f"@{plain}", by.casefold(), said.casefold(), *(("yes",) if number == "1" else ("no",)))  # fmt: skip


def _taken(draft: Draft, rest: State, one: Clash, heard: Heard, answer: Answer, facts: Facts) -> _Reply:
    """The second answer in place of the first; the question that was open stays so."""
    second = Answer(one.by, answer.at, one.text, fields=one.fields)
    told = answered(rest, one.key, hear(second), second, facts)
    key = open_key(draft.state)
    if isinstance(told, Refused):
        after = _noted(draft, draft.changed(rest, answer.by, answer.at), key, answer, heard, taken=False)
        return _Reply(after, (f"“{one.said}” can't be taken any more: {told.line}",))
    after = _noted(
        draft, draft.changed(_resumed(rest, told, facts), answer.by, answer.at), key, answer, heard, taken=True
    )
    return _Reply(after, (f"“{one.said}” holds.",), shows_rows=told.stages != rest.stages)


def _resumed(before: State, told: State, facts: Facts) -> State:
    """The state after an older question was answered: what is asked stays, as long as it is open."""
    return onward(
        told._replace(asking=before.asking, settled=tuple(dict.fromkeys((*before.settled, *told.settled)))), facts
    )


def _late(draft: Draft, key: str, heard: Heard, answer: Answer, facts: Facts) -> _Reply:
    """The reply to an answer to a question that was settled meanwhile: nothing of it is lost."""
    if key.startswith(("clash:", "done:")) or heard.kind in _COMMANDS:
        after = _noted(draft, draft, key, answer, heard, taken=False)
        again = " Say it again if you still mean it." if heard.kind in _COMMANDS else ""
        return _Reply(after, (f"That question was settled meanwhile.{again}",))
    told = answered(draft.state, key, heard, answer, facts)
    if isinstance(told, Refused):
        return _refused(draft, key, heard, answer, told._replace(choices=()))
    if _content(told) == _content(draft.state):
        after = _noted(draft, draft, key, answer, heard, taken=True)
        return _Reply(after, (f"{answer.by} says the same.",))
    if only_fills(draft.state, told):
        after = _noted(
            draft,
            draft.changed(_resumed(draft.state, told, facts), answer.by, answer.at),
            key,
            answer,
            heard,
            taken=True,
        )
        return _Reply(after, (f"Noted, too: “{after.given[-1].said}” ({answer.by}).",), shows_rows=True)
    return _clashing(draft, key, heard, answer)


def _clashing(draft: Draft, key: str, heard: Heard, answer: Answer) -> _Reply:
    first = next((one for one in reversed(draft.given) if one.key == key and one.taken), None)
    noted = _noted(draft, draft, key, answer, heard, taken=False)
    text = answer.choice if answer.choice is not None else answer.text
    fields = dict(answer.fields) if answer.fields is not None else None
    said = noted.given[-1].said if heard.kind != FIELDS or heard.text else "the form left empty"
    clash = Clash(
        key,
        first.by if first else "somebody",
        first.said if first else "what is there now",
        answer.by,
        said,
        text,
        fields,
    )
    return _Reply(noted.changed(draft.state._replace(clashes=(*draft.state.clashes, clash)), answer.by, answer.at))


def _content(state: State) -> State:
    """What is on the map, apart from where the conversation stands."""
    return state._replace(settled=(), asking="", clashes=())


def only_fills(before: State, after: State) -> bool:
    """Whether everything that differs was empty before."""
    return _fills(_content(before), _content(after))


def _fills(before: Any, after: Any) -> bool:
    if before == after or before in (None, "", ()) or before is False:
        return before == after or before is None or before in ("", ())
    if isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        return type(before) is type(after) and all(map(_fills, before, after))
    return False


def _shown(draft: Draft, facts: Facts) -> _Reply:
    state = draft.state
    said = [
        ("For", ", ".join(one.name for one in state.segments)), ("Outcome", state.outcome),
        ("Trigger", state.trigger), ("Finish line", state.finish), ("North star", state.north_star),
        ("Repositories", ", ".join(state.repos)), ("Part of", state.parent or ""),
        ("To change", ", ".join(one.stage for one in state.goals)), ("Review on", str(state.review_on or "")),
    ]  # fmt: skip
    lines = tuple(f"{what}: {shortened(text, 200)}" for what, text in said if text)
    nothing = () if lines or with_stages(state, facts).stages else ("Nothing yet.",)
    return _Reply(draft, (*lines, *nothing), shows_rows=True)


def _stopped(draft: Draft, _: Facts) -> _Reply:
    if draft.state.done:
        return _Reply(draft, (_too_late(draft),))
    return _Reply(draft, (f"Everything is kept. `/flow map {draft.state.name}` goes on with it.",), paused=True)


def _help(draft: Draft, facts: Facts) -> _Reply:
    return _Reply(draft, (question_of(draft.state, facts).wanted, _HELP))


def _why(draft: Draft, facts: Facts) -> _Reply:
    key = open_key(draft.state)
    name = step_of(key)[0].name if key.partition(":")[0] not in ("clash", "done") else "clash"
    return _Reply(draft, (_REASONS[name], question_of(draft.state, facts).wanted))


_REASONS = {
    "repos": "The stages are measured on the items of these repositories.",
    "stages": "Each stage is measured, so they should be the steps that your items really go through.",
    "outcome": "The map is drawn from the customer's side, so it says who wins, and how.",
    "marks": "Items of each segment are measured apart, so something has to tell them apart.",
    "bounds": "Flow time is counted from the trigger to the finish line.",
    "north_star": "It tells whether a change of the map was worth it.",
    "details": "A wait has one responsible who is asked to end it, and a signal tells when an item gets there.",
    "waste": "A map is drawn to change something; a few stages at a time.",
    "goal": "What somebody tries until a day can be looked at on that day.",
    "review": "Ways of working change; a map that nobody looks at is soon wrong.",
    "fix": "Without it the map could not be measured, or a wait would be nobody's.",
    "save": "Once it is saved, its stages are measured and its waits are somebody's turn.",
    "clash": "Both of you answered the same question, and neither answer is to be lost.",
}
_ANYTIME = {HAVE: _shown, STOP: _stopped, HELP: _help, WHY: _why}
_COMMANDS = {BACK: _back, SKIP: _skip, UNSURE: _skip, UNDO: _undo, OVER: _over}
