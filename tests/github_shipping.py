"""GitHub webhook deliveries about releases and boards, as GitHub shapes them."""

from __future__ import annotations

from github_payloads import NINE, Payload, account, delivered, id_of

from bot.flow.events import show_instant


def release(
    action: str = "published",
    repo: str = "acme/shop",
    actor: str | None = "bob",
    *,
    release_id: int = 1261438,
    tag: str = "v1.0",
    prerelease: bool = False,
    draft: bool = False,
    cut: int = NINE,
    at: int = NINE,
) -> Payload:
    """A `release` delivery; `cut` is when its commit was made, which GitHub calls `created_at`."""
    told = {"id": release_id, "tag_name": tag, "target_commitish": "main", "name": None, "body": None}
    told |= {"draft": draft, "prerelease": prerelease, "author": account(actor)}
    told |= {"created_at": show_instant(cut), "published_at": None if draft else show_instant(at)}
    return delivered(action, repo, actor, release=told)


def projects_v2_item(
    action: str = "edited",
    node: str = "I_acme/shop_7",
    actor: str | None = "alice",
    *,
    before: str | None = "Todo",
    after: str | None = "In Progress",
    field: str | None = "Status",
    field_type: str = "single_select",
    board: str = "PVT_1",
    at: int = NINE,
) -> Payload:
    """A `projects_v2_item` delivery of an organization; without a `field` as older servers tell it."""
    item = {"id": 5678510, "node_id": "PVTI_1", "project_node_id": board, "content_node_id": node}
    item |= {
        "content_type": "Issue",
        "creator": account(actor),
        "created_at": show_instant(at),
        "updated_at": show_instant(at),
        "archived_at": None,
    }
    value: Payload = {"field_node_id": "PVTSSF_1", "field_type": field_type}
    if field is not None:
        value |= {"field_name": field, "project_number": 1, "from": _option(before), "to": _option(after)}
    organization = {"login": "acme", "id": id_of("acme"), "description": ""}
    payload = {"action": action, "projects_v2_item": item, "organization": organization, "sender": account(actor)}
    return payload | ({"changes": {"field_value": value}} if action == "edited" else {})


def _option(name: str | None) -> Payload | None:
    return None if name is None else {"id": "f75ad846", "name": name, "color": "GRAY", "description": ""}
