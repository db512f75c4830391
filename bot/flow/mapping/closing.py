"""The last steps of the conversation: what to change, until when, when to look again, what stops it, and saving."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from bot.flow.mapping import details, opening
from bot.flow.mapping.days import ALLOWED, day_of, months_on
from bot.flow.mapping.draft import State, stream_of
from bot.flow.mapping.guesses import ACTIVE, RESPONSIBLE, SIGNALS
from bot.flow.mapping.hearing import has_letters
from bot.flow.mapping.names import meant, unknown_stage
from bot.flow.mapping.steps import Step
from bot.flow.mapping.turns import Choice, Facts, Field, Form, Question, Refused
from bot.flow.mapping.waste import figures, waste
from bot.flow.stream import Goal
from bot.flow.stream_checks import FINISH, SIGNAL, TRIGGER, UNLINKED, Finding, check
from bot.flow.stream_checks import RESPONSIBLE as NOBODY
from bot.flow.stream_words import Unread, pieces, shortened, spelt, target_of

MONTHS = 6
"""Until the next review, unless said."""
_NOTHING = Choice("nothing for now", "Nothing for now")


def _ask_waste(state: State, _: str, facts: Facts) -> Question:
    found = waste(state, facts)
    lines = [one.line for one in found]
    marked = [one.stage for one in found if one.stage]
    waits = [one.name for one in state.stages[:-1] if one.active is False]
    names = list(dict.fromkeys([*marked, *waits]))[: opening.OFFERED]
    first = "This is where the time goes." if lines else "Which waits hurt most?"
    wanted = f"Name stages, for example: `{names[0] if names else 'review'}`; or `nothing for now`."
    asked = (first, *lines, "Which stages do you want to change?")
    choices = (*(Choice(name, name) for name in names), _NOTHING)
    return Question(asked, wanted, choices, default=_NOTHING.id, opposite=_NOTHING.id, many=len(names) > 1)


def _read_waste(state: State, _: str, text: str, __: Facts) -> State | Refused:
    if text.casefold().strip(" .!") in (_NOTHING.id, "nothing", "none", "no change", "nothing now"):
        return state._replace(changing=())
    names = [one.name for one in state.stages[:-1]]
    chosen: list[str] = []
    said = re.sub(r"^(?:we (?:want to )?)?(?:change|improve|mark|fix)\s+", "", text, flags=re.IGNORECASE)
    whole = meant(said, names)
    for part in [said] if whole else [one for piece in pieces(said) for one in re.split(r"\s+and\s+|\s*&\s*", piece)]:
        name = meant(part, names)
        if name is None:
            return unknown_stage(part, names, "{}")
        chosen.append(name)
    return state._replace(changing=tuple(dict.fromkeys(chosen))) if chosen else Refused("That names no stage.")


WASTE = Step("waste", _ask_waste, _read_waste)


def _due_goals(state: State, _: Facts) -> Iterable[str]:
    set_already = {one.stage for one in state.goals}
    return [name for name in state.changing if name not in set_already]


def _ask_goal(state: State, about: str, facts: Facts) -> Question:
    half = _half_of(about, facts)
    lines = (f"“{about}”: what do you want it to be, who tries what, and until when?",)
    until = months_on(facts.today, 3)
    offered = f"{spelt(half)}, until {until}"
    example = f"{spelt(half)}, @bob takes the oldest first, until {until}"
    wanted = f"Say the target, who tries what, and until when: `{example}`."
    goal = next((one for one in state.goals if one.stage == about), Goal(about, None, "", None))
    form = Form(shortened(about, 24), (
        Field("target", "Working time it should take", spelt(goal.target) if goal.target else "", hint="4h, 2d"),
        Field("tries", "Who tries what", goal.tries),
        Field("until", "Until when", str(goal.until or until), hint="2026-12-24, in 3 months"),
    ))  # fmt: skip
    return Question(lines, wanted, (Choice(offered, f"{spelt(half)} by {until}"),), offered, form=form, counts=True)


def _half_of(name: str, facts: Facts) -> int:
    """Half of what a stage takes, in whole hours."""
    median = next((one[2] for one in figures(facts) if one[0] == name), 8 * 3600)
    return max(1, -(-median // 7200)) * 3600


def _read_goal(state: State, about: str, text: str, facts: Facts) -> State | Refused:
    target, until, tries = None, None, []
    for piece in pieces(text):
        day = day_of(piece, facts.today)
        length = _length(piece)
        if day and until is None and not (length and target is None):
            until = day
        elif length and target is None:
            target = length
        elif re.match(r"(?:until|by)\b.*\d", piece, re.IGNORECASE):
            return Refused(f"“{shortened(piece)}” is no such day. {ALLOWED}")
        else:
            tries.append(piece)
    return _goal(state, Goal(about, target, ", ".join(tries), until))


def _length(text: str) -> int | None:
    try:
        return target_of(re.sub(r"^(?:target|within|to|at most|down to)\s*:?\s*", "", text, flags=re.IGNORECASE))
    except Unread:
        return None


def _goal(state: State, goal: Goal) -> State | Refused:
    if state.sketch(goal.stage) is None:
        return Refused(f"“{shortened(goal.stage)}” is no longer on the map.")
    if goal.target is None and goal.tries.isdecimal():
        return details.unit_of(goal.tries)
    if len(goal.tries) > 300 or (goal.target is None and not has_letters(goal.tries)):
        return Refused("That says neither a target nor who tries what.")
    return state._replace(goals=(*(one for one in state.goals if one.stage != goal.stage), goal))


def _fill_goal(state: State, about: str, fields: Mapping[str, str], facts: Facts) -> State | Refused:
    errors: dict[str, str] = {}
    target, until = fields.get("target", "").strip(), fields.get("until", "").strip()
    if target and _length(target) is None:
        errors["target"] = "Allowed is working time such as 4h or 2d."
    if until and day_of(until, facts.today) is None:
        errors["until"] = ALLOWED.replace("`", "")
    tries = " ".join(fields.get("tries", "").split())
    told = _goal(state, Goal(about, _length(target), tries, day_of(until, facts.today)))
    if isinstance(told, Refused) and not errors:
        errors["tries"] = told.line
    return Refused(next(iter(errors.values())), errors=errors) if errors else told


GOAL = Step("goal", _ask_goal, _read_goal, _due_goals, _fill_goal)


def _ask_review(state: State, _: str, facts: Facts) -> Question:
    default = _review_day(state, facts)
    lines = ("When do you want to look at this map again?",)
    half, quarter = (Choice(str(months_on(facts.today, n)), f"In {n} months") for n in (MONTHS, 3))
    wanted = "Say a day, for example: `in 3 months` or `2026-12-24`."
    return Question(lines, wanted, (half, quarter), str(default))


def _review_day(state: State, facts: Facts) -> date:
    still = state.review_on and facts.today < state.review_on
    return state.review_on if state.review_on and still else months_on(facts.today, MONTHS)


def _read_review(state: State, _: str, text: str, facts: Facts) -> State | Refused:
    day = day_of(text, facts.today)
    return state._replace(review_on=day) if day else Refused(f"“{shortened(text)}” is no such day. {ALLOWED}")


REVIEW = Step("review", _ask_review, _read_review)


def findings(state: State, facts: Facts) -> list[Finding]:
    """What the check says of the map so far."""
    aside = [one.name for one in state.stages if one.unmeasured]
    return check(stream_of(state), facts.others, aside)


_PARTS = {NOBODY: RESPONSIBLE, UNLINKED: RESPONSIBLE, SIGNAL: SIGNALS}


def _due_fixes(state: State, facts: Facts) -> Iterable[str]:
    return [f"{one.about}|{one.code}" for one in findings(state, facts) if one.blocking]


def _ask_fix(state: State, about: str, facts: Facts) -> Question:
    found = next((one for one in findings(state, facts) if f"{one.about}|{one.code}" == about and one.blocking), None)
    if found is None:
        return Question(("That is settled meanwhile.",), "Say `skip` to go on.", (Choice("skip", "Go on"),), "skip")
    lines = (f"Before it can be saved: {found.what}",)
    if found.code in _PARTS and state.sketch(found.about):
        asked = details.ask(state, f"{found.about}|{_PARTS[found.code]}", facts)
        return asked._replace(lines=lines, wanted=f"{found.advice} {asked.wanted}")
    if found.code in (TRIGGER, FINISH):
        return opening.BOUNDS.ask(state, "", facts)._replace(lines=lines)
    return Question(lines, found.advice, shows_rows=True)


def _read_fix(state: State, about: str, text: str, facts: Facts) -> State | Refused:
    name, code = details.about_of(about)
    if code in _PARTS and state.sketch(name):
        return details.read(state, f"{name}|{_PARTS[code]}", text, facts)
    if code in (TRIGGER, FINISH):
        if text != "looks right":
            return opening.BOUNDS.read(state, "", text, facts)
        trigger, finish = opening.bounds(state, facts)
        return state._replace(trigger=trigger, finish=finish)
    return Refused("That doesn't settle it.")


def _fill_fix(state: State, about: str, fields: Mapping[str, str], facts: Facts) -> State | Refused:
    name, code = details.about_of(about)
    if code in (TRIGGER, FINISH) and opening.BOUNDS.fill:
        return opening.BOUNDS.fill(state, "", fields, facts)
    return details.fill(state, f"{name}|{ACTIVE}", fields, facts)


FIX = Step("fix", _ask_fix, _read_fix, _due_fixes, _fill_fix)


def _ask_save(state: State, _: str, facts: Facts) -> Question:
    found = findings(state, facts)
    stops = [one for one in found if one.blocking]
    lines = [f"{one.what} {one.advice}" for one in found]
    if stops:
        fix = Choice("fix it", "Settle that")
        return Question((*lines, "So it can't be saved yet."), "Say `fix it`, or `stop for today`.", (fix,), "fix it")
    ask = "That is the map. Save it?"
    wanted = "Say `save`, or change something first, for example: `review (wait, reviewers, 4h)`."
    return Question((*lines, ask), wanted, (Choice("save", "Save it"),), "save", shows_rows=True)


def _read_save(state: State, _: str, text: str, facts: Facts) -> State | Refused:
    plain = text.casefold().strip(" .!")
    stops = any(one.blocking for one in findings(state, facts))
    if plain == "fix it" and stops:
        return state._replace(settled=tuple(key for key in state.settled if not key.startswith("fix:")))
    if plain not in ("save", "save it", "save the map", "save please", "please save", "save it please", "done"):
        return Refused("The map is ready to be saved." if not stops else "It can't be saved yet.")
    return (
        Refused("It can't be saved yet.") if stops else state._replace(done=True, review_on=_review_day(state, facts))
    )


SAVE = Step("save", _ask_save, _read_save)
