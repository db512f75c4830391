"""Which items an edit of the policy file has folded anew: those of repositories whose turns it changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from bot.flow.events import ItemKey
from bot.policy import Policy

OTHERS = ""
"""Stands for every repository that a policy does not name."""
Agreed = Mapping[str, str]
"""What folding hangs on, by repository in lower case."""


def agreed(policy: Policy) -> dict[str, str]:
    """What a policy says of turns: of each repository that it names, and of all others."""
    return {repo.casefold(): _of(policy, repo) for repo in (OTHERS, *policy.file.repos)}


def _of(policy: Policy, repo: str) -> str:
    rules = policy.rules(repo)
    said = [getattr(rules, field.name) for field in fields(rules) if field.compare]
    return repr([policy.follows(repo), *(sorted(one) if isinstance(one, frozenset) else one for one in said)])


def folded_otherwise(keys: Sequence[ItemKey], before: Agreed, now: Agreed) -> list[ItemKey]:
    """Those of these items whose turns are told otherwise now."""
    found = dict[str, bool]()
    for _, repo, _ in keys:
        if repo not in found:
            name = repo.casefold()
            found[repo] = before.get(name, before[OTHERS]) != now.get(name, now[OTHERS])
    return [key for key in keys if found[key[1]]]
