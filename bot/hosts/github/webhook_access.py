"""Webhooks about what the bot may see (repositories, installations). Each reader takes (payload, time of arrival)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.hosts import Delivery
from bot.hosts.github.models import (
    InstallationRepositoriesTold,
    InstallationTold,
    Repository,
    RepositoryChanges,
    RepositoryTold,
    Told,
)
from bot.hosts.github.reading import HOST, NOTHING


def repository(payload: dict[str, Any], _received_at: int) -> Delivery:
    """`repository` renamed, transferred, deleted, made private (it stays within reach) or public."""
    action = payload.get("action")
    if action not in ("renamed", "transferred", "deleted", "privatized", "publicized"):
        return NOTHING
    told = RepositoryTold.model_validate(payload)
    name = told.repository.full_name
    if action == "deleted":
        return Delivery(HOST, gone=(name,))
    if action in ("privatized", "publicized"):
        return Delivery(HOST, repos=(name,))
    old = _old_name(name, told.changes)
    return Delivery(HOST, repos=(name,), renamed=((old, name),)) if old and old != name else NOTHING


def installation(payload: dict[str, Any], _received_at: int) -> Delivery:
    """`installation`: the app came, or went. A suspension is of all that its owner has, whatever it names."""
    action = payload.get("action")
    if action not in ("created", "unsuspend", "new_permissions_accepted", "deleted", "suspend"):
        return NOTHING
    told = InstallationTold.model_validate(payload)
    names, owners = _names(told.repositories), _owners(told)
    if action == "unsuspend":
        return Delivery(HOST, repos=names, unsuspended=owners)
    if action == "suspend" and owners:
        return Delivery(HOST, suspended=owners)
    return Delivery(HOST, gone=names) if action in ("deleted", "suspend") else Delivery(HOST, repos=names)


def installation_repositories(payload: dict[str, Any], _received_at: int) -> Delivery:
    """`installation_repositories`: repositories were granted to the app, or taken from it."""
    told = InstallationRepositoriesTold.model_validate(payload)
    return Delivery(HOST, repos=_names(told.repositories_added), gone=_names(told.repositories_removed))


def ping(payload: dict[str, Any], _received_at: int) -> Delivery:
    """`ping`: a webhook was set up, and reaches us; one of an organization or an App names no repository."""
    if not payload.get("repository"):
        return NOTHING
    return Delivery(HOST, repos=(Told.model_validate(payload).repository.full_name,))


def _names(repositories: Iterable[Repository] | None) -> tuple[str, ...]:
    return tuple(repository.full_name for repository in repositories or ())


def _owners(told: InstallationTold) -> tuple[str, ...]:
    """The account that the app is installed for, where it is told and has repositories."""
    account = told.installation.account if told.installation else None
    return (account.login,) if account and account.login else ()


def _old_name(new: str, changes: RepositoryChanges | None) -> str | None:
    """The full name before; None where the changes don't tell it."""
    owner, _, name = new.rpartition("/")
    if changes is None:
        return None
    if changes.repository and changes.repository.name:
        return f"{owner}/{changes.repository.name.before}"
    before = changes.owner and (changes.owner.before.user or changes.owner.before.organization)
    return f"{before.login}/{name}" if before else None
