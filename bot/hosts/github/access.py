"""What the token may do and what is left of its budget; small questions for `weir doctor`.

All raise Unreachable, Denied or Gone.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from pydantic import Field

from bot.hosts.github.answers import Told, owner_of, read_as
from bot.hosts.github.api import Github
from bot.hosts.github.errors import Denied, Gone


class Access(Told):
    """A repository as the token sees it; `permissions` are such as `pull`, `push`, `admin` (empty for an App)."""

    full_name: str
    private: bool
    archived: bool = False
    permissions: dict[str, bool] = Field(default_factory=dict)


class Who(NamedTuple):
    """`scopes` are a classic token's, else None; `permissions` and `events` are an App's, else None."""

    login: str
    is_app: bool
    scopes: frozenset[str] | None
    permissions: dict[str, str] | None
    events: frozenset[str] | None


class Budget(Told):
    """What is left until `reset` (seconds since 1970 UTC)."""

    limit: int
    remaining: int
    reset: int


class Budgets(Told):
    """Requests (`core`) and points (`graphql`)."""

    core: Budget
    graphql: Budget


class _HookConfig(Told):
    url: str = ""
    content_type: str = ""
    secret: str | None = None


class _LastResponse(Told):
    code: int | None = None
    message: str | None = None


class Hook(Told):
    """A repository's webhook; GitHub shows stars for a secret, and nothing where none is set."""

    id: int
    active: bool
    events: list[str]
    config: _HookConfig
    last_response: _LastResponse = _LastResponse()

    @property
    def url(self) -> str:
        return self.config.url

    @property
    def has_secret(self) -> bool:
        return bool(self.config.secret)


class _AppTold(Told):
    slug: str
    permissions: dict[str, str] = Field(default_factory=dict)
    events: list[str] = Field(default_factory=list)


class _UserTold(Told):
    login: str


class _BudgetsTold(Told):
    resources: Budgets


class _Permission(Told):
    permission: str


def check_access(github: Github, repo: str) -> Access:
    """The repository, where the token is shown it."""
    return read_as(Access, github.get(f"/repos/{repo}", owner=owner_of(repo))[0])


def may_read(github: Github, repo: str, login: str) -> bool:
    """Whether somebody may read a repository. Denied where the token may not know that ("Metadata", read, will do)."""
    path = f"/repos/{repo}/collaborators/{quote(login, safe='')}/permission"
    try:
        told, _ = github.get(path, owner=owner_of(repo))
    except Gone:
        return False
    return read_as(_Permission, told).permission in ("admin", "maintain", "write", "triage", "read")


def whoami(github: Github) -> Who:
    """Whose the token is, or which App signs in."""
    if github.app is not None:
        app = read_as(_AppTold, github.get("/app", as_app=True)[0])
        return Who(app.slug, True, None, app.permissions, frozenset(app.events))
    told, headers = github.get("/user")
    scopes = headers.get("x-oauth-scopes")
    named = None if scopes is None else frozenset(scope.strip() for scope in scopes.split(",") if scope.strip())
    return Who(read_as(_UserTold, told).login, False, named, None, None)


def sees_boards(who: Who) -> bool:
    """Whether columns of boards can be read, where that can be told: a fine-grained token does not say."""
    if who.permissions is not None:
        return bool({"organization_projects", "repository_projects"} & who.permissions.keys())
    return who.scopes is None or bool({"read:project", "project"} & who.scopes)


def rate_limit(github: Github, owner: str | None = None) -> Budgets:
    """The budgets of the token; of the installation at `owner` for an App."""
    if github.app is not None and owner is None:
        raise Denied("a GitHub App has a budget an installation; name an owner")
    return read_as(_BudgetsTold, github.get("/rate_limit", owner=owner)[0]).resources


def hooks(github: Github, repo: str) -> list[Hook]:
    """The repository's own webhooks (up to 100); Gone where the token may not see them."""
    told, _ = github.get(f"/repos/{repo}/hooks?per_page=100", owner=owner_of(repo))
    return read_as(list[Hook], told)
