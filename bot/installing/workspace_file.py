"""The file of WEIR_WORKSPACES: which Slack workspaces may install Weir, and what is theirs."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.policy import BadPolicy, Policy, load_policy
from bot.policy_file import first_fault


def _team(value: str) -> str:
    if not re.fullmatch(r"T[A-Z0-9]{2,20}", value):
        raise ValueError("allowed is the ID of a Slack workspace such as 'T0ACME'")
    return value


def _account(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", value):
        raise ValueError("allowed is an account on the code host such as 'acme'")
    return value


def _told_once(values: list[str]) -> list[str]:
    if not values:
        raise ValueError("allowed is a list of at least one account such as ['acme']")
    if len({value.casefold() for value in values}) < len(values):
        raise ValueError("allowed is each account once; upper and lower case are the same")
    return values


class WorkspacePart(BaseModel):
    """One workspace: whose repositories it may follow, and its policy file (relative to this one)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    owners: Annotated[list[Annotated[str, AfterValidator(_account)]], AfterValidator(_told_once)]
    policy: Annotated[str, Field(min_length=1)] | None = None


class WorkspaceFile(BaseModel):
    """The file as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    workspaces: Annotated[dict[Annotated[str, AfterValidator(_team)], WorkspacePart], Field(min_length=1)]


@dataclass(frozen=True)
class Listed:
    """A workspace that may install Weir."""

    owners: frozenset[str]
    """In lower case."""
    policy: Policy


def load_workspaces(path: Path) -> dict[str, Listed]:
    """The workspaces of a file, by team. Raises BadPolicy: file, key, what is allowed."""
    file = _read(path)
    found = {}
    for team, part in file.workspaces.items():
        owners = frozenset(owner.casefold() for owner in part.owners)
        found[team] = Listed(owners, _policy(path, team, part.policy))
    return found


def _read(path: Path) -> WorkspaceFile:
    try:
        return WorkspaceFile.model_validate(tomllib.loads(path.read_bytes().decode()))
    except FileNotFoundError:
        raise BadPolicy(f"{path}: no such file (WEIR_WORKSPACES names it)") from None
    except (OSError, UnicodeDecodeError):
        raise BadPolicy(f"{path}: can't be read as UTF-8 text (WEIR_WORKSPACES names it)") from None
    except ValidationError as error:
        raise BadPolicy(f"{path}: {first_fault(error, _allowed_keys)}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadPolicy(f"{path}: not valid TOML: {error}") from None
    except ValueError:  # a number of too many digits
        raise BadPolicy(f"{path}: not TOML that can be read") from None


def _allowed_keys(path: list[str]) -> list[str]:
    return list((WorkspacePart if path else WorkspaceFile).model_fields)


def _policy(path: Path, team: str, name: str | None) -> Policy:
    if name is None:
        return Policy()
    try:
        return load_policy(path.parent / name)
    except BadPolicy as error:
        raise BadPolicy(f"{path}: workspaces.{team}.policy: {error}") from None
