"""What work is for: outcomes, key results with the numbers people gave, and rules that trace items to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel

_HOLDS = text("ended_at IS NULL")


class OutcomeRow(SQLModel, table=True):
    """An outcome of a stream beside its own, which stands in its map."""

    __tablename__ = "outcomes"
    __table_args__ = (
        Index("outcomes_by_name", "workspace", "name_key", unique=True, sqlite_where=_HOLDS, postgresql_where=_HOLDS),
    )

    workspace: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    stream: str
    """The stream's key."""
    name: str
    name_key: str
    """The name as it is looked up, whatever its case."""
    text: str = Field(sa_type=Text)
    at: int = Field(sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
    """When it was dropped."""


class KeyResultRow(SQLModel, table=True):
    """A number that is to move."""

    __tablename__ = "key_results"
    __table_args__ = (
        Index(
            "key_results_by_name", "workspace", "name_key", unique=True, sqlite_where=_HOLDS, postgresql_where=_HOLDS
        ),
    )

    workspace: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    outcome: str
    """The outcome's id; a stream's key for its own one."""
    name: str
    name_key: str
    unit: str
    baseline: str
    """Decimal numbers as text, which keeps them exact."""
    target: str
    until: str | None
    """YYYY-MM-DD."""
    owner: str
    """A Slack account."""
    at: int = Field(sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)


class GivenRow(SQLModel, table=True):
    """A number that somebody gave for a key result."""

    __tablename__ = "key_result_numbers"

    workspace: str = Field(primary_key=True)
    result: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    """Counts from 1 in the order they were given."""
    number: str
    at: int = Field(sa_type=BigInteger)
    by: str


class TraceRuleRow(SQLModel, table=True):
    """What a label or a milestone says that an item is for."""

    __tablename__ = "trace_rules"

    workspace: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    name_key: str = Field(primary_key=True)
    name: str
    target: str
    """The id of an outcome or of a key result."""
    by: str
    at: int = Field(sa_type=BigInteger)
