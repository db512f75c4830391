"""The grammar of `/flow`: each verb is declared once; help, usage and errors are read off the declaration.

Words come as people type them, or as Slack escapes them: `<@U123|name>`, `<#C123|name>`, `<https://…|label>`.
"""

from __future__ import annotations

from bot.grammar.improving import DIGEST, EXPERIMENTS, METRICS, MIX, TRY, TYPES
from bot.grammar.value import OUTCOME, OUTCOMES, RESULT, TRACE, UNTRACE
from bot.grammar.values import (
    AdminWords,
    Asked,
    AwayWords,
    Channel,
    ConnectWords,
    DayWords,
    DigestWords,
    ExperimentWords,
    HoursWords,
    ItemRef,
    LinkWords,
    Login,
    Me,
    Member,
    Misread,
    MixWords,
    MuteWords,
    Named,
    NoVerb,
    Reset,
    StreamWords,
    TargetWords,
    TryWords,
    TypeWords,
    Value,
    Whom,
)
from bot.grammar.verb import COMMAND
from bot.grammar.verbs import (
    ADMINS,
    AWAY,
    BACK,
    BUTTONS,
    CONNECT,
    DISCONNECT,
    DOCTOR,
    ENTRIES,
    HELP,
    HOURS,
    LINK,
    LOG,
    MAP,
    MORNING,
    MUTE,
    NUDGE,
    PEOPLE,
    REPOS,
    STAGE,
    STREAM,
    STREAMS,
    TARGETS,
    TOPICS,
    UNLINK,
    UNMUTE,
    VERBS,
    WAITS,
    WHY,
    parse,
)

__all__ = [
    "ADMINS", "AWAY", "BACK", "BUTTONS", "COMMAND", "CONNECT", "DIGEST", "DISCONNECT", "DOCTOR", "ENTRIES",
    "EXPERIMENTS", "HELP", "HOURS", "LINK", "LOG", "MAP", "METRICS", "MIX", "MORNING", "MUTE", "NUDGE", "OUTCOME",
    "OUTCOMES", "PEOPLE", "REPOS", "RESULT", "STAGE", "STREAM", "STREAMS", "TARGETS", "TOPICS", "TRACE", "TRY",
    "TYPES", "UNLINK", "UNMUTE", "UNTRACE", "VERBS", "WAITS", "WHY", "AdminWords", "Asked", "AwayWords", "Channel",
    "ConnectWords", "DayWords", "DigestWords", "ExperimentWords", "HoursWords", "ItemRef", "LinkWords", "Login", "Me",
    "Member", "Misread", "MixWords", "MuteWords", "Named", "NoVerb", "Reset", "StreamWords", "TargetWords", "TryWords",
    "TypeWords", "Value", "Whom", "parse",
]  # fmt: skip
