"""What people can use is in the documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.__main__ import weir
from bot.flow.waits import KINDS
from bot.grammar import ENTRIES
from bot.policy_file import CalendarPart, NudgesPart, PolicyFile, RepoPart, RulesPart
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text()


@pytest.mark.parametrize("name", list(weir.commands))
def test_every_command_is_in_the_reference(name):
    assert re.search(rf"`weir {name}\b", REFERENCE)


@pytest.mark.parametrize(("command", "option"), [
    (name, option) for name, command in weir.commands.items() for one in command.params for option in one.opts
    if option.startswith("--")
])  # fmt: skip
def test_every_option_is_in_the_reference(command, option):
    (row,) = [line for line in REFERENCE.splitlines() if re.match(rf"\|.*`weir {command}\b", line)]
    assert option in row


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_every_verb_is_in_the_reference(entry):
    (row,) = [line for line in REFERENCE.splitlines() if re.match(rf"\|.*`/flow {entry.name}\b", line)]
    assert f"`{entry.usage}`" in row.replace("\\|", "|")


def test_every_verb_of_the_reference_is_one():
    assert set(re.findall(r"^\| .*`/flow (\w+)", REFERENCE, re.MULTILINE)) == {entry.name for entry in ENTRIES}


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_in_the_reference(name):
    assert f"`{name.upper()}`" in REFERENCE


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_wait_is_in_the_reference_and_in_the_drawing(kind):
    assert f"| `{kind}` |" in REFERENCE
    assert kind in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("table", "part"), [("calendar", CalendarPart), ("rules", RulesPart), ("nudges", NudgesPart)])
def test_every_key_of_the_policy_is_in_the_reference(table: str, part: type[BaseModel]):
    for key in part.model_fields:
        assert f"{table}.{key}`" in REFERENCE


def test_every_table_of_the_policy_is_in_the_reference():
    for key in PolicyFile.model_fields:
        assert re.search(rf"\| `{key}[.<`]", REFERENCE)
    for key in RepoPart.model_fields:
        assert re.search(rf"`(repos\.\"owner/name\")?\.{key}`", REFERENCE)


def test_every_decision_is_in_their_index():
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    files = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("0*.md"))
    assert files
    assert re.findall(r"\((0.+?\.md)\)", index) == files


def test_what_the_readme_links_to_is_there():
    linked = re.findall(r"\]\(((?:docs|bot|tests)/[^)#]+)", (ROOT / "README.md").read_text())
    assert linked
    assert [path for path in linked if not (ROOT / path).exists()] == []
