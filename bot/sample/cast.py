"""Who plays: invented people, their teams, working hours and days away."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from bot.flow.calendar import Calendar, Window

CI, DEPENDENCIES, HELPER, QUEUE, DEPLOY = (
    "ci[bot]",
    "dependabot[bot]",
    "review-helper[bot]",
    "merge-queue[bot]",
    "deploy[bot]",
)
POSES_AS_A_USER = "acme-ci"
"""A machine whose account the host types as a user: only the policy's `bots` knows better."""


@dataclass(frozen=True)
class Office:
    """A place people work from: zone, country (and subdivision) of its holidays, windows for Monday to Sunday."""

    timezone: str
    country: str
    subdivision: str | None
    hours: tuple[tuple[Window, ...], ...]


BERLIN = Office("Europe/Berlin", "DE", "BE", (((540, 1020),),) * 4 + (((540, 780), (840, 960)), (), ()))
NEW_YORK = Office("America/New_York", "US", None, (((540, 1020),),) * 5 + ((), ()))
KOLKATA = Office("Asia/Kolkata", "IN", None, (((600, 1110),),) * 5 + ((), ()))


@dataclass(frozen=True)
class Person:
    login: str
    office: Office
    pace: float = 1.0
    """How long this person takes for things, as a multiple of what is usual."""
    mapped: bool = True
    """Whether the policy knows the person's Slack account."""

    @property
    def slack(self) -> str:
        return f"U0{self.login.upper()}"


@dataclass(frozen=True)
class Team:
    slug: str
    repo: str
    channel: str
    members: tuple[Person, ...]
    topics: tuple[str, ...]
    """What the team's work is about; each reads well after "in" or "for"."""
    approvals: int = 1
    merge_queue: bool = False
    labelled: float = 0.8
    """The share of the work that carries a label of its type."""
    prefixed: float = 0.6
    """The share of the branches whose name begins with what they are for."""
    issue_types: bool = False
    """Whether issues are filed as a type of the code host's."""


TEAMS = (
    Team(
        "shop-team",
        "acme/shop",
        "C0SHOP",
        (
            Person("alice", BERLIN, 0.8),
            Person("bob", NEW_YORK, 0.7),
            Person("carol", KOLKATA),
            Person("dan", BERLIN, 1.8),
            Person("erin", NEW_YORK, 1.2),
        ),
        ("totals", "the cart", "product search", "order history", "gift cards", "the checkout"),
        merge_queue=True,
    ),
    Team(
        "billing-team",
        "acme/billing",
        "C0BILLING",
        (
            Person("frank", BERLIN),
            Person("grace", NEW_YORK, 0.6),
            Person("heidi", KOLKATA, 0.9),
            Person("ivan", BERLIN, 2.2),
        ),
        ("invoices", "refunds", "tax reports", "monthly statements", "payment retries", "the ledger export"),
        approvals=2,
        labelled=0.5,
        prefixed=0.8,
    ),
    Team(
        "mobile-team",
        "acme/mobile",
        "C0MOBILE",
        (
            Person("judy", NEW_YORK),
            Person("mallory", BERLIN, 1.5, mapped=False),
            Person("niaj", KOLKATA, 0.8),
            Person("olivia", BERLIN, 0.7),
            Person("peggy", NEW_YORK, 1.4),
        ),
        ("the login screen", "push messages", "offline mode", "the barcode scanner", "settings", "photo uploads"),
        labelled=0.1,
        prefixed=0.7,
        issue_types=True,
    ),
)


@lru_cache
def calendar_of(office: Office) -> Calendar:
    return Calendar(office.timezone, office.hours, office.country, office.subdivision)


_EVERY = 28
"""Days from one round of absences to the next; the rounds take turns."""
# (login, days into the round at which the absence begins, its days at most)
_ROUNDS = (
    (("heidi", 8, 3), ("alice", 14, 5), ("peggy", 16, 8)),
    (("niaj", 2, 4), ("frank", 9, 5), ("erin", 17, 8)),
)


def absences(start: int, days: int) -> dict[str, list[tuple[date, date]]]:
    """Who is away within the `days` from instant `start`, and when: first and last local days, both included."""
    found: dict[str, list[tuple[date, date]]] = defaultdict(list)
    people = {person.login: person for team in TEAMS for person in team.members}
    for number, begins in enumerate(range(0, days, _EVERY)):
        for login, into, longest in _ROUNDS[number % len(_ROUNDS)]:
            length = min(longest, days - begins - into)
            if length > 0:
                first = calendar_of(people[login].office).local_date(start) + timedelta(days=begins + into)
                found[login].append((first, first + timedelta(days=length - 1)))
    return dict(found)
