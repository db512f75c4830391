"""The queries that read a repository. tests/test_github_history.py holds them against GitHub's schema.

What has `boards` asks for the columns of boards too, which takes a scope of its own and a server that knows them.

Reviews are read beside the timeline, not within it: asking for the teams and comments of each of a hundred timeline
entries costs three times the points.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

ITEM_TYPES = (
    "ADDED_TO_MERGE_QUEUE_EVENT",
    "ASSIGNED_EVENT",
    "CLOSED_EVENT",
    "CONNECTED_EVENT",
    "CONVERT_TO_DRAFT_EVENT",
    "DEPLOYED_EVENT",
    "DISCONNECTED_EVENT",
    "HEAD_REF_FORCE_PUSHED_EVENT",
    "ISSUE_COMMENT",
    "LABELED_EVENT",
    "MERGED_EVENT",
    "PULL_REQUEST_COMMIT",
    "READY_FOR_REVIEW_EVENT",
    "REMOVED_FROM_MERGE_QUEUE_EVENT",
    "RENAMED_TITLE_EVENT",
    "REOPENED_EVENT",
    "REVIEW_DISMISSED_EVENT",
    "REVIEW_REQUESTED_EVENT",
    "REVIEW_REQUEST_REMOVED_EVENT",
    "UNASSIGNED_EVENT",
    "UNLABELED_EVENT",
)

ISSUE_TYPES = (
    "ASSIGNED_EVENT",
    "CLOSED_EVENT",
    "CROSS_REFERENCED_EVENT",
    "ISSUE_COMMENT",
    "LABELED_EVENT",
    "RENAMED_TITLE_EVENT",
    "REOPENED_EVENT",
    "UNASSIGNED_EVENT",
    "UNLABELED_EVENT",
)
MOVED_TYPE = "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT"


def types(*, boards: bool) -> dict[str, list[str]]:
    """The variables that say which entries of timelines are asked for."""
    moved = [MOVED_TYPE] if boards else []
    return {"itemTypes": [*ITEM_TYPES, *moved], "issueTypes": [*ISSUE_TYPES, *moved]}


_WHO = """
fragment Who on Actor { __typename login }
"""

_MOVED = "... on ProjectV2ItemStatusChangedEvent { createdAt actor { ...Who } previousStatus status project { id } }"
_COMMON = """
    ... on ClosedEvent { createdAt actor { ...Who } stateReason }
    ... on ReopenedEvent { createdAt actor { ...Who } }
    ... on AssignedEvent { createdAt actor { ...Who } assignee { ...Assigned } }
    ... on UnassignedEvent { createdAt actor { ...Who } assignee { ...Assigned } }
    ... on LabeledEvent { createdAt actor { ...Who } label { name } }
    ... on UnlabeledEvent { createdAt actor { ...Who } label { name } }
    ... on RenamedTitleEvent { createdAt actor { ...Who } previousTitle currentTitle }
    ... on IssueComment { createdAt author { ...Who } fullDatabaseId }"""
_ASSIGNED = """
fragment Assigned on Assignee {
  ... on User { login } ... on Bot { login } ... on Mannequin { login } ... on Organization { login }
}
"""


def _timeline(*, boards: bool) -> str:
    return f"""
fragment Timeline on PullRequestTimelineItemsConnection {{
  pageInfo {{ hasNextPage endCursor }}
  nodes {{
    __typename{_COMMON}
    ... on AddedToMergeQueueEvent {{ createdAt actor {{ ...Who }} }}
    ... on RemovedFromMergeQueueEvent {{ createdAt actor {{ ...Who }} }}
    ... on MergedEvent {{ createdAt actor {{ ...Who }} }}
    ... on ReadyForReviewEvent {{ createdAt actor {{ ...Who }} }}
    ... on ConvertToDraftEvent {{ createdAt actor {{ ...Who }} }}
    ... on ReviewRequestedEvent {{ createdAt actor {{ ...Who }} requestedReviewer {{ ...Asked }} }}
    ... on ReviewRequestRemovedEvent {{ createdAt actor {{ ...Who }} requestedReviewer {{ ...Asked }} }}
    ... on ReviewDismissedEvent {{
      createdAt actor {{ ...Who }} previousReviewState review {{ fullDatabaseId author {{ ...Who }} }}
    }}
    ... on HeadRefForcePushedEvent {{ createdAt actor {{ ...Who }} afterCommit {{ oid }} }}
    ... on PullRequestCommit {{
      commit {{ oid committedDate author {{ user {{ login }} }} committer {{ user {{ login }} }} }}
    }}
    ... on DeployedEvent {{ createdAt actor {{ ...Who }} deployment {{ databaseId environment }} }}
    ... on ConnectedEvent {{ createdAt actor {{ ...Who }} source {{ ...Linked }} subject {{ ...Linked }} }}
    ... on DisconnectedEvent {{ createdAt actor {{ ...Who }} source {{ ...Linked }} subject {{ ...Linked }} }}
    {_MOVED if boards else ""}
  }}
}}
fragment Linked on ReferencedSubject {{ __typename ... on Issue {{ number repository {{ nameWithOwner }} }} }}
fragment Asked on RequestedReviewer {{
  __typename ... on User {{ login }} ... on Bot {{ login }} ... on Mannequin {{ login }} ... on Team {{ slug }}
}}
"""


def _issue_timeline(*, boards: bool) -> str:
    return f"""
fragment IssueTimeline on IssueTimelineItemsConnection {{
  pageInfo {{ hasNextPage endCursor }}
  nodes {{
    __typename{_COMMON}
    ... on CrossReferencedEvent {{
      createdAt actor {{ ...Who }} willCloseTarget
      source {{ __typename ... on PullRequest {{ number repository {{ nameWithOwner }} }} }}
    }}
    {_MOVED if boards else ""}
  }}
}}
"""


_COMMENTS = """
fragment Comments on PullRequestReviewCommentConnection {
  pageInfo { hasNextPage endCursor }
  nodes { fullDatabaseId createdAt author { ...Who } }
}
"""

_REVIEWS = (
    """
fragment Reviews on PullRequestReviewConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    id fullDatabaseId state submittedAt author { ...Who }
    onBehalfOf(first: 10) { nodes { slug } }
    comments(first: 30) { ...Comments }
  }
}
"""
    + _COMMENTS
)

_CONTEXTS = """
fragment Contexts on StatusCheckRollupContextConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on CheckRun { name conclusion completedAt }
    ... on StatusContext { context state createdAt }
  }
}
"""

_CARDS = """
  projectItems(first: 10) {
    nodes {
      project { id }
      status: fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name updatedAt } }
    }
  }"""


def _item(*, boards: bool) -> str:
    return f"""
fragment Item on PullRequest {{
  id number title url state isDraft createdAt updatedAt closedAt mergedAt
  additions deletions baseRefName headRefOid mergeable
  author {{ ...Who }}
  mergedBy {{ ...Who }}
  mergeCommit {{ oid }}
  labels(first: 50) {{ nodes {{ name }} }}
  timelineItems(first: 100, itemTypes: $itemTypes) {{ ...Timeline }}
  reviews(first: 30) {{ ...Reviews }}
  commits(last: 1) {{ nodes {{ commit {{ statusCheckRollup {{ state contexts(first: 50) {{ ...Contexts }} }} }} }} }}
  closingIssuesReferences(first: 10) {{ pageInfo {{ hasNextPage }} nodes {{ number repository {{ nameWithOwner }} }} }}
  {_CARDS if boards else ""}
}}
{_timeline(boards=boards)}{_REVIEWS}{_CONTEXTS}"""


def _issue(*, boards: bool) -> str:
    return f"""
fragment IssueItem on Issue {{
  id number title url state createdAt updatedAt closedAt
  author {{ ...Who }}
  labels(first: 50) {{ nodes {{ name }} }}
  timelineItems(first: 100, itemTypes: $issueTypes) {{ ...IssueTimeline }}
  {_CARDS if boards else ""}
}}
{_issue_timeline(boards=boards)}"""


_READ = """
query Read(
  $owner: String!, $name: String!, $itemTypes: [PullRequestTimelineItemsItemType!]!,
  $issueTypes: [IssueTimelineItemsItemType!]!, $releases: Boolean!,
  $open: Boolean!, $openFirst: Int!, $openAfter: String,
  $changed: Boolean!, $changedFirst: Int!, $changedAfter: String,
  $openIssues: Boolean!, $openIssuesFirst: Int!, $openIssuesAfter: String,
  $changedIssues: Boolean!, $changedIssuesFirst: Int!, $changedIssuesAfter: String
) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name }
    open: pullRequests(
      states: [OPEN], first: $openFirst, after: $openAfter, orderBy: {field: CREATED_AT, direction: ASC}
    ) @include(if: $open) { pageInfo { hasNextPage endCursor } nodes { ...Item } }
    changed: pullRequests(
      states: [CLOSED, MERGED], first: $changedFirst, after: $changedAfter,
      orderBy: {field: UPDATED_AT, direction: DESC}
    ) @include(if: $changed) { pageInfo { hasNextPage endCursor } nodes { ...Item } }
    openIssues: issues(
      states: [OPEN], first: $openIssuesFirst, after: $openIssuesAfter,
      orderBy: {field: CREATED_AT, direction: ASC}
    ) @include(if: $openIssues) { totalCount pageInfo { hasNextPage endCursor } nodes { ...IssueItem } }
    changedIssues: issues(
      states: [CLOSED], first: $changedIssuesFirst, after: $changedIssuesAfter,
      orderBy: {field: UPDATED_AT, direction: DESC}
    ) @include(if: $changedIssues) { pageInfo { hasNextPage endCursor } nodes { ...IssueItem } }
    releases(first: 50, orderBy: {field: CREATED_AT, direction: DESC}) @include(if: $releases) {
      pageInfo { hasNextPage }
      nodes {
        databaseId tagName isDraft isPrerelease createdAt publishedAt author { __typename login }
        tagCommit { oid committedDate }
      }
    }
  }
}
"""


@cache
def read(*, boards: bool) -> str:
    """Open pull requests and issues, oldest first, and others, last changed first: a page of each in one call."""
    return _READ + _WHO + _ASSIGNED + _item(boards=boards) + _issue(boards=boards)


@cache
def more_timeline(*, boards: bool) -> str:
    """The next entries of a pull request's timeline."""
    query = """
query MoreTimeline(
  $owner: String!, $name: String!, $number: Int!, $after: String!, $itemTypes: [PullRequestTimelineItemsItemType!]!
) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    of: pullRequest(number: $number) {
      more: timelineItems(first: 100, after: $after, itemTypes: $itemTypes) { ...Timeline }
    }
  }
}
"""
    return query + _WHO + _ASSIGNED + _timeline(boards=boards)


@cache
def more_issue_timeline(*, boards: bool) -> str:
    """The next entries of an issue's timeline."""
    query = """
query MoreIssueTimeline(
  $owner: String!, $name: String!, $number: Int!, $after: String!, $issueTypes: [IssueTimelineItemsItemType!]!
) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    of: issue(number: $number) {
      more: timelineItems(first: 100, after: $after, itemTypes: $issueTypes) { ...IssueTimeline }
    }
  }
}
"""
    return query + _WHO + _ASSIGNED + _issue_timeline(boards=boards)


MORE_REVIEWS = (
    """
query MoreReviews($owner: String!, $name: String!, $number: Int!, $after: String!) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    of: pullRequest(number: $number) { more: reviews(first: 100, after: $after) { ...Reviews } }
  }
}
"""
    + _WHO
    + _REVIEWS
)

MORE_COMMENTS = (
    """
query MoreComments($owner: String!, $name: String!, $review: ID!, $after: String!) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) { id }
  node(id: $review) { ... on PullRequestReview { more: comments(first: 100, after: $after) { ...Comments } } }
}
"""
    + _WHO
    + _COMMENTS
)

MORE_CHECKS = """
query MoreChecks($owner: String!, $name: String!, $number: Int!, $after: String!) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      commits(last: 1) {
        nodes {
          commit {
            statusCheckRollup {
              state
              contexts(first: 100, after: $after) {
                pageInfo { hasNextPage endCursor }
                nodes {
                  __typename
                  ... on CheckRun { name conclusion completedAt isRequired(pullRequestNumber: $number) }
                  ... on StatusContext { context state createdAt isRequired(pullRequestNumber: $number) }
                }
              }
            }
          }
        }
      }
    }
  }
}
"""


def items(numbers: Iterable[int], *, boards: bool) -> str:
    """A query for pull requests by number, each under the alias `i{number}`."""
    chosen = "\n".join(f"    i{number}: pullRequest(number: {number}) {{ ...Item }}" for number in numbers)
    return f"""
query Items($owner: String!, $name: String!, $itemTypes: [PullRequestTimelineItemsItemType!]!) {{
  rateLimit {{ cost }}
  repository(owner: $owner, name: $name) {{
{chosen}
  }}
}}
{_WHO}{_ASSIGNED}{_item(boards=boards)}"""


def numbers(issues: Iterable[int]) -> str:
    """A query for which of these issues are still there, each under the alias `i{number}`."""
    chosen = "".join(f"    i{number}: issue(number: {number}) {{ number }}\n" for number in issues)
    return f"""
query Numbers($owner: String!, $name: String!) {{
  rateLimit {{ cost }}
  repository(owner: $owner, name: $name) {{
    id
{chosen}
  }}
}}
"""


WHERE = """
query Where($ids: [ID!]!) {
  rateLimit { cost }
  nodes(ids: $ids) {
    __typename
    ... on Issue { number repository { nameWithOwner } }
    ... on PullRequest { number repository { nameWithOwner } }
  }
}
"""
"""Which items these node ids mean."""


def required(numbers: Iterable[int]) -> str:
    """A query for which of the first checks of these pull requests are required.

    GitHub answers that for one named pull request only, so each is asked for under the alias `i{number}`.
    """
    chosen = "".join(_required(number) for number in numbers)
    return f"""
query Required($owner: String!, $name: String!) {{
  rateLimit {{ cost }}
  repository(owner: $owner, name: $name) {{
{chosen}
  }}
}}
"""


def _required(number: int) -> str:
    return f"""
    i{number}: pullRequest(number: {number}) {{
      baseRefName
      commits(last: 1) {{ nodes {{ commit {{ statusCheckRollup {{ contexts(first: 50) {{ nodes {{
        __typename
        ... on CheckRun {{ name isRequired(pullRequestNumber: {number}) }}
        ... on StatusContext {{ context isRequired(pullRequestNumber: {number}) }}
      }} }} }} }} }} }}
    }}
"""
