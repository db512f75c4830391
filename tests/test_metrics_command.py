"""`weir metrics` and `/flow metrics`: the same figures, of the same words, wherever they are asked for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from world import publish

from bot.__main__ import run
from bot.commands.database import opened
from bot.eventlog import write
from bot.flow.events import parse_instant
from bot.flow.metrics.definitions import DEFINITIONS
from bot.flow.work import TYPES, UNCLASSIFIED
from bot.sample import generate, policy_for
from bot.views.pages import Again
from handlers.commands import answer

HANDBOOK = (Path(__file__).parent.parent / "docs" / "metrics.md").read_text()
START = parse_instant("2025-04-01T00:00:00Z")
EVENTS = generate(7, START, 90)
MAY = ("--since", "2025-05-01T00:00:00+02:00", "--until", "2025-06-01T00:00:00+02:00")
"""By the calendar of the sample's policy."""
STREAM = """\
name: Feature delivery
repos: [acme/shop]
stages:
  - {name: Coding, kind: active, responsible: authors, signals: [draft, rework]}
  - {name: Review, kind: wait, responsible: reviewers, signals: [review], target: 4h}
  - {name: Merged, kind: wait, signals: [merged]}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a log, the policy, and a database that the log was taken into."""
    folder = tmp_path_factory.mktemp("metrics")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in [name for name in os.environ if name.startswith(("WEIR_", "SLACK_", "GITHUB_", "DATABASE_URL"))]:
            patch.delenv(name)
        write("log.jsonl", EVENTS)
        Path("weir.toml").write_text(policy_for(START, 90))
        assert run(["import", "log.jsonl"]) == 0
        with opened() as ctx:
            publish(ctx.engine, "acme/shop", "acme/billing")
        yield folder


@pytest.fixture(autouse=True)
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def told(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    assert run(["metrics", *args, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def lines(text: str) -> dict[str, str]:
    """Each figure's sentence, by its name."""
    names = [*(one.name for one in DEFINITIONS), "Opened by bots"]
    found = (re.fullmatch(rf"({'|'.join(names)})(?:: |  +)(.*)", line) for line in text.splitlines())
    return {one[1]: one[2] for one in found if one}


def asked(words: str) -> str:
    with opened() as ctx:
        return answer(ctx, "U0ALICE", Again(words)).text


def test_slack_the_database_and_the_log_tell_the_same(capsys):
    assert run(["metrics", "acme/shop", *MAY]) == 0
    stored = lines(capsys.readouterr().out)
    assert stored == lines(asked("metrics acme/shop 2025-05-01 to 2025-05-31"))
    assert stored == lines(asked("metrics SHOP May 2025"))
    assert len(stored) >= len(DEFINITIONS) - 1


def test_all_repositories_are_what_a_whole_log_tells(capsys):
    assert run(["metrics", "--events", "log.jsonl", *MAY]) == 0
    assert lines(capsys.readouterr().out) == lines(asked("metrics 2025-05"))


def test_a_policy_of_ones_own_counts_for_a_repository_too(capsys):
    Path("other.toml").write_text(policy_for(START, 90) + '\n[flow]\nexpectation = "2h"\n')
    ours, theirs = told(capsys, "acme/shop", *MAY), told(capsys, "acme/shop", "--policy", "other.toml", *MAY)
    assert theirs["predictability"]["expectation_seconds"] == 7200
    assert theirs["predictability"]["agreed"] is True
    assert {key: value for key, value in ours.items() if key != "predictability"} == {
        key: value for key, value in theirs.items() if key != "predictability"
    }


def test_the_record_has_every_figure(capsys):
    found = told(capsys, "acme/shop", *MAY)
    assert list(found) == [
        "of", "since", "until", "velocity", "flow_time", "load", "in_progress", "efficiency", "distribution",
        "predictability", "stages", "waits", "rework_loops", "hand_offs", "bots",
    ]  # fmt: skip
    assert (found["of"], found["since"]) == ("acme/shop", "2025-04-30T22:00:00Z")
    assert found["velocity"]["items"] == found["flow_time"]["n"] > 0
    assert sum(found["velocity"]["by_type"].values()) == found["velocity"]["items"]
    assert sum(day["item_seconds"] for day in found["load"]["days"]) == found["load"]["item_seconds"]


def keys(record: Any) -> set[str]:
    """All keys of a record, but for the types of work."""
    inner = list(record.values()) if isinstance(record, dict) else record if isinstance(record, list) else []
    own = set(record) if isinstance(record, dict) else set()
    return (own | {key for one in inner for key in keys(one)}) - {*TYPES, UNCLASSIFIED}


def test_the_handbook_names_every_key_of_the_record(capsys):
    handbook = HANDBOOK[HANDBOOK.index("| key | holds |") :]
    assert keys(told(capsys, "acme/shop", *MAY)) == set(re.findall(r"`(\w+)`", handbook)) - {"null"}


def test_what_there_is_nothing_of_is_null(capsys):
    found = told(capsys, "acme/shop", "--since", "2020-01-01T00:00:00Z", "--until", "2020-02-01T00:00:00Z")
    assert found["flow_time"]["median_seconds"] is None
    assert (found["efficiency"]["share"], found["distribution"]["shares"]) == (None, None)
    assert found["velocity"]["items"] == 0


def test_a_value_stream_is_named_by_its_name(capsys):
    from bot.streams.file import from_yaml
    from bot.streams.saving import measure, save

    with opened() as ctx:
        save(ctx, "U0ALICE", from_yaml(STREAM), START)
        measure(ctx)
    found = told(capsys, "Feature delivery", *MAY)
    assert [stage["stage"] for stage in found["stages"]] == ["Coding", "Review"]
    assert lines(asked("metrics feature delivery May 2025"))["Flow velocity"].startswith(
        str(found["velocity"]["items"])
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nope"], "nothing is known of 'nope'; known are "),
        (["acme/nope"], "I know no repository “acme/nope”."),
        ([], "name either --events FILE, or a value stream or a repository"),
        (["acme/shop", "--events", "log.jsonl"], "name either --events FILE"),
        (["acme/shop", "--since", "2025-06-01T00:00:00Z", "--until", "2025-05-01T00:00:00Z"], "--since is not before"),
        (["acme/shop", "--since", "2199-06-01T00:00:00Z"], "--since is not before"),
        (["acme/shop", "--since", "yesterday"], "is not an RFC 3339 time"),
    ],
)
def test_what_it_can_not_take_is_one_line(args, said, capsys):
    assert run(["metrics", *args]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("metrics nonsense", "“nonsense” is neither a value stream nor a repository, and no period that I can"),
        ("metrics acme/shop next week", "“next week” is no period that I can make out."),
        ("metrics acme/nope week", "I know no repository “acme/nope”."),
        ("metrics acme/shop 2025-05-31 to 2025-05-01", "“2025-05-31 to 2025-05-01” ends before it begins."),
        ("metrics acme/shop 2150", "“2150” has not begun."),
        ("metrics acme/shop 0 days", "“0 days” is no length of a period."),
    ],
)
def test_words_that_say_nothing_are_answered_in_a_line(words, said):
    assert said in asked(words)


def test_help_prints_every_definition():
    text = asked("help metrics")
    assert all(f"{one.name}: {one.says}" in text for one in DEFINITIONS)


def test_the_handbook_has_every_definition():
    headings = ", ".join(re.findall(r"^## (.*)$", HANDBOOK, re.MULTILINE)).casefold()
    assert [one.name for one in DEFINITIONS if one.name.casefold() not in headings] == []


@pytest.fixture
def boss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alice is named an administrator by the policy."""
    Path("boss.toml").write_text('admins = ["U0ALICE"]\n' + policy_for(START, 90))
    monkeypatch.setenv("WEIR_POLICY", "boss.toml")


@pytest.mark.usefixtures("boss")
def test_an_expectation_can_be_agreed_from_slack(capsys):
    said = asked("metrics shop expect 2d")
    assert said.startswith("From now on items of acme/shop are expected to be done within 16h of working time.")
    assert "within 16h (as agreed;" in asked("metrics acme/shop May 2025")
    assert "as agreed" not in asked("metrics acme/billing May 2025")
    assert told(capsys, "acme/shop", *MAY)["predictability"]["expectation_seconds"] == 16 * 3600
    assert asked("metrics expect 5d").startswith("From now on items are expected to be done within 40h")
    assert "within 40h (as agreed;" in asked("metrics acme/billing May 2025")
    assert "within 16h (as agreed;" in asked("metrics acme/shop May 2025")


@pytest.mark.usefixtures("boss")
def test_an_expectation_can_be_taken_back():
    asked("metrics acme/shop expect 2d")
    assert asked("metrics acme/shop expect none").startswith("Nothing is agreed any more on when items of acme/shop")
    assert "usual in the 90 days before" in asked("metrics acme/shop June 2025")


@pytest.mark.usefixtures("boss")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("expect", "How long is missing. Allowed is a working time such as 12h or 5d (a day is 8 hours), or none."),
        ("acme/shop expect 999999d", "“999999d” is no working time."),
        ("acme/shop expect soon", "“soon” is no working time."),
        ("acme/shop expect 2d and more", "“2d and more” is no working time."),
        ("acme/nope expect 2d", "I know no repository “acme/nope”."),
        ("something expect 2d", "“something” is no repository. Allowed is one, or nothing for all."),
        ("feature delivery expect 2d", "“feature delivery” is no repository."),
    ],
)
def test_an_expectation_that_can_not_be_is_refused_in_a_line(words, said):
    assert said in asked(f"metrics {words}")


def test_who_is_no_administrator_agrees_on_nothing():
    assert "Slack can't be asked just now whether you are an administrator" in asked("metrics acme/shop expect 2d")
