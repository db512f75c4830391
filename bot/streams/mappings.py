"""Value streams mapped in conversations: begun, answered by anybody, taken up again, saved.

Each answer is one transaction: the draft is kept, the message with the next question claimed, the answered one marked
to be edited. Of several answers at once each is read on top of those before it.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy.orm import Session

from bot.asking.admins import NotAllowed, must_be_admin
from bot.asking.mapping import facts_of, measured_by
from bot.asking.people import repos_known, zone_of
from bot.context import Context
from bot.flow.mapping import Answer, Draft, Turn, advance, ask, from_json, to_json
from bot.flow.mapping import begin as drafted
from bot.flow.stream import Stream
from bot.notices.mapping import text_of, told_of
from bot.store import mappings, members, outbox, waits
from bot.store.engine import reading, undisturbed, writing
from bot.store.mappings import Mapping
from bot.streams.file import BadStream
from bot.streams.saving import Outdated, save, stream_named
from bot.views.mapping import Told

ATTEMPTS = 20
"""How often an answer is read anew because others were kept before it."""
SAID = 300
ON_TOP = "`save` once more saves this map over that version."


class Outcome(NamedTuple):
    """What came of an answer, for whoever gave it; the conversation goes on in its own messages."""

    line: str | None = None
    errors: Map[str, str] = {}
    """Of a form, by the ids of its fields; nothing of it was kept then."""


class _Result(NamedTuple):
    """A turn, over which version it goes, and the version that was saved."""

    turn: Turn
    over: int
    saved: int | None = None


def begin(ctx: Context, user: str, name: str, channel: str | None, now: int) -> tuple[Mapping, bool]:
    """Begin to map a stream in a channel's thread (None: in a direct conversation with `user`): ask the first thing.

    Comes with whether it was begun now: one that is open about that stream comes back as it is.
    """
    found = stream_named(ctx, name)
    stream = found[1] if found else None
    draft = drafted(found[0].name if found else name, stream, _clear_repos(ctx, channel))
    turn = ask(draft, facts_of(ctx, draft.state, now))
    id_ = uuid4().hex
    root = message_id(id_, 1) if channel else None
    over = found[0].version if found else 0
    one = Mapping(id_, draft.state.name, user, channel, root, to_json(turn.draft), over, 1, [], now, now)
    return undisturbed(lambda: _begin(ctx, one, turn, now))


def _begin(ctx: Context, one: Mapping, turn: Turn, now: int) -> tuple[Mapping, bool]:
    with writing(ctx.engine) as session:
        if not mappings.begin(session, ctx.workspace, one):
            other = mappings.open_named(session, ctx.workspace, one.name)
            assert other is not None
            return other, False
        _say(session, ctx, one, turn, now)
    return one, True


def _clear_repos(ctx: Context, channel: str | None) -> tuple[str, ...]:
    """The repositories that a stream runs through, where that needs no question."""
    followed = [repo for repo in repos_known(ctx) if ctx.policy.follows(repo)]
    mapped = tuple(repo for repo in followed if channel is not None and ctx.policy.channel(repo) == channel)
    return mapped or (tuple(followed) if len(followed) == 1 else ())


def message_id(mapping: str, turn: int) -> str:
    """The outbox id of a turn's message."""
    return f"{mapping}-{turn:05d}"


def answer(ctx: Context, id_: str, said: Answer, user: str, key: str) -> Outcome:
    """Take an answer; `key` names it, so that it counts once where it comes again."""
    for _ in range(ATTEMPTS):
        was = _mapping(ctx, id_)
        if was is None or was.ended_at is not None:
            return Outcome(over_line(was))
        if key in was.heard:
            return Outcome()
        draft = from_json(was.draft)
        turn = _advanced(ctx, draft, said)
        wrong = _faults(draft, turn, said)
        if wrong:
            return Outcome(errors=wrong)
        result = _saved(ctx, was, draft, turn, user, said.at)
        if _keep(ctx, was, result, [(said.by, _shown(ctx, was, said))], key, said.at):
            return Outcome()
    return Outcome("Many answer at once just now. Please say it again.")


def _mapping(ctx: Context, id_: str) -> Mapping | None:
    with reading(ctx.engine) as session:
        return mappings.by_id(session, ctx.workspace, id_)


def over_line(one: Mapping | None) -> str:
    """What to tell somebody who answers where nothing is asked any more."""
    if one is None:
        return "I know nothing of this conversation any more. `/flow map` begins a new one."
    if one.saved is None:
        return f"This was given up. `/flow map {one.name}` begins anew."
    return f"“{one.name}” is saved. `/flow map {one.name}` changes it, and `/flow stream {one.name}` shows it."


def _advanced(ctx: Context, draft: Draft, said: Answer) -> Turn:
    turn = advance(draft, said, facts_of(ctx, draft.state, said.at))
    if measured_by(turn.draft.state) == measured_by(draft.state):
        return turn
    # The next question is asked with what is known of the map as it is by now.
    return advance(draft, said, facts_of(ctx, turn.draft.state, said.at))


def _faults(draft: Draft, turn: Turn, said: Answer) -> Map[str, str]:
    """What is wrong in a form, by field; empty where it was taken."""
    if said.fields is None or turn.errors or turn.number != draft.number or not turn.lines:
        return turn.errors if said.fields is not None else {}
    return {field: turn.lines[0].replace("`", "") for field in list(said.fields)[:1]}


def _shown(ctx: Context, was: Mapping, said: Answer) -> str:
    """An answer as the question shows it that was open."""
    if said.fields is not None:
        return "; ".join(value.strip() for value in said.fields.values() if value.strip())[:SAID] or "(nothing)"
    if said.choice is None:
        return said.text[:SAID]
    labels = {one.id: one.label for one in asked_in(ctx, was.id, was.turns).choices}
    chosen = [said.choice] if said.choice in labels else said.choice.split(", ")
    return ", ".join(labels.get(one, one) for one in chosen)[:SAID]


def asked_in(ctx: Context, id_: str, turn: int) -> Told:
    """What a turn asked. Raises LookupError where there is none of that number."""
    with reading(ctx.engine) as session:
        kept = mappings.turn(session, ctx.workspace, id_, turn)
    if kept is None:
        raise LookupError(f"{id_} has no turn {turn}")
    return told_of(kept.said)


def _saved(ctx: Context, was: Mapping, draft: Draft, turn: Turn, user: str, now: int) -> _Result:
    """The turn, its stream saved where it is done; why it could not be is said in a turn that asks again."""
    if turn.done is None:
        return _Result(turn, was.over)
    over = was.over
    try:
        must_be_admin(ctx, user, now)
        version = _version_of(ctx, turn.done) or save(ctx, user, turn.done, now, of=was.name, over=over).version
        return _Result(turn._replace(lines=()), over, version)
    except NotAllowed as error:
        why = f"{error} Everything is kept; who may can say `save` here."
    except BadStream as error:
        why = f"It can't be saved like that: {error}."
    except Outdated as error:
        held = stream_named(ctx, was.name)
        over, why = held[0].version if held else 0, f"{error} {ON_TOP}"
    again = ask(draft, facts_of(ctx, draft.state, now))
    return _Result(again._replace(lines=(why,)), over)


def _version_of(ctx: Context, stream: Stream) -> int | None:
    """The version that holds, where it says the same: it was saved right before somebody was stopped."""
    held = stream_named(ctx, stream.name)
    return held[0].version if held and held[1] == stream else None


def _keep(
    ctx: Context, was: Mapping, result: _Result, answers: list[tuple[str, str]], key: str, now: int
) -> bool:  # fmt: skip
    one = was._replace(
        draft=to_json(result.turn.draft), turns=was.turns + 1, heard=[*was.heard, key], changed_at=now,
        over=result.over, saved=result.saved, ended_at=None if result.saved is None else now,
    )  # fmt: skip
    return undisturbed(lambda: _follow(ctx, was, one, result.turn, answers, now))


def _follow(
    ctx: Context, was: Mapping, one: Mapping, turn: Turn | None, answers: list[tuple[str, str]], now: int
) -> bool:  # fmt: skip
    """Write a conversation as it is now, unless somebody else did before: the last turn is closed, the next said."""
    with writing(ctx.engine) as session:
        if not mappings.keep(session, ctx.workspace, was, one):
            return False
        mappings.close_turn(session, ctx.workspace, was.id, was.turns, answers)
        waits.edit_messages(session, ctx.workspace, [message_id(was.id, was.turns)], now)
        if turn is not None:
            _say(session, ctx, one, turn, now)
    return True


def _say(session: Session, ctx: Context, one: Mapping, turn: Turn, now: int) -> None:
    """Claim the message of a turn."""
    id_ = message_id(one.id, one.turns)
    mappings.add_turn(session, ctx.workspace, one.id, one.turns, text_of(_told(one, turn)))
    about = {"mapping": one.id, "turn": one.turns}
    outbox.claim(session, ctx.workspace, [outbox.Draft(recipient_of(one), outbox.MAPPING, about=about, id=id_)], now)


def _told(one: Mapping, turn: Turn) -> Told:
    first = one.turns == 1 or one.root == message_id(one.id, one.turns)
    return Told(
        one.id, one.turns, one.name, turn.number, one.channel is None, first, turn.lines, turn.question, turn.rows,
        turn.choices, turn.many, turn.form, turn.example, turn.paused, one.saved,
    )  # fmt: skip


def recipient_of(one: Mapping) -> str:
    """To whom its next message goes."""
    if one.channel is None:
        return f"@{one.user}"
    begins = one.root == message_id(one.id, one.turns)
    return f"={one.channel}" if begins else f"={one.channel}:{one.root}"


def ask_again(
    ctx: Context, id_: str, now: int, *, user: str | None = None, to: tuple[str | None] | None = None
) -> bool:
    """Ask what is open once more, at the end of the conversation; `to` moves it to a channel, or (None) to `user`.

    Whether that is done: it is not where the conversation is over.
    """
    for _ in range(ATTEMPTS):
        was = _mapping(ctx, id_)
        if was is None or was.ended_at is not None:
            return False
        draft = from_json(was.draft)
        one = was._replace(turns=was.turns + 1, changed_at=now)
        if to is not None and user is not None:
            one = _begun_in(one._replace(user=user), to[0])
        elif _is_lost(ctx, was):
            one = _begun_in(one, was.channel)
        turn = ask(draft, facts_of(ctx, draft.state, now))
        if undisturbed(lambda: _follow(ctx, was, one, turn, [], now)):  # noqa: B023  (done before the next round)
            return True
    return False


def _begun_in(one: Mapping, channel: str | None) -> Mapping:
    """The conversation with its newest turn at the beginning of a channel's thread, or in the direct conversation."""
    return one._replace(channel=channel, root=message_id(one.id, one.turns) if channel else None)


def _is_lost(ctx: Context, one: Mapping) -> bool:
    """Whether its newest message could not be posted: the thread may be gone."""
    with reading(ctx.engine) as session:
        return not outbox.is_shown(session, ctx.workspace, message_id(one.id, one.turns))


def give_up(ctx: Context, id_: str, by: str, now: int) -> bool:
    """End a conversation without a map; whether it was open."""
    was = _mapping(ctx, id_)
    if was is None or was.ended_at is not None:
        return False
    one = was._replace(turns=was.turns + 1, changed_at=now, ended_at=now)
    return undisturbed(lambda: _follow(ctx, was, one, None, [(by, "given up")], now))


def tell(ctx: Context, to: str, key: str, line: str, now: int) -> None:
    """Say a line to a recipient, once for a `key`."""
    with writing(ctx.engine) as session:
        draft = outbox.Draft(to, outbox.MAPPING, about={"line": line}, id=f"line {key}")
        outbox.claim(session, ctx.workspace, [draft], now)


def called(ctx: Context, user: str) -> str:
    """What a conversation calls somebody: by their login, else as Slack does, which is asked the first time."""
    logins = ctx.policy.logins_of(user)
    if logins:
        return logins[0]
    zone_of(ctx, user)
    with reading(ctx.engine) as session:
        known = members.member(session, ctx.workspace, user)
    return str(known.name) if known is not None and known.name else user
