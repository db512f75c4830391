"""A small code host one can act in: its pull requests as they stand, and what is done to them by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

from bot.flow.events import PULL_REQUEST, FlowEvent, ItemKey, flow_event
from bot.world.acts import (
    LONGEST_TITLE,
    WEIR,
    Fact,
    Place,
    Refused,
    Wish,
    ask,
    can,
    facts,
    label_of,
    refusal,
    take_back,
)
from bot.world.items import Item, opened
from bot.world.script import Repository
from bot.world.words import day_and_time

HOST = "github"
MOST = 60
"""Items that are shown."""


class Host:
    """Its state follows what it is told; what is done by hand comes back as events, and is told to it at once.

    `number_of(repo)` is where the numbers of items opened by hand begin. Not for several threads at once.
    """

    def __init__(
        self,
        repos: Iterable[Repository],
        *,
        approvals: Callable[[str], int] = lambda _: 1,
        number_of: Callable[[str], int] = lambda _: 1,
    ) -> None:
        self._repos = {repo.name: repo for repo in repos}
        self._everybody = tuple(dict.fromkeys(login for repo in self._repos.values() for login in repo.people))
        self._approvals, self._number_of = approvals, number_of
        self._items: dict[ItemKey, Item] = {}

    def tell(self, events: Iterable[FlowEvent]) -> None:
        """Follow events, told in order of time."""
        for event in events:
            item = self._items.get(event.key)
            if item is not None:
                item.apply(event)
            elif (born := opened(event)) is not None:
                self._items[event.key] = born

    def forget(self) -> None:
        """Know of no item any more."""
        self._items.clear()

    def repository(self, name: str) -> Repository | None:
        """The repository of that name, however it is spelt."""
        return next((one for one in self._repos.values() if one.name.casefold() == name.casefold()), None)

    def teams(self, owner: str) -> dict[str, tuple[str, ...]]:
        """The teams of an owner (`acme`), by slug, and who is in them."""
        own = (repo for repo in self._repos.values() if repo.name.partition("/")[0].casefold() == owner.casefold())
        return {slug: members for repo in own for slug, members in repo.teams.items()}

    @property
    def everybody(self) -> tuple[str, ...]:
        return self._everybody

    def item(self, repo: str, number: object) -> Item:
        """A pull request. Raises Refused where there is none."""
        found = self._items.get((HOST, repo, number)) if isinstance(number, int) else None
        if found is None:
            raise Refused(f"There is no pull request {repo}#{number}.")
        return found

    def act(
        self, now: int, actor: str | None, act: str, *, repo: str | None = None, number: int | None = None, **own: Any
    ) -> list[FlowEvent]:
        """Do something as the person whose login `actor` is; what comes of it.

        `open` takes `title` and may take `draft`, `labels` and `reviewers` (logins, or teams); the other acts take the
        item's `number` and `who`, `team` or `label` where they are about one. Raises Refused where it can't be done.
        """
        _must_be_texts({"repo": repo, **own})
        place, by = self._place(repo or ""), self._spelt(actor)
        if by is None:
            raise Refused("You have no account on the code host, so you can only look on.")
        if act == "open":
            return self._open(now, by, place, own)
        item = self.item(place.repo.name, number)
        return self._told(item, now, facts(item, by, act, place, own))

    def move(self, now: int, item: Item, asked: Sequence[Wish], *, to: bool) -> list[FlowEvent]:
        """Ask people and teams for a review, or take that back, on behalf of the program; all of it or nothing.

        Those who are asked already (or are not) are passed over. Raises Refused.
        """
        place = self._place(item.repo)
        found: list[Fact] = []
        for wish in asked:
            is_asked = wish["team"] in item.teams if "team" in wish else place.person(wish["who"]) in item.people
            if is_asked is not to:
                found += (ask if to else take_back)(item, WEIR, place, wish)
        return self._told(item, now, found)

    def assign(self, now: int, item: Item, login: str) -> list[FlowEvent]:
        """Assign an item to somebody on behalf of the program. Raises Refused."""
        return self._told(item, now, facts(item, WEIR, "assign", self._place(item.repo), {"who": login}))

    def _place(self, repo: str) -> Place:
        known = self.repository(repo)
        if known is None:
            raise Refused(f"There is no repository {repo}; there are {', '.join(self._repos)}.")
        return Place(known, self._everybody, self._approvals(known.name))

    def _spelt(self, actor: str | None) -> str | None:
        folded = actor.casefold() if actor else None
        return next((login for login in self._everybody if login.casefold() == folded), None)

    def _open(self, now: int, by: str, place: Place, own: Wish) -> list[FlowEvent]:
        title = " ".join(str(own.get("title") or "").split())
        if not 0 < len(title) <= LONGEST_TITLE:
            raise Refused(f"A title has 1 to {LONGEST_TITLE} characters.")
        labels = list(dict.fromkeys(label_of(label) for label in own.get("labels") or ()))
        item = self._new(now, by, place.repo.name, title, labels, draft=bool(own.get("draft")))
        asked = [
            fact
            for name in dict.fromkeys(own.get("reviewers") or ())
            for fact in ask(item, by, place, {"team": name} if name in place.repo.teams else {"who": name})
        ]
        birth = Fact("opened", by, _shown_at_birth(item))
        return self._told(item, now, [birth, *asked])

    def _new(self, now: int, by: str, repo: str, title: str, labels: list[str], *, draft: bool) -> Item:
        numbers = [number for _, name, number in self._items if name == repo]
        number = max([self._number_of(repo) - 1, *numbers]) + 1
        url = f"https://github.com/{repo}/pull/{number}"
        return Item((HOST, repo, number), title, url, by, False, draft, dict.fromkeys(labels), now)

    def _told(self, item: Item, now: int, found: Sequence[Fact]) -> list[FlowEvent]:
        events = [_event(item, now, item.seq + place, fact) for place, fact in enumerate(found, 1)]
        self.tell(events)
        return events

    def shown(self, actor: str | None, zone: tzinfo) -> dict[str, Any]:
        """The repositories and the latest items as the page shows them to somebody, in a zone's time."""
        open_ones = sorted((item for item in self._items.values() if item.live), key=_latest, reverse=True)
        ended = sorted((item for item in self._items.values() if not item.live), key=_latest, reverse=True)
        items = [self._item(item, self._spelt(actor), zone) for item in (*open_ones, *ended)[:MOST]]
        return {"repos": [self._repo(repo) for repo in self._repos.values()], "items": items}

    def _repo(self, repo: Repository) -> dict[str, Any]:
        used = {label for item in self._items.values() if item.repo == repo.name for label in item.labels}
        labels = [*repo.labels, *sorted(used.difference(repo.labels))]
        return {"name": repo.name, "team": next(iter(repo.teams), None), "people": list(repo.people), "labels": labels}

    def _item(self, item: Item, actor: str | None, zone: tzinfo) -> dict[str, Any]:
        place = self._place(item.repo)
        return {
            "repo": item.repo, "number": item.number, "title": item.title, "author": item.author, "state": item.state,
            "labels": list(item.labels), "asked": list(item.people), "teams": list(item.teams),
            "assignees": list(item.assignees), "approvals": len(item.who("approved")), "needs": place.approvals,
            "approved_by": item.who("approved"), "objections": item.who("changes_requested"), "red": item.red,
            "queued": item.queued, "updated": item.updated_at, "url": item.url,
            "can": can(item, actor, place) if actor else [], "why_not": _why_not(item, actor, place),
            "log": list(_log(item, zone)),
        }  # fmt: skip


def _why_not(item: Item, actor: str | None, place: Place) -> dict[str, str]:
    """Of what people look for first: why it can't be done just now."""
    if actor is None or not item.live:
        return {}
    found = ((act, refusal(item, actor, act, place)) for act in ("approve", "push", "merge"))
    return {act: why for act, why in found if why is not None}


def _must_be_texts(own: Wish) -> None:
    """Raises Refused where what an act is about is not text, or no list of texts."""
    for key in ("repo", "who", "team", "label", "title"):
        if own.get(key) is not None and not isinstance(own[key], str):
            raise Refused(f"`{key}` is a text.")
    for key in ("labels", "reviewers"):
        several = own.get(key) or []
        if not isinstance(several, list) or not all(isinstance(one, str) for one in several):
            raise Refused(f"`{key}` is a list of texts.")


def _latest(item: Item) -> tuple[int, int]:
    return item.updated_at, item.number


def _log(item: Item, zone: tzinfo) -> Iterator[dict[str, Any]]:
    for at, text in item.log:
        yield {"at": at, "shown": day_and_time(at, zone), "text": text}


def _shown_at_birth(item: Item) -> dict[str, Any]:
    """The size is invented: so many lines as would go with such a title."""
    return {
        "type": PULL_REQUEST, "draft": item.draft, "title": item.title, "url": item.url, "base": "main",
        "size": 8 + 37 * len(item.title) % 300, "labels": list(item.labels),
    }  # fmt: skip


def _event(item: Item, now: int, seq: int, fact: Fact) -> FlowEvent:
    """Numbered after all that is known of the item, so that it comes last within its second, too."""
    return flow_event(
        host=HOST, repo=item.repo, item=item.number, id=f"{item.number}-by-hand-{seq}", at=now, seq=seq,
        kind=fact.kind, actor=fact.actor, actor_type="Bot" if fact.actor.endswith("[bot]") else "User", **fact.own,
    )  # fmt: skip
