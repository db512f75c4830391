"""Reads the histories of repositories that somebody connects, and tells what they teach. Any number may run it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog

from bot import intake
from bot.context import Context
from bot.hosts.github.counting import to_read
from bot.hosts.github.errors import Denied, Gone, HostError, Suspended, Unreachable
from bot.incoming import hooks
from bot.incoming.catchup import HOST, OLDEST, OVERLAP, Tally, read
from bot.learning import learn
from bot.said import current
from bot.store import connections, past, readings, waits
from bot.store.connections import FAILED, LEARNT, LEASE, LEFT, Connection
from bot.store.engine import reading, writing
from bot.store.readings import Place

log = structlog.get_logger()

EDIT = 4
"""Seconds between two edits of the message that shows how far it is."""
AGAIN = 60
"""Seconds until a host that is in trouble is asked again, where it does not say when."""


def run(ctx: Context, now: int) -> Tally:
    """Read every history that is to be read and that no other worker has."""
    done = Tally()
    for one in one_by_one(ctx, now):
        done.take_in(one)
    return done


def one_by_one(ctx: Context, now: int) -> Iterator[Tally]:
    """The same; what each repository came to."""
    while ctx.github is not None and not ctx.stopping.is_set():
        # A run may outlast a lease, so each repository is taken at its own instant.
        held = _lease(ctx, max(now, ctx.clock.now()))
        if held is None:
            break
        done = Tally()
        with structlog.contextvars.bound_contextvars(repo=held.repo):
            _connect(current(ctx), held, done)
        yield done


def _lease(ctx: Context, now: int) -> Connection | None:
    with reading(ctx.engine) as session:
        if not connections.waiting(session, ctx.workspace, now):
            return None
    with writing(ctx.engine) as session:
        return connections.lease(session, ctx.workspace, now)


def _connect(ctx: Context, held: Connection, done: Tally) -> None:
    """Bring one as far as it gets; what stands in the way is shown in its message."""
    at = Progress(ctx, held)
    try:
        if at.prepared() and at.read(done):
            at.learnt()
            done.repos += 1
    except (Denied, Gone) as trouble:
        log.error("repository not readable", why=str(trouble))
        at.failed(str(trouble), _advice(trouble))
    except HostError as trouble:
        log.warning("reading put off", why=str(trouble))
        at.put_off(str(trouble), (trouble.retry_after if isinstance(trouble, Unreachable) else None) or AGAIN)
    finally:
        if ctx.stopping.is_set():
            at.write(lease_until=None)


def _advice(trouble: HostError) -> str:
    if isinstance(trouble, Gone):
        return "Was it deleted, or taken from Weir's token (or App)? Once it is back, try again."
    if isinstance(trouble, Suspended):
        return "Once its owner lets the App go on, try again."
    return 'The token may lack "Pull requests" (read) or "Metadata" (read) for it. Once it has them, try again.'


class Progress:
    """One connection under this worker's lease."""

    def __init__(self, ctx: Context, held: Connection) -> None:
        self._ctx, self._held = ctx, held
        self._told_at = 0

    @property
    def _now(self) -> int:
        return self._ctx.clock.now()

    def write(self, **values: Any) -> bool:
        """Write how far it is, renewing the lease; False where it is no longer this worker's."""
        ctx, now = self._ctx, self._now
        with writing(ctx.engine) as session:
            kept = connections.keep(session, ctx.workspace, self._held, **{"lease_until": now + LEASE, **values})
            if kept is None:
                return False
            self._held = kept
            if now - self._told_at >= EDIT or "problem" in values:
                self._told_at = now
                waits.edit_messages(session, ctx.workspace, [kept.outbox_id], now)
        return True

    def prepared(self) -> bool:
        """Set the webhook up, and find out how much there is to read; each once."""
        if self._held.hook is None:
            hooked = hooks.set_up(self._ctx, self._held.repo)
            own = {} if hooked.id is None else {"hook_id": hooked.id}
            if not self.write(hook=hooked.words, **own):
                self._leave_nothing(hooked.id)
                return False
        if self._held.items_known is None and not self._held.items_read:
            return self.write(items_known=self._known())
        return True

    def _leave_nothing(self, hook: int | None) -> None:
        """Where it was let go while its webhook was being set up, nobody else knows of that one."""
        with reading(self._ctx.engine) as session:
            found = connections.of_message(session, self._ctx.workspace, self._held.outbox_id)
        if hook is not None and found is not None and found.state == LEFT:
            hooks.take_back(self._ctx, found.repo, hook)

    def _known(self) -> int | None:
        place = self._place()
        since = self._now - OLDEST if place.read_until is None else place.read_until - OVERLAP
        try:
            return to_read(self._ctx.github, self._held.repo, since)
        except HostError:
            return None  # it is only shown

    def _place(self) -> Place:
        ctx, repo = self._ctx, self._held.repo
        with writing(ctx.engine) as session:
            found = readings.places(session, ctx.workspace, HOST, [repo])
        return next(place for place in found if place.repo == repo)

    def read(self, done: Tally) -> bool:
        """Read its history on from where it stands; whether that came to its end under this lease."""
        for step in read(self._ctx, self._place(), self._now):
            done.add(step)
            if not self.write(items_read=self._held.items_read + step.items, **self._well()):
                return False
            if self._ctx.stopping.is_set():
                return False
        return True

    def _well(self) -> dict[str, Any]:
        return {} if self._held.problem is None else {"problem": None}

    def learnt(self) -> None:
        """Work out what its history teaches, and show that."""
        ctx, now = self._ctx, self._now
        intake.settle_repos(ctx, [(HOST, self._held.repo)], now)
        with reading(ctx.engine) as session:
            live = past.live_items(session, ctx.workspace, HOST, self._held.repo)
        intake.rebuild(ctx, now, live)  # one that was let go before has no open waits yet
        self._turn(LEARNT, learnt=learn(current(ctx), self._held.repo, now).told(), problem=None)
        log.info("history read", items=self._held.items_read)

    def failed(self, why: str, advice: str) -> None:
        """It can't be read as things stand."""
        self._turn(FAILED, problem=f"{why}. {advice}")

    def put_off(self, why: str, seconds: int) -> None:
        """The host is in trouble: it is tried again."""
        self.write(problem=why, lease_until=self._now + seconds)

    def _turn(self, state: str, **values: Any) -> None:
        ctx, now = self._ctx, self._now
        with writing(ctx.engine) as session:
            if connections.turn(session, ctx.workspace, self._held, state, now, lease_until=None, **values):
                waits.edit_messages(session, ctx.workspace, [self._held.outbox_id], now)
