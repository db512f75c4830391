"""The policy file as it is written: its keys, what each may hold, and how a fault in it is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from bot.flow.calendar import Calendar, Window
from bot.flow.waits import Rules
from bot.policy_types import MixPart, TypeRulePart, TypeRules

WORKING_DAY = 8 * 3600
"""Seconds in a "day" of a target."""
LEAST_KEPT = 100
"""Days for which events and messages are kept at least: figures and experiments look back for a quarter of a year."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"m": 60, "h": 3600, "d": WORKING_DAY}
_TOO_LONG = 1_000_000 * 3600
"""Seconds: what `spelt` writes has six digits, too."""


def duration(value: object) -> int:
    """`"90m"`, `"8h"`, `"2d"` (a day = 8 working hours) or 0 → seconds. Raises ValueError."""
    if value == 0 and not isinstance(value, bool):
        return 0
    if isinstance(value, str):
        if value.strip() == "0":
            return 0
        found = re.fullmatch(r"\s*(\d{1,6})\s*([mhd])\s*", value)
        if found and (seconds := int(found[1]) * _UNITS[found[2]]) < _TOO_LONG:
            return seconds
    raise ValueError("allowed are minutes, hours or working days such as '90m', '8h', '2d', and 0 for none")


def days(value: object) -> int:
    """`"730d"` (days of the calendar) or 0 → days. Raises ValueError."""
    if value == 0 and not isinstance(value, bool):
        return 0
    found = re.fullmatch(r"\s*(\d{1,5})\s*d\s*|0", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("allowed are days such as '730d', and 0 for as long as there is room")
    return int(found[1] or 0)


def _a_quarter(value: int) -> int:
    if 0 < value < LEAST_KEPT:
        raise ValueError(f"allowed are days from '{LEAST_KEPT}d', which figures look back, and 0 to keep it all")
    return value


def spelt(seconds: int) -> str:
    """Seconds as `duration` reads them: whole hours, else minutes (rounded up)."""
    return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{-(-seconds // 60)}m"


def window(text: object) -> Window:
    """`"09:00-17:00"` → minutes of the day; over midnight and `24:00` as an end are fine. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)\s*", text) if isinstance(text, str) else None
    if found:
        h1, m1, h2, m2 = map(int, found.groups())
        start, end = h1 * 60 + m1, h2 * 60 + m2
        if m1 < 60 and m2 < 60 and start < 1440 and end <= 1440 and start != end:
            return (start, end)
    raise ValueError("allowed is a window such as '09:00-17:00', '00:00-24:00' or, over midnight, '22:00-06:00'")


def spelt_window(minutes: Window) -> str:
    """A window as `window` reads it."""
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in minutes)


def local_time(value: object) -> time:
    """`"14:30"` or `"14:30:05"` → a time of the local day. Raises ValueError."""
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", value):
        return time.fromisoformat(value)
    raise ValueError("allowed is a local time such as '14:30'")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(_ZONE_HELP) from None
    return name


_ZONE_HELP = "allowed are names of the IANA database such as 'Europe/Berlin'"

Duration = Annotated[int, BeforeValidator(duration), PlainSerializer(spelt, when_used="json")]
Days = Annotated[int, BeforeValidator(days), PlainSerializer(lambda value: f"{value}d", when_used="json")]
LongTime = Annotated[Days, AfterValidator(_a_quarter)]
WindowText = Annotated[tuple[int, int], BeforeValidator(window), PlainSerializer(spelt_window, when_used="json")]
LocalTime = Annotated[time, BeforeValidator(local_time)]
Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(2199, 12, 31))]
Zone = Annotated[str, AfterValidator(_zone)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=False)


class CalendarPart(_Part):
    """A calendar, or the keys of it that somebody overrides."""

    timezone: Zone | None = None
    hours: dict[Weekday, list[WindowText]] | None = None
    country: str | None = None
    subdivision: str | None = None
    days_off: list[Day] | None = None
    half_days: dict[Day, list[WindowText]] | None = None

    def over(self, base: Calendar) -> Calendar:
        """This part laid over a calendar, key by key; a country of its own drops an inherited subdivision."""
        country = base.country if self.country is None else self.country
        inherited = base.subdivision if self.country is None else None
        return Calendar(
            timezone=base.timezone if self.timezone is None else self.timezone,
            hours=base.hours if self.hours is None else tuple(tuple(self.hours.get(day, ())) for day in WEEKDAYS),  # type: ignore[call-overload]
            country=country,
            subdivision=inherited if self.subdivision is None else self.subdivision,
            days_off=base.days_off if self.days_off is None else frozenset(self.days_off),
            half_days=base.half_days
            if self.half_days is None
            else tuple((day, tuple(windows)) for day, windows in sorted(self.half_days.items())),
        )


class TargetsPart(_Part):
    """Agreed working time a kind of wait; 0 is "none", None "as inherited"."""

    review: Duration | None = None
    re_review: Duration | None = None
    rework: Duration | None = None
    respond: Duration | None = None
    merge: Duration | None = None
    assign: Duration | None = None
    fix: Duration | None = None


class RulesPart(_Part):
    approvals_required: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    stop_at_quota: Annotated[bool, Field(strict=True)] | None = None
    hold_while_red: Annotated[bool, Field(strict=True)] | None = None
    wip_labels: list[str] | None = None
    bots: list[str] | None = None

    def over(self, base: Rules) -> Rules:
        """These rules laid over others, key by key."""
        own = {key: value for key, value in self if value is not None}
        return Rules(
            approvals_required=own.get("approvals_required", base.approvals_required),
            stop_at_quota=own.get("stop_at_quota", base.stop_at_quota),
            hold_while_red=own.get("hold_while_red", base.hold_while_red),
            wip_labels=frozenset(own.get("wip_labels", base.wip_labels)),
            bots=tuple(own.get("bots", base.bots)),
        )


class NudgesPart(_Part):
    heads_up: Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)] = 0.75
    escalate: Annotated[float, Field(strict=True, ge=0, le=1000, allow_inf_nan=False)] = 2.0
    repeat: Duration = WORKING_DAY
    max_repeats: Annotated[int, Field(strict=True, ge=0, le=1000)] = 2
    max_messages_per_person_per_day: Annotated[int, Field(strict=True, ge=1, le=1000)] = 4
    morning: Annotated[bool, Field(strict=True)] = True
    hold_back: Annotated[float, Field(strict=True, ge=0, le=0.5, allow_inf_nan=False)] = 0.0
    """The share of waits whose nudges are held back at random, to learn whether nudges help."""

    @model_validator(mode="after")
    def _escalates_after_the_breach(self) -> NudgesPart:
        if 0 < self.escalate < 1:
            raise ValueError("escalate: allowed are 0 (never) and multiples of the target from 1 on")
        return self


class AwayPart(_Part):
    """Local days away, from the first to the last; None as the last, which only Slack can say: until it is taken back.

    It `begins` on the first day and `ends` on the last at a local time; left out, those days are away as a whole.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)
    start: Day = Field(alias="from")
    until: Day | None
    begins: LocalTime | None = None
    ends: LocalTime | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> AwayPart:
        if self.until is not None and self.until < self.start:
            raise ValueError("'until' lies before 'from'; allowed is the last day away, on or after the first")
        if self.ends is not None and self.until is None:
            raise ValueError("'ends' needs 'until' beside it: on which day")
        if self.ends is not None and self.until == self.start and self.ends <= (self.begins or time()):
            raise ValueError("'ends' lies before it begins; allowed is a later time of that day")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_left_out(self, shown: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in shown(self).items() if key == "until" or value is not None}


Member = Annotated[str, Field(pattern=r"^[UW][A-Za-z0-9_]+$")]
Channel = Annotated[str, Field(pattern=r"^[CG][A-Za-z0-9_]+$")]
RepoName = Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+)+$")]


class MutePart(_Part):
    """Silence for one person: about a repository, or one item of it; without a last day until it is taken back."""

    repo: RepoName
    item: Annotated[int, Field(strict=True, ge=1)] | None = None
    until: Day | None = None


class PersonPart(_Part):
    slack: Member | None = None
    calendar: CalendarPart = CalendarPart()
    away: list[AwayPart] = []
    mutes: list[MutePart] = []
    morning: Annotated[bool, Field(strict=True)] | None = None


class TeamPart(_Part):
    channel: Channel | None = None


class StatusPart(_Part):
    """Which Slack statuses say that somebody is away: an emoji, or a word in the text; case does not matter."""

    emoji: list[str] = [":palm_tree:", ":desert_island:", ":face_with_thermometer:", ":baby:", ":beach_with_umbrella:"]
    words: list[str] = [
        "vacation", "vacationing", "holiday", "holidays", "on leave", "parental leave", "sick", "out sick", "pto",
        "ooo", "out of office", "day off",
    ]  # fmt: skip


class FlowPart(_Part):
    """What is agreed about the flow of all work."""

    expectation: Duration | None = None
    """Working time within which an item is expected to be done; 0 is "none"."""


class RetentionPart(_Part):
    """For how many days something is kept; 0 for as long as the database is."""

    events: LongTime = 0
    messages: LongTime = 0
    disconnected: Days = 30
    """What is kept of repositories that were let go, and of workspaces that Weir was taken out of."""


class RepoPart(_Part):
    channel: Channel | None = None
    expectation: Duration | None = None
    silent: Annotated[bool, Field(strict=True)] = False
    follow: Annotated[bool, Field(strict=True)] = True
    targets: TargetsPart = TargetsPart()
    calendar: CalendarPart = CalendarPart()
    rules: RulesPart = RulesPart()
    mentions: Annotated[bool, Field(strict=True)] = False
    mix: MixPart = {}


class StreamPart(_Part):
    """What was agreed for a value stream, by its name."""

    mix: MixPart = {}


class PolicyFile(_Part):
    """The file as it is written."""

    calendar: CalendarPart = CalendarPart()
    targets: TargetsPart = TargetsPart()
    rules: RulesPart = RulesPart()
    nudges: NudgesPart = NudgesPart()
    flow: FlowPart = FlowPart()
    status: StatusPart = StatusPart()
    admins: list[Member] = []
    types: TypeRules | None = None
    """None: those that go for most teams."""
    mix: MixPart = {}
    people: dict[str, PersonPart] = {}
    teams: dict[str, TeamPart] = {}
    repos: dict[RepoName, RepoPart] = {}
    streams: dict[str, StreamPart] = {}
    retention: RetentionPart = RetentionPart()


def first_fault(error: ValidationError, allowed_keys: Callable[[list[str]], list[str]] | None = None) -> str:
    """The first thing pydantic found, as: key, value, what is allowed. `allowed_keys` of a table, by its path, are a
    policy's unless others are given.
    """
    faults = error.errors(include_url=False)
    fault = faults[0]
    path = [str(step) for step in fault["loc"] if step != "[key]"]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    if fault["type"] == "extra_forbidden":
        allowed = ", ".join((allowed_keys or _allowed_keys)(path[:-1]))
        return f"{'.'.join(path)}: unknown key; allowed here are {allowed}{more}"
    where = ".".join(path)
    if fault["type"] == "missing":
        return f"{where}: is missing{more}"
    if fault["type"] == "value_error" and isinstance(fault["input"], dict):
        return f"{where}: {_explained(fault)}{more}"
    return f"{where}: {_shown(fault['input'])} is not allowed; {_explained(fault)}{more}"


def _explained(fault: Any) -> str:
    if fault["type"] == "string_pattern_mismatch":
        return _PATTERNS[fault["ctx"]["pattern"]]
    said = str(fault["msg"]).removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


_PATTERNS = {
    r"^[UW][A-Za-z0-9_]+$": "allowed is a Slack member ID such as 'U0ALICE'",
    r"^[CG][A-Za-z0-9_]+$": "allowed is a Slack channel ID such as 'C0TEAM'",
    r"^[^/\s]+(/[^/\s]+)+$": "allowed is a repository such as 'acme/shop'",
}


NAMED = ("people", "teams", "repos", "streams")
"""Tables whose keys are names: logins, teams, repositories, value streams."""
_BELOW: dict[str, type[BaseModel]] = {
    "calendar": CalendarPart,
    "targets": TargetsPart,
    "rules": RulesPart,
    "nudges": NudgesPart,
    "flow": FlowPart,
    "status": StatusPart,
    "people": PersonPart,
    "teams": TeamPart,
    "repos": RepoPart,
    "away": AwayPart,
    "mutes": MutePart,
    "types": TypeRulePart,
    "streams": StreamPart,
}


def _allowed_keys(path: list[str]) -> list[str]:
    """The keys that the table at `path` may have; names of people and repositories in it are passed over."""
    model: type[BaseModel] = PolicyFile
    for i, step in enumerate(path):
        if not (i and path[i - 1] in NAMED):
            model = _BELOW.get(step, model)
    return [info.alias or name for name, info in model.model_fields.items()]


def _shown(value: object) -> str:
    text = "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
