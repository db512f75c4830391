"""`weir demo`: the whole program on this machine, in a workspace in the browser; nothing else is needed."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.commands import Failed, Refused
from bot.commands.options import Whole, events_option, policy_option, read_events, read_policy

if TYPE_CHECKING:
    from bot.demo import Demo, Play

FOLDER = "weir-demo"


@click.command(epilog="Example: weir demo --events history.jsonl.gz --weeks 4")
@events_option
@policy_option
@click.option("--weeks", type=Whole(1, 520), help="How many weeks before its end a log begins to be played [1].")
@click.option("--seed", type=Whole(0, 2**31), help="Another sample of the three teams [1].")
@click.option("--fresh", is_flag=True, help="Start over.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True,
              help="The folder it is kept in until it is started over.")  # fmt: skip
@click.option("--port", type=Whole(0, 65_535), default=0, help="Where the page is [any free port].")
@click.option("--no-browser", is_flag=True, help="Print the address and open no browser.")
@click.option("--rate-limits", is_flag=True, help="Keep Slack's rate limits, too.")
def demo(
    events_file: str | None, policy_file: str | None, weeks: int | None, seed: int | None, fresh: bool, data: Path,
    port: int, no_browser: bool, rate_limits: bool,
) -> None:  # fmt: skip
    """Try it without Slack: a small workspace in the browser, with the whole program behind it."""
    from bot.demo import forget

    if events_file is None and weeks is not None:
        raise Refused("--weeks belongs to --events: it says where in a log of yours the play begins")
    if events_file is not None and seed is not None:
        raise Refused("--seed belongs to the sample; with --events there is none")
    kept = _kept(data, fresh)
    play = _sample(seed, policy_file, kept) if events_file is None else _log(events_file, policy_file, weeks or 1)
    if kept is not None and kept != play.source:
        raise Refused(f"{data} holds {_named(kept)}; --fresh starts over, --data DIR keeps this one elsewhere")
    if fresh:
        forget(data)
    _run(play, data, port, no_browser, rate_limits, goes_on=kept is not None)


def _kept(data: Path, fresh: bool) -> dict[str, Any] | None:
    """What is played in a folder and to go on, where something is. Raises Refused where it is no place for a demo."""
    import sqlite3

    from bot.demo import kept_source

    try:
        if (data / "weir.db").exists() and not (data / "slack.db").exists():
            raise Refused(f"{data} holds a weir.db that is no demo's; --data DIR names another folder")
        return None if fresh else kept_source(data)
    except OSError as error:
        raise Refused(f"--data {data}: {(error.strerror or str(error)).lower()}; allowed is a folder") from None
    except sqlite3.DatabaseError as error:
        raise Refused(f"{data / 'slack.db'} is no demo's ({error}); --data DIR names another folder") from None


def _sample(seed: int | None, policy_file: str | None, kept: dict[str, Any] | None) -> Play:
    """The three teams: those of an earlier start where there was one and nothing else is asked for."""
    from bot.demo import sample

    before = kept if kept is not None and "seed" in kept else {"seed": 1, "first": _monday()}
    chosen = before["seed"] if seed is None else seed
    return sample(chosen, before["first"], read_policy(policy_file) if policy_file else None)


def _monday() -> int:
    """The Monday so many weeks before this week's, at midnight UTC: the play is about now."""
    from bot.clock import SystemClock
    from bot.demo import BEFORE

    today = datetime.fromtimestamp(SystemClock().now(), UTC).date()
    monday = today - timedelta(days=today.weekday() + 7 * BEFORE)
    return int(datetime(monday.year, monday.month, monday.day, tzinfo=UTC).timestamp())


def _log(events_file: str, policy_file: str | None, weeks: int) -> Play:
    from bot.demo import log

    events = read_events(events_file)
    if not events:
        raise Refused(f"{events_file} holds no events, so there is nothing to play")
    return log(events, read_policy(policy_file), weeks)


def _named(kept: dict[str, Any]) -> str:
    if "seed" in kept:
        return f"the sample with seed {kept['seed']}"
    return f"a log of {kept['events']:,} events played from {kept['weeks']} weeks before its end"


def _run(play: Play, folder: Path, port: int, no_browser: bool, limited: bool, *, goes_on: bool) -> None:
    """Play until Ctrl-C."""
    import webbrowser

    from bot.demo import opened
    from bot.logs import quiet
    from bot.settings import Settings

    quiet(Settings())
    click.echo("Weir is getting up …", err=True)
    try:
        with opened(play, folder, port=port, limited=limited) as running:
            click.echo(f"A workspace with Weir in it is at {running.slack.page_url}")
            click.echo(f"Ctrl-C ends it; what happens is kept in {folder}, and --fresh starts over.")
            if not no_browser:
                webbrowser.open(running.slack.page_url)
            _live(running, goes_on=goes_on)
    except OSError as error:
        raise Failed(f"{error.filename or f'port {port}'}: {(error.strerror or str(error)).lower()}") from None


def _live(running: Demo, *, goes_on: bool) -> None:
    """Play until the end is asked for."""
    from bot.serving.running import stop_on_signals

    running.story.start()
    if not goes_on:
        running.story.to("morning")
    stopping = threading.Event()
    with stop_on_signals(stopping):
        # Not `stopping.wait()`: a signal's handler may not set an event that its own thread waits for.
        while not stopping.is_set():
            time.sleep(0.2)
    click.echo("\nStopped; the next `weir demo` goes on from here.", err=True)
