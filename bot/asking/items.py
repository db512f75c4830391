"""Which item somebody means."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.asking.people import Unseen, repos_called, repos_known
from bot.context import Context
from bot.flow.events import ItemKey
from bot.grammar import ItemRef, Misread
from bot.people.sight import HOST, seen_items
from bot.store import items
from bot.store.engine import reading

_NONE = "I follow no repository yet. /flow connect OWNER/REPO follows one."


def key_of(ctx: Context, ref: ItemRef, verb: str) -> ItemKey:
    """The item that is named behind a verb. Raises NotKnown where nothing is kept of it, and Misread."""
    key = (HOST, repo_of(ctx, ref.repo, verb, ref.number), ref.number)
    with reading(ctx.engine) as session:
        item = items.by_keys(session, ctx.workspace, [key]).get(key)
    site = f"{ref.site}/" if ref.site else ""
    if (
        item is None
        or key not in seen_items(ctx, [key])
        or (ref.site and item.url and urlsplit(item.url).hostname != ref.site)
    ):
        raise Unseen(f"I know of no {site}{key[1]}#{key[2]}: no webhook told of it, and it was not read.")
    return key


def repo_of(ctx: Context, name: str | None, verb: str, item: int | None = None) -> str:
    """The one repository that is meant; where it is for an `item`, that of one which may be shown will do.

    Raises NotKnown where there is none, Misread where there are several.
    """
    found = repos_known(ctx, item) if name is None else repos_called(ctx, name, item)
    if len(found) == 1:
        return found[0]
    if not found:
        raise Unseen(_NONE if name is None else f"I know no repository “{name}”. /flow repos lists those that I know.")
    named = ", ".join(found[:3]) + (" …" if found[3:] else "")
    raise Misread(f"There is more than one repository it may be in ({named}); say which.", verb)
