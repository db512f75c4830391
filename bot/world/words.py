"""Events and instants in plain words."""

from __future__ import annotations

from datetime import datetime, tzinfo

from bot.flow.events import FlowEvent

_REVIEWED = {
    "approved": "{who} approved it",
    "changes_requested": "{who} asked for changes",
    "commented": "{who} reviewed it without a verdict",
}
_HAPPENED = {
    "opened": "{who} opened it",
    "closed": "{who} closed it",
    "merged": "{who} merged it",
    "reopened": "{who} opened it again",
    "ready_for_review": "{who} marked it ready for review",
    "converted_to_draft": "{who} put it back to draft",
    "review_requested": "{who} asked {whom} for a review",
    "review_request_removed": "{who} took back what {whom} was asked",
    "review_dismissed": "{who} dismissed the review by {whom}",
    "pushed": "{who} pushed new commits",
    "commented": "{who} commented",
    "labeled": "{who} added the label {what}",
    "unlabeled": "{who} removed the label {what}",
    "assigned": "{who} assigned it to {whom}",
    "unassigned": "{who} took it off {whom}",
    "checks_failed": "The checks failed",
    "checks_passed": "The checks passed",
    "queued": "{who} put it into the merge queue",
    "dequeued": "It left the merge queue",
    "deployed": "It went out to {what}",
}


def said(event: FlowEvent) -> str:
    """What happened, as a line of the item's log: `bob asked alice for a review`."""
    own = event.data
    draft = " as a draft" if event.kind == "opened" and own.get("draft") else ""
    words = _REVIEWED[own["state"]] if event.kind == "review_submitted" else _HAPPENED.get(event.kind)
    if words is None:
        return event.kind.replace("_", " ").capitalize()
    team = own.get("team")
    whom = f"the team {team}" if team else own.get("reviewer") or own.get("assignee") or "somebody"
    what = own.get("label") or own.get("environment") or ""
    return words.format(who=event.actor or "Somebody", whom=whom, what=what) + draft


def day_and_time(at: int, zone: tzinfo) -> str:
    """`Fri 10:32`"""
    local = datetime.fromtimestamp(at, zone)
    return f"{_DAYS[local.weekday()]} {local:%H:%M}"


def date_and_time(at: int, zone: tzinfo) -> str:
    """`Fri 20 Nov 10:32`"""
    local = datetime.fromtimestamp(at, zone)
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
