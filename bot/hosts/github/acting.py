"""What is done on GitHub when somebody presses a button, and who the people there are.

All raise Unreachable, Denied or Gone; what a token may not do, or GitHub will not, is Denied with a reason in words.
Permissions named are those of fine-grained tokens and of GitHub Apps. Trouble is waited out for up to minutes, so this
is nothing to do while somebody waits for an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from bot.hosts.github.access import Hook, hooks
from bot.hosts.github.answers import Told, owner_of, read_as
from bot.hosts.github.api import Github
from bot.hosts.github.errors import Denied, Unreachable

T = TypeVar("T")

COMMITS = 20
"""Commits whose e-mail addresses are looked at."""
PULL_REQUESTS = '"Pull requests" (write) for the repository'
ASSIGNING = '"Issues" or "Pull requests" (write) for the repository'
UNFIT = 422
"""How GitHub says that somebody can't be asked, such as one who is no collaborator."""
WEBHOOKS = '"Webhooks" (write) for the repository'
MEMBERS = '"Members" (read) for the organization'
CONTENTS = '"Contents" (read) for the repository'


class Profile(NamedTuple):
    """An account; `name` and `email` are what it shows to everybody."""

    login: str
    name: str | None
    email: str | None
    is_bot: bool


class _Login(Told):
    login: str = ""


class _Slug(Told):
    slug: str = ""


class _Requests(Told):
    users: list[_Login]
    teams: list[_Slug]


class _Assigned(Told):
    assignees: list[_Login]


class _Account(Told):
    login: str
    type: str = "User"
    name: str | None = None
    email: str | None = None


class _Signature(Told):
    email: str | None = None


class _GitCommit(Told):
    author: _Signature | None = None


class _Commit(Told):
    author: _Login | None = None
    commit: _GitCommit


def request_review(
    github: Github, repo: str, item: int, reviewers: Iterable[str] = (), teams: Iterable[str] = ()
) -> None:
    """Ask people (logins) and teams (slugs) for a review; who is asked already is not asked again.

    Needs "Pull requests" (write), and "Members" (read) of the organization to ask a team. Denied too where somebody is
    the author or no collaborator; then nobody of them is asked.
    """
    people, groups = list(reviewers), list(teams)
    path, body = _requests_path(repo, item), _asked(people, groups)
    with _in_words(f"ask {_named(people, groups)} to review {repo}#{item}", PULL_REQUESTS):
        _once(
            lambda: bool(github.post(path, body, owner=owner_of(repo))),
            lambda: _are_asked(github, repo, item, people, groups) or None,
        )


def remove_request(
    github: Github, repo: str, item: int, reviewers: Iterable[str] = (), teams: Iterable[str] = ()
) -> None:
    """Take back requests to people and teams; those who are not asked are passed over. Needs the same permissions."""
    people, groups = list(reviewers), list(teams)
    with _in_words(f"take back what {_named(people, groups)} was asked on {repo}#{item}", PULL_REQUESTS):
        github.delete(_requests_path(repo, item), _asked(people, groups), owner=owner_of(repo))


def hand_over(github: Github, repo: str, item: int, old: str, new: str) -> None:
    """Ask `new` in place of `old`. Somebody is asked throughout: where the second half fails, both are."""
    if old.casefold() == new.casefold():
        return
    request_review(github, repo, item, [new])
    remove_request(github, repo, item, [old])


def claim(github: Github, repo: str, item: int, team: str, login: str) -> None:
    """Ask a person in place of a team. Somebody is asked throughout: where the second half fails, both are."""
    request_review(github, repo, item, [login])
    remove_request(github, repo, item, teams=[team])


def assign(github: Github, repo: str, item: int, login: str) -> None:
    """Assign an issue or pull request to a person, beside whoever it is assigned to.

    Needs "Issues" or "Pull requests" (write). Denied too where they can't be assigned anything there, of which GitHub
    says nothing by itself.
    """
    with _in_words(f"assign {repo}#{item} to {login}", ASSIGNING):
        told = github.post(f"/repos/{repo}/issues/{item}/assignees", {"assignees": [login]}, owner=owner_of(repo))
        if login.casefold() not in {one.login.casefold() for one in read_as(_Assigned, told).assignees}:
            reason = f"{login} can't be assigned anything in {repo}"
            raise Denied(reason, status=UNFIT, reason=reason)


def add_webhook(github: Github, repo: str, url: str, secret: str, events: Iterable[str]) -> Hook:
    """A webhook that tells `events` to `url` as JSON. Needs "Webhooks" (write).

    One that tells `url` already is returned as it stands: its `events` may be others, and so may its secret.
    """
    config = {"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
    body = {"name": "web", "active": True, "events": list(events), "config": config}
    path = f"/repos/{repo}/hooks"

    def made() -> Hook:
        return read_as(Hook, github.post(path, body, owner=owner_of(repo)))

    with _in_words(f"set up a webhook for {repo}", WEBHOOKS):
        found = _hook_to(github, repo, url)
        try:
            return found or _once(made, lambda: _hook_to(github, repo, url))
        except Denied as refusal:
            found = _hook_to(github, repo, url) if "already exists" in refusal.reason else None
            if found is None:
                raise
            return found


def remove_webhook(github: Github, repo: str, id: int) -> None:
    """Needs "Webhooks" (write). Gone where there is none of that id, or none any more."""
    with _in_words(f"remove the webhook of {repo}", WEBHOOKS):
        github.delete(f"/repos/{repo}/hooks/{id}", owner=owner_of(repo))


def team_members(github: Github, owner: str, team: str) -> list[str]:
    """The logins of a team (a slug) and its child teams. Needs "Members" (read), `read:org` of a classic token.

    Gone where there is no such team, or the token is not shown it.
    """
    path = f"/orgs/{quote(owner, safe='')}/teams/{quote(team, safe='')}/members?per_page=100"
    with _in_words(f"tell who is in the team {team}", MEMBERS):
        return [member.login for told in _pages(github, path, owner) for member in read_as(list[_Login], told)]


def profile(github: Github, login: str, *, owner: str | None = None) -> Profile:
    """An account's public profile; needs no permission. `owner` tells an App whose installation asks."""
    account = read_as(_Account, github.get(f"/users/{quote(login, safe='')}", owner=owner)[0])
    return Profile(account.login, account.name or None, account.email or None, account.type == "Bot")


def commit_emails(github: Github, repo: str, login: str) -> list[str]:
    """The author addresses of somebody's latest commits in lower case, most frequent first. Needs "Contents" (read).

    Addresses that take no mail are left out.
    """
    path = f"/repos/{repo}/commits?author={quote(login, safe='')}&per_page={COMMITS}"
    with _in_words(f"tell the commits of {repo}", CONTENTS):
        commits = read_as(list[_Commit], github.get(path, owner=owner_of(repo))[0])
    own = (one.commit.author for one in commits if one.author and one.author.login.casefold() == login.casefold())
    addresses = Counter(author.email.lower() for author in own if author and author.email)
    return [address for address, _ in addresses.most_common() if not _takes_no_mail(address)]


def _takes_no_mail(address: str) -> bool:
    return "@" not in address or "noreply" in address.replace("-", "")


def _requests_path(repo: str, item: int) -> str:
    return f"/repos/{repo}/pulls/{item}/requested_reviewers"


def _asked(people: list[str], teams: list[str]) -> dict[str, Any]:
    # GitHub wants `reviewers` in any case, and a token that is shown no team stumbles over `team_reviewers`.
    return {"reviewers": people, **({"team_reviewers": teams} if teams else {})}


def _named(people: list[str], teams: list[str]) -> str:
    return ", ".join([*people, *(f"the team {team}" for team in teams)])


def _are_asked(github: Github, repo: str, item: int, people: list[str], teams: list[str]) -> bool:
    told = read_as(_Requests, github.get(_requests_path(repo, item), owner=owner_of(repo))[0])
    logins, slugs = {user.login.casefold() for user in told.users}, {team.slug.casefold() for team in told.teams}
    return logins.issuperset(map(str.casefold, people)) and slugs.issuperset(map(str.casefold, teams))


def _hook_to(github: Github, repo: str, url: str) -> Hook | None:
    return next((hook for hook in hooks(github, repo) if hook.url == url), None)


def _pages(github: Github, path: str, owner: str) -> Iterator[Any]:
    """The pages of a list; `path` has a query."""
    page, more = 1, True
    while more:
        told, headers = github.get(f"{path}&page={page}", owner=owner)
        yield told
        page, more = page + 1, 'rel="next"' in headers.get("link", "")


def _once(act: Callable[[], T], look: Callable[[], T | None]) -> T:
    """Do what is not to be done twice: where it may be done already, look before doing it again."""
    try:
        return act()
    except Unreachable as trouble:
        if not trouble.maybe_done:
            raise
    done = look()
    return act() if done is None else done


@contextmanager
def _in_words(what: str, permission: str) -> Iterator[None]:
    """A refusal as a sentence: what GitHub would not do, why, and the permission that may be missing."""
    try:
        yield
    except Denied as refusal:
        if not refusal.reason:
            raise
        hint = f"; the token may lack {permission}" if refusal.status == 403 else ""
        said = f"GitHub would not {what}: {refusal.reason}{hint}"
        raise Denied(said, status=refusal.status, reason=refusal.reason) from None
