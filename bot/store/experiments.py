"""Experiments as they are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Row, func, select, text, update
from sqlalchemy.orm import Session

from bot.flow.experiments import Result, Samples
from bot.store.sql import insert, table
from bot.store.tables import ExperimentRow

EXPERIMENTS = table(ExperimentRow)
_E = EXPERIMENTS.c
_RESULT = TypeAdapter(Result)


class Experiment(NamedTuple):
    """Something that is tried; see ExperimentRow."""

    number: int
    tried: str
    sort: str
    name: str
    stream: str
    version: int | None
    repos: tuple[str, ...] | None
    goal: int
    began_at: int
    began_by: str
    channel: str | None
    until: date
    baseline: Samples
    result: Result | None = None
    measured_at: int | None = None
    ended_at: int | None = None
    ended_by: str | None = None
    ending: str | None = None


def key_of(tried: str) -> str:
    """Words as they are looked up."""
    return " ".join(tried.split()).casefold()


def add(session: Session, workspace: str, one: Experiment) -> int | None:
    """Keep a new experiment under the next number, which is told; None where its words are being tried already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"weir tries for {workspace}"})
    number = (session.scalar(select(func.max(_E.number)).where(_E.workspace == workspace)) or 0) + 1
    row = {
        **one._asdict(), "workspace": workspace, "number": number, "tried_key": key_of(one.tried),
        "repos": None if one.repos is None else json.dumps(one.repos), "until": one.until.isoformat(),
        "baseline": json.dumps(one.baseline, separators=(",", ":")), "result": None,
    }  # fmt: skip
    put = insert(session, EXPERIMENTS).values(row).on_conflict_do_nothing().returning(_E.number)
    return session.execute(put).scalar()


def every(session: Session, workspace: str, *, open_only: bool = False) -> list[Experiment]:
    """All experiments, the newest first."""
    mine = select(EXPERIMENTS).where(_E.workspace == workspace)
    if open_only:
        mine = mine.where(_E.ended_at.is_(None))
    return [_experiment(row) for row in session.execute(mine.order_by(_E.number.desc()))]


def by_number(session: Session, workspace: str, number: int) -> Experiment | None:
    row = session.execute(select(EXPERIMENTS).where(_E.workspace == workspace, _E.number == number)).first()
    return None if row is None else _experiment(row)


def rename(session: Session, workspace: str, old: str, new: str) -> None:
    """Let experiments in a repository be in that of its new name."""
    rows = session.execute(select(_E.number, _E.repos).where(_E.workspace == workspace, _E.repos.is_not(None)))
    for number, text_ in rows.all():
        repos = [new if repo.casefold() == old.casefold() else repo for repo in json.loads(text_)]
        if repos != json.loads(text_):
            mine = (_E.workspace == workspace, _E.number == number)
            session.execute(update(EXPERIMENTS).where(*mine).values(repos=json.dumps(repos)))


def measured(session: Session, workspace: str, one: Experiment, result: Result, now: int) -> bool:
    """Keep what came of an experiment that is open and ends on the day `one` says; whether that was not known yet."""
    fresh = (*_open(workspace, one), _E.result.is_(None))
    return _change(session, fresh, result=_RESULT.dump_json(result).decode(), measured_at=now)


def end(session: Session, workspace: str, one: Experiment, ending: str, by: str, result: Result, now: int) -> bool:
    """End an experiment that is open; whether it was. What came of it is kept as it was first told."""
    told = result if one.result is None else one.result
    return _change(
        session, _open(workspace, one), ending=ending, ended_by=by, ended_at=now,
        result=_RESULT.dump_json(told).decode(), measured_at=now if one.measured_at is None else one.measured_at,
    )  # fmt: skip


def extend(session: Session, workspace: str, one: Experiment, until: date) -> bool:
    """Let an open experiment go on until another day; whether it was open, and due on the day `one` says."""
    return _change(session, _open(workspace, one), until=until.isoformat(), result=None, measured_at=None)


def _open(workspace: str, one: Experiment) -> tuple[Any, ...]:
    due = _E.until == one.until.isoformat()
    return (_E.workspace == workspace, _E.number == one.number, due, _E.ended_at.is_(None))


def _change(session: Session, which: Sequence[Any], **values: Any) -> bool:
    return session.execute(update(EXPERIMENTS).where(*which).values(values).returning(_E.number)).first() is not None


def _experiment(row: Row[Any]) -> Experiment:
    told = row._asdict()
    repos, result = told["repos"], told["result"]
    return Experiment(**{
        **{key: told[key] for key in Experiment._fields},
        "repos": None if repos is None else tuple(json.loads(repos)), "until": date.fromisoformat(told["until"]),
        "baseline": json.loads(told["baseline"]), "result": None if result is None else _RESULT.validate_json(result),
    })  # fmt: skip
