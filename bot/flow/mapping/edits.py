"""Changes of the map that are understood at any point: a line of stages, `add …`, `remove …`, `QA is a wait`, …"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from bot.flow.mapping.days import ALLOWED as DAYS
from bot.flow.mapping.days import day_of
from bot.flow.mapping.draft import State
from bot.flow.mapping.hearing import has_letters
from bot.flow.mapping.names import listed, meant, unknown_stage
from bot.flow.mapping.turns import Facts, Refused
from bot.flow.stream import MOST_STAGES, Fork, Segment
from bot.flow.stream_line import Sketch, has_arrow, parse, sketch_of
from bot.flow.stream_words import Unread, Words, pieces, shortened, unquoted, words

MOST_PROSE = 300
Said: TypeAlias = State | Refused | None
"""The map after it, what was wrong, or None where it is no change of the map."""
Edit: TypeAlias = Callable[[State, re.Match[str], Facts], Said]


def edited(state: State, text: str, facts: Facts) -> Said:
    """What a text changes on the map. Several changes stand on lines of their own, or behind semicolons."""
    text = re.sub(r"^please\s+", "", text, flags=re.IGNORECASE)
    parts = [part.strip() for part in re.split(r"[\n;]", text) if part.strip()]
    after: Said = state
    for part in parts:
        after = _one(after, part, facts) if isinstance(after, State) else after
    return after if len(parts) > 1 and isinstance(after, State) else _one(state, text, facts) or after


def _one(state: State, text: str, facts: Facts) -> Said:
    if has_arrow(text) and not _BEFORE_COLON.match(text):
        return drawn(state, text, facts)
    for pattern, edit in _EDITS:
        found = pattern.fullmatch(text)
        if found:
            told = edit(state, found, facts)
            if told is not None:
                return told
    return None


_BEFORE_COLON = re.compile(r"\s*(?:trigger|finish|outcome|north[- ]star)[^:>]{0,12}:", re.IGNORECASE)


def with_stages(state: State, facts: Facts) -> State:
    """The map with the proposed stages where it has none of its own."""
    if state.stages or facts.proposal is None:
        return state
    sketches = (sketch_of(one.stage) for one in facts.proposal.stages)
    told = tuple(one._replace(target=one.target or None, unmeasured=False) for one in sketches)
    return state._replace(stages=told)


def drawn(state: State, text: str, facts: Facts) -> State | Refused:
    """The map with the stages of a line; what it doesn't say of a stage that was there stays."""
    try:
        sketches = parse(text, facts.known)
    except Unread as wrong:
        return Refused(str(wrong))
    if len(sketches) < 2:
        return Refused("A stream leads through at least two stages, as in `idea -> coding -> live`.")
    base = with_stages(state, facts)
    older = {one.name: one for one in base.stages}
    kept = [(one, older.get(meant(one.name, older) or "")) for one in sketches]
    return _placed(base, tuple(one.over(was) if was else one for one, was in kept))


def _placed(state: State, stages: tuple[Sketch, ...]) -> State:
    """The map with other stages; what was said of those that are gone goes with them."""
    names = {one.name for one in stages}
    segments = {one.name for one in state.segments}
    new = tuple(dict.fromkeys(one.segment for one in stages if one.segment and one.segment not in segments))
    return state._replace(
        stages=stages,
        segments=(*state.segments, *map(Segment, new)),
        forks=tuple(one for one in state.forks if one.stage in names),
        goals=tuple(one for one in state.goals if one.stage in names),
        changing=tuple(one for one in state.changing if one in names),
    )


def told(state: State, name: str, said: Words) -> State:
    """The map with what was said of a stage."""
    return _placed(state, tuple(one.told(said) if one.name == name else one for one in state.stages))


def _names(state: State) -> list[str]:
    return [one.name for one in state.stages]


def _add(state: State, found: re.Match[str], facts: Facts) -> Said:
    base = with_stages(state, facts)
    try:
        (sketch,) = parse(found["name"] + (found["inside"] or ""), facts.known)
    except (Unread, ValueError) as wrong:
        return Refused(str(wrong))
    if meant(sketch.name, _names(base)):
        return Refused(f"The stage “{sketch.name}” is there already; `{sketch.name} (wait, 8h)` changes it.")
    if len(base.stages) >= MOST_STAGES:
        return Refused(f"A stream has at most {MOST_STAGES} stages.")
    at = max(len(base.stages) - 1, 0)
    if found["anchor"]:
        anchor = meant(unquoted(found["anchor"]), _names(base))
        if anchor is None:
            again = f"add {found['name']}{found['inside'] or ''} {found['where']} {{}}"
            return unknown_stage(unquoted(found["anchor"]), _names(base), again)
        at = _names(base).index(anchor) + (found["where"].casefold() == "after")
    return _placed(base, (*base.stages[:at], sketch, *base.stages[at:]))


def _remove(state: State, found: re.Match[str], facts: Facts) -> Said:
    base = with_stages(state, facts)
    gone = []
    whole = meant(unquoted(found["name"]), _names(base))
    for said in [found["name"]] if whole else [one for part in pieces(found["name"]) for one in _AND.split(part)]:
        name = meant(unquoted(said), _names(base))
        if name is None:
            return unknown_stage(unquoted(said), _names(base), "remove {}")
        gone.append(name)
    left = tuple(one for one in base.stages if one.name not in gone)
    if len(left) < 2:
        return Refused("Two stages have to stay: where an item begins, and where it is done.")
    return _placed(base, left)


_AND = re.compile(r"\s+and\s+", re.IGNORECASE)


def _rename(state: State, found: re.Match[str], facts: Facts) -> Said:
    base = with_stages(state, facts)
    name = meant(unquoted(found["name"]), _names(base))
    if name is None:
        return unknown_stage(unquoted(found["name"]), _names(base), f"rename {{}} to {found['new']}")
    try:
        ((new, *_),) = parse(found["new"], facts.known)
    except (Unread, ValueError) as wrong:
        return Refused(str(wrong))
    if meant(new, [one for one in _names(base) if one != name]):
        return Refused(f"Another stage is called “{shortened(new)}” already.")
    return renamed(base, name, new)


def renamed(state: State, name: str, new: str) -> State:
    """The map with another name for a stage, wherever it stands."""
    return state._replace(
        stages=tuple(one._replace(name=new) if one.name == name else one for one in state.stages),
        forks=tuple(one._replace(stage=new) if one.stage == name else one for one in state.forks),
        goals=tuple(one._replace(stage=new) if one.stage == name else one for one in state.goals),
        changing=tuple(new if one == name else one for one in state.changing),
        settled=tuple(_key_renamed(key, name, new) for key in state.settled),
        asking=_key_renamed(state.asking, name, new),
    )


def _key_renamed(key: str, name: str, new: str) -> str:
    step, about = key.split(":", 1)
    return f"{step}:{new}{about.removeprefix(name)}" if about == name or about.startswith(f"{name}|") else key


def _move(state: State, found: re.Match[str], facts: Facts) -> Said:
    base = with_stages(state, facts)
    name, anchor = (meant(unquoted(found[group]), _names(base)) for group in ("name", "anchor"))
    if name is None:
        return unknown_stage(unquoted(found["name"]), _names(base), f"move {{}} {found['where']} {found['anchor']}")
    if anchor is None:
        return unknown_stage(unquoted(found["anchor"]), _names(base), f"move {name} {found['where']} {{}}")
    moving = next(one for one in base.stages if one.name == name)
    rest = [one for one in base.stages if one is not moving]
    if anchor != name:
        at = [one.name for one in rest].index(anchor) + (found["where"].casefold() == "after")
        rest.insert(at, moving)
        return _placed(base, tuple(rest))
    return Refused(f"“{name}” can't stand beside itself.")


def _stage(state: State, found: re.Match[str], facts: Facts) -> Said:
    """`QA (wait, 8h)`, `QA: wait`, `QA is a wait`; of a stage that is there."""
    base = with_stages(state, facts)
    name = meant(unquoted(found["name"]), _names(base))
    try:
        said = words(found["inside"], facts.known)
    except Unread as wrong:
        return Refused(f"Of “{name}”: {wrong}") if name and found["mark"] == "(" else None
    if name is None and found["mark"] == "(":
        return unknown_stage(unquoted(found["name"]), _names(base), f"{{}} ({found['inside']})")
    return told(base, name, said) if name and said != Words() else None


def _fork(state: State, found: re.Match[str], facts: Facts) -> Said:
    """`for large shops: review (4h, @bob)`: what of a stage is another for a segment."""
    segment = meant(unquoted(found["segment"]), [one.name for one in state.segments])
    name = meant(unquoted(found["name"]), _names(state))
    if segment is None:
        return Refused(
            f"“{shortened(found['segment'])}” is no segment. There is {listed(s.name for s in state.segments)}."
        )
    if name is None:
        return unknown_stage(unquoted(found["name"]), _names(state), f"for {segment}: {{}} ({found['inside']})")
    try:
        said = words(found["inside"], facts.known)
    except Unread as wrong:
        return Refused(f"Of “{name}”: {wrong}")
    if said._replace(responsible=None, target=None) != Words():
        return Refused("For one segment a stage may have another target and another responsible, as in `(4h, @bob)`.")
    others = tuple(one for one in state.forks if (one.segment, one.stage) != (segment, name))
    return state._replace(forks=(*others, Fork(segment, name, said.responsible, said.target)))


def prose(text: str, what: str) -> str | Refused:
    """Text of people's own, for something that takes a sentence."""
    said = " ".join(text.split())
    if len(said) > MOST_PROSE:
        return Refused(f"That is {len(said):,} characters; {what} takes up to {MOST_PROSE}. One sentence will do.")
    return said if has_letters(said) else Refused(f"I can't read {what} from “{shortened(said)}”.")


def _text(key: str, what: str) -> Edit:
    def edit(state: State, found: re.Match[str], _: Facts) -> Said:
        said = prose(found["text"], what)
        news: dict[str, Any] = {key: said}
        return said if isinstance(said, Refused) else state._replace(**news)

    return edit


def segments_of(state: State, text: str) -> State | Refused:
    """The map with these segments, names between commas; what was said of those that stay is kept."""
    older = {one.name.casefold(): one for one in state.segments}
    names = list(dict.fromkeys(unquoted(part) for part in pieces(text)))
    if not names or any(not has_letters(name, 1) or len(name) > 60 for name in names) or len(names) > 10:
        return Refused(
            "Segments are up to 10 names of at most 60 characters between commas: `small shops, large shops`."
        )
    own = {one.segment for one in state.stages if one.segment}
    if lost := [name for name in own if name not in names]:
        return Refused(f"Stages are there for {listed(sorted(lost))} alone; that segment has to stay.")
    return state._replace(
        segments=tuple(older.get(name.casefold(), Segment(name)) for name in names),
        forks=tuple(one for one in state.forks if one.segment in names),
    )


def _segments(state: State, found: re.Match[str], _: Facts) -> Said:
    return segments_of(state, found["text"])


def _review(state: State, found: re.Match[str], facts: Facts) -> Said:
    day = day_of(found["text"], facts.today)
    return state._replace(review_on=day) if day else Refused(f"“{shortened(found['text'])}” is no such day. {DAYS}")


def _parent(state: State, found: re.Match[str], facts: Facts) -> Said:
    if found["text"].casefold() in ("none", "no", "nothing"):
        return state._replace(parent=None)
    name = meant(unquoted(found["text"]), [one.name for one in facts.others])
    there = f"There is {listed(one.name for one in facts.others)}."
    return state._replace(parent=name) if name else Refused(f"I know no stream “{shortened(found['text'])}”. {there}")


def _of_stage(state: State, found: re.Match[str], facts: Facts) -> Said:
    """`proof of QA: two testers agree`."""
    base = with_stages(state, facts)
    name = meant(unquoted(found["name"]), _names(base))
    said = prose(found["text"], f"“{found['key']}”")
    if name is None:
        return unknown_stage(unquoted(found["name"]), _names(base), f"{found['key']} of {{}}: {found['text']}")
    if isinstance(said, Refused):
        return said
    news: dict[str, Any] = {found["key"].casefold(): said}
    return base._replace(stages=tuple(one._replace(**news) if one.name == name else one for one in base.stages))


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_NAME = r"(?P<name>\"[^\"]+\"|“[^”]+”|[^():\n]{1,80}?)"
_IS = r"\s*(?::|=|\bis\b|\bare\b)\s*"
_ANCHOR = r"(?P<where>after|before)\s+(?P<anchor>[^()]+?)"
_EDITS: tuple[tuple[re.Pattern[str], Edit], ...] = (
    (
        _pattern(rf"(?:add|insert)\s+(?:a )?(?:stage )?{_NAME}\s*(?P<inside>\([^()]*\))?(?:\s+{_ANCHOR})?"),
        _add,
    ),
    (_pattern(rf"(?:remove|delete|drop|leave out|without)\s+(?:the )?(?:stages? )?{_NAME}"), _remove),
    (_pattern(rf"(?:rename|call)\s+{_NAME}\s+(?:to|into|as|->)\s+(?P<new>.+)"), _rename),
    (_pattern(rf"(?:move|put)\s+{_NAME}\s+{_ANCHOR}"), _move),
    (_pattern(rf"(?P<key>does|proof|policy)(?: of| for| at)\s+{_NAME}{_IS}(?P<text>.+)"), _of_stage),
    (_pattern(rf"(?:only )?for\s+(?P<segment>[^:()\n]+?)\s*:\s*{_NAME}\s*\((?P<inside>[^()]*)\)"), _fork),
    (_pattern(rf"(?:the )?trigger{_IS}(?P<text>.+)"), _text("trigger", "the trigger")),
    (_pattern(rf"(?:the )?finish(?: line)?{_IS}(?P<text>.+)"), _text("finish", "the finish line")),
    (_pattern(r"(?:the )?outcome\s*[:=]\s*(?P<text>.+)"), _text("outcome", "the outcome")),
    (_pattern(rf"(?:the |our )?north[- ]?star(?: metric)?{_IS}(?P<text>.+)"), _text("north_star", "the metric")),
    (_pattern(r"(?:the |our )?segments?\s*[:=]\s*(?P<text>.+)"), _segments),
    (_pattern(r"review(?: date| it)?(?: on|\s*[:=])\s+(?P<text>[^()]+)"), _review),
    (_pattern(rf"(?:the )?parent(?: stream)?{_IS}(?P<text>.+)"), _parent),
    (_pattern(rf"{_NAME}\s*(?P<mark>\()(?P<inside>[^()]*)\)?"), _stage),
    (_pattern(rf"{_NAME}(?P<mark>{_IS})(?P<inside>.+)"), _stage),
)
