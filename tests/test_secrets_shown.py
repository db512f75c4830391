"""No secret is in what the program says, logs, exports or stores."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from threading import Event

import pytest
from program import wait_until
from sqlalchemy import Engine

from bot.__main__ import run, weir
from bot.installing.secrets import vault_of
from bot.serving import running
from bot.settings import Settings
from bot.store import installs
from bot.store.engine import make_engine, writing
from bot.store.installs import Install
from bot.web import Server

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-shown-nowhere-1",
    "SLACK_SIGNING_SECRET": "shown-nowhere-2",
    "SLACK_APP_TOKEN": "xapp-shown-nowhere-3",
    "GITHUB_TOKEN": "ghp-shown-nowhere-4",
    "GITHUB_WEBHOOK_SECRET": "shown-nowhere-5",
    "SLACK_CLIENT_SECRET": "shown-nowhere-6",
    "WEIR_SECRET_KEY": f"shown-nowhere-7{'x' * 28}=",
    "GITHUB_APP_PRIVATE_KEY": "-----BEGIN RSA PRIVATE KEY-----\nshown-nowhere-10\n-----END RSA PRIVATE KEY-----\n",
}
NOWHERE = "shown-nowhere"
PROGRAMS = ("run", "web", "worker")
COMMANDS = (
    "migrate", "import log.jsonl", "export all.jsonl", "backup all.backup", "doctor", "rebuild", "waits acme/shop",
    "backtest acme/shop", "metrics acme/shop", "restore all.backup", "restore log.jsonl", "rotate-key", "new-key",
    "forget bob", "manifest --socket-mode", "web", "worker", "demo --data log.jsonl",
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small log, and an environment with every secret there is."""
    monkeypatch.chdir(tmp_path)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_APP_ID", "7")
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("WEIR_METRICS_PORT", "0")
    closed = "http://127.0.0.1:9/"
    for name in ("SLACK_API_URL", "GITHUB_API_URL"):
        monkeypatch.setenv(name, closed)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/weir.db")
    fact = {"host": "github", "repo": "acme/shop", "item": 1, "id": "o", "at": "2026-03-02T08:00:00Z"}
    opened = {**fact, "kind": "opened", "actor": "bob", "type": "pull_request"}
    (tmp_path / "log.jsonl").write_text(json.dumps(opened))
    return tmp_path


def without_app(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"):
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_APP", "a token alone"),
        ("GITHUB_TOKEN", ""),
        ("DATABASE_URL", "postgresql://weir:shown-nowhere-7@127.0.0.1:9/weir"),
        ("DATABASE_URL", "mysql://weir:shown-nowhere-7@127.0.0.1/weir"),
        ("GITHUB_APP_ID", ""),
        ("WEIR_PUBLIC_URL", "shown-nowhere-8"),
        ("WEIR_SECRET_KEY", "shown-nowhere-9"),
        ("WEIR_WORKSPACES", "shown-to-all.toml"),
    ],
)
def test_no_command_shows_one(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
    name: str, value: str,
) -> None:  # fmt: skip
    monkeypatch.setenv(name, value)
    if name == "GITHUB_APP":
        without_app(monkeypatch)
    for words in COMMANDS:
        run(words.split())
    assert shown(place, capsys, caplog) == []


def shown(place: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> list[str]:
    """Every output, log and file that a secret is in."""
    said = capsys.readouterr()
    told = [said.out, said.err, caplog.text, *(file.read_bytes().decode(errors="replace") for file in place.iterdir())]
    return [text for text in told if NOWHERE in text]


def test_no_command_shows_the_token_of_an_installed_workspace(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    monkeypatch.setenv("WEIR_PUBLIC_URL", "https://weir.acme.test")
    monkeypatch.setenv("WEIR_WORKSPACES", "workspaces.toml")
    (place / "workspaces.toml").write_text('[workspaces.T0ACME]\nowners = ["acme"]\n')
    assert run(["migrate"]) == 0
    engine = make_engine(f"sqlite:///{place}/weir.db")
    with writing(engine) as session:
        token = vault_of(Settings()).seal("xoxb-shown-nowhere-8")
        installs.put(session, "T0ACME", Install("T0ACME", "Acme", "A0WEIR", "U0WEIR", token, "commands", "U0ALICE", 1))
    engine.dispose()
    for words in ("import log.jsonl", "doctor", "backup all.backup", "waits acme/shop", "rotate-key", "manifest"):
        run(words.split())
    assert '"A0WEIR"' in (place / "all.backup").read_text()
    assert shown(place, capsys, caplog) == []


def test_every_command_is_tried() -> None:
    assert {words.split()[0] for words in (*COMMANDS, *PROGRAMS)} == {*weir.commands}


NO_SOCKET, BAD_KEY = "no socket to Slack yet", "the private key of the GitHub App can't be read"


@pytest.mark.parametrize(
    ("command", "app", "tells"),
    [("run", True, BAD_KEY), ("run", False, NO_SOCKET), ("web", False, NO_SOCKET), ("worker", True, BAD_KEY)],
    ids=["run with an App", "run with a token", "web", "worker"],
)
def test_no_program_shows_one_while_all_it_leans_on_is_away(
    place: Path, postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch, command: str, app: bool, tells: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_engine.url.render_as_string(hide_password=False))
    if not app:
        without_app(monkeypatch)
    (place / "weir.toml").write_text('[repos."acme/shop"]\nchannel = "C0TEAM"\n')
    assert run(["import", "log.jsonl"]) == 0
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)

    stay = running._keep

    def keep(server: Server | None, stopping: Event) -> None:
        wait_until(lambda: all(line in said.getvalue() for line in ('"event": "running"', tells)))
        stopping.set()
        stay(server, stopping)

    monkeypatch.setattr(running, "_keep", keep)
    monkeypatch.setattr(running, "_leave", lambda: None)
    assert run([command]) == 0
    assert NOWHERE not in said.getvalue()
