"""A person taken out of everything that is kept, and staying out of it."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fake_slack import FakeSlack
from messages_desk import world_of
from sqlalchemy import Boolean, Engine, Integer, delete, insert, select
from sqlmodel import SQLModel
from world import POLICY, World

from bot.__main__ import run
from bot.flow.events import flow_event, from_record
from bot.flow.experiments import KIND
from bot.flow.forgetting import Scrub, without
from bot.flow.stream import Responsible, Stage, Stream
from bot.hosts import Delivery
from bot.intake import rebuild, settle, take, take_delivery
from bot.people.forgetting import find, forget, lift
from bot.said import Change, current, say
from bot.store import experiments, members, said, teams
from bot.store import streams as saved
from bot.store.engine import reading, writing
from bot.store.events import iterate_all
from bot.store.experiments import Experiment
from bot.store.outbox import OUTBOX
from bot.store.sealed import is_sealed
from bot.streams.file import from_yaml
from bot.streams.saving import measure, save
from bot.views.pages import Again
from handlers.commands import answer
from jobs import digest
from jobs import experiments as trials

ALICE = Scrub(is_gone=lambda login: login.lower() == "alice", is_said=lambda login: login.lower() == "alice")


def everything(engine: Engine) -> str:
    """All that is in the database, table by table, as text."""
    with reading(engine) as session:
        rows = [tuple(row) for one in SQLModel.metadata.sorted_tables for row in session.execute(select(one))]
    return "\n".join(map(repr, rows))


@pytest.fixture
def world(engine: Engine, slack: FakeSlack) -> World:
    made = World(engine, slack, offers=True, morning=True)
    made.set_policy(POLICY.replace('[people.alice]\nslack = "U0ALICE"\n', ""))
    say(made.ctx(), [Change(("people", "alice", "slack"), "U0ALICE")], "U0BOB", made.now)
    with writing(engine) as session:
        members.keep(session, "default", "U0ALICE", name="Alice Adams", tz="Europe/Berlin", seen_at=made.now)
        teams.keep(session, "default", "github", "acme", "core", ["alice", "bob"], made.now)
    return made


@pytest.fixture
def slack() -> Any:
    with FakeSlack() as running:
        yield running


def busy(world: World) -> None:
    """Alice is asked for reviews, is nudged, writes something herself, and is named here and there."""
    world.ask("alice", "bob", author="carol", title="Totals as Alice wants them")
    world.ask("bob", item=2, author="Alice", title="Fix alice/rounding, see acme/shop")
    world.wait(hours=30)
    world.tell(world.fact("review_submitted", "alice", item=1, state="changes_requested"))
    world.tell(world.fact("assigned", "carol", item=2, assignee="alice"))
    say(world.ctx(), [Change(("admins",), ["U0ALICE", "U0BOB"])], "U0ALICE", world.now)
    stages = (
        Stage("Build", active=True, responsible=Responsible("person", "alice"), does="alice and <@U0ALICE> look"),
        Stage("Done", active=False),
    )
    save(world.ctx(), "U0ALICE", Stream("Shop", stages, repos=("acme/shop",), outcome="Alice Adams is glad"), world.now)
    measure(world.ctx())


def test_whoever_is_forgotten_is_nowhere_any_more(world: World) -> None:
    busy(world)
    assert "alice" in everything(world.engine).lower()

    forget(world.ctx(), "Alice", world.now)

    assert "alice" not in everything(world.engine).lower()


def test_digests_and_experiments_keep_nothing_of_them(world: World) -> None:
    world.ask("alice", author="carol", title="Totals as Alice wants them")
    for user, place in (("U0ALICE", "D0ALICE"), ("U0BOB", "D0BOB")):
        answer(world.ctx(), user, Again("digest weekly tuesday 9:00", place=place))
    tried = Experiment(0, "What Alice tries", KIND, "review", "", None, ("acme/shop",), -30, world.now, "U0ALICE", None,
                       date(2026, 3, 3), {"review": [3600] * 9})  # fmt: skip
    with writing(world.engine) as session:
        experiments.add(session, "default", tried)
    world.wait(hours=26)
    for job in (digest, trials):
        job.run(world.ctx(), world.now)
    world.tick()
    assert {"@U0ALICE", "@U0BOB"} <= recipients(world)

    forget(world.ctx(), "alice", world.now)

    assert "alice" not in everything(world.engine).lower()
    assert "@U0BOB" in recipients(world), "what others got stays, without them"
    with reading(world.engine) as session:
        (kept,) = experiments.every(session, "default")
    assert (kept.tried, kept.began_by) == ("What somebody tries", "somebody")


def recipients(world: World) -> set[str]:
    with reading(world.engine) as session:
        return set(session.execute(select(OUTBOX.c.recipient)).scalars())


def test_the_ledger_is_that_of_a_deleted_account(world: World) -> None:
    busy(world)
    with reading(world.engine) as session:
        before = [without(event, ALICE) for event in iterate_all(session, "default")]

    forget(world.ctx(), "alice", world.now)

    with reading(world.engine) as session:
        after = list(iterate_all(session, "default"))
    shown = [(one.key, one.at, one.kind, one.actor, one.data.get("reviewer", "")) for one in before]
    assert [(one.key, one.at, one.kind, one.actor, one.data.get("reviewer", "")) for one in after] == shown
    assert not rebuilt_otherwise(world)


def rebuilt_otherwise(world: World) -> bool:
    before = everything(world.engine)
    rebuild(world.ctx(), world.now)
    return everything(world.engine) != before


def test_a_second_time_there_is_nothing_left_to_do(world: World) -> None:
    busy(world)
    assert forget(world.ctx(), "alice", world.now)
    assert not forget(world.ctx(), "alice", world.now)
    assert not find(world.ctx(), "alice").tables


@pytest.mark.parametrize("step", ["_events", "_tables", "rebuild", "_shown_anew"])
def test_one_that_was_stopped_halfway_is_ended_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    busy(world)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"bot.people.forgetting.{step}", stop)
        with pytest.raises(KeyboardInterrupt):
            forget(world.ctx(), "alice", world.now)
    forget(world.ctx(), "alice", world.now)
    assert "alice" not in everything(world.engine).lower()


def test_what_is_told_of_them_later_comes_in_without_them(world: World) -> None:
    busy(world)
    forget(world.ctx(), "alice", world.now)
    asked = world.fact("review_requested", "ALICE", item=1, reviewer="alice")
    titled = world.fact("renamed", "bob", item=1, to="What alice said", **{"from": "Totals"})

    take(world.ctx(), [asked], world.now, live=True)
    answer = take_delivery(world.ctx(), Delivery("github", ("acme/shop",), (titled,)), world.now)
    settle(world.ctx(), world.now)

    assert answer.new == 1
    assert "alice" not in everything(world.engine).lower()


def test_a_fact_told_again_is_known(world: World) -> None:
    asked = flow_event(
        repo="acme/shop", item=1, id="review_requested:1:alice:2026-03-02T08:00:00Z", at=world.now,
        kind="review_requested", actor="bob", reviewer="alice",
    )  # fmt: skip
    world.ask(author="carol")
    world.tell(asked)
    forget(world.ctx(), "alice", world.now)

    again = take_delivery(world.ctx(), Delivery("github", ("acme/shop",), (asked,)), world.now)

    assert (again.new, again.known) == (0, 1)


def test_members_of_teams_come_in_without_them(world: World) -> None:
    forget(world.ctx(), "alice", world.now)
    with writing(world.engine) as session:
        teams.keep(session, "default", "github", "acme", "core", ["Alice", "bob"], world.now)
        assert teams.team(session, "default", "github", "acme", "core").members == ["bob"]


def test_whoever_comes_back_can_be_taken_in_again(world: World) -> None:
    forget(world.ctx(), "alice", world.now)
    assert lift(world.ctx(), "Alice")
    assert not lift(world.ctx(), "alice")

    world.ask("alice")

    assert "alice" in everything(world.engine)


def test_others_stay_as_they_are(world: World) -> None:
    world.ask("alice-b", "bob", author="malice", title="malice asks alice-b about alice-fix and alice")
    forget(world.ctx(), "alice", world.now)

    with reading(world.engine) as session:
        opened, *asked = list(iterate_all(session, "default"))
    assert opened.actor == "malice"
    assert opened.data["title"] == "malice asks alice-b about somebody-fix and somebody"
    assert sorted(event.data["reviewer"] for event in asked) == ["alice-b", "bob"]


@pytest.mark.parametrize(
    ("login", "told", "left"),
    [
        ("alice_acme", "fix by @alice_acme, see users/Alice_Acme/fix", "fix by @somebody, see users/somebody/fix"),
        ("alice_acme", "alice acme, alice_acmes and malice_acme", "alice acme, alice_acmes and malice_acme"),
        ("alice", "fix_by_alice_2 alice__x alice_acme-ALICE", "fix_by_somebody_2 somebody__x somebody_acme-somebody"),
        ("al-ice", "al-ice_fix of al--ice", "somebody_fix of al--ice"),
    ],
)
def test_logins_with_underscores_are_words_as_well(login: str, told: str, left: str) -> None:
    takes = Scrub(is_gone=lambda one: one.casefold() == login, is_said=lambda one: one.casefold() == login)
    assert takes.text(told) == left


def test_what_is_called_after_their_branch_goes_too(world: World) -> None:
    world.ask(author="carol")
    world.tell(
        world.fact("merged", "carol", base="alice/rounding"),
        world.fact("released", "carol", tag="alice-1"),
        world.fact("deployed", "carol", environment="preview-alice")._replace(id="deployed:1:7:preview-alice"),
    )
    forget(world.ctx(), "alice", world.now)
    assert "alice" not in everything(world.engine).lower()


def test_a_name_beyond_ascii_goes_in_any_case(world: World) -> None:
    with writing(world.engine) as session:
        members.keep(session, "default", "U0ALICE", name="Élodie Öz", tz="Europe/Berlin", seen_at=world.now)
    for item, title in enumerate(("Élodie Öz wants it", "ÉLODIE ÖZ wants it", "élodie öz wants it"), 1):
        world.ask(item=item, title=title, author="carol")
    forget(world.ctx(), "alice", world.now)
    with reading(world.engine) as session:
        assert {event.data["title"] for event in iterate_all(session, "default")} == {"somebody wants it"}


def test_a_map_names_nobody_in_their_place(world: World) -> None:
    busy(world)
    forget(world.ctx(), "alice", world.now)

    with reading(world.engine) as session:
        held = saved.named(session, "default", "Shop")
    assert held is not None
    build, _ = from_yaml(held.text).stages
    assert build.responsible is None
    assert build.does == "somebody and somebody look"


def test_a_message_that_names_them_is_edited(engine: Engine) -> None:
    with world_of(engine, POLICY) as world:
        world.ask("bob", author="alice", title="Totals for Alice")
        world.wait(hours=9)
        before, messages = " ".join(world.texts("U0BOB")), len(world.texts("U0BOB"))
        forget(world.ctx(), "alice", world.now)
        world.wait(minutes=1)
        after = " ".join(world.texts("U0BOB"))
    assert "alice" in before.lower()
    assert "Totals for somebody" in after
    assert "alice" not in after.lower()
    assert len(world.texts("U0BOB")) == messages


def test_settings_keep_what_others_said(world: World) -> None:
    busy(world)
    forget(world.ctx(), "alice", world.now)

    with reading(world.engine) as session:
        assert said.everything(session, "default") == {("admins",): ["U0BOB"]}
    assert current(world.ctx()).policy.file.admins == ["U0BOB"]


@pytest.mark.parametrize("login", ["review", "core", "merge"])
def test_a_login_that_is_a_word_of_ours_leaves_the_words_alone(world: World, login: str) -> None:
    world.ask(login, author="carol", title=f"{login} it")
    say(world.ctx(), [Change(("targets", "review"), "4h")], "U0BOB", world.now)

    forget(world.ctx(), login, world.now)

    assert find(world.ctx(), login).spoken is False
    with reading(world.engine) as session:
        events = list(iterate_all(session, "default"))
        assert said.everything(session, "default")["targets", "review"] == "4h"
        assert teams.team(session, "default", "github", "acme", "core") is not None
    assert [event.data.get("reviewer", "") for event in events] == ["", None]
    assert events[0].data["title"] == f"{login} it"


def test_a_name_of_a_repository_is_an_address_and_stays(world: World) -> None:
    opened = replace_repo(world, "alice/dotfiles")
    world.tell(opened)

    forget(world.ctx(), "alice", world.now)

    assert find(world.ctx(), "alice").repos == ["alice/dotfiles"]
    with reading(world.engine) as session:
        (event,) = iterate_all(session, "default")
    assert (event.repo, event.actor, event.data["title"]) == ("alice/dotfiles", None, "somebody: see alice/dotfiles#1")


def replace_repo(world: World, repo: str) -> Any:
    return flow_event(
        repo=repo, item=1, id="opened:1", at=world.now, kind="opened", actor="alice", type="pull_request",
        title=f"alice: see {repo}#1",
    )  # fmt: skip


JSON_PATHS = {"said": '["repos", "acme/shop", "channel"]', "changes": '["repos", "acme/shop", "channel"]'}


def test_whatever_text_column_they_stand_in_they_are_out_of_it(world: World) -> None:
    """Also one that a later table brings: nobody has to think of it."""
    world.set_policy(POLICY)
    skipped = {"events", "items", "waits", "stream_versions"}
    with writing(world.engine) as session:
        for one in SQLModel.metadata.sorted_tables:
            if one.name not in skipped and "workspace" in one.c:
                session.execute(delete(one))
                session.execute(insert(one).values(row_that_names_alice(one)))

    forget(world.ctx(), "alice", world.now)

    assert [line for line in everything(world.engine).lower().splitlines() if "alice" in line] == []


def row_that_names_alice(one: Any) -> dict[str, Any]:
    row = {}
    for column in one.c:
        if column.name in ("workspace", "host", "repo", "of_repo"):
            row[column.name] = {"workspace": "default", "host": "github"}.get(column.name, "acme/shop")
        elif column.name == "path":
            row[column.name] = JSON_PATHS[one.name]
        elif is_sealed(column) or column.name in ("state", "kind", "sha"):
            row[column.name] = "x"
        elif not isinstance(column.type, (Integer, Boolean)):
            row[column.name] = json.dumps({"of alice": ["alice", "by Alice", {"who": "U0ALICE"}]})
        else:
            row[column.name] = 1
    return row


@pytest.mark.parametrize("kind", ["claimed", "handed_over", "assigned", "review_dismissed"])
def test_events_without_them_can_be_exported_and_read_again(kind: str) -> None:
    own = {
        "claimed": {"team": "core", "reviewer": "alice"}, "handed_over": {"stage": "QA", "to": "alice"},
        "assigned": {"assignee": "alice"}, "review_dismissed": {"reviewer": "alice"},
    }[kind]  # fmt: skip
    told = flow_event(repo="acme/shop", item=1, id=f"{kind}:1:alice", at=0, kind=kind, actor="alice", **own)
    left = without(told, ALICE)
    record = {**left._asdict(), **left.data, "at": "1970-01-01T00:00:00Z"}
    assert "alice" not in json.dumps(record)
    del record["data"], record["rank"]
    assert from_record(record).kind == ("review_request_removed" if kind == "claimed" else kind)
    assert without(left, ALICE) == left


def log_of(path: Path) -> str:
    facts = [
        {"kind": "opened", "actor": "alice", "type": "pull_request", "title": "Rounding", "id": "opened:1"},
        {"kind": "review_requested", "actor": "alice", "reviewer": "bob", "id": "review_requested:1:bob"},
    ]
    lines = [{"host": "github", "repo": "acme/shop", "item": 1, "at": "2026-03-02T08:00:00Z", **one} for one in facts]
    path.write_text("\n".join(map(json.dumps, lines)))
    return str(path)


def test_the_command_asks_back_then_does_it_and_no_byte_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "weir.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    assert run(["import", log_of(tmp_path / "log.jsonl")]) == 0
    capsys.readouterr()

    assert run(["forget", "alice"]) == 0
    asked = capsys.readouterr().out
    assert asked == (
        "alice is in these rows:\n  events  2\n"
        "Nothing is changed. To take alice out of all this for good: weir forget alice --yes\n"
    )
    assert b"alice" in file.read_bytes()

    assert run(["forget", "alice", "--yes"]) == 0
    assert capsys.readouterr().out == "alice is forgotten. These rows named them:\n  events  2\n"
    for left in tmp_path.glob("weir.db*"):
        assert b"alice" not in left.read_bytes().lower()

    assert run(["export", str(tmp_path / "all.jsonl.gz")]) == 0
    exported = gzip.decompress((tmp_path / "all.jsonl.gz").read_bytes()).decode()
    assert "alice" not in exported
    assert "bob" in exported


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a b"], "weir: 'a b' is no login; a login on the code host such as alice is allowed"),
        (["acme/shop"], "weir: 'acme/shop' is no login; a login on the code host such as alice is allowed"),
        (["alice", "--yes", "--lift"], "weir: name either --yes or --lift, not both"),
        (["alice", "--lift"], "weir: alice was never forgotten"),
    ],
)
def test_bad_input_gets_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/weir.db")
    assert run(["migrate"]) == 0
    capsys.readouterr()
    assert run(["forget", *words]) == 2
    assert capsys.readouterr().err.strip() == says


def test_a_file_in_use_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/weir.db")
    run(["import", log_of(tmp_path / "log.jsonl")])
    monkeypatch.setattr("bot.store.engine.BUSY_SECONDS", 0.1)
    reader = sqlite3.connect(tmp_path / "weir.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    capsys.readouterr()

    assert run(["forget", "alice", "--yes"]) == 1
    assert "could not be written anew while it is in use" in capsys.readouterr().err
    reader.close()
    assert run(["forget", "alice", "--yes"]) == 0
    assert b"alice" not in (tmp_path / "weir.db").read_bytes()
