"""Whom the policy calls by a login that they no longer have."""

from __future__ import annotations

from collections.abc import Iterator

from bot.checking.findings import Finding, warn
from bot.checking.hosts import is_current
from bot.context import Context
from bot.people.renaming import unsettled
from bot.store import renames
from bot.store.engine import reading


def renamed_findings(ctx: Context) -> Iterator[Finding]:
    """What is to be written by hand, as nobody but its author can change the file."""
    if not is_current(ctx.engine):
        return
    with reading(ctx.engine) as session:
        known = renames.everyone(session, ctx.workspace)
    for one in unsettled(ctx.policy, known):
        what = f"{one.old} is called {one.new} on the code host by now"
        if one.whole:
            what += f", and {ctx.policy.source} is read as if it said so"
            yield warn("people", what, f"write [people.{one.new}] in place of [people.{one.old}] there")
        else:
            what += f"; what was said of {one.old} stays with that login"
            yield warn("people", what, f"say whose each is: /flow link @person {one.new}, /flow link @person {one.old}")
