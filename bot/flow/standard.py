"""The value stream of whoever has not mapped one: the way of a pull request as its turns tell it."""

from __future__ import annotations

from bot.flow.stream import AUTHOR, REVIEWERS, Responsible, Signal, Stage, Stream

_AUTHOR, _REVIEWERS = Responsible(AUTHOR), Responsible(REVIEWERS)


def _stage(name: str, responsible: Responsible | None, *signals: str, active: bool) -> Stage:
    return Stage(name, active, responsible, tuple(Signal(kind) for kind in signals))


STANDARD = Stream(
    "Pull requests",
    (
        _stage("Coding", _AUTHOR, "draft", active=True),
        _stage("Waiting for a reviewer", _AUTHOR, "ready", "assign", active=False),
        _stage("Review", _REVIEWERS, "review", "re_review", active=False),
        _stage("Rework", _AUTHOR, "rework", "respond", "fix", active=True),
        _stage("Ready to merge", _AUTHOR, "merge", active=False),
        _stage("Merged", None, "merged", active=False),
    ),
    trigger="A pull request is opened",
    finish="It is merged",
)
"""It goes through every repository. Work begins when the first pull request of an item is opened, and is done once one
is merged. A review waits for its reviewers; what they work on it meanwhile no event tells."""
