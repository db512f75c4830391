"""The portable event log: flow events as JSON lines, read from and written to files (`.gz` understood)."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bot.flow.events import BadEvent, FlowEvent, from_record, to_record

STDIO = "-"
_BOM = "\ufeff"


class BadLog(ValueError):
    """A log that can't be read or written; one line that names the file, the line and what is allowed."""


def read(path: str) -> list[FlowEvent]:
    """All events of a log, as they stand in it. Raises BadLog at the first line that is no event."""
    return list(_events(path))


def _events(path: str) -> Iterator[FlowEvent]:
    for place, record in records(path):
        try:
            yield from_record(record)
        except BadEvent as error:
            raise BadLog(f"{place}: {error}") from None


def records(path: str) -> Iterator[tuple[str, Any]]:
    """(the place to name in a complaint, what the line says) of every line that is not blank. Raises BadLog."""
    name = "standard input" if path == STDIO else path or "an empty name"
    number = 0
    try:
        with _source(path) as lines:
            for number, line in enumerate(lines, 1):
                if not line.isspace():
                    yield f"{name}: line {number}", json.loads(line.decode().removeprefix(_BOM))
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
    return write_records(path, map(to_record, events))


def write_records(path: str, said: Iterable[Any]) -> int:
    """Write one line of JSON each; a file appears only once it is whole. Returns the number of lines. Raises BadLog."""
    if path == STDIO:
        return _dump(sys.stdout.buffer, said)
    target = Path(path)
    if target.is_dir():
        raise BadLog(f"{path or 'an empty name'}: can't be written: is a directory")
    part = target.with_name(target.name + ".part")
    try:
        with gzip.open(part, "wb") if path.endswith(".gz") else part.open("wb") as file:
            written = _dump(file, said)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadLog(f"{path}: can't be written: {_reason(error)}") from None
    return written


def _dump(file: IO[bytes] | gzip.GzipFile, said: Iterable[Any]) -> int:
    number = 0
    for number, one in enumerate(said, 1):  # noqa: B007 (how many is the answer)
        file.write(json.dumps(one, separators=(",", ":")).encode() + b"\n")
    return number


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "it ends too early" if isinstance(error, EOFError) else "not a gzip file, or a damaged one"
