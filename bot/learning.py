"""What the stored past says about targets: how long waits took, what that suggests, and what targets would mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.backtest import forecast
from bot.context import Context
from bot.flow.learning import Forecast, Lengths, lengths
from bot.flow.waits import Wait
from bot.policy import Policy
from bot.policy_file import PolicyFile, spelt
from bot.said import laid, value_at
from bot.store import past
from bot.store.engine import reading
from bot.store.waits import to_wait

DAY = 86_400
LATELY = 90 * DAY
"""Seconds of the past that lengths are taken from."""
TRIED = 30 * DAY
"""Seconds of the past that targets are tried out on."""
BEFORE = 7 * DAY
"""Seconds before those from which ended waits are looked at too: what people heard then bears on what they hear."""


class Learnt(NamedTuple):
    """What the history of a repository taught at an instant."""

    at: int
    lengths: list[Lengths]
    targets: dict[str, int]
    """What is suggested, in working seconds by kind of wait."""
    forecast: Forecast
    """Of those targets, over the last thirty days."""

    def told(self) -> dict[str, Any]:
        """As it is kept (JSON)."""
        return {**self._asdict(), "lengths": [list(one) for one in self.lengths], "forecast": list(self.forecast)}


def learnt_of(told: Mapping[str, Any]) -> Learnt:
    """What was kept."""
    kinds = [Lengths(*one) for one in told["lengths"]]
    return Learnt(told["at"], kinds, told["targets"], _forecast(*told["forecast"]))


def learn(ctx: Context, repo: str, now: int) -> Learnt:
    """What the stored history of a repository suggests, and what that would have meant."""
    with reading(ctx.engine) as session:
        rows = past.waits_since(session, ctx.workspace, now - LATELY, [repo])
    found = lengths_of(rows, ctx.policy, now)
    suggested = {one.kind: one.suggested for one in found if one.suggested is not None}
    policy = with_targets(ctx.policy, repo, unless_set(ctx.policy, repo, suggested), silent=False)
    return Learnt(now, found, suggested, forecast_of(rows, policy, now))


def lengths_of(rows: Iterable[Row[Any]], policy: Policy, now: int) -> list[Lengths]:
    """How long the ended ones among stored waits took."""
    ended = (to_wait(row) for row in rows if row.until is not None)
    return lengths((wait.kind, policy.clock(wait).age(now)) for wait in ended)


def _forecast(*told: Any) -> Forecast:
    found = Forecast(*told)
    return found._replace(logins=tuple(found.logins))


def forecast_of(rows: Iterable[Row[Any]], policy: Policy, now: int) -> Forecast:
    """What a policy would have meant over the last thirty days."""
    start = now - TRIED
    return forecast(_lately(rows, start - BEFORE), policy, start, now)


def _lately(rows: Iterable[Row[Any]], since: int) -> list[Wait]:
    return [to_wait(row) for row in rows if row.until is None or row.until >= since]


def unless_set(policy: Policy, repo: str, targets: Mapping[str, int]) -> dict[str, int]:
    """Those of the targets of whose kind the repository has none of its own."""
    return {
        kind: seconds
        for kind, seconds in targets.items()
        if value_at(policy.file, ("repos", repo, "targets", kind)) is None
    }


def with_targets(policy: Policy, repo: str | None, targets: Mapping[str, int], *, silent: bool | None = None) -> Policy:
    """The policy with these targets, of a repository or (None) of the workspace, laid over it; nothing is changed."""
    part: dict[str, Any] = {"targets": {kind: spelt(seconds) for kind, seconds in targets.items()}}
    if silent is not None:
        part["silent"] = silent
    over = PolicyFile.model_validate(part if repo is None else {"repos": {repo: part}})
    return replace(policy, file=laid(policy.file, over))


def past_lately(session: Session, ctx: Context, repos: Iterable[str] | None, now: int) -> list[Row[Any]]:
    """The stored waits that lengths and forecasts are made of, of followed repositories."""
    rows = past.waits_since(session, ctx.workspace, now - LATELY, repos)
    return [row for row in rows if ctx.policy.follows(row.repo)]
