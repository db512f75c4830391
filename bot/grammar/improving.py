"""The verbs about how work flows, and whether what a team tries helps."""

from __future__ import annotations

from bot.flow.metrics.definitions import DEFINITIONS, HOW_COUNTED
from bot.grammar import periods
from bot.grammar.kinds import AnyWord
from bot.grammar.values import StreamWords
from bot.grammar.verb import Takes, Verb

METRICS = "metrics"
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
)  # fmt: skip
