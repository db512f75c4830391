"""Figures for whoever runs Weir, as Prometheus reads them.

What happens in this process is counted here; what all processes share is read from the database when asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.context import Context
from bot.said import current
from bot.serving.workspaces import Workspaces
from bot.store.engine import reading
from bot.store.figures import Figures, figures, summed

log = structlog.get_logger()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Telemetry:
    """Counters of one process in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.deliveries = Counter(
            "weir_deliveries", "Webhook deliveries by result.", ["host", "result"], registry=self.registry
        )
        self.events = Counter("weir_events", "Flow events that were new, by road.", ["road"], registry=self.registry)
        self.jobs = Counter("weir_jobs", "Runs of jobs by result.", ["job", "result"], registry=self.registry)
        self.done = Counter("weir_job_work", "What jobs got done, in their own units.", ["job"], registry=self.registry)
        self.github_calls = Counter("weir_github_calls", "Calls made to GitHub to reconcile.", registry=self.registry)
        self.github_points = Counter("weir_github_points", "GraphQL points spent to reconcile.", registry=self.registry)
        self.last_run = Gauge("weir_job_last_run_seconds", "When a job last began.", ["job"], registry=self.registry)

    def show(self) -> str:
        """The figures in Prometheus' text format."""
        return generate_latest(self.registry).decode()


class SharedFigures(Collector):
    """What the database knows of all workspaces together, read at the moment of asking.

    Where there may be several, nothing names one of them, or a repository of theirs.
    """

    def __init__(self, served: Workspaces) -> None:
        self._served = served

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            found = [_read(current(ctx)) for ctx in self._served.contexts()]
        except Exception as error:
            log.warning("figures not readable", why=type(error).__name__)
            yield GaugeMetricFamily("weir_database_up", "Whether the database could be read.", 0)
            return
        yield GaugeMetricFamily("weir_database_up", "Whether the database could be read.", 1)
        yield from _families(summed([one.figures for one in found]), sum(one.unmapped for one in found))


class _Read(NamedTuple):
    figures: Figures
    unmapped: int
    """People whose turn it is and who aren't mapped."""


def _read(ctx: Context) -> _Read:
    with reading(ctx.engine) as session:
        found = figures(session, ctx.workspace, ctx.clock.now())
    if ctx.owners is not None and found.webhook_ages:
        found = replace(found, webhook_ages={("any",): min(found.webhook_ages.values())})
    return _Read(found, sum(ctx.policy.person(holder).slack is None for holder in found.holders))


def _families(found: Figures, unmapped: int) -> Iterator[Metric]:
    mapped = len(found.holders) - unmapped
    yield _counts("weir_messages", "Messages by state and rung.", ["state", "rung"], found.messages)
    yield _counts("weir_messages_failed", "Messages given up, by Slack's reason.", ["reason"], found.failures)
    yield _counts("weir_unreachable_addresses", "Accounts and channels nothing reaches.", ["reason"], found.problems)
    yield _counts("weir_nudges", "Steps of reminders that were claimed, by step.", ["rung"], found.nudges)
    yield _counts("weir_answers", "Answers to reminders.", ["kind", "reason"], found.answers)
    yield GaugeMetricFamily("weir_mapped_holders", "People whose turn it is and who are mapped.", mapped)
    yield GaugeMetricFamily("weir_unmapped_holders", "People whose turn it is and who aren't mapped.", unmapped)
    yield GaugeMetricFamily("weir_outbox_pending", "Messages decided on and not yet sent.", found.pending)
    yield GaugeMetricFamily("weir_open_waits", "Waits that are open.", found.open_waits)
    yield GaugeMetricFamily("weir_due_lag_seconds", "How long the oldest due wait was not looked at.", found.due_lag)
    yield GaugeMetricFamily("weir_outbox_lag_seconds", "How long the oldest message is due.", found.outbox_lag)
    yield _counts("weir_webhook_age_seconds", "Since the last webhook of a repository.", ["repo"], found.webhook_ages)


def _counts(name: str, said: str, labels: list[str], counts: dict[tuple[str, ...], int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=labels)
    for key, count in counts.items():
        family.add_metric(key, count)
    return family
