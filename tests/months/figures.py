"""What a run came to, month by month and in the end."""

from __future__ import annotations

import resource
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, text

from months.judge import Judge
from months.life import Life

SIZES = {
    "postgresql": "SELECT pg_database_size(current_database())",
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
}


@dataclass
class Month:
    """A month: how long it took in seconds, what came and went, megabytes of the process and of the database."""

    number: int
    seconds: float
    deliveries: int
    messages: int
    memory: float
    database: float
    facts: int
    """Events in the log."""
    faults: int

    def line(self) -> str:
        told = f"{self.deliveries:6,} deliveries  {self.messages:6,} messages  {self.memory:4.0f} MB of memory"
        kept = f"{self.database:6.1f} MB of database  {self.facts:8,} events"
        return f"month {self.number:2}: {self.seconds:5.0f} s  {told}  {kept}  {self.faults} faults"


@dataclass
class Outcome:
    judge: Judge
    life: Life
    months: list[Month] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    weather: Counter[str] = field(default_factory=Counter)
    """Deliveries missed, late and doubled, Slack's faults, the program's restarts and sleeps."""
    said: Counter[str] = field(default_factory=Counter)
    """What the program warned of, and errors."""

    @property
    def faults(self) -> dict[str, int]:
        return {name: len(lines) for name, lines in self.judge.faults.items()}

    def table(self) -> str:
        judge = self.judge
        return "\n".join((
            f"messages: {sum(judge.sent.values()):,} ({_told(judge.sent)}), naming {judge.named:,} turns",
            f"turns judged: {judge.judged:,}; their holder must have heard of {judge.due:,}, "
            f"their channel of {judge.escalated:,}",
            f"turned red or green, as far as known: {judge.turned:,}",
            f"faults: {_told(self.faults)}",
            f"answered: {_told(self.answered)}",
            f"done: {_told(self.life.did)}",
            f"weather: {_told(self.weather)}",
            f"said: {_told(self.said)}",
        ))  # fmt: skip


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))


def memory() -> float:
    """Megabytes of this process, the fakes' and the judge's among them."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def database(engine: Engine) -> tuple[float, int]:
    """(megabytes, events) of a database."""
    with engine.connect() as connection:
        facts = int(connection.execute(text("SELECT count(*) FROM events")).scalar() or 0)
        size = connection.execute(text(SIZES[engine.dialect.name])).scalar()
    return int(size or 0) / 1e6, facts
