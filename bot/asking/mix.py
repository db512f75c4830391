"""The mix of work: what was done in the last weeks beside what is wanted, what else might be, and agreeing on it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.asking.admins import NotAllowed, is_admin
from bot.context import Context
from bot.digest.subjects import REPO, STREAM, Subject, meant
from bot.figures.reading import figures_of
from bot.flow.mix import NAMES, WEEKS, Bands, impossible
from bot.grammar import MixWords
from bot.grammar.types import typed_mix
from bot.intake import settle
from bot.policy import BadPolicy
from bot.policy_types import spelt_band
from bot.said import UNSAID, Change, current, say
from bot.store.said import Path
from bot.views.mix import Agreed, Mix, Proposal

WEEK = 7 * 86_400


def mix_of(ctx: Context, about: Sequence[str], now: int) -> Mix:
    """The mix of the last WEEKS beside the wanted one. Raises NotKnown."""
    subject = meant(ctx, about, None)
    return _mix(ctx, subject, subject.bands, now)


def _mix(ctx: Context, subject: Subject, bands: Bands, now: int) -> Mix:
    settle(ctx, now, most=1)
    done = figures_of(ctx, subject.scope, now - WEEKS * WEEK, now, now).done_by_type
    return Mix(subject.scope.name, subject.words, done, bands, bool(_path(subject)[1:]) and _has_own(ctx, subject))


def _path(subject: Subject) -> Path:
    name = subject.scope.name or ""
    for prefix, table in ((REPO, "repos"), (STREAM, "streams")):
        if subject.about.startswith(prefix):
            return (table, name, "mix")
    return ("mix",)


def _has_own(ctx: Context, subject: Subject) -> bool:
    """Whether it has a mix of its own; else that of all work holds."""
    table, name, _ = _path(subject)
    parts = getattr(ctx.policy.file, table)
    return any(one.casefold() == name.casefold() and part.mix for one, part in parts.items())


def proposal_of(ctx: Context, user: str, words: MixWords, now: int) -> Proposal:
    """What other shares would mean, looked at in the last WEEKS. Raises NotKnown, and BadPolicy where none can be."""
    subject = meant(ctx, words.about, None)
    bands = _wanted(ctx, subject, words)
    told = ["reset"] if words.reset else typed_mix(words.bands)
    return Proposal(
        before=_mix(ctx, subject, subject.bands, now),
        after=_mix(ctx, subject, bands, now),
        words=" ".join([*([subject.words] if subject.words else []), *told]),
        may_confirm=_may(ctx, user, now),
    )


def _wanted(ctx: Context, subject: Subject, words: MixWords) -> Bands:
    """The shares once that is done. Raises BadPolicy where no mix fits them."""
    if words.reset:
        return ctx.policy.mix() if _path(subject)[1:] else (ctx.policy.written or ctx.policy).mix()
    told = {**subject.bands, **words.bands}
    bands = {kind: one for kind, one in told.items() if one is not None}
    fault = impossible(bands)
    if fault is not None:
        raise BadPolicy(f"That can't be: {fault}.")
    return bands


def _may(ctx: Context, user: str, now: int) -> bool:
    try:
        return is_admin(ctx, user, now)
    except NotAllowed:
        return False


def agree(ctx: Context, user: str, words: MixWords, now: int) -> Agreed:
    """Agree on shares. Raises NotKnown, and BadPolicy where none can be."""
    subject = meant(ctx, words.about, None)
    bands = _wanted(ctx, subject, words)
    told = {NAMES[kind]: spelt_band(one) for kind, one in bands.items()}
    done = say(ctx, [Change(_path(subject), UNSAID if words.reset else told)], user, now)
    after = meant(current(ctx), words.about, None)
    return Agreed(after.scope.name, after.words, after.bands, bool(done))
