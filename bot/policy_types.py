"""What the policy file says of types of work: the rules that tell them, and the mix that a team wants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from bot.flow.mix import NAMES, Band, Bands, impossible
from bot.flow.types import MARKS, Rule

MOST_RULES = 200
MOST_PATTERNS = 30
LONGEST = 100
"""Characters of a pattern."""
_PATTERN = f"allowed are texts of 1 to {LONGEST} characters, where * stands for anything, or a list of them"
_BAND = "allowed is a share in percent such as '50-70'"


def patterns(value: object) -> tuple[str, ...]:
    """One pattern or several. Raises ValueError."""
    told = (value,) if isinstance(value, str) else value
    if not isinstance(told, list | tuple) or not 0 < len(told) <= MOST_PATTERNS:
        raise ValueError(_PATTERN)
    found = tuple(" ".join(one.split()) if isinstance(one, str) else "" for one in told)
    if not all(0 < len(one) <= LONGEST and one.isprintable() and one.strip("* ") for one in found):
        raise ValueError(f"{_PATTERN}; not of * alone")
    return found


def band(value: object) -> Band:
    """`"50-70"` → percent from and to. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d{1,3})\s*%?\s*[-–]\s*(\d{1,3})\s*%?\s*", value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 100 or int(found[2]) > 100:
        raise ValueError(_BAND)
    return Band(int(found[1]), int(found[2]))


def spelt_band(one: Band) -> str:
    """A band as `band` reads it."""
    return f"{one[0]}-{one[1]}"


Patterns = Annotated[
    tuple[str, ...],
    BeforeValidator(patterns),
    PlainSerializer(lambda some: some[0] if len(some) == 1 else list(some), when_used="json"),
]
MixBand = Annotated[tuple[int, int], BeforeValidator(band), PlainSerializer(spelt_band, when_used="json")]


class TypeRulePart(BaseModel):
    """A rule: what matches all that it names is of its type."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["feature", "defect", "risk", "debt"]
    label: Patterns | None = None
    issue_type: Patterns | None = None
    title: Patterns | None = None
    branch: Patterns | None = None
    repo: Patterns | None = None

    @model_validator(mode="after")
    def _names_something(self) -> TypeRulePart:
        if not self.rule.marks:
            raise ValueError(f"names nothing to look at; allowed beside 'type' are {', '.join(MARKS)}")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_left_out(self, shown: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in shown(self).items() if value is not None}

    @property
    def rule(self) -> Rule:
        marks = ((mark, getattr(self, mark)) for mark in MARKS)
        return Rule(self.type, tuple((mark, found) for mark, found in marks if found is not None))


def part_of(rule: Rule) -> dict[str, Any]:
    """A rule as the policy file has it."""
    return {"type": rule.type, **{mark: some[0] if len(some) == 1 else list(some) for mark, some in rule.marks}}


TypeRules = Annotated[list[TypeRulePart], Field(max_length=MOST_RULES)]


def bands_of(told: Mapping[Any, tuple[int, int]]) -> Bands:
    """Bands by type, of such by their names."""
    return {kind: Band(*told[name]) for kind, name in NAMES.items() if name in told}


def _possible(told: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    fault = impossible(bands_of(told))
    if fault is not None:
        raise ValueError(fault)
    return told


MixPart = Annotated[dict[Literal["features", "defects", "risks", "debt"], MixBand], AfterValidator(_possible)]
