"""`weir doctor` and `weir manifest`."""

from __future__ import annotations

import re

import click

from bot.commands import Refused

_PUBLIC = re.compile(r"https://[\w.-]+(:\d+)?(/[\w.~/-]*)?", re.ASCII)


@click.command(epilog="Example: weir doctor")
@click.pass_context
def doctor(click_ctx: click.Context) -> None:
    """Check settings, tokens, scopes, webhooks, clock, database and who is not mapped; say what to do about each."""
    from bot.app import build, workspaces_of
    from bot.checking.doctor import BROKEN, examine, render
    from bot.commands.environment import read_settings
    from bot.policy import BadPolicy

    try:
        ctx = build(read_settings())
        served = workspaces_of(ctx)
    except BadPolicy as error:
        raise Refused(str(error)) from None
    findings = examine(served, ctx.clock.now())
    ctx.engine.dispose()
    click.echo(render(findings))
    if any(finding.level == BROKEN for finding in findings):
        click_ctx.exit(1)


@click.command(epilog="Example: weir manifest --url https://weir.acme.test > manifest.json")
@click.option("--url", metavar="URL", help="Where Slack reaches `weir web` [default: WEIR_PUBLIC_URL]")
@click.option("--socket-mode", is_flag=True, help="For Socket Mode, which needs no public address.")
def manifest(url: str | None, socket_mode: bool) -> None:
    """Print the Slack app manifest: make the app from it at https://api.slack.com/apps."""
    import json

    from bot.commands.environment import read_settings
    from bot.installing.manifest import manifest_of

    if url and socket_mode:
        raise Refused("name either --url URL or --socket-mode, not both")
    settings = read_settings()
    address = None if socket_mode else url or settings.weir_public_url
    if not socket_mode and not address:
        raise Refused("name --url URL (or set WEIR_PUBLIC_URL), or --socket-mode where Slack can't reach this machine")
    if address and not _PUBLIC.fullmatch(address):
        raise Refused(f"the address is {address!r}; Slack calls addresses such as https://weir.example.com only")
    several = settings.weir_workspaces is not None
    if several and not (address or settings.weir_public_url):
        raise Refused("WEIR_WORKSPACES is set: set WEIR_PUBLIC_URL too, to which Slack sends whoever installs Weir")
    installed_at = address or settings.weir_public_url if several else None
    click.echo(json.dumps(manifest_of(address, installed_at), indent=2, ensure_ascii=False))
