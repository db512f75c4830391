"""Connecting a repository: how far its history is read, what that taught, and what it is to be let go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import NamedTuple

from bot.flow.learning import ENOUGH, SHARE, Forecast, Lengths
from bot.views.message import NAME, SECTION, Block, Message, bare, joined, plain, section
from bot.views.pages import Again, ask_button
from bot.views.people import account
from bot.views.phrases import by_when, when
from bot.views.words import counted, elapsed, working

READING, LEARNT, ON, FAILED, LEFT = "reading", "learnt", "on", "failed", "left"
_QUIET = "Nobody is nudged about it until its targets are switched on."
_WHAT = "every open pull request and issue, and what was closed in the last 90 days"


class Kind(NamedTuple):
    """A kind of wait: how long it took lately, and what is (or, once switched on, will be) agreed for it."""

    lengths: Lengths
    target: int | None
    suggested: bool
    """Whether the target is the one that the lengths suggest."""


class Progress(NamedTuple):
    """A repository that is being connected; instants in seconds since 1970 UTC."""

    repo: str
    state: str
    at: int
    """When it came into this state."""
    read: int
    known: int | None
    hook: str | None
    problem: str | None
    again_at: int | None
    """When it is tried again, where there is a problem that may pass."""
    by: str | None
    """The Slack account that switched it on."""
    kinds: Sequence[Kind] = ()
    forecast: Forecast | None = None


class Followed(NamedTuple):
    """A repository that is connected already."""

    repo: str
    why: str
    heard_at: int | None
    read_at: int | None
    channel: str | None
    agreed: Sequence[tuple[str, int]]
    silent: bool
    wrong: str | None = None


class Parting(NamedTuple):
    """A repository that may be let go."""

    repo: str
    waits: int
    """Those that are open."""
    in_file: bool
    hook: bool
    """Whether Weir set up a webhook for it."""
    days: int = 0
    """For how long its history is kept then; 0 for as long as there is room."""


def progress(one: Progress, zone: tzinfo, now: int) -> Message:
    """How far it is by now; `zone` is the reader's."""
    if one.state == READING:
        return _told(_reading(one, zone, now))
    if one.state == LEARNT:
        return _told(_learnt(one), [_switch_on(one.repo), _targets(one.repo)])
    if one.state == ON:
        return _told(_on(one, zone, now), [_targets(one.repo)])
    if one.state == FAILED:
        return _told(_failed(one), [ask_button("Try again", Again(f"connect {one.repo}"))])
    return _told([f"*{_name(one.repo)} was let go.* `/flow connect {_name(one.repo)}` follows it again."])


def superseded(repo: str) -> Message:
    """In the place of a message that another one took over from."""
    return _told([f"*{_name(repo)}* was connected anew; a later message tells how far it is."])


def _told(lines: Sequence[str], buttons: Sequence[Block] = ()) -> Message:
    """Paragraphs, and the same without markup."""
    blocks = [section(joined(line.split("\n"), SECTION)) for line in lines if line]
    row = [{"type": "actions", "elements": list(buttons)}] if buttons else []
    return Message(bare(joined([line for line in lines if line])), (*blocks, *row))


def _name(repo: str) -> str:
    return plain(repo, NAME)


def _switch_on(repo: str) -> Block:
    return ask_button("Switch on", Again(f"connect {repo}", sure=True), style="primary")


def _targets(repo: str) -> Block:
    return ask_button("Show the targets", Again(f"targets {repo}"))


def _reading(one: Progress, zone: tzinfo, now: int) -> list[str]:
    return [f"*Connecting {_name(one.repo)}*\n{_how_far(one, zone, now)}", plain(one.hook or "", 900), _QUIET]


def _how_far(one: Progress, zone: tzinfo, now: int) -> str:
    if one.problem and one.again_at is not None:
        so_far = f" ({_items(one.read)} read so far)" if one.read else ""
        return f"{plain(one.problem, 300)}; I go on by myself on {by_when(one.again_at, zone, now)}{so_far}."
    if not one.read:
        return f"Reading its history: {_WHAT} …"
    if one.known is None:
        return f"Read {_items(one.read)} so far …"
    if one.read >= one.known:
        return f"Read {_items(one.read)}; working out what they teach …"
    return f"Read {one.read:,} of about {_items(one.known)} …"


def _items(n: int) -> str:
    return counted(n, "pull request or issue", "pull requests and issues")


def _learnt(one: Progress) -> list[str]:
    head = f"*{_name(one.repo)}: its history is read* ({_items(one.read)})"
    seen = [kind for kind in one.kinds if kind.lengths.n]
    if not seen:
        return [head, _NOTHING, *_forecast(one), _end(one)]
    unseen = [kind.lengths.kind for kind in one.kinds if not kind.lengths.n]
    lines = ["How long things waited in the last 90 days, in working time:", *map(_kind, seen)]
    lines += [f"Not seen in that time: {', '.join(unseen)}."] if unseen else []
    return [head, "\n".join(lines), *_forecast(one), _end(one)]


_NOTHING = "Nothing that waited came to an end in the last 90 days, so I can suggest no target."


def _end(one: Progress) -> str:
    return "\n".join([line for line in (plain(one.hook or "", 900), _QUIET) if line])


def _kind(one: Kind) -> str:
    return f"*{one.lengths.kind}*: {took(one.lengths)}. {_why(one)}"


def took(one: Lengths) -> str:
    """`half took up to 3h, 85% up to 6h 40m (n = 42)`"""
    return f"half took up to {working(one.median or 0)}, {SHARE}% up to {working(one.high or 0)} (n = {one.n:,})"


def _why(one: Kind) -> str:
    if one.suggested and one.target is not None:
        return f"Suggested: *{working(one.target)}*."
    agreed = "No target." if one.target is None else f"Agreed already: {working(one.target)}."
    if one.lengths.n < ENOUGH:
        return f"Too few to suggest a target from. {agreed}"
    if one.lengths.suggested is None:
        return f"Mostly over within half an hour, so I suggest none. {agreed}"
    return f"{agreed} The history suggests {working(one.lengths.suggested)}."


def _forecast(one: Progress) -> list[str]:
    if one.forecast is None or all(kind.target is None for kind in one.kinds):
        how = f"`/flow targets {_name(one.repo)} review 8h` sets one."
        return [f"No target would hold yet, so nobody would be nudged. {how}"]
    lines = [f"With these targets, in the last 30 days: {meant(one.forecast)}."]
    if one.forecast.unlinked:
        lines.append(unlinked(one.forecast))
    if one.forecast.unheard:
        said = counted(one.forecast.unheard, "message")
        how = f"`/flow connect {_name(one.repo)} #channel` sets one"
        lines.append(f"{said} would go to its channel, but it has none; {how}.")
    return ["\n".join(lines)]


def meant(figures: Forecast) -> str:
    """`14 nudges to 5 people, 3 breaches`"""
    if not figures.nudges and not figures.in_channel:
        return "no nudge at all"
    said = f"{counted(figures.nudges, 'nudge')} to {counted(figures.people, 'person', 'people')}"
    channel = f", {counted(figures.in_channel, 'channel message')}" if figures.in_channel else ""
    return f"{said}, {counted(figures.breaches, 'breach', 'breaches')}{channel}"


def unlinked(figures: Forecast) -> str:
    """Who of them would hear nothing as things stand."""
    shows = "I look for them by their e-mail now and then; `/flow people` shows who is missing."
    if figures.unlinked == figures.people:
        return f"None of them is linked to Slack yet, so nobody would hear anything. {shows}"
    verb = "is" if figures.unlinked == 1 else "are"
    return f"{figures.unlinked:,} of them {verb} not linked to Slack yet, and would hear nothing. {shows}"


def agreed(targets: Iterable[tuple[str, int]]) -> str:
    """`review 6h · merge 8h`; what to say where there are none is the caller's."""
    return " · ".join(f"{kind} {working(seconds)}" for kind, seconds in targets)


def _on(one: Progress, zone: tzinfo, now: int) -> list[str]:
    by = f" by {account(one.by)}" if one.by else ""
    return [f"*{_name(one.repo)} is on*, switched on{by} on {when(one.at, zone, now)}.\n{_agreed_of(one.kinds)}"]


def _agreed_of(kinds: Sequence[Kind]) -> str:
    return _nudged([(kind.lengths.kind, kind.target) for kind in kinds if kind.target is not None])


def _nudged(targets: Sequence[tuple[str, int]]) -> str:
    if not targets:
        return "No target is agreed, so nobody is nudged."
    return f"Agreed, in working time: {agreed(targets)}."


def _failed(one: Progress) -> list[str]:
    why = plain(one.problem or "", 300)
    return [f"*{_name(one.repo)} could not be read*\n{why}", "Nobody is nudged about it."]


def begun(repo: str, channel: str | None) -> Message:
    """What happens next, to whoever began it."""
    hears = f" Once it is on, <#{channel}> hears of what waits on a team." if channel else ""
    return _told([
        f"I can read *{_name(repo)}*, and read its history now: {_WHAT}. I write to you how far I am.",
        f"{_QUIET}{hears}",
    ])  # fmt: skip


def elsewhere(repo: str, user: str, message: Message) -> Message:
    """Somebody else connects it; `message` is how far it is."""
    opening = f"{account(user)} is connecting {_name(repo)}:"
    return Message(f"{opening}\n{message.text}", (section(opening), *message.blocks))


def followed(one: Followed, zone: tzinfo, now: int) -> Message:
    """How a repository stands that is connected already, and what can be done."""
    heard = [f"last webhook {_ago(one.heard_at, zone, now)}"] if one.heard_at is not None else []
    heard += [f"last read {_ago(one.read_at, zone, now)}"] if one.read_at is not None else []
    state = f"{', '.join(heard) or 'never heard of'}." + (f" Wrong: {plain(one.wrong, 200)}." if one.wrong else "")
    channel = f"Its channel is <#{one.channel}>." if one.channel else (
        f"It has no channel: `/flow connect {_name(one.repo)} #channel` sets one."
    )  # fmt: skip
    nudges = "It is silent: nobody is nudged about it." if one.silent else _nudged(one.agreed)
    lines = [
        f"*{_name(one.repo)} is connected already*: {one.why}.",
        f"{state[0].upper()}{state[1:]}\n{nudges}\n{channel}",
    ]
    buttons = [_switch_on(one.repo)] if one.silent else []
    return _told(lines, [*buttons, _targets(one.repo), ask_button("Let it go", Again(f"disconnect {one.repo}"))])


def _ago(at: int, zone: tzinfo, now: int) -> str:
    return f"{when(at, zone, now)} ({elapsed(max(0, now - at))} ago)"


def channel_set(repo: str, channel: str) -> Message:
    return _told([f"From now on <#{channel}> hears what waits on a team in *{_name(repo)}*, and what is long past its "
                  "target."])  # fmt: skip


def switched_on(repo: str, targets: Sequence[tuple[str, int]], late: int) -> Message:
    """It is on; `late` are the waits that were past their target by then."""
    lines = [f"*{_name(repo)}* is on. {_nudged(targets)}"]
    if late:
        verb, they = ("is", "it is") if late == 1 else ("are", "they are")
        lines.append(f"{counted(late, 'open wait')} {verb} past that already: {they} listed once, in the next message "
                     "that people get, and not nudged about.")  # fmt: skip
    if not targets:
        lines.append(f"`/flow targets {_name(repo)} review 8h` sets one.")
    return _told(lines, [_targets(repo)])


def parting(one: Parting) -> Message:
    """What letting it go would mean, to be confirmed."""
    waits = f" {counted(one.waits, 'open wait')} {'ends' if one.waits == 1 else 'end'} with that." if one.waits else ""
    lines = [
        f"*Let {_name(one.repo)} go?* I would no longer read it, and nobody would be nudged about it.{waits} Its "
        f"history is kept{_for(one)}, and it can be connected again."
    ]  # fmt: skip
    lines += ["I would remove the webhook that I set up."] if one.hook else []
    lines += [_IN_FILE] if one.in_file else []
    yes = ask_button("Let it go", Again(f"disconnect {one.repo}", sure=True), style="danger")
    return _told(lines, [yes, ask_button("Keep it", Again("repos"))])


def _for(one: Parting) -> str:
    return f" for {counted(one.days, 'day')}" if one.days else ""


_IN_FILE = (
    "The policy file names it. What is said here wins over the file; take it out there too, so that both say the same."
)


def parted(one: Parting, hook: str | None) -> Message:
    """It is let go; `hook` is what became of the webhook that Weir had set up."""
    waits = f" {counted(one.waits, 'open wait')} ended with that." if one.waits else ""
    kept = f"Its history is kept{_for(one)}; webhooks that still come are only written to it."
    lines = [f"*{_name(one.repo)}* is let go: it is not read, and nobody is nudged about it.{waits} {kept}"]
    lines += [plain(hook, 400)] if hook else []
    lines += [_IN_FILE] if one.in_file else []
    return _told(lines, [ask_button("Repositories", Again("repos"))])
