"""Whose turn it was and is on one item."""

from __future__ import annotations

from bot.asking.items import key_of
from bot.asking.tracing import chains_of
from bot.asking.value import known_now
from bot.context import Context
from bot.grammar import WHY, ItemRef
from bot.intake import settle
from bot.ledger import Line, lines
from bot.store import answers, items, waits
from bot.store.answers import ON_IT
from bot.store.engine import reading
from bot.store.holding_back import held_back
from bot.store.waits import to_wait
from bot.views.why import Story


def story_of(ctx: Context, ref: ItemRef, now: int) -> Story:
    """What is kept of an item, and its waits with their figures as of `now`. Raises NotKnown, Misread."""
    settle(ctx, now, most=1)
    key = key_of(ctx, ref, WHY)
    traceable = bool(known_now(ctx).said)
    with reading(ctx.engine) as session:
        item = items.by_keys(session, ctx.workspace, [key])[key]
        rows = waits.of_items(session, ctx.workspace, [key]).get(key, [])
        going = {row.id: (row.kind, row.holder) for row in rows if row.until is None}
        said = answers.latest(session, ctx.workspace, going)
        untold = held_back(session, ctx.workspace, going)
    until = {answer.wait_id: answer.until or 0 for answer in said.values() if answer.kind == ON_IT}
    on_it = {(row.kind, row.holder): until[row.id] for row in rows if until.get(row.id, 0) > now}
    told = sorted(lines(map(to_wait, rows), ctx.policy, now), key=_in_time)
    return Story(
        repo=key[1], item=key[2], type=item.type, title=item.title, url=item.url, author=item.author,
        opened_at=item.opened_at, live=item.live, ready=item.ready, merged=item.merged,
        nobody_to_ask=item.nobody_to_ask, lines=tuple(told), on_it=on_it, followed=ctx.policy.follows(key[1]),
        held_back=frozenset(going[id_] for id_ in untold), traceable=traceable,
        chains=tuple(chains_of(ctx, key)) if traceable else (),
    )  # fmt: skip


def _in_time(line: Line) -> tuple[int, str, str]:
    return (line.wait.since, line.wait.kind, line.wait.on)
