"""YAML as texts, lists and mappings alone, each with the line it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import yaml

Path: TypeAlias = tuple[str | int, ...]
"""Where something stands: keys, and places in lists from 0."""
MOST = 40_000
"""Characters of a text."""
MOST_SHOWN = 60
"""Characters of a key or a value that are said where something is wrong with it."""
_NOTHING = ("", "~", "null")


class BadYaml(ValueError):
    """A text that can't be taken, on one line; `line` counts from 1."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"{'' if line is None else f'line {line}: '}{problem}")
        self.line = line


class Read(NamedTuple):
    """What a text says, and the line of each part of it."""

    value: dict[str, Any]
    lines: dict[Path, int]


def key_said(path: Path) -> str:
    """`stages 2: target`: places are said from 1 on."""
    said = ""
    for step in path:
        said += f" {step + 1}" if isinstance(step, int) else f": {printable(step)}" if said else printable(step)
    return said


def printable(text: str) -> str:
    """A text as it can be said on a line: what does not print in Python's words, what is endless cut."""
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= MOST_SHOWN else f"{shown[: MOST_SHOWN - 1]}…"


def read(text: str, example: str) -> Read:
    """What a mapping says, every word of it as text; `example` is a key with its value. Raises BadYaml."""
    if len(text) > MOST:
        raise BadYaml(f"that is too long; allowed are up to {MOST:,} characters")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Path, int] = {}
        value = None if root is None else _value(root, (), lines, set())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise BadYaml(f"not YAML: {error.problem or error.context}", line) from None
    except yaml.YAMLError as error:
        raise BadYaml(f"not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise BadYaml("not YAML that can be read: it is nested too deeply") from None
    if not isinstance(value, dict):
        raise BadYaml(f"allowed are keys with values, such as '{example}'", 1)
    return Read(value, lines)


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], seen: set[int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if id(node) in seen:
        raise BadYaml("aliases (*name) are not allowed; write it out", line)
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, (*path, place), lines, seen) for place, one in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, path, lines, seen))
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if plain and node.value.casefold() in _NOTHING else str(node.value)


def _pairs(node: yaml.MappingNode, path: Path, lines: dict[Path, int], seen: set[int]) -> Iterator[tuple[str, Any]]:
    """The keys that have a value; one that is left empty is as if it were not there."""
    known: set[str] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise BadYaml("a key is a word, such as 'name'", line)
        if key.value in known:
            raise BadYaml(f"{key_said((*path, key.value))}: stands there twice", line)
        known.add(key.value)
        lines[*path, key.value] = line
        found = _value(value, (*path, key.value), lines, seen)
        if found is not None:
            yield key.value, found
