"""The program's log: JSON lines that carry ids and no secrets."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog

from bot import logs
from bot.settings import Settings

KEY = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEAu1SU1L\nVLPHCozMxH2Mo4lgOEePzNm0\n-----END KEY-----"
SETTINGS: dict[str, Any] = {
    "slack_bot_token": "bot-token-of-acme",
    "slack_signing_secret": "signing-secret-of-acme",
    "slack_app_token": "app-token-of-acme",
    "github_token": "github-token-of-acme",
    "github_app_id": "12",
    "github_app_private_key": KEY,
    "github_webhook_secret": 'webhook"secret',
    "database_url": "postgresql://weir:p%40ssw0rd@db.acme.test/weir",
}


def told(say: Any) -> str:
    out = io.StringIO()
    logs.configure(Settings(**SETTINGS), out)
    say(structlog.get_logger())
    return out.getvalue()


def test_a_line_is_json_with_level_time_and_the_ids_given() -> None:
    line = json.loads(told(lambda log: log.info("webhook taken", delivery="d-1", repo="acme/shop", item=12)))
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "webhook taken", "level": "info", "delivery": "d-1", "repo": "acme/shop", "item": 12}


def test_ids_bound_once_are_on_every_line_inside() -> None:
    def say(log: Any) -> None:
        with structlog.contextvars.bound_contextvars(delivery="d-2"):
            log.info("first")
            logging.getLogger("somebody.else").warning("second")

    assert [json.loads(line)["delivery"] for line in told(say).splitlines()] == ["d-2", "d-2"]


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in ("database_url", "github_app_id")])
def test_no_secret_of_the_settings_is_ever_written(name: str) -> None:
    secret = SETTINGS[name]
    said = told(lambda log: log.error("refused", why=f"bad value {secret}!", deep={"token": [secret]}))
    for line in secret.splitlines():
        assert line.startswith("-----") or json.dumps(line)[1:-1] not in said
    assert logs.HIDDEN in said


def test_the_password_of_the_database_is_not_written_plain_or_quoted() -> None:
    said = told(lambda log: log.error("away", url=SETTINGS["database_url"], password="p@ssw0rd"))
    assert "p%40ssw0rd" not in said
    assert "p@ssw0rd" not in said
    assert "db.acme.test" in said


@pytest.mark.parametrize(
    "looks_secret",
    ["xoxb-1234-abcd", "xapp-1-A0-12", "ghp_0123456789abcdef", "ghs_0123456789", "github_pat_11AA_bb",
     "sha256=" + "0f" * 32, "v0=" + "a1" * 32, "Bearer anything.at-all", "postgres://x:pw@h/d",
     "eyJhbGciOi.eyJpc3Mi.c2lnbmF0dXJl"],
)  # fmt: skip
def test_what_looks_like_a_token_or_signature_is_hidden_whoever_owns_it(looks_secret: str) -> None:
    said = told(lambda log: log.info("seen", header=f"<{looks_secret}>"))
    assert looks_secret not in said
    assert logs.HIDDEN in said


def test_a_traceback_is_one_line_and_tells_no_secret() -> None:
    def say(log: Any) -> None:
        try:
            raise ValueError("could not use github-token-of-acme")
        except ValueError:
            log.exception("job failed", job="reconcile")

    (line,) = told(say).splitlines()
    assert "Traceback" in json.loads(line)["exception"]
    assert "github-token-of-acme" not in line


def test_the_standard_librarys_loggers_write_the_same_way() -> None:
    line = json.loads(told(lambda _: logging.getLogger("slack_sdk").warning("token is %s", "bot-token-of-acme")))
    assert line["event"] == f"token is {logs.HIDDEN}"


def test_the_level_comes_from_the_settings() -> None:
    out = io.StringIO()
    logs.configure(Settings(weir_log_level="warning"), out)
    structlog.get_logger().info("chatter")
    structlog.get_logger().warning("trouble")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["trouble"]
