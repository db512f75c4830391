"""The labels and columns that behave like stages: who follows whom, how often, how exclusive, and who ends them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.flow.proposal.group import AT_ONCE, FEW, HALF, MOST_OF, NEARLY, PART, Group
from bot.flow.proposal.traces import Stay, Trace
from bot.flow.proposal.words import CODING, REVIEW, REWORK, is_active, names_a_kind, names_a_step, plain, role
from bot.flow.stages import SignalKey
from bot.flow.stream import AUTHOR, DEPLOY, PERSON, REVIEWERS, STATUS, TEAM, Responsible, Signal, Stage
from bot.flow.waits import KINDS


def steps(traces: Sequence[Trace]) -> dict[SignalKey, list[Stay]]:
    """The labels and columns that behave like stages, by signal."""
    stays: dict[SignalKey, list[tuple[Trace, Stay]]] = defaultdict(list)
    for trace in traces:
        for stay in trace.stays:
            stays[stay.signal].append((trace, stay))
    often = max(FEW, PART * len(traces))
    common = {key: found for key, found in stays.items() if len({trace.key for trace, _ in found}) >= often}
    likely = {key for key, found in common.items() if key[0] == STATUS or _comes_and_goes(found)}
    return {
        key: [stay for _, stay in found]
        for key, found in common.items()
        if key in likely and (key[0] == STATUS or _is_quiet(found, likely))
    }


def _comes_and_goes(found: Sequence[tuple[Trace, Stay]]) -> bool:
    """Whether a label is put on along the way and taken off again, as one that says what an item *is* is not."""
    name = found[0][1].shown
    if names_a_kind(name):
        return False
    ended = [stay for trace, stay in found if stay.taken_off or trace.closed]
    gone = sum(stay.taken_off for stay in ended)
    on_the_way = sum(not stay.at_opening for _, stay in found)
    if names_a_step(name):
        return on_the_way >= NEARLY * len(found) or gone >= HALF * len(ended)
    return gone >= HALF * len(ended) and len(ended) >= FEW


def _is_quiet(found: Sequence[tuple[Trace, Stay]], steps: Collection[SignalKey]) -> bool:
    """Whether other things seldom happen to an item while it carries the label: it is in one stage at a time."""
    if role(found[0][1].shown) in (CODING, REVIEW, REWORK):  # it says what turns say, and joins them
        return True
    busy = sum(any(_happens(trace, stay, steps)) for trace, stay in found)
    return busy <= (1 - MOST_OF) * len(found)


def _happens(trace: Trace, stay: Stay, steps: Collection[SignalKey]) -> Iterable[bool]:
    """Of the signals of other stages, whether each came clearly within a stay."""
    until = stay.until if stay.until is not None else trace.signals[-1][0]
    margin = max(AT_ONCE // 4, (until - stay.since) // 10)
    for at, signal in trace.signals:
        other = signal[0] in (*KINDS, "merged", DEPLOY) or (signal in steps and signal != stay.signal)
        yield other and stay.since + margin < at < until - margin


def own_stage(signal: SignalKey, stays: Sequence[Stay], traces: Sequence[Trace]) -> Group:
    """A stage of its own for a label or column."""
    shown = stays[0].shown
    active = is_active(shown)
    why = evidence(signal, stays)
    if active is None:
        active = _is_worked_on(signal, traces)
        why += " People push or talk meanwhile." if active else " Little happens meanwhile."
    who, reason = _ends_it(signal, stays, traces)
    stage = Stage(plain(shown) or shown, active, who, (signal_of(signal, stays),))
    return Group(f"{signal[0]} {signal[1]}", stage, f"{why} {reason}".strip())


def signal_of(signal: SignalKey, stays: Sequence[Stay]) -> Signal:
    return Signal(signal[0], stays[0].shown)


def evidence(signal: SignalKey, stays: Sequence[Stay]) -> str:
    if signal[0] == STATUS:
        return f"{len(stays)} times an item came into the column “{stays[0].shown}”."
    gone = sum(stay.taken_off for stay in stays)
    return f"The label “{stays[0].shown}” was put on {len(stays)} times and taken off {gone} times."


def _is_worked_on(signal: SignalKey, traces: Iterable[Trace]) -> bool:
    """Whether people pushed or talked in at least half of the stays that took a while."""
    long = [
        any(stay.since < at < stay.until for at in trace.acts)
        for trace in traces
        for stay in trace.stays
        if stay.signal == signal and stay.until is not None and stay.until - stay.since > AT_ONCE
    ]
    return bool(long) and sum(long) >= HALF * len(long)


def _ends_it(signal: SignalKey, stays: Sequence[Stay], traces: Iterable[Trace]) -> tuple[Responsible | None, str]:
    """(who is responsible for ending a label or column, by who does; the reason)"""
    ended = Counter(stay.ended_by for stay in stays if stay.ended_by is not None)
    if ended.total() < FEW:
        return None, ""
    enders = [
        (trace, stay.ended_by)
        for trace in traces for stay in trace.stays if stay.signal == signal and stay.ended_by is not None
    ]  # fmt: skip
    enough = MOST_OF * len(enders)
    if sum(by == trace.author for trace, by in enders) >= enough:
        return Responsible(AUTHOR), "Mostly its author ends it."
    login, times = ended.most_common(1)[0]
    if times >= enough:
        return Responsible(PERSON, login), f"{login} ended it {times} of {ended.total()} times."
    team = _team_of(ended, traces)
    if team is not None:
        return Responsible(TEAM, team), f"Mostly people of {team} end it."
    if sum(by in trace.reviewers for trace, by in enders) >= enough:
        return Responsible(REVIEWERS), "Mostly its reviewers end it."
    return None, f"{len(ended)} people end it, none of them mostly."


def _team_of(ended: Mapping[str, int], traces: Iterable[Trace]) -> str | None:
    """The team on whose behalf most of them reviewed."""
    teams: dict[str, set[str]] = defaultdict(set)
    for trace in traces:
        for told in trace.parts.values():
            for event in told:
                if event.kind == "review_submitted" and event.actor in ended:
                    for team in event.data.get("teams") or ():
                        teams[team].add(event.actor or "")
    known = {team: sum(ended[login] for login in people) for team, people in teams.items()}
    best = max(sorted(known), key=lambda team: known[team], default=None)
    return best if best is not None and known[best] >= MOST_OF * sum(ended.values()) else None
