"""Slack's side of an install: where to send whoever installs Weir, and the token for the code they come back with."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import proxy_bypass

import structlog
from pydantic import BaseModel, Field, SecretStr, StringConstraints, ValidationError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.installing.manifest import REDIRECT_PATH, scopes
from bot.messenger import TIMEOUT
from bot.settings import Settings

log = structlog.get_logger()

Id = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,30}$")]


class NotGranted(Exception):
    """Slack gave no token; `reason` is its word, empty where it gave no clear answer."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class _Team(BaseModel):
    id: Id
    name: str = ""


class _Installer(BaseModel):
    id: Id


class Grant(BaseModel):
    """What Slack grants at the end of an install. `team` is None for an install into a whole organization."""

    token_type: Literal["bot"]
    access_token: Annotated[SecretStr, Field(min_length=1)]
    app_id: Id
    bot_user_id: Id
    scope: str
    authed_user: _Installer
    team: _Team | None = None
    is_enterprise_install: bool = False
    expires_in: int | None = None
    """Seconds; None for a token that holds until it is revoked."""


class OAuth:
    """Slack for one app, by its client id and secret. The settings have both, and a public address."""

    def __init__(self, settings: Settings) -> None:
        self._id, self._secret = settings.slack_client_id or "", settings.slack_client_secret or SecretStr("")
        self.redirect_uri = f"{(settings.weir_public_url or '').rstrip('/')}{REDIRECT_PATH}"
        self._authorize = urljoin(settings.slack_api_url, "../oauth/v2/authorize")
        self._base_url = settings.slack_api_url

    def address(self, state: str) -> str:
        """Where Slack asks a person whether Weir may be installed."""
        asked = {"client_id": self._id, "scope": ",".join(scopes()), "redirect_uri": self.redirect_uri, "state": state}
        return f"{self._authorize}?{urlencode(asked)}"

    def exchange(self, code: str) -> Grant:
        """What a code is good for; it is good once. Raises NotGranted."""
        told = _called(
            lambda: self._client().oauth_v2_access(
                client_id=self._id, client_secret=self._secret.get_secret_value(), code=code,
                redirect_uri=self.redirect_uri,
            )
        )  # fmt: skip
        try:
            return Grant.model_validate(told)
        except ValidationError as error:
            log.error(
                "slack's grant can't be read", at=sorted({str(key) for one in error.errors() for key in one["loc"]})
            )
            raise NotGranted from None

    def revoke(self, grant: Grant) -> None:
        """Give a token back that is not to be used; where that fails, the log says so."""
        try:
            _called(self._client(grant.access_token.get_secret_value()).auth_revoke)
        except NotGranted as refusal:
            log.warning("token not revoked", why=refusal.reason or "no clear answer")

    def _client(self, token: str | None = None) -> WebClient:
        # A code is good once, and its answer may be lost: trying again would only be refused.
        client = WebClient(token=token, base_url=self._base_url, timeout=TIMEOUT, retry_handlers=[])
        if proxy_bypass(urlsplit(self._base_url).hostname or ""):  # type: ignore[no-untyped-call,unused-ignore]
            client.proxy = None
        return client


def a_word(reason: object) -> str:
    """One of the words by which Slack says why; empty for anything else."""
    return reason if isinstance(reason, str) and re.fullmatch(r"[a-z0-9_]{1,60}", reason) else ""


def _called(call: Any) -> Any:
    """A call's answer. Raises NotGranted."""
    try:
        return call().data
    except SlackApiError as error:
        data = error.response.data
        raise NotGranted(a_word(data.get("error")) if isinstance(data, dict) else "") from None
    except Exception as error:  # the SDK lets through whatever a broken answer or connection makes it trip over
        log.warning("no clear answer from Slack", why=type(error).__name__)
        raise NotGranted from None
