"""Members of the Slack workspace as Slack showed them last: names, zones, absences, do-not-disturb."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from bot.flow.waits import Span
from bot.store.sql import insert, plain, table
from bot.store.tables import AbsenceRow, MemberRow

MEMBERS, ABSENCES = table(MemberRow), table(AbsenceRow)
_M, _A = MEMBERS.c, ABSENCES.c


def member(session: Session, workspace: str, user: str) -> Row[Any] | None:
    """What is kept of a member; None where nothing is."""
    return session.execute(select(MEMBERS).where(_M.workspace == workspace, _M.user == user)).first()


def keep(session: Session, workspace: str, user: str, **values: Any) -> None:
    """Keep what Slack showed of a member (columns of the table by name); the rest stays as it is."""
    fresh = {"workspace": workspace, "user": user, "admin": False, "gone": False, "seen_at": 0, "quiet_seen_at": 0}
    session.execute(insert(session, MEMBERS).values(fresh).on_conflict_do_nothing())
    session.execute(update(MEMBERS).where(_M.workspace == workspace, _M.user == user).values(values))


def everybody(session: Session, workspace: str) -> dict[str, Row[Any]]:
    """All that is kept of members, by their accounts."""
    return {row.user: row for row in session.execute(select(MEMBERS).where(_M.workspace == workspace))}


def gone(session: Session, workspace: str) -> set[str]:
    """The accounts of those who are deactivated, or an app."""
    return set(session.execute(select(_M.user).where(_M.workspace == workspace, _M.gone.is_(True))).scalars())


def zones(session: Session, workspace: str) -> dict[str, str]:
    """The time zones of members, where Slack told one."""
    rows = session.execute(select(_M.user, _M.tz).where(_M.workspace == workspace, _M.tz.is_not(None)))
    return {row.user: row.tz for row in rows}


def quiet(session: Session, workspace: str, now: int) -> dict[str, tuple[int, int]]:
    """The do-not-disturb spans of members that are not over, as far as Slack told."""
    rows = session.execute(
        select(_M.user, _M.quiet_from, _M.quiet_until).where(_M.workspace == workspace, _M.quiet_until > now)
    )
    return {user: (start or 0, end) for user, start, end in rows}


def absences(session: Session, workspace: str) -> dict[str, list[Span]]:
    """The times away that members' statuses told of, past ones too."""
    found: dict[str, list[Span]] = defaultdict(list)
    rows = session.execute(select(_A.user, _A.start, _A.until).where(_A.workspace == workspace).order_by(_A.start))
    for user, start, until in rows:
        found[user].append((start, until))
    return found


def left(session: Session, workspace: str, user: str, start: int, until: int | None) -> None:
    """A status says: away from `start`, until an instant or (None) nobody knows when."""
    statement = insert(session, ABSENCES)
    statement = statement.on_conflict_do_update(
        index_elements=["workspace", "user", "start"], set_={"until": statement.excluded.until}
    )
    session.execute(statement, {"workspace": workspace, "user": user, "start": start, "until": until})


def returned(session: Session, workspace: str, user: str, at: int) -> bool:
    """The status says so no longer: whatever absence goes on at `at` ends there. Whether one did."""
    going_on = (_A.start <= at) & (_A.until.is_(None) | (_A.until > at))
    ended = update(ABSENCES).where(_A.workspace == workspace, _A.user == user, going_on).values(until=at)
    return session.execute(ended.returning(_A.start)).first() is not None


def is_quiet_news(session: Session, workspace: str, user: str, span: tuple[int, int] | None) -> bool:
    """Whether a span of do-not-disturb (None: none) is another one than the one that is kept."""
    known = member(session, workspace, user)
    return (known.quiet_from, known.quiet_until) != (span or (None, None)) if known else span is not None


def quieten(session: Session, workspace: str, user: str, span: tuple[int, int] | None, now: int) -> None:
    """Keep the span of do-not-disturb that Slack told of, now or next; None where it told of none."""
    start, end = span or (None, None)
    keep(session, workspace, user, quiet_from=start, quiet_until=end, quiet_seen_at=now)


def shown(member: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a member as users.info, users.list and `user_change` show them; but not their zone.

    A zone moves clocks, so whoever learns it has to have the ladders looked at: see `bot.people.members`.
    """
    profile = member.get("profile") or {}
    name = profile.get("display_name") or member.get("real_name") or profile.get("real_name") or member.get("name")
    return {
        "name": plain(name),
        "admin": bool(member.get("is_admin") or member.get("is_owner")),
        "gone": bool(member.get("deleted") or member.get("is_bot")),
    }
