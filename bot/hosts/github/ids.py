"""Ids of GitHub's facts, built from what webhooks and the API both show: a fact learnt twice has one id.

`number` is the item's, `at` whole seconds since 1970 UTC; a `database_id` is GitHub's own id of the thing named.
Ids are printable, as the event log asks for. A deleted account is an empty login.
"""

from __future__ import annotations

from bot.flow.events import show_instant


def opened(number: int) -> str:
    return f"opened:{number}"


def review(database_id: int) -> str:
    return f"review:{database_id}"


def review_dismissed(database_id: int) -> str:
    """`database_id` is the dismissed review's."""
    return f"review_dismissed:{database_id}"


def comment(database_id: int) -> str:
    return f"comment:{database_id}"


def review_comment(database_id: int) -> str:
    return f"review_comment:{database_id}"


def pushed(number: int, sha: str) -> str:
    return f"pushed:{number}:{_printable(sha)}"


def person_request(kind: str, number: int, login: str | None, at: int) -> str:
    """For `review_requested` and `review_request_removed` of a person."""
    return about(kind, number, login or "", at)


def team_request(kind: str, number: int, slug: str, at: int) -> str:
    """For `review_requested` and `review_request_removed` of a team; `slug` without its organisation."""
    return about(kind, number, f"team/{slug}", at)


def claimed(number: int, slug: str, login: str, at: int) -> str:
    """For `claimed`, which this program tells; it sorts before the requests that it becomes on the host."""
    return about("claimed", number, f"team/{slug}/{login}", at)


def about(kind: str, number: int, subject: str, at: int) -> str:
    """For `labeled`, `unlabeled` (the label), `milestoned`, `demilestoned`, `assigned`, `unassigned` (the login)."""
    return f"{kind}:{number}:{_printable(subject)}:{show_instant(at)}"


def moment(kind: str, number: int, at: int) -> str:
    """For what happens to the item as a whole: closed, merged, reopened, queued, renamed and the like."""
    return f"{kind}:{number}:{show_instant(at)}"


def checks(kind: str, number: int, sha: str, at: int) -> str:
    """For `checks_failed` and `checks_passed` of a commit."""
    return about(kind, number, sha, at)


def conflict(kind: str, number: int, at: int) -> str:
    """For `checks_failed` and `checks_passed` that tell of a merge conflict."""
    return about(kind, number, "conflict", at)


def deployment(database_id: int, environment: str) -> str:
    """What of a deployment's id does not hang on the item."""
    return f"{database_id}:{_printable(environment)}"


def deployed(number: int, deployment: str) -> str:
    return f"deployed:{number}:{deployment}"


def released(number: int, database_id: int, *, prerelease: bool) -> str:
    """`database_id` is the release's; a prerelease may become a release under it."""
    return f"released:{number}:{database_id}" + (":prerelease" if prerelease else "")


def status_changed(number: int, project: str, at: int) -> str:
    """`project` is the node id of the board."""
    return about("status_changed", number, project, at)


def linked(number: int, repo: str, issue: int, at: int | None = None) -> str:
    """A pull request's first link to an issue of `repo` needs no instant; one that comes again does."""
    target = f"{repo.lower()}#{issue}"
    return f"linked:{number}:{target}" if at is None else about("linked", number, target, at)


def unlinked(number: int, repo: str, issue: int, at: int) -> str:
    return about("unlinked", number, f"{repo.lower()}#{issue}", at)


def parent(kind: str, number: int, repo: str, issue: int, at: int) -> str:
    """For `parent_added` and `parent_removed`; the parent is an issue of `repo`."""
    return about(kind, number, f"{repo.lower()}#{issue}", at)


def traced(kind: str, number: int, to: str, at: int) -> str:
    """For `traced` and `untraced`, which this program tells; `to` names what for."""
    return about(kind, number, to, at)


def _printable(text: str) -> str:
    # Joiners inside emoji are common in labels, and the event log takes printable ids only.
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
