"""The environment, read once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

_DATABASES = "allowed are sqlite:///FILE and postgresql://USER:PASSWORD@HOST/NAME"


class Settings(BaseSettings):
    """Every variable the program reads; an empty one counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore")

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    github_token: SecretStr | None = None
    github_app_id: str | None = None
    github_app_private_key: SecretStr | None = None
    github_webhook_secret: SecretStr | None = None
    github_api_url: str = "https://api.github.com"
    database_url: str = "sqlite:///weir.db"
    weir_policy: Path | None = None
    weir_public_url: str | None = None
    weir_metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    weir_log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = "info"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000

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
        return value
