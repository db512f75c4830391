"""The story that is told to the program: its clock, which plays, stands or leaps, and what people do by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from bot.clock import SetClock
from bot.context import Context
from bot.flow.calendar import Calendar
from bot.flow.events import FlowEvent, from_record, to_record
from bot.world.acts import Refused
from bot.world.alone import Alone
from bot.world.course import Course
from bot.world.host import Host
from bot.world.script import Script
from bot.world.words import date_and_time

if TYPE_CHECKING:
    from jobs.schedule import Job

HOUR, DAY = 3600, 86_400
LONGEST_SEARCH = 10 * DAY
"""How far the clock goes on for the next message."""
MOST_AT_ONCE = 5
"""Seconds the clock catches up at once, where the machine was busy or asleep."""
KEEP = 30
"""Seconds of the world between two keepings while it plays."""
log = structlog.get_logger()


class _Leap(NamedTuple):
    """The clock on its way."""

    busy: str
    end: int
    over: Callable[[], bool]


def _nothing(*_: object) -> None:
    """Nobody wants to know."""


class Story:
    """Begin it, then start its thread; `to` moves the clock, `act` does something on the code host.

    `posted()` counts the messages that were ever sent; `changed()` is called when something may look different, and
    `keep(kept)` when there is something new to keep: what it is handed is JSON, for `begin` at the next start.
    """

    def __init__(
        self,
        ctx: Context,
        clock: SetClock,
        script: Script,
        host: Host,
        jobs: Sequence[Job],
        *,
        posted: Callable[[], int],
        changed: Callable[[], None] = _nothing,
        keep: Callable[[dict[str, Any]], None] = _nothing,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._script, self._host, self._calendar = clock, script, host, ctx.policy.calendar
        self._course = Course(ctx, clock, script, host, jobs)
        self._posted, self._changed, self._keep, self._monotonic = posted, changed, keep, monotonic
        self._by_hand: list[FlowEvent] = []
        self._playing = False
        self._leap: _Leap | None = None
        self._anchor = monotonic()
        self._kept_at = clock.now()
        self._alone, self._asking = Alone(), threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._live, name="story", daemon=True)

    def begin(self, kept: dict[str, Any] | None = None) -> None:
        """Tell what happened up to the clock's now (with `kept`, up to where that stopped); no message comes of it."""
        with self._alone:
            if kept is not None:
                self._restore(kept)
            told = self._script.before(self._clock.now() + 1)
            self._host.tell(sorted([*told, *self._by_hand]))
            self._course.tell(told, live=False)
            if self._by_hand:
                self._course.tell(self._by_hand)
            for _ in range(2):  # before it has looked at its code host once, the program decides nothing
                self._course.beat()

    def start(self) -> None:
        """Play from now on, in a thread of its own."""
        self._playing = True
        self._anchor = self._monotonic()
        self._thread.start()

    def stop(self, seconds: float = 5) -> bool:
        """Stand still for good, at the next instant; whether that came within `seconds`."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        with self._alone:
            self._keep(self.kept())
        return not self._thread.is_alive()

    def to(self, where: str) -> None:
        """Move the clock: `pause`, `play`, or on by an `hour`, to the next `morning` or the next `message`.

        Returns at once. Raises Refused where the clock is on its way already.
        """
        with self._asking:
            if where == "pause":
                self._playing, self._leap = False, None
            elif where == "play":
                self._playing = True
            else:
                self._leap = self._planned(where)
        self._wake.set()
        self._changed()

    def pass_to(self, at: int) -> None:
        """Let time pass to an instant, and return once it has."""
        while self._clock.now() < at:
            with self._alone:
                self._course.step(at)
        with self._alone:
            self._course.beat()

    def act(self, actor: str | None, act: str, **own: Any) -> None:
        """Do something on the code host, as `Host.act` has it; what comes of it in Slack is there on return.

        Raises Refused.
        """
        with self._alone:
            self.told(lambda now: self._host.act(now, actor, act, **own))
            self._course.beat()
        self._changed()

    def told(self, deed: Callable[[int], list[FlowEvent]]) -> None:
        """Do something at the world's now and tell the program what came of it; its script is dropped from here."""
        with self._alone:
            events = deed(self._clock.now())
            for key in {event.key for event in events}:
                self._script.take_over(key, self._clock.now())
            self._by_hand += events
            self._course.tell(events)
            self._keep(self.kept())
        self._wake.set()

    def shown(self) -> dict[str, Any]:
        """The clock as the page shows it."""
        now, leap = self._clock.now(), self._leap
        return {
            "now": now, "shown": date_and_time(now, self._calendar.zone), "zone": self._calendar.timezone,
            "playing": self._playing, "busy": leap.busy if leap else None, "ended": now >= self._script.end,
        }  # fmt: skip

    def host_shown(self, login: str | None) -> dict[str, Any]:
        """The code host as the page shows it to somebody (None: to one who has no account there)."""
        with self._alone:
            return self._host.shown(login, self._calendar.zone)

    def kept(self) -> dict[str, Any]:
        """All that the next start needs to go on from here, as JSON."""
        taken = [[*key, at] for key, at in self._script.taken.items()]
        by_hand = [to_record(event) for event in self._by_hand]
        return {"now": self._clock.now(), "taken": taken, "by_hand": by_hand}

    def _restore(self, kept: dict[str, Any]) -> None:
        self._clock.set(kept["now"])
        for host, repo, item, at in kept["taken"]:
            self._script.take_over((host, repo, item), at)
        self._by_hand = [from_record(dict(record)) for record in kept["by_hand"]]

    def _planned(self, where: str) -> _Leap:
        if self._leap is not None:
            raise Refused(f"The clock is on its way already ({self._leap.busy.rstrip(' …')}); pausing it ends that.")
        now = self._clock.now()
        if where == "hour":
            return _Leap("One hour on …", now + HOUR, lambda: False)
        if where == "morning":
            at = _next_morning(self._calendar, now)
            return _Leap(f"On to {self._calendar.local(at):%A} morning …", at, lambda: False)
        if where == "message":
            before = self._posted()
            return _Leap("On to the next message …", now + LONGEST_SEARCH, lambda: self._posted() > before)
        raise Refused(f"The clock can't go to `{where}`; pause, play, hour, morning and message are what it can do.")

    def _live(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(1.0)
            self._wake.clear()
            try:
                self.turn()
            except Exception:
                log.exception("story.turn_failed")
                self._leap = None

    def turn(self) -> None:
        """What the story's thread does about once a second: leap where that is asked for, else let seconds pass."""
        leap = self._leap
        if leap is not None:
            self._go(leap)
        passed = self._passed()
        if self._playing and passed and leap is None:
            self.pass_to(self._clock.now() + passed)
        else:
            with self._alone:
                self._course.beat()
        self._keep_after(KEEP)
        self._changed()

    def _go(self, leap: _Leap) -> None:
        while self._leap is leap and self._clock.now() < leap.end and not self._stop.is_set():
            with self._alone:
                self._course.step(leap.end)
            self._keep_after(HOUR)
            self._changed()
            if leap.over():
                break
        with self._alone:
            self._course.beat()
            self._keep(self.kept())
        with self._asking:
            self._leap = None if self._leap is leap else self._leap

    def _keep_after(self, seconds: int) -> None:
        if self._clock.now() - self._kept_at >= seconds:
            with self._alone:
                self._kept_at = self._clock.now()
                self._keep(self.kept())

    def _passed(self) -> int:
        """Whole seconds of the machine since the last look, as far as they are made up for."""
        passed = int(self._monotonic() - self._anchor)
        if passed > MOST_AT_ONCE or not self._playing:
            self._anchor = self._monotonic()
            return min(passed, MOST_AT_ONCE)
        self._anchor += passed
        return passed


def _next_morning(calendar: Calendar, now: int) -> int:
    """When the next working day begins. Raises Refused where none does within a month."""
    today = calendar.local_date(now)
    for days in range(31):
        at = calendar.opens(today + timedelta(days=days))
        if at is not None and at > now:
            return at
    raise Refused("The workspace's calendar has no working day within a month.")
