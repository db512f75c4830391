"""What the program calls GitHub in a world: it answers as far as the buttons need it, and acts on the world's host.

A reading of it finds nothing: whatever happens here was told at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from bot.flow.events import FlowEvent
from bot.hosts.github.api import Meter
from bot.hosts.github.errors import Denied, Gone
from bot.world.acts import Refused, Wish
from bot.world.host import Host
from bot.world.items import Item

UNFIT, FORBIDDEN = 422, 403
REQUESTS_AN_HOUR = 5000
Headers = Mapping[str, str]
Told = Callable[[Callable[[int], list[FlowEvent]]], None]
"""Does something at the world's now, alone, and tells the program what came of it."""


class WorldGithub:
    """Answers for `bot.hosts.github.acting` and its like; what it does not is Denied in words."""

    app = None

    def __init__(self, host: Host, now: Callable[[], int], told: Told) -> None:
        self._host, self.now, self._told = host, now, told
        self.required: dict[tuple[str, str, str], tuple[bool, int]] = {}
        self.refused: dict[tuple[str, str], int] = {}

    def hasty(self, seconds: float) -> WorldGithub:
        return self

    def close(self) -> None:
        """Nothing is open."""

    def checks_of(self, repo: str) -> tuple[set[str], set[str]]:
        """No check is known by name."""
        return set(), set()

    def get(self, path: str, *, owner: str | None = None, as_app: bool = False) -> tuple[Any, Headers]:
        """GET below the API's address → (decoded answer, headers). Raises Gone or Denied."""
        plain = path.partition("?")[0]
        for pattern, answer in self._answers():
            if found := pattern.fullmatch(plain):
                return answer(*found.groups()), {}
        raise _not_here(f"GET {plain}")

    def _answers(self) -> Iterable[tuple[re.Pattern[str], Callable[..., Any]]]:
        yield _REQUESTS, lambda repo, number: _requests(self._item(repo, number))
        yield _MEMBERS, self._members
        yield _PERMISSION, self._permission
        yield _REPO, self._repo
        yield _USER, self._user
        yield _LIMITS, self._limits

    def post(self, path: str, body: dict[str, Any], *, owner: str) -> Any:
        """Ask for reviews. Raises Denied where GitHub would refuse, and for everything else there is to post."""
        return self._move("POST", path, body)

    def delete(self, path: str, body: dict[str, Any] | None = None, *, owner: str) -> None:
        """Take back requests. Raises Denied for everything else there is to delete."""
        self._move("DELETE", path, body or {})

    def graphql(
        self, query: str, variables: dict[str, Any], *, owner: str, meter: Meter, shrinkable: bool = False
    ) -> dict[str, Any]:
        """A repository in which nothing is to be read; None for one that is not here."""
        meter.calls += 1
        known = self._host.repository(f"{variables.get('owner')}/{variables.get('name')}")
        return {"repository": None if known is None else {}}

    def _move(self, method: str, path: str, body: dict[str, Any]) -> Any:
        if found := _ASSIGNEES.fullmatch(path):
            return self._assign(self._item(*found.groups()), body)
        found = _REQUESTS.fullmatch(path)
        if found is None:
            raise _not_here(f"{method} {path}")
        item = self._item(*found.groups())
        asked = [*({"who": login} for login in body.get("reviewers") or ())]
        asked += [{"team": slug} for slug in body.get("team_reviewers") or ()]
        self._told(lambda now: self._moved(now, item, asked, to=method == "POST"))
        return {"number": item.number, **_requests(item)}

    def _assign(self, item: Item, body: dict[str, Any]) -> Any:
        """As GitHub does it: who can't be assigned anything is passed over without a word."""
        for login in body.get("assignees") or ():
            if login in self._host.everybody and login not in item.assignees:
                self._told(partial(self._assigned, item, login))
        return {"number": item.number, "assignees": [{"login": login} for login in item.assignees]}

    def _assigned(self, item: Item, login: str, now: int) -> list[FlowEvent]:
        return self._host.assign(now, item, login)

    def _moved(self, now: int, item: Item, asked: list[Wish], *, to: bool) -> list[FlowEvent]:
        try:
            return self._host.move(now, item, asked, to=to)
        except Refused as refusal:
            raise Denied(f"GitHub refused it (422): {refusal}", status=UNFIT, reason=str(refusal)) from None

    def _item(self, repo: str, number: str) -> Item:
        try:
            return self._host.item(repo, int(number))
        except Refused as refusal:
            raise Gone(str(refusal)) from None

    def _members(self, owner: str, slug: str) -> list[dict[str, str]]:
        members = self._host.teams(owner).get(slug)
        if members is None:
            raise Gone(f"There is no team {slug} on the demo's code host")
        return [{"login": login} for login in members]

    def _repo(self, name: str) -> dict[str, Any]:
        known = self._host.repository(name)
        if known is None:
            raise Gone(f"There is no repository {name} on the demo's code host")
        rights = {"pull": True, "push": True, "admin": False}
        return {"full_name": known.name, "private": False, "archived": False, "permissions": rights}

    def _permission(self, repo: str, login: str) -> dict[str, Any]:
        self._repo(repo)
        return {"permission": "write" if login in self._host.everybody else "none"}

    def _user(self, login: str) -> dict[str, str]:
        if login not in self._host.everybody:
            raise Gone(f"Nobody is called {login} on the demo's code host")
        return {"login": login, "type": "User"}

    def _limits(self) -> dict[str, Any]:
        """Nothing here is ever used up."""
        full = {"limit": REQUESTS_AN_HOUR, "remaining": REQUESTS_AN_HOUR, "reset": self.now() + 3600}
        return {"resources": {"core": full, "graphql": full}}


_REQUESTS = re.compile(r"/repos/([^/]+/[^/]+)/pulls/(\d+)/requested_reviewers")
_ASSIGNEES = re.compile(r"/repos/([^/]+/[^/]+)/issues/(\d+)/assignees")
_MEMBERS = re.compile(r"/orgs/([^/]+)/teams/([^/]+)/members")
_PERMISSION = re.compile(r"/repos/([^/]+/[^/]+)/collaborators/([^/]+)/permission")
_REPO = re.compile(r"/repos/([^/]+/[^/]+)")
_USER = re.compile(r"/users/([^/]+)")
_LIMITS = re.compile(r"/rate_limit")


def _requests(item: Item) -> dict[str, Any]:
    return {"users": [{"login": login} for login in item.people], "teams": [{"slug": slug} for slug in item.teams]}


def _not_here(what: str) -> Denied:
    why = f"the demo's code host does not answer {what}"
    return Denied(why, status=FORBIDDEN, reason=why)
