"""GitHub's webhook payloads, narrowed to what is read: unknown keys are dropped, all that may be absent is optional.

Texts are GitHub's; instants become whole seconds since 1970 UTC. A key that is needed and missing, or of another
type, raises pydantic's ValidationError.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bot.flow.events import MAX_INT, MOST, parse_instant

END_OF_TIME = 253_402_300_799
"""9999-12-31T23:59:59Z, the last instant that RFC 3339 can write."""


def _instant(value: object) -> int:
    at = parse_instant(value)
    if not 0 <= at <= END_OF_TIME:
        raise ValueError("a time between 1970 and 9999 is allowed")
    return at


def _one_line(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("a non-empty text on one line is allowed")
    return text


def _storable(text: str) -> str:
    # PostgreSQL keeps no NUL in text.
    return text.replace("\0", "")


Instant: TypeAlias = Annotated[int, BeforeValidator(_instant)]
Line: TypeAlias = Annotated[str, AfterValidator(_one_line)]
Name: TypeAlias = Annotated[Line, Field(max_length=MOST)]
NodeId: TypeAlias = Annotated[Line, Field(max_length=200)]
Text: TypeAlias = Annotated[str, AfterValidator(_storable)]
Number: TypeAlias = Annotated[int, Field(gt=0, lt=MAX_INT)]
Count: TypeAlias = Annotated[int, Field(ge=0, lt=MAX_INT)]


class Narrow(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Account(Narrow):
    login: Line
    type: str | None = None


class Repository(Narrow):
    full_name: Line
    id: int | None = None
    default_branch: Text | None = None


class Label(Narrow):
    name: Text


class Milestone(Narrow):
    title: Text


class Team(Narrow):
    slug: Line


class Commit(Narrow):
    sha: Line


class Head(Commit):
    ref: Text | None = None


class Branch(Narrow):
    ref: Text | None = None


class IssueType(Narrow):
    """What an issue was filed as: a bug, a feature."""

    name: Text


class Item(Narrow):
    """A pull request or an issue."""

    number: Number
    title: Text | None = None
    html_url: Text | None = None
    user: Account | None = None
    labels: list[Label] | None = None
    milestone: Milestone | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    closed_at: Instant | None = None
    state_reason: Text | None = None


class Issue(Item):
    type: IssueType | None = None


class PullRequest(Item):
    body: Text | None = None
    draft: bool | None = None
    base: Branch | None = None
    head: Head | None = None
    additions: Count | None = None
    deletions: Count | None = None
    merged: bool | None = None
    merged_at: Instant | None = None
    merge_commit_sha: Line | None = None


class Was(Narrow):
    before: Text = Field(alias="from")


class BodyWas(Narrow):
    before: Text | None = Field(None, alias="from")


class Changes(Narrow):
    title: Was | None = None
    body: BodyWas | None = None


class Told(Narrow):
    """What every delivery about a repository says."""

    repository: Repository
    sender: Account | None = None


class AboutItem(Told):
    item: Item


class ItemTold(AboutItem):
    label: Label | None = None
    milestone: Milestone | None = None
    assignee: Account | None = None
    changes: Changes | None = None


class PullRequestTold(ItemTold):
    item: PullRequest = Field(alias="pull_request")
    requested_reviewer: Account | None = None
    requested_team: Team | None = None
    after: Line | None = None


class IssueTold(ItemTold):
    item: Issue = Field(alias="issue")
    type: IssueType | None = None


class ParentTold(AboutItem):
    """An issue became a part of another, or no longer is one; `item` is the part."""

    item: Item = Field(alias="sub_issue")
    sub_issue_repo: Repository | None = None
    parent: Item = Field(alias="parent_issue")
    parent_issue_repo: Repository | None = None


class Review(Narrow):
    id: Number
    state: str
    user: Account | None = None
    submitted_at: Instant | None = None


class ReviewTold(AboutItem):
    item: PullRequest = Field(alias="pull_request")
    review: Review


class Comment(Narrow):
    id: Number
    user: Account | None = None
    created_at: Instant | None = None


class CommentTold(AboutItem):
    comment: Comment


class IssueCommentTold(CommentTold):
    item: Item = Field(alias="issue")


class ReviewCommentTold(CommentTold):
    item: PullRequest = Field(alias="pull_request")


class RepositoryId(Narrow):
    id: int | None = None


class CheckedBase(Narrow):
    repo: RepositoryId | None = None


class CheckedPullRequest(Narrow):
    """A pull request as checks name it; it may be one of another repository, or have moved on."""

    number: Number
    head: Commit | None = None
    base: CheckedBase | None = None


class App(Narrow):
    slug: Line | None = None


class Check(Narrow):
    """A check suite or a check run."""

    head_sha: Line
    conclusion: str | None = None
    pull_requests: list[CheckedPullRequest] | None = None


class CheckSuite(Check):
    id: int
    app: App | None = None
    updated_at: Instant | None = None


class CheckRun(Check):
    name: Line
    completed_at: Instant | None = None


class CheckSuiteTold(Told):
    check: CheckSuite = Field(alias="check_suite")


class CheckRunTold(Told):
    check: CheckRun = Field(alias="check_run")


class StatusTold(Told):
    sha: Line
    context: Line
    state: str
    updated_at: Instant | None = None


class Deployment(Narrow):
    id: Number
    sha: Line
    environment: Line
    ref: Text | None = None
    created_at: Instant | None = None


class DeploymentStatus(Narrow):
    state: str
    updated_at: Instant | None = None


class DeploymentTold(Told):
    deployment: Deployment
    status: DeploymentStatus = Field(alias="deployment_status")


class Release(Narrow):
    id: Number
    tag_name: Name
    draft: bool = False
    prerelease: bool = False
    created_at: Instant | None = None
    published_at: Instant | None = None
    author: Account | None = None


class ReleaseTold(Told):
    release: Release


class Option(Narrow):
    """A column of a board."""

    name: Text


class FieldValue(Narrow):
    field_name: Text | None = None
    before: Option | None = Field(None, alias="from")
    after: Option | None = Field(None, alias="to")


class FieldChanges(Narrow):
    field_value: FieldValue


class BoardItem(Narrow):
    content_node_id: NodeId
    project_node_id: NodeId
    updated_at: Instant | None = None


class BoardItemTold(Narrow):
    item: BoardItem = Field(alias="projects_v2_item")
    changes: FieldChanges
    organization: Account | None = None
    sender: Account | None = None


class WasNamed(Narrow):
    before: Line = Field(alias="from")


class OldName(Narrow):
    name: WasNamed | None = None


class OldOwner(Narrow):
    user: Account | None = None
    organization: Account | None = None


class OwnerWas(Narrow):
    before: OldOwner = Field(alias="from")


class RepositoryChanges(Narrow):
    repository: OldName | None = None
    owner: OwnerWas | None = None


class RepositoryTold(Told):
    changes: RepositoryChanges | None = None


class InstalledFor(Narrow):
    """An account; one of an enterprise has no login."""

    login: Line | None = None


class Installation(Narrow):
    account: InstalledFor | None = None


class InstallationTold(Narrow):
    installation: Installation | None = None
    repositories: list[Repository] | None = None


class InstallationRepositoriesTold(Narrow):
    repositories_added: list[Repository] | None = None
    repositories_removed: list[Repository] | None = None
