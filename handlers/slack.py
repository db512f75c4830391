"""Slack's door: one Bolt app for HTTP and Socket Mode, with every feature's listeners."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import structlog
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk import WebClient

from bot.context import Context
from bot.web import Answer, Request
from handlers import commands

log = structlog.get_logger()
ANY_ACTION = re.compile("")


def make(ctx: Context) -> App:
    """The Bolt app. Listeners run before the request is answered; no request asks Slack who we are."""
    settings = ctx.settings
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
    secret = settings.slack_signing_secret
    app = App(
        name="weir",
        logger=logging.getLogger("slack_bolt"),
        client=WebClient(base_url=settings.slack_api_url, retry_handlers=[], timeout=10),
        authorize=lambda enterprise_id, team_id: _authorized(enterprise_id, team_id, token),
        signing_secret=secret.get_secret_value() if secret else "",
        request_verification_enabled=secret is not None,
        process_before_response=True,
    )
    app.error(_something_went_wrong)
    commands.register(app, ctx)
    app.action(ANY_ACTION)(_acknowledge)
    return app


def _authorized(enterprise_id: str | None, team_id: str | None, token: str | None) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)


def _acknowledge(ack: Ack) -> None:
    """A button that only opens an address still wants an answer."""
    ack()


def _something_went_wrong(error: Exception, body: dict[str, Any]) -> BoltResponse:
    log.error("listener failed", command=body.get("command"), kind=body.get("type"), exc_info=error)
    if "command" not in body:
        return BoltResponse(status=500, body="")
    sorry = {
        "response_type": "ephemeral",
        "text": "That went wrong on Weir's side and is logged. Please try again soon.",
    }
    return BoltResponse(status=200, body=json.dumps(sorry), headers={"content-type": ["application/json"]})


def http_door(app: App, request: Request) -> Answer:
    """A request of Slack's, checked and answered by Bolt; 401 without a good signature."""
    try:
        body = request.body.decode()
    except UnicodeDecodeError:
        return Answer(400, "the body is not UTF-8")
    response = app.dispatch(BoltRequest(body=body, query=request.query, headers=dict(request.headers)))
    headers = {name: ", ".join(values) for name, values in response.headers.items() if name != "content-length"}
    return Answer(response.status, response.body or "", headers)
