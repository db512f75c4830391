"""Who may import whom: three roads, each one way."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY: dict[str, tuple[str, ...]] = {
    "bot/flow": ("bot.flow",),
    "bot/views": ("bot.flow", "bot.views"),
    "bot/hosts": ("bot.flow", "bot.hosts"),
    "bot/store": ("bot.flow", "bot.store"),
    "bot/local": ("bot.clock", "bot.local"),
    "bot/commands": ("bot", "handlers", "jobs"),
    "bot/app.py": ("bot", "handlers", "jobs"),
    "bot/serving/rounds.py": ("bot", "jobs"),
    "bot/web.py": ("bot", "handlers", "jobs"),
    "bot/__main__.py": ("bot", "handlers", "jobs"),
    "bot": ("bot",),
    "handlers": ("bot", "handlers"),
    "jobs": ("bot", "jobs"),
}
"""The longest path that a file lies under decides."""
FILES = sorted(
    path.relative_to(ROOT).as_posix() for top in ("bot", "handlers", "jobs") for path in (ROOT / top).rglob("*.py")
)


def imported(file: str) -> Iterator[str]:
    """What a file imports, wherever in it; imports for the type checker alone bind nobody."""
    todo: list[ast.AST] = [ast.parse((ROOT / file).read_text())]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name what they mean in full"
            yield from (f"{node.module}.{name.name}" for name in node.names)
        todo += ast.iter_child_nodes(node)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("file", FILES)
def test_a_file_imports_only_what_its_place_allows(file: str) -> None:
    place = max((place for place in MAY if file == place or file.startswith(place + "/")), key=len)
    ours = [name for name in imported(file) if within(name, ("bot", "handlers", "jobs"))]
    assert [name for name in ours if not within(name, MAY[place])] == []


@pytest.mark.parametrize(
    "file", ["bot/policy.py", "bot/intake.py", "bot/incoming/refold.py", "bot/messenger.py", "bot/context.py"]
)
def test_the_middle_knows_nothing_of_who_uses_it(file: str) -> None:
    outside = ("bot.app", "bot.web", "bot.commands", "bot.checking", "bot.asking", "bot.serving")
    assert [name for name in imported(file) if within(name, outside)] == []


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("bot/flow/")])
def test_the_flow_is_standard_library_and_holidays_only(file: str) -> None:
    allowed = sys.stdlib_module_names | {"bot", "holidays"}
    assert {name.partition(".")[0] for name in imported(file)} <= allowed


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith(("handlers/", "jobs/"))])
def test_doors_and_jobs_hold_no_sql(file: str) -> None:
    types = {"sqlalchemy.Row", "sqlalchemy.Engine", "sqlalchemy.orm.Session"}
    assert [name for name in imported(file) if within(name, ("sqlalchemy", "sqlmodel")) and name not in types] == []


@pytest.mark.parametrize("file", [file for file in FILES if file != "bot/clock.py"])
def test_only_the_clock_reads_the_time(file: str) -> None:
    calls = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert calls & {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today"} == set()
