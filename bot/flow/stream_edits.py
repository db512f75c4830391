"""One stage of a value stream changed by words: `wait, @bob, 8h`, `rename Acceptance`, `for Enterprise target 4h`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.flow.stream import Fork, Stage, Stream
from bot.flow.stream_words import NOTHING_KNOWN, Known, Unread, shortened, words

TEXTS = ("does", "proof", "policy")
_LEADS = ("target", "responsible", "signals", "signal", "by", "is", "kind")
_NONE = ("none", "off", "nobody", "nothing", "0")
_EMPTIED: dict[str, dict[str, Any]] = {
    "target": {"target": None}, "responsible": {"responsible": None}, "signals": {"signals": ()},
    "signal": {"signals": ()},
}  # fmt: skip
FOR_ALL_ALLOWED = "Allowed are a target, who is responsible, `proof` and `policy`."


def edited(stream: Stream, stage: Stage, said: Sequence[str], known: Known = NOTHING_KNOWN) -> Stream:
    """The stream with a stage of it as words say, of which there is one at least. Raises Unread."""
    verb, rest = said[0].casefold(), list(said[1:])
    if verb == "for":
        return _forked(stream, stage, rest, known)
    if verb in ("rename", "called", "call"):
        return _renamed(stream, stage, rest[1:] if rest[:1] == ["to"] else rest)
    return _replaced(stream, stage, stage._replace(**_changes(said, known)))


def _changes(said: Sequence[str], known: Known) -> dict[str, Any]:
    """What words say of a stage, by its keys."""
    verb, rest = said[0].casefold(), " ".join(said[1:]).strip()
    if verb in TEXTS:
        if not rest:
            raise Unread(f"What “{verb}” is to say is missing. Allowed are words of yours, or `none`.")
        return {verb: "" if rest.casefold() in _NONE else rest}
    if verb in _EMPTIED and rest.casefold() in _NONE:
        return dict(_EMPTIED[verb])
    told = words(rest if verb in _LEADS and rest else " ".join(said), known)
    found: dict[str, Any] = {key: value for key, value in told._asdict().items() if value not in (None, (), False)}
    if told.active is not None:
        found["active"] = told.active
    if told.target is not None:
        found["target"] = told.target or None
    if found.pop("unmeasured", False):
        found["signals"] = ()
    if not found:
        raise Unread(f"“{shortened(' '.join(said))}” says nothing of a stage.")
    return found


def _replaced(stream: Stream, stage: Stage, other: Stage) -> Stream:
    return stream._replace(stages=tuple(other if one is stage else one for one in stream.stages))


def _renamed(stream: Stream, stage: Stage, said: Sequence[str]) -> Stream:
    name = " ".join(said)
    if not name:
        raise Unread("The new name is missing. Allowed is any name that no other stage has.")
    forks = tuple(one._replace(stage=name) if one.stage == stage.name else one for one in stream.forks)
    goals = tuple(one._replace(stage=name) if one.stage == stage.name else one for one in stream.goals)
    return _replaced(stream, stage, stage._replace(name=name))._replace(forks=forks, goals=goals)


def _forked(stream: Stream, stage: Stage, said: Sequence[str], known: Known) -> Stream:
    """The stream with a stage that is another for a segment; `none` at all is as for all."""
    segment, rest = _segment(stream, said)
    others = tuple(one for one in stream.forks if (one.segment, one.stage) != (segment, stage.name))
    if [word.casefold() for word in rest] in (["none"], ["as", "for", "all"]):
        return stream._replace(forks=others)
    if not rest:
        raise Unread(f"What is another for “{segment}” is missing. {FOR_ALL_ALLOWED}")
    changes = _changes(rest, known)
    if "target" in changes:
        changes["target"] = changes["target"] or 0
    if not changes.keys() <= set(Fork._fields) - {"segment", "stage"} or changes.get("responsible", "") is None:
        raise Unread(f"That can't be another for one segment. {FOR_ALL_ALLOWED}")
    was = next((one for one in stream.forks if one not in others), Fork(segment, stage.name))
    return stream._replace(forks=(*others, was._replace(**changes)))


def _segment(stream: Stream, said: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The segment that words begin with, and the words behind it."""
    for many in range(len(said), 0, -1):
        name = " ".join(said[:many]).casefold()
        found = next((one.name for one in stream.segments if one.name.casefold() == name), None)
        if found is not None:
            return found, said[many:]
    named = ", ".join(one.name for one in stream.segments)
    allowed = f"stream. Allowed are {named}." if named else "stream, which has none. Allowed is a change for all."
    raise Unread(f"“{shortened(' '.join(said[:2]))}” is no segment of the {allowed}")
