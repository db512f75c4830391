"""The file of those workspaces that may install Weir, and the settings that go with it: each slip is one clear line."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oauth_slack import FILE, KEY

from bot.__main__ import run
from bot.installing.manifest import manifest_of
from bot.installing.workspace_file import load_workspaces
from bot.policy import BadPolicy

HEAD = "[workspaces.T0ACME]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good file, and an environment that names it and nothing else."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "WEIR_POLICY", "WEIR_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEIR_WORKSPACES", "workspaces.toml")
    (tmp_path / "workspaces.toml").write_text(FILE)
    (tmp_path / "acme.toml").write_text('[targets]\nreview = "4h"\n')
    return tmp_path


def test_each_workspace_has_its_owners_and_its_policy(folder: Path) -> None:
    known = load_workspaces(folder / "workspaces.toml")
    assert {team: one.owners for team, one in known.items()} == {
        "T0ACME": {"acme"}, "T0SHOP": {"acme", "corner-shop"},
    }  # fmt: skip
    assert known["T0ACME"].policy.target("acme/shop", "review") == 4 * 3600
    assert known["T0SHOP"].policy.source == "the built-in policy"


SLIPS = {
    "": "workspaces: is missing",
    "[workspaces]\n": "workspaces: ",
    "[workspace.T0ACME]\n": "workspaces: is missing (and 1 more)",
    'key = 1\n[workspaces.T0ACME]\nowners = ["acme"]': "key: unknown key; allowed here are workspaces",
    "[workspaces.acme]\nowners = ['acme']": "allowed is the ID of a Slack workspace such as 'T0ACME'",
    "[workspaces.t0acme]\nowners = ['acme']": "allowed is the ID of a Slack workspace such as 'T0ACME'",
    HEAD: "workspaces.T0ACME.owners: is missing",
    HEAD + "owners = []": "workspaces.T0ACME.owners: a list is not allowed; allowed is a list of at least one account",
    HEAD + "owners = 'acme'": "workspaces.T0ACME.owners: 'acme' is not allowed; input should be a valid list",
    HEAD + "owners = ['acme/shop']": "owners.0: 'acme/shop' is not allowed; allowed is an account on the code host",
    HEAD + "owners = ['']": "owners.0: '' is not allowed; allowed is an account on the code host such as 'acme'",
    HEAD + "owners = ['acme', 'Acme']": "allowed is each account once; upper and lower case are the same",
    HEAD + "owners = ['acme']\nowner = 'x'": "workspaces.T0ACME.owner: unknown key; allowed here are owners, policy",
    HEAD
    + "owners = ['acme']\npolicy = 7": "workspaces.T0ACME.policy: 7 is not allowed; input should be a valid string",
    HEAD + "owners = ['acme']\npolicy = ''": "workspaces.T0ACME.policy: '' is not allowed",
    HEAD + "owners = ['acme']\npolicy = 'no.toml'": "workspaces.T0ACME.policy: no.toml: no such file",
    HEAD
    + "owners = ['acme']\npolicy = 'bad.toml'": "workspaces.T0ACME.policy: bad.toml: targets.review: 'soon' is not",
    HEAD * 2: "not valid TOML: ",
    HEAD + "owners = " + "[" * 10_000: "not valid TOML: ",
    HEAD + "owners = " + "9" * 5_000: "not TOML that can be read",
}


@pytest.mark.parametrize(("text", "said"), SLIPS.items(), ids=range(len(SLIPS)))
def test_a_slip_is_one_line_that_says_where_and_what_is_allowed(folder: Path, text: str, said: str) -> None:
    (folder / "workspaces.toml").write_text(text)
    (folder / "bad.toml").write_text('[targets]\nreview = "soon"\n')
    with pytest.raises(BadPolicy) as refused:
        load_workspaces(Path("workspaces.toml"))
    assert str(refused.value).startswith("workspaces.toml: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


PARTS = st.sampled_from(
    ["[", "]", "workspaces", ".", "T0ACME", "\n", "owners", " = ", "'acme'", ",", "policy", "{", "}", "1"]
)


@given(st.lists(PARTS | st.text(max_size=3), max_size=16).map("".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_read_or_refused_in_a_line(folder: Path, text: str) -> None:
    (folder / "any.toml").write_text(text, errors="replace")
    with suppress(BadPolicy):
        load_workspaces(Path("any.toml"))


@pytest.mark.parametrize("name", ["no.toml", ".", "latin.toml"])
def test_a_file_that_can_not_be_read_is_named(folder: Path, name: str) -> None:
    (folder / "latin.toml").write_bytes(b"# \xe4")
    with pytest.raises(BadPolicy, match=r"(no such file|can't be read as UTF-8 text) \(WEIR_WORKSPACES names it\)$"):
        load_workspaces(Path(name))


TOO_MUCH = {
    "SLACK_BOT_TOKEN": (
        "xoxb-1", "SLACK_BOT_TOKEN is for one workspace, WEIR_WORKSPACES for several; set one of the two",
    ),
    "WEIR_POLICY": (
        "weir.toml", "WEIR_POLICY is not read beside WEIR_WORKSPACES, whose file names each workspace's policy",
    ),
    "WEIR_PUBLIC_URL": (
        "http://weir.acme.test",
        "WEIR_PUBLIC_URL: allowed beside WEIR_WORKSPACES is an https:// address, since Slack sends whoever installs "
        "Weir there",
    ),
    "WEIR_SECRET_KEY": (
        "short", "WEIR_SECRET_KEY: allowed are keys as `weir new-key` prints them, several with commas between them",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_does_not_go_with_it_is_refused_in_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    value, said = TOO_MUCH[name]
    monkeypatch.setenv(name, value)
    assert run(["worker"]) == 2
    assert capsys.readouterr().err == f"weir: {said}\n"


def listed(command: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The settings that a command says are missing."""
    assert run([command]) == 2
    said = capsys.readouterr().err.splitlines()
    return [line.split()[0] for line in said if line.startswith("  ")]


def test_what_is_missing_is_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed("web", capsys) == [
        "WEIR_SECRET_KEY", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "WEIR_PUBLIC_URL", "SLACK_SIGNING_SECRET",
        "GITHUB_WEBHOOK_SECRET",
    ]  # fmt: skip
    assert listed("worker", capsys) == ["WEIR_SECRET_KEY"]


def test_the_manifest_says_where_slack_sends_people_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["manifest", "--socket-mode"]) == 2
    assert "set WEIR_PUBLIC_URL too" in capsys.readouterr().err
    monkeypatch.setenv("WEIR_PUBLIC_URL", "https://weir.acme.test/")
    monkeypatch.setenv("WEIR_SECRET_KEY", KEY)
    for options in (["--socket-mode"], []):
        assert run(["manifest", *options]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["oauth_config"]["redirect_urls"] == ["https://weir.acme.test/slack/oauth_redirect"]
        assert told["settings"]["org_deploy_enabled"] is False
    assert "redirect_urls" not in manifest_of("https://weir.acme.test")["oauth_config"]
