"""What is known in the tests of the mapping conversation."""

from __future__ import annotations

from collections import Counter
from datetime import date

from bot.flow.mapping import Facts
from bot.flow.measures import Begun, StageMeasure, StreamMeasures, Times
from bot.flow.proposal import Proposal, ProposedStage
from bot.flow.stream import AUTHOR, REVIEWERS, Responsible, Signal, Stage, Stream
from bot.flow.stream_words import Known

HOUR = 3600
TODAY = date(2026, 3, 2)
NOTHING = Facts(TODAY)
"""A team without history, of which not even a repository is connected."""


def proposed(name: str, active: bool, held: str | None, signal: Signal, n: int, *figures: float) -> ProposedStage:
    """A stage with its median and 85th percentile in hours and its share of the time."""
    median, p85, share = (int(figures[0] * HOUR), int(figures[1] * HOUR), figures[2]) if figures else (None,) * 3
    stage = Stage(name, active, Responsible(held) if held else None, (signal,))
    return ProposedStage(stage, n, median, p85, share, f"{n} items were there.")


PROPOSAL = Proposal(
    (
        proposed("Idea", False, None, Signal("opened"), 64, 12, 40, 0.22),
        proposed("Coding", True, AUTHOR, Signal("assigned"), 70, 9, 20, 0.18),
        proposed("Review", False, REVIEWERS, Signal("review"), 88, 6, 15, 0.15),
        proposed("QA", False, None, Signal("label", "qa"), 61, 14, 33, 0.45),
        proposed("Live", True, None, Signal("deploy", "production"), 58),
    ),
    "An issue is opened",
    "It is deployed to production",
    64,
)
KNOWN = Known(
    ("alice", "bob"), ("qa-team",), {"U1": "alice"}, {"S1": "@ops"}, ("qa", "bug"), ("In progress",), ("production",)
)
KNOWING = Facts(
    TODAY, PROPOSAL, ("acme/shop", "acme/web"), KNOWN, others=(Stream("refunds", (Stage("a", True), Stage("b", True))),)
)
"""A team whose history made a good proposal."""


def measured(name: str, active: bool, n: int, begun: int, median: int, share: float) -> StageMeasure:
    times = Times(n, median * HOUR, 2 * median * HOUR, 3 * median * HOUR, 6 * median * HOUR, n * median * HOUR)
    return StageMeasure(name, active, times, share, 0, 0, begun, ())


MEASURES = StreamMeasures(
    0, 90 * 86_400, 90 * 86_400,
    (
        measured("Idea", False, 60, 80, 12, 0.22), measured("Coding", True, 58, 60, 9, 0.18),
        measured("Review", False, 88, 90, 6, 0.15), measured("QA", False, 61, 62, 14, 0.45),
    ),
    Counter({("Review", "Coding"): 21, ("QA", "Coding"): 2}), Times(58, 40 * HOUR, 90 * HOUR, 1, 1, 1),
    3, 24, 100, 300, 4.2,
)  # fmt: skip
BEGUN = tuple(Begun(login, tuple(("github", "acme/shop", n) for n in range(many))) for login, many in
              (("alice", 5), ("bob", 4), ("carol", 1)))  # fmt: skip
MEASURED = KNOWING._replace(measures=MEASURES, begun=BEGUN)
"""The same once the map was measured."""
