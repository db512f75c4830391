"""The queries that read a repository. tests/test_github_history.py holds them against GitHub's schema.

What has `parts` asks for those alone of what takes a scope of its own, or a server that knows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from bot.hosts.github.fragments import (
    ASSIGNED,
    COMMENTS,
    REVIEWS,
    WHO,
    Parts,
    issue,
    issue_timeline,
    item,
    timeline,
)

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
    nameWithOwner
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
def read(parts: Parts) -> str:
    """Open pull requests and issues, oldest first, and others, last changed first: a page of each in one call."""
    return _READ + WHO + ASSIGNED + item(parts) + issue(parts)


@cache
def more_timeline(parts: Parts) -> str:
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
    return query + WHO + ASSIGNED + timeline(parts)


@cache
def more_issue_timeline(parts: Parts) -> str:
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
    return query + WHO + ASSIGNED + issue_timeline(parts)


MORE_REVIEWS = (
    """
query MoreReviews($owner: String!, $name: String!, $number: Int!, $after: String!) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) {
    of: pullRequest(number: $number) { more: reviews(first: 100, after: $after) { ...Reviews } }
  }
}
"""
    + WHO
    + REVIEWS
)

MORE_COMMENTS = (
    """
query MoreComments($owner: String!, $name: String!, $review: ID!, $after: String!) {
  rateLimit { cost }
  repository(owner: $owner, name: $name) { id }
  node(id: $review) { ... on PullRequestReview { more: comments(first: 100, after: $after) { ...Comments } } }
}
"""
    + WHO
    + COMMENTS
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


def items(numbers: Iterable[int], parts: Parts) -> str:
    """A query for pull requests by number, each under the alias `i{number}`."""
    chosen = "\n".join(f"    i{number}: pullRequest(number: {number}) {{ ...Item }}" for number in numbers)
    return f"""
query Items($owner: String!, $name: String!, $itemTypes: [PullRequestTimelineItemsItemType!]!) {{
  rateLimit {{ cost }}
  repository(owner: $owner, name: $name) {{
{chosen}
  }}
}}
{WHO}{ASSIGNED}{item(parts)}"""


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
