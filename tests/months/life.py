"""What people do: whose turn it truly is decides who, their own time when, and chance how."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

from fake_github_model import FakePull
from reference import Moment, Turn, in_order

from months.host import Host, Item
from months.org import DAY, HOUR, Org, Person, Repo

BOT = "renovate[bot]"
MEDIAN = {"review": 2.5, "re_review": 1.5, "rework": 4, "respond": 2, "merge": 1.5, "assign": 0.7, "fix": 1}
"""Working hours after which half of all turns of a kind were seen to."""
FORGOTTEN = 0.05
"""The share of turns that nobody thinks of, unless reminded."""
THROWN_OUT = 0.25
"""The share of what is put into a merge queue that leaves it unmerged."""
RED, RED_AGAIN = 0.25, 0.15
"""Shares of the heads on which checks fail: of the first one, and of later ones."""
STUBBORN = 0.08
"""The share of turns that wait for days, past every reminder."""
At = Callable[[int, Callable[[int], None]], None]


class Life:
    """`at(instant, act)` has an act done at an instant; acts are handed the instant. `pulls` is how many pull requests
    a week.
    """

    def __init__(self, org: Org, host: Host, at: At, pulls: int, seed: int) -> None:
        self.org, self.host, self.at, self.seed = org, host, at, seed
        self._pulls = pulls
        self.did: Counter[str] = Counter()
        self._turns: defaultdict[tuple[str, int], set[Turn]] = defaultdict(set)
        self._stubborn: defaultdict[tuple[str, int], set[Turn]] = defaultdict(set)
        self._repos = list(org.repos.values())
        self._weights = [repo.weight for repo in self._repos]

    def chance(self, *about: Any) -> Random:
        """Luck that hangs on what it is about, and not on what was drawn before."""
        return Random(f"{self.seed} {' '.join(map(str, about))}")

    def week(self, start: int) -> None:
        """Have a week's new work begin."""
        luck = self.chance("week", start)
        for _ in range(round(self._pulls * luck.uniform(0.9, 1.1))):
            self._begin(self._new_pull, start, luck)
        for _ in range(round(self._pulls * 0.2)):
            self._begin(self._new_issue, start, luck)

    def _begin(self, act: Callable[[Person, Repo, int, Random], None], start: int, luck: Random) -> None:
        repo = luck.choices(self._repos, weights=self._weights)[0]
        mates = self.org.colleagues(repo.team, start)
        if not mates:
            return
        person = luck.choice(mates)
        at = person.hours.advance(start, luck.randrange(1, 38 * HOUR))
        if at < start + 7 * DAY and person.there(at):
            own = Random(luck.random())
            self.at(at, lambda now: act(person, repo, now, own))

    # Pull requests.

    def _new_pull(self, person: Person, repo: Repo, now: int, luck: Random) -> None:
        by_bot = luck.random() < 0.06
        draft = not by_bot and luck.random() < 0.1
        item = self.host.open(repo.name, BOT if by_bot else person.login, now, draft=draft)
        self.did["pull requests"] += 1
        if draft:
            self.later(person, now, 6 * HOUR, lambda at: self._ready(item, person, at))
        elif by_bot or luck.random() < 0.85:
            self._ask(item, item.author, now, luck)
        self._distract(item, person, now, luck)
        self._check(item, now, RED)
        self.look(item, now)

    def _check(self, item: Item, now: int, share: float) -> None:
        """Have the checks of a head run, if there are any; some that fail are run again."""
        kind, head = self.org.repos[item.repo].checks, item.head
        if not kind:
            return
        luck = self.chance("checks", *item.key, head)
        self.host.begin_checks(item, kind, now)

        def end(at: int, failed: bool) -> None:
            if item.ended_at is None and item.head == head:
                self.host.end_checks(item, kind, at, failed=failed)
                self.did["checks failed" if failed else "checks passed"] += 1
                self.look(item, at)

        failed, ends = luck.random() < share, now + luck.randrange(240, 2400)
        self.at(ends, lambda at: end(at, failed))
        if failed and luck.random() < 0.25:
            self.at(ends + luck.randrange(HOUR, 8 * HOUR), lambda at: end(at, False))

    def _push_to(self, item: Item, who: str, now: int, *, force: bool = False) -> None:
        self.host.push(item, who, now, force=force)
        self._check(item, now, RED_AGAIN)

    def _ready(self, item: Item, person: Person, now: int) -> None:
        if item.ended_at is None and item.draft:
            self.host.turn_draft(item, person.login, now, on=False)
            self.look(item, now)

    def _ask(self, item: Item, by: str, now: int, luck: Random) -> None:
        team = self.org.repos[item.repo].team
        if luck.random() < 0.1:
            self.host.request(item, now, by, team=team)
            return
        mates = [one for one in self.org.colleagues(team, now) if one.login != item.author]
        for one in luck.sample(mates, min(len(mates), luck.choice((1, 1, 2)))):
            self.host.request(item, now, by, person=one.login)

    def _distract(self, item: Item, person: Person, now: int, luck: Random) -> None:
        """What happens to some beside the common course."""
        draw = luck.random()
        if draw < 0.15:
            self.later(person, now, 3 * HOUR, lambda at: self._push(item, person, at, force=draw < 0.07))
        elif draw < 0.19:
            self.later(person, now, 2 * HOUR, lambda at: self._label(item, person, at))
        elif draw < 0.22:
            self.later(person, now, 20 * HOUR, lambda at: self._close(item, person, at))
        elif draw < 0.25:
            self.later(person, now, 4 * HOUR, lambda at: self._back_to_draft(item, person, at))
        elif draw < 0.5:
            mate = luck.choice(self.org.teams[person.team])
            self.later(mate, now, HOUR, lambda at: self._comment(item, mate, at))

    def _push(self, item: Item, person: Person, now: int, *, force: bool = False) -> None:
        if item.ended_at is None:
            self._push_to(item, person.login, now, force=force)
            self.look(item, now)

    def _label(self, item: Item, person: Person, now: int) -> None:
        if item.ended_at is not None:
            return
        self.host.label(item, "wip", person.login, now, on="wip" not in item.labels)
        if "wip" in item.labels:
            self.later(person, now, 9 * HOUR, lambda at: self._label(item, person, at))
        self.look(item, now)

    def _close(self, item: Item, person: Person, now: int) -> None:
        if item.ended_at is None:
            self.host.close(item, person.login, now)
            self.look(item, now)

    def _back_to_draft(self, item: Item, person: Person, now: int) -> None:
        if item.ended_at is None and not item.draft:
            self.host.turn_draft(item, person.login, now, on=True)
            self.later(person, now, 7 * HOUR, lambda at: self._ready(item, person, at))
            self.look(item, now)

    def _comment(self, item: Item, person: Person, now: int) -> None:
        if item.ended_at is None:
            self.host.comment(item, person.login, now)
            self.look(item, now)

    def later(self, person: Person, now: int, seconds: int, act: Callable[[int], None]) -> None:
        """Have somebody do something after so many working seconds, if they are there then."""

        def there(at: int) -> None:
            if person.there(at):
                act(at)

        self.at(person.soon(now, seconds), there)

    # Whose turn it is.

    def look(self, item: Item, now: int) -> None:
        """See whose turn it became; they will see to it, most of them."""
        if not isinstance(item.shown, FakePull):
            return
        turns = Moment(in_order(item.facts), item.facts, self.org.repos[item.repo].rules).turns()
        for turn in sorted(turns - self._turns[item.key], key=str):
            self._take_up(item, turn, now)
        self._turns[item.key] = turns
        if item.ended_at is not None:
            del self._turns[item.key]
            self._stubborn.pop(item.key, None)
        elif not turns and item.author == BOT and not item.draft and "wip" not in item.labels:
            self._by_the_team(item, now)

    def _by_the_team(self, item: Item, now: int) -> None:
        """What a bot wrote, somebody of the team brings to an end."""
        mates = self.org.colleagues(self.org.repos[item.repo].team, now)
        person = self.chance("bot", *item.key, now).choice(mates)

        def act(at: int) -> None:
            if item.ended_at is None and not self._turns[item.key]:
                self.host.merge(item, person.login, at)
                self.look(item, at)

        self.later(person, now, 5 * HOUR, act)

    def _take_up(self, item: Item, turn: Turn, now: int) -> None:
        luck = self.chance(*item.key, turn, len(item.facts))
        person = self._who(turn, now, luck)
        if person is None:
            return
        median = MEDIAN[turn.kind]
        seconds = int(min(60, median * math.exp(luck.gauss(0, 1.1))) * HOUR)
        draw = luck.random()
        if draw < FORGOTTEN + STUBBORN:
            seconds = luck.randrange(50, 130) * HOUR
        (self._stubborn[item.key].add if draw < STUBBORN else self._stubborn[item.key].discard)(turn)
        self._when(item, turn, person, now, seconds)

    def _who(self, turn: Turn, now: int, luck: Random) -> Person | None:
        if not turn.team:
            return self.org.by_login.get(turn.on)
        mates = self.org.colleagues(turn.on, now)
        return luck.choice(mates) if mates else None

    def _when(self, item: Item, turn: Turn, person: Person, now: int, seconds: int) -> None:
        def act(at: int) -> None:
            if person.there(at):
                self.see_to(item, turn, person, at)
            elif at >= person.leaves:
                self._abandon(item, turn, at)
            else:
                self._when(item, turn, person, at, HOUR)

        self.at(person.soon(now, seconds), act)

    def _abandon(self, item: Item, turn: Turn, now: int) -> None:
        """Whose turn it was is no longer here: a colleague ends it."""
        mates = [one for one in self.org.colleagues(self.org.repos[item.repo].team, now) if one.login != turn.on]
        if mates and turn in self._turns.get(item.key, ()):
            mate = self.chance("left", *item.key, now).choice(mates)
            self.later(mate, now, 4 * HOUR, lambda at: self._close(item, mate, at))

    def hurry(self, key: tuple[str, int], kind: str, person: Person, at: int) -> None:
        """Somebody who was reminded sees to it now, if it is their turn and they can be moved."""
        item, turn = self.host.items.get(key), Turn(kind, person.login)
        if item is not None and item.ended_at is None and turn not in self._stubborn[key]:
            self.see_to(item, turn, person, at)

    def see_to(self, item: Item, turn: Turn, person: Person, now: int) -> None:
        """Do what a turn asks for, where it is still that turn."""
        if turn not in self._turns.get(item.key, ()):
            return
        self.did[turn.kind] += 1
        luck = self.chance("do", *item.key, turn, now)
        _ACTS[turn.kind](self, item, turn, person, now, luck)
        self.look(item, now)

    def _review(self, item: Item, turn: Turn, person: Person, now: int, luck: Random) -> None:
        if item.author == person.login:
            return
        draw = luck.random() * (0.8 if turn.kind == "review" else 1.4)
        state = "changes_requested" if draw < 0.17 else "commented" if draw < 0.34 else "approved"
        teams = (turn.on,) if turn.team else ()
        self.host.review(item, person.login, state, now, teams)

    def _rework(self, item: Item, turn: Turn, person: Person, now: int, luck: Random) -> None:
        self._push_to(item, person.login, now, force=luck.random() < 0.2)
        moment = Moment(in_order(item.facts), item.facts, self.org.repos[item.repo].rules)
        if luck.random() < 0.4:
            for who in sorted(str(one) for one in moment.objections()):
                self.host.request(item, now, person.login, person=who)

    def _respond(self, item: Item, turn: Turn, person: Person, now: int, luck: Random) -> None:
        if luck.random() < 0.6:
            self.host.comment(item, person.login, now)
        else:
            self._push_to(item, person.login, now)

    def _fix(self, item: Item, turn: Turn, person: Person, now: int, luck: Random) -> None:
        self._push_to(item, person.login, now)

    def _merge(self, item: Item, turn: Turn, person: Person, now: int, luck: Random) -> None:
        if self.org.repos[item.repo].queue:
            self._queue(item, person, now, luck)
            return
        self.host.merge(item, person.login, now)
        if luck.random() < 0.12:
            self.at(now + 1800, lambda at: self.host.deploy(item, person.login, at))

    def _queue(self, item: Item, person: Person, now: int, luck: Random) -> None:
        """A merge queue merges it soon, or throws it out."""
        self.host.queue(item, person.login, now)
        out = luck.random() < THROWN_OUT

        def end(at: int) -> None:
            if item.ended_at is not None:
                return
            self.did["thrown out of the queue" if out else "merged by the queue"] += 1
            if out:
                self.host.queue(item, person.login, at, out=True)
            else:
                self.host.merge(item, person.login, at)
            self.look(item, at)

        self.at(now + luck.randrange(600, 2 * HOUR), end)

    def _assign(self, item: Item, turn: Turn, person: Person, now: int, luck: Random) -> None:
        self._ask(item, person.login, now, luck)

    # Issues.

    def _new_issue(self, person: Person, repo: Repo, now: int, luck: Random) -> None:
        item = self.host.open_issue(repo.name, person.login, now)
        self.did["issues"] += 1
        mate = luck.choice(self.org.teams[repo.team])
        self.later(mate, now, 3 * HOUR, lambda at: self.host.comment(item, mate.login, at))
        self.later(mate, now, luck.randrange(8, 80) * HOUR, lambda at: self.host.close_issue(item, mate.login, at))


_ACTS: dict[str, Callable[[Life, Item, Turn, Person, int, Random], None]] = {
    "review": Life._review, "re_review": Life._review, "rework": Life._rework, "respond": Life._respond,
    "merge": Life._merge, "assign": Life._assign, "fix": Life._fix,
}  # fmt: skip
