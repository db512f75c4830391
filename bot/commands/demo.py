"""`weir demo`: the whole program on this machine, with nothing else needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.commands.options import events_option, policy_option, read_events, read_policy

if TYPE_CHECKING:
    from rich.console import Console

    from bot.demo import Cast, Stage
    from bot.flow.events import FlowEvent
    from bot.policy import Policy
    from bot.views.message import Message

WEEK = 7 * 86_400
BEFORE = 4
"""Weeks of the sample's history that lie before the weeks that are shown."""


@click.command(epilog="Example: weir demo --events history.jsonl.gz --weeks 4")
@events_option
@policy_option
@click.option("--weeks", type=click.IntRange(1, 520), default=1, show_default=True, help="How many weeks to play.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another sample of the three teams.")
def demo(events_file: str | None, policy_file: str | None, weeks: int, seed: int) -> None:
    """Play a history through the whole program: what each person would get, and when."""
    from bot.demo import cast_of
    from bot.views.terminal import Terminal

    if events_file is None:
        events, policy, end = _sample(weeks, seed, policy_file)
    else:
        events, policy = read_events(events_file, None), read_policy(policy_file)
        end = max((event.at for event in events), default=0) + 1
    if not events:
        click.echo("Nothing to play: the log holds no events.")
        return
    start = max(end - weeks * WEEK, min(event.at for event in events))
    _play(Terminal(highlight=False), events, cast_of(events, policy), start, end)


def _sample(weeks: int, seed: int, policy_file: str | None) -> tuple[list[FlowEvent], Policy, int]:
    from bot.flow.events import parse_instant
    from bot.policy import parse_policy
    from bot.sample import generate, policy_for

    begin, days = parse_instant("2026-03-02T00:00:00Z"), 7 * (BEFORE + weeks)
    own = parse_policy(policy_for(begin, days), "the sample's policy")
    return generate(seed, begin, days), read_policy(policy_file) if policy_file else own, begin + days * 86_400


def _play(console: Console, events: list[FlowEvent], cast: Cast, start: int, end: int) -> None:
    import tempfile
    from pathlib import Path

    from rich.progress import BarColumn, Progress, TextColumn

    from bot.app import playing
    from bot.clock import SetClock
    from bot.demo import Stage, play
    from bot.logs import quiet
    from bot.views.words import local_minute

    quiet()
    zone = cast.policy.calendar.zone
    clock = SetClock(start)
    told: set[str] = set()
    stage = Stage(clock, lambda channel, message, edit: _show(console, cast, clock.now(), channel, message, edit, told))
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, bar:
        ctx, tick = playing(f"sqlite:///{Path(folder) / 'demo.db'}", cast.policy, clock, stage)
        task = bar.add_task("", total=end - start)
        for now in play(ctx, clock, events, start, end, tick):
            bar.update(task, completed=now - start, description=f"{local_minute(now, zone)} {zone.key}")
        ctx.engine.dispose()
    _sum_up(console, stage)


def _sum_up(console: Console, stage: Stage) -> None:
    from bot.views.words import counted

    direct = [count for name, count in stage.posts.items() if name.startswith("D")]
    if not stage.posts:
        console.print("Nothing to send: nobody had anything wait for them too long in the time that was played.")
        return
    console.print(
        f"\n{counted(stage.posts.total(), 'message')}: {sum(direct):,} to {counted(len(direct), 'person', 'people')}, "
        f"{stage.posts.total() - sum(direct):,} to channels; "
        f"{counted(stage.edits, 'edit')} in place (✓) as things got done."
    )


def _show(
    console: Console, cast: Cast, now: int, channel: str, message: Message, edit: bool, told: set[str]
) -> None:  # fmt: skip
    """A new message in a frame; of an edited one, what is over and was not `told` there yet."""
    from rich.padding import Padding
    from rich.text import Text

    from bot.views.terminal import marked, settled, shown

    name = cast.names.get(channel, channel)
    place = cast.policy.team_calendar(name[1:]) if name.startswith("#") else cast.policy.person(name).calendar
    when = place.local(now).strftime("%a %d %b %H:%M")
    if edit:
        news = [line for line in settled(message) if f"{channel} {line}" not in told]
        told.update(f"{channel} {line}" for line in news)
        for line in news:
            text = Text.assemble(("✓ ", "green"), (f"{when} {name}  ", "dim"), marked(line))
            console.print(Padding(text, (0, 2, 0, 2), expand=False))
    else:
        style = "yellow" if name.startswith("#") else "cyan"
        console.print(shown(message, f"{when} ({place.timezone})  {name}", style))
