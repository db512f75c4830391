"""Backups: everything comes back, in either kind of database, and nothing is said twice afterwards."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from any_rows import every_table, fill, filled
from engines import close
from fake_slack import FakeSlack
from sqlalchemy import Engine, func, select, text
from test_digest import work
from test_streams import SHOP, Mill
from world import MONDAY, POLICY, World

from bot.__main__ import run
from bot.backup import BadBackup, _lines, restore, write
from bot.flow.value import Given, KeyResult, Rule
from bot.said import Change, say
from bot.store import experiments, streams, value
from bot.store.copying import AT_ONCE, frozen, is_empty
from bot.store.engine import make_engine, reading, writing
from bot.store.experiments import Experiment
from bot.store.migrate import migrate, revisions, schema_state, upgrade
from bot.views.pages import Again
from handlers.commands import answer

ASKED = (
    "waits", "waits @bob", "why #101", "streams", "stream shop", "stream shop history", "hours", "targets",
    "digest list", "digest", "experiments", "outcomes", "types", "metrics", "repos", "log", "people", "morning",
)  # fmt: skip
"""Commands whose answers show the ledger, the settings, and what was mapped, agreed, tried and is to come."""


def url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def rows(engine: Engine) -> dict[str, list[str]]:
    """All rows of all tables."""
    with reading(engine) as session:
        return {one.name: sorted(repr(tuple(row)) for row in session.execute(select(one))) for one in every_table()}


@pytest.fixture
def to(tmp_path: Path) -> Callable[[str], Any]:
    """A new and empty SQLite database, opened by the name of its file."""

    @contextmanager
    def opened(name: str) -> Iterator[Engine]:
        engine = make_engine(f"sqlite:///{tmp_path / name}")
        yield engine
        engine.dispose()

    return opened


@pytest.fixture
def new_postgres(empty_postgres: str) -> Iterator[Engine]:
    engine = make_engine(empty_postgres)
    yield engine
    close(engine)


@pytest.mark.parametrize("name", ["backup.jsonl", "backup.jsonl.gz"])
def test_every_column_of_every_table_comes_back_by_way_of_the_other_database(
    sqlite_engine: Engine, new_postgres: Engine, to: Callable[[str], Any], tmp_path: Path, name: str
) -> None:
    with writing(sqlite_engine) as session:
        fill(session.connection(), "default")
        fill(session.connection(), "T0OTHER")
    there, back = str(tmp_path / name), str(tmp_path / f"back-{name}")
    assert write(sqlite_engine, there, MONDAY) == 2 * filled()
    assert restore(new_postgres, there) == 2 * filled()
    assert rows(new_postgres) == rows(sqlite_engine)
    write(new_postgres, back, MONDAY)
    with to("again.db") as again:
        restore(again, back)
        assert rows(again) == rows(sqlite_engine)
        assert schema_state(again) == "current"


@pytest.fixture
def world(sqlite_engine: Engine) -> Iterator[World]:
    """Monday in the afternoon: work of weeks, a stream, agreements; nudges were sent, and some are still to come."""
    with FakeSlack() as slack:
        slack.add_user("U0ALICE", is_admin=True)
        slack.add_user("U0BOB")
        slack.add_user("U0CAROL")
        slack.add_channel("C0TEAM")
        world = World(sqlite_engine, slack)
        world.set_policy(POLICY)
        work(world, 6)
        Mill(world).save(SHOP._replace(outcome="We win when it ships"))
        agree(world)
        world.ask("alice", item=101)
        world.wait(hours=7)
        world.ask("carol", item=102)
        yield world


def agree(world: World) -> None:
    """What people set, what work is for with a number for it, and something that is tried."""
    for words in ("hours 9-17 Mon-Fri Europe/Berlin", "digest weekly friday 9:30", "mute #103"):
        answer(world.ctx(), "U0ALICE", Again(words, place="C0TEAM"))
    say(world.ctx(), [Change(("repos", "acme/shop", "targets", "review"), "6h")], "U0ALICE", world.now)
    result = KeyResult("r", "o", "Conversion", "%", Decimal(2), Decimal(3), None, "U0BOB", world.now)
    tried = Experiment(0, "pair on large changes", "wait", "review", "", None, ("acme/shop",), -70, world.now,
                       "U0ALICE", "C0TEAM", date(2026, 3, 27), {"review": [100, 200]})  # fmt: skip
    workspace = world.ctx().workspace
    with writing(world.engine) as session:
        stream = streams.every(session, workspace)[0].key
        value.put_outcome(session, workspace, stream, "Checkout", "Who comes, buys", world.now)
        value.put_result(session, workspace, result._replace(outcome=value.outcomes(session, workspace)[0].id))
        value.give(session, workspace, "r", Given(Decimal("2.4"), world.now, "U0BOB"))
        value.put_rule(session, workspace, Rule("label", "bug", "r"), "U0ALICE", world.now)
        experiments.add(session, workspace, tried)


def said(world: World) -> dict[str, str]:
    return {words: answer(world.ctx(), "U0ALICE", Again(words, place="C0TEAM")).text for words in ASKED}


def ledger(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], engine: Engine) -> list[str]:
    monkeypatch.setenv("DATABASE_URL", url(engine))
    assert run(["waits", "acme/shop", "--format", "jsonl", "--at", "2026-03-05T12:00:00Z"]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_restored_program_goes_on_as_the_one_before_would_have(
    world: World, new_postgres: Engine, to: Callable[[str], Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    before, lines, sent = said(world), ledger(monkeypatch, capsys, world.engine), len(world.slack.history())
    assert sent > 0
    assert len(lines) > 20
    write(world.engine, "there.jsonl.gz", world.now)
    restore(new_postgres, "there.jsonl.gz")
    write(new_postgres, "back.jsonl.gz", world.now)
    with to("back.db") as back:
        restore(back, "back.jsonl.gz")
        for engine in (new_postgres, back):
            world.engine = engine
            assert said(world) == before
            assert ledger(monkeypatch, capsys, engine) == lines
            world.tick()
            assert len(world.slack.history()) == sent, "nothing is said twice"


def test_what_was_due_is_sent_after_a_restore_as_it_would_have_been(
    world: World, new_postgres: Engine, tmp_path: Path
) -> None:
    path = str(tmp_path / "backup.jsonl")
    write(world.engine, path, world.now)
    restore(new_postgres, path)
    since, sent = world.now, texts(world)
    world.wait(days=2)
    first = texts(world) - sent
    world.engine = new_postgres
    world.clock.set(since)
    world.wait(days=2)
    assert texts(world) - sent - first == first != Counter()


def texts(world: World) -> Counter[tuple[str, str]]:
    return Counter((one["channel"], one["text"]) for one in world.slack.history())


def test_what_is_written_while_a_backup_is_made_is_in_it_wholly_or_not_at_all(
    engine: Engine, to: Callable[[str], Any], tmp_path: Path
) -> None:
    with writing(engine) as session:
        fill(session.connection(), "default")
    path = tmp_path / "backup.jsonl"
    with frozen(engine) as session:
        lines = _lines(session, MONDAY)
        written = [next(lines) for _ in range(5)]
        with writing(engine) as other:
            fill(other.connection(), "T0LATER")
        written += lines
    path.write_text("".join(json.dumps(one) + "\n" for one in written))
    with to("new.db") as new:
        assert restore(new, str(path)) == filled()


def test_a_backup_is_written_and_taken_a_few_rows_at_a_time(
    sqlite_engine: Engine, to: Callable[[str], Any], tmp_path: Path
) -> None:
    with writing(sqlite_engine) as session:
        fill(session.connection(), "default", 1)
        events = next(one for one in every_table() if one.name == "events")
        one = dict(session.execute(select(events)).mappings().one())
        for start in range(0, 20_000, 1_000):
            new = [{**one, "id": str(start + n), "data": "x" * 1_500} for n in range(1_000)]
            session.connection().execute(events.insert(), new)
    path = str(tmp_path / "backup.jsonl.gz")

    def peak(work: Callable[[], object]) -> int:
        tracemalloc.start()
        work()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(lambda: write(sqlite_engine, path, MONDAY)) < 15_000_000
    with to("new.db") as fresh:
        migrate(fresh)
        assert peak(lambda: restore(fresh, path)) < 15_000_000
        with reading(fresh) as session:
            assert session.scalar(select(func.count()).select_from(events)) == 20_001


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(to: Callable[[str], Any], tmp_path: Path) -> None:
    item = """INSERT INTO items (workspace, host, repo, item, type, title, author, opened_at, live, ready, merged,
        nobody_to_ask) VALUES ('default', 'github', 'a/b', 1, 'issue', 'Old', 'Bob', 1, true, true, false, false)"""
    with to("old.db") as old, writing(old) as session:
        upgrade(session, "0001")
        session.execute(text(item))
        found = session.execute(text("SELECT * FROM items")).mappings().one()
    lines = [
        {"weir_backup": 1, "schema": "0001", "at": 1}, {"table": "items", "columns": list(found)},
        [bool(value) if key in ("live", "ready", "merged", "nobody_to_ask") else value for key, value in found.items()],
        {"rows": 1},
    ]  # fmt: skip
    path = tmp_path / "old.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    with to("new.db") as new:
        assert restore(new, str(path)) == 1
        assert schema_state(new) == "current"
        with reading(new) as session:
            assert session.execute(text("SELECT title, author_key FROM items")).one() == ("Old", "bob")
    with to("current.db") as current:
        migrate(current)
        assert "the backup's schema is 0001, the database's is" in refusal(current, path)


def refusal(engine: Engine, path: Path) -> str:
    with pytest.raises(BadBackup) as refused:
        restore(engine, str(path))
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture
def good(sqlite_engine: Engine, tmp_path: Path) -> list[Any]:
    """The lines of a backup, parsed."""
    with writing(sqlite_engine) as session:
        fill(session.connection(), "default")
    write(sqlite_engine, str(tmp_path / "good.jsonl"), MONDAY)
    return [json.loads(line) for line in (tmp_path / "good.jsonl").read_text().splitlines()]


BAD: list[tuple[str, Callable[[list[Any]], Any], str]] = [
    ("nothing", lambda good: [], "not the beginning of a backup"),
    ("an event log", lambda good: [{"id": "1"}], "line 1: not the beginning of a backup; allowed is a file that weir"),
    ("another format", lambda good: [{**good[0], "weir_backup": 2}], "line 1: format 2 is not known to this version"),
    ("a later schema", lambda good: [{**good[0], "schema": "9999"}], "line 1: schema '9999' is not known"),
    ("cut off", lambda good: good[:-1], "the backup ends too early; its last line counts the rows"),
    ("a row lost", lambda good: [*good[:2], *good[3:]], "rows, but there were"),
    ("more behind it", lambda good: [*good, good[2]], "there is more behind the end"),
    ("a row doubled", lambda good: [*good[:3], good[2], *good[3:]], "or the 3 rows before it: "),
    ("no table", lambda good: [good[0], {"table": "pets", "columns": []}], "line 2: no table 'pets'; allowed are"),
    ("no columns", lambda good: [good[0], {**good[1], "columns": ["user"]}], "line 2: the columns of absences are"),
    ("a row of none", lambda good: [good[0], ["x"]], "line 2: 1 values where 0 columns were named"),
    ("a wrong kind", lambda good: [*good[:2], [1, *good[2][1:]]], "line 3: absences.workspace can't be this value"),
    ("null", lambda good: [*good[:2], [None, *good[2][1:]]], "allowed is text without a NUL character (never null)"),
    ("half a pair", lambda good: [*good[:2], ["\ud800", *good[2][1:]]], "line 3: absences.workspace can't be"),
    ("too large", lambda good: [*good[:2], [*good[2][:2], 2**63, *good[2][3:]]], "a whole number of at most 63 bits"),
    ("a word", lambda good: [good[0], "hello"], "line 2: not a line of a backup"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_what_is_no_whole_backup_changes_nothing_and_is_told_in_a_line(
    good: list[Any], to: Callable[[str], Any], tmp_path: Path, spoil: Callable[[list[Any]], list[Any]], said: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in spoil(good)))
    with to("new.db") as new:
        migrate(new)
        assert said in refusal(new, path)
        with reading(new) as session:
            assert all(is_empty(session, one) for one in every_table())
        assert restore(new, str(tmp_path / "good.jsonl")) == filled()


def test_a_database_with_anything_in_it_takes_no_backup(good: list[Any], sqlite_engine: Engine, tmp_path: Path) -> None:
    said = refusal(sqlite_engine, tmp_path / "good.jsonl")
    assert said == "the database is not empty (table absences); a backup goes into an empty one"


def test_the_commands_say_what_they_did(
    good: list[Any], sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    number = f"{filled()} rows"
    monkeypatch.setenv("DATABASE_URL", url(sqlite_engine))
    assert run(["backup", "b.jsonl.gz"]) == 0
    assert capsys.readouterr().err == f"{number} written to b.jsonl.gz.\n"
    assert json.loads(gzip.decompress(Path("b.jsonl.gz").read_bytes()).splitlines()[-1]) == {
        "rows": len(good) - len(every_table()) - 2
    }
    assert run(["restore", "b.jsonl.gz"]) == 2
    assert (
        capsys.readouterr().err == "weir: the database is not empty (table absences); a backup goes into an empty one\n"
    )
    assert run(["restore", "nowhere.jsonl"]) == 2
    assert capsys.readouterr().err == "weir: nowhere.jsonl: can't be read: no such file or directory\n"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///new.db")
    assert run(["restore", "b.jsonl.gz"]) == 0
    assert capsys.readouterr().out == f"{number} restored.\n"
    assert run(["backup", "-"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(good)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_restore_that_is_killed_half_way_leaves_nothing_behind(
    good: list[Any], to: Callable[[str], Any], tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    address = f"sqlite:///{tmp_path / 'new.db'}" if kind == "sqlite" else request.getfixturevalue("empty_postgres")
    head, table, row = good[:3]
    many = [head, table, *([str(n), *row[1:]] for n in range(30 * AT_ONCE))]
    command = [sys.executable, "-m", "bot", "restore", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, "DATABASE_URL": address}) as restoring:
        assert restoring.stdin
        # It has taken all but what the pipe holds when the last of it is written, and waits for more.
        restoring.stdin.write("".join(json.dumps(one) + "\n" for one in many).encode())
        restoring.stdin.flush()
        restoring.kill()
    engine = make_engine(address)
    assert schema_state(engine) == "behind"
    assert restore(engine, str(tmp_path / "good.jsonl")) == filled()
    assert schema_state(engine) == "current"
    close(engine)


def test_the_revisions_are_known_in_their_order(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine):
        assert revisions()[:2] == ["0001", "0002"]
