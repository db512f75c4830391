"""The words that describe a stage, as people write them: `wait, @qa-team, 2d, label qa`; in any order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from bot.flow.stream import (
    AUTHOR,
    DEPLOY,
    GROUP,
    LABEL,
    PERSON,
    PLAIN_SIGNALS,
    REVIEWERS,
    STATUS,
    TEAM,
    UNLABEL,
    Responsible,
    Signal,
    Stage,
)

WORKING_DAY = 8 * 3600
LONGEST_TARGET = 250 * WORKING_DAY
"""A year of working days."""
ALLOWED = (
    "Allowed are `active` or `wait`, who is responsible (`authors`, `reviewers`, `@name`, `team NAME`), a target in "
    "working time (`90m`, `8h`, `2d`), and what tells that it starts (`label NAME`, `status NAME`, `deploy NAME`, "
    "`opened`, `ready`, `assigned`, `review`, `merged`, `closed`, `release`, or `unmeasured`)."
)


class Unread(ValueError):
    """What somebody wrote and why it can't be read, in a sentence or two for them."""


class Known(NamedTuple):
    """Names that a bare word, or an account of Slack's, may mean."""

    people: tuple[str, ...] = ()
    """Logins on the code host."""
    teams: tuple[str, ...] = ()
    accounts: Mapping[str, str] = {}
    """Logins by Slack account."""
    groups: Mapping[str, str] = {}
    """Handles of Slack's user groups by their ids."""
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


class Words(NamedTuple):
    """What was said of a stage; None and empty for what was not."""

    active: bool | None = None
    responsible: Responsible | None = None
    target: int | None = None
    """Working seconds; 0 where nothing is agreed."""
    signals: tuple[Signal, ...] = ()
    unmeasured: bool = False
    segment: str | None = None
    """It is on the way of that segment alone."""


NOTHING_KNOWN = Known()


def words(text: str, known: Known = NOTHING_KNOWN) -> Words:
    """Read what is said of a stage: pieces between commas, in any order. Raises Unread."""
    said = Words()
    for piece in pieces(text):
        left = piece
        while left:
            said, left = _read(said, left, known)
    if said.unmeasured and said.signals:
        raise Unread(f"It can't be unmeasured and start with `{said.signals[0]}`.")
    return said


_TOKEN = re.compile(r'"(?:[^"]|"")*"|“[^”]*”|<[@!][^<>]*>|.', re.DOTALL)


def pieces(text: str) -> list[str]:
    """What stands between commas and semicolons outside quotes; nothing empty."""
    found = [""]
    for mark in _TOKEN.findall(text):
        if mark in ",;\n":
            found.append("")
        else:
            found[-1] += mark
    return [piece.strip() for piece in found if piece.strip()]


def _read(said: Words, text: str, known: Known) -> tuple[Words, str]:
    """What the first words of a piece add, and the rest of it."""
    for pattern, key, value in _READERS:
        found = pattern.match(text)
        if found and (meant := value(found, known)) is not None:
            return _with(said, key, meant, found[0]), text[found.end() :].strip()
    meant_by_name = _by_name(text, known)
    if meant_by_name:
        return _with(said, *meant_by_name, text), ""
    raise Unread(f"I can't read “{shortened(text)}”. {ALLOWED}")


def _with(said: Words, key: str, value: Any, text: str) -> Words:
    if key == "":
        return said
    if key == "signals":
        assert isinstance(value, Signal)
        return said if value in said.signals else said._replace(signals=(*said.signals, value))
    held = getattr(said, key)
    if held != value and held is not None and key != "unmeasured":
        raise Unread(f"“{shortened(text.strip())}” says another thing than the words before it; one is enough.")
    return said._replace(**{key: value})


def shortened(text: str, most: int = 40) -> str:
    """Text that fits into a sentence."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _ending(pattern: str) -> re.Pattern[str]:
    """A pattern that ends where a word does."""
    return re.compile(rf"(?:{pattern})(?![\w/-])\s*", re.IGNORECASE)


def _whole(pattern: str) -> re.Pattern[str]:
    """A pattern and, as `rest`, all that follows it."""
    return re.compile(rf"(?:{pattern})(?:\s*[:=]\s*|\s+|(?=[\"“]))(?P<rest>.+)", re.IGNORECASE | re.DOTALL)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": WORKING_DAY, "w": 5 * WORKING_DAY}
_LENGTH = r"\d{1,7}(?:\.\d+)?\s*(?:s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ou)?rs?|h|d(?:ays?)?|w(?:eeks?)?)(?![a-z])"
_LENGTHS = rf"(?:{_LENGTH})(?:\s*(?:{_LENGTH}))*"


def target_of(text: str) -> int:
    """Working seconds of `90m`, `8h`, `2d`, `1d 4h` (a day is 8 hours, a week 5 days). Raises Unread."""
    seconds = sum(
        float(number) * _UNITS[unit.casefold()]
        for number, unit in re.findall(r"(\d{1,7}(?:\.\d+)?)\s*([smhdw])", text, re.IGNORECASE)
    )
    if not re.fullmatch(_LENGTHS, text.strip(), re.IGNORECASE) or not 1 <= seconds <= LONGEST_TARGET:
        raise Unread(f"“{shortened(text.strip())}” is no target. Allowed is working time from `1m` to `250d`.")
    return round(seconds)


def spelt(seconds: int) -> str:
    """Working seconds as `target_of` reads them."""
    if seconds % WORKING_DAY == 0 and seconds >= 2 * WORKING_DAY:
        return f"{seconds // WORKING_DAY}d"
    hours, rest = divmod(seconds, 3600)
    parts = [(hours, "h"), (rest // 60, "m"), (rest % 60, "s")]
    return " ".join(f"{n}{unit}" for n, unit in parts if n)


_BARE = re.compile(r"[^\W_](?:[\w.:#+-]*\w)?(?: [^\W_](?:[\w.:#+-]*\w)?)*")
_FIRST_WORDS = ("added", "for", "to")
_LAST_WORDS = ("added", "removed", "gone")


def unquoted(text: str) -> str:
    """A name as it was written, without the quotes around it."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text[1:-1] if len(text) > 1 and text[0] == "“" and text[-1] == "”" else " ".join(text.split())


def quoted(name: str) -> str:
    """A name so that it is read as it is."""
    parts = name.casefold().split()
    plain = _BARE.fullmatch(name) and parts[0] not in _FIRST_WORDS and parts[-1] not in _LAST_WORDS
    return name if plain else '"' + name.replace('"', '""') + '"'


def _label(found: re.Match[str], _: Known) -> Signal:
    rest = found["rest"].strip()
    bare, _space, last = rest.rpartition(" ")
    if bare and last.casefold() in _LAST_WORDS:
        return Signal(LABEL if last.casefold() == "added" else UNLABEL, _name(bare))
    return Signal(LABEL, _name(rest))


def _named(kind: str) -> Callable[[re.Match[str], Known], Signal]:
    return lambda found, _: Signal(kind, _name(found["rest"]))


def _name(text: str) -> str:
    name = unquoted(text)
    if not name.strip():
        raise Unread("A label, a column or an environment needs its name, as in `label qa`.")
    return name


_SYNONYMS = {
    "re review": "re_review", "re-review": "re_review", "merge": "merge", "released": "release", "open": "opened",
    "created": "opened", "reopened": "opened", "close": "closed", "drafted": "draft", "ready for review": "ready",
}  # fmt: skip
_PLAIN = {kind: kind for kind in PLAIN_SIGNALS} | _SYNONYMS


def _plain(found: re.Match[str], _: Known) -> Signal:
    return Signal(_PLAIN[" ".join(found[0].casefold().split())])


def _target(found: re.Match[str], _: Known) -> int:
    return target_of(found["length"])


def _somebody(found: re.Match[str], known: Known) -> Responsible:
    """Who `@name` is: somebody known, else a team where the name says so, else a person."""
    name = found["name"]
    if name.casefold() in ("channel", "here", "everyone"):
        raise Unread(f"“@{name}” is everybody; name one person or one team.")
    slug = name.rpartition("/")[2]
    if slug != name:
        return Responsible(TEAM, slug)
    person, team = _among(name, known.people), _among(name, known.teams)
    handle = next((group for group, said in known.groups.items() if said.casefold().lstrip("@") == name.casefold()), "")
    if handle and not person and not team:
        return Responsible(GROUP, handle)
    if team and not person:
        return Responsible(TEAM, team)
    return Responsible(PERSON, person) if person else Responsible(TEAM if _TEAMLY.search(name) else PERSON, name)


_TEAMLY = re.compile(r"(?:^|[-_.])(?:team|squad|guild|crew)s?(?:$|[-_.])", re.IGNORECASE)


def _among(name: str, names: tuple[str, ...]) -> str | None:
    return next((one for one in names if one.casefold() == name.casefold()), None)


def _account(found: re.Match[str], known: Known) -> Responsible:
    return Responsible(PERSON, known.accounts.get(found["id"], f"<@{found['id']}>"))


def _kind(kind: str) -> Callable[[re.Match[str], Known], Responsible]:
    return lambda found, _: Responsible(kind, found["name"].rpartition("/")[2])


def _always(value: object) -> Callable[[re.Match[str], Known], object]:
    return lambda *_: value


_LOGIN = r"(?P<name>[\w][\w./-]*(?:\[bot\])?)"
_READERS: tuple[tuple[re.Pattern[str], str, Callable[[re.Match[str], Known], object]], ...] = (
    (_whole("unlabel(?:l?ed)?|(?:without|no) label|label removed|removed label"), "signals", _named(UNLABEL)),
    (_whole("label(?:l?ed)?(?: added)?"), "signals", _label),
    (_whole("(?:board )?(?:status|column)|board"), "signals", _named(STATUS)),
    (_whole("deploy(?:ed|ment|s)?(?: to)?"), "signals", _named(DEPLOY)),
    (_whole("only(?: for)?|for segment"), "segment", lambda found, _: _name(found["rest"])),
    (_ending("no(?:t a)? signals?|un-?measured|not measured|nothing tells(?: it)?"), "unmeasured", _always(True)),
    (_ending("no target|nothing(?: is)? agreed|not agreed|open end(?:ed)?"), "target", _always(0)),
    (_ending("active|work(?:s|ing)?(?: on it)?|being worked on"), "active", _always(True)),
    (_ending("wait(?:s|ing)?(?: stage)?|queued?|idle"), "active", _always(False)),
    (_ending("(?:pr )?authors?|assignees?"), "responsible", _always(Responsible(AUTHOR))),
    (_ending("reviewers?"), "responsible", _always(Responsible(REVIEWERS))),
    (re.compile(r"<@(?P<id>\w+)(?:\|[^<>]*)?>\s*"), "responsible", _account),
    (re.compile(r"<!subteam\^(?P<name>\w+)(?:\|[^<>]*)?>\s*"), "responsible", _kind(GROUP)),
    (_ending(rf"(?:the )?team:? @?{_LOGIN}"), "responsible", _kind(TEAM)),
    (_ending(rf"(?:user )?group:? @?{_LOGIN}"), "responsible", _kind(GROUP)),
    (_ending(rf"(?:person|login|user):? @?{_LOGIN}"), "responsible", _kind(PERSON)),
    (re.compile(rf"@{_LOGIN}\s*"), "responsible", _somebody),
    (_ending(rf"(?:within |target:? |in |at most |max )?(?P<length>{_LENGTHS})"), "target", _target),
    (_ending("|".join(sorted(map(re.escape, _PLAIN), key=len, reverse=True))), "signals", _plain),
    (_ending("and|by|an?|the|it|its|is|starts?|when|with|on|us|done"), "", _always("")),
)
"""(what it looks like, the key it fills, its value); the first that fits is taken."""


def _by_name(text: str, known: Known) -> tuple[str, object] | None:
    """What a bare name means, where one is known: a signal or somebody."""
    bare = unquoted(text)
    signals = ((LABEL, known.labels), (STATUS, known.columns), (DEPLOY, known.environments))
    for kind, names in signals:
        if name := _among(bare, names):
            return "signals", Signal(kind, name)
    for kind, names in ((PERSON, known.people), (TEAM, known.teams)):
        if name := _among(bare, names):
            return "responsible", Responsible(kind, name)
    return None


def signal_said(signal: Signal) -> str:
    """A signal as `words` reads it."""
    return f"{signal.kind} {quoted(signal.name)}" if signal.name else signal.kind


def responsible_said(one: Responsible) -> str:
    """Who is responsible, as `words` reads it."""
    if one.kind in (AUTHOR, REVIEWERS):
        return "authors" if one.kind == AUTHOR else "reviewers"
    if one.kind == GROUP:
        return f"<!subteam^{one.name}>"
    if one.name.startswith("<"):
        return one.name
    teamly = _TEAMLY.search(one.name) is not None
    return f"@{one.name}" if teamly == (one.kind == TEAM) else f"{one.kind} {one.name}"


def words_of(stage: Stage, *, last: bool = False) -> str:
    """What is said of a stage, as `words` reads it; of the finish line only what isn't understood by itself."""
    return ", ".join(_words_of(stage, last=last))


def _words_of(stage: Stage, *, last: bool) -> Iterator[str]:
    if not (last and stage.active):
        yield "active" if stage.active else "wait"
    if stage.responsible:
        yield responsible_said(stage.responsible)
    if stage.target:
        yield spelt(stage.target)
    yield from map(signal_said, stage.signals)
    if stage.segment:
        yield f"only {quoted(stage.segment)}"
