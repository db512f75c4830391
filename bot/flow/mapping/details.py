"""The step that asks for what stages still lack, one thing at a time, and offers to take the rest as it is likely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.flow.mapping.draft import State
from bot.flow.mapping.edits import told
from bot.flow.mapping.guesses import ACTIVE, RESPONSIBLE, SIGNALS, TARGET, lacking, likely, likely_of, tellers
from bot.flow.mapping.opening import OFFERED
from bot.flow.mapping.steps import Step
from bot.flow.mapping.turns import Choice, Facts, Field, Form, Question, Refused
from bot.flow.mapping.waste import hours
from bot.flow.stream import AUTHOR, REVIEWERS, Responsible
from bot.flow.stream_line import Sketch
from bot.flow.stream_words import (
    WORKING_DAY,
    Unread,
    Words,
    responsible_said,
    shortened,
    signal_said,
    spelt,
    words,
)

REST = Choice("the rest is fine", "The rest is fine")
_NOBODY = (
    "nobody",
    "no one",
    "none",
    "noone",
    "everyone",
    "everybody",
    "anyone",
    "us",
    "we",
    "all",
    "the team",
    "team",
)


def lacks(state: State) -> list[tuple[str, str]]:
    """(stage, what it lacks) for all that was not said of the stages."""
    last = len(state.stages) - 1
    return [(one.name, part) for at, one in enumerate(state.stages) for part in lacking(one, last=at == last)]


def _due(state: State, _: Facts) -> Iterable[str]:
    return [f"{name}|{part}" for name, part in lacks(state)]


def about_of(about: str) -> tuple[str, str]:
    """(stage, part) of what a question is about."""
    name, _, part = about.rpartition("|")
    return name, part


def ask(state: State, about: str, facts: Facts) -> Question:
    """What a stage lacks, with what is likely."""
    name, part = about_of(about)
    sketch = state.sketch(name)
    guess = likely_of(state.stages, name, facts)
    if sketch is None or guess is None:
        return Question(
            (f"“{name}” is no longer on the map.",), "Say `skip` to go on.", (Choice("skip", "Go on"),), "skip"
        )
    question = _QUESTIONS[part](state, sketch, guess, facts)
    rest = (REST,) if len(lacks(state)) > 1 else ()
    return question._replace(
        lines=(*question.lines, *_assumed(state, facts)), choices=(*question.choices, *rest),
        form=form_of(sketch, guess), shows_rows=False,
    )  # fmt: skip


def _assumed(state: State, facts: Facts) -> Iterable[str]:
    """What “the rest is fine” takes for granted, in a line."""
    if not any(key.startswith("details:") for key in state.settled) and len(lacks(state)) > 1:
        missing: dict[str, list[str]] = {}
        for name, part in lacks(state):
            guess = likely_of(state.stages, name, facts)
            if guess is not None:
                missing.setdefault(name, []).append(said_of(guess, part))
        yield (
            "“The rest is fine” takes: "
            + "; ".join(f"{name}: {', '.join(said)}" for name, said in missing.items())
            + "."
        )


def said_of(sketch: Sketch, part: str) -> str:
    """What a stage says of a part of it, as one types it."""
    said = {
        ACTIVE: "wait" if sketch.active is False else "active",
        RESPONSIBLE: responsible_said(sketch.responsible) if sketch.responsible else "",
        SIGNALS: ", ".join(map(signal_said, sketch.signals)) or ("unmeasured" if sketch.unmeasured else ""),
        TARGET: spelt(sketch.target) if sketch.target else "no target",
    }
    return said[part]


def _ask_active(_: State, sketch: Sketch, guess: Sketch, __: Facts) -> Question:
    lines = (f"“{sketch.name}”: does somebody work on the item there, or does it wait?",)
    choices = (Choice("active", "Active: somebody works on it"), Choice("wait", "It waits"))
    default = said_of(guess, ACTIVE)
    other = "wait" if default == "active" else "active"
    return Question(lines, "Say `active` or `wait`, for example: `wait, reviewers, 8h`.", choices, default, other)


def _ask_responsible(state: State, sketch: Sketch, guess: Sketch, facts: Facts) -> Question:
    does = "is responsible for ending the wait" if sketch.active is False else "is responsible there"
    lines = (f"“{sketch.name}”: who {does}?",)
    others = [one.responsible for one in state.stages if one.responsible]
    offered = dict.fromkeys(filter(None, [guess.responsible, Responsible(AUTHOR), Responsible(REVIEWERS), *others]))
    choices = [Choice(responsible_said(one), _who(one, facts)) for one in list(offered)[:5]]
    wanted = "Name one person or team, for example: `authors`, `reviewers`, `@bob` or `@acme/qa-team`."
    return Question(lines, wanted, tuple(choices), said_of(guess, RESPONSIBLE))


def _who(one: Responsible, facts: Facts) -> str:
    named = {AUTHOR: "Its authors", REVIEWERS: "Its reviewers"}
    return named.get(one.kind) or facts.known.groups.get(one.name) or shortened(f"@{one.name}", 70)


def _ask_signals(state: State, sketch: Sketch, guess: Sketch, facts: Facts) -> Question:
    lines = (f"“{sketch.name}”: what tells that an item has got there?",)
    offered = list(dict.fromkeys([*guess.signals, *tellers(state.stages, sketch.name, facts)]))[:OFFERED]
    choices = [Choice(signal_said(one), shortened(str(one).capitalize(), 70)) for one in offered]
    wanted = "Name a label, a column, a deployment or an event: `label qa`, `status In review`, `deploy production`."
    none = Choice("unmeasured", "Nothing does: leave it unmeasured")
    return Question(lines, wanted, (*choices, none), said_of(guess, SIGNALS))


def _ask_target(_: State, sketch: Sketch, __: Sketch, facts: Facts) -> Question:
    proposed = facts.proposal.stages if facts.proposal else ()
    p85 = next((one.p85 for one in proposed if one.stage.name == sketch.name), None)
    took = f" It took up to {hours(p85)} in 85 of 100 cases." if p85 else ""
    lines = (f"“{sketch.name}”: how long may it take, in working time?{took}",)
    offered = dict.fromkeys(
        [*([-(-p85 // 3600) * 3600] if p85 else []), WORKING_DAY // 2, WORKING_DAY, 2 * WORKING_DAY]
    )
    choices = [Choice(spelt(one), spelt(one)) for one in offered if one <= 250 * WORKING_DAY]
    none = Choice("no target", "Nothing is agreed")
    wanted = "Say a working time, for example: `8h` or `2d` (a day has 8 hours); or `no target`."
    return Question(lines, wanted, (*choices, none), "no target", counts=True)


_QUESTIONS = {ACTIVE: _ask_active, RESPONSIBLE: _ask_responsible, SIGNALS: _ask_signals, TARGET: _ask_target}


def form_of(sketch: Sketch, guess: Sketch) -> Form:
    """A form for all that is said of a stage, filled in with what is known or likely."""
    kinds = (Choice("active", "Active: somebody works on it"), Choice("wait", "It waits"))
    return Form(shortened(sketch.name, 24), (
        Field("kind", "Does somebody work on it, or does it wait?", said_of(guess, ACTIVE), kinds),
        Field("responsible", "Who is responsible", said_of(guess, RESPONSIBLE), hint="authors, reviewers, @bob"),
        Field("signals", "What tells that it starts", said_of(guess, SIGNALS), hint="label qa, deploy production"),
        Field("target", "Agreed working time", spelt(guess.target) if guess.target else "", hint="8h, 2d, or nothing"),
        Field("does", "What happens there", sketch.does), Field("proof", "How one knows that it is done", sketch.proof),
        Field("policy", "What is agreed beside the time", sketch.policy),
    ))  # fmt: skip


def read(state: State, about: str, text: str, facts: Facts) -> State | Refused:
    """What was said of the stage; more than what was asked is fine."""
    name, part = about_of(about)
    sketch = state.sketch(name)
    if sketch is None:
        return Refused(f"“{shortened(name)}” is no longer on the map.")
    plain = text.casefold().strip(" .!")
    if part == RESPONSIBLE and plain in _NOBODY:
        return Refused("Somebody has to be asked: one person, one team, the authors or the reviewers.")
    if part == TARGET and plain.replace(".", "", 1).isdecimal():
        return unit_of(plain)
    try:
        said = words(_pointed(plain, text, part), facts.known)
    except Unread as wrong:
        return Refused(str(wrong).split(" Allowed are `active`")[0])
    return Refused("That says nothing of the stage.") if said == Words() else told(state, sketch.name, said)


def _pointed(plain: str, text: str, part: str) -> str:
    """Words that mean something only as an answer to the question."""
    by_part = {
        TARGET: {**dict.fromkeys(("none", "nothing", "no", "0", "never", "no limit"), "no target"), "a day": "8h",
                 "one day": "8h", "half a day": "4h", "an hour": "1h", "a week": "5d", "two days": "2d"},
        SIGNALS: dict.fromkeys(("none", "nothing", "no", "nothing does"), "unmeasured"),
        ACTIVE: {"both": "active", "somebody works on it": "active", "it waits": "wait", "work": "active"},
        RESPONSIBLE: {"developer": "authors", "developers": "authors", "the author": "authors", "devs": "authors"},
    }  # fmt: skip
    return by_part[part].get(plain, text)


def unit_of(number: str) -> Refused:
    """What is said to a number without a unit."""
    number = shortened(number, 8)
    units = tuple(Choice(f"{number}{unit}", f"{number}{unit}") for unit in "hd")
    return Refused(f"Is that `{number}h` or `{number}d` (days of 8 hours), in working time?", units)


def fill(state: State, about: str, fields: Mapping[str, str], facts: Facts) -> State | Refused:
    """What the form says of the stage."""
    name, _ = about_of(about)
    sketch = state.sketch(name)
    if sketch is None:
        return Refused(f"“{shortened(name)}” is no longer on the map.")
    errors: dict[str, str] = {}
    news: dict[str, Any] = {}
    for field in ("kind", "responsible", "signals", "target"):
        try:
            said = words(_pointed_field(fields.get(field, ""), field), facts.known)
            news |= {
                key: value for key, value in said._asdict().items() if value not in (None, ()) and _fits(field, key)
            }
        except Unread as wrong:
            errors[field] = str(wrong)
    if errors:
        return Refused(next(iter(errors.values())), errors=errors)
    texts: dict[str, Any] = {
        key: " ".join(fields[key].split())[:300] for key in ("does", "proof", "policy") if key in fields
    }
    filled = sketch.told(Words(**news))._replace(**texts)
    return state._replace(stages=tuple(filled if one is sketch else one for one in state.stages))


def _pointed_field(text: str, field: str) -> str:
    if field == "target":
        return "no target" if text.strip().casefold() in ("", "0", "none") else text
    return text


def _fits(field: str, key: str) -> bool:
    own = {"kind": ("active",), "signals": ("signals", "unmeasured")}
    return key in own.get(field, (field,))


def rest(state: State, _: str, facts: Facts) -> State:
    """All that was not said as it is likely."""
    return state._replace(stages=likely(state.stages, facts))


DETAILS = Step("details", ask, read, _due, fill, rest)
