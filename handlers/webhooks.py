"""The code hosts' door: is a delivery genuine, what does it say, keep it."""

from __future__ import annotations

import structlog

from bot import intake
from bot.context import Context
from bot.hosts import BadDelivery, Delivery, github
from bot.telemetry import Telemetry
from bot.web import Answer, Request

log = structlog.get_logger()


def github_door(ctx: Context, telemetry: Telemetry, request: Request) -> Answer:
    """Answers 202 once a delivery is stored (or of no use), 200 where it was known, 401 and 400 where it is bad."""
    delivery = request.headers.get("x-github-delivery", "")[:80]
    kind = request.headers.get("x-github-event", "")[:80]
    with structlog.contextvars.bound_contextvars(host="github", delivery=delivery, event_kind=kind):
        result, answer = _github(ctx, telemetry, request)
        log.log(_LEVELS.get(answer.status, 20), "webhook", result=result, status=answer.status)
    telemetry.deliveries.labels("github", result).inc()
    return answer


_LEVELS = {400: 30, 401: 30}


def _github(ctx: Context, telemetry: Telemetry, request: Request) -> tuple[str, Answer]:
    secret = ctx.settings.github_webhook_secret
    if secret is None or not github.verify(secret.get_secret_value(), request.headers, request.body):
        return "unsigned", Answer(401, "the signature is missing or wrong")
    now = ctx.clock.now()
    try:
        delivery = github.parse(request.headers, request.body, now)
    except BadDelivery as error:
        return "bad", Answer(400, " ".join(str(error).split())[:300])
    if not _says_anything(delivery):
        return "of no use", Answer(202, "nothing in it is of use here")
    taken = intake.take_delivery(ctx, delivery, now)
    telemetry.events.labels("webhook").inc(taken.new)
    if taken.known and not taken.new:
        return "known", Answer(200, "known already")
    return "stored", Answer(202, "stored")


def _says_anything(delivery: Delivery) -> bool:
    return bool(delivery.events or delivery.facts or delivery.repos or delivery.gone or delivery.renamed)
