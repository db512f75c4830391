"""A pull request while it is being played: what happened, how it stands, and who looks at it next."""

from __future__ import annotations

from enum import Enum, auto
from heapq import heappop, heappush
from random import Random
from typing import Any, NamedTuple

from bot.flow.calendar import WaitClock
from bot.flow.events import FlowEvent, flow_event
from bot.sample.cast import BERLIN, Team, calendar_of
from bot.sample.work import Work

HOUR = 3600


class Plot(Enum):
    """What is special about a pull request."""

    PLAIN = auto()
    DRAFT = auto()
    WIP = auto()
    PARKED = auto()
    BACK_TO_DRAFT = auto()
    UNASKED = auto()
    FORGOTTEN = auto()
    STALE = auto()
    OBJECTION = auto()
    DISMISSED = auto()
    TALK = auto()
    TEAM = auto()
    RED = auto()
    SLOW_MERGE = auto()
    ABANDONED = auto()
    REOPENED = auto()
    BY_A_BOT = auto()
    DELETED_AUTHOR = auto()
    DELETED_REVIEWER = auto()


class Role(Enum):
    """In which part somebody looks at the pull request."""

    AUTHOR = auto()
    REVIEWER = auto()
    CHECKS = auto()
    HELPER = auto()
    PARK = auto()
    CHASE = auto()
    QUEUE = auto()
    REOPEN = auto()


class Turn(NamedTuple):
    at: int
    order: int
    role: Role
    who: str | None


# What a wait takes: median in working hours, and the spread of its logarithm. With these, about 17 of 20 reviews
# come within a working day, and one of 50 takes more than three.
_TAKES = {
    "review": (2.5, 1.1),
    "re_review": (1.4, 1.0),
    "rework": (4.0, 0.9),
    "respond": (1.5, 1.1),
    "merge": (0.6, 1.4),
    "assign": (1.0, 1.2),
    "fix": (1.2, 1.0),
}


class Desk:
    """When people of a team get round to things: in their working hours and not while away, as a rule."""

    def __init__(self, team: Team, rng: Random, away: dict[str, list[tuple[int, int]]]) -> None:
        self.team, self.rng, self.away = team, rng, away

    def after(self, login: str | None, at: int, hours: float) -> int:
        """The instant at which this person has had `hours` of working time since `at`."""
        person = next((one for one in self.team.members if one.login == login), None)
        seconds = max(60, int(hours * HOUR * (person.pace if person else 1)))
        away = self.away.get(login or "", [])
        if not away and self.rng.random() < 0.03:  # somebody looks in the evening, or on a Sunday
            return at + seconds
        clock = WaitClock(at, None, calendar_of(person.office if person else BERLIN), away=away)
        return clock.reaches(seconds, at) or at

    def takes(self, kind: str) -> float:
        """How many working hours a wait of this kind takes this time."""
        median, spread = _TAKES[kind]
        return median * self.rng.lognormvariate(0, spread)


class Pull:
    """One pull request: its events so far, the state that follows from them, and the turns that are planned."""

    def __init__(self, item: int, author: str | None, plot: Plot, work: Work, desk: Desk) -> None:
        self.item, self.author, self.plot, self.work, self.desk = item, author, plot, work, desk
        self.team, self.rng = desk.team, desk.rng
        self.events: list[FlowEvent] = []
        self.live = self.draft = self.wip = self.red = self.queued = False
        self.prepared_at = 0
        """Until then the author wants no review."""
        self.asked: list[str | None] = []
        self.asked_team = False
        self.forgetful: set[str | None] = set()
        self.stances: dict[str | None, str] = {}
        self.spoke: list[str | None] = []
        """Everybody who reviewed, once each."""
        self.unanswered: dict[str | None, str] = {}
        """Reviews that wait for the author: who, and the review's state."""
        self.wrote_back: set[str | None] = set()
        """Reviewers who are to look again."""
        self._turns: list[Turn] = []
        self._planned = 0

    @property
    def by_a_bot(self) -> bool:
        return is_bot(self.author)

    @property
    def enough(self) -> bool:
        stances = list(self.stances.values())
        return stances.count("approved") >= self.team.approvals and "changes_requested" not in stances

    @property
    def preparing(self) -> bool:
        return self.draft or self.wip

    @property
    def last_at(self) -> int:
        return self.events[-1].at if self.events else 0

    def tell(self, at: int, kind: str, actor: str | None, **data: Any) -> None:
        """Something happened, at `at` or right after what happened last."""
        number = len(self.events)
        self.events.append(
            flow_event(
                repo=self.team.repo,
                item=self.item,
                id=f"{self.item}-{number}",
                at=max(at, self.last_at),
                seq=number,
                kind=kind,
                actor=actor,
                actor_type="Bot" if is_bot(actor) else "User",
                **data,
            )
        )

    def plan(self, at: int, role: Role, who: str | None = None) -> None:
        """Somebody is going to look at it at that instant."""
        self._planned += 1
        heappush(self._turns, Turn(at, self._planned, role, who))

    def plan_author(self, at: int, kind: str) -> None:
        """The author gets round to it after what a wait of this kind takes."""
        hours = self.desk.takes(kind)
        if self.by_a_bot:
            self.plan(at + int(hours * 900), Role.AUTHOR)
        else:
            self.plan(self.desk.after(self.author, at, hours), Role.AUTHOR)

    def plan_review(self, at: int, reviewer: str | None, kind: str) -> None:
        """The reviewer gets round to it, unless they forget."""
        if reviewer not in self.forgetful:
            self.plan(self.desk.after(reviewer, at, self.desk.takes(kind)), Role.REVIEWER, reviewer)

    def next_turn(self, end: int) -> Turn | None:
        """The next planned turn before `end`, never before what happened last; None where there is none."""
        if not self._turns:
            return None
        turn = heappop(self._turns)
        turn = turn._replace(at=max(turn.at, self.last_at + 1))
        return turn if turn.at < end else None

    def drop_plans(self) -> None:
        self._turns.clear()


def is_bot(login: str | None) -> bool:
    return login is not None and login.endswith("[bot]")
