"""What a team is asked, taken over by one of it."""

from __future__ import annotations

import structlog

from bot.asking.people import NotKnown
from bot.asking.picking import pick_up, waits_in_stage
from bot.asking.turns import Turn, answered, open_turn, taken
from bot.context import Context
from bot.flow.events import CLAIMED, FlowEvent, flow_event
from bot.hosts.github import ids
from bot.hosts.github.acting import claim, team_members
from bot.hosts.github.answers import owner_of
from bot.hosts.github.errors import Denied, Gone, HostError
from bot.incoming.unfolded import key_of
from bot.intake import settle_items
from bot.soon import answered as in_time
from bot.store import arrivals, events, teams
from bot.store.answers import TAKE, Answer
from bot.store.engine import reading, undisturbed, writing
from bot.views import replies
from bot.views.message import Message
from bot.views.phrases import GROUP_ID

log = structlog.get_logger()
FRESH = 86_400
"""Seconds for which the members of a team, once read, are taken for granted."""
PATIENCE = 1.0
"""Seconds that somebody who takes a thing over waits for the host to say who is in the team."""


def take_over(ctx: Context, user: str, wait_id: int, now: int) -> Message:
    """Make what a team is asked the turn of a Slack account; of several who want it the first one gets it.

    Asks the host, so it may take long. Raises NotKnown where they can't have it.
    """
    with reading(ctx.engine) as session:
        turn = open_turn(session, ctx, wait_id, user)
    if waits_in_stage(turn):
        return pick_up(ctx, user, turn, _stage_login_of(ctx, turn, user, now), now)
    if not turn.wait.team:
        raise NotKnown(f"{turn.wait.holder} alone is asked; to have it, ask them to hand it over.")
    login = _login_of(ctx, turn, user, now)
    undisturbed(lambda: _claim(ctx, wait_id, user, login, now))
    settle_items(ctx, [key_of(turn.wait)], now)
    return replies.yours(turn.shown, _refused(ctx, turn, login))


def _own_logins(ctx: Context, user: str) -> list[str]:
    logins = ctx.policy.logins_of(user)
    if not logins:
        raise NotKnown("I don't know yet which login on the code host is yours. /flow link YOUR-LOGIN tells me; then "
                       "it is yours by one more press.")  # fmt: skip
    return logins


def _stage_login_of(ctx: Context, turn: Turn, user: str, now: int) -> str:
    """The login by which they take up what waits in a stage, be it theirs or not. Raises NotKnown where they can't."""
    logins = _own_logins(ctx, user)
    if not turn.wait.team or GROUP_ID.fullmatch(turn.wait.holder):
        return logins[0]
    return _in_team(turn, logins, _members(ctx, turn, now))


def _login_of(ctx: Context, turn: Turn, user: str, now: int) -> str:
    """The login they take it by. Raises NotKnown where they can't."""
    logins = _own_logins(ctx, user)
    if turn.author and turn.author.casefold() in {login.casefold() for login in logins}:
        raise NotKnown("You wrote it, so somebody else has to review it.")
    return _in_team(turn, logins, _members(ctx, turn, now))


def _in_team(turn: Turn, logins: list[str], members: list[str] | None) -> str:
    """The login that is in the team, as far as its members are known. Raises NotKnown where none is."""
    if members is None:
        return logins[0]
    folded = {member.casefold() for member in members}
    found = next((login for login in logins if login.casefold() in folded), None)
    if found is None:
        raise NotKnown(f"The team {turn.wait.holder} is asked, and you are not in it on the code host. "
                       "Its author can ask you by name.")  # fmt: skip
    return found


def _members(ctx: Context, turn: Turn, now: int) -> list[str] | None:
    """Who is in the team; None where the host does not show it, or not in time."""
    owner, team = owner_of(turn.repo), str(turn.wait.holder)
    with reading(ctx.engine) as session:
        known = teams.team(session, ctx.workspace, turn.wait.host, owner, team)
    if ctx.github is None or (known is not None and now - known.read_at < FRESH):
        return known.members if known else None
    # Somebody waits for this: where the host is slow, what it says is kept for the next one.
    found = in_time(lambda: [_read_members(ctx, turn.wait.host, owner, team, now)], lambda late: None, PATIENCE)
    return found[0] if found else known.members if known else None


def _read_members(ctx: Context, host: str, owner: str, team: str, now: int) -> list[str] | None:
    members: list[str] | None
    try:
        members = team_members(ctx.github, owner, team)
    except (Denied, Gone) as refusal:
        log.info("team not shown", team=team, why=str(refusal))
        members = None
    except HostError as trouble:
        log.warning("team not read", team=team, why=str(trouble))
        return None
    with writing(ctx.engine) as session:
        teams.keep(session, ctx.workspace, host, owner, team, members, now)
    return members


def _claim(ctx: Context, wait_id: int, user: str, login: str, now: int) -> None:
    """Tell of the claim. Raises NotKnown where somebody did already."""
    with writing(ctx.engine) as session:
        turn = open_turn(session, ctx, wait_id, user, alone=True)
        if turn.last is not None and turn.last.kind == TAKE:  # and it is not folded in yet
            raise NotKnown(taken(ctx, next(iter(ctx.policy.logins_of(turn.last.user)), None), user))
        answered(session, ctx, turn, Answer(wait_id, user, TAKE, None, now, None), now)
        event = _event(turn, login, now)
        events.append(session, ctx.workspace, [event])
        arrivals.add(session, ctx.workspace, [(event.key, None)], now)


def _event(turn: Turn, login: str, now: int) -> FlowEvent:
    wait = turn.wait
    return flow_event(
        host=wait.host, repo=wait.repo, item=wait.item, id=ids.claimed(wait.item, wait.holder, login, now), at=now,
        kind=CLAIMED, actor=login, reviewer=login, team=wait.holder,
    )  # fmt: skip


def _refused(ctx: Context, turn: Turn, login: str) -> str | None:
    """Write the claim on the host; why that could not be done, None where it was."""
    if ctx.github is None:
        return "I have no token that may change it"
    try:
        claim(ctx.github, turn.repo, turn.wait.item, str(turn.wait.holder), login)
    except HostError as trouble:
        log.warning("claim not made on the host", repo=turn.repo, item=turn.wait.item, why=str(trouble))
        return str(trouble)
    return None
