"""The portable event log: flow events as JSON lines, read from and written to files (`.gz` understood)."""

from __future__ import annotations

import errno
import gzip
import json
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bot.flow.events import BadEvent, FlowEvent, from_record, to_record

STDIO = "-"
_STDOUT = (STDIO, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
"""What was written to standard output before stays, also where that goes to a file; to open it anew would not."""
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
    """Write a log, as `write_records` does. Returns the number of events. Raises BadLog."""
    return write_records(path, map(to_record, events))


def write_records(path: str, said: Iterable[Any]) -> int:
    """Write one line of JSON each. Returns the number of lines. Raises BadLog.

    A file appears only once it is whole, in the place of one that was there, and only its owner may read it. What is
    there and no file (a pipe, a device) is written into as it is.
    """
    if path in _STDOUT:
        return _dump(sys.stdout.buffer, said)
    try:
        target = Path(os.path.realpath(path))
        opened = _whole(target) if _is_file(path) else target.open("wb")
        with opened as raw, _packed(path, raw) as file:
            return _dump(file, said)
    except BrokenPipeError:
        raise  # whoever reads a pipe may have had enough
    except OSError as error:
        raise BadLog(f"{path or 'an empty name'}: can't be written: {_reason(error)}") from None


def _is_file(path: str) -> bool:
    """Whether there is a file, or may be one. Raises OSError where there can't."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if not path:
            raise
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return stat.S_ISREG(mode)


@contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the target's place once all is on the disk; nothing is left of one that failed."""
    number, name = tempfile.mkstemp(prefix=".weir-", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(number)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _packed(path: str, raw: IO[bytes]) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if not path.endswith(".gz"):
        yield raw
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw) as file:
        yield file


def _dump(file: IO[bytes] | gzip.GzipFile, said: Iterable[Any]) -> int:
    number = 0
    for number, one in enumerate(said, 1):  # noqa: B007 (how many is the answer)
        file.write(json.dumps(one, separators=(",", ":")).encode() + b"\n")
    return number


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "it ends too early" if isinstance(error, EOFError) else "not a gzip file, or a damaged one"
