"""Reads a repository's pull requests and issues through GraphQL, many a call, and goes on where a stop left it.

A reading asks for all open ones and, beside them, for those that changed since a given instant. What changes while it
runs is not looked at again: the next reading should be asked for what changed since this one began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias, TypeVar

from pydantic import ValidationError

from bot.flow.events import FlowEvent
from bot.flow.shipped import Release
from bot.hosts.github import graphql
from bot.hosts.github.api import Github, Meter
from bot.hosts.github.errors import BOARDS, ISSUES, PARENTS, RELEASES, TYPES, Gone, Overloaded, PartRefused, StaleCursor
from bot.hosts.github.fragments import types
from bot.hosts.github.issues import issue_snapshot
from bot.hosts.github.nodes import (
    Connection,
    Entry,
    Heads,
    Issue,
    Item,
    PullRequest,
    ReleaseNode,
    Review,
    ReviewComment,
    Rollup,
    Shipping,
    actor_type_of,
    login_of,
)
from bot.hosts.github.roads import OF_ISSUES, OPEN, PAGE, ROADS, Place, Road
from bot.hosts.github.snapshots import Snapshot
from bot.hosts.github.timeline import failing_checks, snapshot

REQUIRED_FOR = 3600
"""Seconds for which it is remembered whether a check is required on a branch."""

REFUSED_FOR = 3600
"""Seconds for which a part that the token may not see is not asked for."""
ASKED = 100
"""Issues of which it is asked at once whether they are still there."""
SMALLEST = 1 / 16
"""Of a page, as little as is asked for: one pull request and a few issues."""

N = TypeVar("N", Entry, Review, ReviewComment)
I = TypeVar("I", Issue, PullRequest)  # noqa: E741
Asking: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Asks for more of a list: (variables) → the answer's `repository`."""


class Releases(NamedTuple):
    """A repository's newest releases, and the branch they are made of."""

    found: tuple[Release, ...]
    base: str
    since: int
    """What was merged up to this instant may be in an older one; in seconds since 1970 UTC."""


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
    releases: Releases | None = None
    """None where they are not shown."""
    open_issues: int | None = None
    """How many there are, told with the last of them."""
    name: str | None = None
    """What the host calls the repository by now (owner/name); it answers to earlier names, too."""

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


class _Found(NamedTuple):
    """What a page brought, before its lists are read to their ends."""

    pulls: list[PullRequest]
    issues: list[Issue]
    unreadable: list[int]
    releases: Releases | None
    open_issues: int | None
    name: str | None


def read_repo(
    github: Github, repo: str, since: int | None, cursor: dict[str, Any] | None = None, *, oldest: int
) -> Iterator[Page]:
    """Every open pull request and issue, and each other one that changed since `since` (`oldest` for a first reading).

    Instants in seconds since 1970 UTC. A page's cursor, handed in again, goes on behind that page; `since` and
    `oldest` are then those that the reading began with. Issues, releases and the columns of boards are left out where
    the token may not see them. Raises Unreachable, Denied or Gone.
    """
    place = Place.at(cursor) if cursor else Place(oldest if since is None else since, github.now())
    reader, fell_back = _Reader(github, repo), False
    while place.left:
        meter = Meter()
        try:
            found, place = reader.page(place, meter)
        except StaleCursor:
            if fell_back:
                raise
            place, fell_back = place.afresh(), True
            continue
        shown = (*reader.snapshots(found.pulls, meter), *(issue_snapshot(repo, issue) for issue in found.issues))
        yield Page(
            shown,
            place.cursor,
            meter.points,
            meter.calls,
            tuple(found.unreadable),
            found.releases,
            found.open_issues,
            found.name,
        )


def read_items(github: Github, repo: str, numbers: Sequence[int], meter: Meter | None = None) -> list[Snapshot]:
    """The pull requests of these numbers, 25 a call; those that are none, gone or not readable are left out.

    Raises Unreachable, Denied or Gone.
    """
    reader, meter = _Reader(github, repo), meter or Meter()
    found: list[Snapshot] = []
    for start in range(0, len(numbers), PAGE):
        told = reader.ask_allowed(partial(graphql.items, numbers[start : start + PAGE]), meter)
        pulls, _ = _parsed(PullRequest, (raw for raw in told.values() if raw is not None))
        found.extend(reader.snapshots([reader.whole(pull, meter) for pull in pulls], meter))
    return found


def gone_issues(github: Github, repo: str, numbers: Sequence[int]) -> list[int]:
    """Those of these issues that are no longer here: deleted, or transferred; 100 a call.

    Raises Unreachable, Denied or Gone.
    """
    reader = _Reader(github, repo)
    gone: list[int] = []
    for some in (numbers[start : start + ASKED] for start in range(0, len(numbers), ASKED)):
        told = reader.ask(graphql.numbers(some), Meter())
        gone += [number for number in some if (told.get(f"i{number}") or {}).get("number") != number]
    return gone


class _Reader:
    """Asks one repository, in pages that shrink where GitHub can't manage them."""

    def __init__(self, github: Github, repo: str) -> None:
        self._github, self._repo = github, repo
        self._owner, _, self._name = repo.partition("/")
        self._share = 1.0

    def ask(self, query: str, meter: Meter, *, shrinkable: bool = False, **variables: Any) -> dict[str, Any]:
        """The answer's `repository`."""
        return self._asked(query, meter, shrinkable, variables)["repository"]  # type: ignore[no-any-return]

    def _asked(self, query: str, meter: Meter, shrinkable: bool, variables: dict[str, Any]) -> dict[str, Any]:
        named = {"owner": self._owner, "name": self._name, **variables}
        data = self._github.graphql(query, named, owner=self._owner, meter=meter, shrinkable=shrinkable)
        if data.get("repository") is None:
            raise Gone(f"GitHub has no repository {self._repo}, or does not show it to this token")
        return data

    def _may(self, part: str) -> bool:
        """Whether the token may see a part, as far as is known."""
        refused = self._github.refused.get((self._repo, part))
        return refused is None or refused + REFUSED_FOR < self._github.now()

    def ask_allowed(
        self,
        query: Callable[..., str],
        meter: Meter,
        variables: Callable[[], dict[str, Any]] = dict,
        *,
        shrinkable: bool = False,
    ) -> dict[str, Any]:
        """The answer to a query (made for some parts), once it asks for none that GitHub refuses."""
        while True:
            parts = frozenset(part for part in (BOARDS, PARENTS, TYPES) if self._may(part))
            named = {**types(parts), **variables()}
            try:
                return self._asked(query(parts), meter, shrinkable, named)["repository"]  # type: ignore[no-any-return]
            except PartRefused as refusal:
                if not self._may(refusal.part):  # it was not asked for
                    raise
                self._github.refused[self._repo, refusal.part] = self._github.now()

    def page(self, place: Place, meter: Meter) -> tuple[_Found, Place]:
        """(what the next page brings, the place behind it)"""
        told = self._told(place, meter)
        ends: dict[Road, str | None] = {}
        found = _Found([], [], [], _releases(told), None, told.get("nameWithOwner"))
        for road in ROADS:
            shown = told.get(road)
            if shown is None:
                continue
            raws = [raw for raw in shown["nodes"] or () if raw is not None]
            if road in OF_ISSUES:
                more = _recent(Issue, raws, road, place.floor, found.issues, found.unreadable)
            else:
                more = _recent(PullRequest, raws, road, place.floor, found.pulls, found.unreadable)
            more = more and shown["pageInfo"]["hasNextPage"]
            ends[road] = shown["pageInfo"]["endCursor"] if more else None
        found.pulls[:] = [self.whole(pull, meter) for pull in found.pulls]
        found.issues[:] = [self._whole_issue(issue, meter) for issue in found.issues]
        if "openIssues" in ends and ends["openIssues"] is None:
            found = found._replace(open_issues=told["openIssues"].get("totalCount"))
        if "openIssues" in ends and ends["openIssues"] is None:
            found = found._replace(open_issues=told["openIssues"].get("totalCount"))
        return found, place.moved(ends)

    def _told(self, place: Place, meter: Meter) -> dict[str, Any]:
        def variables() -> dict[str, Any]:
            shown = place if self._may(ISSUES) else place.without(OF_ISSUES)
            return {"releases": self._may(RELEASES), **shown.variables(self._share)}

        while True:
            try:
                return self.ask_allowed(graphql.read, meter, variables, shrinkable=self._share > SMALLEST)
            except Overloaded as trouble:
                if self._share <= SMALLEST:
                    raise
                self._github.pause(trouble, 0)
                self._share = max(SMALLEST, self._share / 2)

    def whole(self, pull: PullRequest, meter: Meter) -> PullRequest:
        """The pull request with all its lists read to their end."""

        def reviews_after(named: dict[str, Any]) -> dict[str, Any]:
            return self.ask(graphql.MORE_REVIEWS, meter, **named)

        timeline = self._more(self._timeline_after(graphql.more_timeline, meter), pull, pull.timeline_items)
        reviews = self._more(reviews_after, pull, pull.reviews or Connection[Review]())
        whole = [self._review(review, meter) for review in reviews.shown]
        return pull.model_copy(
            update={
                "timeline_items": timeline,
                "reviews": reviews.model_copy(update={"nodes": whole}),
                "commits": self._checks(pull, meter),
            }
        )

    def _whole_issue(self, issue: Issue, meter: Meter) -> Issue:
        after = self._timeline_after(graphql.more_issue_timeline, meter)
        return issue.model_copy(update={"timeline_items": self._more(after, issue, issue.timeline_items)})

    def _timeline_after(self, query: Callable[..., str], meter: Meter) -> Asking:
        return lambda named: self.ask_allowed(query, meter, lambda: named)

    def _more(self, ask: Asking, of: Item, read: Connection[N]) -> Connection[N]:
        while read.after is not None:
            told = ask({"number": of.number, "after": read.after})
            read = read.grown(type(read).model_validate((told["of"] or {}).get("more") or {}))
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


def _recent(
    kind: type[I], raws: Iterable[dict[str, Any]], road: Road, floor: int, found: list[I], unreadable: list[int]
) -> bool:
    """Note those that are open or changed since the floor; whether that was all of them."""
    items, bad = _parsed(kind, raws)
    recent = [item for item in items if road in OPEN or item.updated_at >= floor]
    found += recent
    unreadable += bad
    return len(recent) == len(items)


def _parsed(kind: type[I], raws: Iterable[dict[str, Any]]) -> tuple[list[I], list[int]]:
    """(those that can be read, the numbers of the others)"""
    items: list[I] = []
    unreadable: list[int] = []
    for raw in raws:
        try:
            items.append(kind.model_validate(raw))
        except ValidationError:
            unreadable.append(raw.get("number", 0))
    return items, unreadable


def _releases(told: dict[str, Any]) -> Releases | None:
    """The newest releases; None where they are not shown, or can't be read."""
    try:
        shown = Shipping.model_validate(told)
    except ValidationError:
        return None
    if shown.releases is None or shown.default_branch_ref is None:
        return None
    nodes = shown.releases.shown
    found = tuple(release for node in nodes if (release := _release(node)) is not None)
    more = shown.releases.page_info.has_next_page
    return Releases(found, shown.default_branch_ref.name, min((one.cut for one in found), default=0) if more else 0)


def _release(node: ReleaseNode) -> Release | None:
    if node.database_id is None or node.is_draft or node.published_at is None:
        return None
    made = node.tag_commit.committed_date if node.tag_commit else None
    cut, by = node.created_at if made is None else made, login_of(node.author)
    return Release(
        node.database_id, node.tag_name, node.is_prerelease, cut, node.published_at, by, actor_type_of(node.author)
    )
