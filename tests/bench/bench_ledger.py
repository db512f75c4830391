"""`weir waits` on 100,000 events against reading the same lines with json.loads and sorting them. Aim: at most 6 times.

The events are the sample's; WEIR_CORPUS names another event log, repeated under other numbers until it is long enough.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from bot import eventlog
from bot.flow.events import FlowEvent, parse_instant
from bot.sample import generate, policy_for
from tests.bench.measure import in_turn, say

EVENTS = 100_000
START = parse_instant("2025-01-06T00:00:00Z")
READ_AND_SORT = """
import json, sys
records = [json.loads(line) for line in open(sys.argv[1], "rb")]
records.sort(key=lambda record: (record["repo"], record["item"], record["at"], record.get("seq", 0)))
"""


def history() -> list[FlowEvent]:
    """100,000 events."""
    corpus = os.environ.get("WEIR_CORPUS")
    once = eventlog.read(corpus) if corpus else generate(1, START, 364)
    events: list[FlowEvent] = []
    while len(events) < EVENTS:
        turn = len(events)
        events += [one._replace(item=one.item + turn, id=f"{turn}-{one.id}") for one in once]
    return events[:EVENTS]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        log, policy = Path(folder) / "log.jsonl", Path(folder) / "weir.toml"
        eventlog.write(str(log), history())
        policy.write_text(policy_for(START, 364))
        weir = [
            sys.executable,
            "-m",
            "bot",
            "waits",
            "--events",
            str(log),
            "--policy",
            str(policy),
            "--format",
            "jsonl",
        ]
        ours, theirs = in_turn([weir, [sys.executable, "-c", READ_AND_SORT, str(log)]])
        say(f"weir waits, {EVENTS:,} events, against reading and sorting", ours, theirs, 6)


if __name__ == "__main__":
    main()
