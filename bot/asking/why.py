"""Whose turn it was and is on one item."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.asking.people import NotKnown, repos_called, repos_known
from bot.context import Context
from bot.grammar import ItemRef, Misread
from bot.intake import settle
from bot.ledger import Line, lines
from bot.store import items, waits
from bot.store.engine import reading
from bot.store.waits import to_wait
from bot.views.why import Story

HOST = "github"


def story_of(ctx: Context, ref: ItemRef, now: int) -> Story:
    """What is kept of an item, and its waits with their figures as of `now`. Raises NotKnown, Misread."""
    key = (HOST, _repo(ctx, ref.repo), ref.number)
    settle(ctx, now, most=1)
    with reading(ctx.engine) as session:
        item = items.by_keys(session, ctx.workspace, [key]).get(key)
        rows = waits.of_items(session, ctx.workspace, [key]).get(key, [])
    site = f"{ref.site}/" if ref.site else ""
    if item is None or (ref.site and item.url and urlsplit(item.url).hostname != ref.site):
        raise NotKnown(f"I know of no {site}{key[1]}#{key[2]}: no webhook told of it, and it was not read.")
    told = sorted(lines(map(to_wait, rows), ctx.policy, now), key=_in_time)
    return Story(
        repo=key[1], item=key[2], type=item.type, title=item.title, url=item.url, author=item.author,
        opened_at=item.opened_at, live=item.live, ready=item.ready, merged=item.merged,
        nobody_to_ask=item.nobody_to_ask, lines=tuple(told),
    )  # fmt: skip


def _in_time(line: Line) -> tuple[int, str, str]:
    return (line.wait.since, line.wait.kind, line.wait.on)


def _repo(ctx: Context, name: str | None) -> str:
    """The one repository that is meant. Raises NotKnown where there is none, Misread where there are several."""
    found = repos_known(ctx) if name is None else repos_called(ctx, name)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotKnown("I follow no repository yet." if name is None else f"I know no repository “{name}”.")
    named = ", ".join(found[:3]) + (" …" if found[3:] else "")
    raise Misread(f"There is more than one repository it may be in ({named}); say which.", "why")
