"""The app manifest asks for exactly what the messenger needs."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

from bot.installing.manifest import EVENT_SCOPES, METHOD_SCOPES, manifest_of, scopes
from handlers.commands import COMMAND

ROOT = Path(__file__).parent.parent


def methods_called() -> set[str]:
    """The methods that `bot/messenger.py` calls on Slack's client."""
    tree = ast.parse((ROOT / "bot/messenger.py").read_text())
    called = [
        node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    passed = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {
        node.attr
        for node in (*called, *passed)
        if isinstance(node.value, ast.Attribute) and node.value.attr == "_client" and node.attr != "proxy"
    }


def test_every_method_that_is_called_has_its_scopes_and_no_scope_is_idle() -> None:
    assert methods_called() == set(METHOD_SCOPES)
    assert manifest_of(None)["oauth_config"]["scopes"]["bot"] == scopes()
    assert scopes() == [
        "app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "dnd:read", "files:write",
        "groups:history", "groups:read", "im:history", "im:write", "users:read", "users:read.email",
    ]  # fmt: skip


def test_only_the_messenger_makes_calls_to_slack() -> None:
    clients = [
        path.relative_to(ROOT).as_posix()
        for top in ("bot", "handlers", "jobs")
        for path in (ROOT / top).rglob("*.py")
        if "WebClient" in path.read_text()
    ]
    # Bolt wants a client at hand; its listeners answer by acknowledging and never use it. Before there is a token for a
    # messenger, an install exchanges its code for one.
    assert sorted(clients) == ["bot/installing/oauth.py", "bot/messenger.py", "handlers/slack.py"]


def test_over_http_everything_comes_to_one_address() -> None:
    manifest = manifest_of("https://weir.acme.test/")
    (command,) = manifest["features"]["slash_commands"]
    door = "https://weir.acme.test/slack/events"
    assert (command["command"], command["url"]) == (COMMAND, door)
    assert manifest["settings"]["interactivity"] == {"is_enabled": True, "request_url": door}
    assert manifest["settings"]["event_subscriptions"]["request_url"] == door
    assert manifest["settings"]["socket_mode_enabled"] is False


def test_in_socket_mode_no_address_is_named() -> None:
    manifest = manifest_of(None)
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(manifest)


def test_slack_tells_of_what_weir_may_know() -> None:
    """The events, and the scopes that Slack's reference names for each."""
    events = [
        "app_home_opened", "app_mention", "app_uninstalled", "dnd_updated_user", "message.im", "tokens_revoked",
        "user_change",
    ]  # fmt: skip
    assert manifest_of(None)["settings"]["event_subscriptions"] == {"bot_events": events}
    assert list(EVENT_SCOPES.items()) == [
        ("app_home_opened", ()), ("app_mention", ("app_mentions:read",)), ("app_uninstalled", ()),
        ("dnd_updated_user", ("dnd:read",)),
        ("message.im", ("im:history",)), ("tokens_revoked", ()), ("user_change", ("users:read",)),
    ]  # fmt: skip


def test_the_hint_of_the_command_names_the_main_verbs_and_is_short() -> None:
    (command,) = manifest_of(None)["features"]["slash_commands"]
    assert command["usage_hint"] == "waits | why ITEM | map NAME | connect REPO | help"
    assert len(command["usage_hint"]) <= 1_000


def test_there_is_a_home() -> None:
    assert manifest_of(None)["features"]["app_home"]["home_tab_enabled"] is True


def test_people_can_be_written_to() -> None:
    home = manifest_of(None)["features"]["app_home"]
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False


def weir_manifest(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "manifest", *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_the_command_prints_it_as_json_for_either_way() -> None:
    assert json.loads(weir_manifest("--socket-mode").stdout) == manifest_of(None)
    url = "https://weir.acme.test"
    assert json.loads(weir_manifest("--url", url).stdout) == manifest_of(url)
    assert json.loads(weir_manifest(WEIR_PUBLIC_URL=url).stdout) == manifest_of(url)


def test_the_command_refuses_what_it_can_not_make_a_manifest_of_in_one_line() -> None:
    for arguments in ((), ("--url", "https://a.test", "--socket-mode"), ("--url", "http://weir.acme.test"), ("--url",)):
        done = weir_manifest(*arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
