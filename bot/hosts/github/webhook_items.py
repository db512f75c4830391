"""Webhooks about pull requests and issues → flow events. Each reader takes (payload, time of arrival)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from bot.flow.events import ISSUE, ISSUE_TYPE_CHANGED, PULL_REQUEST, REVIEW_STATES, FlowEvent, flow_event
from bot.hosts import Delivery
from bot.hosts.github import ids
from bot.hosts.github.closing import about, closes
from bot.hosts.github.issues import parent
from bot.hosts.github.models import (
    AboutItem,
    Account,
    Issue,
    IssueCommentTold,
    IssueTold,
    ItemTold,
    ParentTold,
    PullRequest,
    PullRequestTold,
    ReviewCommentTold,
    ReviewTold,
)
from bot.hosts.github.reading import HOST, NOTHING, actor_type_of, first, login_of

T = TypeVar("T", bound=AboutItem)
Read: TypeAlias = Callable[[T, int], FlowEvent | Sequence[FlowEvent] | None]
"""(what was told, time of arrival) → the event or events in it, if there are any."""


def pull_request(payload: dict[str, Any], received_at: int) -> Delivery:
    """`pull_request` in all actions that change a state."""
    return _read(_PULL_REQUEST_ACTIONS, PullRequestTold, payload, received_at)


def issues(payload: dict[str, Any], received_at: int) -> Delivery:
    """`issues` in all actions that change a state; an issue deleted or moved away is closed here."""
    return _read(_ISSUE_ACTIONS, IssueTold, payload, received_at)


def sub_issues(payload: dict[str, Any], received_at: int) -> Delivery:
    """`sub_issues`: an issue became a part of another one, or no longer is."""
    return _read(_PARENT_ACTIONS, ParentTold, payload, received_at)


def review(payload: dict[str, Any], received_at: int) -> Delivery:
    """`pull_request_review`, submitted or dismissed; webhooks don't tell on whose behalf, so there are no `teams`."""
    return _read(_REVIEW_ACTIONS, ReviewTold, payload, received_at)


def issue_comment(payload: dict[str, Any], received_at: int) -> Delivery:
    """`issue_comment` created, on issues and pull requests alike."""
    return _read({"created": _commented}, IssueCommentTold, payload, received_at)


def review_comment(payload: dict[str, Any], received_at: int) -> Delivery:
    """`pull_request_review_comment` created: a comment on a line, or a reply to one."""
    return _read({"created": _commented_on_line}, ReviewCommentTold, payload, received_at)


def _read(actions: Mapping[str, Read[T]], model: type[T], payload: dict[str, Any], received_at: int) -> Delivery:
    """Only payloads of an action that is of use are looked at more closely."""
    action = payload.get("action")
    read = actions.get(action) if isinstance(action, str) else None
    if read is None:
        return NOTHING
    told = model.model_validate(payload)
    found = read(told, received_at) or ()
    events = (found,) if isinstance(found, FlowEvent) else tuple(found)
    return Delivery(HOST, repos=(told.repository.full_name,), events=events) if events else NOTHING


def _event(told: AboutItem, by: Account | None, kind: str, id: str, *, at: int, **data: Any) -> FlowEvent:
    """An event of the item told of; `data` are the kind's own keys."""
    repo, number, actor, actor_type = told.repository.full_name, told.item.number, login_of(by), actor_type_of(by)
    return flow_event(
        host=HOST, repo=repo, item=number, id=id, at=at, kind=kind, actor=actor, actor_type=actor_type, **data
    )


def _updated(told: AboutItem, received_at: int) -> int:
    return first(told.item.updated_at, received_at)


def _opened(told: PullRequestTold | IssueTold, received_at: int) -> FlowEvent:
    item = told.item
    own = _pull_request_facts(item) if isinstance(item, PullRequest) else _issue_facts(item)
    own |= {"title": item.title, "url": item.html_url, "labels": [label.name for label in item.labels or ()],
            "milestone": item.milestone and item.milestone.title}  # fmt: skip
    known = {key: value for key, value in own.items() if value is not None}
    return _event(told, item.user, "opened", ids.opened(item.number), at=first(item.created_at, received_at), **known)


def _opened_with_links(told: PullRequestTold, received_at: int) -> list[FlowEvent]:
    opened = _opened(told, received_at)
    number = told.item.number
    return [
        opened,
        *(
            _event(
                told,
                told.item.user,
                "linked",
                ids.linked(number, repo, issue),
                at=opened.at,
                **about(told, repo, issue),
            )
            for repo, issue in closes(told, told.item.body)
        ),
    ]


def _pull_request_facts(item: PullRequest) -> dict[str, Any]:
    sized = item.additions is not None and item.deletions is not None
    return {
        "type": PULL_REQUEST,
        "draft": bool(item.draft),
        "base": item.base and item.base.ref,
        "head": item.head and item.head.sha,
        "branch": item.head and item.head.ref,
        "size": (item.additions or 0) + (item.deletions or 0) if sized else None,
    }


def _issue_facts(item: Issue) -> dict[str, Any]:
    return {"type": ISSUE, "issue_type": item.type and item.type.name}


def _happened(told: AboutItem, by: Account | None, kind: str, at: int, **data: Any) -> FlowEvent:
    """What happened to the item as a whole."""
    return _event(told, by, kind, ids.moment(kind, told.item.number, at), at=at, **data)


def _moment(kind: str) -> Read[ItemTold]:
    return lambda told, received_at: _happened(told, told.sender, kind, _updated(told, received_at))


def _closed(told: PullRequestTold | IssueTold, received_at: int) -> FlowEvent:
    item, closed_at = told.item, first(told.item.closed_at, _updated(told, received_at))
    if isinstance(item, PullRequest) and (item.merged or item.merged_at is not None):
        made = {"sha": item.merge_commit_sha, "base": item.base and item.base.ref}  # what will be deployed
        known = {key: value for key, value in made.items() if value}
        return _happened(told, told.sender, "merged", first(item.merged_at, closed_at), **known)
    why = {"reason": item.state_reason.lower()} if item.state_reason else {}
    return _happened(told, told.sender, "closed", closed_at, **why)


def _left(reason: str) -> Read[IssueTold]:
    """The issue is no longer here; what it was closed for before is another matter."""

    def read(told: IssueTold, received_at: int) -> FlowEvent:
        if told.item.closed_at is not None:
            return _closed(told, received_at)
        return _happened(told, told.sender, "closed", _updated(told, received_at), reason=reason)

    return read


def _edited(told: ItemTold, received_at: int) -> FlowEvent | None:
    was = told.changes and told.changes.title
    if not was:
        return None
    names = {"from": was.before, "to": told.item.title or ""}
    return _happened(told, told.sender, "renamed", _updated(told, received_at), **names)


def _edited_pull_request(told: PullRequestTold, received_at: int) -> list[FlowEvent]:
    renamed = _edited(told, received_at)
    return [*([renamed] if renamed else []), *_relinked(told, _updated(told, received_at))]


def _relinked(told: PullRequestTold, at: int) -> Iterator[FlowEvent]:
    """Which issues the text no longer says to close, and which it says now."""
    if told.changes is None or told.changes.body is None:
        return
    was = told.changes.body
    number, before, now = told.item.number, closes(told, was.before), closes(told, told.item.body)
    for repo, issue in before:
        if (repo, issue) not in now:
            id = ids.unlinked(number, repo, issue, at)
            yield _event(told, told.sender, "unlinked", id, at=at, **about(told, repo, issue))
    for repo, issue in now:
        if (repo, issue) not in before:
            id = ids.linked(number, repo, issue, at)
            yield _event(told, told.sender, "linked", id, at=at, **about(told, repo, issue))


def _labels(kind: str) -> Read[ItemTold]:
    def read(told: ItemTold, received_at: int) -> FlowEvent | None:
        if told.label is None:  # deleted from the repository meanwhile
            return None
        name, at = told.label.name, _updated(told, received_at)
        return _event(told, told.sender, kind, ids.about(kind, told.item.number, name, at), at=at, label=name)

    return read


def _typed(told: IssueTold, received_at: int) -> FlowEvent | None:
    kind = told.type or told.item.type
    return _issue_type(told, kind.name, received_at) if kind else None


def _untyped(told: IssueTold, received_at: int) -> FlowEvent:
    return _issue_type(told, None, received_at)


def _issue_type(told: IssueTold, to: str | None, received_at: int) -> FlowEvent:
    at = _updated(told, received_at)
    id = ids.about(ISSUE_TYPE_CHANGED, told.item.number, to or "", at)
    return _event(told, told.sender, ISSUE_TYPE_CHANGED, id, at=at, to=to)


def _milestone(kind: str) -> Read[ItemTold]:
    def read(told: ItemTold, received_at: int) -> FlowEvent | None:
        milestone = told.milestone or told.item.milestone
        if milestone is None or not milestone.title:
            return None
        title, at = milestone.title, _updated(told, received_at)
        id = ids.about(kind, told.item.number, title, at)
        return _event(told, told.sender, kind, id, at=at, milestone=title)

    return read


def _parent(kind: str) -> Read[ParentTold]:
    """Told to the repositories of both; the part's is the one that counts."""

    def read(told: ParentTold, received_at: int) -> FlowEvent | None:
        own = told.repository.full_name
        of, above = told.sub_issue_repo or told.repository, told.parent_issue_repo or told.repository
        if of.full_name.lower() != own.lower():
            return None
        number, at = told.parent.number, _updated(told, received_at)
        id = ids.parent(kind, told.item.number, above.full_name, number, at)
        return _event(told, told.sender, kind, id, at=at, **parent(own, above.full_name, number))

    return read


def _assignment(kind: str) -> Read[ItemTold]:
    def read(told: ItemTold, received_at: int) -> FlowEvent | None:
        assignee, at = login_of(told.assignee), _updated(told, received_at)
        if assignee is None:
            return None
        id = ids.about(kind, told.item.number, assignee, at)
        return _event(told, told.sender, kind, id, at=at, assignee=assignee)

    return read


def _request(kind: str) -> Read[PullRequestTold]:
    def read(told: PullRequestTold, received_at: int) -> FlowEvent | None:
        number, at = told.item.number, _updated(told, received_at)
        if told.requested_team is not None:
            slug = told.requested_team.slug
            return _event(told, told.sender, kind, ids.team_request(kind, number, slug, at), at=at, team=slug)
        person = login_of(told.requested_reviewer)
        # A bot owes nothing, and no later event need say that this login is a bot's.
        if person is None or actor_type_of(told.requested_reviewer) == "Bot":
            return None
        return _event(told, told.sender, kind, ids.person_request(kind, number, person, at), at=at, reviewer=person)

    return read


def _pushed(told: PullRequestTold, received_at: int) -> FlowEvent | None:
    sha = told.after or (told.item.head and told.item.head.sha)
    if not sha:
        return None
    id = ids.pushed(told.item.number, sha)
    return _event(told, told.sender, "pushed", id, at=_updated(told, received_at), sha=sha)


def _submitted(told: ReviewTold, received_at: int) -> FlowEvent | None:
    review, state = told.review, told.review.state.lower()
    if state not in REVIEW_STATES:
        return None
    at = first(review.submitted_at, received_at)
    return _event(told, review.user, "review_submitted", ids.review(review.id), at=at, state=state)


def _dismissed(told: ReviewTold, received_at: int) -> FlowEvent:
    at, id = _updated(told, received_at), ids.review_dismissed(told.review.id)
    return _event(told, told.sender, "review_dismissed", id, at=at, reviewer=login_of(told.review.user))


def _commented(told: IssueCommentTold, received_at: int) -> FlowEvent:
    at = first(told.comment.created_at, received_at)
    return _event(told, told.comment.user, "commented", ids.comment(told.comment.id), at=at)


def _commented_on_line(told: ReviewCommentTold, received_at: int) -> FlowEvent:
    at = first(told.comment.created_at, received_at)
    return _event(told, told.comment.user, "commented", ids.review_comment(told.comment.id), at=at)


_ITEM_ACTIONS: dict[str, Read[ItemTold]] = {
    "reopened": _moment("reopened"),
    "edited": _edited,
    "labeled": _labels("labeled"),
    "unlabeled": _labels("unlabeled"),
    "milestoned": _milestone("milestoned"),
    "demilestoned": _milestone("demilestoned"),
    "assigned": _assignment("assigned"),
    "unassigned": _assignment("unassigned"),
}
_ISSUE_ACTIONS: dict[str, Read[IssueTold]] = {
    **_ITEM_ACTIONS,
    "opened": _opened,
    "closed": _closed,
    "deleted": _left("deleted"),
    "transferred": _left("transferred"),
    "typed": _typed,
    "untyped": _untyped,
}
_PARENT_ACTIONS: dict[str, Read[ParentTold]] = {
    "parent_issue_added": _parent("parent_added"),
    "parent_issue_removed": _parent("parent_removed"),
    "sub_issue_added": _parent("parent_added"),
    "sub_issue_removed": _parent("parent_removed"),
}
_PULL_REQUEST_ACTIONS: dict[str, Read[PullRequestTold]] = {
    **_ITEM_ACTIONS,
    "opened": _opened_with_links,
    "edited": _edited_pull_request,
    "closed": _closed,
    "ready_for_review": _moment("ready_for_review"),
    "converted_to_draft": _moment("converted_to_draft"),
    "enqueued": _moment("queued"),
    "dequeued": _moment("dequeued"),
    "review_requested": _request("review_requested"),
    "review_request_removed": _request("review_request_removed"),
    "synchronize": _pushed,
}
_REVIEW_ACTIONS: dict[str, Read[ReviewTold]] = {"submitted": _submitted, "dismissed": _dismissed}
