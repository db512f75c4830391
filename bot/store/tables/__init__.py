"""The tables. The workspace's id comes first in every key, so that the data can be sharded by workspace.

Instants are whole seconds since 1970 UTC; JSON is kept as text. Ids of waits are 63-bit integers.
"""

from __future__ import annotations

from bot.store.tables.digests import DigestRow
from bot.store.tables.experiments import ExperimentRow
from bot.store.tables.installs import InstallRow, InstallStateRow
from bot.store.tables.ledger import (
    ArrivalRow,
    CheckRow,
    ConnectionRow,
    EventRow,
    ItemRow,
    RepoRow,
    SettingRow,
    UnplacedRow,
    WaitRow,
)
from bot.store.tables.mapping import MappingRow, TurnRow
from bot.store.tables.messages import (
    AddressRow,
    AnswerRow,
    AskRow,
    HomeRow,
    MorningRow,
    NudgeRow,
    OutboxRow,
    RequestRow,
)
from bot.store.tables.people import AbsenceRow, ChangeRow, MatchRow, MemberRow, SaidRow, SightRow, TeamRow
from bot.store.tables.streams import JourneyRow, LinkRow, StreamRow, StreamVersionRow, VisitRow
from bot.store.tables.value import GivenRow, KeyResultRow, OutcomeRow, TraceRuleRow

__all__ = [
    "AbsenceRow",
    "AddressRow",
    "AnswerRow",
    "ArrivalRow",
    "AskRow",
    "ChangeRow",
    "CheckRow",
    "ConnectionRow",
    "DigestRow",
    "EventRow",
    "ExperimentRow",
    "GivenRow",
    "HomeRow",
    "InstallRow",
    "InstallStateRow",
    "ItemRow",
    "JourneyRow",
    "KeyResultRow",
    "LinkRow",
    "MappingRow",
    "MatchRow",
    "MemberRow",
    "MorningRow",
    "NudgeRow",
    "OutboxRow",
    "OutcomeRow",
    "RepoRow",
    "RequestRow",
    "SaidRow",
    "SettingRow",
    "SightRow",
    "StreamRow",
    "StreamVersionRow",
    "TeamRow",
    "TraceRuleRow",
    "TurnRow",
    "UnplacedRow",
    "VisitRow",
    "WaitRow",
]
