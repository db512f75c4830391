"""Where a stream ends: at the merge, or at the environment, release or column that most of what is merged reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from bot.flow.learning import percentile
from bot.flow.proposal.group import AT_ONCE, HALF, MERGED, MOST_OF, NEARLY, PART, Group
from bot.flow.proposal.traces import Stay, Trace
from bot.flow.proposal.words import FINISH, listed, plain, role
from bot.flow.stages import SignalKey
from bot.flow.stream import AUTHOR, DEPLOY, PERSON, STATUS, Responsible, Signal, Stage


def ends(traces: Sequence[Trace], steps: Mapping[SignalKey, Sequence[Stay]]) -> tuple[Group, list[Group]]:
    """(the finish line, the stages between merging and it)"""
    over = [trace for trace in traces if trace.merged] or [trace for trace in traces if trace.closed]
    base: SignalKey = ("merged", "") if any(trace.merged for trace in traces) else ("closed", "")
    later = {key: sum(trace.first([key]) is not None for trace in over) for key in _later(over, base, steps)}
    reached = [base, *(key for key, times in later.items() if times >= NEARLY * len(over))]
    reached.sort(key=lambda key: (_lateness(key, base, over), key != base, key))
    last = [key for key in reached if _lateness(reached[-1], base, over) - _lateness(key, base, over) < AT_ONCE]
    shown = {key: stays[0].shown for key, stays in steps.items()}
    line = [_named(key, shown) for key in (*(key for key in reached if key not in last), last[-1])]
    missed = [f"{times} went on to {key[1] or key[0]}" for key, times in later.items()
              if key not in reached and times >= PART * len(over)]  # fmt: skip
    why = f"Of {len(over)} items {listed(missed)}: too few to wait for." if missed else ""
    finish = _finish([_named(key, shown) for key in last], why)
    return finish, [_passed(signal, after, over) for signal, after in pairwise(line)]


def _later(over: Sequence[Trace], base: SignalKey, steps: Mapping[SignalKey, Sequence[Stay]]) -> list[SignalKey]:
    """What could come behind merging: environments, releases, last columns."""
    told = sorted({signal for trace in over for _, signal in trace.signals})
    return [
        key for key in told
        if (key[0] in (DEPLOY, "release") and _is_after(key, base, over))
        or (key in steps and key[0] == STATUS and _is_an_end(key, steps[key], over))
    ]  # fmt: skip


def _named(key: SignalKey, shown: Mapping[SignalKey, str]) -> Signal:
    return Signal(key[0], shown.get(key, key[1]))


def _is_an_end(key: SignalKey, stays: Sequence[Stay], over: Sequence[Trace]) -> bool:
    """Whether a column is the last: it is called so, or nothing leaves it that reaches it."""
    part = role(stays[0].shown)
    left = sum(stay.taken_off for stay in stays)
    stays_there = part is None and left <= PART * len(stays)
    return part == FINISH or (stays_there and _is_after(key, ("merged", ""), over))


def _is_after(key: SignalKey, base: SignalKey, over: Iterable[Trace]) -> bool:
    gaps = _gaps(key, base, over)
    return sum(gap >= -AT_ONCE for gap in gaps) > HALF * len(gaps)


def _gaps(key: SignalKey, base: SignalKey, over: Iterable[Trace]) -> list[int]:
    """Seconds from one signal to another, of the items that have both."""
    firsts = ((trace.first([base]), trace.first([key])) for trace in over)
    return [at - start for start, at in firsts if start is not None and at is not None]


def _lateness(key: SignalKey, base: SignalKey, over: Iterable[Trace]) -> int:
    return percentile(_gaps(key, base, over), 50) or 0


def _finish(signals: Sequence[Signal], why: str) -> Group:
    last = signals[-1]
    name = "Live" if last.kind == DEPLOY and last.name.startswith("prod") else _reached(last)
    return Group("finish", Stage(name, active=False, signals=tuple(signals)), why)


def _reached(signal: Signal) -> str:
    """Where an item is after a signal, in plain words."""
    if signal.kind == DEPLOY:
        return f"On {signal.name}"
    return {"release": "Released"}.get(signal.kind) or plain(signal.name) or signal.name or signal.kind.capitalize()


def _passed(signal: Signal, after: Signal, over: Sequence[Trace]) -> Group:
    """A stage that an item is in after merging, until what comes after."""
    name = f"Waiting for {after.name}" if signal.kind == MERGED and after.kind == DEPLOY else _reached(signal)
    who = _deployer(after, over)
    why = "From there it goes on to " + (f"{after.name}." if after.name else f"“{after}”.")
    why += f" Mostly {who.name} brings it there." if who else ""
    part = MERGED if signal.kind == MERGED else str(signal)
    return Group(part, Stage(name, active=False, responsible=who or Responsible(AUTHOR), signals=(signal,)), why)


def _deployer(after: Signal, over: Iterable[Trace]) -> Responsible | None:
    """The person who mostly deploys."""
    people = Counter(
        event.actor
        for trace in over
        for told in trace.parts.values()
        for event in told
        if event.kind == "deployed" and str(event.data.get("environment")).casefold() == after.name.casefold()
        and event.actor_type != "Bot" and after.kind == DEPLOY
    )  # fmt: skip
    login, times = people.most_common(1)[0] if people else (None, 0)
    return Responsible(PERSON, login) if login is not None and times >= MOST_OF * people.total() else None
