"""A person who is renamed on the code host: told by what is known by its id, and nowhere called as before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from messages_desk import world_of
from sqlalchemy import Engine, select
from sqlmodel import SQLModel
from world import MONDAY, NO_CHANNEL, World

from bot import eventlog
from bot.__main__ import run
from bot.asking.coverage import coverage_of
from bot.asking.health import health_of
from bot.checking.renamed import renamed_findings
from bot.flow.answers import HAND_OVER
from bot.flow.events import FlowEvent, flow_event
from bot.flow.renaming import Renamed, called_now, in_order
from bot.flow.stream import Responsible, Stage, Stream
from bot.hosts import Delivery
from bot.hosts.github.renamed import renamed
from bot.hosts.github.snapshots import Snapshot
from bot.intake import settle, take_delivery
from bot.people.forgetting import forget
from bot.people.renaming import take_note
from bot.said import Change, current, say
from bot.store import answers, matches, outbox, renames, renaming, sights, teams
from bot.store.answers import Answer
from bot.store.engine import make_engine, reading, writing
from bot.store.outbox import HANDOVER, Draft
from bot.store.sights import Let
from bot.streams.saving import measure, save
from bot.views.health import health

KEY = ("github", "acme/shop", 1)
WITHOUT_ALICE = NO_CHANNEL.replace('[people.alice]\nslack = "U0ALICE"\n', "")


def act(id: str, actor: str | None, kind: str = "commented", at: int = MONDAY, **more: Any) -> FlowEvent:
    return flow_event(repo="acme/shop", item=1, id=id, at=at, kind=kind, actor=actor, **more)


def found(known: list[FlowEvent], shown: list[FlowEvent]) -> list[Renamed]:
    snapshot = Snapshot("github", "acme/shop", 1, tuple(shown), MONDAY, "Fix rounding", "", "open")
    return renamed({KEY: known}, [snapshot], MONDAY + 86_400)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (act("comment:1", "alice"), act("comment:1", None)),
        (act("comment:1", None), act("comment:1", "alice")),
        (act("comment:1", "alice"), act("comment:1", "ghost")),
        (act("comment:1", "Ghost"), act("comment:1", "alice")),
        (act("comment:1", "alice"), act("comment:1", "alice")),
        (act("comment:1", "alice"), act("comment:1", "helper[bot]", actor_type="Bot")),
        (act("comment:1", "helper", actor_type="Bot"), act("comment:1", "alice")),
        (act("merged:1", "alice", "merged"), act("merged:1", "bob", "merged")),
    ],
)
def test_deleted_accounts_bots_and_acts_whose_ids_are_of_no_account_rename_nobody(
    was: FlowEvent, now: FlowEvent
) -> None:  # fmt: skip
    assert found([was], [now]) == []


def test_the_first_item_of_a_repository_that_was_made_anew_is_another() -> None:
    assert found([act("opened:1", "alice", "opened")], [act("opened:1", "bob", "opened", MONDAY + 3600)]) == []
    assert found([act("opened:1", "alice", "opened")], [act("opened:1", "bob", "opened", MONDAY + 3)]) != []


def test_a_login_that_became_two_was_two_peoples_and_stays() -> None:
    known = [act("comment:1", "alice"), act("comment:2", "alice")]
    assert found(known, [act("comment:1", "alicia"), act("comment:2", "carol")]) == []


def test_a_login_in_other_letters_is_told_too() -> None:
    (one,) = found([act("comment:1", "alice")], [act("comment:1", "Alice")])
    assert (one.old, one.new, one.whole) == ("alice", "Alice", True)


def test_where_another_goes_by_the_old_login_what_they_did_and_what_is_set_stays() -> None:
    known = [act("comment:1", "alice"), act("comment:2", "alice", at=MONDAY + 60)]
    (one,) = found(known, [act("comment:1", "alicia"), act("comment:2", "alice", at=MONDAY + 60)])
    assert one == Renamed("github", "alice", "alicia", MONDAY + 60, whole=False)
    assert [called_now(event, [one]).actor for event in known] == ["alicia", "alice"]


def test_a_request_that_is_shown_for_two_others_is_nobody_s() -> None:
    known = [act("review_requested:1:alice:x", "bob", "review_requested", reviewer="alice")]
    others = [act(f"review_requested:1:{who}:x", "bob", "review_requested", reviewer=who) for who in ("carol", "dave")]
    assert found(known, others) == []
    assert [one.new for one in found(known, others[:1])] == ["carol"]


def test_one_after_the_other_and_of_two_who_swapped_neither() -> None:
    freed, taken = Renamed("github", "alice", "alicia", 1), Renamed("github", "bob", "alice", 1)
    assert in_order([taken, freed]) == [freed, taken]
    assert in_order([taken, replace_old(taken)]) == []


def replace_old(one: Renamed) -> Renamed:
    return one._replace(old=one.new, new=one.old)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, WITHOUT_ALICE) as made:
        yield made


def rename(world: World, new: str = "alicia", **more: Any) -> None:
    take_note(world.ctx(), [Renamed("github", "Alice", new, world.now + 1, **more)], world.now)
    settle(world.ctx(), world.now)


def slack_of(world: World, login: str) -> str | None:
    return current(world.ctx()).policy.person(login).slack


def link(world: World, login: str, user: str, **more: Any) -> None:
    told = [Change(("people", login, key), value) for key, value in {"slack": user, **more}.items()]
    say(world.ctx(), told, user, world.now)


def everything(engine: Engine) -> str:
    """All that is in the database but who was renamed, as text, without Slack's accounts."""
    tables = [one for one in SQLModel.metadata.sorted_tables if one.name != "settings"]
    with reading(engine) as session:
        rows = [(one.name, *row) for one in tables for row in session.execute(select(one))]
    return "\n".join(map(repr, rows)).lower().replace("u0alice", "").replace("d0alice", "")


def busy(world: World) -> None:
    """Alice is asked, nudged and answers, writes something herself, is responsible, and set this and that."""
    link(world, "alice", "U0ALICE", away=[{"from": "2026-04-01", "until": "2026-04-02"}])
    world.morning = True
    world.ask("alice", "bob", author="carol")
    world.ask("bob", item=2, author="alice")
    world.wait(hours=9)
    world.tell(world.fact("review_submitted", "alice", state="changes_requested"))
    world.tell(world.fact("assigned", "carol", item=2, assignee="alice"))
    with writing(world.engine) as session:
        teams.keep(session, "default", "github", "acme", "core", ["alice", "bob"], world.now)
        sights.keep(session, "default", "repo:acme/shop", "alice", Let(True, world.now + 60))
        matches.put(session, "default", "alice", matches.LINKED, "U0ALICE", matches.ADMIN, world.now)
        answers.add(session, "default", Answer(1, "U0BOB", HAND_OVER, "alice", world.now, None))
        about = {"wait": 1, "to": "alice", "by": "bob"}
        outbox.claim(session, "default", [Draft("carol", HANDOVER, [(1, f"{HANDOVER}:alice")], about)], world.now)
        answers.ask(session, "default", ("github", "acme/shop", 2), "2026-03-03", "alice", world.now)
    stages = (Stage("Build", active=True, responsible=Responsible("person", "alice")), Stage("Done", active=False))
    save(world.ctx(), "U0BOB", Stream("Shop", stages, repos=("acme/shop",)), world.now)
    measure(world.ctx())


def test_whoever_is_renamed_goes_by_the_old_login_nowhere_and_keeps_their_turns(world: World) -> None:
    busy(world)
    before = everything(world.engine)
    waits = "('waits', 'default', "
    ids = sorted(line.split(",")[2] for line in before.split("\n") if line.startswith(waits))
    assert "alice" in before

    rename(world)

    after = everything(world.engine)
    assert [line for line in after.split("\n") if "alice" in line] == []
    assert sorted(line.split(",")[2] for line in after.split("\n") if line.startswith(waits)) == ids
    assert slack_of(world, "alicia") == "U0ALICE"
    assert slack_of(world, "alice") is None
    heard = len(world.slack.dms("U0ALICE"))
    world.wait(minutes=5)
    assert len(world.slack.dms("U0ALICE")) == heard, "nothing is said twice"


def test_who_is_linked_by_the_new_login_already_stays_so_and_nothing_is_lost(world: World) -> None:
    link(world, "alice", "U0ALICE", away=[{"from": "2026-04-01", "until": "2026-04-02"}])
    link(world, "Alicia", "U0ALICE", away=[{"from": "2026-05-01", "until": "2026-05-02"}])
    rename(world)
    person = current(world.ctx()).policy.file.people["Alicia"]
    assert (person.slack, [one.start.month for one in person.away]) == ("U0ALICE", [5, 4])


def test_two_who_are_linked_to_two_accounts_stay_as_they_are_and_the_doctor_says_so(world: World) -> None:
    link(world, "alice", "U0ALICE")
    link(world, "alicia", "U0CAROL")
    rename(world)
    assert (slack_of(world, "alice"), slack_of(world, "alicia")) == ("U0ALICE", "U0CAROL")
    (finding,) = renamed_findings(current(world.ctx()))
    assert "Alice is called alicia" in finding.what
    assert "stays with that login" in finding.what


def test_the_policy_file_is_read_as_if_it_said_the_new_login_until_it_does(world: World) -> None:
    world.set_policy(NO_CHANNEL)
    world.ask("alice")
    rename(world)
    assert coverage_of(current(world.ctx()), world.now).links["alicia"].how == "policy file"
    assert (slack_of(world, "alicia"), slack_of(world, "alice")) == ("U0ALICE", None)
    (finding,) = renamed_findings(current(world.ctx()))
    assert finding.advice == "write [people.alicia] in place of [people.Alice] there"
    shown = health(health_of(current(world.ctx()), world.now), UTC, world.now)
    assert "Alice is alicia by now" in shown.text

    world.set_policy(NO_CHANNEL.replace("alice", "alicia"))
    assert list(renamed_findings(current(world.ctx()))) == []
    assert slack_of(world, "alicia") == "U0ALICE"


def test_an_imported_log_of_old_names_them_as_they_are_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'weir.db'}")
    of_old, again = tmp_path / "old.jsonl", tmp_path / "again.jsonl"
    eventlog.write(str(of_old), [act("opened:1", "bob", "opened", type="pull_request"), act("comment:1", "alice")])
    assert run(["import", str(of_old)]) == 0
    engine = make_engine(f"sqlite:///{tmp_path / 'weir.db'}")
    with writing(engine) as session:
        one = Renamed("github", "alice", "alicia", MONDAY + 1)
        assert renaming.rename(session, "default", one) == {KEY}
        renames.keep(session, "default", one)
    assert run(["import", str(of_old)]) == 0
    assert run(["export", str(again)]) == 0
    assert {event.id: event.actor for event in eventlog.read(str(again))} == {"opened:1": "bob", "comment:1": "alicia"}
    engine.dispose()


def test_back_to_the_old_login_is_as_before(world: World) -> None:
    world.set_policy(NO_CHANNEL)
    world.ask("alice")
    rename(world)
    take_note(world.ctx(), [Renamed("github", "alicia", "alice", world.now + 1)], world.now)
    assert slack_of(world, "alice") == "U0ALICE"
    assert list(renamed_findings(current(world.ctx()))) == []


def test_whoever_is_forgotten_is_so_by_the_logins_they_had(world: World) -> None:
    link(world, "alice", "U0ALICE")
    world.ask("alice", "bob", author="carol")
    rename(world)
    forget(world.ctx(), "alicia", world.now)
    late = world.fact("commented", "alice", at=world.now - 60)
    take_delivery(world.ctx(), Delivery("github", repos=("acme/shop",), events=(late,)), world.now)
    settle(world.ctx(), world.now)
    with reading(world.engine) as session:
        settings = str(session.execute(select(SQLModel.metadata.tables["settings"])).all())
    assert "ali" not in everything(world.engine) + settings.lower()
