"""No secret is in what the program says, logs, exports or stores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.__main__ import run
from bot.installing.secrets import vault_of
from bot.settings import Settings
from bot.store import installs
from bot.store.engine import make_engine, writing
from bot.store.installs import Install

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-shown-nowhere-1",
    "SLACK_SIGNING_SECRET": "shown-nowhere-2",
    "SLACK_APP_TOKEN": "xapp-shown-nowhere-3",
    "GITHUB_TOKEN": "ghp-shown-nowhere-4",
    "GITHUB_WEBHOOK_SECRET": "shown-nowhere-5",
    "SLACK_CLIENT_SECRET": "shown-nowhere-6",
    "WEIR_SECRET_KEY": f"shown-nowhere-7{'x' * 28}=",
}
NOWHERE = "shown-nowhere"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small log, and an environment with every secret there is."""
    monkeypatch.chdir(tmp_path)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    closed = "http://127.0.0.1:9/"
    for name in ("SLACK_API_URL", "GITHUB_API_URL"):
        monkeypatch.setenv(name, closed)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/weir.db")
    fact = {"host": "github", "repo": "acme/shop", "item": 1, "id": "o", "at": "2026-03-02T08:00:00Z"}
    opened = {**fact, "kind": "opened", "actor": "bob", "type": "pull_request"}
    (tmp_path / "log.jsonl").write_text(json.dumps(opened))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (None, ""),
        ("DATABASE_URL", "postgresql://weir:shown-nowhere-7@127.0.0.1:9/weir"),
        ("DATABASE_URL", "mysql://weir:shown-nowhere-7@127.0.0.1/weir"),
        ("GITHUB_APP_ID", "7"),
        ("WEIR_PUBLIC_URL", "shown-nowhere-8"),
        ("WEIR_SECRET_KEY", "shown-nowhere-9"),
        ("WEIR_WORKSPACES", "shown-to-all.toml"),
    ],
)
def test_no_command_shows_one(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
    name: str | None, value: str,
) -> None:  # fmt: skip
    if name is not None:
        monkeypatch.setenv(name, value)
    for words in (
        "migrate", "import log.jsonl", "export all.jsonl", "backup all.backup", "doctor", "rebuild",
        "waits acme/shop", "forget bob", "manifest --socket-mode",
    ):  # fmt: skip
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
