"""What somebody can mean by words behind `/flow`, as values; and words that mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from bot.flow.mix import Band
from bot.flow.teaching import RuleChange


class Me(NamedTuple):
    """Whoever asks."""


class Member(NamedTuple):
    """Somebody by their Slack account."""

    id: str


class Login(NamedTuple):
    """Somebody by their login on the code host."""

    login: str


class Channel(NamedTuple):
    """A channel by its id."""

    id: str


class Named(NamedTuple):
    """A repository, with or without its owner; or else somebody's login."""

    name: str


Whom: TypeAlias = Me | Member | Login | Channel | Named


class ItemRef(NamedTuple):
    """An item as somebody names it; the repository may lack its owner, or be left out."""

    repo: str | None
    number: int
    site: str | None = None
    """Host of the web address it was named by."""


class DayWords(NamedTuple):
    """A day as somebody says it; `bot.grammar.days.day_of` tells which one that is."""

    text: str


class ConnectWords(NamedTuple):
    """A repository with its owner, and the id of the channel that is to hear of it."""

    repo: str
    channel: str | None = None


class TargetWords(NamedTuple):
    """Agreed working seconds by kind of wait, 0 for none; nothing named is a question for what is agreed.

    Without a repository it is the workspace's; a repository may lack its owner.
    """

    repo: str | None
    targets: dict[str, int]


class LinkWords(NamedTuple):
    """Whose login it is on the code host; without a Slack account the asker's."""

    user: str | None
    login: str


class HoursWords(NamedTuple):
    """Windows ("HH:MM-HH:MM") by weekday ("mon" … "sun", those left out are free), and an IANA time zone.

    None is left as it is, both None a question for what holds; an empty zone is the one that Slack tells.
    """

    hours: dict[str, list[str]] | None
    zone: str | None


class Reset(NamedTuple):
    """Back to the defaults."""


class AwayWords(NamedTuple):
    """From which day to which, the last one included: without a start from today on, without an end until told.

    A single day is both its start and its end.
    """

    start: DayWords | None
    until: DayWords | None


class MuteWords(NamedTuple):
    """An item or else a repository, and the last silent day; neither of them is everything that is muted."""

    item: ItemRef | None
    repo: str | None
    until: DayWords | None = None


class AdminWords(NamedTuple):
    """Whether a Slack account is added or removed; both None is a question for who they are."""

    add: bool | None
    user: str | None


class StreamWords(NamedTuple):
    """A value stream's name, and what is wanted of it behind that, still in one: only who knows the names tells them
    apart.
    """

    words: tuple[str, ...]


class DigestWords(NamedTuple):
    """A digest: `now`, every `week` or `month` (on a day, at a minute of it), `off`, or a `list` of the regular ones.

    `about` is a value stream's or a repository's name; nothing is what the channel is about.
    """

    do: str
    day: int = 0
    minute: int = 0
    channel: str | None = None
    about: tuple[str, ...] = ()


class TryWords(NamedTuple):
    """What is tried, what is to be shorter by it (a stage or kind of wait, maybe behind where), and by when.

    `goal` is in percent, -99 to -1.
    """

    tried: str
    about: tuple[str, ...]
    goal: int
    until: DayWords


class ExperimentWords(NamedTuple):
    """`all` experiments, `one`, what becomes of one (`keep`, `drop`, `extend`), `nudges`, a `hold-back` in percent."""

    do: str
    number: int = 0
    day: DayWords | None = None
    share: int | None = None


class TypeWords(NamedTuple):
    """What types are asked of (all of their `rules`? an `item`?), or what is to be done with these; `over` is the state
    of those that it was made for.
    """

    about: tuple[str, ...]
    change: RuleChange | None = None
    over: str = ""
    rules: bool = False
    item: ItemRef | None = None


class MixWords(NamedTuple):
    """The shares wanted of types (None: any), of a value stream, a repository or all work; empty to see what holds.

    `reset`: those of all work are to hold, or none.
    """

    about: tuple[str, ...]
    bands: Mapping[str, Band | None]
    reset: bool = False


Value: TypeAlias = (
    Whom | ItemRef | ConnectWords | TargetWords | LinkWords | HoursWords | Reset | AwayWords | MuteWords
    | TypeWords | MixWords | AdminWords | StreamWords | DigestWords | TryWords | ExperimentWords | bool | str | None
)  # fmt: skip


class Asked(NamedTuple):
    verb: str
    value: Value


class Misread(ValueError):
    """Words that can't be taken; the message says what is wrong, on one line and as it was typed."""

    def __init__(self, problem: str, verb: str | None = None, allowed: str | None = None) -> None:
        super().__init__(problem)
        self.verb = verb
        """None where it is not known which verb they stood behind."""
        self.allowed = allowed
        """What may stand there, in a sentence; None where that is all that the verb takes."""


class NoVerb(Misread):
    """The first word is no verb; the message is that word."""
