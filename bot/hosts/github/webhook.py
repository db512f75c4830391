"""GitHub's webhook door: is a delivery genuine, and what does it say? Pure: no I/O, no clock."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from pydantic import ValidationError

from bot.hosts import BadDelivery, Delivery
from bot.hosts.github import webhook_access, webhook_boards, webhook_commits, webhook_items
from bot.hosts.github.reading import NOTHING

SIGNATURE, EVENT, CONTENT_TYPE = "x-hub-signature-256", "x-github-event", "content-type"
FORM = "application/x-www-form-urlencoded"

# `push` and `merge_group` are left out: `pull_request` tells the same (synchronize, enqueued, dequeued).
_READERS: dict[str, Callable[[dict[str, Any], int], Delivery]] = {
    "pull_request": webhook_items.pull_request,
    "pull_request_review": webhook_items.review,
    "pull_request_review_comment": webhook_items.review_comment,
    "issue_comment": webhook_items.issue_comment,
    "issues": webhook_items.issues,
    "sub_issues": webhook_items.sub_issues,
    "check_suite": webhook_commits.check_suite,
    "check_run": webhook_commits.check_run,
    "status": webhook_commits.status,
    "deployment_status": webhook_commits.deployment_status,
    "release": webhook_commits.release,
    "projects_v2_item": webhook_boards.projects_v2_item,
    "repository": webhook_access.repository,
    "installation": webhook_access.installation,
    "installation_repositories": webhook_access.installation_repositories,
    "ping": webhook_access.ping,
}

EVENTS = tuple(sorted(set(_READERS) - {"ping"}))
"""The webhook events to subscribe to: those that are read, but for the one that comes of itself."""

OF_A_REPO = tuple(sorted(set(EVENTS) - {"installation", "installation_repositories", "projects_v2_item"}))
"""Those that a repository's own webhook can tell of."""


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether `X-Hub-Signature-256` is the secret's over the raw body; an empty secret proves nothing."""
    if not secret:
        return False
    expected = "sha256=" + hmac.new(secret.encode(errors="surrogateescape"), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), _header(headers, SIGNATURE).encode(errors="replace"))


def parse(headers: Mapping[str, str], body: bytes, received_at: int) -> Delivery:
    """What a delivery says; an empty Delivery where that is of no use. `received_at` in seconds since 1970 UTC.

    Raises BadDelivery where the body is no JSON object (plain or as the form field `payload`), the event isn't
    named, or a key that its event needs is missing or of another type.
    """
    payload = _payload(_header(headers, CONTENT_TYPE), body)
    event = _header(headers, EVENT)
    if not event:
        raise BadDelivery("the header X-GitHub-Event is missing")
    read = _READERS.get(event)
    if read is None:
        return NOTHING
    try:
        delivery = read(payload, received_at)
    except ValidationError as error:
        raise BadDelivery(f"{event}: {_first_fault(error)}") from None
    told = {repo: private for repo, private in _privacy(payload) if repo in delivery.repos}
    counts_once = delivery.renamed or delivery.gone or delivery.suspended or delivery.unsuspended
    mark = hashlib.sha256(body).hexdigest() if counts_once else ""
    return replace(delivery, private=tuple(told.items()), mark=mark)


def _privacy(payload: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Whether the repositories that a payload names are private, where it says so."""
    told = [payload.get("repository")]
    for key in ("repositories", "repositories_added"):
        some = payload.get(key)
        told += some if isinstance(some, list) else []
    for one in told:
        if isinstance(one, dict) and isinstance(one.get("full_name"), str) and isinstance(one.get("private"), bool):
            yield one["full_name"], one["private"]


def _header(headers: Mapping[str, str], name: str) -> str:
    """The header's value, whatever the case of its name; empty where it is missing."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _payload(content_type: str, body: bytes) -> dict[str, Any]:
    try:
        text = _form_field(body) if content_type.partition(";")[0].strip().lower() == FORM else body
        payload = json.loads(text)
    except (ValueError, RecursionError):
        raise BadDelivery("the body is not JSON") from None
    if not isinstance(payload, dict):
        raise BadDelivery("the body is no JSON object")
    return payload


def _form_field(body: bytes) -> str:
    """The form's `payload`. Raises ValueError."""
    fields = parse_qs(body.decode(), strict_parsing=True, errors="strict", max_num_fields=10)
    return next(iter(fields.get("payload", [])), "")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(step) for step in fault["loc"])
    return f"{where}: {fault['msg']}"
