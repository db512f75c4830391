"""The working times that maps agree on for the turns of the ledger, where the policy says nothing of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy.orm import Session

from bot.flow.stream import Stream
from bot.flow.waits import KINDS
from bot.streams.journeys import all_mapped


def agreed_in_maps(session: Session, workspace: str) -> dict[str, Mapping[str, int]]:
    """Working seconds by repository (in lower case) and kind of wait; of several streams the shortest."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for mapped in all_mapped(session, workspace):
        stream = mapped.versions[-1].stream
        for kind, target in _targets(stream).items():
            for repo in mapped.versions[-1].repos or ():
                found[repo][kind] = min(target, found[repo].get(kind, target))
    return dict(found)


def _targets(stream: Stream) -> Mapping[str, int]:
    """By kind of wait, as the stages that such turns tell of have them; a segment's own are left aside."""
    path = stream.path(stream.segments[0].name if stream.segments else None)
    return {
        signal.kind: stage.target
        for stage in path
        if stage.target is not None
        for signal in stage.signals
        if signal.kind in KINDS
    }
