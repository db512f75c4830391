"""The Slack app manifest: what Weir is called, where Slack sends things, and exactly the scopes it uses."""

from __future__ import annotations

from typing import Any

METHOD_SCOPES: dict[str, tuple[str, ...]] = {
    "auth_test": (),
    "conversations_open": ("im:write",),
    # A team's channel may be public or private.
    "conversations_history": ("im:history", "channels:history", "groups:history"),
    "conversations_replies": ("im:history", "channels:history", "groups:history"),
    "conversations_members": ("channels:read", "groups:read"),
    "chat_postMessage": ("chat:write",),
    "chat_update": ("chat:write",),
    "dnd_info": ("dnd:read",),
    "files_completeUploadExternal": ("files:write",),
    "files_getUploadURLExternal": ("files:write",),
    "users_info": ("users:read",),
    "users_list": ("users:read",),
    # Slack grants the second only beside the first.
    "users_lookupByEmail": ("users:read", "users:read.email"),
    "views_open": (),
    "views_publish": (),
    "views_update": (),
}
"""The Web API methods that `bot/messenger.py` calls, and the scopes each needs for what it is called on."""
BASE_SCOPES = ("commands",)
EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    "dnd_updated_user": ("dnd:read",),
    "message.im": ("im:history",),
    "tokens_revoked": (),
    "user_change": ("users:read",),
}
"""The events that Slack is asked to tell of, and the scopes each needs."""


def scopes() -> list[str]:
    """The bot token's scopes, sorted."""
    needed = [*METHOD_SCOPES.values(), *EVENT_SCOPES.values()]
    return sorted({*BASE_SCOPES, *(scope for scopes in needed for scope in scopes)})


REDIRECT_PATH = "/slack/oauth_redirect"
"""Where Slack sends whoever installed the app, in a deployment that serves several workspaces."""


def manifest_of(url: str | None, installed_at: str | None = None) -> dict[str, Any]:
    """The manifest for an app that Slack reaches at `url`; None makes it one for Socket Mode.

    One that several workspaces install sends people back to `installed_at`.
    """
    door = f"{url.rstrip('/')}/slack/events" if url else None
    command: dict[str, Any] = {
        "command": "/flow",
        "description": "Whose turn it is, since when and why",
        "usage_hint": "waits | why ITEM | map NAME | connect REPO | help",
        # So that people and channels come with their ids.
        "should_escape": True,
    }
    interactivity: dict[str, Any] = {"is_enabled": True}
    events: dict[str, Any] = {"bot_events": sorted(EVENT_SCOPES)}
    if door:
        command["url"] = interactivity["request_url"] = events["request_url"] = door
    return {
        "display_information": {
            "name": "Weir",
            "description": "Knows whose turn it is, since when, and reminds that one person kindly.",
            "background_color": "#24505a",
        },
        "features": {
            # Without its messages tab an app can't write to people.
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Weir", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": {**_sent_back(installed_at), "scopes": {"bot": scopes()}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": door is None,
            "token_rotation_enabled": False,
        },
    }


def _sent_back(address: str | None) -> dict[str, Any]:
    return {"redirect_urls": [f"{address.rstrip('/')}{REDIRECT_PATH}"]} if address else {}
