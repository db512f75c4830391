"""The whole history: pull requests and issues of all teams, played one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from bot.flow.events import FlowEvent, flow_event
from bot.sample.authoring import author_turn, checks_turn, open_pull, park, queue_turn, reopen
from bot.sample.cast import DEPENDENCIES, TEAMS, absences, calendar_of
from bot.sample.pull import Desk, Plot, Pull, Role
from bot.sample.reviewing import chase, helper_review, review
from bot.sample.work import draw, draw_update

DAY = 86_400
_PULLS_A_DAY = 40 / 28
_ISSUES_A_DAY = 8 / 28

# Plots are dealt from a shuffled deck, so that a few weeks show them all, whatever the seed.
_DECK = (
    *(Plot.PLAIN,) * 7,
    *(Plot.DRAFT, Plot.OBJECTION, Plot.TALK, Plot.TEAM, Plot.RED, Plot.BY_A_BOT) * 2,
    *(Plot.WIP, Plot.PARKED, Plot.BACK_TO_DRAFT, Plot.UNASKED, Plot.FORGOTTEN, Plot.STALE, Plot.DISMISSED),
    *(Plot.SLOW_MERGE, Plot.ABANDONED, Plot.REOPENED, Plot.DELETED_AUTHOR, Plot.DELETED_REVIEWER),
)


def generate(seed: int, start: int, days: int, teams: int = 3) -> list[FlowEvent]:
    """Everything that happened to the first `teams` teams in the `days` from instant `start`, in order of time.

    The same arguments give the same events; a team's events do not hang on how many teams there are. What is not
    finished when the period ends stays open. Raises ValueError for teams beyond 1 to 3 or negative days.
    """
    if not 1 <= teams <= len(TEAMS):
        raise ValueError(f"{teams} teams; 1 to {len(TEAMS)} are allowed")
    if days < 0:
        raise ValueError(f"{days} days; 0 or more are allowed")
    end = start + days * DAY
    away = _absent_spans(start, days)
    desks = [Desk(team, Random(f"{seed} {team.repo}"), away) for team in TEAMS[:teams]]  # noqa: S311 (a play, no secret)
    events = [event for desk in desks for event in _team_history(desk, start, end)]
    return sorted(event for event in events if event.at < end)


def _absent_spans(start: int, days: int) -> dict[str, list[tuple[int, int]]]:
    calendars = {person.login: calendar_of(person.office) for team in TEAMS for person in team.members}
    return {
        login: [
            (calendars[login].midnight(first), calendars[login].midnight(last + timedelta(days=1)))
            for first, last in theirs
        ]
        for login, theirs in absences(start, days).items()
    }


def _team_history(desk: Desk, start: int, end: int) -> list[FlowEvent]:
    days = (end - start) / DAY
    pulls = _openings(desk, start, end, round(days * _PULLS_A_DAY))
    issues = _openings(desk, start, end, round(days * _ISSUES_A_DAY))
    deck: list[Plot] = []
    events: list[FlowEvent] = []
    starts = sorted([(*opening, True) for opening in pulls] + [(*opening, False) for opening in issues])
    for item, (at, login, is_pull) in enumerate(starts, 1):
        if is_pull:
            events += _play(_cast_pull(item, login, _deal(deck, desk.rng), desk), at, end)
        else:
            events += _issue(item, login, at, desk)
    return events


def _openings(desk: Desk, start: int, end: int, count: int) -> list[tuple[int, str]]:
    """When items are opened and by whom: spread evenly over each one's working time; nobody opens one while away."""
    found = []
    for _ in range(count):
        person = desk.rng.choice(desk.team.members)
        calendar = calendar_of(person.office)
        working = calendar.working(start, end)
        at = calendar.advance(start, desk.rng.randint(1, max(1, working)))
        away = desk.away.get(person.login, [])
        if at is not None and at < end and not any(first <= at < last for first, last in away):
            found.append((at, person.login))
    return found


def _deal(deck: list[Plot], rng: Random) -> Plot:
    if not deck:
        deck += rng.sample(_DECK, len(_DECK))
    return deck.pop()


def _cast_pull(item: int, login: str, plot: Plot, desk: Desk) -> Pull:
    author = {Plot.BY_A_BOT: DEPENDENCIES, Plot.DELETED_AUTHOR: None}.get(plot, login)
    work = draw_update(desk.rng) if plot is Plot.BY_A_BOT else draw(desk.team, desk.rng)
    return Pull(item, author, plot, work, desk)


_TURNS: dict[Role, Callable[[Pull, int], None]] = {
    Role.AUTHOR: author_turn,
    Role.CHECKS: checks_turn,
    Role.HELPER: helper_review,
    Role.PARK: park,
    Role.CHASE: chase,
    Role.QUEUE: queue_turn,
    Role.REOPEN: reopen,
}


def _play(pull: Pull, at: int, end: int) -> list[FlowEvent]:
    """A pull request's events from its opening to `end`; those of the last turn may lie beyond."""
    open_pull(pull, at)
    while turn := pull.next_turn(end):
        if turn.role is Role.REVIEWER:
            review(pull, turn.at, turn.who)
        else:
            _TURNS[turn.role](pull, turn.at)
    return pull.events


def _issue(item: int, login: str, at: int, desk: Desk) -> list[FlowEvent]:
    """An issue: reported, taken on, talked about, closed."""
    team, rng = desk.team, desk.rng
    work, taker = draw(team, rng), rng.choice(team.members).login
    taken = desk.after(taker, at, rng.uniform(0.5, 20))
    told = desk.after(taker, taken, 3)
    url = f"https://github.com/{team.repo}/issues/{item}"
    filed = {"issue_type": work.issue_type} if work.issue_type else {}
    steps: list[tuple[int, str, str, dict[str, Any]]] = [
        (at, "opened", login, {"type": "issue", "title": work.title, "url": url, "labels": work.labels, **filed}),
        (taken, "assigned", taker, {"assignee": taker}),
        (told, "commented", taker, {}),
        (desk.after(taker, told, rng.uniform(1, 56)), "closed", taker, {}),
    ]
    return [
        flow_event(repo=team.repo, item=item, id=f"{item}-{seq}", at=when, seq=seq, kind=kind, actor=actor, **own)
        for seq, (when, kind, actor, own) in enumerate(steps)
    ]
