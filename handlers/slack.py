"""Slack's door, for HTTP and Socket Mode: a Bolt app for each workspace, with every feature's listeners."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable
from typing import Any

import structlog
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.context import Context
from bot.serving.fit import RETRY, Fit
from bot.serving.replays import Replays, Shared
from bot.serving.workspaces import Workspaces, install_address
from bot.web import DATABASE_TROUBLE, Answer, Request
from handlers import answers, commands, home, leaving, mapping, streams, terms, types, value

log = structlog.get_logger()
ANY_ACTION = re.compile("")
MOST_BYTES = 2 * 1024 * 1024
"""The largest body that is read; Slack's are much smaller."""


def make(ctx: Context) -> App:
    """The Bolt app of a workspace, with every feature's listeners. They run before the request is answered."""
    app = bolt(ctx)
    for feature in (commands, answers, terms, home, streams, mapping, value, types, leaving):
        feature.register(app, ctx)
    app.action(ANY_ACTION)(_acknowledge)
    return app


def bolt(ctx: Context) -> App:
    """A Bolt app that knows Slack's handshakes and nothing else. No request asks Slack who we are."""
    settings = ctx.settings
    secret = settings.slack_signing_secret
    app = App(
        name="weir",
        logger=logging.getLogger("slack_bolt"),
        client=WebClient(base_url=settings.slack_api_url, retry_handlers=[], timeout=10),
        authorize=_authorized,
        signing_secret=secret.get_secret_value() if secret else "",
        request_verification_enabled=secret is not None,
        process_before_response=True,
    )
    app.error(_something_went_wrong)
    return app


def _authorized(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


def _acknowledge(ack: Ack) -> None:
    """A button that only opens an address still wants an answer."""
    ack()


def _something_went_wrong(error: Exception, body: dict[str, Any]) -> BoltResponse:
    log.error("listener failed", command=body.get("command"), kind=body.get("type"), exc_info=error)
    if "command" not in body:
        return BoltResponse(status=500, body="")
    return _ephemeral("That went wrong on Weir's side and is logged. Please try again soon.")


def _ephemeral(text: str) -> BoltResponse:
    said = {"response_type": "ephemeral", "text": text}
    return BoltResponse(status=200, body=json.dumps(said), headers={"content-type": ["application/json"]})


def _outdated(why: str, body: dict[str, Any]) -> BoltResponse:
    """Whoever asks something is told; all else Slack may send again, or to another process."""
    if "command" not in body:
        return BoltResponse(status=503, body=why, headers=dict(RETRY))
    return _ephemeral("Weir is being updated just now. Please try again in a few minutes.")


def _signed(ctx: Context, request: Request) -> bool:
    """Whether Slack signed it lately. Checked before anything of the body is read."""
    secret = ctx.settings.slack_signing_secret
    if secret is None:
        return False
    try:
        return SignatureVerifier(secret.get_secret_value()).is_valid_request(request.body, dict(request.headers))
    except (ValueError, TypeError, OverflowError):  # a time stamp that is none, a signature that is not ASCII
        return False


class SlackDoor:
    """All that Slack sends, by HTTP or by its socket: each request is for the workspace that it comes from.

    A workspace's Bolt app is made when somebody there is heard of, and anew when the workspace's Context is another.
    `hello` answers what comes from no workspace. While the database does not fit this program, nothing is done.
    """

    def __init__(self, served: Workspaces, app_of: Callable[[Context], App] = make) -> None:
        """`app_of` makes the Bolt app of a workspace."""
        self.base = served.base
        self._served, self._app_of = served, app_of
        self._apps: dict[str, tuple[Context, App]] = {}
        self._making = threading.Lock()
        self.hello, self.fit = bolt(served.base), Fit(served.base.engine, served.base.clock)
        self._replays = Replays[Answer](Shared(served.base))

    def by_http(self, request: Request) -> Answer:
        """The answer to a request; 401 without a good signature, 400 or 413 where it can't be read, 503 where the
        database does not fit.

        The very request that was answered before, by this process, gets that answer again; one that another process on
        the database has is acknowledged. Nothing is done.
        """
        if len(request.body) > MOST_BYTES:
            return Answer(413, f"bodies of up to {MOST_BYTES:,} bytes are read here")
        if not _signed(self.base, request):
            return Answer(401, "the signature is missing or wrong")
        if self.fit.why() is not None:
            return self._answered(request)  # its answer is not for keeping, and the database not to be touched
        known, mark = self._replays, request.headers.get("x-slack-signature", "")
        if not known.begin(mark, self.base.clock.now()):
            log.info("slack.again")
            return known.answer(mark, self.base.clock.now()) or Answer(200, "")
        answer = Answer(500, "")
        try:
            answer = self._answered(request)
        finally:
            if answer.status >= 500:
                known.failed(mark)
            else:
                known.answered(mark, answer)
        return answer

    def _answered(self, request: Request) -> Answer:
        try:
            asked = BoltRequest(body=request.body.decode(), query=request.query, headers=dict(request.headers))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):  # what the SDK trips over
            return Answer(400, "the body is not what Slack sends")
        response = self.dispatch(asked)
        headers = {name: ", ".join(values) for name, values in response.headers.items() if name != "content-length"}
        return Answer(response.status, response.body or "", headers)

    def dispatch(self, request: BoltRequest) -> BoltResponse:
        """The answer to what certainly comes from Slack."""
        why = self.fit.why()
        if why is not None:
            return _outdated(why, request.body)
        team = request.context.team_id
        try:
            ctx = self._served.of_team(team)
            if ctx is None and leaving.is_told(request.body):
                ctx = self._served.shut_out(team)
        except DATABASE_TROUBLE as error:
            return _something_went_wrong(error, request.body)
        if ctx is not None:
            return self._app(ctx).dispatch(request)
        return self.hello.dispatch(request) if team is None else self._not_served(request.body)

    def _app(self, ctx: Context) -> App:
        made = self._apps.get(ctx.workspace)
        if made is not None and made[0] is ctx:
            return made[1]
        with self._making:
            made = self._apps.get(ctx.workspace)
            if made is None or made[0] is not ctx:
                made = self._apps[ctx.workspace] = (ctx, self._app_of(ctx))
        return made[1]

    def _not_served(self, body: dict[str, Any]) -> BoltResponse:
        """Whoever asks something is told; all else is acknowledged, and nothing is done."""
        log.info("slack.not_served", kind=body.get("type"))
        if "command" not in body:
            return BoltResponse(status=200, body="")
        where = install_address(self.base.settings)
        return _ephemeral(f"Weir is not installed in this workspace. Whoever looks after its apps can do that: {where}")
