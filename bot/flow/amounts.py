"""Numbers with their units, as people type and read them: `24`, `21%`, `1,200 orders`, `€3.20`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

ALLOWED = (
    "Allowed is a number such as `24`, `0.5` or `1,200`, and its unit before or behind it: `21%`, `€3.20`, `4 days`."
)
MOST_UNIT = 20
SIGNS = "€$£¥"
_NUMBER = r"[-+−]?\d{1,3}(?:[, ]\d{3})+(?:\.\d{1,4})?|[-+−]?\d{1,12}(?:[.,]\d{1,4})?"
_AMOUNT = re.compile(rf"(?P<sign>[{SIGNS}])? ?(?P<number>{_NUMBER})(?: ?(?P<unit>\D.*))?")
_GROUPED = re.compile(r"(?<=\d)[, ](?=\d{3}(?!\d))")


class Amount(NamedTuple):
    """A number and what it counts; no unit where none was said."""

    number: Decimal
    unit: str = ""

    def __str__(self) -> str:
        return said(self.number, self.unit)


def amount_of(text: str) -> Amount | None:
    """What somebody typed; None where it is no number. `1,200` is a thousand and more, `1,2` is one and a bit."""
    found = _AMOUNT.fullmatch(" ".join(text.split()))
    if found is None or (found["sign"] and found["unit"]):
        return None
    unit = (found["sign"] or found["unit"] or "").strip()
    if len(unit) > MOST_UNIT or not _is_unit(unit):
        return None
    plain = _GROUPED.sub("", found["number"]).replace(",", ".").replace("−", "-")
    return Amount(Decimal(plain), unit)


def _is_unit(unit: str) -> bool:
    """Words, or a sign; `1e9` and `3/4` are no numbers with units."""
    return not unit or (unit.isprintable() and not re.search(r"\d", unit) and unit[0] not in ".,/+-−*^:")


def same_unit(one: str, other: str) -> bool:
    """Whether two units are one, however they are written; no unit goes with every one."""
    return not one or one.casefold().rstrip("s") == other.casefold().rstrip("s")


def said(number: Decimal, unit: str = "") -> str:
    """A number as people read it: `1,200 orders`, `21%`, `€3.20`."""
    plain = f"{number:,f}"
    if "." in plain and unit not in SIGNS:
        plain = plain.rstrip("0").rstrip(".")
    if unit and unit in SIGNS:
        return f"-{unit}{plain[1:]}" if plain.startswith("-") else f"{unit}{plain}"
    return f"{plain}{unit}" if unit == "%" else f"{plain} {unit}".rstrip()
