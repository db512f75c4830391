"""The stages a stream could have, before they are tried, in order; each with the evidence in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bot.flow.proposal import labels
from bot.flow.proposal.ends import ends
from bot.flow.proposal.group import ASK, AT_ONCE, CHECK, CODE, FEW, HALF, MERGE, MERGED, NEARLY, PART, REDO, Group
from bot.flow.proposal.traces import Trace
from bot.flow.proposal.words import FINISH, role
from bot.flow.stream import AUTHOR, LABEL, REVIEWERS, UNLABEL, Responsible, Signal, Stage


def groups(traces: Sequence[Trace]) -> list[Group]:
    """The stages that could be, in order; the last one is the finish line."""
    steps = labels.steps(traces)
    found = {group.part: group for group in _of_turns(traces)}
    own: list[Group] = []
    for signal, stays in steps.items():
        part = role(stays[0].shown)
        if part in found:
            found[part] = found[part].joined([labels.signal_of(signal, stays)], labels.evidence(signal, stays))
        elif part != FINISH or signal[0] == LABEL:
            own.append(labels.own_stage(signal, stays, traces))
    finish, passed = ends(traces, steps)
    taken = finish.keys.union(*(group.keys for group in passed))
    used = {group.stage.name.casefold() for group in (*found.values(), *passed, finish)}
    rest = _by_name(group for group in own if not group.keys & taken and group.stage.name.casefold() not in used)
    for part in ("opened", MERGE):
        twin = next((group for group in rest if part in found and _begin_at_once(group, found[part], traces)), None)
        if twin is not None:
            found[part] = _as_one(twin, found[part])
            rest.remove(twin)
    return _lined_up([*found.values(), *passed], rest, finish, traces)


def _by_name(own: Iterable[Group]) -> list[Group]:
    """A label and a column of one name as one."""
    found: dict[str, Group] = {}
    for group in own:
        name = group.stage.name.casefold()
        found[name] = found[name].joined(group.stage.signals, group.why) if name in found else group
    return list(found.values())


def _lined_up(line: Sequence[Group], own: Sequence[Group], finish: Group, traces: Sequence[Trace]) -> list[Group]:
    """All in order: what labels and columns tell stands where the fewest items contradict."""
    found = list(line)
    for group in sorted(own, key=lambda one: -sum(trace.first(one.keys) is not None for trace in traces)):
        if _comes_after(group, finish, traces):
            finish = finish.joined((), f"{group.stage.name} comes after it.")
        else:
            found.insert(_place(group, found, traces), group)
    parts = [group.part for group in found]
    if MERGE in parts[:-1] and parts[parts.index(MERGE) + 1] != MERGED:  # something comes in between
        place = parts.index(MERGE)
        found[place] = found[place]._replace(stage=found[place].stage._replace(name="Approved"))
    return [*found, finish]


def _as_one(twin: Group, other: Group) -> Group:
    """Two that begin at once as one, under the team's own name."""
    one = twin.joined(other.stage.signals, other.why)
    return one._replace(stage=one.stage._replace(responsible=one.stage.responsible or other.stage.responsible))


def _begin_at_once(group: Group, other: Group, traces: Iterable[Trace]) -> bool:
    """Whether a label or column comes with what tells of another stage."""
    firsts = [(trace.first(group.keys), trace.first(other.keys)) for trace in traces]
    mine = [(at, theirs) for at, theirs in firsts if at is not None]
    return sum(theirs is not None and abs(at - theirs) < AT_ONCE for at, theirs in mine) >= NEARLY * len(mine)


def _of_turns(traces: Sequence[Trace]) -> list[Group]:
    """The stages every pull request has, in their order, and the one an issue has before."""
    author, reviewers = Responsible(AUTHOR), Responsible(REVIEWERS)
    whole = any(trace.is_issue for trace in traces)
    pulls = any(trace.has_pull_request for trace in traces)
    found = [
        _group("opened", "Not started", ["opened"], None, "Issues are opened before work on them begins.", active=False)
    ] if whole else []  # fmt: skip
    starts = ["draft", *(["assigned"] if whole and _assigned_is_a_start(traces) else [])]
    return [
        *found,
        _group(CODE, "Coding" if pulls else "In progress", starts, author, _coding(starts), active=True),
        _group(ASK, "Waiting for a reviewer", ["ready", "assign"], author,
               "Ready, and nobody is asked yet or anymore.", active=False),
        _group(CHECK, "Review", ["review", "re_review"], reviewers, _asked(traces), active=False),
        _group(REDO, "Rework", ["rework", "respond", "fix"], author,
               "Changes or answers are asked for, or checks fail.", active=True),
        _group(MERGE, "Ready to merge", ["merge"], author, "Approved, and not merged yet.", active=False),
    ]  # fmt: skip


def _group(part: str, name: str, kinds: Iterable[str], who: Responsible | None, why: str, *, active: bool) -> Group:
    return Group(part, Stage(name, active, who, tuple(Signal(kind) for kind in kinds)), why)


def _asked(traces: Sequence[Trace]) -> str:
    asked = sum(trace.first([("review", "")]) is not None for trace in traces)
    if asked < PART * len(traces):
        return "Hardly anybody is asked by name; reviewers come by themselves."
    return f"Somebody was asked to review {asked} items."


def _coding(starts: Collection[str]) -> str:
    return "Work begins with an assignee or a draft." if "assigned" in starts else "Work begins with a draft."


def _assigned_is_a_start(traces: Iterable[Trace]) -> bool:
    """Whether items are assigned to somebody before their pull request is ready rather than on the way."""
    before = after = 0
    for trace in traces:
        assigned, ready = trace.first([("assigned", "")]), trace.first([("ready", ""), ("merged", "")])
        if assigned is not None:
            before += ready is None or assigned <= ready
            after += ready is not None and assigned > ready
    return before > 0 and before >= 4 * after


def _place(group: Group, line: Sequence[Group], traces: Sequence[Trace]) -> int:
    """Where in the line the fewest items contradict."""
    against = []
    for other in line:
        pairs = [(trace.first(group.keys), trace.first(other.keys)) for trace in traces]
        both = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
        against.append((sum(mine < theirs for mine, theirs in both), sum(theirs < mine for mine, theirs in both)))
    costs = [sum(first for first, _ in against[:place]) + sum(second for _, second in against[place:])
             for place in range(len(line) + 1)]  # fmt: skip
    return costs.index(min(costs))


def _comes_after(group: Group, finish: Group, traces: Iterable[Trace]) -> bool:
    """Whether items mostly come there only once they are done."""
    pairs = [(trace.first(group.keys), trace.first(finish.keys)) for trace in traces]
    both = [mine >= theirs for mine, theirs in pairs if mine is not None and theirs is not None]
    return len(both) >= FEW and sum(both) >= HALF * len(both)


def after_label(group: Group) -> Group | None:
    """What comes once a label was taken off; None for what is no label."""
    marks = [signal.name for signal in group.stage.signals if signal.kind == LABEL]
    if not group.part.startswith(f"{LABEL} ") or len(marks) != 1:
        return None
    off = Signal(UNLABEL, marks[0])
    stage = Stage(f"After {group.stage.name}", active=False, responsible=Responsible(AUTHOR), signals=(off,))
    return Group(str(off).casefold(), stage, f"“{marks[0]}” was taken off, and nothing told more yet.")


def distinct(line: Iterable[Group]) -> list[Group]:
    """With names of their own: of two alike, the later says what tells it begins, or is counted."""
    found: list[Group] = []
    used: set[str] = set()
    for number, group in enumerate(line, 1):
        name = group.stage.name
        names = (name, f"{name} ({group.stage.signals[-1].kind})", f"{name} ({number})")
        own = next(one for one in names if one.casefold() not in used)
        used.add(own.casefold())
        found.append(group._replace(stage=group.stage._replace(name=own)))
    return found
