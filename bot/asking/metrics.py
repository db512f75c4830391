"""The flow metrics of a value stream, a repository or all of them, in a period that people name."""

from __future__ import annotations

from collections.abc import Sequence

from bot.asking.admins import must_be_admin
from bot.asking.people import NotKnown, Unseen, repos_called, repos_known
from bot.asking.streams import meant
from bot.context import Context
from bot.figures.reading import figures_of
from bot.figures.scope import Scope, of_repos, of_stream
from bot.flow.metrics import Going
from bot.grammar import METRICS, Misread
from bot.grammar.periods import Period, period_of, usual
from bot.intake import settle
from bot.people.sight import seen_items
from bot.policy_file import duration, spelt
from bot.said import Change, current, say
from bot.store import items
from bot.store.engine import reading
from bot.views.metrics import Expected, Metrics, Oldest

EXPECT = "expect"
"""Behind it stands what is agreed on."""
_LENGTHS = "Allowed is a working time such as `12h` or `5d` (a day is 8 hours), or `none`."
_SINCE_DAYS = 90
MOST_OLDEST = 3
"""Items in progress that are named."""


def metrics_of(ctx: Context, words: Sequence[str], now: int) -> Metrics:
    """The metrics of whom and when words say; a period's days are those of the workspace's calendar, so that all see
    the same. Raises Misread and NotKnown.
    """
    scope, rest = scope_meant(ctx, words)
    period = _period(ctx, " ".join(rest), now, "" if scope.name else "neither a value stream nor a repository, and ")
    settle(ctx, now, most=1)
    figures = figures_of(ctx, scope, period.since, period.until, now)
    oldest = _oldest(ctx, figures.going[:MOST_OLDEST]) if figures.until == now else ()
    return Metrics(scope.name, period.said, figures, oldest)


def _oldest(ctx: Context, going: Sequence[Going]) -> list[Oldest]:
    shown = seen_items(ctx, [one.key for one in going])
    with reading(ctx.engine) as session:
        rows = items.by_keys(session, ctx.workspace, shown)
    return [Oldest(one, rows[one.key].title, rows[one.key].url) for one in going if one.key in rows]


def _period(ctx: Context, text: str, now: int, nor: str) -> Period:
    if not text:
        return usual(now)
    found = period_of(text, ctx.policy.calendar, now)
    if found is None:
        raise Misread(f"“{text}” is {nor}no period that I can make out.", METRICS)
    return found


def scope_meant(ctx: Context, words: Sequence[str]) -> tuple[Scope, tuple[str, ...]]:
    """The stream or repository that words begin with, and the words behind it; all repositories where they name none.

    Raises Misread where a repository's name may mean several.
    """
    try:
        held, stream, rest = meant(ctx, words)
        return of_stream(held, stream), rest
    except NotKnown:
        pass
    found = repos_called(ctx, words[0]) if words else []
    if len(found) > 1:
        raise Misread(f"“{words[0]}” may be {', '.join(found[:3])}; say which.", METRICS)
    if found:
        return of_repos(found, found[0]), tuple(words[1:])
    if words and "/" in words[0]:
        known = ", ".join(repos_known(ctx)[:5])
        raise Unseen(f"I know no repository “{words[0][:60]}”. Known are {known or 'none yet'}.")
    return of_repos(None), tuple(words)


def expect(ctx: Context, user: str, words: Sequence[str], now: int) -> Expected:
    """Agree on within which working time items of a repository, or of all, are expected to be done.

    Raises NotAllowed, Misread and NotKnown, and then nothing is changed.
    """
    must_be_admin(ctx, user, now)
    place = [word.casefold() for word in words].index(EXPECT)
    scope, rest = scope_meant(ctx, words[:place])
    if rest or scope.version is not None:
        raise Misread(f"“{' '.join(words[:place])}” is no repository.", METRICS, "Allowed is one, or nothing for all.")
    repo, seconds = scope.name, _working_time(words[place + 1 :])
    path = ("flow", "expectation") if repo is None else ("repos", repo, "expectation")
    say(ctx, [Change(path, spelt(seconds))], user, now)
    told = figures_of(current(ctx), scope, now - _SINCE_DAYS * 86_400, now, now).predictability
    return Expected(repo, seconds or None, told.kept, told.n)


def _working_time(words: Sequence[str]) -> int:
    said = " ".join(words)
    try:
        return 0 if said.casefold() in ("none", "off") else duration(said.casefold())
    except ValueError:
        raise Misread(f"“{said}” is no working time." if said else "How long is missing.", METRICS, _LENGTHS) from None
