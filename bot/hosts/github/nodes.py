"""GraphQL's answers, narrowed to what is read; instants become whole seconds since 1970 UTC."""

from __future__ import annotations

from typing import Annotated, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bot.hosts.github.models import Instant, Line, Name, NodeId, Text

T = TypeVar("T")


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


BigInt: TypeAlias = Annotated[int, BeforeValidator(_whole)]
"""An id; GitHub writes those that may outgrow 32 bits as text."""


class Node(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True)


class PageInfo(Node):
    has_next_page: bool = False
    end_cursor: str | None = None


class Connection(Node, Generic[T]):
    """A page of a list. An entry that GitHub could not show is None."""

    page_info: PageInfo = PageInfo()
    nodes: list[T | None] | None = None

    @property
    def shown(self) -> list[T]:
        return [node for node in self.nodes or () if node is not None]

    @property
    def after(self) -> str | None:
        """Where the list goes on; None at its end."""
        return self.page_info.end_cursor if self.page_info.has_next_page else None

    def grown(self, more: Connection[T]) -> Connection[T]:
        """This page and the next one as one."""
        return self.model_copy(update={"page_info": more.page_info, "nodes": self.shown + more.shown})


class Named(Node):
    """Anything with a login: an account, or one who was asked or assigned."""

    typename: str = Field(default="User", alias="__typename")
    login: Line | None = None
    slug: Line | None = None


class Label(Node):
    name: Text


class IssueType(Node):
    """What an issue was filed as: a bug, a feature."""

    name: Text


class GitActor(Node):
    user: Named | None = None


class Commit(Node):
    oid: Line
    committed_date: Instant | None = None
    author: GitActor | None = None
    committer: GitActor | None = None


class ReviewedBy(Node):
    full_database_id: BigInt
    author: Named | None = None


class Deployment(Node):
    database_id: int | None = None
    environment: Line | None = None


class Milestone(Node):
    title: Text


class Board(Node):
    id: NodeId


class InRepo(Node):
    name_with_owner: Line


class Reference(Node):
    """An issue or a pull request that something else points to."""

    typename: str = Field(default="Issue", alias="__typename")
    number: int | None = Field(None, gt=0)
    repository: InRepo | None = None

    def is_a(self, typename: str) -> bool:
        """Whether it is one, and which one can be told."""
        return self.typename == typename and self.number is not None and self.repository is not None


class Entry(Node):
    """An entry of a timeline; which keys it has hangs on its `__typename`."""

    typename: str = Field(alias="__typename")
    created_at: Instant | None = None
    actor: Named | None = None
    author: Named | None = None
    full_database_id: BigInt | None = None
    label: Label | None = None
    assignee: Named | None = None
    requested_reviewer: Named | None = None
    previous_title: Text = ""
    current_title: Text = ""
    previous_review_state: str = ""
    review: ReviewedBy | None = None
    after_commit: Commit | None = None
    commit: Commit | None = None
    deployment: Deployment | None = None
    state_reason: str | None = None
    previous_status: Text | None = None
    status: Text | None = None
    project: Board | None = None
    source: Reference | None = None
    subject: Reference | None = None
    will_close_target: bool = False
    milestone_title: Text | None = None
    issue_type: IssueType | None = None
    prev_issue_type: IssueType | None = None
    parent: Reference | None = None


class ReviewComment(Node):
    full_database_id: BigInt
    created_at: Instant
    author: Named | None = None


class Review(Node):
    id: str
    full_database_id: BigInt
    state: str
    submitted_at: Instant | None = None
    author: Named | None = None
    on_behalf_of: Connection[Named] | None = None
    comments: Connection[ReviewComment]


class Context(Node):
    """A check run or a status of a commit."""

    typename: str = Field(alias="__typename")
    name: str = ""
    context: str = ""
    conclusion: str | None = None
    state: str | None = None
    completed_at: Instant | None = None
    created_at: Instant | None = None
    is_required: bool | None = None

    @property
    def subject(self) -> str:
        return self.name or self.context

    @property
    def outcome(self) -> str:
        """In lower case; empty while there is none."""
        return (self.conclusion or self.state or "").lower()

    @property
    def at(self) -> int | None:
        return self.completed_at or self.created_at


class Rollup(Node):
    state: str = ""
    contexts: Connection[Context] = Connection[Context]()


class HeadCommit(Node):
    status_check_rollup: Rollup | None = None


class Head(Node):
    commit: HeadCommit


class Heads(Node):
    """As much of a pull request as tells about its checks."""

    base_ref_name: Text = ""
    commits: Connection[Head] | None = None

    @property
    def rollup(self) -> Rollup | None:
        heads = self.commits.shown if self.commits else []
        return heads[-1].commit.status_check_rollup if heads else None

    def with_contexts(self, contexts: Connection[Context]) -> Connection[Head]:
        """`commits` with these checks instead of its own."""
        rollup = Rollup(state=self.rollup.state if self.rollup else "", contexts=contexts)
        return Connection[Head](nodes=[Head(commit=HeadCommit(status_check_rollup=rollup))])


class Column(Node):
    """The value of a board's field; without a name where the field is of another type."""

    name: Text | None = None
    updated_at: Instant | None = None


class Card(Node):
    """An item's place on a board."""

    project: Board
    status: Column | None = None


class Item(Node):
    """What issues and pull requests have in common."""

    id: str
    number: int = Field(gt=0)
    title: Text
    url: Text
    state: str
    created_at: Instant
    updated_at: Instant
    closed_at: Instant | None = None
    author: Named | None = None
    labels: Connection[Label] | None = None
    milestone: Milestone | None = None
    timeline_items: Connection[Entry]
    project_items: Connection[Card] | None = None


class Issue(Item):
    issue_type: IssueType | None = None


class PullRequest(Item, Heads):
    is_draft: bool
    merged_at: Instant | None = None
    merge_commit: Commit | None = None
    additions: int = 0
    deletions: int = 0
    head_ref_oid: Line
    head_ref_name: Text | None = None
    mergeable: str = "UNKNOWN"
    merged_by: Named | None = None
    reviews: Connection[Review] | None = None
    closing_issues_references: Connection[Reference] | None = None


class ReleaseNode(Node):
    database_id: int | None = None
    tag_name: Name
    is_draft: bool = False
    is_prerelease: bool = False
    created_at: Instant
    published_at: Instant | None = None
    author: Named | None = None
    tag_commit: Commit | None = None


class Branch(Node):
    name: Text


class Shipping(Node):
    """As much of a repository as tells about its releases, newest first."""

    default_branch_ref: Branch | None = None
    releases: Connection[ReleaseNode] | None = None


def login_of(account: Named | None) -> str | None:
    """The login as webhooks write it (GraphQL leaves out a bot's `[bot]`); None for a deleted account."""
    if account is None or account.login is None:
        return None
    bare = account.typename == "Bot" and not account.login.endswith("[bot]")
    return f"{account.login}[bot]" if bare else account.login


def actor_type_of(account: Named | None) -> str:
    """`Bot` or `User`: mannequins and enterprise accounts are people here."""
    return "Bot" if account is not None and account.typename == "Bot" else "User"
