"""The settings without which the program can't do its work, and where their values come from."""

from __future__ import annotations

from bot.settings import Settings

_SLACK_APP = "https://api.slack.com/apps → your app"

_WHERE = {
    "SLACK_BOT_TOKEN": f"begins with xoxb-; {_SLACK_APP} → OAuth & Permissions, after installing it",
    "SLACK_SIGNING_SECRET": f"{_SLACK_APP} → Basic Information (or set SLACK_APP_TOKEN for Socket Mode, "
    "which needs no public address)",
    "SLACK_CLIENT_ID": f"{_SLACK_APP} → Basic Information",
    "SLACK_CLIENT_SECRET": f"{_SLACK_APP} → Basic Information",
    "WEIR_SECRET_KEY": "weir new-key prints one; the tokens of the workspaces are sealed with it, so keep it",
    "WEIR_PUBLIC_URL": "the https:// address of this web process, to which Slack sends whoever installs Weir",
    "GITHUB_WEBHOOK_SECRET": "a long random text of your own, also entered in the repository's webhook "
    "(Settings → Webhooks)",
    "GITHUB_TOKEN": "a fine-grained token that may read pull requests, contents and checks; GitHub → Settings → "
    "Developer settings (or a GitHub App: GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY)",
}


def where_to_get(name: str) -> str:
    """Where the value of a variable comes from."""
    return _WHERE[name]


def missing(settings: Settings, *, web: bool, worker: bool) -> list[str]:
    """The variables without which the asked parts can't do their work."""
    has_github = settings.github_token or (settings.github_app_id and settings.github_app_private_key)
    wanted = {
        **(_of_several(settings, web=web) if settings.weir_workspaces else _of_one(settings)),
        "SLACK_SIGNING_SECRET": web and not (settings.slack_signing_secret or settings.slack_app_token),
        "GITHUB_WEBHOOK_SECRET": web and not settings.github_webhook_secret and not (worker and has_github),
    }
    return [name for name, lacks in wanted.items() if lacks]


def _of_one(settings: Settings) -> dict[str, bool]:
    return {"SLACK_BOT_TOKEN": not settings.slack_bot_token}


def _of_several(settings: Settings, *, web: bool) -> dict[str, bool]:
    return {
        "WEIR_SECRET_KEY": not settings.weir_secret_key,
        "SLACK_CLIENT_ID": web and not settings.slack_client_id,
        "SLACK_CLIENT_SECRET": web and not settings.slack_client_secret,
        "WEIR_PUBLIC_URL": web and not settings.weir_public_url,
    }
