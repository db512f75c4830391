"""Figures as one JSON object, keys in the documented order; durations are seconds, nothing is null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.flow.events import show_instant
from bot.flow.measures import Times
from bot.flow.metrics import FlowFigures, Going, Waited
from bot.flow.metrics.load import Day
from bot.flow.work import TYPES, UNCLASSIFIED

MOST_OLDEST = 10
"""Items that are named of what is in progress, the oldest first."""


def as_record(name: str | None, told: FlowFigures) -> dict[str, Any]:
    """The figures of a stream or repository; None names all repositories."""
    return {
        "of": name,
        "since": show_instant(told.since),
        "until": show_instant(told.until),
        "velocity": {"items": told.velocity, "by_type": _counts(told.done_by_type), "dropped": told.dropped},
        "flow_time": _times(told.flow_time),
        "load": _load(told),
        "in_progress": {**_times(told.ages), "oldest": [_going(one) for one in told.going[:MOST_OLDEST]]},
        "efficiency": {
            "share": told.efficiency, "n": told.velocity,
            "active_seconds": told.active_time, "waiting_seconds": told.waiting_time,
        },
        "distribution": {"n": told.velocity, "shares": told.distribution and _shares(told.distribution)},
        "predictability": _predictability(told),
        "stages": [{"stage": one.name, "active": one.active, **_waited(one)} for one in told.stages],
        "waits": [{"kind": one.name, **_waited(one)} for one in told.kinds],
        "rework_loops": {"per_item": told.loops, "n": told.velocity},
        "hand_offs": {"per_item": told.hand_offs, "n": told.velocity},
        "bots": {"done": told.bots.done, "in_progress": told.bots.load, "flow_time": _times(told.bots.flow_time)},
    }  # fmt: skip


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {kind: counts.get(kind, 0) for kind in (*TYPES, UNCLASSIFIED)}


def _shares(shares: Mapping[str, float]) -> dict[str, float]:
    return {kind: shares.get(kind, 0.0) for kind in (*TYPES, UNCLASSIFIED)}


def _times(times: Times) -> dict[str, int | None]:
    return {
        "n": times.n,
        "median_seconds": times.median, "p85_seconds": times.high,
        "median_calendar_seconds": times.calendar_median, "p85_calendar_seconds": times.calendar_high,
    }  # fmt: skip


def _load(told: FlowFigures) -> dict[str, Any]:
    load = told.load
    return {
        "before": load.before, "begun": load.begun, "ended": load.ended, "items": load.items,
        "by_type": _counts(load.by_type), "item_seconds": load.item_seconds,
        "days": [_day(one) for one in load.days],
    }  # fmt: skip


def _day(one: Day) -> dict[str, Any]:
    return {
        "day": one.day.isoformat(), "items": one.items, "by_type": _counts(one.by_type),
        "item_seconds": one.item_seconds,
    }  # fmt: skip


def _going(one: Going) -> dict[str, Any]:
    _, repo, item = one.key
    return {
        "repo": repo, "item": item, "type": one.type, "stage": one.stage, "began_at": show_instant(one.began_at),
        "age_seconds": one.age, "age_calendar_seconds": one.calendar_age,
    }  # fmt: skip


def _predictability(told: FlowFigures) -> dict[str, Any]:
    one = told.predictability
    return {
        "expectation_seconds": one.expectation, "agreed": one.agreed, "n": one.n, "kept": one.kept, "share": one.share,
        "p15_seconds": one.low, "p85_seconds": one.high,
    }  # fmt: skip


def _waited(one: Waited) -> dict[str, Any]:
    return {
        **_times(one.times),
        "targeted": one.targeted, "kept": one.kept, "attainment": one.attainment, "lost_seconds": one.lost,
        "open": len(one.open),
    }  # fmt: skip
