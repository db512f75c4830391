"""Installs of Weir in Slack workspaces: who may, what Slack grants, and a browser that goes through one."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fake_slack import FakeSlack
from site_on_loopback import Reply, Site, settings
from sqlalchemy import Engine

from bot.clock import Clock
from bot.context import Context
from bot.messenger import Messenger
from bot.policy import Policy

ACME, SHOP = "T0ACME", "T0SHOP"
KEY, NEW_KEY = (urlsafe_b64encode(bytes([byte] * 32)).decode() for byte in (7, 8))
FILE = """
[workspaces.T0ACME]
owners = ["Acme"]
policy = "acme.toml"
[workspaces.T0SHOP]
owners = ["acme", "corner-shop"]
"""


def base_of(engine: Engine, slack: FakeSlack, clock: Clock, folder: Path, **more: Any) -> Context:
    """What all workspaces of a deployment share, with the file of WEIR_WORKSPACES in a folder."""
    (folder / "workspaces.toml").write_text(FILE)
    (folder / "acme.toml").write_text('[targets]\nreview = "4h"\n')
    client, secret = slack.client.split(":")
    known = settings(folder, **{
        "slack_bot_token": None, "slack_api_url": slack.url, "weir_workspaces": folder / "workspaces.toml",
        "slack_client_id": client, "slack_client_secret": secret, "weir_secret_key": KEY,
        "weir_public_url": "https://weir.acme.test", **more,
    })  # fmt: skip
    return Context(engine, Policy(), known, clock, Messenger("", slack.url))


def grant(team: str = ACME, name: str = "Acme", token: str = "", **more: Any) -> dict[str, Any]:
    """What Slack grants for a code."""
    return {
        "app_id": "A0WEIR", "authed_user": {"id": "U0ALICE"}, "scope": "chat:write,commands", "token_type": "bot",
        "access_token": token or f"xoxb-of-{team}", "bot_user_id": "U0WEIR", "team": {"id": team, "name": name},
        "enterprise": None, "is_enterprise_install": False, **more,
    }  # fmt: skip


@dataclass
class Browser:
    """Somebody's browser, which keeps one cookie."""

    site: Site
    cookie: str = ""

    def open(self, address: str) -> Reply:
        reply = self.site.ask("GET", address, headers={"Cookie": self.cookie} if self.cookie else {})
        if "Set-Cookie" in reply.headers:
            self.cookie = reply.headers["Set-Cookie"].partition(";")[0]
        return reply

    def begin(self) -> str:
        """Begin an install; the state that Slack is sent."""
        where = urlsplit(self.open("/slack/install").headers["Location"])
        return parse_qs(where.query)["state"][0]

    def back(self, state: str, **told: str) -> Reply:
        """Come back from Slack."""
        return self.open(f"/slack/oauth_redirect?{urlencode({'state': state, **told})}")

    def install(self, slack: FakeSlack, granted: dict[str, Any]) -> Reply:
        """A whole install: begin it, agree, come back."""
        slack.codes["the-code"] = granted
        return self.back(self.begin(), code="the-code")
