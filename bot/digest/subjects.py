"""What a digest is about: a value stream, a repository, all of them, or what a channel is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.asking.people import NotKnown, Unseen, repos_called
from bot.context import Context
from bot.figures.scope import Scope, of_repos, of_stream
from bot.flow.calendar import Calendar
from bot.flow.mix import Bands
from bot.people.sight import named
from bot.store import digests
from bot.store.streams import name_key
from bot.streams.saving import all_streams

STREAM, REPO, ALL, CHANNEL = "stream:", digests.REPO, "all", ""
"""What a digest is about, as it is kept: the first two begin it, the others are all there is of it."""


class Subject(NamedTuple):
    """What a digest is about."""

    about: str
    """As it is kept."""
    name: str
    words: str
    """What stands behind a verb to ask about the same; empty for everything."""
    scope: Scope
    calendar: Calendar
    """By whose local days it comes and is told."""
    bands: Bands
    streams: tuple[str, ...] = ()
    """Value streams through the same repositories."""


def meant(ctx: Context, words: Sequence[str], channel: str | None) -> Subject:
    """What somebody means by words, or (without any) by asking in a channel. Raises NotKnown."""
    said = " ".join(words)
    if not said:
        return _of_channel(ctx, channel)
    if said.casefold() == ALL:
        return _everything(ctx)
    for held, _ in all_streams(ctx):
        if name_key(held.name) == name_key(said):
            return _of_stream(ctx, held.key)
    found = repos_called(ctx, said)
    if len(found) > 1:
        raise NotKnown(f"“{said[:60]}” may be {', '.join(found[:3])}; say which.")
    if not found:
        raise Unseen(
            f"I know no value stream and no repository “{said[:60]}”. /flow repos and /flow streams list them."
        )
    return _of_repo(ctx, found[0])


def kept(ctx: Context, about: str, channel: str | None) -> Subject:
    """What a kept digest is about. Raises NotKnown where that is not there any more."""
    if about.startswith(STREAM):
        return _of_stream(ctx, about.removeprefix(STREAM))
    if about.startswith(REPO):
        return _of_repo(ctx, about.removeprefix(REPO))
    if about == ALL:
        return _everything(ctx)
    found = _of_channel(ctx, channel)
    if found.about == ALL:
        raise NotKnown("No repository is mapped to the channel of this digest any more, so it ends.")
    return found


def _of_stream(ctx: Context, key: str) -> Subject:
    found = next((one for one in all_streams(ctx) if one[0].key == key), None)
    if found is None:
        raise NotKnown("The value stream of this digest is gone. /flow streams lists those there are.")
    held, stream = found
    calendar = ctx.policy.team_calendar(stream.repos[0]) if stream.repos else ctx.policy.calendar
    bands = ctx.policy.mix(stream=held.name)
    return Subject(f"{STREAM}{key}", held.name, f'"{held.name}"', of_stream(held, stream), calendar, bands)


def _of_repo(ctx: Context, repo: str) -> Subject:
    scope, policy = of_repos([repo], repo), ctx.policy
    return Subject(f"{REPO}{repo}", repo, repo, scope, policy.team_calendar(repo), policy.mix(repo=repo))


def _everything(ctx: Context) -> Subject:
    return Subject(ALL, "All repositories", "", of_repos(None), ctx.policy.calendar, ctx.policy.mix())


def _of_channel(ctx: Context, channel: str | None) -> Subject:
    """The one value stream through a channel's repositories, else these; everything where no channel has any."""
    mapped = (repo for repo, part in ctx.policy.file.repos.items() if part.follow and part.channel == channel)
    repos = sorted(named(ctx, mapped))
    if not repos or channel is None:
        return _everything(ctx)
    folded = {repo.casefold() for repo in repos}
    through = [held for held, stream in all_streams(ctx) if any(repo.casefold() in folded for repo in stream.repos)]
    if len(through) == 1:
        return _of_stream(ctx, through[0].key)._replace(about=CHANNEL)
    if len(repos) == 1:
        one = _of_repo(ctx, repos[0])
    else:
        name = f"{', '.join(repos[:3])}{f' and {len(repos) - 3} more' if repos[3:] else ''}"
        scope = of_repos(repos, name)
        one = Subject(CHANNEL, name, "", scope, ctx.policy.team_calendar(repos[0]), ctx.policy.mix())
    return one._replace(about=CHANNEL, streams=tuple(held.name for held in through))
