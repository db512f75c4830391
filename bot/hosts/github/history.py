"""Reads a repository's pull requests through GraphQL, many a call, and goes on where a stop left it.

A reading asks for all open pull requests and, beside them, for those that changed since a given instant. What changes
while it runs is not looked at again: the next reading should be asked for what changed since this one began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import ValidationError

from bot.flow.events import FlowEvent
from bot.hosts.github import graphql
from bot.hosts.github.api import Github, Meter
from bot.hosts.github.errors import Gone, Overloaded, StaleCursor
from bot.hosts.github.nodes import Connection, Entry, Heads, PullRequest, Review, ReviewComment, Rollup
from bot.hosts.github.timeline import Snapshot, failing_checks, snapshot

PAGE = 25
"""Pull requests a call."""
BESIDE = 10
"""Of those that changed, as many as are asked for beside a page of open ones."""
REQUIRED_FOR = 3600
"""Seconds for which it is remembered whether a check is required on a branch."""

Road: TypeAlias = Literal["open", "changed"]
ROADS: tuple[Road, ...] = ("open", "changed")

N = TypeVar("N", Entry, Review, ReviewComment)


@dataclass(frozen=True)
class Page:
    """What one step of a reading brought: whole items, and where to go on."""

    snapshots: tuple[Snapshot, ...]
    cursor: dict[str, Any]
    """JSON-able. `began` is when the reading began, in seconds since 1970 UTC: the next one's `since`."""
    points: int
    calls: int
    unreadable: tuple[int, ...] = ()
    """Numbers of items whose answer can't be read; they are left out."""

    @property
    def events(self) -> list[FlowEvent]:
        return [event for shown in self.snapshots for event in shown.events]

    @property
    def items(self) -> list[int]:
        return [shown.item for shown in self.snapshots]

    @property
    def done(self) -> bool:
        """Whether it was the reading's last."""
        return not self.cursor["left"]


@dataclass(frozen=True)
class _Place:
    """How far a reading got."""

    floor: int
    began: int
    left: tuple[str, ...] = ROADS
    open: str | None = None
    changed: str | None = None

    @property
    def cursor(self) -> dict[str, Any]:
        return {**self.__dict__, "left": list(self.left)}

    def variables(self, size: int) -> dict[str, Any]:
        beside = max(1, size * BESIDE // PAGE) if "open" in self.left else size
        return {
            "open": "open" in self.left,
            "openFirst": size,
            "openAfter": self.open,
            "changed": "changed" in self.left,
            "changedFirst": beside,
            "changedAfter": self.changed,
        }

    def moved(self, ends: dict[Road, str | None]) -> _Place:
        """On past what was just read; a road whose end is None is read to its end."""
        return _Place(
            self.floor,
            self.began,
            tuple(road for road in ROADS if ends.get(road) is not None),
            ends.get("open") or self.open,
            ends.get("changed") or self.changed,
        )


def read_repo(
    github: Github, repo: str, since: int | None, cursor: dict[str, Any] | None = None, *, oldest: int
) -> Iterator[Page]:
    """Every open pull request, and each other one that changed since `since` (`oldest` for a first reading).

    Instants in seconds since 1970 UTC. A page's cursor, handed in again, goes on behind that page; `since` and
    `oldest` are then those that the reading began with. Raises Unreachable, Denied or Gone.
    """
    start = _Place(oldest if since is None else since, github.now())
    place = _Place(**{**cursor, "left": tuple(cursor["left"])}) if cursor else start
    reader, fell_back = _Reader(github, repo), False
    while place.left:
        meter = Meter()
        try:
            pulls, unreadable, place = reader.page(place, meter)
        except StaleCursor:
            if fell_back:
                raise
            place, fell_back = replace(place, left=ROADS, open=None, changed=None), True
            continue
        yield Page(tuple(reader.snapshots(pulls, meter)), place.cursor, meter.points, meter.calls, tuple(unreadable))


def read_items(github: Github, repo: str, numbers: Sequence[int], meter: Meter | None = None) -> list[Snapshot]:
    """The pull requests of these numbers, 25 a call; those that are none, gone or not readable are left out.

    Raises Unreachable, Denied or Gone.
    """
    reader, meter = _Reader(github, repo), meter or Meter()
    found: list[Snapshot] = []
    for start in range(0, len(numbers), PAGE):
        told = reader.ask(graphql.items(numbers[start : start + PAGE]), meter, itemTypes=graphql.ITEM_TYPES)
        pulls, _ = _parsed(raw for raw in told.values() if raw is not None)
        found.extend(reader.snapshots([reader.whole(pull, meter) for pull in pulls], meter))
    return found


class _Reader:
    """Asks one repository, in pages that shrink where GitHub can't manage them."""

    def __init__(self, github: Github, repo: str) -> None:
        self._github, self._repo = github, repo
        self._owner, _, self._name = repo.partition("/")
        self._size = PAGE

    def ask(self, query: str, meter: Meter, *, shrinkable: bool = False, **variables: Any) -> dict[str, Any]:
        """The answer's `repository`."""
        return self._asked(query, meter, shrinkable, variables)["repository"]  # type: ignore[no-any-return]

    def _asked(self, query: str, meter: Meter, shrinkable: bool, variables: dict[str, Any]) -> dict[str, Any]:
        named = {"owner": self._owner, "name": self._name, **variables}
        data = self._github.graphql(query, named, owner=self._owner, meter=meter, shrinkable=shrinkable)
        if data.get("repository") is None:
            raise Gone(f"GitHub has no repository {self._repo}, or does not show it to this token")
        return data

    def page(self, place: _Place, meter: Meter) -> tuple[list[PullRequest], list[int], _Place]:
        """(pull requests, numbers that can't be read, the place behind them)"""
        told = self._told(place, meter)
        ends: dict[Road, str | None] = {}
        found: list[PullRequest] = []
        unreadable: list[int] = []
        for road in ROADS:
            shown = told.get(road)
            if shown is None:
                continue
            pulls, bad = _parsed(raw for raw in shown["nodes"] or () if raw is not None)
            recent = [pull for pull in pulls if road == "open" or pull.updated_at >= place.floor]
            found += recent
            unreadable += bad
            more = shown["pageInfo"]["hasNextPage"] and len(recent) == len(pulls)
            ends[road] = shown["pageInfo"]["endCursor"] if more else None
        return [self.whole(pull, meter) for pull in found], unreadable, place.moved(ends)

    def _told(self, place: _Place, meter: Meter) -> dict[str, Any]:
        while True:
            variables = {"itemTypes": graphql.ITEM_TYPES, **place.variables(self._size)}
            try:
                return self.ask(graphql.READ, meter, shrinkable=self._size > 1, **variables)
            except Overloaded as trouble:
                if self._size == 1:
                    raise
                self._github.pause(trouble, 0)
                self._size //= 2

    def whole(self, pull: PullRequest, meter: Meter) -> PullRequest:
        """The pull request with all its lists read to their end."""
        timeline = self._more(graphql.MORE_TIMELINE, pull, pull.timeline_items, meter, itemTypes=graphql.ITEM_TYPES)
        reviews = self._more(graphql.MORE_REVIEWS, pull, pull.reviews or Connection[Review](), meter)
        whole = [self._review(review, meter) for review in reviews.shown]
        return pull.model_copy(
            update={
                "timeline_items": timeline,
                "reviews": reviews.model_copy(update={"nodes": whole}),
                "commits": self._checks(pull, meter),
            }
        )

    def _more(
        self, query: str, pull: PullRequest, read: Connection[N], meter: Meter, **variables: Any
    ) -> Connection[N]:
        while read.after is not None:
            told = self.ask(query, meter, number=pull.number, after=read.after, **variables)
            read = read.grown(type(read).model_validate((told["pullRequest"] or {}).get("more") or {}))
        return read

    def _review(self, review: Review, meter: Meter) -> Review:
        read = review.comments
        while read.after is not None:
            told = self._asked(graphql.MORE_COMMENTS, meter, False, {"review": review.id, "after": read.after})
            read = read.grown(Connection[ReviewComment].model_validate((told["node"] or {}).get("more") or {}))
        return review.model_copy(update={"comments": read})

    def _checks(self, pull: PullRequest, meter: Meter) -> Any:
        """The head with all its checks, where they matter: of an open pull request on which one failed."""
        rollup = pull.rollup
        if pull.state != "OPEN" or rollup is None or rollup.state not in ("FAILURE", "ERROR"):
            return pull.commits
        contexts = rollup.contexts
        while contexts.after is not None:
            told = self.ask(graphql.MORE_CHECKS, meter, number=pull.number, after=contexts.after)
            more = Heads.model_validate(told["pullRequest"] or {}).rollup or Rollup()
            contexts = contexts.grown(more.contexts)
        return pull.with_contexts(contexts)

    def snapshots(self, pulls: Sequence[PullRequest], meter: Meter) -> Iterator[Snapshot]:
        """Snapshots of whole pull requests; asks which checks are required where that is not known."""
        asked = self._unknown(pulls)
        for start in range(0, len(asked), PAGE):
            told = self.ask(graphql.required(asked[start : start + PAGE]), meter)
            for raw in told.values():
                self._learn(Heads.model_validate(raw or {}))
        for pull in pulls:
            yield snapshot(self._repo, pull, partial(self._is_required, pull.base_ref_name))

    def _unknown(self, pulls: Iterable[PullRequest]) -> list[int]:
        """Numbers of as few pull requests as show every failing check of which it isn't known if it is required."""
        numbers: list[int] = []
        covered: set[tuple[str, str]] = set()
        for pull in pulls:
            names = {(pull.base_ref_name, name) for name in failing_checks(pull)} - covered
            unknown = {key for key in names if self._required(*key) is None}
            if unknown:
                numbers.append(pull.number)
                covered |= unknown
        return numbers

    def _required(self, base: str, name: str) -> bool | None:
        required, learnt = self._github.required.get((self._repo, base, name), (None, 0))
        return None if learnt + REQUIRED_FOR < self._github.now() else required

    def _is_required(self, base: str, name: str) -> bool:
        return bool(self._required(base, name))

    def _learn(self, heads: Heads) -> None:
        now = self._github.now()
        for context in heads.rollup.contexts.shown if heads.rollup else ():
            if context.is_required is not None:
                self._github.required[self._repo, heads.base_ref_name, context.subject] = (context.is_required, now)


def _parsed(raws: Iterable[dict[str, Any]]) -> tuple[list[PullRequest], list[int]]:
    """(those that can be read, the numbers of the others)"""
    pulls: list[PullRequest] = []
    unreadable: list[int] = []
    for raw in raws:
        try:
            pulls.append(PullRequest.model_validate(raw))
        except ValidationError:
            unreadable.append(raw.get("number", 0))
    return pulls, unreadable
