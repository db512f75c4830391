"""The verbs about how work flows, and whether what a team tries helps."""

from __future__ import annotations

from bot.flow.metrics.definitions import DEFINITIONS, HOW_COUNTED
from bot.grammar import digests, periods, trying, types
from bot.grammar.kinds import AnyWord
from bot.grammar.values import StreamWords
from bot.grammar.verb import Takes, Verb

METRICS = "metrics"
DIGEST = "digest"
TYPES, MIX = "types", "mix"
TRY, EXPERIMENTS = "try", "experiments"
_SCOPE = (
    "Allowed are a value stream's name or a repository (nothing is all repositories), and a period, or `expect` and a "
    "working time (`12h`, `5d`, `none`): the service level expectation."
)
IMPROVING: tuple[Verb, ...] = (
    Verb(
        METRICS, "shows the flow metrics of a value stream, a repository or all of them: how much was done of what, "
        "how long it took, how much is in progress, and where it waited",
        ("/flow metrics", "all repositories, the last 30 days"),
        ("/flow metrics acme/shop last week", "a repository, the week from Monday to Sunday"),
        ("/flow metrics Shop October", "a value stream, in the latest October"),
        ("/flow metrics acme/shop expect 5d", "its items are expected to be done within five working days"),
        takes=(Takes("[STREAM|REPO] [PERIOD | expect DURATION]", AnyWord(f"{_SCOPE} {periods.ALLOWED}"), many=True),),
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
    Verb(
        TRY, "begins an experiment: what you try, what is to be shorter by it and by how much, and by when; it is "
        "compared with the 90 days before, and on its day you hear whether it held",
        ('/flow try "pair on large changes" acme/shop review -30% by 31 Jan', "reviews of one repository"),
        ('/flow try "a tester in each team" Shop QA -50% by 2027-01-31', "a stage of a value stream"),
        ('/flow try "pair on large changes" review -30% by 31 Jan', "a kind of wait, in all repositories"),
        takes=(Takes('"WORDS" [REPO|STREAM] KIND|STAGE -N% by DAY', AnyWord(trying.TRY), needed=True, many=True),),
        means=trying.try_words,
    ),
    Verb(
        EXPERIMENTS, "shows what is being tried and what was, with what it brought; keeps, drops or extends one; for "
        "administrators whether nudges help, learnt by holding some of them back",
        ("/flow experiments", "all of them"),
        ("/flow experiments 3", "one of them, and what else moved"),
        ("/flow experiments keep 3", "it is kept; drop 3 drops it"),
        ("/flow experiments nudges", "waits with nudges beside waits without"),
        ("/flow experiments hold-back 10%", "hold back nudges about one wait in ten; off holds back none"),
        ("/flow experiments extend 3 by 28 Feb", "it goes on until that day"),
        takes=(
            Takes("[NUMBER | keep NUMBER | drop NUMBER | extend NUMBER [by DAY] | nudges | hold-back N%]",
                  AnyWord(trying.EXPERIMENTS), many=True),
        ),
        means=trying.experiment_words, press="Experiments",
    ),
    Verb(
        TYPES, "shows the rules that tell what work is for (features, defects, risks, debt), how much each caught in "
        "the last 90 days, and what is unclassified; changes them after you saw what that means",
        ("/flow types", "the rules, and what is unclassified"),
        ("/flow types acme/shop", "the same for a repository, or a value stream"),
        ("/flow types shop#12", "what one item counts as and why, and a menu to say otherwise"),
        ("/flow types rules", "all rules, those that caught nothing, too"),
        ("/flow types move 4 before 2", "another order; remove 4 takes one away"),
        ("/flow types add debt title chore: repo acme/shop last", "a rule for one repository, behind all others"),
        ("/flow types add defect label bug* or crash", "a rule, before all others"),
        takes=(
            Takes("[STREAM|REPO | ITEM | rules | add TYPE MARK PATTERN… | remove NUMBER | move NUMBER PLACE | reset]",
                  AnyWord(types.ALLOWED), many=True),
        ),
        means=types.type_words, press="Types of work",
    ),
    Verb(
        MIX, "shows the mix of the work done in the last 4 weeks beside the one that is wanted, or changes that after "
        "you saw what it means",
        ("/flow mix", "what was done, and what is wanted"),
        ("/flow mix acme/shop risks at least 10 debt none", "other shares for a repository, or a value stream"),
        ("/flow mix features 50-70 defects 10-20", "half to 70% features, 10 to 20% defects"),
        takes=(Takes("[STREAM|REPO] [TYPE FROM-TO]…", AnyWord(types.ALLOWED_MIX), many=True),),
        means=types.mix_words, press="Mix of work",
    ),
)  # fmt: skip
