"""The whole program on one machine: a workspace in the browser, a world around it, and Weir between the two.

The program is the one that runs anywhere; only Slack's Web API is answered here, and the clock is the world's.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot import app
from bot.clock import SetClock
from bot.context import Context
from bot.flow.events import FlowEvent
from bot.grammar import VERBS
from bot.grammar.verb import COMMAND
from bot.installing.manifest import manifest_of
from bot.local.desk import Desk
from bot.local.installed import Installed
from bot.local.kept import Shelf
from bot.local.server import Slack
from bot.policy import Policy, parse_policy
from bot.sample import policy_for
from bot.serving.workspaces import OneWorkspace
from bot.settings import Settings
from bot.store.migrate import migrate
from bot.web import Server, application
from bot.world.cast import Cast, cast_of, cast_of_the_sample
from bot.world.course import LEAPS
from bot.world.github import WorldGithub
from bot.world.host import Host
from bot.world.script import Script, file_script, sample_script
from bot.world.story import Story

if TYPE_CHECKING:
    from jobs.schedule import Job

Json = dict[str, Any]


@dataclass(frozen=True)
class Play:
    """What is played: `source` tells it apart from others, as JSON; it begins at `begin` (seconds since 1970 UTC)."""

    source: Json
    script: Script
    cast: Cast
    begin: int


WEEK = 7 * 86_400
BEFORE, AFTER = 4, 26
"""Weeks of the sample's history before the play begins, and weeks that it goes on."""
INTO_THE_WEEK = 34 * 3600
"""Where in its week the play begins: on Tuesday, so that there is a day to leap to the first morning from."""


def sample(seed: int, first: int, policy: Policy | None = None) -> Play:
    """The sample's three teams, whose history begins on Monday `first`; under their own policy unless one is given."""
    weeks = BEFORE + AFTER
    script = sample_script(seed, first, weeks)
    agreed = policy or parse_policy(policy_for(first, 7 * weeks), "the sample's policy")
    begin = first + BEFORE * WEEK + INTO_THE_WEEK
    return Play({"seed": seed, "first": first}, script, cast_of_the_sample(script, agreed), begin)


def log(events: Sequence[FlowEvent], policy: Policy, weeks: int) -> Play:
    """A history of one's own (one event at least), from so many weeks before its end on."""
    script = file_script(events)
    begin = max(script.end - weeks * WEEK, script.events[0].at)
    source = {"events": len(script.events), "first": script.events[0].at, "end": script.end, "weeks": weeks}
    return Play(source, script, cast_of(script, policy), begin)


@dataclass(frozen=True)
class Demo:
    """It runs."""

    slack: Slack
    story: Story
    ctx: Context


def kept_source(folder: Path) -> Json | None:
    """What is played in a folder, where something is."""
    if not (folder / "slack.db").exists():
        return None
    shelf = Shelf(folder / "slack.db")
    try:
        source: Json | None = shelf.get("story", "source")
        return source
    finally:
        shelf.close()


def forget(folder: Path) -> None:
    """Take away what a folder keeps of an earlier play, and nothing else that may lie in it."""
    for name in ("weir.db", "slack.db"):
        for rest in ("", "-wal", "-shm"):
            (folder / f"{name}{rest}").unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        shutil.rmtree(folder)


@contextmanager
def opened(play: Play, folder: Path, *, port: int = 0, limited: bool = False) -> Iterator[Demo]:
    """Run a play in a folder, going on where an earlier run stopped. Raises OSError where the port can't be had."""
    folder.mkdir(parents=True, exist_ok=True)
    shelf, clock = Shelf(folder / "slack.db"), SetClock(play.begin)
    try:
        with (
            _slack(shelf, clock, port, limited=limited) as slack,
            _program(play, slack, clock, folder) as program,
            _story(play, program, slack, shelf) as story,
        ):
            shelf.put("story", "source", play.source)
            slack.desk = Desk(slack, program.installed, _verbs(), _Around(story, _logins(play)), _logins(play))
            yield Demo(slack, story, program.ctx)
    finally:
        shelf.close()


def _slack(shelf: Shelf, clock: SetClock, port: int, *, limited: bool) -> Slack:
    """The workspace, at the address it had before where that is free: a tab that is open finds it again."""
    key = shelf.get("page", "key") or secrets.token_urlsafe(18)
    made = partial(Slack, clock=clock, shelf=shelf, limited=limited, page_key=key,
                   token=f"xoxb-{secrets.token_hex(12)}")  # fmt: skip
    try:
        slack = made(port=port or shelf.get("page", "port") or 0)
    except OSError:
        if port:
            raise
        slack = made()
    shelf.put("page", "key", key)
    shelf.put("page", "port", slack.port)
    return slack


@dataclass(frozen=True)
class _Program:
    """Weir, and the host it takes for GitHub."""

    ctx: Context
    jobs: list[Job]
    installed: Installed
    host: Host
    clock: SetClock
    story: list[Story]
    """The one that what Weir does on the host is told to, once there is one."""


@contextmanager
def _program(play: Play, slack: Slack, clock: SetClock, folder: Path) -> Iterator[_Program]:
    """Weir itself, with its web process; it knows of the workspace by SLACK_API_URL alone."""
    secret, story = secrets.token_hex(16), list[Story]()
    settings = _settings(slack_bot_token=SecretStr(slack.token), slack_signing_secret=SecretStr(secret),
                         slack_api_url=slack.url, database_url=f"sqlite:///{folder / 'weir.db'}")  # fmt: skip
    policy = play.cast.policy
    host = Host(play.script.repos, approvals=lambda repo: policy.rules(repo).approvals_required,
                number_of=play.script.free_number)  # fmt: skip

    def told(deed: Callable[[int], list[FlowEvent]]) -> None:
        story[0].told(deed)

    github = WorldGithub(host, clock.now, told)
    ctx = replace(app.build(settings, clock, policy), github=github)
    migrate(ctx.engine)
    served = OneWorkspace(ctx)
    telemetry = app.telemetry_of(served)
    server = Server(application(app.all_routes(served, telemetry, app.slack_of(served))), "127.0.0.1", 0)
    door = f"http://127.0.0.1:{server.port}"
    installed = Installed(manifest_of(door), f"{door}/slack/events", secret)
    slack.scopes = installed.scopes
    thread = threading.Thread(target=server.serve, args=(ctx.stopping,), name="web")
    thread.start()
    try:
        _people(slack, play.cast)
        yield _Program(ctx, app.jobs_of(served, telemetry, LEAPS), installed, host, clock, story)
    finally:
        ctx.stopping.set()
        thread.join()
        installed.close()
        ctx.engine.dispose()


def _settings(**known: Any) -> Settings:
    """Settings of which nothing comes from the environment: what holds for somebody's Weir is not for a play."""
    return Settings(**{**{name: field.default for name, field in Settings.model_fields.items()}, **known})


def _people(slack: Slack, cast: Cast) -> None:
    """Everybody and every channel, as far as they are not there already."""
    for place, member in enumerate(cast.members):
        if member.id not in slack.users:
            slack.add_user(member.id, name=member.name, real_name=member.name.title(), tz=member.zone,
                           is_admin=place == 0, profile={"email": f"{member.name}@acme.example"})  # fmt: skip
    for id, name in cast.rooms.items():
        if id not in slack.channels:
            slack.add_channel(id, name=name)


@contextmanager
def _story(play: Play, program: _Program, slack: Slack, shelf: Shelf) -> Iterator[Story]:
    """The story, up to where it was left; or from its beginning, on to the first morning."""
    kept = shelf.get("story", "kept")
    story = Story(
        program.ctx, program.clock, play.script, program.host, program.jobs,
        posted=lambda: slack.posts, changed=slack.touch, keep=lambda kept: shelf.put("story", "kept", kept),
    )  # fmt: skip
    program.story.append(story)
    story.begin(kept)
    try:
        yield story
    finally:
        story.stop()


def _verbs() -> dict[str, list[Json]]:
    return {COMMAND: [{"name": verb.entry.name, "usage": verb.entry.usage, "does": verb.entry.does}
                      for verb in VERBS.values()]}  # fmt: skip


def _logins(play: Play) -> dict[str, str]:
    return {member.id: member.login for member in play.cast.members}


@dataclass(frozen=True)
class _Around:
    """The world as the page sees it and moves it."""

    story: Story
    logins: Mapping[str, str]

    def clock(self) -> Json:
        return self.story.shown()

    def host(self, user: str) -> Json:
        return self.story.host_shown(self.logins.get(user))

    def do(self, user: str, told: Json) -> None:
        if told.get("do") == "clock":
            self.story.to(str(told.get("to")))
        else:
            own = {key: value for key, value in told.items() if key not in ("do", "as", "act")}
            self.story.act(self.logins.get(user), str(told.get("act")), **own)
