"""The first steps of the conversation: where, through which stages, for whom, from where to where, and what counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bot.flow.mapping.draft import State
from bot.flow.mapping.edits import drawn, prose, segments_of, with_stages
from bot.flow.mapping.hearing import has_letters
from bot.flow.mapping.names import alike, either, meant
from bot.flow.mapping.steps import Step
from bot.flow.mapping.turns import Choice, Facts, Field, Form, Question, Refused
from bot.flow.stream import Segment
from bot.flow.stream_line import EXAMPLE
from bot.flow.stream_words import Unread, shortened, words

OFFERED = 10
"""Choices of one kind."""
RIGHT = Choice("looks right", "Looks right")


def _ask_repos(state: State, _: str, facts: Facts) -> Question:
    lines = (f"Which repositories does “{state.name}” run through?",)
    names = [Choice(repo, repo) for repo in facts.repos[:OFFERED]]
    every = [Choice("all", "All of them")] if len(facts.repos) > 1 else []
    default = ", ".join(state.repos) or ("all" if facts.repos else None)
    wanted = f"Name them with commas between, for example: `{', '.join(facts.repos[:2]) or 'acme/shop, acme/web'}`."
    return Question(lines, wanted, (*names, *every), default, many=len(names) > 1)


_REPO = re.compile(r"(?:https?://[^/\s]+/|git@[^:\s]+:)?([\w.-]+/[\w.-]+?)(?:\.git)?(?:/[\w./#?=-]*)?")


def _read_repos(state: State, _: str, text: str, facts: Facts) -> State | Refused:
    if text.casefold().strip(" .!") in ("all", "all of them", "every", "everything", "all repositories", "both"):
        return state._replace(repos=facts.repos) if facts.repos else Refused(_NONE_KNOWN)
    found = []
    for said in re.split(r"[,;\s]+", text):
        repo = _repo(said.strip("\"'`"), facts)
        if isinstance(repo, Refused):
            return repo
        found += [repo] if repo and repo not in found else []
    return state._replace(repos=tuple(found)) if found else Refused(_NONE_KNOWN)


_NONE_KNOWN = "No repository is named in that."


def _repo(said: str, facts: Facts) -> str | Refused | None:
    if said.casefold() in ("", "and", "the", "repo", "repos", "in", "only", "just"):
        return None
    found = _REPO.fullmatch(said)
    name = found[1] if found else said
    by_slug = {repo.partition("/")[2]: repo for repo in facts.repos}
    known = meant(name, facts.repos) or by_slug.get(meant(name, by_slug) or "")
    if known or (found and not facts.repos):
        return known or name
    close = [by_slug[one] for one in alike(name.rpartition("/")[2], by_slug)]
    if close:
        ask = f"“{shortened(name)}” is not connected. Did you mean {either(close)}?"
        return Refused(ask, tuple(Choice(one, one) for one in close))
    connect = f" `/flow connect {name}` connects it." if found and len(name) < 80 else ""
    return Refused(f"“{shortened(name)}” is no repository that is connected.{connect}")


REPOS = Step("repos", _ask_repos, _read_repos)


def _ask_stages(state: State, _: str, facts: Facts) -> Question:
    if not state.stages and facts.proposal is None:
        lines = ("Which stages does an item go through, from idea to value? A line will do.",)
        return Question(lines, f"Type the stages with arrows between, for example: `{EXAMPLE}`.")
    wanted = (
        "Say `looks right`, type the stages as a line (`idea -> coding -> live`), or change one: `remove QA`, "
        "`rename QA to Testing`, `add design before coding`."
    )
    first = "Are these the stages?"
    if facts.proposal is not None and not state.stages:
        first = f"The last 90 days ({facts.proposal.items:,} items) look like this. Are these the stages?"
    return Question((first,), wanted, (RIGHT,), "looks right", shows_rows=True)


def _read_stages(state: State, _: str, text: str, facts: Facts) -> State | Refused:
    base = with_stages(state, facts)
    if text == "looks right" and base.stages:
        return base
    names = [] if base.stages else [part for part in re.split(r"[,\n]", text) if part.strip()]
    if len(names) > 1 and all(has_letters(name, 1) and len(name) <= 60 for name in names) and "(" not in text:
        return drawn(state, " -> ".join(re.sub(r"^\s*\d+[.)]\s*", "", name) for name in names), facts)
    return Refused("Those are no stages that I can read.")


STAGES = Step("stages", _ask_stages, _read_stages)


def _ask_outcome(state: State, _: str, __: Facts) -> Question:
    lines = ("Who is it for, and when do they win?",)
    example = "We win when an order is paid in one step for small shops"
    form = Form("Who it is for", (
        Field("outcome", "We win when … happens for …", state.outcome),
        Field("segments", "Customers: segments, with commas between", ", ".join(one.name for one in state.segments)),
        Field("persona", "Their persona or job", state.segments[0].persona if state.segments else ""),
    ))  # fmt: skip
    default = state.outcome or None
    choices = (Choice(default, f"Still: {shortened(default, 50)}"),) if default else ()
    return Question(lines, f"One sentence will do, for example: `{example}`.", choices, default, form=form)


_FOR = re.compile(r".*\bfor\s+(?:the |our |all )?(?P<whom>[^,.;:]{2,60}?)[.!]?", re.IGNORECASE | re.DOTALL)


def _read_outcome(state: State, _: str, text: str, __: Facts) -> State | Refused:
    said = prose(text, "the outcome")
    if isinstance(said, Refused):
        return said
    found = _FOR.fullmatch(said)
    named = found and has_letters(found["whom"])
    segments = (Segment(" ".join(found["whom"].split())),) if found and named and not state.segments else state.segments
    return state._replace(outcome=said, segments=segments)


def _fill_outcome(state: State, _: str, fields: Mapping[str, str], facts: Facts) -> State | Refused:
    told = segments_of(state, fields["segments"]) if fields.get("segments", "").strip() else state
    if isinstance(told, Refused):
        return Refused(told.line, errors={"segments": told.line})
    if fields.get("outcome", "").strip():
        said = _read_outcome(told, "", fields["outcome"], facts)
        if isinstance(said, Refused):
            return Refused(said.line, errors={"outcome": said.line})
        told = said
    persona = " ".join(fields.get("persona", "").split())[:150]
    if not told.segments:
        return told
    return told._replace(segments=(told.segments[0]._replace(persona=persona), *told.segments[1:]))


OUTCOME = Step("outcome", _ask_outcome, _read_outcome, fill=_fill_outcome, prose=True)


def _due_marks(state: State, _: Facts) -> Iterable[str]:
    """Segments after the first, which is that of all unmarked items."""
    return [one.name for one in state.segments[1:] if not one.signals]


def _ask_marks(state: State, about: str, facts: Facts) -> Question:
    first = state.segments[0].name if state.segments else ""
    lines = (f"What marks an item of “{about}”? Items without a mark count for “{first}”.",)
    labels = [Choice(f'label "{label}"', f"Label {label}"[:70]) for label in facts.known.labels[:OFFERED]]
    wanted = "Name a label or a column, for example: `label large`; or `skip` where nothing does."
    return Question(lines, wanted, tuple(labels))


def _read_marks(state: State, about: str, text: str, facts: Facts) -> State | Refused:
    try:
        signals = words(text, facts.known).signals
    except Unread as wrong:
        return Refused(str(wrong).split(" Allowed")[0])
    if not signals or about not in [one.name for one in state.segments]:
        return Refused("That names no mark.")
    marked = (one._replace(signals=signals) if one.name == about else one for one in state.segments)
    return state._replace(segments=tuple(marked))


MARKS = Step("marks", _ask_marks, _read_marks, _due_marks)


def bounds(state: State, facts: Facts) -> tuple[str, str]:
    """The trigger and the finish line as said, as proposed, or as the first and last stage have it."""
    stages = with_stages(state, facts).stages
    proposed = (facts.proposal.trigger, facts.proposal.finish) if facts.proposal else ("", "")
    named = [stages[0].name, stages[-1].name] if stages else ["", ""]
    return state.trigger or proposed[0] or named[0], state.finish or proposed[1] or named[1]


def _ask_bounds(state: State, _: str, facts: Facts) -> Question:
    trigger, finish = bounds(state, facts)
    form = Form("From where to where", (
        Field("trigger", "What starts it", trigger), Field("finish", "When an item is done", finish),
    ))  # fmt: skip
    wanted = "Say both in a line, for example: `from a shop asks for it to it runs in production`."
    if state.trigger and not state.finish:
        asked = f"It starts with “{shortened(state.trigger, 80)}”. And when is an item done?"
        right = (Choice("looks right", shortened(finish, 70)),) if finish else ()
        return Question((asked,), wanted, right, "looks right" if right else None, form=form)
    lines = ("What starts an item, and when is it done?",)
    if not trigger or not finish:
        return Question(lines, wanted, form=form)
    both = Choice("looks right", f"{shortened(trigger, 30)} → {shortened(finish, 30)}")
    known = f"As it looks: it starts with “{shortened(trigger, 80)}” and is done with “{shortened(finish, 80)}”."
    return Question((*lines, known), wanted, (both,), "looks right", form=form)


_BOUNDS = tuple(re.compile(pattern, re.IGNORECASE | re.DOTALL) for pattern in (
    r"from\s+(?P<trigger>.+?)\s+(?:until|till|to(?= it\b))\s+(?P<finish>.+)",
    r"from\s+(?P<trigger>.+?)\s+to\s+(?P<finish>.+)",
    r"(?:the )?trigger(?: is|:)?\s+(?P<trigger>.+?)[,;.\n]\s*(?:and )?"
    r"(?:the )?finish(?: line)?(?: is|:)?\s+(?P<finish>.+)",
    r"(?:it )?(?:starts|begins) (?:when|with)\s+(?P<trigger>.+?)[,;.\n]?\s+(?:and )?(?:is )?(?:it )?(?:it's )?"
    r"(?:ends|done|finished|finishes)(?: when| with)?\s+(?P<finish>.+)",
    r"(?P<trigger>.+?)\s*(?:-+>|→|=>)\s*(?P<finish>[^>→]+)",
    r"(?P<trigger>[^\n]+)\n(?P<finish>[^\n]+)",
    r"(?P<trigger>.+?)[,;.]\s+(?:and )?(?:it is |it's )?(?:done|finished) (?:when|with)\s+(?P<finish>.+)",
))  # fmt: skip


def says_both(text: str) -> bool:
    """Whether it surely says both the trigger and the finish line."""
    arrows = len(re.findall(r"[-–—=]>|[→⇒]", text))
    plain = any(pattern.fullmatch(text) for pattern in _BOUNDS[:4])
    return "(" not in text and (arrows == 1 or (not arrows and plain))


def _read_bounds(state: State, _: str, text: str, facts: Facts) -> State | Refused:
    if text == "looks right":
        trigger, finish = bounds(state, facts)
        return (
            state._replace(trigger=trigger, finish=finish) if trigger and finish else Refused("Nothing is there yet.")
        )
    found = next((match for pattern in _BOUNDS if (match := pattern.fullmatch(text))), None)
    if found:
        return _bounded(state, found["trigger"], found["finish"])
    if state.trigger and not state.finish:
        return _bounded(state, state.trigger, text)
    trigger_only = prose(text, "the trigger")
    return trigger_only if isinstance(trigger_only, Refused) else state._replace(trigger=trigger_only, finish="")


def _bounded(state: State, trigger: str, finish: str) -> State | Refused:
    first, last = prose(trigger, "the trigger"), prose(finish, "the finish line")
    if isinstance(first, Refused):
        return first
    return last if isinstance(last, Refused) else state._replace(trigger=first, finish=last.rstrip("."))


def _fill_bounds(state: State, _: str, fields: Mapping[str, str], __: Facts) -> State | Refused:
    errors, told = {}, state
    for key, what in (("trigger", "the trigger"), ("finish", "the finish line")):
        said = prose(fields[key], what) if fields.get(key, "").strip() else ""
        if isinstance(said, Refused):
            errors[key] = said.line
        elif said:
            told = told._replace(trigger=said) if key == "trigger" else told._replace(finish=said)
    return Refused(next(iter(errors.values())), errors=errors) if errors else told


BOUNDS = Step("bounds", _ask_bounds, _read_bounds, fill=_fill_bounds, prose=True)

_METRICS = ("Flow time from trigger to finish", "Items done a week", "Share of items done within the target")


def _ask_north_star(state: State, _: str, __: Facts) -> Question:
    lines = ("What is the one figure that shows that customers win, the north-star metric?",)
    offered = list(dict.fromkeys(filter(None, (state.north_star, *_METRICS))))
    wanted = "A few words will do, for example: `orders paid in one step a week`."
    return Question(lines, wanted, tuple(Choice(one, shortened(one, 70)) for one in offered), state.north_star or None)


def _read_north_star(state: State, _: str, text: str, __: Facts) -> State | Refused:
    said = prose(text, "the metric")
    return said if isinstance(said, Refused) else state._replace(north_star=said)


NORTH_STAR = Step("north_star", _ask_north_star, _read_north_star, prose=True)
