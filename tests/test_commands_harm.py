"""Commands that are told the wrong thing: they say so, and what was there before is there after."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from any_rows import fill

from bot.__main__ import run
from bot.eventlog import BadLog, write, write_records
from bot.flow.events import flow_event
from bot.store.engine import make_engine, writing
from bot.store.migrate import schema_of

Said = pytest.CaptureFixture[str]
TOO_LONG = "a" * 300


@pytest.fixture
def database(here: Path, sqlite_template: Path) -> Path:
    """A database with a person in it."""
    file = here / "weir.db"
    shutil.copy(sqlite_template, file)
    engine = make_engine(f"sqlite:///{file}")
    with writing(engine) as session:
        fill(session.connection(), "default")
    engine.dispose()
    return file


def one_line(said: Said) -> str:
    out, err = said.readouterr()
    assert (out, err.count("\n")) == ("", 1), err
    return err


SPELLINGS = ["weir.db", "./weir.db", "link", "hard", "weir.db-wal", "weir.db-journal", "by/../weir.db", "to-wal"]


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("command", ["export", "backup"])
def test_the_database_itself_is_never_written_over(database: Path, capsys: Said, command: str, name: str) -> None:
    (database.parent / "by").mkdir()
    Path("link").symlink_to(database)
    Path("hard").hardlink_to(database)
    Path("to-wal").symlink_to("weir.db-wal")
    before = database.read_bytes()
    assert run([command, name]) == 2
    assert one_line(capsys).startswith(f"weir: {name}: can't be written: the database itself is in it ({database})")
    assert database.read_bytes() == before
    assert not Path("weir.db-journal").exists()


def test_a_link_is_followed_and_stays_a_link(here: Path) -> None:
    Path("kept").mkdir()
    Path("link").symlink_to("kept/log.jsonl")
    assert write_records("link", [1]) == 1
    assert write_records("link", [1, 2]) == 2
    assert Path("link").is_symlink()
    assert Path("kept/log.jsonl").read_text() == "1\n2\n"


def test_what_is_no_file_is_written_into_and_stays_what_it_is(here: Path) -> None:
    os.mkfifo("pipe.gz")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe.gz").read_bytes()))
    reader.start()
    assert write_records("pipe.gz", ["hello"]) == 1
    reader.join()
    assert gzip.decompress(read[0]) == b'"hello"\n'
    assert stat.S_ISFIFO(os.stat("pipe.gz").st_mode)
    Path("null").symlink_to(os.devnull)
    assert write_records("null", ["hello"]) == 1
    assert stat.S_ISCHR(os.stat("null").st_mode)


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
def test_what_is_written_is_its_owner_s_alone_and_whole_or_not_there(here: Path, name: str) -> None:
    assert write_records(name, ["first"]) == 1
    Path(name).chmod(0o644)
    before = Path(name).read_bytes()

    def breaks_off() -> Iterator[str]:
        yield "second"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_records(name, breaks_off())
    assert Path(name).read_bytes() == before
    assert write_records(name, ["third"]) == 1
    assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
    assert os.listdir() == [name]


NEEDS_ONE = [
    "backup b.jsonl.gz", "export log.jsonl", "rotate-key", "rebuild", "waits acme/shop", "backtest acme/shop",
    "metrics acme/shop", "forget alice", "forget alice --yes", "forget alice --lift", "export - --workspace T0",
]  # fmt: skip


@pytest.mark.parametrize("words", NEEDS_ONE)
def test_without_its_database_a_command_says_where_it_looked_and_makes_none(
    here: Path, capsys: Said, words: str
) -> None:
    Path("b.jsonl.gz").write_text("the backup of the night before")
    assert run(words.split()) == 1
    said = one_line(capsys)
    assert said.startswith(f"weir: there is no database at {here / 'weir.db'}; set DATABASE_URL to the one that")
    assert os.listdir() == ["b.jsonl.gz"]
    assert Path("b.jsonl.gz").read_text() == "the backup of the night before"


@pytest.mark.parametrize("words", ["backup b.jsonl", "forget alice --yes"])
def test_a_file_without_anything_of_weir_s_is_no_database_either(here: Path, capsys: Said, words: str) -> None:
    Path("weir.db").touch()
    assert run(words.split()) == 1
    assert one_line(capsys).startswith(f"weir: nothing of Weir's is in {here / 'weir.db'}; set DATABASE_URL")
    assert not Path("b.jsonl").exists()


def test_neither_is_a_postgresql_without_tables(
    here: Path, empty_postgres: str, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_postgres)
    for words in ("backup b.jsonl", "forget alice --yes"):
        assert run(words.split()) == 1
        assert one_line(capsys) == "weir: the database is behind this program; run: weir migrate\n"
    assert os.listdir() == []


COME_TO_NOTHING = {
    "restore nowhere.jsonl": "nowhere.jsonl: can't be read: no such file or directory",
    "restore cut.jsonl": "cut.jsonl: line 2: 1 values where 0 columns were named",
    "import nowhere.jsonl": "nowhere.jsonl: can't be read: no such file or directory",
    "import log.jsonl --workspace T0": "'T0' is not served here; allowed for --workspace: default",
}


@pytest.mark.parametrize(("words", "why"), COME_TO_NOTHING.items(), ids=list(COME_TO_NOTHING))
def test_a_filling_that_comes_to_nothing_leaves_no_database(here: Path, capsys: Said, words: str, why: str) -> None:
    opened = flow_event(repo="acme/shop", item=7, id="1", at=1, kind="opened", actor="bob", type="pull_request")
    write("log.jsonl", [opened])
    write_records("cut.jsonl", [{"weir_backup": 1, "schema": "0001", "at": 1}, ["x"]])
    assert run(words.split()) == 2
    assert one_line(capsys).startswith(f"weir: {why}")
    assert sorted(os.listdir()) == ["cut.jsonl", "log.jsonl"]


def test_one_that_somebody_else_opened_meanwhile_stays(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_engine(f"sqlite:///{here / 'weir.db'}")

    def bad(path: str) -> Iterator[None]:
        assert schema_of(other).revision is None
        raise BadLog("it is bad")
        yield

    monkeypatch.setattr("bot.backup.records", bad)
    assert run(["restore", "x"]) == 2
    assert Path("weir.db").exists()
    other.dispose()


def test_the_doctor_makes_no_database_and_says_where_it_looked(here: Path, capsys: Said) -> None:
    assert run(["doctor"]) == 1
    assert f"! database: none is at {here / 'weir.db'} yet\n    → weir run makes it" in capsys.readouterr().out
    assert os.listdir() == []


@pytest.mark.parametrize("words", ["demo --data .", "demo --data . --fresh"])
def test_a_demo_leaves_a_database_alone_that_is_no_demo_s(database: Path, capsys: Said, words: str) -> None:
    assert run([*words.split(), "--no-browser"]) == 2
    assert one_line(capsys) == "weir: . holds a weir.db that is no demo's; --data DIR names another folder\n"
    assert database.exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [("no/such/log.jsonl", "no such file or directory"), (".", "is a directory"), ("", "no such file or directory")],
)
def test_where_nothing_can_be_written_is_said_in_a_line(database: Path, capsys: Said, name: str, why: str) -> None:
    assert run(["export", name]) == 2
    assert one_line(capsys) == f"weir: {name or 'an empty name'}: can't be written: {why}\n"


@pytest.mark.parametrize("words", ["export", "backup", "import", "restore", "demo --data", "waits --events",
                                   "waits --events x --policy"])  # fmt: skip
def test_a_name_that_is_too_long_is_named(database: Path, capsys: Said, words: str) -> None:
    assert run([*words.split(), TOO_LONG]) == 2
    said = one_line(capsys)
    assert TOO_LONG in said
    assert "file name too long" in said.lower()


@pytest.mark.parametrize("words", ["metrics", "waits", "backtest", "forget", "rebuild --workspace"])
def test_a_name_that_is_no_text_is_told_in_a_line(database: Path, capsys: Said, words: str) -> None:
    assert run([*words.split(), os.fsdecode(b"\xff")]) == 2
    assert "'\\udcff'" in one_line(capsys)


def test_a_database_by_links_that_go_in_a_circle_is_told_in_a_line(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    Path("loop").symlink_to("loop")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///loop")
    assert run(["backup", "b.jsonl"]) == 1
    assert one_line(capsys).startswith(f"weir: there is no database at {here / 'loop'}; set DATABASE_URL")
