"""The portable event log: flow events as JSON lines, read from and written to files (`.gz` understood)."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bot.flow.events import BadEvent, FlowEvent, from_record, to_record

STDIO = "-"
_BOM = "\ufeff"


class BadLog(ValueError):
    """A log that can't be read or written; one line that names the file, the line and what is allowed."""


def read(path: str) -> list[FlowEvent]:
    """All events of a log, as they stand in it. Raises BadLog at the first line that is no event."""
    return list(_events(path))


def _events(path: str) -> Iterator[FlowEvent]:
    name = "standard input" if path == STDIO else path or "an empty name"
    number = 0
    try:
        with _source(path) as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007 (the number is told when reading breaks off)
                if not line.isspace():
                    yield from_record(json.loads(line.decode().removeprefix(_BOM)))
    except BadEvent as error:
        raise BadLog(f"{name}: line {number}: {error}") from None
    except UnicodeDecodeError:
        raise BadLog(f"{name}: line {number}: not UTF-8 text; the log is one JSON object a line") from None
    except json.JSONDecodeError as error:
        raise BadLog(f"{name}: line {number}: not JSON ({error.msg} at column {error.colno})") from None
    except (RecursionError, ValueError) as error:
        # What the reader of JSON itself refuses, beside what is no JSON: depth, and the digits of a number.
        said = "nested too deeply" if isinstance(error, RecursionError) else "a number has too many digits"
        raise BadLog(f"{name}: line {number}: not JSON that can be read ({said})") from None
    except (OSError, EOFError, zlib.error) as error:
        raise BadLog(f"{name}: can't be read: {_reason(error)}") from None


@contextmanager
def _source(path: str) -> Iterator[Iterable[bytes]]:
    if path == STDIO:
        yield sys.stdin.buffer
    elif path.endswith(".gz"):
        with gzip.open(path, "rb") as file:
            yield file
    else:
        with Path(path).open("rb") as file:
            yield file


def write(path: str, events: Iterable[FlowEvent]) -> int:
    """Write a log; a file appears only once it is whole. Returns the number of events. Raises BadLog."""
    if path == STDIO:
        return _dump(sys.stdout.buffer, events)
    target = Path(path)
    if target.is_dir():
        raise BadLog(f"{path or 'an empty name'}: can't be written: is a directory")
    part = target.with_name(target.name + ".part")
    try:
        with gzip.open(part, "wb") if path.endswith(".gz") else part.open("wb") as file:
            written = _dump(file, events)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadLog(f"{path}: can't be written: {_reason(error)}") from None
    return written


def _dump(file: IO[bytes] | gzip.GzipFile, events: Iterable[FlowEvent]) -> int:
    number = 0
    for number, event in enumerate(events, 1):  # noqa: B007 (how many is the answer)
        file.write(json.dumps(to_record(event), separators=(",", ":")).encode() + b"\n")
    return number


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "it ends too early" if isinstance(error, EOFError) else "not a gzip file, or a damaged one"
