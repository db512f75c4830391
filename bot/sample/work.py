"""What the work is called: titles, labels, branches, sizes."""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from bot.sample.cast import Team

# flavour: (share in percent, its label, titles)
_FLAVOURS = (
    (
        45,
        "feature",
        (
            "Add an empty state for {}",
            "Let people undo changes in {}",
            "Keyboard shortcuts for {}",
            "Show the last update in {}",
            "Remember the chosen language in {}",
            "Add a CSV download for {}",
        ),
    ),
    (
        28,
        "bug",
        (
            "Fix rounding in {}",
            "Fix a crash in {} when the network drops",
            "Wrong time zone in {}",
            "Don't lose input in {} on reload",
            "Fix doubled entries in {}",
        ),
    ),
    (
        9,
        "security",
        (
            "Check permissions again in {}",
            "Escape user input in {}",
            "Rotate the signing key for {}",
            "Rate limit for {}",
        ),
    ),
    (
        18,
        "refactoring",
        (
            "Move the rules for {} out of the views",
            "Remove dead code in {}",
            "Split the tests for {}",
            "Type annotations for {}",
            "One query instead of many in {}",
        ),
    ),
)
_PACKAGES = ("urllib3", "sqlalchemy", "pillow", "react", "lodash", "cryptography", "jinja2", "okio")


_PREFIXES = {"feature": "feature", "bug": "fix", "security": "security", "refactoring": "refactor"}
_ISSUE_TYPES = {"feature": "Feature", "bug": "Bug", "security": "Task", "refactoring": "Task"}
"""By label."""


class Work(NamedTuple):
    title: str
    labels: list[str]
    size: int
    """Lines changed."""
    branch: str
    issue_type: str | None = None
    """As which an issue about it is filed, where the team does that."""


def draw(team: Team, rng: Random) -> Work:
    """A piece of work as a person would take it up."""
    _share, label, titles = rng.choices(_FLAVOURS, [flavour[0] for flavour in _FLAVOURS])[0]
    title = rng.choice(titles).format(rng.choice(team.topics))
    size = 1 + int(rng.lognormvariate(4.1, 1.2))
    habit = Random(f"{title} {size}")  # noqa: S311 (a play, no secret); whoever marks less still works the same
    labels = [label] if habit.random() < team.labelled else []
    prefix = f"{_PREFIXES[label]}/" if habit.random() < team.prefixed else ""
    return Work(title, labels, size, prefix + _dashed(title), _ISSUE_TYPES[label] if team.issue_types else None)


def _dashed(title: str) -> str:
    return re.sub(r"[^a-z]+", "-", title.lower().replace("'", "")).strip("-")


def draw_update(rng: Random) -> Work:
    """A dependency update as a bot proposes it."""
    major, minor = rng.randint(1, 9), rng.randint(0, 30)
    package = rng.choice(_PACKAGES)
    title = f"Bump {package} from {major}.{minor}.{rng.randint(0, 9)} to {major}.{minor + 1}.0"
    return Work(title, ["dependencies"], rng.randint(2, 40), f"dependabot/{package}-{major}.{minor + 1}.0")
