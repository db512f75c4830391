"""People who ask about what is another team's: of a private repository nothing is told, not even that it is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from random import Random

from months.host import Host, Item
from months.judge import Judge
from months.org import Org, Person, channel_of

ABOUT_AN_ITEM = ("why ITEM", "nudge ITEM", "trace ITEM", "type ITEM")
ABOUT_A_REPOSITORY = ("waits REPO", "metrics REPO", "targets REPO", "digest REPO")
AT_LARGE = ("waits <@MATE>", "waits <#CHANNEL|team>", "metrics", "repos")
NOWHERE = "acme/nowhere"


class Curious:
    """`ask(account, words)` is all that an answer shows; `asked` counts who got what."""

    def __init__(self, org: Org, host: Host, judge: Judge, ask: Callable[[str, str], str]) -> None:
        self._org, self._host, self._judge, self._ask = org, host, judge, ask
        self.asked: Counter[str] = Counter()

    def look(self, person: Person, luck: Random, now: int) -> None:
        """Ask three things about something private of others, and one's own team's item where there is one."""
        if not person.there(now) or person.linked_at > now:
            return
        items = [one for one in self._host.items.values() if self._org.repos[one.repo].private and one.ended_at is None]
        others = [one for one in items if not self._org.may_see(person, one.repo)]
        admin = self._org.teams[person.team][0] is person
        if others and not admin:
            self._spy(person, luck.choice(others), luck, now)
        own = [one for one in items if self._org.may_see(person, one.repo)]
        if own:
            item = luck.choice(own)
            told = self._ask(person.user, f"why {item.repo}#{item.number}")
            self.asked["let in" if item.title in told else "own and refused"] += 1

    def _spy(self, person: Person, item: Item, luck: Random, now: int) -> None:
        for words in (luck.choice(ABOUT_AN_ITEM), luck.choice(ABOUT_A_REPOSITORY)):
            told, nothing = (self._ask(person.user, named(words, repo, item.number)) for repo in (item.repo, NOWHERE))
            self.asked["refused"] += 1
            if _blank(told, item.repo) != _blank(nothing, NOWHERE):
                line = f"{now} {person.login} asked {words} of {item.repo}#{item.number}: {told[:300]}"
                self._judge.faults["shown"].append(line)
        repo = self._org.repos[item.repo]
        mate = luck.choice(self._org.teams[repo.team])
        words = luck.choice(AT_LARGE).replace("MATE", mate.user).replace("CHANNEL", channel_of(repo.team))
        self._judge.shown(person.user, now, self._ask(person.user, words))
        self.asked["asked at large"] += 1


def named(words: str, repo: str, number: int) -> str:
    return words.replace("ITEM", f"{repo}#{number}").replace("REPO", repo)


def _blank(said: str, repo: str) -> str:
    """An answer without the name that was asked for."""
    return re.sub(rf"(acme/)?{re.escape(repo.removeprefix('acme/'))}\b", "…", said)
