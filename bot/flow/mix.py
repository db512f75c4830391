"""The mix of work that a team wants: how large a share of the items done each type may have, and what left its band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from bot.flow.work import DEBT, DEFECT, FEATURE, RISK, TYPES

NAMES = {FEATURE: "features", DEFECT: "defects", RISK: "risks", DEBT: "debt"}
"""Types as people name them in a mix."""
WEEKS = 4
"""The weeks up to now that a mix is looked at over."""
ENOUGH = 10
"""Items done in those weeks; of fewer no share says much."""
MARGIN = 2
"""Percent beyond its band from which on a share is told to have left it; so one at the edge is not told twice."""
BELOW, ABOVE, WITHIN = "below", "above", "within"


class Band(NamedTuple):
    """Whole percent of the items done, both included."""

    least: int
    most: int

    @property
    def shares(self) -> tuple[float, float]:
        """The same from 0 to 1."""
        return self.least / 100, self.most / 100

    def side(self, n: int, of: int, margin: int = 0) -> str:
        """Where n of so many items lie: BELOW, ABOVE or WITHIN it, as far as that goes beyond a margin."""
        if n * 100 < (self.least - margin) * of:
            return BELOW
        return ABOVE if n * 100 > (self.most + margin) * of else WITHIN


Bands: TypeAlias = Mapping[str, Band]
"""By type (of TYPES); one that is left out may have any share."""
Outside: TypeAlias = Mapping[str, str]
"""Types that were told to be outside their bands, and on which side: BELOW or ABOVE."""


class Drift(NamedTuple):
    """A type's share that left its band, came to its other side, or is back."""

    type: str
    n: int
    of: int
    """Items done in the last WEEKS."""
    band: Band
    side: str
    """BELOW, ABOVE; WITHIN: it is back."""

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.n / self.of


def impossible(bands: Bands) -> str | None:
    """Why no mix fits these bands, in a line; None where one does."""
    for kind, band in bands.items():
        if band.most < band.least:
            return f"{NAMES[kind]} {band.least}-{band.most} ends below where it begins"
    least = sum(band.least for band in bands.values())
    if least > 100:
        return f"the least shares add up to {least}%, and there is no more than 100%"
    most = sum(bands[kind].most if kind in bands else 100 for kind in TYPES)
    if most < 100:
        return f"the largest shares add up to {most}%, so {100 - most}% could be nothing"
    return None


def drift(done: Mapping[str, int], bands: Bands, told: Outside) -> tuple[list[Drift], Outside]:
    """What is to be told of a mix, each change once, and what is told of it then.

    `done` counts the items done in the last WEEKS by type, unclassified ones among them; `told` is what this gave the
    last time. Of few items nothing is told, and what was told stands.
    """
    total = sum(done.values())
    if total < ENOUGH:
        return [], {kind: side for kind, side in told.items() if kind in bands}
    found = {one.type: one for one in _standing(done, total, bands, told)}
    news = [one for one in found.values() if one.side != told.get(one.type, WITHIN)]
    return news, {kind: one.side for kind, one in found.items() if one.side != WITHIN}


def _standing(done: Mapping[str, int], total: int, bands: Bands, told: Outside) -> Iterator[Drift]:
    for kind in (kind for kind in TYPES if kind in bands):
        band, n = bands[kind], done.get(kind, 0)
        inside = band.side(n, total, MARGIN)
        side = band.side(n, total) if kind in told and inside == WITHIN else inside
        yield Drift(kind, n, total, band, side)
