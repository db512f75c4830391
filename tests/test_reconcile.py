"""Reconciling: what the host shows and the log lacks becomes events; nothing is told twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fake_github import FakeGithub
from fake_github_model import check_run as host_run
from github_payloads import check_run, pull_request, repository, signed

from bot import app, intake
from bot.clock import SetClock
from bot.context import Context
from bot.flow.events import FlowEvent, parse_instant
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.incoming.catchup import Tally
from bot.policy import parse_policy
from bot.settings import Settings
from bot.store import repos
from bot.store.engine import reading
from bot.store.events import iterate_all
from bot.store.migrate import migrate
from bot.store.repos import GONE, GONE_INDEED
from bot.store.tables import RepoRow, WaitRow
from jobs import reconcile

NOW = parse_instant("2026-03-02T14:00:00Z")
HOUR, DAY = 3600, 86_400
POLICY = '[targets]\nreview = "8h"\n[repos."acme/shop"]\n'


@dataclass
class Bench:
    """A program with nothing but its database and a GitHub."""

    ctx: Context
    github: FakeGithub

    def run(self, fresh: int = 0) -> Tally:
        return reconcile.run(self.ctx, self.ctx.clock.now(), fresh)

    def events(self) -> list[FlowEvent]:
        with reading(self.ctx.engine) as session:
            return list(iterate_all(session, self.ctx.workspace))

    def repo(self, name: str = "acme/shop") -> RepoRow | None:
        with reading(self.ctx.engine) as session:
            return session.get(RepoRow, (self.ctx.workspace, "github", name))

    def waits(self) -> list[WaitRow]:
        with reading(self.ctx.engine) as session:
            return session.query(WaitRow).all()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/weir.db")
    clock = SetClock(NOW)
    with FakeGithub() as github, httpx.Client(timeout=30) as http:
        ctx = app.build(settings, clock)
        client = Github(github.url, token="token", now=clock.now, sleep=lambda seconds: None, http=http)
        migrate(ctx.engine)
        yield Bench(replace(ctx, policy=parse_policy(POLICY, "test"), github=client), github)
        ctx.engine.dispose()


def test_without_a_token_nothing_is_read(bench: Bench) -> None:
    assert reconcile.run(replace(bench.ctx, github=None), NOW) == Tally()


def test_the_first_reading_brings_the_history_and_nudges_nobody_about_what_was_breached_before(bench: Bench) -> None:
    pull = bench.github.repo("acme/shop").pull(12, at=NOW - 20 * DAY)
    pull.request("alice", at=NOW - 20 * DAY)
    done = bench.run()
    assert (done.repos, done.events, done.calls) == (1, 2, 1)
    assert [event.id.split(":")[0] for event in bench.events()] == ["opened", "review_requested"]
    (wait,) = bench.waits()
    assert (wait.backlog, wait.next_nudge_at) == (True, None)
    row = bench.repo()
    assert row is not None
    assert (row.history_read_at, row.read_until, row.cursor) == (NOW, NOW, None)


def test_a_second_reading_finds_nothing_new_and_one_after_an_act_finds_that_act(bench: Bench) -> None:
    pull = bench.github.repo("acme/shop").pull(12, at=NOW - DAY)
    bench.run()
    assert bench.run().events == 0
    bench.ctx.clock.advance(hours=1)  # type: ignore[union-attr]
    pull.request("alice", at=NOW + 600)
    assert bench.run().events == 1
    (wait,) = [wait for wait in bench.waits() if wait.until is None]
    assert (wait.kind, wait.holder, wait.backlog, wait.next_nudge_at is not None) == ("review", "alice", False, True)


def test_what_a_webhook_told_already_is_not_told_again(bench: Bench) -> None:
    pull = bench.github.repo("acme/shop").pull(12, at=NOW - HOUR, title="Fix rounding in totals")
    head = pull.node["headRefOid"]
    payload = pull_request("opened", 12, actor="bob", head=head, opened_at=NOW - HOUR, at=NOW - HOUR)
    intake.take_delivery(bench.ctx, parse(*told(payload), NOW), NOW)
    assert bench.run().events == 0
    assert len(bench.events()) == 1


def told(payload: object) -> tuple[dict[str, str], bytes]:
    from github_payloads import signed

    return signed("secret", "pull_request", payload)  # type: ignore[arg-type]


def test_a_repository_heard_of_by_webhook_is_read_too(bench: Bench) -> None:
    bench.github.repo("acme/shop")
    bench.github.repo("acme/till").pull(7, at=NOW - HOUR)
    payload = pull_request("opened", 9, "acme/till", actor="bob", opened_at=NOW - HOUR, at=NOW - HOUR)
    intake.take_delivery(bench.ctx, parse(*told(payload), NOW), NOW)
    assert bench.run().repos == 2
    assert {event.item for event in bench.events()} == {7, 9}


def test_a_reading_stopped_in_the_middle_goes_on_where_it_was(bench: Bench) -> None:
    for number in range(1, 61):
        bench.github.repo("acme/shop").pull(number, at=NOW - HOUR)
    bench.github.fail(401, only=lambda call: bool(call.variables.get("openAfter")))
    assert bench.run().repos == 0
    row = bench.repo()
    assert row is not None
    assert row.cursor is not None
    read = {event.item for event in bench.events()}
    bench.github.calls.clear()
    assert bench.run().repos == 1
    assert len(read) == 25
    assert len(bench.events()) == 60
    assert all(call.variables.get("openAfter") for call in bench.github.queries)


def test_a_repository_that_is_gone_says_so_once_and_is_tried_again(bench: Bench) -> None:
    with structlog.testing.capture_logs() as lines:
        bench.run()
        bench.run()
    assert [line["event"] for line in lines] == ["repository not readable"]
    row = bench.repo()
    assert row is not None
    assert row.problem is not None
    bench.github.repo("acme/shop").pull(12, at=NOW - HOUR)
    assert bench.run().repos == 1
    row = bench.repo()
    assert row is not None
    assert row.problem is None


def gone(bench: Bench, repo: str) -> str | None:
    """The host tells that a repository was deleted, or somebody who caught that; what is wrong with it then."""
    headers, body = signed("secret", "repository", {**repository("deleted", repo), "caught": repo})
    intake.take_delivery(bench.ctx, parse(headers, body, NOW), NOW)
    row = bench.repo(repo)
    assert row is not None
    return row.problem


def test_one_that_is_told_to_be_gone_is_asked_about_and_that_counts_once(bench: Bench) -> None:
    bench.github.repo("acme/till").pull(7, at=NOW - HOUR)
    heard = pull_request("opened", 9, "acme/till", actor="bob", opened_at=NOW - HOUR, at=NOW - HOUR)
    intake.take_delivery(bench.ctx, parse(*told(heard), NOW), NOW)
    bench.run()
    assert gone(bench, "acme/till") == GONE
    bench.run(fresh=240)
    row = bench.repo("acme/till")
    assert row is not None
    assert (row.connected, row.problem) == (True, None), "the host shows it"
    assert gone(bench, "acme/till") is None, "this was told before"


def test_one_that_is_gone_indeed_stays_so_and_is_asked_about_once(bench: Bench) -> None:
    bench.github.repo("acme/shop")
    heard = pull_request("opened", 9, "acme/absent", actor="bob", opened_at=NOW - HOUR, at=NOW - HOUR)
    intake.take_delivery(bench.ctx, parse(*told(heard), NOW), NOW)
    assert gone(bench, "acme/absent") == GONE
    for calls in (2, 1):
        bench.github.calls.clear()
        bench.run()
        assert len(bench.github.calls) == calls
        with reading(bench.ctx.engine) as session:
            assert repos.lost(session, "default") == {("github", "acme/absent")}
    row = bench.repo("acme/absent")
    assert row is not None
    assert row.problem == GONE_INDEED


def test_one_whose_app_was_taken_away_unheard_of_is_lost_until_it_is_back(bench: Bench) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    app = Github(bench.github.url, app_id="9", private_key=pem, now=bench.ctx.clock.now, sleep=lambda seconds: None)
    bench.ctx, bench.github.token_ends = replace(bench.ctx, github=app), NOW + DAY
    bench.github.repo("acme/shop")
    found = []
    for installed in ({"acme": 7}, {}, {}, {"acme": 8}):
        bench.github.installations, bench.github.tokens = installed, set()
        bench.run()
        with reading(bench.ctx.engine) as session:
            found.append(repos.lost(session, "default"))
    app.close()
    assert found == [set(), {("github", "acme/shop")}, {("github", "acme/shop")}, set()]


def test_one_that_can_not_be_read_does_not_keep_the_others_from_being_read(bench: Bench) -> None:
    ctx = replace(bench.ctx, policy=parse_policy(POLICY + '[repos."acme/absent"]\n', "test"))
    bench.github.repo("acme/shop").pull(12, at=NOW - HOUR)
    assert reconcile.run(ctx, NOW).repos == 1


def test_a_rate_limit_ends_the_run_and_the_next_one_goes_on(bench: Bench) -> None:
    bench.github.repo("acme/shop").pull(12, at=NOW - HOUR)
    bench.github.fail(403, times=4, headers={"Retry-After": "3000"})
    with structlog.testing.capture_logs() as lines:
        assert bench.run().repos == 0
    assert [line.get("retry_after") for line in lines] == [3000]
    bench.github.faults.clear()
    assert bench.run().repos == 1


def test_what_another_process_read_a_moment_ago_is_left_alone(bench: Bench) -> None:
    bench.github.repo("acme/shop")
    assert bench.run().repos == 1
    bench.ctx.clock.advance(minutes=3)  # type: ignore[union-attr]
    assert bench.run(fresh=240).repos == 0
    bench.ctx.clock.advance(minutes=3)  # type: ignore[union-attr]
    assert bench.run(fresh=240).repos == 1


def test_it_stops_between_two_pages_when_the_program_ends(bench: Bench) -> None:
    for number in range(1, 61):
        bench.github.repo("acme/shop").pull(number, at=NOW - HOUR)
    bench.ctx.stopping.set()
    assert bench.run().repos == 0
    assert bench.events() == []


def test_a_check_found_to_be_optional_turns_nothing_red_again(bench: Bench) -> None:
    pull = bench.github.repo("acme/shop").pull(12, at=NOW - HOUR)
    bench.run()

    def fails(name: str, at: int) -> None:
        payload = check_run(name=name, conclusion="failure", sha=pull.node["headRefOid"], numbers=(12,), at=at)
        headers, body = signed("secret", "check_run", payload)
        intake.take_delivery(bench.ctx, parse(headers, body, at), at)
        intake.settle(bench.ctx, at)

    def kinds() -> list[str]:
        return [event.kind for event in bench.events() if event.kind.startswith("checks")]

    fails("lint", NOW)
    assert kinds() == ["checks_failed"]  # nobody has told yet that lint is optional
    pull.checks([host_run("lint", "FAILURE", NOW, required=False)])
    bench.ctx.clock.advance(minutes=5)
    bench.run()
    assert kinds() == ["checks_failed", "checks_passed"]
    fails("lint", NOW + HOUR)
    assert kinds() == ["checks_failed", "checks_passed"]
    fails("tests", NOW + HOUR)
    assert kinds() == ["checks_failed", "checks_passed", "checks_failed"]


# Issues


def test_issues_are_read_beside_pull_requests(bench: Bench) -> None:
    repo = bench.github.repo("acme/shop")
    issue = repo.issue(7, at=NOW - 3 * DAY)
    repo.pull(12, at=NOW - 2 * DAY).closes(issue)
    issue.mentioned(repo.pulls[12], NOW - DAY)
    done = bench.run()
    assert (done.calls, done.events) == (1, 3)
    (link,) = [event for event in bench.events() if event.kind == "linked"]
    assert (link.item, link.at, link.approximate, link.data) == (12, NOW - DAY, False, {"issue": 7})
    bench.ctx.clock.advance(hours=1)  # type: ignore[union-attr]
    issue.close(NOW + 600, reason="completed")
    assert bench.run().events == 1
    assert [event.data for event in bench.events() if event.kind == "closed"] == [{"reason": "completed"}]
    assert bench.run().events == 0


def test_an_issue_that_went_unheard_is_closed(bench: Bench) -> None:
    repo = bench.github.repo("acme/shop")
    for number in range(1, 121):
        repo.issue(number, at=NOW - 2 * DAY)
    bench.run()
    bench.github.calls.clear()
    assert bench.run().events == 0
    assert len(bench.github.calls) == 3
    del repo.issues[7], repo.issues[110]
    bench.ctx.clock.advance(hours=1)  # type: ignore[union-attr]
    repo.issues[8].close(NOW + 600)
    assert bench.run().events == 3
    closed = {event.item: event.data for event in bench.events() if event.kind == "closed"}
    assert closed == {7: {"reason": "gone"}, 110: {"reason": "gone"}, 8: {}}
    assert bench.run().events == 0
    assert len(bench.github.calls) == 3 + 3 + 2 + 3, "only where there are fewer than known is it asked which went"


def test_issues_of_a_first_reading_go_back_as_far_as_pull_requests(bench: Bench) -> None:
    repo = bench.github.repo("acme/shop")
    repo.issue(1, at=NOW - 400 * DAY)
    repo.issue(2, at=NOW - 400 * DAY).close(NOW - 80 * DAY)
    repo.issue(3, at=NOW - 400 * DAY).close(NOW - 100 * DAY)
    bench.run()
    assert {event.item for event in bench.events()} == {1, 2}


def test_a_reading_of_issues_stopped_in_the_middle_goes_on_where_it_was(bench: Bench) -> None:
    for number in range(1, 121):
        bench.github.repo("acme/shop").issue(number, at=NOW - HOUR)
    bench.github.fail(401, only=lambda call: bool(call.variables.get("openIssuesAfter")))
    assert bench.run().repos == 0
    assert len(bench.events()) == 50
    bench.github.calls.clear()
    assert bench.run().repos == 1
    assert len(bench.events()) == 120
    assert all(call.variables.get("openIssuesAfter") for call in bench.github.queries)
