"""What several words mean together: targets, logins, days away, mutes and administrators."""

from __future__ import annotations

from bot.flow.waits import KINDS
from bot.grammar.days import ALLOWED as ALLOWED_DAYS
from bot.grammar.days import days_words, is_length
from bot.grammar.kinds import PersonKind, repo_in
from bot.grammar.values import (
    AdminWords,
    AwayWords,
    DayWords,
    ItemRef,
    LinkWords,
    Login,
    Me,
    Member,
    Misread,
    MuteWords,
    TargetWords,
)
from bot.policy_file import duration

TARGETS = (
    "Allowed are a repository (or nothing, for all of them), and behind it pairs of a kind of wait ("
    f"{', '.join(f'`{kind}`' for kind in KINDS)}) and its working time: `90m`, `8h`, `2d` (a day is 8 hours), or "
    "`none`."
)
AWAY = f"Allowed are nothing (from today on), a day, `until` a day, and a day `to` a day. {ALLOWED_DAYS}"
UNTIL = f"Behind it may stand `until` and the last silent day. {ALLOWED_DAYS}"
MAP = (
    "Allowed is a name, and behind it export (the map as YAML), import (one taken in) or discard (what was answered so "
    "far is given up)."
)
STREAM = (
    "Allowed is a value stream's name, and behind it `picture`, `history`, `export`, `measure`, which has all of its "
    "items measured again, or `delete`."
)
STAGE = (
    "Allowed are a value stream's name, a stage's, and behind them what is to be: `active` or `wait`, who is "
    "responsible (`authors`, `reviewers`, `@name`, `team NAME`), a target in working time (`8h`, or `no target`), "
    "what tells of it (`label NAME`, `status NAME`, `deploy NAME`, `merged` …), or `rename`, `does`, `proof` or "
    "`policy` with words of yours."
)
_WHICH = "Allowed are the last day (`until friday`), or that day alone (`in 3 days`)."
_TO = ("to", "until", "till", "through", "-", "–", "—")


def target_words(words: tuple[str, ...]) -> TargetWords:
    """A repository or none, then pairs of a kind of wait and its working time. Raises Misread."""
    repo = repo_in(words[0]) if words and _kind(words[0]) is None else None
    if words and repo is None and _kind(words[0]) is None:
        raise Misread(f"“{words[0]}” is no repository and no kind of wait.")
    if repo and "/" not in repo and words[1:] and _is_working_time(words[1]):
        raise Misread(f"No kind of wait stands before “{words[1]}”: “{words[0]}” is none.")
    pairs = words[1:] if repo else words
    targets: dict[str, int] = {}
    for word, length in zip(pairs[::2], [*pairs[1::2], None], strict=False):
        kind = _kind(word)
        if kind is None:
            raise Misread(f"“{word}” is no kind of wait.")
        if kind in targets:
            raise Misread(f"“{word}” stands there twice.")
        targets[kind] = _seconds(word, length)
    return TargetWords(repo, targets)


def _kind(word: str) -> str | None:
    kind = word.casefold().replace("-", "_")
    return kind if kind in KINDS else None


def _seconds(kind: str, length: str | None) -> int:
    if length is None:
        raise Misread(f"How long “{kind}” may take is missing.")
    if not _is_working_time(length):
        raise Misread(f"“{length}” is no working time.")
    return 0 if length.casefold() in _NONE else duration(length.casefold())


_NONE = ("none", "off")


def _is_working_time(word: str) -> bool:
    try:
        return word.casefold() in _NONE or duration(word.casefold()) >= 0
    except ValueError:
        return False


def link_words(words: tuple[Me | Member | Login, ...]) -> LinkWords:
    """A login, and whose it is where it is somebody else's; in either order. Raises Misread."""
    logins = [word.login for word in words if isinstance(word, Login)]
    if not logins:
        raise Misread("The login on the code host is missing.")
    if len(logins) > 1 or len(words) > 2:
        raise Misread("That is more than one login and one person.")
    users = [word.id for word in words if isinstance(word, Member)]
    return LinkWords(users[0] if users else None, logins[0])


def away_words(words: tuple[str, ...]) -> AwayWords:
    """When somebody is away: from now on, until a day, on a day, or from a day to a day. Raises Misread."""
    folded = [word.casefold() for word in words]
    if not words:
        return AwayWords(None, None)
    if folded[0] in _TO:
        return AwayWords(None, _day(words[1:], words[0]))
    begins = 1 if folded[0] == "from" else 0
    end = next((place for place, word in enumerate(folded) if word in _TO), None)
    start = _day(words[begins:end], "from")
    if end is None:
        if is_length(start.text):
            raise Misread(f"“{start.text}” may be how long or which day.", allowed=_WHICH)
        return AwayWords(start, None if begins else start)
    until = _day(words[end + 1 :], words[end])
    if until.text.casefold() == start.text.casefold():
        raise Misread(f"“{' '.join(words)}” names one day twice; a single day is said once.", allowed=ALLOWED_DAYS)
    return AwayWords(start, until)


def mute_words(target: ItemRef | str, words: tuple[str, ...]) -> MuteWords:
    """An item or a repository, and until when. Raises Misread."""
    until = None
    if words:
        until = _day(words[1:], words[0]) if words[0].casefold() in _TO else _day(words, "until")
    return unmute_words(target)._replace(until=until)


def unmute_words(target: ItemRef | str | None) -> MuteWords:
    """An item, a repository, or neither of them."""
    return MuteWords(None, target) if isinstance(target, str) else MuteWords(target, None)


def admin_words(add: bool | None, user: str | None) -> AdminWords:
    """Whom to add or to remove, or nothing of both. Raises Misread."""
    if add is not None and user is None:
        raise Misread(f"Whom to {'add' if add else 'remove'} is missing.", allowed=PersonKind.allowed)
    return AdminWords(add, user)


def _day(words: tuple[str, ...], behind: str) -> DayWords:
    if not words:
        raise Misread(f"The day behind “{behind}” is missing.", allowed=ALLOWED_DAYS)
    return days_words(" ".join(words))
