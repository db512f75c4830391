"""A slow, literal reading of the ledger's definition, to judge the program by.

Every predicate is computed from the whole past by its definition; nothing is carried from event to event. Working
time is looked up second by second. Instants are whole seconds since 1970 UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from itertools import compress, islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

from bot.flow.calendar import Calendar
from bot.flow.events import FlowEvent
from bot.flow.waits import Rules


class Holder(NamedTuple):
    """A person (null: the deleted accounts, all one) or a team."""

    name: str | None
    team: bool = False


class Turn(NamedTuple):
    """A predicate that holds: it is this holder's turn for this kind of wait."""

    kind: str
    on: str
    team: bool = False


class Stretch(NamedTuple):
    """A wait; sorts as ledger lines do. An open one has no end."""

    since: int
    kind: str
    on: str
    team: bool
    until: int | None
    ended_by: str | None


class Moment:
    """An item right after the last of some past events, which are in their order; `log` is all that is known."""

    def __init__(self, past: Sequence[FlowEvent], log: Sequence[FlowEvent], rules: Rules) -> None:
        self.past = past
        self.rules = rules
        self.author = next(event.actor for event in log if event.kind == "opened")
        self.typed_bots = {event.actor for event in log if event.actor_type == "Bot"}

    def bot(self, login: str | None) -> bool:
        patterns = (*self.rules.bots, "*[bot]")
        return login is not None and (login in self.typed_bots or any(matches(login, p) for p in patterns))

    def human(self, login: str | None) -> bool:
        return login is not None and not self.bot(login)

    def latest(self, *kinds: str, before: int | None = None) -> FlowEvent | None:
        found = [event for event in self.past[:before] if event.kind in kinds]
        return found[-1] if found else None

    def live(self, before: int | None = None) -> bool:
        opened = self.latest("opened", before=before)
        turning = self.latest("opened", "closed", "merged", "reopened", before=before)
        return opened is not None and turning is not None and turning.kind in ("opened", "reopened")

    def draft(self) -> bool:
        event = self.latest("opened", "ready_for_review", "converted_to_draft")
        if event is not None and event.kind == "opened":
            return bool(event.data.get("draft"))
        return event is not None and event.kind == "converted_to_draft"

    def wip(self) -> bool:
        return any(self.carries(label) for label in self.rules.wip_labels)

    def carries(self, label: str) -> bool:
        for event in reversed(self.past):
            if event.kind == "opened" and label.lower() in [own.lower() for own in event.data.get("labels") or ()]:
                return True
            if event.kind in ("labeled", "unlabeled") and event.data["label"].lower() == label.lower():
                return bool(event.kind == "labeled")
        return False

    def ready(self) -> bool:
        return self.live() and not self.draft() and not self.wip()

    def queued(self) -> bool:
        event = self.latest("queued", "dequeued", "closed", "merged")
        return event is not None and event.kind == "queued"

    def red(self) -> bool:
        event = self.latest("checks_failed", "checks_passed")
        return event is not None and event.kind == "checks_failed"

    @cached_property
    def counting(self) -> list[int]:
        """Where in the past the reviews are that count."""
        return [place for place, event in enumerate(self.past) if self.counts(place, event)]

    def counts(self, place: int, event: FlowEvent) -> bool:
        return (
            event.kind == "review_submitted"
            and self.live(before=place)
            and event.actor != self.author
            and not self.bot(event.actor)
        )

    def is_review_of(self, place: int, person: str | None) -> bool:
        return place in self.counting and self.past[place].actor == person

    def reviews_of(self, person: str | None, before: int | None = None) -> list[int]:
        end = len(self.past) if before is None else before
        return [place for place in self.counting if place < end and self.past[place].actor == person]

    def requested(self, holder: Holder, before: int | None = None) -> bool:
        end = len(self.past) if before is None else before
        for place in reversed(range(end)):
            event = self.past[place]
            if asks(event, holder):
                return holder.team or (holder.name != self.author and not self.bot(holder.name))
            if self.clears_request(place, holder):
                return False
        return False

    def clears_request(self, place: int, holder: Holder) -> bool:
        event = self.past[place]
        if event.kind == "review_request_removed":
            return asked(event) == holder
        if event.kind == "claimed":
            return holder == Holder(event.data["team"], True)
        if place not in self.counting:
            return False
        if not holder.team:
            return event.actor == holder.name
        if "teams" in event.data:
            return holder.name in event.data["teams"]
        return not self.requested(Holder(event.actor), before=place)

    def ask(self, holder: Holder, before: int | None = None) -> FlowEvent:
        """The event by which a request that stands was first made; a claimed one was made of the team."""
        end = len(self.past) if before is None else before
        starts = [p for p in range(end) if asks(self.past[p], holder) and not self.requested(holder, before=p)]
        first = self.past[starts[-1]]
        team = Holder(first.data.get("team"), True)
        if first.kind == "claimed" and self.requested(team, before=starts[-1]):
            return self.ask(team, before=starts[-1])
        return first

    def last(self, person: str | None) -> str | None:
        for place in reversed(range(len(self.past))):
            event = self.past[place]
            if self.is_review_of(place, person):
                return str(event.data["state"])
            if self.dismisses(event, person) and self.reviews_of(person, before=place):
                return "dismissed"
        return None

    def stance(self, person: str | None) -> str | None:
        for place in reversed(range(len(self.past))):
            event = self.past[place]
            if self.is_review_of(place, person) and event.data["state"] != "commented":
                return str(event.data["state"])
            if self.dismisses(event, person) or asks(event, Holder(person)):
                return None
        return None

    def dismisses(self, event: FlowEvent, person: str | None) -> bool:
        return event.kind == "review_dismissed" and bool(event.data["reviewer"] == person)

    def since_review(self, person: str | None) -> list[int]:
        """Where the events after somebody's latest counting review are; none where there is no such review."""
        reviews = self.reviews_of(person)
        return list(range(reviews[-1] + 1, len(self.past))) if reviews else []

    def pushed_since(self, person: str | None) -> bool:
        later = [self.past[place] for place in self.since_review(person)]
        return any(event.kind == "pushed" and event.actor != person for event in later)

    def author_acted_since(self, person: str | None) -> bool:
        return self.pushed_since(person) or any(self.is_reply(place) for place in self.since_review(person))

    def is_reply(self, place: int) -> bool:
        event = self.past[place]
        if event.actor != self.author:
            return False
        return event.kind == "commented" or (event.kind == "review_submitted" and self.live(before=place))

    def handed_back(self, person: str | None) -> bool:
        last = self.last(person)
        return (
            self.requested(Holder(person))
            or (last == "changes_requested" and self.pushed_since(person))
            or (last == "commented" and self.author_acted_since(person))
        )

    @cached_property
    def reviewers(self) -> set[str | None]:
        return {self.past[place].actor for place in self.counting}

    def objections(self) -> list[str | None]:
        return [person for person in self.reviewers if self.stance(person) == "changes_requested"]

    def enough(self) -> bool:
        approvals = sum(self.stance(person) == "approved" for person in self.reviewers)
        return approvals >= self.rules.approvals_required and not self.objections()

    def turns(self) -> set[Turn]:
        """Every predicate of section 3 that holds now, for holders who can owe."""
        if not self.ready() or self.queued():
            return set()
        turns = self.reviewer_turns()
        if self.human(self.author):
            assert self.author is not None
            turns |= {Turn(kind, self.author) for kind, holds in self.author_kinds().items() if holds}
            if not self.red() and not self.enough() and not turns:
                turns = {Turn("assign", self.author)}
        return turns

    def reviewer_turns(self) -> set[Turn]:
        if self.rules.stop_at_quota and self.enough():
            return set()
        holders = {asked(event) for event in self.past if event.kind in ("review_requested", "claimed")}
        first = {h for h in holders if self.requested(h) and (h.team or self.last(h.name) is None)}
        again = {person for person in self.reviewers if self.stance(person) != "approved" and self.handed_back(person)}
        return {Turn("review", h.name, h.team) for h in first if h.name is not None} | {
            Turn("re_review", person) for person in again if person is not None
        }

    def author_kinds(self) -> dict[str, bool]:
        rework = any(not self.handed_back(person) for person in self.objections())
        return {
            "rework": rework,
            "respond": not self.enough() and not rework and any(map(self.only_commented, self.reviewers)),
            "merge": self.enough() and not self.red(),
            "fix": self.red(),
        }

    def only_commented(self, person: str | None) -> bool:
        return self.last(person) == "commented" and self.stance(person) is None and not self.handed_back(person)


def matches(login: str, pattern: str) -> bool:
    """Whether a login is what a bot pattern says: no regard to case, `*` stands for anything."""
    parts = [re.escape(part) for part in pattern.lower().split("*")]
    return re.fullmatch(".*".join(parts), login.lower(), re.DOTALL) is not None


def asked(event: FlowEvent) -> Holder:
    """Whom a request is for; a claim asks the person."""
    if event.kind != "claimed" and "team" in event.data:
        return Holder(event.data["team"], True)
    return Holder(event.data["reviewer"])


def asks(event: FlowEvent, holder: Holder) -> bool:
    return event.kind in ("review_requested", "claimed") and asked(event) == holder


def in_order(events: Iterable[FlowEvent]) -> list[FlowEvent]:
    ranks = {"opened": 0, "closed": 2, "merged": 2}
    return sorted(events, key=lambda event: (event.at, event.seq, ranks.get(event.kind, 1), event.id))


def moments(events: Iterable[FlowEvent], rules: Rules) -> Iterator[tuple[FlowEvent, Moment]]:
    """Each event of an opened item with the moment right after it."""
    log = in_order(events)
    for count, event in enumerate(log, 1):
        yield event, Moment(log[:count], log, rules)


def stretches(history: list[tuple[FlowEvent, set[Turn]]]) -> list[Stretch]:
    """The waits of what holds after each event, as ledger lines are sorted."""
    found = []
    for turn in set().union(*(turns for _, turns in history)):
        spans = joined_spans(list(spans_of([(event, turn in turns) for event, turns in history])))
        found += [Stretch(since, *turn, until, ended_by) for since, until, ended_by in spans if since != until]
    return sorted(found, key=lambda wait: wait[:4])


Ended = tuple[int, int | None, str | None]


def spans_of(history: list[tuple[FlowEvent, bool]]) -> Iterator[Ended]:
    """(since, until, ended by) wherever something turns true and false again, empty spans too."""
    since: int | None = None
    for event, holds in history:
        if holds and since is None:
            since = event.at
        elif not holds and since is not None:
            yield since, event.at, event.kind
            since = None
    if since is not None:
        yield since, None, None


def joined_spans(spans: list[Ended]) -> list[Ended]:
    """Spans that touch are one; it ends as its last part does."""
    whole: list[Ended] = []
    for span in spans:
        if whole and whole[-1][1] == span[0]:
            whole[-1] = (whole[-1][0], *span[1:])
        else:
            whole.append(span)
    return whole


def ledger(events: Iterable[FlowEvent], rules: Rules) -> list[Stretch]:
    """The waits of one item that was opened."""
    return stretches([(event, moment.turns()) for event, moment in moments(events, rules)])


def red_spans(events: Iterable[FlowEvent], rules: Rules) -> list[Ended]:
    return list(spans_of([(event, moment.red()) for event, moment in moments(events, rules)]))


# --- working time -----------------------------------------------------------------------------------------------


@cache
def public_holidays(country: str, subdivision: str | None) -> holidays.HolidayBase:
    return holidays.country_holidays(country, subdiv=subdivision)


def windows_on(day: date, calendar: Calendar) -> Sequence[tuple[int, int]]:
    """Windows in minutes that begin on a local day; the day off goes first, then the half day, then the holiday."""
    if day in calendar.days_off:
        return ()
    if day in (half_days := dict(calendar.half_days)):
        return half_days[day]
    if calendar.country and day in public_holidays(calendar.country, calendar.subdivision):
        return ()
    return calendar.hours[day.weekday()]


def instant(day: date, minute: int, timezone: str) -> int:
    """When the clock on a wall there shows so many minutes after that day's midnight (the first time it does)."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001
    return int(wall.replace(tzinfo=ZoneInfo(timezone), fold=0).timestamp())


def real_windows(day: date, calendar: Calendar) -> Iterator[tuple[int, int]]:
    for start, end in windows_on(day, calendar):
        over_midnight = 0 if start < end else 24 * 60
        yield instant(day, start, calendar.timezone), instant(day, end + over_midnight, calendar.timezone)


class Seconds:
    """One mark for each second from `start` to before `end`: worked or not, and then held or not."""

    def __init__(self, calendar: Calendar, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.worked = bytearray(end - start)
        day = datetime.fromtimestamp(start, UTC).date() - timedelta(days=4)
        while day <= datetime.fromtimestamp(end, UTC).date() + timedelta(days=1):
            for window in real_windows(day, calendar):
                self.mark(self.worked, window, 1)
            day += timedelta(days=1)
        self.counted = bytearray(self.worked)

    def mark(self, marks: bytearray, span: tuple[int, int], value: int) -> None:
        first, last = (min(max(at, self.start), self.end) - self.start for at in span)
        if first < last:
            marks[first:last] = bytes([value]) * (last - first)

    def hold(self, spans: Iterable[tuple[int, int]]) -> None:
        """Stop the clock in these spans."""
        for span in spans:
            self.mark(self.counted, span, 0)

    def is_working(self, at: int) -> bool:
        return self.worked[at - self.start] == 1

    def working(self, start: int, end: int) -> int:
        return self.worked.count(1, start - self.start, max(start, end) - self.start)

    def age(self, start: int, end: int) -> int:
        """Working seconds that are not held."""
        return self.counted.count(1, start - self.start, max(start, end) - self.start)

    def reaches(self, start: int, seconds: int) -> int | None:
        """The earliest instant at which so many seconds were counted since `start`; None where not within sight."""
        if seconds == 0:
            return start
        if self.age(start, self.end) < seconds:
            return None
        counting = compress(range(start, self.end), self.counted[start - self.start :])
        return next(islice(counting, seconds - 1, None)) + 1

    def next_working(self, at: int) -> int | None:
        place = self.worked.find(1, at - self.start)
        return None if place < 0 else place + self.start
