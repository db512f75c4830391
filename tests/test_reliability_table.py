"""The table of promises names tests that exist, and every test of a fault."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import test_fuzz

TESTS = Path(__file__).parent
TABLE = (TESTS.parent / "docs" / "reliability.md").read_text()
NAMED = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", TABLE)))


def functions_of(file: Path) -> set[str]:
    """The tests of a file: functions, and what is assigned to names that are a test's."""
    tree = [*ast.walk(ast.parse(file.read_text()))]
    written = {node.name for node in tree if isinstance(node, ast.FunctionDef)}
    assigned = {node.id for node in tree if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {name for name in written | assigned if name.startswith("test_")}


def long_ones(file: Path) -> set[str]:
    """The tests of a file that run in the long form alone."""
    functions = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]
    return {one.name for one in functions if "pytest.mark.long" in map(ast.unparse, one.decorator_list)}


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_is_named_exists(file: str) -> None:
    assert {name for of, name in NAMED if of == file} <= functions_of(TESTS / file)


@pytest.mark.parametrize(
    "file",
    [file for file in TESTS.glob("test_reliability_*.py") if file.name != Path(__file__).name],
    ids=lambda file: file.stem,
)
def test_every_test_of_a_fault_is_named(file: Path) -> None:
    about_themselves = {"test_there_are_no_more_steps_than_those_at_which_it_is_cut"}
    assert functions_of(file) - about_themselves <= {name for of, name in NAMED if of == file.name}


def test_every_row_names_a_promise_what_is_done_to_it_and_a_test() -> None:
    rows = [line for line in TABLE.splitlines() if "::test_" in line]
    assert len(rows) > 40
    assert all(len(row.strip("|").split(" | ")) == 3 for row in rows)


def test_tests_that_are_assigned_are_seen_as_well() -> None:
    seen = functions_of(TESTS / "test_fuzz.py")
    assert {"test_any_delivery_is_read_or_bad", "test_any_import_file_is_read_or_bad"} <= seen
    assert all(callable(getattr(test_fuzz, name)) for name in seen)


def test_every_short_form_of_the_fuzzing_is_named() -> None:
    short = {name for name in functions_of(TESTS / "test_fuzz.py") if name.startswith("test_any_")}
    assert len(short) >= 6
    assert short <= {name for of, name in NAMED if of == "test_fuzz.py"}


def test_every_row_has_a_test_in_the_short_form_and_what_is_marked_long_is_so() -> None:
    long = {(file, name) for file in {of for of, _ in NAMED} for name in long_ones(TESTS / file)}
    for row in (line for line in TABLE.splitlines() if "::test_" in line):
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`( \(\*long\*\))?", row)
        assert {(file, name) for file, name, _ in named} - long, row
        assert {(file, name) for file, name, marked in named if marked} <= long, row
