"""The doors by which Weir is installed in a Slack workspace: to Slack's page, and back from it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from threading import BoundedSemaphore
from urllib.parse import parse_qs, urlsplit

import structlog

from bot.installing import installs
from bot.installing.installs import Installed
from bot.installing.manifest import REDIRECT_PATH
from bot.installing.oauth import Grant, NotGranted, OAuth, a_word
from bot.serving.workspaces import INSTALL_PATH
from bot.store import installs as stored
from bot.store.engine import writing
from bot.store.installs import HOLDS, NOBODYS, Install
from bot.views import install_page as pages
from bot.web import Answer, Request, Route

COOKIE = "weir_install"
ONLY_HERE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_OF_A_PAGE = {
    "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": pages.POLICY, **ONLY_HERE,
}  # fmt: skip
AT_ONCE = 8
"""Installs that are finished at the same time: each waits for Slack, in a thread that all other doors lack then."""

log = structlog.get_logger()


def routes(workspaces: Installed, at_once: int = AT_ONCE) -> dict[str, Route]:
    """The two addresses; the second is the one that the manifest names to Slack."""
    slack, finishing = OAuth(workspaces.base.settings), BoundedSemaphore(at_once)
    return {
        INSTALL_PATH: Route("GET", partial(_begin, workspaces, slack)),
        REDIRECT_PATH: Route("GET", partial(_end, workspaces, slack, finishing)),
    }


def _begin(workspaces: Installed, slack: OAuth, _: Request) -> Answer:
    """Send a browser to Slack, with a state that only this browser can come back with."""
    # Anybody may ask for this as often as they like, so nothing is written, and nobody's install can be crowded out.
    state = workspaces.begin()
    headers = {"Location": slack.address(state), "Set-Cookie": _cookie(slack, state, HOLDS), **ONLY_HERE}
    return Answer(302, "", headers)


def _end(workspaces: Installed, slack: OAuth, finishing: BoundedSemaphore, request: Request) -> Answer:
    """Take what Slack sends a browser back with, and say what came of it."""
    asked = {name: values[0] for name, values in parse_qs(request.query).items()}
    if not finishing.acquire(blocking=False):
        log.warning("install not finished", why="as many as may are being finished")
        return Answer(429, pages.html_of(pages.busy()), {**_OF_A_PAGE, "Retry-After": "5"})
    try:
        return _ended(workspaces, slack, asked, _cookie_of(request))
    finally:
        finishing.release()


def _ended(workspaces: Installed, slack: OAuth, asked: Mapping[str, str], cookie: str) -> Answer:
    state = asked.get("state", "")
    mine = bool(state) and secrets.compare_digest(cookie.encode(), state.encode())
    if not (mine and workspaces.begun(state) and _is_spent(workspaces, state)):
        log.warning("install not finished", why="its state is unknown, spent, too old or another browser's")
        return _page(slack, 400, pages.begun_elsewhere())
    if asked.get("error") == "access_denied":
        return _page(slack, 200, pages.declined())
    if not asked.get("code"):
        return _not_confirmed(slack, NotGranted(a_word(asked.get("error"))))
    try:
        grant = slack.exchange(asked["code"])
    except NotGranted as refusal:
        return _not_confirmed(slack, refusal)
    return _granted(workspaces, slack, grant)


def _is_spent(workspaces: Installed, state: str) -> bool:
    """Whether nobody ended the install before."""
    with writing(workspaces.base.engine) as session:
        return stored.spend(session, NOBODYS, sha256(state.encode()).hexdigest(), workspaces.base.clock.now())


def _not_confirmed(slack: OAuth, refusal: NotGranted) -> Answer:
    log.error("install not confirmed by Slack", why=refusal.reason or "no clear answer")
    return _page(slack, 502, pages.not_confirmed(refusal.reason))


def _granted(workspaces: Installed, slack: OAuth, grant: Grant) -> Answer:
    """Keep a token where it is wanted; else give it back."""
    if grant.is_enterprise_install or grant.team is None:
        return _given_back(slack, grant, "an organization", pages.not_for_organizations)
    team = grant.team
    if team.id not in workspaces.listed:
        return _given_back(slack, grant, "not listed", partial(pages.not_listed, team.name, team.id))
    if grant.expires_in is not None:
        return _given_back(slack, grant, "its token expires", pages.tokens_expire)
    known = _keep(workspaces, grant, team.id, team.name)
    log.info("installed", workspace=team.id, by=grant.authed_user.id, again=known)
    return _page(slack, 200, pages.installed(team.name, team.id, grant.app_id, again=known))


def _given_back(slack: OAuth, grant: Grant, why: str, page: Callable[[], pages.Page]) -> Answer:
    log.warning("install refused", why=why, workspace=grant.team.id if grant.team else None)
    slack.revoke(grant)
    return _page(slack, 403, page())


def _keep(workspaces: Installed, grant: Grant, team: str, name: str) -> bool:
    """Store the install; whether there was one before."""
    install = Install(
        workspace=team, name=pages.team_name(name), app=grant.app_id, bot_user=grant.bot_user_id,
        token=workspaces.seal(grant), scopes=grant.scope, installed_by=grant.authed_user.id,
        installed_at=workspaces.base.clock.now(),
    )  # fmt: skip
    with writing(workspaces.base.engine) as session:
        known = installs.keep(session, install)
    workspaces.look_again()
    return known


def _page(slack: OAuth, status: int, page: pages.Page) -> Answer:
    """A page, after which the browser holds no state any more."""
    return Answer(status, pages.html_of(page), {**_OF_A_PAGE, "Set-Cookie": _cookie(slack, "", 0)})


def _cookie(slack: OAuth, value: str, seconds: int) -> str:
    """Only this machine's own addresses are reached without TLS."""
    secure = "; Secure" if urlsplit(slack.redirect_uri).scheme == "https" else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _cookie_of(request: Request) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
