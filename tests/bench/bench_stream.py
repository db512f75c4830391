"""Measuring a changed map over 200,000 events, against reading them. Aim: 100,000 events a second, or at most 4 times.

Timed are folding every flow item into its journey and measuring the stream; the other side reads the events from JSON
lines. The events are the sample's; WEIR_CORPUS names another event log. Either is repeated under other numbers until
it is long enough.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bot import eventlog
from bot.flow.events import FlowEvent, parse_instant
from bot.flow.measures import StreamMeasures, measure
from bot.flow.stages import flow_items, journey
from bot.flow.stream import Responsible, Signal, Stage, Stream
from bot.flow.waits import by_item
from bot.policy import Policy, parse_policy
from bot.sample import generate, policy_for
from tests.bench.measure import say, seconds

EVENTS = 200_000
START = parse_instant("2025-01-06T00:00:00Z")
NOW = parse_instant("2026-09-01T00:00:00Z")
AUTHOR, REVIEWERS = Responsible("author"), Responsible("reviewers")
PLAIN = (
    Stage("Coding", active=True, responsible=AUTHOR, signals=(Signal("draft"), Signal("label", "wip"))),
    Stage("Open", active=False, responsible=AUTHOR, signals=(Signal("ready"), Signal("unlabel", "wip"))),
    Stage("Merged", active=False, responsible=AUTHOR, signals=(Signal("merged"),)),
    Stage("Live", active=False, signals=(Signal("deploy", "production"), Signal("closed"))),
)
TURNS = (
    PLAIN[0],
    Stage("Review", active=False, responsible=REVIEWERS, signals=(Signal("review"), Signal("re_review"))),
    Stage("Rework", active=True, responsible=AUTHOR, signals=(Signal("rework"), Signal("respond"), Signal("fix"))),
    Stage("Ready to merge", active=False, responsible=AUTHOR, signals=(Signal("merge"),)),
    *PLAIN[2:],
)
STREAMS = {"by turns": Stream("shop", TURNS), "without turns": Stream("shop", PLAIN)}


def history() -> list[FlowEvent]:
    """200,000 events."""
    corpus = os.environ.get("WEIR_CORPUS")
    once = eventlog.read(corpus) if corpus else generate(1, START, 364)
    events: list[FlowEvent] = []
    while len(events) < EVENTS:
        turn = len(events)
        events += [one._replace(item=one.item + turn, id=f"{turn}-{one.id}") for one in once]
    return events[:EVENTS]


def measured(events: list[FlowEvent], stream: Stream, policy: Policy) -> StreamMeasures:
    """What a changed map costs."""
    items = flow_items(by_item(events))
    found = [journey(key, histories, stream, policy.rules) for key, histories in items.items()]
    return measure(stream, [one for one in found if one is not None], policy.team_calendar, START, NOW, NOW)


def main() -> None:
    policy = parse_policy(policy_for(START, 364), "the sample policy")
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "log.jsonl")
        eventlog.write(log, history())
        events = eventlog.read(log)
        reading = seconds(lambda: eventlog.read(log), runs=3)
        for name, stream in STREAMS.items():
            taken = seconds(lambda stream=stream: measured(events, stream, policy), runs=3)  # type: ignore[misc]
            say(f"a map {name} over {EVENTS:,} events, against reading them", taken, reading, 4)
            print(f"  {EVENTS / taken:,.0f} events a second (aim: 100,000)")


if __name__ == "__main__":
    main()
