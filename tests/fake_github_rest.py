"""What the fake GitHub answers to REST questions about people, review requests and webhooks; it keeps what is done.

A reply is (status, headers, body); None is for "not found".
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from fake_github_model import FakePull, FakeRepo, Node

if TYPE_CHECKING:
    from fake_github import Call, FakeGithub

Reply: TypeAlias = tuple[int, dict[str, str], Any]

_hook_ids = itertools.count(400_000_001)


def reply(github: FakeGithub, call: Call) -> Reply | None:
    url = urlsplit(call.path)
    query = {key: values[-1] for key, values in parse_qs(url.query).items()}
    match call.method, *(unquote(part) for part in url.path.strip("/").split("/")):
        case "GET", "users", login if login in github.users:
            return 200, {}, {"login": login, "type": "User", "name": None, "email": None, **github.users[login]}
        case "GET", "orgs", owner, "teams", team, "members" if f"{owner}/{team}" in github.teams:
            return _lacking(github, "members") or _page(github, github.teams[f"{owner}/{team}"], call, query)
        case "GET", "search", "issues":
            return 200, {}, {"total_count": _found(github, query["q"].split())}
        case method, "repos", owner, name, *rest if f"{owner}/{name}" in github.repos:
            return _of_repo(github, github.repos[f"{owner}/{name}"], method, rest, call.body, query)
    return None


def moved(github: FakeGithub, call: Call) -> Reply | None:
    """Where to ask instead about a repository that was called so before."""
    match call.path.split("/", 4):
        case ["", "repos", owner, name, *rest] if (new := github.leads_to(f"{owner}/{name}")) != f"{owner}/{name}":
            location = "/".join([github.url, "repos", new, *rest])
            return (301 if call.method == "GET" else 307), {"location": location}, {"message": "Moved Permanently"}
    return None


def _of_repo(
    github: FakeGithub, repo: FakeRepo, method: str, rest: list[str], body: Node, query: dict[str, str]
) -> Reply | None:
    match method, *rest:
        case method, "pulls", number, "requested_reviewers" if int(number) in repo.pulls:
            return _requests(github, repo, repo.pulls[int(number)], method, body)
        case "POST", "issues", number, "assignees" if int(number) in {*repo.pulls, *repo.issues}:
            return _lacking(github, "issues") or _assigned(repo, int(number), body)
        case "GET", "collaborators", login, "permission":
            may = repo.collaborators is None or login in {one.lower() for one in repo.collaborators}
            return _lacking(github, "metadata") or (200, {}, {"permission": "read" if may else "none"})
        case "GET", "commits":
            return _lacking(github, "contents") or (200, {}, _commits(repo, query))
        case "GET", "hooks":
            return _lacking(github, "webhooks") or (200, {}, repo.hooks)
        case "POST", "hooks":
            return _lacking(github, "webhooks") or _new_hook(repo, body)
        case "DELETE", "hooks", id if any(hook["id"] == int(id) for hook in repo.hooks):
            return _lacking(github, "webhooks") or _no_hook(repo, int(id))
    return None


def _assigned(repo: FakeRepo, number: int, body: Node) -> Reply:
    """Who can't be assigned anything is passed over without a word."""
    may = [one for one in body["assignees"] if repo.collaborators is None or one in repo.collaborators]
    there = repo.assigned.setdefault(number, [])
    there += [one for one in may if one not in there]
    return 201, {}, {"number": number, "assignees": [{"login": one} for one in there]}


def _found(github: FakeGithub, words: list[str]) -> int:
    """How many match: `repo:…`, `is:pr` or `is:issue`, `is:open` or `is:closed`, `updated:>=…`."""
    told = dict(word.split(":", 1) for word in words if not word.startswith("is:"))
    repo = github.repos.get(told["repo"])
    items = (repo.pulls if "is:pr" in words else repo.issues) if repo else {}
    nodes = [item.node for item in items.values()]
    state, since = "is:open" in words, told.get("updated", ">=").removeprefix(">=")
    return sum((node["state"] == "OPEN") == state and node["updatedAt"] >= since for node in nodes)


def _lacking(github: FakeGithub, permission: str) -> Reply | None:
    if permission not in github.lacking:
        return None
    return 403, {}, {"message": "Resource not accessible by personal access token"}


def _requests(github: FakeGithub, repo: FakeRepo, pull: FakePull, method: str, body: Node) -> Reply:
    if method == "GET":
        users, teams = (
            [{key: name} for name in names] for key, names in (("login", pull.people), ("slug", pull.teams))
        )
        return 200, {}, {"users": users, "teams": teams}
    refusal = _lacking(github, "pull_requests")
    if refusal is None and method == "POST":
        refusal = _unfit(repo, pull, body)
    if refusal is not None:
        return refusal
    _move(github, pull, body, removed=method == "DELETE")
    return 201 if method == "POST" else 200, {}, {"number": pull.number}


def _unfit(repo: FakeRepo, pull: FakePull, body: Node) -> Reply | None:
    asked = [*body.get("reviewers", ()), *body.get("team_reviewers", ())]
    author = pull.node["author"]
    if author and author["login"] in asked:
        return 422, {}, {"message": "Review cannot be requested from pull request author."}
    if repo.collaborators is None or repo.collaborators.issuperset(asked):
        return None
    why = f"One or more of the users or teams you specified is not a collaborator of the {repo.name} repository."
    return 422, {}, {"message": f"Reviews may only be requested from collaborators. {why}"}


def _move(github: FakeGithub, pull: FakePull, body: Node, *, removed: bool) -> None:
    """Only what changes something is an entry of the timeline."""
    how: dict[str, Any] = {"at": github.now(), "by": github.login, "removed": removed}
    for login in body["reviewers"]:
        if (login in pull.people) == removed:
            pull.request(login, **how)
    for slug in body.get("team_reviewers", ()):
        if (slug in pull.teams) == removed:
            pull.request_team(slug, **how)


def _new_hook(repo: FakeRepo, body: Node) -> Reply:
    url = body["config"]["url"]
    if any(hook["config"]["url"] == url for hook in repo.hooks):
        error = {"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}
        return 422, {}, {"message": "Validation Failed", "errors": [error]}
    config = {**body["config"], "secret": "********"}
    hook = {"id": next(_hook_ids), "active": body["active"], "events": body["events"], "config": config}
    repo.hooks.append({**hook, "last_response": {"code": None, "status": "unused", "message": None}})
    return 201, {}, repo.hooks[-1]


def _no_hook(repo: FakeRepo, id: int) -> Reply:
    repo.hooks[:] = [hook for hook in repo.hooks if hook["id"] != id]
    return 204, {}, None


def _commits(repo: FakeRepo, query: dict[str, str]) -> list[Node]:
    """Newest first, of the author asked for: a login, or an address."""
    wanted = query["author"].lower()
    found = [commit for commit in reversed(repo.commits) if wanted in _written_by(commit)]
    return found[: int(query["per_page"])]


def _written_by(commit: Node) -> list[str]:
    return [commit["author"].get("login", "").lower(), commit["commit"]["author"]["email"].lower()]


def _page(github: FakeGithub, logins: list[str], call: Call, query: dict[str, str]) -> Reply:
    page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
    shown = [{"login": login, "type": "User"} for login in logins[(page - 1) * size : page * size]]
    more = len(logins) > page * size
    link = f'<{github.url}{urlsplit(call.path).path}?page={page + 1}>; rel="next"'
    return 200, {"link": link} if more else {}, shown
