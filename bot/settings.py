"""The environment, read once."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_DATABASES = "allowed are sqlite:///FILE and postgresql://USER:PASSWORD@HOST/NAME"


class Settings(BaseSettings):
    """Every variable the program reads; an empty one counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore")

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_client_id: str | None = None
    slack_client_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    github_token: SecretStr | None = None
    github_app_id: str | None = None
    github_app_private_key: SecretStr | None = None
    github_webhook_secret: SecretStr | None = None
    github_api_url: str = "https://api.github.com"
    database_url: str = "sqlite:///weir.db"
    weir_policy: Path | None = None
    weir_workspaces: Path | None = None
    weir_secret_key: SecretStr | None = None
    weir_public_url: str | None = None
    weir_metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    weir_log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = "info"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000

    @property
    def secret_keys(self) -> list[str]:
        """The keys that stored secrets are sealed with, the one that seals first."""
        return _listed(self.weir_secret_key) if self.weir_secret_key else []

    @field_validator("weir_secret_key")
    @classmethod
    def _are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all(map(_is_key, _listed(value) or [""])):
            raise ValueError("allowed are keys as `weir new-key` prints them, several with commas between them")
        return value

    @field_validator("slack_api_url", "github_api_url", "weir_public_url")
    @classmethod
    def _is_a_web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("allowed is an address that begins with https:// (or http:// for a stand-in)")
        return value

    @model_validator(mode="after")
    def _app_is_whole(self) -> Settings:
        if (self.github_app_id is None) != (self.github_app_private_key is None):
            raise ValueError("GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY go together; set both, or GITHUB_TOKEN instead")
        return self

    @model_validator(mode="after")
    def _serves_one_or_several(self) -> Settings:
        if self.weir_workspaces is None:
            return self
        if self.slack_bot_token is not None:
            raise ValueError("SLACK_BOT_TOKEN is for one workspace, WEIR_WORKSPACES for several; set one of the two")
        if self.weir_policy is not None:
            raise ValueError("WEIR_POLICY is not read beside WEIR_WORKSPACES, whose file names each workspace's policy")
        if self.weir_public_url is not None and not _is_safe(self.weir_public_url):
            raise ValueError("WEIR_PUBLIC_URL: allowed beside WEIR_WORKSPACES is an https:// address, since Slack "
                             "sends whoever installs Weir there")  # fmt: skip
        return self

    @field_validator("database_url")
    @classmethod
    def _is_a_known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError(_DATABASES)
        try:
            known = make_url(value)
        except ValueError:  # a port that is no number
            raise ValueError(_DATABASES) from None
        if known.get_backend_name() == "sqlite" and known.database in (None, "", ":memory:"):
            raise ValueError(f"a database in memory is gone with its first connection; {_DATABASES}")
        if "@" in (known.host or ""):  # the rest of a password, which would be told as the host that is not there
            raise ValueError(f"an @ within the password is to be written as %40; {_DATABASES}")
        return value


def _listed(keys: SecretStr) -> list[str]:
    return [key.strip() for key in keys.get_secret_value().split(",") if key.strip()]


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.encode(), altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def _is_safe(address: str) -> bool:
    """Whether nobody on the way reads what is sent there; this machine's own addresses count."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or parts.hostname in LOOPBACK)
