"""What the askers of GitHub's REST API share: answers narrowed to what is read."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from bot.hosts.github.errors import Unreachable

T = TypeVar("T")


class Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


def read_as(kind: type[T], told: object) -> T:
    """An answer as what it should be. Raises Unreachable where it is something else."""
    try:
        return TypeAdapter(kind).validate_python(told)
    except ValidationError:
        raise Unreachable("GitHub's answer can't be read; is GITHUB_API_URL the address of its API?") from None


def owner_of(repo: str) -> str:
    """`acme/shop` → `acme`"""
    return repo.partition("/")[0]
