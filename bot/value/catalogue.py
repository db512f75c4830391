"""All outcomes with their key results, and which of them somebody means by a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias

from sqlalchemy.orm import Session

from bot.flow.stream import Stream
from bot.flow.value import KeyResult, Outcome
from bot.store import streams, value
from bot.store.streams import Kept, name_key
from bot.streams.file import from_yaml

Target: TypeAlias = Outcome | KeyResult
"""What an item can be traced to."""


@dataclass(frozen=True)
class Catalogue:
    """What there is to trace work to, in order of the streams' names, a stream's own outcome first."""

    outcomes: tuple[Outcome, ...]
    places: dict[str, Outcome] = field(default_factory=dict)
    """The outcome behind each id of an outcome or a key result, dropped key results too."""
    dropped: dict[str, KeyResult] = field(default_factory=dict)
    """Key results that no longer hold, by id: what was traced to them still counts for their outcomes."""

    @property
    def results(self) -> list[KeyResult]:
        return [result for outcome in self.outcomes for result in outcome.results]

    @property
    def targets(self) -> list[Target]:
        """All that work can be traced to."""
        return [*self.results, *self.outcomes]

    @property
    def said(self) -> list[Outcome]:
        """The outcomes that anything is said of; a map may leave its own one open."""
        return [one for one in self.outcomes if one.text or one.results]

    def within(self, streams: Collection[str]) -> Catalogue:
        """The same of these value streams only, by their keys."""
        places = {id_: outcome for id_, outcome in self.places.items() if outcome.stream in streams}
        dropped = {id_: result for id_, result in self.dropped.items() if id_ in places}
        return Catalogue(tuple(one for one in self.outcomes if one.stream in streams), places, dropped)

    def result(self, id_: str) -> KeyResult | None:
        """The key result of an id that holds."""
        return next((one for one in self.results if one.id == id_), None)

    def named(self, words: Sequence[str]) -> tuple[Target | None, tuple[str, ...]]:
        """(what words begin with the name of, the longest such name; the words behind it)"""
        known = {name_key(one.name): one for one in self.targets}
        for many in range(len(words), 0, -1):
            found = known.get(name_key(" ".join(words[:many])))
            if found is not None:
                return found, tuple(words[many:])
        return None, tuple(words)

    def near(self, said: str) -> str | None:
        """The name that is most like what somebody said."""
        names = {name_key(one.name): one.name for one in self.targets}
        return next((names[key] for key in get_close_matches(name_key(said), names, n=1)), None)


def catalogue(session: Session, workspace: str) -> Catalogue:
    """All that holds now."""
    results: dict[str, list[KeyResult]] = defaultdict(list)
    for result in value.results(session, workspace):
        results[result.outcome].append(result)
    others: dict[str, list[value.Named]] = defaultdict(list)
    for one in value.outcomes(session, workspace):
        others[one.stream].append(one)
    found = [
        outcome._replace(results=tuple(results[outcome.id]))
        for held in streams.every(session, workspace)
        for outcome in _of_stream(held, from_yaml(held.text), others[held.key])
    ]
    by_id = {outcome.id: outcome for outcome in found}
    ever = value.results(session, workspace, ended=True)
    places = by_id | {one.id: by_id[one.outcome] for one in ever if one.outcome in by_id}
    holding = {one.id for outcome in found for one in outcome.results}
    return Catalogue(tuple(found), places, {one.id: one for one in ever if one.id not in holding})


def _of_stream(held: Kept, stream: Stream, others: Sequence[value.Named]) -> list[Outcome]:
    segments = tuple(one.name for one in stream.segments)
    own = Outcome(held.key, held.key, stream.name, stream.name, stream.outcome, segments)
    return [own, *(own._replace(id=one.id, name=one.name, text=one.text) for one in others)]
