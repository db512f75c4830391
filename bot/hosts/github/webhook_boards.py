"""Webhooks about boards (an organization's, they name no repository) → what is to be placed."""

from __future__ import annotations

from typing import Any

from bot.flow.events import Unplaced
from bot.hosts import Delivery
from bot.hosts.github.models import BoardItemTold, Option
from bot.hosts.github.reading import HOST, NOTHING, actor_type_of, first, login_of

STATUS = "Status"
"""The field whose values are a board's columns; GitHub keeps a history of no other."""


def projects_v2_item(payload: dict[str, Any], received_at: int) -> Delivery:
    """`projects_v2_item` edited: a card was moved to another column. Older servers do not tell which; nothing then."""
    if payload.get("action") != "edited" or not _is_of_status(payload.get("changes")):
        return NOTHING
    told = BoardItemTold.model_validate(payload)
    moved, at = told.changes.field_value, first(told.item.updated_at, received_at)
    before, after = _name(moved.before), _name(moved.after)
    if before == after:
        return NOTHING
    node, project = told.item.content_node_id, told.item.project_node_id
    fact = Unplaced(
        HOST,
        f"status_changed:{project}:{node}:{at}",
        "status_changed",
        at,
        repo=None,
        owner=login_of(told.organization) or "",
        actor=login_of(told.sender),
        actor_type=actor_type_of(told.sender),
        data={"node": node, "project": project, "from": before, "to": after},
    )
    return Delivery(HOST, unplaced=(fact,))


def _is_of_status(changes: object) -> bool:
    value = changes.get("field_value") if isinstance(changes, dict) else None
    if not isinstance(value, dict) or value.get("field_type") != "single_select":
        return False
    return value.get("field_name") == STATUS


def _name(column: Option | None) -> str | None:
    return column.name or None if column else None
