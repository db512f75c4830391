"""An author who was offered a hand-over leaves the review where it is."""

from __future__ import annotations

from bot.asking.people import NotKnown
from bot.asking.turns import answered, open_turn
from bot.context import Context
from bot.store.answers import LEAVE, Answer
from bot.store.engine import undisturbed, writing
from bot.views import absence
from bot.views.message import Message


def leave(ctx: Context, user: str, wait_id: int, now: int) -> Message:
    """Keep that the author leaves a wait with its holder. Raises NotKnown where it is over, or not theirs to decide."""

    def work() -> Message:
        with writing(ctx.engine) as session:
            turn = open_turn(session, ctx, wait_id, user, alone=True)
            if turn.author is None or ctx.policy.person(turn.author).slack != user:
                raise NotKnown(f"This is not yours to decide: {turn.author or 'somebody else'} wrote it.")
            answered(session, ctx, turn, Answer(turn.id, user, LEAVE, None, now, None), now)
            return absence.left(turn.shown)

    return undisturbed(work)
