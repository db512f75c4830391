"""The code hosts' door: is a delivery genuine, what does it say, keep it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import structlog

from bot import intake
from bot.context import Context
from bot.hosts import BadDelivery, Delivery, github, share_of
from bot.intake import Taken
from bot.serving.telemetry import Telemetry
from bot.serving.workspaces import Workspaces
from bot.web import DATABASE_TROUBLE, Answer, Request, one_line

log = structlog.get_logger()


def github_door(served: Workspaces, telemetry: Telemetry, request: Request) -> Answer:
    """Answers 202 once a delivery is stored (or of no use), 200 where it was known, 401 and 400 where it is bad.

    Every workspace that may follow its repositories keeps it by itself. Where one can't, whatever the reason, the
    others have had their turn when that is raised: the host is to send it again, and those that could know it then.
    """
    delivery = request.headers.get("x-github-delivery", "")[:80]
    kind = request.headers.get("x-github-event", "")[:80]
    with structlog.contextvars.bound_contextvars(host="github", delivery=delivery, event_kind=kind):
        result, answer, about = _github(served, telemetry, request)
        level = logging.INFO if answer.status < 400 else logging.WARNING
        log.log(level, "webhook", result=result, status=answer.status, **about)
    telemetry.deliveries.labels("github", result).inc()
    return answer


def _github(served: Workspaces, telemetry: Telemetry, request: Request) -> tuple[str, Answer, dict[str, Any]]:
    """(result as it is counted, the answer, what the log should say beside it)"""
    secret = served.base.settings.github_webhook_secret
    if secret is None or not github.verify(secret.get_secret_value(), request.headers, request.body):
        return "unsigned", Answer(401, "the signature is missing or wrong"), {}
    now = served.base.clock.now()
    try:
        delivery = github.parse(request.headers, request.body, now)
    except BadDelivery as error:
        why = " ".join(str(error).split())[:300]
        return "bad", Answer(400, why), {"why": why}
    concerned = [(ctx, share) for ctx, share in _shares(served, delivery) if _says_anything(share)]
    if not concerned:
        return "of no use", Answer(202, "nothing in it is of use here"), {}
    about = {"repos": delivery.repos, "items": sorted({event.item for event in delivery.events})}
    taken, troubles = _taken(concerned, now)
    telemetry.events.labels("webhook").inc(sum(one.new for one in taken))
    if troubles:
        raise next((one for one in troubles if isinstance(one, DATABASE_TROUBLE)), troubles[0])
    if all(one.known and not one.new for one in taken):
        return "known", Answer(200, "known already"), about
    return "stored", Answer(202, "stored"), about


def _taken(concerned: Iterable[tuple[Context, Delivery]], now: int) -> tuple[list[Taken], list[Exception]]:
    """What those changed that could keep their share, and why the others couldn't."""
    taken, troubles = [], []
    for ctx, share in concerned:
        try:
            taken.append(intake.take_delivery(ctx, share, now))
        except Exception as trouble:
            log.error("delivery not taken", workspace=ctx.workspace, why=one_line(trouble))
            troubles.append(trouble)
    return taken, troubles


def _shares(served: Workspaces, delivery: Delivery) -> Iterator[tuple[Context, Delivery]]:
    """What of a delivery each workspace may know."""
    for ctx in served.contexts() if _says_anything(delivery) else ():
        yield ctx, share_of(delivery, ctx.policy.may_follow)


def _says_anything(delivery: Delivery) -> bool:
    told = (delivery.events, delivery.facts, delivery.unplaced, delivery.repos, delivery.gone, delivery.renamed)
    return any((*told, delivery.suspended, delivery.unsuspended))
