"""Who is who, as people say it: logins linked to Slack accounts, taken back, and guesses confirmed or denied."""

from __future__ import annotations

from difflib import get_close_matches

from sqlalchemy.orm import Session

from bot.asking.admins import is_admin, must_be_admin
from bot.asking.people import TROUBLE, NotKnown, person_in_slack
from bot.context import Context
from bot.grammar import LinkWords
from bot.people.identity import slack_path
from bot.people.members import read
from bot.people.sight import claimed, looks_after_all, named
from bot.said import UNSAID, Change, current, say, value_at
from bot.store import asked, matches, people
from bot.store.engine import reading, writing
from bot.store.said import Path
from bot.views.people import Answer, Linked, Taken, Unheard, Unlinked


def link(ctx: Context, user: str, words: LinkWords, sure: bool, now: int) -> Answer:
    """Link a login to whoever asks, or to somebody else; `sure`: a doubt was shown, and they want it all the same.

    Raises NotAllowed, and NotKnown where no person can be linked.
    """
    target, you = words.user or user, words.user in (None, user)
    if not you:
        must_be_admin(ctx, user, now)
    login = _spelt(ctx, words.login)
    if ctx.policy.rules("").named_like_a_bot(login or words.login):
        raise NotKnown(f"“{words.login}” is a bot; only people can be linked.")
    if not you:
        person_in_slack(ctx, target, now)
    owner = ctx.policy.person(words.login).slack
    if owner not in (None, target):
        may = is_admin(ctx, user, now)
        if not (may and sure):
            return Taken(login or words.login, target, you, str(owner), may)
    if login is None and not sure:
        return Unheard(words.login, target, you, _nearest(ctx, words.login, target))
    return _link(ctx, user, login or words.login, target, owner, now)


def _link(ctx: Context, user: str, login: str, target: str, owner: str | None, now: int) -> Answer:
    path, you = slack_path(ctx, login), target == user
    set_as = UNSAID if _written(ctx, path) == target else target
    # Somebody else may have linked it meanwhile.
    changed = say(ctx, [Change(path, lambda old: set_as if old in (None, owner, target) else old)], user, now)
    ctx = current(ctx)
    now_whose = ctx.policy.person(login).slack
    if now_whose != target:
        return Taken(login, target, you, str(now_whose), may=False)
    if you:
        _read_if_possible(ctx, target, now)
    with reading(ctx.engine) as session:
        source = _confirmed_by(session, ctx, login, target) or (
            matches.ADMIN if not you or looks_after_all(ctx, user) else None
        )
    with writing(ctx.engine) as session:
        # Of one that only its person speaks for, the host is asked at once.
        matches.put(session, ctx.workspace, login, matches.LINKED, target, source, now if source else 0)
        waiting = len(asked.held_by(session, ctx.workspace, [login]))
    return Linked(login, target, you, not changed, waiting, you and claimed(ctx, target) is not None)


def _confirmed_by(session: Session, ctx: Context, login: str, target: str) -> str | None:
    """What confirmed a link before, other than the person themself."""
    known = matches.of_login(session, ctx.workspace, login)
    return known.source if known is not None and (known.state, known.slack) == (matches.LINKED, target) else None


def _read_if_possible(ctx: Context, user: str, now: int) -> None:
    """Have Slack's word on somebody's zone at once; without it the job asks later."""
    try:
        read(ctx, user, now)
    except TROUBLE:
        return


def unlink(ctx: Context, user: str, login: str, now: int) -> Unlinked:
    """Take back whose a login is, or deny a guess. Raises NotAllowed, and NotKnown where it is nobody's."""
    owner = ctx.policy.person(login).slack
    if owner is None:
        return _deny(ctx, user, login, now)
    if owner != user:
        must_be_admin(ctx, user, now)
    login, path = _spelt(ctx, login) or login, slack_path(ctx, login)
    say(ctx, [Change(path, UNSAID if _written(ctx, path) is None else None)], user, now)
    with writing(ctx.engine) as session:
        matches.put(session, ctx.workspace, login, matches.REFUSED, owner, None, now)
    return Unlinked(login, owner, owner == user)


def _deny(ctx: Context, user: str, login: str, now: int) -> Unlinked:
    with reading(ctx.engine) as session:
        guess = matches.of_login(session, ctx.workspace, login)
    if guess is None or guess.state != matches.DOUBTFUL:
        raise NotKnown(f"{login} is linked to nobody in Slack.")
    if guess.slack != user:
        must_be_admin(ctx, user, now)
    with writing(ctx.engine) as session:
        matches.put(session, ctx.workspace, login, matches.REFUSED, guess.slack, guess.source, now)
    return Unlinked(_spelt(ctx, login) or login, guess.slack, guess.slack == user, guess=True)


def guess_for(ctx: Context, user: str) -> str | None:
    """A login that may be that of a Slack account without any, by its name; None where that was answered, or none is.

    It is to be asked where they look at something of their own accord.
    """
    if ctx.policy.logins_of(user):
        return None
    with reading(ctx.engine) as session:
        found = matches.guessed(session, ctx.workspace, user)
    open_ones = (login for login in found if ctx.policy.person(login).slack is None)
    login = next(open_ones, None)
    return None if login is None else _spelt(ctx, login) or login


def _spelt(ctx: Context, login: str) -> str | None:
    """A login as the policy or the code host spells it; None where neither knows it."""
    folded = login.casefold()
    known = next((name for name in ctx.policy.file.people if name.casefold() == folded), None)
    if known is not None:
        return known
    with reading(ctx.engine) as session:
        return people.spelt(session, ctx.workspace, login)


def _nearest(ctx: Context, login: str, target: str) -> str | None:
    """The known login most like one, of those that are nobody else's and that whoever asks can meet."""
    with reading(ctx.engine) as session:
        known = {name.casefold(): name for name in (*people.logins(session, ctx.workspace), *ctx.policy.file.people)}
    bots = ctx.policy.rules("").named_like_a_bot
    free = [key for key, name in known.items() if ctx.policy.person(name).slack in (None, target) and not bots(name)]
    near = get_close_matches(login.casefold(), free, n=5)
    with reading(ctx.engine) as session:
        met = people.places(session, ctx.workspace, near)
    shown = named(ctx, {repo for some in met.values() for repo in some})
    return next((known[key] for key in near if key not in met or not shown.isdisjoint(met[key])), None)


def _written(ctx: Context, path: Path) -> str | None:
    """What the policy file says of whose a login is."""
    found: str | None = value_at((ctx.policy.written or ctx.policy).file, path)
    return found
