"""What the queries ask of pull requests, issues and their timelines, and which of it a reading can do without.

Reviews are read beside the timeline, not within it: asking for the teams and comments of each of a hundred timeline
entries costs three times the points.
"""

from __future__ import annotations

from typing import TypeAlias

from bot.hosts.github.errors import BOARDS, PARENTS, TYPES

Parts: TypeAlias = frozenset[str]
"""Of what a reading can do without, what is asked for; only that of items and issues is looked at."""

ITEM_TYPES = (
    "ADDED_TO_MERGE_QUEUE_EVENT",
    "ASSIGNED_EVENT",
    "CLOSED_EVENT",
    "CONNECTED_EVENT",
    "CONVERT_TO_DRAFT_EVENT",
    "DEMILESTONED_EVENT",
    "DEPLOYED_EVENT",
    "DISCONNECTED_EVENT",
    "HEAD_REF_FORCE_PUSHED_EVENT",
    "ISSUE_COMMENT",
    "LABELED_EVENT",
    "MERGED_EVENT",
    "MILESTONED_EVENT",
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
    "DEMILESTONED_EVENT",
    "ISSUE_COMMENT",
    "LABELED_EVENT",
    "MILESTONED_EVENT",
    "RENAMED_TITLE_EVENT",
    "REOPENED_EVENT",
    "UNASSIGNED_EVENT",
    "UNLABELED_EVENT",
)
MOVED_TYPE = "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT"
PARENT_TYPES = ("PARENT_ISSUE_ADDED_EVENT", "PARENT_ISSUE_REMOVED_EVENT")
TYPE_TYPES = ("ISSUE_TYPE_ADDED_EVENT", "ISSUE_TYPE_CHANGED_EVENT", "ISSUE_TYPE_REMOVED_EVENT")


def types(parts: Parts) -> dict[str, list[str]]:
    """The variables that say which entries of timelines are asked for."""
    moved = [MOVED_TYPE] if BOARDS in parts else []
    parents = PARENT_TYPES if PARENTS in parts else ()
    typed = TYPE_TYPES if TYPES in parts else ()
    return {"itemTypes": [*ITEM_TYPES, *moved], "issueTypes": [*ISSUE_TYPES, *moved, *parents, *typed]}


WHO = """
fragment Who on Actor { __typename login }
"""

_MOVED = "... on ProjectV2ItemStatusChangedEvent { createdAt actor { ...Who } previousStatus status project { id } }"
_PARENTS = """
    ... on ParentIssueAddedEvent { createdAt actor { ...Who } parent { number repository { nameWithOwner } } }
    ... on ParentIssueRemovedEvent { createdAt actor { ...Who } parent { number repository { nameWithOwner } } }"""
_TYPED = """
    ... on IssueTypeAddedEvent { createdAt actor { ...Who } issueType { name } }
    ... on IssueTypeChangedEvent { createdAt actor { ...Who } issueType { name } prevIssueType { name } }
    ... on IssueTypeRemovedEvent { createdAt actor { ...Who } issueType { name } }"""
_COMMON = """
    ... on ClosedEvent { createdAt actor { ...Who } stateReason }
    ... on ReopenedEvent { createdAt actor { ...Who } }
    ... on AssignedEvent { createdAt actor { ...Who } assignee { ...Assigned } }
    ... on UnassignedEvent { createdAt actor { ...Who } assignee { ...Assigned } }
    ... on LabeledEvent { createdAt actor { ...Who } label { name } }
    ... on UnlabeledEvent { createdAt actor { ...Who } label { name } }
    ... on MilestonedEvent { createdAt actor { ...Who } milestoneTitle }
    ... on DemilestonedEvent { createdAt actor { ...Who } milestoneTitle }
    ... on RenamedTitleEvent { createdAt actor { ...Who } previousTitle currentTitle }
    ... on IssueComment { createdAt author { ...Who } fullDatabaseId }"""
ASSIGNED = """
fragment Assigned on Assignee {
  ... on User { login } ... on Bot { login } ... on Mannequin { login } ... on Organization { login }
}
"""


def timeline(parts: Parts) -> str:
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
    {_MOVED if BOARDS in parts else ""}
  }}
}}
fragment Linked on ReferencedSubject {{ __typename ... on Issue {{ number repository {{ nameWithOwner }} }} }}
fragment Asked on RequestedReviewer {{
  __typename ... on User {{ login }} ... on Bot {{ login }} ... on Mannequin {{ login }} ... on Team {{ slug }}
}}
"""


def issue_timeline(parts: Parts) -> str:
    return f"""
fragment IssueTimeline on IssueTimelineItemsConnection {{
  pageInfo {{ hasNextPage endCursor }}
  nodes {{
    __typename{_COMMON}
    ... on CrossReferencedEvent {{
      createdAt actor {{ ...Who }} willCloseTarget
      source {{ __typename ... on PullRequest {{ number repository {{ nameWithOwner }} }} }}
    }}
    {_MOVED if BOARDS in parts else ""}
    {_PARENTS if PARENTS in parts else ""}
    {_TYPED if TYPES in parts else ""}
  }}
}}
"""


COMMENTS = """
fragment Comments on PullRequestReviewCommentConnection {
  pageInfo { hasNextPage endCursor }
  nodes { fullDatabaseId createdAt author { ...Who } }
}
"""

REVIEWS = (
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
    + COMMENTS
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


def item(parts: Parts) -> str:
    return f"""
fragment Item on PullRequest {{
  id number title url state isDraft createdAt updatedAt closedAt mergedAt
  additions deletions baseRefName headRefName headRefOid mergeable
  author {{ ...Who }}
  mergedBy {{ ...Who }}
  mergeCommit {{ oid }}
  labels(first: 50) {{ nodes {{ name }} }}
  milestone {{ title }}
  timelineItems(first: 100, itemTypes: $itemTypes) {{ ...Timeline }}
  reviews(first: 30) {{ ...Reviews }}
  commits(last: 1) {{ nodes {{ commit {{ statusCheckRollup {{ state contexts(first: 50) {{ ...Contexts }} }} }} }} }}
  closingIssuesReferences(first: 10) {{ pageInfo {{ hasNextPage }} nodes {{ number repository {{ nameWithOwner }} }} }}
  {_CARDS if BOARDS in parts else ""}
}}
{timeline(parts)}{REVIEWS}{_CONTEXTS}"""


def issue(parts: Parts) -> str:
    return f"""
fragment IssueItem on Issue {{
  id number title url state createdAt updatedAt closedAt
  author {{ ...Who }}
  labels(first: 50) {{ nodes {{ name }} }}
  milestone {{ title }}
  timelineItems(first: 100, itemTypes: $issueTypes) {{ ...IssueTimeline }}
  {_CARDS if BOARDS in parts else ""}
  {"issueType { name }" if TYPES in parts else ""}
}}
{issue_timeline(parts)}"""
