"""Slack's door: one Bolt app for HTTP and Socket Mode, with every feature's listeners."""

from __future__ import annotations

import json
import logging
import re
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.context import Context
from bot.replays import Replays, Shared
from bot.web import Answer, Request
from handlers import answers, commands, home, leaving, mapping, streams, terms, types, value

log = structlog.get_logger()
ANY_ACTION = re.compile("")
MOST_BYTES = 2 * 1024 * 1024
"""The largest body that is read; Slack's are much smaller."""
_replays: WeakKeyDictionary[App, Replays[Answer]] = WeakKeyDictionary()


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
    for feature in (commands, answers, terms, home, streams, mapping, value, types, leaving):
        feature.register(app, ctx)
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


def _signed(ctx: Context, request: Request) -> bool:
    """Whether Slack signed it lately. Checked before anything of the body is read."""
    secret = ctx.settings.slack_signing_secret
    if secret is None:
        return False
    try:
        return SignatureVerifier(secret.get_secret_value()).is_valid_request(request.body, dict(request.headers))
    except (ValueError, TypeError, OverflowError):  # a time stamp that is none, a signature that is not ASCII
        return False


def http_door(ctx: Context, app: App, request: Request) -> Answer:
    """A request of Slack's, answered by Bolt; 401 without a good signature, 400 or 413 where it can't be read.

    The very request that was answered before, by this process, gets that answer again; one that another process on the
    database has is acknowledged. Nothing is done.
    """
    if len(request.body) > MOST_BYTES:
        return Answer(413, f"bodies of up to {MOST_BYTES:,} bytes are read here")
    if not _signed(ctx, request):
        return Answer(401, "the signature is missing or wrong")
    known, mark = _replays.setdefault(app, Replays(Shared(ctx))), request.headers.get("x-slack-signature", "")
    if not known.begin(mark, ctx.clock.now()):
        log.info("slack.again")
        return known.answer(mark, ctx.clock.now()) or Answer(200, "")
    answer = Answer(500, "")
    try:
        answer = _dispatched(app, request)
    finally:
        if answer.status >= 500:
            known.failed(mark)
        else:
            known.answered(mark, answer)
    return answer


def _dispatched(app: App, request: Request) -> Answer:
    try:
        asked = BoltRequest(body=request.body.decode(), query=request.query, headers=dict(request.headers))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):  # what the SDK trips over in other bodies
        return Answer(400, "the body is not what Slack sends")
    response = app.dispatch(asked)
    headers = {name: ", ".join(values) for name, values in response.headers.items() if name != "content-length"}
    return Answer(response.status, response.body or "", headers)
