"""What the flow metrics mean, in words: as help and the handbook have them."""

from __future__ import annotations

from typing import NamedTuple


class Definition(NamedTuple):
    """A figure and what it is."""

    name: str
    says: str


DEFINITIONS = (
    Definition("Flow velocity", "items done in the period."),
    Definition(
        "Flow time",
        "from the start of work on an item until it is done: the median, and the time within which 85% were done, in "
        "working time and by the calendar.",
    ),
    Definition(
        "Flow load",
        "items begun and neither done nor dropped, at the end of each day, with the type each had that day. Their age "
        "is the time since they were begun (WIP age).",
    ),
    Definition(
        "Flow efficiency",
        "of the items done: time in active stages ÷ time in active and waiting stages, sum over sum, in working time.",
    ),
    Definition(
        "Flow distribution",
        "the share of the items done by type: features, defects, risks, debt, or unclassified. What an item was when "
        "it was done holds.",
    ),
    Definition(
        "Predictability",
        "the share of the items done within the expectation: the flow time that was agreed, else the one within which "
        "85% were done in the 90 days before. Beside it the spread of flow time: from its 15th to its 85th percentile.",
    ),
    Definition(
        "Waits",
        "for each stage and each kind of wait: how long those took that ended in the period (median, 85%), how many "
        "kept the agreed target, and the working time that all of them cost in the period, ended or not.",
    ),
    Definition("Rework loops", "how often an item done had gone back to an earlier stage, on average."),
    Definition("Hand-offs", "how often another became responsible for an item done, on average."),
)
HOW_COUNTED = (
    "Percentiles are the nearest rank, and n says of how many. What there is nothing of is –, never 0. What is open "
    "counts by its age. Items that bots opened are counted apart. Working time is that of the repository's team, in a "
    "kind of wait that of whoever had to act."
)
