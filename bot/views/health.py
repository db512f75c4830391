"""The answer to `/flow doctor`: what is not well, and what to do about it; what is well, in short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple

from bot.views.message import NAME, Message, aside, joined, plain, section
from bot.views.pages import Again, ask_button
from bot.views.phrases import REASONS, by_when
from bot.views.words import counted, elapsed

MOST = 5
"""Names that are listed; the rest is counted."""


class Budget(NamedTuple):
    """What is left of a rate limit until `reset` (seconds since 1970 UTC)."""

    name: str
    limit: int
    remaining: int
    reset: int


class Delivery(NamedTuple):
    """What became of the messages of the last 24 hours; lags in seconds."""

    sent: int
    late: int
    failed: Mapping[str, int]
    """By Slack's reason."""
    oldest: int | None
    """How long the oldest message that is due is not sent."""
    paused: str | None
    """Why nothing goes out at all just now, in Slack's words; None while it does."""


class Wrong(NamedTuple):
    """How many of the nudges of the last 30 days were called wrong."""

    nudges: int
    by_reason: Mapping[str, int]
    by_repo: Mapping[str, tuple[int, int]]
    """(called wrong, sent)"""


@dataclass(frozen=True)
class Health:
    """How things stand."""

    delivery: Delivery
    reached: int
    people: int
    unreached: Sequence[tuple[str, int]]
    """(login, how much waits for them) of those whom nothing reaches, most waiting first."""
    quiet: Sequence[tuple[str, str]]
    """(repository, what is wrong) of followed ones whose webhooks are not heard."""
    unread: Sequence[tuple[str, str]]
    """(repository, why) of those that can't be read."""
    repos: int
    budgets: Sequence[Budget]
    host_trouble: str | None
    """Why the code host could not be asked what is left; None where it was."""
    wrong: Wrong
    renamed: Sequence[tuple[str, str]] = ()
    """(login of old, login of now) of those whom the policy still calls by the old one."""


class _Line(NamedTuple):
    """One thing that was looked at; `advice` where something is to be done."""

    about: str
    what: str
    advice: str = ""


def health(told: Health, zone: tzinfo, now: int) -> Message:
    """What is not well, each with what to do; then what is. `zone` is the reader's."""
    looked = [
        _deliveries(told.delivery), _people(told), _webhooks(told), _reading(told), _budgets(told, zone, now),
        _wrong(told.wrong), *_renamed(told),
    ]  # fmt: skip
    bad, well = [one for one in looked if one.advice], [one for one in looked if not one.advice]
    opening = f"{counted(len(bad), 'thing')} to look at." if bad else "All is well."
    blocks = [section(opening), *(section(f"*{one.about}*: {one.what}\n→ {one.advice}") for one in bad)]
    if well:
        blocks.append(aside("\n".join(f"{one.about}: {one.what}" for one in well)))
    people, repos = ask_button("People", Again("people")), ask_button("Repositories", Again("repos"))
    said = [opening, *(f"{one.about}: {one.what} {one.advice}" for one in bad), *(f"{o.about}: {o.what}" for o in well)]
    return Message(joined(said).replace("`", ""), (*blocks, {"type": "actions", "elements": [people, repos]}))


def _deliveries(told: Delivery) -> _Line:
    failed = sum(told.failed.values())
    parts = [f"{counted(told.sent, 'message')} sent in the last 24 hours"]
    parts += [f"{told.late} of them late"] if told.late else []
    parts += [f"{failed} failed ({_reasons(told.failed)})"] if failed else []
    parts += [f"the oldest that is due waits for {elapsed(told.oldest)}"] if told.oldest is not None else []
    what = ", ".join(parts) + "."
    if told.paused:
        return _Line("Messages", f"{what} Slack lets nothing through: {plain(told.paused, NAME)}.",
                     "`weir doctor` on the command line says what is wrong with the token.")  # fmt: skip
    if failed:
        return _Line("Messages", what, "`/flow people` names whom nothing reaches; check the channels in the policy.")
    if told.oldest is not None and told.oldest > _LONG:
        return _Line("Messages", what, "See that `weir run`, or a `weir worker`, is running, and read its log.")
    return _Line("Messages", what)


_LONG = 600
"""Seconds after which a message that is due and not sent is a sign of trouble."""


def _reasons(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{number} {plain(reason, NAME)}" for reason, number in most[:MOST])


def _people(told: Health) -> _Line:
    what = f"{told.reached} of {counted(told.people, 'person', 'people')} of the last 90 days can be reached."
    if not told.people:
        return _Line("People", "nobody held or wrote anything in the last 90 days.")
    if not told.unreached:
        return _Line("People", what)
    names = [f"{plain(login, NAME)} ({number})" for login, number in told.unreached]
    return _Line("People", f"{what} Something waits for {_few(names)}, whom nothing reaches.",
                 "`/flow people` shows a fix for each.")  # fmt: skip


def _renamed(told: Health) -> list[_Line]:
    if not told.renamed:
        return []
    names = [f"{plain(old, NAME)} is {plain(new, NAME)} by now" for old, new in told.renamed]
    return [_Line("Renamed", f"{_few(names)}.", "Have the policy file say so; `weir doctor` tells what to write.")]


def _webhooks(told: Health) -> _Line:
    if not told.repos:
        return _Line("Webhooks", "no repository is followed yet.", "`/flow connect OWNER/REPO` follows one.")
    if not told.quiet:
        return _Line("Webhooks", f"heard of {_all(told.repos)} within a week.")
    names = [f"{plain(repo, NAME)} ({plain(why, NAME)})" for repo, why in told.quiet]
    return _Line("Webhooks", f"{_few(names)}.",
                 "Look at the webhook's recent deliveries on GitHub, or `/flow connect OWNER/REPO` again.")  # fmt: skip


def _reading(told: Health) -> _Line:
    if not told.unread:
        return _Line(
            "Reading", f"nothing is in the way of reading {_all(told.repos)}." if told.repos else "nothing to read."
        )
    names = [f"{plain(repo, NAME)} ({plain(why, 200)})" for repo, why in told.unread]
    return _Line("Reading", f"{_few(names)}.", "Check which repositories the token or App was given on GitHub.")


def _all(number: int) -> str:
    return "the repository" if number == 1 else f"all {number} repositories"


def _budgets(told: Health, zone: tzinfo, now: int) -> _Line:
    if told.host_trouble:
        return _Line("GitHub", f"could not be asked what is left of its limits: {plain(told.host_trouble, 200)}.",
                     "Try again later; nudges go out meanwhile, and what is missed is caught up.")  # fmt: skip
    said = [f"{one.remaining:,} of {one.limit:,} {one.name}" for one in told.budgets]
    low = [one for one in told.budgets if one.remaining * 10 < one.limit]
    what = f"{' and '.join(said)} left this hour." if said else "no token, so webhooks are all there is."
    if low:
        return _Line("GitHub", what, f"It is full again by {by_when(max(one.reset for one in low), zone, now)}; "
                     "a GitHub App has more than a token.")  # fmt: skip
    return _Line("GitHub", what)


_MANY, _ENOUGH = 0.1, 10
"""From this share of wrong nudges on, of this many at least, the targets are worth a look."""


def _wrong(told: Wrong) -> _Line:
    if not told.nudges:
        return _Line("Nudges", "none in the last 30 days.")
    number = sum(told.by_reason.values())
    what = f"{number} of {told.nudges:,} in the last 30 days called wrong ({_share(number, told.nudges)}%)"
    if not number:
        return _Line("Nudges", f"none of {told.nudges:,} in the last 30 days called wrong.")
    ordered = sorted(told.by_reason.items(), key=lambda one: (-one[1], one[0]))
    what += ": " + ", ".join(f"{count} {REASONS.get(reason, plain(reason, NAME))}" for reason, count in ordered) + "."
    worst = sorted(told.by_repo.items(), key=lambda one: (-one[1][0], one[0]))[:3]
    if len(told.by_repo) > 1:
        what += " " + ", ".join(f"{plain(repo, NAME)}: {bad} of {sent:,}" for repo, (bad, sent) in worst if bad) + "."
    if told.nudges >= _ENOUGH and number >= _MANY * told.nudges:
        return _Line("Nudges", what, _ADVICE.get(ordered[0][0], "Ask those who said so what was wrong."))
    return _Line("Nudges", what)


_ADVICE = {
    "too_early": "Longer targets may help: `/flow targets`.",
    "not_mine": "`/flow people` shows whether everybody is linked to the right login.",
    "not_ready": "Drafts and labels such as `wip` keep an item quiet; the policy lists the labels.",
    "done": "Webhooks that come late or never make old news of it: see what is said about them here.",
}


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}" if part * 100 >= whole else "under 1"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
