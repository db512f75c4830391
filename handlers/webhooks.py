"""The code hosts' door: is a delivery genuine, what does it say, keep it."""

from __future__ import annotations

import logging
from typing import Any

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
        result, answer, about = _github(ctx, telemetry, request)
        level = logging.INFO if answer.status < 400 else logging.WARNING
        log.log(level, "webhook", result=result, status=answer.status, **about)
    telemetry.deliveries.labels("github", result).inc()
    return answer


def _github(ctx: Context, telemetry: Telemetry, request: Request) -> tuple[str, Answer, dict[str, Any]]:
    """(result as it is counted, the answer, what the log should say beside it)"""
    secret = ctx.settings.github_webhook_secret
    if secret is None or not github.verify(secret.get_secret_value(), request.headers, request.body):
        return "unsigned", Answer(401, "the signature is missing or wrong"), {}
    now = ctx.clock.now()
    try:
        delivery = github.parse(request.headers, request.body, now)
    except BadDelivery as error:
        why = " ".join(str(error).split())[:300]
        return "bad", Answer(400, why), {"why": why}
    if not _says_anything(delivery):
        return "of no use", Answer(202, "nothing in it is of use here"), {}
    about = {"repos": delivery.repos, "items": sorted({event.item for event in delivery.events})}
    taken = intake.take_delivery(ctx, delivery, now)
    telemetry.events.labels("webhook").inc(taken.new)
    if taken.known and not taken.new:
        return "known", Answer(200, "known already"), about
    return "stored", Answer(202, "stored"), about


def _says_anything(delivery: Delivery) -> bool:
    told = (delivery.events, delivery.facts, delivery.unplaced, delivery.repos, delivery.gone, delivery.renamed)
    return any(told)
