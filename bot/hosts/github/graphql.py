"""The queries that read pull requests. tests/test_github_history.py holds them against GitHub's schema.

Reviews are read beside the timeline, not within it: asking for the teams and comments of each of a hundred timeline
entries costs three times the points.
"""

from __future__ import annotations

from collections.abc import Iterable

ITEM_TYPES = (
    "ADDED_TO_MERGE_QUEUE_EVENT",
    "ASSIGNED_EVENT",
    "CLOSED_EVENT",
    "CONVERT_TO_DRAFT_EVENT",
    "DEPLOYED_EVENT",
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

_WHO = """
fragment Who on Actor { __typename login }
"""

_TIMELINE = """
fragment Timeline on PullRequestTimelineItemsConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on AddedToMergeQueueEvent { createdAt actor { ...Who } }
    ... on RemovedFromMergeQueueEvent { createdAt actor { ...Who } }
    ... on ClosedEvent { createdAt actor { ...Who } }
    ... on MergedEvent { createdAt actor { ...Who } }
    ... on ReopenedEvent { createdAt actor { ...Who } }
    ... on ReadyForReviewEvent { createdAt actor { ...Who } }
    ... on ConvertToDraftEvent { createdAt actor { ...Who } }
    ... on AssignedEvent { createdAt actor { ...Who } assignee { ...Assigned } }
    ... on UnassignedEvent { createdAt actor { ...Who } assignee { ...Assigned } }
    ... on LabeledEvent { createdAt actor { ...Who } label { name } }
    ... on UnlabeledEvent { createdAt actor { ...Who } label { name } }
    ... on RenamedTitleEvent { createdAt actor { ...Who } previousTitle currentTitle }
    ... on ReviewRequestedEvent { createdAt actor { ...Who } requestedReviewer { ...Asked } }
    ... on ReviewRequestRemovedEvent { createdAt actor { ...Who } requestedReviewer { ...Asked } }
    ... on ReviewDismissedEvent {
      createdAt actor { ...Who } previousReviewState review { fullDatabaseId author { ...Who } }
    }
    ... on HeadRefForcePushedEvent { createdAt actor { ...Who } afterCommit { oid } }
    ... on PullRequestCommit { commit { oid committedDate author { user { login } } committer { user { login } } } }
    ... on IssueComment { createdAt author { ...Who } fullDatabaseId }
    ... on DeployedEvent { createdAt actor { ...Who } deployment { databaseId environment } }
  }
}
fragment Assigned on Assignee {
  ... on User { login } ... on Bot { login } ... on Mannequin { login } ... on Organization { login }
}
fragment Asked on RequestedReviewer {
  __typename ... on User { login } ... on Bot { login } ... on Mannequin { login } ... on Team { slug }
}
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

_ITEM = (
    """
fragment Item on PullRequest {
  id number title url state isDraft createdAt updatedAt closedAt mergedAt
  additions deletions baseRefName headRefOid mergeable
  author { ...Who }
  mergedBy { ...Who }
  labels(first: 50) { nodes { name } }
  timelineItems(first: 100, itemTypes: $itemTypes) { ...Timeline }
  reviews(first: 30) { ...Reviews }
  commits(last: 1) { nodes { commit { statusCheckRollup { state contexts(first: 50) { ...Contexts } } } } }
}
"""
    + _WHO
    + _TIMELINE
    + _REVIEWS
    + _CONTEXTS
)

READ = (
    """
query Read(
  $owner: String!, $name: String!, $itemTypes: [PullRequestTimelineItemsItemType!]!,
  $open: Boolean!, $openFirst: Int!, $openAfter: String,
  $changed: Boolean!, $changedFirst: Int!, $changedAfter: String
) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    open: pullRequests(
      states: [OPEN], first: $openFirst, after: $openAfter, orderBy: {field: CREATED_AT, direction: ASC}
    ) @include(if: $open) { pageInfo { hasNextPage endCursor } nodes { ...Item } }
    changed: pullRequests(
      states: [CLOSED, MERGED], first: $changedFirst, after: $changedAfter,
      orderBy: {field: UPDATED_AT, direction: DESC}
    ) @include(if: $changed) { pageInfo { hasNextPage endCursor } nodes { ...Item } }
  }
}
"""
    + _ITEM
)
"""Open pull requests, oldest first, and others, last changed first: a page of both in one call."""

MORE_TIMELINE = (
    """
query MoreTimeline(
  $owner: String!, $name: String!, $number: Int!, $after: String!, $itemTypes: [PullRequestTimelineItemsItemType!]!
) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      more: timelineItems(first: 100, after: $after, itemTypes: $itemTypes) { ...Timeline }
    }
  }
}
"""
    + _WHO
    + _TIMELINE
)

MORE_REVIEWS = (
    """
query MoreReviews($owner: String!, $name: String!, $number: Int!, $after: String!) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { more: reviews(first: 100, after: $after) { ...Reviews } }
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


def items(numbers: Iterable[int]) -> str:
    """A query for pull requests by number, each under the alias `i{number}`."""
    chosen = "\n".join(f"    i{number}: pullRequest(number: {number}) {{ ...Item }}" for number in numbers)
    return f"""
query Items($owner: String!, $name: String!, $itemTypes: [PullRequestTimelineItemsItemType!]!) {{
  rateLimit {{ cost }}
  repository(owner: $owner, name: $name) {{
{chosen}
  }}
}}
{_ITEM}"""


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
