"""The settings without which the program can't do its work, and where their values come from."""

from __future__ import annotations

from bot.settings import Settings

_SLACK_APP = "https://api.slack.com/apps → your app"

_WHERE = {
    "SLACK_BOT_TOKEN": f"begins with xoxb-; {_SLACK_APP} → OAuth & Permissions, after installing it",
    "SLACK_SIGNING_SECRET": f"{_SLACK_APP} → Basic Information (or set SLACK_APP_TOKEN for Socket Mode, "
    "which needs no public address)",
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
        "SLACK_BOT_TOKEN": not settings.slack_bot_token,
        "SLACK_SIGNING_SECRET": web and not (settings.slack_signing_secret or settings.slack_app_token),
        "GITHUB_WEBHOOK_SECRET": web and not settings.github_webhook_secret and not (worker and has_github),
    }
    return [name for name, lacks in wanted.items() if lacks]
