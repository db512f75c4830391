"""`weir doctor`: one look at everything the program leans on, and what to do about what is not well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.checking.findings import BROKEN, OK, WARN, Finding, broken, ok, warn
from bot.checking.hosts import (
    ask_github,
    clock_findings,
    github_findings,
    has_token,
    is_current,
    repo_findings,
    slack_findings,
)
from bot.checking.needs import missing, where_to_get
from bot.checking.renamed import renamed_findings
from bot.context import Context
from bot.flow.waits import KINDS
from bot.hosts.github.errors import Unreachable
from bot.installing.installs import Installed
from bot.messenger import Passing, Undeliverable, Unknown
from bot.said import current
from bot.serving.workspaces import OneWorkspace, Workspaces, install_address, whose
from bot.store.engine import reading
from bot.store.figures import figures, troubled_addresses
from bot.store.migrate import schema_state
from bot.store.place import file_of, is_there
from bot.web import DATABASE_TROUBLE, one_line

__all__ = ["BROKEN", "OK", "WARN", "Finding", "examine", "render"]

PATIENCE = 5.0
"""Seconds that the code host has for each answer."""
MOST_NAMED = 10
MOST_ASKED = 50
"""Mapped people looked up in Slack, so that a large company's check stays within Slack's rate."""


Check = tuple[str, Callable[[], Iterator[Finding]]]


def examine(served: Workspaces, now: int) -> list[Finding]:
    """Every finding as of `now` (seconds since 1970 UTC), in the order in which things are set up."""
    base, ready = served.base, is_current(served.base.engine)
    base = replace(base, github=base.github and base.github.hasty(PATIENCE))
    host = ask_github(base)
    # A host that can't be reached is asked once, not for every repository.
    github = None if isinstance(host, Unreachable) else base.github
    known = served.contexts() if ready or isinstance(served, OneWorkspace) else []
    contexts = [replace(ctx, github=github) for ctx in known]
    someone = contexts[0] if contexts else replace(base, github=github)
    shared: list[Check] = [
        ("settings", lambda: _settings(base)),
        ("clock", lambda: clock_findings(someone, now)),
        ("database", lambda: _database(base)),
        ("GitHub", lambda: github_findings(host)),
    ]
    if isinstance(served, Installed) and ready:
        shared.append(("workspaces", lambda: _workspaces(served)))
    findings = _looked_at(shared)
    for ctx in contexts:
        findings += _of_workspace(current(ctx) if ready else ctx, now)
    return findings


def _looked_at(checks: list[Check]) -> list[Finding]:
    return [finding for about, check in checks for finding in _guarded(about, check)]


def _of_workspace(ctx: Context, now: int) -> list[Finding]:
    """What is a workspace's own; one of several is named in each finding."""
    checks: list[Check] = [
        ("Slack", lambda: slack_findings(ctx)),
        ("policy", lambda: _policy(ctx)),
        ("people", lambda: _people(ctx)),
        ("people", lambda: renamed_findings(ctx)),
        ("channels", lambda: _channels(ctx, now)),
        ("repositories", lambda: repo_findings(ctx, now)),
        ("who can't be reached", lambda: _unreachable(ctx, now)),
    ]
    found = _looked_at(checks)
    if ctx.owners is None:
        return found
    return [replace(finding, about=f"{ctx.workspace}, {finding.about}") for finding in found]


def _workspaces(served: Installed) -> Iterator[Finding]:
    """Whether every workspace that may install Weir did, and can be served."""
    address = install_address(served.base.settings)
    there, kept_out = [ctx.workspace for ctx in served.contexts()], served.unserved()
    for team in kept_out:
        if team in served.listed:
            yield broken(
                "workspaces", f"the token of {team} can't be opened",
                f"set WEIR_SECRET_KEY to the key it was sealed with, or have Weir installed there again: {address}",
            )  # fmt: skip
        else:
            yield warn(
                "workspaces", f"Weir is installed in {team}, which is not listed",
                "list it in the file of WEIR_WORKSPACES, or have Weir removed there",
            )  # fmt: skip
    for team in sorted({*served.listed} - {*there, *kept_out}):
        yield warn("workspaces", f"{team} is listed, and Weir is not installed there", f"install it: {address}")
    if there:
        yield ok("workspaces", f"served: {', '.join(there)}")


def _guarded(about: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except Exception as error:
        return [broken(about, f"this could not be checked ({type(error).__name__})", "see the findings above")]


def render(findings: list[Finding]) -> str:
    """A list for people: a mark, what was looked at, what was found; below it what to do."""
    marks = {OK: "✓", WARN: "!", BROKEN: "✗"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.level]} {finding.about}: {finding.what}")
        if finding.advice:
            lines.append(f"    → {finding.advice}")
    bad, meh = (sum(one.level == level for one in findings) for level in (BROKEN, WARN))
    return "\n".join([*lines, "", f"{bad} broken, {meh} to look at, {len(findings) - bad - meh} fine"])


def _settings(ctx: Context) -> Iterator[Finding]:
    lacking = missing(ctx.settings, web=True, worker=True)
    for name in lacking:
        yield broken("settings", f"{name} is not set", where_to_get(name))
    settings = ctx.settings
    token, app_token = settings.slack_bot_token, settings.slack_app_token
    if token and not token.get_secret_value().startswith("xoxb-"):
        yield warn(
            "settings", "SLACK_BOT_TOKEN does not begin with xoxb-", "use the bot token, not a user's or an app's"
        )
    if app_token and not app_token.get_secret_value().startswith("xapp-"):
        yield warn(
            "settings", "SLACK_APP_TOKEN does not begin with xapp-", "use an app-level token (connections:write)"
        )
    if not lacking:
        yield ok("settings", "Socket Mode" if app_token else "HTTP mode")


def _database(ctx: Context) -> Iterator[Finding]:
    kind = "SQLite" if ctx.engine.dialect.name == "sqlite" else "PostgreSQL"
    if not is_there(ctx.engine):
        yield warn(
            "database", f"none is at {file_of(ctx.engine)} yet",
            "weir run makes it at its start; where there is one elsewhere, set DATABASE_URL to that",
        )  # fmt: skip
        return
    try:
        state = schema_state(ctx.engine)
    except DATABASE_TROUBLE as error:
        yield broken("database", f"{kind} can't be used ({one_line(error)})", "check DATABASE_URL, and that it runs")
        return
    if state == "current":
        yield ok("database", f"{kind}, up to date")
    elif state == "newer":
        yield ok("database", f"{kind}, already that of a newer program, with which this one works, too")
    elif state == "behind" and kind == "SQLite":
        yield warn("database", "SQLite, not brought up to date yet", "weir run does that at its start")
    elif state == "behind":
        yield broken("database", f"{kind}, behind this program", "run: weir migrate")
    else:
        yield broken("database", f"{kind}, of a newer program, with which this one no longer works", "update this one")


def _policy(ctx: Context) -> Iterator[Finding]:
    policy = ctx.policy
    file = policy.file
    parts = [file.targets, *(part.targets for part in file.repos.values())]
    if not any(getattr(part, kind) for part in parts for kind in KINDS):
        yield warn(
            "policy", f"{policy.source} has no targets, so nobody is ever nudged", 'add, say: [targets] review = "8h"'
        )
    if not policy.maps_people:
        yield warn(
            "policy", f"{policy.source} maps nobody to Slack, so nobody can be written to",
            'say /flow link LOGIN in Slack, or add: [people.alice] slack = "U0ALICE"',
        )  # fmt: skip
    others = sorted(repo for repo in file.repos if not policy.may_follow(repo))
    if others:
        yield warn(
            "policy", f"{policy.source} names {', '.join(others[:MOST_NAMED])}; {whose(policy)}",
            "take them out, or add their accounts to its owners in the file of WEIR_WORKSPACES",
        )  # fmt: skip
    yield ok("policy", f"{policy.source}: {len(file.people)} people, {len(file.repos)} repositories")


def _people(ctx: Context) -> Iterator[Finding]:
    """The mapped people, as Slack knows them."""
    mapped = [(login, part.slack) for login, part in ctx.policy.file.people.items() if part.slack]
    if not has_token(ctx) or not mapped:
        return
    wrong = 0
    for login, user in mapped[:MOST_ASKED]:
        try:
            why = _whats_wrong(ctx, user)
        except (Passing, Unknown):
            yield warn("people", "Slack can't be asked about the mapped people just now", "try again later")
            return
        if why:
            wrong += 1
            advice = f"/flow link @person {login}, or correct people.{login}.slack in {ctx.policy.source}"
            yield warn("people", f"{login} ({user}) {why}", advice)
    asked = min(len(mapped), MOST_ASKED)
    yield ok("people", f"{asked - wrong} of {asked} mapped people looked up can be written to")


def _whats_wrong(ctx: Context, user: str) -> str | None:
    try:
        member = ctx.messenger.user(user)
    except Undeliverable as error:
        return f"is not known to Slack ({error.reason})" if error.scope == "address" else f"({error.reason})"
    if member.get("deleted"):
        return "is deactivated in Slack"
    return "is a bot in Slack" if member.get("is_bot") else None


def _channels(ctx: Context, now: int) -> Iterator[Finding]:
    """Whether the channels of the policy can be read, which is how a lost post is found again."""
    if not has_token(ctx):
        return
    for repo, part in ctx.policy.file.repos.items():
        if part.channel is None:
            continue
        try:
            ctx.messenger.find(part.channel, "doctor", now)
            yield ok("channels", f"{part.channel} for {repo} can be read")
        except Undeliverable as error:
            advice = f"invite Weir into it (/invite), or correct repos.{repo}.channel in {ctx.policy.source}"
            yield broken("channels", f"{part.channel} for {repo}: {error.reason}", advice)
        except (Passing, Unknown):
            yield warn("channels", f"{part.channel} for {repo} could not be looked at", "try again later")


def _unreachable(ctx: Context, now: int) -> Iterator[Finding]:
    if not is_current(ctx.engine):
        return
    with reading(ctx.engine) as session:
        holders = figures(session, ctx.workspace, now).holders
        addresses = troubled_addresses(session, ctx.workspace)
    unmapped = [holder for holder in holders if ctx.policy.person(holder).slack is None]
    if unmapped:
        more = f" and {len(unmapped) - MOST_NAMED} more" if len(unmapped) > MOST_NAMED else ""
        said = (
            f"{len(unmapped)} with something waiting on them are not mapped: {', '.join(unmapped[:MOST_NAMED])}{more}"
        )
        yield warn(
            "who can't be reached",
            said,
            f"/flow people names them; or add [people.LOGIN] slack = … to {ctx.policy.source}",
        )
    for address, problem in addresses:
        yield warn("who can't be reached", f"{address}: {problem}", "correct it in Slack or in the policy")
    if not unmapped and not addresses:
        yield ok("who can't be reached", "nobody")
