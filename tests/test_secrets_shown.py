"""No secret is in what the program says, logs, exports or stores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.__main__ import run

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-shown-nowhere-1",
    "SLACK_SIGNING_SECRET": "shown-nowhere-2",
    "SLACK_APP_TOKEN": "xapp-shown-nowhere-3",
    "GITHUB_TOKEN": "ghp-shown-nowhere-4",
    "GITHUB_WEBHOOK_SECRET": "shown-nowhere-5",
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
    said = capsys.readouterr()
    shown = [said.out, said.err, caplog.text]
    shown += [file.read_bytes().decode(errors="replace") for file in place.iterdir()]
    assert [text for text in shown if NOWHERE in text] == []
