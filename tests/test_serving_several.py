"""Several workspaces in one deployment: each by its own token, terms and repositories, and none of them the other's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fake_github import FakeGithub
from fake_slack import Fault
from github_payloads import NINE, Payload, delivered, pull_request, signed
from oauth_slack import ACME, KEY, NEW_KEY, SHOP
from pydantic import SecretStr
from quarter import TEAMS, Quarter, ask_for_review, put_install, quarter_of, token_of
from site_on_loopback import JSON, SECRET
from slack_bolt.request import BoltRequest
from slack_payloads import block_actions, command
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bot.__main__ import run
from bot.asking.connecting import let_go
from bot.backup import restore, write
from bot.checking.doctor import BROKEN, OK, examine
from bot.context import Context
from bot.eventlog import write as write_log
from bot.flow.events import FlowEvent, flow_event
from bot.hosts.github.api import Github
from bot.installing.installs import FRESH, installed_of
from bot.installing.leaving import SETTLED, TOLD, uninstalled
from bot.said import current
from bot.serving.telemetry import SharedFigures, Telemetry
from bot.store import installs, repos, settings
from bot.store.engine import make_engine, reading
from bot.store.events import iterate_all
from bot.web import Request, Route, application
from handlers.webhooks import github_door
from jobs.schedule import Job, Turn, run_job


@pytest.fixture
def quarter(engine: Engine, tmp_path: Path) -> Iterator[Quarter]:
    with quarter_of(engine, tmp_path) as made:
        yield made


@pytest.fixture
def small(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Quarter]:
    """One on SQLite, for what no database makes a difference to."""
    with quarter_of(sqlite_engine, tmp_path) as made:
        yield made


def test_of_one_delivery_each_is_nudged_by_its_own_token_and_terms_and_once(quarter: Quarter) -> None:
    one, other = quarter.processes
    assert ask_for_review(one) == [202, 202]
    assert ask_for_review(other) == [200, 200]
    assert quarter.kept() == {team: ["acme/shop"] for team in TEAMS}
    quarter.wait(0.5)
    assert quarter.heard() == {ACME: 1, SHOP: 0}
    quarter.wait(3.5)
    assert quarter.heard() == {ACME: 1, SHOP: 1}
    assert "acme/shop#12" in quarter.towns[SHOP].dms("U0ALICE")[0]["text"]


def test_a_delivery_reaches_those_who_may_follow_its_owner_and_nobody_else(small: Quarter) -> None:
    assert ask_for_review(small.processes[0], "corner-shop/till") == [202, 202]
    assert ask_for_review(small.processes[1], "globex/secret") == [202, 202]
    assert small.kept() == {ACME: [], SHOP: ["corner-shop/till"]}
    assert small.processes[0].ask(SHOP, "waits").startswith("1 thing waits for you.")
    assert "corner-shop" not in small.processes[0].ask(ACME, "repos")


def test_a_repository_that_changes_hands_comes_to_one_and_leaves_the_other(small: Quarter) -> None:
    process = small.processes[0]
    ask_for_review(process, "corner-shop/till")
    assert process.deliver("repository", transferred("acme/till", "corner-shop")).status == 202
    assert followed(small) == {ACME: {"acme/till": True}, SHOP: {"acme/till": True}}
    assert small.kept() == {ACME: [], SHOP: ["acme/till"]}
    assert process.deliver("repository", transferred("globex/till", "acme")).status == 202
    assert followed(small) == {ACME: {"acme/till": False}, SHOP: {"acme/till": False}}


def transferred(repo: str, owner: str) -> Payload:
    """A repository comes from another owner."""
    return delivered("transferred", repo, "alice", changes={"owner": {"from": {"user": {"login": owner}}}})


def followed(quarter: Quarter) -> dict[str, dict[str, bool]]:
    """By workspace and repository: whether Weir has access to it, as far as it was told."""
    with reading(quarter.engine) as session:
        return {team: {row.repo: bool(row.connected) for row in repos.known(session, team)} for team in TEAMS}


def test_an_uninstall_ends_that_workspace_and_leaves_the_other(quarter: Quarter) -> None:
    one, other = quarter.processes
    ask_for_review(one)
    assert quarter.uninstall(ACME, one).status == 200
    quarter.wait(4)
    assert other.event(ACME, {"type": "tokens_revoked", "tokens": {"bot": ["U0W"]}}, quarter.clock.now()).status == 200
    assert quarter.heard() == {ACME: 0, SHOP: 1}
    assert other.ask(ACME, "waits") == (
        "Weir is not installed in this workspace. Whoever looks after its apps can do that: "
        "https://weir.acme.test/slack/install"
    )
    assert other.ask(SHOP, "waits").startswith("1 thing waits for you.")
    quarter.clock.advance(days=30)
    for process in quarter.processes:
        process.run("retention", "farewell")
    assert quarter.kept() == {ACME: [], SHOP: ["acme/shop"]}
    assert [ctx.workspace for ctx in (*one.served.contexts(), *one.served.ended())] == [SHOP]


def test_installed_again_meanwhile_nothing_of_it_is_removed(small: Quarter) -> None:
    one, other = small.processes
    ask_for_review(one)
    town = small.slack.by_token[token_of(ACME)]
    small.uninstall(ACME, one)
    small.clock.advance(days=29)
    put_install(small.engine, small.settings, ACME, small.clock.now())
    small.slack.by_token[token_of(ACME)] = town
    small.clock.advance(days=29)
    other.run("retention", "farewell")
    assert small.kept()[ACME] == ["acme/shop"]
    one.event(ACME, {"type": "app_uninstalled"}, NINE)
    there = [ctx.workspace for ctx in other.served.contexts()]
    assert there == [ACME, SHOP], "what is told late is of the first install"


HOUR = 3600


@pytest.mark.parametrize("off", [-HOUR, HOUR], ids=["behind", "ahead"])
def test_whatever_slack_s_clock_says_its_word_on_the_token_counts(small: Quarter, off: int) -> None:
    one, other = small.processes
    one.event(ACME, {"type": "app_uninstalled"}, small.clock.now() + off)
    small.clock.advance(seconds=SETTLED)
    other.run("farewell")
    assert (serves(small), told(small)) == ([ACME, SHOP], None), "it was told late"
    small.uninstall(ACME, one, small.clock.now() + off)
    assert (serves(small), told(small)) == ([SHOP], None)


def serves(quarter: Quarter) -> list[str]:
    quarter.clock.advance(seconds=FRESH)
    return [ctx.workspace for ctx in quarter.processes[1].served.contexts()]


def told(quarter: Quarter) -> int | None:
    """Since when it is told of the first workspace, and not sure, that Weir is out of it."""
    with reading(quarter.engine) as session:
        since: int | None = settings.get(session, ACME, TOLD)
    return since


@pytest.mark.parametrize("fault", [Fault("http", 503), Fault("reset"), Fault("error", error="ratelimited")])
def test_an_uninstall_told_while_slack_can_not_be_asked_is_asked_about_until_it_can(
    small: Quarter, fault: Fault
) -> None:
    one, other = small.processes
    small.slack.fail("auth.test", fault, fault)
    assert small.uninstall(ACME, one).status == 200
    for seconds, asked in ((SETTLED - 1, 1), (1, 2)):
        small.clock.advance(seconds=seconds)
        other.run("farewell")
        assert (small.slack.called("auth.test"), told(small) is None) == (asked, False)
    assert serves(small) == [ACME, SHOP]
    other.run("farewell")
    assert (serves(small), told(small)) == ([SHOP], None)


def test_an_install_made_while_slack_is_asked_about_the_one_before_stays(small: Quarter) -> None:
    one = small.processes[0]
    ctx = one.served.contexts()[0]
    with reading(small.engine) as session:
        before = installs.current(session, ACME)
    put_install(small.engine, small.settings, ACME, small.clock.now())
    uninstalled(ctx, small.clock.now(), before)
    assert serves(small) == [ACME, SHOP]


def test_a_token_that_slack_refuses_stops_its_own_workspace_only_and_until_it_is_good_again(small: Quarter) -> None:
    ask_for_review(small.processes[0])
    town = small.slack.by_token.pop(token_of(ACME))
    small.wait(4)
    assert small.heard() == {ACME: 0, SHOP: 1}
    small.slack.by_token[token_of(ACME)] = town
    small.wait(0.05)
    assert small.heard() == {ACME: 1, SHOP: 1}


@dataclass
class Fixed:
    """Workspaces that stay as they are."""

    base: Context
    served: Sequence[Context]

    def contexts(self) -> list[Context]:
        return list(self.served)

    def of_team(self, team: str | None) -> Context | None:
        return None

    shut_out = of_team

    def ended(self) -> list[Context]:
        return []


def test_where_one_can_not_keep_a_delivery_it_is_sent_again_and_each_has_it_once(small: Quarter) -> None:
    process = small.processes[0]
    acme, shop = process.served.contexts()
    away = make_engine("sqlite:////nowhere/at/all.db")
    headers, body = signed(SECRET, "pull_request", pull_request("opened"))
    asked = Request("POST", {name.lower(): value for name, value in headers.items()}, body)
    with pytest.raises(OperationalError):
        github_door(Fixed(acme, [acme, replace(shop, engine=away)]), process.telemetry, asked)
    away.dispose()
    assert small.kept() == {ACME: ["acme/shop"], SHOP: []}
    assert [github_door(process.served, process.telemetry, asked).status for _ in range(2)] == [202, 200]
    assert small.kept() == {team: ["acme/shop"] for team in TEAMS}


def test_one_that_fails_in_any_way_keeps_no_other_from_a_delivery(small: Quarter) -> None:
    process = small.processes[0]
    acme, shop = process.served.contexts()
    broken = replace(acme, engine=None)  # type: ignore[arg-type]  # a fault of the program's own
    headers, body = signed(SECRET, "pull_request", pull_request("opened"))
    asked = Request("POST", {name.lower(): value for name, value in headers.items()}, body)
    route = {"/": Route("POST", partial(github_door, Fixed(acme, [broken, shop]), process.telemetry))}
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()} | {
        "PATH_INFO": "/", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)
    }  # fmt: skip
    said: list[str] = []
    application(route)(environ, lambda status, _: said.append(status))  # type: ignore[arg-type, return-value]
    assert said == ["500 Internal Server Error"], "the host is to send it again"
    assert small.kept() == {ACME: [], SHOP: ["acme/shop"]}
    assert [github_door(process.served, process.telemetry, asked).status for _ in range(2)] == [202, 200]
    assert small.kept() == {team: ["acme/shop"] for team in TEAMS}


def test_what_slack_sends_from_nowhere_or_a_stranger_is_answered_and_nothing_done(small: Quarter) -> None:
    process = small.processes[0]
    hello = process.from_slack(json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"}), JSON)
    assert (hello.status, "abc" in hello.text) == (200, True)
    assert process.from_slack("ssl_check=1&token=t").status == 200
    assert process.ask("T0NOBODY", "waits").startswith("Weir is not installed in this workspace.")
    pressed = block_actions({"type": "button", "action_id": "ask:waits", "block_id": "b"}, "U0ALICE", "http://x/", {})
    pressed["team"]["id"] = pressed["user"]["team_id"] = "T0NOBODY"
    answer = process.from_slack(urlencode({"payload": json.dumps(pressed)}))
    assert (answer.status, answer.text) == (200, "")
    assert process.event("T0NOBODY", {"type": "app_uninstalled"}, small.clock.now()).status == 200
    assert [ctx.workspace for ctx in process.served.contexts()] == [ACME, SHOP]


def test_by_the_one_socket_each_workspace_gets_its_own_answer(small: Quarter) -> None:
    process = small.processes[0]
    ask_for_review(process, "corner-shop/till")
    said = {}
    for team in TEAMS:
        asked = {**command("waits", "U0ALICE"), "team_id": team}
        said[team] = json.loads(process.slack.dispatch(BoltRequest(mode="socket_mode", body=asked)).body)["text"][:20]
    assert said == {ACME: "Nothing waits for yo", SHOP: "1 thing waits for yo"}


def test_somebody_elses_repository_is_refused_before_the_host_is_asked(sqlite_engine: Engine, tmp_path: Path) -> None:
    with FakeGithub() as host:
        host.repo("corner-shop/till")
        client = Github(host.url, token="t", now=lambda: NINE, sleep=lambda _: None)
        with quarter_of(sqlite_engine, tmp_path, client) as quarter:
            process = quarter.processes[0]
            for name in ("corner-shop/till", "globex/not-there"):
                assert process.ask(ACME, f"connect {name}") == (
                    f"This workspace can't connect {name}; it follows repositories of acme only."
                )
            assert host.calls == []
            assert "corner-shop/till" in process.ask(SHOP, "connect corner-shop/till")
            assert host.calls
        client.close()


def test_a_webhook_stays_as_long_as_any_workspace_follows_the_repository(sqlite_engine: Engine, tmp_path: Path) -> None:
    with FakeGithub() as host:
        hosted, now = host.repo("acme/shop"), lambda: NINE
        client = Github(host.url, token="t", now=now, sleep=lambda _: None)
        with quarter_of(sqlite_engine, tmp_path, client) as quarter:
            process = quarter.processes[0]
            for team in TEAMS:
                process.ask(team, "connect acme/shop")
                process.run("connect")
            assert len(hosted.hooks) == 1
            for ctx, left in zip(process.served.contexts(), (1, 0), strict=True):
                let_go(current(ctx), "U0ALICE", "acme/shop", NINE)
                assert len(hosted.hooks) == left
        client.close()


def test_the_figures_are_of_all_together_and_name_no_workspace_and_no_repository(small: Quarter) -> None:
    process = small.processes[0]
    ask_for_review(process)
    small.wait(0.5)
    process.telemetry.registry.register(SharedFigures(process.served))
    shown = process.telemetry.show()
    assert "weir_open_waits 2.0" in shown
    assert 'weir_webhook_age_seconds{repo="any"} 1800.0' in shown
    assert not [word for word in (ACME, SHOP, "acme", "alice") if word in shown]


def test_a_workspace_that_fails_keeps_no_other_from_its_turn() -> None:
    done: list[str] = []

    def steps(name: str, bits: int) -> Turn:
        def step(_: int) -> Iterator[int]:
            for _ in range(bits):
                done.append(name)
                yield 1
            if name == "bad":
                raise ValueError

        return Turn(name, [step, lambda _: done.append(f"{name} ends") or 1])  # type: ignore[func-returns-value]

    telemetry = Telemetry()
    run_job(Job("tick", 2, lambda: [steps("long", 3), steps("bad", 1), steps("short", 1)]), 0, telemetry)
    assert done == ["long", "bad", "short", "long", "short ends", "long", "long ends"]
    shown = telemetry.show()
    assert 'weir_jobs_total{job="tick",result="failed"} 1.0' in shown
    assert 'weir_jobs_total{job="tick",result="done"} 2.0' in shown


def test_the_doctor_looks_at_every_workspace_and_says_which(small: Quarter) -> None:
    served, now = small.processes[0].served, small.clock.now()
    del small.slack.by_token[token_of(SHOP)]
    found = {finding.about: finding for finding in examine(served, now)}
    assert found["workspaces"].what == "served: T0ACME, T0SHOP"
    assert found["T0ACME, Slack"].level == OK
    assert (found["T0SHOP, Slack"].level, found["T0SHOP, Slack"].advice) == (BROKEN, "have Weir installed again")
    other_key = small.settings.model_copy(update={"weir_secret_key": SecretStr(NEW_KEY)})
    found = {finding.about: finding for finding in examine(installed_of(replace(served.base, settings=other_key)), now)}
    assert "the token of T0SHOP can't be opened" in found["workspaces"].what


@pytest.fixture
def environment(small: Quarter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Quarter:
    """The commands know the quarter."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", small.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("WEIR_WORKSPACES", str(tmp_path / "workspaces.toml"))
    monkeypatch.setenv("WEIR_SECRET_KEY", KEY)
    for name in ("SLACK_BOT_TOKEN", "WEIR_POLICY"):
        monkeypatch.delenv(name, raising=False)
    return small


OF_A_WORKSPACE = (
    "waits acme/shop",
    "backtest acme/shop",
    "metrics acme/shop",
    "export -",
    "rebuild",
    "import log.jsonl",
    "forget dan",
)


def test_a_command_names_its_workspace_where_there_are_several(
    environment: Quarter, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log("log.jsonl", [imported("Acme/shop")])
    ask_for_review(environment.processes[0])
    for words in OF_A_WORKSPACE:
        assert run(words.split()) == 2
        assert capsys.readouterr().err.endswith("name one with --workspace: T0ACME, T0SHOP\n")
        assert run([*words.split(), "--workspace", ACME]) == 0
    assert run(["rebuild", "--workspace", "T0NOBODY"]) == 2
    wrong = "weir: 'T0NOBODY' is not served here; allowed for --workspace: T0ACME, T0SHOP\n"
    assert capsys.readouterr().err.endswith(wrong)


def imported(repo: str) -> FlowEvent:
    return flow_event(repo=repo, item=1, id="1", at=NINE, kind="opened", actor="bob", type="pull_request")


@pytest.mark.parametrize("words", ["run", "doctor", "waits acme/shop"])
def test_without_the_file_of_workspaces_a_command_says_so_in_a_line(
    environment: Quarter, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "GITHUB_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("WEIR_PUBLIC_URL", "https://weir.acme.test")
    monkeypatch.setenv("WEIR_WORKSPACES", "nowhere.toml")
    assert run(words.split()) == 2
    assert capsys.readouterr().err == "weir: nowhere.toml: no such file (WEIR_WORKSPACES names it)\n"


def test_a_log_of_somebody_elses_repository_is_not_taken_in(
    environment: Quarter, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log("log.jsonl", [imported("corner-shop/till")])
    assert run(["import", "log.jsonl", "--workspace", ACME]) == 2
    assert capsys.readouterr().err == (
        "weir: log.jsonl: corner-shop/till is not followed in T0ACME; it follows repositories of acme only\n"
    )
    assert environment.kept() == {ACME: [], SHOP: []}


def test_who_is_forgotten_in_one_workspace_is_still_known_in_the_other(environment: Quarter) -> None:
    ask_for_review(environment.processes[0])
    environment.processes[0].ask(SHOP, "waits")
    assert run(["forget", "bob", "--yes", "--workspace", ACME]) == 0
    with reading(environment.engine) as session:
        actors = {team: {event.actor for event in iterate_all(session, team)} for team in TEAMS}
    assert actors == {ACME: {None}, SHOP: {"bob"}}


def test_a_backup_carries_the_installs_with_their_tokens_sealed(small: Quarter, tmp_path: Path) -> None:
    file = tmp_path / "backup.jsonl"
    write(small.engine, str(file), small.clock.now())
    assert "xoxb-" not in file.read_text()
    engine = make_engine(f"sqlite:///{tmp_path / 'again.db'}")
    restore(engine, str(file))
    again = installed_of(replace(small.processes[0].served.base, engine=engine))
    assert [ctx.messenger.who_am_i()["ok"] for ctx in again.contexts()] == [True, True]
    engine.dispose()


def test_a_workspace_that_comes_while_it_runs_is_read_at_once_and_nudged(sqlite_engine: Engine, tmp_path: Path) -> None:
    with quarter_of(sqlite_engine, tmp_path, teams=()) as quarter:
        quarter.wait(1)
        put_install(quarter.engine, quarter.settings, ACME, quarter.clock.now())
        quarter.clock.advance(seconds=FRESH)
        ask_for_review(quarter.processes[0])
        quarter.processes[1].run("newcomers", "tick")
    assert quarter.heard() == {ACME: 1, SHOP: 0}
