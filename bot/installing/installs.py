"""The workspaces that Weir is installed in by OAuth, each with its own policy, owners and token."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from bot.context import Context
from bot.installing.leaving import KEY, TOLD
from bot.installing.oauth import Grant
from bot.installing.secrets import NoKey, NotOpened, Vault, vault_of
from bot.installing.workspace_file import Listed, load_workspaces
from bot.messenger import Messenger
from bot.policy import BadPolicy, Policy
from bot.serving.workspaces import context_of
from bot.store import installs, settings
from bot.store.engine import reading
from bot.store.installs import HOLDS, Install
from bot.web import DATABASE_TROUBLE

FRESH = 2
"""Seconds for which what was read of the installs is taken for what they are."""
BEGUN = "install"
"""What a state is sealed of; no token is that word."""

log = structlog.get_logger()


class _Known(NamedTuple):
    install: Install
    ctx: Context | None
    """None where it can't be served."""


class Installed:
    """All workspaces that Weir is installed in, as `bot.serving.workspaces.Workspaces` has it. Threads may share it.

    A workspace's Context stays the same object until its install changes. While the database is away, what was known
    before is gone on with.
    """

    def __init__(
        self, base: Context, listed: Mapping[str, Listed], messenger: Callable[[str], Messenger] | None = None
    ) -> None:
        """`listed`: who may install, by team; `messenger` makes one of a token. Raises NoKey."""
        self.base, self.listed = base, listed
        self._vault: Vault = vault_of(base.settings)
        self._messenger = messenger or (lambda token: Messenger(token, base.settings.slack_api_url))
        self._known: dict[str, _Known] = {}
        self._read_at: int | None = None
        self._reading = threading.Lock()

    def contexts(self) -> list[Context]:
        """Every workspace that is served now, in the order of their ids."""
        self._look()
        return [known.ctx for known in self._known.values() if known.ctx is not None]

    def of_team(self, team: str | None) -> Context | None:
        """The workspace of a Slack team; None where it is not served."""
        if team is None or team not in self.listed:
            return None
        self._look()
        known = self._known.get(team)
        if known is None:  # it may have been installed a moment ago
            self.look_again()
            known = self._known.get(team)
        return known.ctx if known else None

    def shut_out(self, team: str | None) -> Context | None:
        """A workspace as `unserved` lists them, without its token."""
        self._look()
        known = self._known.get(team or "")
        return self._without_token(known.install) if known and known.ctx is None else None

    def ended(self) -> list[Context]:
        """Every workspace whose install has ended and of which something is kept still; Slack knows none of them."""
        with reading(self.base.engine) as session:
            over = [install for install in installs.every(session) if install.ended_at is not None]
        return [self._without_token(install) for install in over]

    def unserved(self) -> list[str]:
        """The workspaces, by id, whose token can't be opened with WEIR_SECRET_KEY, or that are not listed any more."""
        self._look()
        return [team for team, known in self._known.items() if known.ctx is None]

    def look_again(self) -> None:
        """Read at once what is installed."""
        with self._reading:
            self._read()

    def seal(self, grant: Grant) -> str:
        """What is stored of a token."""
        return self._vault.seal(grant.access_token.get_secret_value())

    def begin(self) -> str:
        """A state by which an install is known that somebody begins. Nothing is kept of it."""
        return self._vault.stamp(BEGUN, self.base.clock.now())

    def begun(self, state: str) -> bool:
        """Whether it is such a state, and not too old."""
        return self._vault.stamped(state, BEGUN, self.base.clock.now(), HOLDS)

    def _look(self) -> None:
        if self._read_at is not None and 0 <= self.base.clock.now() - self._read_at < FRESH:
            return
        # Nobody waits for another's reading who knows anything already.
        if self._reading.acquire(blocking=self._read_at is None):
            try:
                self._read()
            finally:
                self._reading.release()

    def _read(self) -> None:
        now = self.base.clock.now()
        try:
            with reading(self.base.engine) as session:
                rows = installs.every(session)
        except DATABASE_TROUBLE:
            if self._read_at is None:
                raise
            self._read_at = now
            log.warning("installs not read")
            return
        before = self._known
        self._known = {one.workspace: self._still(before, one) for one in rows if one.ended_at is None}
        self._read_at = now

    def _still(self, before: Mapping[str, _Known], install: Install) -> _Known:
        known = before.get(install.workspace)
        return known if known and known.install == install else _Known(install, self._served(install))

    def _served(self, install: Install) -> Context | None:
        listed = self.listed.get(install.workspace)
        if listed is None:
            log.error("installed, but not listed in the file of WEIR_WORKSPACES", workspace=install.workspace)
            return None
        try:
            token = self._vault.open(install.token or "")
        except NotOpened as error:
            log.error("not served", workspace=install.workspace, why=str(error))
            return None
        return self._context(install.workspace, listed, token)

    def _without_token(self, install: Install) -> Context:
        return self._context(install.workspace, self.listed.get(install.workspace, _NOBODY), "")

    def _context(self, workspace: str, listed: Listed, token: str) -> Context:
        return context_of(self.base, workspace, listed.owners, listed.policy, self._messenger(token))


_NOBODY = Listed(frozenset(), Policy())


def installed_of(base: Context) -> Installed:
    """The workspaces of a deployment whose settings name WEIR_WORKSPACES. Raises BadPolicy, also without a key."""
    path = base.settings.weir_workspaces
    if path is None:
        raise BadPolicy("WEIR_WORKSPACES is not set")
    try:
        return Installed(base, load_workspaces(path))
    except NoKey as error:
        raise BadPolicy(str(error)) from None


def keep(session: Session, install: Install) -> bool:
    """Weir is installed in a workspace, and nothing of it is to be removed any more; whether it was known there."""
    known = installs.known(session, install.workspace)
    installs.put(session, install.workspace, install)
    for told in (KEY, TOLD):
        settings.drop(session, install.workspace, told)
    return known
