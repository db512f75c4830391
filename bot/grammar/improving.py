"""The verbs about how work flows, and whether what a team tries helps."""

from __future__ import annotations

from bot.flow.metrics.definitions import DEFINITIONS, HOW_COUNTED
from bot.grammar import digests, periods
from bot.grammar.kinds import AnyWord
from bot.grammar.values import StreamWords
from bot.grammar.verb import Takes, Verb

METRICS = "metrics"
DIGEST = "digest"
_SCOPE = "Allowed are a value stream's name or a repository (nothing is all repositories), and a period."
IMPROVING: tuple[Verb, ...] = (
    Verb(
        METRICS, "shows the flow metrics of a value stream, a repository or all of them: how much was done of what, "
        "how long it took, how much is in progress, and where it waited",
        ("/flow metrics", "all repositories, the last 30 days"),
        ("/flow metrics acme/shop last week", "a repository, the week from Monday to Sunday"),
        ("/flow metrics Shop October", "a value stream, in the latest October"),
        takes=(Takes("[STREAM|REPO] [PERIOD]", AnyWord(f"{_SCOPE} {periods.ALLOWED}"), many=True),),
        means=StreamWords,
        press="Flow metrics",
        more=(*(f"*{one.name}*: {one.says}" for one in DEFINITIONS), HOW_COUNTED),
    ),
    Verb(
        DIGEST, "shows what changed in the last seven days, what to check in on, what improved and what is on track; "
        "or lets that come to a channel every week or month",
        ("/flow digest", "the digest of what this channel is about, for your eyes only"),
        ("/flow digest Shop", "the digest of a value stream, or of a repository"),
        ("/flow digest monthly 1 9:30 #shop", "on the first of each month, to a channel"),
        ("/flow digest list", "which come regularly, and where to"),
        ("/flow digest off", "none comes here any more"),
        ("/flow digest weekly monday 9:30", "every Monday, here; at the team's local time"),
        takes=(
            Takes("[[weekly DAY | monthly DAY] [TIME] [#channel] [STREAM|REPO] | list | off]",
                  AnyWord(digests.ALLOWED), many=True),
        ),
        means=digests.digest_words, press="Digest",
    ),
)  # fmt: skip
