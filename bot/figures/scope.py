"""Whose figures they are: a value stream's that was mapped, or repositories' by the standard one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot.flow.standard import STANDARD
from bot.flow.stream import Stream
from bot.store.streams import Kept
from bot.streams.journeys import STANDARD_KEY


class Scope(NamedTuple):
    """The items that figures are of."""

    name: str | None
    """Of the stream or the repository; None for all repositories."""
    key: str
    """Of the stream whose journeys count."""
    stream: Stream
    repos: tuple[str, ...] | None = None
    """Only items of these; None for all that go through the stream."""
    version: int | None = None
    """Of the stream; None for the standard one."""


def of_stream(held: Kept, stream: Stream) -> Scope:
    """A stream that was mapped."""
    return Scope(stream.name, held.key, stream, version=held.version)


def of_repos(repos: Iterable[str] | None, name: str | None = None) -> Scope:
    """Repositories, or all there are, whether they are mapped or not."""
    named = None if repos is None else tuple(repos)
    return Scope(name, STANDARD_KEY, STANDARD, named)
