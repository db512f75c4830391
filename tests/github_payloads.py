"""GitHub webhook deliveries as GitHub shapes them, cut to a readable size; instants are seconds since 1970 UTC."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from bot.flow.events import parse_instant, show_instant

Payload = dict[str, Any]

NINE = parse_instant("2026-03-02T09:00:00Z")
"""A Monday morning, the instant of everything that is given no other."""
HEAD = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
BASE = "c5b97d5ae6c19d5c5df71a34c7fbeeda2479ccbc"
API = "https://api.github.com"


def signed(
    secret: str,
    event: str,
    payload: Payload,
    *,
    form: bool = False,
    delivery: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
) -> tuple[dict[str, str], bytes]:
    """(headers, body) as GitHub sends them; `form` for its older encoding. `delivery` is the same on redelivery."""
    text = json.dumps(payload)
    body = urlencode({"payload": text}).encode() if form else text.encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "User-Agent": "GitHub-Hookshot/044aadd",
        "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Hook-ID": "292430182",
        "X-Hub-Signature-256": f"sha256={digest}",
    }
    return headers, body


def account(login: str | None) -> Payload | None:
    """A user object; None (a deleted account) stays None, `…[bot]` is typed as a bot."""
    if login is None:
        return None
    type_ = "Bot" if login.endswith("[bot]") else "User"
    return {"login": login, "id": id_of(login), "url": f"{API}/users/{login}", "type": type_, "site_admin": False}


def repository_object(repo: str = "acme/shop") -> Payload:
    owner, _, name = repo.partition("/")
    return {
        "id": id_of(repo),
        "name": name,
        "full_name": repo,
        "private": False,
        "owner": {"login": owner, "id": id_of(owner), "type": "Organization"},
        "html_url": f"https://github.com/{repo}",
        "url": f"{API}/repos/{repo}",
        "created_at": show_instant(NINE - 86400),
        "default_branch": "main",
    }


def pull_request_object(
    number: int = 12,
    repo: str = "acme/shop",
    *,
    author: str | None = "bob",
    title: str = "Fix rounding in totals",
    body: str | None = None,
    draft: bool = False,
    labels: tuple[str, ...] = (),
    base: str = "main",
    head: str = HEAD,
    size: tuple[int, int] = (30, 12),
    opened_at: int = NINE,
    at: int = NINE,
    closed_at: int | None = None,
    merged_at: int | None = None,
) -> Payload:
    """The item; `size` is (additions, deletions), `at` its `updated_at`."""
    ends = {"closed_at": _text(closed_at), "merged_at": _text(merged_at), "merged": merged_at is not None}
    return {
        **_item(number, repo, "pull", author, title, labels, opened_at, at),
        **ends,
        "body": body,
        "state": "open" if closed_at is None else "closed",
        "mergeable": None,
        "merge_commit_sha": f"merge-of-{number}" if merged_at is not None else None,
        "draft": draft,
        "requested_reviewers": [],
        "requested_teams": [],
        "head": {"label": "bob:rounding", "ref": "rounding", "sha": head, "user": account(author), "repo": None},
        "base": {"label": f"acme:{base}", "ref": base, "sha": BASE, "repo": repository_object(repo)},
        "additions": size[0],
        "deletions": size[1],
    }


def pull_request(
    action: str,
    number: int = 12,
    repo: str = "acme/shop",
    actor: str | None = "bob",
    *,
    reviewer: str | None = None,
    team: str | None = None,
    label: str | None = None,
    assignee: str | None = None,
    title_was: str | None = None,
    body_was: str | None = None,
    before: str = BASE,
    **item: Any,
) -> Payload:
    """A `pull_request` delivery; `actor` is the sender, further arguments as of `pull_request_object`."""
    pull = pull_request_object(number, repo, **item)
    payload = delivered(action, repo, actor, number=number, pull_request=pull)
    if reviewer is not None:
        payload["requested_reviewer"] = account(reviewer)
    if team is not None:
        payload["requested_team"] = {"id": id_of(team), "name": team.title(), "slug": team, "privacy": "closed"}
    if action == "synchronize":
        payload |= {"before": before, "after": pull["head"]["sha"]}
    if body_was is not None:
        payload["changes"] = {"body": {"from": body_was}}
    return payload | _own_keys(label, assignee, title_was)


def issue(
    action: str,
    number: int = 7,
    repo: str = "acme/shop",
    actor: str | None = "alice",
    *,
    label: str | None = None,
    assignee: str | None = None,
    title_was: str | None = None,
    closed_at: int | None = None,
    reason: str | None = None,
    **item: Any,
) -> Payload:
    """An `issues` delivery; further arguments: author, title, labels, opened_at, at."""
    about = {"author": actor, "title": "Totals are off by a cent", "labels": (), "opened_at": NINE, "at": NINE} | item
    thing = _item(number, repo, "issues", **about) | {"closed_at": _text(closed_at)}
    thing["state_reason"] = reason
    return delivered(action, repo, actor, issue=thing) | _own_keys(label, assignee, title_was)


def review(
    action: str = "submitted",
    number: int = 12,
    repo: str = "acme/shop",
    actor: str | None = "alice",
    *,
    state: str = "approved",
    review_id: int = 1001,
    reviewer: str | None = "alice",
    at: int = NINE,
    submitted_at: int | None = None,
    **item: Any,
) -> Payload:
    """A `pull_request_review` delivery: `actor` acts on `reviewer`'s review, submitted `at` unless said otherwise."""
    told = {
        "id": review_id,
        "user": account(actor if action == "submitted" else reviewer),
        "body": None,
        "commit_id": HEAD,
        "submitted_at": show_instant(at if submitted_at is None else submitted_at),
        "state": state if action == "submitted" else "dismissed",
        "author_association": "COLLABORATOR",
    }
    pull = pull_request_object(number, repo, at=at, **item)
    for left_out in ("additions", "deletions", "merged"):
        del pull[left_out]
    return delivered(action, repo, actor, review=told, pull_request=pull)


def comment(
    action: str = "created",
    number: int = 12,
    repo: str = "acme/shop",
    actor: str | None = "alice",
    *,
    comment_id: int = 2001,
    at: int = NINE,
    on_issue: bool = False,
) -> Payload:
    """An `issue_comment` delivery, on a pull request unless `on_issue`."""
    thing = _item(number, repo, "issues" if on_issue else "pull", "bob", "Fix rounding in totals", (), NINE, at)
    if not on_issue:
        thing["pull_request"] = {"url": f"{API}/repos/{repo}/pulls/{number}"}
    told = {"id": comment_id, "user": account(actor), "body": "Looks good", **_dates(at)}
    return delivered(action, repo, actor, issue=thing, comment=told)


def review_comment(
    action: str = "created",
    number: int = 12,
    repo: str = "acme/shop",
    actor: str | None = "alice",
    *,
    comment_id: int = 3001,
    review_id: int = 1001,
    at: int = NINE,
) -> Payload:
    """A `pull_request_review_comment` delivery: a comment on a line."""
    told = {
        "id": comment_id,
        "pull_request_review_id": review_id,
        "path": "totals.py",
        "position": 3,
        "commit_id": HEAD,
    }
    told |= {"user": account(actor), "body": "Why 3?", **_dates(at)}
    return delivered(action, repo, actor, comment=told, pull_request=pull_request_object(number, repo, at=at))


def check_suite(
    action: str = "completed",
    repo: str = "acme/shop",
    *,
    conclusion: str | None = "success",
    app: str = "github-actions",
    sha: str = HEAD,
    numbers: tuple[int, ...] = (12,),
    at: int = NINE,
) -> Payload:
    """A `check_suite` delivery; `numbers` are the pull requests it names."""
    suite = {"id": 118578147, **_check(repo, conclusion, app, sha, numbers), "head_branch": "rounding", **_dates(at)}
    return delivered(action, repo, f"{app}[bot]", check_suite=suite)


def check_run(
    action: str = "completed",
    repo: str = "acme/shop",
    *,
    name: str = "unit tests",
    conclusion: str | None = "success",
    app: str = "github-actions",
    sha: str = HEAD,
    numbers: tuple[int, ...] = (12,),
    at: int = NINE,
) -> Payload:
    """A `check_run` delivery; `numbers` are the pull requests it names."""
    run = {"id": 128620228, "name": name, **_check(repo, conclusion, app, sha, numbers)}
    run |= {"started_at": show_instant(at - 60), "completed_at": show_instant(at) if conclusion else None}
    return delivered(action, repo, f"{app}[bot]", check_run=run)


def status(
    state: str = "success",
    repo: str = "acme/shop",
    actor: str | None = "acme-ci[bot]",
    *,
    context: str = "ci/build",
    sha: str = HEAD,
    at: int = NINE,
) -> Payload:
    """A `status` delivery, whose instants carry `+00:00` rather than `Z`."""
    when = show_instant(at).replace("Z", "+00:00")
    told = {"id": 6805126730, "sha": sha, "name": repo, "context": context, "state": state, "description": None}
    payload = delivered("", repo, actor, **told, branches=[], created_at=when, updated_at=when)
    del payload["action"]
    return payload


def deployment_status(
    state: str = "success",
    repo: str = "acme/shop",
    actor: str | None = "bob",
    *,
    environment: str = "production",
    deployment_id: int = 145988746,
    sha: str = HEAD,
    ref: str = "main",
    at: int = NINE,
) -> Payload:
    """A `deployment_status` delivery; the deployment began a minute before."""
    told = {"id": 209916254, "state": state, "creator": account(actor), "environment": environment, **_dates(at)}
    deployment = {"id": deployment_id, "sha": sha, "ref": ref, "task": "deploy", "environment": environment}
    return delivered("created", repo, actor, deployment_status=told, deployment=deployment | _dates(at - 60))


def repository(action: str, repo: str = "acme/shop", *, was: str | None = None, actor: str = "alice") -> Payload:
    """A `repository` delivery; `was` is the full name before it was renamed or transferred."""
    payload = delivered(action, repo, actor)
    old_owner, _, old_name = (was or repo).partition("/")
    if action == "renamed":
        payload["changes"] = {"repository": {"name": {"from": old_name}}}
    if action == "transferred":
        payload["changes"] = {"owner": {"from": {"organization": {"login": old_owner, "id": id_of(old_owner)}}}}
    return payload


def installation(action: str, *repos: str, actor: str = "alice") -> Payload:
    """An `installation` delivery; without `repos` it names none, as a suspension does."""
    payload = {"action": action, "installation": {"id": 2, "account": account("acme")}, "sender": account(actor)}
    return payload | ({"repositories": [_short(repo) for repo in repos]} if repos else {})


def installation_repositories(
    action: str, *, added: tuple[str, ...] = (), removed: tuple[str, ...] = (), actor: str = "alice"
) -> Payload:
    """An `installation_repositories` delivery."""
    return {
        **installation(action, actor=actor),
        "repository_selection": "selected",
        "repositories_added": [_short(repo) for repo in added],
        "repositories_removed": [_short(repo) for repo in removed],
    }


def ping(repo: str = "acme/shop") -> Payload:
    hook = {"type": "Repository", "id": 292430182, "active": True, "events": ["pull_request"]}
    return {"zen": "Design for failure.", "hook_id": 292430182, "hook": hook, "repository": repository_object(repo)}


def delivered(action: str, repo: str, actor: str | None, **told: Any) -> Payload:
    return {"action": action, **told, "repository": repository_object(repo), "sender": account(actor)}


def _item(
    number: int,
    repo: str,
    path: str,
    author: str | None,
    title: str,
    labels: tuple[str, ...],
    opened_at: int,
    at: int,
) -> Payload:
    return {
        "id": 279147437 + number,
        "number": number,
        "html_url": f"https://github.com/{repo}/{path}/{number}",
        "title": title,
        "user": account(author),
        "body": None,
        "labels": [_label(name) for name in labels],
        "assignees": [],
        "milestone": None,
        "locked": False,
        "created_at": show_instant(opened_at),
        "updated_at": show_instant(at),
        "closed_at": None,
    }


def sub_issue(
    action: str = "sub_issue_added",
    number: int = 7,
    repo: str = "acme/shop",
    actor: str | None = "bob",
    *,
    parent: int = 3,
    parent_repo: str | None = None,
    to: str | None = None,
    at: int = NINE,
) -> Payload:
    """A `sub_issues` delivery: to the part's repository, or the parent's, as its action says, or else to `to`."""
    about = {"author": "carol", "title": "Totals are off", "labels": (), "opened_at": NINE, "at": at}
    above = parent_repo or repo
    other = {"parent_issue_repo": repository_object(above)}
    if action.startswith("sub_issue"):
        other = {"sub_issue_repo": repository_object(repo)}
    return delivered(
        action,
        to or (above if action.startswith("sub_issue") else repo),
        actor,
        sub_issue=_item(number, repo, "issues", **about),
        parent_issue=_item(parent, above, "issues", **about),
        **other,
    )


def _own_keys(label: str | None, assignee: str | None, title_was: str | None) -> Payload:
    own: Payload = {}
    if label is not None:
        own["label"] = _label(label)
    if assignee is not None:
        own["assignee"] = account(assignee)
    if title_was is not None:
        own["changes"] = {"title": {"from": title_was}}
    return own


def _check(repo: str, conclusion: str | None, app: str, sha: str, numbers: tuple[int, ...]) -> Payload:
    return {
        "head_sha": sha,
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "pull_requests": [_checked(repo, number, sha) for number in numbers],
        "app": {"id": 15368, "slug": app, "name": app},
    }


def _checked(repo: str, number: int, sha: str) -> Payload:
    def home() -> Payload:
        return {"id": id_of(repo), "url": f"{API}/repos/{repo}", "name": repo.partition("/")[2]}

    return {
        "id": 279147437 + number,
        "number": number,
        "head": {"ref": "rounding", "sha": sha, "repo": home()},
        "base": {"ref": "main", "sha": BASE, "repo": home()},
    }


def _label(name: str) -> Payload:
    return {"id": id_of(name), "name": name, "color": "d73a4a", "default": False, "description": None}


def _short(repo: str) -> Payload:
    return {"id": id_of(repo), "name": repo.partition("/")[2], "full_name": repo, "private": False}


def _dates(at: int) -> Payload:
    return {"created_at": show_instant(at), "updated_at": show_instant(at)}


def _text(at: int | None) -> str | None:
    return None if at is None else show_instant(at)


def id_of(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
